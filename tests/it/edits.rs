//! What is kept from one edit to the next is what a new session finds: each file of a project is changed in ways that
//! matter to others, in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use seqscan::engine::{Open, Session, Targets};

use crate::project::{Project, open};

/// A file, and parts of it with what may stand in their place.
type File = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const FILES: &[File] = &[
    (
        "shop/models.py",
        "\
from django.db import models
from shop.base import Named, Shelf


class Author(Named):
    country = models.ForeignKey('Country', on_delete=models.CASCADE)

    @property
    def latest(self):
        return self.books.order_by('-id').first()


class Country(models.Model):
    code = models.CharField(max_length=2)


class Book(Named):
    author = models.ForeignKey(Author, related_name='books', on_delete=models.CASCADE)
    title = models.CharField(max_length=200)
    shelf = Shelf()

    def first_tag(self):
        return self.tags.first()


class Tag(models.Model):
    book = models.ForeignKey(Book, related_name='tags', on_delete=models.CASCADE)
    label = models.CharField(max_length=20)
",
        &[
            ("models.ForeignKey(Author, related_name='books'", "models.OneToOneField(Author, related_name='books'"),
            ("related_name='tags'", "related_name='labels'"),
            ("    @property\n    def latest", "    def latest"),
            ("max_length=200)", "max_length=200, db_index=True)"),
            ("return self.tags.first()", "x = 1\n        return self.title"),
            ("class Tag(models.Model)", "def helper(row):\n    return row\n\n\nclass Tag(models.Model)"),
        ],
    ),
    (
        "shop/base.py",
        "\
from django.db import models


class Shelf:
    pass


class Named(models.Model):
    owner = models.ForeignKey('auth.User', on_delete=models.CASCADE)

    class Meta:
        abstract = True
",
        &[
            ("class Named(models.Model)", "class Named(object)"),
            ("    owner = models.ForeignKey('auth.User', on_delete=models.CASCADE)\n", ""),
        ],
    ),
    (
        "shop/names.py",
        "from shop.models import *\nfrom shop.queries import load, each\n",
        &[("from shop.models import *", "from shop.models import Book"), ("load, each", "each")],
    ),
    (
        "shop/queries.py",
        "\
from functools import cache

from shop.models import Author, Book, Tag


def load(id):
    return Book.objects.get(pk=id)


def books():
    return Book.objects.filter(title__contains='x')


def each(rows, call):
    for row in rows:
        call(row.id)


def count_all_tags(book):
    return Tag.objects.filter(book=book).count()


class Reader:
    def read_one(self, id):
        return load(id)
",
        &[
            ("def load(id):", "@cache\ndef load(id):"),
            ("Book.objects.filter(title__contains='x')", "Book.objects.select_related('author')"),
            ("Book.objects.filter(title__contains='x')", "Book.objects.prefetch_related('tags')"),
            ("call(row.id)", "print(row.id)"),
            ("return load(id)", "return id"),
            ("def books():", "def shelf():\n    return []\n\n\ndef books():"),
            ("Book.objects.get(pk=id)", "{}.get(id)"),
        ],
    ),
    (
        "shop/views.py",
        "\
from django.shortcuts import render
from shop.names import Book, each, load
from shop.queries import Reader, books


def titles(request, ids):
    return [load(id).title for id in ids]


def authors(request):
    for book in books():
        print(book.author.country.code, book.first_tag())
        for tag in book.tags.all():
            print(tag.label)
    return render(request, 'books.html', {'books': books()})


def handed(request, rows):
    each(rows, load)


def counted(request, reader):
    for book in Book.objects.all():
        print(book.author.latest, reader.count_all_tags(book), Reader().read_one(book.id))


def count(book):
    return book
",
        &[
            ("    return [load", "\n    return [load"),
            ("books():", "books().select_related('author__country'):"),
            ("{'books': books()}", "{'books': []}"),
            ("each(rows, load)", "each(rows, print)"),
            ("def count(book)", "def count_all_tags(book)"),
            ("Reader().read_one", "Reader().read_two"),
        ],
    ),
    (
        "shop/other.py",
        "\
from shop.models import Author, Book
from shop.queries import Reader


def listing():
    return Author.objects.prefetch_related('books__tags')


def run(connection, ids):
    for id in ids:
        connection.execute('SELECT * FROM shop_book WHERE title = %s', [id])
",
        &[
            ("prefetch_related('books__tags')", "all()"),
            ("SELECT * FROM shop_book WHERE title", "SELECT * FROM shop_book WHERE id"),
            ("def listing():", "class Other:\n    def read_one(self, id):\n        return id\n\n\ndef listing():"),
            ("from shop.queries import Reader\n", "import sqlite3\n\nconnection = sqlite3.connect('x')\n"),
        ],
    ),
    (
        "shop/templates/books.html",
        "{% for book in books %}{{ book.author.name }}{% for tag in book.tags.all %}{{ tag }}{% endfor %}{% endfor %}\n",
        &[("book.author.name", "book.title"), ("book.tags.all", "book.others")],
    ),
    (
        "schema.sql",
        "CREATE TABLE shop_book (id int PRIMARY KEY, title text);\nSELECT * FROM shop_book WHERE title = 'x';\n",
        &[("SELECT", "CREATE INDEX by_title ON shop_book (title);\nSELECT"), ("title text", "title varchar(9)")],
    ),
    (
        "web/db.ts",
        "\
import { PrismaClient } from '@prisma/client';

export const prisma = new PrismaClient();

export async function findUser(id: number) {
  return prisma.user.findUnique({ where: { id } });
}
",
        &[("findUnique({ where: { id } })", "findMany()"), ("new PrismaClient()", "new Map()")],
    ),
    (
        "web/page.ts",
        "\
import { findUser } from './db';
import * as db from './db';

export async function page(ids: number[], store: any) {
  for (const id of ids) {
    await findUser(id);
    await store.loadUserNames(id);
  }
}

export class Store {
  async loadUserNames(id: number) {
    return db.prisma.user.findFirst({ where: { id } });
  }
}
",
        &[("await findUser(id);", ";"), ("async loadUserNames", "async loadUserName"), ("'./db'", "'./others'")],
    ),
];

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

fn told(session: &Session) -> Vec<String> {
    let report = session.snapshot().check(&Targets::All);
    assert!(report.internal_errors.is_empty(), "{:?}", report.internal_errors);
    let findings = report.findings.iter().chain(&report.suppressed);
    let mut told: Vec<String> = findings.map(|found| format!("{:?}", found.diagnostic)).collect();
    told.extend(report.gaps.iter().map(|gap| format!("{gap:?}")));
    told.extend(report.schema.map(|schema| format!("{} {} {:?}", schema.tables, schema.indexes, schema.sources)));
    told
}

/// A file with some of its parts replaced; `which` has a bit for each.
fn variant((_, text, changes): &File, which: usize) -> String {
    let wanted = changes.iter().enumerate().filter(|(at, _)| which >> at & 1 == 1);
    wanted.fold((*text).to_owned(), |text, (_, (from, to))| text.replace(from, to))
}

#[test]
fn an_edited_session_finds_what_a_new_one_finds() {
    let mut random = Random(11);
    let project = Project::new(FILES.iter().map(|(path, text, _)| (*path, *text)));
    project.write("requirements.txt", "django\npsycopg\n");
    project.write("package.json", r#"{"dependencies": {"@prisma/client": "1"}}"#);
    let root = project.path().canonicalize().unwrap();
    let begin = |documents: &BTreeMap<PathBuf, Arc<str>>, keeps: bool| {
        let documents = documents.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
        Session::open(Open { documents, keeps, ..open(&root, &[], &BTreeSet::new()) }).unwrap()
    };
    let mut now = BTreeMap::new();
    let mut session = begin(&now, true);
    let mut seen = BTreeSet::new();
    for step in 0..150 {
        let file = &FILES[random.below(FILES.len())];
        let path = root.join(file.0);
        match random.below(12) {
            // It goes, or comes back.
            0 => {
                if path.exists() {
                    std::fs::remove_file(&path).unwrap();
                } else {
                    project.write(file.0, file.1);
                }
                now.remove(&path);
                session.edit(&path, None).unwrap();
                session.refresh().unwrap();
            }
            1 => {
                now.remove(&path);
                session.edit(&path, None).unwrap();
            }
            _ if path.exists() => {
                // Mostly one part at a time, as people type.
                let parts = file.2.len();
                let which = if random.below(3) == 0 { random.below(1 << parts) } else { 1 << random.below(parts) };
                let text: Arc<str> = variant(file, which).into();
                now.insert(path.clone(), text.clone());
                session.edit(&path, Some(text)).unwrap();
            }
            _ => {}
        }
        let (kept, new) = (told(&session), told(&begin(&now, false)));
        assert_eq!(kept, new, "after step {step}, which changed {}", file.0);
        seen.insert(new);
    }
    assert!(seen.len() > 60, "only {} different reports: the edits change too little", seen.len());
}

#[test]
fn every_change_is_one() {
    for file in FILES {
        for (from, to) in file.2 {
            assert!(file.1.contains(from) && from != to, "{}: {from}", file.0);
        }
    }
}
