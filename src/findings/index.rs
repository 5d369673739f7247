//! What a finding says of the indexes of a table: what advice for the whole project is made of.

/// What is to become of an index. Names are those of the schema, without quotes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub enum IndexChange {
    /// One is missing.
    Add(IndexNeed),
    /// One only costs.
    Drop(SpareIndex),
}

/// What an index must begin with to serve a query.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IndexNeed {
    /// The table: `schema.table`.
    pub table: String,
    /// The SQL of its database, as users name it; `generic` if that is not known.
    pub dialect: &'static str,
    /// The columns that are compared with `=`: they come first, in any order.
    pub equal: Vec<String>,
    /// The columns behind them, in this order.
    pub then: Vec<(String, KeyUse)>,
}

/// What a column of an index is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum KeyUse {
    /// Equality: the direction does not matter.
    Equal,
    /// A range, or a sort by this column alone: an index is read in both directions.
    Ordered,
    /// A sort with other columns.
    Ascending,
    /// A sort with other columns, downwards.
    Descending,
    /// What a text begins with, where that takes an index of its own kind.
    Prefix,
}

impl KeyUse {
    /// What a column must be to be for both; `None` if it cannot.
    pub fn and(self, other: KeyUse) -> Option<KeyUse> {
        match (self, other) {
            (own, other) if own == other => Some(own),
            // The order of the bytes is not that of a language, and what is blind to capitals is not equal.
            (KeyUse::Prefix, _) | (_, KeyUse::Prefix) => None,
            (KeyUse::Equal, one) | (one, KeyUse::Equal) => Some(one),
            (KeyUse::Ordered, one) | (one, KeyUse::Ordered) => Some(one),
            _ => None,
        }
    }
}

/// An index that another one makes superfluous.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SpareIndex {
    /// The table: `schema.table`.
    pub table: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Whether it belongs to a constraint.
    pub is_constraint: bool,
    /// The index, for messages: ``index `by_user` (user_id)``.
    pub shown: String,
    /// The other one.
    pub covered_by: String,
}
