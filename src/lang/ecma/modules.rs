//! Imports and exports: ES modules, CommonJS and TypeScript's own forms.

use super::assigned::pattern_names;
use super::kinds::{Field, Kind};
use super::patterns::Binding;
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::source::Span;

impl<'t> Walk<'_, 't> {
    // ── Imports ─────────────────────────────────────────────────────────────────────────────────────

    fn add_import(&mut self, module: Name, what: Imported, span: Span) -> ImportId {
        let id = ImportId(u32::try_from(self.b.facts.imports.len()).unwrap_or(u32::MAX));
        self.b.facts.imports.push(Import { module, what, span });
        id
    }

    fn import_value(&mut self, module: Name, what: Imported, span: Span) -> ValueId {
        let id = self.add_import(module, what, span);
        self.b.value(Value::Import(id))
    }

    fn module_name(&mut self, node: Option<Node<'t>>) -> Option<Name> {
        let text = node.and_then(|node| self.plain_string(node))?;
        Some(self.b.name(&text))
    }

    /// The name of a specifier, which may be a string.
    fn specifier_name(&mut self, node: Node<'t>) -> Name {
        let text = self.plain_string(node).unwrap_or_else(|| self.text(node).to_owned());
        self.b.name(&text)
    }

    /// `import … from "m"`
    pub(super) fn import(&mut self, node: Node<'t>) {
        if let Some(clause) = self.child_of_kind(node, Kind::ImportRequireClause) {
            let Some(module) = self.module_name(self.field(clause, Field::Source)) else { return };
            if let Some(name) = self.child_of_kind(clause, Kind::Identifier) {
                self.bind_import(name, module, Imported::Module);
            }
            return;
        }
        let Some(module) = self.module_name(self.field(node, Field::Source)) else { return };
        let Some(clause) = self.child_of_kind(node, Kind::ImportClause) else { return };
        for part in self.children(clause) {
            match self.kind(part) {
                Kind::Identifier => {
                    let default = self.b.name("default");
                    self.bind_import(part, module, Imported::Name(default));
                }
                Kind::NamespaceImport => {
                    if let Some(name) = self.first_child(part) {
                        self.bind_import(name, module, Imported::Module);
                    }
                }
                Kind::NamedImports => self.named_imports(part, module),
                _ => {}
            }
        }
    }

    fn named_imports(&mut self, node: Node<'t>, module: Name) {
        for specifier in self.children(node) {
            let Some(name_node) = self.field(specifier, Field::Name) else { continue };
            let name = self.specifier_name(name_node);
            let local = self.field(specifier, Field::Alias).unwrap_or(name_node);
            self.bind_import(local, module, Imported::Name(name));
        }
    }

    fn bind_import(&mut self, local: Node<'t>, module: Name, what: Imported) {
        let value = self.import_value(module, what, span(local));
        let name = self.name(local);
        self.b.bind(name, value);
    }

    /// TypeScript's `import A = B.C`.
    pub(super) fn import_alias(&mut self, node: Node<'t>) {
        let parts = self.children(node);
        if let [local, target] = parts[..] {
            let value = self.qualified(target);
            let name = self.name(local);
            self.b.bind(name, value);
        }
    }

    /// The module that `require("m")` or `await import("m")` stands for.
    pub(super) fn required_module(&mut self, node: Node<'t>) -> Option<ImportId> {
        if !self.has_module_calls {
            return None;
        }
        let mut node = self.stripped(node);
        while self.kind(node) == Kind::AwaitExpression {
            node = self.stripped(self.first_child(node)?);
        }
        if self.kind(node) != Kind::CallExpression {
            return None;
        }
        let function = self.field(node, Field::Function)?;
        let loads = match self.kind(function) {
            Kind::Import => true,
            Kind::Identifier => self.text(function) == "require",
            _ => false,
        };
        if !loads {
            return None;
        }
        if let Some(&known) = self.required.get(&node.id()) {
            return Some(known);
        }
        let argument = self.field(node, Field::Arguments).and_then(|arguments| self.first_child(arguments));
        let module = self.module_name(argument)?;
        let import = self.add_import(module, Imported::Module, span(node));
        self.required.insert(node.id(), import);
        Some(import)
    }

    /// `require("m").name`
    pub(super) fn imported_name(&mut self, module: ImportId, property: Node<'t>) -> ValueId {
        let module = self.b.facts.imports[module.index()].module;
        let name = self.name(property);
        self.import_value(module, Imported::Name(name), span(property))
    }

    /// `const { a, b: c } = require("m")`: each name is an import of its own.
    pub(super) fn require_pattern(&mut self, pattern: Node<'t>, value: Node<'t>, binding: Binding) -> bool {
        if self.kind(pattern) != Kind::ObjectPattern {
            return false;
        }
        let Some(import) = self.required_module(value) else { return false };
        let module = self.b.facts.imports[import.index()].module;
        for part in self.children(pattern) {
            let (name, target) = match self.kind(part) {
                Kind::ShorthandPropertyPattern => (part, part),
                Kind::PairPattern => match (self.field(part, Field::Key), self.field(part, Field::Value)) {
                    (Some(key), Some(target)) => (key, target),
                    _ => continue,
                },
                Kind::ObjectAssignmentPattern => match self.field(part, Field::Left) {
                    Some(left) => (left, left),
                    None => continue,
                },
                _ => {
                    let whole = self.b.value(Value::Import(import));
                    self.bind_pattern(part, whole, binding);
                    continue;
                }
            };
            let Some(text) = self.property_name(name) else { continue };
            let name = self.b.name(&text);
            let value = self.import_value(module, Imported::Name(name), span(part));
            self.bind_pattern(target, value, binding);
        }
        true
    }

    // ── Exports ─────────────────────────────────────────────────────────────────────────────────────

    /// `export …`
    pub(super) fn export(&mut self, node: Node<'t>) {
        let default = self.b.name("default");
        if let Some(source) = self.field(node, Field::Source) {
            self.export_from(node, source);
        } else if let Some(clause) = self.child_of_kind(node, Kind::ExportClause) {
            for specifier in self.children(clause) {
                let Some(local) = self.field(specifier, Field::Name) else { continue };
                let exported = self.field(specifier, Field::Alias).unwrap_or(local);
                let (exported, local) = (self.specifier_name(exported), self.specifier_name(local));
                self.exports.local.push((exported, local));
            }
        } else if let Some(declaration) = self.field(node, Field::Declaration) {
            self.export_declaration(node, declaration, default);
        } else if let Some(value) = self.field(node, Field::Value) {
            self.export_default(value, default);
        } else if self.has_token(node, Kind::Equals)
            && let Some(value) = self.first_child(node)
        {
            self.exports.is_common = true;
            self.export_default(value, default);
        }
    }

    fn export_default(&mut self, node: Node<'t>, default: Name) {
        let value = self.expression(node, ResultUse::Bound);
        if self.kind(node) == Kind::Identifier {
            let local = self.name(node);
            self.exports.local.push((default, local));
        } else {
            self.exports.values.push((default, value));
        }
    }

    fn export_declaration(&mut self, node: Node<'t>, declaration: Node<'t>, default: Name) {
        let decorators = self.decorators(node);
        if matches!(self.kind(declaration), Kind::ClassDeclaration | Kind::AbstractClassDeclaration) {
            self.class_declaration(declaration, decorators);
        } else {
            self.statement(declaration);
        }
        let is_default = self.has_token(node, Kind::Default);
        for local in self.declared_names(self.declared(declaration)) {
            self.exports.local.push((if is_default { default } else { local }, local));
        }
    }

    fn declared_names(&mut self, declaration: Node<'t>) -> Vec<Name> {
        let mut found = Vec::new();
        match self.kind(declaration) {
            Kind::LexicalDeclaration | Kind::VariableDeclaration | Kind::UsingDeclaration => {
                for declarator in self.children(declaration) {
                    if let Some(pattern) = self.field(declarator, Field::Name) {
                        pattern_names(pattern, &mut |name| found.push(name));
                    }
                }
            }
            Kind::ImportAlias => found.extend(self.first_child(declaration)),
            Kind::InternalModule | Kind::Module => {
                let name = self.field(declaration, Field::Name);
                found.extend(name.map(|name| self.leftmost(name)));
            }
            _ => found.extend(self.field(declaration, Field::Name)),
        }
        found.into_iter().map(|node| self.name(node)).collect()
    }

    fn leftmost(&self, mut node: Node<'t>) -> Node<'t> {
        while let Some(object) = self.field(node, Field::Object) {
            node = object;
        }
        node
    }

    /// `export { a as b } from "m"`, `export * from "m"`, `export * as ns from "m"`
    fn export_from(&mut self, node: Node<'t>, source: Node<'t>) {
        let Some(module) = self.module_name(Some(source)) else { return };
        if let Some(clause) = self.child_of_kind(node, Kind::ExportClause) {
            for specifier in self.children(clause) {
                let Some(name_node) = self.field(specifier, Field::Name) else { continue };
                let name = self.specifier_name(name_node);
                let exported = self.field(specifier, Field::Alias).unwrap_or(name_node);
                let exported = self.specifier_name(exported);
                let value = self.import_value(module, Imported::Name(name), span(specifier));
                self.exports.values.push((exported, value));
            }
        } else if let Some(namespace) = self.child_of_kind(node, Kind::NamespaceExport) {
            let Some(name) = self.first_child(namespace) else { return };
            let value = self.import_value(module, Imported::Module, span(namespace));
            let name = self.specifier_name(name);
            self.exports.values.push((name, value));
        } else {
            self.add_import(module, Imported::Star, span(node));
        }
    }

    /// Everything that a spread module hands on (`module.exports = { ...require("./a") }`).
    pub(super) fn export_star(&mut self, import: ImportId) {
        let Import { module, span, .. } = self.b.facts.imports[import.index()];
        self.add_import(module, Imported::Star, span);
    }

    /// `module.exports = …`, `module.exports.a = …`, `exports.a = …`. Whether it was one of them. `right`: what
    /// is assigned, as it is written.
    pub(super) fn export_assignment(
        &mut self,
        target: Node<'t>,
        object: Node<'t>,
        property: Node<'t>,
        value: ValueId,
        right: Option<Node<'t>>,
    ) -> bool {
        if self.is_common_exports(target) {
            self.exports.is_common = true;
            let default = self.b.name("default");
            match right.filter(|&right| self.kind(right) == Kind::Identifier) {
                // What it is filled with later is exported too.
                Some(right) => {
                    let local = self.name(right);
                    self.exports.local.push((default, local));
                }
                None => self.exports.values.push((default, value)),
            }
            return true;
        }
        if self.is_common_exports(object) {
            self.exports.is_common = true;
            let name = self.name(property);
            self.exports.values.push((name, value));
            return true;
        }
        false
    }

    /// `exports` or `module.exports`, where they are the module's own.
    fn is_common_exports(&self, node: Node<'t>) -> bool {
        let name = match self.kind(node) {
            Kind::Identifier => "exports",
            Kind::MemberExpression => "module",
            _ => return false,
        };
        let is_written = match name {
            "exports" => self.text(node) == "exports",
            _ => self.text(node) == "module.exports",
        };
        is_written && self.b.facts.names.find(name).and_then(|name| self.b.bound(name)).is_none()
    }

    /// What `exports.name` was set to, if this file has set it.
    pub(super) fn exported_member(&mut self, node: Node<'t>) -> Option<ValueId> {
        if !self.exports.is_common {
            return None;
        }
        let object = self.field(node, Field::Object)?;
        if !self.is_common_exports(object) {
            return None;
        }
        let property = self.field(node, Field::Property)?;
        let name = self.name(property);
        self.exports.values.iter().rev().find(|entry| entry.0 == name).map(|entry| entry.1)
    }

    // ── Namespaces ──────────────────────────────────────────────────────────────────────────────────

    /// `namespace A { … }` is an object with what it exports; `declare module "m" { … }` is nobody's.
    pub(super) fn namespace(&mut self, node: Node<'t>) {
        let outer = std::mem::take(&mut self.exports);
        self.b.push_scope(false);
        if let Some(body) = self.field(node, Field::Body) {
            let statements = self.children(body);
            self.statements(&statements);
        }
        let inner = std::mem::replace(&mut self.exports, outer);
        let place = self.field(node, Field::Name).map_or(Span::default(), span);
        let mut entries = Vec::new();
        for (exported, local) in inner.local {
            let value = self.local_value(local);
            entries.push((self.name_text(exported, place), value));
        }
        for (exported, value) in inner.values {
            entries.push((self.name_text(exported, place), value));
        }
        self.b.pop_scope();
        let Some(name) = self.field(node, Field::Name) else { return };
        if self.kind(name) == Kind::String {
            return;
        }
        let mut value = self.b.value(Value::Mapping(entries.into()));
        let mut at = name;
        while let (Some(object), Some(property)) = (self.field(at, Field::Object), self.field(at, Field::Property)) {
            let key = self.literal_text(property);
            value = self.b.value(Value::Mapping(Box::new([(key, value)])));
            at = object;
        }
        let name = self.name(at);
        if self.b.bound(name).is_none() {
            self.b.bind(name, value);
        }
    }
}
