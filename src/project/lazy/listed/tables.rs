//! Tables of django-tables2: the columns that a table shows, and what each of them reads of a row. The library runs over
//! the rows that it is given, and loads nothing along by itself.

use rustc_hash::FxHashSet;

use super::super::model::{Attribute, Kind, attribute};
use super::{Finder, Listing, Scope};
use crate::facts::*;
use crate::project::bounds::Bounds;
use crate::project::flow::{Flow, Source, for_each_part};
use crate::project::loops::LoopShape;
use crate::project::types::Ty;
use crate::project::{ClassRef, FileId, FunctionRef};
use crate::source::Span;

/// How deep the bases of a class are looked through.
const MAX_BASES: u8 = 8;
/// How many parts of what a column is given are looked at.
const MAX_PARTS: usize = 200;
/// Views that show one table.
pub(super) const VIEWS: [&str; 2] = ["SingleTableMixin", "SingleTableView"];
/// What a column is given that decides what is shown of a row: a link, the text of it.
const READING: [&str; 5] = ["args", "kwargs", "linkify", "text", "viewname"];
/// Columns that show no text of a row that they lead to.
const TEXTLESS: [&str; 3] = ["BooleanColumn", "CheckBoxColumn", "TemplateColumn"];

/// A column of a table.
struct Column<'p> {
    name: &'p str,
    place: (FileId, Span),
    /// The call that declares it; columns that are made of the model's fields have none.
    call: Option<(FileId, &'p Call)>,
}

impl<'p> Finder<'_, 'p> {
    /// A view that shows the rows of its queryset in a table.
    pub(super) fn table_view(&mut self, view: ClassRef) {
        let Some((file, value)) = self.member(view, "table_class") else { return };
        let Ty::Class(table) = self.types.of(file, value) else { return };
        let is_changed = |name: &str| self.method(view, name).is_some_and(|own| !self.asks_base(own));
        if is_changed("get_table") || is_changed("get_table_class") || !self.is_table(table) {
            return;
        }
        let listed = self.tracer.listed_by(view, 0).last().rows();
        let rows = match self.method(view, "get_table_data") {
            Some(own) => self.tracer.given(own, listed),
            None => listed,
        };
        if let Some(rows) = self.given_to(table, rows.as_ref()) {
            let listing = self.listing(view);
            self.table(&Scope::of(&rows, &listing), table, &[]);
        }
    }

    /// `BookTable(books)`, `BookTable(data=books, exclude=("author",))`
    pub(super) fn tabled(&mut self, file: FileId, call: &Call) {
        let facts = self.types.facts(file);
        let Ty::Class(table) = self.types.of(file, call.callee) else { return };
        let named = |arg: &Arg, name: &str| arg.name.is_some_and(|own| &facts.names[own] == name);
        let Some(given) = call.args.iter().find(|arg| arg.name.is_none() || named(arg, "data")) else { return };
        if !self.is_table(table) || Bounds::new(self.types).of(file, given.value) != LoopShape::Rows {
            return;
        }
        let left_out = call.args.iter().find(|arg| named(arg, "exclude"));
        let Some(left_out) = left_out.map_or(Some(Vec::new()), |arg| literals(facts, arg.value)) else { return };
        let Some(rows) = self.tracer.rows_of(file, given.value) else { return };
        let listing = Listing { place: (file, call.name_span), name: self.listing(table).name, is_type: false };
        self.table(&Scope::of(&rows, &listing), table, &left_out);
    }

    /// Whether a class is a table of the library, which loads nothing along with its rows by itself.
    fn is_table(&self, class: ClassRef) -> bool {
        self.is_of_library(class, "Table", 0) && !self.loads_its_rows(class)
    }

    /// Whether a class extends one of django-tables2 whose name ends like this.
    fn is_of_library(&self, class: ClassRef, name: &str, depth: u8) -> bool {
        let bases = &self.types.facts(class.file).class(class.class).bases;
        depth < MAX_BASES
            && bases.iter().any(|&base| match self.types.of(class.file, base) {
                Ty::Path(path) => path.starts_with("django_tables2") && path.ends_with(name),
                Ty::Class(base) => base != class && self.is_of_library(base, name, depth + 1),
                _ => false,
            })
    }

    /// Whether methods of a table load relations along with the rows that it is given.
    fn loads_its_rows(&self, class: ClassRef) -> bool {
        self.types.lineage(class).into_iter().any(|class| {
            let facts = self.types.facts(class.file);
            let flow = Flow::new(facts);
            let own = &facts.class(class.class).methods;
            facts.calls.iter().any(|call| {
                own.contains(&call.function)
                    && flow
                        .called_name(call)
                        .is_some_and(|name| ["prefetch", "select_related"].iter().any(|of| name.contains(of)))
            })
        })
    }

    /// The columns that a table shows: those that it declares, and those that are made of its model's fields.
    fn columns_of(&self, table: ClassRef, scope: &Scope<'_>) -> Vec<Column<'p>> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        for class in self.types.lineage(table) {
            let facts = self.types.facts(class.file);
            for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
                let name = &facts.names[field.name];
                let Value::Call(id) = *facts.value(field.value) else {
                    // `author = None` takes a column away.
                    seen.insert(name);
                    continue;
                };
                let call = facts.call(id);
                let is_column = Flow::new(facts).called_name(call).is_some_and(|name| name.ends_with("Column"));
                if seen.insert(name) && is_column {
                    let place = (class.file, call.name_span);
                    found.push(Column { name, place, call: Some((class.file, call)) });
                }
            }
        }
        if self.types.meta_model(table).is_some()
            && let Some((file, value)) = self.types.meta(table, "fields")
        {
            let facts = self.types.facts(file);
            let names: &[ValueId] = match facts.value(value) {
                Value::Sequence(names) => names,
                _ => &[],
            };
            for &value in names {
                let (Some(name), Some(place)) = (facts.literal(value), self.written(file, value)) else { continue };
                if seen.insert(name) {
                    found.push(Column { name, place, call: None });
                }
            }
        } else if let Some(model) = self.types.meta_model(table).filter(|&model| model == scope.model) {
            let place = self.listing(table).place;
            let forward = |name: &&str| matches!(attribute(self.types, model, name), Some(Attribute::Relation(found)) if found.kind == Kind::Forward);
            for name in self.columns(model).into_iter().filter(forward) {
                if seen.insert(name) {
                    found.push(Column { name, place, call: None });
                }
            }
        }
        let listed = |name: &str| {
            let (file, value) = self.types.meta(table, name)?;
            literals(self.types.facts(file), value)
        };
        if let Some(left_out) = listed("exclude") {
            found.retain(|column| !left_out.contains(&column.name));
        }
        // Without a "..." what it does not name is not shown.
        if let Some(sequence) = listed("sequence").filter(|names| !names.is_empty() && !names.contains(&"...")) {
            found.retain(|column| sequence.contains(&column.name));
        }
        // Columns that are shown to who asks for them.
        let shown = listed("default_columns").or_else(|| {
            let (file, value) = self.member(table, "default_columns")?;
            literals(self.types.facts(file), value)
        });
        if let Some(shown) = shown {
            found.retain(|column| shown.contains(&column.name));
        }
        found
    }

    /// What a table reads of each row.
    fn table(&mut self, scope: &Scope<'_>, table: ClassRef, left_out: &[&str]) {
        for column in self.columns_of(table, scope) {
            if left_out.contains(&column.name) {
                continue;
            }
            let render = self.method(table, &format!("render_{}", column.name));
            match column.call {
                Some((file, call)) => self.column(scope, &column, (file, call), render),
                None => self.cell(scope, &names_of(column.name), column.place, "", render),
            }
        }
    }

    /// A column that is declared.
    fn column(
        &mut self,
        scope: &Scope<'_>,
        column: &Column<'_>,
        (file, call): (FileId, &Call),
        render: Option<FunctionRef>,
    ) {
        let facts = self.types.facts(file);
        let keyword = |wanted: &str| {
            call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
        };
        if keyword("visible").is_some_and(|value| *facts.value(value) != Value::Bool(true)) {
            return;
        }
        let names = match keyword("accessor") {
            Some(value) => match accessor(facts, value) {
                Some(name) => names_of(name),
                // `accessor=lambda record: …`
                None => {
                    if let Value::Function(function) = *facts.value(value) {
                        self.given_as(scope, FunctionRef { file, function }, Source::Param(0), &[]);
                    }
                    return;
                }
            },
            None => names_of(column.name),
        };
        let kind = match self.types.of(file, call.callee) {
            Ty::Class(own) => match self.method(own, "render") {
                // A column of the project shows what it likes.
                Some(render) => return self.rendered(scope, &names, column.place, render),
                None if self.is_of_library(own, "TemplateColumn", 0) => "TemplateColumn",
                None => "",
            },
            _ => Flow::new(facts).called_name(call).unwrap_or(""),
        };
        if keyword("filter").is_none() {
            self.cell(scope, &names, column.place, kind, render);
        }
        for value in READING.iter().filter_map(|name| keyword(name)) {
            self.linked(scope, (file, value), &names, column.place);
        }
    }

    /// What is shown of a value of the row.
    fn cell(
        &mut self,
        scope: &Scope<'_>,
        names: &[Box<str>],
        place: (FileId, Span),
        kind: &str,
        render: Option<FunctionRef>,
    ) {
        if let Some(render) = render {
            return self.rendered(scope, names, place, render);
        }
        match (names, attribute(self.types, scope.model, &names[0])) {
            ([name], Some(Attribute::Relation(relation))) if relation.kind == Kind::Many => {
                if matches!(kind, "" | "ManyToManyColumn") {
                    self.many(scope, name, place);
                }
            }
            ([_], Some(Attribute::Code(_)) | None) => self.read(scope, names, place),
            _ if TEXTLESS.contains(&kind) => self.read(scope, names, place),
            _ => {
                let text: Vec<Box<str>> = names.iter().cloned().chain([Box::from("__str__")]).collect();
                self.read(scope, &text, place);
            }
        }
    }

    /// What a method reads that shows a value of the row: `def render_author(self, value, record)`.
    fn rendered(&mut self, scope: &Scope<'_>, names: &[Box<str>], place: (FileId, Span), render: FunctionRef) {
        self.read(scope, names, place);
        let facts = self.types.facts(render.file);
        for (index, param) in (0..).zip(&facts.function(render.function).params) {
            match &facts.names[param.name] {
                "record" => self.given_as(scope, render, Source::Param(index), &[]),
                "value" => self.given_as(scope, render, Source::Param(index), names),
                _ => {}
            }
        }
    }

    /// What a link of a column reads: `linkify=("author", [A("author__slug")])`, `linkify=lambda record: …`.
    fn linked(
        &mut self,
        scope: &Scope<'_>,
        (file, value): (FileId, ValueId),
        names: &[Box<str>],
        place: (FileId, Span),
    ) {
        let facts = self.types.facts(file);
        let mut open = vec![value];
        for _ in 0..MAX_PARTS {
            let Some(value) = open.pop() else { return };
            match *facts.value(value) {
                Value::Function(function) => {
                    self.rendered(scope, names, place, FunctionRef { file, function });
                }
                Value::Call(_) => {
                    if let Some(name) = accessor(facts, value) {
                        self.read(scope, &names_of(name), place);
                    }
                }
                _ => for_each_part(facts, value, &mut |part| open.push(part)),
            }
        }
    }
}

/// The texts of a list that is written down.
fn literals(facts: &FileFacts, value: ValueId) -> Option<Vec<&str>> {
    let Value::Sequence(items) = facts.value(value) else { return None };
    items.iter().map(|&item| facts.literal(item)).collect()
}

/// `"author__name"`, `A("author.name")`
fn accessor(facts: &FileFacts, value: ValueId) -> Option<&str> {
    match facts.value(value) {
        Value::Call(call) => {
            let call = facts.call(*call);
            let is_accessor = matches!(Flow::new(facts).called_name(call), Some("A" | "Accessor"));
            facts.literal(call.args.first().filter(|_| is_accessor)?.value)
        }
        _ => facts.literal(value),
    }
}

/// The attributes that an accessor leads through.
fn names_of(accessor: &str) -> Vec<Box<str>> {
    accessor.split("__").flat_map(|part| part.split('.')).map(Box::from).collect()
}
