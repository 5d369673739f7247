//! Each part of a project that is shown is noted as read, also where an answer is told again; and what makes everything
//! be found anew.

use super::*;
use crate::facts::{CallId, ClassId, FunctionId};
use crate::project::answers::Answers;
use crate::project::reads::within;
use crate::project::relations::sqlalchemy;
use crate::project::{ClassRef, FunctionRef};

const FILES: [(&str, &str); 4] = [
    (
        "shop/models.py",
        "\
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import relationship
from shop.base import Base


class Author(Base):
    __tablename__ = 'author'
    id = Column(Integer, primary_key=True)


class Book(Base):
    author_id = Column(ForeignKey('author.id'))
    author = relationship(Author)
",
    ),
    ("shop/base.py", "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"),
    (
        "shop/view.py",
        "\
from shop.load import load


def view(ids):
    for id in ids:
        load(id)
",
    ),
    (
        "shop/load.py",
        "\
import psycopg

connection = psycopg.connect('')


def load(id):
    return connection.execute('SELECT title FROM book WHERE id = %s', (id,)).fetchone()
",
    ),
];

fn project(files: &[(&str, &str)]) -> Project {
    let files: Vec<File> =
        files.iter().map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() }).collect();
    Edited::new(&files).kept
}

/// What is read to answer a question.
fn of<T>(ask: impl FnOnce() -> T) -> Vec<Read> {
    within(ask).1
}

#[test]
fn whatever_is_shown_is_noted() {
    let project = &project(&FILES);
    let file = |path: &str| project.file_at(path).unwrap();
    let (view, load) = (file("shop/view.py"), file("shop/load.py"));
    let loading = FunctionRef { file: load, function: FunctionId(1) };
    let repeat = &project.repeats(view)[0];
    let name = project.files[load.0 as usize].facts.names.find("connection").unwrap();
    let route = project.reach.of(loading)[0];
    let everything = [Read::Everything];
    assert_eq!(of(|| project.wrappers().len()), everything);
    assert_eq!(of(|| project.is_executed(load, 0)), [Read::Executed(load)]);
    assert_eq!(of(|| project.files().len()), everything);
    assert_eq!(of(|| project.orm(load).predicates.len()), [Read::Orm(load)]);
    assert_eq!(of(|| project.lazy_reads(load).len()), [Read::Lazy(load)]);
    assert_eq!(of(|| project.property_queries(load).len()), [Read::Lazy(load)]);
    assert_eq!(of(|| project.listed_queries(load).len()), [Read::Lazy(load)]);
    assert_eq!(of(|| project.prefetched(view, repeat).is_some()), [Read::Lazy(view)]);
    assert!(of(|| project.receivers().len()).contains(&Read::Everything));
    assert_eq!(of(|| project.schema().tables().len()), [Read::Schema]);
    assert_eq!(of(|| project.dialect_of(load, 0)), [Read::File(load), Read::Schema]);
    let table = &project.schema().tables()[0];
    assert_eq!(of(|| project.databases_of(table)), [Read::File(table.place.file), Read::Schema]);
    assert_eq!(of(|| project.templates().ways(load).len()), [Read::Templates]);
    assert_eq!(of(|| project.file(load).purpose), [Read::File(load)]);
    assert_eq!(of(|| project.stars(load).libraries.len()), [Read::File(load)]);
    assert_eq!(of(|| project.binding(load, name)), [Read::File(load)]);
    assert_eq!(of(|| project.sites(load).len()), [Read::Sites(load)]);
    assert_eq!(of(|| project.repeats(view).len()), [Read::Repeats(view)]);
    assert_eq!(of(|| project.graph.edges_of(view).len()), [Read::Edges(view)]);
    assert_eq!(of(|| project.graph.calls_of(loading).count()), [Read::Callers(loading)]);
    assert_eq!(of(|| project.reach.of(loading).len()), [Read::Reach(loading)]);
    assert_eq!(of(|| project.reach.witness(route).hops), [Read::Reach(loading)]);
    let place = || project.graph.place(project, view, FunctionId(1), None);
    assert_eq!(of(place), [Read::File(view), Read::Edges(view)]);
}

#[test]
fn what_is_told_again_is_read_again() {
    let mut project = project(&FILES);
    project.answers = Answers::of(project.files.len());
    let types = Types::new(&project);
    let file = |path: &str| project.file_at(path).unwrap();
    let (view, models) = (file("shop/view.py"), file("shop/models.py"));
    let book = ClassRef { file: models, class: ClassId(1) };
    let load = project.binding(view, project.files[view.0 as usize].facts.names.find("load").unwrap()).unwrap();
    let base = ClassRef { file: file("shop/base.py"), class: ClassId(0) };
    let asked: [&dyn Fn(); 5] = [
        &|| assert!(types.api_base(base).is_some()),
        &|| assert!(matches!(types.of(view, load), crate::project::Ty::Function(_))),
        &|| assert!(types.api_call(view, CallId(0)).is_none()),
        &|| assert!(types.api_base(book).is_some()),
        &|| assert_eq!(sqlalchemy::by_key(&types, book).len(), 1),
    ];
    for ask in asked {
        let first = of(ask);
        assert!(!first.is_empty());
        assert_eq!(of(ask), first);
    }
}

#[test]
fn what_may_hold_after_a_change() {
    let holds = |read: Read, changed: Read| {
        let known = PerFile { found: vec![Arc::new(())], reads: vec![[Read::File(FileId(1)), read].into()] };
        known.holding(FileId(0), &Changed::from_iter([changed])).is_some()
    };
    assert!(holds(Read::Schema, Read::Templates));
    assert!(!holds(Read::Schema, Read::Schema));
    assert!(!holds(Read::Schema, Read::File(FileId(1))));
    assert!(!holds(Read::Everything, Read::Templates));
    let ((), reads) =
        within(|| [Read::Schema, Read::Templates, Read::Schema].into_iter().for_each(crate::project::reads::note));
    assert_eq!(reads, [Read::Templates, Read::Schema]);
}

#[test]
fn what_makes_all_be_found_anew() {
    let other = |path: &str, text: &'static str| {
        let mut files = FILES;
        files.iter_mut().filter(|file| file.0 == path).for_each(|file| file.1 = text);
        project(&files)
    };
    let before = project(&FILES);
    let holds = |now: &Project| Since::of(&before, now).before().is_some();
    assert!(holds(&project(&FILES)));
    assert!(holds(&other("shop/load.py", "import psycopg\n")));
    let mut untold = project(&FILES);
    untold.tracks = false;
    assert!(!holds(&untold));
    // Another file, and the same as many.
    assert!(!holds(&project(&FILES[1..])));
    let mut moved = FILES;
    moved[0].0 = "shop/tables.py";
    assert!(!holds(&project(&moved)));
    // A library, a manifest, catalogs, settings.
    assert!(!holds(&other("shop/view.py", "import asyncpg\n")));
    let with = |manifests: &[ManifestFile], catalog: &Arc<Catalog>, options: &ProjectOptions| {
        Project::build_after(None, before.files.clone(), manifests, catalog.clone(), options)
    };
    let manifest = ManifestFile { path: "pyproject.toml".into(), text: "[project]\nname = 'shop'\n".to_owned() };
    let few = ProjectOptions { max_hops: 1, ..ProjectOptions::default() };
    assert!(holds(&with(&[], &CATALOG, &ProjectOptions::default())));
    assert!(!holds(&with(&[manifest], &CATALOG, &ProjectOptions::default())));
    assert!(!holds(&with(&[], &Arc::new(Catalog::clone(&CATALOG)), &ProjectOptions::default())));
    assert!(!holds(&with(&[], &CATALOG, &few)));
}

#[test]
fn names_that_are_taken_whole() {
    let files = |named: &'static str, star: &'static str| {
        project(&[("shop/all.py", star), ("shop/named.py", named), ("shop/other.py", "other = 1\n")])
    };
    const NAMED: &str = "from shop.named import *\n";
    let before = files("name = 1\n", NAMED);
    let holds = |now: &Project| Since::of(&before, now).before().is_some();
    assert!(holds(&files("name = 2\n", NAMED)));
    assert!(!holds(&files("names = 1\n", NAMED)));
    assert!(!holds(&files("name = 1\n", "from shop.other import *\n")));
    assert!(!holds(&files("name = 1\n", "")));
}

#[test]
fn what_stands_in_for_a_library() {
    let files = |model: &'static str| {
        project(&[
            ("shop/models.py", "from django.db import models\nfrom django.contrib.auth import models as auth\n"),
            ("shop/user.py", model),
        ])
    };
    let before = files("import django.db\n");
    let now = files("from django.contrib.auth.models import User\n");
    assert!(before.files.len() < now.files.len());
    assert!(Since::of(&before, &now).before().is_none());
}
