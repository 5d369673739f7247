//! What to do instead of asking row by row, in the words of what is asked: Sequelize's accessors (`book.getWriter()`,
//! `book.countReviews()`), Objection's `book.$relatedQuery("reviews")`, what Django finds by columns that are no primary
//! key (`Profile.objects.get(user=user)`), counts of one column or sets to the same value in all rows, and the column that
//! Knex and Kysely look for.

use super::PredicateOp;
use super::django::split_lookup;
use crate::facts::*;
use crate::project::flow::Dependence;
use crate::project::relations::is_model;
use crate::project::{FileId, Flow, Project, QuerySite, SiteEffect, Ty, Types};
use crate::source::Span;

/// Steps that leave a query about the same rows, or give one of them.
const NARROW: [&str; 7] = ["all", "afirst", "aexists", "exists", "first", "last", "order_by"];
/// How many steps of a query are followed.
const MAX_STEPS: usize = 16;
/// The longest query that a help quotes, in characters.
const QUOTE: usize = 40;

/// How what a site asks for is loaded for all rows, in the library's own words; `None` if the site does not say it by
/// names. `within`: the loop around the site, if both are written in one place.
pub fn relation_help(project: &Project, file: FileId, site: &QuerySite, within: Option<LoopId>) -> Option<String> {
    let own = project.file(file);
    let asked = Asked { facts: &own.facts, text: &own.source.text, within };
    if site.path.starts_with("sequelize.AssociationRead") {
        return asked.accessor(project, site.call);
    }
    if site.effect == SiteEffect::Query && site.path.starts_with("django.") {
        return asked.distinct(site.call).or_else(|| asked.by_column(project, site));
    }
    if ["knex.", "kysely."].iter().any(|library| site.path.starts_with(library)) {
        return asked.by_built_column(site);
    }
    // A relation that is loaded with the rows is no help for what is written to it.
    let reads_related = site.path.starts_with("objection.") && site.effect == SiteEffect::Query;
    reads_related.then(|| asked.related(site.call)).flatten()
}

/// How rows are written at once that are all set to the same before `call` saves them: `offer.rank = TOP; offer.save()`.
pub fn update_help(project: &Project, file: FileId, call: CallId, site: &QuerySite) -> Option<String> {
    let own = project.file(file);
    let asked = Asked { facts: &own.facts, text: &own.source.text, within: None };
    (site.effect == SiteEffect::Write && site.path.starts_with("django.")).then(|| asked.same_values(call)).flatten()
}

/// Whether a loop runs over the rows of a query of Django's, which may be annotated.
pub fn runs_over_rows(project: &Project, file: FileId, at: LoopId) -> bool {
    let types = Types::new(project);
    let rows = types.of(file, project.file(file).facts.loop_(at).iterable);
    matches!(types.element(&rows), Ty::Instance(class, _) if is_model(&types, class))
}

/// A file in which a relation is asked for.
struct Asked<'f> {
    facts: &'f FileFacts,
    text: &'f str,
    within: Option<LoopId>,
}

impl<'f> Asked<'f> {
    /// `book.getWriter()`, `book.countReviews()`
    fn accessor(&self, project: &Project, call: CallId) -> Option<String> {
        let facts = self.facts;
        let Value::Member(row, method) = *facts.value(facts.call(call).callee) else { return None };
        let (way, rest) =
            ["get", "count", "has"].into_iter().find_map(|way| Some((way, facts.names[method].strip_prefix(way)?)))?;
        let relation = project.relations.associations().named(rest)?;
        let target = &relation.target;
        if way == "count" {
            let key = relation.key.as_deref().unwrap_or("foreignKey");
            return Some(format!(
                "count for all rows with one query: `{target}.count({{ where: {{ {key}: ids }}, group: [\"{key}\"] }})`, and \
                 look the numbers up by key"
            ));
        }
        let (name, read) = match relation.alias.as_deref() {
            Some(alias) => (format!("\"{alias}\""), alias),
            None => (target.to_string(), rest),
        };
        let is_short = |query: &&str| query.chars().count() <= QUOTE && query.chars().all(is_name);
        let rows = self.query_of(row).filter(is_short).unwrap_or("findAll");
        let written = self.row_name(row);
        Some(format!(
            "load the relation with the rows: `{rows}({{ …, include: [{name}] }})`, and read `{written}.{read}`"
        ))
    }

    /// `Profile.objects.get(user=user)`, `Page.objects.filter(slug=slug).first()`
    fn by_column(&self, project: &Project, site: &QuerySite) -> Option<String> {
        let facts = self.facts;
        let mut columns: Vec<&str> = Vec::new();
        let mut given = None;
        let mut is_more_asked = false;
        let last = Flow::new(facts).called_name(facts.call(site.call));
        let gives_one = matches!(last, Some("afirst" | "aget" | "first" | "get" | "last"));
        let mut at = site.call;
        let mut manager = UNKNOWN;
        for _ in 0..MAX_STEPS {
            let call = facts.call(at);
            let Value::Member(object, step) = *facts.value(call.callee) else { return None };
            manager = object;
            let is_asked = matches!(&facts.names[step], "aget" | "filter" | "get");
            let is_narrow = call.args.is_empty() && NARROW.contains(&&facts.names[step]);
            if !is_asked && !is_narrow {
                return None;
            }
            for arg in &call.args {
                if self.is_same(arg.value) {
                    is_more_asked = true;
                    continue;
                }
                columns.push(&facts.names[arg.name?]);
                given = Some(arg.value);
            }
            match *facts.value(object) {
                Value::Call(before) => at = before,
                _ => break,
            }
        }
        // A path over relations is a column of another table; what else follows says how it is compared.
        let is_plain = |column: &&str| {
            !matches!(column.rsplit("__").next(), Some("id" | "pk")) && split_lookup(column).1 == PredicateOp::Equal
        };
        if columns.is_empty() {
            return if matches!(last, Some("aget" | "get")) { self.of_relation(project, manager) } else { None };
        }
        if !columns.iter().all(is_plain) {
            return None;
        }
        let class = site.model?;
        let model = &project.file(class.file).facts;
        let name = &model.names[model.class(class.class).name];
        if let [column] = columns[..]
            && self.is_at_hand(given?)
            && let Some((owner, accessor, is_one)) = project.relations.other_side(class, column)
        {
            let of = &project.file(owner.file).facts;
            let owner = &of.names[of.class(owner.class).name];
            let way = if is_one { "select_related" } else { "prefetch_related" };
            return Some(format!(
                "read it from the other side of the relation, `{accessor}` of `{owner}`, and load that with those rows: \
                 `.{way}(\"{accessor}\")`"
            ));
        }
        let tests = matches!(last, Some("aexists" | "exists"));
        if tests && let [column] = columns[..] {
            return Some(format!(
                "fetch the keys that exist once before the loop: \
                 `set({name}.objects.filter({}{column}__in=[…]).values_list(\"{column}\", flat=True))`",
                if is_more_asked { "…, " } else { "" }
            ));
        }
        let more = is_more_asked.then(|| "…".to_owned());
        let asked: Vec<String> =
            more.into_iter().chain(columns.iter().map(|column| format!("{column}__in=[…]"))).collect();
        Some(format!(
            "fetch the rows once before the loop, `{name}.objects.filter({})`, and {} by `{}`",
            asked.join(", "),
            if gives_one { "look them up" } else { "group them" },
            columns.join("`, `")
        ))
    }

    /// `course.products.get(kind="audit")`: which of them is wanted is the same for all rows.
    fn of_relation(&self, project: &Project, manager: ValueId) -> Option<String> {
        let Value::Member(row, name) = *self.facts.value(manager) else { return None };
        let name = &self.facts.names[name];
        let is_relation = project.relations.leads_to_many(name) && self.is_at_hand(row);
        is_relation.then(|| {
            format!("load `{name}` with those rows, `.prefetch_related(\"{name}\")`, and choose from `.{name}.all()`")
        })
    }

    /// Whether a value is a row that was not made just before, or hangs on one: its query could load more.
    fn is_at_hand(&self, value: ValueId) -> bool {
        let mut row = value;
        while let Value::Member(object, _) = *self.facts.value(row) {
            row = object;
        }
        matches!(self.facts.value(row), Value::Element(..) | Value::Param(..) | Value::This(_))
    }

    /// `offer.rank = TOP; offer.save()`: what is set is the same in all rows.
    fn same_values(&self, save: CallId) -> Option<String> {
        let facts = self.facts;
        let saved = facts.call(save);
        let Value::Member(row, name) = *facts.value(saved.callee) else { return None };
        let is_element = match *facts.value(row) {
            Value::Part(of, _) => matches!(facts.value(of), Value::Element(..)),
            ref row => matches!(row, Value::Element(..)),
        };
        if !matches!(&facts.names[name], "asave" | "save") || !is_element {
            return None;
        }
        // Whoever else is given the row may set more.
        let is_given = |call: &Call| {
            matches!(*facts.value(call.callee), Value::Member(object, _) if object == row)
                || call.args.iter().any(|arg| arg.value == row)
        };
        if facts.calls_in(saved.function).any(|(id, call)| id != save && is_given(call)) {
            return None;
        }
        let is_row = |access: &&Access| match *facts.value(access.value) {
            Value::Member(object, _) => object == row && access.is_set && access.function == saved.function,
            _ => false,
        };
        let mut set = Vec::new();
        for access in facts.accesses.iter().filter(is_row) {
            let Value::Member(_, column) = *facts.value(access.value) else { continue };
            let (column, value) = (&facts.names[column], self.constant_after(access.span)?);
            if set.contains(&(column, value)) {
                continue;
            }
            // Which of two is set, the row decides.
            if set.iter().any(|(known, _)| *known == column) {
                return None;
            }
            set.push((column, value));
        }
        let given: Vec<String> = set.iter().map(|(column, value)| format!("{column}={value}")).collect();
        (!given.is_empty())
            .then(|| format!("update all rows with one statement: `.filter(pk__in=[…]).update({})`", given.join(", ")))
    }

    /// The constant that an attribute is set to, as it is written: `= "open"`, `= None`, `= Status.OPEN`.
    fn constant_after(&self, set: Span) -> Option<&'f str> {
        let line = self.text.get(set.end as usize..)?.lines().next()?;
        let value = line.trim_start().strip_prefix('=')?.trim();
        let is_text = ['"', '\''].into_iter().any(|quote| {
            let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            inner.is_some_and(|inner| !inner.contains([quote, '\\']))
        });
        let is_number = || !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        // Names of constants and of classes; whatever else has a name may be the row's.
        let is_constant = || value.starts_with(|c: char| c.is_ascii_uppercase()) && value.chars().all(is_name);
        (value.chars().count() <= QUOTE && (is_text || is_number() || is_constant())).then_some(value)
    }

    /// `knex("books").where({ shelf_id: shelf.id })`: what the library says of its `id`, of the one column whose value
    /// another run changes.
    fn by_built_column(&self, site: &QuerySite) -> Option<String> {
        let facts = self.facts;
        let mut columns: Vec<&str> = Vec::new();
        let mut at = site.call;
        for _ in 0..MAX_STEPS {
            let call = facts.call(at);
            let Value::Member(object, step) = *facts.value(call.callee) else { break };
            match (&facts.names[step], call.args.as_slice()) {
                ("where" | "andWhere", [only]) => {
                    let Value::Mapping(entries) = facts.value(only.value) else { return None };
                    for &(key, value) in entries {
                        let column = facts.literal(key)?;
                        columns.extend((!self.is_same(value)).then_some(column));
                    }
                }
                ("where" | "andWhere", [column, rest @ .., value]) => {
                    let is_equal = rest.iter().all(|sign| facts.literal(sign.value) == Some("="));
                    let column = facts.literal(column.value).filter(|_| is_equal && rest.len() < 2)?;
                    columns.extend((!self.is_same(value.value)).then_some(column));
                }
                (name, _) if name.starts_with("orWhere") || name.contains("Raw") => return None,
                _ => {}
            }
            match *facts.value(object) {
                Value::Call(before) => at = before,
                _ => break,
            }
        }
        columns.dedup();
        let [column] = columns[..] else { return None };
        let name = column.rsplit('.').next().filter(|name| *name != "id")?;
        let batch = site.batch.as_deref().filter(|batch| batch.contains("\"id\", "))?;
        Some(batch.replace("\"id\", ", &format!("\"{name}\", ")).replace(", ids", ", keys"))
    }

    /// Whether a value is the same in each run: it is written out, or the loop does not change it.
    fn is_same(&self, value: ValueId) -> bool {
        let stays = |id| Flow::new(self.facts).dependence(value, id) == Dependence::Invariant;
        is_constant(self.facts, value) || self.within.is_some_and(stays)
    }

    /// `logs.dates("date", "day").count()`, `logs.values("date").distinct().count()`: what is counted is no row.
    fn distinct(&self, count: CallId) -> Option<String> {
        let facts = self.facts;
        let flow = Flow::new(facts);
        if !matches!(flow.called_name(facts.call(count)), Some("acount" | "count")) {
            return None;
        }
        let mut is_distinct = false;
        let mut at = count;
        for _ in 0..MAX_STEPS {
            let Value::Member(object, _) = *facts.value(facts.call(at).callee) else { return None };
            let Value::Call(before) = *facts.value(object) else { return None };
            at = before;
            let call = facts.call(at);
            let name = flow.called_name(call)?;
            let counts_days = matches!(name, "dates" | "datetimes");
            is_distinct |= name == "distinct";
            if counts_days || is_distinct && matches!(name, "values" | "values_list") {
                let column = call.args.first().and_then(|arg| facts.literal(arg.value))?;
                let made = match call.args.get(1).filter(|_| counts_days).and_then(|arg| facts.literal(arg.value)) {
                    Some("day") | None => format!("\"{column}\""),
                    Some(part) => format!("Trunc(\"{column}\", \"{part}\")"),
                };
                return Some(format!(
                    "count all groups at once before the loop: \
                     `.values(\"key\").annotate(n=Count({made}, distinct=True))`"
                ));
            }
        }
        None
    }

    /// `book.$relatedQuery("reviews").where(…)`, `book.$fetchGraph("reviews")`
    fn related(&self, call: CallId) -> Option<String> {
        let facts = self.facts;
        let mut at = call;
        for _ in 0..32 {
            let found = facts.call(at);
            let Value::Member(object, name) = *facts.value(found.callee) else { return None };
            if matches!(&facts.names[name], "$relatedQuery" | "$fetchGraph") {
                let relation = facts.literal(found.args.first()?.value)?;
                let model = self.query_of(object).and_then(|query| Some(query.split_once(".query(")?.0));
                let model = model.filter(|model| model.chars().all(is_name)).unwrap_or("Model");
                let row = self.row_name(object);
                return Some(format!(
                    "load the relation with the rows: `{model}.query().withGraphFetched(\"{relation}\")`, and read \
                     `{row}.{relation}`; of rows that are there: `{model}.fetchGraph(rows, \"{relation}\")`"
                ));
            }
            let Value::Call(inner) = *facts.value(object) else { return None };
            at = inner;
        }
        None
    }

    /// The call that gave the rows of which `row` is one, as it is written, up to its name: `Book.findAll`.
    fn query_of(&self, row: ValueId) -> Option<&'f str> {
        let mut at = row;
        for _ in 0..8 {
            match *self.facts.value(at) {
                Value::Element(of, _) | Value::Carried(of, _) | Value::Slice(of, ..) => at = of,
                Value::Call(call) => {
                    let call = self.facts.call(call);
                    return self.text.get(call.span.start as usize..call.name_span.end as usize);
                }
                _ => return None,
            }
        }
        None
    }

    /// The row as it is called where it is asked.
    fn row_name(&self, row: ValueId) -> &'f str {
        let call = self.facts.calls_on(row).next();
        let before = call.and_then(|(_, call)| self.text.get(call.span.start as usize..call.name_span.start as usize));
        let name = before.unwrap_or("").trim_end().trim_end_matches(['.', '?', '!']);
        if !name.is_empty() && name.chars().all(is_name) { name } else { "row" }
    }
}

/// Whether a letter may be part of a name or of a path of names.
fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.')
}

/// Whether a value is the same in each run: it is written out.
fn is_constant(facts: &FileFacts, value: ValueId) -> bool {
    matches!(facts.value(value), Value::Bool(_) | Value::Int(_) | Value::Null) || facts.literal(value).is_some()
}
