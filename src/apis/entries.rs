//! A catalog as it is written in TOML, before names are resolved.

use serde::Deserialize;

use super::{CatalogLanguage, Effect};

/// A whole file under `rules/apis/`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogFile {
    pub(super) version: u32,
    pub(super) language: CatalogLanguage,
    #[serde(default)]
    pub(super) packages: Vec<String>,
    #[serde(default)]
    pub(super) imports: Vec<String>,
    pub(super) dialect: Option<String>,
    /// Shapes of this library count in every project.
    #[serde(default)]
    pub(super) always: bool,
    #[serde(default)]
    pub(super) tables: Vec<String>,
    #[serde(default)]
    pub(super) signs: Vec<String>,
    /// The lines that stand before each example of this file.
    #[serde(default)]
    pub(super) prelude: String,
    #[serde(default, rename = "type")]
    pub(super) types: Vec<TypeEntry>,
    #[serde(default, rename = "member")]
    pub(super) members: Vec<MemberEntry>,
    #[serde(default, rename = "call")]
    pub(super) calls: Vec<CallEntry>,
    #[serde(default, rename = "shape")]
    pub(super) shapes: Vec<ShapeEntry>,
}

/// The user's own entries: the same tables in `seqscan.toml`. They win over the built-in ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserApi {
    /// The file they stand in, for messages.
    pub origin: String,
    /// The folder of that file, from the root of the project.
    pub home: String,
    /// `[[type]]`
    pub types: Vec<TypeEntry>,
    /// `[[member]]`
    pub members: Vec<MemberEntry>,
    /// `[[call]]`
    pub calls: Vec<CallEntry>,
    /// `[[shape]]`
    pub shapes: Vec<ShapeEntry>,
}

/// `[[type]]`: a class.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeEntry {
    /// Its canonical path.
    pub name: String,
    /// Other paths of the same class.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Names of its bases.
    #[serde(default)]
    pub extends: Vec<String>,
    /// Whether a method that is not catalogued returns the same type. Inherited.
    pub chain: Option<bool>,
    /// What runs a lazy value. Inherited; `[]` undoes that.
    pub runs_on: Option<Vec<String>>,
    /// What running it does. Inherited.
    pub effect: Option<Effect>,
    /// What iterating or indexing gives. Inherited.
    pub element: Option<String>,
    /// The help for when it is run once per row. Inherited.
    pub batch: Option<String>,
    /// The same, if that run writes. Inherited.
    pub batch_write: Option<String>,
    /// Code that runs a lazy one.
    pub example: Option<String>,
}

/// `[[member]]`: an attribute of a type, or a value of a module.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberEntry {
    /// `Type.name`, `module.name`; `{a,b}` are alternatives; in a type's attribute `*` stands for anything.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub type_: String,
}

/// `[[call]]`: a function or a method.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEntry {
    /// `module.name` or `Type.method`; `{a,b}` are alternatives.
    pub path: String,
    /// Other paths under which the same function is imported.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What it does. Required: loading says so.
    pub effect: Option<Effect>,
    /// What it gives.
    pub returns: Option<String>,
    /// Which argument is SQL.
    pub sql: Option<ArgEntry>,
    /// Which argument holds bound values.
    pub params: Option<ArgEntry>,
    /// Which argument is the model.
    pub model: Option<ArgEntry>,
    /// Which argument is a function that is run once, at once.
    pub callback: Option<u16>,
    /// The types of that function's parameters.
    #[serde(default)]
    pub callback_params: Vec<String>,
    /// Whether calls that are made before the first is awaited become one query.
    #[serde(default)]
    pub same_tick: bool,
    /// The help for when it runs once per row.
    pub batch: Option<String>,
    /// The same for a call whose SQL writes.
    pub batch_write: Option<String>,
    /// Code that calls it; `<method>` stands for the last name of the path.
    pub example: Option<String>,
}

/// `[[shape]]`: a call on a receiver that nothing resolves. It has the keys of a [`CallEntry`] and `args`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShapeEntry {
    /// What it is. Its path says what is called on what; see [`super::ApiShape`].
    pub call: CallEntry,
    /// What the arguments must look like; see [`super::ArgShape`].
    pub args: String,
}

impl<'de> Deserialize<'de> for ShapeEntry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `flatten` and `deny_unknown_fields` do not go together, so the keys are written out once more.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            path: String,
            args: String,
            effect: Option<Effect>,
            returns: Option<String>,
            sql: Option<ArgEntry>,
            params: Option<ArgEntry>,
            model: Option<ArgEntry>,
            callback: Option<u16>,
            #[serde(default)]
            callback_params: Vec<String>,
            #[serde(default)]
            same_tick: bool,
            batch: Option<String>,
            batch_write: Option<String>,
            example: Option<String>,
        }
        let it = Written::deserialize(deserializer)?;
        let call = CallEntry {
            path: it.path,
            paths: Vec::new(),
            effect: it.effect,
            returns: it.returns,
            sql: it.sql,
            params: it.params,
            model: it.model,
            callback: it.callback,
            callback_params: it.callback_params,
            same_tick: it.same_tick,
            batch: it.batch,
            batch_write: it.batch_write,
            example: it.example,
        };
        Ok(ShapeEntry { call, args: it.args })
    }
}

/// An argument: its index or its keyword.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum ArgEntry {
    /// The n-th, from 0.
    Index(u16),
    /// By name.
    Keyword(String),
}
