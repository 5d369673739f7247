//! The tables that a finding is about.

use std::collections::BTreeSet;

use crate::facts::{Value, ValueId};
use crate::findings::{Diagnostic, Label, Role};
use crate::project::schema::Owner;
use crate::project::{ClassRef, FileId, Project, QuerySite};
use crate::source::Span;

/// The tables of the queries at a finding's places, as the program names them.
pub(super) fn of(project: &Project, finding: &Diagnostic) -> Vec<String> {
    let mut tables = BTreeSet::new();
    let queries = finding.related.iter().filter(|label| label.role == Role::Query);
    for label in std::iter::once(&finding.primary).chain(queries) {
        at(project, label, &mut tables);
    }
    tables.into_iter().collect()
}

/// The tables of the query at one place.
fn at(project: &Project, label: &Label, tables: &mut BTreeSet<String>) {
    let Some(file) = project.file_at(&label.path) else { return };
    let touches = |span: Span| span.start < label.span.end && label.span.start < span.end;
    let orm = project.orm(file);
    for site in project.sites(file).iter().filter(|site| touches(site.span)) {
        for &(file, statement) in &site.sql {
            in_statement(project, file, statement, tables);
        }
        tables.extend(of_client(project, file, site));
        tables.extend(site.model.and_then(|model| of_model(project, model)));
    }
    for query in orm.queries.iter().filter(|query| touches(query.statement.span)) {
        tables.extend(query.statement.tables.iter().map(|used| used.table.text()));
    }
    for predicate in orm.predicates.iter().filter(|predicate| touches(predicate.span)) {
        let named = predicate.table.as_deref().map(str::to_owned);
        tables.extend(named.or_else(|| predicate.model.and_then(|model| of_model(project, model))));
    }
    for page in orm.pages.iter().filter(|page| touches(page.span)) {
        tables.extend(page.model.and_then(|model| of_model(project, model)));
    }
    let facts = &project.file(file).facts;
    for (index, sql) in facts.statements.iter().enumerate() {
        let host = match sql.text {
            Some(text) => facts.texts[text.index()].host_span(sql.span.start, sql.span.end),
            None => sql.span,
        };
        if touches(host) {
            in_statement(project, file, index, tables);
        }
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
