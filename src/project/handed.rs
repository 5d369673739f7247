//! What frameworks hand to the code that they call: the row that a method of a serializer is about.

use super::types::{Ty, Types};
use super::{ClassRef, FileId};
use crate::facts::*;

impl Types<'_> {
    /// The model of the row that a framework hands to a method as this parameter.
    ///
    /// `get_title(self, book)` of a serializer and `resolve_title(book, info)` of a GraphQL type are about the model that
    /// their class names: `class Meta: model = Book`.
    pub(super) fn handed(&self, file: FileId, function: FunctionId, index: u16) -> Option<ClassRef> {
        let facts = self.facts(file);
        let own = facts.function(function);
        let class = own.class?;
        let name = &facts.names[own.name];
        let is_row = index == 0
            && (name.starts_with("get_") || name.starts_with("resolve_") || name == "to_representation")
            && matches!(own.params.len(), 1 | 2);
        if !is_row {
            return None;
        }
        let wanted = if name.starts_with("resolve_") { "ObjectType" } else { "Serializer" };
        if !self.is_named(ClassRef { file, class }, wanted, 0) {
            return None;
        }
        let mut metas = facts.classes.iter().filter(|of| of.parent == Some(class) && &facts.names[of.name] == "Meta");
        let meta = metas.next()?;
        let model = meta.attributes.iter().find(|of| &facts.names[of.name] == "model")?;
        match self.of(file, model.value) {
            Ty::Class(model) => Some(model),
            _ => None,
        }
    }

    /// Whether a class extends one whose name ends like this, in the project or beyond it.
    fn is_named(&self, class: ClassRef, end: &str, depth: u8) -> bool {
        let facts = self.facts(class.file);
        depth < 6
            && facts.class(class.class).bases.iter().any(|&base| {
                facts.own_name(base).is_some_and(|name| name.ends_with(end))
                    || match self.of(class.file, base) {
                        Ty::Class(base) if base != class => self.is_named(base, end, depth + 1),
                        _ => false,
                    }
            })
    }

    /// Whether a class extends one of such a name, in the project or beyond it.
    pub(super) fn extends(&self, class: ClassRef, wanted: &dyn Fn(&str) -> bool) -> bool {
        self.extends_within(class, wanted, 0)
    }

    fn extends_within(&self, class: ClassRef, wanted: &dyn Fn(&str) -> bool, depth: u8) -> bool {
        let facts = self.facts(class.file);
        depth < 8
            && facts.class(class.class).bases.iter().any(|&base| {
                // `class Book(ModelObjectType[models.Book])`
                let head = match facts.value(base) {
                    Value::Typed(of) => of.head,
                    _ => base,
                };
                facts.own_name(head).is_some_and(wanted)
                    || match self.of(class.file, head) {
                        Ty::Class(base) if base != class => self.extends_within(base, wanted, depth + 1),
                        _ => false,
                    }
            })
    }
}
