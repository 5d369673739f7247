//! The command line.

mod advise;
mod argfile;
mod args;
mod baseline;
mod check;
mod explain;
mod fix;
mod inferred;
mod init;
mod man;
mod output;
mod rules;
mod schema;
mod settings;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};

pub use advise::json_schema as advice_json_schema;
pub use args::command_for_docs;

use crate::source::plain_reason;

/// Nothing at or above the failing level.
const OK: u8 = 0;
/// Findings.
const FINDINGS: u8 = 1;
/// It could not run, or not wholly.
const FAILED: u8 = 2;

/// Runs the program with the arguments of the process. `serve` is the language server, and gives its exit code.
pub fn main(serve: fn() -> u8) -> ExitCode {
    let arguments = match argfile::expand(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(message) => return ExitCode::from(complain(&message)),
    };
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => ExitCode::from(run(arguments, serve)),
        Err(error) => {
            // Help and version go to standard output and are no failure. A reader that is gone does not mind.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { FAILED } else { OK })
        }
    }
}

fn run(arguments: Arguments, serve: fn() -> u8) -> u8 {
    match arguments.command {
        None => check::run(&arguments.check),
        Some(Command::Check(check)) => check::run(&check),
        Some(Command::Advise(arguments)) => advise::run(&arguments),
        Some(Command::Explain { rule, color }) => explain::run(rule.as_deref(), color),
        Some(Command::Rules(arguments)) if arguments.inferred => inferred::run(&arguments),
        Some(Command::Rules(arguments)) => rules::run(arguments.output_format),
        Some(Command::Schema(schema)) => schema::run(&schema),
        Some(Command::Lsp(_)) => serve(),
        Some(Command::Init { force }) => init::run(force),
        Some(Command::Man { folder }) => man::run(folder.as_deref()),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "seqscan", &mut script);
            finish(print(&script), OK)
        }
    }
}

/// Writes to standard output.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// The exit code after output was written: a reader that has gone away, as `head` does, is no failure.
fn finish(written: io::Result<()>, code: u8) -> u8 {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write: {}", plain_reason(&error)))
        }
        _ => code,
    }
}

/// Tells why it could not run.
fn complain(message: &str) -> u8 {
    // Nobody is left to tell if this fails too.
    let _ = writeln!(io::stderr(), "error: {message}");
    FAILED
}
