//! Relations that a query loads along with rows of which all uses are in sight, and none of them reads the relation:
//! `for book in Book.objects.select_related("author"): print(book.title)`.
//!
//! All uses are in sight where the rows are bound to a name and each mention of it is a loop over them, a test, or their
//! number, and each mention of the row in such a loop reads a column. Whatever else is done with them may read anything.

use super::Orm;
use super::collect::Collector;
use super::evidence::of_call;
use super::mentions::{Mention, is_part};
use crate::facts::*;
use crate::project::relations::{Orm as Models, sqlalchemy};
use crate::project::{ClassMember, ClassRef, Flow, QuerysetStep, Ty};
use crate::source::Span;

/// A relation that is loaded along, and that nothing reads.
#[derive(Clone, Debug)]
pub struct OrmUnread {
    /// Whose query it is.
    pub orm: Orm,
    /// The relation, as it is named: `author__country`.
    pub relation: Box<str>,
    /// What loads it: `select_related`, `include`.
    pub by: Box<str>,
    /// Where it is named.
    pub span: Span,
}

/// Steps of SQLAlchemy's that give the same rows, or some of them; sorted.
const SAME_ROWS: [&str; 11] =
    ["all", "filter", "filter_by", "join", "limit", "offset", "options", "order_by", "outerjoin", "unique", "where"];
/// Steps of SQLAlchemy's that give one row; sorted.
const ONE_ROW: [&str; 5] = ["first", "get", "one", "one_or_none", "scalar_one"];
/// What finds many rows, or one.
const FINDS: [&str; 8] =
    ["find", "findAll", "findByPk", "findFirst", "findMany", "findOne", "findOneOrFail", "findUnique"];

/// A relation that is named for eager loading.
struct Named {
    relation: Box<str>,
    by: Box<str>,
    span: Span,
}

impl<'p> Collector<'_, 'p> {
    /// The relations that the queries of a file load for nothing.
    pub(super) fn unread(&mut self, names: &[(CallId, &'p str)]) {
        for &(call, name) in names {
            let (orm, model, named) = match name {
                "select_related" | "prefetch_related" => self.named_paths(call, name),
                "options" => self.named_loaders(call),
                _ if FINDS.contains(&name) => self.included_names(call),
                _ => None,
            }
            .unwrap_or((Orm::Django, None, Vec::new()));
            if named.is_empty() {
                continue;
            }
            let read = match orm {
                Orm::Django | Orm::SqlAlchemy => self.reads_of_chain(orm, call),
                _ => self.reads_of_rows(call, name.starts_with("findMany") || matches!(name, "find" | "findAll")),
            };
            let Some(read) = read else { continue };
            if !read.iter().all(|read| self.is_plain(orm, model, read)) {
                continue;
            }
            let is_read = |named: &Named| read.iter().any(|read| may_be(read, &named.relation, orm));
            for Named { relation, by, span } in named.into_iter().filter(|named| !is_read(named)) {
                self.found.unread.push(OrmUnread { orm, relation, by, span });
            }
        }
    }

    /// `select_related("author__country")`
    fn named_paths(&self, call: CallId, name: &str) -> Option<(Orm, Option<ClassRef>, Vec<Named>)> {
        let evidence = of_call(self.types, self.file, call).filter(|of| of.orm == Orm::Django)?;
        let model = evidence.model?;
        let args = self.facts.call(call).args.iter();
        let named = args.filter_map(|arg| {
            let relation = self.facts.literal(arg.value)?;
            Some(Named { relation: relation.into(), by: name.into(), span: self.one_line(arg.span) })
        });
        Some((Orm::Django, Some(model), named.collect()))
    }

    /// `options(joinedload(Book.author))`
    fn named_loaders(&self, call: CallId) -> Option<(Orm, Option<ClassRef>, Vec<Named>)> {
        let mut model = None;
        let mut named = Vec::new();
        for arg in &self.facts.call(call).args {
            let Value::Call(loader) = *self.facts.value(arg.value) else { continue };
            let by = self.called(loader);
            let loader = self.facts.call(loader);
            // A chain of loaders, and what is joined for a condition, are left alone.
            if !matches!(by, "joinedload" | "selectinload" | "subqueryload") || self.is_chained(loader) {
                continue;
            }
            let [first] = loader.args.as_slice() else { continue };
            let Value::Member(class, name) = *self.facts.value(first.value) else { continue };
            let Ty::Class(class) = self.types.of(self.file, class) else { continue };
            let name = &self.facts.names[name];
            if sqlalchemy::relationship(self.types, class, name).is_none() || model.is_some_and(|known| known != class)
            {
                return None;
            }
            model = Some(class);
            named.push(Named { relation: name.into(), by: by.into(), span: self.one_line(arg.span) });
        }
        Some((Orm::SqlAlchemy, Some(model?), named))
    }

    fn is_chained(&self, call: &Call) -> bool {
        matches!(self.facts.value(call.callee), Value::Member(object, _) if matches!(self.facts.value(*object), Value::Call(_)))
    }

    /// `findMany({ include: { posts: true } })`
    fn included_names(&self, call: CallId) -> Option<(Orm, Option<ClassRef>, Vec<Named>)> {
        let facts = self.facts;
        let options =
            facts.call(call).args.iter().rev().find(|arg| matches!(facts.value(arg.value), Value::Mapping(_)))?;
        let option = |object, wanted: &str| crate::project::relations::typeorm::option(facts, object, wanted);
        let key = ["include", "relations"].into_iter().find(|key| option(options.value, key).is_some())?;
        let evidence = of_call(self.types, self.file, call)?;
        let mut named = Vec::new();
        let mut add = |value: ValueId| {
            if let (Some(relation), Some(span)) = (facts.literal(value), self.text_span(value))
                // What several queries share is loaded for those that read it.
                && facts.call(call).span.contains(span)
            {
                named.push(Named { relation: relation.into(), by: key.into(), span });
            }
        };
        match (evidence.orm, key, facts.value(option(options.value, key)?)) {
            (Orm::Prisma, "include", Value::Mapping(entries)) => {
                let is_there = |&&(key, value): &&(ValueId, ValueId)| {
                    let is_on = matches!(facts.value(value), Value::Mapping(_) | Value::Bool(true));
                    is_on && facts.literal(key) != Some("_count")
                };
                entries.iter().filter(is_there).for_each(|&(key, _)| add(key));
            }
            (Orm::TypeOrm, "relations", Value::Mapping(entries)) => {
                let is_there = |&&(_, value): &&(ValueId, ValueId)| *facts.value(value) == Value::Bool(true);
                entries.iter().filter(is_there).for_each(|&(key, _)| add(key));
            }
            (Orm::TypeOrm, "relations", Value::Sequence(items)) => items.iter().for_each(|&item| add(item)),
            (Orm::Sequelize, "include", Value::Sequence(items)) => {
                for &item in items {
                    match facts.value(item) {
                        Value::Text(_) => add(item),
                        // With a condition it leaves rows out.
                        Value::Mapping(entries)
                            if entries.iter().all(|&(key, _)| {
                                matches!(
                                    facts.literal(key),
                                    Some("as" | "association" | "attributes" | "include" | "model")
                                )
                            }) =>
                        {
                            if let Some(named) = option(item, "as") {
                                add(named);
                            }
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Some((evidence.orm, evidence.model, named))
    }

    // ── What is read ────────────────────────────────────────────────────────────────────────────────

    /// What is read of the rows of a chain of calls, if all of it is in sight.
    fn reads_of_chain(&mut self, orm: Orm, call: CallId) -> Option<Vec<&'p str>> {
        let chain = self.whole_chain(call);
        let at = chain.iter().position(|&step| step == call)?;
        let last = chain[0];
        // What is bound to a name may be used elsewhere, too.
        if chain[1..=at].iter().any(|&step| self.facts.call(step).result != ResultUse::Receiver) {
            return None;
        }
        let is_one = self.gives_one(orm, last);
        let steps = if is_one { &chain[1..] } else { &chain[..] };
        if !steps.iter().all(|&step| self.keeps_rows(orm, step)) {
            return None;
        }
        if self.facts.call(last).result == ResultUse::Argument && !is_one {
            return self.reads_of_taken(last);
        }
        self.reads_of_rows(last, !is_one)
    }

    /// Whether a step gives the rows that it is asked of, or some of them.
    fn keeps_rows(&self, orm: Orm, step: CallId) -> bool {
        let name = self.called(step);
        match orm {
            Orm::Django => matches!(
                QuerysetStep::named(name),
                Some(QuerysetStep::Columns | QuerysetStep::Iterates | QuerysetStep::Loads | QuerysetStep::Rows)
            ),
            _ => matches!(name, "query" | "select") || SAME_ROWS.binary_search(&name).is_ok(),
        }
    }

    fn gives_one(&self, orm: Orm, step: CallId) -> bool {
        let name = self.called(step);
        match orm {
            Orm::Django => QuerysetStep::named(name) == Some(QuerysetStep::One),
            _ => ONE_ROW.binary_search(&name).is_ok(),
        }
    }

    /// `get_object_or_404(Book.objects.select_related("author"), pk=1)`, `session.scalars(select(Book)).all()`
    fn reads_of_taken(&mut self, query: CallId) -> Option<Vec<&'p str>> {
        let takes =
            |other: &Call| other.args.first().is_some_and(|arg| *self.facts.value(arg.value) == Value::Call(query));
        let (by, _) = self.facts.calls_given_result(query).find(|(_, other)| takes(other))?;
        match self.called(by) {
            "get_object_or_404" => self.reads_of_rows(by, false),
            "scalars" => {
                let chain = self.whole_chain(by);
                let last = chain[0];
                let is_one = self.gives_one(Orm::SqlAlchemy, last);
                let mut steps = chain.iter().take_while(|&&step| step != by).skip(usize::from(is_one));
                let is_same = steps.all(|&step| self.keeps_rows(Orm::SqlAlchemy, step));
                if is_same { self.reads_of_rows(last, !is_one) } else { None }
            }
            _ => None,
        }
    }

    /// What is read of the rows, or the row, that a call gives.
    fn reads_of_rows(&self, call: CallId, many: bool) -> Option<Vec<&'p str>> {
        let at = self.facts.call(call);
        let mut read = Vec::new();
        if at.function == MODULE {
            return None;
        }
        match at.result {
            ResultUse::Bound if !many => {
                for mention in self.mentions_of(call)?.into_iter().filter(|mention| !mention.is_test()) {
                    read.push(mention.attribute()?);
                }
                // What is only tested need not be fetched at all.
                if read.is_empty() {
                    return None;
                }
            }
            ResultUse::Bound | ResultUse::Iterated | ResultUse::Receiver if many => {
                let value = self.facts.loops.iter().filter(|of| *self.facts.value(of.iterable) == Value::Call(call));
                let loops: Vec<&Loop> = value.collect();
                if loops.is_empty() || (at.result != ResultUse::Bound && loops.len() > 1) {
                    return None;
                }
                if at.result == ResultUse::Bound {
                    for mention in self.mentions_of(call)? {
                        let place = u32::try_from(mention.before.len()).ok()?;
                        let is_loop = loops.iter().any(|of| of.head.start <= place && place < of.head.end);
                        if !is_loop && !mention.is_test() && !is_measured(&mention) {
                            return None;
                        }
                    }
                }
                for of in loops {
                    self.reads_of_element(of, &mut read)?;
                }
            }
            _ => return None,
        }
        Some(read)
    }

    /// What is read of each row of a loop.
    fn reads_of_element(&self, of: &Loop, read: &mut Vec<&'p str>) -> Option<()> {
        let (name, within) = match of.kind {
            LoopKind::Each | LoopKind::Comprehension => {
                let head = self.source.get(of.head.range())?;
                let rest = head.trim_start_matches("async ").strip_prefix("for")?.trim_start();
                let rest = rest.strip_prefix("await").unwrap_or(rest).trim_start_matches([' ', '(']);
                let rest = ["const ", "let ", "var "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
                let name = &rest[..rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len())];
                let after = rest[name.len()..].trim_start();
                if !after.starts_with("in ") && !after.starts_with("of ") {
                    return None;
                }
                // In Python the name is bound after the loop, too.
                (name, self.facts.function(of.function).span)
            }
            LoopKind::Callback(call) => {
                let is_own = |own: &&Function| own.passed_to.is_some_and(|(to, _)| to == call) && own.runs_in.is_some();
                let own = self.facts.functions.iter().find(is_own)?;
                let name = &self.facts.names[own.params.first()?.name];
                if !matches!(self.called(call), "map" | "forEach" | "flatMap" | "some" | "every") {
                    return None;
                }
                (name, own.span)
            }
            _ => return None,
        };
        if name.is_empty() {
            return None;
        }
        // The first one in a callback is the parameter.
        let skipped = usize::from(matches!(of.kind, LoopKind::Callback(_)));
        for mention in self.mentions(within, name).skip(skipped) {
            let before = mention.before.trim_end();
            if !["const", "for", "let", "var"].iter().any(|word| before.ends_with(word)) {
                read.push(mention.attribute()?);
            }
        }
        Some(())
    }

    /// Whether an attribute of a row is a column of it or a relation, whose reading runs no code of the project.
    fn is_plain(&self, orm: Orm, model: Option<ClassRef>, name: &str) -> bool {
        let Some(model) = model else { return matches!(orm, Orm::Prisma | Orm::Sequelize) };
        let member = self.types.class_member(model, name);
        match (orm, member) {
            (_, Some(ClassMember::Method(_))) => false,
            (Orm::Django, None) => {
                let key = name.strip_suffix("_id").map(|field| self.types.class_member(model, field));
                matches!(name, "id" | "pk") || matches!(key, Some(Some(ClassMember::Attribute(..))))
            }
            (Orm::SqlAlchemy, None) => false,
            (Orm::Django | Orm::SqlAlchemy, Some(ClassMember::Attribute(file, value, _))) => {
                let facts = &self.types.project().file(file).facts;
                let Value::Call(call) = *facts.value(value) else { return false };
                let called = Flow::new(facts).called_name(facts.call(call)).unwrap_or("");
                match Models::of(self.types, model) {
                    // What another relation leads to has rows of its own.
                    Some(Models::Django) => called.ends_with("Field") || called.ends_with("ForeignKey"),
                    Some(Models::SqlAlchemy) => matches!(called, "Column" | "mapped_column"),
                    _ => false,
                }
            }
            _ => true,
        }
    }
}

/// Whether only the number of rows is asked for.
fn is_measured(mention: &Mention<'_>) -> bool {
    (mention.before.ends_with("len(") && mention.after.starts_with(')')) || mention.attribute() == Some("length")
}

/// Whether what is read may be a relation: `author` is read for `author__country`.
fn may_be(read: &str, relation: &str, orm: Orm) -> bool {
    let first = match orm {
        Orm::Django => relation.split("__").next(),
        _ => relation.split('.').next(),
    };
    first.is_some_and(|first| first.eq_ignore_ascii_case(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(SAME_ROWS.is_sorted() && ONE_ROW.is_sorted());
    }
}
