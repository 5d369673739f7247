//! Which rules run, and how their findings are reported.

use super::{Level, OverrideOptions};
use crate::findings::Severity;
use crate::rules::{Category, Registry, Status};

/// Per rule of the registry: whether it runs, and the severity that replaces its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleLevels {
    pub(super) enabled: Vec<bool>,
    /// Whether somebody selected it, alone or with others.
    pub(super) asked: Vec<bool>,
    pub(super) severity: Vec<Option<Severity>>,
}

impl RuleLevels {
    /// What runs when nobody says anything: every stable rule.
    pub(super) fn default_of(registry: &Registry) -> RuleLevels {
        let stable = |rule: &crate::rules::Registered| rule.page.metadata.status == Status::Stable;
        RuleLevels {
            enabled: registry.rules().iter().map(stable).collect(),
            asked: vec![false; registry.rules().len()],
            severity: vec![None; registry.rules().len()],
        }
    }
}

/// What a word in `select` or `ignore` means; a later one is more exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selector {
    All,
    Category(Category),
    Rule(usize),
}

/// A word that is no rule and no category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownRule {
    pub(super) name: String,
    pub(super) help: Option<String>,
}

/// What one configuration says about which rules run.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    select: Option<Vec<Selector>>,
    extend_select: Vec<Selector>,
    ignore: Vec<Selector>,
    levels: Vec<(usize, Level)>,
    preview: Option<bool>,
}

impl Selection {
    /// Reads what configurations and overrides say alike, and `preview`; words that mean nothing are handed back.
    pub(super) fn read(
        registry: &Registry,
        written: &OverrideOptions,
        preview: Option<bool>,
    ) -> (Selection, Vec<UnknownRule>) {
        let mut unknown = Vec::new();
        let mut read = |words: &Option<Vec<String>>| -> Vec<Selector> {
            words.iter().flatten().filter_map(|word| selector(registry, word, &mut unknown)).collect()
        };
        let mut selection = Selection {
            select: written.select.as_ref().map(|_| read(&written.select)),
            extend_select: read(&written.extend_select),
            ignore: read(&written.ignore),
            levels: Vec::new(),
            preview,
        };
        selection.ignore.extend(read(&written.extend_ignore));
        for (name, options) in written.rules.iter().flatten() {
            match (registry.find(name), options.severity) {
                (Some(rule), Some(level)) => selection.levels.push((rule, level)),
                (Some(_), None) => {}
                (None, _) => unknown.push(unknown_rule(registry, name)),
            }
        }
        (selection, unknown)
    }

    /// Lays this over what other configurations said before. Within one, the more exact word wins, and of two
    /// equally exact ones the one that ignores.
    pub(super) fn apply(&self, registry: &Registry, levels: &mut RuleLevels) {
        if self.select.is_some() {
            levels.enabled.fill(false);
        }
        for (index, rule) in registry.rules().iter().enumerate() {
            let exactness = |selectors: &[Selector]| -> u8 {
                let matching = selectors.iter().filter_map(|selector| match *selector {
                    Selector::All => Some(1),
                    Selector::Category(category) => (category == rule.page.metadata.category).then_some(2),
                    Selector::Rule(named) => (named == index).then_some(3),
                });
                matching.max().unwrap_or(0)
            };
            let status = rule.page.metadata.status;
            let selected = self.select.as_deref().map_or(0, exactness).max(exactness(&self.extend_select));
            let ignored = exactness(&self.ignore);
            let preview = self.preview == Some(true) && status == Status::Preview;
            let may_run = match status {
                Status::Stable => true,
                Status::Preview => preview || selected == 3,
                Status::Deprecated => selected == 3,
            };
            if ignored > 0 && ignored >= selected {
                levels.enabled[index] = false;
                levels.asked[index] = false;
            } else if selected > 0 && may_run || preview && self.select.is_none() {
                levels.enabled[index] = true;
                levels.asked[index] |= selected > 0;
            }
        }
        for &(rule, level) in &self.levels {
            match level.severity() {
                Some(severity) => levels.severity[rule] = Some(severity),
                None => levels.enabled[rule] = false,
            }
        }
    }
}

/// The places of the rules that `words` name.
pub(super) fn rules_named(registry: &Registry, words: &[String]) -> (Vec<usize>, Vec<UnknownRule>) {
    let mut unknown = Vec::new();
    let mut named = Vec::new();
    for word in words {
        match selector(registry, word, &mut unknown) {
            Some(Selector::All) => named.extend(0..registry.rules().len()),
            Some(Selector::Category(category)) => {
                let rules = registry.rules().iter().enumerate();
                named.extend(rules.filter(|(_, rule)| rule.page.metadata.category == category).map(|(index, _)| index));
            }
            Some(Selector::Rule(rule)) => named.push(rule),
            None => {}
        }
    }
    (named, unknown)
}

fn selector(registry: &Registry, word: &str, unknown: &mut Vec<UnknownRule>) -> Option<Selector> {
    if word.eq_ignore_ascii_case("all") {
        return Some(Selector::All);
    }
    let found = registry.find(word).map(Selector::Rule).or_else(|| Category::from_name(word).map(Selector::Category));
    if found.is_none() {
        unknown.push(unknown_rule(registry, word));
    }
    found
}

fn unknown_rule(registry: &Registry, name: &str) -> UnknownRule {
    let help = match registry.suggest(name) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`seqscan rules` lists them".to_owned(),
    };
    UnknownRule { name: name.to_owned(), help: Some(help) }
}
