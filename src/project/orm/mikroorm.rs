//! MikroORM: `{ name: { $like: p } }`, `$or: […]`.

use super::PredicateOp;
use super::objects::Key;

/// What a key of MikroORM's conditions means.
pub(super) fn operator(name: &str) -> Option<Key> {
    Some(match name {
        "$or" => Key::Or,
        "$and" | "$some" | "$every" => Key::And,
        "$not" | "$none" => Key::Not,
        "$eq" => Key::Op(PredicateOp::Equal),
        "$ne" => Key::Op(PredicateOp::NotEqual),
        "$in" => Key::Op(PredicateOp::In),
        "$gt" | "$gte" | "$lt" | "$lte" => Key::Op(PredicateOp::Range),
        "$like" => Key::Like(false),
        "$ilike" => Key::Like(true),
        "$re" => Key::Op(PredicateOp::Regex),
        "$nin" | "$fulltext" | "$overlap" | "$contains" | "$contained" | "$exists" | "$hasKey" => {
            Key::Op(PredicateOp::Other)
        }
        _ => return None,
    })
}
