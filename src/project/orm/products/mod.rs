//! Queries that join several relations to many rows each, so that each row of one comes with each row of the others:
//! `.options(joinedload(Book.tags), joinedload(Book.reviews))`.
//!
//! What a query loads along is a tree of relations ([`Branch`]), which each library writes in its own way. Relations that
//! are fetched by queries of their own begin new trees. A relation below another one is no product: each of its rows
//! comes once. The rows of a query are multiplied where its tree has two ends that lead to many rows.

mod objection;
mod objects;
mod sequelize;
mod sqlalchemy;
mod typeorm;

use super::Orm;
use super::collect::Collector;
use crate::facts::*;
use crate::project::relations::{self, Loading, Relationship, Shape};
use crate::project::{ClassRef, FileId};
use crate::source::{Language, Span};

/// Relations to many rows that one query joins, side by side.
#[derive(Clone, Debug)]
pub struct OrmProduct {
    /// Whose query it is.
    pub orm: Orm,
    /// The call that loads them, or runs the query; of what a model declares, its name. On one line.
    pub span: Span,
    /// The relations, as paths from the rows of the query: at least two.
    pub relations: Vec<Multiplied>,
    /// Whether the query asks for one row.
    pub is_single: bool,
    /// The model, where its declaration joins them in all its queries.
    pub declared: Option<ClassRef>,
}

/// A relation whose rows are multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multiplied {
    /// `author.books`
    pub path: String,
    /// Where it is named, or declared as one that is always joined.
    pub place: Option<(FileId, Span)>,
}

/// A relation that a query loads along, with what is loaded along with its rows.
#[derive(Clone, Debug)]
struct Branch {
    name: Box<str>,
    /// Whether it surely leads to many rows, none of which a condition leaves out.
    is_many: bool,
    /// Whether the query joins it; otherwise another query fetches it.
    is_joined: bool,
    /// Whether the query asks for it; otherwise its declaration does, of all queries.
    is_asked: bool,
    place: Option<(FileId, Span)>,
    /// The model it leads to, if that is known.
    target: Option<ClassRef>,
    below: Vec<Branch>,
}

impl Branch {
    /// A relation that the rows of a model always come with, if it is one.
    fn declared(model: ClassRef, name: &str, found: &Relationship, place: Option<(FileId, Span)>) -> Option<Branch> {
        (found.loading == Loading::Joined).then(|| Branch {
            name: name.into(),
            is_many: found.shape == Shape::ToMany,
            is_joined: true,
            is_asked: false,
            place,
            target: found.target.filter(|&target| target != model),
            below: Vec::new(),
        })
    }
}

/// The end of a tree that leads to many rows.
struct End {
    found: Multiplied,
    is_asked: bool,
}

/// How deep relations are followed.
const MAX_DEPTH: usize = 8;

impl Collector<'_, '_> {
    /// The queries of a file that join several relations to many rows each.
    pub(super) fn products(&mut self, names: &[(CallId, &str)]) {
        let is_python = self.types.project().file(self.file).source.language == Language::Python;
        if is_python {
            self.loaded_products(names)
        } else {
            self.object_products(names)
        }
        self.declared_products();
    }

    /// Models of the file that are always joined with several relations.
    fn declared_products(&mut self) {
        let is_declared = |name: &str| matches!(name, "ManyToMany" | "OneToMany" | "relation" | "relationship");
        if !self.facts.names.iter().any(is_declared) {
            return;
        }
        let classes = (0..u32::try_from(self.facts.classes.len()).unwrap_or(u32::MAX)).map(ClassId);
        for model in classes.map(|class| ClassRef { file: self.file, class }) {
            let own = match relations::Orm::of(self.types, model) {
                Some(relations::Orm::SqlAlchemy) => (Orm::SqlAlchemy, self.joined_by(model)),
                Some(relations::Orm::TypeOrm) => (Orm::TypeOrm, self.eager_of(model)),
                _ => continue,
            };
            let (orm, own) = own;
            let many: Vec<Multiplied> = own
                .into_iter()
                .filter(|branch| branch.is_many)
                .map(|branch| Multiplied { path: branch.name.into(), place: branch.place })
                .collect();
            if many.len() > 1 {
                let span = self.facts.class(model.class).name_span;
                let declared = Some(model);
                self.found.products.push(OrmProduct { orm, span, relations: many, is_single: false, declared });
            }
        }
    }

    /// Takes what a query loads along.
    fn take(&mut self, orm: Orm, call: CallId, is_single: bool, branches: &[Branch]) {
        for ends in queries_of(branches) {
            // What the models say of all their queries is not the fault of one.
            if ends.len() < 2 || !ends.iter().any(|end| end.is_asked) {
                continue;
            }
            let relations = ends.into_iter().map(|end| end.found).collect();
            let span = self.one_line(self.facts.call(call).name_span);
            self.found.products.push(OrmProduct { orm, span, relations, is_single, declared: None });
        }
    }
}

/// For each of the queries that fetch a tree of relations, its ends that lead to many rows.
fn queries_of(branches: &[Branch]) -> Vec<Vec<End>> {
    let mut queries = Vec::new();
    let mut ends = Vec::new();
    ends_of(branches, "", &mut ends, &mut queries);
    queries.push(ends);
    queries
}

fn ends_of(branches: &[Branch], start: &str, ends: &mut Vec<End>, queries: &mut Vec<Vec<End>>) {
    for branch in branches {
        let path = if start.is_empty() { branch.name.to_string() } else { format!("{start}.{}", branch.name) };
        if !branch.is_joined {
            let mut own = Vec::new();
            ends_of(&branch.below, &path, &mut own, queries);
            queries.push(own);
            continue;
        }
        let before = ends.len();
        ends_of(&branch.below, &path, ends, queries);
        if ends.len() == before && branch.is_many {
            ends.push(End { found: Multiplied { path, place: branch.place }, is_asked: branch.is_asked });
        }
    }
}

/// The branch of this name, made if there is none.
fn branch<'b>(branches: &'b mut Vec<Branch>, name: &str) -> &'b mut Branch {
    let at = branches.iter().position(|branch| *branch.name == *name).unwrap_or_else(|| {
        branches.push(Branch {
            name: name.into(),
            is_many: false,
            is_joined: true,
            is_asked: true,
            place: None,
            target: None,
            below: Vec::new(),
        });
        branches.len() - 1
    });
    &mut branches[at]
}

/// What is known of a relation by its name: whether it leads to many rows, and to which model's.
type Known = (bool, Option<ClassRef>);

/// Adds a path of relations that a query joins: `author.books`. Each is what `known` says of it.
fn join_path(
    branches: &mut Vec<Branch>,
    model: Option<ClassRef>,
    path: &str,
    place: Option<(FileId, Span)>,
    known: &dyn Fn(ClassRef, &str) -> Option<Known>,
) {
    let mut branches = branches;
    let mut model = model;
    for name in path.split('.').take(MAX_DEPTH) {
        let of = model.and_then(|model| known(model, name));
        let own = branch(branches, name);
        own.is_many |= of.is_some_and(|(is_many, _)| is_many);
        own.place = own.place.or(place);
        model = of.and_then(|(_, target)| target);
        own.target = model;
        branches = &mut own.below;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(name: &str, is_joined: bool, below: Vec<Branch>) -> Branch {
        let name = name.into();
        Branch { name, is_many: true, is_joined, is_asked: true, place: None, target: None, below }
    }

    fn paths(branches: &[Branch]) -> Vec<Vec<String>> {
        let of = |ends: Vec<End>| ends.into_iter().map(|end| end.found.path).collect::<Vec<_>>();
        queries_of(branches).into_iter().map(of).filter(|paths| !paths.is_empty()).collect()
    }

    #[test]
    fn relations_side_by_side_multiply() {
        let tree = [many("tags", true, vec![]), many("reviews", true, vec![many("votes", true, vec![])])];
        assert_eq!(paths(&tree), [["tags", "reviews.votes"]]);
    }

    #[test]
    fn relations_below_each_other_do_not() {
        assert_eq!(paths(&[many("books", true, vec![many("tags", true, vec![])])]), [["books.tags"]]);
    }

    #[test]
    fn what_is_fetched_apart_begins_anew() {
        let below = vec![many("tags", true, vec![]), many("reviews", true, vec![])];
        let tree = [many("prizes", true, vec![]), many("books", false, below)];
        assert_eq!(paths(&tree), [vec!["books.tags", "books.reviews"], vec!["prizes"]]);
    }
}
