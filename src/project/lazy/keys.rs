//! Reads of a related row that only want its key, which the row at hand holds: `book.author.id` is `book.author_id`.

use super::super::flow::Flow;
use super::super::relations::{Orm, sqlalchemy};
use super::super::types::{ClassMember, Ty, Types};
use super::super::{ClassRef, FileId};
use super::model::{Kind, Relation};
use super::{LazyRead, begins};
use crate::facts::*;
use crate::source::Span;

/// A read of a related row's key, or a test whether there is a related row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRead {
    /// Where it stands.
    pub place: (FileId, Span),
    /// The column of the row that holds the key: `author_id`.
    pub column: Box<str>,
    /// What the column stands for: `author.id`, or `author`.
    pub span: Span,
    /// Whether it is only asked if there is a related row.
    pub is_test: bool,
    /// Whether the column gives the same in all cases: there is always a related row.
    pub is_same: bool,
}

/// Steps of Django's that find rows by a related row or by its key alike.
const FILTERS: [&str; 4] = ["aget", "exclude", "filter", "get"];

/// The column of a row that holds the key of a related row, and the names of that key.
struct Column {
    name: Box<str>,
    keys: Vec<Box<str>>,
    is_required: bool,
}

/// What of `book.author`, written at `at` and followed by `next`, only wants the key.
pub(super) fn read(
    types: &Types<'_>,
    model: ClassRef,
    name: &str,
    relation: &Relation,
    next: &[Box<str>],
    at: (FileId, Span),
) -> Option<KeyRead> {
    if relation.kind != Kind::Forward {
        return None;
    }
    // The text of a key is no more than the key: `f"{book.author.id}"`.
    let next = match next {
        [key, text] if &**text == "__str__" => std::slice::from_ref(key),
        _ => next,
    };
    let text = &types.project().file(at.0).source.text;
    let own = text.get(at.1.range())?;
    let is_value = next.is_empty() && is_filter_value(types, at.0, at.1);
    let (before, key, end) = match next {
        [] => {
            let before = own.strip_suffix(name)?;
            match name_after(text, at.1.end as usize) {
                Some((key, end)) => (before, Some(key), end),
                None if is_only_tested(text, at.1) || is_value => (before, None, at.1.end as usize),
                None => return None,
            }
        }
        [key] => {
            let before = own.strip_suffix(&**key)?.trim_end().strip_suffix('.')?.trim_end();
            (before.strip_suffix(name)?, Some(&**key), at.1.end as usize)
        }
        _ => return None,
    };
    if !before.trim_end().ends_with('.') {
        return None;
    }
    let column = column(types, model, name, relation)?;
    if !key.is_none_or(|key| column.keys.iter().any(|known| **known == *key)) {
        return None;
    }
    if !is_all_there_is(types, at, (model, name), &column) {
        return None;
    }
    let start = at.1.start as usize + before.len();
    if is_value && !column.is_primary() {
        return None;
    }
    let is_test = key.is_none() && !is_value;
    // A key may be zero.
    let is_same = column.is_required && !is_test;
    Some(KeyRead { place: at, column: column.name, span: Span::new(start, end), is_test, is_same })
}

impl Column {
    /// Whether it holds the primary key of the related row, in Django's words.
    fn is_primary(&self) -> bool {
        self.keys.iter().any(|key| &**key == "pk")
    }
}

/// Whether the function around a read, with those inside it, wants no more of any relation of this name, but of objects
/// that are known to be something else.
fn is_all_there_is(
    types: &Types<'_>,
    (file, read): (FileId, Span),
    (model, name): (ClassRef, &str),
    column: &Column,
) -> bool {
    let facts = types.facts(file);
    let text = &types.project().file(file).source.text;
    let around = |function: &&Function| function.span.contains(read) && function.parent == Some(MODULE);
    let body = facts.functions.iter().find(around).map_or(0..text.len(), |function| function.span.range());
    let mentions = text[body.clone()].match_indices(name).map(|(start, _)| body.start + start);
    let goes_on = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut mentions = mentions
        .filter(|&start| text[..start].trim_end().ends_with('.') && !text[start + name.len()..].starts_with(goes_on));
    mentions.all(|start| {
        let span = Span::new(start, start + name.len());
        let is_wanted = match name_after(text, span.end as usize) {
            Some((key, _)) => !column.keys.iter().any(|known| **known == *key),
            None => {
                let begins = text[..start].trim_end_matches(|letter: char| goes_on(letter) || letter == '.').len();
                let whole = Span::new(begins, span.end as usize);
                let is_key = column.is_primary() && is_filter_value(types, file, whole);
                !is_key && !is_only_tested(text, whole)
            }
        };
        !is_wanted || is_of_another(types, (file, span), model)
    })
}

/// Whether the attribute at a place is read of an object of another class, or of a request.
fn is_of_another(types: &Types<'_>, (file, span): (FileId, Span), model: ClassRef) -> bool {
    let facts = types.facts(file);
    let name = &types.project().file(file).source.text[span.range()];
    let mut read = facts.accesses.iter().filter(|access| access.span.contains(span));
    read.any(|access| {
        let mut at = access.value;
        let object = loop {
            let Value::Member(object, own) = *facts.value(at) else { return false };
            if &facts.names[own] == name {
                break object;
            }
            at = object;
        };
        let is_request = match *facts.value(object) {
            Value::Param(function, index) => {
                let param = facts.function(function).params.get(usize::from(index));
                param.is_some_and(|param| &facts.names[param.name] == "request")
            }
            Value::Member(_, name) => &facts.names[name] == "request",
            _ => false,
        };
        let is_apart = |class| !types.lineage(class).contains(&model) && !types.lineage(model).contains(&class);
        is_request || matches!(types.of(file, object), Ty::Instance(class, _) if is_apart(class))
    })
}

/// Whether what is written at a place is the value by which rows are found: `.filter(author=book.author)`.
fn is_filter_value(types: &Types<'_>, file: FileId, whole: Span) -> bool {
    let text = &types.project().file(file).source.text;
    if !is_named_argument(text, whole) {
        return false;
    }
    let facts = types.facts(file);
    let flow = Flow::new(facts);
    facts.numbered().any(|(id, call)| {
        let is_given =
            |arg: &Arg| arg.name.is_some_and(|name| !facts.names[name].contains("__")) && arg.span.end == whole.end;
        call.span.contains(whole)
            && flow.called_name(call).is_some_and(|name| FILTERS.contains(&name))
            && call.args.iter().any(is_given)
            && types.catalogued(file, id).is_some()
    })
}

/// Whether what is written at a place is all of what an argument is given by name: `author=book.author)`.
fn is_named_argument(text: &str, whole: Span) -> bool {
    let before = text.get(..whole.start as usize).unwrap_or("").trim_end();
    let after = text.get(whole.end as usize..).unwrap_or("").trim_start();
    before.ends_with('=') && after.starts_with([',', ')'])
}

/// Whether what is written at a place is followed by an attribute, only tested, or an argument that is given by name.
pub(super) fn may_want_key_only(text: &str, span: Span) -> bool {
    name_after(text, span.end as usize).is_some() || is_only_tested(text, span) || is_named_argument(text, span)
}

/// Of reads of the same rows, those of a key stay only where the related rows are not read otherwise.
pub(super) fn settle(reads: &mut [LazyRead]) {
    let fetched: Vec<String> = reads.iter().filter(|read| read.keys.is_empty()).map(|read| read.path.clone()).collect();
    for read in reads.iter_mut() {
        if fetched.iter().any(|path| begins(path, &read.path)) {
            read.keys.clear();
        }
    }
}

/// The attribute that is read after a place: `.id`, neither called nor set.
fn name_after(text: &str, end: usize) -> Option<(&str, usize)> {
    let rest = text.get(end..)?;
    let name = rest.trim_start().strip_prefix('.')?.trim_start();
    let start = text.len() - name.len();
    let length = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
    let (name, after) = name.split_at(length);
    let after = after.trim_start_matches([' ', '\t']);
    let is_set = after.starts_with('=') && !after.starts_with("==");
    (!name.is_empty() && !after.starts_with('(') && !is_set).then_some((name, start + length))
}

/// Whether what stands at `span` is only tested: `if book.author:`, `book.author is None`.
fn is_only_tested(text: &str, span: Span) -> bool {
    let after = text[span.end as usize..].trim_start_matches([' ', '\t']);
    let word = |text: &str, word: &str| {
        text.strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    };
    if after.strip_prefix("is ").is_some_and(|rest| {
        let rest = rest.trim_start();
        word(rest.strip_prefix("not ").unwrap_or(rest).trim_start(), "None")
    }) {
        return true;
    }
    let before = text[..span.start as usize].trim_end_matches([' ', '\t']);
    let begins = before.trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_').len();
    let ends = |words: &[&str], signs: &[char]| words.iter().any(|&one| word(after, one)) || after.starts_with(signs);
    match &before[begins..] {
        "if" | "elif" | "while" => ends(&["and", "else", "for", "or"], &[':', ')', ']', '}']),
        "not" => ends(&["and", "else", "or"], &[':', ')', ']', '}', ',', '\n', '\r']),
        "and" | "or" => ends(&["else"], &[':']),
        _ => false,
    }
}

/// The column that a relation to one row goes by.
fn column(types: &Types<'_>, model: ClassRef, name: &str, relation: &Relation) -> Option<Column> {
    if Orm::of(types, model) == Some(Orm::SqlAlchemy) {
        let key = sqlalchemy::key(types, model, relation.target?)?;
        return Some(Column { name: key.column, keys: vec![key.refers_to], is_required: key.is_required });
    }
    if Orm::of(types, model) == Some(Orm::Peewee) {
        return None;
    }
    let column = format!("{name}_id");
    let Some(ClassMember::Attribute(file, value, _)) = types.class_member(model, name) else { return None };
    let facts = types.facts(file);
    let Value::Call(call) = *facts.value(value) else { return None };
    let call = facts.call(call);
    let keyword = |wanted: &str| {
        call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
    };
    match types.class_member(model, &column) {
        None => {}
        // `author_id: int` says of what type it is.
        Some(ClassMember::Attribute(file, value, Some(_))) if *types.facts(file).value(value) == Value::Unknown => {}
        Some(_) => return None,
    }
    let primary = match relation.target {
        Some(target) => primary_key(types, target)?,
        None => "id".into(),
    };
    let keys = match keyword("to_field") {
        None => vec!["pk".into(), primary],
        Some(to) => match facts.literal(to) {
            Some(to) if *to == *primary => vec!["pk".into(), primary],
            Some(to) => vec![to.into()],
            None => return None,
        },
    };
    let is = |wanted: &str, word: bool| keyword(wanted).is_some_and(|value| *facts.value(value) == Value::Bool(word));
    let is_loose = keyword("on_delete").is_some_and(|value| facts.own_name(value) == Some("DO_NOTHING"));
    let is_required = !is("null", true)
        && !is("db_constraint", false)
        && !is_loose
        && keyword("null").is_none_or(|_| is("null", false));
    Some(Column { name: column.into(), keys, is_required })
}

/// The name of a model's primary key.
fn primary_key(types: &Types<'_>, model: ClassRef) -> Option<Box<str>> {
    let mut has_id = false;
    for class in types.lineage(model) {
        let facts = types.facts(class.file);
        let own = facts.class(class.class);
        for field in own.attributes.iter().filter(|field| field.in_body) {
            let name = &facts.names[field.name];
            let Value::Call(call) = facts.value(field.value) else { continue };
            let is_primary = facts.call(*call).args.iter().any(|arg| {
                arg.name.is_some_and(|name| &facts.names[name] == "primary_key")
                    && *facts.value(arg.value) == Value::Bool(true)
            });
            if is_primary {
                return Some(name.into());
            }
            has_id |= name == "id";
        }
        has_id |= own.methods.iter().any(|&method| &facts.names[facts.function(method).name] == "id");
    }
    (!has_id).then(|| "id".into())
}
