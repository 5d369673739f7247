//! Strings and what builds them: literals, f-strings, `+`, `%`, `.format`, `.join`.

use super::text::{Prefix, append, append_range, push_decoded, push_exact, push_hole, push_literal};
use super::tree::Node;
use super::{Field, Kind, Walk, child, kind, span};
use crate::facts::*;
use crate::source::Span;

/// Longer strings are not kept.
const MAX_TEXT: usize = 1 << 20;
/// `x += "…"` on one of so many possible strings makes as many strings; on more, it is not followed.
const MAX_ALTERNATIVES: usize = 4;

/// How many bytes may be copied from strings into other strings in a file of this length. A file that
/// appends to one string ten thousand times must not cost gigabytes.
pub(super) fn budget(source: usize) -> usize {
    source.saturating_mul(4).saturating_add(MAX_TEXT)
}

/// An expression that was lowered.
pub(super) enum Built {
    /// A string that is not yet among the facts: it may become a part of a larger one.
    Text(Text),
    /// Anything else.
    Value(ValueId),
}

/// Values for the conversions or fields of a format string.
#[derive(Default)]
struct Values {
    positional: Vec<(Built, Span)>,
    named: Vec<(String, Built, Span)>,
    /// All there is, where it cannot be told apart.
    rest: Option<ValueId>,
}

/// One `%s` or `{name}` in a format string.
struct Conversion {
    start: u32,
    end: u32,
    /// The name it asks for; else it takes the next value, or the one at `index`.
    name: Option<String>,
    index: Option<usize>,
    /// Whether it puts the value in as it is.
    is_plain: bool,
    /// What it stands for if it asks for nothing: `%%`, `{{`.
    literal: Option<&'static str>,
}

impl<'a> Walk<'a> {
    /// Enters a text into the facts.
    pub(super) fn keep(&mut self, built: Built, span: Span) -> ValueId {
        match built {
            Built::Value(value) => value,
            Built::Text(text) if text.cooked.len() > MAX_TEXT => {
                let line = self.one_line(span);
                self.b.gap("a string of more than 1 MiB", line);
                self.b.mixed(text.holes.iter().map(|hole| hole.value).collect())
            }
            Built::Text(text) => self.b.text(text),
        }
    }

    /// `built` as a text of its own, if it is a string.
    pub(super) fn text_or_value(&mut self, built: Built) -> Result<Text, ValueId> {
        match built {
            Built::Text(text) => Ok(text),
            Built::Value(value) => self.copy_of(value, 0).ok_or(value),
        }
    }

    /// A copy of the string that `value` is, to be added to a text of this length.
    fn copy_of(&mut self, value: ValueId, length: usize) -> Option<Text> {
        let text = self.b.facts.text(value)?;
        let cost = text.cooked.len() + 16 * (text.pieces.len() + text.holes.len());
        if length + text.cooked.len() > MAX_TEXT || cost > self.text_budget {
            return None;
        }
        let copy = text.clone();
        self.text_budget -= cost;
        Some(copy)
    }

    // ── Literals ────────────────────────────────────────────────────────────────────────────────────

    /// A string literal, or several one after the other.
    pub(super) fn string(&mut self, node: Node<'a>) -> Built {
        let mut text = Text::default();
        let is_text = match kind(node) {
            Kind::ConcatenatedString => {
                let mut is_text = true;
                for part in self.children(node) {
                    is_text &= self.literal(part, &mut text);
                }
                is_text
            }
            _ => self.literal(node, &mut text),
        };
        if is_text { Built::Text(text) } else { Built::Value(UNKNOWN) }
    }

    /// Adds one literal; `false` if it is of bytes.
    fn literal(&mut self, node: Node<'a>, text: &mut Text) -> bool {
        let (mut at, mut end) = (node.start_byte(), node.end_byte());
        if !node.has_error()
            && let Some((prefix, opening, closing)) = Prefix::of_plain(self.source_of(node))
        {
            push_literal(text, self.source, at + opening, end - closing, prefix);
            return !prefix.is_bytes;
        }
        let mut prefix = Prefix::default();
        for part in self.children(node) {
            match kind(part) {
                Kind::StringStart => {
                    prefix = Prefix::of(self.source_of(part));
                    at = part.end_byte();
                }
                Kind::StringEnd => end = part.start_byte(),
                Kind::Interpolation => {
                    push_literal(text, self.source, at, part.start_byte(), prefix);
                    at = part.end_byte();
                    self.interpolation(part, text);
                }
                _ => {}
            }
        }
        push_literal(text, self.source, at, end, prefix);
        !prefix.is_bytes
    }

    /// `{x}` of an f-string.
    fn interpolation(&mut self, node: Node<'a>, text: &mut Text) {
        let built = match child(node, Field::Expression) {
            Some(expression) => self.build(expression, ResultUse::Operand),
            None => Built::Value(UNKNOWN),
        };
        let mut is_plain = node.child_count() == 1;
        if let Some(format) = child(node, Field::FormatSpecifier) {
            is_plain = false;
            for nested in self.children(format) {
                if let Some(expression) = child(nested, Field::Expression) {
                    self.expr(expression, ResultUse::Operand);
                }
            }
        }
        if is_plain && self.append_built(text, &built) {
            return;
        }
        let value = self.keep(built, span(node));
        let shown = child(node, Field::Expression).map_or_else(|| span(node), span);
        self.b.used(value, UseKind::Text, shown);
        let start = text.cooked.len();
        push_exact(text, self.source, node.start_byte(), node.end_byte());
        self.hole_since(text, start, value);
    }

    /// Adds what is known to be a string; `false` if it is not known.
    fn append_built(&mut self, text: &mut Text, built: &Built) -> bool {
        match built {
            Built::Text(other) if text.cooked.len() + other.cooked.len() <= MAX_TEXT => {
                append(text, other);
                true
            }
            Built::Text(_) => false,
            Built::Value(value) => match self.copy_of(*value, text.cooked.len()) {
                Some(other) => {
                    append(text, &other);
                    true
                }
                None => false,
            },
        }
    }

    /// Makes a hole of all that was added since `start`.
    fn hole_since(&self, text: &mut Text, start: usize, value: ValueId) {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        text.holes.retain(|hole| hole.end <= offset(start));
        text.holes.push(Hole { start: offset(start), end: offset(text.cooked.len()), value });
    }

    // ── Joining ─────────────────────────────────────────────────────────────────────────────────────

    /// `left + right`
    pub(super) fn add(&mut self, left: Built, left_span: Span, right: Built, right_span: Span) -> Built {
        let is_text = |walk: &Self, built: &Built| match built {
            Built::Text(_) => true,
            Built::Value(value) => walk.b.facts.text(*value).is_some(),
        };
        if !is_text(self, &left) && !is_text(self, &right) {
            let (left, right) = (self.keep(left, left_span), self.keep(right, right_span));
            return Built::Value(self.b.value(Value::Operation(Operation::Add, left, right)));
        }
        let mut joined = match left {
            Built::Text(text) => text,
            Built::Value(_) => {
                let mut text = Text::default();
                self.push(&mut text, left, left_span);
                text
            }
        };
        self.push(&mut joined, right, right_span);
        Built::Text(joined)
    }

    /// `x += right`, where `x` may be one of a few strings.
    pub(super) fn add_to_each(&mut self, left: ValueId, left_span: Span, right: Built, right_span: Span) -> ValueId {
        let alternatives = self.alternatives(left);
        if alternatives.len() < 2 {
            let built = self.add(Built::Value(left), left_span, right, right_span);
            return self.keep(built, left_span);
        }
        let right = self.keep(right, right_span);
        let mut result = UNKNOWN;
        for alternative in alternatives {
            let built = self.add(Built::Value(alternative), left_span, Built::Value(right), right_span);
            let value = self.keep(built, left_span);
            result = self.b.either(result, value);
        }
        result
    }

    /// The strings that `value` may be; none if it may be anything else, or if they are too many.
    fn alternatives(&self, value: ValueId) -> Vec<ValueId> {
        let mut found = Vec::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match *self.b.facts.value(value) {
                Value::Either(left, right) => waiting.extend([right, left]),
                Value::Text(_) => found.push(value),
                _ => return Vec::new(),
            }
            if found.len() + waiting.len() > MAX_ALTERNATIVES {
                return Vec::new();
            }
        }
        found
    }

    /// Adds a value to a text: itself if it is a string, else a hole.
    fn push(&mut self, text: &mut Text, built: Built, span: Span) {
        if !self.append_built(text, &built) {
            let value = self.keep(built, span);
            push_hole(text, value, span);
        }
    }

    // ── Methods of strings ──────────────────────────────────────────────────────────────────────────

    /// What a method of a string makes, or the object back if it is no string or no such method.
    pub(super) fn text_method(&mut self, object: Built, name: &str, arguments: Node<'a>) -> Result<Built, Built> {
        if !matches!(name, "format" | "join" | "strip" | "lstrip" | "rstrip") {
            return Err(object);
        }
        match &object {
            Built::Value(value) if self.b.facts.text(*value).is_none() => return Err(object),
            _ => {}
        }
        match name {
            "format" => match self.text_or_value(object) {
                Ok(text) => Ok(Built::Text(self.format(text, arguments))),
                Err(value) => Err(Built::Value(value)),
            },
            "join" => self.join(object, arguments),
            _ => {
                for argument in self.children(arguments) {
                    self.expr(argument, ResultUse::Argument);
                }
                Ok(object)
            }
        }
    }

    /// `", ".join(["a", "b"])`
    fn join(&mut self, separator: Built, arguments: Node<'a>) -> Result<Built, Built> {
        let list = match self.children(arguments).as_slice() {
            [list] if kind(arguments) == Kind::ArgumentList && matches!(kind(*list), Kind::List | Kind::Tuple) => *list,
            _ => return Err(separator),
        };
        let elements = self.children(list);
        if elements.iter().any(|&element| matches!(kind(element), Kind::ListSplat | Kind::ParenthesizedExpression)) {
            return Err(separator);
        }
        let separator = match self.text_or_value(separator) {
            Ok(text) => text,
            Err(value) => return Err(Built::Value(value)),
        };
        let mut text = Text::default();
        for (index, element) in elements.into_iter().enumerate() {
            if index > 0 && text.cooked.len() <= MAX_TEXT {
                append(&mut text, &separator);
            }
            let built = self.build(element, ResultUse::Operand);
            self.push(&mut text, built, span(element));
        }
        Ok(Built::Text(text))
    }

    // ── Formatting ──────────────────────────────────────────────────────────────────────────────────

    /// `text % right`
    pub(super) fn percent(&mut self, text: Text, right: Node<'a>) -> Text {
        let conversions = percent_conversions(&text);
        let mut values = self.percent_values(right);
        let asked = conversions.iter().filter(|conversion| conversion.literal.is_none()).count();
        let is_tuple = matches!(kind(right), Kind::Tuple);
        if asked > 1
            && !is_tuple
            && values.positional.len() == 1
            && let Some((only, place)) = values.positional.pop()
        {
            values = self.parts_of(only, place, asked);
        }
        self.fill(text, conversions, values)
    }

    fn percent_values(&mut self, right: Node<'a>) -> Values {
        let mut values = Values::default();
        match kind(right) {
            Kind::Tuple => {
                for part in self.children(right) {
                    self.positional(part, &mut values);
                }
            }
            Kind::Dictionary => {
                for pair in self.children(right) {
                    match (child(pair, Field::Key), child(pair, Field::Value)) {
                        (Some(key), Some(value)) => {
                            let key = self.expr(key, ResultUse::Operand);
                            let built = self.build(value, ResultUse::Operand);
                            match self.b.facts.literal(key) {
                                Some(key) => values.named.push((key.to_owned(), built, span(value))),
                                None => values.rest = Some(self.keep(built, span(value))),
                            }
                        }
                        _ => values.rest = Some(self.expr(pair, ResultUse::Operand)),
                    }
                }
            }
            Kind::ParenthesizedExpression => {
                if let Some(&inner) = self.children(right).first() {
                    return self.percent_values(inner);
                }
            }
            _ => self.positional(right, &mut values),
        }
        values
    }

    /// `n` values taken out of one that is not written as a tuple; names are asked of all of it.
    fn parts_of(&mut self, only: Built, place: Span, n: usize) -> Values {
        let value = self.keep(only, place);
        let mut values = Values { rest: Some(value), ..Values::default() };
        for index in 0..n.min(usize::from(u16::MAX)) {
            let part = self.b.value(Value::Part(value, u16::try_from(index).unwrap_or(u16::MAX)));
            values.positional.push((Built::Value(part), place));
        }
        values
    }

    fn positional(&mut self, node: Node<'a>, values: &mut Values) {
        let built = self.build(node, ResultUse::Operand);
        if matches!(kind(node), Kind::ListSplat | Kind::DictionarySplat) {
            values.rest = Some(self.keep(built, span(node)));
        } else {
            values.positional.push((built, span(node)));
        }
    }

    /// `text.format(…)`
    fn format(&mut self, text: Text, arguments: Node<'a>) -> Text {
        let conversions = format_fields(&text);
        let mut values = Values::default();
        if kind(arguments) == Kind::GeneratorExpression {
            self.positional(arguments, &mut values);
            return self.fill(text, conversions, values);
        }
        for part in self.children(arguments) {
            match (kind(part), child(part, Field::Name), child(part, Field::Value)) {
                (Kind::KeywordArgument, Some(name), Some(value)) => {
                    let built = self.build(value, ResultUse::Operand);
                    values.named.push((self.source_of(name).to_owned(), built, span(value)));
                }
                _ => self.positional(part, &mut values),
            }
        }
        self.fill(text, conversions, values)
    }

    /// Puts values where a format string asks for them.
    fn fill(&mut self, text: Text, conversions: Vec<Conversion>, values: Values) -> Text {
        if conversions.is_empty() {
            return text;
        }
        let mut filled = Text { tag: text.tag, ..Text::default() };
        let (mut at, mut next) = (0, 0);
        for conversion in conversions {
            append_range(&mut filled, &text, at, conversion.start);
            at = conversion.end;
            if let Some(literal) = conversion.literal {
                push_decoded(&mut filled, literal, text.host_span(conversion.start, conversion.end));
                continue;
            }
            let built = match (&conversion.name, conversion.index) {
                (Some(name), _) => values.named.iter().find(|named| named.0 == *name).map(|named| (&named.1, named.2)),
                (None, Some(index)) => values.positional.get(index).map(|(built, span)| (built, *span)),
                (None, None) => {
                    next += 1;
                    values.positional.get(next - 1).map(|(built, span)| (built, *span))
                }
            };
            if let Some((built, _)) = built
                && conversion.is_plain
                && self.append_built(&mut filled, built)
            {
                continue;
            }
            let value = match built {
                Some((Built::Value(value), _)) => *value,
                Some((Built::Text(text), span)) => self.keep(Built::Text(text.clone()), span),
                None => values.rest.unwrap_or_else(|| match values.positional.as_slice() {
                    [(Built::Value(only), _)] if conversion.name.is_some() => *only,
                    _ => UNKNOWN,
                }),
            };
            if let Some((_, shown)) = built {
                self.b.used(value, UseKind::Text, shown);
            }
            let start = filled.cooked.len();
            append_range(&mut filled, &text, conversion.start, conversion.end);
            self.hole_since(&mut filled, start, value);
        }
        append_range(&mut filled, &text, at, u32::try_from(text.cooked.len()).unwrap_or(u32::MAX));
        filled
    }
}

/// The conversions of a `%` format: `%s`, `%(name)s`, `%5.2f`, `%%`.
fn percent_conversions(text: &Text) -> Vec<Conversion> {
    let bytes = text.cooked.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_byte(text, at, b"%") {
        at = start + 1;
        let mut name = None;
        if bytes.get(at) == Some(&b'(')
            && let Some(length) = memchr::memchr(b')', &bytes[at..])
        {
            name = text.cooked.get(at + 1..at + length).map(str::to_owned);
            at += length + 1;
        }
        let modifiers = at;
        while bytes.get(at).is_some_and(|byte| b"#0- +*.123456789hlL".contains(byte)) {
            at += 1;
        }
        let Some(&conversion) = bytes.get(at) else { break };
        if !b"diouxXeEfFgGcrsa%".contains(&conversion) {
            at = start + 1;
            continue;
        }
        at += 1;
        found.push(Conversion {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(at).unwrap_or(u32::MAX),
            name,
            index: None,
            is_plain: conversion == b's' && modifiers + 1 == at,
            literal: (conversion == b'%').then_some("%"),
        });
    }
    found
}

/// The fields of a `.format` string: `{}`, `{0}`, `{name!r:>10}`, `{{`.
fn format_fields(text: &Text) -> Vec<Conversion> {
    let bytes = text.cooked.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_byte(text, at, b"{}") {
        let doubled = bytes.get(start + 1) == Some(&bytes[start]);
        let end = if doubled {
            start + 2
        } else if bytes[start] == b'}' {
            at = start + 1;
            continue;
        } else {
            match closing_brace(bytes, start) {
                Some(end) => end + 1,
                None => break,
            }
        };
        at = end;
        let inner = text.cooked.get(start + 1..end - 1).unwrap_or("");
        let path = inner.split(['!', ':']).next().unwrap_or("");
        let head = path.split(['.', '[']).next().unwrap_or("");
        let index = head.parse::<usize>().ok();
        found.push(Conversion {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
            name: (index.is_none() && !head.is_empty()).then(|| head.to_owned()),
            index,
            is_plain: inner == head,
            literal: doubled.then(|| if bytes[start] == b'{' { "{" } else { "}" }),
        });
    }
    found
}

/// The first of `wanted` from `at` on that is not in a hole.
fn next_byte(text: &Text, at: usize, wanted: &[u8]) -> Option<usize> {
    let bytes = text.cooked.as_bytes();
    let mut at = at;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| wanted.contains(byte))?;
        let index = text.holes.partition_point(|hole| hole.end as usize <= at);
        match text.holes.get(index) {
            Some(hole) if (hole.start as usize) <= at => at = hole.end as usize,
            _ => return Some(at),
        }
    }
}

fn closing_brace(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
