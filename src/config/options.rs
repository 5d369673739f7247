//! The configuration as it is written. Field names are the keys, with `-` for `_`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FailOn, Level, OutputFormat};
use crate::apis::{CallEntry, MemberEntry, ShapeEntry, TypeEntry};
use crate::findings::Confidence;

/// All keys. A key that is absent says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Another configuration file whose keys hold where this one says nothing.
    pub extend: Option<String>,

    /// The rules that run: names, categories, or `all`.
    pub select: Option<Vec<String>>,
    /// Rules that do not run.
    pub ignore: Option<Vec<String>>,
    /// Rules that run besides those that run anyway.
    pub extend_select: Option<Vec<String>>,
    /// Rules that do not run, besides those ignored anyway.
    pub extend_ignore: Option<Vec<String>>,
    /// Whether rules run whose precision has not been measured yet.
    pub preview: Option<bool>,
    /// Per rule: its severity.
    pub rules: Option<BTreeMap<String, RuleOptions>>,
    /// Rules that do not run on some paths.
    pub per_file_ignores: Option<BTreeMap<String, Vec<String>>>,
    /// Other settings for some paths; the last one that matches wins.
    pub overrides: Option<Vec<OverrideOptions>>,

    /// If given, only these paths are checked.
    pub include: Option<Vec<String>>,
    /// Paths that are not checked.
    pub exclude: Option<Vec<String>>,
    /// Paths that are not checked, besides those excluded anyway.
    pub extend_exclude: Option<Vec<String>>,
    /// Whether files that git ignores are left out.
    pub respect_gitignore: Option<bool>,
    /// Whether files that are named are left out too if they are excluded.
    pub force_exclude: Option<bool>,
    /// Whether tests, migrations, seeds and scripts are checked.
    pub include_tests: Option<bool>,
    /// More paths that are tests.
    pub test_patterns: Option<Vec<String>>,

    /// The least confidence that is reported.
    pub min_confidence: Option<Confidence>,
    /// Whether findings of low confidence are reported.
    pub pedantic: Option<bool>,
    /// The least severity that makes the exit code 1.
    pub fail_on: Option<FailOn>,
    /// The file of the findings that are known already.
    pub baseline: Option<String>,
    /// How findings are written.
    pub output_format: Option<OutputFormat>,
    /// The folder in which what files say is kept between runs.
    pub cache_dir: Option<String>,

    /// The SQL dialect where neither driver nor ORM nor the SQL itself tells it.
    pub dialect: Option<String>,
    /// How many calls may lie between a loop and its query.
    pub max_hops: Option<u16>,
    /// Files and folders that define the schema.
    pub schema: Option<Vec<String>>,
    /// What is known of tables in production.
    pub tables: Option<BTreeMap<String, TableOptions>>,
    /// Tables that stay small.
    pub small_tables: Option<Vec<String>>,
    /// Tables of at most so many rows are small.
    pub small_table_rows: Option<u64>,
    /// Tables that are large.
    pub large_tables: Option<Vec<String>>,
    /// The file of the numbers of rows that the database counts.
    pub stats: Option<String>,
    /// Several databases in one repository.
    pub database: Option<Vec<DatabaseOptions>>,

    /// The project's own classes, as in the API catalogs.
    #[serde(rename = "type")]
    pub types: Option<Vec<TypeEntry>>,
    /// The project's own calls that reach the database, as in the API catalogs.
    #[serde(rename = "call")]
    pub calls: Option<Vec<CallEntry>>,
    /// The project's own attributes, as in the API catalogs.
    #[serde(rename = "member")]
    pub members: Option<Vec<MemberEntry>>,
    /// Calls known by their shape, as in the API catalogs.
    #[serde(rename = "shape")]
    pub shapes: Option<Vec<ShapeEntry>>,
}

impl Options {
    /// What they say of every path, as an override would say it.
    pub(super) fn everywhere(&self) -> OverrideOptions {
        OverrideOptions {
            paths: Vec::new(),
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            extend_select: self.extend_select.clone(),
            extend_ignore: self.extend_ignore.clone(),
            rules: self.rules.clone(),
            include_tests: self.include_tests,
            min_confidence: self.min_confidence,
        }
    }
}

/// `[rules.<name>]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleOptions {
    /// How its findings are reported.
    pub severity: Option<Level>,
}

/// `[[overrides]]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OverrideOptions {
    /// For which paths.
    pub paths: Vec<String>,
    /// The rules that run.
    pub select: Option<Vec<String>>,
    /// Rules that do not run.
    pub ignore: Option<Vec<String>>,
    /// More rules that run.
    pub extend_select: Option<Vec<String>>,
    /// More rules that do not run.
    pub extend_ignore: Option<Vec<String>>,
    /// Per rule: its severity.
    pub rules: Option<BTreeMap<String, RuleOptions>>,
    /// Whether tests, migrations, seeds and scripts are checked.
    pub include_tests: Option<bool>,
    /// The least confidence that is reported.
    pub min_confidence: Option<Confidence>,
}

/// `[tables.<name>]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableOptions {
    /// About how many rows it has in production.
    pub rows: Option<u64>,
}

/// `[[database]]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DatabaseOptions {
    /// Its name, for messages.
    pub name: String,
    /// Its SQL dialect, where nothing nearer tells it.
    pub dialect: Option<String>,
    /// The version of its server: `15`, `10.11`.
    pub version: Option<String>,
    /// The files that use it.
    pub paths: Option<Vec<String>>,
    /// Files and folders that define its schema.
    pub schema: Option<Vec<String>>,
}
