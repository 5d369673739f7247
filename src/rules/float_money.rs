//! `float-money`: amounts of money in binary fractions.

use super::schema_finding::{all_agree, label, server_tables, words};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Confidence, Role};
use crate::project::schema::{Column, Table};

const NOTE: &str = "a tenth has no binary fraction: the sum of one million times 0.1 is 100,958.34 of real and 100,000.00000133 of double precision on \
                    PostgreSQL 15, so totals differ from what they are made of, and from run to run with the order of the rows";

/// Words that only money is called by; sorted.
const MONEY: &[&str] = &["cost", "price", "revenue", "salary", "subtotal", "wage"];
/// Words that money is called by where the table is about it; sorted.
const AMOUNTS: &[&str] = &["amount", "balance", "discount", "fee", "paid", "refund", "tax", "total"];
/// Last words of the names of tables that are about money; sorted.
const PAID: &[&str] = &[
    "bill",
    "charge",
    "donation",
    "expense",
    "invoice",
    "ledger",
    "order",
    "payment",
    "payout",
    "purchase",
    "refund",
    "sale",
    "transaction",
    "wallet",
];

/// Reports columns of money whose type has no exact tenths.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    // SQLite has no other fractions.
    for (table, name, _) in server_tables(cx) {
        for column in table.columns.iter().filter(|column| is_inexact(column) && is_money(table, column)) {
            let is_same = |table: &Table| table.column(&column.name).is_some_and(is_inexact);
            if !all_agree(schema, &name, is_same) {
                continue;
            }
            let message =
                format!("`{}.{}` is money, and `{}` has no exact tenths", table.name, column.name, column.type_name);
            sink.report(
                Finding::new(label(cx, column.place, Role::Primary, ""), message)
                    .confidence(Confidence::Medium)
                    .note(NOTE)
                    .help("numeric(12, 2) or as many digits as are wanted, or whole cents in a bigint"),
            );
        }
    }
}

/// Whether a column's type is a binary fraction.
fn is_inexact(column: &Column) -> bool {
    let kind = column.type_name.split('(').next().unwrap_or("").trim();
    matches!(kind, "double" | "double precision" | "float" | "float4" | "float8" | "real")
}

/// Whether a column holds money, by its name: `unit_price`; `total`, of a table of invoices, or beside a currency.
fn is_money(table: &Table, column: &Column) -> bool {
    let all = words(&column.name);
    let has = |known: &[&str]| all.last().is_some_and(|last| known.binary_search(&&**last).is_ok());
    // Shares and numbers of things, and what was paid for a token, are no amounts that are added up to the cent.
    let other = ["count", "factor", "multiplier", "per", "percent", "percentage", "rate", "ratio", "score", "weight"];
    if all.iter().any(|word| other.contains(&&**word)) {
        return false;
    }
    let is_paid = || {
        let last = words(&table.name).pop().unwrap_or_default();
        PAID.binary_search(&last.strip_suffix('s').unwrap_or(&last)).is_ok()
            || table.columns.iter().any(|column| words(&column.name).iter().any(|word| word == "currency"))
    };
    has(MONEY) || has(AMOUNTS) && is_paid()
}
