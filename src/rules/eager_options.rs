//! The edit that loads a relation of TypeORM's with the rows: in the options of a find, or as a step of a query builder.

use super::eager_load::{dot_before, line_break_before, usual_quote};
use crate::facts::{Call, FileFacts, Value, ValueId};
use crate::findings::{Applicability, Confidence, Edit, Fix};
use crate::project::LazyRead;
use crate::source::{SourceFile, Span};

/// What takes options that name relations.
const FINDS: [&str; 4] = ["find", "findAndCount", "findOne", "findOneOrFail"];

/// What loads the relation of `read` with the rows that the call `first` gives.
pub(super) fn fix(source: &SourceFile, facts: &FileFacts, first: &Call, read: &LazyRead) -> Option<Fix> {
    let name = &source.text[first.name_span.range()];
    let (at, text) = if read.load.starts_with('.') {
        let dot = dot_before(&source.text, first.name_span)?;
        let text = read.load.replace('"', usual_quote(&source.text).encode_utf8(&mut [0; 4]));
        // One step a line stays so.
        let line_break = line_break_before(&source.text, dot).unwrap_or("");
        (dot, format!("{text}{line_break}"))
    } else if FINDS.contains(&name) {
        in_options(source, facts, first, read)?
    } else {
        return None;
    };
    let is_sure = read.confidence == Confidence::High;
    Some(Fix {
        title: format!("load `{}` with the rows", read.path.replace("__", ".")),
        applicability: if is_sure { Applicability::Unsafe } else { Applicability::DisplayOnly },
        edits: vec![Edit { path: source.path.clone(), span: Span::new(at, at), text }],
    })
}

/// Where and what is written into the options of a find.
fn in_options(source: &SourceFile, facts: &FileFacts, find: &Call, read: &LazyRead) -> Option<(usize, String)> {
    let end = find.span.end as usize - 1;
    let Some(last) = find.args.last() else {
        return source.text[find.name_span.end as usize..=end]
            .ends_with("()")
            .then(|| (end, format!("{{ {} }}", read.load)));
    };
    let after = last.span.end as usize;
    match facts.value(last.value) {
        // `manager.find(Book)`
        Value::Class(_) | Value::Import(_) => Some((after, format!(", {{ {} }}", read.load))),
        Value::Mapping(entries) => {
            // What is bound to a name is written elsewhere.
            let inner = source.text[last.span.range()].strip_prefix('{')?;
            let start = last.span.start as usize + 1;
            let named = entries.iter().find(|(key, _)| facts.literal(*key) == Some("relations"));
            let Some(&(_, named)) = named else {
                let comma = if entries.is_empty() { " " } else { "," };
                return Some((start, format!(" {}{comma}", read.load)));
            };
            let (at, rest) = inner.match_indices("relations:").next()?;
            let open = at + rest.len() + (inner[at + rest.len()..].len() - inner[at + rest.len()..].trim_start().len());
            // The same word stands somewhere else, too.
            if inner.matches("relations:").count() > 1 {
                return None;
            }
            into_list(facts, named, &inner[open..], read).map(|text| (start + open + 1, text))
        }
        _ => None,
    }
}

/// What is written at the start of a list or an object of relations.
fn into_list(facts: &FileFacts, named: ValueId, written: &str, read: &LazyRead) -> Option<String> {
    let first = read.path.split("__").next()?;
    match facts.value(named) {
        Value::Mapping(entries) if written.starts_with('{') => {
            // What is there already is to be changed, not told again.
            let is_known = entries.iter().any(|(key, _)| facts.literal(*key) == Some(first));
            let inner = read.load.strip_prefix("relations: {")?.strip_suffix(" }")?;
            (!is_known).then(|| if entries.is_empty() { format!("{inner} ") } else { format!("{inner},") })
        }
        Value::Sequence(items) if written.starts_with('[') => {
            let quote = usual_quote(written);
            let comma = if items.is_empty() { "" } else { ", " };
            Some(format!("{quote}{}{quote}{comma}", read.path.replace("__", ".")))
        }
        _ => None,
    }
}
