//! Django REST framework: the rows that a view or a call serializes.

use super::super::loaded::Loaded;
use super::super::model::{Attribute, Kind, attribute};
use super::super::traced::{Rows, plain};
use super::{Finder, Listing, Scope};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::bounds::Bounds;
use crate::project::flow::Flow;
use crate::project::loops::{LoopShape, Loops};
use crate::project::relations::is_model;
use crate::project::types::Ty;
use crate::project::{ClassRef, FileId, FunctionRef};

/// Views and serializers of libraries that load along what they show: dynamic-rest, django-auto-prefetching.
const LOADING: [&str; 5] = [
    "AutoPrefetchViewSet",
    "AutoPrefetchViewSetMixin",
    "DynamicModelSerializer",
    "DynamicModelViewSet",
    "WithDynamicViewSetMixin",
];

impl Finder<'_, '_> {
    /// A view that lists the rows of its queryset with its serializer.
    pub(super) fn view(&mut self, class: ClassRef) {
        // What a `list` of its own does is told where it serializes.
        if self.method(class, "list").is_some_and(|own| !self.asks_base(own)) {
            return;
        }
        let serializers = self.serializers_of(class, "list");
        let model = self.types.view_model(class);
        let model = model.or_else(|| serializers.iter().find_map(|&serializer| self.types.meta_model(serializer)));
        if self.loads_by_itself(class) || model.is_some_and(|model| self.lists_one(class, model)) {
            return;
        }
        let rows = self.tracer.listed_by(class, 0).last().rows();
        let listing = self.listing(class);
        for serializer in serializers {
            if let Some(rows) = self.given_to(serializer, rows.as_ref()) {
                self.serialize(&Scope::of(&rows, &listing), serializer, 0);
            }
        }
    }

    /// Whether a view or a serializer is of a library that loads what it shows along by itself.
    fn loads_by_itself(&self, class: ClassRef) -> bool {
        self.types.extends(class, &|name| LOADING.contains(&name))
    }

    /// Whether a view lists one row at most: `Profile.objects.filter(user=self.request.user)` where each user has one.
    fn lists_one(&self, class: ClassRef, model: ClassRef) -> bool {
        let Some(function) = self.method(class, "get_queryset") else { return false };
        let facts = self.types.facts(function.file);
        let returns = &facts.function(function.function).returns;
        let is_one = |&value: &ValueId| {
            let mut at = value;
            while let Value::Call(call) = *facts.value(at) {
                let call = facts.call(call);
                let named = call.args.iter().filter_map(|arg| arg.name).map(|name| &facts.names[name]);
                let is_filter = Flow::new(facts).called_name(call) == Some("filter");
                if is_filter && named.into_iter().any(|name| self.is_unique(model, name)) {
                    return true;
                }
                match *facts.value(call.callee) {
                    Value::Member(object, _) => at = object,
                    _ => return false,
                }
            }
            false
        };
        !returns.is_empty() && returns.iter().all(is_one)
    }

    /// Whether each value of a field is that of one row.
    fn is_unique(&self, model: ClassRef, name: &str) -> bool {
        let field = name.strip_suffix("_id").unwrap_or(name);
        match attribute(self.types, model, field) {
            // What leads back to one row is held by it.
            Some(Attribute::Relation(relation)) => relation.kind == Kind::Forward && !relation.back.is_empty(),
            _ => matches!(name, "id" | "pk"),
        }
    }

    /// Whether a method goes on to the one that it stands for: `super().list(request)`.
    pub(super) fn asks_base(&self, method: FunctionRef) -> bool {
        let facts = self.types.facts(method.file);
        let name = facts.function(method.function).name;
        facts.calls_in(method.function).any(|(_, call)| {
            matches!(*facts.value(call.callee), Value::Member(object, of)
                if of == name && matches!(facts.value(object), Value::Super(_)))
        })
    }

    /// The rows that a serializer is given.
    pub(super) fn given_to(&self, serializer: ClassRef, rows: Option<&Rows>) -> Option<Rows> {
        let mut rows = rows.cloned().or_else(|| self.rows_for(serializer))?;
        // Names that are worked out may be those of any relation.
        if rows.loaded.unseen && self.types.project().loads_any_relation() {
            rows.loaded.add_open("");
        }
        self.load_in_list(serializer, &mut rows.loaded);
        Some(rows)
    }

    /// What a list serializer of the project's own loads along before it shows the rows: `list_serializer_class`.
    fn load_in_list(&self, serializer: ClassRef, loaded: &mut Loaded) {
        let Some((file, list)) = self.types.meta(serializer, "list_serializer_class") else { return };
        let Ty::Class(list) = self.types.of(file, list) else { return };
        let Some(FunctionRef { file, function }) = self.method(list, "to_representation") else { return };
        let facts = self.types.facts(file);
        let flow = Flow::new(facts);
        for (id, call) in facts.calls_in(function) {
            let skip = match flow.called_name(call) {
                Some("prefetch_related_objects") => 1,
                Some("prefetch_related" | "select_related") => 0,
                _ => continue,
            };
            self.tracer.eager(file, id, skip, loaded, None, 0);
        }
    }

    /// Rows of the model that a serializer is for, where their query is not in sight.
    fn rows_for(&self, serializer: ClassRef) -> Option<Rows> {
        let model = self.types.meta_model(serializer).filter(|&model| is_model(self.types, model))?;
        Some(Rows { loaded: Loaded::unseen(), confidence: Confidence::Medium, ..plain(model) })
    }

    /// `BookSerializer(books, many=True)`, or `BookSerializer(book)` in a loop over books; `self.get_serializer(books,
    /// many=True)` of a view.
    pub(super) fn serialized(&mut self, file: FileId, id: CallId) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let is_many = call.args.iter().any(|arg| {
            arg.name.is_some_and(|name| &facts.names[name] == "many") && *facts.value(arg.value) == Value::Bool(true)
        });
        let given = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "instance"));
        let Some(given) = given else { return };
        let serializers = match (self.types.of(file, call.callee), facts.value(call.callee)) {
            (Ty::Class(serializer), _) => vec![serializer],
            (_, &Value::Member(object, name)) if &facts.names[name] == "get_serializer" => {
                let Value::This(class) = *facts.value(object) else { return };
                let action = &facts.names[facts.function(call.function).name];
                self.serializers_of(ClassRef { file, class }, action)
            }
            _ => return,
        };
        let rows = if is_many {
            if Bounds::new(self.types).of(file, given.value) != LoopShape::Rows {
                return;
            }
            self.tracer.rows_of(file, given.value)
        } else {
            // What is serialized is the row of a loop over rows.
            let Value::Element(_, around) = *facts.value(given.value) else { return };
            if call.in_loop.is_none() || Loops::new(self.types, file).shape(around) != LoopShape::Rows {
                return;
            }
            self.tracer.row_of(file, given.value, &[]).map(|(row, _)| row)
        };
        for serializer in serializers {
            if self.loads_by_itself(serializer) {
                continue;
            }
            let Some(rows) = self.given_to(serializer, rows.as_ref()) else { continue };
            let listing =
                Listing { place: (file, call.name_span), name: self.listing(serializer).name, is_type: false };
            self.serialize(&Scope::of(&rows, &listing), serializer, 0);
        }
    }
}
