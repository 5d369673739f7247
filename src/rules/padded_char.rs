//! `padded-char`: texts of different lengths in a type that fills all of them up.

use super::schema_finding::{all_agree, label, server_tables, words};
use super::{Finding, ProjectCx, Sink};
use crate::findings::Role;
use crate::project::schema::{Column, Table};

const NOTE: &str = "each value is filled up with blanks to the whole length, and read like that: one million short texts in char(255) took 59 MB instead \
                    of 7 on PostgreSQL 15, 89 MB instead of 11 on MariaDB 10.11, where sorting and grouping took six times as long";

/// Shorter ones lose little.
const LONG: u32 = 20;
/// Lengths that codes of all kinds have exactly, in bytes, in hexadecimal or in base 64; sorted.
const EXACT: &[u32] =
    &[21, 22, 24, 25, 26, 27, 28, 32, 34, 36, 38, 40, 42, 43, 44, 48, 56, 60, 64, 66, 88, 96, 98, 128];
/// Words that names of what has one length are made of; sorted.
const FIXED: &[&str] = &[
    "address",
    "checksum",
    "cid",
    "cksum",
    "code",
    "crc",
    "cuid",
    "digest",
    "fingerprint",
    "guid",
    "hash",
    "iban",
    "key",
    "md5",
    "nonce",
    "oid",
    "password",
    "pwd",
    "salt",
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "signature",
    "token",
    "ulid",
    "uuid",
];

/// Reports long `char(n)` whose values are not all of that length, by their names.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    for (table, name, _) in server_tables(cx) {
        for column in &table.columns {
            let Some(length) = padded(column) else { continue };
            if !all_agree(schema, &name, |table: &Table| table.column(&column.name).and_then(padded).is_some()) {
                continue;
            }
            let message = format!("every `{}.{}` is filled up to {length} characters", table.name, column.name);
            let help = format!("varchar({length}), or text");
            sink.report(Finding::new(label(cx, column.place, Role::Primary, ""), message).note(NOTE).help(help));
        }
    }
}

/// The length that a column's values are filled up to, if they are not all as long.
fn padded(column: &Column) -> Option<u32> {
    let (kind, rest) = column.type_name.split_once('(')?;
    let length: u32 = rest.split(')').next()?.trim().parse().ok()?;
    let is_char = matches!(kind.trim(), "bpchar" | "char" | "character" | "nchar");
    let is_code = words(&column.name).iter().any(|word| FIXED.binary_search(&&**word).is_ok());
    (is_char && length >= LONG && EXACT.binary_search(&length).is_err() && !is_code).then_some(length)
}
