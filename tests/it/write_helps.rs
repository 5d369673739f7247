//! What is told of many rows that are written at once, and of what that leaves out, is right for the rows that are written.

use crate::project::Project;

/// The help of each finding of these rules in one file, in order of place.
fn helps(name: &str, text: &str, rules: &str) -> Vec<String> {
    Project::new([(name, text)]).told(rules, "help")
}

#[test]
fn a_built_statement_says_how_many_are_written() {
    let text = r#"
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def write(session: Session, users):
    for user in users:
        session.execute(delete(User).where(User.id == user.id))
        session.execute(update(User).where(User.id == user.id).values(name=user.name))
        session.execute(insert(User).values(name=user.name))
"#;
    let found = helps("users.py", text, "write-in-loop");
    let begins = ["delete all rows at once", "update all rows at once", "insert all rows at once"];
    assert_eq!(found.len(), begins.len(), "{found:?}");
    for (help, begin) in found.iter().zip(begins) {
        assert!(help.starts_with(begin), "{help}");
    }
}

#[test]
fn what_is_written_to_a_relation_is_not_loaded() {
    let text = r#"
const { Model } = require("objection");

class Book extends Model {
  static get tableName() {
    return "books";
  }
}

async function copy(reviews) {
  const book = await Book.query().findById(1);
  for (const review of reviews) {
    await book.$relatedQuery("reviews").insert({ text: review.text });
  }
}

module.exports = { copy };
"#;
    let found = helps("books.js", text, "write-in-loop");
    assert!(matches!(found.as_slice(), [help] if !help.contains("withGraphFetched")), "{found:?}");
}

#[test]
fn what_a_bulk_write_leaves_out_is_told_of_the_row_that_is_written() {
    let text = r#"
from django import forms
from django.db import models
from django.db.models.signals import pre_save


class Removable(models.Model):
    removed = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Activity(Removable):
    number = models.IntegerField()

    def save(self, **kwargs):
        super().save(**kwargs)


class ActivityForm(forms.ModelForm):
    class Meta:
        model = Activity


class Relation(models.Model):
    name = models.TextField(unique=True)


class Other(models.Model):
    name = models.TextField(unique=True)


class Plain(models.Model):
    name = models.TextField(unique=True)


def stamp(sender, instance, **kwargs):
    instance.name = instance.name.strip()


for sender in (Other, Relation):
    pre_save.connect(stamp, sender=sender)
pre_save.connect(stamp, Activity)


class Log(Removable):
    text = models.TextField()

    def note(self):
        super().save()


def write(names, data):
    for activity in Activity.objects.all():
        activity.save()
    for activity in Activity.objects.all():
        ActivityForm(data, instance=activity).save()
    for name in names:
        Relation(name=name).save()
    for name in names:
        Other.objects.update_or_create(name=name)
    for name in names:
        Other.objects.get_or_create(name=name)
    for name in names:
        Plain.objects.get_or_create(name=name)
    for name in names:
        Log(text=name).note()
"#;
    let found = helps("shop/activities.py", text, "write-in-loop");
    let of_activity = "; mind what that leaves out: `save()` of `Activity` is not called (shop/activities.py:17), a receiver of \
                       `pre_save` is not called (shop/activities.py:44)";
    let ends = [
        of_activity,
        of_activity,
        "; mind what that leaves out: a receiver of `pre_save` is not called (shop/activities.py:43)",
        "; mind what that leaves out: a receiver of `pre_save` is not called (shop/activities.py:43)",
        "; mind what that leaves out: a receiver of `pre_save` is not called (shop/activities.py:43)",
        "; nothing is left out by that: `Plain` has no `save()` of its own, no receiver of signals",
        "; nothing is left out by that: `Log` has no `save()` of its own, no receiver of signals, no `auto_now`",
    ];
    assert_eq!(found.len(), ends.len(), "{found:#?}");
    for (found, end) in found.iter().zip(ends) {
        assert!(found.ends_with(end), "{found}");
    }
}

#[test]
fn many_rows_are_written_as_one_row_is() {
    let text = r#"
import { Pool } from "pg";

const pool = new Pool();

export async function write(items) {
  for (const item of items) {
    await pool.query("INSERT INTO stock (id, size) VALUES ($1, $2)", [item.id, item.size]);
    await pool.query("UPDATE stock SET size = size + $1 WHERE id = $2", [item.size, item.id]);
    await pool.query("DELETE FROM stock WHERE id = $1", [item.id]);
  }
}
"#;
    let found = helps("stock.js", text, "write-in-loop");
    let expected = [
        "write all rows at once: `INSERT … SELECT * FROM unnest($1::int[], $2::text[])`",
        "write all rows at once: `UPDATE … FROM unnest($1::int[], $2::text[])`",
        "write all rows at once: `… WHERE id = ANY($1)`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_packages_do_for_each_row_is_told_of_the_row_that_is_written() {
    let text = r#"
from django.db import models
from ordered_model.models import OrderedModel
from simple_history.models import HistoricalRecords


class Node(models.Model):
    right = models.IntegerField()
    changed = models.DateTimeField(auto_now=True)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)


class Channel(models.Model):
    root = models.ForeignKey(Node, on_delete=models.CASCADE)


class Name(models.Model):
    text = models.TextField()
    history = HistoricalRecords()


class Step(OrderedModel):
    text = models.TextField()


class Stamp(models.Model):
    text = models.TextField()
    changed = models.DateTimeField(auto_now=True)


class Crate(models.Model):
    day = models.DateField()

    def delete(self, *args, **kwargs):
        Stamp.objects.filter(text=self.day).delete()
        super().delete(*args, **kwargs)


def move(channel):
    node = channel.root
    node.right = 3
    node.save()


def write(texts):
    for channel in Channel.objects.select_related("root"):
        move(channel)
    for text in texts:
        Name.objects.create(text=text)
    for text in texts:
        Step.objects.create(text=text)
    for text in texts:
        Stamp.objects.create(text=text)
    for crate in Crate.objects.all():
        crate.delete()
"#;
    let found = helps("shop/steps.py", text, "write-in-loop");
    let ends = [
        "`bulk_create(objects)` for new ones",
        "; mind what that leaves out: `HistoricalRecords` writes no history (shop/steps.py:21)",
        "; mind what that leaves out: what `OrderedModel` may do when a row is saved, which is not in sight",
        "; nothing is left out by that: `Stamp` has no `save()` of its own, no receiver of signals",
        "; mind what that leaves out: `delete()` of `Crate` is not called (shop/steps.py:36)",
    ];
    assert_eq!(found.len(), ends.len(), "{found:#?}");
    for (found, end) in found.iter().zip(ends) {
        assert!(found.ends_with(end), "{found}");
    }
}

#[test]
fn a_model_that_is_looked_up_by_its_names_is_that_model() {
    let models = r#"
from django.db import models


class Ticket(models.Model):
    code = models.CharField(max_length=20)

    def save(self, *args, **kwargs):
        self.code = self.code.upper()
        super().save(*args, **kwargs)
"#;
    let jobs = r#"
from django.apps import apps
from oscar.core.loading import get_model

Ticket = apps.get_model("shop", "Ticket")
Same = get_model("shop.Ticket")
Other = apps.get_model("theatre", "Ticket")


def hand_out(codes):
    for code in codes:
        Ticket.objects.create(code=code)
    for code in codes:
        Same.objects.create(code=code)
    for code in codes:
        Other.objects.create(code=code)
"#;
    let files = [("shop/__init__.py", ""), ("shop/models.py", models), ("jobs.py", jobs)];
    let found = Project::new(files).told("write-in-loop", "help");
    let left = "`save()` of `Ticket` is not called (shop/models.py:8)";
    assert_eq!(found.iter().map(|help| help.contains(left)).collect::<Vec<_>>(), [true, true, false], "{found:#?}");
}

#[test]
fn an_update_is_told_by_what_it_sets() {
    let text = r#"
import mysql from "mysql2/promise";
import { Pool } from "pg";
import { PrismaClient } from "@prisma/client";

const conn = mysql.createPool(process.env.URL!);
const pool = new Pool();
const prisma = new PrismaClient();

export async function write(rows: { id: number; by: number }[]) {
  for (const row of rows) {
    await conn.execute("UPDATE links SET clicks = clicks + ? WHERE id = ?", [row.by, row.id]);
    await conn.execute("UPDATE links SET open = 1 WHERE id = ?", [row.id]);
    await conn.execute("INSERT INTO links (id) VALUES (?)", [row.id]);
    await conn.execute("DELETE FROM links WHERE id = ?", [row.id]);
    await pool.query("UPDATE links SET clicks = $1 WHERE id = $2", [row.by, row.id]);
    await pool.query("UPDATE links SET open = true WHERE id = $1", [row.id]);
    await prisma.$executeRaw`UPDATE links SET clicks = ${row.by} WHERE id = ${row.id}`;
  }
}
"#;
    let found = helps("links.ts", text, "write-in-loop");
    let parts = [
        "`UPDATE … SET x = CASE id WHEN … THEN … END WHERE id IN (…)`",
        "write all rows at once: `WHERE id IN (?)` with the array of ids",
        "VALUES ?",
        "write all rows at once: `WHERE id IN (?)` with the array of ids",
        "`UPDATE … FROM unnest(",
        "write all rows at once: `… WHERE id = ANY($1)`",
        "with one statement: `UPDATE … SET x = CASE id WHEN … THEN … END WHERE id IN (…)`",
    ];
    assert_eq!(found.len(), parts.len(), "{found:#?}");
    for (help, part) in found.iter().zip(parts) {
        assert!(help.contains(part), "{help}");
    }
}

#[test]
fn rows_that_are_set_to_the_same_are_updated_at_once() {
    let text = r#"
from django.db import models


class Offer(models.Model):
    rank = models.IntegerField()
    state = models.TextField()


def lift(offers: list[Offer]):
    for offer in Offer.objects.filter(rank=1):
        offer.rank = TOP
        offer.state = "open"
        offer.save()
    for offer in Offer.objects.filter(rank=2):
        offer.rank = offer.rank + 1
        offer.save()
    for offer in Offer.objects.filter(rank=3):
        offer.state = "shut"
        offer.clean()
        offer.save()
"#;
    let found = helps("offers.py", text, "write-in-loop");
    let [same, other, cleaned] = &found[..] else { panic!("{found:#?}") };
    assert!(same.contains("`.filter(pk__in=[…]).update(rank=TOP, state=\"open\")`"), "{same}");
    assert!(other.contains("`bulk_update("), "{other}");
    assert!(cleaned.contains("`bulk_update("), "{cleaned}");
}
