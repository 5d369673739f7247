//! What to do, in each library's own words.

use super::{Begin, Keyset, Orm, OrmPage, OrmPredicate, PredicateOp, Served, SortKey};
use crate::project::schema::{Known, Owner};
use crate::project::{ClassRef, Project};
use crate::sql::query::TableName;

/// A column as it is named to a reader: `` `Post.title` ``.
pub(super) fn column(project: &Project, predicate: &OrmPredicate) -> String {
    // What is put together at run time has no name: `f"{name}__icontains"`, `"%s__icontains" % name`.
    if predicate.column.is_empty() || predicate.column.contains(['%', '{', '}', ' ']) {
        return "``".to_owned();
    }
    // A look-up over a relation is a column of another table: `author__name`.
    let is_path = matches!(predicate.orm, Orm::Django | Orm::Tortoise) && predicate.column.contains("__");
    // What a model has no column for is the name of an expression, or of another model.
    let lacks = |class: &ClassRef| {
        let schema = project.schema();
        schema.model(&Owner::Class(*class)).is_some_and(|model| {
            let column = model.column(&predicate.column).unwrap_or(&predicate.column);
            schema.has_column(&TableName::plain(&model.table), column) == Known::No
        })
    };
    let model = predicate.model.filter(|class| !lacks(class));
    match model.map(|model| class_name(project, model)).or(predicate.table.as_deref()) {
        Some(owner) if !is_path && !predicate.column.contains('.') && !owner.is_empty() => {
            format!("`{owner}.{}`", predicate.column)
        }
        _ => format!("`{}`", predicate.column),
    }
}

fn class_name(project: &Project, class: ClassRef) -> &str {
    let facts = &project.file(class.file).facts;
    &facts.names[facts.class(class.class).name]
}

/// Whose column a predicate is about: a path over relations ends in another table.
fn owner(predicate: &OrmPredicate) -> (Option<ClassRef>, Option<&str>, &str) {
    let is_path = matches!(predicate.orm, Orm::Django | Orm::Tortoise) && !predicate.is_made;
    let path = predicate.column.rsplit_once("__").filter(|_| is_path).map_or("", |(path, _)| path);
    (predicate.model, predicate.table.as_deref(), path)
}

/// What serves a search inside texts.
pub(super) fn search(predicates: &[&OrmPredicate], columns: usize) -> String {
    let first = predicates[0];
    let ignores_case = matches!(first.op, PredicateOp::IContains | PredicateOp::ISuffix);
    let column = first.column.rsplit(['.']).next().unwrap_or("");
    let last = column.rsplit("__").next().unwrap_or(column);
    let last = if last.is_empty() || last.contains(['{', '$']) { "column" } else { last };
    let elsewhere =
        "on MySQL or MariaDB a `FULLTEXT` index and `MATCH … AGAINST` (whole words), on SQLite an FTS5 table";
    let is_alternative = |other: &OrmPredicate| first.group.is_some() && other.group == first.group;
    if columns > 1 && predicates.iter().any(|other| is_alternative(other) && owner(other) != owner(first)) {
        return format!(
            "the columns are of several tables, and no index serves an `OR` over these: on PostgreSQL search each table by itself, \
             with a trigram index on its column, and unite what is found, or keep all that is searched in one column of the table \
             that is listed; {elsewhere}"
        );
    }
    if columns > 1 {
        let own = match first.orm {
            Orm::Django => {
                "keep a `SearchVectorField` of these columns with a `GinIndex` on it, filter with \
                 `SearchQuery(text)` and order by `SearchRank`"
            }
            Orm::Tortoise => "keep a `TSVectorField` of these columns with a `GinIndex`, and filter with `__search`",
            Orm::SqlAlchemy => {
                "keep a `Computed` `TSVECTOR` column of these columns with `Index(…, postgresql_using=\"gin\")`, and \
                 filter with `.bool_op(\"@@\")(func.websearch_to_tsquery(text))`"
            }
            Orm::Peewee => {
                "keep a `TSVectorField` of these columns (it has a GIN index), and filter with `.match(text)`"
            }
            Orm::Prisma => {
                "on MySQL `@@fulltext([…])` and `search:`, on PostgreSQL a generated `tsvector` column with a \
                 GIN index and `$queryRaw` with `@@ websearch_to_tsquery(…)`"
            }
            Orm::Sequelize => {
                "keep a generated `tsvector` column of these columns with a GIN index, and filter with \
                 `{ [Op.match]: fn(\"websearch_to_tsquery\", text) }`"
            }
            Orm::MikroOrm => {
                "a `fulltext` index (`@Index({ type: \"fulltext\" })` with `FullTextType`) and `$fulltext`"
            }
            Orm::Knex | Orm::Objection | Orm::Bookshelf => {
                "keep a generated `tsvector` column of these columns with a GIN index, and filter with \
                 `.whereRaw(\"search @@ websearch_to_tsquery(?)\", [text])`"
            }
            Orm::TypeOrm | Orm::Drizzle | Orm::Kysely | Orm::Pony => {
                "keep a generated `tsvector` column of these columns with a GIN index, and filter with \
                 `@@ websearch_to_tsquery(…)`"
            }
        };
        let own = format!(
            "on PostgreSQL a trigram index (`gin_trgm_ops`) on each of these columns gives the same rows; to search for whole \
             words, {own}"
        );
        let own_has_mysql = matches!(first.orm, Orm::Prisma);
        return if own_has_mysql { own } else { format!("{own}; {elsewhere}") };
    }
    // What is made of a column is searched: an index on the column does not serve that.
    if predicates.iter().any(|predicate| predicate.is_made) {
        return format!(
            "on PostgreSQL a trigram index must be on what is searched, here an expression: `CREATE INDEX … USING gin ((…) \
             gin_trgm_ops)`, or on a text column of its own that is kept for it; {elsewhere}"
        );
    }
    let index = match first.orm {
        Orm::Django if ignores_case => {
            format!(
                "`GinIndex(OpClass(Upper(\"{last}\"), name=\"gin_trgm_ops\"), name=\"…\")` and `TrigramExtension()`"
            )
        }
        Orm::Django => {
            format!("`GinIndex(OpClass(\"{last}\", name=\"gin_trgm_ops\"), name=\"…\")` and `TrigramExtension()`")
        }
        Orm::SqlAlchemy => format!(
            "`Index(\"…\", \"{last}\", postgresql_using=\"gin\", postgresql_ops={{\"{last}\": \"gin_trgm_ops\"}})` and the extension \
             pg_trgm"
        ),
        Orm::Sequelize => format!(
            "`indexes: [{{ using: \"GIN\", fields: [{{ name: \"{last}\", operator: \"gin_trgm_ops\" }}] }}]` and the extension pg_trgm"
        ),
        Orm::Prisma => format!("`@@index([{last}(ops: raw(\"gin_trgm_ops\"))], type: Gin)` and the extension pg_trgm"),
        Orm::Drizzle => {
            format!("`index().using(\"gin\", table.{last}.op(\"gin_trgm_ops\"))` and the extension pg_trgm")
        }
        _ => format!("`CREATE INDEX … USING gin ({last} gin_trgm_ops)` and the extension pg_trgm"),
    };
    let start = match first.orm {
        Orm::Django | Orm::Tortoise => "`__startswith`",
        Orm::SqlAlchemy | Orm::Peewee => "`.startswith(…)`",
        Orm::Prisma => "`startsWith`",
        Orm::Sequelize => "`Op.startsWith`",
        _ => "`text%`",
    };
    format!(
        "on PostgreSQL add a trigram index (for searches of three characters or more): {index}; {elsewhere}; if only the start is \
         searched for, {start} can use an ordered index"
    )
}

/// One side of a page's condition.
enum Condition<'k> {
    /// A column, whether equal values count, and whether it descends.
    Compare(&'k SortKey, bool),
    And(Vec<Condition<'k>>),
    Or(Vec<Condition<'k>>),
}

/// The condition under which a row comes after the last one seen: `a >= x AND (a > x OR b > y)`, the form that
/// every engine reads from an index.
fn after(keys: &[SortKey]) -> Condition<'_> {
    match keys {
        [first, rest @ ..] if !rest.is_empty() => Condition::And(vec![
            Condition::Compare(first, true),
            Condition::Or(vec![Condition::Compare(first, false), after(rest)]),
        ]),
        [only] => Condition::Compare(only, false),
        _ => Condition::And(Vec::new()),
    }
}

/// The page without skipping, in the library's own words.
pub(super) fn keyset(page: &OrmPage) -> String {
    const NEUTRAL: &str = "remember where the page ended and begin the next one there (keyset pagination)";
    let Keyset { keys, owner, served, is_known, is_filtered, equal, .. } = match &page.begin {
        Begin::After(keyset) => keyset,
        Begin::Groups => {
            return format!("{NEUTRAL}: order by what is grouped by, and compare that with the last row's");
        }
        Begin::Open => {
            return format!("{NEUTRAL}; for that the order must be by columns, the last one unique");
        }
    };
    let owner = owner.as_deref().unwrap_or(if page.orm == Orm::Drizzle { "t" } else { "Model" });
    let condition = after(keys);
    let written = match page.orm {
        Orm::Django | Orm::Tortoise => {
            let order: Vec<String> =
                keys.iter().map(|key| format!("\"{}{}\"", if key.descending { "-" } else { "" }, key.column)).collect();
            let end = if page.orm == Orm::Django { "[:n]" } else { ".limit(n)" };
            format!("`.filter({}).order_by({}){end}`", lookups(&condition, true), order.join(", "))
        }
        Orm::SqlAlchemy | Orm::Peewee => {
            let order: Vec<String> = keys
                .iter()
                .map(|key| format!("{owner}.{}{}", plain(&key.column), if key.descending { ".desc()" } else { "" }))
                .collect();
            let condition = columns(&condition, owner, page.orm == Orm::SqlAlchemy, true);
            format!("`.where({condition}).order_by({}).limit(n)`", order.join(", "))
        }
        Orm::Sequelize => {
            let order: Vec<String> =
                keys.iter().map(|key| format!("[\"{}\", \"{}\"]", key.column, direction(key, "ASC", "DESC"))).collect();
            let condition = object(
                &condition,
                &|key, op| format!("{}: {{ [Op.{op}]: last.{} }}", name(&key.column), plain(&key.column)),
                "[Op.or]",
            );
            format!("`where: {condition}, order: [{}], limit`", order.join(", "))
        }
        Orm::Prisma => {
            let order: Vec<String> =
                keys.iter().map(|key| format!("{{ {}: \"{}\" }}", key.column, direction(key, "asc", "desc"))).collect();
            let condition = object(
                &condition,
                &|key, op| format!("{}: {{ {op}: last.{} }}", name(&key.column), plain(&key.column)),
                "OR",
            );
            format!("`where: {condition}, orderBy: [{}], take`", order.join(", "))
        }
        Orm::MikroOrm => {
            let order: Vec<String> =
                keys.iter().map(|key| format!("{}: \"{}\"", key.column, direction(key, "asc", "desc"))).collect();
            let condition = object(
                &condition,
                &|key, op| format!("{}: {{ ${op}: last.{} }}", name(&key.column), plain(&key.column)),
                "$or",
            );
            format!("`{condition}` with `orderBy: {{ {} }}`, or `em.findByCursor`", order.join(", "))
        }
        Orm::Drizzle => {
            let order: Vec<String> = keys
                .iter()
                .map(|key| format!("{}({owner}.{})", direction(key, "asc", "desc"), plain(&key.column)))
                .collect();
            // A second `where` takes the place of the first.
            let condition = functions(&condition, owner);
            let condition = if *is_filtered { format!("and(…, {condition})") } else { condition };
            format!("`.where({condition}).orderBy({}).limit(n)`", order.join(", "))
        }
        Orm::Kysely => {
            let order: Vec<String> = keys
                .iter()
                .map(|key| format!(".orderBy(\"{}\", \"{}\")", key.column, direction(key, "asc", "desc")))
                .collect();
            format!("`{}{}.limit(n)`", chained(&condition, true), order.concat())
        }
        Orm::Knex | Orm::Objection | Orm::Bookshelf => {
            let order: Vec<String> = keys
                .iter()
                .map(|key| format!(".orderBy(\"{}\", \"{}\")", key.column, direction(key, "asc", "desc")))
                .collect();
            format!("`{}{}.limit(n)`", chained(&condition, false), order.concat())
        }
        Orm::TypeOrm | Orm::Pony => {
            let order: Vec<String> =
                keys.iter().map(|key| format!("{} {}", key.column, direction(key, "ASC", "DESC"))).collect();
            format!("`WHERE {} ORDER BY {} LIMIT n`", sql(&condition), order.join(", "))
        }
    };
    let served = match served {
        Some(Served::PrimaryKey) => "which the primary key serves".to_owned(),
        Some(Served::UniqueIndex) => "which its unique index serves".to_owned(),
        None => {
            let equal: String = equal.iter().map(|column| format!("{column}, ")).collect();
            format!("with an index on ({equal}{})", index(keys))
        }
    };
    let tie = match keys.last() {
        Some(key) if !is_known => format!(" (`{}` stands for any unique column)", plain(&key.column)),
        _ => String::new(),
    };
    let filters = if *is_filtered { ", besides what it filters by" } else { "" };
    format!("continue after the last row of the page before{tie}{filters}: {written}, {served}")
}

fn index(keys: &[SortKey]) -> String {
    let same = keys.iter().all(|key| key.descending == keys[0].descending);
    let columns: Vec<String> = keys
        .iter()
        .map(|key| if same { key.column.clone() } else { format!("{} {}", key.column, direction(key, "ASC", "DESC")) })
        .collect();
    columns.join(", ")
}

fn direction<'d>(key: &SortKey, ascending: &'d str, descending: &'d str) -> &'d str {
    if key.descending { descending } else { ascending }
}

/// The column without its table.
fn plain(column: &str) -> &str {
    column.rsplit(['.']).next().unwrap_or(column).trim_matches(['"', '`'])
}

/// A column as the key of an object literal.
fn name(column: &str) -> String {
    if column.chars().all(|c| c.is_alphanumeric() || c == '_') { column.to_owned() } else { format!("\"{column}\"") }
}

/// `gt`, `gte`, `lt`, `lte`
fn word(key: &SortKey, or_equal: bool) -> &'static str {
    match (key.descending, or_equal) {
        (false, false) => "gt",
        (false, true) => "gte",
        (true, false) => "lt",
        (true, true) => "lte",
    }
}

fn sign(key: &SortKey, or_equal: bool) -> &'static str {
    match (key.descending, or_equal) {
        (false, false) => ">",
        (false, true) => ">=",
        (true, false) => "<",
        (true, true) => "<=",
    }
}

/// `created__lte=last.created`, `Q(a) | Q(b)`
fn lookups(condition: &Condition<'_>, outer: bool) -> String {
    match condition {
        Condition::Compare(key, or_equal) => {
            let value = key.column.replace("__", ".");
            let lookup = format!("{}__{}=last.{value}", key.column, word(key, *or_equal));
            if outer { lookup } else { format!("Q({lookup})") }
        }
        // A keyword may not stand before a condition.
        Condition::And(parts) => {
            let is_or = |part: &Condition<'_>| matches!(part, Condition::Or(_));
            let parts: Vec<String> = parts.iter().map(|part| lookups(part, outer && is_or(part))).collect();
            if outer { parts.join(", ") } else { format!("({})", parts.join(" & ")) }
        }
        Condition::Or(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| lookups(part, false)).collect();
            if outer { parts.join(" | ") } else { format!("({})", parts.join(" | ")) }
        }
    }
}

/// `Post.created <= last.created, or_(…)`
fn columns(condition: &Condition<'_>, owner: &str, functions: bool, outer: bool) -> String {
    let all = |parts: &[Condition<'_>]| -> Vec<String> {
        parts.iter().map(|part| columns(part, owner, functions, false)).collect()
    };
    match condition {
        Condition::Compare(key, or_equal) => {
            let column = plain(&key.column);
            let text = format!("{owner}.{column} {} last.{column}", sign(key, *or_equal));
            if functions || outer { text } else { format!("({text})") }
        }
        Condition::And(parts) if outer => all(parts).join(", "),
        Condition::And(parts) if functions => format!("and_({})", all(parts).join(", ")),
        Condition::And(parts) => format!("({})", all(parts).join(" & ")),
        Condition::Or(parts) if functions => format!("or_({})", all(parts).join(", ")),
        Condition::Or(parts) => format!("({})", all(parts).join(" | ")),
    }
}

/// `{ created: { lte: … }, OR: [{ … }, { … }] }`
fn object(condition: &Condition<'_>, compare: &dyn Fn(&SortKey, &str) -> String, or: &str) -> String {
    fn entries(condition: &Condition<'_>, compare: &dyn Fn(&SortKey, &str) -> String, or: &str) -> String {
        match condition {
            Condition::Compare(key, or_equal) => compare(key, word(key, *or_equal)),
            Condition::And(parts) => parts.iter().map(|part| entries(part, compare, or)).collect::<Vec<_>>().join(", "),
            Condition::Or(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|part| format!("{{ {} }}", entries(part, compare, or))).collect();
                format!("{or}: [{}]", parts.join(", "))
            }
        }
    }
    format!("{{ {} }}", entries(condition, compare, or))
}

/// `and(lte(t.created, last.created), or(…))`
fn functions(condition: &Condition<'_>, owner: &str) -> String {
    let all = |parts: &[Condition<'_>]| parts.iter().map(|part| functions(part, owner)).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::Compare(key, or_equal) => {
            let column = plain(&key.column);
            format!("{}({owner}.{column}, last.{column})", word(key, *or_equal))
        }
        Condition::And(parts) => format!("and({})", all(parts)),
        Condition::Or(parts) => format!("or({})", all(parts)),
    }
}

/// `.where("created", "<=", last.created).where((q) => q.where(…).orWhere(…))`
fn chained(condition: &Condition<'_>, kysely: bool) -> String {
    match condition {
        Condition::Compare(key, or_equal) => {
            format!(".where(\"{}\", \"{}\", last.{})", key.column, sign(key, *or_equal), plain(&key.column))
        }
        Condition::And(parts) => parts.iter().map(|part| chained(part, kysely)).collect(),
        Condition::Or(parts) if kysely => {
            let parts: Vec<String> = parts.iter().map(expression).collect();
            format!(".where((eb) => eb.or([{}]))", parts.join(", "))
        }
        Condition::Or(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| chained(part, kysely)).collect();
            let [first, second] = parts.as_slice() else { return parts.concat() };
            let second = match second.matches(".where(").count() {
                1 => second.replacen(".where(", ".orWhere(", 1),
                _ => format!(".orWhere((q) => q{second})"),
            };
            format!(".where((q) => q{first}{second})")
        }
    }
}

/// `eb("created", "<", last.created)`
fn expression(condition: &Condition<'_>) -> String {
    let all = |parts: &[Condition<'_>]| parts.iter().map(expression).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::Compare(key, or_equal) => {
            format!("eb(\"{}\", \"{}\", last.{})", key.column, sign(key, *or_equal), plain(&key.column))
        }
        Condition::And(parts) => format!("eb.and([{}])", all(parts)),
        Condition::Or(parts) => format!("eb.or([{}])", all(parts)),
    }
}

fn sql(condition: &Condition<'_>) -> String {
    match condition {
        Condition::Compare(key, or_equal) => {
            format!("{} {} :last_{}", key.column, sign(key, *or_equal), plain(&key.column))
        }
        Condition::And(parts) => parts.iter().map(sql).collect::<Vec<_>>().join(" AND "),
        Condition::Or(parts) => format!("({})", parts.iter().map(sql).collect::<Vec<_>>().join(" OR ")),
    }
}
