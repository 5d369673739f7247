//! The definitions of a GraphQL schema, as far as they say of which types there are lists.

use std::collections::BTreeSet;

/// What definitions say of lists.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    defined: BTreeSet<String>,
    listed: BTreeSet<String>,
    /// A type, and what stands wherever it does: the members of a union, the types behind an interface, the node of
    /// an edge.
    behind: Vec<(String, String)>,
}

impl Definitions {
    /// Reads definitions.
    pub(super) fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Definitions {
        let mut definitions = Definitions::default();
        texts.into_iter().for_each(|text| definitions.add(text));
        let mut open: Vec<String> = definitions.listed.iter().cloned().collect();
        while let Some(listed) = open.pop() {
            for (_, behind) in definitions.behind.iter().filter(|(known, _)| *known == listed) {
                if definitions.listed.insert(behind.clone()) {
                    open.push(behind.clone());
                }
            }
        }
        definitions
    }

    /// Whether there are lists of a type; `None` if it is not defined here.
    pub(super) fn lists(&self, name: &str) -> Option<bool> {
        self.defined.contains(name).then(|| self.listed.contains(name))
    }

    fn add(&mut self, text: &str) {
        let tokens = tokens(text);
        let name = |at: usize| tokens.get(at).copied().filter(|token| token.starts_with(is_letter));
        let mut depth = 0_usize;
        let mut current = None;
        let mut at = 0;
        while at < tokens.len() {
            match tokens[at] {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                // What a field is given is no list of objects.
                "(" => at += tokens[at..].iter().position(|token| *token == ")").unwrap_or(0),
                "type" | "interface" if depth == 0 => {
                    current = name(at + 1);
                    self.defined.extend(current.map(str::to_owned));
                }
                "union" if depth == 0 => {
                    current = name(at + 1);
                    self.defined.extend(current.map(str::to_owned));
                    let mut member = at + 3;
                    loop {
                        member += usize::from(tokens.get(member) == Some(&"|"));
                        let (Some(whole), Some(part)) = (current, name(member)) else { break };
                        self.behind.push((whole.to_owned(), part.to_owned()));
                        member += 1;
                        if tokens.get(member) != Some(&"|") {
                            break;
                        }
                    }
                }
                "implements" if depth == 0 => {
                    let interfaces = tokens[at + 1..].iter().take_while(|token| **token != "{");
                    for interface in interfaces.filter(|token| token.starts_with(is_letter)) {
                        self.behind.extend(current.map(|own| ((*interface).to_owned(), own.to_owned())));
                    }
                }
                "input" | "enum" | "scalar" | "schema" | "directive" if depth == 0 => current = None,
                "[" if current.is_some() => {
                    let inner = tokens[at..].iter().find(|token| **token != "[");
                    self.listed.extend(inner.map(|inner| (*inner).to_owned()));
                }
                "node" if tokens.get(at + 1) == Some(&":") => {
                    if let (Some(edge), Some(node)) = (current.filter(|own| own.ends_with("Edge")), name(at + 2)) {
                        self.behind.push((edge.to_owned(), node.to_owned()));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The names and signs of a text, without comments and descriptions.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]).trim_start();
                continue;
            }
            '"' => {
                let quote = if rest.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
                let inner = &rest[quote.len()..];
                rest = inner.find(quote).map_or("", |end| &inner[end + quote.len()..]).trim_start();
                continue;
            }
            _ if is_letter(first) => rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_from_definitions() {
        let definitions = Definitions::read([
            r#"
            """A [Shop] is no list."""
            type Query {
              books(ids: [ID!], filter: Shop): [Book!]! # [Shop]
              shop(id: ID!): Shop
              pages(after: String): PageConnection
              found: [Hit]
            }
            input BookInput { tags: [Tag!] }
            "#,
            r#"
            type Book implements Thing & Node @key(fields: "id") { id: ID! author: Author }
            type Author { id: ID! }
            type Shop { id: ID! "their [Author]" name: String }
            type Tag { id: ID! }
            type PageConnection { edges: [PageEdge!]! }
            type PageEdge { cursor: String! node: Page! }
            type Page { id: ID! }
            union Hit = | Map | Song
            type Map { id: ID! }
            extend type Song { id: ID! }
            interface Node { id: ID! }
            "#,
        ]);
        for (name, lists) in [
            ("Book", Some(true)),
            ("PageEdge", Some(true)),
            ("Page", Some(true)),
            ("Map", Some(true)),
            ("Song", Some(true)),
            ("Author", Some(false)),
            ("Shop", Some(false)),
            ("Tag", Some(false)),
            ("Node", Some(false)),
            ("BookInput", None),
            ("Cake", None),
        ] {
            assert_eq!(definitions.lists(name), lists, "{name}");
        }
    }
}
