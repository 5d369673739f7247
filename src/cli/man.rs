//! `seqscan man`

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::Arguments;
use super::{OK, complain, finish, print};
use crate::source::plain_reason;

/// Prints the manual page of the program; or writes it and those of its commands to `folder`.
pub(super) fn run(folder: Option<&Path>) -> u8 {
    let mut command = Arguments::command();
    command.build();
    match folder {
        None => finish(page(&command).and_then(|page| print(&page)), OK),
        Some(folder) => match write_all(&command, folder) {
            Ok(()) => OK,
            Err(error) => complain(&format!("{}: {}", folder.display(), plain_reason(&error))),
        },
    }
}

fn write_all(command: &Command, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
    for command in std::iter::once(command).chain(commands) {
        std::fs::write(folder.join(format!("{}.1", title(command))), page(command)?)?;
    }
    Ok(())
}

/// `seqscan-check`
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .title(title(command))
        .source(concat!("seqscan ", env!("CARGO_PKG_VERSION")))
        .manual("seqscan");
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok(page)
}
