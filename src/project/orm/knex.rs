//! Conditions chained on a builder: `.where("name", "like", p)`, `.orWhereILike("name", p)`,
//! `.whereRaw("name LIKE ?", [p])`. Knex and what stands on it (Objection, Bookshelf), Kysely, and TypeORM's
//! and MikroORM's query builders.

use rustc_hash::FxHashMap;

use super::collect::{Collector, Place, is_condition};
use super::evidence::{Evidence, of_call, of_receiver, project_uses};
use super::{Orm, PredicateOp, values};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::Ty;

/// Libraries with such builders.
const BUILDERS: [Orm; 4] = [Orm::Knex, Orm::Objection, Orm::Bookshelf, Orm::Kysely];

impl<'p> Collector<'_, 'p> {
    /// A call that adds a condition to a chain.
    pub(super) fn builder(&mut self, call: CallId, name: &'p str) {
        let Some(evidence) = self.builder_evidence(call, name) else { return };
        if evidence.orm == Orm::Drizzle || evidence.orm == Orm::Prisma || evidence.orm == Orm::Sequelize {
            return;
        }
        if !self.seen.insert(call) {
            return;
        }
        let at = self.facts.call(call);
        let group = name.starts_with("or").then(|| self.chain_group(call));
        let place = Place { group, negated: name.contains("Not"), ..self.place_at(&evidence, call) };
        match base(name) {
            "Where" | "Having" | "WhereNot" => self.builder_where(call, &place),
            "WhereLike" | "WhereILike" => {
                if let [column, pattern, ..] = at.args.as_slice() {
                    let place = self.place_of(column.value, &place);
                    let column = self.builder_column(column.value);
                    self.add_like(&place, column, name.contains("ILike"), pattern.value, at.name_span);
                }
            }
            "WhereRaw" | "HavingRaw" => {
                if let Some(text) = at.args.first() {
                    self.fragments(text.value, &at.args[1..], &place);
                }
            }
            "WhereIn" => self.builder_simple(call, &place, PredicateOp::In),
            "WhereBetween" => self.builder_simple(call, &place, PredicateOp::Range),
            "WhereNull" => self.builder_simple(call, &place, PredicateOp::IsNull),
            _ => {}
        }
    }

    fn builder_evidence(&self, call: CallId, name: &str) -> Option<Evidence<'p>> {
        if let Some(evidence) = of_call(self.types, self.file, call) {
            return Some(evidence);
        }
        // An untyped builder: `qb.orWhere("name", "like", p)` says by its arguments what it is.
        let receiver = self.receiver(call)?;
        let args = &self.facts.call(call).args;
        let is_like = match args.as_slice() {
            [_, operator, _] => self.like_operator(operator.value).is_some(),
            [_, _] => matches!(base(name), "WhereLike" | "WhereILike"),
            _ => false,
        } || (base(name) == "WhereRaw" && args.first().is_some_and(|arg| self.facts.text(arg.value).is_some()))
            // TypeORM's fragments bind by name: `.andWhere("user.name LIKE :q", { q })`.
            || (args.len() == 2
                && args.first().is_some_and(|arg| self.facts.literal(arg.value).is_some_and(|text| text.contains(" :")))
                && matches!(self.facts.value(args[1].value), Value::Mapping(_)));
        if !is_like || !self.types.may_be_database(self.file, receiver) {
            return None;
        }
        let mut candidates = BUILDERS.to_vec();
        candidates.push(Orm::TypeOrm);
        let orm = candidates.into_iter().find(|&orm| project_uses(self.types, &[orm]))?;
        Some(Evidence { orm, model: None, confidence: Confidence::Medium, receiver: "" })
    }

    fn builder_where(&mut self, call: CallId, place: &Place) {
        let facts = self.facts;
        let at = facts.call(call);
        match at.args.as_slice() {
            [column, operator, value] => {
                let place = self.place_of(column.value, place);
                let column = self.builder_column(column.value);
                self.builder_compare(column, operator.value, value.value, &place);
            }
            [first, second] => {
                let is_fragment = facts.literal(first.value).is_some_and(|text| text.contains([' ', ':', '=']));
                if is_fragment
                    || matches!(facts.value(first.value), Value::Text(text) if !facts.texts[text.index()].holes.is_empty())
                {
                    self.fragments(first.value, &at.args[1..], place);
                } else if facts.literal(first.value).is_some() {
                    let op = if *facts.value(second.value) == Value::Null {
                        PredicateOp::IsNull
                    } else {
                        PredicateOp::Equal
                    };
                    let column = self.builder_column(first.value);
                    self.add(place, column, op, Some(second.value));
                }
            }
            [only] => match facts.value(only.value) {
                Value::Mapping(_) => self.where_object(only.value, place, "", 0),
                Value::Text(_) => self.fragments(only.value, &[], place),
                Value::Call(inner) if self.called(*inner) == "raw" => {
                    let args = &facts.call(*inner).args;
                    if let Some(text) = args.first() {
                        self.fragments(text.value, &args[1..], place);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn builder_compare(&mut self, column: String, operator: ValueId, value: ValueId, place: &Place) {
        let facts = self.facts;
        if let Some((ignores_case, negated)) = self.like_operator(operator) {
            let place = Place { negated: place.negated != negated, ..*place };
            self.add_like(&place, column, ignores_case, value, place.span);
            return;
        }
        let op = match facts.literal(operator).unwrap_or("").to_ascii_lowercase().as_str() {
            "=" | "==" => PredicateOp::Equal,
            "!=" | "<>" => PredicateOp::NotEqual,
            "<" | "<=" | ">" | ">=" | "between" => PredicateOp::Range,
            "in" => PredicateOp::In,
            "is" | "is not" => PredicateOp::IsNull,
            "~" | "~*" | "regexp" | "rlike" => PredicateOp::Regex,
            _ => PredicateOp::Other,
        };
        self.add(place, column, op, Some(value));
    }

    /// Whether an operator is `LIKE`: if case is ignored, if it is negated.
    fn like_operator(&self, operator: ValueId) -> Option<(bool, bool)> {
        Some(match self.facts.literal(operator)?.to_ascii_lowercase().trim() {
            "like" => (false, false),
            "ilike" | "~~*" => (true, false),
            "not like" => (false, true),
            "not ilike" => (true, true),
            _ => return None,
        })
    }

    fn builder_simple(&mut self, call: CallId, place: &Place, op: PredicateOp) {
        let args = &self.facts.call(call).args;
        if let Some(column) = args.first() {
            let column = self.builder_column(column.value);
            self.add(place, column, op, args.get(1).map(|arg| arg.value));
        }
    }

    /// The place of a condition on this operand: a column, or what a function makes of one, also a helper of the project's.
    fn place_of(&self, operand: ValueId, place: &Place) -> Place {
        // Kysely's `eb.ref("name")` is the column.
        let is_made = match self.facts.value(operand) {
            Value::Call(call) => !matches!(self.called(*call), "ref"),
            Value::Text(_) => self.facts.literal(operand).is_none_or(|text| text.contains('(')),
            _ => false,
        };
        Place { is_made: place.is_made || is_made, ..*place }
    }

    /// `"users.name"`, `raw("lower(name)")`, `fn("lower", ["name"])`
    fn builder_column(&self, value: ValueId) -> String {
        let facts = self.facts;
        if let Some(name) = facts.literal(value) {
            return name.to_owned();
        }
        match facts.value(value) {
            Value::Call(call) => {
                let args = facts.call(*call).args.iter();
                args.rev()
                    .find_map(|arg| match facts.value(arg.value) {
                        Value::Sequence(parts) => parts.first().and_then(|&part| facts.literal(part)),
                        _ => facts.literal(arg.value),
                    })
                    .unwrap_or("")
                    .to_owned()
            }
            Value::Text(text) => facts.texts[text.index()].cooked.clone(),
            _ => String::new(),
        }
    }

    /// Alternatives of one chain share a number: `.where(a).orWhere(b)`, and the callback around them.
    fn chain_group(&mut self, call: CallId) -> u32 {
        let root = self.expression_root(call);
        match self.or_chains.get(&root) {
            Some(&group) => group,
            None => {
                let group = self.new_group();
                self.or_chains.insert(root, group);
                group
            }
        }
    }

    /// The first call of the expression that a call stands in; for the callback of a condition, that of the
    /// condition.
    pub(super) fn expression_root(&self, call: CallId) -> CallId {
        let mut at = call;
        for _ in 0..64 {
            let span = self.facts.call(at).span;
            at = match self.receiver_call(at) {
                Some(inner) if span.contains(self.facts.call(inner).span) => inner,
                _ => match self.facts.function(self.facts.call(at).function).passed_to {
                    Some((outer, _)) if adds_conditions(self.called(outer)) && outer != at => outer,
                    _ => return at,
                },
            };
        }
        at
    }

    /// Kysely's expression builder, and Bookshelf's `query("where", "name", "like", p)`.
    pub(super) fn loose_builders(&mut self, calls: &[(CallId, &'p str)]) {
        let lists = self.or_lists(calls);
        for (call, at) in self.facts.numbered() {
            if self.seen.contains(&call) || !matches!(at.args.len(), 3 | 4) || !self.may_build(at) {
                continue;
            }
            let name = self.called(call);
            let (column, operator, pattern) = match at.args.as_slice() {
                [column, operator, pattern] => (column.value, operator.value, pattern.value),
                [first, column, operator, pattern]
                    if name == "query"
                        && matches!(self.facts.literal(first.value), Some("where" | "orWhere" | "andWhere")) =>
                {
                    (column.value, operator.value, pattern.value)
                }
                _ => continue,
            };
            let Some((ignores_case, negated)) = self.like_operator(operator) else { continue };
            if self.facts.text(column).is_none() && !matches!(self.facts.value(column), Value::Call(_)) {
                continue;
            }
            let Some(orm) = BUILDERS.into_iter().find(|&orm| project_uses(self.types, &[orm])) else { continue };
            self.seen.insert(call);
            // `eb.or([eb("a", "like", p), eb("b", "like", p)])`
            let group = lists.get(&call).copied();
            let mut place = self.loose_place_at(orm, at.name_span, call, Confidence::Medium);
            place.group = group;
            place.negated = negated;
            place = self.place_of(column, &place);
            let column = self.builder_column(column);
            self.add_like(&place, column, ignores_case, pattern, at.name_span);
        }
    }

    /// Whether a call is one of an expression builder: `eb(…)`, `({ eb }) => eb(…)`, or of Bookshelf's `query`.
    fn may_build(&self, call: &Call) -> bool {
        match self.facts.value(call.callee) {
            Value::Param(function, _) => self.facts.function(*function).passed_to.is_some(),
            Value::Member(object, name) => match &self.facts.names[*name] {
                "query" => true,
                "eb" | "cmpr" | "bxp" => matches!(self.facts.value(*object), Value::Param(..)),
                _ => false,
            },
            _ => false,
        }
    }

    /// The calls that stand in an `or([…])`, and the number of their alternatives.
    fn or_lists(&mut self, calls: &[(CallId, &'p str)]) -> FxHashMap<CallId, u32> {
        let mut lists = FxHashMap::default();
        for &(or, _) in calls.iter().filter(|(_, name)| *name == "or") {
            let group = self.new_group();
            for arg in &self.facts.call(or).args {
                let parts = match self.facts.value(arg.value) {
                    Value::Sequence(parts) => &**parts,
                    _ => std::slice::from_ref(&arg.value),
                };
                for &part in parts {
                    if let Value::Call(inner) = self.facts.value(part) {
                        lists.insert(*inner, group);
                    }
                }
            }
        }
        lists
    }

    // ── Pages ───────────────────────────────────────────────────────────────────────────────────────

    /// `.offset(n)`, `.skip(n)`, Objection's `.page(n, size)`, Bookshelf's `.fetchPage({ page })`.
    pub(super) fn builder_page(&mut self, call: CallId, name: &'p str) {
        let at = self.facts.call(call);
        let Some(first) = at.args.first().map(|arg| arg.value) else { return };
        if values::is_drawn(self.facts, first) {
            return;
        }
        let evidence = match of_call(self.types, self.file, call).or_else(|| self.chain_evidence(call)) {
            Some(evidence) => evidence,
            None => match self.limited_chain(call, name) {
                Some(evidence) => evidence,
                None => return,
            },
        };
        let second = at.args.get(1).map(|arg| arg.value);
        match (name, evidence.orm) {
            (
                "offset",
                Orm::Knex | Orm::Objection | Orm::Bookshelf | Orm::Drizzle | Orm::Kysely | Orm::TypeOrm | Orm::MikroOrm,
            ) => {
                self.page(&evidence, call, first, None, at.name_span);
            }
            ("skip", Orm::TypeOrm) => self.page(&evidence, call, first, None, at.name_span),
            ("page", Orm::Objection) => self.page(&evidence, call, first, second, at.name_span),
            ("range", Orm::Objection) if second.is_some() => self.page(&evidence, call, first, second, at.name_span),
            ("fetchPage", Orm::Bookshelf) => {
                if let Value::Mapping(entries) = self.facts.value(first) {
                    let page =
                        entries.iter().find(|(key, _)| matches!(self.facts.literal(*key), Some("page" | "offset")));
                    if let Some(&(_, page)) = page {
                        self.page(&evidence, call, page, None, at.name_span);
                    }
                }
            }
            _ => {}
        }
    }

    /// An untyped builder that is both limited and skipped: `qb.limit(n).offset(m)`.
    fn limited_chain(&mut self, call: CallId, name: &str) -> Option<Evidence<'p>> {
        let wanted: (&str, &[Orm]) = match name {
            "offset" => {
                ("limit", &[Orm::Knex, Orm::Objection, Orm::Drizzle, Orm::Kysely, Orm::TypeOrm, Orm::Bookshelf])
            }
            "skip" => ("take", &[Orm::TypeOrm]),
            _ => return None,
        };
        let receiver = self.receiver(call)?;
        if !self.types.may_be_database(self.file, receiver) {
            return None;
        }
        let chain = self.whole_chain(call);
        if !chain.iter().any(|&other| self.called(other) == wanted.0) {
            return None;
        }
        let root = chain.last().and_then(|&root| self.receiver(root));
        if root.is_some_and(|root| {
            matches!(self.types.of(self.file, root), Ty::Plain | Ty::List(_))
                || of_receiver(self.types, self.file, root).is_some()
        }) {
            return None;
        }
        let orm = wanted.1.iter().copied().find(|&orm| project_uses(self.types, &[orm]))?;
        Some(Evidence { orm, model: None, confidence: Confidence::Medium, receiver: "" })
    }
}

/// Whether a method takes a callback that adds conditions to its query: `.where((q) => …)`, Kysely's `.$if(c, (q) => …)`,
/// Knex's `.modify((q) => …)`.
fn adds_conditions(name: &str) -> bool {
    matches!(name, "$call" | "$if" | "modify") || is_condition(name)
}

/// `andWhereNotILike` → `WhereILike`, `where` → `Where`
fn base(name: &str) -> &'static str {
    const NAMES: [&str; 11] = [
        "WhereLike",
        "WhereILike",
        "WhereRaw",
        "WhereIn",
        "WhereBetween",
        "WhereNull",
        "HavingRaw",
        "WhereNot",
        "Where",
        "Having",
        "WhereRef",
    ];
    let rest = name.strip_prefix("or").or_else(|| name.strip_prefix("and")).unwrap_or(name);
    let mut wanted = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    wanted.extend(chars.next().map(|first| first.to_ascii_uppercase()));
    wanted.push_str(chars.as_str());
    let plain = wanted.replace("Not", "");
    NAMES.into_iter().find(|known| *known == wanted || *known == plain).unwrap_or("")
}
