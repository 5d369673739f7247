//! Predicates written as objects: `{ where: { title: { contains: q }, OR: […] } }`. Sequelize, Prisma,
//! TypeORM and MikroORM differ in how operators are named; the walk is one.

use rustc_hash::FxHashMap;

use super::collect::{Collector, Place};
use super::evidence::{Evidence, of_call, of_function, project_uses};
use super::values;
use super::{Orm, PredicateOp, mikroorm, prisma, sequelize, typeorm};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::{ClassRef, Ty};
use crate::source::Span;

/// What a key inside a column's object means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// It asks this.
    Op(PredicateOp),
    /// `LIKE` with the pattern as written; whether case is ignored.
    Like(bool),
    /// The same, negated.
    NotLike(bool),
    /// Conditions of which one must hold.
    Or,
    /// Conditions that must all hold.
    And,
    /// A condition that must not hold.
    Not,
    /// Says something about its neighbours.
    Aside,
}

/// What an object literal holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Held {
    /// The result of a call.
    Call(CallId),
    /// Another object literal.
    Object(ValueId),
}

/// How deep conditions are followed.
const MAX_DEPTH: u8 = 24;

impl<'p> Collector<'_, 'p> {
    /// A call that is given an object with a condition, and possibly a page.
    pub(super) fn finder(&mut self, call: CallId, name: &'p str) {
        let at = self.facts.call(call);
        if at.args.is_empty() {
            return;
        }
        let Some(evidence) = of_call(self.types, self.file, call) else { return };
        if !matches!(evidence.orm, Orm::Sequelize | Orm::Prisma | Orm::TypeOrm | Orm::MikroOrm)
            || !self.seen.insert(call)
        {
            return;
        }
        let model = evidence.model.or_else(|| match self.types.of(self.file, at.args[0].value) {
            Ty::Class(class) => Some(class),
            _ => None,
        });
        let evidence = Evidence { model, ..evidence };
        let place = self.place_at(&evidence, call);
        let skip = usize::from(self.is_entity(at.args[0].value, model));
        let arguments: Vec<ValueId> = at.args.iter().skip(skip).map(|arg| arg.value).collect();
        match evidence.orm {
            Orm::MikroOrm => {
                if let Some(&condition) = arguments.first() {
                    self.where_object(condition, &place, "", 0);
                }
            }
            Orm::TypeOrm if name.ends_with("By") || matches!(name, "update" | "delete" | "softDelete" | "restore") => {
                if let Some(&condition) = arguments.first() {
                    self.where_object(condition, &place, "", 0);
                }
            }
            _ => {}
        }
        for &options in &arguments {
            self.options(options, &evidence, call, &place, 0);
        }
    }

    /// `em.find(User, …)`, `manager.find(User, …)`, `em.find("User", …)`
    fn is_entity(&self, value: ValueId, model: Option<ClassRef>) -> bool {
        match self.facts.value(value) {
            Value::Class(_) | Value::Text(_) => true,
            Value::Import(_) | Value::Member(..) => {
                model.is_some() && matches!(self.types.of(self.file, value), Ty::Class(_))
            }
            _ => false,
        }
    }

    /// The options of a finder: `where`, and what it includes.
    fn options(&mut self, options: ValueId, evidence: &Evidence<'p>, call: CallId, place: &Place, depth: u8) {
        if depth > 6 {
            return;
        }
        let facts = self.facts;
        let beside = Place { model: None, is_beside: true, ..*place };
        match facts.value(options) {
            Value::Either(left, right) => {
                self.options(*left, evidence, call, place, depth + 1);
                self.options(*right, evidence, call, place, depth + 1);
            }
            Value::Carried(inner, _) | Value::Spread(inner) | Value::Operation(Operation::And, _, inner) => {
                self.options(*inner, evidence, call, place, depth + 1);
            }
            Value::Sequence(parts) => {
                parts.iter().for_each(|&part| self.options(part, evidence, call, place, depth + 1));
            }
            Value::Mapping(entries) => {
                for &(key, value) in entries {
                    match facts.literal(key) {
                        Some("where" | "having") => self.where_object(value, place, "", 0),
                        Some("include" | "select" | "with") => {
                            self.options(value, evidence, call, &beside, depth + 1);
                        }
                        None if key == UNKNOWN => self.options(value, evidence, call, place, depth + 1),
                        _ => {}
                    }
                }
                self.object_page(entries, evidence, call, depth == 0);
                // Prisma's `include: { posts: { where: … } }`
                if depth > 0 && evidence.orm == Orm::Prisma {
                    for &(key, value) in entries {
                        let is_relation = !matches!(facts.literal(key), Some("where" | "include" | "select") | None);
                        if is_relation && matches!(facts.value(value), Value::Mapping(_)) {
                            self.options(value, evidence, call, &beside, depth + 1);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// `offset` or `skip` among the options of a finder, all of them (`is_whole`) or some.
    fn object_page(&mut self, entries: &[(ValueId, ValueId)], evidence: &Evidence<'p>, call: CallId, is_whole: bool) {
        let facts = self.facts;
        let get = |wanted: &[&str]| {
            entries.iter().find(|(key, _)| facts.literal(*key).is_some_and(|key| wanted.contains(&key))).copied()
        };
        let (offset, limit) = match evidence.orm {
            Orm::Sequelize | Orm::MikroOrm => (get(&["offset"]), get(&["limit"])),
            Orm::Prisma if get(&["cursor"]).is_some() => return,
            _ => (get(&["skip"]), get(&["take"])),
        };
        let Some((key, offset)) = offset.filter(|(_, offset)| !values::is_drawn(facts, *offset)) else { return };
        // All but the newest, to delete them, is no page; what is spread may bring its end.
        if is_whole && limit.is_none() && !entries.iter().any(|(key, _)| *key == UNKNOWN) {
            return;
        }
        // What is counted has no pages: these leave them out.
        if matches!(evidence.orm, Orm::Sequelize | Orm::TypeOrm) && self.called(call).starts_with("count") {
            return;
        }
        let at = facts.call(call);
        let span = self.text_span(key).unwrap_or(at.name_span);
        if is_whole {
            self.unordered_find(evidence, call, offset, span);
        }
        let begin = self.begin_of_options(evidence, call, entries, is_whole);
        self.found.pages.push(super::OrmPage {
            orm: evidence.orm,
            model: evidence.model,
            offset: Some(offset),
            amount: values::amount(self.types, self.file, offset, at.in_loop),
            limit: limit.map(|(_, value)| value),
            span,
            function: at.function,
            begin,
            confidence: evidence.confidence,
        });
    }

    // ── Conditions ──────────────────────────────────────────────────────────────────────────────────

    /// The predicates of a condition. `prefix`: the relation it stands under.
    pub(super) fn where_object(&mut self, value: ValueId, place: &Place, prefix: &str, depth: u8) {
        if depth > MAX_DEPTH || !self.walk(place.call, value) {
            return;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Mapping(entries) => {
                self.seen_objects.insert(value);
                for &(key, value) in entries {
                    self.where_entry(key, value, place, prefix, depth);
                }
            }
            Value::Sequence(parts) => {
                // TypeORM's list of conditions is one `OR`; elsewhere the key above has said what it is.
                let is_or = place.orm == Orm::TypeOrm && parts.len() > 1;
                let group = if is_or { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
                for &part in parts {
                    self.where_object(part, &Place { group, ..*place }, prefix, depth + 1);
                }
            }
            Value::Either(left, right) => {
                self.where_object(*left, place, prefix, depth + 1);
                self.where_object(*right, place, prefix, depth + 1);
            }
            Value::Operation(Operation::And, _, inner)
            | Value::Carried(inner, _)
            | Value::Spread(inner)
            | Value::Collected(inner, _) => self.where_object(*inner, place, prefix, depth + 1),
            Value::Function(function) => {
                for &returned in &facts.function(*function).returns {
                    self.where_object(returned, place, prefix, depth + 1);
                }
            }
            Value::Call(call) => self.where_call(*call, place, prefix, depth),
            _ => {}
        }
    }

    /// `xs.map(x => ({ … }))`, Sequelize's `or(…)`, `where(fn("lower", col("x")), …)`.
    fn where_call(&mut self, call: CallId, place: &Place, prefix: &str, depth: u8) {
        let at = self.facts.call(call);
        match self.called(call) {
            "map" | "flatMap" => {
                for arg in at.args.iter().take(1) {
                    self.where_object(arg.value, place, prefix, depth + 1);
                }
            }
            name @ ("or" | "and") => {
                let group =
                    if name == "or" { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
                for arg in &at.args {
                    self.where_object(arg.value, &Place { group, ..*place }, prefix, depth + 1);
                }
            }
            "where" if place.orm == Orm::Sequelize => self.sequelize_where(call, place),
            "literal" if place.orm == Orm::Sequelize => {
                if let Some(arg) = at.args.first() {
                    self.fragments(arg.value, &[], place);
                }
            }
            _ => {}
        }
    }

    fn where_entry(&mut self, key: ValueId, value: ValueId, place: &Place, prefix: &str, depth: u8) {
        if key == UNKNOWN {
            self.where_object(value, place, prefix, depth + 1);
            return;
        }
        let meaning = self.key(place.orm, key);
        match meaning {
            Some(Key::Or) => {
                let group = Some(place.group.unwrap_or_else(|| self.new_group()));
                self.where_object(value, &Place { group, ..*place }, prefix, depth + 1);
            }
            Some(Key::And) => self.where_object(value, place, prefix, depth + 1),
            Some(Key::Not) => {
                self.where_object(value, &Place { negated: !place.negated, ..*place }, prefix, depth + 1);
            }
            _ => {
                let Some(text) = self.facts.text(key) else { return };
                let name = text.cooked.trim_matches('$');
                let column = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
                let span = self.text_span(key).unwrap_or(place.span);
                self.column_object(&column, value, &Place { span, ..*place }, depth);
            }
        }
    }

    /// What is asked of one column.
    fn column_object(&mut self, column: &str, value: ValueId, place: &Place, depth: u8) {
        if depth > MAX_DEPTH {
            return;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Mapping(entries) => {
                self.seen_objects.insert(value);
                let has_operator = entries.iter().any(|&(key, _)| self.key(place.orm, key).is_some());
                if !has_operator {
                    // A relation: its own columns stand inside.
                    let place = Place { model: None, is_beside: true, ..*place };
                    for &(key, value) in entries {
                        self.where_entry(key, value, &place, column, depth + 1);
                    }
                    return;
                }
                let ignores_case = entries.iter().any(|&(key, value)| {
                    facts.literal(key) == Some("mode") && facts.literal(value) == Some("insensitive")
                });
                for &(key, value) in entries {
                    self.column_operator_entry(column, key, value, ignores_case, place, depth);
                }
            }
            // The same value may be asked of several columns, so the ways through it are counted, and are few.
            Value::Either(left, right) => {
                self.column_object(column, *left, place, depth + 4);
                self.column_object(column, *right, place, depth + 4);
            }
            Value::Operation(Operation::And, _, inner) | Value::Carried(inner, _) => {
                self.column_object(column, *inner, place, depth + 1);
            }
            Value::Call(call) if place.orm == Orm::TypeOrm && self.typeorm_operator(*call, column, place) => {}
            Value::Sequence(_) | Value::Collected(..) => self.add(place, column, PredicateOp::In, Some(value)),
            Value::Null => self.add(place, column, PredicateOp::IsNull, None),
            Value::Function(_) => {}
            _ => self.add(place, column, PredicateOp::Equal, Some(value)),
        }
    }

    fn column_operator_entry(
        &mut self,
        column: &str,
        key: ValueId,
        value: ValueId,
        ignores_case: bool,
        place: &Place,
        depth: u8,
    ) {
        let span = self.text_span(key).unwrap_or(place.span);
        let Some(meaning) = self.key(place.orm, key) else {
            self.where_entry(key, value, &Place { model: None, is_beside: true, ..*place }, column, depth + 1);
            return;
        };
        // Prisma's `{ path: ["name"], string_contains: text }` is about a part of a document.
        let is_made = place.is_made || self.facts.literal(key).is_some_and(|name| name.starts_with("string_"));
        let place = &Place { span, is_made, ..*place };
        match meaning {
            Key::Op(op) => {
                let op = if ignores_case { ignoring_case(op) } else { op };
                self.add(place, column, op, Some(value));
            }
            Key::Like(ignores_case) => self.like_values(column, value, ignores_case, place, 0),
            Key::NotLike(ignores_case) => {
                self.like_values(column, value, ignores_case, &Place { negated: !place.negated, ..*place }, 0);
            }
            Key::Not => self.column_object(column, value, &Place { negated: !place.negated, ..*place }, depth + 1),
            Key::Or => {
                let group = Some(place.group.unwrap_or_else(|| self.new_group()));
                self.column_parts(column, value, &Place { group, ..*place }, depth);
            }
            Key::And => self.column_parts(column, value, place, depth),
            Key::Aside => {}
        }
    }

    /// `{ [Op.or]: [{ [Op.like]: a }, { [Op.like]: b }] }`, Prisma's `is` and `some`.
    fn column_parts(&mut self, column: &str, value: ValueId, place: &Place, depth: u8) {
        match self.facts.value(value) {
            Value::Sequence(parts) => {
                parts.iter().for_each(|&part| self.column_object(column, part, place, depth + 1));
            }
            _ => self.column_object(column, value, place, depth + 1),
        }
    }

    /// A pattern, or `{ [Op.any]: [patterns] }`.
    fn like_values(&mut self, column: &str, value: ValueId, ignores_case: bool, place: &Place, depth: u8) {
        let facts = self.facts;
        match facts.value(value) {
            Value::Mapping(entries) if depth < 3 => {
                entries.iter().for_each(|&(_, value)| self.like_values(column, value, ignores_case, place, depth + 1));
            }
            Value::Sequence(parts) if depth < 3 => {
                parts.iter().take(1).for_each(|&part| self.like_values(column, part, ignores_case, place, depth + 1));
            }
            Value::Collected(part, _) if depth < 3 => {
                self.like_values(column, *part, ignores_case, place, depth + 1);
            }
            _ => self.add_like(place, column, ignores_case, value, place.span),
        }
    }

    /// What a key means to an ORM, if it is an operator.
    pub(super) fn key(&self, orm: Orm, key: ValueId) -> Option<Key> {
        match (orm, self.facts.value(key)) {
            (Orm::Sequelize, Value::Member(_, name)) => sequelize::symbol(&self.facts.names[*name]),
            (Orm::Sequelize, Value::Text(_)) => sequelize::alias(self.facts.literal(key)?),
            (Orm::Prisma, Value::Text(_)) => prisma::operator(self.facts.literal(key)?),
            (Orm::MikroOrm, Value::Text(_)) => mikroorm::operator(self.facts.literal(key)?),
            (Orm::Objection | Orm::Knex, _) => None,
            _ => None,
        }
    }

    // ── Conditions of which it is not seen which query they are given to ────────────────────────────

    /// Objects and functions that are evidence by themselves: `{ [Op.iLike]: p }`, `ILike(p)`.
    pub(super) fn loose_operators(&mut self, calls: &[(CallId, &'p str)]) {
        self.loose_symbols();
        self.loose_modes();
        self.loose_likes(calls);
    }

    /// TypeORM's `ILike(p)` in an object that is not seen to be given to a query.
    fn loose_likes(&mut self, calls: &[(CallId, &'p str)]) {
        let operators: Vec<CallId> = calls
            .iter()
            .filter(|(call, name)| typeorm::is_like(name) && !self.seen.contains(call))
            .map(|&(call, _)| call)
            .collect();
        if operators.is_empty() {
            return;
        }
        let keys = self.keys();
        for call in operators {
            if of_function(self.types, self.file, self.facts.call(call).callee) != Some(Orm::TypeOrm) {
                continue;
            }
            let at = self.facts.call(call);
            let key = keys.get(&Held::Call(call)).copied();
            let span = key.and_then(|key| self.text_span(key)).unwrap_or(at.name_span);
            let column = key.and_then(|key| self.facts.literal(key)).unwrap_or("").to_owned();
            let place = self.loose_place_at(Orm::TypeOrm, span, call, Confidence::High);
            self.typeorm_operator(call, &column, &place);
        }
    }

    /// `where[Op.or] = [{ name: { [Op.like]: p } }]`: the symbol resolves to Sequelize's.
    fn loose_symbols(&mut self) {
        let facts = self.facts;
        if !facts
            .names
            .iter()
            .any(|name| matches!(name, "like" | "iLike" | "substring" | "endsWith" | "regexp" | "iRegexp"))
        {
            return;
        }
        let keys = self.keys();
        // Objects come after what they hold, so from the back each is met before its parts.
        for index in (0..facts.values.len()).rev() {
            let value = ValueId(u32::try_from(index).unwrap_or(u32::MAX));
            let Value::Mapping(entries) = &facts.values[index] else { continue };
            if self.seen_objects.contains(&value)
                || !entries.iter().any(|&(key, inner)| self.holds_symbol(key, inner, 0))
            {
                continue;
            }
            let span = entries.iter().find_map(|&(key, _)| self.text_span(key));
            let Some(span) = span.or_else(|| entries.iter().find_map(|&(_, value)| self.text_span(value))) else {
                continue;
            };
            let Some(call) = self.call_at(span) else { continue };
            let place = self.loose_place_at(Orm::Sequelize, span, call, Confidence::High);
            if entries.iter().any(|&(key, _)| self.is_symbol(key)) {
                let key = keys.get(&Held::Object(value));
                let column = key.and_then(|&key| facts.literal(key)).unwrap_or("").to_owned();
                self.column_object(&column, value, &place, 0);
            } else {
                self.loose_object(value, &place);
            }
        }
    }

    /// A condition, or options that hold one.
    fn loose_object(&mut self, value: ValueId, place: &Place) {
        let Value::Mapping(entries) = self.facts.value(value) else { return };
        let inner = entries.iter().find(|(key, _)| self.facts.literal(*key) == Some("where"));
        self.seen_objects.insert(value);
        self.where_object(inner.map_or(value, |&(_, inner)| inner), place, "", 0);
    }

    /// Whether an operator stands in an object that has not been read.
    fn holds_symbol(&self, key: ValueId, value: ValueId, depth: u8) -> bool {
        if self.is_symbol(key) {
            return true;
        }
        depth < 6
            && !self.seen_objects.contains(&value)
            && match self.facts.value(value) {
                Value::Mapping(entries) => entries.iter().any(|&(key, value)| self.holds_symbol(key, value, depth + 1)),
                Value::Sequence(parts) => parts.iter().any(|&part| self.holds_symbol(UNKNOWN, part, depth + 1)),
                _ => false,
            }
    }

    /// `Op.like`
    fn is_symbol(&self, key: ValueId) -> bool {
        match self.facts.value(key) {
            Value::Member(object, name) => {
                sequelize::symbol(&self.facts.names[*name]).is_some()
                    && matches!(self.types.of(self.file, *object), Ty::Path(path)
                        if path.ends_with(".Op") && Orm::of_path(&path) == Some(Orm::Sequelize))
            }
            _ => false,
        }
    }

    /// `{ contains: q, mode: "insensitive" }` in a project that uses Prisma.
    fn loose_modes(&mut self) {
        let facts = self.facts;
        if !project_uses(self.types, &[Orm::Prisma]) {
            return;
        }
        for index in (0..facts.values.len()).rev() {
            let value = ValueId(u32::try_from(index).unwrap_or(u32::MAX));
            let Value::Mapping(entries) = &facts.values[index] else { continue };
            if self.seen_objects.contains(&value) || !entries.iter().any(|&(_, inner)| self.holds_mode(inner, 0)) {
                continue;
            }
            let Some(span) = entries.iter().find_map(|&(key, _)| self.text_span(key)) else { continue };
            let Some(call) = self.call_at(span) else { continue };
            let place = self.loose_place_at(Orm::Prisma, span, call, Confidence::Medium);
            self.loose_object(value, &place);
        }
    }

    fn holds_mode(&self, value: ValueId, depth: u8) -> bool {
        depth < 6
            && !self.seen_objects.contains(&value)
            && match self.facts.value(value) {
                Value::Mapping(entries) => {
                    let has_mode = entries.iter().any(|&(key, value)| {
                        self.facts.literal(key) == Some("mode")
                            && matches!(self.facts.literal(value), Some("insensitive" | "default"))
                    });
                    let has_operator = entries
                        .iter()
                        .any(|&(key, _)| matches!(self.facts.literal(key), Some("contains" | "endsWith")));
                    (has_mode && has_operator) || entries.iter().any(|&(_, value)| self.holds_mode(value, depth + 1))
                }
                Value::Sequence(parts) => parts.iter().any(|&part| self.holds_mode(part, depth + 1)),
                _ => false,
            }
    }

    /// The keys under which object literals hold calls and objects.
    fn keys(&self) -> FxHashMap<Held, ValueId> {
        let mut keys = FxHashMap::default();
        for value in &self.facts.values {
            let Value::Mapping(entries) = value else { continue };
            for &(key, value) in entries {
                match self.facts.value(value) {
                    Value::Call(call) => keys.insert(Held::Call(*call), key),
                    Value::Mapping(_) => keys.insert(Held::Object(value), key),
                    _ => None,
                };
            }
        }
        keys
    }

    /// The innermost call around a place, else the next one after it: what the place belongs to.
    fn call_at(&mut self, span: Span) -> Option<CallId> {
        let facts = self.facts;
        let calls = self.by_place.get_or_insert_with(|| {
            let mut calls: Vec<CallId> = (0u32..).map(CallId).take(facts.calls.len()).collect();
            calls.sort_by_key(|&call| facts.call(call).span);
            calls
        });
        let after = calls.partition_point(|&call| facts.call(call).span.start <= span.start);
        let around = calls[..after].iter().rev().find(|&&call| facts.call(call).span.contains(span));
        around.or(calls.get(after)).or(calls.first()).copied()
    }

    pub(super) fn loose_place_at(&self, orm: Orm, span: Span, call: CallId, confidence: Confidence) -> Place {
        Place { confidence, ..Place::loose(orm, call, span) }
    }
}

fn ignoring_case(op: PredicateOp) -> PredicateOp {
    match op {
        PredicateOp::Contains => PredicateOp::IContains,
        PredicateOp::Suffix => PredicateOp::ISuffix,
        PredicateOp::Prefix => PredicateOp::IPrefix,
        other => other,
    }
}
