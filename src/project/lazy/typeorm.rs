//! Where the rows of TypeORM come from: `books.find({ relations: { author: true } })`,
//! `books.createQueryBuilder("book").leftJoinAndSelect("book.author", "author").getMany()`, and what they load along.

use super::super::relations::{Orm, typeorm};
use super::super::types::{Ty, Types};
use super::super::{ClassRef, FileId};
use super::frame::Frame;
use super::loaded::Loaded;
use super::rows::Tracer;
use super::traced::{Rows, Traced, join, plain};
use crate::facts::*;
use crate::project::Flow;

/// What gives many rows, also with their number.
const MANY: [&str; 7] = ["find", "findAndCount", "findAndCountBy", "findBy", "findByIds", "getMany", "getManyAndCount"];
/// What gives one row.
const ONE: [&str; 6] = ["findOne", "findOneBy", "findOneByOrFail", "findOneOrFail", "getOne", "getOneOrFail"];
/// Methods of arrays that give the same elements.
const SAME_ELEMENTS: [&str; 7] = ["concat", "filter", "reverse", "slice", "sort", "toReversed", "toSorted"];

impl Tracer<'_, '_> {
    /// What a call gives, if it asks a repository, a manager or a query builder of TypeORM's: many rows, or one.
    pub(super) fn repository_call(
        &self,
        file: FileId,
        id: CallId,
        many: bool,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Option<Traced> {
        if !self.types.relations().has(Orm::TypeOrm) || !self.types.project().file(file).source.language.is_ecma() {
            return None;
        }
        let facts = self.facts(file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call)?;
        let Value::Member(object, _) = *facts.value(call.callee) else { return None };
        if many && SAME_ELEMENTS.contains(&name) {
            return Some(self.rows(file, object, frame, depth).last());
        }
        if (many && !MANY.contains(&name)) || (!many && !ONE.contains(&name)) {
            return None;
        }
        let model = self.entity_given(file, id)?;
        let mut rows = plain(model);
        match name {
            _ if name.starts_with("get") => self.built(file, object, &mut rows.loaded),
            _ if name.contains("By") => {}
            _ => call.args.iter().for_each(|arg| self.find_options(file, arg.value, &mut rows.loaded)),
        }
        Some(self.given_by(file, call, many, rows))
    }

    /// The entity whose rows a call gives.
    fn entity_given(&self, file: FileId, id: CallId) -> Option<ClassRef> {
        let mut ty = self.types.of_call(file, id);
        while let Ty::List(element) = ty {
            ty = *element;
        }
        let class = match ty {
            Ty::Instance(class, _) => Some(class),
            // What gives rows and their number has no type of its own.
            _ => self.entity_asked(file, self.facts(file).call(id)),
        };
        class.filter(|&class| Orm::of(self.types, class) == Some(Orm::TypeOrm))
    }

    /// The entity that a catalogued call is about: that of its repository or builder, or its first argument.
    fn entity_asked(&self, file: FileId, call: &Call) -> Option<ClassRef> {
        let Value::Member(object, _) = *self.facts(file).value(call.callee) else { return None };
        let catalog = &self.types.project().catalog;
        let first = || call.args.first().map(|arg| self.types.of(file, arg.value));
        match self.types.of(file, object) {
            Ty::Api(ty, _) if !catalog.type_(ty).name.starts_with("typeorm.") => None,
            Ty::Api(_, Some(class)) => Some(class),
            Ty::Api(..) => first().and_then(|ty| self.types.class_of(&ty)),
            // An entity that is a repository of its own.
            Ty::Class(class) => self.types.api_base(class).map(|_| class),
            _ => None,
        }
    }

    /// Adds what the options of a find load.
    fn find_options(&self, file: FileId, options: ValueId, loaded: &mut Loaded) {
        let facts = self.facts(file);
        match facts.value(options) {
            Value::Mapping(entries) => {
                // `join` is the old way; what is spread may be anything.
                if entries.iter().any(|(key, _)| matches!(facts.literal(*key), None | Some("join"))) {
                    loaded.add_open("");
                }
                if let Some(named) = typeorm::option(facts, options, "relations") {
                    self.relations(file, named, "", loaded);
                }
            }
            // An entity, a key.
            Value::Class(_) | Value::Text(_) | Value::Int(_) => {}
            _ => match self.types.of(file, options) {
                Ty::Class(_) | Ty::Plain => {}
                _ => loaded.add_open(""),
            },
        }
    }

    /// `{ author: { country: true } }`, `["author", "author.country"]`
    fn relations(&self, file: FileId, named: ValueId, path: &str, loaded: &mut Loaded) {
        let facts = self.facts(file);
        match facts.value(named) {
            Value::Bool(false) | Value::Null => {}
            Value::Bool(true) => loaded.add(path),
            Value::Mapping(entries) => {
                if !path.is_empty() {
                    loaded.add(path);
                }
                for &(key, value) in entries {
                    match facts.literal(key) {
                        Some(name) => self.relations(file, value, &join(path, name), loaded),
                        None => loaded.add_open(path),
                    }
                }
            }
            Value::Sequence(items) => {
                for &item in items {
                    match facts.literal(item) {
                        Some(name) => loaded.add(&name.replace('.', "__")),
                        None => loaded.add_open(path),
                    }
                }
            }
            _ => loaded.add_open(path),
        }
    }

    /// Adds what the steps of a query builder load.
    fn built(&self, file: FileId, builder: ValueId, loaded: &mut Loaded) {
        let facts = self.facts(file);
        let flow = Flow::new(facts);
        let mut roots = Vec::new();
        roots_of(facts, builder, 0, &mut roots);
        if roots.is_empty() {
            return loaded.add_open("");
        }
        let mut paths: Vec<(&str, String)> = Vec::new();
        for &root in &roots {
            let call = facts.call(root);
            let alias = call.args.iter().rev().find_map(|arg| facts.literal(arg.value));
            match alias.filter(|_| flow.called_name(call) == Some("createQueryBuilder")) {
                Some(alias) => paths.push((alias, String::new())),
                // A builder of another function, whose steps are not seen.
                None => return loaded.add_open(""),
            }
        }
        for step in steps_of(facts, &roots) {
            // What is only joined is not there.
            if flow.called_name(step).is_some_and(|name| name.ends_with("Join")) {
                continue;
            }
            let property = typeorm::joined(facts, step).and_then(|property| property.split_once('.'));
            let start = property.and_then(|(alias, _)| paths.iter().find(|(known, _)| *known == alias));
            let (Some((_, name)), Some((_, start))) = (property, start) else {
                loaded.add_open("");
                continue;
            };
            let path = join(start, name);
            loaded.add(&path);
            if let Some(alias) = step.args.iter().rev().find_map(|arg| facts.literal(arg.value)) {
                paths.push((alias, path));
            }
        }
    }
}

/// The step of a query builder that loads a relation of its rows, if such a builder gives them.
pub(super) fn step(types: &Types<'_>, rows: &Rows, path: &str) -> Option<String> {
    let (file, name) = rows.origin.filter(|_| Orm::of(types, rows.base) == Some(Orm::TypeOrm))?;
    let facts = types.facts(file);
    let flow = Flow::new(facts);
    let last = facts.call_named(name)?.1;
    let Value::Member(builder, _) = *facts.value(last.callee) else { return None };
    if !flow.called_name(last)?.starts_with("get") {
        return None;
    }
    let mut roots = Vec::new();
    roots_of(facts, builder, 0, &mut roots);
    let first = facts.call(*roots.first()?);
    let mut alias = first.args.iter().rev().find_map(|arg| facts.literal(arg.value))?.to_owned();
    let mut text = String::new();
    let steps = steps_of(facts, &roots);
    for name in path.split("__") {
        let property = format!("{alias}.{name}");
        let known = steps.iter().find(|call| typeorm::joined(facts, call) == Some(&*property));
        match known.and_then(|call| call.args.iter().rev().find_map(|arg| facts.literal(arg.value))) {
            Some(known) => alias = known.to_owned(),
            None => {
                let is_taken =
                    |step: &&Call| step.args.iter().skip(1).any(|arg| facts.literal(arg.value) == Some(name));
                alias = if steps.iter().any(is_taken) { format!("loaded_{name}") } else { name.to_owned() };
                text.push_str(&format!(".leftJoinAndSelect(\"{property}\", \"{alias}\")"));
            }
        }
    }
    (!text.is_empty()).then_some(text)
}

/// The steps that join something, or take options, of the builders that begin with these calls, in order; a step may
/// stand in a statement of its own.
fn steps_of<'f>(facts: &'f FileFacts, roots: &[CallId]) -> Vec<&'f Call> {
    let flow = Flow::new(facts);
    let steps = facts.calls.iter().filter(|step| {
        let mut own = Vec::new();
        let is_step = flow.called_name(step).is_some_and(|name| name.contains("Join") || name == "setFindOptions");
        if is_step && let Value::Member(object, _) = *facts.value(step.callee) {
            roots_of(facts, object, 0, &mut own);
        }
        own.iter().any(|own| roots.contains(own))
    });
    let mut steps: Vec<&Call> = steps.collect();
    steps.sort_by_key(|step| step.span.end);
    steps
}

/// The calls that a chain of calls begins with.
fn roots_of(facts: &FileFacts, value: ValueId, depth: u8, roots: &mut Vec<CallId>) {
    if depth > 40 {
        return;
    }
    match *facts.value(value) {
        Value::Call(id) => match *facts.value(facts.call(id).callee) {
            Value::Member(object, _) if leads_on(facts, object) => roots_of(facts, object, depth + 1, roots),
            _ => roots.push(id),
        },
        Value::Either(left, right) => {
            roots_of(facts, left, depth + 1, roots);
            roots_of(facts, right, depth + 1, roots);
        }
        Value::Carried(before, _) => roots_of(facts, before, depth + 1, roots),
        _ => {}
    }
}

/// Whether a value is a step of a builder: `dataSource.getRepository(Book)` is none.
fn leads_on(facts: &FileFacts, value: ValueId) -> bool {
    match facts.value(value) {
        Value::Call(id) => {
            let name = Flow::new(facts).called_name(facts.call(*id)).unwrap_or("");
            !name.starts_with("getRepository") && !name.ends_with("Repository") && name != "withRepository"
        }
        Value::Either(..) | Value::Carried(..) => true,
        _ => false,
    }
}
