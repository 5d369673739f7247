//! Writing and pruning the file of known findings.

use std::path::{Path, PathBuf};

use super::{OK, complain};
use crate::engine::{Baseline, Report, Session};
use crate::source::plain_reason;

/// The file, in the root of the project, if nothing names another.
const FILE: &str = "seqscan-baseline.json";

/// Writes what is known from now on: all of `report`, and what is known of files that it is not about.
pub(super) fn write(session: &Session, report: &Report, file: Option<PathBuf>, cwd: &Path) -> u8 {
    let file = file.or_else(|| configured(session)).unwrap_or_else(|| session.root().join(FILE));
    let before = match file.exists().then(|| Baseline::read(&file)) {
        None => Baseline::default(),
        Some(Ok(before)) => before,
        Some(Err(why)) => return complain(&format!("{}: {why}", shown(&file, cwd))),
    };
    match save(&before.with(report), &file, cwd) {
        Ok(known) => {
            eprintln!("wrote {} to {}", counted(known), shown(&file, cwd));
            OK
        }
        Err(code) => code,
    }
}

/// Takes out what is no more.
pub(super) fn prune(session: &Session, report: &Report, cwd: &Path) -> Result<(), u8> {
    let Some(file) = configured(session) else {
        return Err(complain("say which baseline to prune, with --baseline or in the configuration"));
    };
    let before = Baseline::read(&file).map_err(|why| complain(&format!("{}: {why}", shown(&file, cwd))))?;
    let known = save(&before.pruned(report), &file, cwd)?;
    eprintln!("took {} out of {}; {known} left", counted(before.len() - known), shown(&file, cwd));
    Ok(())
}

fn configured(session: &Session) -> Option<PathBuf> {
    session.root_settings()?.baseline.clone()
}

fn save(baseline: &Baseline, file: &Path, cwd: &Path) -> Result<usize, u8> {
    match baseline.write(file) {
        Ok(()) => Ok(baseline.len()),
        Err(error) => Err(complain(&format!("{} cannot be written: {}", shown(file, cwd), plain_reason(&error)))),
    }
}

fn counted(findings: usize) -> String {
    format!("{findings} finding{}", if findings == 1 { "" } else { "s" })
}

fn shown(file: &Path, cwd: &Path) -> String {
    file.strip_prefix(cwd).unwrap_or(file).display().to_string()
}
