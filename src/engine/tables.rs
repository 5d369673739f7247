//! The tables that a finding is about.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::facts::{SqlText, Value, ValueId};
use crate::findings::{Diagnostic, Label, Role};
use crate::project::schema::Owner;
use crate::project::{ClassRef, FileId, Project, QuerySite};
use crate::source::Span;

/// Finds the tables of the queries at the places of findings, as the program names them.
#[derive(Debug)]
pub(super) struct Tables<'p> {
    project: &'p Project,
    /// Of the files that were asked about.
    places: FxHashMap<FileId, Vec<Place>>,
}

/// A place of a file that names tables.
#[derive(Clone, Copy, Debug)]
struct Place {
    span: Span,
    /// Where the last of all places up to this one, in order of their starts, ends.
    reach: u32,
    what: What,
}

/// What stands at a place, by its index.
#[derive(Clone, Copy, Debug)]
enum What {
    Site(usize),
    Query(usize),
    Predicate(usize),
    Page(usize),
    Statement(usize),
}

impl<'p> Tables<'p> {
    /// Has looked at nothing yet.
    pub(super) fn new(project: &'p Project) -> Tables<'p> {
        Tables { project, places: FxHashMap::default() }
    }

    /// The tables of a finding.
    pub(super) fn of(&mut self, finding: &Diagnostic) -> Vec<String> {
        let mut tables = BTreeSet::new();
        let queries = finding.related.iter().filter(|label| matches!(label.role, Role::Query | Role::Rows));
        for label in std::iter::once(&finding.primary).chain(queries) {
            self.at(label, &mut tables);
        }
        tables.into_iter().collect()
    }

    /// The tables of the query at one place.
    fn at(&mut self, label: &Label, tables: &mut BTreeSet<String>) {
        let project = self.project;
        let Some(file) = project.file_at(&label.path) else { return };
        let places = self.places.entry(file).or_insert_with(|| places(project, file));
        let before = &places[..places.partition_point(|place| place.span.start < label.span.end)];
        let near = before.iter().rev().take_while(|place| place.reach > label.span.start);
        for place in near.filter(|place| place.span.end > label.span.start) {
            at_place(project, file, place.what, tables);
        }
    }
}

/// The places of a file that name tables, in order of their starts.
fn places(project: &Project, file: FileId) -> Vec<Place> {
    let (orm, facts) = (project.orm(file), &project.file(file).facts);
    let host = |sql: &SqlText| match sql.text {
        Some(text) => facts.texts[text.index()].host_span(sql.span.start, sql.span.end),
        None => sql.span,
    };
    let sites = project.sites(file).iter().enumerate().map(|(at, site)| (site.span, What::Site(at)));
    let queries = orm.queries.iter().enumerate().map(|(at, query)| (query.statement.span, What::Query(at)));
    let predicates = orm.predicates.iter().enumerate().map(|(at, found)| (found.span, What::Predicate(at)));
    let pages = orm.pages.iter().enumerate().map(|(at, page)| (page.span, What::Page(at)));
    let statements = facts.statements.iter().enumerate().map(|(at, sql)| (host(sql), What::Statement(at)));
    let all = sites.chain(queries).chain(predicates).chain(pages).chain(statements);
    let mut places: Vec<Place> = all.map(|(span, what)| Place { span, reach: span.end, what }).collect();
    places.sort_by_key(|place| place.span.start);
    for at in 1..places.len() {
        places[at].reach = places[at].reach.max(places[at - 1].reach);
    }
    places
}

fn at_place(project: &Project, file: FileId, what: What, tables: &mut BTreeSet<String>) {
    let orm = project.orm(file);
    match what {
        What::Site(at) => {
            let site = &project.sites(file)[at];
            for &(file, statement) in &site.sql {
                in_statement(project, file, statement, tables);
            }
            tables.extend(of_client(project, file, site));
            tables.extend(site.model.and_then(|model| of_model(project, model)));
        }
        What::Query(at) => tables.extend(orm.queries[at].statement.tables.iter().map(|used| used.table.text())),
        What::Predicate(at) => {
            let predicate = &orm.predicates[at];
            let named = predicate.table.as_deref().map(str::to_owned);
            tables.extend(named.or_else(|| predicate.model.and_then(|model| of_model(project, model))));
        }
        What::Page(at) => tables.extend(orm.pages[at].model.and_then(|model| of_model(project, model))),
        What::Statement(at) => in_statement(project, file, at, tables),
    }
}

fn in_statement(project: &Project, file: FileId, index: usize, tables: &mut BTreeSet<String>) {
    let sql = &project.file(file).facts.statements[index];
    for select in sql.statement.query.iter().flat_map(|query| &query.selects) {
        let named = select.sources.iter().filter_map(|source| source.table()).filter(|table| !table.is_dynamic());
        tables.extend(named.map(|table| table.text()));
    }
}

/// The table that a generated client has under the name of a member: `user` of `prisma.user.findMany(…)`.
fn of_client(project: &Project, file: FileId, site: &QuerySite) -> Option<String> {
    let facts = &project.file(file).facts;
    let member = |value: ValueId| match *facts.value(value) {
        Value::Member(object, name) => Some((object, &facts.names[name])),
        _ => None,
    };
    let (delegate, _) = member(facts.call(site.call).callee)?;
    let (_, name) = member(delegate).filter(|_| site.path.starts_with("prisma.Delegate."))?;
    project.schema().model(&Owner::Client(name.into())).map(|model| model.table.to_string())
}

fn of_model(project: &Project, model: ClassRef) -> Option<String> {
    project.schema().model(&Owner::Class(model)).map(|model| model.table.to_string())
}
