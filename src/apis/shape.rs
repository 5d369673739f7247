//! Shapes: calls that only one library has, told by the names they are made on and by their arguments.

use super::{ApiCall, TypeId};

/// A call on a receiver that nothing resolves, known by its looks.
#[derive(Clone, Debug)]
pub struct ApiShape {
    /// What it is, if it fits.
    pub call: ApiCall,
    /// The names of the path from right to left, the method first: `*.objects.filter` is `filter`, `objects`, `*`.
    /// `name` is a name that is not called, `name()` a call of it, `*` either of any name (`*_set`, `*prisma*` have
    /// fixed parts), `*()` any call, `?` any name that is not called. More may stand to the left.
    pub path: Vec<String>,
    /// What its arguments look like.
    pub args: ArgShape,
}

/// What the arguments of a call must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgShape {
    /// `none`: there are none.
    None,
    /// `any`: it does not matter.
    Any,
    /// `one`: exactly one.
    One,
    /// `object`, `object:where,take+skip`, `object@1:where`: the first (with `@n` the n-th, from 0) is an object literal;
    /// with at least one of these groups of keys, each group whole. No groups: any object literal.
    Object(u16, Vec<Vec<String>>),
    /// `sql`: the [`ApiCall::sql`] argument (the first, if not said) is text that is SQL.
    Sql,
    /// `text`: the first is a string literal.
    Text,
    /// `keyword`, `keyword:a,b`: at least one keyword argument; of these names, if any are given.
    Keyword(Vec<String>),
    /// `keywords`, `keywords:!a,!b`: nothing but keyword arguments, at least one, and none of these names.
    OnlyKeywords(Vec<String>),
    /// `lookup`: a keyword with `__` inside.
    Lookup,
    /// `type:sqlalchemy.Select`: the first is a value of this type or of one that extends it.
    Type(TypeId),
}

impl ArgShape {
    /// Whether an object literal with the keys that `has` knows fits. False for what is no [`ArgShape::Object`].
    pub fn fits_object(&self, has: impl Fn(&str) -> bool) -> bool {
        match self {
            ArgShape::Object(_, groups) => {
                groups.is_empty() || groups.iter().any(|group| group.iter().all(|key| has(key)))
            }
            _ => false,
        }
    }
}

/// One name that a call is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The name; empty for what has none (an item, a literal).
    pub name: &'a str,
    /// Whether it is called: `objects` in `a.objects.get()` is not, `all` in `a.all().get()` is.
    pub called: bool,
}

impl ApiShape {
    /// Whether the receiver fits: `steps` are its names from right to left, without the method itself
    /// (`ctx.db.user.findMany()` has the steps `user`, `db`, `ctx`).
    pub fn fits(&self, steps: &[Step<'_>]) -> bool {
        fits(&self.path[1..], steps)
    }
}

fn fits(path: &[String], steps: &[Step<'_>]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let Some((step, left)) = steps.split_first() else { return false };
    let name_fits = match first.strip_suffix("()") {
        Some(name) => step.called && glob(name, step.name),
        None if first == "?" => !step.called && !step.name.is_empty(),
        None => (!step.called || first == "*") && glob(first, step.name),
    };
    name_fits && fits(rest, left)
}

/// Whether `name` fits `pattern`, in which each `*` stands for any characters.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}
