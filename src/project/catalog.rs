//! What a database tells of itself: rows that are tables and columns, as many as the program declares.

use super::{FileId, Project, QuerySite};
use crate::facts::*;

/// How far a chain of calls is followed.
const MAX_DEPTH: u8 = 8;

/// What stands in statements that ask for tables and columns.
const CATALOGS: [&str; 5] = ["information_schema", "pg_catalog", "sqlite_master", "PRAGMA", "SHOW TABLES"];

impl Project {
    /// Whether a site asks what tables and columns there are.
    pub(crate) fn asks_schema(&self, site: &QuerySite) -> bool {
        site.sql.iter().any(|&(file, index)| {
            let facts = &self.file(file).facts;
            let sql = &facts.statements[index];
            let text = sql.text.and_then(|text| facts.texts[text.index()].cooked.get(sql.span.range())).unwrap_or("");
            CATALOGS.iter().any(|name| text.contains(name))
        })
    }
}

/// Whether what is listed are tables or columns: `(await client.query("SELECT … FROM information_schema.tables")).rows`.
pub(super) fn lists_schema(project: &Project, file: FileId, listed: ValueId) -> bool {
    let facts = &project.file(file).facts;
    let asks = |id: CallId| Some(project.asks_schema(project.site_of(file, id)?));
    let mut at = listed;
    for _ in 0..MAX_DEPTH {
        at = match *facts.value(at) {
            Value::Call(id) => match (asks(id), facts.value(facts.call(id).callee)) {
                (Some(asked), _) => return asked,
                (None, &Value::Member(object, _)) => {
                    // `cursor.execute(…)` … `cursor.fetchall()`
                    let mut on = facts.calls_on(object).filter_map(|(id, _)| asks(id)).peekable();
                    if on.peek().is_some() {
                        return on.all(|asked| asked);
                    }
                    object
                }
                _ => return false,
            },
            Value::Member(object, name) if &facts.names[name] == "rows" => object,
            Value::Part(object, 0) => object,
            _ => return false,
        };
    }
    false
}
