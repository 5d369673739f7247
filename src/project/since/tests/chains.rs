//! Projects in which an edit of one file matters to another only by what a third one makes of it.

use super::edit;

/// A function that asks for each row, and another one.
const LOADING: &str = "\
import psycopg

connection = psycopg.connect('')


def load(id):
    return connection.execute('SELECT title FROM book WHERE id = %s', (id,)).fetchone()


def other(id):
    return id
";

#[test]
fn names_that_are_handed_on() {
    let ask = "from shop.b import load\n\n\ndef titles(ids):\n    return [load(id) for id in ids]\n";
    edit(&[
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        ("shop/b.py", "from shop.c import load\n", &[("load", "load as loaded")]),
        ("shop/c.py", "from shop.d import load\n", &[("load", "other as load"), ("load", "missing as load")]),
        ("shop/d.py", LOADING, &[("def load", "def loaded"), ("psycopg.connect('')", "{}")]),
    ]);
}

#[test]
fn names_that_come_with_a_star() {
    let ask = "from shop.b import load\n\n\ndef titles(ids):\n    return [load(id) for id in ids]\n";
    edit(&[
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        ("shop/b.py", "from shop.c import *\n", &[("from shop.c import *", "from shop.e import *")]),
        ("shop/c.py", "from shop.d import load\n", &[("load", "other as load"), ("load", "other")]),
        ("shop/d.py", LOADING, &[("psycopg.connect('')", "{}")]),
        ("shop/e.py", "def load(id):\n    return id\n", &[("load", "loaded")]),
    ]);
}

#[test]
fn declared_types() {
    let ask = "\
from shop.give import get


def titles(ids):
    db = get()
    return [db.execute('SELECT title FROM book WHERE id = %s', (id,)) for id in ids]
";
    edit(&[
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        ("shop/give.py", "from shop.make import make\n\n\ndef get():\n    return make()\n", &[("make()", "None")]),
        (
            "shop/make.py",
            "from shop.conn import Db\n\n\ndef make() -> Db:\n    return opened()\n",
            &[("-> Db", ""), ("def make", "async def make")],
        ),
        (
            "shop/conn.py",
            "import psycopg\n\nDb = psycopg.Connection\n",
            &[("psycopg.Connection", "dict"), ("Db =", "Other =")],
        ),
    ]);
}

#[test]
fn long_ways_to_a_type() {
    let ask = "\
from shop.p1 import f1


def titles(ids):
    db = f1()
    keep(db)
    return [db.execute('SELECT title FROM book WHERE id = %s', (id,)) for id in ids]
";
    let chain = |numbers: std::ops::Range<u8>| {
        let one = |at: u8| format!("def f{at}():\n    return f{}()\n\n\n", at + 1);
        numbers.map(one).collect::<String>()
    };
    let (first, second) = (chain(1..4), chain(4..8));
    let first: &'static str = Box::leak(format!("from shop.p2 import f4\n\n\n{first}").into());
    let second: &'static str = Box::leak(format!("from shop.p3 import f8\n\n\n{second}").into());
    let third: &'static str = Box::leak(format!("import psycopg\n\n\n{}", chain(8..14)).into());
    edit(&[
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        ("shop/p1.py", first, &[]),
        ("shop/p2.py", second, &[("return f8()", "return opened()")]),
        ("shop/p3.py", third, &[("return f9()", "return psycopg.connect('')"), ("return f12()", "return 1")]),
    ]);
}

#[test]
fn classes_and_what_they_extend() {
    let ask = "\
from shop.leaf import Leaf, Link


def titles(ids):
    leaf = Leaf()
    link = Link('')
    for id in ids:
        leaf.load(id)
        link.execute('SELECT title FROM book WHERE id = %s', (id,))
";
    edit(&[
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        (
            "shop/leaf.py",
            "from shop.mid import Mid, Middle\n\n\nclass Leaf(Mid):\n    pass\n\n\nclass Link(Middle):\n    pass\n",
            &[("(Mid)", ""), ("(Middle)", "")],
        ),
        (
            "shop/mid.py",
            "from shop.root import Opened, Root\n\n\nclass Mid(Root):\n    pass\n\n\nclass Middle(Opened):\n    pass\n",
            &[("(Root)", ""), ("(Opened)", "")],
        ),
        (
            "shop/root.py",
            "\
import psycopg
from shop.d import load


class Root:
    def load(self, id):
        return load(id)


class Opened(psycopg.Connection):
    pass
",
            &[("def load", "def loads"), ("(psycopg.Connection)", ""), ("return load(id)", "return id")],
        ),
        ("shop/d.py", LOADING, &[("def load", "def loaded")]),
    ]);
}

#[test]
fn queries_some_calls_away() {
    let ask = "\
from shop.b import store


def keep(ids):
    for id in ids:
        store(id)
";
    edit(&[
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        (
            "shop/b.py",
            "from shop.c import keep\n\n\ndef store(id):\n    keep(id)\n",
            &[("    keep(id)", "    if id > 7:\n        keep(id)")],
        ),
        (
            "shop/c.py",
            "\
from shop.d import first, quiet
from shop.e import second


def keep(id, wanted=None):
    first(id)
    second(id)
    quiet(id)
",
            &[
                ("    first(id)", "    if wanted:\n        first(id)"),
                ("    second(id)\n", ""),
                ("    first(id)\n", ""),
            ],
        ),
        (
            "shop/d.py",
            "\
import psycopg
from shop.f import connection


def first(id):
    return connection.execute('SELECT title FROM book WHERE id = %s', (id,))


def quiet(id, wanted=None):
    if wanted:
        return connection.execute('SELECT year FROM book WHERE id = %s', (id,))
    return id
",
            &[
                ("SELECT title FROM book", "DELETE FROM book"),
                ("return connection.execute('SELECT title FROM book WHERE id = %s', (id,))", "return id"),
                ("    if wanted:\n        return connection", "    if id:\n        return connection"),
                ("def first", "@functools.cache\ndef first"),
            ],
        ),
        (
            "shop/e.py",
            "from shop.f import connection\n\n\ndef second(id):\n    return connection.execute('SELECT 1 + %s', (id,))\n",
            &[("return connection.execute('SELECT 1 + %s', (id,))", "return id")],
        ),
        ("shop/f.py", "import psycopg\n\nconnection = psycopg.connect('')\n", &[("psycopg.connect('')", "{}")]),
    ]);
}

#[test]
fn functions_told_by_their_names() {
    edit(&[
        ("shop/a1.py", "def counted(reader, ids):\n    for id in ids:\n        reader.count_all_tags(id)\n", &[]),
        (
            "shop/b.py",
            "\
from shop.d import load


class Reader:
    def count_all_tags(self, id):
        return load(id)
",
            &[("count_all_tags", "count_some_tags")],
        ),
        (
            "shop/c.py",
            "class Other:\n    def count_tags(self, id):\n        return id\n",
            &[("count_tags", "count_all_tags")],
        ),
        ("shop/d.py", LOADING, &[("def load", "def loaded")]),
    ]);
}

#[test]
fn functions_that_are_handed_over() {
    edit(&[
        (
            "shop/a1.py",
            "from shop.b import each\nfrom shop.d import load\n\n\ndef titles(ids):\n    each(ids, load)\n",
            &[],
        ),
        (
            "shop/a2.py",
            "\
from shop.b import ran
from shop.d import load
from shop.twice import twice


def titles(ids):
    for id in ids:
        ran(twice, load, id)
",
            &[],
        ),
        (
            "shop/b.py",
            "\
from shop.c import inner


def each(rows, call):
    inner(rows, call)


def ran(function, *given):
    return function(*given)
",
            &[("    inner(rows, call)", "    inner(rows, print)")],
        ),
        (
            "shop/c.py",
            "\
def inner(rows, call):
    for row in rows:
        call(row)


def done(call, row):
    call(row)
",
            &[("        call(row)", "        print(row)"), ("\n    call(row)", "\n    print(row)")],
        ),
        (
            "shop/twice.py",
            "from shop.c import done\n\n\ndef twice(call, row):\n    done(call, row)\n",
            &[("done(call, row)", "done(print, row)")],
        ),
        ("shop/d.py", LOADING, &[("def load", "def loaded")]),
    ]);
}

#[test]
fn statements_that_are_handed_over() {
    edit(&[
        (
            "shop/a1.py",
            "\
from shop.run import run
from shop.texts import BY_ID


def titles(ids):
    for id in ids:
        run(BY_ID, id)
",
            &[],
        ),
        (
            "shop/run.py",
            "from shop.inner import inner\n\n\ndef run(sql, id):\n    return inner(sql, id)\n",
            &[("inner(sql, id)", "inner('SELECT 1', id)")],
        ),
        (
            "shop/inner.py",
            "from shop.opened import connection\n\n\ndef inner(sql, id):\n    return connection.execute(sql, (id,))\n",
            &[("connection.execute(sql, (id,))", "id")],
        ),
        ("shop/opened.py", "import psycopg\n\nconnection = psycopg.connect('')\n", &[("psycopg.connect('')", "{}")]),
        ("shop/texts.py", "from shop.sql import BY_ID\n", &[("import BY_ID", "import ALL as BY_ID")]),
        (
            "shop/sql.py",
            "ALL = 'DELETE FROM book'\nBY_ID = 'SELECT title FROM book WHERE id = %s'\n",
            &[("BY_ID =", "BY ="), ("ALL = 'DELETE FROM book'\n", "")],
        ),
        (
            "schema.sql",
            "CREATE TABLE book (id int PRIMARY KEY, title text);\n",
            &[("int PRIMARY KEY", "int"), ("title text);", "title text);\nCREATE INDEX by_title ON book (title);")],
        ),
    ]);
}

#[test]
fn typescript_across_files() {
    let ask = "\
import { loadUser, Users } from './barrel';
import { opened } from './opened';

export async function page(ids: number[], users: Users, store: any) {
  await opened.transaction(async (trx) => {
    for (const id of ids) {
      await trx('user').where({ id }).first();
    }
  });
  for (const id of ids) {
    await loadUser(id);
    await users.findOne(id);
    await store.findNamesOfUser(id);
  }
}
";
    edit(&[
        ("package.json", r#"{"dependencies": {"knex": "3"}}"#, &[]),
        ("web/a1.ts", ask, &[]),
        ("web/a2.ts", ask, &[]),
        (
            "web/barrel.ts",
            "export { loadUser } from './inner';\nexport { Users } from './users';\n",
            &[("loadUser", "otherUser as loadUser")],
        ),
        ("web/inner.ts", "export { loadUser, otherUser } from './db';\n", &[("loadUser, ", "")]),
        (
            "web/db.ts",
            "\
import { opened } from './opened';

export async function loadUser(id: number) {
  return opened('user').where({ id }).first();
}

export async function otherUser(id: number) {
  return id;
}
",
            &[
                ("return opened('user').where({ id }).first()", "return id"),
                ("function loadUser", "function loadOther"),
            ],
        ),
        (
            "web/opened.ts",
            "import { made } from './made';\n\nexport const opened = made;\n",
            &[("= made", "= new Map()")],
        ),
        ("web/made.ts", "import knex from 'knex';\n\nexport const made = knex({});\n", &[("knex({})", "{}")]),
        (
            "web/users.ts",
            "export interface Users {\n  findOne(id: number): Promise<void>;\n}\n",
            &[("findOne", "findTwo")],
        ),
        (
            "web/first.ts",
            "\
import { Users } from './users';
import { loadUser } from './db';

export class First implements Users {
  async findOne(id: number) {
    await loadUser(id);
  }
}
",
            &[("implements Users", ""), ("await loadUser(id)", "await id")],
        ),
        (
            "web/second.ts",
            "\
import { Users } from './users';
import { loadUser } from './db';

export class Second {
  async findOne(id: number) {
    await loadUser(id);
  }

  async findNames(id: number) {
    return loadUser(id);
  }
}
",
            &[("class Second", "class Second implements Users"), ("findNames", "findNamesOfUser")],
        ),
    ]);
}

#[test]
fn callers_that_hand_over_a_few() {
    edit(&[
        (
            "shop/b.py",
            "from shop.d import load\n\n\ndef loaded(kinds):\n    for kind in kinds:\n        load(kind)\n",
            &[],
        ),
        (
            "shop/a.py",
            "from shop.b import loaded\n\n\ndef few():\n    loaded(['new', 'used'])\n",
            &[("loaded([", "print([")],
        ),
        (
            "shop/c.py",
            "from shop.b import loaded\n\n\ndef many(rows):\n    return rows\n",
            &[("return rows", "loaded(rows)")],
        ),
        ("shop/d.py", LOADING, &[]),
    ]);
}

#[test]
fn callbacks_that_run_at_once() {
    edit(&[
        ("package.json", r#"{"dependencies": {"better-sqlite3": "3", "pg": "8"}}"#, &[]),
        (
            "web/page.ts",
            "\
import { opened } from './opened';
import { Pool } from 'pg';

const pool = new Pool();

export async function page(ids: number[]) {
  for (const id of ids) {
    opened.transaction(() => {
      pool.query('SELECT title FROM book WHERE id = $1', [id]);
    });
  }
}
",
            &[],
        ),
        (
            "web/opened.ts",
            "import { made } from './made';\n\nexport const opened = made;\n",
            &[("= made", "= new Map()")],
        ),
        (
            "web/made.ts",
            "import Database from 'better-sqlite3';\n\nexport const made = new Database('x');\n",
            &[("new Database('x')", "{}")],
        ),
    ]);
}

#[test]
fn functions_that_the_user_tells_of() {
    let ask = "from shop.d import load\n\n\ndef titles(ids):\n    return [load(id) for id in ids]\n";
    edit(&[
        ("shop/a.py", ask, &[]),
        (
            "shop/told.py",
            "from shop.d import load as asked\n",
            &[("load as asked", "other as asked"), ("asked", "answered")],
        ),
        ("shop/d.py", LOADING, &[]),
    ]);
}
