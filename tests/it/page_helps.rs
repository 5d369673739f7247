//! What is told to do instead of skipping rows is right where it stands.

use crate::project::Project;

/// The help of each `offset-pagination` of one file, in order of place.
fn helps(name: &str, text: &str) -> Vec<String> {
    Project::new([(name, text)]).told("offset-pagination", "help")
}

/// Asserts that each help holds what is wanted of it.
#[track_caller]
fn expect(name: &str, text: &str, wanted: &[&str]) {
    let found = helps(name, text);
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (number, (help, wanted)) in (1..).zip(found.iter().zip(wanted)) {
        assert!(help.contains(wanted), "{number}: {help}\nholds no {wanted}");
    }
}

/// The order, or what is ordered, does not tell where a page ends.
const OPEN: &str = "for that the order must be by columns, the last one unique";

/// The groups themselves tell where a page ends.
const GROUPS: &str = "order by what is grouped by, and compare that with the last row's";

#[test]
fn sql_is_told_columns_of_its_own_table_only() {
    let text = r"
CREATE TABLE visits (id int PRIMARY KEY, guest_id int, room int, nights int, code text UNIQUE);
CREATE TABLE stays (guest_id int, room int, nights int, PRIMARY KEY (guest_id, room));
SELECT * FROM visits ORDER BY guest_id DESC LIMIT 10 OFFSET $1;
SELECT * FROM visits ORDER BY code LIMIT 10 OFFSET $1;
SELECT * FROM stays ORDER BY nights LIMIT 10 OFFSET $1;
SELECT * FROM visits LIMIT 10 OFFSET $1;
SELECT DISTINCT room FROM visits ORDER BY room LIMIT 10 OFFSET $1;
SELECT room + nights AS total FROM visits ORDER BY total LIMIT 10 OFFSET $1;
SELECT * FROM (SELECT room, nights * 2 AS twice FROM visits) q ORDER BY twice LIMIT 10 OFFSET $1;
WITH q AS (SELECT room, nights * 2 AS twice FROM visits) SELECT * FROM q ORDER BY twice LIMIT 10 OFFSET $1;
SELECT id FROM visits UNION ALL SELECT guest_id FROM visits ORDER BY id LIMIT 10 OFFSET $1;
SELECT * FROM visits ORDER BY room DESC NULLS LAST LIMIT 10 OFFSET $1;
SELECT * FROM visits ORDER BY 2 DESC LIMIT 10 OFFSET $1;
SELECT * FROM visits x JOIN visits y ON x.id = y.room ORDER BY x.room, y.nights LIMIT 10 OFFSET $1;
SELECT * FROM visits ORDER BY floor LIMIT 10 OFFSET $1;
SELECT room FROM visits GROUP BY room LIMIT 10 OFFSET $1;
SELECT room FROM visits GROUP BY room ORDER BY room LIMIT 10 OFFSET $1;
SELECT * FROM guests ORDER BY host_id LIMIT 10 OFFSET $1;
";
    let wanted = [
        "WHERE guest_id <= $2 AND (guest_id < $2 OR id < $3)",
        "WHERE code > $2",
        "WHERE nights >= $2 AND (nights > $2 OR (guest_id >= $3 AND (guest_id > $3 OR room > $4)))",
        "WHERE id > $2",
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        GROUPS,
        GROUPS,
        "(`id` stands for any unique column), served by one index on these columns in this order:\nWHERE host_id >= $2",
    ];
    expect("visits.sql", text, &wanted);
}

#[test]
fn sql_whose_order_comes_with_a_hole() {
    let text = r#"
import psycopg


def pages(conn: psycopg.Connection, order, direction, where, skip):
    conn.execute(f"SELECT * FROM visits {order} LIMIT 10 OFFSET %s", (skip,))
    conn.execute(f"SELECT * FROM visits WHERE room = 1 {order} LIMIT 10 OFFSET %s", (skip,))
    conn.execute(f"SELECT * FROM visits ORDER BY room {direction} LIMIT 10 OFFSET %s", (skip,))
    conn.execute(f"SELECT * FROM visits {where} ORDER BY room LIMIT 10 OFFSET %s", (skip,))
"#;
    expect("visits.py", text, &[OPEN, OPEN, OPEN, "ORDER BY room, id LIMIT"]);
}

#[test]
fn knex_and_kysely() {
    let text = r#"
const knex = require("knex")({ client: "pg" });

exports.plain = (skip) => knex("visits").orderBy("at", "desc").limit(5).offset(skip);
exports.named = (skip) => knex("visits").orderBy("guest_id").limit(5).offset(skip);
exports.made = (skip) => knex("visits").orderBy(knex.raw("lower(code)")).limit(5).offset(skip);
exports.counted = (skip) => knex("visits").select("room", knex.raw("count(*) as n")).groupBy("room").orderBy("n").limit(5).offset(skip);
exports.derived = (skip) => knex.from(knex("visits").select("room").as("q")).orderBy("room").limit(5).offset(skip);
exports.common = (skip) => knex.with("q", knex("visits").max("at as last")).from("q").orderBy("last").limit(5).offset(skip);
exports.either = (skip, direction) => knex("visits").orderBy("at", direction).limit(5).offset(skip);
exports.nulls = (skip) => knex("visits").orderBy("at", "desc", "last").limit(5).offset(skip);
exports.united = (skip) => knex("visits").union([knex("stays")]).orderBy("at").limit(5).offset(skip);
exports.distinct = (skip) => knex("visits").distinct("room").limit(5).offset(skip);
exports.grouped = (skip) => knex("visits").select("room").groupBy("room").limit(5).offset(skip);
exports.aliased = (skip) => knex("visits").select("id", "at as last").orderBy("last").limit(5).offset(skip);
exports.joined = (skip) => knex("visits").join("rooms", "rooms.id", "visits.room").orderBy("at").limit(5).offset(skip);
"#;
    let wanted = [
        r#".orderBy("at", "desc").orderBy("id", "desc").limit(n)`, with an index on (at, id)"#,
        r#".orderBy("guest_id", "asc").orderBy("id", "asc").limit(n)`, with an index on (guest_id, id)"#,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        GROUPS,
        OPEN,
        OPEN,
    ];
    expect("visits.js", text, &wanted);
    let text = r#"
import { Kysely, sql } from "kysely";

const db = new Kysely<any>({} as any);
export const named = (skip: number) => db.selectFrom("visits").selectAll().orderBy("guest_id", "desc").limit(5).offset(skip).execute();
export const key = (skip: number) => db.selectFrom("visits").selectAll().orderBy("id").limit(5).offset(skip).execute();
export const made = (skip: number) => db.selectFrom("visits").select(sql<number>`length(code)`.as("size")).orderBy("size").limit(5).offset(skip).execute();
export const either = (skip: number, way: "asc" | "desc") => db.selectFrom("visits").selectAll().orderBy("at", way).limit(5).offset(skip).execute();
export const distinct = (skip: number) => db.selectFrom("visits").select("room").distinct().limit(5).offset(skip).execute();
export const counted = (skip: number) => db.selectFrom("visits").select(["room", (eb) => eb.fn.countAll().as("n")]).groupBy("room").orderBy("n").limit(5).offset(skip).execute();
export const common = (skip: number) => db.with("q", (d) => d.selectFrom("visits").selectAll()).selectFrom("q").selectAll().orderBy("at").limit(5).offset(skip).execute();
"#;
    let wanted = ["with an index on (guest_id, id)", "which the primary key serves", OPEN, OPEN, OPEN, OPEN, OPEN];
    expect("visits.ts", text, &wanted);
}

#[test]
fn drizzle() {
    let text = r#"
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, serial, text } from "drizzle-orm/pg-core";
import { count, desc, sql } from "drizzle-orm";

const visits = pgTable("visits", { id: serial("id").primaryKey(), code: text("code").unique(), guestId: integer("guest_id") });
const db = drizzle(process.env.DATABASE_URL!);

export const named = (skip: number) => db.select().from(visits).orderBy(desc(visits.guestId)).limit(5).offset(skip);
export const unique = (skip: number) => db.select().from(visits).orderBy(visits.code).limit(5).offset(skip);
export const counted = (skip: number) => db.select({ n: count() }).from(visits).groupBy(visits.guestId).orderBy(desc(count())).limit(5).offset(skip);
export const made = (skip: number) => db.select().from(visits).orderBy(sql`lower(code)`).limit(5).offset(skip);
export const given = (skip: number, order: any) => db.select().from(visits).orderBy(order).limit(5).offset(skip);
export const distinct = (skip: number) => db.selectDistinct({ guest: visits.guestId }).from(visits).limit(5).offset(skip);
export const grouped = (skip: number) => db.select({ guest: visits.guestId }).from(visits).groupBy(visits.guestId).limit(5).offset(skip);
"#;
    let wanted = [
        ".orderBy(desc(visits.guestId), desc(visits.id)).limit(n)`, with an index on (guestId, id)",
        ".where(gt(visits.code, last.code)).orderBy(asc(visits.code)).limit(n)`, which its unique index serves",
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        GROUPS,
    ];
    expect("visits.ts", text, &wanted);
}

#[test]
fn sequelize_and_prisma() {
    let text = r#"
const { DataTypes, Sequelize, col, fn, literal } = require("sequelize");

const sequelize = new Sequelize("postgres://localhost/inn");
const Visit = sequelize.define("Visit", { code: DataTypes.STRING });

exports.plain = (offset) => Visit.findAll({ order: [["code", "DESC"]], limit: 5, offset });
exports.made = (offset) => Visit.findAll({ order: [[fn("LOWER", col("code")), "ASC"]], limit: 5, offset });
exports.alias = (offset) => Visit.findAll({ attributes: ["room", [fn("COUNT", "*"), "n"]], order: [["n", "DESC"]], limit: 5, offset });
exports.text = (offset) => Visit.findAll({ order: [[literal("n"), "DESC"]], limit: 5, offset });
exports.given = (offset, by, way) => Visit.findAll({ order: [[by, way]], limit: 5, offset });
exports.either = (offset, way) => Visit.findAll({ order: [["code", way]], limit: 5, offset });
exports.related = (offset) => Visit.findAll({ order: [[{ model: Visit, as: "Guests" }, "name", "DESC"]], limit: 5, offset });
exports.joined = (offset) => Visit.findAll({ order: [[Visit, "name", "DESC"]], limit: 5, offset });
exports.grouped = (offset) => Visit.findAll({ attributes: ["room"], group: ["room"], limit: 5, offset });
"#;
    let wanted =
        [r#"order: [["code", "DESC"], ["id", "DESC"]], limit`"#, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, GROUPS];
    expect("visits.js", text, &wanted);
    let text = r#"
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
export const plain = (skip: number) => prisma.visit.findMany({ orderBy: { guestId: "asc" }, skip, take: 5 });
export const either = (skip: number, way: "asc" | "desc") => prisma.visit.findMany({ orderBy: { code: way }, skip, take: 5 });
export const nulls = (skip: number) => prisma.visit.findMany({ orderBy: { code: { sort: "asc", nulls: "last" } }, skip, take: 5 });
export const related = (skip: number) => prisma.visit.findMany({ orderBy: { guest: { name: "asc" } }, skip, take: 5 });
export const named = (skip: number, by: string) => prisma.visit.findMany({ orderBy: { [by]: "asc" }, skip, take: 5 });
export const distinct = (skip: number) => prisma.visit.findMany({ distinct: ["room"], skip, take: 5 });
export const grouped = (skip: number) => prisma.visit.groupBy({ by: ["room"], orderBy: { room: "asc" }, skip, take: 5 });
export const counted = (skip: number) => prisma.visit.groupBy({ by: ["room"], orderBy: { _count: { room: "desc" } }, skip, take: 5 });
"#;
    let wanted = ["with an index on (guestId, id)", OPEN, OPEN, OPEN, OPEN, OPEN, GROUPS, OPEN];
    expect("visits.ts", text, &wanted);
}

#[test]
fn typeorm() {
    let text = r#"
import { Column, Entity, PrimaryGeneratedColumn, Repository, SelectQueryBuilder } from "typeorm";

enum Way { Up = "ASC", Down = "DESC" }

@Entity("visits")
export class Visit {
  @PrimaryGeneratedColumn() id: number;
  @Column() stars: number;
}

const sorted = (query: SelectQueryBuilder<Visit>, by: string) => query.orderBy(by, "ASC");

export class Visits {
  constructor(private repo: Repository<Visit>) {}
  async plain(skip: number) {
    return this.repo.createQueryBuilder("v").orderBy("v.stars", "DESC").offset(skip).limit(10).getMany();
  }
  async named(skip: number) {
    return this.repo.createQueryBuilder("v").orderBy("v.stars", Way.Down).offset(skip).limit(10).getMany();
  }
  async beside(skip: number, by: string) {
    const query = this.repo.createQueryBuilder("v");
    query.orderBy(`v.${by}`, "ASC");
    return query.offset(skip).limit(10).getMany();
  }
  async handed(skip: number, by: string) {
    let query = this.repo.createQueryBuilder("v");
    query = sorted(query, by);
    return query.offset(skip).limit(10).getMany();
  }
  async changed(skip: number, by: string) {
    const query = this.repo.createQueryBuilder("v");
    sorted(query, by);
    return query.offset(skip).limit(10).getMany();
  }
  async given({ query }: { query: SelectQueryBuilder<Visit> }, skip: number) {
    return query.offset(skip).limit(10).getMany();
  }
  async unsorted(skip: number) {
    return this.repo.createQueryBuilder("v").offset(skip).limit(10).getMany();
  }
}
"#;
    let wanted = [
        "ORDER BY v.stars DESC, v.id DESC LIMIT n`, with an index on (v.stars, v.id)",
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        "WHERE id > :last_id",
    ];
    expect("visits.ts", text, &wanted);
}

#[test]
fn django() {
    let text = r#"
from django.db import models
from django.db.models import F


class Visit(models.Model):
    name = models.CharField(max_length=10)
    guest_id = models.IntegerField()
    host = models.ForeignKey("Visit", on_delete=models.CASCADE)


def pages(start, order):
    yield list(Visit.objects.order_by("-guest_id")[start : start + 10])
    yield list(Visit.objects.order_by("pk")[start : start + 10])
    yield list(Visit.objects.order_by("id")[start : start + 10])
    yield list(Visit.objects.values_list("name", flat=True).distinct()[start : start + 10])
    yield list(Visit.objects.order_by(order)[start : start + 10])
    yield list(Visit.objects.order_by(F("name").desc(nulls_last=True))[start : start + 10])
    yield list(Visit.objects.annotate(age=F("guest_id") + 1).order_by("age")[start : start + 10])
    yield list(Visit.objects.all().union(Visit.objects.all()).order_by("name")[start : start + 10])
    yield list(Visit.objects.order_by("host__name")[start : start + 10])
"#;
    let wanted = [
        r#".order_by("-guest_id", "-pk")[:n]`, with an index on (guest_id, pk)"#,
        "which the primary key serves",
        "which the primary key serves",
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
    ];
    expect("visits.py", text, &wanted);
}

#[test]
fn sqlalchemy() {
    let text = r#"
from sqlalchemy import desc, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column()


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)


def pages(s: Session, skip):
    yield s.scalars(select(Visit).order_by(Visit.guest_id.desc()).limit(5).offset(skip)).all()
    yield s.execute(select(Visit.name, func.lower(Visit.name).label("n")).order_by(desc("n")).limit(5).offset(skip)).all()
    yield s.scalars(select(Visit.name).distinct().limit(5).offset(skip)).all()
    yield s.scalars(select(Visit).order_by(func.lower(Visit.name)).limit(5).offset(skip)).all()
    yield s.scalars(select(Visit).order_by(Visit.name.desc().nullslast()).limit(5).offset(skip)).all()
    yield s.execute(select(Visit, Room).order_by(Visit.name, Room.id).limit(5).offset(skip)).all()
    yield s.scalars(select(Visit).join(Room, Room.id == Visit.id).order_by(Visit.name).limit(5).offset(skip)).all()
    yield s.scalars(select(Visit).order_by(Visit.id).limit(5).offset(skip)).all()
"#;
    let wanted = [
        ".order_by(Visit.guest_id.desc(), Visit.id.desc()).limit(n)`, with an index on (guest_id, id)",
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        "which the primary key serves",
    ];
    expect("visits.py", text, &wanted);
}

#[test]
fn what_is_filtered_by_stands_first_in_the_index() {
    let text = r#"
import { drizzle } from "drizzle-orm/node-postgres";
import { index, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { and, desc, eq, gt } from "drizzle-orm";

export const visit = pgTable("visit", {
  id: uuid("id").primaryKey(),
  guest: uuid("guest").notNull(),
  at: timestamp("at").notNull(),
});
const db = drizzle("postgres://localhost/app");

export const plain = (skip: number) => db.select().from(visit).limit(5).offset(skip);
export const own = (g: string, skip: number) => db.select().from(visit).where(eq(visit.guest, g)).limit(5).offset(skip);
export const late = (g: string, at: Date, skip: number) =>
  db.select().from(visit).where(and(eq(visit.guest, g), gt(visit.at, at))).orderBy(desc(visit.at)).limit(5).offset(skip);
"#;
    let wanted = [
        "before: `.where(gt(visit.id, last.id)).orderBy(asc(visit.id)).limit(n)`, which the primary key serves",
        "before, besides what it filters by: `.where(and(…, gt(visit.id, last.id))).orderBy(asc(visit.id)).limit(n)`, with an index on (guest, id)",
        "with an index on (guest, at, id)",
    ];
    expect("visits.ts", text, &wanted);
    let text = r#"
from django.db import models


class Visit(models.Model):
    name = models.CharField(max_length=10)
    room = models.IntegerField()
    host = models.ForeignKey("Visit", on_delete=models.CASCADE)


def pages(start, host, room):
    yield list(Visit.objects.filter(host=host).order_by("-room")[start : start + 10])
    yield list(Visit.objects.filter(host__name=host).order_by("room")[start : start + 10])
    yield list(Visit.objects.exclude(host=host).order_by("room")[start : start + 10])
    rows = Visit.objects.filter(host=host)
    if room:
        rows = rows.filter(name=room)
    yield list(rows.order_by("pk")[start : start + 10])
"#;
    let wanted = [
        "with an index on (host, room, pk)",
        "with an index on (room, pk)",
        "with an index on (room, pk)",
        "with an index on (host, pk)",
    ];
    expect("visits.py", text, &wanted);
    let text = r"
CREATE TABLE visits (id int PRIMARY KEY, guest_id int, room int, at date);
SELECT * FROM visits WHERE guest_id = $1 AND at > $2 ORDER BY room LIMIT 10 OFFSET $3;
SELECT * FROM visits WHERE guest_id = $1 LIMIT 10 OFFSET $2;
SELECT * FROM visits WHERE at > $1 ORDER BY room LIMIT 10 OFFSET $2;
";
    let wanted = [
        "served by one index on (guest_id, room, id):\nAND room >= $4",
        "served by one index on (guest_id, id):\nAND id > $3",
        "served by one index on these columns in this order:\nAND room >= $3",
    ];
    expect("visits.sql", text, &wanted);
}
