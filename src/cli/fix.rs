//! `--fix`, `--diff`, `--fix-only` and `--add-ignore`: what changes files, or shows how.

use std::fmt::Write as _;
use std::path::Path;

use similar::{ChangeTag, TextDiff};

use super::args::CheckArguments;
use super::check::tell;
use super::terminal::stdout_style;
use super::{FAILED, FINDINGS, OK, complain, finish, print};
use crate::engine::{ChangedFile, Compared, Fixed, Ignored, Session, Targets};
use crate::findings::Applicability;
use crate::report::{Color, Style, sanitize};

/// Whether files are to be changed, or shown as they would be.
pub(super) fn is_wanted(arguments: &CheckArguments) -> bool {
    arguments.fix || arguments.fix_only || arguments.diff || arguments.add_ignore.is_some()
}

/// Does it, and gives the exit code.
pub(super) fn run(
    arguments: &CheckArguments,
    session: &mut Session,
    compared: Option<Compared<'_>>,
    targets: &Targets,
    cwd: &Path,
    errors: &Style,
) -> u8 {
    if arguments.stdin_filename.is_some() && !arguments.diff {
        return complain("standard input cannot be changed; --diff shows what would be");
    }
    if let Some(Compared::Since(revision)) = compared {
        if arguments.stdin_filename.is_some() {
            return complain("what a change caused is fixed in files, not in standard input");
        }
        if let Err(why) = session.leave_out_known(revision) {
            return complain(&why);
        }
    }
    match &arguments.add_ignore {
        Some(reason) => add_ignores(session, targets, reason.trim()),
        None => apply(arguments, session, targets, cwd, errors),
    }
}

fn apply(arguments: &CheckArguments, session: &mut Session, targets: &Targets, cwd: &Path, errors: &Style) -> u8 {
    let least = if arguments.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
    let Fixed { files, count, refused, report } = match session.fix(targets, least) {
        Ok(fixed) => fixed,
        Err(error) => return complain(&error.to_string()),
    };
    for line in &refused {
        eprintln!("note: {}", sanitize(line));
    }
    let mended: usize = count.values().sum();
    if arguments.diff {
        let style = stdout_style(arguments.color.color, cwd);
        let text: String = files.iter().map(|file| diff(file, &style)).collect();
        if !arguments.quiet {
            eprintln!("{} would be fixed in {}", counted(mended, "finding"), counted(files.len(), "file"));
        }
        let code = if files.is_empty() || arguments.exit_zero { OK } else { FINDINGS };
        return finish(print(text.as_bytes()), code);
    }
    let failed = write(&files);
    if !arguments.quiet && mended > 0 {
        let rules: Vec<String> = count.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
        let written = files.len() - failed;
        eprintln!("fixed {} in {}: {}", counted(mended, "finding"), counted(written, "file"), rules.join(", "));
    }
    if failed > 0 {
        return FAILED;
    }
    if arguments.fix_only { OK } else { tell(arguments, session, report, cwd, errors) }
}

fn add_ignores(session: &mut Session, targets: &Targets, reason: &str) -> u8 {
    if reason.contains(['\n', '\r']) || reason.contains("*/") {
        return complain("a reason is one line, which ends no comment");
    }
    let Ignored { files, comments, report } = match session.ignore_all(targets, reason) {
        Ok(ignored) => ignored,
        Err(error) => return complain(&error.to_string()),
    };
    let failed = write(&files);
    eprintln!("added {} to {}", counted(comments, "suppression comment"), counted(files.len() - failed, "file"));
    let left = report.counted().count();
    if left > 0 {
        eprintln!("note: {} left, where no comment can stand or files are not to be changed", counted(left, "finding"));
    }
    if failed > 0 { FAILED } else { OK }
}

/// Writes files; how many could not be.
fn write(files: &[ChangedFile]) -> usize {
    let problems: Vec<String> = files.iter().filter_map(|file| file.write().err()).collect();
    for problem in &problems {
        complain(&sanitize(problem));
    }
    problems.len()
}

/// What becomes of a file, as `git apply` and `patch -p1` read it.
fn diff(file: &ChangedFile, style: &Style) -> String {
    let compared = TextDiff::from_lines(file.before.as_str(), file.after.as_str());
    let mut text = String::new();
    let path = sanitize(&file.path);
    let head = style.paint(Color::Strong, &format!("--- a/{path}\n+++ b/{path}"));
    let _ = writeln!(text, "{head}");
    for hunk in compared.unified_diff().context_radius(3).iter_hunks() {
        let _ = writeln!(text, "{}", style.paint(Color::Info, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, color) = match change.tag() {
                ChangeTag::Delete => ('-', Some(Color::Error)),
                ChangeTag::Insert => ('+', Some(Color::Added)),
                ChangeTag::Equal => (' ', None),
            };
            // Not a byte is another one: the text is applied.
            let line = format!("{sign}{}", change.value().trim_end_matches('\n'));
            let line = if style.color { sanitize(&line).into_owned() } else { line };
            let _ = writeln!(text, "{}", color.map_or_else(|| line.clone(), |color| style.paint(color, &line)));
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
