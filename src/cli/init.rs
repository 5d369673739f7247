//! `seqscan init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::source::plain_reason;

use super::{OK, complain, finish, print};

const NAME: &str = "seqscan.toml";
const TEXT: &str = include_str!("seqscan.toml");

/// Writes a configuration into the current folder that changes nothing and explains every key.
pub(super) fn run(force: bool) -> u8 {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    match options.open(NAME).and_then(|mut file| file.write_all(TEXT.as_bytes())) {
        Ok(()) => finish(print(format!("wrote {NAME}\n").as_bytes()), OK),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            complain(&format!("{NAME} exists already (--force replaces it)"))
        }
        Err(error) => complain(&format!("{NAME}: {}", plain_reason(&error))),
    }
}
