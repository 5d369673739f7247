//! What all files say **together**: which file an import means, what a value is, which calls reach a
//! database, who calls whom, what runs once per row, and the schema.
//!
//! Everything here works on facts; no syntax tree and no SQL grammar is known.

mod answers;
mod bounds;
mod by_name;
mod caches;
mod callbacks;
mod calls;
mod catalog;
mod connections;
mod declared;
mod development;
pub mod django_apps;
mod executed;
mod flow;
mod foreign;
mod gathered;
mod given;
mod ground;
mod groups;
mod handed;
mod handed_back;
mod held;
mod implementations;
mod inlined;
mod inputs;
mod lazy;
mod limited;
mod loops;
mod managed;
mod manifest;
mod memos;
mod migration;
mod mixed;
mod modules;
mod named_tables;
pub mod orm;
mod pauses;
mod properties;
mod querysets;
mod queued;
mod reach;
mod reads;
mod relations;
mod relevance;
mod repeats;
mod requirements;
mod rereads;
mod results;
mod row_calls;
pub mod schema;
mod scripts;
mod shapes;
mod since;
mod sites;
mod subjects;
mod templates;
mod tuples;
mod types;
mod unique;
mod units;
mod users;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

pub use executed::Wrapper;
use ground::Ground;
pub use lazy::{
    AlsoListed, DefeatedPrefetch, KeyRead, LazyRead, ListedQuery, Listing, LoadedAt, Prefetched, PropertyQuery,
};
pub use manifest::{ManifestFile, Manifests};
pub use migration::{Migration, Step as MigrationStep};
pub(crate) use querysets::Step as QuerysetStep;
pub(crate) use reads::Basis;
use reads::{Changed, PerFile, Read};
pub use relevance::{Glanced, Imported as ImportedLibraries, Relevance, Slices};
pub use repeats::{Hop, Repeat, RepeatKind};
pub use schema::Schema;
use since::Since;
#[cfg(test)]
pub(crate) use since::tests as edited;
pub(crate) use sites::begun;
pub use sites::{QuerySite, SiteEffect};
pub use templates::Rendering;
pub use units::{found_by, is_given_rows, own_transaction, wanted_by};
pub use verbs::batch_for;
pub(crate) use {
    flow::Flow,
    types::{ClassMember, Ty, Types},
};

use crate::apis::{Catalog, LibraryId};
use crate::facts::{CallId, ClassId, FileFacts, FunctionId, Imported, Name, Value, ValueId};
use crate::source::{Purpose, SourceFile};
use crate::sql::{Dialect, Server, Servers, TableUse};

/// A file of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A function of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionRef {
    /// Where it is written.
    pub file: FileId,
    /// Which one.
    pub function: FunctionId,
}

/// A class of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassRef {
    /// Where it is written.
    pub file: FileId,
    /// Which one.
    pub class: ClassId,
}

/// One file and what it says.
#[derive(Clone, Debug)]
pub struct ProjectFile {
    /// The text.
    pub source: Arc<SourceFile>,
    /// What it says.
    pub facts: Arc<FileFacts>,
    /// What it is for, by its path.
    pub purpose: Purpose,
}

impl ProjectFile {
    /// A file and what it says.
    pub fn new(source: SourceFile, facts: FileFacts) -> ProjectFile {
        let purpose = Purpose::of_path(&source.path);
        ProjectFile { source: Arc::new(source), facts: Arc::new(facts), purpose }
    }
}

/// What star imports bring into a file, through any number of barrels.
#[derive(Debug, Default)]
pub(crate) struct Stars {
    /// Name → the file that binds it.
    pub(crate) files: FxHashMap<Box<str>, FileId>,
    /// Modules of libraries.
    pub(crate) libraries: Vec<Box<str>>,
}

/// What was found in each file before it was brought together.
#[derive(Debug, Default)]
struct Parts {
    prefetched: PerFile<relations::Prefetched>,
    models: PerFile<relations::Models>,
    templates: templates::Parts,
    executed: executed::Parts,
    schema: schema::Parts,
}

/// How the project is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectOptions {
    /// The longest path from a loop to a query that is told.
    pub max_hops: usize,
    /// Tables of at most so many rows are small.
    pub small_table_rows: u64,
    /// The dialect of SQL that nothing else tells.
    pub dialect: Option<Dialect>,
    /// The same where it is another one in some files, by path.
    pub dialects: BTreeMap<Arc<str>, Dialect>,
    /// The servers that the user told: of their dialects there are no others.
    pub servers: Vec<Server>,
    /// About how many rows tables have, as the user told; by name in lower case.
    pub rows: BTreeMap<String, u64>,
    /// The same as the database counts them.
    pub counted: BTreeMap<String, u64>,
    /// The only files that define the schema, by path; none told: all that do.
    pub schema_files: Option<BTreeSet<Arc<str>>>,
}

/// A table of no more rows is read in less than a millisecond, whatever is asked of it.
pub const SMALL_TABLE_ROWS: u64 = 1_000;

impl Default for ProjectOptions {
    fn default() -> Self {
        ProjectOptions {
            max_hops: 6,
            small_table_rows: SMALL_TABLE_ROWS,
            dialect: None,
            dialects: BTreeMap::new(),
            servers: Vec::new(),
            rows: BTreeMap::new(),
            counted: BTreeMap::new(),
            schema_files: None,
        }
    }
}

/// The servers that the user tells of, and, of dialects that the user tells nothing of, those whose images the project
/// runs.
fn servers(manifests: &Manifests, options: &ProjectOptions) -> Servers {
    let is_told = |dialect: Dialect| options.servers.iter().any(|server| server.product.dialect() == dialect);
    let images = manifests.servers.iter().filter(|server| !is_told(server.product.dialect()));
    Servers::new(options.servers.iter().chain(images).copied())
}

/// The whole project, understood.
#[derive(Debug)]
pub struct Project {
    /// Those of the project, and what stands in for a library's.
    files: Vec<ProjectFile>,
    /// How many of them are of the project.
    own: usize,
    pub(crate) catalog: Arc<Catalog>,
    manifests: Manifests,
    modules: Arc<modules::Modules>,
    /// Top-level bindings of each file.
    bindings: Vec<Arc<ground::Bindings>>,
    /// For each file: the modules that it imports, and the files that they are, if they are of the project.
    imports: Vec<Arc<ground::Imports>>,
    /// What star imports bring into each file, found when first asked for.
    stars: Vec<OnceLock<Stars>>,
    /// What is called when rows of Django's are saved, once asked for.
    receivers: OnceLock<Vec<orm::Receiver>>,
    /// Classes by their names in lower case, once asked for.
    classes: OnceLock<ground::Classes>,
    libraries: Arc<FxHashSet<LibraryId>>,
    sites: PerFile<Vec<QuerySite>>,
    repeats: PerFile<Vec<Repeat>>,
    lazy: lazy::Lazy,
    /// Whether it is noted what answers were read from, so that what holds after a change is kept.
    tracks: bool,
    /// What of it is not as it was before a change; nothing where nothing of that holds.
    changed: Option<Changed>,
    /// Who calls whom, what calls reach, and what of the files was brought together to what is read lazily: kept for
    /// what is found after a change.
    graph: calls::CallGraph,
    reach: Arc<calls::Reach>,
    lazily: lazy::Found,
    parts: Parts,
    executed: executed::Executed,
    wrappers: Vec<Wrapper>,
    orm: PerFile<orm::OrmFacts>,
    relations: relations::Relations,
    implementations: implementations::Implementations,
    /// Templates, and what renders them.
    templates: templates::Templates,
    /// What the user says of the project's own functions.
    declared: declared::Declared,
    /// What is known of values while the project is being understood.
    answers: answers::Answers,
    /// Relations that some query of the project loads along with its rows.
    prefetched: relations::Prefetched,
    schema: Arc<Schema>,
    /// The databases that its libraries and definitions are about.
    databases: Vec<Dialect>,
    /// The dialect of SQL of which nothing near it tells.
    dialect: Dialect,
    /// The dialects of all statements, by file.
    dialects: Vec<Box<[Dialect]>>,
    /// The servers that its manifests and its user tell of.
    servers: Servers,
    options: ProjectOptions,
}

impl Project {
    /// Understands these files together. `files` are to be sorted by path, so that ids are stable.
    pub fn build(
        files: Vec<ProjectFile>,
        manifests: &[ManifestFile],
        catalog: Arc<Catalog>,
        options: &ProjectOptions,
    ) -> Project {
        let mut project = Project::apart(files, manifests, catalog, options);
        project.understand(None);
        project
    }

    /// The same as [`Project::build`], for files that will change: what holds of what was understood before a change is
    /// kept, and what it is read from is noted for the next one.
    pub(crate) fn build_after(
        before: Option<&Project>,
        files: Vec<ProjectFile>,
        manifests: &[ManifestFile],
        catalog: Arc<Catalog>,
        options: &ProjectOptions,
    ) -> Project {
        let mut project = Project::apart_after(before, files, manifests, catalog, options);
        project.tracks = true;
        project.understand(before);
        project
    }

    /// The same files, of which nothing is known that several of them say together.
    pub(crate) fn apart(
        files: Vec<ProjectFile>,
        manifests: &[ManifestFile],
        catalog: Arc<Catalog>,
        options: &ProjectOptions,
    ) -> Project {
        Project::apart_after(None, files, manifests, catalog, options)
    }

    fn apart_after(
        before: Option<&Project>,
        files: Vec<ProjectFile>,
        manifests: &[ManifestFile],
        catalog: Arc<Catalog>,
        options: &ProjectOptions,
    ) -> Project {
        let manifests = Manifests::read(manifests);
        let mut files = files;
        let own = files.len();
        files.extend(users::stand_in(&files));
        let Ground { modules, bindings, imports, libraries } = Ground::of(&files, &manifests, &catalog, before);
        let stars = files.iter().map(|_| OnceLock::new()).collect();
        let servers = servers(&manifests, options);
        Project {
            files,
            own,
            catalog,
            manifests,
            modules,
            bindings,
            imports,
            stars,
            receivers: OnceLock::new(),
            classes: OnceLock::new(),
            libraries,
            sites: PerFile::default(),
            repeats: PerFile::default(),
            lazy: lazy::Lazy::default(),
            tracks: false,
            changed: None,
            graph: calls::CallGraph::default(),
            reach: Arc::default(),
            lazily: lazy::Found::default(),
            parts: Parts::default(),
            executed: FxHashSet::default(),
            wrappers: Vec::new(),
            orm: PerFile::default(),
            relations: relations::Relations::default(),
            implementations: implementations::Implementations::default(),
            templates: templates::Templates::default(),
            declared: declared::Declared::default(),
            answers: answers::Answers::default(),
            prefetched: relations::Prefetched::default(),
            schema: Arc::default(),
            databases: Vec::new(),
            dialect: options.dialect.unwrap_or_default(),
            dialects: Vec::new(),
            servers,
            options: options.clone(),
        }
    }

    /// Finds out what the files say together; what was found before a change is found by keeping it, where it holds.
    fn understand(&mut self, before: Option<&Project>) {
        let mut since = before.map_or_else(Since::nothing, |before| Since::of(before, self));
        self.declared = declared::Declared::find(self);
        since.only_if(|before| before.declared == self.declared);
        (self.prefetched, self.parts.prefetched) = relations::Prefetched::find(self, &since);
        since.only_if(|before| before.prefetched == self.prefetched);
        self.answers = answers::Answers::of(self.files.len());
        (self.relations, self.parts.models) = relations::Relations::find(self, &since);
        since.only_if(|before| before.relations == self.relations);
        self.implementations = implementations::Implementations::find(self);
        since.only_if(|before| before.implementations == self.implementations);
        // What was found without knowing the relations does not hold with them.
        self.answers = answers::Answers::of(self.files.len());
        (self.templates, self.parts.templates) = templates::Templates::find(self, &since);
        since.note_unless(Read::Templates, |before| before.templates == self.templates);
        self.sites = since.find(self, since.before().map(|before| &before.sites), sites::find);
        since.note_found(&self.sites, |before| &before.sites, Read::Sites);
        let graph = calls::CallGraph::new(self, &mut since);
        since.note_calls(&graph);
        let reach = calls::Reach::find(self, &graph, &since);
        since.note_reach(&reach);
        let known = since.before().map(|before| &before.repeats);
        self.repeats = since.find(self, known, |types, file| repeats::find(types, &graph, &reach, file));
        since.note_found(&self.repeats, |before| &before.repeats, Read::Repeats);
        (self.executed, self.wrappers, self.parts.executed) = executed::find(self, &graph, &since);
        since.note_executed(&self.executed);
        self.lazily = lazy::Found::find(self, &graph, &reach, &since);
        self.lazy = self.lazily.together();
        since.note_lazy(&self.lazy);
        if self.tracks {
            (self.graph, self.reach) = (graph, reach);
        } else {
            self.lazily = lazy::Found::default();
        }
        (self.schema, self.parts.schema) = Schema::find(self, &since);
        self.databases = self.find_databases();
        let only = if let [only] = *self.databases { only } else { Dialect::Generic };
        self.dialect = self.options.dialect.unwrap_or(only);
        self.dialects = self.each_file(|types, file| {
            let statements = 0..types.facts(file).statements.len();
            statements.map(|statement| types.project().find_dialect(file, statement)).collect()
        });
        since.note_unless(Read::Schema, |before| {
            Arc::ptr_eq(&before.schema, &self.schema) || before.schema == self.schema
        });
        self.orm = since.find(self, since.before().map(|before| &before.orm), orm::facts);
        since.note_redone(&self.orm, |before| &before.orm, Read::Orm);
        self.changed = since.into_changed();
        self.answers = answers::Answers::default();
    }

    /// How it is looked at.
    pub fn options(&self) -> &ProjectOptions {
        &self.options
    }

    /// Functions of the project that run the SQL they are given, in order of place.
    pub fn wrappers(&self) -> &[Wrapper] {
        self.note(Read::Everything);
        &self.wrappers
    }

    /// The path by which a user's `[[call]]` names a function of the project, if one does.
    pub fn path_of(&self, function: FunctionRef) -> Option<String> {
        declared::path_of(self, function)
    }

    /// The tables, keys and indexes that the project defines.
    pub fn schema(&self) -> &Schema {
        self.note(Read::Schema);
        &self.schema
    }

    /// The servers that the project tells of.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// The dialect of a statement: what its file tells, else the configuration, else the only database that the
    /// project's libraries and definitions are about, else the only one that has its tables.
    pub fn dialect_of(&self, file: FileId, statement: usize) -> Dialect {
        self.note(Read::File(file));
        self.note(Read::Schema);
        let known = self.dialects.get(file.0 as usize).and_then(|known| known.get(statement));
        known.copied().unwrap_or_else(|| self.dialect_told(file, statement))
    }

    fn find_dialect(&self, file: FileId, statement: usize) -> Dialect {
        let told = self.dialect_told(file, statement);
        // Where the configuration names a dialect for the file, nothing else is looked at.
        let is_told = told != Dialect::Generic || self.options.dialects.contains_key(&self.file(file).source.path);
        if is_told {
            told
        } else if self.dialect != Dialect::Generic {
            self.dialect
        } else {
            self.dialect_of_tables(&self.file(file).facts.statements[statement].statement.tables)
        }
    }

    /// The dialect of the only database that has these tables, as far as all their definitions tell of one.
    fn dialect_of_tables(&self, tables: &[TableUse]) -> Dialect {
        let definitions = tables.iter().flat_map(|used| self.schema.definitions(&used.table));
        let mut told = definitions.map(|table| table.dialect);
        let first = told.next().unwrap_or_default();
        if told.all(|other| other == first) { first } else { Dialect::Generic }
    }

    /// The dialect that the file of a statement tells, or the configuration for that file; [`Dialect::Generic`] if
    /// neither does.
    pub(crate) fn dialect_told(&self, file: FileId, statement: usize) -> Dialect {
        let file = self.file(file);
        match file.facts.statements[statement].statement.dialect {
            Dialect::Generic => self.options.dialects.get(&file.source.path).copied().unwrap_or_default(),
            known => known,
        }
    }

    /// The databases that a table may be in: that of its definition or of the configuration, else those that the
    /// project's libraries and definitions are about. Empty if nothing tells.
    pub fn databases_of(&self, table: &schema::Table) -> Vec<Dialect> {
        self.note(Read::Schema);
        let path = &self.file(table.place.file).source.path;
        let told = self.options.dialects.get(path).copied().or(self.options.dialect);
        match (table.dialect, told) {
            (Dialect::Generic, Some(told)) => vec![told],
            (Dialect::Generic, None) => self.databases.clone(),
            (known, _) => vec![known],
        }
    }

    /// The database of a file, if the configuration tells, or all libraries that the project uses are about one.
    pub(crate) fn told_dialect(&self, file: FileId) -> Option<Dialect> {
        let path = &self.file(file).source.path;
        let told = self.options.dialects.get(path).copied().or(self.options.dialect);
        told.or_else(|| {
            let libraries = (0u16..).map(LibraryId).zip(self.catalog.libraries());
            let mut used =
                libraries.filter(|&(id, _)| self.uses_library(id)).filter_map(|(_, library)| library.dialect);
            used.next().filter(|first| used.all(|other| other == *first))
        })
    }

    /// The databases that the project's libraries and definitions are about, in order of their names.
    fn find_databases(&self) -> Vec<Dialect> {
        let libraries = (0u16..).map(LibraryId).zip(self.catalog.libraries());
        let used = libraries.filter(|&(id, _)| self.uses_library(id)).filter_map(|(_, library)| library.dialect);
        // What the configuration tells of some files says nothing of the others.
        let is_told = |file: FileId| self.options.dialects.contains_key(&self.file(file).source.path);
        let tables = self.schema.tables().iter().filter(|table| !is_told(table.place.file));
        let tables = tables.map(|table| table.dialect).filter(|&known| known != Dialect::Generic);
        let known: FxHashSet<Dialect> = used.chain(tables).collect();
        let mut known: Vec<Dialect> = known.into_iter().collect();
        known.sort_by_key(|dialect| dialect.name());
        known
    }

    /// Whether a statement of a file is run by something, as far as is known; always in a `.sql` file.
    pub fn is_executed(&self, file: FileId, statement: usize) -> bool {
        self.note(Read::Executed(file));
        self.executed.contains(&(file, statement))
    }

    /// Runs `ask` on every file, in parallel; threads share what they find out about types.
    fn each_file<T: Send>(&self, ask: impl Fn(&types::Types<'_>, FileId) -> T + Sync) -> Vec<T> {
        (0..self.files.len())
            .into_par_iter()
            .with_min_len(16)
            .map_init(
                || types::Types::new(self),
                |types, index| ask(types, FileId(u32::try_from(index).unwrap_or(u32::MAX))),
            )
            .collect()
    }

    /// Notes that a part of what is known is read.
    #[inline]
    fn note(&self, read: Read) {
        if self.tracks {
            reads::note(read);
        }
    }

    /// The answer of `ask`, and what it was read from, where that is noted.
    fn reading<T>(&self, ask: impl FnOnce() -> T) -> (T, Vec<Read>) {
        if !self.tracks {
            return (ask(), Vec::new());
        }
        let (answer, read) = reads::within(ask);
        reads::note_all(&read);
        (answer, read)
    }

    /// All files, by id.
    pub fn files(&self) -> &[ProjectFile] {
        self.note(Read::Everything);
        &self.files[..self.own]
    }

    /// The paths of all files, in order: they are the same as long as anything that was found of them holds.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files[..self.own].iter().map(|file| &*file.source.path)
    }

    /// The path of a file; it is the same as long as anything that was found holds.
    pub(crate) fn path(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].source.path
    }

    /// The answer of `ask`, and what it is based on: nothing where that is not noted.
    pub(crate) fn with_basis<T>(&self, ask: impl FnOnce() -> T) -> (T, Option<Basis>) {
        let (answer, read) = self.reading(ask);
        (answer, self.tracks.then(|| Basis::new(read)))
    }

    /// Whether an answer about the project as it was before a change holds.
    pub(crate) fn holds(&self, basis: &Basis) -> bool {
        self.changed.as_ref().is_some_and(|changed| basis.holds(changed))
    }

    /// Templates, and what renders them.
    fn templates(&self) -> &templates::Templates {
        self.note(Read::Templates);
        &self.templates
    }

    /// The model of users that Django brings along, if the project uses it.
    pub(crate) fn library_user(&self) -> Option<ClassRef> {
        let file = FileId(u32::try_from(self.own).unwrap_or(u32::MAX));
        (self.own < self.files.len()).then_some(ClassRef { file, class: ClassId(0) })
    }

    /// One file.
    pub fn file(&self, id: FileId) -> &ProjectFile {
        self.note(Read::File(id));
        &self.files[id.0 as usize]
    }

    /// The file at this path, relative to the root.
    pub(crate) fn file_at(&self, path: &str) -> Option<FileId> {
        let found = self.files[..self.own].binary_search_by(|file| (*file.source.path).cmp(path)).ok()?;
        Some(FileId(u32::try_from(found).unwrap_or(u32::MAX)))
    }

    /// The ids of all files.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..u32::try_from(self.own).unwrap_or(u32::MAX)).map(FileId)
    }

    /// The places of a file that reach a database.
    pub fn sites(&self, file: FileId) -> &[QuerySite] {
        self.note(Read::Sites(file));
        self.sites.found.get(file.0 as usize).map_or(&[], |sites| sites.as_slice())
    }

    /// The place that a call of a file is, if it reaches a database.
    pub(crate) fn site_of(&self, file: FileId, call: CallId) -> Option<&QuerySite> {
        let sites = self.sites(file);
        let key = (self.file(file).facts.call(call).name_span, call);
        let found = sites.binary_search_by_key(&key, |site| (site.span, site.call)).ok().map(|at| &sites[at]);
        found.filter(|site| site.of_row.is_none())
    }

    /// What the ORMs of a file say.
    pub fn orm(&self, file: FileId) -> &orm::OrmFacts {
        const NONE: &orm::OrmFacts = &orm::OrmFacts::NONE;
        self.note(Read::Orm(file));
        self.orm.found.get(file.0 as usize).map_or(NONE, |found| &**found)
    }

    /// The queries that run once per row of a loop of this file.
    pub fn repeats(&self, file: FileId) -> &[Repeat] {
        self.note(Read::Repeats(file));
        self.repeats.found.get(file.0 as usize).map_or(&[], |repeats| repeats.as_slice())
    }

    /// The relations of rows that are read row by row in a loop of this file.
    pub fn lazy_reads(&self, file: FileId) -> &[LazyRead] {
        self.note(Read::Lazy(file));
        self.lazy.reads.get(file.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The properties of rows that ask the database, read in loops of this file.
    pub fn property_queries(&self, file: FileId) -> &[PropertyQuery] {
        self.note(Read::Lazy(file));
        self.lazy.properties.get(file.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The queries of this file that a framework makes for each row of a list.
    pub fn listed_queries(&self, file: FileId) -> &[ListedQuery] {
        self.note(Read::Lazy(file));
        self.lazy.queries.get(file.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// What renders a template, by itself or through others that show it, each once.
    pub fn renderings(&self, file: FileId) -> Vec<&Rendering> {
        let mut found: Vec<&Rendering> = Vec::new();
        let templates = self.templates();
        for path in templates.paths(file) {
            if let Some(rendering) = templates.rendering(path)
                && !found.iter().any(|known| known.place == rendering.place)
            {
                found.push(rendering);
            }
        }
        found
    }

    /// What a prefetch means for the query of a [`Repeat`] of this file, if its rows are surely prefetched.
    pub fn prefetched(&self, file: FileId, repeat: &Repeat) -> Option<&Prefetched> {
        self.note(Read::Lazy(file));
        self.lazy.prefetched.get(file.0 as usize)?.get(&repeat.call).filter(|_| repeat.kind != RepeatKind::Write)
    }

    /// Whether some query of the project loads a relation of this name along with its rows, or a loop sets it.
    pub(crate) fn may_be_eager(&self, relation: &str) -> bool {
        self.prefetched.in_any_way(relation)
    }

    /// Whether some query may load such a relation with rows that are loaded along themselves.
    pub(crate) fn may_be_eager_below(&self, relation: &str) -> bool {
        self.prefetched.below(relation)
    }

    /// Whether code of the project loads relations whose names it works out along with the rows of any query that it is
    /// given.
    pub(crate) fn loads_any_relation(&self) -> bool {
        self.prefetched.is_open()
    }

    /// Whether a manifest or an import of the project names this library.
    pub(crate) fn uses_library(&self, library: LibraryId) -> bool {
        self.libraries.contains(&library)
    }

    /// Whether a site reads a whole relation of a row (`book.tags.all()`) that some query of the project loads
    /// along: this row may come from it.
    pub(crate) fn may_be_prefetched(&self, file: FileId, site: &QuerySite) -> bool {
        let facts = &self.file(file).facts;
        let Value::Member(object, name) = facts.value(facts.call(site.call).callee) else { return false };
        let Value::Member(_, relation) = facts.value(*object) else { return false };
        let relation = &facts.names[*relation];
        match &facts.names[*name] {
            // What a template is given was asked for elsewhere: that is looked at where its rows are.
            "all" | "count" | "exists" if facts.template.is_some() => false,
            "all" => self.prefetched.anywhere(relation),
            // A relation that is loaded already also knows these.
            "count" | "exists" | "first" | "last" => self.prefetched.in_function(file, site.function, relation),
            _ => false,
        }
    }

    /// What is called when rows of Django's are saved.
    pub(crate) fn receivers(&self) -> &[orm::Receiver] {
        self.note(Read::Everything);
        self.receivers.get_or_init(|| orm::receivers(self))
    }

    /// The classes of a name in lower case, in order of place.
    pub(crate) fn classes_named(&self, lower: &str) -> &[ClassRef] {
        self.note(Read::Classes(reads::hash(lower)));
        let classes = self.classes.get_or_init(|| ground::classes(&self.files[..self.own]));
        classes.get(lower).map_or(&[], Vec::as_slice)
    }

    /// What star imports bring into a file.
    pub(crate) fn stars(&self, file: FileId) -> &Stars {
        self.note(Read::File(file));
        // What others have for it is compared as a whole after a change.
        self.stars[file.0 as usize].get_or_init(|| reads::within(|| self.find_stars(file)).0)
    }

    /// Whether a file imports all names of a library at once.
    pub(crate) fn takes_all_of(&self, file: FileId, library: &str) -> bool {
        self.stars(file).libraries.iter().any(|module| **module == *library)
    }

    fn find_stars(&self, file: FileId) -> Stars {
        let mut stars = Stars::default();
        // Each file is looked at once: barrels re-export each other.
        let mut seen = FxHashSet::from_iter([file]);
        let mut open = vec![file];
        while let Some(at) = open.pop() {
            let facts = &self.file(at).facts;
            for import in facts.imports.iter().filter(|import| import.what == Imported::Star) {
                let module = &facts.names[import.module];
                match self.resolve_module(at, module) {
                    Some(target) if seen.insert(target) => {
                        let names = &self.file(target).facts.names;
                        for name in self.bindings[target.0 as usize].keys() {
                            stars.files.entry(names[*name].into()).or_insert(target);
                        }
                        open.push(target);
                    }
                    Some(_) => {}
                    None => stars.libraries.push(module.into()),
                }
            }
        }
        stars
    }

    /// What a top-level name of a file is bound to.
    pub(crate) fn binding(&self, file: FileId, name: Name) -> Option<ValueId> {
        self.note(Read::File(file));
        self.bindings[file.0 as usize].get(&name).copied()
    }

    /// The file that a module, as written in `from`, means.
    pub(crate) fn resolve_module(&self, from: FileId, module: &str) -> Option<FileId> {
        let ProjectFile { source, facts, .. } = self.file(from);
        if let Some(known) = facts.names.find(module).and_then(|name| self.imports[from.0 as usize].get(&name)) {
            return *known;
        }
        self.modules.resolve(&self.manifests, &source.path, source.language, module)
    }
}
