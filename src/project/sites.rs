//! Which places of a file reach a database.
//!
//! A site is a call that a catalog says makes a round trip, or a lazy query that something runs. The
//! evidence is a resolved path or receiver (high confidence) or a catalogued shape in a project that uses
//! the library (medium).

use rustc_hash::FxHashSet;

use super::caches;
use super::flow::Flow;
use super::inlined::hands_over;
use super::inputs::InputFinder;
use super::scripts::is_script;
use super::types::{ClassMember, Ty, Types};
use super::verbs::by_verb;
use super::{ClassRef, FileId, FunctionRef, gathered};
use crate::apis::{ApiCall, ArgRef, CatalogLanguage, Effect, LibraryId, RunsOn};
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::{Language, Span};
use crate::sql::Dialect;

/// What a round trip does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SiteEffect {
    /// Reads rows.
    Query,
    /// Changes rows.
    Write,
    /// One round trip for many rows.
    Batch,
    /// Begins, commits, sets: not about rows.
    Transaction,
}

/// A place that reaches a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuerySite {
    /// The call that stands for it.
    pub call: CallId,
    /// Its name, on one line.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// The innermost loop around it.
    pub in_loop: Option<LoopId>,
    /// The innermost condition.
    pub guard: Option<GuardId>,
    /// What it does.
    pub effect: SiteEffect,
    /// High if resolved, medium by shape.
    pub confidence: Confidence,
    /// Whose call it is.
    pub library: LibraryId,
    /// The catalogued path: `django.db.models.QuerySet.get`.
    pub path: Box<str>,
    /// How the library does it for many rows at once.
    pub batch: Option<Box<str>>,
    /// The same for what a caller hands over and writes.
    pub batch_write: Option<Box<str>>,
    /// What the library's page for a model is about.
    pub model: Option<ClassRef>,
    /// Its SQL, if it is known: the file and the indices into its statements.
    pub sql: Vec<(FileId, usize)>,
    /// What decides which rows it is about: arguments, and the row or rows that it is called on.
    pub inputs: Vec<ValueId>,
    /// The connection, session or client that it goes through, if that is known to be one.
    pub via: Option<ValueId>,
    /// The same, if it is not just the model that is asked.
    pub connection: Option<ValueId>,
    /// Whole lists of keys that it asks for at once.
    pub lists: Vec<ValueId>,
    /// Whether the library makes one query of those that are asked at once.
    pub is_gathered: bool,
    /// The parameter that has to be a row for this to be a query at all, where nothing but the call tells:
    /// `def close(item): item.save()`.
    pub of_row: Option<u16>,
}

/// Whether what a function of this name or package collects is waited for: `xs.map(…)`, `pMap(xs, …)`.
fn collects(name: &str) -> bool {
    matches!(name, "map" | "flatMap" | "mapAsync" | "mapLimit" | "mapSeries") || name.starts_with("p-")
}

/// Where the queryset that a call asks is begun, if that is another statement: `books = Book.objects.filter(…)`.
pub(crate) fn begun(facts: &FileFacts, id: CallId) -> Option<Span> {
    let call = facts.call(id);
    let mut first = call;
    while let Value::Member(object, _) = *facts.value(first.callee)
        && let Value::Call(before) = *facts.value(object)
    {
        first = facts.call(before);
    }
    (first.function == call.function && !call.span.contains(first.name_span)).then_some(first.name_span)
}

/// All sites of a file, in order of place.
pub(super) fn find(types: &Types<'_>, file: FileId) -> Vec<QuerySite> {
    let mut finder = Finder::new(types, file);
    for index in 0..finder.facts.calls.len() {
        finder.call(CallId(u32::try_from(index).unwrap_or(u32::MAX)));
    }
    for index in 0..finder.facts.uses.len() {
        finder.used(finder.facts.uses[index]);
    }
    finder.returned();
    finder.leave_out_memory();
    finder.sites.sort_by_key(|site| (site.span, site.call));
    finder.sites
}

struct Finder<'t, 'p> {
    types: &'t Types<'p>,
    file: FileId,
    facts: &'p FileFacts,
    seen: FxHashSet<CallId>,
    sites: Vec<QuerySite>,
}

/// The site that a call would be if what it gives were run over.
pub(super) fn when_run_over(types: &Types<'_>, file: FileId, call: CallId) -> Option<QuerySite> {
    let mut finder = Finder::new(types, file);
    finder.run_lazy(call, |runs_on| runs_on.iterate, None);
    finder.sites.pop()
}

impl<'t, 'p> Finder<'t, 'p> {
    fn new(types: &'t Types<'p>, file: FileId) -> Self {
        let facts: &'p FileFacts = &types.project().file(file).facts;
        Finder { types, file, facts, seen: FxHashSet::default(), sites: Vec::new() }
    }

    // ── Calls ───────────────────────────────────────────────────────────────────────────────────────

    fn call(&mut self, id: CallId) {
        if let (Some(api), sure) = self.types.surely(|| self.types.api_call(self.file, id)) {
            self.effect(id, api, if sure { Confidence::High } else { Confidence::Medium });
        } else if let Some(shape) = self.types.shape(self.file, id) {
            self.effect(id, &shape.call, Confidence::Medium);
        } else if let Some(api) = self.types.row_by_name(self.file, id) {
            self.effect(id, api, Confidence::Medium);
        } else if let Some(api) = self.types.row_by_mixin(self.file, id) {
            self.effect(id, api, Confidence::High);
        } else if let Some((api, param)) = self.types.row_by_caller(self.file, id) {
            self.effect(id, api, Confidence::Medium);
            self.sites.iter_mut().filter(|site| site.call == id).for_each(|site| site.of_row = Some(param));
        } else {
            self.consumer(id);
        }
        let call = self.facts.call(id);
        if call.awaited {
            self.run_lazy(id, |runs_on| runs_on.awaits, call.in_loop);
        }
        // `builder.then(…)` runs it; a call on a lazy value that catalogs do not know is a step of its building.
        if let Value::Member(object, _) = self.facts.value(call.callee)
            && self.is_continued(id)
        {
            self.run_value(*object, |runs_on| runs_on.awaits, call.in_loop);
        }
    }

    /// Whether a call says what is done with an answer: `query.then(…)`.
    fn is_continued(&self, id: CallId) -> bool {
        matches!(self.facts.value(self.facts.call(id).callee), Value::Member(_, name)
            if matches!(&self.facts.names[*name], "then" | "catch" | "finally"))
    }

    fn effect(&mut self, id: CallId, api: &'p ApiCall, confidence: Confidence) {
        if self.is_lookup_with_default(id) {
            return;
        }
        let sql = match &api.sql {
            Some(arg) => self.sql_of(id, arg),
            // `db.prepare("…").run()`: the SQL is that of what it is called on.
            None if api.effect == Effect::Sql => self.chain(id).1,
            None => Vec::new(),
        };
        let effect = match api.effect {
            Effect::None | Effect::Build => return self.consumer(id),
            // A statement that defines is no row: `prisma.$executeRaw` takes those too.
            Effect::Write => {
                match by_verb(self.types, &sql).or_else(|| self.by_word(id, api)).or_else(|| self.by_script(id, api)) {
                    Some(SiteEffect::Transaction) => SiteEffect::Transaction,
                    _ => SiteEffect::Write,
                }
            }
            Effect::Batch => SiteEffect::Batch,
            Effect::Transaction => SiteEffect::Transaction,
            Effect::Query | Effect::Sql => {
                let said = by_verb(self.types, &sql)
                    .or_else(|| self.by_statement_type(id, api))
                    .or_else(|| self.by_word(id, api))
                    .or_else(|| self.by_script(id, api));
                said.unwrap_or(SiteEffect::Query)
            }
        };
        self.add(id, api, effect, confidence, sql);
    }

    /// `found.get((kind, key), [])`: what a method of the project made of a query is a dict.
    fn is_lookup_with_default(&self, id: CallId) -> bool {
        let call = self.facts.call(id);
        let key = call.args.first().filter(|arg| call.args.len() == 2 && arg.name.is_none());
        Flow::new(self.facts).called_name(call) == Some("get")
            && key.is_some_and(|key| matches!(self.facts.value(key.value), Value::Sequence(_)))
            && call.args[1].name.is_none()
    }

    /// What a built statement that is handed to a call does: `session.execute(insert(User))`.
    fn by_statement_type(&self, id: CallId, api: &ApiCall) -> Option<SiteEffect> {
        let value = argument(self.facts, id, api.sql.as_ref()?)?;
        let Ty::Api(ty, _) = self.types.of(self.file, value) else {
            return (api.path.starts_with("sqlalchemy.") && self.is_built_write(value)).then_some(SiteEffect::Write);
        };
        match self.types.project().catalog.type_(ty).effect {
            Effect::Query => Some(SiteEffect::Query),
            Effect::Write => Some(SiteEffect::Write),
            Effect::Transaction => Some(SiteEffect::Transaction),
            _ => None,
        }
    }

    /// `table.update().where(…).values(…)` of a table that is not in sight.
    fn is_built_write(&self, statement: ValueId) -> bool {
        let mut at = statement;
        for _ in 0..16 {
            let Value::Call(call) = *self.facts.value(at) else { return false };
            let call = self.facts.call(call);
            let Value::Member(object, name) = *self.facts.value(call.callee) else { return false };
            if matches!(&self.facts.names[name], "delete" | "insert" | "update") {
                return call.args.is_empty();
            }
            at = object;
        }
        false
    }

    /// How what a call runs is done for many rows: a built statement that writes knows best, whether it is handed over
    /// (`session.execute(update(User))`) or called (`User.delete().execute()`).
    fn batch(&self, id: CallId, api: &'p ApiCall, effect: SiteEffect) -> Option<&'p str> {
        let writes = effect == SiteEffect::Write;
        let built = || {
            let value = match (&api.sql, self.facts.value(self.facts.call(id).callee)) {
                (Some(arg), _) => argument(self.facts, id, arg)?,
                (None, Value::Member(object, _)) => *object,
                _ => return None,
            };
            let Ty::Api(ty, _) = self.types.of(self.file, value) else { return None };
            let ty = self.types.project().catalog.type_(ty);
            matches!(ty.effect, Effect::Write | Effect::Sql).then(|| ty.batch_for(true)).flatten()
        };
        writes.then(built).flatten().or_else(|| api.batch_for(writes))
    }

    /// What a statement that cannot be read, as its tables are holes, says by its first word: it defines, or is about
    /// transactions and locks.
    fn by_word(&self, id: CallId, api: &ApiCall) -> Option<SiteEffect> {
        const DEFINING: [&str; 22] = [
            "alter",
            "analyze",
            "begin",
            "comment",
            "commit",
            "create",
            "discard",
            "drop",
            "grant",
            "listen",
            "lock",
            "notify",
            "refresh",
            "reindex",
            "release",
            "revoke",
            "rollback",
            "savepoint",
            "set",
            "truncate",
            "unlisten",
            "vacuum",
        ];
        let mut statement = argument(self.facts, id, api.sql.as_ref()?)?;
        // `text("…")` of SQLAlchemy's.
        if let Value::Call(made) = *self.facts.value(statement)
            && Flow::new(self.facts).called_name(self.facts.call(made)) == Some("text")
        {
            statement = self.facts.call(made).args.first()?.value;
        }
        let text = self.facts.text(statement)?;
        let word = text.cooked.split_whitespace().next()?;
        DEFINING.iter().any(|known| word.eq_ignore_ascii_case(known)).then_some(SiteEffect::Transaction)
    }

    /// A script that is read from a file defines and fills tables; it is not about the rows of a loop. A query that is
    /// kept in a file is given its parameters.
    fn by_script(&self, id: CallId, api: &ApiCall) -> Option<SiteEffect> {
        let statement = argument(self.facts, id, api.sql.as_ref()?)?;
        let has_params = self.facts.call(id).args.len() > 1;
        (!has_params && is_script(self.facts, statement)).then_some(SiteEffect::Transaction)
    }

    fn add(
        &mut self,
        id: CallId,
        api: &'p ApiCall,
        effect: SiteEffect,
        confidence: Confidence,
        sql: Vec<(FileId, usize)>,
    ) {
        if !self.seen.insert(id) {
            return;
        }
        let call = self.facts.call(id);
        // Calls that the library makes one query of are one where the loop that makes them all begins.
        let gathering = if api.same_tick { self.gathering(id) } else { None };
        let place = gathering.map_or(call, |gathering| self.facts.call(gathering));
        let inputs = InputFinder::new(self.types, self.file).of(id);
        self.sites.push(QuerySite {
            call: id,
            span: call.name_span,
            function: place.function,
            in_loop: place.in_loop,
            guard: place.guard,
            effect,
            confidence,
            library: api.library,
            path: api.path.as_str().into(),
            batch: self.batch(id, api, effect).map(Into::into),
            batch_write: api.batch_write.as_deref().map(Into::into),
            model: api
                .model
                .as_ref()
                .and_then(|arg| self.types.model_argument(self.file, id, arg))
                .or(self.model(call)),
            sql,
            inputs: inputs.args.into_iter().chain(inputs.root).collect(),
            via: inputs.via,
            connection: inputs.connection,
            lists: inputs.lists,
            is_gathered: api.same_tick,
            of_row: None,
        });
    }

    /// The `xs.map(…)` in `Promise.all(xs.map(x => call(x)))`, if nothing in the callback is awaited before `call`: all
    /// calls are made in one tick.
    fn gathering(&self, id: CallId) -> Option<CallId> {
        let call = self.facts.call(id);
        let LoopKind::Callback(map) = self.facts.loop_(call.in_loop?).kind else { return None };
        let gathered = self.facts.calls_given_result(map).any(|(_, all)| {
            let Value::Member(object, name) = self.facts.value(all.callee) else { return false };
            matches!(self.facts.value(*object), Value::Global(name) if &self.facts.names[*name] == "Promise")
                && matches!(&self.facts.names[*name], "all" | "allSettled")
                && all.args.first().is_some_and(|arg| *self.facts.value(arg.value) == Value::Call(map))
        });
        if !gathered {
            return None;
        }
        let is_before = |span: Span| span.end <= call.span.start;
        let waits = self.facts.calls_in(call.function).any(|(_, other)| other.awaited && is_before(other.span))
            || self
                .facts
                .uses
                .iter()
                .any(|used| used.kind == UseKind::Await && used.function == call.function && is_before(used.span));
        (!waits).then_some(map)
    }

    /// The model that what is called on is about.
    fn model(&self, call: &Call) -> Option<ClassRef> {
        let Value::Member(object, _) = self.facts.value(call.callee) else { return None };
        match self.types.of(self.file, *object) {
            Ty::Api(_, model) => model,
            Ty::Class(class) => Some(class),
            Ty::Instance(class, model) => model.or(Some(class)),
            _ => None,
        }
    }

    // ── Lazy queries ────────────────────────────────────────────────────────────────────────────────

    /// Builtins that run over what they are given.
    fn consumer(&mut self, id: CallId) {
        let call = self.facts.call(id);
        let name = match self.facts.value(call.callee) {
            Value::Global(name) => &self.facts.names[*name],
            Value::Member(object, name) if matches!(self.facts.value(*object), Value::Global(_)) => {
                let all = matches!(&self.facts.names[*name], "all" | "allSettled" | "race" | "any");
                if all && let Some(arg) = call.args.first() {
                    self.run_parts(arg.value, call.in_loop);
                }
                return;
            }
            _ => {
                self.chained(id);
                return self.serialized(id);
            }
        };
        let runs: fn(&RunsOn) -> bool = match name {
            "len" => |runs_on| runs_on.len,
            "bool" => |runs_on| runs_on.test,
            "str" => |runs_on| runs_on.str,
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "dict" | "sum" | "any" | "all" | "min" | "max"
            | "next" | "iter" | "enumerate" | "zip" | "map" | "filter" | "reversed" => |runs_on| runs_on.iterate,
            _ => return,
        };
        for arg in call.args.iter().take(3) {
            self.run_value(arg.value, runs, call.in_loop);
        }
    }

    /// `chain(*[author.books.all() for author in authors])` runs over each of the queries that it is given.
    fn chained(&mut self, id: CallId) {
        let call = self.facts.call(id);
        let name = Flow::new(self.facts).called_name(call);
        for arg in call.args.iter().take(3) {
            let list = match (name, self.facts.value(arg.value)) {
                (Some("chain"), Value::Spread(list)) => *list,
                (Some("from_iterable"), _) => arg.value,
                _ => continue,
            };
            if let Value::Collected(query, made) = *self.facts.value(list) {
                self.run_value(query, |runs_on| runs_on.iterate, Some(made));
            }
        }
    }

    /// `BookSerializer(author.books.all(), many=True).data` of Django REST framework runs over the rows that it is given.
    fn serialized(&mut self, id: CallId) {
        let call = self.facts.call(id);
        let is = |arg: &Arg, name: &str| arg.name.is_some_and(|own| &self.facts.names[own] == name);
        let many = |arg: &Arg| is(arg, "many") && *self.facts.value(arg.value) == Value::Bool(true);
        let given = call.args.iter().find(|arg| arg.name.is_none() || is(arg, "instance"));
        let Some(given) = given.filter(|_| call.args.iter().any(many)) else { return };
        let is_read = self.facts.accesses.iter().any(|access| {
            matches!(*self.facts.value(access.value), Value::Member(object, name)
                if &self.facts.names[name] == "data" && *self.facts.value(object) == Value::Call(id))
        });
        if is_read
            && let Ty::Class(class) = self.types.of(self.file, call.callee)
            && self.types.extends(class, &|name| name.ends_with("Serializer"))
        {
            self.run_value(given.value, |runs_on| runs_on.iterate, call.in_loop);
        }
    }

    fn used(&mut self, used: Use) {
        let runs: fn(&RunsOn) -> bool = match used.kind {
            UseKind::Await => |runs_on| runs_on.awaits,
            UseKind::Iterate => |runs_on| runs_on.iterate,
            UseKind::Test => |runs_on| runs_on.test,
            UseKind::Index => |runs_on| runs_on.index,
            UseKind::Contains => |runs_on| runs_on.contains,
            // A slice of a lazy query is a lazy query, and what a text shows of one is no matter here.
            UseKind::Slice | UseKind::Text => return,
        };
        self.run_value(used.value, runs, used.in_loop);
        if used.kind == UseKind::Await {
            self.run_parts(used.value, used.in_loop);
        }
    }

    /// What an async function returns is awaited by the runtime; so is what `xs.map(async …)` collects.
    fn returned(&mut self) {
        let sent = gathered::sent_at_once(self.facts);
        for index in 0..self.facts.functions.len() {
            let function = &self.facts.functions[index];
            let collected = function.runs_in.is_some_and(|id| match self.facts.loop_(id).kind {
                LoopKind::Callback(call) => {
                    if sent.contains(&call) {
                        return false;
                    }
                    let call = self.facts.call(call);
                    let name = Flow::new(self.facts).called_name(call);
                    (call.awaited || call.result != ResultUse::Discarded) && name.is_some_and(collects)
                }
                _ => false,
            });
            let id = FunctionId(u32::try_from(index).unwrap_or(u32::MAX));
            if function.traits.is_async || collected || hands_over(self.types, self.file, id) {
                for value in function.returns.clone() {
                    self.run_value(value, |runs_on| runs_on.awaits, function.runs_in);
                }
            }
        }
    }

    fn run_parts(&mut self, value: ValueId, at: Option<LoopId>) {
        match self.facts.value(value) {
            Value::Sequence(items) if items.is_empty() => {
                for (pushed, at) in gathered::pushed(self.facts, value) {
                    self.run_value(pushed, |runs_on| runs_on.awaits, at);
                }
            }
            Value::Sequence(items) => {
                for &item in items {
                    self.run_value(item, |runs_on| runs_on.awaits, at);
                }
            }
            Value::Collected(item, _) => self.run_value(*item, |runs_on| runs_on.awaits, at),
            _ => {}
        }
    }

    fn run_value(&mut self, value: ValueId, runs: fn(&RunsOn) -> bool, at: Option<LoopId>) {
        match self.facts.value(value) {
            Value::Call(call) => self.run_lazy(*call, runs, at),
            Value::Either(left, right) => {
                self.run_value(*left, runs, at);
                self.run_value(*right, runs, at);
            }
            Value::Carried(before, _) => self.run_value(*before, runs, at),
            Value::Slice(object, ..) => self.run_value(*object, runs, at),
            // `for books in [author.books.all() for author in authors]: for book in books`
            Value::Element(list, _) => {
                if let Value::Collected(query, made) = *self.facts.value(*list) {
                    self.run_value(query, runs, Some(made));
                }
            }
            _ => {}
        }
    }

    /// The lazy query that `id` makes is run at `at`. A query made outside the loop it is used in is
    /// remembered by the library after its first run.
    fn run_lazy(&mut self, id: CallId, runs: fn(&RunsOn) -> bool, at: Option<LoopId>) {
        let project = self.types.project();
        // The value of a call is asked by the expression it is; the arena stores each call once.
        let (value, sure) = self.types.surely(|| self.types.of_call(self.file, id));
        let (ty, model) = match value {
            Ty::Api(ty, model) => (ty, model),
            Ty::Instance(class, model) => match self.types.api_base(class) {
                Some(ty) => (ty, model),
                None => return,
            },
            _ => return,
        };
        let api_type = project.catalog.type_(ty);
        // `await books.insert(row).then((rows) => rows[0])` is run by `then`, and once.
        if !runs(&api_type.runs_on) || self.is_continued(id) {
            return;
        }
        // What an async function of JavaScript gives has been run in it.
        let target = self.types.target(self.file, id);
        if target.is_some_and(|function| self.types.is_async(function)) || !self.seen.insert(id) {
            return;
        }
        if target.is_some_and(|function| caches::gives_prefetched(project, function)) {
            return;
        }
        let call = self.facts.call(id);
        let flow = Flow::new(self.facts);
        let in_loop = match call.in_loop {
            Some(made) if !flow.inside(at, made) => at,
            made => made,
        };
        let (steps, sql) = self.chain(id);
        let confidence = match sure {
            _ if self.method_of(id).is_some_and(|method| caches::gives_relation(project, method)) => Confidence::Low,
            true => Confidence::High,
            false => Confidence::Medium,
        };
        let verb_effect = steps.iter().find(|step| step.effect == Effect::Write).map(|_| SiteEffect::Write);
        let said = || by_verb(self.types, &sql).or_else(|| self.by_word(id, steps.first()?));
        let effect = verb_effect.or_else(said).unwrap_or(match api_type.effect {
            Effect::Write => SiteEffect::Write,
            Effect::Batch => SiteEffect::Batch,
            Effect::Transaction => SiteEffect::Transaction,
            Effect::None => return,
            _ => SiteEffect::Query,
        });
        let writes = effect == SiteEffect::Write;
        let batch = api_type.batch_for(writes).or_else(|| steps.iter().find_map(|step| step.batch_for(writes)));
        let inputs = InputFinder::new(self.types, self.file).of(id);
        self.sites.push(QuerySite {
            call: id,
            span: call.name_span,
            function: call.function,
            in_loop,
            guard: call.guard,
            effect,
            confidence,
            library: api_type.library,
            path: steps.first().map_or(api_type.name.as_str(), |step| step.path.as_str()).into(),
            batch: batch.map(Into::into),
            batch_write: None,
            model: model.or_else(|| self.model(call)),
            sql,
            inputs: inputs.args.into_iter().chain(inputs.root).collect(),
            via: inputs.via,
            connection: inputs.connection,
            lists: inputs.lists,
            is_gathered: false,
            of_row: None,
        });
    }

    /// The function that a call runs, or the property that a template reads.
    fn method_of(&self, id: CallId) -> Option<FunctionRef> {
        let read = || {
            let Value::Member(object, name) = *self.facts.value(self.facts.call(id).callee) else { return None };
            let Ty::Instance(class, _) = self.types.of(self.file, object) else { return None };
            match self.types.class_member(class, &self.facts.names[name])? {
                ClassMember::Method(method) => Some(method),
                ClassMember::Attribute(..) => None,
            }
        };
        self.types.target(self.file, id).or_else(read)
    }

    /// The catalogued steps of a chain of calls, last first, and the SQL given to any of them.
    fn chain(&self, id: CallId) -> (Vec<&'p ApiCall>, Vec<(FileId, usize)>) {
        let mut steps = Vec::new();
        let mut sql = Vec::new();
        let mut at = Some(id);
        for _ in 0..64 {
            let Some(id) = at else { break };
            if let Some(api) = self.types.catalogued(self.file, id) {
                if let Some(arg) = &api.sql {
                    sql.extend(self.sql_of(id, arg));
                }
                steps.push(api);
            }
            let mut value = match self.facts.value(self.facts.call(id).callee) {
                Value::Member(object, _) => *object,
                _ => break,
            };
            while let Value::Member(object, _) | Value::Item(object, _) | Value::Carried(object, _) =
                self.facts.value(value)
            {
                value = *object;
            }
            at = match self.facts.value(value) {
                Value::Call(call) => Some(*call),
                _ => None,
            };
        }
        (steps, sql)
    }

    /// A database in memory has no round trips: what a file with one runs on connections that nothing types is left out.
    fn leave_out_memory(&mut self) {
        let catalog = &self.types.project().catalog;
        let in_memory = self.facts.calls.iter().any(|call| {
            Flow::new(self.facts).called_name(call) == Some("connect")
                && call.args.first().is_some_and(|arg| self.facts.literal(arg.value) == Some(":memory:"))
        });
        if in_memory {
            let is_local = |site: &QuerySite| catalog.library(site.library).dialect == Some(Dialect::Sqlite);
            let is_untyped = |site: &QuerySite| site.confidence < Confidence::High && site.path.contains("execute");
            self.sites.retain(|site| !is_local(site) && !is_untyped(site));
        }
    }

    // ── SQL ─────────────────────────────────────────────────────────────────────────────────────────

    fn sql_of(&self, id: CallId, arg: &ArgRef) -> Vec<(FileId, usize)> {
        let Some(value) = argument(self.facts, id, arg) else { return Vec::new() };
        let mut found = Vec::new();
        sql_behind(self.types, self.file, value, &mut found);
        found
    }
}

/// How many values are looked at for statements: what is called again and again may be made of any number.
const MAX_SQL_PARTS: usize = 200;

/// The statements that a value holds: of its text, of the constant it names, of what a builder was given.
pub(super) fn sql_behind(types: &Types<'_>, file: FileId, value: ValueId, into: &mut Vec<(FileId, usize)>) {
    collect_sql(types, file, value, &mut FxHashSet::default(), into);
}

fn collect_sql(
    types: &Types<'_>,
    file: FileId,
    value: ValueId,
    seen: &mut FxHashSet<(FileId, ValueId)>,
    into: &mut Vec<(FileId, usize)>,
) {
    if seen.len() >= MAX_SQL_PARTS || !seen.insert((file, value)) {
        return;
    }
    let facts = &types.project().file(file).facts;
    match facts.value(value) {
        Value::Text(text) => {
            // Statements are in the order of their texts.
            let from = facts.statements.partition_point(|statement| statement.text < Some(*text));
            let same = facts.statements[from..].iter().take_while(|statement| statement.text == Some(*text)).count();
            into.extend((from..from + same).map(|index| (file, index)));
        }
        Value::Either(left, right) => {
            collect_sql(types, file, *left, seen, into);
            collect_sql(types, file, *right, seen, into);
        }
        Value::Carried(before, _) => collect_sql(types, file, *before, seen, into),
        // `text("…")`, sql`…`, `Prisma.sql`…``
        Value::Call(call) => {
            let first = facts.call(*call).args.first();
            let is_sql = types.api_call(file, *call).is_some_and(|api| api.sql.is_some())
                || first.is_some_and(|arg| facts.text(arg.value).is_some_and(|text| text.tag.is_some()));
            if let Some(arg) = first.filter(|_| is_sql) {
                collect_sql(types, file, arg.value, seen, into);
            } else if let Value::Member(object, name) = facts.value(facts.call(*call).callee)
                && matches!(&facts.names[*name], "bindparams" | "columns" | "execution_options" | "params")
            {
                // `text("…").bindparams(q=q)`
                collect_sql(types, file, *object, seen, into);
            } else if let Some(maker) = types.target(file, *call) {
                // `insert_query("books", book)`
                for &value in &types.facts(maker.file).function(maker.function).returns {
                    collect_sql(types, maker.file, value, seen, into);
                }
            }
        }
        Value::Mapping(entries) => {
            let text = entries.iter().find(|(key, _)| matches!(facts.literal(*key), Some("text" | "sql" | "query")));
            if let Some(&(_, value)) = text {
                collect_sql(types, file, value, seen, into);
            }
        }
        Value::Import(_) | Value::Member(..) => {
            if let Some((file, value)) = types.definition(file, value) {
                collect_sql(types, file, value, seen, into);
            }
        }
        _ => {}
    }
}

/// The argument that a catalog entry names.
pub(crate) fn argument(facts: &FileFacts, id: CallId, arg: &ArgRef) -> Option<ValueId> {
    let call = facts.call(id);
    match arg {
        ArgRef::Index(index) => {
            let positional = call.args.iter().filter(|arg| arg.name.is_none()).nth(usize::from(*index));
            let positional = positional.or_else(|| call.args.first().filter(|_| *index == 0));
            positional.map(|arg| arg.value)
        }
        ArgRef::Keyword(name) => {
            let named = call.args.iter().find(|arg| arg.name.is_some_and(|id| facts.names[id] == **name));
            named.map(|arg| arg.value).or_else(|| {
                call.args.iter().find_map(|arg| match facts.value(arg.value) {
                    Value::Mapping(entries) => {
                        entries.iter().find(|(key, _)| facts.literal(*key) == Some(&**name)).map(|entry| entry.1)
                    }
                    _ => None,
                })
            })
        }
    }
}

/// The catalogs' name of a file's language.
pub(super) fn catalog_language(language: Language) -> CatalogLanguage {
    if language.is_ecma() { CatalogLanguage::Ecma } else { CatalogLanguage::Python }
}

impl Types<'_> {
    /// The value behind an import or an attribute, with its file, where it can be followed.
    pub(crate) fn definition(&self, file: FileId, value: ValueId) -> Option<(FileId, ValueId)> {
        let project = self.project();
        let facts = &project.file(file).facts;
        match facts.value(value) {
            Value::Import(import) => {
                let import = &facts.imports[import.index()];
                let Imported::Name(name) = import.what else { return None };
                let target = project.resolve_module(file, &facts.names[import.module])?;
                self.exported_value(target, &facts.names[name])
            }
            Value::Member(object, name) => {
                let name = &facts.names[*name];
                match self.of(file, *object) {
                    Ty::Class(class) | Ty::Instance(class, _) => match self.class_member(class, name)? {
                        ClassMember::Attribute(file, value, _) => Some((file, value)),
                        ClassMember::Method(_) => None,
                    },
                    Ty::Module(file) => self.exported_value(file, name),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn exported_value(&self, file: FileId, name: &str) -> Option<(FileId, ValueId)> {
        let project = self.project();
        let bound = |file: FileId| {
            let id = project.file(file).facts.names.find(name)?;
            project.binding(file, id).map(|value| (file, value))
        };
        bound(file).or_else(|| bound(*project.stars(file).files.get(name)?))
    }
}
