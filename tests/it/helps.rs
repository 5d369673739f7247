//! The help of a finding is about what stands there.

use crate::project::Project;

/// The help of each finding of these rules in one file, in order of place.
fn helps(name: &str, text: &str, rules: &str) -> Vec<String> {
    Project::new([(name, text)]).told(rules, "help")
}

/// Asserts how each help begins.
#[track_caller]
fn begin(found: &[String], begins: &[&str]) {
    assert_eq!(found.len(), begins.len(), "{found:?}");
    for (help, begin) in found.iter().zip(begins) {
        assert!(help.starts_with(begin), "{help}");
    }
}

#[test]
fn a_wrapper_is_told_by_what_it_is_given() {
    let text = r#"
import sqlite3


class Store:
    def __init__(self, path):
        self.connection = sqlite3.connect(path)

    def action(self, sql, args):
        return self.connection.execute(sql, args)


def rename(store: Store, names):
    for old, new in names:
        store.action("UPDATE users SET name = ? WHERE name = ?", (new, old))


def rename_one(store: Store, old, new):
    store.action("UPDATE users SET name = ? WHERE name = ?", (new, old))


def rename_each(store: Store, names):
    for old, new in names:
        rename_one(store, old, new)
"#;
    let found = helps("store.py", text, "write-in-loop");
    begin(&found, &["write all rows", "take the write out of the path above; write all rows"]);
}

#[test]
fn an_index_is_written_with_the_quotes_of_its_table() {
    let text = r#"
CREATE TABLE "Customer" ("id" bigserial PRIMARY KEY);
CREATE TABLE "Order" ("id" bigserial PRIMARY KEY, "customerId" bigint REFERENCES "Customer" ("id") ON DELETE CASCADE);
CREATE TABLE Parts (Id bigserial PRIMARY KEY, OrderId bigint REFERENCES "Order" ("id") ON DELETE CASCADE);
"#;
    let found = helps("shop.sql", text, "unindexed-foreign-key");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].ends_with(r#"ON "Order" ("customerId")"#), "{found:?}");
    assert!(found[1].ends_with("ON Parts (OrderId)"), "{found:?}");
}

#[test]
fn an_index_of_a_table_with_partitions_is_not_built_concurrently() {
    let text = r"
CREATE TABLE visits (id bigint, day date, path text) PARTITION BY RANGE (day);
CREATE TABLE pages (id bigint, path text);
SELECT id FROM visits WHERE day = $1 AND path = $2;
SELECT id FROM pages WHERE path = $1;
";
    let found = helps("a.postgres.sql", text, "unindexed-filter");
    let concurrently: Vec<bool> = found.iter().map(|help| help.contains("CONCURRENTLY")).collect();
    assert_eq!(concurrently, [false, true], "{found:?}");
}

#[test]
fn an_index_of_few_rows_is_told_in_the_words_of_the_models() {
    let text = r#"
from django.db import models


class Token(models.Model):
    used = models.BooleanField(default=False, db_index=True)
"#;
    let project = Project::new([("models.py", text), ("requirements.txt", "django\npsycopg\n")]);
    let found = project.told("low-selectivity-index", "help");
    assert!(matches!(found.as_slice(), [help] if help.contains("condition=Q(used=True)")), "{found:?}");
}

#[test]
fn an_index_of_few_rows_is_told_with_the_names_of_the_database() {
    let models = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model Calendar {
  id     Int     @id
  isMain Boolean @map("primary")

  @@index([isMain])
  @@map("Calendars")
}
"#;
    let found = helps("schema.prisma", models, "low-selectivity-index");
    let begin = "CREATE INDEX CONCURRENTLY ON \"Calendars\" (…) WHERE \"primary\", ";
    assert!(matches!(found.as_slice(), [help] if help.starts_with(begin)), "{found:?}");
}

#[test]
fn an_index_of_few_rows_is_told_in_the_words_of_the_models_wherever_these_are() {
    let base = r#"
from django.db import models


class AbstractTicket(models.Model):
    used = models.BooleanField(default=False, db_index=True)

    class Meta:
        abstract = True
        app_label = "shop"
"#;
    let models = "from .bases import AbstractTicket\n\n\nclass Ticket(AbstractTicket):\n    pass\n";
    let files = [
        ("shop/bases.py", base),
        ("shop/models.py", models),
        ("shop/__init__.py", ""),
        ("requirements.txt", "django\npsycopg\n"),
    ];
    let found = Project::new(files).told("low-selectivity-index", "help");
    assert!(matches!(found.as_slice(), [help] if help.contains("condition=Q(used=True)")), "{found:?}");
}

#[test]
fn what_a_template_cannot_ask_is_asked_in_its_view() {
    let models = r#"
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50)


class Series(models.Model):
    title = models.CharField(max_length=50)


class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="books")
"#;
    let views = r#"
from django.shortcuts import get_object_or_404, render

from shop.models import Series


def one(request, pk):
    return render(request, "series.html", {"series": get_object_or_404(Series, pk=pk)})
"#;
    let template = "{% for book in series.books.all %}\n{{ book.author.name }}\n{% endfor %}\n";
    let files = [("shop/models.py", models), ("shop/views.py", views), ("shop/templates/series.html", template)];
    let found = Project::new(files).told("lazy-relation-in-loop", "help");
    let help = "load it with the rows: `.select_related(\"author\")` in the view, on the rows that \
                shop/templates/series.html:1 asks for";
    assert_eq!(found, [help]);
}

#[test]
fn a_relation_is_loaded_with_the_query_that_gave_the_rows() {
    let models = r#"
const { Sequelize, DataTypes } = require("sequelize");
const sequelize = new Sequelize("postgres://shop");
const Book = sequelize.define("Book", { title: DataTypes.STRING });
const Writer = sequelize.define("Writer", { name: DataTypes.STRING });
const Review = sequelize.define("Review", { text: DataTypes.STRING });
Book.belongsTo(Writer, { as: "author" });
Book.hasMany(Review, { foreignKey: "bookId" });
module.exports = { Book, Writer, Review };
"#;
    let list = r#"
const { Book } = require("./models");

async function list() {
  const books = await Book.findAll({ where: { sold: false } });
  for (const book of books) {
    console.log(await book.getAuthor(), await book.getReviews(), await book.countReviews());
  }
}

module.exports = { list };
"#;
    let project = Project::new([("shop/models.js", models), ("shop/list.js", list)]);
    let with = "load the relation with the rows:";
    assert_eq!(
        project.told("query-in-loop", "help"),
        [
            format!("{with} `Book.findAll({{ …, include: [\"author\"] }})`, and read `book.author`"),
            format!("{with} `Book.findAll({{ …, include: [Review] }})`, and read `book.Reviews`"),
            "count for all rows with one query: `Review.count({ where: { bookId: ids }, group: [\"bookId\"] })`, and look \
             the numbers up by key"
                .to_owned(),
        ]
    );
}

#[test]
fn a_related_query_is_named_by_its_relation() {
    let text = r#"
const { Model } = require("objection");

class Writer extends Model {}

class Book extends Model {
  static get tableName() {
    return "books";
  }
}

async function list() {
  const books = await Book.query().where("sold", false);
  for (const book of books) {
    console.log(await book.$relatedQuery("reviews").where("shown", true));
  }
}

module.exports = { list };
"#;
    assert_eq!(
        helps("books.js", text, "query-in-loop"),
        [
            "load the relation with the rows: `Book.query().withGraphFetched(\"reviews\")`, and read `book.reviews`; of rows \
          that are there: `Book.fetchGraph(rows, \"reviews\")`"
        ]
    );
}

#[test]
fn what_a_loop_fetches_one_by_one_is_fetched_before_it() {
    let text = r#"
from sqlalchemy.orm import Session, relationship, Mapped, mapped_column, DeclarativeBase
from sqlalchemy import ForeignKey


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    reviews: Mapped[list["Review"]] = relationship("Review")


class Review(Base):
    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)


def sizes(session: Session, ids):
    for key in ids:
        book = session.query(Book).filter(Book.id == key).first()
        print(len(book.reviews))
    for book in session.query(Book).filter(Book.id > 5).all():
        print(len(book.reviews))
"#;
    assert_eq!(
        helps("books.py", text, "lazy-relation-in-loop"),
        [
            "fetch all rows before the loop, and this with them: `.options(selectinload(Book.reviews))` on the one query for them",
            "load it with the rows: `.options(selectinload(Book.reviews))` on the query at books.py:26",
        ]
    );
}

#[test]
fn a_field_of_a_serializer_is_named_by_its_name() {
    let models = r#"
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=80)


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)

    @property
    def book_title(self):
        return self.book.title
"#;
    let views = r#"
from rest_framework import serializers, viewsets
from shop.models import Review


class TitleField(serializers.CharField):
    pass


class ReviewSerializer(serializers.ModelSerializer):
    title = TitleField(source="book_title")

    class Meta:
        model = Review
        fields = ("title",)


class ReviewViewSet(viewsets.ModelViewSet):
    queryset = Review.objects.all()
    serializer_class = ReviewSerializer
"#;
    let project = Project::new([("shop/models.py", models), ("shop/views.py", views)]);
    let output =
        project.run(&["check", "--output-format", "concise", "--exit-zero", "--select", "lazy-relation-in-loop"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("`title` leads to a read of `book`"), "{told}");
}

#[test]
fn long_chains_are_named_by_their_first_call_and_their_last() {
    let text = r#"
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=80)
    shelf = models.IntegerField()


def first(rows):
    for row in rows:
        Book.objects.filter(title=row.title, shelf=row.shelf).first()
        Book.objects.filter(title=row.title, shelf=row.shelf).exclude(shelf=7).first()
"#;
    let project = Project::new([("shop/models.py", text)]);
    let output = project.run(&["check", "--output-format", "concise", "--exit-zero", "--select", "query-in-loop"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @r"
    shop/models.py:12:63: warning: `Book.objects.filter(…).first` runs a query for each run of `for row in rows`: 1 + N queries [query-in-loop]
    shop/models.py:13:80: warning: `Book.objects.filter(…)….first` runs a query for each run of `for row in rows`: 1 + N queries [query-in-loop]
    ");
}

#[test]
fn pages_in_either_direction_are_not_written_out() {
    let text = r#"
import knexFactory from "knex";

const knex = knexFactory({ client: "pg" });

export function page(query) {
  return knex("tasks").select("*").orderBy("created_at", query.direction).limit(query.limit).offset(query.skip);
}

export function newest(query) {
  return knex("tasks").select("*").orderBy("created_at", "desc").limit(query.limit).offset(query.skip);
}
"#;
    let found = helps("tasks.js", text, "offset-pagination");
    begin(&found, &["remember where the page ended", "continue after the last row of the page before"]);
}

#[test]
fn what_narrows_a_search_holds_wherever_it_is_made() {
    let text = r#"
from django.db import models


class Account(models.Model):
    name = models.CharField(max_length=20)


class Deal(models.Model):
    name = models.CharField(max_length=20)
    org = models.IntegerField()
    stage = models.IntegerField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE)


def own(org):
    return Deal.objects.filter(org=org)


def search(request, p):
    deals = Deal.objects.filter(org=request.org)
    if p.get("stage"):
        deals = deals.filter(stage=p["stage"])
    if p.get("name"):
        deals = deals.filter(name__icontains=p["name"])
    return deals


def search_all(p):
    deals = Deal.objects.all()
    if p.get("stage"):
        deals = deals.filter(stage=p["stage"])
    if p.get("name"):
        deals = deals.filter(name__icontains=p["name"])
    return deals


def search_own(request, p):
    return own(request.org).filter(account__name__icontains=p["name"])


def search_any(p):
    return Deal.objects.filter(name__icontains=p["name"])
"#;
    let found = Project::new([("deals.py", text)]).told("leading-wildcard-like", "message");
    insta::assert_snapshot!(found.join("\n"), @r"
    `Deal.name` is searched with a leading wildcard: no b-tree index serves it, every row with that `org` is read
    `Deal.name` is searched with a leading wildcard: no b-tree index serves it, every row is read
    `Account.name` is searched with a leading wildcard: no b-tree index serves it, every row that the rest of the query leaves is read
    `Deal.name` is searched with a leading wildcard: no b-tree index serves it, every row is read
    ");
}

#[test]
fn pages_are_written_out_only_where_each_key_is_a_column_with_a_direction() {
    let text = r#"
import { DataTypes, Model, Sequelize, col, fn } from "sequelize";

const sequelize = new Sequelize("sqlite::memory:");

class Book extends Model {}
Book.init({ name: DataTypes.STRING, userId: DataTypes.INTEGER }, { sequelize });

export const lower = (offset) => Book.findAll({ order: [[fn("lower", col("name")), "ASC"]], limit: 9, offset });
export const either = (offset, way) => Book.findAll({ order: [["name", way]], limit: 9, offset });
export const joined = (offset) => Book.findAll({ order: [[{ model: Book, as: "parts" }, "name", "DESC"]], limit: 9, offset });
export const grouped = (offset) => Book.findAll({ group: ["name"], order: [["name", "ASC"]], limit: 9, offset });
export const owned = (offset) => Book.findAll({ order: [["userId", "DESC"]], limit: 9, offset });
"#;
    let found = helps("books.js", text, "offset-pagination");
    assert_eq!(found.len(), 5, "{found:?}");
    for help in &found[..4] {
        assert!(help.starts_with("remember where the page ended"), "{help}");
    }
    assert!(found[4].contains("an index on (userId, id)"), "{}", found[4]);
}

#[test]
fn a_relation_is_loaded_with_each_query_that_rows_may_come_from() {
    let text = r#"
from django.db import models


class Town(models.Model):
    name = models.TextField()


class Person(models.Model):
    town = models.ForeignKey(Town, on_delete=models.CASCADE)
    name = models.TextField()


def towns(name):
    if name:
        people = Person.objects.filter(name=name)
    else:
        people = Person.objects.all()
    return [person.town.name for person in people]


def one_way(name):
    people = Person.objects.all()
    if name:
        people = people.filter(name=name)
    return [person.town.name for person in people]
"#;
    let project = Project::new([("people.py", text)]);
    let found = project.told("lazy-relation-in-loop", "help");
    let load = "load it with the rows: `.select_related(\"town\")` on the quer";
    assert_eq!(found, [format!("{load}ies at people.py:16, people.py:18"), format!("{load}y at people.py:23")]);
    // One of two alone would hide the other.
    let fixes = project.findings("lazy-relation-in-loop");
    let has_fix = |at: usize| !fixes[at]["fix"].is_null();
    assert!(!has_fix(0) && has_fix(1), "{fixes:#?}");
}

#[test]
fn rows_of_builders_are_fetched_by_the_column_that_changes() {
    let text = r#"
import knex from "knex";

const db = knex({ client: "pg" });

export async function look(owners) {
  for (const owner of owners) {
    await db("parcels").where({ owner_id: owner.id, gone: false });
  }
  for (const owner of owners) {
    await db("parcels").where("parcels.owner_id", "=", owner.id).first();
  }
  for (const owner of owners) {
    await db("parcels").where({ id: owner.parcel }).first();
  }
  for (const owner of owners) {
    await db("parcels").where("at", ">", owner.at).first();
  }
  for (const owner of owners) {
    await db("parcels").where({ owner_id: owner.id }).update({ gone: owner.gone });
  }
}
"#;
    let by_owner = "fetch all rows at once before the loop: `.whereIn(\"owner_id\", keys)`";
    let by_id = "fetch all rows at once before the loop: `.whereIn(\"id\", ids)`";
    assert_eq!(helps("parcels.js", text, "query-in-loop"), [by_owner, by_owner, by_id, by_id]);
    let written = helps("parcels.js", text, "write-in-loop");
    assert!(written[0].starts_with("update all rows at once: `.whereIn(\"owner_id\", keys).update(…)`"), "{written:?}");
}

#[test]
fn rows_that_the_loop_makes_are_kept_beside_those_that_were_there() {
    let text = r#"
from django.db import models


class Unit(models.Model):
    name = models.TextField(unique=True)


class Other(models.Model):
    name = models.TextField(unique=True)


def unit_of(name):
    if found := Unit.objects.filter(name=name).first():
        return found
    return Unit.objects.create(name=name)


def load(rows):
    for row in rows:
        unit_of(row["unit"])
    for row in rows:
        found = Unit.objects.filter(name=row["unit"]).first()
        if found is None:
            Unit.objects.create(name=row["unit"])
    for row in rows:
        Unit.objects.filter(name=row["unit"]).first()
        Other.objects.create(name=row["unit"])
"#;
    let found = helps("shop/units.py", text, "query-in-loop");
    let end = "; the loop writes such rows, too: keep what it makes beside what was there";
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].ends_with(end) && found[1].ends_with(end) && !found[2].ends_with(end), "{found:#?}");
}

#[test]
fn rows_are_fetched_by_what_changes_in_the_loop() {
    let text = r#"
from django.db import models


class Task(models.Model):
    name = models.TextField(unique=True)


class Meta(models.Model):
    task = models.OneToOneField(Task, on_delete=models.CASCADE)


class Job(models.Model):
    meta = models.ForeignKey(Meta, on_delete=models.CASCADE, related_name="jobs")
    state = models.TextField()
    day = models.DateField()


class Answer(models.Model):
    person = models.TextField()
    feedback = models.TextField()


def look(names, feedback, lines, tasks):
    for name in names:
        Job.objects.get(meta__task__name=name)
    for name in names:
        Answer.objects.filter(person=name, feedback=feedback).first()
    for name in names:
        Answer.objects.filter(person=name, feedback="good").exists()
    for line in lines.findall("line"):
        Job.objects.filter(day__gt=line.get("day")).first()
    for task in Task.objects.all():
        Job.objects.filter(day__gt=task.name).first()
    for task in tasks:
        Job.objects.filter(meta__task=task).dates("day", "month").count()
    for task in tasks:
        Job.objects.filter(meta__task=task).values("day").distinct().count()
    for task in tasks:
        Job.objects.filter(meta__task=task).exclude(state="done").count()
    for meta in Meta.objects.all():
        meta.jobs.get(state="done")
"#;
    let found = helps("shop/jobs.py", text, "query-in-loop");
    let fetched = "fetch the rows once before the loop";
    let expected = [
        format!("{fetched}, `Job.objects.filter(meta__task__name__in=[…])`, and look them up by `meta__task__name`"),
        format!("{fetched}, `Answer.objects.filter(…, person__in=[…])`, and look them up by `person`"),
        "fetch the keys that exist once before the loop: \
         `set(Answer.objects.filter(…, person__in=[…]).values_list(\"person\", flat=True))`"
            .to_owned(),
        format!("{fetched} with `.filter(key__in=keys)` and keep one for each key"),
        format!(
            "{fetched} with `.filter(key__in=keys)` and keep one for each key, or annotate the outer queryset with `Subquery(…[:1])`"
        ),
        "count all groups at once before the loop: \
         `.values(\"key\").annotate(n=Count(Trunc(\"day\", \"month\"), distinct=True))`"
            .to_owned(),
        "count all groups at once before the loop: `.values(\"key\").annotate(n=Count(\"day\", distinct=True))`"
            .to_owned(),
        "count all groups at once before the loop: `.values(\"key\").annotate(n=Count(\"pk\"))`".to_owned(),
        "load `jobs` with those rows, `.prefetch_related(\"jobs\")`, and choose from `.jobs.all()`".to_owned(),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}

const PROFILES: &str = r#"
from django.db import models


class Person(models.Model):
    name = models.TextField()


class Profile(models.Model):
    person = models.OneToOneField(Person, on_delete=models.CASCADE)
    word = models.TextField()


class Page(models.Model):
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="pages")
    slug = models.SlugField()
    place = models.IntegerField()

    def delete(self, *args, **kwargs):
        self.owner.touch()
        super().delete(*args, **kwargs)
"#;

#[test]
fn what_is_found_by_a_column_is_told_by_that_column() {
    let text = format!(
        r#"{PROFILES}

def find(slugs, pairs, people):
    for slug in slugs:
        print(Page.objects.get(slug=slug))
    for slug in slugs:
        print(Page.objects.filter(slug=slug).exists())
    for slug, place in pairs:
        print(Page.objects.filter(slug=slug, place=place).first())
    for person in people:
        print(Profile.objects.get(person=person))
    for person in people:
        print(list(Page.objects.filter(owner=person)))
    for pk in slugs:
        print(Page.objects.get(pk=pk))
"#
    );
    let found = helps("pages.py", &text, "query-in-loop");
    begin(
        &found,
        &[
            "fetch the rows once before the loop, `Page.objects.filter(slug__in=[…])`, and look them up by `slug`",
            "fetch the keys that exist once before the loop: `set(Page.objects.filter(slug__in=[…]).values_list(\"slug\"",
            "fetch the rows once before the loop, `Page.objects.filter(slug__in=[…], place__in=[…])`, and look them up",
            "read it from the other side of the relation, `profile` of `Person`, and load that with those rows: \
             `.select_related(\"profile\")`",
            "read it from the other side of the relation, `pages` of `Person`, and load that with those rows: \
             `.prefetch_related(\"pages\")`",
            "fetch the rows once before the loop: `Model.objects.in_bulk(ids)`",
        ],
    );
}

#[test]
fn a_read_names_the_queries_of_all_lists_and_what_else_is_read_there() {
    let text = r#"
from django.db import models
from rest_framework import serializers, viewsets


class Person(models.Model):
    name = models.TextField()


class Team(models.Model):
    leader = models.ForeignKey(Person, on_delete=models.CASCADE)


class Book(models.Model):
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="books")
    team = models.ForeignKey(Team, on_delete=models.CASCADE)

    def __str__(self):
        return f"{self.person.name} {self.team.leader.name}"


class BookSerializer(serializers.ModelSerializer):
    written_by = serializers.CharField(source="person.name")

    class Meta:
        model = Book
        fields = ("written_by",)


class BookViewSet(viewsets.ModelViewSet):
    queryset = Book.objects.all()
    serializer_class = BookSerializer


class OtherViewSet(viewsets.ModelViewSet):
    queryset = Book.objects.filter(team=1)
    serializer_class = BookSerializer


def titles():
    return [str(book) for book in Book.objects.all()]
"#;
    let found = helps("books.py", text, "lazy-relation-in-loop");
    let [listed, read] = found.as_slice() else { panic!("{found:?}") };
    assert!(listed.contains("`.select_related(\"person\")` on the queries at books.py:"), "{listed}");
    assert_eq!(listed.matches("books.py:").count(), 2, "{listed}");
    assert!(read.contains("; so does `.select_related(\""), "{read}");
}

#[test]
fn a_bulk_delete_says_whose_delete_it_leaves_out() {
    let text = format!(
        r#"{PROFILES}

def drop(row):
    row.delete()


def drop_all():
    for page in Page.objects.all():
        page.delete()
    for page in Page.objects.all():
        drop(page)
    for profile in Profile.objects.all():
        profile.delete()
"#
    );
    let found = helps("pages.py", &text, "write-in-loop");
    let told: Vec<bool> = found.iter().map(|help| help.contains("`delete()` of `Page` is not called")).collect();
    assert_eq!(told, [true, true, false], "{found:?}");
    assert!(!found[2].contains("mind what"), "{found:?}");
}
