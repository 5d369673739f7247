//! Pages that are taken by skipping rows: `.offset(n)`, `qs[a:b]`, `skip`/`take`, `paginate`; and what is told
//! of them.

use super::collect::Collector;
use super::evidence::{Evidence, of_call, of_receiver, project_uses};
use super::help;
use super::{Amount, Draft, Orm, OrmPage, sort, values};
use crate::facts::*;
use crate::findings::{Confidence, Role, Severity};
use crate::project::schema::Owner;
use crate::project::{ClassRef, FileId, Project};

/// From so many skipped rows on, a constant is told (measured: 74 times the work of the first page).
const LARGE: i64 = 10_000;

const WHY: &str = "skipped rows are read all the same: in the order of the primary key PostgreSQL did 8 times the work of the \
                   first page at offset 1,000, 74 times at 10,000 and 582 times at 100,000";

impl<'p> Collector<'_, 'p> {
    /// `.offset(n)` and its like in Python.
    pub(super) fn python_page(&mut self, call: CallId, name: &'p str) {
        let at = self.facts.call(call);
        let evidence = match of_call(self.types, self.file, call) {
            Some(evidence) => evidence,
            None => match self.limited_query(call, name) {
                Some(evidence) => evidence,
                None => return,
            },
        };
        let positional = |index: usize| at.args.iter().filter(|arg| arg.name.is_none()).nth(index).map(|arg| arg.value);
        let named = |wanted: &str| {
            at.args
                .iter()
                .find(|arg| arg.name.is_some_and(|name| &self.facts.names[name] == wanted))
                .map(|arg| arg.value)
        };
        let (offset, limit) = match (name, evidence.orm) {
            ("offset", Orm::SqlAlchemy | Orm::Peewee | Orm::Tortoise) => (positional(0), None),
            ("slice", Orm::SqlAlchemy) => (positional(0), positional(1)),
            // Its page number comes from the request if it is not given.
            ("paginate", Orm::SqlAlchemy) => (named("page").or(positional(0)).or(Some(UNKNOWN)), named("per_page")),
            ("paginate", Orm::Peewee) => (positional(0).or(named("page")), positional(1)),
            ("page", Orm::Pony) => (positional(0).or(named("pagenum")), positional(1)),
            ("limit" | "fetch", Orm::Pony) => (named("offset").or(positional(1)), positional(0)),
            _ => return,
        };
        if let Some(offset) = offset.filter(|&offset| !values::is_drawn(self.facts, offset)) {
            self.page(&evidence, call, offset, limit, at.name_span);
        }
    }

    /// An untyped query that is both limited and skipped: `query.limit(n).offset(m)`.
    fn limited_query(&mut self, call: CallId, name: &str) -> Option<Evidence<'p>> {
        let receiver = self.receiver(call)?;
        if name != "offset" || !self.types.may_be_database(self.file, receiver) {
            return None;
        }
        if !self.whole_chain(call).iter().any(|&other| self.called(other) == "limit") {
            return None;
        }
        let orms = [Orm::SqlAlchemy, Orm::Peewee, Orm::Tortoise];
        let orm = orms.into_iter().find(|&orm| project_uses(self.types, &[orm]))?;
        Some(Evidence { orm, model: None, confidence: Confidence::Medium, receiver: "" })
    }

    /// Whether only so many rows are taken from the start of a slice: `rows[skip:][:size]`.
    fn is_cut(&self, slice: ValueId, function: FunctionId) -> bool {
        self.facts.uses.iter().filter(|used| used.function == function).any(|used| {
            match *self.facts.value(used.value) {
                Value::Slice(object, UNKNOWN, high) if high != UNKNOWN => {
                    self.holds(object, &|value| value == slice, 0)
                }
                _ => false,
            }
        })
    }

    /// Whether the rows that are cut into slices have been counted in memory before: `range(0, len(rows), size)`. Django
    /// keeps what it has read.
    fn is_read_before(&self, rows: ValueId, used: Use) -> bool {
        let is_first = |call: &Call| {
            let heads = used.in_loop.is_some_and(|id| self.facts.loop_(id).head.contains(call.span));
            call.function == used.function && (call.span.end <= used.span.start || heads)
        };
        self.facts.calls_given(rows).any(|(_, call)| {
            matches!(self.facts.value(call.callee), Value::Global(name) if &self.facts.names[*name] == "len")
                && call.args.first().is_some_and(|arg| arg.value == rows)
                && is_first(call)
        })
    }

    /// `queryset[a:b]`
    pub(super) fn slice(&mut self, used: Use) {
        let Value::Slice(object, low, high) = *self.facts.value(used.value) else { return };
        // `newest[keep:]` is what lies beyond the newest, not a page; but `rows = rows[skip:]`, `rows = rows[:size]`.
        if low == UNKNOWN || high == UNKNOWN && !self.is_cut(used.value, used.function) {
            return;
        }
        // The n-th row is no page: `rows[n:n + 1]`.
        if matches!(*self.facts.value(high), Value::Operation(Operation::Add, from, one)
            if from == low && *self.facts.value(one) == Value::Int(1))
        {
            return;
        }
        let Some(evidence) = of_receiver(self.types, self.file, object) else { return };
        let is_query = matches!(evidence.orm, Orm::Django | Orm::SqlAlchemy | Orm::Peewee | Orm::Pony | Orm::Tortoise)
            && ["QuerySet", "Query", "ModelSelect", "Select"].iter().any(|name| evidence.receiver.ends_with(name));
        if !is_query || evidence.orm == Orm::Django && self.is_read_before(object, used) {
            return;
        }
        if evidence.orm == Orm::Django {
            self.unordered_slice(object, low, used);
        }
        if self.sorts_groups(object, evidence.model) {
            return;
        }
        let begin = self.begin_of_slice(&evidence, object);
        self.found.pages.push(OrmPage {
            orm: evidence.orm,
            model: evidence.model,
            offset: Some(low),
            amount: values::amount(self.types, self.file, low, used.in_loop),
            limit: Some(high),
            span: self.one_line(used.span),
            function: used.function,
            begin,
            confidence: evidence.confidence,
        });
    }

    /// Whether rows stand in the order of what groups come to, so that each page needs all of them:
    /// `annotate(n=Count("sales")).order_by("-n")`.
    fn sorts_groups(&self, rows: ValueId, model: Option<ClassRef>) -> bool {
        let Value::Call(last) = *self.facts.value(rows) else { return false };
        let chain = self.chain(last);
        let order = chain.iter().find(|&&call| sort::sorts(self.called(call)));
        let sorted = order.map(|&order| sort::sorted_by(self, order, Orm::Django)).unwrap_or_default();
        let model = model.filter(|_| order.is_none()).and_then(|class| self.model_of(&Owner::Class(class)));
        let own = model.and_then(|model| model.ordering.first()).map(|(field, _)| &**field);
        let Some(name) = sorted.keys.first().map(|key| key.column.as_str()).or(own) else { return false };
        let made = |value: ValueId| match *self.facts.value(value) {
            Value::Call(call) => self.called(call),
            _ => "",
        };
        chain.into_iter().filter(|&call| matches!(self.called(call), "alias" | "annotate")).any(|call| {
            let named = |arg: &&Arg| arg.name.is_some_and(|own| &self.facts.names[own] == name);
            let own = self.facts.call(call).args.iter().find(named).map(|arg| made(arg.value));
            own.is_some_and(|made| matches!(made, "Avg" | "Count" | "Max" | "Min" | "Sum"))
        })
    }
}

/// What is to be told of the pages of a file.
pub fn drafts(project: &Project, file: FileId) -> Vec<Draft> {
    project.orm(file).pages.iter().filter_map(|page| draft(project, file, page)).collect()
}

fn draft(project: &Project, file: FileId, page: &OrmPage) -> Option<Draft> {
    let of = project.file(file);
    let quoted = quote(&of.source.text, page);
    let mut related = Vec::new();
    let (severity, message) = match page.amount {
        Amount::Constant(number) if number >= LARGE => {
            (Severity::Warning, format!("{quoted} reads {} rows only to skip them", thousands(number)))
        }
        Amount::Constant(_) => return None,
        Amount::Walks(id) => {
            related.push((of.facts.loop_(id).head, Role::Loop, "this loop".to_owned()));
            let message = format!(
                "{quoted} grows with this loop: each page reads all rows of the pages before it, N pages read N² / 2 of them"
            );
            (Severity::Warning, message)
        }
        Amount::Dynamic | Amount::Computed => (
            Severity::Info,
            format!("{quoted} skips rows that the database has to read first: page N costs N times page 1"),
        ),
    };
    Some(Draft {
        span: page.span,
        function: page.function,
        severity,
        confidence: page.confidence,
        message,
        note: WHY.to_owned(),
        help: help::keyset(page),
        related,
        index: None,
    })
}

/// What skips, as it is written.
fn quote(source: &str, page: &OrmPage) -> String {
    let text = source.get(page.span.range()).unwrap_or("");
    let rest = source.get(page.span.end as usize..).unwrap_or("").trim_start();
    let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name && rest.starts_with('(') {
        format!("`.{text}(…)`")
    } else if is_name {
        format!("`{text}`")
    } else if rest.starts_with(']') && text.len() <= 40 {
        format!("`[{}]`", text.replace('`', "'"))
    } else {
        match low_bound(text) {
            Some(low) if low.len() <= 40 => format!("`[{}:…]`", low.replace('`', "'")),
            _ => "this slice".to_owned(),
        }
    }
}

/// What stands before the colon of a slice.
fn low_bound(text: &str) -> Option<&str> {
    let mut depth = 0;
    let colon = text.char_indices().find(|&(_, c)| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        c == ':' && depth == 0
    });
    colon.map(|(at, _)| text[..at].trim_end())
}

fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
