//! Rules by name, with their pages read.

use std::sync::OnceLock;

use super::{Page, RULES, Rule};

/// A rule with its page.
#[derive(Debug)]
pub struct Registered {
    /// The rule.
    pub rule: &'static Rule,
    /// Its page.
    pub page: Page,
}

impl Registered {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.rule.name
    }

    /// Where its page can be read.
    pub fn url(&self) -> String {
        format!("{}/blob/main/rules/{}.md", env!("CARGO_PKG_REPOSITORY"), self.name())
    }
}

/// The rules there are. A rule is known by its place in [`Registry::rules`].
#[derive(Debug)]
pub struct Registry {
    rules: Vec<Registered>,
}

impl Registry {
    /// The rules of this program.
    pub fn builtin() -> &'static Registry {
        static BUILTIN: OnceLock<Registry> = OnceLock::new();
        BUILTIN.get_or_init(|| Registry::new(RULES).expect("every page is read by a test"))
    }

    /// A registry of `rules`; the error names the rule whose page cannot be read.
    pub fn new(rules: &'static [Rule]) -> Result<Registry, String> {
        let read = |rule: &'static Rule| match Page::parse(rule.page) {
            Ok(page) => Ok(Registered { rule, page }),
            Err(error) => Err(format!("{}: {error}", rule.name)),
        };
        Ok(Registry { rules: rules.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// All rules, sorted by name.
    pub fn rules(&self) -> &[Registered] {
        &self.rules
    }

    /// The place of the rule with this name or former name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.rules
            .iter()
            .position(|rule| rule.name() == name)
            .or_else(|| self.rules.iter().position(|rule| rule.page.metadata.aliases.iter().any(|alias| alias == name)))
    }

    /// The rule with this name or former name.
    pub fn get(&self, name: &str) -> Option<&Registered> {
        self.find(name).map(|index| &self.rules[index])
    }

    /// The name that someone who wrote `name` may have meant.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        nearest(
            name,
            self.rules.iter().flat_map(|rule| {
                let aliases = rule.page.metadata.aliases.iter().map(move |alias| (alias.as_str(), rule.name()));
                std::iter::once((rule.name(), rule.name())).chain(aliases)
            }),
        )
    }
}

/// Of pairs of a spelling and what it means, the meaning whose spelling is nearest to `name`, if any is near.
fn nearest<'a>(name: &str, candidates: impl Iterator<Item = (&'a str, &'a str)>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('_', "-");
    candidates
        .map(|(spelling, meaning)| (strsim::jaro_winkler(&name, spelling), meaning))
        .filter(|&(likeness, _)| likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_can_be_read() {
        Registry::new(RULES).unwrap();
    }

    #[test]
    fn rules_are_sorted_by_name() {
        assert!(RULES.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn a_misspelt_rule_is_recognised() {
        let registry = Registry::builtin();
        assert_eq!(registry.suggest("unused-supression"), Some("unused-suppression"));
        assert_eq!(registry.suggest("unused_suppressions"), Some("unused-suppression"));
        assert_eq!(registry.suggest("zebra"), None);
    }
}
