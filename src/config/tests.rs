//! What configurations mean.

use std::path::Path;

use super::*;
use crate::findings::{Confidence, Severity};
use crate::rules::Registry;

fn settings(text: &str) -> Result<Settings, ConfigError> {
    let file = read_inline(text)?;
    let mut settings = Settings::defaults(Registry::builtin());
    settings.lay(&file, Path::new("/p"), false)?;
    Ok(settings)
}

fn error(text: &str) -> String {
    settings(text).unwrap_err().to_string()
}

#[test]
fn nothing_needs_to_be_said() {
    let settings = settings("").unwrap();
    assert!(settings.wants(Path::new("/p/a.py")));
    let path = settings.for_path(Path::new("/p/a.py"));
    assert_eq!(path.min_confidence, Confidence::Medium);
    assert!(!path.include_tests);
    assert!(path.runs(Registry::builtin().find("unused-suppression").unwrap()));
}

#[test]
fn unknown_words_are_refused_with_a_suggestion() {
    insta::assert_snapshot!(error("selct = []"), @"--config: unknown key `selct` (did you mean `select`?)");
    insta::assert_snapshot!(error("fail-on = \"warn\""), @"--config: unknown value `warn` (did you mean `warning`?)");
    insta::assert_snapshot!(error("dialect = \"dbase\""), @"--config: unknown dialect `dbase` (known are `postgresql`, `mysql`, `sqlite`, `mssql`, `oracle`, `bigquery`, `snowflake`, `redshift`, `clickhouse`, `duckdb`)");
    insta::assert_snapshot!(error("max-hops = \"six\""), @r#"--config: invalid type: string "six", expected u16"#);
    insta::assert_snapshot!(error("[[overrides]]\npath = [\"a\"]"), @"--config: unknown key `path` (did you mean `paths`?)");
    let warnings = settings("ignore = [\"unused-supression\"]").unwrap().warnings;
    insta::assert_snapshot!(warnings[0], @"--config: no rule is called `unused-supression` (did you mean `unused-suppression`?)");
}

#[test]
fn the_more_exact_word_wins() {
    let rule = Registry::builtin().find("unused-suppression").unwrap();
    let runs = |text: &str| settings(text).unwrap().for_path(Path::new("/p/a.py")).runs(rule);
    assert!(!runs("ignore = [\"all\"]"));
    assert!(!runs("select = []"));
    assert!(runs("select = [\"suppressions\"]"));
    assert!(runs("select = [\"unused-suppression\"]\nignore = [\"all\"]"));
    assert!(!runs("select = [\"all\"]\nignore = [\"suppressions\"]"));
    assert!(!runs("[rules.unused-suppression]\nseverity = \"off\""));
}

#[test]
fn paths_have_their_own_settings() {
    let rule = Registry::builtin().find("unused-suppression").unwrap();
    let settings = settings(
        "exclude = [\"vendor/\", \"*.gen.py\"]
         per-file-ignores = { \"legacy/**\" = [\"all\"] }
         [[overrides]]
         paths = [\"shop/\"]
         include-tests = true
         rules.unused-suppression.severity = \"error\"",
    )
    .unwrap();
    let at = |path: &str| settings.for_path(Path::new(path)).into_owned();
    assert_eq!(at("/p/shop/a.py").severity(rule), Some(Severity::Error));
    assert!(at("/p/shop/a.py").include_tests);
    assert_eq!(at("/p/a.py").severity(rule), None);
    assert!(!at("/p/legacy/x/a.py").runs(rule));
    assert!(!settings.wants(Path::new("/p/x/vendor/a.py")));
    assert!(!settings.wants(Path::new("/p/x/a.gen.py")));
    assert!(settings.wants(Path::new("/p/x/a.py")));
    // Outside of the folder of the configuration nothing is matched, and nothing panics.
    assert!(settings.wants(Path::new("/q/vendor/a.py")));
}
