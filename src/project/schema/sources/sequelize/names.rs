//! The names that Sequelize gives to tables and columns.

/// The column of an attribute whose name is not told, if that is sure.
pub(super) fn column_name(attribute: &str, is_underscored: Option<bool>) -> Option<String> {
    match is_underscored {
        Some(true) => underscored(attribute),
        Some(false) => Some(attribute.to_owned()),
        // Either way the same.
        None => underscored(attribute).filter(|column| column == attribute),
    }
}

/// `createdAt` as `created_at`; `None` where there is more than one way.
pub(super) fn underscored(name: &str) -> Option<String> {
    let mut text = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            if before.is_ascii_uppercase() || before.is_ascii_digit() {
                return None;
            }
            if before != '_' {
                text.push('_');
            }
        } else if !letter.is_ascii_lowercase() && !letter.is_ascii_digit() && letter != '_' {
            return None;
        }
        text.push(letter.to_ascii_lowercase());
        before = letter;
    }
    Some(text)
}

/// Words that Sequelize takes for their own plural, among those that end in a regular way; sorted.
const UNCOUNTABLE: [&str; 38] = [
    "advice",
    "aid",
    "air",
    "bread",
    "education",
    "engineering",
    "equipment",
    "evidence",
    "evolution",
    "food",
    "fuel",
    "gold",
    "hardware",
    "health",
    "heat",
    "help",
    "homework",
    "inflation",
    "information",
    "knowledge",
    "litter",
    "logic",
    "machinery",
    "magic",
    "management",
    "milk",
    "music",
    "research",
    "respect",
    "shopping",
    "sleep",
    "snow",
    "soil",
    "steam",
    "traffic",
    "transportation",
    "trust",
    "weather",
];

/// A name in the plural as Sequelize makes it, where that is regular.
/// <https://github.com/dreamerslab/node.inflection>
pub(super) fn plural(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if lower.len() < 3 || UNCOUNTABLE.binary_search(&&*lower).is_ok() {
        return None;
    }
    const IRREGULAR: [&str; 18] = [
        "child",
        "children",
        "criterion",
        "foot",
        "goose",
        "ice",
        "index",
        "man",
        "matrix",
        "men",
        "mouse",
        "louse",
        "person",
        "tooth",
        "um",
        "vertex",
        "quiz",
        "people",
    ];
    if IRREGULAR.iter().any(|end| lower.ends_with(end)) {
        return None;
    }
    let mut letters = lower.chars().rev();
    let (last, before) = (letters.next()?, letters.next()?);
    let is_vowel = |letter: char| "aeiou".contains(letter);
    match (before, last) {
        (before, 'y') if !is_vowel(before) => Some(format!("{}ies", &name[..name.len() - 1])),
        (_, 'x') | ('c' | 's', 'h') => Some(format!("{name}es")),
        (_, 'b' | 'c' | 'd' | 'g' | 'k' | 'l' | 'm' | 'n' | 'p' | 'r' | 't' | 'w' | 'y') => Some(format!("{name}s")),
        // Knives and wolves.
        (before, 'e') if before != 'f' => Some(format!("{name}s")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_plural() {
        let sure =
            [("user", "users"), ("Category", "Categories"), ("FileOperation", "FileOperations"), ("box", "boxes")];
        for (one, many) in sure {
            assert_eq!(plural(one).as_deref(), Some(many));
        }
        for unsure in
            ["person", "status", "news", "SalesPerson", "index", "equipment", "users", "datum", "wolf", "hero"]
        {
            assert_eq!(plural(unsure), None, "{unsure}");
        }
        assert!(UNCOUNTABLE.is_sorted());
    }

    #[test]
    fn names_of_databases() {
        let columns = [("createdAt", Some("created_at")), ("name", Some("name")), ("userID", None), ("s3Key", None)];
        for (name, column) in columns {
            assert_eq!(underscored(name).as_deref(), column);
        }
    }
}
