//! Prisma: `{ title: { contains: q, mode: "insensitive" } }`, `OR: […]`.

use super::PredicateOp;
use super::objects::Key;

/// What a key of Prisma's filters means. A column of one of these names is read as the operator.
pub(super) fn operator(name: &str) -> Option<Key> {
    Some(match name {
        "OR" => Key::Or,
        "AND" | "is" | "some" | "every" => Key::And,
        "NOT" | "not" | "none" | "isNot" => Key::Not,
        "equals" => Key::Op(PredicateOp::Equal),
        "in" => Key::Op(PredicateOp::In),
        "lt" | "lte" | "gt" | "gte" => Key::Op(PredicateOp::Range),
        "contains" => Key::Op(PredicateOp::Contains),
        "endsWith" => Key::Op(PredicateOp::Suffix),
        "startsWith" => Key::Op(PredicateOp::Prefix),
        "string_contains" => Key::Op(PredicateOp::Contains),
        "string_ends_with" => Key::Op(PredicateOp::Suffix),
        "string_starts_with" => Key::Op(PredicateOp::Prefix),
        "notIn" | "search" | "has" | "hasSome" | "hasEvery" | "isEmpty" | "array_contains" => {
            Key::Op(PredicateOp::Other)
        }
        "mode" | "path" => Key::Aside,
        _ => return None,
    })
}
