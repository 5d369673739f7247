//! Asks each call of a file once which ORM it belongs to and what it says.

use rustc_hash::{FxHashMap, FxHashSet};

use super::django::PathEnd;
use super::evidence::{Evidence, of_call, of_receiver, project_uses};
use super::values::{self, Edge};
use super::{Narrowing, Orm, OrmFacts, OrmPage, OrmPredicate, PredicateOp, bound, django};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::{ClassRef, FileId, Flow, Types};
use crate::source::{Language, Span};

/// What the ORMs of `file` say.
pub(crate) fn facts(types: &Types<'_>, file: FileId) -> OrmFacts {
    let language = types.project().file(file).source.language;
    let mut collector = Collector::new(types, file);
    match language {
        Language::Sql | Language::DjangoTemplate | Language::Jinja => return OrmFacts::default(),
        Language::Python => collector.python(),
        _ => collector.ecma(),
    }
    let mut found = collector.finish();
    found.params = bound::of_sites(types, file);
    found
}

/// Collects what one file says.
pub(super) struct Collector<'t, 'p> {
    pub(super) types: &'t Types<'p>,
    pub(super) file: FileId,
    pub(super) facts: &'p FileFacts,
    pub(super) source: &'p str,
    pub(super) found: OrmFacts,
    /// Calls whose predicates have been told.
    pub(super) seen: FxHashSet<CallId>,
    /// Object literals that have been read as conditions.
    pub(super) seen_objects: FxHashSet<ValueId>,
    /// Conditions that have been read for a call. A value may be a part of many others, so that without this the
    /// ways through them would be counted, not the values.
    walked: FxHashSet<(CallId, ValueId)>,
    /// Chains with an `or…`, by their first call, and the number of their alternatives.
    pub(super) or_chains: FxHashMap<CallId, u32>,
    /// All calls in order of place, once asked for.
    pub(super) by_place: Option<Vec<CallId>>,
    groups: u32,
    callers: Option<FxHashMap<CallId, CallId>>,
}

/// Where a condition stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) orm: Orm,
    pub(super) model: Option<ClassRef>,
    /// The call that the condition is given to.
    pub(super) call: CallId,
    /// Where to point if the predicate itself has no place.
    pub(super) span: Span,
    pub(super) group: Option<u32>,
    pub(super) negated: bool,
    pub(super) confidence: Confidence,
    /// Whether it is not seen which query the condition is given to.
    pub(super) is_loose: bool,
    /// Whether it is about what is made of a column: `lower(name)`, a cast, a part of a document.
    pub(super) is_made: bool,
    /// Whether it is about rows of another table, that are loaded along or that the own ones are related to.
    pub(super) is_beside: bool,
}

impl Place {
    /// Of a condition that is built by itself, for a query that is not seen.
    pub(super) fn loose(orm: Orm, call: CallId, span: Span) -> Place {
        Place {
            orm,
            model: None,
            call,
            span,
            group: None,
            negated: false,
            confidence: Confidence::High,
            is_loose: true,
            is_made: false,
            is_beside: false,
        }
    }
}

impl<'t, 'p> Collector<'t, 'p> {
    fn new(types: &'t Types<'p>, file: FileId) -> Self {
        let of = types.project().file(file);
        Collector {
            types,
            file,
            facts: &of.facts,
            source: &of.source.text,
            found: OrmFacts::default(),
            seen: FxHashSet::default(),
            seen_objects: FxHashSet::default(),
            walked: FxHashSet::default(),
            or_chains: FxHashMap::default(),
            by_place: None,
            groups: 0,
            callers: None,
        }
    }

    fn python(&mut self) {
        let names: Vec<(CallId, &'p str)> = self.calls().collect();
        for &(call, name) in &names {
            match name {
                "filter" | "exclude" | "get" | "aget" | "get_or_none" | "complex_filter" | "where" | "filter_by"
                | "having" | "get_object_or_404" | "get_list_or_404" | "aget_object_or_404" | "orwhere" => {
                    self.python_filter(call, name)
                }
                "offset" | "slice" | "paginate" | "page" | "limit" | "fetch" => self.python_page(call, name),
                "order_by" => self.random_order(call),
                "AsyncPaginator" | "Paginator" => self.paginator(call),
                _ => {}
            }
        }
        self.counts_for_existence();
        self.several_counts();
        self.paged_views();
        self.lengths();
        self.sieves();
        self.products(&names);
        self.unread(&names);
        self.loose_lookups(&names);
        self.loose_columns(&names);
        for index in 0..self.facts.uses.len() {
            let used = self.facts.uses[index];
            if used.kind == UseKind::Slice {
                self.slice(used);
            }
        }
    }

    fn python_filter(&mut self, call: CallId, name: &'p str) {
        let evidence = match of_call(self.types, self.file, call) {
            Some(evidence) => evidence,
            None => match self.lookup_evidence(call) {
                Some(evidence) => evidence,
                None => return,
            },
        };
        match evidence.orm {
            Orm::Django | Orm::Tortoise => self.lookups(call, name, evidence),
            Orm::SqlAlchemy => self.columns(call, evidence),
            Orm::Peewee if matches!(name, "filter") => self.lookups(call, name, evidence),
            Orm::Peewee => self.columns(call, evidence),
            _ => {}
        }
    }

    fn ecma(&mut self) {
        let names: Vec<(CallId, &'p str)> = self.calls().collect();
        for &(call, name) in &names {
            if matches!(name, "find" | "findAll" | "findMany") {
                self.length_of_found(call);
            }
            match name {
                "filter" => self.sieve_of_found(call),
                "addOrderBy" | "orderBy" | "orderByRaw" => self.random_builder(call),
                "findAll" | "findOne" => self.random_finder(call, name),
                _ => {}
            }
            if self.seen.contains(&call) {
                continue;
            }
            if is_finder(name) {
                self.finder(call, name);
            }
            if is_condition(name) {
                self.builder(call, name);
            }
            if matches!(name, "offset" | "skip" | "range" | "page" | "fetchPage" | "paginate") {
                self.builder_page(call, name);
            }
        }
        self.counts_for_existence();
        self.products(&names);
        self.unread(&names);
        self.loose_drizzle(&names);
        self.loose_operators(&names);
        self.loose_builders(&names);
    }

    /// All calls with the name that is called.
    fn calls(&self) -> impl Iterator<Item = (CallId, &'p str)> + use<'p> {
        let facts = self.facts;
        let flow = Flow::new(facts);
        facts.calls.iter().zip(0u32..).filter_map(move |(call, id)| Some((CallId(id), flow.called_name(call)?)))
    }

    fn finish(mut self) -> OrmFacts {
        self.found.predicates.sort_by_key(|predicate| (predicate.span, predicate.call));
        self.found.predicates.dedup_by(|a, b| {
            (a.span, a.call, a.op, a.negated) == (b.span, b.call, b.op, b.negated) && a.column == b.column
        });
        self.found.pages.sort_by_key(|page| page.span);
        self.found.pages.dedup_by_key(|page| page.span);
        self.found.unordered.sort_by_key(|page| page.span);
        let mut queries: FxHashMap<u32, CallId> = FxHashMap::default();
        for index in 0..self.found.predicates.len() {
            let OrmPredicate { orm, call, group, .. } = self.found.predicates[index];
            let root = self.expression_root(call);
            let group = group.or_else(|| self.or_chains.get(&root).copied().filter(|_| orm.is_builder()));
            let query = match group {
                Some(group) => *queries.entry(group).or_insert(root),
                None => root,
            };
            let table = if orm.is_builder() { self.table(call) } else { None };
            let predicate = &mut self.found.predicates[index];
            predicate.query = query;
            predicate.group = group;
            predicate.table = table;
        }
        self.narrow_pages();
        self.found.queries = self.queries();
        let narrowing = self.narrowing_conditions();
        for index in 0..self.found.predicates.len() {
            let op = self.found.predicates[index].op;
            if op.has_leading_wildcard() || op == PredicateOp::Regex {
                self.found.predicates[index].is_indexed = self.may_be_indexed(&self.found.predicates[index]);
                let narrowed = self.narrowing(&self.found.predicates[index], &narrowing);
                let is_known = self.query_is_known(&self.found.predicates[index])
                    && !(narrowed.is_none() && self.may_be_narrowed(&self.found.predicates[index], &narrowing));
                let predicate = &mut self.found.predicates[index];
                predicate.narrowed = narrowed;
                predicate.query_is_known = is_known;
                if !is_known {
                    predicate.confidence = predicate.confidence.min(Confidence::Medium);
                }
                self.name_end_of_path(index);
            }
        }
        self.found
    }

    /// The place of the conditions that a call gives a query.
    pub(super) fn place_at(&self, evidence: &Evidence<'p>, call: CallId) -> Place {
        let Evidence { orm, model, confidence, .. } = *evidence;
        Place {
            orm,
            model,
            call,
            span: self.facts.call(call).name_span,
            group: None,
            negated: false,
            confidence,
            is_loose: false,
            is_made: false,
            is_beside: false,
        }
    }

    /// Names the column that a look-up over relations ends in by its own table.
    fn name_end_of_path(&mut self, index: usize) {
        let predicate = &mut self.found.predicates[index];
        let is_path = matches!(predicate.orm, Orm::Django | Orm::Tortoise) && predicate.column.contains("__");
        let Some(model) = predicate.model.filter(|_| is_path) else { return };
        match django::end_of_path(self.types, model, &predicate.column) {
            PathEnd::Column(model, column) => {
                let column = column.to_owned();
                predicate.model = Some(model);
                predicate.column = column;
            }
            PathEnd::Document => predicate.is_made = true,
            PathEnd::Unknown => {}
        }
    }

    /// Whether the project makes an index for searches that may hold the column of a predicate.
    fn may_be_indexed(&self, predicate: &OrmPredicate) -> bool {
        let column = predicate.column.rsplit('.').next().unwrap_or("");
        let (path, column) = column.rsplit_once("__").unwrap_or(("", column));
        let mut tables = Vec::new();
        if let Some(model) = predicate.model {
            let facts = &self.types.project().file(model.file).facts;
            let class = facts.class(model.class);
            tables.push(&facts.names[class.name]);
            let metas = facts.classes.iter().filter(|meta| meta.parent == Some(model.class));
            let attributes = class.attributes.iter().chain(metas.flat_map(|meta| &meta.attributes));
            let named = attributes.filter(|name| matches!(&facts.names[name.name], "__tablename__" | "db_table"));
            tables.extend(named.filter_map(|named| facts.literal(named.value)));
        }
        tables.extend(predicate.table.as_deref());
        // `prisma.user.findMany(…)`
        if predicate.orm == Orm::Prisma
            && is_finder(self.called(predicate.call))
            && let Some(Value::Member(_, name)) = self.receiver(predicate.call).map(|value| self.facts.value(value))
        {
            tables.push(&self.facts.names[*name]);
        }
        // Over a relation it is the column of another table, which has the name of the relation at best.
        if !path.is_empty() {
            tables.clear();
        } else if let Some((path, _)) = predicate.column.rsplit_once('.') {
            tables = path.rsplit('.').next().into_iter().collect();
        }
        self.types.project().schema().may_search(&tables, column)
    }

    /// The conditions that leave few rows for others, by their query and by the call they are given to.
    fn narrowing_conditions(&self) -> FxHashMap<CallId, Vec<usize>> {
        let mut narrowing: FxHashMap<CallId, Vec<usize>> = FxHashMap::default();
        for (index, other) in self.found.predicates.iter().enumerate() {
            // `{ id: 5 }` is one row, `{ kind: "a" }` are many.
            let is_row = || other.op == PredicateOp::Equal && self.is_unique(other);
            let narrows = other.group.is_none()
                && !other.negated
                && (!other.is_constant || is_row())
                && matches!(other.op, PredicateOp::Equal | PredicateOp::In | PredicateOp::Prefix);
            if narrows {
                narrowing.entry(other.query).or_default().push(index);
                if other.call != other.query {
                    narrowing.entry(other.call).or_default().push(index);
                }
            }
        }
        narrowing
    }

    /// What else must hold where a predicate does: in the same query, or in the query that it refines.
    fn narrowing(&self, of: &OrmPredicate, narrowing: &FxHashMap<CallId, Vec<usize>>) -> Option<Narrowing> {
        let chain = self.chain(of.call);
        let calls = std::iter::once(&of.query).chain(chain.iter());
        let others = calls.filter_map(|call| narrowing.get(call)).flatten().map(|&index| &self.found.predicates[index]);
        let mut found: Option<Narrowing> = None;
        for other in others.filter(|other| self.holds_where(other.call, of.call)) {
            let is_unique = other.op == PredicateOp::Equal && self.is_unique(other);
            let is_start = other.op == PredicateOp::Prefix;
            if is_unique || found.as_ref().is_none_or(|found| found.is_start && !is_start) {
                found = Some(Narrowing { column: other.column.clone(), is_unique, is_start });
            }
        }
        found.or_else(|| self.related_rows(&chain))
    }

    /// Whether the condition that a call adds is one of the query wherever that of another call is: it was not added under
    /// an `if` beside it.
    pub(super) fn holds_where(&self, call: CallId, other: CallId) -> bool {
        let guard = self.facts.call(call).guard;
        let mut at = self.facts.call(other).guard;
        while at != guard {
            let Some(id) = at else { return false };
            at = self.facts.guards[id.index()].parent;
        }
        true
    }

    /// Whether something may narrow the query of a predicate, under a condition that need not hold.
    fn may_be_narrowed(&self, of: &OrmPredicate, narrowing: &FxHashMap<CallId, Vec<usize>>) -> bool {
        let chain = self.chain(of.call);
        let calls = std::iter::once(&of.query).chain(chain.iter());
        let mut others = calls.filter_map(|call| narrowing.get(call)).flatten();
        others.any(|&index| !self.holds_where(self.found.predicates[index].call, of.call))
    }

    /// Whether a condition is seen to be given to a query of a whole table.
    fn query_is_known(&self, predicate: &OrmPredicate) -> bool {
        predicate.query_is_known
            && match predicate.orm {
                // A chain that starts at a model, not at a parameter.
                Orm::Django | Orm::Tortoise => predicate.model.is_some() && !self.starts_at_param(predicate.call),
                Orm::SqlAlchemy | Orm::Peewee => !self.starts_at_param(predicate.call),
                _ => true,
            }
    }

    fn starts_at_param(&self, call: CallId) -> bool {
        let first = self.chain(call).last().copied().unwrap_or(call);
        // `visible_tasks(profile).filter(…)`: what a function of the project gives may be less than all.
        if self.types.target(self.file, first).is_some() {
            return true;
        }
        self.receiver(first).is_some_and(|receiver| {
            matches!(self.facts.value(receiver), Value::Param(..) | Value::Either(..) | Value::Carried(..))
        })
    }

    /// `event.items.filter(…)`: only the rows that one row is related to.
    fn related_rows(&self, chain: &[CallId]) -> Option<Narrowing> {
        let receiver = self.receiver(*chain.last()?)?;
        let is_related = match of_receiver(self.types, self.file, receiver) {
            Some(evidence) => evidence.receiver.ends_with("RelatedManager") || evidence.receiver.ends_with(".Relation"),
            None => match self.facts.value(receiver) {
                Value::Member(object, name) => {
                    project_uses(self.types, &[Orm::Django])
                        && self.types.project().file(self.file).source.language == Language::Python
                        && !self.facts.names[*name].contains("objects")
                        && !self.facts.names[*name].contains("manager")
                        && matches!(self.facts.value(*object), Value::Member(..) | Value::Param(..) | Value::This(_))
                }
                _ => false,
            },
        };
        is_related.then(|| Narrowing { column: String::new(), is_unique: false, is_start: false })
    }

    fn is_unique(&self, predicate: &OrmPredicate) -> bool {
        let last = predicate.column.rsplit(['.']).next().unwrap_or("");
        matches!(last, "id" | "pk" | "uuid" | "_id" | "guid")
            || predicate
                .model
                .and_then(|model| django::field(self.types, model, &predicate.column))
                .is_some_and(|field| field.is_unique)
    }

    // ── Places ──────────────────────────────────────────────────────────────────────────────────────

    /// The first line of a range.
    pub(super) fn one_line(&self, span: Span) -> Span {
        let text = self.source.get(span.range()).unwrap_or("");
        let end = memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
        let line = text[..end].trim_end();
        Span::new(span.start as usize, span.start as usize + line.len())
    }

    /// Where a text of this file stands, without its quotes; `None` for what is not one text.
    pub(super) fn text_span(&self, value: ValueId) -> Option<Span> {
        let text = self.facts.text(value)?;
        let (first, last) = (text.pieces.first()?, text.pieces.last()?);
        let span = self.one_line(first.host.cover(last.host));
        (!span.is_empty()).then_some(span)
    }

    /// The name that is called.
    pub(super) fn called(&self, call: CallId) -> &'p str {
        Flow::new(self.facts).called_name(self.facts.call(call)).unwrap_or("")
    }

    /// What a method is called on.
    pub(super) fn receiver(&self, call: CallId) -> Option<ValueId> {
        match self.facts.value(self.facts.call(call).callee) {
            Value::Member(object, _) => Some(*object),
            _ => None,
        }
    }

    /// The call that a method is called on.
    pub(super) fn receiver_call(&self, call: CallId) -> Option<CallId> {
        let mut value = self.receiver(call)?;
        for _ in 0..8 {
            value = match self.facts.value(value) {
                Value::Call(call) => return Some(*call),
                Value::Carried(before, _) | Value::Member(before, _) | Value::Slice(before, ..) => *before,
                Value::Either(left, right) => match self.facts.value(*left) {
                    Value::Call(call) => return Some(*call),
                    _ => *right,
                },
                _ => return None,
            };
        }
        None
    }

    /// The calls of the chain that ends in `call`, last first.
    pub(super) fn chain(&self, call: CallId) -> Vec<CallId> {
        let mut chain = vec![call];
        while let Some(next) = self.receiver_call(chain[chain.len() - 1])
            && chain.len() < 64
            && !chain.contains(&next)
        {
            chain.push(next);
        }
        chain
    }

    /// The calls that `call` is made on directly, after it: not through a name that may be one of several.
    pub(super) fn direct_chain(&self, call: CallId) -> Vec<CallId> {
        let mut chain = vec![call];
        while let Some(receiver) = self.receiver(chain[chain.len() - 1])
            && let Value::Call(before) = *self.facts.value(receiver)
            && !chain.contains(&before)
        {
            chain.push(before);
        }
        chain
    }

    /// The chain of calls around `call` in the same query: those it is made on and those made on it.
    pub(super) fn whole_chain(&mut self, call: CallId) -> Vec<CallId> {
        if self.callers.is_none() {
            let ids = (0u32..).map(CallId).take(self.facts.calls.len());
            let callers = ids.filter_map(|id| Some((self.receiver_call(id)?, id))).collect();
            self.callers = Some(callers);
        }
        let mut last = call;
        let mut steps = 0;
        while let Some(&next) = self.callers.as_ref().and_then(|callers| callers.get(&last))
            && steps < 64
        {
            last = next;
            steps += 1;
        }
        self.chain(last)
    }

    /// What is known of the receiver of the chain that ends in `call`.
    pub(super) fn chain_evidence(&self, call: CallId) -> Option<Evidence<'p>> {
        let receiver = self.receiver(call)?;
        of_receiver(self.types, self.file, receiver)
    }

    // ── Facts ───────────────────────────────────────────────────────────────────────────────────────

    /// Whether a condition is met for the first time in what is given to this call.
    pub(super) fn walk(&mut self, call: CallId, value: ValueId) -> bool {
        self.walked.insert((call, value))
    }

    /// A number for predicates that are alternatives.
    pub(super) fn new_group(&mut self) -> u32 {
        self.groups += 1;
        self.groups
    }

    /// Adds a predicate.
    pub(super) fn add(&mut self, place: &Place, column: impl Into<String>, op: PredicateOp, value: Option<ValueId>) {
        self.add_at(place, column, op, value, place.span);
    }

    /// Adds a predicate with a place of its own.
    pub(super) fn add_at(
        &mut self,
        place: &Place,
        column: impl Into<String>,
        op: PredicateOp,
        value: Option<ValueId>,
        span: Span,
    ) {
        self.push(place, column.into(), op, value, span, false);
    }

    /// Adds a predicate whose pattern is written in the code: `LIKE` with this value.
    pub(super) fn add_like(
        &mut self,
        place: &Place,
        column: impl Into<String>,
        ignores_case: bool,
        pattern: ValueId,
        span: Span,
    ) {
        let op = self.pattern_op(pattern, ignores_case);
        self.push(place, column.into(), op, Some(pattern), span, true);
    }

    /// Adds a predicate of a SQL fragment.
    pub(super) fn push(
        &mut self,
        place: &Place,
        column: String,
        op: PredicateOp,
        value: Option<ValueId>,
        span: Span,
        is_pattern: bool,
    ) {
        let Place { orm, model, call, group, negated, confidence, is_loose, is_made, is_beside, .. } = *place;
        self.found.predicates.push(OrmPredicate {
            orm,
            column,
            model,
            table: None,
            op,
            value,
            is_constant: value.is_none_or(|value| values::is_constant(self.types, self.file, value)),
            span: self.one_line(span),
            call,
            group,
            negated,
            is_pattern,
            confidence,
            query: call,
            is_indexed: false,
            query_is_known: !is_loose,
            is_made,
            is_beside,
            narrowed: None,
        });
    }

    /// What `LIKE` with this pattern asks.
    pub(super) fn pattern_op(&self, pattern: ValueId, ignores_case: bool) -> PredicateOp {
        let first = values::first(self.types, self.file, pattern);
        let last = values::last(self.types, self.file, pattern);
        match (first, last, ignores_case) {
            (Edge::Wildcard, Edge::Text, false) => PredicateOp::Suffix,
            (Edge::Wildcard, Edge::Text, true) => PredicateOp::ISuffix,
            (Edge::Wildcard, _, false) => PredicateOp::Contains,
            (Edge::Wildcard, _, true) => PredicateOp::IContains,
            (Edge::Text, _, false) => PredicateOp::Prefix,
            (Edge::Text, _, true) => PredicateOp::IPrefix,
            _ => PredicateOp::Other,
        }
    }

    /// Adds a page.
    pub(super) fn page(
        &mut self,
        evidence: &Evidence<'p>,
        call: CallId,
        offset: ValueId,
        limit: Option<ValueId>,
        span: Span,
    ) {
        let at = self.facts.call(call);
        // `query.offset(n).all()` is run: nobody can end it any more.
        let is_run = evidence.orm == Orm::SqlAlchemy
            && self.whole_chain(call).first().is_some_and(|&last| self.called(last) == "all");
        if limit.is_none() && !self.ends(call, is_run) {
            return;
        }
        self.unordered_chain(evidence, call, offset, span);
        let begin = self.begin_of_chain(evidence, call);
        self.found.pages.push(OrmPage {
            orm: evidence.orm,
            model: evidence.model,
            offset: Some(offset),
            amount: values::amount(self.types, self.file, offset, at.in_loop),
            limit,
            span: self.one_line(span),
            function: at.function,
            begin,
            confidence: evidence.confidence,
        });
    }

    /// Whether a query that skips rows is given an end: in its chain, elsewhere in its function, or by whoever it is
    /// handed back to, unless its chain runs it. All but the newest, to delete them, is no page.
    fn ends(&self, call: CallId, is_run: bool) -> bool {
        const ENDS: [&str; 14] = [
            "limit",
            "take",
            "first",
            "one",
            "one_or_none",
            "scalar",
            "slice",
            "fetch",
            "fetchmany",
            "paginate",
            "page",
            "findOne",
            "getOne",
            "executeTakeFirst",
        ];
        let at = self.facts.call(call);
        let function = self.facts.function(at.function);
        // What is built for others, or from a query of others, may have its end there.
        let is_it = |value: ValueId| matches!(self.facts.value(value), Value::Call(other) if *other == call);
        let is_handed_on =
            !is_run && function.returns.iter().any(|&value| self.holds(value, &is_it, 0)) || self.starts_at_param(call);
        let mut others = self.facts.calls_in(at.function);
        is_handed_on
            || matches!(self.called(call), "paginate" | "page" | "fetchPage")
            || others.any(|(other, _)| ENDS.contains(&self.called(other)))
    }

    /// Whether a value is a certain one, or is made of it.
    pub(super) fn holds(&self, value: ValueId, wanted: &dyn Fn(ValueId) -> bool, depth: u8) -> bool {
        let next = |value: ValueId| self.holds(value, wanted, depth + 1);
        wanted(value)
            || depth < 8
                && match self.facts.value(value) {
                    Value::Call(call) => self.receiver(*call).is_some_and(next),
                    Value::Either(left, right) => next(*left) || next(*right),
                    Value::Carried(before, _) | Value::Member(before, _) => next(*before),
                    Value::Sequence(items) => items.iter().any(|&item| next(item)),
                    _ => false,
                }
    }

    /// The table that a builder names at the start of its chain: `knex("users")`, `.from("users")`.
    pub(super) fn table(&mut self, call: CallId) -> Option<String> {
        self.whole_chain(call).into_iter().rev().find_map(|id| {
            let call = self.facts.call(id);
            let names_table = self.receiver(id).is_none()
                || matches!(self.called(id), "from" | "table" | "selectFrom" | "updateTable" | "deleteFrom" | "into");
            let name = self.facts.literal(call.args.first().filter(|_| names_table)?.value)?;
            name.split_whitespace().next().map(str::to_owned)
        })
    }
}

/// Whether a method of this name is given an object with a `where` or is one of MikroORM's or TypeORM's.
fn is_finder(name: &str) -> bool {
    name.starts_with("find")
        || name.starts_with("update")
        || name.starts_with("delete")
        || matches!(
            name,
            "count"
                | "aggregate"
                | "groupBy"
                | "upsert"
                | "destroy"
                | "sum"
                | "min"
                | "max"
                | "nativeUpdate"
                | "nativeDelete"
                | "increment"
                | "decrement"
                | "exists"
                | "exist"
                | "softDelete"
                | "restore"
        )
}

/// Whether a method of this name adds a condition to a chain.
pub(super) fn is_condition(name: &str) -> bool {
    let rest = name.strip_prefix("or").or_else(|| name.strip_prefix("and")).unwrap_or(name);
    rest.strip_prefix("where")
        .or_else(|| rest.strip_prefix("Where"))
        .or_else(|| rest.strip_prefix("having"))
        .or_else(|| rest.strip_prefix("Having"))
        .is_some()
}
