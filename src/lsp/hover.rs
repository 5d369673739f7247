//! What stands under the cursor: a query, or a suppression comment.

use std::fmt::Write;

use lsp_types::{Contents, Hover, MarkupContent, MarkupKind, Position};

use super::diagnostics::Teller;
use crate::facts::{Directive, FileFacts};
use crate::project::schema::{Known, Served, conditions_of, served};
use crate::project::{FileId, Project, QuerySite, Repeat, SiteEffect};
use crate::rules::{ProjectCx, Registry};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::query::{Query, TableName};

/// How many loops, statements or findings are listed.
const MOST: usize = 3;

/// What there is to say of a place of a document.
pub(super) fn hover(teller: &Teller<'_>, path: &str, position: Position) -> Option<Hover> {
    let project = teller.checked.snapshot.project();
    let file = project.file_at(path)?;
    let source = &project.file(file).source;
    let at = u32::try_from(teller.can.encoding.offset(&source.text, position)).ok()?;
    let facts = &project.file(file).facts;
    let (span, text) = match facts.directives.iter().find(|directive| holds(directive.span, at)) {
        Some(directive) => (directive.span, suppression(teller, path, directive, at)),
        None => Describer { project, file, facts }.under(at)?,
    };
    let kind = if teller.can.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    Some(Hover {
        contents: Contents::MarkupContent(MarkupContent { kind, value: text }),
        range: Some(teller.can.encoding.range(source, span)),
    })
}

fn holds(span: Span, at: u32) -> bool {
    span.start <= at && at < span.end
}

// ── Suppressions ────────────────────────────────────────────────────────────────────────────────────────────

/// What a suppression comment does.
fn suppression(teller: &Teller<'_>, path: &str, directive: &Directive, at: u32) -> String {
    let registry = Registry::builtin();
    let mut text = String::new();
    let is_pointed_at = |span: Span| holds(span, at);
    let one = directive.rules.iter().find(|(_, span)| is_pointed_at(*span));
    for (name, _) in directive.rules.iter().filter(|rule| one.is_none_or(|one| one == *rule)) {
        let Some(rule) = registry.get(name) else {
            let _ = writeln!(text, "no rule is called `{name}`\n");
            continue;
        };
        let _ = writeln!(text, "**{}**: {}\n", rule.name(), rule.page.metadata.summary);
        let silenced = teller.checked.report.suppressed.iter().map(|reported| &reported.diagnostic).filter(|found| {
            let places = std::iter::once(&found.primary).chain(&found.related);
            let mut here = places.filter(|place| *place.path == *path);
            found.rule == rule.name() && here.any(|place| holds(directive.covers, place.span.start))
        });
        let messages: Vec<&str> = silenced.map(|found| found.message.as_str()).collect();
        list(&mut text, messages.iter().map(|message| format!("silences: {message}")));
        if messages.is_empty() {
            let _ = writeln!(text, "- silences nothing");
        }
        let _ = writeln!(text, "\n[{}]({})\n", rule.name(), rule.url());
    }
    if directive.rules.is_empty() {
        let _ = writeln!(text, "this suppression names no rule, and has no effect\n");
    } else if !directive.reason.is_empty() {
        let _ = writeln!(text, "reason: {}", directive.reason);
    }
    text
}

// ── Queries ─────────────────────────────────────────────────────────────────────────────────────────────────

/// Describes what a file asks.
struct Describer<'a> {
    project: &'a Project,
    file: FileId,
    facts: &'a FileFacts,
}

impl Describer<'_> {
    /// The query at a byte of the file, or the call that leads to one in a loop.
    fn under(&self, at: u32) -> Option<(Span, String)> {
        let sites = self.project.sites(self.file);
        if let Some(index) = sites.iter().position(|site| site.of_row.is_none() && holds(site.span, at)) {
            return Some((sites[index].span, self.site((self.file, index))));
        }
        if let Some(repeat) = self.project.repeats(self.file).iter().find(|repeat| holds(repeat.span, at)) {
            let place = self.place(repeat.site.0, self.project.sites(repeat.site.0).get(repeat.site.1)?.span);
            return Some((repeat.span, format!("leads to the query at {place}\n\n{}", self.site(repeat.site))));
        }
        let cx = ProjectCx { project: self.project }.file(self.file);
        let statement = (0..self.facts.statements.len()).find(|&index| {
            let sql = &self.facts.statements[index];
            let host = match sql.text {
                Some(text) => self.facts.texts[text.index()].host_span(sql.span.start, sql.span.end),
                None => sql.span,
            };
            holds(host, at) && sql.statement.query.is_some()
        })?;
        let sql = cx.statement(statement);
        let span = sql.host_span(sql.sql.span);
        let runs = sites.iter().position(|site| site.sql.contains(&(self.file, statement)));
        match runs {
            Some(index) => Some((span, self.site((self.file, index)))),
            None => {
                let mut text = String::new();
                self.statement(&mut text, self.file, statement);
                (!text.is_empty()).then_some((span, text))
            }
        }
    }

    /// A place that reaches a database.
    fn site(&self, (file, index): (FileId, usize)) -> String {
        let site = &self.project.sites(file)[index];
        let what = match site.effect {
            SiteEffect::Query => "reads rows",
            SiteEffect::Write => "changes rows",
            SiteEffect::Batch => "one round trip for many rows",
            SiteEffect::Transaction => "begins, ends or sets something",
        };
        let mut text = format!("**{}**: {what}\n\n", site.path);
        for &(file, statement) in site.sql.iter().take(MOST) {
            self.statement(&mut text, file, statement);
        }
        self.conditions_of_orm(&mut text, file, site);
        self.loops(&mut text, (file, index));
        text
    }

    /// The tables of a statement, and what finds their rows.
    fn statement(&self, text: &mut String, file: FileId, index: usize) {
        let facts = &self.project.file(file).facts;
        let sql = &facts.statements[index];
        let Some(query) = sql.statement.query.as_deref() else { return };
        let whole = match sql.text {
            Some(id) => facts.texts[id.index()].cooked.as_str(),
            None => self.project.file(file).source.text.as_str(),
        };
        let dialect = self.project.dialect_of(file, index);
        self.conditions(text, query, whole, dialect);
    }

    /// The tables of a query, and what finds their rows. `whole`: the text that it stands in.
    fn conditions(&self, text: &mut String, query: &Query, whole: &str, dialect: Dialect) {
        for select in &query.selects {
            for (nth, source) in (0..).zip(&select.sources) {
                let Some(table) = source.table() else { continue };
                self.table(text, table);
                let conditions = conditions_of(query, select, nth, self.project.schema());
                for condition in &conditions {
                    let definitions = self.project.schema().definitions(table);
                    let answers = definitions
                        .iter()
                        .map(|table| served(table, condition, &conditions, query, select, dialect))
                        .collect();
                    condition_line(text, &written(query, whole, condition.expr, &condition.canonical), answers);
                }
            }
        }
    }

    /// The same of queries without SQL text.
    fn conditions_of_orm(&self, text: &mut String, file: FileId, site: &QuerySite) {
        let whole = self.project.file(file).source.text.as_str();
        for query in self.project.orm(file).queries.iter().filter(|query| query.call == site.call) {
            if let Some(query) = query.statement.query.as_deref() {
                self.conditions(text, query, whole, Dialect::Generic);
            }
        }
    }

    fn table(&self, text: &mut String, name: &TableName) {
        let schema = self.project.schema();
        let definitions = schema.definitions(name);
        let _ = write!(text, "- table `{}`", name.text());
        match definitions.first() {
            Some(table) => {
                let _ = write!(text, ", defined at {}", self.place(table.place.file, table.place.span));
            }
            None => text.push_str(", not defined in this project"),
        }
        if let Some(rows) = schema.told_rows(name) {
            let _ = write!(text, ", about {rows} rows");
        }
        text.push('\n');
    }

    /// The loops that run a query once per row.
    fn loops(&self, text: &mut String, site: (FileId, usize)) {
        let repeats: Vec<(FileId, &Repeat)> = self
            .project
            .ids()
            .flat_map(|file| self.project.repeats(file).iter().map(move |repeat| (file, repeat)))
            .filter(|(_, repeat)| repeat.site == site)
            .collect();
        list(
            text,
            repeats.iter().map(|&(file, repeat)| {
                let of = &self.project.file(file).facts;
                let head = repeat.loops.first().map(|&id| of.loop_(id).head).unwrap_or_default();
                let source = &self.project.file(file).source;
                let written = source.text.get(head.range()).unwrap_or_default();
                let written: String = written.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
                let scope = of.scope(repeat.function);
                let from = if scope.is_empty() { String::new() } else { format!(" in `{scope}`") };
                let by: Vec<String> = repeat.hops.iter().map(|hop| format!("`{}`", hop.callee)).collect();
                let by = if by.is_empty() { String::new() } else { format!(", by {}", by.join(" → ")) };
                let kept = written.trim_end_matches([':', '{', ' ']);
                format!("runs once per run of `{kept}`{from} at {}{by}", self.place(file, head))
            }),
        );
    }

    fn place(&self, file: FileId, span: Span) -> String {
        let source = &self.project.file(file).source;
        format!("`{}:{}`", source.path, source.lines().line(span.start))
    }
}

/// What finds the rows of one condition.
fn condition_line(text: &mut String, condition: &str, answers: Vec<Served<'_>>) {
    let by = answers.iter().find_map(|answer| match answer {
        Served::By(index) => Some(index.to_string()),
        _ => None,
    });
    let answer = match by {
        Some(index) => format!("found by {index}"),
        None if !answers.is_empty() && answers.iter().all(|answer| answer.known() == Known::No) => {
            "no index begins with it".to_owned()
        }
        None => "whether an index finds it is not known".to_owned(),
    };
    let _ = writeln!(text, "  - `{}`: {answer}", condition.replace('`', "'"));
}

/// A condition as it is written.
fn written(query: &Query, whole: &str, expr: crate::sql::query::ExprId, canonical: &str) -> String {
    // A condition of `USING` is no expression.
    let is_expr = query.exprs.iter().any(|(id, _)| id == expr);
    let span = if is_expr { query.exprs.span(expr) } else { Span::default() };
    let text = whole.get(span.range()).unwrap_or_default();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { canonical.to_owned() } else { text }
}

/// The first of some lines, and how many more there are.
fn list(text: &mut String, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(MOST);
    for line in lines.take(MOST) {
        let _ = writeln!(text, "- {line}");
    }
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
    }
}
