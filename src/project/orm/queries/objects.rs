//! Prisma, Sequelize, TypeORM and MikroORM, where a query is one call with objects:
//! `prisma.user.findFirst({ where: { email }, orderBy: { createdAt: "desc" } })`.

use super::lowering::{Made, OrWords};
use super::{Asked, Lowering, OrmQuery, With};
use crate::facts::*;
use crate::project::orm::PredicateOp;
use crate::project::orm::collect::Collector;
use crate::project::orm::evidence::of_call;
use crate::project::orm::objects::Key;
use crate::project::orm::{Orm, SortKey, sort};
use crate::project::schema::{Model, Owner};
use crate::project::{ClassRef, Ty};
use crate::source::Span;
use crate::sql::query::Role;

const OR: OrWords = OrWords {
    closed: "let the first column begin the page by itself, and keep the rest: `{ a: { gte: x }, OR: [{ a: { gt: x } }, { b: { gt: y } }] }` \
             means the same and begins in the index",
    apart: "make it two queries, each with one side",
};

/// How deep conditions are followed.
const MAX_DEPTH: u8 = 8;

/// What a method asks.
#[derive(Clone, Copy)]
struct Method {
    role: Role,
    /// Whether it gives one row of those that are found.
    is_first: bool,
    /// Where its conditions are: the place of the argument, and whether they are under `where` in it.
    conditions: (usize, bool),
    /// The argument with the order and the limit.
    options: usize,
}

/// Whether a call of this name may be a query.
pub(super) fn asks(name: &str) -> bool {
    [Orm::Prisma, Orm::Sequelize, Orm::TypeOrm, Orm::MikroOrm].into_iter().any(|orm| method(orm, name).is_some())
}

fn method(orm: Orm, name: &str) -> Option<Method> {
    let read = Method { role: Role::Root, is_first: false, conditions: (0, true), options: 0 };
    let first = Method { is_first: true, ..read };
    let role = |role: Role| Method { role, ..read };
    Some(match (orm, name) {
        (Orm::Prisma, "findFirst" | "findFirstOrThrow") => first,
        (Orm::Prisma, "findMany" | "count") => read,
        (Orm::Prisma, "updateMany") => role(Role::Update),
        (Orm::Prisma, "deleteMany") => role(Role::Delete),
        (Orm::Sequelize, "findOne") => first,
        (Orm::Sequelize, "findAll" | "findAndCountAll" | "count") => read,
        (Orm::Sequelize, "destroy") => role(Role::Delete),
        (Orm::Sequelize, "update") => Method { conditions: (1, true), ..role(Role::Update) },
        (Orm::TypeOrm, "findOne" | "findOneOrFail") => first,
        (Orm::TypeOrm, "find" | "findAndCount" | "count" | "exists" | "exist") => read,
        (Orm::TypeOrm, "findOneBy" | "findOneByOrFail") => Method { conditions: (0, false), ..first },
        (Orm::TypeOrm, "findBy" | "findAndCountBy" | "countBy" | "existsBy") => {
            Method { conditions: (0, false), ..read }
        }
        (Orm::TypeOrm, "update") => Method { conditions: (0, false), ..role(Role::Update) },
        (Orm::TypeOrm, "delete") => Method { conditions: (0, false), ..role(Role::Delete) },
        (Orm::MikroOrm, "findOne" | "findOneOrFail") => Method { conditions: (0, false), options: 1, ..first },
        (Orm::MikroOrm, "find" | "findAndCount" | "count") => Method { conditions: (0, false), options: 1, ..read },
        (Orm::MikroOrm, "nativeDelete") => Method { conditions: (0, false), ..role(Role::Delete) },
        (Orm::MikroOrm, "nativeUpdate") => Method { conditions: (0, false), ..role(Role::Update) },
        _ => return None,
    })
}

impl Collector<'_, '_> {
    /// One query: its only call.
    pub(super) fn object_query(&self, call: CallId) -> Option<OrmQuery> {
        let at = self.facts.call(call);
        if !asks(self.called(call)) {
            return None;
        }
        let evidence = of_call(self.types, self.file, call)?;
        let method = method(evidence.orm, self.called(call))?;
        let (owner, skip) = self.object_owner(evidence.orm, evidence.model, call)?;
        let model = self.model_of(&owner).filter(|model| !model.is_scoped)?;
        let argument = |place: usize| at.args.get(place + skip).map(|arg| arg.value);
        let (place, is_under_where) = method.conditions;
        let conditions = match (argument(place), is_under_where) {
            (Some(options), true) => self
                .written_options(call, options)?
                .iter()
                .find_map(|&(name, value)| (name == "where").then_some(value)),
            (given, _) => given,
        };
        let span = self.one_line(at.name_span);
        let mut lowering = Lowering::of(self.schema(), &model.table, method.role, span)?;
        let reading = Reading { orm: evidence.orm, model, call };
        if let Some(conditions) = conditions {
            self.object(reading, conditions, false, &mut lowering, 0)?;
        }
        // Sequelize and TypeORM refuse to write without conditions that are told.
        let must_ask = match evidence.orm {
            Orm::Sequelize => conditions.is_none(),
            orm => orm == Orm::TypeOrm,
        };
        if method.role != Role::Root && must_ask && !lowering.has_conditions() {
            return None;
        }
        let options = argument(method.options).and_then(|options| self.written_options(call, options));
        if let Some(options) = options {
            // Rows of others that must be there leave rows out.
            let get = |wanted: &[&str]| options.iter().find(|(name, _)| wanted.contains(name)).map(|&(_, value)| value);
            if get(&["include"]).is_some_and(|include| evidence.orm == Orm::Sequelize && self.may_narrow(include, 0)) {
                return None;
            }
            let joined = get(&["relations", "join", "populate", "include"]).filter(|_| evidence.orm != Orm::Prisma);
            let order = get(&["orderBy", "order"]);
            let limit = get(&["take", "limit"]);
            let is_other = get(&["distinct", "cursor", "group", "having"]).is_some() || joined.is_some();
            let rows = match limit.map(|limit| self.facts.value(limit)) {
                _ if method.is_first => Some(Some(1)),
                Some(Value::Int(rows)) => Some(Some(*rows)),
                Some(Value::Null) | None => None,
                Some(_) => Some(None),
            };
            if let (Some(rows), Role::Update | Role::Delete) = (rows, method.role) {
                lowering.limit(rows);
            }
            if let (Some(order), Some(rows), false, Role::Root) = (order, rows, is_other, method.role) {
                let keys: Vec<SortKey> = sort::of_object(self, order, evidence.orm);
                let span = self.text_of_key(argument(method.options), &["orderBy", "order"]).unwrap_or(span);
                if !keys.is_empty() {
                    self.first_rows(&mut lowering, Some(model), &keys, rows, span);
                }
            }
        }
        self.query(evidence.orm, Some(owner), call, evidence.confidence, lowering)
    }

    /// What stands for the table of a query, and how many arguments say so.
    pub(in crate::project::orm) fn object_owner(
        &self,
        orm: Orm,
        model: Option<ClassRef>,
        call: CallId,
    ) -> Option<(Owner, usize)> {
        if orm == Orm::Prisma {
            let Value::Member(_, name) = *self.facts.value(self.receiver(call)?) else { return None };
            return Some((Owner::Client(self.facts.names[name].into()), 0));
        }
        let first = self.facts.call(call).args.first().map(|arg| self.types.of(self.file, arg.value));
        match (orm, first) {
            (Orm::TypeOrm | Orm::MikroOrm, Some(Ty::Class(class))) => Some((Owner::Class(class), 1)),
            // A scope may stand before it: `User.scope("active").findOne(…)`.
            _ if matches!(self.facts.value(self.receiver(call)?), Value::Call(_)) && orm == Orm::Sequelize => None,
            _ => Some((Owner::Class(model?), 0)),
        }
    }

    /// Whether the keys of an object are written where a call is.
    fn stands_in(&self, call: CallId, entries: &[(ValueId, ValueId)]) -> bool {
        let span = self.facts.call(call).span;
        let is_inside = |&(key, _): &(ValueId, ValueId)| match self.facts.text(key) {
            Some(text) => text.pieces.first().is_some_and(|piece| span.contains(piece.host)),
            // Sequelize's symbols have no place of their own.
            None => key != UNKNOWN,
        };
        !entries.is_empty() && entries.iter().all(is_inside)
    }

    /// The entries of an object whose keys are all written out, where the call is.
    pub(in crate::project::orm) fn written_options(
        &self,
        call: CallId,
        value: ValueId,
    ) -> Option<Vec<(&str, ValueId)>> {
        let Value::Mapping(entries) = self.facts.value(value) else { return None };
        if !self.stands_in(call, entries) {
            return None;
        }
        entries.iter().map(|&(key, value)| Some((self.facts.literal(key)?, value))).collect()
    }

    /// The place of one of these keys of an object.
    pub(super) fn text_of_key(&self, object: Option<ValueId>, wanted: &[&str]) -> Option<crate::source::Span> {
        let Value::Mapping(entries) = self.facts.value(object?) else { return None };
        let (key, _) =
            entries.iter().find(|(key, _)| self.facts.literal(*key).is_some_and(|key| wanted.contains(&key)))?;
        self.text_span(*key)
    }

    /// Whether what is included may leave out rows of what includes it.
    fn may_narrow(&self, include: ValueId, depth: u8) -> bool {
        match self.facts.value(include) {
            Value::Sequence(parts) if depth < MAX_DEPTH => parts.iter().any(|&part| self.may_narrow(part, depth + 1)),
            Value::Mapping(entries) if depth < MAX_DEPTH => {
                entries.iter().any(|&(key, value)| match self.facts.literal(key) {
                    Some("where" | "required") | None => true,
                    Some("include") => self.may_narrow(value, depth + 1),
                    Some(_) => false,
                })
            }
            Value::Class(_) | Value::Import(_) | Value::Text(_) => false,
            _ => true,
        }
    }

    /// The conditions of an object, all of which must hold; `None` for anything else.
    fn object(
        &self,
        of: Reading<'_>,
        value: ValueId,
        negated: bool,
        lowering: &mut Lowering<'_>,
        depth: u8,
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.facts.value(value) {
            // What is named before may be added to.
            Value::Mapping(entries) if self.stands_in(of.call, entries) => {
                entries.iter().try_for_each(|&(key, value)| self.entry(of, key, value, negated, lowering, depth))
            }
            // Conditions under `AND`; TypeORM's list is an `OR`.
            Value::Sequence(parts) if of.orm == Orm::TypeOrm && parts.len() > 1 => {
                let span = self.one_line(self.facts.call(of.call).name_span);
                self.alternatives(of, parts, span, lowering, depth + 1)
            }
            Value::Sequence(parts) if parts.len() == 1 || (depth > 0 && !parts.is_empty()) => {
                parts.iter().try_for_each(|&part| self.object(of, part, negated, lowering, depth + 1))
            }
            _ => None,
        }
    }

    /// Objects one of which must hold: `OR: [{ email }, { name }]`.
    fn alternatives(
        &self,
        of: Reading<'_>,
        sides: &[ValueId],
        span: Span,
        lowering: &mut Lowering<'_>,
        depth: u8,
    ) -> Option<()> {
        if sides.is_empty() {
            return None;
        }
        let start = lowering.mark();
        for &side in sides {
            let mark = lowering.mark();
            self.object(of, side, false, lowering, depth + 1)?;
            lowering.all_of(mark, span)?;
        }
        lowering.any_of(start, span, OR);
        Some(())
    }

    /// `{ equals: email, mode: "insensitive" }`: what is compared without regard to case, which `ILIKE` does.
    fn insensitive(&self, orm: Orm, entries: &[(ValueId, ValueId)]) -> Option<ValueId> {
        let get = |wanted: &str| {
            entries.iter().find(|(key, _)| self.facts.literal(*key) == Some(wanted)).map(|&(_, value)| value)
        };
        let is_insensitive = self.facts.literal(get("mode")?) == Some("insensitive") && entries.len() == 2;
        get("equals").filter(|_| orm == Orm::Prisma && is_insensitive)
    }

    /// `{ path: ["address", "city"], equals: city }`: the keys, and what is compared with what stands there.
    fn inside_object(&self, orm: Orm, entries: &[(ValueId, ValueId)]) -> Option<(Vec<&str>, ValueId)> {
        let get = |wanted: &str| {
            entries.iter().find(|(key, _)| self.facts.literal(*key) == Some(wanted)).map(|&(_, value)| value)
        };
        let Value::Sequence(keys) = self.facts.value(get("path")?) else { return None };
        let path: Vec<&str> = keys.iter().map(|&key| self.facts.literal(key)).collect::<Option<_>>()?;
        let equals = get("equals").filter(|_| orm == Orm::Prisma && entries.len() == 2 && !path.is_empty())?;
        Some((path, equals))
    }

    fn entry(
        &self,
        of: Reading<'_>,
        key: ValueId,
        value: ValueId,
        negated: bool,
        lowering: &mut Lowering<'_>,
        depth: u8,
    ) -> Option<()> {
        if key == UNKNOWN {
            return None;
        }
        match self.key(of.orm, key) {
            Some(Key::And) if !matches!(self.facts.literal(key), Some("is" | "some" | "every")) => {
                return self.object(of, value, negated, lowering, depth + 1);
            }
            Some(Key::Not) if self.facts.literal(key) == Some("NOT") => {
                return self.object(of, value, true, lowering, depth + 1);
            }
            Some(Key::Or) if !negated => {
                let Value::Sequence(sides) = self.facts.value(value) else { return None };
                let span = self.text_span(key).unwrap_or(self.one_line(self.facts.call(of.call).name_span));
                return self.alternatives(of, sides, span, lowering, depth + 1);
            }
            Some(_) => return None,
            None => {}
        }
        let column = of.model.column(self.facts.literal(key)?)?;
        let place = self.text_span(key).unwrap_or_else(|| {
            self.one_line(self.facts.text(key).map_or_else(Default::default, |text| text.pieces[0].host))
        });
        if let Value::Mapping(entries) = self.facts.value(value)
            && !negated
        {
            if let Some(value) = self.insensitive(of.orm, entries) {
                let name = of.model.attribute(column).unwrap_or(column);
                let instead = format!(
                    "keep it in one case and compare it as it is (`{name}: {name}.toLowerCase()`), or make the column `@db.Citext`"
                );
                let made = Made { by: "ilike", asked: Asked::Equal, span: place };
                return lowering.condition_on(0, column, made, self.with(value), instead);
            }
            if let Some((path, value)) = self.inside_object(of.orm, entries) {
                let instead = "keep it in a column of its own with an index".to_owned();
                return lowering.condition_in(0, column, &path, self.with(value), (place, instead));
            }
        }
        let mut add = |asked: Asked, with: With| {
            let asked = if negated { Asked::Not } else { asked };
            lowering.condition(0, column, asked, with, place)
        };
        match self.facts.value(value) {
            Value::Null => add(Asked::Null, With::Constant),
            Value::Sequence(_) | Value::Collected(..) => add(Asked::In, self.with(value)),
            Value::Mapping(entries) => {
                // Without regard to case, or of a part of a document: what no plain index serves.
                let is_other = entries.iter().any(|&(key, _)| matches!(self.facts.literal(key), Some("mode" | "path")));
                entries.iter().try_for_each(|&(key, value)| {
                    let (asked, with) = self.operator_of(of.orm, key, value)?;
                    match asked {
                        None => Some(()),
                        Some(Asked::Not | Asked::NotNull) => add(asked?, with),
                        Some(_) if is_other => add(Asked::Other, with),
                        Some(asked) => add(asked, with),
                    }
                })
            }
            // One or another object is not one that is seen.
            Value::Either(left, right)
                if [left, right].iter().any(|&&side| matches!(self.facts.value(side), Value::Mapping(_))) =>
            {
                None
            }
            Value::Call(call) if of.orm == Orm::TypeOrm => {
                let first = self.facts.call(*call).args.first().map(|arg| arg.value);
                let with = first.map_or(With::Given, |value| self.with(value));
                match (self.called(*call), first) {
                    ("In" | "Any", _) => add(Asked::In, with),
                    ("Equal", _) => add(Asked::Equal, with),
                    ("IsNull", _) => add(Asked::Null, With::Constant),
                    ("LessThan" | "LessThanOrEqual" | "MoreThan" | "MoreThanOrEqual" | "Between", _) => {
                        add(Asked::Range, with)
                    }
                    ("Not", _) => add(Asked::Not, with),
                    ("And" | "Or" | "Raw", _) => None,
                    (name, _) if name.starts_with(char::is_uppercase) && name != "Date" => add(Asked::Other, with),
                    _ => add(Asked::Equal, self.with(value)),
                }
            }
            Value::Spread(_) | Value::Function(_) | Value::Unknown => None,
            _ => add(Asked::Equal, self.with(value)),
        }
    }

    /// `gte: from`, `[Op.in]: ids`: what is asked; `Some((None, _))` for what asks nothing.
    fn operator_of(&self, orm: Orm, key: ValueId, value: ValueId) -> Option<(Option<Asked>, With)> {
        let is_null = *self.facts.value(value) == Value::Null;
        let asked = match self.key(orm, key)? {
            Key::Aside => None,
            Key::Not | Key::NotLike(_) if is_null => Some(Asked::NotNull),
            Key::Op(PredicateOp::NotEqual) if is_null => Some(Asked::NotNull),
            Key::Not | Key::NotLike(_) => Some(Asked::Not),
            Key::Like(_) => Some(Asked::Other),
            Key::Or | Key::And => return None,
            Key::Op(op) => Some(match op {
                PredicateOp::Equal | PredicateOp::IsNull if is_null => Asked::Null,
                PredicateOp::Equal => Asked::Equal,
                PredicateOp::In => Asked::In,
                PredicateOp::Range => Asked::Range,
                PredicateOp::Prefix => Asked::Prefix,
                PredicateOp::NotEqual => Asked::Not,
                _ => Asked::Other,
            }),
        };
        Some((asked, self.with(value)))
    }
}

/// Whose words are read, and of which model.
#[derive(Clone, Copy)]
struct Reading<'m> {
    orm: Orm,
    model: &'m Model,
    /// The call that is the query.
    call: CallId,
}
