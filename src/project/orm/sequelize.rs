//! Sequelize: `{ [Op.iLike]: p }`, the old `$iLike`, `where(fn("lower", col("name")), Op.like, p)`.

use super::PredicateOp;
use super::collect::{Collector, Place};
use super::objects::Key;
use crate::facts::*;

/// What `Op.name` means.
pub(super) fn symbol(name: &str) -> Option<Key> {
    Some(match name {
        "or" => Key::Or,
        "and" => Key::And,
        "not" => Key::Not,
        "eq" => Key::Op(PredicateOp::Equal),
        "is" => Key::Op(PredicateOp::IsNull),
        "ne" => Key::Op(PredicateOp::NotEqual),
        "in" => Key::Op(PredicateOp::In),
        "gt" | "gte" | "lt" | "lte" | "between" => Key::Op(PredicateOp::Range),
        "like" => Key::Like(false),
        "iLike" => Key::Like(true),
        "notLike" => Key::NotLike(false),
        "notILike" => Key::NotLike(true),
        "substring" => Key::Op(PredicateOp::Contains),
        "endsWith" => Key::Op(PredicateOp::Suffix),
        "startsWith" => Key::Op(PredicateOp::Prefix),
        "regexp" | "iRegexp" => Key::Op(PredicateOp::Regex),
        "notIn" | "notBetween" | "contains" | "contained" | "overlap" | "any" | "all" | "match" | "col"
        | "adjacent" | "notRegexp" | "notIRegexp" | "values" => Key::Op(PredicateOp::Other),
        _ => return None,
    })
}

/// What the old alias `$name` means.
pub(super) fn alias(name: &str) -> Option<Key> {
    let name = name.strip_prefix('$')?;
    // `$author.name$` is a column.
    if name.ends_with('$') { None } else { symbol(name) }
}

impl Collector<'_, '_> {
    /// `where(fn("lower", col("name")), { [Op.like]: p })`, `where(col("name"), "LIKE", p)`
    pub(super) fn sequelize_where(&mut self, call: CallId, place: &Place) {
        let facts = self.facts;
        let at = facts.call(call);
        self.seen.insert(call);
        let [column, rest @ ..] = at.args.as_slice() else { return };
        let name = self.column_name(column.value, 0).unwrap_or_default();
        let is_column = matches!(facts.value(column.value), Value::Call(call) if self.called(*call) == "col");
        let place = Place { span: at.name_span, is_made: !is_column, ..*place };
        match rest {
            [operator, value] => {
                let like = match facts.value(operator.value) {
                    Value::Member(_, name) => symbol(&facts.names[*name]),
                    _ => match facts.literal(operator.value) {
                        Some(text) if text.eq_ignore_ascii_case("like") => Some(Key::Like(false)),
                        Some(text) if text.eq_ignore_ascii_case("ilike") => Some(Key::Like(true)),
                        _ => None,
                    },
                };
                if let Some(Key::Like(ignores_case)) = like {
                    self.add_like(&place, name, ignores_case, value.value, at.name_span);
                }
            }
            [condition] => {
                if let Value::Mapping(entries) = facts.value(condition.value) {
                    self.seen_objects.insert(condition.value);
                    for &(key, value) in entries {
                        let like = match facts.value(key) {
                            Value::Member(_, name) => symbol(&facts.names[*name]),
                            _ => facts.literal(key).and_then(alias),
                        };
                        match like {
                            Some(Key::Like(ignores_case)) => {
                                self.add_like(&place, name.clone(), ignores_case, value, at.name_span);
                            }
                            Some(Key::Op(op)) => self.add(&place, name.clone(), op, Some(value)),
                            _ => {}
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// `fn("lower", col("name"))` → `name`
    fn column_name(&self, value: ValueId, depth: u8) -> Option<String> {
        let Value::Call(call) = self.facts.value(value) else { return None };
        let args = &self.facts.call(*call).args;
        match self.called(*call) {
            "col" | "literal" | "json" => self.facts.literal(args.first()?.value).map(str::to_owned),
            "fn" | "cast" if depth < 4 => args.iter().find_map(|arg| self.column_name(arg.value, depth + 1)),
            _ => None,
        }
    }
}
