//! TypeORM and MikroORM: `find({ relations: { tags: true, reviews: true } })`,
//! `.leftJoinAndSelect("book.tags", "tag").leftJoinAndSelect("book.reviews", "review").getMany()`,
//! `em.find(Book, {}, { populate: ["tags", "reviews"], strategy: "joined" })`.

use super::super::collect::Collector;
use super::super::evidence::of_call;
use super::{Branch, Known, MAX_DEPTH, Orm, join_path};
use crate::facts::*;
use crate::project::ClassRef;
use crate::project::relations::{Shape, mikroorm, typeorm};
use crate::source::Span;

impl Collector<'_, '_> {
    /// What a relation of a TypeORM entity is.
    fn relation_of(&self, model: ClassRef, name: &str) -> Option<Known> {
        let found = typeorm::relationship(self.types, model, name)?;
        Some((found.shape == Shape::ToMany, found.target))
    }

    /// What the options of a find of TypeORM's load along.
    pub(super) fn related(&self, model: Option<ClassRef>, options: ValueId) -> Vec<Branch> {
        let mut branches = Vec::new();
        let is_apart = match self.option_of(options, "relationLoadStrategy") {
            Some(how) => self.facts.literal(how) != Some("join"),
            None => self.types.relations().asks_apart(),
        };
        if let (Some(model), Some(named)) = (model, self.option_of(options, "relations").filter(|_| !is_apart)) {
            self.named(model, named, "", None, &mut branches, 0);
            if self.option_of(options, "loadEagerRelations").is_none() {
                self.add_eager(model, &mut branches, 0);
            }
        }
        branches
    }

    /// `{ author: { country: true } }`, `["author", "author.country"]`
    fn named(
        &self,
        model: ClassRef,
        value: ValueId,
        path: &str,
        place: Option<Span>,
        branches: &mut Vec<Branch>,
        depth: usize,
    ) {
        let place_of = |span: Option<Span>| span.map(|span| (self.file, span));
        let known = |model: ClassRef, name: &str| self.relation_of(model, name);
        match self.facts.value(value) {
            _ if depth > MAX_DEPTH => {}
            Value::Text(_) => {
                if let Some(path) = self.facts.literal(value) {
                    join_path(branches, Some(model), path, place_of(self.text_span(value)), &known);
                }
            }
            Value::Sequence(items) => {
                items.iter().for_each(|&item| self.named(model, item, path, None, branches, depth + 1));
            }
            Value::Bool(true) => join_path(branches, Some(model), path, place_of(place), &known),
            Value::Mapping(entries) => {
                if !path.is_empty() {
                    join_path(branches, Some(model), path, place_of(place), &known);
                }
                for &(key, value) in entries {
                    let Some(name) = self.facts.literal(key) else { continue };
                    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                    self.named(model, value, &path, self.text_span(key), branches, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Adds the relations that are loaded with each entity that is found.
    fn add_eager(&self, model: ClassRef, branches: &mut Vec<Branch>, depth: usize) {
        if depth > 3 {
            return;
        }
        for own in branches.iter_mut() {
            if let Some(target) = own.target {
                self.add_eager(target, &mut own.below, depth + 1);
            }
        }
        for own in self.eager_of(model) {
            if !branches.iter().any(|other| other.name == own.name) {
                branches.push(own);
            }
        }
    }

    /// The relations that an entity is always found with.
    pub(super) fn eager_of(&self, model: ClassRef) -> Vec<Branch> {
        let file = self.types.project().file(model.file);
        let facts = &file.facts;
        let own = facts.class(model.class).attributes.iter().filter_map(|field| {
            let name = &facts.names[field.name];
            let found = typeorm::relationship(self.types, model, name)?;
            Branch::declared(model, name, &found, Some((model.file, field_place(&file.source.text, field.span))))
        });
        own.collect()
    }

    /// Whether what finds a model joins something without being told.
    pub(in crate::project::orm) fn joins_always(&self, model: ClassRef) -> bool {
        !self.eager_of(model).is_empty()
    }

    /// What the steps of a query builder join that ends in `call`.
    pub(super) fn builder_products(&mut self, call: CallId, name: &str) {
        if !matches!(name, "getMany" | "getManyAndCount" | "getOne" | "getOneOrFail") {
            return;
        }
        let steps = self.direct_chain(call);
        let joins = steps.iter().filter(|&&step| typeorm::joined(self.facts, self.facts.call(step)).is_some());
        let Some(first) = steps.iter().copied().find(|&step| self.called(step) == "createQueryBuilder") else { return };
        if joins.count() < 2 {
            return;
        }
        let Some(evidence) = of_call(self.types, self.file, first) else { return };
        let args = &self.facts.call(first).args;
        let alias = args.iter().rev().find_map(|arg| self.facts.literal(arg.value));
        let (Some(alias), Some(model), Orm::TypeOrm) = (alias, self.entity(first, &evidence), evidence.orm) else {
            return;
        };
        let mut paths: Vec<(&str, String)> = vec![(alias, String::new())];
        let mut branches: Vec<Branch> = Vec::new();
        for &id in steps.iter().rev() {
            let step = self.facts.call(id);
            let property = typeorm::joined(self.facts, step).and_then(|property| property.split_once('.'));
            let Some((alias, name)) = property else { continue };
            let Some((_, start)) = paths.iter().find(|(known, _)| *known == alias) else { continue };
            let path = if start.is_empty() { name.to_owned() } else { format!("{start}.{name}") };
            let named: Vec<&Arg> = step.args.iter().filter(|arg| self.facts.literal(arg.value).is_some()).collect();
            // A condition of the join leaves rows out.
            let is_whole = named.len() == step.args.len()
                && named.len() <= 2 + usize::from(self.called(id).contains("JoinAndMap"));
            let known = |model: ClassRef, name: &str| {
                let (is_many, target) = self.relation_of(model, name)?;
                Some((is_many && is_whole, target))
            };
            let place = Some((self.file, self.one_line(step.name_span)));
            join_path(&mut branches, Some(model), &path, place, &known);
            if let Some(alias) = named.last().and_then(|arg| self.facts.literal(arg.value)).filter(|_| is_whole) {
                paths.push((alias, path));
            }
        }
        self.take(Orm::TypeOrm, call, name.starts_with("getOne"), &branches);
    }

    /// What the options of a find of MikroORM's join.
    pub(super) fn populated(&self, model: Option<ClassRef>, options: ValueId) -> Vec<Branch> {
        let mut branches = Vec::new();
        let is_joined = self
            .option_of(options, "strategy")
            .is_some_and(|how| self.facts.literal(how) == Some("joined") || self.facts.own_name(how) == Some("JOINED"));
        let Some(named) = self.option_of(options, "populate").filter(|_| is_joined && model.is_some()) else {
            return branches;
        };
        let Value::Sequence(items) = self.facts.value(named) else { return branches };
        let known = |model: ClassRef, name: &str| {
            let (shape, target) = mikroorm::relationship(self.types, model, name)?;
            Some((shape == Shape::ToMany, target))
        };
        for &item in items {
            if let Some(path) = self.facts.literal(item) {
                join_path(&mut branches, model, path, self.text_span(item).map(|span| (self.file, span)), &known);
            }
        }
        branches
    }
}

/// The last line of a field's declaration: decorators may stand on lines before it.
pub(super) fn field_place(text: &str, field: Span) -> Span {
    let own = text[field.range()].trim_end();
    let start = own.rfind('\n').map_or(0, |at| at + 1 + (own[at + 1..].len() - own[at + 1..].trim_start().len()));
    Span::new(field.start as usize + start, field.start as usize + own.len())
}
