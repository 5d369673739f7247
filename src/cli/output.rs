//! Where the findings of a check are written, and everything else.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::args::CheckArguments;
use super::complain;
use super::terminal::{stdout_style, style};
use crate::config::OutputFormat;
use crate::engine::{Report, Session};
use crate::report::{self, Style, SummaryLevel};
use crate::source::plain_reason;

/// Writes findings to all places that were named, and the rest to standard error. A failure has been told, and is
/// the exit code.
pub(super) fn write(
    arguments: &CheckArguments,
    session: &Session,
    report: &Report,
    cwd: &Path,
    errors: &Style,
) -> Result<(), u8> {
    let format = session.root_settings().map_or(OutputFormat::default(), |settings| settings.output_format);
    let writer = Writer { session, report, plain: style(arguments.color.color, false, cwd) };
    let mut notices = Vec::new();
    let mut failures = Vec::new();
    for (format, path) in &arguments.output {
        if let Err(error) = writer.to_file(*format, false, path, &mut notices) {
            failures.push(format!("{}: {}", path.display(), plain_reason(&error)));
        }
    }
    let written = match &arguments.output_file {
        Some(path) => writer.to_file(format, arguments.statistics, path, &mut notices),
        None => {
            let shown = stdout_style(arguments.color.color, cwd);
            writer.to(format, arguments.statistics, &shown, io::stdout().lock(), &mut notices)
        }
    };
    let rest = write_rest(arguments, report, &notices, errors);
    // A reader that has gone away, as `head` does, is no failure.
    let failed = [written, rest].into_iter().filter_map(Result::err);
    let failed = failed.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
    failures.extend(failed.map(|error| format!("cannot write the findings: {}", plain_reason(&error))));
    let mut outcome = Ok(());
    for failure in &failures {
        outcome = Err(complain(failure));
    }
    outcome
}

struct Writer<'a> {
    session: &'a Session,
    report: &'a Report,
    /// For files.
    plain: Style,
}

impl Writer<'_> {
    fn to_file(
        &self,
        format: OutputFormat,
        statistics: bool,
        path: &Path,
        notices: &mut Vec<String>,
    ) -> io::Result<()> {
        self.to(format, statistics, &self.plain, File::create(path)?, notices)
    }

    fn to(
        &self,
        format: OutputFormat,
        statistics: bool,
        style: &Style,
        out: impl Write,
        notices: &mut Vec<String>,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        if statistics && matches!(format, OutputFormat::Full | OutputFormat::Concise) {
            report::write_statistics(self.report, style, &mut out)?;
        } else {
            notices.extend(report::write(format, self.report, self.session.registry(), style, &mut out)?);
        }
        out.flush()
    }
}

/// Everything that is not a finding.
fn write_rest(arguments: &CheckArguments, report: &Report, notices: &[String], style: &Style) -> io::Result<()> {
    let mut errors = io::stderr().lock();
    for warning in &report.warnings {
        report::write_config_error(warning, false, style, &mut errors)?;
    }
    for notice in notices {
        writeln!(errors, "note: {notice}")?;
    }
    let level = match (arguments.quiet, arguments.verbose) {
        (true, _) => SummaryLevel::Quiet,
        (_, true) => SummaryLevel::Verbose,
        _ => SummaryLevel::Normal,
    };
    report::write_summary(report, level, style, &mut errors)
}
