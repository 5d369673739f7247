//! Declared types. They are read from their text, because that is how they may be quoted:
//! `Mapped[list["Post"]]`.

use super::tree::Node;
use super::{Field, Kind, Walk, child, kind, span};
use crate::facts::*;
use crate::source::Span;

/// How deep the arguments of a type may nest.
const MAX_NESTING: u32 = 32;

/// What of a type stands where.
struct Reader<'t> {
    rest: &'t str,
    nesting: u32,
}

impl<'a> Walk<'a> {
    /// The type that `node` declares, if it can be read.
    pub(super) fn annotation(&mut self, node: Node<'a>) -> Option<ValueId> {
        self.annotation_at(span(node))
    }

    pub(super) fn annotation_at(&mut self, span: Span) -> Option<ValueId> {
        let text = self.source.get(span.range())?;
        let value = self.union(&mut Reader { rest: text, nesting: 0 });
        (value != UNKNOWN).then_some(value)
    }

    /// The value of `Name = Annotated[X, …]` or `Name = X | None` and the like: a type with another name.
    pub(super) fn type_alias_value(&mut self, node: Node<'a>) -> Option<ValueId> {
        let head = child(node, Field::Value)?;
        let name = match kind(head) {
            Kind::Identifier => head,
            Kind::Attribute => child(head, Field::Attribute)?,
            _ => return None,
        };
        if !matches!(self.source_of(name), "Annotated" | "Optional" | "Union") {
            return None;
        }
        // What else stands there can be a call: `Annotated[Session, Depends(get_db)]`.
        for argument in self.children_in(node, Field::Subscript) {
            if kind(argument) == Kind::Call {
                self.expr(argument, ResultUse::Operand);
            }
        }
        Some(self.annotation(node).unwrap_or(UNKNOWN))
    }

    /// `A | B`; `None` is left out.
    fn union(&mut self, reader: &mut Reader<'_>) -> ValueId {
        let mut result = UNKNOWN;
        loop {
            let part = self.postfix(reader);
            result = self.b.either(result, part);
            if !reader.take('|') {
                return result;
            }
        }
    }

    /// `a.b.C[X, Y]`, or a quoted type.
    fn postfix(&mut self, reader: &mut Reader<'_>) -> ValueId {
        reader.space();
        if let Some(quoted) = reader.quoted() {
            if reader.nesting >= MAX_NESTING {
                return UNKNOWN;
            }
            return self.union(&mut Reader { rest: quoted, nesting: reader.nesting + 1 });
        }
        if reader.take('(') {
            reader.nesting += 1;
            let inner = if reader.nesting < MAX_NESTING { self.union(reader) } else { UNKNOWN };
            reader.nesting -= 1;
            reader.skip_to_close();
            return inner;
        }
        let Some(first) = reader.identifier() else {
            reader.skip_one();
            return UNKNOWN;
        };
        let name = self.b.name(first);
        let mut head = self.b.lookup(name);
        let mut last = first;
        while reader.take('.') {
            let Some(name) = reader.identifier() else { break };
            head = self.b.member(head, name);
            last = name;
        }
        if reader.take('(') {
            // A call is no type.
            reader.skip_to_close();
            return UNKNOWN;
        }
        let arguments = if reader.take('[') { Some(self.type_arguments(reader)) } else { None };
        self.applied(head, last, arguments)
    }

    fn type_arguments(&mut self, reader: &mut Reader<'_>) -> Vec<ValueId> {
        let mut arguments = Vec::new();
        reader.nesting += 1;
        while reader.nesting < MAX_NESTING {
            reader.space();
            if reader.rest.is_empty() || reader.rest.starts_with(']') {
                break;
            }
            if reader.take('[') {
                // The parameter list of a `Callable`.
                reader.skip_to_close();
                arguments.push(UNKNOWN);
            } else {
                let argument = self.union(reader);
                arguments.push(argument);
            }
            // What is left of an argument that is not a type.
            reader.skip_to_comma();
            if !reader.take(',') {
                break;
            }
        }
        reader.nesting -= 1;
        reader.skip_to_close();
        arguments
    }

    /// Whether a name was bound to a type with another name.
    fn is_type(&self, value: ValueId) -> bool {
        match *self.b.facts.value(value) {
            Value::Typed(_) => true,
            Value::Either(left, right) => matches!(self.b.facts.value(right), Value::Typed(_)) && self.is_type(left),
            _ => false,
        }
    }

    /// The type that `head[arguments]` is; `last` is the last name of the head.
    fn applied(&mut self, head: ValueId, last: &str, arguments: Option<Vec<ValueId>>) -> ValueId {
        let Some(arguments) = arguments else {
            if matches!(last, "None" | "Any" | "True" | "False") {
                return UNKNOWN;
            }
            // The name of a type, or another name for one.
            if self.is_type(head) {
                return head;
            }
            return self.b.value(Value::Typed(TypeRef { head, arguments: Box::default() }));
        };
        match last {
            "Optional" | "Annotated" | "ClassVar" | "Final" | "Required" | "NotRequired" | "ReadOnly" => {
                arguments.first().copied().unwrap_or(UNKNOWN)
            }
            "Union" => arguments.into_iter().fold(UNKNOWN, |all, argument| self.b.either(all, argument)),
            "Literal" => UNKNOWN,
            _ => self.b.value(Value::Typed(TypeRef { head, arguments: arguments.into() })),
        }
    }
}

impl<'t> Reader<'t> {
    /// Skips spaces, line ends and comments.
    fn space(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
    }

    /// Takes this character, if it is next.
    fn take(&mut self, wanted: char) -> bool {
        self.space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_one(&mut self) {
        let mut characters = self.rest.chars();
        // Brackets and commas belong to who is waiting for them.
        if self.rest.starts_with(['[', ']', ')', ',']) {
            return;
        }
        characters.next();
        self.rest = characters.as_str();
    }

    fn identifier(&mut self) -> Option<&'t str> {
        self.space();
        let starts = self.rest.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !starts {
            return None;
        }
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(name)
    }

    /// What stands in quotes, if a quote is next.
    fn quoted(&mut self) -> Option<&'t str> {
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| self.rest.starts_with(quote))?;
        let inner = &self.rest[quote.len()..];
        let end = inner.find(quote)?;
        self.rest = &inner[end + quote.len()..];
        Some(&inner[..end])
    }

    /// Skips to the next comma or closing bracket of this level.
    fn skip_to_comma(&mut self) {
        let mut depth = 0u32;
        while let Some(next) = self.rest.chars().next() {
            match next {
                ',' if depth == 0 => return,
                ']' | ')' | '}' if depth == 0 => return,
                '[' | '(' | '{' => depth += 1,
                ']' | ')' | '}' => depth -= 1,
                '"' | '\'' if self.quoted().is_some() => continue,
                _ => {}
            }
            self.rest = &self.rest[next.len_utf8()..];
        }
    }

    /// Skips past the bracket that closes this level.
    fn skip_to_close(&mut self) {
        loop {
            self.skip_to_comma();
            let closed = !self.rest.starts_with(',');
            let mut characters = self.rest.chars();
            if characters.next().is_none() {
                return;
            }
            self.rest = characters.as_str();
            if closed {
                return;
            }
        }
    }
}
