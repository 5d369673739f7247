//! What the user sets in the editor: `initializationOptions`, bare or under `settings`, and the section `seqscan` of
//! the editor's own configuration. Keys are in camel case; what an editor sets besides is not ours to judge.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::config::{ConfigFile, Options, Request};

/// The settings of the editor.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Settings {
    /// Whether anything is checked.
    pub(super) enable: bool,
    /// The path of a configuration file that holds instead of those of the project, or keys that win over them, as
    /// they are written in `seqscan.toml`.
    pub(super) configuration: Option<Value>,
    /// Which files' findings are shown.
    pub(super) diagnostic_mode: DiagnosticMode,
    /// When a document is checked.
    pub(super) run: Run,
    /// Whether queries and suppression comments explain themselves under the cursor.
    pub(super) hover: bool,
}

/// Which files' findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum DiagnosticMode {
    /// Those of open documents.
    OpenFiles,
    /// Those of all files.
    Workspace,
}

/// When a document is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Run {
    /// After each change.
    OnType,
    /// When it is saved.
    OnSave,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            enable: true,
            configuration: None,
            diagnostic_mode: DiagnosticMode::OpenFiles,
            run: Run::OnType,
            hover: true,
        }
    }
}

impl Settings {
    /// Reads what a client sends; the error names what is wrong.
    pub(super) fn read(value: &Value) -> Result<Settings, String> {
        let value = value.get("settings").unwrap_or(value);
        let value = value.get("seqscan").unwrap_or(value);
        if value.is_null() {
            return Ok(Settings::default());
        }
        serde_json::from_value(value.clone()).map_err(|error| error.to_string())
    }

    /// Where the configuration of a project in `folder` comes from.
    pub(super) fn request(&self, folder: &Path) -> Result<Request, String> {
        match &self.configuration {
            None | Some(Value::Null) => Ok(Request::default()),
            Some(Value::String(path)) if path.is_empty() => Ok(Request::default()),
            Some(Value::String(path)) => Ok(Request { file: Some(expanded(folder, path)), ..Request::default() }),
            Some(keys) => {
                let options: Options = serde_json::from_value(keys.clone()).map_err(|error| error.to_string())?;
                let file = ConfigFile { path: PathBuf::from("settings"), text: Arc::from(""), options };
                Ok(Request { inline: vec![file], ..Request::default() })
            }
        }
    }
}

/// A path as users write it in settings.
fn expanded(folder: &Path, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_come_bare_or_wrapped() {
        let on_save = Settings { run: Run::OnSave, ..Settings::default() };
        for value in [
            json!({ "run": "onSave" }),
            json!({ "settings": { "run": "onSave" } }),
            json!({ "seqscan": { "run": "onSave", "trace": { "server": "off" } } }),
        ] {
            assert_eq!(Settings::read(&value), Ok(on_save.clone()));
        }
        assert_eq!(Settings::read(&Value::Null), Ok(Settings::default()));
        assert!(Settings::read(&json!({ "run": "never" })).unwrap_err().contains("onType"));
    }

    #[test]
    fn a_configuration_is_a_path_or_keys() {
        let request = |configuration: Value| {
            let settings = Settings { configuration: Some(configuration), ..Settings::default() };
            settings.request(Path::new("/p"))
        };
        assert_eq!(request(json!("x.toml")).unwrap().file, Some(PathBuf::from("/p/x.toml")));
        assert_eq!(request(json!({ "max-hops": 2 })).unwrap().inline[0].options.max_hops, Some(2));
        assert!(request(json!({ "max-hop": 2 })).is_err());
        assert_eq!(request(json!("")).unwrap().file, None);
    }
}
