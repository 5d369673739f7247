//! The help of a query in a loop fits what one run of the loop is.

use crate::project::Project;

/// Asserts how the helps of a rule's findings in one file begin.
#[track_caller]
fn begin(name: &str, text: &str, rule: &str, begins: &[&str]) {
    let found = Project::new([(name, text)]).told(rule, "help");
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (help, begin) in found.iter().zip(begins) {
        assert!(help.starts_with(begin), "{help}");
    }
}

#[test]
fn a_run_that_is_a_transaction_of_its_own_is_told_as_one() {
    let text = r#"
from django.db import models, transaction


class Access(models.Model):
    who = models.IntegerField(db_index=True)


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)


class Merge(models.Model):
    old = models.IntegerField()
    new = models.IntegerField()
    code = models.CharField(max_length=2)

    @transaction.atomic
    def run(self):
        rows = list(Access.objects.filter(who=self.old))
        for row in rows:
            row.who = self.new
        Access.objects.bulk_update(rows, ["who"])

    @transaction.atomic
    def look(self):
        country = Country.objects.get(code=self.code)
        Access.objects.filter(who=country.pk).update(who=self.new)

    def plain(self):
        rows = list(Access.objects.filter(who=self.old))
        Access.objects.bulk_update(rows, ["who"])


def decorated():
    for merge in Merge.objects.all():
        merge.run()


def looked_up():
    for merge in Merge.objects.all():
        merge.look()


def without():
    for merge in Merge.objects.all():
        merge.plain()


def in_the_loop(keys):
    for key in keys:
        with transaction.atomic():
            access = Access.objects.get(pk=key)
            access.who = 0
            access.save()


def around(keys):
    with transaction.atomic():
        for key in keys:
            access = Access.objects.get(pk=key)
            access.who = 0
            access.save()
"#;
    let single = "if the runs need not stand or fall one by one";
    let fetched = "fetch the rows once before the loop";
    begin("shop/merges.py", text, "query-in-loop", &[single, fetched, fetched, single, fetched]);
}

#[test]
fn a_session_for_each_run_is_a_transaction_of_its_own() {
    let text = r#"
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

maker = sessionmaker()


class Base(DeclarativeBase):
    pass


class Bucket(Base):
    __tablename__ = "bucket"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]


def ensure(session: Session, key: str):
    session.execute(sa.insert(Bucket).values(key=key))


def weigh(event):
    with maker() as session:
        ensure(session, event.key)
        session.commit()


def late(events):
    for event in events:
        weigh(event)


def at_once(events, session: Session):
    for event in events:
        ensure(session, event.key)
    session.commit()
"#;
    let single = "if the runs need not stand or fall one by one";
    begin("jobs.py", text, "write-in-loop", &[single, "insert all rows at once"]);
}

#[test]
fn a_key_that_the_run_has_to_find_first_is_told_with_what_finds_it() {
    let text = r#"
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { pgTable, uuid, text } from "drizzle-orm/pg-core";

const letters = pgTable("letters", { id: uuid().primaryKey(), owner: text().notNull() });
const db = drizzle("");

export async function match(keys) {
  for (const key of keys) {
    const [hit] = await db.select().from(letters).where(eq(letters.owner, key)).limit(1);
    const [next] = await db.select().from(letters).where(eq(letters.id, hit.owner)).limit(1);
    const [both] = await db.select().from(letters).where(eq(letters.id, hit.owner + key)).limit(1);
    console.log(next, both);
  }
}
"#;
    let fetched = "fetch all rows at once before the loop";
    let after = "`db.select(…)….limit` finds its key in the same run (line 11)";
    begin("match.ts", text, "query-in-loop", &[fetched, after, fetched]);
}

#[test]
fn a_transaction_is_told_of_what_stands_in_it() {
    let text = r#"
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

export async function pay(ids: string[]) {
  for (const id of ids) {
    const bounty = await prisma.bounty.findFirst({ where: { id } });
    await prisma.$transaction([prisma.bounty.delete({ where: { id } }), prisma.log.create({ data: { bounty } })]);
    await prisma.bounty.findFirst({ where: { key: id } });
  }
  for (const id of ids) {
    await prisma.$transaction(async (tx) => {
      const bounty = await tx.bounty.findFirst({ where: { id } });
      await tx.bounty.update({ where: { id }, data: { left: bounty.left - 1 } });
    });
  }
}
"#;
    let fetched = "fetch the rows once before the loop";
    let single = "if the runs need not stand or fall one by one";
    begin("pay.ts", text, "query-in-loop", &[fetched, fetched, single]);
}

#[test]
fn the_first_rows_of_each_key_are_ranked() {
    let text = r#"
import { PrismaClient } from "@prisma/client";
import knex from "knex";

const prisma = new PrismaClient();
const db = knex({ client: "pg" });

export async function read(boards: { id: number }[]) {
  for (const board of boards) {
    await prisma.$queryRaw`SELECT id FROM cards WHERE board = ${board.id} ORDER BY id LIMIT ${300}`;
    await prisma.$queryRaw`SELECT id FROM cards WHERE board = ${board.id} ORDER BY id LIMIT 1`;
    await prisma.card.findMany({ where: { board: board.id }, orderBy: { id: "asc" }, take: 300 });
    await db("cards").where({ board: board.id }).orderBy("id").limit(5);
    await prisma.$queryRaw`SELECT id FROM cards WHERE board = ${board.id} LIMIT 1`;
    await db("cards").where({ board: board.id }).first();
  }
}
"#;
    let ranked = "rank the rows of each key";
    let begins = [
        ranked,
        ranked,
        "load the first rows of each with the outer rows: `include:",
        ranked,
        "fetch all rows at once",
        "fetch all rows at once",
    ];
    begin("cards.ts", text, "query-in-loop", &begins);
}

#[test]
fn a_transaction_is_known_by_what_it_is_handed() {
    let text = r#"
import { DataTypes, Model, Sequelize } from "sequelize";

class Bill extends Model {
  static async settle(stay) {
    const bill = await Bill.findOne({ where: { stay: stay.id } });
    await bill.update({ settled: true });
  }
}
Bill.init({ stay: DataTypes.INTEGER }, { sequelize: new Sequelize("postgres://") });

export class Nightly {
  constructor(context) {
    this.sequelize = context.sequelize;
    this.tasks = context.tasks;
  }

  async run(stays) {
    for (const stay of stays) {
      await this.sequelize.transaction(() => Bill.settle(stay));
    }
    for (const stay of stays) {
      await this.tasks.start(() => Bill.settle(stay));
    }
  }
}
"#;
    begin(
        "nightly.js",
        text,
        "query-in-loop",
        &["if the runs need not stand or fall one by one", "fetch the rows once before the loop"],
    );
}

#[test]
fn rows_that_a_run_goes_on_with_are_written_first() {
    let text = r#"
from django.db import models


class Result(models.Model):
    title = models.TextField()


class Indicator(models.Model):
    result = models.ForeignKey(Result, on_delete=models.CASCADE)


def copy(results):
    for result in results:
        made = Result.objects.create(title=result.title)
        Indicator.objects.create(result=made)


def add(results):
    for result in results:
        made = Result.objects.create(title=result.title)
        print(made)
"#;
    let after = "`Indicator.objects.create` goes on with the row (line 16): write those of all runs first, then what needs them";
    begin("results.py", text, "write-in-loop", &[after, "collect the objects", "collect the objects"]);
}

#[test]
fn what_is_always_the_same_is_told_apart_from_what_is_made_of_it() {
    let text = r#"
from django.db import models


class Style(models.Model):
    sign = models.TextField()


def priced(amount):
    return Style.objects.first().sign + str(amount)


def show(amounts):
    for amount in amounts:
        print(priced(amount))
    for amount in amounts:
        print(Style.objects.first(), amount)
"#;
    let begins = ["whatever it is given, its query is the same", "run it once, before the loop"];
    begin("styles.py", text, "invariant-query-in-loop", &begins);
}

#[test]
fn what_a_serializer_asks_through_helpers_shows_the_way_to_the_query() {
    let text = r#"
from django.db import models
from rest_framework import serializers, viewsets


class Pass(models.Model):
    title = models.TextField()


class Stub(models.Model):
    owner = models.ForeignKey(Pass, related_name="stubs", on_delete=models.CASCADE)
    code = models.TextField()


def first_stub(row):
    return row.stubs.first()


def first_code(row):
    return first_stub(row).code


class PassSerializer(serializers.ModelSerializer):
    code = serializers.SerializerMethodField()

    def get_code(self, obj):
        return first_code(obj)

    class Meta:
        model = Pass
        fields = ("code",)


class PassView(viewsets.ModelViewSet):
    queryset = Pass.objects.filter(title="x")
    serializer_class = PassSerializer
"#;
    let findings = Project::new([("passes.py", text)]).findings("query-in-loop");
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    let related = finding["related"].as_array().unwrap();
    let steps = related.iter().map(|step| (step["role"].as_str().unwrap(), step["start"]["line"].as_u64().unwrap()));
    assert_eq!(steps.collect::<Vec<_>>(), [("loop", 34), ("hop", 20), ("query", 16)]);
}
