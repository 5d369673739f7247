//! Expressions.

use sqlparser::ast;

use super::{Lower, MAX_DEPTH, place};
use crate::source::Span;
use crate::sql::lex::Kind;
use crate::sql::query::*;

impl Lower<'_> {
    pub(super) fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Box<[ExprId]> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn expr(&mut self, expr: &ast::Expr) -> ExprId {
        if self.depth > MAX_DEPTH {
            return self.query.exprs.push(Expr::Other(Box::new([])), Span::default());
        }
        self.depth += 1;
        let id = self.expr_below(expr);
        self.depth -= 1;
        id
    }

    fn expr_below(&mut self, expr: &ast::Expr) -> ExprId {
        use ast::Expr as E;
        match expr {
            E::Identifier(ident) => self.column(std::slice::from_ref(ident)),
            E::CompoundIdentifier(idents) => self.column(idents),
            E::Nested(inner) => {
                let id = self.expr(inner);
                let span = self.outer_span(id);
                if let Some(around) = self.enclosing(span) {
                    self.brackets.insert(id, around);
                }
                id
            }
            E::Value(value) => self.value(value),
            E::BinaryOp { .. } => self.binary(expr),
            E::UnaryOp { op: ast::UnaryOperator::Not, expr } => {
                let inner = self.expr(expr);
                self.prefixed(Expr::Not(inner), inner)
            }
            E::UnaryOp { op, expr } => {
                let inner = self.expr(expr);
                self.prefixed(Expr::Unary(op.to_string().into(), inner), inner)
            }
            E::IsNull(inner) => self.is_null(inner, false),
            E::IsNotNull(inner) => self.is_null(inner, true),
            E::IsTrue(inner)
            | E::IsFalse(inner)
            | E::IsNotTrue(inner)
            | E::IsNotFalse(inner)
            | E::IsUnknown(inner)
            | E::IsNotUnknown(inner) => {
                let inner = self.expr(inner);
                self.around(Expr::IsTruth(inner), &[inner])
            }
            E::IsDistinctFrom(left, right) => self.compare(Comparison::NotSame, left, right),
            E::IsNotDistinctFrom(left, right) => self.compare(Comparison::Same, left, right),
            E::InList { expr, list, negated } => {
                let expr = self.expr(expr);
                let list = self.exprs(list);
                let mut span = self.outer_span(expr);
                if let Some(&last) = list.last() {
                    span = self.up_to_close(span, self.outer_span(last));
                }
                self.query.exprs.push(Expr::InList { expr, list, negated: *negated }, span)
            }
            E::InSubquery { expr, subquery, negated } => {
                let expr = self.expr(expr);
                let id = self.query.exprs.push(Expr::Star, Span::default());
                let select = self.query(subquery, Some(self.current), Role::In(id));
                let span = self.up_to_close(self.outer_span(expr), self.query.select(select).head);
                self.fill(id, Expr::InSelect { expr, select, negated: *negated }, span)
            }
            E::InUnnest { expr, array_expr, negated } => {
                let expr = self.expr(expr);
                let array = self.expr(array_expr);
                self.around(Expr::InList { expr, list: Box::new([array]), negated: *negated }, &[expr, array])
            }
            E::Between { expr, negated, low, high } => {
                let (expr, low, high) = (self.expr(expr), self.expr(low), self.expr(high));
                self.around(Expr::Between { expr, low, high, negated: *negated }, &[expr, high])
            }
            E::Like { negated, expr, pattern, .. } => self.like(LikeKind::Like, *negated, expr, pattern),
            E::ILike { negated, expr, pattern, .. } => self.like(LikeKind::ILike, *negated, expr, pattern),
            E::SimilarTo { negated, expr, pattern, .. } => self.like(LikeKind::Similar, *negated, expr, pattern),
            E::RLike { negated, expr, pattern, .. } => self.like(LikeKind::Regexp, *negated, expr, pattern),
            E::AnyOp { left, compare_op, right, .. } => self.quantified(left, compare_op, right, false),
            E::AllOp { left, compare_op, right } => self.quantified(left, compare_op, right, true),
            E::Exists { subquery, negated } => {
                let id = self.query.exprs.push(Expr::Star, Span::default());
                let select = self.query(subquery, Some(self.current), Role::Exists(id));
                let around = self.enclosing(self.query.select(select).head).unwrap_or_default();
                let span = self.with_words_before(around, &["EXISTS", "NOT"]);
                self.fill(id, Expr::Exists { select, negated: *negated }, span)
            }
            E::Subquery(subquery) => {
                let id = self.query.exprs.push(Expr::Star, Span::default());
                let select = self.query(subquery, Some(self.current), Role::Scalar(id));
                let head = self.query.select(select).head;
                let span = self.enclosing(head).unwrap_or(head);
                self.fill(id, Expr::Subselect(select), span)
            }
            E::Function(function) => self.function(function),
            E::Cast { expr, data_type, kind, .. } => {
                let inner = self.expr(expr);
                let to: Box<str> = data_type.to_string().to_lowercase().into();
                let span = if matches!(kind, ast::CastKind::DoubleColon) {
                    self.with_type_behind(self.outer_span(inner))
                } else {
                    self.call_around(self.outer_span(inner))
                };
                self.query.exprs.push(Expr::Cast { expr: inner, to }, span)
            }
            E::Convert { expr, data_type, .. } => {
                let inner = self.expr(expr);
                let to: Box<str> =
                    data_type.as_ref().map_or(String::new(), |data_type| data_type.to_string().to_lowercase()).into();
                let span = self.call_around(self.outer_span(inner));
                self.query.exprs.push(Expr::Cast { expr: inner, to }, span)
            }
            E::Collate { expr, collation } => {
                let inner = self.expr(expr);
                self.around(Expr::Collate(inner, collation.to_string().to_lowercase().into()), &[inner])
            }
            E::AtTimeZone { timestamp, time_zone } => {
                let (left, right) = (self.expr(timestamp), self.expr(time_zone));
                self.around(Expr::AtTimeZone(left, right), &[left, right])
            }
            E::Extract { field, expr, .. } => {
                let inner = self.expr(expr);
                self.keyword_call(&format!("extract_{}", field.to_string().to_lowercase()), &[inner])
            }
            E::Ceil { expr, .. } => self.one_argument("ceil", expr),
            E::Floor { expr, .. } => self.one_argument("floor", expr),
            E::Position { expr, r#in } => {
                let args = [self.expr(expr), self.expr(r#in)];
                self.keyword_call("position", &args)
            }
            E::Substring { expr, substring_from, substring_for, .. } => {
                let parts = [Some(expr), substring_from.as_ref(), substring_for.as_ref()];
                let args: Vec<ExprId> = parts.into_iter().flatten().map(|expr| self.expr(expr)).collect();
                self.keyword_call("substring", &args)
            }
            E::Trim { expr, trim_what, trim_characters, .. } => {
                let mut args = vec![self.expr(expr)];
                args.extend(trim_what.as_ref().map(|expr| self.expr(expr)));
                args.extend(trim_characters.iter().flatten().map(|expr| self.expr(expr)));
                self.keyword_call("trim", &args)
            }
            E::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let parts = [Some(expr), Some(overlay_what), Some(overlay_from), overlay_for.as_ref()];
                let args: Vec<ExprId> = parts.into_iter().flatten().map(|expr| self.expr(expr)).collect();
                self.keyword_call("overlay", &args)
            }
            E::Case { case_token, end_token, operand, conditions, else_result } => {
                let mut parts: Vec<ExprId> = operand.iter().map(|expr| self.expr(expr)).collect();
                for when in conditions {
                    parts.push(self.expr(&when.condition));
                    parts.push(self.expr(&when.result));
                }
                parts.extend(else_result.iter().map(|expr| self.expr(expr)));
                let span = place(case_token.0.span).cover(place(end_token.0.span));
                self.query.exprs.push(Expr::Case(parts.into()), span)
            }
            E::Tuple(parts) => {
                let parts = self.exprs(parts);
                let span = self.union(&parts);
                let span = self.enclosing(span).unwrap_or(span);
                self.query.exprs.push(Expr::Tuple(parts), span)
            }
            E::Array(array) => {
                let parts = self.exprs(&array.elem);
                let span = self.union(&parts);
                let span = self.with_words_before(self.enclosing(span).unwrap_or(span), &["ARRAY"]);
                self.query.exprs.push(Expr::Array(parts), span)
            }
            E::Interval(interval) => {
                let inner = self.expr(&interval.value);
                let span = self.with_words_before(self.outer_span(inner), &["INTERVAL"]);
                self.query.exprs.push(Expr::Interval(inner), span)
            }
            E::TypedString(typed) => {
                let span = place(typed.value.span);
                let index = self.lexed.index_at(span.start);
                let before = index.checked_sub(1).and_then(|index| self.lexed.tokens.get(index));
                let span = before.filter(|token| token.kind == Kind::Word).map_or(span, |token| token.span.cover(span));
                self.query.exprs.push(Expr::Literal(Literal::Other), span)
            }
            E::Prefixed { value, .. } => self.expr(value),
            E::Wildcard(token) => self.query.exprs.push(Expr::Star, place(token.0.span)),
            E::QualifiedWildcard(_, token) => self.query.exprs.push(Expr::Star, place(token.0.span)),
            E::JsonAccess { value, .. } => {
                let inner = self.expr(value);
                self.around(Expr::Other(Box::new([inner])), &[inner])
            }
            E::CompoundFieldAccess { root, access_chain } => {
                let mut parts = vec![self.expr(root)];
                for access in access_chain {
                    if let ast::AccessExpr::Subscript(ast::Subscript::Index { index }) = access {
                        parts.push(self.expr(index));
                    }
                }
                self.around(Expr::Other(parts.clone().into()), &parts)
            }
            E::MatchAgainst { columns, match_value, .. } => {
                let mut args: Vec<ExprId> = Vec::new();
                for name in columns {
                    let idents: Vec<ast::Ident> = name.0.iter().filter_map(|part| part.as_ident()).cloned().collect();
                    if !idents.is_empty() {
                        args.push(self.column(&idents));
                    }
                }
                args.push(self.value(match_value));
                self.keyword_call("match", &args)
            }
            E::IsJson { expr, .. }
            | E::IsNormalized { expr, .. }
            | E::OuterJoin(expr)
            | E::Prior(expr)
            | E::Named { expr, .. } => {
                let inner = self.expr(expr);
                self.around(Expr::Other(Box::new([inner])), &[inner])
            }
            E::Struct { values, .. } => {
                let parts = self.exprs(values);
                self.around(Expr::Other(parts.clone()), &parts)
            }
            E::MemberOf(member) => {
                let parts = [self.expr(&member.value), self.expr(&member.array)];
                self.around(Expr::Other(parts.to_vec().into()), &parts)
            }
            E::GroupingSets(sets) | E::Cube(sets) | E::Rollup(sets) => {
                let parts: Vec<ExprId> = sets.iter().flatten().map(|expr| self.expr(expr)).collect();
                self.around(Expr::Other(parts.clone().into()), &parts)
            }
            E::Dictionary(_) | E::Map(_) | E::Lambda(_) => {
                self.query.exprs.push(Expr::Other(Box::new([])), Span::default())
            }
        }
    }

    pub(super) fn column(&mut self, idents: &[ast::Ident]) -> ExprId {
        let Some((last, before)) = idents.split_last() else {
            return self.query.exprs.push(Expr::Other(Box::new([])), Span::default());
        };
        let name = self.ident(last);
        let span = place(idents[0].span).cover(name.span);
        if before.is_empty()
            && let Some(index) = self.lexed.slot_in(name.span)
            && self.lexed.slots[usize::from(index)].span == name.span
        {
            return self.query.exprs.push(Expr::Slot(index), span);
        }
        let qualifier = before.last().map(|ident| self.ident(ident));
        self.query.exprs.push(Expr::Column(Column { select: self.current, qualifier, name }), span)
    }

    pub(super) fn value(&mut self, value: &ast::ValueWithSpan) -> ExprId {
        use ast::Value as V;
        let span = place(value.span);
        let has_slots = self.lexed.slot_in(span).is_some();
        let text = |value: &str| Literal::Text { value: value.chars().take(200).collect::<String>().into(), has_slots };
        let literal = match &value.value {
            V::Number(number, _) => Literal::Number(number.to_string().into()),
            V::Boolean(value) => Literal::Bool(*value),
            V::Null => Literal::Null,
            V::SingleQuotedString(value)
            | V::DoubleQuotedString(value)
            | V::EscapedStringLiteral(value)
            | V::NationalStringLiteral(value)
            | V::UnicodeStringLiteral(value)
            | V::TripleSingleQuotedString(value)
            | V::TripleDoubleQuotedString(value)
            | V::SingleQuotedRawStringLiteral(value)
            | V::DoubleQuotedRawStringLiteral(value) => text(value),
            V::DollarQuotedString(value) => text(&value.value),
            _ => Literal::Other,
        };
        if let V::Placeholder(_) = value.value {
            let slot = self.lexed.slot_in(span);
            return self.query.exprs.push(slot.map_or(Expr::Other(Box::new([])), Expr::Slot), span);
        }
        self.query.exprs.push(Expr::Literal(literal), span)
    }

    fn binary(&mut self, expr: &ast::Expr) -> ExprId {
        use ast::BinaryOperator as B;
        let ast::Expr::BinaryOp { op, .. } = expr else {
            return self.query.exprs.push(Expr::Other(Box::new([])), Span::default());
        };
        if matches!(op, B::And | B::Or) {
            let mut parts = Vec::new();
            // Chains lean to either side; walked with a stack of their own, because they may be long.
            let mut open = vec![expr];
            while let Some(next) = open.pop() {
                match next {
                    ast::Expr::BinaryOp { left, op: inner, right } if inner == op => {
                        open.push(right);
                        open.push(left);
                    }
                    // `(a AND b) AND c` is one chain.
                    ast::Expr::Nested(inner) if is_chain_of(inner, op) => open.push(inner),
                    _ => parts.push(self.expr(next)),
                }
            }
            let span = self.union(&parts);
            let parts = parts.into();
            let node = if *op == B::And { Expr::And(parts) } else { Expr::Or(parts) };
            return self.query.exprs.push(node, span);
        }
        let mut chain = Vec::new();
        let mut at = expr;
        while let ast::Expr::BinaryOp { left, op, right } = at {
            if matches!(op, B::And | B::Or) {
                break;
            }
            chain.push((op, right.as_ref()));
            at = left;
        }
        let mut left = self.expr(at);
        for (op, right) in chain.into_iter().rev() {
            let right = self.expr(right);
            let span = self.union(&[left, right]);
            let node = operation(op, left, right);
            left = self.query.exprs.push(node, span);
        }
        left
    }

    fn compare(&mut self, comparison: Comparison, left: &ast::Expr, right: &ast::Expr) -> ExprId {
        let (left, right) = (self.expr(left), self.expr(right));
        self.around(Expr::Compare(comparison, left, right), &[left, right])
    }

    fn like(&mut self, kind: LikeKind, negated: bool, expr: &ast::Expr, pattern: &ast::Expr) -> ExprId {
        let (expr, pattern) = (self.expr(expr), self.expr(pattern));
        self.around(Expr::Like(Like { kind, expr, pattern, negated }), &[expr, pattern])
    }

    fn quantified(&mut self, left: &ast::Expr, op: &ast::BinaryOperator, right: &ast::Expr, all: bool) -> ExprId {
        let expr = self.expr(left);
        let right_id = match right {
            ast::Expr::Subquery(subquery) => {
                let id = self.query.exprs.push(Expr::Star, Span::default());
                let select = self.query(subquery, Some(self.current), Role::In(id));
                let span = self.enclosing(self.query.select(select).head).unwrap_or_default();
                self.fill(id, Expr::Subselect(select), span)
            }
            other => self.expr(other),
        };
        let comparison = comparison(op).unwrap_or(Comparison::NotSame);
        let span = self.up_to_close(self.outer_span(expr), self.outer_span(right_id));
        self.query.exprs.push(Expr::Quantified { expr, comparison, right: right_id, all }, span)
    }

    fn is_null(&mut self, inner: &ast::Expr, negated: bool) -> ExprId {
        let inner = self.expr(inner);
        let mut span = self.outer_span(inner);
        let mut index = self.lexed.index_at(span.end);
        while ["IS", "NOT", "NULL", "ISNULL", "NOTNULL"].iter().any(|word| self.lexed.is(index, word)) {
            span = span.cover(self.lexed.tokens[index].span);
            index += 1;
            if self.lexed.is(index - 1, "NULL") {
                break;
            }
        }
        self.query.exprs.push(Expr::IsNull { expr: inner, negated }, span)
    }

    fn function(&mut self, function: &ast::Function) -> ExprId {
        let name = function.name.0.last().and_then(|part| part.as_ident());
        let text: Box<str> = name.map_or(String::new(), |name| name.value.to_lowercase()).into();
        let start =
            function.name.0.first().and_then(|part| part.as_ident()).map_or(Span::default(), |part| place(part.span));
        let mut span = name.map_or(start, |name| start.cover(place(name.span)));
        let open = self.lexed.index_at(span.end);
        if self.lexed.kind(open) == Some(Kind::Open) {
            let close = self.lexed.tokens[open].partner as usize;
            span = span.cover(self.lexed.tokens[close].span);
        }
        let mut more = Vec::new();
        let mut distinct = false;
        let args: Box<[ExprId]> = match &function.args {
            ast::FunctionArguments::None => Box::new([]),
            ast::FunctionArguments::Subquery(query) => {
                let id = self.query.exprs.push(Expr::Star, Span::default());
                let select = self.query(query, Some(self.current), Role::Scalar(id));
                let around = self.enclosing(self.query.select(select).head).unwrap_or_default();
                Box::new([self.fill(id, Expr::Subselect(select), around)])
            }
            ast::FunctionArguments::List(list) => {
                distinct = matches!(list.duplicate_treatment, Some(ast::DuplicateTreatment::Distinct));
                for clause in &list.clauses {
                    match clause {
                        ast::FunctionArgumentClause::OrderBy(orders) => {
                            more.extend(orders.iter().map(|order| self.expr(&order.expr)));
                        }
                        ast::FunctionArgumentClause::Where(expr) | ast::FunctionArgumentClause::Limit(expr) => {
                            more.push(self.expr(expr));
                        }
                        _ => {}
                    }
                }
                list.args.iter().map(|arg| self.argument(arg)).collect()
            }
        };
        more.extend(function.filter.as_ref().map(|expr| self.expr(expr)));
        more.extend(function.within_group.iter().map(|order| self.expr(&order.expr)).collect::<Vec<_>>());
        if let Some(ast::WindowType::WindowSpec(window)) = &function.over {
            more.extend(window.partition_by.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>());
            more.extend(window.order_by.iter().map(|order| self.expr(&order.expr)).collect::<Vec<_>>());
        }
        let call = Call { name: text, args, distinct, more: more.into(), is_window: function.over.is_some() };
        self.query.exprs.push(Expr::Call(call), span)
    }

    fn argument(&mut self, arg: &ast::FunctionArg) -> ExprId {
        let (ast::FunctionArg::Named { arg, .. }
        | ast::FunctionArg::ExprNamed { arg, .. }
        | ast::FunctionArg::Unnamed(arg)) = arg;
        match arg {
            ast::FunctionArgExpr::Expr(expr) => self.expr(expr),
            _ => self.query.exprs.push(Expr::Star, Span::default()),
        }
    }

    fn one_argument(&mut self, name: &str, expr: &ast::Expr) -> ExprId {
        let inner = self.expr(expr);
        self.keyword_call(name, &[inner])
    }

    fn keyword_call(&mut self, name: &str, args: &[ExprId]) -> ExprId {
        let span = self.call_around(self.union(args));
        let call = Call { name: name.into(), args: args.into(), distinct: false, more: Box::new([]), is_window: false };
        self.query.exprs.push(Expr::Call(call), span)
    }

    pub(super) fn fill(&mut self, id: ExprId, expr: Expr, span: Span) -> ExprId {
        self.query.exprs.set(id, expr, span);
        id
    }
}

fn is_chain_of(expr: &ast::Expr, op: &ast::BinaryOperator) -> bool {
    matches!(expr, ast::Expr::BinaryOp { op: inner, .. } if inner == op)
}

fn comparison(op: &ast::BinaryOperator) -> Option<Comparison> {
    use ast::BinaryOperator as B;
    Some(match op {
        B::Eq => Comparison::Equal,
        B::NotEq => Comparison::NotEqual,
        B::Lt => Comparison::Less,
        B::LtEq => Comparison::LessOrEqual,
        B::Gt => Comparison::Greater,
        B::GtEq => Comparison::GreaterOrEqual,
        B::Spaceship => Comparison::Same,
        _ => return None,
    })
}

fn operation(op: &ast::BinaryOperator, left: ExprId, right: ExprId) -> Expr {
    use ast::BinaryOperator as B;
    let like = |kind, negated| Expr::Like(Like { kind, expr: left, pattern: right, negated });
    if let Some(comparison) = comparison(op) {
        return Expr::Compare(comparison, left, right);
    }
    match op {
        B::PGLikeMatch => like(LikeKind::Like, false),
        B::PGNotLikeMatch => like(LikeKind::Like, true),
        B::PGILikeMatch => like(LikeKind::ILike, false),
        B::PGNotILikeMatch => like(LikeKind::ILike, true),
        B::PGRegexMatch | B::Regexp => like(LikeKind::Regexp, false),
        B::PGRegexNotMatch => like(LikeKind::Regexp, true),
        B::PGRegexIMatch => like(LikeKind::IRegexp, false),
        B::PGRegexNotIMatch => like(LikeKind::IRegexp, true),
        B::Glob => like(LikeKind::Glob, false),
        other => Expr::Binary(other.to_string().to_uppercase().into(), left, right),
    }
}
