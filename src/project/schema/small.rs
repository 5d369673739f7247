//! Tables that stay small by what they hold, as far as their names tell.

/// What a table of a few rows is called, in the singular: kinds of things, settings, what is locked just now.
const LOOKUPS: [&str; 25] = [
    "category",
    "config",
    "configuration",
    "country",
    "currency",
    "feature",
    "kind",
    "language",
    "level",
    "locale",
    "lock",
    "locking",
    "menu",
    "option",
    "permission",
    "plan",
    "priority",
    "role",
    "setting",
    "severity",
    "state",
    "status",
    "tier",
    "type",
    "unit",
];

/// Whether something is named after what an application has few of: a table `venue_category`, `EntityStatus`, `settings`;
/// a column `media_type`.
pub fn is_lookup(name: &str) -> bool {
    let last = last_word(name);
    let singular = match last.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => {
            last.strip_suffix('s').filter(|_| !last.ends_with("ss") && last != "status").unwrap_or(&last).to_owned()
        }
    };
    let singular = singular.strip_suffix("statuse").map_or(singular.clone(), |stem| format!("{stem}status"));
    LOOKUPS.contains(&singular.as_str())
}

/// The last word of `snake_case` or `CamelCase`, in lower case.
fn last_word(name: &str) -> String {
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or(name);
    let starts =
        last.char_indices().filter(|(at, c)| *at > 0 && c.is_uppercase() && !last[..*at].ends_with(char::is_uppercase));
    let start = starts.map(|(at, _)| at).next_back().unwrap_or(0);
    last[start..].to_lowercase()
}

/// Whether a column is named as what is true or not: `is_deleted`, `hasPhoto`. SQLite keeps such in a number.
pub(super) fn is_flag_name(name: &str) -> bool {
    ["is", "has"].iter().any(|verb| {
        let rest = name.strip_prefix(verb).unwrap_or("");
        rest.starts_with(|letter: char| letter == '_' || letter.is_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::is_lookup;

    #[test]
    fn names_of_small_tables() {
        for name in
            ["settings", "venue_category", "EntityStatus", "statuses", "currencies", "locking", "OrderType", "STATES"]
        {
            assert!(is_lookup(name), "{name}");
        }
        for name in ["users", "order_lines", "UserSession", "events", "address", "prototype", "boss"] {
            assert!(!is_lookup(name), "{name}");
        }
    }
}
