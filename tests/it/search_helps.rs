//! What is told of searches inside texts, and of an index for them, is right where it stands.

use crate::project::Project;

/// The message and the help of each finding of `rule`, in order of place.
fn told(files: &[(&str, &str)], rule: &str) -> Vec<(String, String)> {
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or("").to_owned();
    let findings = Project::new(files.iter().copied()).findings(rule);
    findings.iter().map(|finding| (text(finding, "message"), text(finding, "help"))).collect()
}

fn searches(name: &str, text: &str) -> Vec<(String, String)> {
    told(&[(name, text)], "leading-wildcard-like")
}

#[test]
fn an_expression_has_an_index_of_its_own() {
    let text = r"
CREATE EXTENSION pg_trgm;
CREATE TABLE guests (id bigserial PRIMARY KEY, name text);
SELECT id FROM guests WHERE lower(name) LIKE '%ann%';
SELECT id FROM guests WHERE name LIKE '%ann%';
SELECT g.id FROM guests g WHERE lower(g.name) LIKE '%ann%';
";
    let found = searches("a.postgres.sql", text);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].1.contains("ON guests USING gin ((lower(name)) gin_trgm_ops)"), "{found:#?}");
    assert!(found[1].1.contains("ON guests USING gin (name gin_trgm_ops)"), "{found:#?}");
    assert!(found[2].1.contains("ON guests USING gin ((…) gin_trgm_ops)"), "{found:#?}");
    let text = r#"
const knex = require("knex")({ client: "pg" });
const { asText } = require("./database");

exports.plain = (q) => knex("guests").where("name", "like", `%${q}%`);
exports.raw = (q) => knex("guests").whereRaw("LOWER(name) LIKE ?", [`%${q}%`]);
exports.cast = (q) => knex("guests").whereRaw("data::text LIKE ?", [`%${q}%`]);
exports.made = (q) => knex("guests").where(asText("rooms"), "like", `%${q}%`);
"#;
    let found = searches("a.js", text);
    let on_column: Vec<bool> = found.iter().map(|(_, help)| help.contains("gin (name gin_trgm_ops)")).collect();
    assert_eq!(on_column, [true, false, false, false], "{found:#?}");
    assert!(found[1..].iter().all(|(_, help)| help.contains("gin ((…) gin_trgm_ops)")), "{found:#?}");
    let text = r#"
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()


def searched(text):
    yield select(Guest).where(Guest.name.contains(text))
    yield select(Guest).where(func.lower(Guest.name).contains(text))
    yield select(Guest).where(cast(Guest.name, String).ilike(f"%{text}%"))
"#;
    let found = searches("a.py", text);
    let on_column: Vec<bool> = found.iter().map(|(_, help)| help.contains("postgresql_ops")).collect();
    assert_eq!(on_column, [true, false, false], "{found:#?}");
}

#[test]
fn a_part_of_a_document_has_no_index_of_a_column() {
    let text = r#"
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
export const inside = (q: string) => prisma.guest.findMany({ where: { data: { path: ["name"], string_contains: q } } });
export const plain = (q: string) => prisma.guest.findMany({ where: { name: { contains: q } } });
export const row = (q: string) => prisma.guest.findMany({ where: { id: 5, name: { contains: q } } });
export const kind = (q: string) => prisma.guest.findMany({ where: { kind: 5, name: { contains: q } } });
"#;
    let found = searches("a.ts", text);
    let on_column: Vec<bool> = found.iter().map(|(_, help)| help.contains("@@index([")).collect();
    assert_eq!(on_column, [false, true, true], "{found:#?}");
}

#[test]
fn names_inside_a_select_of_its_own_are_no_columns() {
    let text = r#"
import { Column, Entity, PrimaryGeneratedColumn, Repository } from "typeorm";

@Entity("guests")
export class Guest {
  @PrimaryGeneratedColumn() id: number;
  @Column("text", { array: true }) tags: string[];
}

export const tagged = (repo: Repository<Guest>, q: string) =>
  repo.createQueryBuilder("g").where(`EXISTS (SELECT 1 FROM unnest(g.tags) AS tag WHERE tag LIKE '%${q}%')`).getMany();
"#;
    let found = searches("a.ts", text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].0.starts_with("this pattern begins with a wildcard"), "{found:#?}");
    assert!(!found[0].1.contains("(tag "), "{found:#?}");
}

#[test]
fn a_look_up_over_relations_ends_in_a_column_of_another_table() {
    let text = r#"
from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat


class Event(models.Model):
    title = models.CharField(max_length=99)
    data = models.JSONField()


class Shift(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    place = models.CharField(max_length=99)


def searched(text):
    yield list(Shift.objects.filter(event__title__icontains=text))
    yield list(Shift.objects.filter(place__icontains=text))
    yield list(Shift.objects.annotate(label=Concat("place", Value("!"))).filter(label__icontains=text))
    yield list(Event.objects.filter(shift__place__icontains=text))
    yield list(Event.objects.filter(data__name__icontains=text))
"#;
    let found = searches("models.py", text);
    let begins = ["`Event.title` is", "`Shift.place` is", "`label` is", "`Shift.place` is", "`data__name` is"];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for ((message, _), begin) in found.iter().zip(begins) {
        assert!(message.starts_with(begin), "{message} does not begin with {begin}");
    }
    assert!(found[0].1.contains("Upper(\"title\")"), "{found:#?}");
    assert!(!found[4].1.contains("GinIndex"), "{found:#?}");
}

#[test]
fn of_two_indexes_the_one_that_can_go_is_named() {
    let text = r"
CREATE TABLE guests (id bigserial PRIMARY KEY, name text, room int);
CREATE INDEX by_room ON guests (room);
CREATE INDEX by_room_too ON guests (room) INCLUDE (name);
CREATE INDEX by_name ON guests (name);
CREATE UNIQUE INDEX by_name_once ON guests (name);
CREATE INDEX first ON guests (name, room);
CREATE INDEX second ON guests (name, room);
";
    let found = told(&[("a.postgres.sql", text)], "duplicate-index");
    let helps: Vec<&str> = found.iter().map(|(_, help)| help.as_str()).collect();
    let wanted = [
        "drop this one: the other one holds more",
        "drop this one: the other one also makes rows unique",
        "drop one of them",
    ];
    assert_eq!(helps, wanted, "{found:#?}");
    assert!(found[0].0.starts_with("index `by_room` "), "{found:#?}");
}

#[test]
fn prisma_turns_foreign_keys_on_in_sqlite() {
    let schema = r#"
datasource db {
  provider = "sqlite"
  url      = env("DATABASE_URL")
}

model Guest {
  id    Int    @id
  stays Stay[]
}

model Stay {
  id      Int   @id
  guestId Int
  guest   Guest @relation(fields: [guestId], references: [id], onDelete: Cascade)
}
"#;
    let found = told(&[("prisma/schema.prisma", schema)], "unindexed-foreign-key");
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn an_index_serves_the_columns_of_one_table() {
    let text = r#"
from django.db import models
from django.db.models import Q


class Intervention(models.Model):
    number = models.TextField()
    title = models.TextField()


class Amendment(models.Model):
    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE)
    number = models.TextField()


def search(text):
    yield Amendment.objects.filter(Q(intervention__number__icontains=text) | Q(number__icontains=text))
    yield Amendment.objects.filter(Q(intervention__number__icontains=text) | Q(intervention__title__icontains=text))
    yield Intervention.objects.filter(Q(number__icontains=text) | Q(title__icontains=text))
    yield Amendment.objects.filter(intervention__number__icontains=text, number__icontains=text)
"#;
    let found = searches("a.py", text);
    let several: Vec<bool> =
        found.iter().map(|(_, help)| help.starts_with("the columns are of several tables")).collect();
    assert_eq!(several, [true, false, false, false], "{found:#?}");
    let each = "on PostgreSQL a trigram index (`gin_trgm_ops`) on each of these columns";
    assert!(found[1..].iter().all(|(_, help)| help.starts_with(each)), "{found:#?}");
}
