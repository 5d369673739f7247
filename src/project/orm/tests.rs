//! What real code says, through the real lowering: the specifications in `tests/cases`, and a few unit tests.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::apis::Catalog;
use crate::lang;
use crate::project::{ProjectFile, ProjectOptions};
use crate::source::{Language, SourceFile};

/// A project of these files.
fn project(files: &[(String, String)]) -> Project {
    let mut files: Vec<ProjectFile> = files
        .iter()
        .map(|(path, text)| {
            let language = Language::of_path(path).expect("a file that can be read");
            let source = SourceFile::new(path.as_str(), PathBuf::new(), language, text.clone());
            let facts = lang::extract(&source);
            ProjectFile::new(source, facts)
        })
        .collect();
    files.sort_by(|a, b| a.source.path.cmp(&b.source.path));
    Project::build(files, &[], Arc::new(Catalog::builtin().clone()), &ProjectOptions::default())
}

/// One case: its heading and its files.
struct Case {
    heading: String,
    line: usize,
    files: Vec<(String, String)>,
}

fn cases(page: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut heading = String::new();
    let mut name: Option<String> = None;
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text.to_owned();
            name = None;
        } else if let Some(rest) = line.strip_prefix('`')
            && let Some(file) = rest.strip_suffix("`:")
        {
            name = Some(file.to_owned());
        } else if let Some(language) = line.strip_prefix("```") {
            let ending = match language {
                "python" => "py",
                "javascript" => "js",
                "typescript" => "ts",
                _ => panic!("line {}: no language", index + 1),
            };
            let code: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let code = code.join("\n") + "\n";
            let path = name.clone().unwrap_or_else(|| format!("case.{ending}"));
            match cases.last_mut() {
                Some(case) if name.is_some() && case.heading == heading => case.files.push((path, code)),
                _ => cases.push(Case { heading: heading.clone(), line: index + 1, files: vec![(path, code)] }),
            }
            name = None;
        }
    }
    cases
}

/// Runs a specification: each marked line has a finding, and no other line has.
fn run(page: &str, drafts: fn(&Project, FileId) -> Vec<Draft>) {
    let mut wrong = Vec::new();
    let all = cases(page);
    for case in &all {
        let project = project(&case.files);
        for file in project.ids() {
            let source = &project.file(file).source;
            let found = drafts(&project, file);
            let line_of = |at: u32| source.text[..at as usize].matches('\n').count();
            for (index, line) in source.text.lines().enumerate() {
                let is_marked = line.ends_with("# error") || line.ends_with("// error");
                let here: Vec<&Draft> = found.iter().filter(|draft| line_of(draft.span.start) == index).collect();
                if here.len() != usize::from(is_marked) {
                    let messages: Vec<&str> = here.iter().map(|draft| draft.message.as_str()).collect();
                    wrong.push(format!("{} (line {}): `{}` has {:?}", case.heading, case.line, line.trim(), messages));
                }
            }
            for draft in found {
                let text = &source.text[draft.span.range()];
                assert!(!text.is_empty() && !text.contains('\n'), "{}: {text:?}", case.heading);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn searches_inside_texts() {
    run(include_str!("../../../tests/cases/leading-wildcard-like.orm.md"), wildcard_drafts);
}

#[test]
fn pages_by_skipping() {
    run(include_str!("../../../tests/cases/offset-pagination.orm.md"), page_drafts);
}

/// A project of one file.
fn one(path: &str, text: &str) -> Project {
    project(&[(path.to_owned(), text.to_owned())])
}

/// The parameters of the only site of a file that are worth knowing, as keys.
fn params(path: &str, text: &str) -> (Vec<ParamKey>, Vec<ParamKey>) {
    let project = one(path, text);
    let found = &project.orm(FileId(0)).params;
    assert!(found.len() <= 1, "{found:?}");
    let keys = |found: &SiteParams| {
        let wildcards = found.wildcards.iter().map(|param| param.key.clone()).collect();
        (wildcards, found.offsets.iter().map(|(param, _)| param.key.clone()).collect())
    };
    found.first().map(keys).unwrap_or_default()
}

fn position(number: usize) -> ParamKey {
    ParamKey::Position(number)
}

fn name(name: &str) -> ParamKey {
    ParamKey::Name(name.into())
}

#[test]
fn parameters_bound_by_position() {
    let code = |params: &str| {
        format!(
            "import psycopg\n\ndef search(q, page, size):\n    like = \"%\" + q + \"%\"\n    cur = psycopg.connect().cursor()\n    \
             cur.execute(\"SELECT id FROM t WHERE a = %s AND b LIKE %s LIMIT %s OFFSET %s\", {params})\n"
        )
    };
    let expected = (vec![position(1)], vec![position(3)]);
    for given in [
        "(q, f\"%{q}%\", size, (page - 1) * size)",
        "[q, like, size, size * page]",
        "[q] + [like] + [size, page * size]",
        "tuple([q, \"%{}%\".format(q), size, page * size])",
    ] {
        assert_eq!(params("a.py", &code(given)), expected, "{given}");
    }
    assert_eq!(params("a.py", &code("(q, q, size, page)")), (vec![], vec![]));
    assert_eq!(params("a.py", &code("(q, f\"{q}%\", size, page)")), (vec![], vec![]));
    assert_eq!(params("a.py", &code("(like,) * 3")).0, vec![position(0), position(1), position(2)]);
}

#[test]
fn parameters_appended_to_a_list() {
    let code = "import psycopg\n\ndef search(q):\n    values = [1]\n    values.append(f\"%{q}%\")\n    cur = psycopg.connect().cursor()\n    \
                cur.execute(\"SELECT id FROM t WHERE a = %s AND b LIKE %s\", values)\n";
    assert_eq!(params("a.py", code).0, vec![position(1)]);
}

#[test]
fn parameters_bound_by_name() {
    let code = |statement: &str| {
        format!(
            "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\n\ndef search(session: Session, q, page):\n    {statement}\n"
        )
    };
    let sql = "text(\"SELECT id FROM t WHERE a LIKE :q LIMIT 10 OFFSET :skip\")";
    let expected = (vec![name("q")], vec![name("skip")]);
    for statement in [
        format!("session.execute({sql}, {{\"q\": f\"%{{q}}%\", \"skip\": page * 10}})"),
        format!("session.execute({sql}, dict(q=f\"%{{q}}%\", skip=page * 10))"),
        format!("session.execute({sql}.bindparams(q=f\"%{{q}}%\", skip=page * 10))"),
    ] {
        assert_eq!(params("a.py", &code(&statement)), expected, "{statement}");
    }
}

#[test]
fn parameters_in_javascript() {
    let code = |call: &str| {
        format!(
            "import {{ Pool }} from \"pg\";\nconst pool = new Pool();\nexport async function search(q, page) {{\n  \
             return pool.query({call});\n}}\n"
        )
    };
    let sql = "\"SELECT id FROM t WHERE a LIKE $1 OFFSET $2\"";
    let expected = (vec![position(0)], vec![position(1)]);
    assert_eq!(params("a.js", &code(&format!("{sql}, [`%${{q}}%`, (page - 1) * 10]"))), expected);
    assert_eq!(params("a.js", &code(&format!("{{ text: {sql}, values: [`%${{q}}%`, page * 10] }}"))), expected);
    assert_eq!(params("a.js", &code(&format!("{sql}, [q, page]"))), (vec![], vec![]));
}

#[test]
fn predicates_are_neutral() {
    let project = one(
        "a.py",
        "from django.db import models\n\nclass Book(models.Model):\n    title = models.TextField()\n\ndef find(q, ids):\n    \
         return Book.objects.filter(title=q, id__in=ids, year__gte=2000, title__startswith=q, blurb__isnull=True)\n",
    );
    let found: Vec<(&str, PredicateOp)> =
        project.orm(FileId(0)).predicates.iter().map(|predicate| (predicate.column.as_str(), predicate.op)).collect();
    assert_eq!(
        found,
        [
            ("title", PredicateOp::Equal),
            ("id", PredicateOp::In),
            ("year", PredicateOp::Range),
            ("title", PredicateOp::Prefix),
            ("blurb", PredicateOp::IsNull),
        ]
    );
    let model = project.orm(FileId(0)).predicates[0].model.expect("the model is known");
    let facts = &project.file(model.file).facts;
    assert_eq!(&facts.names[facts.class(model.class).name], "Book");
}

#[test]
fn builders_name_their_table() {
    let project = one(
        "a.js",
        "const knex = require(\"knex\")({ client: \"pg\" });\nasync function find(q) {\n  \
         await knex(\"users as u\").where(\"u.name\", q).whereIn(\"id\", [1]).where(\"age\", \">\", 3);\n}\n",
    );
    let found: Vec<_> = project
        .orm(FileId(0))
        .predicates
        .iter()
        .map(|predicate| (predicate.table.as_deref(), predicate.column.as_str(), predicate.op))
        .collect();
    assert_eq!(
        found,
        [
            (Some("users"), "u.name", PredicateOp::Equal),
            (Some("users"), "id", PredicateOp::In),
            (Some("users"), "age", PredicateOp::Range),
        ]
    );
}

/// The help of the only page of a file.
fn page_help(path: &str, text: &str) -> String {
    let project = one(path, text);
    let drafts = page_drafts(&project, FileId(0));
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    drafts[0].help.clone()
}

#[test]
fn pages_continue_after_the_last_row() {
    let django = page_help(
        "a.py",
        "from django.db import models\n\nclass Book(models.Model):\n    created = models.DateTimeField()\n\n\
         def page(start, size):\n    return Book.objects.order_by(\"-created\")[start:start + size]\n",
    );
    assert!(
        django.contains(
            "`.filter(Q(created__lte=last.created), Q(created__lt=last.created) | Q(pk__lt=last.pk)).order_by(\"-created\", \"-pk\")[:n]`"
        ),
        "{django}"
    );
    let sqlalchemy = page_help(
        "a.py",
        "from sqlalchemy import select\nfrom sqlalchemy.orm import DeclarativeBase\n\nclass Base(DeclarativeBase):\n    pass\n\n\
         class Book(Base):\n    pass\n\ndef page(skip):\n    \
         return select(Book).order_by(Book.created, Book.id).offset(skip).limit(10)\n",
    );
    assert!(
        sqlalchemy.contains(
            "`.where(Book.created >= last.created, or_(Book.created > last.created, Book.id > last.id))\
             .order_by(Book.created, Book.id).limit(n)`"
        ),
        "{sqlalchemy}"
    );
    let prisma = page_help(
        "a.ts",
        "import { PrismaClient } from \"@prisma/client\";\nconst prisma = new PrismaClient();\n\
         export const page = (skip: number) => prisma.book.findMany({ skip, take: 10, orderBy: { created: \"desc\" } });\n",
    );
    assert!(
        prisma.contains(
            "`where: { created: { lte: last.created }, OR: [{ created: { lt: last.created } }, { id: { lt: last.id } }] }, \
             orderBy: [{ created: \"desc\" }, { id: \"desc\" }], take`"
        ),
        "{prisma}"
    );
    let elsewhere = page_help(
        "a.js",
        "const knex = require(\"knex\")({ client: \"pg\" });\n\
         exports.page = (skip, column) => {\n  const rows = knex(\"books\").limit(10);\n  rows.orderBy(column, \"desc\");\n  \
         rows.offset(skip);\n  return rows;\n};\n",
    );
    assert!(elsewhere.ends_with("for that the order must be by columns, the last one unique"), "{elsewhere}");
    let knex = page_help(
        "a.js",
        "const knex = require(\"knex\")({ client: \"pg\" });\n\
         exports.page = (skip) => knex(\"books\").orderBy(\"created\", \"desc\").limit(10).offset(skip);\n",
    );
    assert!(
        knex.contains(
            "`.where(\"created\", \"<=\", last.created).where((q) => q.where(\"created\", \"<\", last.created)\
             .orWhere(\"id\", \"<\", last.id)).orderBy(\"created\", \"desc\").orderBy(\"id\", \"desc\").limit(n)`"
        ),
        "{knex}"
    );
}

#[test]
fn fragments_of_sql() {
    let text = |cooked: &str| crate::facts::Text { cooked: cooked.to_owned(), ..crate::facts::Text::default() };
    let read = |cooked: &str| {
        let found = super::fragment::patterns(&text(cooked));
        found.into_iter().map(|pattern| (pattern.column, pattern.operand)).collect::<Vec<_>>()
    };
    use super::fragment::Operand::{Literal, Parameter};
    assert_eq!(read("lower(u.name) LIKE :q"), [("u.name".to_owned(), Parameter(name("q")))]);
    assert_eq!(read("a = ? AND b ILIKE ?"), [("b".to_owned(), Parameter(position(1)))]);
    assert_eq!(read("a LIKE $3"), [("a".to_owned(), Parameter(position(2)))]);
    assert_eq!(read("a LIKE %(q)s"), [("a".to_owned(), Parameter(name("q")))]);
    assert_eq!(read("data::text ILIKE '%x'"), [("data".to_owned(), Literal { is_leading: true })]);
    assert_eq!(read("a LIKE 'x%'"), [("a".to_owned(), Literal { is_leading: false })]);
    assert_eq!(read("a LIKE CONCAT('%', :q, '%')"), [("a".to_owned(), Literal { is_leading: true })]);
    assert_eq!(read("a like"), []);
    assert_eq!(read("like 'x'"), []);
    assert_eq!(read(") LIKE '"), []);
    assert_eq!(read("(a LIKE '"), [("a".to_owned(), Literal { is_leading: false })]);
}
