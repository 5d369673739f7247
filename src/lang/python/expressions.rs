//! Expressions → values.

use super::strings::Built;
use super::tree::Node;
use super::{Field, Kind, Walk, child, kind, span};
use crate::facts::*;
use crate::lang::builder::{OpenBranch, OpenLoop};
use crate::source::Span;

/// Elements of one literal that are kept. Beyond them, plain constants are left out: tables of data.
const MAX_ELEMENTS: usize = 1_000;

/// What a comprehension's clauses have opened.
enum Opened {
    Loop(OpenLoop),
    Branch(OpenBranch),
}

impl<'a> Walk<'a> {
    /// The value of an expression. `result`: where it goes, should it be a call.
    pub(super) fn expr(&mut self, node: Node<'a>, result: ResultUse) -> ValueId {
        let built = self.build(node, result);
        self.keep(built, span(node))
    }

    /// The value of an expression; a text is not yet entered into the facts, as it may become a part of
    /// another.
    pub(super) fn build(&mut self, node: Node<'a>, result: ResultUse) -> Built {
        if !self.descend(node) {
            return Built::Value(UNKNOWN);
        }
        let built = match kind(node) {
            _ if self.is_misread_splat(node) => Built::Value(self.misread_splat(node)),
            Kind::StringLiteral | Kind::ConcatenatedString => self.string(node),
            Kind::ParenthesizedExpression => match self.children(node).first() {
                Some(&inner) => self.build(inner, result),
                None => Built::Value(UNKNOWN),
            },
            Kind::BinaryOperator => self.binary(node),
            Kind::Call => self.call(node, result),
            _ => Built::Value(self.plain(node, result)),
        };
        self.ascend();
        built
    }

    fn plain(&mut self, node: Node<'a>, result: ResultUse) -> ValueId {
        match kind(node) {
            Kind::Identifier => {
                let name = self.name_of(node);
                self.b.lookup(name)
            }
            Kind::Attribute => self.attribute_value(node),
            Kind::Subscript => self.subscript(node),
            Kind::Await => self.await_value(node, result),
            Kind::None => self.b.value(Value::Null),
            Kind::True => self.b.value(Value::Bool(true)),
            Kind::False => self.b.value(Value::Bool(false)),
            Kind::Integer => {
                let value = integer(self.source_of(node));
                self.b.value(value)
            }
            Kind::Float => self.b.value(Value::Float),
            Kind::Tuple | Kind::List | Kind::Set | Kind::ExpressionList | Kind::PatternList => {
                self.elements(node, ResultUse::Operand)
            }
            Kind::Dictionary => self.dictionary(node),
            Kind::ListSplat | Kind::ListSplatPattern | Kind::DictionarySplat | Kind::DictionarySplatPattern => {
                self.splat(node)
            }
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictionaryComprehension
            | Kind::GeneratorExpression => self.comprehension(node),
            Kind::UnaryOperator => self.unary(node),
            Kind::NotOperator => self.not(node),
            Kind::BooleanOperator => self.boolean(node, result, false),
            Kind::ComparisonOperator => self.comparison(node),
            Kind::ConditionalExpression => self.conditional(node, result),
            Kind::NamedExpression => self.named(node),
            Kind::AsPattern => self.as_pattern(node),
            Kind::Lambda => {
                let function = self.lambda(node, None, None, &[]);
                self.b.value(Value::Function(function))
            }
            Kind::Yield => self.yielded(node),
            Kind::Pair => {
                let (key, value) = self.pair(node);
                self.b.mixed(vec![key, value])
            }
            Kind::Slice => {
                let (low, high) = self.bounds(node);
                self.b.mixed(vec![low, high])
            }
            Kind::KeywordArgument => child(node, Field::Value).map_or(UNKNOWN, |value| self.expr(value, result)),
            Kind::Ellipsis | Kind::Comment | Kind::TypeNode => UNKNOWN,
            _ => self.unexpected(node),
        }
    }

    /// What only stands here after a syntax error: whatever is inside it.
    fn unexpected(&mut self, node: Node<'a>) -> ValueId {
        for part in self.children(node) {
            self.statement(part);
        }
        UNKNOWN
    }

    fn attribute_value(&mut self, node: Node<'a>) -> ValueId {
        let (Some(object), Some(name)) = (child(node, Field::Object), child(node, Field::Attribute)) else {
            return self.unexpected(node);
        };
        let object = self.expr(object, ResultUse::Receiver);
        let value = self.b.member(object, self.source.get(name.byte_range()).unwrap_or(""));
        self.b.accessed(value, false, span(node));
        value
    }

    // ── Subscripts ──────────────────────────────────────────────────────────────────────────────────

    fn subscript(&mut self, node: Node<'a>) -> ValueId {
        let Some(object) = child(node, Field::Value) else { return self.unexpected(node) };
        let object = self.expr(object, ResultUse::Receiver);
        let keys = self.children_in(node, Field::Subscript);
        if let [slice] = keys.as_slice()
            && kind(*slice) == Kind::Slice
        {
            let (low, high) = self.bounds(*slice);
            let value = self.b.value(Value::Slice(object, low, high));
            self.b.used(value, UseKind::Slice, self.one_line(span(*slice)));
            return value;
        }
        let mut values: Vec<ValueId> = Vec::with_capacity(keys.len());
        for key in keys {
            values.push(self.expr(key, ResultUse::Operand));
        }
        let key = match values.as_slice() {
            [one] => *one,
            _ => self.b.value(Value::Sequence(values.into())),
        };
        self.b.used(object, UseKind::Index, span(node));
        self.b.value(Value::Item(object, key))
    }

    /// The bounds of a slice; its step is lowered, too.
    fn bounds(&mut self, node: Node<'a>) -> (ValueId, ValueId) {
        let mut bounds = [UNKNOWN; 3];
        let mut at = 0;
        for part in node.children() {
            if kind(part) == Kind::Colon {
                at += 1;
            } else if part.is_named() {
                let value = self.expr(part, ResultUse::Operand);
                if let Some(bound) = bounds.get_mut(at) {
                    *bound = value;
                }
            }
        }
        (bounds[0], bounds[1])
    }

    // ── Collections ─────────────────────────────────────────────────────────────────────────────────

    /// The elements of a list, tuple or set.
    pub(super) fn elements(&mut self, node: Node<'a>, result: ResultUse) -> ValueId {
        let parts = self.children(node);
        let mut values = Vec::with_capacity(parts.len().min(MAX_ELEMENTS));
        for part in parts {
            if values.len() < MAX_ELEMENTS || !is_constant(part) {
                values.push(self.expr(part, result));
            }
        }
        self.b.value(Value::Sequence(values.into()))
    }

    fn dictionary(&mut self, node: Node<'a>) -> ValueId {
        let mut pairs = Vec::new();
        for part in self.children(node) {
            match kind(part) {
                Kind::Pair => {
                    let constant = child(part, Field::Value).is_some_and(is_constant);
                    if pairs.len() < MAX_ELEMENTS || !constant {
                        pairs.push(self.pair(part));
                    }
                }
                _ => pairs.push((UNKNOWN, self.expr(part, ResultUse::Operand))),
            }
        }
        self.b.value(Value::Mapping(pairs.into()))
    }

    fn pair(&mut self, node: Node<'a>) -> (ValueId, ValueId) {
        let key = child(node, Field::Key).map_or(UNKNOWN, |key| self.expr(key, ResultUse::Operand));
        let value = child(node, Field::Value).map_or(UNKNOWN, |value| self.expr(value, ResultUse::Operand));
        (key, value)
    }

    /// `*x`, `**x`
    pub(super) fn splat(&mut self, node: Node<'a>) -> ValueId {
        let Some(&inner) = self.children(node).first() else { return UNKNOWN };
        if self.splat_at == Some(node.start_byte()) {
            return self.expr(inner, ResultUse::Receiver);
        }
        let value = self.expr(inner, ResultUse::Iterated);
        if matches!(kind(node), Kind::ListSplat | Kind::ListSplatPattern) {
            self.b.used(value, UseKind::Iterate, span(inner));
        }
        self.b.value(Value::Spread(value))
    }

    /// The grammar reads `[*f()]` as a call of `*f`.
    fn is_misread_splat(&self, node: Node<'a>) -> bool {
        let start = node.start_byte();
        let is_operation = matches!(
            kind(node),
            Kind::Call
                | Kind::Attribute
                | Kind::Subscript
                | Kind::BinaryOperator
                | Kind::BooleanOperator
                | Kind::ComparisonOperator
                | Kind::ConditionalExpression
        );
        is_operation && self.source.as_bytes().get(start) == Some(&b'*') && self.splat_at != Some(start)
    }

    fn misread_splat(&mut self, node: Node<'a>) -> ValueId {
        let outer = self.splat_at.replace(node.start_byte());
        let value = self.expr(node, ResultUse::Iterated);
        self.splat_at = outer;
        self.b.used(value, UseKind::Iterate, span(node));
        self.b.value(Value::Spread(value))
    }

    pub(super) fn comprehension(&mut self, node: Node<'a>) -> ValueId {
        let clauses: Vec<Node<'a>> = self.children(node);
        let body = child(node, Field::Body);
        // The first iterable is evaluated outside: neither in the loop nor in the comprehension's scope.
        let mut first = clauses.iter().find(|&&clause| kind(clause) == Kind::ForInClause).map(|&clause| {
            let value = self.clause_iterable(clause);
            (clause, value)
        });
        let assigned = if self.has_walrus { self.assigned(&[node]) } else { Vec::new() };
        self.b.push_scope(false);
        let mut opened = Vec::new();
        let mut innermost = None;
        for clause in clauses {
            match kind(clause) {
                Kind::ForInClause => {
                    let iterable = match first.take() {
                        Some((_, value)) => value,
                        None => self.clause_iterable(clause),
                    };
                    let head = self.one_line(span(clause));
                    let kind = LoopKind::Comprehension;
                    let open = self.b.begin_loop(kind, iterable, UNKNOWN, head, span(node), &assigned);
                    innermost = Some(open.id);
                    let element = self.b.value(Value::Element(iterable, open.id));
                    opened.push(Opened::Loop(open));
                    if let Some(left) = child(clause, Field::Left) {
                        self.assign(left, element, super::statements::Binding::TARGET);
                    }
                }
                Kind::IfClause => {
                    let condition = clause.first_part().map_or(UNKNOWN, |condition| self.test(condition));
                    opened.push(Opened::Branch(self.b.begin_branch(GuardKind::Then, condition)));
                }
                _ => {}
            }
        }
        let value = body.map_or(UNKNOWN, |body| match kind(body) {
            Kind::Pair => {
                let pair = self.pair(body);
                self.b.value(Value::Mapping(Box::new([pair])))
            }
            _ => self.expr(body, ResultUse::Operand),
        });
        while let Some(open) = opened.pop() {
            match open {
                Opened::Loop(open) => self.b.end_loop(open),
                Opened::Branch(open) => {
                    let branch = self.b.end_branch(open, true);
                    self.b.join(vec![branch], false);
                }
            }
        }
        self.b.pop_scope();
        innermost.map_or(UNKNOWN, |id| self.b.value(Value::Collected(value, id)))
    }

    fn clause_iterable(&mut self, clause: Node<'a>) -> ValueId {
        let rights = self.children_in(clause, Field::Right);
        match rights.as_slice() {
            [one] => self.iterated(*one),
            many => {
                let mut values = Vec::with_capacity(many.len());
                for &part in many {
                    values.push(self.expr(part, ResultUse::Operand));
                }
                self.b.value(Value::Sequence(values.into()))
            }
        }
    }

    // ── Operators ───────────────────────────────────────────────────────────────────────────────────

    /// `a + b - c`: a long chain of them is walked, not descended.
    fn binary(&mut self, node: Node<'a>) -> Built {
        let mut spine = vec![node];
        let mut first = child(node, Field::Left);
        while let Some(left) = first.filter(|&left| kind(left) == Kind::BinaryOperator) {
            spine.push(left);
            first = child(left, Field::Left);
        }
        let mut left = first.map_or(Built::Value(UNKNOWN), |first| self.build(first, ResultUse::Operand));
        while let Some(node) = spine.pop() {
            let Some(right) = child(node, Field::Right) else { continue };
            let left_span = child(node, Field::Left).map_or_else(|| span(node), span);
            let operator = child(node, Field::Operator).map_or("", |operator| self.source_of(operator));
            left = self.operation(operator, left, left_span, right);
        }
        left
    }

    /// `left operator right`, of which `left` is lowered.
    fn operation(&mut self, operator: &str, left: Built, left_span: Span, right: Node<'a>) -> Built {
        match operator {
            "+" => {
                let added = self.build(right, ResultUse::Operand);
                self.add(left, left_span, added, span(right))
            }
            "%" => match self.text_or_value(left) {
                Ok(text) => Built::Text(self.percent(text, right)),
                Err(left) => self.other_operation(operator, left, right),
            },
            _ => {
                let left = self.keep(left, left_span);
                self.other_operation(operator, left, right)
            }
        }
    }

    fn other_operation(&mut self, operator: &str, left: ValueId, right: Node<'a>) -> Built {
        let right = self.expr(right, ResultUse::Operand);
        let operation = match operator {
            "+" => Operation::Add,
            "-" => Operation::Subtract,
            "*" => Operation::Multiply,
            "|" => Operation::BitOr,
            "&" => Operation::BitAnd,
            _ => Operation::Other,
        };
        Built::Value(self.b.value(Value::Operation(operation, left, right)))
    }

    /// `x += right`; `operator` has its `=`.
    pub(super) fn augmented_value(&mut self, operator: &str, left: (ValueId, Span), right: Node<'a>) -> ValueId {
        let (before, left_span) = left;
        let operator = operator.strip_suffix('=').unwrap_or(operator);
        if operator != "+" {
            let built = self.operation(operator, Built::Value(before), left_span, right);
            return self.keep(built, left_span);
        }
        let added = self.build(right, ResultUse::Operand);
        self.add_to_each(before, left_span, added, span(right))
    }

    fn unary(&mut self, node: Node<'a>) -> ValueId {
        let value = child(node, Field::Argument).map_or(UNKNOWN, |value| self.expr(value, ResultUse::Operand));
        let is_minus = child(node, Field::Operator).is_some_and(|operator| self.source_of(operator) == "-");
        match *self.b.facts.value(value) {
            Value::Int(number) if is_minus => self.b.value(Value::Int(number.wrapping_neg())),
            Value::Float => value,
            _ => self.b.value(Value::Operation(Operation::Other, value, UNKNOWN)),
        }
    }

    fn comparison(&mut self, node: Node<'a>) -> ValueId {
        let (mut left, mut result) = (None, UNKNOWN);
        let mut operation = Operation::Other;
        for part in node.children() {
            if !part.is_named() {
                operation = comparison_of(self.source_of(part));
                continue;
            }
            let value = self.expr(part, ResultUse::Operand);
            if matches!(operation, Operation::In | Operation::NotIn) && left.is_some() {
                self.b.used(value, UseKind::Contains, span(part));
            }
            if let Some(left) = left {
                let compared = self.b.value(Value::Operation(operation, left, value));
                result = match result {
                    UNKNOWN => compared,
                    before => self.b.value(Value::Operation(Operation::And, before, compared)),
                };
            }
            left = Some(value);
        }
        result
    }

    // ── Conditions ──────────────────────────────────────────────────────────────────────────────────

    /// A condition: what it tests may be a lazy value.
    pub(super) fn test(&mut self, node: Node<'a>) -> ValueId {
        if !self.descend(node) {
            return UNKNOWN;
        }
        let value = match kind(node) {
            Kind::ParenthesizedExpression => match self.children(node).first() {
                Some(&inner) => self.test(inner),
                None => UNKNOWN,
            },
            Kind::NotOperator => self.not(node),
            Kind::BooleanOperator => self.boolean(node, ResultUse::Tested, true),
            Kind::ComparisonOperator => self.comparison(node),
            _ => {
                let value = self.expr(node, ResultUse::Tested);
                if is_path(node) {
                    self.b.used(value, UseKind::Test, span(node));
                }
                value
            }
        };
        self.ascend();
        value
    }

    fn not(&mut self, node: Node<'a>) -> ValueId {
        let value = child(node, Field::Argument).map_or(UNKNOWN, |argument| self.test(argument));
        self.b.value(Value::Operation(Operation::Not, value, UNKNOWN))
    }

    /// `a and b or c`: a right side stands under the condition on its left. `tested`: the whole is a condition.
    fn boolean(&mut self, node: Node<'a>, result: ResultUse, tested: bool) -> ValueId {
        let mut spine = vec![node];
        let mut first = child(node, Field::Left);
        while let Some(left) = first.filter(|&left| kind(left) == Kind::BooleanOperator) {
            spine.push(left);
            first = child(left, Field::Left);
        }
        let mut left = first.map_or(UNKNOWN, |first| self.test(first));
        while let Some(node) = spine.pop() {
            let Some(right) = child(node, Field::Right) else { continue };
            let is_or = child(node, Field::Operator).is_some_and(|operator| self.source_of(operator) == "or");
            let kind = if is_or { GuardKind::Or } else { GuardKind::And };
            let open = self.b.begin_branch(kind, left);
            // All but the last right side is tested by what follows it.
            let right = if tested || !spine.is_empty() { self.test(right) } else { self.expr(right, result) };
            let branch = self.b.end_branch(open, true);
            self.b.join(vec![branch], false);
            left = match is_or {
                true => self.b.either(left, right),
                false => self.b.value(Value::Operation(Operation::And, left, right)),
            };
        }
        left
    }

    /// `a if c else b`
    fn conditional(&mut self, node: Node<'a>, result: ResultUse) -> ValueId {
        let parts = self.children(node);
        let [then, condition, otherwise] = parts.as_slice() else { return self.unexpected(node) };
        let condition = self.test(*condition);
        let open = self.b.begin_branch(GuardKind::Then, condition);
        let left = self.expr(*then, result);
        let then = self.b.end_branch(open, true);
        let open = self.b.begin_branch(GuardKind::Else, condition);
        let right = self.expr(*otherwise, result);
        let otherwise = self.b.end_branch(open, true);
        self.b.join(vec![then, otherwise], true);
        self.b.either(left, right)
    }

    // ── The rest ────────────────────────────────────────────────────────────────────────────────────

    /// `x := v`
    fn named(&mut self, node: Node<'a>) -> ValueId {
        let value = child(node, Field::Value).map_or(UNKNOWN, |value| self.expr(value, ResultUse::Bound));
        if let Some(name) = child(node, Field::Name) {
            let name = self.name_of(name);
            self.bind_local(name, value);
        }
        value
    }

    fn await_value(&mut self, node: Node<'a>, result: ResultUse) -> ValueId {
        let Some(&inner) = self.children(node).first() else { return UNKNOWN };
        let value = self.expr(inner, result);
        let mut awaited = inner;
        while kind(awaited) == Kind::ParenthesizedExpression
            && let Some(inner) = awaited.first_part()
        {
            awaited = inner;
        }
        match *self.b.facts.value(value) {
            Value::Call(call) if kind(awaited) == Kind::Call => self.b.facts.calls[call.index()].awaited = true,
            _ => self.b.used(value, UseKind::Await, span(node)),
        }
        value
    }

    fn yielded(&mut self, node: Node<'a>) -> ValueId {
        let is_from = node.children().any(|part| kind(part) == Kind::From);
        let mut value = UNKNOWN;
        if let Some(&inner) = self.children(node).first() {
            if is_from {
                let iterated = self.iterated(inner);
                value = self.b.value(Value::Spread(iterated));
            } else {
                value = self.expr(inner, ResultUse::Returned);
            }
        }
        let function = self.b.function().index();
        let function = &mut self.b.facts.functions[function];
        function.traits.is_generator = true;
        function.yields.push(value);
        UNKNOWN
    }
}

/// Whether a node is a name, a call, or a path of them: what a lazy value may be.
fn is_path(node: Node<'_>) -> bool {
    matches!(
        kind(node),
        Kind::Identifier | Kind::Attribute | Kind::Call | Kind::Subscript | Kind::Await | Kind::NamedExpression
    )
}

/// Whether a node is a plain constant.
fn is_constant(node: Node<'_>) -> bool {
    match kind(node) {
        Kind::Integer | Kind::Float | Kind::True | Kind::False | Kind::None => true,
        Kind::StringLiteral => !node.parts().any(|part| kind(part) == Kind::Interpolation),
        _ => false,
    }
}

fn comparison_of(operator: &str) -> Operation {
    match operator {
        "==" | "is" => Operation::Equal,
        "!=" | "<>" => Operation::NotEqual,
        "<" | "<=" | ">" | ">=" => Operation::Order,
        "in" => Operation::In,
        other if other.starts_with("is") => Operation::NotEqual,
        other if other.starts_with("not") => Operation::NotIn,
        _ => Operation::Other,
    }
}

/// An integer literal as a value.
fn integer(source: &str) -> Value {
    let digits: String = source.chars().filter(|&c| c != '_').collect();
    let digits = digits.to_ascii_lowercase();
    let digits = digits.trim_end_matches('l');
    let parsed = match digits.get(..2) {
        Some("0x") => i64::from_str_radix(&digits[2..], 16),
        Some("0o") => i64::from_str_radix(&digits[2..], 8),
        Some("0b") => i64::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    parsed.map_or(Value::Float, Value::Int)
}
