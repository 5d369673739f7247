//! From the parser's tree to the owned view of a query.

use rustc_hash::FxHashMap;
use sqlparser::ast;
use sqlparser::tokenizer::Span as TheirSpan;

use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::Reading;
use crate::sql::ddl::Formula;
use crate::sql::lex::{Kind, Lexed, NONE};
use crate::sql::query::*;

/// How deep expressions may stand in one another before what is below is not looked at.
const MAX_DEPTH: u32 = 300;

/// The query view of a statement; `None` if it is none that reads or writes rows.
pub(super) fn statement(lexed: &Lexed, statement: &ast::Statement, dialect: Dialect) -> Option<Query> {
    let mut lower = Lower::new(lexed, dialect);
    lower.statement(statement, None, Role::Root).then_some(lower.query)
}

/// An expression that stands alone.
pub(super) fn formula(lexed: &Lexed, expr: &ast::Expr) -> Formula {
    let mut lower = Lower::new(lexed, Dialect::Generic);
    lower.new_select(None, Role::Root);
    let root = lower.expr(expr);
    Formula { exprs: lower.query.exprs, root }
}

struct Lower<'l> {
    lexed: &'l Lexed,
    dialect: Dialect,
    query: Query,
    /// The select whose expressions are being read.
    current: SelectId,
    depth: u32,
    /// Brackets around an expression, which its own place leaves out.
    brackets: FxHashMap<ExprId, Span>,
}

impl<'l> Lower<'l> {
    fn new(lexed: &'l Lexed, dialect: Dialect) -> Self {
        let query = Query::default();
        Lower { lexed, dialect, query, current: SelectId(0), depth: 0, brackets: FxHashMap::default() }
    }

    // ── Statements ──────────────────────────────────────────────────────────────────────────────────

    fn statement(&mut self, statement: &ast::Statement, parent: Option<SelectId>, role: Role) -> bool {
        match statement {
            ast::Statement::Query(query) => {
                self.query(query, parent, role);
            }
            ast::Statement::Insert(insert) => self.insert(insert, parent),
            ast::Statement::Update(update) => {
                let id = self.new_select(parent, if parent.is_none() { Role::Update } else { role });
                self.update(update, id);
            }
            ast::Statement::Delete(delete) => {
                let id = self.new_select(parent, if parent.is_none() { Role::Delete } else { role });
                self.delete(delete, id);
            }
            ast::Statement::Merge(merge) => {
                let id = self.new_select(parent, if parent.is_none() { Role::Merge } else { role });
                self.merge(merge, id);
            }
            _ => return false,
        }
        true
    }

    fn insert(&mut self, insert: &ast::Insert, parent: Option<SelectId>) {
        let id = match &insert.source {
            Some(source) => self.query(source, parent, Role::Insert),
            None => {
                let id = self.new_select(parent, Role::Insert);
                self.place(id, place(insert.insert_token.0.span));
                id
            }
        };
        let outer = std::mem::replace(&mut self.current, id);
        let upsert = match &insert.on {
            Some(ast::OnInsert::DuplicateKeyUpdate(assignments)) => Some(assignments),
            Some(ast::OnInsert::OnConflict(ast::OnConflict {
                action: ast::OnConflictAction::DoUpdate(update),
                ..
            })) => Some(&update.assignments),
            _ => None,
        };
        for assignment in insert.assignments.iter().chain(upsert.into_iter().flatten()) {
            self.assignment(assignment);
        }
        self.current = outer;
    }

    fn assignment(&mut self, assignment: &ast::Assignment) {
        let value = self.expr(&assignment.value);
        let target = match &assignment.target {
            ast::AssignmentTarget::ColumnName(name) => name.0.last().and_then(|part| part.as_ident()),
            ast::AssignmentTarget::Tuple(_) => None,
        };
        if let Some(target) = target {
            let target = self.ident(target);
            self.query.assignments.push((target, value));
        }
    }

    fn update(&mut self, update: &ast::Update, id: SelectId) {
        let outer = std::mem::replace(&mut self.current, id);
        self.place(id, place(update.update_token.0.span));
        self.tables(std::slice::from_ref(&update.table), id);
        match &update.from {
            Some(ast::UpdateTableFromKind::BeforeSet(tables) | ast::UpdateTableFromKind::AfterSet(tables)) => {
                self.tables(tables, id);
            }
            None => {}
        }
        for assignment in &update.assignments {
            self.assignment(assignment);
        }
        let filter = update.selection.as_ref().map(|expr| self.expr(expr));
        let order_by = self.orders(&update.order_by);
        let limit = update.limit.as_ref().map(|expr| self.expr(expr));
        let select = self.select_mut(id);
        (select.filter, select.order_by, select.limit) = (filter, order_by, limit);
        self.current = outer;
    }

    fn delete(&mut self, delete: &ast::Delete, id: SelectId) {
        let outer = std::mem::replace(&mut self.current, id);
        self.place(id, place(delete.delete_token.0.span));
        let (ast::FromTable::WithFromKeyword(tables) | ast::FromTable::WithoutKeyword(tables)) = &delete.from;
        self.tables(tables, id);
        if let Some(tables) = &delete.using {
            self.tables(tables, id);
        }
        let filter = delete.selection.as_ref().map(|expr| self.expr(expr));
        let order_by = self.orders(&delete.order_by);
        let limit = delete.limit.as_ref().map(|expr| self.expr(expr));
        let select = self.select_mut(id);
        (select.filter, select.order_by, select.limit) = (filter, order_by, limit);
        self.current = outer;
    }

    fn merge(&mut self, merge: &ast::Merge, id: SelectId) {
        let outer = std::mem::replace(&mut self.current, id);
        self.place(id, place(merge.merge_token.0.span));
        self.table(&merge.table, Join::First, id);
        self.table(&merge.source, Join::Inner, id);
        let on = self.expr(&merge.on);
        if let Some(source) = self.select_mut(id).sources.last_mut() {
            source.on = Some(on);
        }
        self.current = outer;
    }

    // ── Selects ─────────────────────────────────────────────────────────────────────────────────────

    fn select_mut(&mut self, id: SelectId) -> &mut Select {
        &mut self.query.selects[id.0 as usize]
    }

    fn new_select(&mut self, parent: Option<SelectId>, role: Role) -> SelectId {
        let id = SelectId(u32::try_from(self.query.selects.len()).unwrap_or(u32::MAX));
        self.query.selects.push(Select {
            id,
            parent,
            role,
            span: Span::default(),
            head: Span::default(),
            sources: Vec::new(),
            ctes: Vec::new(),
            distinct: Distinct::No,
            items: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            having: None,
            qualify: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            arms: Vec::new(),
            set_operation: None,
            locks: false,
            has_open_clauses: false,
        });
        id
    }

    fn query(&mut self, query: &ast::Query, parent: Option<SelectId>, role: Role) -> SelectId {
        let id = self.new_select(parent, role);
        self.fill_query(query, id);
        id
    }

    fn fill_query(&mut self, query: &ast::Query, id: SelectId) {
        if self.depth > MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.current, id);
        if let Some(with) = &query.with {
            self.ctes(with, id);
            self.place(id, place(with.with_token.0.span));
        }
        self.body(&query.body, id);
        if let Some(order) = &query.order_by
            && let ast::OrderByKind::Expressions(orders) = &order.kind
        {
            let orders = self.orders(orders);
            self.select_mut(id).order_by = orders;
        }
        match &query.limit_clause {
            Some(ast::LimitClause::LimitOffset { limit, offset, limit_by }) => {
                // ClickHouse's `LIMIT n BY c` is no limit of the whole.
                if let Some(limit) = limit.as_ref().filter(|_| limit_by.is_empty()) {
                    let limit = self.expr(limit);
                    self.select_mut(id).limit = Some(limit);
                }
                if let Some(offset) = offset {
                    self.offset(&offset.value, id);
                }
            }
            Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.offset(offset, id);
                let limit = self.expr(limit);
                self.select_mut(id).limit = Some(limit);
            }
            None => {}
        }
        if let Some(quantity) = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()) {
            let limit = self.expr(quantity);
            self.select_mut(id).limit = Some(limit);
        }
        self.select_mut(id).locks |= !query.locks.is_empty();
        self.note_open_clauses(id);
        self.current = outer;
        self.depth -= 1;
    }

    fn offset(&mut self, value: &ast::Expr, id: SelectId) {
        let value = self.expr(value);
        let mut span = self.outer_span(value);
        let index = self.lexed.index_at(span.start);
        if index > 0 && self.lexed.is(index - 1, "OFFSET") {
            span = self.lexed.tokens[index - 1].span.cover(span);
        }
        self.select_mut(id).offset = Some(Offset { value, span });
    }

    fn ctes(&mut self, with: &ast::With, id: SelectId) {
        let sees_itself = with.recursive || matches!(self.dialect, Dialect::MsSql | Dialect::Oracle);
        for (index, cte) in with.cte_tables.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let body = self.new_select(Some(id), Role::Cte(index));
            let name = self.ident(&cte.alias.name);
            let materialized = cte.materialized.as_ref().map(|how| matches!(how, ast::CteAsMaterialized::Materialized));
            let entry = Cte { name, select: body, materialized, recursive: with.recursive };
            if sees_itself {
                self.select_mut(id).ctes.push(entry);
                self.fill_query(&cte.query, body);
            } else {
                self.fill_query(&cte.query, body);
                self.select_mut(id).ctes.push(entry);
            }
        }
    }

    fn body(&mut self, body: &ast::SetExpr, id: SelectId) {
        match body {
            ast::SetExpr::Select(select) => self.fill_select(select, id),
            ast::SetExpr::Query(query) => self.fill_query(query, id),
            ast::SetExpr::SetOperation { .. } => self.arms(body, id),
            ast::SetExpr::Values(values) => {
                let span = values.rows.first().map(|row| place(row.opening_token.0.span)).unwrap_or_default();
                self.place(id, span);
            }
            ast::SetExpr::Insert(statement) | ast::SetExpr::Merge(statement) => {
                // `WITH x AS (INSERT … RETURNING …)`: what it reads is a query of its own below this one.
                self.statement(statement, Some(id), Role::Insert);
            }
            ast::SetExpr::Update(ast::Statement::Update(update)) => {
                self.write_role(id, Role::Update);
                self.update(update, id);
            }
            ast::SetExpr::Delete(ast::Statement::Delete(delete)) => {
                self.write_role(id, Role::Delete);
                self.delete(delete, id);
            }
            ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) => {}
            ast::SetExpr::Table(_) => {}
        }
    }

    /// `WITH … UPDATE`: the outermost select is what the statement reads.
    fn write_role(&mut self, id: SelectId, role: Role) {
        let select = self.select_mut(id);
        if select.role == Role::Root {
            select.role = role;
        }
    }

    fn arms(&mut self, body: &ast::SetExpr, id: SelectId) {
        // A chain leans to the left; walked in a loop, because it may be long.
        let mut chain = Vec::new();
        let mut at = body;
        while let ast::SetExpr::SetOperation { left, right, op, set_quantifier } = at {
            let all = matches!(set_quantifier, ast::SetQuantifier::All | ast::SetQuantifier::AllByName);
            chain.push((
                right.as_ref(),
                match op {
                    ast::SetOperator::Union if all => SetOperation::UnionAll,
                    ast::SetOperator::Union => SetOperation::Union,
                    ast::SetOperator::Except | ast::SetOperator::Minus => SetOperation::Except,
                    ast::SetOperator::Intersect => SetOperation::Intersect,
                },
            ));
            at = left.as_ref();
        }
        let operation =
            chain.iter().map(|&(_, operation)| operation).reduce(|a, b| if a == b { a } else { SetOperation::Union });
        self.select_mut(id).set_operation = operation;
        for arm in std::iter::once(at).chain(chain.into_iter().rev().map(|(arm, _)| arm)) {
            let arm_id = self.new_select(Some(id), Role::Arm);
            let outer = std::mem::replace(&mut self.current, arm_id);
            self.body(arm, arm_id);
            self.note_open_clauses(arm_id);
            self.current = outer;
            let select = self.select_mut(id);
            select.arms.push(arm_id);
            let span = self.query.select(arm_id).span;
            if !span.is_empty() && self.query.select(id).head.is_empty() {
                self.place(id, self.query.select(arm_id).head);
            }
        }
    }

    fn fill_select(&mut self, select: &ast::Select, id: SelectId) {
        self.place(id, place(select.select_token.0.span));
        self.tables(&select.from, id);
        if let Some(top) = &select.top {
            let limit = match &top.quantity {
                Some(ast::TopQuantity::Expr(expr)) => Some(self.expr(expr)),
                Some(ast::TopQuantity::Constant(number)) => {
                    let literal = Expr::Literal(Literal::Number(number.to_string().into()));
                    Some(self.query.exprs.push(literal, place(select.select_token.0.span)))
                }
                None => None,
            };
            self.select_mut(id).limit = limit;
        }
        let distinct = match &select.distinct {
            Some(ast::Distinct::Distinct) => Distinct::Rows,
            Some(ast::Distinct::On(exprs)) => Distinct::On(self.exprs(exprs)),
            _ => Distinct::No,
        };
        let items = select.projection.iter().map(|item| self.item(item)).collect();
        let filter = select.selection.as_ref().or(select.prewhere.as_ref()).map(|expr| self.expr(expr));
        let group_by = match &select.group_by {
            ast::GroupByExpr::Expressions(exprs, _) => exprs.iter().map(|expr| self.expr(expr)).collect(),
            ast::GroupByExpr::All(_) => Vec::new(),
        };
        let having = select.having.as_ref().map(|expr| self.expr(expr));
        let qualify = select.qualify.as_ref().map(|expr| self.expr(expr));
        let select = self.select_mut(id);
        select.distinct = distinct;
        select.items = items;
        select.filter = filter;
        select.group_by = group_by;
        select.having = having;
        select.qualify = qualify;
    }

    /// Where a select that begins with the token at `head` stands.
    fn place(&mut self, id: SelectId, head: Span) {
        if head.is_empty() {
            return;
        }
        let is_arm = self.query.select(id).role == Role::Arm;
        let lexed = self.lexed;
        let first = lexed.index_at(head.start);
        let level = lexed.tokens.get(first).map_or(NONE, |token| token.inside);
        let close = lexed.tokens.get(level as usize).map_or(lexed.tokens.len(), |open| open.partner as usize);
        let ends_arm = |index: &usize| {
            lexed.tokens[*index].inside == level
                && ["UNION", "EXCEPT", "INTERSECT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH"]
                    .iter()
                    .any(|word| lexed.is(*index, word))
        };
        let end = if is_arm { (first + 1..close).find(ends_arm).unwrap_or(close) } else { close };
        let last = lexed.tokens.get(end.max(first + 1) - 1).map_or(head, |token| token.span);
        let select = self.select_mut(id);
        select.head = if select.head.is_empty() { head } else { select.head };
        let span = head.cover(last);
        select.span = if select.span.is_empty() { span } else { select.span.cover(span) };
    }

    fn note_open_clauses(&mut self, id: SelectId) {
        let span = self.query.select(id).span;
        let open = self.lexed.has_blocks
            || self.lexed.slots.iter().any(|slot| {
                slot.reading == Reading::Clause && span.start <= slot.span.start && {
                    // One behind the last token of the statement belongs to the outermost select.
                    slot.span.end <= span.end || self.query.select(id).parent.is_none()
                }
            });
        self.select_mut(id).has_open_clauses |= open;
    }

    fn item(&mut self, item: &ast::SelectItem) -> Item {
        match item {
            ast::SelectItem::UnnamedExpr(expr) => Item::Expr { expr: self.expr(expr), alias: None },
            ast::SelectItem::ExprWithAlias { expr, alias } => {
                Item::Expr { expr: self.expr(expr), alias: Some(self.ident(alias)) }
            }
            ast::SelectItem::ExprWithAliases { expr, .. } => Item::Expr { expr: self.expr(expr), alias: None },
            ast::SelectItem::Wildcard(options) => {
                Item::Star { qualifier: None, span: place(options.wildcard_token.0.span) }
            }
            ast::SelectItem::QualifiedWildcard(kind, options) => {
                let qualifier = match kind {
                    ast::SelectItemQualifiedWildcardKind::ObjectName(name) => {
                        name.0.last().and_then(|part| part.as_ident()).map(|ident| self.ident(ident))
                    }
                    ast::SelectItemQualifiedWildcardKind::Expr(_) => None,
                };
                Item::Star { qualifier, span: place(options.wildcard_token.0.span) }
            }
        }
    }

    fn orders(&mut self, orders: &[ast::OrderByExpr]) -> Vec<Order> {
        orders
            .iter()
            .map(|order| Order {
                expr: self.expr(&order.expr),
                descending: matches!(order.options.sort, Some(ast::OrderBySort::Desc)),
                nulls_first: order.options.nulls_first,
            })
            .collect()
    }

    // ── Sources ─────────────────────────────────────────────────────────────────────────────────────

    fn tables(&mut self, tables: &[ast::TableWithJoins], id: SelectId) {
        for table in tables {
            let first = if self.query.select(id).sources.is_empty() { Join::First } else { Join::Comma };
            self.joined(table, first, id);
        }
    }

    fn joined(&mut self, table: &ast::TableWithJoins, first: Join, id: SelectId) {
        self.table(&table.relation, first, id);
        for join in &table.joins {
            use ast::JoinOperator as J;
            let (kind, constraint) = match &join.join_operator {
                J::Join(on) | J::Inner(on) | J::StraightJoin(on) => (Join::Inner, Some(on)),
                J::Left(on) | J::LeftOuter(on) => (Join::Left, Some(on)),
                J::Right(on) | J::RightOuter(on) => (Join::Right, Some(on)),
                J::FullOuter(on) => (Join::Full, Some(on)),
                J::CrossJoin(on) => (Join::Cross, Some(on)),
                J::Semi(on) | J::LeftSemi(on) | J::RightSemi(on) | J::Anti(on) | J::LeftAnti(on) | J::RightAnti(on) => {
                    (Join::Other, Some(on))
                }
                J::AsOf { constraint, .. } => (Join::Other, Some(constraint)),
                _ => (Join::Other, None),
            };
            let before = self.query.select(id).sources.len();
            self.table(&join.relation, kind, id);
            match constraint {
                Some(ast::JoinConstraint::On(expr)) => {
                    let on = self.expr(expr);
                    if let Some(source) = self.select_mut(id).sources.get_mut(before) {
                        source.on = Some(on);
                    }
                }
                Some(ast::JoinConstraint::Using(names)) => {
                    let using: Vec<Ident> = names
                        .iter()
                        .filter_map(|name| name.0.last()?.as_ident())
                        .map(|ident| self.ident(ident))
                        .collect();
                    if let Some(source) = self.select_mut(id).sources.get_mut(before) {
                        source.using = using;
                    }
                }
                Some(ast::JoinConstraint::Natural) => {
                    if let Some(source) = self.select_mut(id).sources.get_mut(before) {
                        source.join = Join::Natural;
                    }
                }
                Some(ast::JoinConstraint::None) | None => {}
            }
        }
    }

    fn table(&mut self, factor: &ast::TableFactor, join: Join, id: SelectId) {
        use ast::TableFactor as T;
        let (kind, alias, span) = match factor {
            T::Table { name, alias, args: None, .. } => {
                let table = self.table_name(name);
                let span = table.as_ref().map_or(Span::default(), TableName::span);
                let kind = table.map_or(SourceKind::Other, |table| match self.cte(&table, id) {
                    Some(select) => SourceKind::Cte(table, select),
                    None => SourceKind::Table(table),
                });
                (kind, alias.as_ref(), span)
            }
            T::Table { name, alias, .. } | T::Function { name, alias, .. } => {
                let table = self.table_name(name);
                let text = table.as_ref().map_or(String::new(), |name| name.name().text.to_lowercase());
                (SourceKind::Function(text.into()), alias.as_ref(), table.map_or(Span::default(), |name| name.span()))
            }
            T::Derived { lateral, subquery, alias, .. } => {
                let source = u16::try_from(self.query.select(id).sources.len()).unwrap_or(u16::MAX);
                let lateral = *lateral || self.is_apply(join);
                let select = self.query(subquery, Some(id), Role::Derived { source, lateral });
                let span = self.enclosing(self.query.select(select).head);
                (SourceKind::Derived(select), alias.as_ref(), span.unwrap_or_default())
            }
            T::NestedJoin { table_with_joins, alias: None } => {
                return self.joined(table_with_joins, join, id);
            }
            T::TableFunction { alias, .. } => (SourceKind::Function("table".into()), alias.as_ref(), Span::default()),
            T::UNNEST { alias, .. } => (SourceKind::Function("unnest".into()), alias.as_ref(), Span::default()),
            T::JsonTable { alias, .. } | T::OpenJsonTable { alias, .. } => {
                (SourceKind::Function("json_table".into()), alias.as_ref(), Span::default())
            }
            T::NestedJoin { alias, .. }
            | T::Pivot { alias, .. }
            | T::Unpivot { alias, .. }
            | T::MatchRecognize { alias, .. } => (SourceKind::Other, alias.as_ref(), Span::default()),
            _ => (SourceKind::Other, None, Span::default()),
        };
        let alias = alias.map(|alias| self.ident(&alias.name));
        let span =
            alias.as_ref().map_or(span, |alias| if span.is_empty() { alias.span } else { span.cover(alias.span) });
        self.select_mut(id).sources.push(Source { kind, alias, join, on: None, using: Vec::new(), span });
    }

    /// `CROSS APPLY (…)` sees its neighbours.
    fn is_apply(&self, join: Join) -> bool {
        join == Join::Other
    }

    /// The body that `WITH` gave this name, where it is seen from `id`.
    fn cte(&self, table: &TableName, id: SelectId) -> Option<SelectId> {
        if table.parts.len() > 1 {
            return None;
        }
        let mut at = Some(id);
        while let Some(id) = at {
            let select = self.query.select(id);
            if let Some(cte) = select.ctes.iter().rev().find(|cte| cte.name.is(&table.name().text)) {
                return Some(cte.select);
            }
            at = select.parent;
        }
        None
    }

    fn table_name(&mut self, name: &ast::ObjectName) -> Option<TableName> {
        let parts: Vec<Ident> =
            name.0.iter().filter_map(|part| part.as_ident()).map(|ident| self.ident(ident)).collect();
        (!parts.is_empty()).then(|| TableName { parts: parts.into() })
    }

    fn ident(&self, ident: &ast::Ident) -> Ident {
        let span = place(ident.span);
        Ident {
            text: ident.value.as_str().into(),
            span,
            quoted: ident.quote_style.is_some(),
            dynamic: self.lexed.slot_in(span).is_some(),
        }
    }

    // ── Expressions ─────────────────────────────────────────────────────────────────────────────────

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Box<[ExprId]> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&mut self, expr: &ast::Expr) -> ExprId {
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

    fn column(&mut self, idents: &[ast::Ident]) -> ExprId {
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

    fn value(&mut self, value: &ast::ValueWithSpan) -> ExprId {
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

    fn fill(&mut self, id: ExprId, expr: Expr, span: Span) -> ExprId {
        self.query.exprs.set(id, expr, span);
        id
    }

    // ── Places ──────────────────────────────────────────────────────────────────────────────────────

    /// Where an expression stands, with the brackets around it.
    fn outer_span(&self, id: ExprId) -> Span {
        self.brackets.get(&id).copied().unwrap_or_else(|| self.query.exprs.span(id))
    }

    fn union(&self, parts: &[ExprId]) -> Span {
        parts
            .iter()
            .map(|&part| self.outer_span(part))
            .filter(|span| !span.is_empty())
            .reduce(Span::cover)
            .unwrap_or_default()
    }

    fn around(&mut self, expr: Expr, parts: &[ExprId]) -> ExprId {
        let span = self.union(parts);
        self.query.exprs.push(expr, span)
    }

    /// An operator that stands before its operand.
    fn prefixed(&mut self, expr: Expr, inner: ExprId) -> ExprId {
        let span = self.outer_span(inner);
        let index = self.lexed.index_at(span.start);
        let before = index.checked_sub(1).and_then(|index| self.lexed.tokens.get(index));
        let span = before.map_or(span, |token| token.span.cover(span));
        self.query.exprs.push(expr, span)
    }

    /// The innermost brackets around the token at the beginning of `span`, with the brackets.
    fn enclosing(&self, span: Span) -> Option<Span> {
        if span.is_empty() {
            return None;
        }
        let token = self.lexed.tokens.get(self.lexed.index_at(span.start))?;
        let open = self.lexed.tokens.get(token.inside as usize)?;
        let close = self.lexed.tokens.get(open.partner as usize)?;
        Some(open.span.cover(close.span))
    }

    /// From the beginning of `from` to the bracket that closes around `inner`.
    fn up_to_close(&self, from: Span, inner: Span) -> Span {
        match self.enclosing(inner) {
            Some(around) if around.start >= from.end => from.cover(around),
            _ if inner.is_empty() => from,
            _ => from.cover(inner),
        }
    }

    /// A call written with keywords: the brackets around `inner` and the word before them.
    fn call_around(&self, inner: Span) -> Span {
        let Some(around) = self.enclosing(inner) else { return inner };
        let index = self.lexed.index_at(around.start);
        match index.checked_sub(1).and_then(|index| self.lexed.tokens.get(index)) {
            Some(word) if word.kind == Kind::Word => word.span.cover(around),
            _ => inner,
        }
    }

    fn with_words_before(&self, mut span: Span, words: &[&str]) -> Span {
        let mut index = self.lexed.index_at(span.start);
        while index > 0 && words.iter().any(|word| self.lexed.is(index - 1, word)) {
            index -= 1;
            span = self.lexed.tokens[index].span.cover(span);
        }
        span
    }

    /// `x::type`: with the type.
    fn with_type_behind(&self, span: Span) -> Span {
        let mut index = self.lexed.index_at(span.end);
        if self.lexed.token_str(index) != "::" {
            return span;
        }
        index += 1;
        let mut end = span;
        if matches!(self.lexed.kind(index), Some(Kind::Word | Kind::Quoted)) {
            end = self.lexed.tokens[index].span;
            index += 1;
            if self.lexed.kind(index) == Some(Kind::Open) {
                let close = self.lexed.tokens[index].partner as usize;
                end = self.lexed.tokens[close].span;
            }
        }
        span.cover(end)
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

/// The parser's places hold byte offsets, see `tokens`.
fn place(span: TheirSpan) -> Span {
    if span.start.line == 0 || span.end.line == 0 {
        return Span::default();
    }
    Span::new(
        usize::try_from(span.start.column.saturating_sub(1)).unwrap_or(usize::MAX),
        usize::try_from(span.end.column.saturating_sub(1)).unwrap_or(usize::MAX),
    )
}
