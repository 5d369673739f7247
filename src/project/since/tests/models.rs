//! Projects with models in which an edit of one file matters to another only by what a third one makes of it.

use super::edit;

/// Models of Django's.
const MODELS: &str = "\
from django.db import models
from shop.base import Named


class Author(Named):
    country = models.CharField(max_length=2)

    @property
    def latest(self):
        return self.books.order_by('-id').first()


class Book(Named):
    author = models.ForeignKey(Author, related_name='books', on_delete=models.CASCADE)
    title = models.CharField(max_length=200)


class Tag(models.Model):
    book = models.ForeignKey(Book, related_name='tags', on_delete=models.CASCADE)
";

const BASE: &str = "\
from django.db import models


class Named(models.Model):
    owner = models.ForeignKey('auth.User', on_delete=models.CASCADE)

    class Meta:
        abstract = True

    def shown(self):
        return self.owner.username
";

#[test]
fn rows_that_are_handed_over() {
    edit(&[
        ("requirements.txt", "django\n", &[]),
        (
            "shop/models.py",
            MODELS,
            &[
                ("related_name='tags'", "related_name='labels'"),
                ("    @property\n    def latest", "    def latest"),
                ("class Author(Named)", "class Author(models.Model)"),
                ("order_by('-id').first()", "all()"),
            ],
        ),
        ("shop/base.py", BASE, &[("class Named(models.Model)", "class Named(object)"), ("self.owner.username", "1")]),
        (
            "shop/show.py",
            "\
from shop.inner import one


def show_all(books):
    for book in books:
        print(book.author.country, book.title, one(book), book.shown(), book.author.latest)
        for tag in book.tags.all():
            print(tag.id)
",
            &[("for tag in book.tags.all()", "for tag in book.labels.all()")],
        ),
        ("shop/inner.py", "def one(book):\n    return book.tags.first()\n", &[("book.tags.first()", "book.title")]),
        (
            "shop/view.py",
            "from shop.found import found\nfrom shop.show import show_all\n\n\ndef view(request):\n    show_all(found())\n",
            &[("show_all(found())", "show_all([])"), ("found())", "found().select_related('author'))")],
        ),
        (
            "shop/found.py",
            "from shop.models import Book\n\n\ndef found():\n    return Book.objects.all()\n",
            &[
                ("Book.objects.all()", "Book.objects.select_related('author')"),
                ("Book.objects.all()", "Book.objects.prefetch_related('tags')"),
                ("Book.objects.all()", "Book.objects.annotate(latest=1)"),
                ("Book.objects.all()", "Book.objects.only('id')"),
            ],
        ),
        (
            "shop/more.py",
            "from shop.models import Book\nfrom shop.show import show_all\n\n\ndef more():\n    return Book\n",
            &[
                ("return Book", "show_all(Book.objects.select_related('author'))"),
                ("return Book", "return Book.objects.prefetch_related('books__tags')"),
            ],
        ),
    ]);
}

#[test]
fn templates_in_templates() {
    edit(&[
        ("requirements.txt", "django\n", &[]),
        ("shop/models.py", MODELS, &[("related_name='tags'", "related_name='labels'")]),
        ("shop/base.py", BASE, &[]),
        (
            "shop/views.py",
            "\
from django.shortcuts import render
from shop.found import found


def books(request):
    return render(request, 'shop/books.html', {'books': found()})
",
            &[("{'books': found()}", "{}"), ("shop/books.html", "shop/none.html")],
        ),
        (
            "shop/found.py",
            "from shop.models import Book\n\n\ndef found():\n    return Book.objects.all()\n",
            &[("Book.objects.all()", "Book.objects.select_related('author')"), ("Book.objects.all()", "[]")],
        ),
        (
            "shop/templates/shop/books.html",
            "{% load marks %}{% for book in books %}{% include 'shop/book.html' %}{% endfor %}{% marked books %}\n",
            &[("{% include 'shop/book.html' %}", "{{ book }}"), ("for book in books", "for book in others")],
        ),
        (
            "shop/templates/shop/book.html",
            "{{ book.title }}{% include 'shop/author.html' with by=book %}\n",
            &[("by=book", "by=1")],
        ),
        (
            "shop/templates/shop/author.html",
            "{{ by.author.country }}{% for tag in by.tags.all %}{{ tag }}{% endfor %}\n",
            &[],
        ),
        (
            "shop/templatetags/marks.py",
            "\
from django import template
from shop.marking import mark

register = template.Library()


@register.simple_tag
def marked(books):
    return [mark(book) for book in books]
",
            &[("def marked(", "def marking("), ("@register.simple_tag", "@register.simple_tag(takes_context=True)")],
        ),
        ("shop/marking.py", "def mark(book):\n    return book.tags.count()\n", &[("book.tags.count()", "book.id")]),
    ]);
}

#[test]
fn relationships_of_classes_elsewhere() {
    let ask = "\
from shop.models import Book
from shop.session import session


def shown():
    for book in session.query(Book).filter(Book.title != ''):
        print(book.author.name, book.shelf.name, book.author_id == book.author.id)
        session.query(Book).filter(Book.author_id == book.id).first()
";
    edit(&[
        ("requirements.txt", "sqlalchemy\n", &[]),
        ("shop/a1.py", ask, &[]),
        ("shop/a2.py", ask, &[]),
        (
            "shop/models.py",
            "\
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import relationship
from shop.mixed import Shelved


class Author(Shelved):
    __tablename__ = 'author'
    id = Column(Integer, primary_key=True)
    name = Column(String)


class Book(Shelved):
    __tablename__ = 'book'
    id = Column(Integer, primary_key=True)
    title = Column(String)
    author_id = Column(ForeignKey('author.id'))
    author = relationship(Author)
",
            &[("relationship(Author)", "relationship(Author, lazy='joined')"), ("Book(Shelved)", "Book")],
        ),
        (
            "shop/mixed.py",
            "\
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import relationship
from shop.base import Base


class Shelf(Base):
    __tablename__ = 'shelf'
    id = Column(Integer, primary_key=True)
    name = Column(String)


class Shelved(Base):
    __abstract__ = True
    shelf_id = Column(ForeignKey('shelf.id'))
    shelf = relationship(Shelf)
",
            &[("    shelf = relationship(Shelf)\n", ""), ("class Shelved(Base)", "class Shelved(object)")],
        ),
        (
            "shop/base.py",
            "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
            &[("(DeclarativeBase)", "")],
        ),
        (
            "shop/session.py",
            "from sqlalchemy.orm import Session\nfrom shop.engine import engine\n\nsession = Session(engine)\n",
            &[("Session(engine)", "{}")],
        ),
        ("shop/engine.py", "from sqlalchemy import create_engine\n\nengine = create_engine('postgresql://')\n", &[]),
    ]);
}

#[test]
fn relations_that_others_put_on_models() {
    edit(&[
        ("requirements.txt", "django\n", &[]),
        (
            "shop/book.py",
            "from django.db import models\nfrom shop.named import Named\n\n\nclass Book(Named):\n    title = models.TextField()\n",
            &[],
        ),
        (
            "shop/named.py",
            "\
from django.db import models


class Named(models.Model):
    class Meta:
        abstract = True

    @property
    def latest(self):
        return Named.objects.first()
",
            &[("latest", "newest"), ("    @property\n", "")],
        ),
        (
            "shop/tag.py",
            "\
from django.db import models


class Tag(models.Model):
    book = models.ForeignKey('shop.Book', related_name='tags', on_delete=models.CASCADE)
",
            &[("related_name='tags'", "related_name='labels'"), ("models.ForeignKey(", "models.OneToOneField(")],
        ),
        (
            "shop/view.py",
            "\
from shop.book import Book


def counted():
    for book in Book.objects.all():
        print(book.tags.count())


def named():
    for book in Book.objects.all():
        print(book.latest)
",
            &[],
        ),
        (
            "shop/latest.py",
            "from shop.book import Book\n\n\ndef latest():\n    for book in Book.objects.all():\n        print(book.latest)\n",
            &[],
        ),
        (
            "shop/other.py",
            "from shop.book import Book\n\n\ndef other():\n    return Book.objects.all()\n",
            &[("all()", "annotate(latest=1)"), ("all()", "prefetch_related('tags')"), ("all()", "defer('title')")],
        ),
    ]);
}

#[test]
fn sessions_that_wait() {
    edit(&[
        ("requirements.txt", "sqlalchemy\n", &[]),
        (
            "shop/models.py",
            "\
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import DeclarativeBase, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = 'author'
    id = Column(Integer, primary_key=True)


class Book(Base):
    __tablename__ = 'book'
    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey('author.id'))
    editor_id = Column(ForeignKey('author.id'))
    editor = relationship(Author, foreign_keys=editor_id)
    author = relationship(Author, foreign_keys=author_id)
",
            &[("author = relationship", "writer = relationship")],
        ),
        (
            "shop/view.py",
            "from shop.found import found\n\n\ndef view():\n    for book in found():\n        print(book.author.shown)\n",
            &[],
        ),
        (
            "shop/found.py",
            "\
from sqlalchemy.orm import Session
from shop.models import Book


def found(session: Session):
    return session.query(Book).all()
",
            &[],
        ),
        ("shop/other.py", "import sqlalchemy.orm\n", &[("import sqlalchemy.orm", "import sqlalchemy.ext.asyncio")]),
    ]);
}

#[test]
fn tables_of_one_database_or_of_several() {
    edit(&[
        ("requirements.txt", "django\n", &[]),
        (
            "shop/models.py",
            "\
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=200)
    year = models.IntegerField(db_index=True)
",
            &[],
        ),
        (
            "shop/view.py",
            "\
from shop.models import Book


def view(word, page):
    found = Book.objects.filter(title__contains=word).order_by('year')[page * 10:]
    return list(found), list(Book.objects.filter(title__iexact=word)), list(Book.objects.order_by('?')[:5])
",
            &[],
        ),
        (
            "schema.sql",
            "CREATE TABLE shelf (id int PRIMARY KEY);\n",
            &[
                ("id int PRIMARY KEY)", "id int PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB"),
                ("id int PRIMARY KEY)", "id bigserial PRIMARY KEY, words tsvector, at timestamptz)"),
            ],
        ),
        ("shop/opened.py", "import sqlite3\n", &[("sqlite3", "psycopg"), ("sqlite3", "MySQLdb")]),
    ]);
}

#[test]
fn foreign_keys_of_a_base_class() {
    edit(&[
        ("requirements.txt", "django\n", &[]),
        (
            "shop/named.py",
            "\
from django.db import models


class Named(models.Model):
    owner = models.ForeignKey('shop.Owner', related_name='+', on_delete=models.CASCADE)

    class Meta:
        abstract = True
",
            &[("owner =", "holder =")],
        ),
        ("shop/between.py", "from shop.named import Named\n\n\nclass Between(Named):\n    pass\n", &[]),
        (
            "shop/book.py",
            "from django.db import models\nfrom shop.between import Between\n\n\nclass Book(Between):\n    pass\n",
            &[],
        ),
        (
            "shop/owner.py",
            "from django.db import models\n\n\nclass Owner(models.Model):\n    title = models.TextField()\n",
            &[],
        ),
        (
            "shop/found.py",
            "from shop.book import Book\n\n\ndef found():\n    return Book.objects.all()\n",
            &[("all()", "select_related('owner')")],
        ),
        (
            "shop/view.py",
            "from shop.found import found\n\n\ndef view():\n    for book in found():\n        print(book.owner.title)\n",
            &[],
        ),
    ]);
}

#[test]
fn prefetches_that_a_function_elsewhere_defeats() {
    edit(&[
        ("requirements.txt", "django\n", &[]),
        ("shop/models.py", MODELS, &[("related_name='tags'", "related_name='labels'")]),
        ("shop/base.py", BASE, &[]),
        (
            "shop/a.py",
            "\
from shop.models import Book
from shop.first import first


def firsts():
    for book in Book.objects.prefetch_related('tags'):
        first(book)
",
            &[],
        ),
        ("shop/first.py", "from shop.row import Row\n\n\ndef first(book: Row):\n    return book.tags.first()\n", &[]),
        (
            "shop/row.py",
            "from shop.models import Book\n\nRow = Book\n",
            &[("Row = Book", "class Row:\n    tags = {}\n")],
        ),
    ]);
}

#[test]
fn what_a_query_puts_on_rows() {
    edit(&[
        ("requirements.txt", "django\ndjangorestframework\n", &[]),
        (
            "shop/models.py",
            "\
from django.db import models


class Form(models.Model):
    book = models.ForeignKey('Book', related_name='forms', on_delete=models.CASCADE)


class Book(models.Model):
    def sizes(self):
        return self.forms.filter(id=3).count()
",
            &[],
        ),
        (
            "shop/views.py",
            "\
from rest_framework import serializers, viewsets
from shop.models import Book


class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ['sizes']


class Books(viewsets.ModelViewSet):
    queryset = Book.objects.all()
    serializer_class = BookSerializer
",
            &[],
        ),
        (
            "shop/other.py",
            "from shop.models import Book\n\n\ndef other():\n    return Book.objects.all()\n",
            &[("all()", "annotate(sizes=1)")],
        ),
    ]);
}

/// What a program tells of all models at once, in another file than theirs.
#[test]
fn conventions_are_told_to_all_models() {
    edit(&[
        (
            "db.js",
            "import { Sequelize } from 'sequelize';\n\
             export const sequelize = new Sequelize(process.env.URL, { define: { underscored: true } });\n",
            &[("underscored: true", "underscored: false"), ("{ define: { underscored: true } }", "{}")],
        ),
        (
            "user.js",
            "import { DataTypes } from 'sequelize';\nimport { sequelize } from './db';\n\
             export const User = sequelize.define('user', { firstName: { type: DataTypes.STRING } });\n",
            &[("firstName", "lastName")],
        ),
    ]);
}
