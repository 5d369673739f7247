//! What statements do, told by their words: they read, write, or are about the session.

use super::sites::SiteEffect;
use super::types::Types;
use super::{FileId, Project};
use crate::sql::query::Role;
use crate::sql::{Dialect, Statement, Verb};

/// What statements do, by their verbs: what writes counts before what reads.
pub(super) fn by_verb(types: &Types<'_>, sql: &[(FileId, usize)]) -> Option<SiteEffect> {
    let project = types.project();
    let verbs = sql.iter().map(|&(file, index)| {
        let facts = &project.file(file).facts;
        let found = &facts.statements[index];
        (found.statement.verb, found.text.map_or("", |text| facts.texts[text.index()].cooked.as_str()))
    });
    let effects = verbs.map(|(verb, text)| match verb {
        Verb::Select if writes_first(text) => SiteEffect::Write,
        Verb::Select if takes_lock(text) => SiteEffect::Transaction,
        Verb::Select | Verb::Call => SiteEffect::Query,
        Verb::Insert | Verb::Update | Verb::Delete | Verb::Merge | Verb::Copy => SiteEffect::Write,
        Verb::Ddl | Verb::Explain | Verb::Transaction | Verb::Other => SiteEffect::Transaction,
    });
    effects.min_by_key(|effect| match effect {
        SiteEffect::Write => 0,
        SiteEffect::Query => 1,
        _ => 2,
    })
}

/// Of how a library writes many rows, what serves for these statements: `INSERT … SELECT * FROM unnest(…)` for what
/// inserts, `… WHERE id = ANY(…)` for what deletes or sets the same in all rows, a list of values for what sets others.
pub fn batch_for(project: &Project, sql: &[(FileId, usize)], batch: &str) -> Option<String> {
    const BY_KEY: [&str; 4] = [", `… WHERE", ", sql`… WHERE", ", or `WHERE id", ", `WHERE id"];
    let mut statements = sql.iter().map(|&(file, index)| &project.file(file).facts.statements[index].statement);
    let first = statements.next()?;
    let sets_others = statements.all(|other| other.verb == first.verb).then_some(first).map(gives_values)?;
    let (head, _) = batch.split_once(": ")?;
    let by_key = BY_KEY.iter().find_map(|words| batch.find(words));
    let of_keys = |at: usize| {
        let way = batch[at + ", ".len()..].trim_start_matches("or ");
        format!("{head}: {way}")
    };
    match first.verb {
        Verb::Insert => by_key.map(|end| batch[..end].to_owned()),
        Verb::Delete => by_key.map(of_keys),
        Verb::Update if !sets_others => by_key.map(of_keys),
        Verb::Update if batch.contains("INSERT … SELECT * FROM") => {
            let update = batch[..by_key.unwrap_or(batch.len())].replacen("INSERT … SELECT * FROM", "UPDATE … FROM", 1);
            Some(update.replacen(" RETURNING …", "", 1))
        }
        Verb::Update if by_key.is_none() => None,
        Verb::Update if first.dialect == Dialect::PostgreSql => {
            Some(format!("{head}: `UPDATE … SET … FROM (VALUES …) AS new (id, …) WHERE …`"))
        }
        Verb::Update => Some(format!("{head}: `UPDATE … SET x = CASE id WHEN … THEN … END WHERE id IN (…)`")),
        _ => None,
    }
}

/// Whether an `UPDATE` is given what it sets, which may be something else for each row.
fn gives_values(statement: &Statement) -> bool {
    let Some(query) = &statement.query else { return true };
    let root = query.selects.iter().find(|select| select.role == Role::Update);
    match root.and_then(|root| root.filter) {
        Some(filter) => {
            let end = query.exprs.span(filter).start;
            statement.slots.iter().any(|slot| slot.span.start < end)
        }
        None => true,
    }
}

/// Whether what a query reads is written by it: `WITH gone AS (DELETE … RETURNING id) SELECT …`.
fn writes_first(text: &str) -> bool {
    const WRITING: [&str; 4] = ["delete", "insert", "merge", "update"];
    let first = |text: &str| text.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
    first(text) == "with" && text.split('(').skip(1).any(|part| WRITING.contains(&first(part).as_str()))
}

/// Whether a query takes or gives back a lock, or sets the state of the session or of a sequence, and reads nothing:
/// `SELECT pg_advisory_xact_lock(%s)`, `SELECT setval('books_id_seq', max(id)) FROM books`.
fn takes_lock(text: &str) -> bool {
    const LOCKS: [&str; 7] =
        ["get_lock(", "is_free_lock(", "pg_advisory_", "pg_try_advisory_", "release_lock(", "set_config(", "setval("];
    let Some((verb, rest)) = text.trim_start().split_once(char::is_whitespace) else { return false };
    let rest = rest.trim_start();
    verb.eq_ignore_ascii_case("select")
        && LOCKS.iter().any(|lock| rest.get(..lock.len()).is_some_and(|start| start.eq_ignore_ascii_case(lock)))
}
