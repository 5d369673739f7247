//! Queries that find one row at most: those that ask for the value of a unique column.

use super::flow::Flow;
use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId};
use crate::facts::*;

/// The longest chain of calls that is looked through.
const MAX_CHAIN: usize = 64;

impl Types<'_> {
    /// Whether a call narrows the rows of a model to one at most: `Token.objects.filter(serial=serial)`,
    /// `select(Token).where(Token.serial == serial)`.
    pub(super) fn finds_one(&self, file: FileId, id: CallId) -> bool {
        let facts = self.facts(file);
        let call = facts.call(id);
        let finds = |callee: ValueId| {
            let Value::Member(object, name) = *facts.value(callee) else { return false };
            matches!(&facts.names[name], "filter" | "filter_by" | "get" | "where")
                && !joins(facts, object)
                && match self.queried(file, object) {
                    Some(model) => {
                        call.args.iter().any(|arg| self.is_unique_value(file, arg, Some(model)))
                            || self.is_whole_key(file, call, model)
                            || self.is_unique_together(file, call, model)
                    }
                    // `session.query(User.name).filter(User.name == name)`
                    None => call.args.iter().any(|arg| self.is_unique_value(file, arg, None)),
                }
        };
        match *facts.value(call.callee) {
            // `find = books.filter if all else books.get`
            Value::Either(left, right) => finds(left) && finds(right),
            _ => finds(call.callee),
        }
    }

    /// The model whose rows a query gives.
    fn queried(&self, file: FileId, query: ValueId) -> Option<ClassRef> {
        match self.of(file, query) {
            Ty::Api(_, model) | Ty::Instance(_, model) => model,
            _ => None,
        }
    }

    /// `serial=serial`, `Token.serial == serial`; without a model only what names its own.
    fn is_unique_value(&self, file: FileId, arg: &Arg, model: Option<ClassRef>) -> bool {
        let facts = self.facts(file);
        if let Some(name) = arg.name {
            return model.is_some_and(|model| &facts.names[name] == "pk" || self.is_unique(model, &facts.names[name]));
        }
        let Value::Operation(Operation::Equal, left, right) = *facts.value(arg.value) else { return false };
        [(left, right), (right, left)].into_iter().any(|(side, value)| match self.column(file, side) {
            Some((class, name)) => {
                // A column that equals another one joins.
                self.column(file, value).is_none()
                    && model.is_none_or(|model| model == class)
                    && self.is_unique(class, name)
            }
            None => false,
        })
    }

    /// Whether a call gives a value for each of the fields of which no two rows of a model of Django's have the same:
    /// `unique_together`, `UniqueConstraint(fields=["owner", "name"], …)`.
    fn is_unique_together(&self, file: FileId, call: &Call, model: ClassRef) -> bool {
        let field = |name: &'_ str| name.strip_suffix("_id").unwrap_or(name).to_owned();
        let facts = self.facts(file);
        let given: Vec<String> = call.args.iter().filter_map(|arg| Some(field(&facts.names[arg.name?]))).collect();
        given.len() > 1
            && ["constraints", "unique_together"].into_iter().any(|name| {
                let Some((file, declared)) = self.meta(model, name) else { return false };
                let sets = unique_fields(self.facts(file), name, declared);
                sets.into_iter()
                    .any(|fields| !fields.is_empty() && fields.iter().all(|name| given.contains(&field(name))))
            })
    }

    /// The model and the column of `Token.serial`.
    fn column(&self, file: FileId, value: ValueId) -> Option<(ClassRef, &str)> {
        let facts = self.facts(file);
        let Value::Member(of, name) = *facts.value(value) else { return None };
        match self.of(file, of) {
            Ty::Class(class) => Some((class, &facts.names[name])),
            _ => None,
        }
    }

    /// Whether a call gives a value for each column of a primary key of several: `filter(and_(Like.user_id == me, Like.post_id
    /// == post))`.
    fn is_whole_key(&self, file: FileId, call: &Call, model: ClassRef) -> bool {
        let facts = self.facts(file);
        let keys = self.keys_of(model);
        if keys < 2 {
            return false;
        }
        let mut open: Vec<ValueId> = call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value).collect();
        let mut given: Vec<&str> = call
            .args
            .iter()
            .filter_map(|arg| Some(&facts.names[arg.name?]))
            .filter(|name| self.is_key(model, name))
            .collect();
        for _ in 0..MAX_CHAIN {
            let Some(value) = open.pop() else { break };
            match *facts.value(value) {
                Value::Operation(Operation::And | Operation::BitAnd, left, right) => open.extend([left, right]),
                Value::Call(inner) if facts.own_name(facts.call(inner).callee) == Some("and_") => {
                    open.extend(facts.call(inner).args.iter().map(|arg| arg.value));
                }
                Value::Operation(Operation::Equal, left, right) => {
                    let sides = [(left, right), (right, left)].into_iter();
                    let key = |(side, value): (ValueId, ValueId)| {
                        let (class, name) = self.column(file, side)?;
                        let is_key = class == model && self.column(file, value).is_none() && self.is_key(model, name);
                        is_key.then_some(name)
                    };
                    given.extend(sides.filter_map(key));
                }
                _ => {}
            }
        }
        given.sort_unstable();
        given.dedup();
        given.len() == keys
    }

    /// Whether a column is one of a model's primary key.
    fn is_key(&self, model: ClassRef, column: &str) -> bool {
        let Some(ClassMember::Attribute(file, value, _)) = self.class_member(model, column) else { return false };
        let facts = self.facts(file);
        matches!(*facts.value(value), Value::Call(call) if is_told(facts, call, "primary_key"))
    }

    /// Whether no two rows of a model have the same in a column: `models.CharField(unique=True)`,
    /// `mapped_column(primary_key=True)`.
    fn is_unique(&self, model: ClassRef, column: &str) -> bool {
        let Some(ClassMember::Attribute(file, value, _)) = self.class_member(model, column) else { return false };
        let facts = self.facts(file);
        let Value::Call(call) = *facts.value(value) else { return false };
        is_told(facts, call, "unique") || (is_told(facts, call, "primary_key") && self.keys_of(model) == 1)
    }

    /// How many columns the primary key of a model has.
    fn keys_of(&self, model: ClassRef) -> usize {
        let facts = self.facts(model.file);
        let is_key = |attribute: &&Attribute| match *facts.value(attribute.value) {
            Value::Call(call) => is_told(facts, call, "primary_key"),
            _ => false,
        };
        facts.class(model.class).attributes.iter().filter(is_key).count()
    }
}

/// Whether a column is declared with a keyword that is true.
fn is_told(facts: &FileFacts, column: CallId, keyword: &str) -> bool {
    facts.call(column).args.iter().any(|arg| {
        arg.name.is_some_and(|name| &facts.names[name] == keyword) && *facts.value(arg.value) == Value::Bool(true)
    })
}

/// Whether a query joins other tables: then a row may come several times.
fn joins(facts: &FileFacts, query: ValueId) -> bool {
    let mut at = query;
    for _ in 0..MAX_CHAIN {
        at = match facts.value(at) {
            Value::Member(_, name) if facts.names[*name].contains("join") => return true,
            Value::Member(object, _) => *object,
            Value::Call(call) => facts.call(*call).callee,
            _ => return false,
        };
    }
    false
}

/// The sets of fields that an attribute of a model's `Meta` declares to be unique.
fn unique_fields<'f>(facts: &'f FileFacts, name: &str, declared: ValueId) -> Vec<Vec<&'f str>> {
    let names = |value: ValueId| -> Option<Vec<&'f str>> {
        let Value::Sequence(items) = facts.value(value) else { return None };
        items.iter().map(|&item| facts.literal(item)).collect()
    };
    let Value::Sequence(items) = facts.value(declared) else { return Vec::new() };
    match name {
        // One set may stand by itself.
        "unique_together" => match names(declared) {
            Some(fields) => vec![fields],
            None => items.iter().filter_map(|&item| names(item)).collect(),
        },
        "constraints" => {
            let fields = |&item: &ValueId| {
                let Value::Call(call) = *facts.value(item) else { return None };
                let call = facts.call(call);
                let named = |wanted: &str| {
                    call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted))
                };
                let is_unique = Flow::new(facts).called_name(call) == Some("UniqueConstraint");
                names(named("fields").filter(|_| is_unique && named("condition").is_none())?.value)
            };
            items.iter().filter_map(fields).collect()
        }
        _ => Vec::new(),
    }
}
