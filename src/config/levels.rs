//! The words that values of the configuration are made of.

use serde::{Deserialize, Serialize};

use crate::findings::Severity;

/// What `[rules.<name>] severity` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Report as an error.
    Error,
    /// Report as a warning.
    Warning,
    /// Report as information.
    Info,
    /// Do not run the rule.
    Off,
}

impl Level {
    /// As a severity; `None` if it is off.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Error => Some(Severity::Error),
            Level::Warning => Some(Severity::Warning),
            Level::Info => Some(Severity::Info),
            Level::Off => None,
        }
    }
}

/// The least severity that makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Every finding.
    Info,
    /// Warnings and errors.
    #[default]
    Warning,
    /// Only errors.
    Error,
    /// No finding.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity fails the run.
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Info => true,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Error => severity >= Severity::Error,
            FailOn::Never => false,
        }
    }
}

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// With the source, the loop, every hop and the query.
    #[default]
    Full,
    /// One line per finding.
    Concise,
    /// One JSON document; its schema is `editors/report.schema.json`.
    Json,
    /// SARIF 2.1.0, as code scanning reads it.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's Code Quality report.
    Gitlab,
    /// Reviewdog's diagnostics.
    Rdjson,
    /// JUnit's XML, for build servers.
    Junit,
    /// Checkstyle's XML, for build servers and review tools.
    Checkstyle,
    /// A table for a job's summary.
    Markdown,
    /// One file to look at in a browser.
    Html,
    /// One line per finding with all there is to act on, for programs that read text.
    Agent,
}
