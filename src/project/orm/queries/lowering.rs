//! What a query of an ORM amounts to in SQL: tables, conditions, an order, a limit, with places of the program.
//!
//! Rules over SQL see it as they see a statement that is written out.

use super::{Matter, With};
use crate::project::schema::{Known, Schema, Test, served_alone};
use crate::source::Span;
use crate::sql::query::*;
use crate::sql::{Dialect, ParameterKey, Reading, Slot, SlotKind, Statement, TableUse, Verb};

/// A query that is being put together.
pub(super) struct Lowering<'s> {
    schema: &'s Schema,
    query: Query,
    parts: Vec<ExprId>,
    /// Where it is run; on one line.
    place: Span,
    role: Role,
    sources: Vec<Source>,
    order: Vec<Order>,
    limit: Option<ExprId>,
    instead: Vec<(Matter, Span, String)>,
    /// Where duplicates are asked to be left out.
    distinct: Option<Span>,
    locks: bool,
}

impl<'s> Lowering<'s> {
    /// A query of all rows of a table; `None` if nothing is known of the table.
    pub(super) fn of(schema: &'s Schema, table: &str, role: Role, place: Span) -> Option<Lowering<'s>> {
        let mut lowering = Lowering {
            schema,
            query: Query { is_whole: true, ..Query::default() },
            parts: Vec::new(),
            place,
            role,
            sources: Vec::new(),
            order: Vec::new(),
            limit: None,
            instead: Vec::new(),
            distinct: None,
            locks: false,
        };
        lowering.source(table, Join::First, None)?;
        Some(lowering)
    }

    /// The table that a row of a source points to by its column `from`, joined by its column `to`. The same one if it has
    /// been joined already.
    pub(super) fn join(&mut self, source: u16, from: &str, table: &str, to: &str, span: Span) -> Option<u16> {
        let own = self.column(source, from, span)?;
        let place = self.sources.len();
        let known = (0..).zip(&self.sources).skip(1).find(|(_, joined)| {
            let on = joined.on.map(|on| self.query.exprs.get(on));
            let is_same = |side: &ExprId| self.query.exprs.get(*side) == self.query.exprs.get(own);
            joined.table().is_some_and(|name| name.text() == table)
                && matches!(on, Some(Expr::Compare(_, left, _)) if is_same(left))
        });
        if let Some((place, _)) = known {
            return Some(place);
        }
        self.source(table, Join::Inner, None)?;
        let at = u16::try_from(place).ok()?;
        let other = self.column(at, to, span)?;
        let on = self.query.exprs.push(Expr::Compare(Comparison::Equal, own, other), span);
        self.sources[place].on = Some(on);
        Some(at)
    }

    fn source(&mut self, table: &str, join: Join, on: Option<ExprId>) -> Option<()> {
        let mut name = TableName::plain(table);
        if self.schema.definitions(&name).is_empty() || self.sources.len() > 8 {
            return None;
        }
        name.parts.iter_mut().for_each(|part| *part = self.name(&part.text));
        let alias = self.name(&format!("t{}", self.sources.len()));
        let kind = SourceKind::Table(name);
        self.sources.push(Source { kind, alias: Some(alias), join, on, using: Vec::new(), span: self.place });
        Some(())
    }

    /// A name of the schema, in quotes if it needs them.
    fn name(&self, text: &str) -> Ident {
        let quoted = !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        Ident { text: text.into(), span: self.place, quoted, dynamic: false }
    }

    /// A column of a source, if it is known to have it.
    fn column(&mut self, source: u16, name: &str, span: Span) -> Option<ExprId> {
        let from = self.sources.get(usize::from(source))?;
        if self.schema.has_column(from.table()?, name) != Known::Yes {
            return None;
        }
        let column =
            Column { select: SelectId(0), qualifier: from.alias.clone(), name: Ident { span, ..self.name(name) } };
        Some(self.query.exprs.push(Expr::Column(column), span))
    }

    /// Adds a condition on a column. `None` if an index may serve what it asks, so that other conditions say nothing of
    /// the rows that are read.
    pub(super) fn condition(&mut self, source: u16, name: &str, asked: Asked, with: With, span: Span) -> Option<()> {
        let column = self.column(source, name, span)?;
        let exprs = &mut self.query.exprs;
        let value = compared_with(with);
        // More than none, older than ever: most of the rows.
        let value = match (asked, with) {
            (Asked::Range, With::Constant) => Expr::Literal(Literal::Number("0".into())),
            (Asked::Prefix, _) => Expr::Literal(Literal::Text { value: "x%".into(), has_slots: false }),
            _ => value,
        };
        let value = exprs.push(value, span);
        let part = match asked {
            Asked::Equal => Expr::Compare(Comparison::Equal, column, value),
            Asked::In => Expr::InList { expr: column, list: Box::new([value]), negated: false },
            Asked::Range => Expr::Compare(Comparison::Greater, column, value),
            Asked::Prefix => Expr::Like(Like { kind: LikeKind::Like, expr: column, pattern: value, negated: false }),
            Asked::Null => Expr::IsNull { expr: column, negated: false },
            Asked::NotNull => Expr::IsNull { expr: column, negated: true },
            Asked::Not => Expr::Other(Box::new([column, value])),
            Asked::Other => {
                let table = self.sources[usize::from(source)].table()?;
                let tables = self.schema.definitions(table);
                let may_serve = |table: &&crate::project::schema::Table| {
                    let holds = |index: &crate::project::schema::Index| {
                        let parts = &index.definition.parts;
                        parts.is_empty()
                            || parts.iter().any(|part| part.column().is_none_or(|own| same_name(own, name)))
                    };
                    served_alone(table, name, Test::Equal).known() != Known::No || table.indexes.iter().any(holds)
                };
                if tables.iter().any(may_serve) {
                    return None;
                }
                Expr::Other(Box::new([column, value]))
            }
        };
        let part = self.query.exprs.push(part, span);
        self.parts.push(part);
        Some(())
    }

    /// Adds a comparison with what a function makes of a column. `instead`: how the library asks for the same by the
    /// column itself, or has an index on what is computed.
    pub(super) fn condition_on(
        &mut self,
        source: u16,
        name: &str,
        made: Made,
        with: With,
        instead: String,
    ) -> Option<()> {
        let span = made.span;
        let column = self.column(source, name, span)?;
        let exprs = &mut self.query.exprs;
        let side = exprs.push(call(made.by, Box::new([column])), span);
        let value = exprs.push(compared_with(with), span);
        let sign = if made.asked == Asked::Range { Comparison::Greater } else { Comparison::Equal };
        let part = exprs.push(Expr::Compare(sign, side, value), span);
        self.parts.push(part);
        self.instead.push((Matter::Computed, span, instead));
        Some(())
    }

    /// Adds a comparison with what stands under some keys of a document. `instead`: how the library has an index for it.
    pub(super) fn condition_in(
        &mut self,
        source: u16,
        name: &str,
        path: &[&str],
        with: With,
        at: (Span, String),
    ) -> Option<()> {
        let (span, instead) = at;
        let column = self.column(source, name, span)?;
        let exprs = &mut self.query.exprs;
        let (last, before) = path.split_last()?;
        let mut key = |key: &&str| {
            let literal = Literal::Text { value: (*key).into(), has_slots: false };
            exprs.push(Expr::Literal(literal), span)
        };
        let keys: Vec<ExprId> = before.iter().map(&mut key).collect();
        let last = key(last);
        let document =
            keys.into_iter().fold(column, |inner, key| exprs.push(Expr::Binary("->".into(), inner, key), span));
        let side = exprs.push(Expr::Binary("->>".into(), document, last), span);
        let value = exprs.push(compared_with(with), span);
        let part = exprs.push(Expr::Compare(Comparison::Equal, side, value), span);
        self.parts.push(part);
        self.instead.push((Matter::Document, span, instead));
        Some(())
    }

    /// Where the conditions begin that come next.
    pub(super) fn mark(&self) -> usize {
        self.parts.len()
    }

    /// Makes one condition of all from `mark` on, all of which must hold; `None` if there are none.
    pub(super) fn all_of(&mut self, mark: usize, span: Span) -> Option<()> {
        let parts = self.parts.split_off(mark);
        let part = match parts.as_slice() {
            [] => return None,
            [only] => *only,
            _ => self.query.exprs.push(Expr::And(parts.into_boxed_slice()), span),
        };
        self.parts.push(part);
        Some(())
    }

    /// Makes one condition of all from `mark` on, one of which must hold. `words`: how the library asks where a page begins
    /// in a form that an index serves, and how it asks for one and for the other by themselves.
    pub(super) fn any_of(&mut self, mark: usize, span: Span, words: OrWords) {
        let arms = self.parts.split_off(mark);
        let part = match arms.as_slice() {
            [only] => *only,
            _ => {
                self.instead.push((Matter::Page, span, words.closed.to_owned()));
                let apart = arms.iter().map(|&arm| (Matter::Apart, self.query.exprs.span(arm), words.apart.to_owned()));
                self.instead.extend(apart);
                self.query.exprs.push(Expr::Or(arms.into_boxed_slice()), span)
            }
        };
        self.parts.push(part);
    }

    /// Says that duplicates are left out of whole rows of the table.
    pub(super) fn distinct(&mut self, span: Span, instead: &str) {
        self.distinct = Some(span);
        self.instead.push((Matter::Distinct, span, instead.to_owned()));
    }

    /// Says that the rows are locked.
    pub(super) fn locks(&mut self) {
        self.locks = true;
    }

    /// Says where nulls stand in the order of the first column.
    pub(super) fn nulls_first(&mut self, first: Option<bool>, instead: impl FnOnce(bool) -> String) {
        if let (Some(order), Some(nulls)) = (self.order.first_mut(), first) {
            order.nulls_first = first;
            let span = self.query.exprs.span(order.expr);
            self.instead.push((Matter::Nulls, span, instead(nulls)));
        }
    }

    /// What the library asks in place of the conditions on what is computed, by their places.
    pub(super) fn take_instead(&mut self) -> Vec<(Matter, Span, String)> {
        std::mem::take(&mut self.instead)
    }

    /// Adds a column to the order, of the table itself.
    pub(super) fn order(&mut self, name: &str, descending: bool, span: Span) -> Option<()> {
        let expr = self.column(0, name, span)?;
        self.order.push(Order { expr, descending, nulls_first: None });
        Some(())
    }

    /// Says that only so many rows are wanted; `None` for a number that is not known.
    pub(super) fn limit(&mut self, rows: Option<i64>) {
        let limit = rows.map_or(Expr::Slot(0), |rows| Expr::Literal(Literal::Number(rows.to_string().into())));
        self.limit = Some(self.query.exprs.push(limit, self.place));
    }

    /// Whether it has conditions.
    pub(super) fn has_conditions(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Whether it asks for anything that an index could serve, or writes.
    pub(super) fn asks(&self) -> bool {
        !self.parts.is_empty()
            || matches!(self.role, Role::Update | Role::Delete)
            || self.distinct.is_some()
            || (!self.order.is_empty() && self.limit.is_some())
    }

    /// What is selected: all of the table, with its key by name where that tells rows apart.
    fn items(&mut self) -> Vec<Item> {
        let star = Item::Star { qualifier: None, span: self.place };
        let key = self.sources.first().filter(|_| self.distinct.is_some()).and_then(Source::table).cloned();
        let key: Vec<String> = key
            .and_then(|table| self.schema.primary_key(&table).map(|key| key.into_iter().map(str::to_owned).collect()))
            .unwrap_or_default();
        let columns: Vec<ExprId> = key.iter().filter_map(|name| self.column(0, name, self.place)).collect();
        let named = columns.into_iter().map(|expr| Item::Expr { expr, alias: None });
        std::iter::once(star).chain(named).collect()
    }

    /// The query as a statement.
    pub(super) fn done(mut self) -> Statement {
        let items = self.items();
        let filter = match self.parts.as_slice() {
            [] => None,
            [only] => Some(*only),
            _ => Some(self.query.exprs.push(Expr::And(self.parts.into_boxed_slice()), self.place)),
        };
        let written = matches!(self.role, Role::Update | Role::Delete);
        let tables = self.sources.iter().zip(0..).filter_map(|(source, place)| {
            Some(TableUse { table: source.table()?.clone(), written: written && place == 0 })
        });
        let tables = tables.collect();
        self.query.selects.push(Select {
            id: SelectId(0),
            parent: None,
            role: self.role,
            span: self.place,
            head: self.distinct.unwrap_or(self.place),
            sources: self.sources,
            ctes: Vec::new(),
            distinct: if self.distinct.is_some() { Distinct::Rows } else { Distinct::No },
            items,
            filter,
            group_by: Vec::new(),
            having: None,
            qualify: None,
            order_by: self.order,
            limit: self.limit,
            offset: None,
            arms: Vec::new(),
            set_operation: None,
            locks: self.locks,
            has_open_clauses: false,
        });
        let verb = match self.role {
            Role::Update => Verb::Update,
            Role::Delete => Verb::Delete,
            _ => Verb::Select,
        };
        let slot =
            Slot { span: self.place, kind: SlotKind::Parameter(ParameterKey::Position(0)), reading: Reading::Operand };
        Statement {
            span: self.place,
            dialect: Dialect::Generic,
            verb,
            head: self.place,
            tables,
            slots: vec![slot],
            query: Some(Box::new(self.query)),
            rows: None,
            changes: Vec::new(),
            unparsed: None,
        }
    }
}

fn call(name: &str, args: Box<[ExprId]>) -> Expr {
    Expr::Call(Call { name: name.into(), args, distinct: false, more: Box::default(), is_window: false })
}

fn compared_with(with: With) -> Expr {
    match with {
        With::Constant => Expr::Literal(Literal::Other),
        With::Given => Expr::Slot(0),
        With::Now => call("now", Box::default()),
    }
}

/// How a library writes what an `OR` asks in another way.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrWords {
    /// Where a page begins.
    pub(super) closed: &'static str,
    /// Each side by itself.
    pub(super) apart: &'static str,
}

/// What is made of a column before it is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'n> {
    /// The function of SQL's.
    pub(super) by: &'n str,
    /// How it is compared.
    pub(super) asked: Asked,
    /// Where the condition is written.
    pub(super) span: Span,
}

/// What a condition asks of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `=`
    Equal,
    /// `IN (…)`
    In,
    /// `<`, `>`, `BETWEEN`
    Range,
    /// `LIKE 'x%'`
    Prefix,
    /// `IS NULL`
    Null,
    /// `IS NOT NULL`
    NotNull,
    /// The negation of something: most rows, as a rule.
    Not,
    /// Something that no ordered index serves.
    Other,
}
