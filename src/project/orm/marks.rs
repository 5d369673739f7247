//! Rows in random order, and counts that only ask whether there is a row, in the words of an ORM.

use rustc_hash::FxHashSet;

use super::collect::Collector;
use super::evidence::{Evidence, of_call};
use super::{Draft, Orm};
use crate::facts::*;
use crate::findings::{Confidence, Severity};
use crate::project::{FileId, Project};
use crate::source::Span;

/// A place where an ORM is asked for something that costs by itself.
#[derive(Clone, Copy, Debug)]
pub struct OrmMark {
    /// Whose it is.
    pub orm: Orm,
    /// The call, on one line.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// How sure it is that this is a database query.
    pub confidence: Confidence,
    /// Whether only the rows of an owner may be meant, which are few.
    pub is_narrow: bool,
}

impl<'p> Collector<'_, 'p> {
    /// `Model.objects.order_by("?")[:3]`, `query.order_by(func.random()).first()`
    pub(super) fn random_order(&mut self, call: CallId) {
        let at = self.facts.call(call);
        let Some(arg) = at.args.first().filter(|arg| self.is_random(arg.value)) else { return };
        let Some(evidence) = of_call(self.types, self.file, call) else { return };
        let is_django = self.facts.literal(arg.value) == Some("?");
        if is_django != (evidence.orm == Orm::Django) {
            return;
        }
        let chain = self.whole_chain(call);
        // What is filtered may be a few rows; so are those of an owner.
        let is_narrow = chain.iter().any(|&other| {
            !matches!(
                self.called(other),
                "order_by"
                    | "all"
                    | "first"
                    | "limit"
                    | "query"
                    | "select"
                    | "only"
                    | "defer"
                    | "values_list"
                    | "scalars"
                    | "scalar"
                    | "execute"
                    | "select_related"
                    | "prefetch_related"
                    | "one_or_none"
            )
        });
        let is_of_owner = is_django && !chain.iter().any(|&other| self.is_manager_of_model(other));
        let takes_few = chain.iter().any(|&other| matches!(self.called(other), "first" | "limit"))
            || self.facts.uses.iter().any(|used| self.takes_part(used, &chain));
        if takes_few && !is_narrow && !is_of_owner {
            self.found.random_orders.push(self.mark(evidence, call));
        }
    }

    /// `"?"`, `func.random()`
    fn is_random(&self, value: ValueId) -> bool {
        match self.facts.value(value) {
            Value::Text(_) => self.facts.literal(value) == Some("?"),
            Value::Call(inner) => {
                let is_func = self.receiver(*inner).is_some_and(|receiver| match self.facts.value(receiver) {
                    Value::Import(_) | Value::Member(..) => true,
                    Value::Global(name) => &self.facts.names[*name] == "func",
                    _ => false,
                });
                is_func && matches!(self.called(*inner), "random" | "rand" | "newid" | "Random")
            }
            _ => false,
        }
    }

    /// `qb.orderBy("RANDOM()").limit(1)`, ``db.select().from(users).orderBy(sql`random()`).limit(1)``
    pub(super) fn random_builder(&mut self, call: CallId) {
        let at = self.facts.call(call);
        if !at.args.first().is_some_and(|arg| self.is_random_text(arg.value, 0)) {
            return;
        }
        let Some(evidence) = of_call(self.types, self.file, call) else { return };
        let is_builder =
            evidence.orm.is_builder() || matches!(evidence.orm, Orm::Drizzle | Orm::MikroOrm | Orm::TypeOrm);
        let chain = self.whole_chain(call);
        let takes_few = |&other: &CallId| {
            let name = self.called(other);
            matches!(name, "executeTakeFirst" | "first" | "getOne" | "getOneOrFail" | "limit" | "take")
        };
        // What is filtered or joined may be a few rows.
        let is_plain = |&other: &CallId| {
            self.receiver_call(other).is_none()
                || takes_few(&other)
                || matches!(
                    self.called(other),
                    "createQueryBuilder"
                        | "execute"
                        | "from"
                        | "getMany"
                        | "getRawMany"
                        | "getRawOne"
                        | "orderBy"
                        | "orderByRaw"
                        | "select"
                        | "selectAll"
                        | "table"
                )
        };
        if is_builder && chain.iter().any(takes_few) && chain.iter().all(is_plain) {
            self.found.random_orders.push(self.mark(evidence, call));
        }
    }

    /// `User.findOne({ order: sequelize.random() })`, `User.findAll({ order: [literal("RAND()")], limit: 3 })`
    pub(super) fn random_finder(&mut self, call: CallId, name: &str) {
        let at = self.facts.call(call);
        let Some(Value::Mapping(entries)) = at.args.first().map(|arg| self.facts.value(arg.value)) else { return };
        let get = |wanted: &str| {
            entries.iter().find(|(key, _)| self.facts.literal(*key) == Some(wanted)).map(|&(_, value)| value)
        };
        let Some(order) = get("order").filter(|&order| self.is_random_text(order, 0)) else { return };
        let takes_few = name == "findOne" || get("limit").is_some();
        let is_whole = entries.iter().all(|(key, _)| self.facts.literal(*key).is_some())
            && get("where").is_none()
            && get("include").is_none();
        let evidence = of_call(self.types, self.file, call).filter(|evidence| evidence.orm == Orm::Sequelize);
        if let Some(evidence) = evidence.filter(|_| takes_few && is_whole) {
            // The order itself is shown.
            let span = match *self.facts.value(order) {
                Value::Call(made) => self.one_line(self.facts.call(made).span),
                _ => self.one_line(at.name_span),
            };
            let mark = self.mark(evidence, call);
            self.found.random_orders.push(OrmMark { span, ..mark });
        }
    }

    /// `"RANDOM()"`, ``sql`random()` ``, `sequelize.random()`, `literal("RAND()")`, `fn("RAND")`, also as the first of a list.
    fn is_random_text(&self, value: ValueId, depth: u8) -> bool {
        let is_random = |text: &str| {
            let text = text.trim().trim_end_matches("()").to_ascii_lowercase();
            matches!(&*text, "newid" | "rand" | "random")
        };
        match self.facts.value(value) {
            Value::Text(_) => self.facts.literal(value).is_some_and(|text| text.ends_with("()") && is_random(text)),
            Value::Sequence(parts) if depth < 3 => {
                parts.first().is_some_and(|&first| self.is_random_text(first, depth + 1))
            }
            Value::Call(inner) => {
                let first = self.facts.call(*inner).args.first().map(|arg| arg.value);
                match self.called(*inner) {
                    "random" => first.is_none(),
                    "fn" => first.and_then(|first| self.facts.literal(first)).is_some_and(is_random),
                    "literal" | "raw" | "sql" => first.is_some_and(|first| self.is_random_text(first, depth + 1)),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// `Model.objects` before the call.
    pub(super) fn is_manager_of_model(&self, call: CallId) -> bool {
        self.receiver(call).is_some_and(|receiver| match self.facts.value(receiver) {
            Value::Member(_, name) => matches!(&self.facts.names[*name], "objects" | "_default_manager"),
            _ => false,
        })
    }

    /// Whether only some rows of a chain are taken: `[:3]`, `[0]`.
    fn takes_part(&self, used: &Use, chain: &[CallId]) -> bool {
        let of_chain = |value: ValueId| matches!(self.facts.value(value), Value::Call(call) if chain.contains(call));
        match (used.kind, self.facts.value(used.value)) {
            (UseKind::Slice, Value::Slice(object, _, high)) => *high != UNKNOWN && of_chain(*object),
            (UseKind::Index, _) => of_chain(used.value),
            _ => false,
        }
    }

    /// Whether Django holds the rows of a queryset already when they are counted: `if books and books.count() > 0`.
    fn has_rows(&self, count: CallId) -> bool {
        let at = self.facts.call(count);
        let reads = |kind| matches!(kind, UseKind::Contains | UseKind::Iterate | UseKind::Test);
        self.receiver(count).is_some_and(|rows| {
            let mut before = self.facts.uses.iter().filter(|used| used.span.start < at.span.start);
            before.any(|used| used.value == rows && used.function == at.function && reads(used.kind))
        })
    }

    /// Whether the number of the same rows is wanted, too, and not only `compared` with zero: one count serves for both.
    fn wants_number(&self, count: CallId, compared: &[CallId]) -> bool {
        let at = self.facts.call(count);
        let Some(rows) = self.receiver(count) else { return false };
        let counts = |(id, call): (CallId, &Call)| {
            id != count
                && call.function == at.function
                && self.called(id) == "count"
                && self.receiver(id) == Some(rows)
                && !compared.contains(&id)
        };
        self.facts.numbered().any(counts)
    }

    /// `qs.count() > 0`, `(await User.count({ where })) === 0`, `if qs.count():`
    pub(super) fn counts_for_existence(&mut self) {
        let facts = self.facts;
        if facts.names.find("count").is_none() {
            return;
        }
        // A count that is bound to a name may be used again.
        let compared = facts.values.iter().filter_map(|value| match value {
            Value::Operation(Operation::Equal | Operation::NotEqual | Operation::Order, left, right) => {
                let side = |side: ValueId| match facts.value(side) {
                    Value::Call(call) if facts.call(*call).result == ResultUse::Operand => Some(*call),
                    _ => None,
                };
                let is_zero = |side: ValueId| *facts.value(side) == Value::Int(0);
                if is_zero(*right) { side(*left) } else { side(*right).filter(|_| is_zero(*left)) }
            }
            _ => None,
        });
        let tested = facts.numbered().filter(|(_, call)| call.result == ResultUse::Tested);
        // `n = qs.count() or 1` asks how many.
        let chosen: FxHashSet<ValueId> = facts
            .values
            .iter()
            .filter_map(|value| if let Value::Either(left, _) = value { Some(*left) } else { None })
            .collect();
        let is_chosen = |call: CallId| chosen.iter().any(|&value| *facts.value(value) == Value::Call(call));
        let tested = tested.filter(|(id, _)| self.called(*id) == "count" && !is_chosen(*id));
        let mut calls: Vec<CallId> = compared.chain(tested.map(|(id, _)| id)).collect();
        calls.retain(|&call| self.called(call) == "count" && !self.is_of_statement(call));
        calls.sort_unstable();
        calls.dedup();
        for &call in &calls {
            let Some(evidence) = of_call(self.types, self.file, call) else { continue };
            let counts_rows = matches!(
                evidence.orm,
                Orm::Django
                    | Orm::SqlAlchemy
                    | Orm::Sequelize
                    | Orm::Prisma
                    | Orm::TypeOrm
                    | Orm::Peewee
                    | Orm::Tortoise
            );
            // Whatever holds sessions or words has a `count`, too.
            let is_sure = evidence.confidence == Confidence::High
                || self.types.project().file(self.file).source.language.is_ecma();
            let chain = self.chain(call);
            let is_one = |&other: &CallId| self.asks_for_key(other) || self.types.finds_one(self.file, other);
            let is_known = evidence.orm == Orm::Django && (self.has_rows(call) || self.wants_number(call, &calls));
            if counts_rows && is_sure && !is_known && !chain.iter().any(is_one) {
                let mut mark = self.mark(evidence, call);
                mark.is_narrow =
                    evidence.orm == Orm::Django && !chain.iter().any(|&other| self.is_manager_of_model(other));
                self.found.counts.push(mark);
            }
        }
    }

    /// `func.count(Review.id) > 0`: a condition of a statement, which is run with it and asks nothing by itself.
    fn is_of_statement(&self, call: CallId) -> bool {
        self.receiver(call).is_some_and(|receiver| self.facts.own_name(receiver) == Some("func"))
    }

    /// `.filter(pk=key)`, `.count({ where: { id: key } })`: one row at most.
    pub(super) fn asks_for_key(&self, call: CallId) -> bool {
        let facts = self.facts;
        let is_key = |name: &str| matches!(name, "pk" | "id");
        let entries = |value: ValueId| match facts.value(value) {
            Value::Mapping(entries) => entries.iter(),
            _ => [].iter(),
        };
        // `{ id: { in: keys } }`, `{ id: Not(key) }` and `{ id: keys }` are met by more.
        let is_one = |value: ValueId| {
            !matches!(
                facts.value(value),
                Value::Mapping(_) | Value::Sequence(_) | Value::Collected(..) | Value::Call(_)
            )
        };
        let names_key = |condition: ValueId| {
            entries(condition).any(|&(name, value)| facts.literal(name).is_some_and(is_key) && is_one(value))
        };
        let args = &facts.call(call).args;
        let mut named = args.iter().filter_map(|arg| arg.name);
        let mut given = args.iter().flat_map(|arg| entries(arg.value));
        matches!(self.called(call), "filter" | "filter_by") && named.any(|name| is_key(&facts.names[name]))
            || given.any(|&(name, condition)| facts.literal(name) == Some("where") && names_key(condition))
    }

    fn mark(&self, evidence: Evidence<'p>, call: CallId) -> OrmMark {
        let at = self.facts.call(call);
        let span = self.one_line(at.name_span);
        OrmMark { orm: evidence.orm, span, function: at.function, confidence: evidence.confidence, is_narrow: false }
    }
}

/// What is to be told of rows in random order in a file.
pub fn random_drafts(project: &Project, file: FileId) -> Vec<Draft> {
    let marks = project.orm(file).random_orders.iter();
    marks
        .map(|mark| {
            let message = "every row is read and sorted by a random number to take a few of them".to_owned();
            let note = "the database gives every row a random number and sorts all of them: for one million rows it took 7,000 times as long as a \
                        look-up by key on PostgreSQL 15, 3,500 times on SQLite, 4,600 times on MariaDB";
            let help = match mark.orm {
                Orm::Django => "pick random keys first: `random.sample(list(Model.objects.values_list(\"pk\", flat=True)), 3)`, then \
                                `.filter(pk__in=keys)`; or begin at a random key: `.filter(pk__gte=n).order_by(\"pk\")`",
                Orm::Sequelize => "begin at a random key: `findOne({ where: { id: { [Op.gte]: n } }, order: [[\"id\", \"ASC\"]] })`",
                _ => "begin at a random key: WHERE id >= n ORDER BY id LIMIT …",
            };
            draft(mark, Severity::Warning, message, note, help)
        })
        .collect()
}

/// What is to be told of counts that ask whether there is a row, in a file.
pub fn count_drafts(project: &Project, file: FileId) -> Vec<Draft> {
    let marks = project.orm(file).counts.iter();
    marks
        .map(|mark| {
            let message = "every row is counted to find out whether there is one".to_owned();
            let note = "a count reads every row that meets the condition, a query for one of them stops at the first: where many do, it is 13,000 to a \
                        million times the work";
            let help = match mark.orm {
                Orm::Django | Orm::Tortoise | Orm::Peewee => "use `.exists()`",
                Orm::SqlAlchemy => "use `session.query(query.exists()).scalar()`, or `query.first() is not None`",
                Orm::Sequelize => "use `findOne({ where, attributes: [\"id\"] })` and compare with null",
                Orm::Prisma => "use `findFirst({ where, select: { id: true } })` and compare with null",
                _ => "use `exists(…)`, or ask for one row",
            };
            draft(mark, if mark.is_narrow { Severity::Info } else { Severity::Warning }, message, note, help)
        })
        .collect()
}

fn draft(mark: &OrmMark, severity: Severity, message: String, note: &str, help: &str) -> Draft {
    Draft {
        span: mark.span,
        function: mark.function,
        severity,
        confidence: mark.confidence,
        message,
        note: note.to_owned(),
        help: help.to_owned(),
        related: Vec::new(),
        index: None,
    }
}
