//! Questions to a [`Catalog`].

use super::shape::glob;
use super::{ApiCall, ApiShape, ApiType, Catalog, CatalogLanguage, Library, LibraryId, Own, Returned, TypeId};

impl Catalog {
    /// The library with this id.
    pub fn library(&self, id: LibraryId) -> &Library {
        &self.libraries[usize::from(id.0)]
    }

    /// All libraries; the index is the id.
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    /// The type with this id.
    pub fn type_(&self, id: TypeId) -> &ApiType {
        &self.types[usize::from(id.0)]
    }

    /// All types; the index is the id.
    pub fn types(&self) -> &[ApiType] {
        &self.types
    }

    /// All functions and methods.
    pub fn calls(&self) -> &[ApiCall] {
        &self.calls
    }

    /// The function or method with this index.
    pub fn call(&self, index: u32) -> &ApiCall {
        &self.calls[index as usize]
    }

    /// What the user's own entries name, in the order they are written.
    pub fn own(&self) -> &[Own] {
        &self.own
    }

    /// All shapes, in no particular order.
    pub fn all_shapes(&self) -> impl Iterator<Item = &ApiShape> {
        self.shapes.values().flatten()
    }

    /// Code that makes this call, whole: with the lines that come before it.
    pub fn example(&self, call: &ApiCall) -> Option<String> {
        let code = call.example.as_deref()?.replace("<method>", &call.method);
        Some(self.whole_example(call.library, &code))
    }

    /// Code that runs a value of this lazy type, whole.
    pub fn example_of_type(&self, ty: &ApiType) -> Option<String> {
        ty.example.as_deref().map(|code| self.whole_example(ty.library, code))
    }

    fn whole_example(&self, library: LibraryId, code: &str) -> String {
        let prelude = self.library(library).prelude.trim();
        if prelude.is_empty() { format!("{}\n", code.trim()) } else { format!("{prelude}\n{}\n", code.trim()) }
    }

    /// The type with this name, or that is imported under this path.
    pub fn type_named(&self, name_or_path: &str) -> Option<TypeId> {
        self.type_names.get(name_or_path).copied()
    }

    /// Whether something catalogued may stand behind an import of this path: under it, or above it.
    pub fn may_lead_on(&self, path: &str) -> bool {
        let ends = path.match_indices(['.', '/']).map(|(at, _)| at).chain([path.len()]);
        let name = path.rsplit(['.', '/']).next().unwrap_or(path);
        self.ways.contains(path)
            || self.type_names.contains_key(&format!("*.{name}"))
            || ends.map(|end| &path[..end]).any(|path| {
                self.type_names.contains_key(path)
                    || self.functions.contains_key(path)
                    || self.values.contains_key(path)
            })
    }

    /// Notes the paths above all types, functions and values.
    pub(super) fn find_ways(&mut self) {
        let known = self.type_names.keys().chain(self.functions.keys()).chain(self.values.keys());
        self.ways = known
            .flat_map(|path| path.match_indices(['.', '/']).filter(|&(at, _)| at > 0).map(|(at, _)| path[..at].into()))
            .collect();
    }

    /// The names and paths of all types, in no particular order.
    pub(super) fn type_paths(&self) -> impl Iterator<Item = (&str, TypeId)> {
        self.type_names.iter().map(|(path, &ty)| (path.as_str(), ty))
    }

    /// The function of a module with this path.
    pub fn function(&self, path: &str) -> Option<&ApiCall> {
        self.functions.get(path).map(|&call| &self.calls[call as usize])
    }

    /// The method of a type: its own, else that of its bases, depth first. `()` is a call of the instance itself.
    /// For a type with [`ApiType::chain`] a method that is not found returns the same type; that is the caller's.
    pub fn method(&self, ty: TypeId, name: &str) -> Option<&ApiCall> {
        let owners = self.methods.get(name)?;
        let own = |ty| owners.iter().find(|(owner, _)| *owner == ty).map(|&(_, call)| &self.calls[call as usize]);
        self.first_of(ty, &own)
    }

    /// The attribute of a type: by its full name, its own or that of a base; else by a pattern, unless a method has
    /// that name.
    pub fn attribute(&self, ty: TypeId, name: &str) -> Option<Returned> {
        if let Some(owners) = self.attributes.get(name) {
            let own = |ty| owners.iter().find(|(owner, _)| *owner == ty).map(|&(_, what)| what);
            if let Some(found) = self.first_of(ty, &own) {
                return Some(found);
            }
        }
        let own = |ty| {
            let fits = |(owner, pattern, _): &&(TypeId, String, Returned)| *owner == ty && glob(pattern, name);
            self.attribute_patterns.iter().find(fits).map(|&(_, _, what)| what)
        };
        self.first_of(ty, &own).filter(|_| self.method(ty, name).is_none())
    }

    /// What a module holds under this path, if it is neither a function nor a class.
    pub fn value(&self, path: &str) -> Option<Returned> {
        self.values.get(path).copied()
    }

    /// The shapes that a call of this method may have.
    pub fn shapes(&self, method: &str) -> &[ApiShape] {
        self.shapes.get(method).map_or(&[], Vec::as_slice)
    }

    /// Whether `ty` is `of` or extends it.
    pub fn is_subtype(&self, ty: TypeId, of: TypeId) -> bool {
        self.first_of(ty, &|ty| (ty == of).then_some(())).is_some()
    }

    /// The library that a file uses if it imports `module`: `a.b.c` is `a.b`'s, `@x/y/z` is `@x/y`'s.
    pub fn library_of_import(&self, module: &str, language: CatalogLanguage) -> Option<LibraryId> {
        let mut module = module;
        loop {
            let found = self.library_where(language, |library| library.imports.iter().any(|import| import == module));
            if found.is_some() {
                return found;
            }
            module = &module[..module.rfind(['.', '/'])?];
        }
    }

    /// The library that a project uses if its manifest names `package`.
    pub fn library_of_package(&self, package: &str, language: CatalogLanguage) -> Option<LibraryId> {
        self.library_where(language, |library| {
            library.packages.iter().any(|name| match library.language {
                CatalogLanguage::Python => same_distribution(name, package),
                _ => name == package,
            })
        })
    }

    fn library_where(&self, language: CatalogLanguage, fits: impl Fn(&Library) -> bool) -> Option<LibraryId> {
        let found = self.libraries.iter().position(|library| library.language.covers(language) && fits(library))?;
        u16::try_from(found).ok().map(LibraryId)
    }

    /// What `ask` says of `ty` or, if nothing, of its bases, depth first. Loading has ruled out circles.
    fn first_of<T>(&self, ty: TypeId, ask: &dyn Fn(TypeId) -> Option<T>) -> Option<T> {
        ask(ty).or_else(|| self.type_(ty).extends.iter().find_map(|&base| self.first_of(base, ask)))
    }
}

/// Whether two names are one Python distribution: case, `-`, `_` and `.` make no difference.
fn same_distribution(left: &str, right: &str) -> bool {
    let fold = |byte: u8| if matches!(byte, b'_' | b'.') { b'-' } else { byte.to_ascii_lowercase() };
    left.len() == right.len() && left.bytes().map(fold).eq(right.bytes().map(fold))
}
