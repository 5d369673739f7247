//! `import` statements.

use super::tree::Node;
use super::{Field, Kind, Walk, child, kind, span};
use crate::facts::*;

impl<'a> Walk<'a> {
    /// `import a.b`, `import a.b as c`
    pub(super) fn import_statement(&mut self, node: Node<'a>) {
        for part in self.children_in(node, Field::Name) {
            let (path, alias) = self.import_part(part);
            let whole = self.dotted(path);
            let (module, bound) = match alias {
                Some(alias) => (whole, self.source_of(alias).to_owned()),
                None => {
                    let root = whole.split('.').next().unwrap_or("").to_owned();
                    (root.clone(), root)
                }
            };
            let module = self.b.name(&module);
            let value = self.import(module, Imported::Module, part);
            let bound = self.b.name(&bound);
            self.bind(bound, value);
        }
    }

    /// `from m import a, b as c`, `from m import *`
    pub(super) fn import_from(&mut self, node: Node<'a>) {
        let module = match child(node, Field::ModuleName) {
            Some(module) => self.dotted(module),
            None => "__future__".to_owned(),
        };
        let module = self.b.name(&module);
        if self.children(node).into_iter().any(|part| kind(part) == Kind::WildcardImport) {
            self.import(module, Imported::Star, node);
        }
        for part in self.children_in(node, Field::Name) {
            let (path, alias) = self.import_part(part);
            let name = self.name_of(path);
            let value = self.import(module, Imported::Name(name), part);
            let bound = alias.map_or(name, |alias| self.name_of(alias));
            self.bind(bound, value);
        }
    }

    fn import_part(&self, part: Node<'a>) -> (Node<'a>, Option<Node<'a>>) {
        if kind(part) == Kind::AliasedImport {
            (child(part, Field::Name).unwrap_or(part), child(part, Field::Alias))
        } else {
            (part, None)
        }
    }

    /// A dotted path without the spaces that may stand in it.
    fn dotted(&self, node: Node<'a>) -> String {
        self.source_of(node).chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
    }

    fn import(&mut self, module: Name, what: Imported, node: Node<'a>) -> ValueId {
        let id = ImportId(u32::try_from(self.b.facts.imports.len()).unwrap_or(u32::MAX));
        self.b.facts.imports.push(Import { module, what, span: span(node) });
        self.b.value(Value::Import(id))
    }
}
