//! The numbers of rows that a database counts, as the query of `seqscan schema --stats-query` writes them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::one_line;
use crate::source::plain_reason;

/// `{"tables": {"public.orders": 5000000}}`; a database that never counted a table says -1 or nothing.
#[derive(Deserialize)]
struct Stats {
    tables: BTreeMap<String, Option<f64>>,
}

/// About how many rows tables have, by their names in lower case, with and without their schema; the error in a few words.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, u64>, String> {
    let bytes = std::fs::read(path).map_err(|error| plain_reason(&error))?;
    let text = String::from_utf8_lossy(&bytes);
    let body = text.trim_start_matches('\u{feff}').trim();
    let stats: Stats =
        serde_json::from_str(body).map_err(|error| format!("not the numbers of rows: {}", one_line(&error)))?;
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for (name, count) in stats.tables {
        let Some(count) = count.filter(|count| *count >= 0.0) else { continue };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and about is enough"
        )]
        let count = count as u64;
        let name = name.to_lowercase();
        if let Some((_, own)) = name.rsplit_once('.') {
            // Of two of one name the larger one is meant: what is told to be small is not spoken of.
            let known = rows.entry(own.to_owned()).or_default();
            *known = (*known).max(count);
        }
        rows.insert(name, count);
    }
    Ok(rows)
}
