//! Columns that an index for searches inside texts is made for: trigram indexes, wherever the project makes them.
//!
//! SQL, migrations and models make them in many words: `CREATE INDEX … gin_trgm_ops`, Django's
//! `GinIndex(opclasses=["gin_trgm_ops"])`, Alembic's `postgresql_ops`, Sequelize's `operator`, Drizzle's `.op(…)`. What
//! they share is the name of the operator class beside those of the column and the table, so those names are all that
//! is read. A column too many only makes `leading-wildcard-like` silent.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::*;
use crate::project::Project;
use crate::source::Language;

/// The end of the names of operator classes that index parts of words: `gin_trgm_ops`, `gist_trgm_ops`, `gin_bigm_ops`.
const CLASSES: [&str; 2] = ["trgm_ops", "bigm_ops"];

/// What is made to be searched.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Searches {
    /// Column → the names that its table may have there; none: it is not told. All in lower case.
    columns: FxHashMap<Box<str>, Vec<Vec<Box<str>>>>,
}

impl Searches {
    /// Everything that the project makes to be searched.
    pub(super) fn find(project: &Project) -> Searches {
        let mut searches = Searches::default();
        for file in project.files() {
            if !Searches::are_told_by(&file.source.text) {
                continue;
            }
            match file.source.language {
                Language::Sql => {
                    let spans = file.facts.statements.iter().map(|sql| sql.span);
                    spans.for_each(|span| searches.of_sql(file.source.text.get(span.range()).unwrap_or("")));
                }
                // `@@index([name(ops: raw("gin_trgm_ops"))], type: Gin)`
                Language::Prisma => {
                    let lines = file.source.text.lines().filter(|line| has_class(line));
                    lines.for_each(|line| searches.add(&words(line).collect(), &[]));
                }
                _ => Reader { facts: &file.facts, into: &mut searches }.read(),
            }
        }
        searches
    }

    /// Whether a text has a part in what is made to be searched.
    pub(super) fn are_told_by(text: &str) -> bool {
        CLASSES.iter().any(|class| memchr::memmem::find(text.as_bytes(), class.as_bytes()).is_some())
    }

    /// Whether an index for searches may hold a column of the table with one of these names, or of any table if there
    /// are none.
    pub(super) fn may_hold(&self, tables: &[&str], column: &str) -> bool {
        self.columns.get(column.to_lowercase().as_str()).is_some_and(|owners| {
            let tables: Vec<String> = tables.iter().map(|table| plain_name(table)).collect();
            let fits = |name: &str| tables.iter().any(|table| is_same_table(&plain_name(name), table));
            tables.is_empty() || owners.iter().any(|names| names.is_empty() || names.iter().any(|name| fits(name)))
        })
    }

    fn add(&mut self, columns: &FxHashSet<String>, tables: &[Box<str>]) {
        for column in columns {
            self.columns.entry(column.as_str().into()).or_default().push(tables.to_vec());
        }
    }

    /// `CREATE INDEX i ON t USING gin (a gin_trgm_ops)`; what is no such statement says nothing.
    fn of_sql(&mut self, text: &str) {
        for statement in text.split(';').filter(|statement| has_class(statement)) {
            let words: Vec<String> = words(statement).collect();
            let Some(on) = words.iter().position(|word| word == "on") else { continue };
            let rest = words[on + 1..].iter().skip_while(|word| *word == "only");
            // A name with its schema is two words.
            let tables: Vec<Box<str>> = rest.clone().take(2).map(|word| word.as_str().into()).collect();
            self.add(&rest.skip(1).cloned().collect(), &tables);
        }
    }
}

/// Reads one file of a program.
struct Reader<'f, 's> {
    facts: &'f FileFacts,
    into: &'s mut Searches,
}

/// What is written in the arguments of a call.
#[derive(Default)]
struct Written<'f> {
    texts: Vec<&'f str>,
    /// Names of attributes: `table.name.op("gin_trgm_ops")`.
    members: Vec<&'f str>,
    calls: Vec<CallId>,
}

impl<'f> Reader<'f, '_> {
    fn read(&mut self) {
        for text in self.facts.texts.iter().filter(|text| has_class(&text.cooked)) {
            self.into.of_sql(&text.cooked);
        }
        let ids = (0..).map(CallId).take(self.facts.calls.len());
        let hits: Vec<(CallId, Written<'f>)> = ids
            .map(|id| (id, self.written(id)))
            .filter(|(_, written)| written.texts.iter().any(|text| has_class(text) && !is_statement(text)))
            .collect();
        let is_hit: FxHashSet<CallId> = hits.iter().map(|(id, _)| *id).collect();
        for (id, written) in &hits {
            // The innermost call names the columns; those around it, and what they stand in, the table.
            if written.calls.iter().any(|inner| is_hit.contains(inner)) {
                continue;
            }
            let names = written.texts.iter().chain(&written.members).copied();
            let columns: FxHashSet<String> = names.flat_map(words).collect();
            let mut tables: Vec<Box<str>> = written.texts.iter().map(|text| text.to_lowercase().into()).collect();
            for (_, outer) in hits.iter().filter(|(_, outer)| outer.calls.contains(id)) {
                tables.extend(outer.texts.iter().map(|text| text.to_lowercase().into()));
            }
            tables.extend(self.owners(*id));
            tables.retain(|name| !has_class(name));
            self.into.add(&columns, &tables);
        }
    }

    fn written(&self, id: CallId) -> Written<'f> {
        let mut written = Written::default();
        let call = self.facts.call(id);
        self.collect(call.callee, &mut written, 0);
        call.args.iter().for_each(|arg| self.collect(arg.value, &mut written, 0));
        written
    }

    fn collect(&self, value: ValueId, into: &mut Written<'f>, depth: u8) {
        if depth > 8 {
            return;
        }
        match self.facts.value(value) {
            Value::Text(text) => into.texts.push(&self.facts.texts[text.index()].cooked),
            Value::Member(object, name) => {
                into.members.push(&self.facts.names[*name]);
                self.collect(*object, into, depth + 1);
            }
            Value::Call(id) => {
                into.calls.push(*id);
                let call = self.facts.call(*id);
                self.collect(call.callee, into, depth + 1);
                call.args.iter().for_each(|arg| self.collect(arg.value, into, depth + 1));
            }
            Value::Sequence(parts) => parts.iter().for_each(|&part| self.collect(part, into, depth + 1)),
            Value::Mapping(entries) => {
                for &(key, value) in entries {
                    self.collect(key, into, depth + 1);
                    self.collect(value, into, depth + 1);
                }
            }
            Value::Spread(inner) => self.collect(*inner, into, depth + 1),
            _ => {}
        }
    }

    /// The names of what a call stands in: of the class whose attribute it is a part of and of its table, of the table
    /// whose definition its function is given to.
    fn owners(&self, id: CallId) -> Vec<Box<str>> {
        let facts = self.facts;
        let mut names: Vec<Box<str>> = Vec::new();
        for class in &facts.classes {
            let holds = class.attributes.iter().any(|attribute| {
                let mut written = Written::default();
                self.collect(attribute.value, &mut written, 0);
                written.calls.contains(&id)
            });
            if !holds {
                continue;
            }
            let model = class.parent.map_or(class, |parent| facts.class(parent));
            names.push(facts.names[model.name].to_lowercase().into());
            let attributes = class.attributes.iter().chain(&model.attributes);
            let named =
                attributes.filter(|attribute| matches!(&facts.names[attribute.name], "__tablename__" | "db_table"));
            names.extend(named.filter_map(|attribute| Some(facts.literal(attribute.value)?.to_lowercase().into())));
        }
        // `pgTable("users", { … }, (table) => [index().using("gin", table.name.op("gin_trgm_ops"))])`
        if let Some((definition, _)) = facts.function(facts.call(id).function).passed_to {
            let first = facts.call(definition).args.first();
            names.extend(first.and_then(|arg| Some(facts.literal(arg.value)?.to_lowercase().into())));
        }
        names
    }
}

fn has_class(text: &str) -> bool {
    CLASSES.iter().any(|class| text.contains(class))
}

/// Whether a text is a whole statement, which names its table itself.
fn is_statement(text: &str) -> bool {
    let mut words = words(text);
    words.next().is_some_and(|first| first == "create") || words.any(|word| word == "index")
}

/// The names in a text, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A name without its schema, its underscores and its plural: `app_book`, `Book`, `books` can be one table.
fn plain_name(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut plain: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    if plain.ends_with('s') && plain.len() > 1 {
        plain.pop();
    }
    plain
}

/// Whether two plain names may be one table's: Django puts the name of the application before that of the model.
fn is_same_table(left: &str, right: &str) -> bool {
    left == right || (right.len() > 2 && left.ends_with(right)) || (left.len() > 2 && right.ends_with(left))
}
