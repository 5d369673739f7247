//! From the parser's tree to the owned view of a query.

mod exprs;
mod places;

use rustc_hash::FxHashMap;
use sqlparser::ast;
use sqlparser::tokenizer::Span as TheirSpan;

use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::Reading;
use crate::sql::ddl::Formula;
use crate::sql::lex::{Lexed, NONE};
use crate::sql::query::*;

/// How deep expressions may stand in one another before what is below is not looked at.
const MAX_DEPTH: u32 = 300;

/// The query view of a statement; `None` if it is none that reads or writes rows.
pub(super) fn statement(lexed: &Lexed, statement: &ast::Statement, dialect: Dialect) -> Option<Query> {
    let mut lower = Lower::new(lexed, dialect);
    if !lower.statement(statement, None, Role::Root) {
        return None;
    }
    // A project holds thousands of these for as long as it is looked at.
    let mut query = lower.query;
    query.exprs.shrink();
    query.selects.shrink_to_fit();
    query.assignments.shrink_to_fit();
    for select in &mut query.selects {
        select.sources.shrink_to_fit();
        select.ctes.shrink_to_fit();
        select.arms.shrink_to_fit();
    }
    Some(query)
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
