//! Expressions, in an arena: what the parts of a query compute.

use serde::{Deserialize, Serialize};

use super::{Ident, SelectId};
use crate::source::Span;

/// An expression of a [`Query`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExprId(pub u32);

/// An arena of expressions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exprs {
    nodes: Vec<Node>,
}

/// One expression and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it says.
    pub expr: Expr,
    /// Where.
    pub span: Span,
}

/// One expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    /// A column, or whatever else a plain name may be.
    Column(Column),
    /// A constant.
    Literal(Literal),
    /// A parameter or hole, by its index among the statement's slots.
    Slot(u16),
    /// `a AND b AND c`, never fewer than two, never an `AND` in it.
    And(Box<[ExprId]>),
    /// `a OR b OR c`, never fewer than two, never an `OR` in it.
    Or(Box<[ExprId]>),
    /// `NOT a`
    Not(ExprId),
    /// `a = b`, `a < b` …
    Compare(Comparison, ExprId, ExprId),
    /// `a LIKE b` and its like.
    Like(Like),
    /// `a IN (b, c)`; a single slot may stand for the whole list.
    InList {
        /// What is looked for.
        expr: ExprId,
        /// Where.
        list: Box<[ExprId]>,
        /// `NOT IN`
        negated: bool,
    },
    /// `a IN (SELECT …)`
    InSelect {
        /// What is looked for.
        expr: ExprId,
        /// Where.
        select: SelectId,
        /// `NOT IN`
        negated: bool,
    },
    /// `a = ANY (…)`, `a > ALL (…)`; the right side is a subselect, an array or a slot.
    Quantified {
        /// What is compared.
        expr: ExprId,
        /// How.
        comparison: Comparison,
        /// With what.
        right: ExprId,
        /// `ALL`
        all: bool,
    },
    /// `a BETWEEN b AND c`
    Between {
        /// What is compared.
        expr: ExprId,
        /// The lower bound.
        low: ExprId,
        /// The upper bound.
        high: ExprId,
        /// `NOT BETWEEN`
        negated: bool,
    },
    /// `a IS NULL`, `a IS NOT NULL`
    IsNull {
        /// What is tested.
        expr: ExprId,
        /// `IS NOT NULL`
        negated: bool,
    },
    /// `a IS TRUE`, `a IS NOT FALSE`, `a IS UNKNOWN`
    IsTruth(ExprId),
    /// `EXISTS (SELECT …)`
    Exists {
        /// What is looked for.
        select: SelectId,
        /// `NOT EXISTS`
        negated: bool,
    },
    /// `(SELECT …)` as a value.
    Subselect(SelectId),
    /// Any other operator, as written, in upper case.
    Binary(Box<str>, ExprId, ExprId),
    /// `-a`, `+a`, `~a`
    Unary(Box<str>, ExprId),
    /// A function.
    Call(Call),
    /// `CAST(a AS t)`, `a::t`, `CONVERT(a, t)`
    Cast {
        /// What is converted.
        expr: ExprId,
        /// To which type, lower case.
        to: Box<str>,
    },
    /// `CASE`: every expression in it, in the order written.
    Case(Box<[ExprId]>),
    /// `(a, b)`, `ROW(a, b)`
    Tuple(Box<[ExprId]>),
    /// `ARRAY[a, b]`
    Array(Box<[ExprId]>),
    /// `a COLLATE c`
    Collate(ExprId, Box<str>),
    /// `a AT TIME ZONE b`
    AtTimeZone(ExprId, ExprId),
    /// `INTERVAL a`
    Interval(ExprId),
    /// `*` as an argument.
    Star,
    /// Anything else: what it is made of.
    Other(Box<[ExprId]>),
}

/// A column as it is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The select it stands in.
    pub select: SelectId,
    /// The table or alias before the dot.
    pub qualifier: Option<Ident>,
    /// Its own name.
    pub name: Ident,
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// A number as written.
    Number(Box<str>),
    /// A string after its escapes; only its first 200 characters. What holes fill in is not part of its
    /// meaning: `slots` says which there are.
    Text {
        /// What it says.
        value: Box<str>,
        /// Whether a hole stands in it.
        has_slots: bool,
    },
    /// Bytes, dates and whatever else is constant.
    Other,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`, `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS NOT DISTINCT FROM`, `<=>`, SQLite's `IS`
    Same,
    /// `IS DISTINCT FROM`
    NotSame,
}

impl Comparison {
    /// The same comparison with its sides exchanged.
    pub fn flipped(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            other => other,
        }
    }

    /// Whether it asks for a range.
    pub fn is_range(self) -> bool {
        matches!(self, Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual)
    }

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Same => "IS NOT DISTINCT FROM",
            Comparison::NotSame => "IS DISTINCT FROM",
        }
    }
}

/// `a LIKE b` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Like {
    /// Which operator.
    pub kind: LikeKind,
    /// What is searched.
    pub expr: ExprId,
    /// What for.
    pub pattern: ExprId,
    /// `NOT LIKE`
    pub negated: bool,
}

/// An operator that matches a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LikeKind {
    /// `LIKE`, `~~`
    Like,
    /// `ILIKE`, `~~*`
    ILike,
    /// `SIMILAR TO`
    Similar,
    /// `~`, `REGEXP`, `RLIKE`
    Regexp,
    /// `~*`
    IRegexp,
    /// SQLite's `GLOB`
    Glob,
}

/// A function that is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its name, lower case, without schema.
    pub name: Box<str>,
    /// Its arguments; `count(*)` has one [`Expr::Star`].
    pub args: Box<[ExprId]>,
    /// `count(DISTINCT x)`
    pub distinct: bool,
    /// What `FILTER`, `OVER`, `WITHIN GROUP` and the function's own `ORDER BY` hold.
    pub more: Box<[ExprId]>,
    /// Whether it has an `OVER`.
    pub is_window: bool,
}

impl Call {
    /// Whether it makes one value of many rows. Functions that a project defines are not known.
    pub fn is_aggregate(&self) -> bool {
        !self.is_window && self.names_aggregate()
    }

    /// Whether its function makes one value of many rows, also if it does so for each of them: `count(*) OVER ()`.
    pub fn names_aggregate(&self) -> bool {
        matches!(
            &*self.name,
            "count"
                | "sum"
                | "avg"
                | "min"
                | "max"
                | "total"
                | "array_agg"
                | "string_agg"
                | "group_concat"
                | "listagg"
                | "json_agg"
                | "jsonb_agg"
                | "json_object_agg"
                | "jsonb_object_agg"
                | "json_arrayagg"
                | "json_objectagg"
                | "json_group_array"
                | "json_group_object"
                | "bool_and"
                | "bool_or"
                | "every"
                | "any_value"
                | "bit_and"
                | "bit_or"
                | "stddev"
                | "stddev_pop"
                | "stddev_samp"
                | "variance"
                | "var_pop"
                | "var_samp"
                | "median"
                | "percentile_cont"
                | "percentile_disc"
                | "mode"
                | "corr"
                | "count_big"
                | "xmlagg"
                | "approx_count_distinct"
        )
    }
}

impl Exprs {
    /// Adds an expression.
    pub(crate) fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        self.nodes.push(Node { expr, span });
        ExprId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
    }

    /// The expression with this id.
    pub fn get(&self, id: ExprId) -> &Expr {
        self.nodes.get(id.0 as usize).map_or(&Expr::Star, |node| &node.expr)
    }

    /// Where it stands.
    pub fn span(&self, id: ExprId) -> Span {
        self.nodes.get(id.0 as usize).map_or(Span::default(), |node| node.span)
    }

    /// Replaces an expression that was added before its parts were known.
    pub(crate) fn set(&mut self, id: ExprId, expr: Expr, span: Span) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            *node = Node { expr, span };
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (ExprId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (ExprId(u32::try_from(index).unwrap_or(u32::MAX)), node))
    }

    /// What an expression is directly made of; subselects are not entered.
    pub fn children(&self, id: ExprId) -> Vec<ExprId> {
        match self.get(id) {
            Expr::Column(_)
            | Expr::Literal(_)
            | Expr::Slot(_)
            | Expr::Exists { .. }
            | Expr::Subselect(_)
            | Expr::Star => Vec::new(),
            Expr::And(parts)
            | Expr::Or(parts)
            | Expr::Case(parts)
            | Expr::Tuple(parts)
            | Expr::Array(parts)
            | Expr::Other(parts) => parts.to_vec(),
            Expr::Not(expr)
            | Expr::IsTruth(expr)
            | Expr::Unary(_, expr)
            | Expr::Collate(expr, _)
            | Expr::Interval(expr) => {
                vec![*expr]
            }
            Expr::Compare(_, left, right) | Expr::Binary(_, left, right) | Expr::AtTimeZone(left, right) => {
                vec![*left, *right]
            }
            Expr::Like(like) => vec![like.expr, like.pattern],
            Expr::InList { expr, list, .. } => std::iter::once(*expr).chain(list.iter().copied()).collect(),
            Expr::InSelect { expr, .. } | Expr::IsNull { expr, .. } | Expr::Cast { expr, .. } => vec![*expr],
            Expr::Quantified { expr, right, .. } => vec![*expr, *right],
            Expr::Between { expr, low, high, .. } => vec![*expr, *low, *high],
            Expr::Call(call) => call.args.iter().chain(&call.more).copied().collect(),
        }
    }

    /// An expression and all it is made of, in no order; subselects are not entered.
    pub fn within(&self, id: ExprId) -> Vec<ExprId> {
        let mut found = vec![id];
        let mut next = 0;
        while next < found.len() {
            found.extend(self.children(found[next]));
            next += 1;
        }
        found
    }

    /// Whether an expression holds what is made of many rows.
    pub fn aggregates(&self, id: ExprId) -> bool {
        self.within(id).into_iter().any(|part| matches!(self.get(part), Expr::Call(call) if call.is_aggregate()))
    }

    /// The parts that must all hold for `id` to hold: those of its `AND`, else itself.
    pub fn conjuncts(&self, id: ExprId) -> Vec<ExprId> {
        match self.get(id) {
            Expr::And(parts) => parts.to_vec(),
            _ => vec![id],
        }
    }

    /// The expression without conversions that change only its type's name, and without `COLLATE`.
    pub fn bare(&self, mut id: ExprId) -> ExprId {
        loop {
            match self.get(id) {
                Expr::Cast { expr, to } if is_text_type(to) => id = *expr,
                _ => return id,
            }
        }
    }

    /// The column that an expression is, if it is nothing else.
    pub fn column(&self, id: ExprId) -> Option<&Column> {
        match self.get(id) {
            Expr::Column(column) => Some(column),
            _ => None,
        }
    }

    /// Whether an expression has one value for the whole statement: constants, parameters, holes, and
    /// what is made of them; no column and no subselect.
    pub fn is_constant(&self, id: ExprId) -> bool {
        self.within(id).into_iter().all(|part| {
            !matches!(
                self.get(part),
                Expr::Column(_) | Expr::Subselect(_) | Expr::Exists { .. } | Expr::InSelect { .. }
            )
        })
    }

    /// A text that two expressions share if they compute the same from columns of the same names: lower
    /// case, without qualifiers, without casts between text types. Used to match expression indexes.
    pub fn canonical(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.write_canonical(id, &mut out, 0);
        out
    }

    fn write_canonical(&self, id: ExprId, out: &mut String, depth: u32) {
        // Deeper than any index's expression: what is cut off compares as different by its place.
        if depth > 64 {
            out.push_str(&format!("…{}", id.0));
            return;
        }
        let list = |parts: &[ExprId], out: &mut String| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                self.write_canonical(*part, out, depth + 1);
            }
        };
        match self.get(self.bare(id)) {
            Expr::Column(column) => out.push_str(&column.name.text.to_lowercase()),
            Expr::Literal(Literal::Text { value, .. }) => {
                out.push('\'');
                out.push_str(value);
                out.push('\'');
            }
            Expr::Literal(Literal::Number(number)) => out.push_str(number),
            Expr::Literal(Literal::Bool(value)) => out.push_str(if *value { "true" } else { "false" }),
            Expr::Literal(Literal::Null) => out.push_str("null"),
            Expr::Call(call) => {
                out.push_str(&call.name);
                out.push('(');
                list(&call.args, out);
                out.push(')');
            }
            Expr::Cast { expr, to } => {
                self.write_canonical(*expr, out, depth + 1);
                out.push_str("::");
                out.push_str(to);
            }
            Expr::Binary(sign, left, right) => {
                out.push('(');
                self.write_canonical(*left, out, depth + 1);
                out.push_str(sign);
                self.write_canonical(*right, out, depth + 1);
                out.push(')');
            }
            Expr::Compare(comparison, left, right) => {
                self.write_canonical(*left, out, depth + 1);
                out.push_str(comparison.sign());
                self.write_canonical(*right, out, depth + 1);
            }
            Expr::IsNull { expr, negated } => {
                self.write_canonical(*expr, out, depth + 1);
                out.push_str(if *negated { " is not null" } else { " is null" });
            }
            Expr::Not(expr) => {
                out.push_str("not ");
                self.write_canonical(*expr, out, depth + 1);
            }
            Expr::And(parts) => {
                out.push_str("and(");
                list(parts, out);
                out.push(')');
            }
            Expr::Or(parts) => {
                out.push_str("or(");
                list(parts, out);
                out.push(')');
            }
            Expr::InList { expr, list: values, negated } => {
                self.write_canonical(*expr, out, depth + 1);
                out.push_str(if *negated { " not in(" } else { " in(" });
                list(values, out);
                out.push(')');
            }
            Expr::Unary(sign, expr) => {
                out.push_str(sign);
                self.write_canonical(*expr, out, depth + 1);
            }
            Expr::Collate(expr, _) => self.write_canonical(*expr, out, depth + 1),
            Expr::AtTimeZone(left, right) => {
                self.write_canonical(*left, out, depth + 1);
                out.push_str(" at ");
                self.write_canonical(*right, out, depth + 1);
            }
            // Whatever else there is equals only itself.
            _ => out.push_str(&format!("?{}", id.0)),
        }
    }
}

/// Whether a type holds text, so that a cast to it keeps what is compared.
fn is_text_type(name: &str) -> bool {
    let name = name.split('(').next().unwrap_or(name).trim();
    matches!(name, "text" | "varchar" | "character varying" | "bpchar" | "citext" | "nvarchar" | "string")
}
