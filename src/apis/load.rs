//! From entries as written to a [`Catalog`]: names are resolved and each contradiction is told with its entry.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::entries::{ArgEntry, CallEntry, CatalogFile, MemberEntry, ShapeEntry, TypeEntry, UserApi};
use super::{
    ApiCall, ApiShape, ApiType, ArgRef, ArgShape, Catalog, CatalogError, CatalogLanguage, Effect, Library, LibraryId,
    Own, Returned, RunsOn, TypeId,
};
use crate::sql::Dialect;

/// The version of the format.
const VERSION: u32 = 1;

/// One file's entries and whose they are.
pub(super) struct Source {
    library: Library,
    entries: UserApi,
}

impl Source {
    /// A built-in catalog.
    pub(super) fn from_file(name: &str, origin: String, file: CatalogFile) -> Result<Source, CatalogError> {
        let wrong = |message: String| CatalogError { origin: origin.clone(), entry: String::new(), message };
        if file.version != VERSION {
            return Err(wrong(format!("version {} is not supported, only {VERSION}", file.version)));
        }
        let dialect = match &file.dialect {
            None => None,
            Some(name) => Some(Dialect::from_name(name).ok_or_else(|| wrong(format!("`{name}` is no known dialect")))?),
        };
        let CatalogFile {
            language,
            packages,
            imports,
            always,
            tables,
            signs,
            prelude,
            types,
            members,
            calls,
            shapes,
            ..
        } = file;
        let name = name.to_owned();
        let home = String::new();
        let library = Library { name, language, packages, imports, dialect, always, tables, signs, home, prelude };
        Ok(Source { library, entries: UserApi { origin, home: String::new(), types, members, calls, shapes } })
    }

    /// The user's own entries. They count everywhere: who writes them means this project.
    pub(super) fn from_user(user: &UserApi) -> Source {
        let library = Library {
            name: user.origin.clone(),
            language: CatalogLanguage::Any,
            packages: Vec::new(),
            imports: Vec::new(),
            dialect: None,
            always: true,
            tables: Vec::new(),
            signs: Vec::new(),
            home: user.home.clone(),
            prelude: String::new(),
        };
        Source { library, entries: user.clone() }
    }
}

/// Reads entries into a catalog.
pub(super) struct Loader {
    catalog: Catalog,
    /// Whether entries may replace what is already there.
    overlay: bool,
    /// What this load has declared, to find doubles; `None` for what a test has already checked.
    declared: Option<FxHashSet<(&'static str, String)>>,
}

/// A mistake, before it is known in which file and entry.
type Wrong = String;

/// A type that this load declares.
struct NewType<'a> {
    id: TypeId,
    origin: &'a str,
    entry: &'a TypeEntry,
}

impl Loader {
    /// For the built-in catalogs. Looking for doubles can be left out.
    pub(super) fn builtin(checked: bool) -> Loader {
        let mut catalog = Catalog::default();
        // About what they need, so that the tables do not grow step by step.
        catalog.calls.reserve(2000);
        catalog.methods.reserve(1000);
        catalog.functions.reserve(500);
        catalog.type_names.reserve(500);
        catalog.shapes.reserve(500);
        Loader { catalog, overlay: false, declared: checked.then(FxHashSet::default) }
    }

    /// Entries will be laid over `catalog`.
    pub(super) fn over(catalog: Catalog) -> Loader {
        Loader { catalog, overlay: true, declared: Some(FxHashSet::default()) }
    }

    /// The result.
    pub(super) fn finish(mut self) -> Catalog {
        self.catalog.find_ways();
        self.catalog
    }

    /// Reads all `sources` together: an entry may name what another file declares.
    pub(super) fn load(&mut self, sources: Vec<Source>) -> Result<(), CatalogError> {
        let mut batch = Vec::with_capacity(sources.len());
        for Source { library, entries } in sources {
            let id = u16::try_from(self.catalog.libraries.len());
            let id = id.map_err(|_| at(&entries.origin, "type", "")("too many catalogs".to_owned()))?;
            self.catalog.libraries.push(library);
            batch.push((LibraryId(id), entries));
        }
        self.load_types(&batch)?;
        for (library, entries) in &batch {
            let origin = entries.origin.as_str();
            for entry in &entries.members {
                self.add_member(entry).map_err(at(origin, "member", &entry.path))?;
            }
            for entry in &entries.calls {
                self.add_call(entry, *library).map_err(at(origin, "call", &entry.path))?;
            }
            // The user's shapes are put before the others one by one, so the last comes first.
            let shapes: Box<dyn Iterator<Item = &ShapeEntry>> =
                if self.overlay { Box::new(entries.shapes.iter().rev()) } else { Box::new(entries.shapes.iter()) };
            for entry in shapes {
                self.add_shape(entry, *library).map_err(at(origin, "shape", &entry.call.path))?;
            }
        }
        Ok(())
    }

    // ── Types ───────────────────────────────────────────────────────────────────────────────────────

    fn load_types(&mut self, batch: &[(LibraryId, UserApi)]) -> Result<(), CatalogError> {
        let mut new_types = Vec::new();
        for (library, entries) in batch {
            for entry in &entries.types {
                let origin = entries.origin.as_str();
                let id = self.declare_type(entry, *library).map_err(at(origin, "type", &entry.name))?;
                new_types.push(NewType { id, origin, entry });
            }
        }
        for NewType { id, origin, entry } in &new_types {
            let bases = entry.extends.iter().map(|name| self.type_named("extends", name)).collect::<Result<_, _>>();
            self.catalog.types[usize::from(id.0)].extends = bases.map_err(at(origin, "type", &entry.name))?;
        }
        for NewType { id, origin, entry } in &new_types {
            if self.extends_itself(*id) {
                return Err(at(origin, "type", &entry.name)("it extends itself".to_owned()));
            }
        }
        let mut done = FxHashSet::default();
        for NewType { id, origin, entry } in &new_types {
            self.complete_type(*id, &new_types, &mut done).map_err(at(origin, "type", &entry.name))?;
        }
        Ok(())
    }

    fn declare_type(&mut self, entry: &TypeEntry, library: LibraryId) -> Result<TypeId, Wrong> {
        self.declare("type", &entry.name)?;
        let blank = ApiType {
            name: entry.name.clone(),
            library,
            extends: Vec::new(),
            chain: false,
            runs_on: RunsOn::default(),
            effect: Effect::None,
            element: Returned::Unknown,
            batch: None,
            batch_write: None,
            example: None,
        };
        let known = self.catalog.type_named(&entry.name).filter(|_| self.overlay);
        let id = match known {
            Some(id) => {
                self.catalog.types[usize::from(id.0)] = blank;
                id
            }
            None => {
                let id = u16::try_from(self.catalog.types.len()).map_err(|_| "too many types".to_owned())?;
                self.catalog.types.push(blank);
                TypeId(id)
            }
        };
        for path in std::iter::once(&entry.name).chain(&entry.paths) {
            let before = self.catalog.type_names.insert(path.clone(), id);
            if before.is_some_and(|before| before != id) && !self.overlay {
                return Err(format!("`{path}` already names another type"));
            }
            if self.overlay {
                self.catalog.own.push(Own::Type(path.clone(), id, library));
            }
        }
        Ok(id)
    }

    fn extends_itself(&self, id: TypeId) -> bool {
        let mut above = self.catalog.type_(id).extends.clone();
        let mut seen = FxHashSet::default();
        while let Some(base) = above.pop() {
            if base == id {
                return true;
            }
            if seen.insert(base) {
                above.extend(&self.catalog.type_(base).extends);
            }
        }
        false
    }

    /// Fills in what a type says and what it inherits; its bases first.
    fn complete_type(
        &mut self,
        id: TypeId,
        new_types: &[NewType<'_>],
        done: &mut FxHashSet<TypeId>,
    ) -> Result<(), Wrong> {
        if !done.insert(id) {
            return Ok(());
        }
        // A base that is not new is complete.
        let Some(NewType { entry, .. }) = new_types.iter().find(|new| new.id == id) else { return Ok(()) };
        let extends = self.catalog.type_(id).extends.clone();
        for &base in &extends {
            self.complete_type(base, new_types, done)?;
        }
        let bases: Vec<&ApiType> = extends.iter().map(|&base| self.catalog.type_(base)).collect();
        let chain = entry.chain.unwrap_or_else(|| bases.iter().any(|base| base.chain));
        let runs_on = match &entry.runs_on {
            Some(names) => runs_on(names)?,
            None => bases.iter().map(|base| base.runs_on).find(|runs_on| runs_on.is_lazy()).unwrap_or_default(),
        };
        let inherited = bases.iter().map(|base| base.effect).find(|&effect| effect != Effect::None);
        let effect = entry.effect.or(inherited).unwrap_or(Effect::None);
        let element = match &entry.element {
            Some(name) => self.returned("element", name, false)?,
            None => bases.iter().map(|base| base.element).find(|&it| it != Returned::Unknown).unwrap_or_default(),
        };
        let batch = shared(&entry.batch).or_else(|| bases.iter().find_map(|base| base.batch.clone()));
        let batch_write = shared(&entry.batch_write).or_else(|| bases.iter().find_map(|base| base.batch_write.clone()));
        if matches!(effect, Effect::Build | Effect::Transaction) {
            return Err("`effect` of a type is what running it does: query, write, sql or batch".to_owned());
        }
        if runs_on.is_lazy() && effect == Effect::None {
            return Err("`runs_on` needs an `effect`: what running it does".to_owned());
        }
        let example = shared(&entry.example);
        let ty = &mut self.catalog.types[usize::from(id.0)];
        *ty = ApiType { chain, runs_on, effect, element, batch, batch_write, example, ..ty.clone() };
        Ok(())
    }

    // ── Members, calls, shapes ──────────────────────────────────────────────────────────────────────

    fn add_member(&mut self, entry: &MemberEntry) -> Result<(), Wrong> {
        let what = self.returned("type", &entry.type_, true)?;
        for path in alternatives(&entry.path)? {
            self.declare("member", &path)?;
            let (owner, name) = self.owner(&path);
            match owner {
                None if path.contains('*') => return Err("`*` needs a type before it".to_owned()),
                None => {
                    self.catalog.values.insert(path, what);
                }
                Some(ty) if name.contains('*') => {
                    let patterns = &mut self.catalog.attribute_patterns;
                    let at = if self.overlay { 0 } else { patterns.len() };
                    patterns.insert(at, (ty, name.to_owned(), what));
                }
                Some(ty) => {
                    let owners = self.catalog.attributes.entry(name.to_owned()).or_default();
                    owners.retain(|&(owner, _)| owner != ty);
                    owners.push((ty, what));
                }
            }
        }
        Ok(())
    }

    fn add_call(&mut self, entry: &CallEntry, library: LibraryId) -> Result<(), Wrong> {
        let paths = alternatives(&entry.path)?;
        let aliases = entry.paths.iter().map(|path| alternatives(path)).collect::<Result<Vec<_>, _>>()?;
        if let Some(alias) = aliases.iter().find(|alias| alias.len() != paths.len()) {
            return Err(format!("`{}` in `paths` has not as many alternatives as `path`", alias[0]));
        }
        let (owner, _) = self.owner(&paths[0]);
        if owner.is_some() && !aliases.is_empty() {
            return Err("`paths` is only for functions of a module".to_owned());
        }
        let template = self.call(entry, library, owner.is_some())?;
        for (index, path) in paths.into_iter().enumerate() {
            self.declare("call", &path)?;
            let (owner, name) = self.owner(&path);
            let method = name.to_owned();
            let id = u32::try_from(self.catalog.calls.len()).map_err(|_| "too many calls".to_owned())?;
            match owner {
                Some(ty) => {
                    let owners = self.catalog.methods.entry(method.clone()).or_default();
                    owners.retain(|&(owner, _)| owner != ty);
                    owners.push((ty, id));
                }
                None if method == "()" => return Err("`()` needs a type before it".to_owned()),
                None => {
                    self.catalog.functions.insert(path.clone(), id);
                    for alias in &aliases {
                        self.declare("call", &alias[index])?;
                        self.catalog.functions.insert(alias[index].clone(), id);
                    }
                }
            }
            if self.overlay {
                let own = std::iter::once(&path).chain(aliases.iter().map(|alias| &alias[index]));
                self.catalog.own.extend(own.map(|path| Own::Call(path.clone(), id, library)));
            }
            self.catalog.calls.push(ApiCall { path, method, ..template.clone() });
        }
        Ok(())
    }

    fn add_shape(&mut self, entry: &ShapeEntry, library: LibraryId) -> Result<(), Wrong> {
        let args = self.arg_shape(&entry.args)?;
        let mut template = self.call(&entry.call, library, true)?;
        if args == ArgShape::Sql && template.sql.is_none() {
            template.sql = Some(ArgRef::Index(0));
        }
        for path in alternatives(&entry.call.path)? {
            if self.declared.is_some() {
                self.declare("shape", &format!("{path} {} {}", entry.args, library.0))?;
            }
            let names: Vec<String> = path.split('.').rev().map(str::to_owned).collect();
            let method = names[0].clone();
            if names.len() < 2 || method.contains('*') || names.iter().any(String::is_empty) {
                return Err("a shape names its method and what stands before it: `*.method`".to_owned());
            }
            let call = ApiCall { path, method: method.clone(), ..template.clone() };
            let shapes = self.catalog.shapes.entry(method).or_default();
            let at = if self.overlay { 0 } else { shapes.len() };
            shapes.insert(at, ApiShape { call, path: names, args: args.clone() });
        }
        Ok(())
    }

    /// What an entry says, without its path.
    fn call(&self, entry: &CallEntry, library: LibraryId, has_receiver: bool) -> Result<ApiCall, Wrong> {
        let Some(effect) = entry.effect else {
            return Err(format!("`effect` is missing; one of {}", Effect::NAMES.join(", ")));
        };
        let returns = match &entry.returns {
            None => Returned::Unknown,
            Some(name) => self.returned("returns", name, has_receiver)?,
        };
        let has_batch = entry.batch.is_some() || entry.batch_write.is_some();
        if has_batch && matches!(effect, Effect::None | Effect::Transaction | Effect::Batch) {
            return Err("`batch` is the help for a call that costs once per row; this one does not".to_owned());
        }
        if entry.callback.is_none() && !entry.callback_params.is_empty() {
            return Err("`callback_params` needs `callback`".to_owned());
        }
        let params = entry.callback_params.iter();
        let callback_params = params.map(|name| self.type_named("callback_params", name)).collect::<Result<_, _>>()?;
        Ok(ApiCall {
            path: String::new(),
            method: String::new(),
            library,
            effect,
            returns,
            sql: entry.sql.as_ref().map(arg_ref),
            params: entry.params.as_ref().map(arg_ref),
            model: entry.model.as_ref().map(arg_ref),
            callback: entry.callback,
            callback_params,
            same_tick: entry.same_tick,
            batch: shared(&entry.batch),
            batch_write: shared(&entry.batch_write),
            example: shared(&entry.example),
        })
    }

    fn arg_shape(&self, written: &str) -> Result<ArgShape, Wrong> {
        let (kind, rest) = written.split_once(':').unwrap_or((written, ""));
        let names = |separator: char, text: &str| -> Vec<String> {
            text.split(separator).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let plain = |shape: ArgShape| if rest.is_empty() { Ok(shape) } else { Err(format!("`{kind}` takes no names")) };
        match kind {
            "none" => plain(ArgShape::None),
            "any" => plain(ArgShape::Any),
            "one" => plain(ArgShape::One),
            "sql" => plain(ArgShape::Sql),
            "text" => plain(ArgShape::Text),
            "lookup" => plain(ArgShape::Lookup),
            "keywords" => {
                let but = names(',', rest).iter().map(|name| name.strip_prefix('!').map(str::to_owned)).collect();
                Option::map(but, ArgShape::OnlyKeywords)
                    .ok_or_else(|| "`keywords` takes names to exclude, `!name`".to_owned())
            }
            "keyword" => Ok(ArgShape::Keyword(names(',', rest))),
            "type" => self.type_named("args", rest).map(ArgShape::Type),
            _ if kind == "object" || kind.starts_with("object@") => {
                let index = kind.strip_prefix("object@").unwrap_or("0");
                let index = index.parse().map_err(|_| format!("`{index}` is no index of an argument"))?;
                Ok(ArgShape::Object(index, names(',', rest).iter().map(|group| names('+', group)).collect()))
            }
            _ => Err(format!(
                "`{written}` is no argument shape; one of none, any, one, object, sql, text, keyword, keywords, lookup, type"
            )),
        }
    }

    // ── Names ───────────────────────────────────────────────────────────────────────────────────────

    /// The type before the last dot of a path, if it is one, and the name after it.
    fn owner<'p>(&self, path: &'p str) -> (Option<TypeId>, &'p str) {
        match path.rsplit_once('.') {
            Some((owner, name)) => (self.catalog.type_named(owner), name),
            None => (None, path),
        }
    }

    fn returned(&self, key: &str, name: &str, has_receiver: bool) -> Result<Returned, Wrong> {
        match name {
            "unknown" => Ok(Returned::Unknown),
            "row" => Ok(Returned::Row),
            "rows" => Ok(Returned::Rows),
            "same" if has_receiver => Ok(Returned::Same),
            "same" => Err(format!("`{key} = \"same\"` needs a receiver")),
            _ => self.type_named(key, name).map(Returned::Type),
        }
    }

    fn type_named(&self, key: &str, name: &str) -> Result<TypeId, Wrong> {
        self.catalog.type_named(name).ok_or_else(|| {
            let names = self.catalog.type_names.keys();
            let close = names.map(|known| (strsim::jaro_winkler(known, name), known));
            let close = close.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
            match close {
                Some((likeness, known)) if likeness > 0.9 => {
                    format!("`{key}` names no type: `{name}`; did you mean `{known}`?")
                }
                _ => format!("`{key}` names no type: `{name}`"),
            }
        })
    }

    fn declare(&mut self, table: &'static str, path: &str) -> Result<(), Wrong> {
        if path.is_empty() {
            return Err(format!("`{}` is missing", if table == "type" { "name" } else { "path" }));
        }
        let Some(declared) = &mut self.declared else { return Ok(()) };
        if declared.insert((table, path.to_owned())) { Ok(()) } else { Err(format!("`{path}` is declared twice")) }
    }
}

/// Says where a mistake is.
fn at<'a>(origin: &'a str, table: &'a str, name: &'a str) -> impl Fn(Wrong) -> CatalogError + 'a {
    move |message| CatalogError { origin: origin.to_owned(), entry: format!("[[{table}]] {name}"), message }
}

fn shared(text: &Option<String>) -> Option<Arc<str>> {
    text.as_deref().map(Arc::from)
}

fn arg_ref(entry: &ArgEntry) -> ArgRef {
    match entry {
        ArgEntry::Index(index) => ArgRef::Index(*index),
        ArgEntry::Keyword(name) => ArgRef::Keyword(name.as_str().into()),
    }
}

fn runs_on(names: &[String]) -> Result<RunsOn, Wrong> {
    let mut runs_on = RunsOn::default();
    for name in names {
        let flag = match name.as_str() {
            "await" => &mut runs_on.awaits,
            "iterate" => &mut runs_on.iterate,
            "test" => &mut runs_on.test,
            "index" => &mut runs_on.index,
            "contains" => &mut runs_on.contains,
            "len" => &mut runs_on.len,
            "str" => &mut runs_on.str,
            _ => {
                return Err(format!(
                    "nothing is run on `{name}`; one of await, iterate, test, index, contains, len, str"
                ));
            }
        };
        *flag = true;
    }
    Ok(runs_on)
}

/// `a.{b,c}` is `a.b` and `a.c`; several braces give each combination. Never empty.
fn alternatives(path: &str) -> Result<Vec<String>, Wrong> {
    let Some((head, rest)) = path.split_once('{') else { return Ok(vec![path.to_owned()]) };
    let Some((list, tail)) = rest.split_once('}') else { return Err(format!("`{{` without `}}` in `{path}`")) };
    let tails = alternatives(tail)?;
    let names = list.split(',').map(str::trim);
    Ok(names.flat_map(|name| tails.iter().map(move |tail| format!("{head}{name}{tail}"))).collect())
}
