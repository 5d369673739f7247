//! Values of libraries that are no part of the project: what they have is no function of it.

use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId, FunctionRef};
use crate::apis::TypeId;
use crate::facts::*;

impl Types<'_> {
    /// Whether a path belongs to a library that certainly is none of ours: an import that is neither
    /// catalogued nor possibly a package of the same repository.
    pub(crate) fn is_foreign_library(&self, path: &str) -> bool {
        const FOREIGN: [&str; 34] = [
            "promise",
            "itertools",
            "collections",
            "functools",
            "numpy",
            "bs4",
            "lxml",
            "neo4j",
            "neo4j-driver",
            "threading",
            "axios",
            "requests",
            "httpx",
            "aiohttp",
            "redis",
            "ioredis",
            "lodash",
            "underscore",
            "fs",
            "path",
            "os",
            "re",
            "json",
            "mongoose",
            "mongodb",
            "pymongo",
            "elasticsearch",
            "react",
            "rxjs",
            "fetch",
            "superagent",
            "got",
            "boto3",
            "dayjs",
        ];
        let root = path.split(['.', '/', ':']).next().unwrap_or(path);
        FOREIGN.contains(&root) || path.starts_with("node:") || path.starts_with("@tanstack/")
    }

    /// Whether a value comes from a library that is no part of the project, catalogued or not: its methods are
    /// not functions of the project.
    pub(crate) fn is_foreign(&self, file: FileId, value: ValueId) -> bool {
        self.foreign(file, value, 0)
    }

    /// Django's model, for a class that extends one of a library that is not known and has columns as models have:
    /// `class Book(TimeStamped): title = models.TextField()`.
    pub(super) fn model_by_columns(&self, class: ClassRef) -> Option<TypeId> {
        let facts = self.facts(class.file);
        let own = facts.class(class.class);
        let extends = |&base: &ValueId| matches!(self.of(class.file, base), Ty::Path(path) if path.contains('.') && !path.starts_with('.'));
        let is_column = |field: &Attribute| {
            let Value::Call(call) = *facts.value(field.value) else { return false };
            field.in_body
                && matches!(self.of(class.file, facts.call(call).callee), Ty::Path(path)
                    if path.starts_with("django.db.models.") && (path.ends_with("Field") || path.ends_with("ForeignKey")))
        };
        // Most classes have no such field, and bases are asked for only then.
        let is_model = own.attributes.iter().any(is_column) && own.bases.iter().any(extends);
        if is_model { self.project().catalog.type_named("django.db.models.Model") } else { None }
    }

    fn is_generic_key(&self, file: FileId, value: ValueId) -> bool {
        let facts = self.facts(file);
        matches!(facts.value(value), Value::Call(call)
            if facts.own_name(facts.call(*call).callee).is_some_and(|name| name.ends_with("GenericForeignKey")))
    }

    /// Whether a declared type is one of a library, and no container or wrapper of what may be the project's own.
    fn is_declared_foreign(&self, file: FileId, declared: ValueId, depth: u8) -> bool {
        let Value::Typed(of) = self.facts(file).value(declared) else { return false };
        let wraps = |path: &str| ["typing", "collections", "contextlib"].iter().any(|root| path.starts_with(root));
        of.arguments.is_empty()
            && matches!(self.of(file, of.head), Ty::Path(path) if !wraps(&path))
            && self.foreign(file, of.head, depth)
    }

    fn foreign(&self, file: FileId, value: ValueId, depth: u8) -> bool {
        if depth > 12 {
            return false;
        }
        let facts = self.facts(file);
        match facts.value(value) {
            Value::Import(_) => matches!(self.of(file, value), Ty::Path(path) if !path.starts_with('.')),
            Value::Typed(of) => self.foreign(file, of.head, depth + 1),
            Value::Param(function, index) => {
                let param = facts.function(*function).params.get(usize::from(*index));
                param
                    .and_then(|param| param.annotation)
                    .is_some_and(|annotation| self.foreign(file, annotation, depth + 1))
            }
            Value::Call(call) => self.foreign(file, facts.call(*call).callee, depth + 1),
            Value::Either(left, right) => self.foreign(file, *left, depth + 1) || self.foreign(file, *right, depth + 1),
            Value::Carried(object, _) | Value::Element(object, _) | Value::Part(object, _) | Value::Item(object, _) => {
                self.foreign(file, *object, depth + 1)
            }
            Value::Member(object, name) => match self.of(file, *object) {
                Ty::Class(class) | Ty::Instance(class, _) => match self.class_member(class, &facts.names[*name]) {
                    // What a field of a library leads to may be a row of the project.
                    Some(ClassMember::Attribute(file, value, _)) if self.is_generic_key(file, value) => false,
                    Some(ClassMember::Attribute(file, value, annotation)) => {
                        self.foreign(file, annotation.unwrap_or(value), depth + 1)
                    }
                    // `def load(self) -> Blob`
                    Some(ClassMember::Method(FunctionRef { file, function })) => {
                        let declared = self.facts(file).function(function).result_type;
                        declared.is_some_and(|declared| self.is_declared_foreign(file, declared, depth + 1))
                    }
                    _ => false,
                },
                _ => self.foreign(file, *object, depth + 1),
            },
            _ => false,
        }
    }
}
