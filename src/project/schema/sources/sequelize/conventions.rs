//! The options of models, and what a program says of all of them at once.

use super::super::arguments::member;
use crate::facts::*;
use crate::project::reads::PerFile;
use crate::project::{FileId, Types};

/// What the program tells Sequelize of all models at once: `new Sequelize(url, { define: { underscored: true } })`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::project::schema) struct Conventions {
    pub(super) underscored: Told,
    pub(super) freezes_names: Told,
    pub(super) timestamps: Told,
}

/// What an option is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    #[default]
    Nothing,
    This(bool),
    /// Something that is not known, or not always the same.
    Unknown,
}

impl Told {
    /// What the options of one model say, before all others.
    pub(super) fn of(facts: &FileFacts, options: Options, key: &str) -> Told {
        match options {
            Options::Given(options) => match member(facts, options, key).map(|value| facts.value(value)) {
                Some(Value::Bool(value)) => Told::This(*value),
                Some(_) => Told::Unknown,
                None if is_open(facts, options) => Told::Unknown,
                None => Told::Nothing,
            },
            Options::None => Told::Nothing,
            Options::Unknown => Told::Unknown,
        }
    }

    pub(super) fn or(self, general: Told, usual: bool) -> Option<bool> {
        match (self, general) {
            (Told::This(own), _) | (Told::Nothing, Told::This(own)) => Some(own),
            (Told::Nothing, Told::Nothing) => Some(usual),
            _ => None,
        }
    }

    fn and(self, other: Told) -> Told {
        if self == other { self } else { Told::Unknown }
    }
}

/// The options of a model.
#[derive(Clone, Copy)]
pub(super) enum Options {
    None,
    Given(ValueId),
    Unknown,
}

impl Options {
    pub(super) fn of(facts: &FileFacts, value: Option<ValueId>) -> Options {
        match value {
            None => Options::None,
            Some(value) if matches!(facts.value(value), Value::Mapping(_)) => Options::Given(value),
            Some(_) => Options::Unknown,
        }
    }

    pub(super) fn member(self, facts: &FileFacts, key: &str) -> Option<ValueId> {
        match self {
            Options::Given(options) => member(facts, options, key),
            _ => None,
        }
    }

    /// Whether they may say more than is seen.
    pub(super) fn are_open(self, facts: &FileFacts) -> bool {
        match self {
            Options::None => false,
            Options::Given(options) => is_open(facts, options),
            Options::Unknown => true,
        }
    }
}

/// Whether an object has parts that are not seen: `{ ...shared }`
pub(super) fn is_open(facts: &FileFacts, object: ValueId) -> bool {
    match facts.value(object) {
        Value::Mapping(entries) => entries.iter().any(|(key, _)| facts.literal(*key).is_none()),
        _ => true,
    }
}

impl Conventions {
    /// What a file says of them: what stands under `define` in the options of a connection.
    pub(in crate::project::schema) fn told_in(types: &Types<'_>, file: FileId) -> Vec<Conventions> {
        let facts = types.facts(file);
        if !types.project().file(file).source.language.is_ecma() || !facts.texts.iter().any(|text| text.cooked == KEY) {
            return Vec::new();
        }
        let defines = facts.values.iter().filter_map(|value| match value {
            Value::Mapping(entries) => entries.iter().find(|(key, _)| facts.literal(*key) == Some(KEY)),
            _ => None,
        });
        let defines = defines.filter(|(_, define)| !matches!(facts.value(*define), Value::Function(_)));
        let own = defines.map(|&(_, define)| {
            let options = Options::of(facts, Some(define));
            Conventions {
                underscored: Told::of(facts, options, "underscored"),
                freezes_names: Told::of(facts, options, "freezeTableName"),
                timestamps: Told::of(facts, options, "timestamps"),
            }
        });
        own.collect()
    }

    /// Those of a project: they may be put together anywhere.
    pub(in crate::project::schema) fn of(told: &PerFile<Vec<Conventions>>) -> Conventions {
        let all = told.found.iter().flat_map(|own| own.iter().copied()).reduce(|known, own| Conventions {
            underscored: known.underscored.and(own.underscored),
            freezes_names: known.freezes_names.and(own.freezes_names),
            timestamps: known.timestamps.and(own.timestamps),
        });
        all.unwrap_or_default()
    }
}

/// What holds the options of all models, among those of a connection.
const KEY: &str = "define";
