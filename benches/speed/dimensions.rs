//! Projects that grow in one way only: does what one more costs stay the same?

use std::fmt::Write as _;
use std::path::Path;

use tempfile::TempDir;

/// A way to grow.
pub(crate) struct Dimension {
    /// What there is more of.
    pub(crate) name: &'static str,
    /// How many there are in the smallest of the three projects; each other has four times as many as the one before.
    pub(crate) least: usize,
    /// Writes a project with so many.
    make: fn(&Path, usize),
}

/// All of them.
pub(crate) const ALL: [Dimension; 14] = [
    Dimension { name: "statements of one file", least: 1_000, make: statements },
    Dimension { name: "tables", least: 500, make: tables },
    Dimension { name: "indexes of one table", least: 100, make: indexes },
    Dimension { name: "findings in one file", least: 500, make: findings },
    Dimension { name: "functions with all kinds of loops, Python", least: 100, make: loops },
    Dimension { name: "functions with all kinds of loops, JavaScript", least: 100, make: ecma_loops },
    Dimension { name: "loops around one helper", least: 500, make: callers },
    Dimension { name: "calls on the way to a query", least: 250, make: depth },
    Dimension { name: "methods of one class", least: 250, make: methods },
    Dimension { name: "classes with one base", least: 100, make: subclasses },
    Dimension { name: "re-exports on the way", least: 100, make: barrels },
    Dimension { name: "branches that set one text", least: 50, make: branches },
    Dimension { name: "statements of one text", least: 500, make: pieces },
    Dimension { name: "models, each with a relation", least: 200, make: models },
];

impl Dimension {
    /// A project with `count`.
    pub(crate) fn project(&self, count: usize) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // The mark of a repository, so that nothing above the folder belongs to the project.
        std::fs::create_dir(folder.path().join(".git")).expect("a temporary folder");
        (self.make)(folder.path(), count);
        folder
    }
}

const CONNECT: &str = "import sqlite3\n\ndb = sqlite3.connect('app.db')\n\n\n";
const FIND: &str = "def find(x):\n    return db.execute('SELECT a FROM t WHERE id = ?', (x,)).fetchone()\n\n\n";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a temporary file");
}

/// A text of `count` parts after `start`.
fn text(start: &str, count: usize, part: impl Fn(&mut String, usize)) -> String {
    (0..count).fold(start.to_owned(), |mut text, at| {
        part(&mut text, at);
        text
    })
}

fn statements(folder: &Path, count: usize) {
    let sql = text("CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT);\n", count, |sql, at| {
        let _ = writeln!(sql, "SELECT a, b FROM t WHERE a = {at} ORDER BY b LIMIT 10;");
    });
    write(folder, "all.sql", &sql);
}

fn tables(folder: &Path, count: usize) {
    let sql = text("", count, |sql, at| {
        let other = at.saturating_sub(1);
        let _ = writeln!(sql, "CREATE TABLE t{at} (id BIGINT PRIMARY KEY, a BIGINT REFERENCES t{other}(id), b TEXT);");
        let _ = writeln!(sql, "CREATE INDEX i{at} ON t{at} (a);\nSELECT a FROM t{at} WHERE b = 'x' ORDER BY a;");
    });
    write(folder, "schema.sql", &sql);
}

fn indexes(folder: &Path, count: usize) {
    let columns = (0..40).map(|at| format!("c{at} INT")).collect::<Vec<_>>().join(", ");
    let sql = text(&format!("CREATE TABLE t (id INT PRIMARY KEY, {columns});\n"), count, |sql, at| {
        let (first, second, third) = (at % 40, at / 40 % 40, at / 1_600 % 40);
        let _ = writeln!(sql, "CREATE INDEX i{at} ON t (c{first}, c{second}, c{third});");
        let _ = writeln!(sql, "SELECT c1 FROM t WHERE c{first} = 1 AND c{} > 2;", at * 7 % 40);
    });
    write(folder, "schema.sql", &sql);
}

fn findings(folder: &Path, count: usize) {
    let code = text(CONNECT, count, |code, at| {
        let run = "db.execute('SELECT a FROM t WHERE id = ?', (x,))";
        let _ = writeln!(code, "def f{at}(xs):\n    for x in xs:\n        {run}\n\n");
    });
    write(folder, "app.py", &code);
}

/// Loops that keep answers, fill lists and builders, enter, page, and ask for the first.
const LOOPS: &str = r#"
def look@(rows, skip):
    found, kept, wanted = {}, [], {}
    for row in rows:
        if row.key in found:
            continue
        found[row.key] = Book.objects.get(pk=row.pk)
        kept.append(found[row.key])
        wanted["id"] = row.pk
        with tenant(row.tenant):
            Book.objects.filter(**wanted).first()
    named = next((Book.objects.get(pk=row.pk).name for row in rows), None)
    for book in Book.objects.all():
        print(book.author.name, named)
    return kept, Book.objects.order_by("name")[skip : skip + 10]


class Shelf@:
    known = {}

    @classmethod
    def get(cls, key):
        if key not in cls.known:
            cls.known[key] = Book.objects.get(pk=key)
        return cls.known[key]

    def size(self):
        raise NotImplementedError


def each@(rows):
    for row in rows:
        Shelf@.get(row)
        look@(row, 1)
"#;

fn loops(folder: &Path, count: usize) {
    let models = "from django.db import models\n\n\nclass Author(models.Model):\n    name = models.TextField()\n\n\n\
                  class Book(models.Model):\n    name = models.TextField()\n    \
                  author = models.ForeignKey(Author, models.CASCADE)\n\n";
    let code = text(models, count, |code, at| code.push_str(&LOOPS.replace('@', &at.to_string())));
    write(folder, "models.py", &code);
}

/// The same in JavaScript.
const ECMA_LOOPS: &str = r#"
export async function look@(rows, skip, res) {
  const [found, seen] = [[], new Map()];
  for (const row of rows) found.push(db("books").insert(row));
  await Promise.all(found);
  for (const row of rows) {
    if (seen.has(row.id)) continue;
    seen.set(row.id, await db("books").where("id", row.id).first());
    const query = db("books");
    query.where("name", row.name);
    await query.first();
    await db("authors").where((w) => w.where("id", row.id)).first();
    if (!row.name) return res.status(404).json({});
  }
  const [one, two] = await Promise.all(rows.map(load@));
  return [one, two, await db("books").orderBy("name").offset(skip).limit(10)];
}

export async function load@({ id }) {
  return db("books").where({ id }).first();
}
"#;

fn ecma_loops(folder: &Path, count: usize) {
    let connect = "import knex from 'knex';\n\nconst db = knex({ client: 'pg' });\n";
    let code = text(connect, count, |code, at| code.push_str(&ECMA_LOOPS.replace('@', &at.to_string())));
    write(folder, "package.json", r#"{"name": "growth", "dependencies": {"knex": "3"}}"#);
    write(folder, "app.js", &code);
}

fn callers(folder: &Path, count: usize) {
    let code = text(&format!("{CONNECT}{FIND}"), count, |code, at| {
        let _ = writeln!(code, "def f{at}(xs):\n    for x in xs:\n        find(x)\n\n");
    });
    write(folder, "app.py", &code);
}

fn depth(folder: &Path, count: usize) {
    let mut code = text(&format!("{CONNECT}{FIND}def f0(x):\n    return find(x)\n\n\n"), count, |code, at| {
        let _ = writeln!(code, "def f{}(x):\n    return f{at}(x)\n\n", at + 1);
    });
    let _ = writeln!(code, "def all(xs):\n    for x in xs:\n        f{count}(x)");
    write(folder, "app.py", &code);
}

fn methods(folder: &Path, count: usize) {
    let mut code = text(&format!("{CONNECT}{FIND}class Store:\n"), count, |code, at| {
        let _ = writeln!(code, "    def f{at}(self, x):\n        return self.f{}(x)\n", (at + 1) % count);
    });
    let _ = writeln!(code, "\ndef all(xs, store: Store):\n    for x in xs:\n        store.f0(x)");
    write(folder, "app.py", &code);
}

fn subclasses(folder: &Path, count: usize) {
    let each = "    def each(self, xs):\n        for x in xs:\n            self.find(x)\n";
    write(
        folder,
        "base.py",
        &format!("class Base:\n    def find(self, x):\n        raise NotImplementedError\n\n{each}"),
    );
    for at in 0..count {
        let find = "    def find(self, x):\n        return db.execute('SELECT a FROM t WHERE id = ?', (x,))\n";
        let code = format!("from base import Base\n{CONNECT}class C{at}(Base):\n{find}");
        write(folder, &format!("m{at}.py"), &code);
    }
}

fn barrels(folder: &Path, count: usize) {
    write(folder, "package.json", r#"{"name": "growth", "dependencies": {"pg": "8"}}"#);
    let find = "export const find = (id: number) => pool.query('SELECT a FROM t WHERE id = $1', [id]);";
    write(folder, "m0.ts", &format!("import {{ Pool }} from 'pg';\nconst pool = new Pool();\n{find}\n"));
    for at in 0..count {
        write(folder, &format!("m{}.ts", at + 1), &format!("export * from './m{at}';\nexport const n{at} = {at};\n"));
    }
    let code = "export async function all(ids: number[]) { for (const id of ids) await find(id); }";
    write(folder, "app.ts", &format!("import {{ find }} from './m{count}';\n{code}\n"));
}

fn branches(folder: &Path, count: usize) {
    let mut code = text(&format!("{CONNECT}def all(kind, ids):\n    sql = 'SELECT a FROM t'\n"), count, |code, at| {
        let _ = writeln!(code, "    if kind == {at}:\n        sql = sql + ' WHERE a = {at}'");
    });
    code.push_str("    for id in ids:\n        db.execute(sql, (id,))\n");
    write(folder, "app.py", &code);
}

fn pieces(folder: &Path, count: usize) {
    let mut code = text(&format!("{CONNECT}SQL = (\n"), count, |code, at| {
        let _ = writeln!(code, "    'SELECT a FROM t{at}; '");
    });
    code.push_str(")\n\n\ndef all(ids):\n    for id in ids:\n        db.execute(SQL, (id,))\n");
    write(folder, "app.py", &code);
}

fn models(folder: &Path, count: usize) {
    let models = text("from django.db import models\n", count, |code, at| {
        let to = at.saturating_sub(1);
        let _ = writeln!(code, "\n\nclass M{at}(models.Model):\n    name = models.CharField(max_length=20)");
        let _ = writeln!(code, "    one = models.ForeignKey('M{to}', models.CASCADE, related_name='of{at}')");
    });
    let views = text("from models import *\n", count, |code, at| {
        let loop_over = format!("for m in M{at}.objects.filter(name='x')");
        let _ = writeln!(code, "\n\ndef v{at}(request):\n    {loop_over}:\n        print(m.one.name)");
    });
    write(folder, "models.py", &models);
    write(folder, "views.py", &views);
}
