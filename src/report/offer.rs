//! What is said of an edit that a finding carries.

use crate::findings::{Applicability, Fix};

/// What it does, and how it is applied, if it is.
pub(super) fn offered(fix: &Fix) -> String {
    match fix.applicability {
        Applicability::Safe => format!("{} (--fix)", fix.title),
        Applicability::Unsafe => format!("{} (--fix --unsafe-fixes)", fix.title),
        Applicability::DisplayOnly => fix.title.clone(),
    }
}
