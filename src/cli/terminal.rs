//! What the reader's terminal can show.

use std::io::IsTerminal;
use std::path::Path;

use super::args::ColorChoice;
use crate::report::Style;

/// How wide prose is where no terminal says otherwise, in columns.
const WIDTH: usize = 100;

/// The style for output to a stream that is a terminal or not.
pub(super) fn style(choice: ColorChoice, is_terminal: bool, cwd: &Path) -> Style {
    let color = wants_color(choice, is_terminal);
    Style {
        color,
        links: color && is_terminal && knows_links(),
        unicode: !is_terminal || knows_unicode(),
        width: if is_terminal {
            terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0.into())
        } else {
            WIDTH
        },
        cwd: cwd.to_owned(),
    }
}

/// The style for standard output.
pub(super) fn stdout_style(choice: ColorChoice, cwd: &Path) -> Style {
    style(choice, std::io::stdout().is_terminal(), cwd)
}

/// The style for standard error.
pub(super) fn stderr_style(choice: ColorChoice, cwd: &Path) -> Style {
    style(choice, std::io::stderr().is_terminal(), cwd)
}

fn wants_color(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto if is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => is_terminal && variable("TERM") != "dumb",
    }
}

/// Terminals that are known to make links of escape codes; others print them as rubbish.
fn knows_links() -> bool {
    let programs = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"];
    let program = variable("TERM_PROGRAM");
    let modern_vte = variable("VTE_VERSION").parse::<u32>().is_ok_and(|version| version >= 5000);
    !is_set("CI")
        && (modern_vte
            || programs.contains(&program.as_str())
            || is_set("WT_SESSION")
            || is_set("KONSOLE_VERSION")
            || is_set("KITTY_WINDOW_ID"))
}

/// Whether the locale, if there is one, has more than ASCII.
fn knows_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().map(|name| variable(name)).find(|value| !value.is_empty());
    locale.is_none_or(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn is_set(name: &str) -> bool {
    !variable(name).is_empty()
}

fn is_on(name: &str) -> bool {
    is_set(name) && variable(name) != "0"
}
