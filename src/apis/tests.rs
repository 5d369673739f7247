//! The built-in catalogs hold together, and the lookups do what they say.

use super::builtin::{CATALOGS, read};
use super::*;

#[test]
fn built_in_catalogs_parse() {
    let started = std::time::Instant::now();
    let catalog = read(CATALOGS).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("{} types, {} calls, {:?}", catalog.types().len(), catalog.calls().len(), started.elapsed());
}
