//! Where the rows of SQLAlchemy's sessions come from: `session.query(Book).filter(…)`, `session.scalars(select(Book))`,
//! and what their options load along.

use super::super::relations::{Orm, Shape, sqlalchemy};
use super::super::types::{Ty, Types};
use super::super::{ClassRef, FileId};
use super::columns;
use super::frame::Frame;
use super::loaded::Loaded;
use super::model::Relation;
use super::rows::Tracer;
use super::traced::{Rows, Traced, join, plain};
use crate::facts::*;
use crate::project::Flow;

/// Steps that leave the model and what is loaded as they are.
const SAME_ROWS: [&str; 36] = [
    "all",
    "autoflush",
    "correlate",
    "distinct",
    "enable_eagerloads",
    "execution_options",
    "fetchall",
    "fetchmany",
    "filter",
    "filter_by",
    "from_statement",
    "group_by",
    "having",
    "join",
    "limit",
    "offset",
    "order_by",
    "outerjoin",
    "paginate",
    "params",
    "partitions",
    "populate_existing",
    "prefix_with",
    "reset_joinpoint",
    "select_from",
    "slice",
    "union",
    "union_all",
    "unique",
    "where",
    "with_for_update",
    "with_hint",
    "with_parent",
    "yield_per",
    "options",
    "scalars",
];
/// Steps after which a row is something else.
const OTHER_ROWS: [&str; 9] = [
    "add_column",
    "add_columns",
    "add_entity",
    "columns",
    "mappings",
    "tuples",
    "values",
    "with_entities",
    "with_only_columns",
];

impl Tracer<'_, '_> {
    /// What a call gives, if it is a step of a query of SQLAlchemy's: many rows, or one.
    pub(super) fn session_call(
        &self,
        file: FileId,
        id: CallId,
        many: bool,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Option<Traced> {
        let relations = self.types.relations();
        if !relations.has(Orm::SqlAlchemy) {
            return None;
        }
        let facts = self.facts(file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call)?;
        let first = call.args.iter().find(|arg| arg.name.is_none()).map(|arg| arg.value);
        match (name, first) {
            ("query" | "select", Some(_)) if many => return self.selected(file, call),
            ("get" | "get_one", Some(first)) if !many && let Some(model) = self.entity_of(file, first) => {
                return Some(self.awaited(call, self.step(file, call, "all", plain(model))));
            }
            // Flask-SQLAlchemy: `db.paginate(db.select(Book))`
            ("paginate", Some(first)) if many && let Some(rows) = self.of_session(file, first, frame, depth) => {
                return Some(Traced::Rows(rows));
            }
            ("scalars" | "execute" | "exec" | "stream" | "stream_scalars", Some(first)) if many => {
                let rows = self.of_session(file, first, frame, depth)?;
                return Some(self.awaited(call, Traced::Rows(run(name, rows))));
            }
            ("scalar", Some(first)) if !many => {
                let rows = self.of_session(file, first, frame, depth)?;
                return Some(self.awaited(call, Traced::Rows(run("scalars", rows))));
            }
            _ => {}
        }
        let Value::Member(object, _) = *facts.value(call.callee) else { return None };
        let is_step = if many {
            SAME_ROWS.contains(&name) || OTHER_ROWS.contains(&name)
        } else {
            sqlalchemy::ONE_ROW.contains(&name)
        };
        // A queryset of Django's has steps of the same names.
        if !is_step || (relations.has(Orm::Django) && self.is_django(file, object)) {
            return None;
        }
        let mut rows = self.of_session(file, object, frame, depth)?;
        match name {
            "options" => {
                self.options(file, call, &mut rows.loaded, frame, depth);
                rows.steps.loads = Some((file, call.name_span));
            }
            "filter" | "filter_by" | "where" | "with_parent" => self.pin(file, call, &mut rows),
            "scalars" | "scalar" | "scalar_one" | "scalar_one_or_none" => rows = run("scalars", rows),
            name if OTHER_ROWS.contains(&name) => rows.entities = [None].into(),
            _ => {}
        }
        Some(self.awaited(call, self.given_by(file, call, many, rows)))
    }

    /// The rows of a query of SQLAlchemy's that a value is.
    fn of_session(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Option<Rows> {
        let rows = self.rows(file, value, frame, depth).rows()?;
        (Orm::of(self.types, rows.base) == Some(Orm::SqlAlchemy)).then_some(rows)
    }

    /// A model of SQLAlchemy's that a value is.
    fn entity_of(&self, file: FileId, value: ValueId) -> Option<ClassRef> {
        match self.types.of(file, value) {
            Ty::Class(class) if sqlalchemy::is_model(self.types, class) => Some(class),
            _ => None,
        }
    }

    /// `session.query(Book)`, `select(Book, Author)`
    fn selected(&self, file: FileId, call: &Call) -> Option<Traced> {
        let entities: Box<[Option<ClassRef>]> =
            call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| self.entity_of(file, arg.value)).collect();
        let model = entities.iter().flatten().next().copied()?;
        let mut rows = plain(model);
        if entities.len() > 1 {
            // What a row holds besides is in the session, too.
            let beside: Vec<ClassRef> = entities.iter().flatten().copied().collect();
            for &class in &beside {
                for &other in beside.iter().filter(|&&other| other != class) {
                    for name in sqlalchemy::leading_to(self.types, class, other) {
                        rows.loaded.add_open(&name);
                    }
                }
            }
            rows.entities = entities;
        }
        Some(self.step(file, call, "all", rows))
    }

    /// In an asynchronous session everything that is read is loaded: a lazy load is an error there.
    fn awaited(&self, call: &Call, found: Traced) -> Traced {
        match found {
            Traced::Rows(mut rows) if call.awaited => {
                rows.loaded.add_open("");
                Traced::Rows(rows)
            }
            found => found,
        }
    }

    /// The rows of a list that a relationship holds.
    pub(super) fn list_of(&self, owner: &Rows, target: ClassRef, relation: &Relation, name: &str) -> Rows {
        let mut loaded = owner.loaded.below(name);
        for back in &relation.back {
            loaded.add_open(back);
        }
        let path = join(&owner.path, name);
        Rows { model: target, loaded, kept: None, path, is_many: true, ..owner.clone() }
    }

    /// What stands at a place of a row that is a tuple.
    pub(super) fn entity(&self, owner: &Rows, index: usize) -> Traced {
        match owner.entities.get(index) {
            Some(&Some(model)) => {
                Traced::Rows(Rows { model, base: model, entities: Box::default(), kept: None, ..owner.clone() })
            }
            _ => Traced::Unknown,
        }
    }

    /// `row[0]`
    pub(super) fn entity_at(&self, file: FileId, owner: &Rows, key: ValueId) -> Traced {
        match *self.facts(file).value(key) {
            Value::Int(index) => usize::try_from(index).map_or(Traced::Unknown, |index| self.entity(owner, index)),
            _ => Traced::Unknown,
        }
    }

    /// `row.Book`
    pub(super) fn entity_named(&self, owner: &Rows, name: &str) -> Traced {
        let at = owner.entities.iter().position(|class| {
            class.is_some_and(|class| {
                let facts = self.facts(class.file);
                &facts.names[facts.class(class.class).name] == name
            })
        });
        at.map_or(Traced::Unknown, |at| self.entity(owner, at))
    }

    // ── What is in the session ──────────────────────────────────────────────────────────────────────

    /// Rows that a condition ties to one row of another model find that row in the session after the first has
    /// fetched it: `filter_by(author_id=author.id)`, `filter(Book.author == author)`, and whatever is asked of the
    /// other model. What their parent is leads to the same rows, too.
    fn pin(&self, file: FileId, call: &Call, rows: &mut Rows) {
        let facts = self.facts(file);
        let named = call.args.iter().filter_map(|arg| arg.name).map(|name| &facts.names[name]);
        let mut names: Vec<&str> = named.collect();
        let mut others: Vec<ClassRef> = Vec::new();
        // What is passed by name is compared with; anything else is a condition.
        let mut open: Vec<(ValueId, bool)> = call.args.iter().map(|arg| (arg.value, arg.name.is_none())).collect();
        let mut is_open = Flow::new(facts).called_name(call) == Some("with_parent");
        let mut steps = 0;
        while let Some((value, is_condition)) = open.pop() {
            steps += 1;
            if steps > 200 {
                break;
            }
            match *facts.value(value) {
                Value::Operation(Operation::Equal, left, right) => {
                    for side in [left, right] {
                        if let Value::Member(_, name) = facts.value(side) {
                            names.push(&facts.names[*name]);
                        }
                        open.push((side, false));
                    }
                }
                // One of several alternatives ties nothing, and neither does what is not so.
                Value::Operation(Operation::BitOr | Operation::Not, ..) if is_condition => {}
                Value::Operation(Operation::NotEqual | Operation::NotIn | Operation::Order, ..) => {}
                Value::Operation(Operation::And | Operation::BitAnd, left, right) | Value::Either(left, right) => {
                    open.extend([(left, is_condition), (right, is_condition)]);
                }
                Value::Operation(_, left, right) => open.extend([(left, false), (right, false)]),
                Value::Member(object, _) => match self.entity_of(file, object) {
                    Some(class) if class != rows.model => others.push(class),
                    _ => {}
                },
                Value::Call(inner) => {
                    let inner = facts.call(inner);
                    // `Book.author_id.is_(None)`
                    if let Value::Member(object, name) = facts.value(inner.callee)
                        && let Value::Member(_, column) = facts.value(*object)
                        && &facts.names[*name] == "is_"
                    {
                        names.push(&facts.names[*column]);
                    }
                    let name = Flow::new(facts).called_name(inner);
                    if !matches!(name, Some("or_" | "not_")) {
                        let combines = name == Some("and_");
                        open.extend(inner.args.iter().map(|arg| (arg.value, combines && is_condition)));
                    }
                }
                Value::Sequence(ref items) => open.extend(items.iter().map(|&item| (item, is_condition))),
                // `filter(*conditions)` of a list that is built in sight.
                Value::Spread(list) if is_condition && let Some(items) = self.items_of(file, list) => {
                    open.extend(items.into_iter().map(|item| (item, true)));
                }
                // Conditions that are not in sight may ask for anything.
                Value::Spread(_) => is_open = true,
                Value::Param(..) | Value::Unknown => is_open |= is_condition,
                _ => {}
            }
        }
        if is_open {
            sqlalchemy::by_key(self.types, rows.model).iter().for_each(|(name, _)| rows.loaded.add_open(name));
        }
        for name in names {
            rows.loaded.add_open(name);
            let known = sqlalchemy::by_key(self.types, rows.model);
            let targets = known.iter().filter_map(|(_, target)| *target);
            others.extend(targets.filter(|&to| sqlalchemy::is_key_to(self.types, rows.model, name, to)));
        }
        for other in others {
            for name in sqlalchemy::leading_to(self.types, rows.model, other) {
                rows.loaded.add_open(&name);
            }
        }
    }

    // ── Loader options ──────────────────────────────────────────────────────────────────────────────

    /// Adds what `.options(…)` loads along.
    fn options(&self, file: FileId, call: &Call, loaded: &mut Loaded, frame: Option<&Frame<'_>>, depth: u8) {
        for arg in &call.args {
            let list = match *self.facts(file).value(arg.value) {
                Value::Spread(list) => list,
                _ => arg.value,
            };
            match self.facts(file).value(list) {
                Value::Import(_) | Value::Member(..) => match self.declared(file, list, frame) {
                    Some((file, value)) => self.option(file, value, "", loaded, depth + 1),
                    None => loaded.add_open(""),
                },
                _ => self.option(file, list, "", loaded, depth + 1),
            }
        }
    }

    fn option(&self, file: FileId, value: ValueId, start: &str, loaded: &mut Loaded, depth: u8) {
        let facts = self.facts(file);
        if self.is_too_deep(depth) {
            return loaded.add_open(start);
        }
        match facts.value(value) {
            Value::Call(call) => {
                let path = self.loader(file, *call, start, loaded, depth + 1);
                // `authors = joinedload(Book.author)`, `authors.joinedload(Author.country)`
                if facts.call(*call).result == ResultUse::Bound && facts.calls_on(value).next().is_some() {
                    loaded.add_open(&path);
                }
            }
            Value::Sequence(items) => {
                items.iter().for_each(|&item| self.option(file, item, start, loaded, depth + 1));
            }
            Value::Spread(inner) => self.option(file, *inner, start, loaded, depth + 1),
            Value::Import(_) | Value::Member(..) => match self.declared(file, value, None) {
                Some((file, value)) => self.option(file, value, start, loaded, depth + 1),
                None => loaded.add_open(start),
            },
            _ => loaded.add_open(start),
        }
    }

    /// Adds what a chain of loader options loads, and gives the path to its end.
    fn loader(&self, file: FileId, id: CallId, start: &str, loaded: &mut Loaded, depth: u8) -> String {
        let facts = self.facts(file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call).unwrap_or("");
        let before = match facts.value(call.callee) {
            Value::Member(object, _) if let Value::Call(inner) = facts.value(*object) => {
                if self.is_too_deep(depth) {
                    loaded.add_open(start);
                    return start.to_owned();
                }
                self.loader(file, *inner, start, loaded, depth + 1)
            }
            _ => start.to_owned(),
        };
        match name {
            "defer" | "load_only" | "undefer" if before.is_empty() => {
                loaded.columns.step(name, columns::named(facts, call));
                before
            }
            "Load" | "load_only" | "defer" | "undefer" | "undefer_group" | "with_expression" => before,
            "options" => {
                for arg in &call.args {
                    self.option(file, arg.value, &before, loaded, depth + 1);
                }
                before
            }
            // `immediateload` asks for each row, too.
            "defaultload" | "lazyload" | "immediateload" => {
                let names = sqlalchemy::options(facts, call);
                names.into_iter().flatten().fold(before, |path, name| join(&path, name))
            }
            name if sqlalchemy::is_loader(name) => {
                let mut path = before;
                for name in sqlalchemy::options(facts, call) {
                    match name {
                        Some(name) => {
                            path = join(&path, name);
                            loaded.add(&path);
                            loaded.name_at(&path, (file, call.name_span));
                        }
                        None => loaded.add_open(&path),
                    }
                }
                path
            }
            // An option that is not known.
            _ => {
                loaded.add_open(&before);
                before
            }
        }
    }
}

/// Rows as `execute` gives them, tuples also of one model; or as `scalars` does, the first of each.
fn run(name: &str, mut rows: Rows) -> Rows {
    match name {
        "execute" | "stream" if rows.entities.is_empty() => rows.entities = [Some(rows.model)].into(),
        "scalars" | "stream_scalars" => match rows.entities.first() {
            Some(None) => {}
            _ => rows.entities = Box::default(),
        },
        _ => {}
    }
    rows
}

/// The model that the last relationship of a path from a model on leads to, if SQLAlchemy's session is asked for its rows
/// by key.
pub(super) fn kept_in_session(types: &Types<'_>, of: ClassRef, path: &str) -> Option<ClassRef> {
    let mut model = of;
    let mut shape = None;
    for name in path.split("__") {
        let found = sqlalchemy::relationship(types, model, name)?;
        model = found.target?;
        shape = Some(found.shape);
    }
    let is_by_key = shape == Some(Shape::ManyToOne) && sqlalchemy::is_model(types, model);
    is_by_key.then_some(model)
}
