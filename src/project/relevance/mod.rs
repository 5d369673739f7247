//! Which files can matter: only those are parsed.
//!
//! Files that show signs of a database (an import that leads to one, SQL, a call that only a library has) are parsed
//! first and cut into [`Slices`]. A piece is *hot* if it may reach a database: by itself, or because it mentions
//! something hot, in its own file or another. Who may mention what is hot is parsed next, and so on up; what hot pieces
//! mention is parsed too, and so on down, because it says what their values are. All other files have no part in any
//! finding.

mod slices;

use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

pub use slices::Slices;
use slices::{Meaning, has_word};

use super::manifest::{ManifestFile, Manifests};
use super::modules::Modules;
use super::types::library_path;
use super::{FileId, sites};
use crate::apis::{Catalog, CatalogLanguage, LibraryId};
use crate::lang::{Glance, Imports};
use crate::source::{Language, Purpose, SourceFile};

/// A file of the project, before it is parsed.
#[derive(Clone, Debug)]
pub struct Glanced {
    /// Its text, and where it stands.
    pub source: Arc<SourceFile>,
    /// What it is for.
    pub purpose: Purpose,
    /// What a search through it tells.
    pub glance: Arc<Glance>,
}

/// What can mention, and be mentioned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Thing {
    /// A piece of a file.
    Piece(usize),
    /// A name of a file.
    Name(Box<str>),
    /// All that a file has.
    Whole,
}

/// A [`Thing`] of a file, and what is known of it.
#[derive(Debug)]
struct Node {
    file: usize,
    thing: Thing,
    /// Whether it may reach a database.
    is_hot: bool,
    /// Whether it is or names a class: its type says what its values can do.
    is_class: bool,
    /// Whether it is or names SQL.
    is_sql: bool,
    /// Whether it calls something as what runs SQL is called.
    runs_sql: bool,
    /// Whether something hot needs it.
    is_wanted: bool,
    /// What it mentions; whether only as a type.
    mentions: Vec<(usize, bool)>,
    /// Who mentions it; whether only as a type.
    mentioned: Vec<(usize, bool)>,
}

/// Finds the files that can matter.
#[derive(Debug)]
pub struct Relevance {
    files: Vec<Glanced>,
    catalog: Arc<Catalog>,
    manifests: Manifests,
    modules: Modules,
    /// By library: whether the project uses it.
    used: Vec<bool>,
    /// For each file, the files that may import something of it, and which of their imports that is; none: a module
    /// as a name.
    importers: Vec<Vec<(usize, Option<usize>)>>,
    /// For each file, what it consists of, if that was told.
    slices: Vec<Option<Arc<Slices>>>,
    matters: Vec<bool>,
    /// What is to be parsed next.
    next: Vec<usize>,
    nodes: Vec<Node>,
    ids: FxHashMap<(usize, Thing), usize>,
    /// For each file, the nodes of its names.
    names: Vec<Vec<usize>>,
    /// The nodes of files of which nothing is told yet.
    early: FxHashMap<usize, Vec<usize>>,
    /// Nodes of which something new is known.
    open: Vec<usize>,
    /// Functions by whether they are JavaScript's and by name: the piece of the only one, if there is only one.
    functions: FxHashMap<(bool, Box<str>), Option<usize>>,
    /// Those of them of which the callers were looked for.
    asked: FxHashSet<(bool, Box<str>)>,
}

impl Relevance {
    /// Begins with the files that show signs of a database. They are to be sorted by path.
    pub fn new(files: Vec<Glanced>, manifests: &[ManifestFile], catalog: Arc<Catalog>) -> Relevance {
        let manifests = Manifests::read(manifests);
        let modules = Modules::new((0..).map(FileId).zip(files.iter().map(|file| &file.source.path)));
        let imported: FxHashSet<LibraryId> =
            files.par_iter().flat_map_iter(|file| libraries_of(file, &catalog)).collect();
        let is_used = |id: LibraryId| {
            let library = catalog.library(id);
            library.always
                || library.packages.iter().any(|package| manifests.names_package(package))
                || imported.contains(&id)
        };
        let used: Vec<bool> = (0..).map(LibraryId).take(catalog.libraries().len()).map(is_used).collect();
        let own_words = catalog.own_words();
        let shows_signs = |file: &Glanced| {
            file.glance.is_telling
                || file.purpose == Purpose::Migration
                || file.glance.libraries.iter().any(|library| used[usize::from(library.0)])
                || file.glance.imports.iter().any(|import| is_sign(import, language_of(file), &catalog))
                || own_words.as_ref().is_some_and(|words| !words.libraries_in(&file.source.text).is_empty())
        };
        let matters: Vec<bool> = files.par_iter().map(shows_signs).collect();
        let imports: Vec<Vec<(usize, Option<usize>)>> =
            files.par_iter().map(|file| imported_files(file, &manifests, &modules)).collect();
        let mut importers: Vec<Vec<(usize, Option<usize>)>> = vec![Vec::new(); files.len()];
        for (file, imports) in imports.iter().enumerate() {
            imports.iter().for_each(|&(imported, by)| importers[imported].push((file, by)));
        }
        Relevance {
            slices: vec![None; files.len()],
            next: (0..files.len()).filter(|&file| matters[file]).collect(),
            nodes: Vec::new(),
            ids: FxHashMap::default(),
            names: vec![Vec::new(); files.len()],
            early: FxHashMap::default(),
            open: Vec::new(),
            functions: FxHashMap::default(),
            asked: FxHashSet::default(),
            files,
            catalog,
            manifests,
            modules,
            used,
            importers,
            matters,
        }
    }

    /// The files that are to be parsed next, each once; none: it is done.
    pub fn unparsed(&mut self) -> Vec<usize> {
        while let Some(id) = self.open.pop() {
            self.spread(id);
        }
        if self.next.is_empty() {
            self.ask_by_name();
        }
        std::mem::take(&mut self.next)
    }

    /// Whoever calls a function that may be told by name alone, and may reach a database, is to be parsed.
    fn ask_by_name(&mut self) {
        let nodes = &self.nodes;
        let is_new = |((ecma, name), only): (&(bool, Box<str>), &Option<usize>)| {
            let is_asked = only.is_some_and(|id| nodes[id].is_hot) && !self.asked.contains(&(*ecma, name.clone()));
            is_asked.then(|| (*ecma, name.clone()))
        };
        let names: Vec<(bool, Box<str>)> = self.functions.iter().filter_map(is_new).collect();
        let Ok(search) = AhoCorasick::new(names.iter().map(|(_, name)| format!(".{name}("))) else { return };
        let unread: Vec<usize> = (0..self.files.len()).filter(|&file| !self.matters[file]).collect();
        let calls = |file: &usize| {
            let SourceFile { text, language, .. } = &*self.files[*file].source;
            let mut found = search.find_overlapping_iter(text.as_bytes());
            found.any(|word| names[word.pattern().as_usize()].0 == language.is_ecma())
        };
        let callers: Vec<usize> = unread.into_par_iter().filter(calls).collect();
        self.asked.extend(names);
        callers.into_iter().for_each(|file| self.parse(file));
    }

    /// For each file: whether it matters.
    pub fn matters(self) -> Vec<bool> {
        self.matters
    }

    /// Says what a file consists of.
    pub fn tell(&mut self, file: usize, slices: Arc<Slices>) {
        self.slices[file] = Some(slices.clone());
        for (at, piece) in slices.pieces.iter().enumerate() {
            let id = self.node(file, Thing::Piece(at));
            let node = &mut self.nodes[id];
            node.is_class = piece.is_class;
            node.is_sql = piece.holds_sql;
            node.runs_sql = piece.runs_sql;
            node.is_hot = (piece.holds_sql && piece.runs_sql)
                || piece.libraries.iter().any(|library| self.used[usize::from(library.0)]);
            for meaning in &piece.mentions {
                self.link(id, file, meaning);
            }
            // What stands behind an interface is what implements it.
            for meaning in &piece.implements {
                for interface in self.named(file, meaning) {
                    self.mention(interface, id, false);
                }
            }
            for name in &piece.functions {
                let defined = self.functions.entry((self.files[file].source.language.is_ecma(), name.clone()));
                defined.and_modify(|only| *only = None).or_insert(Some(id));
            }
            self.open.push(id);
        }
        for name in slices.names.keys() {
            self.node(file, Thing::Name(name.clone()));
        }
        for id in self.early.remove(&file).unwrap_or_default() {
            self.resolve(id);
        }
        // Who hands on what is hot already.
        for target in slices.stars.iter().filter_map(|module| self.file_of(file, module)).collect::<Vec<_>>() {
            self.open.extend(&self.names[target]);
        }
    }

    /// The node of a thing, made if there is none.
    fn node(&mut self, file: usize, thing: Thing) -> usize {
        if let Some(&known) = self.ids.get(&(file, thing.clone())) {
            return known;
        }
        let id = self.nodes.len();
        self.ids.insert((file, thing.clone()), id);
        if matches!(thing, Thing::Name(_)) {
            self.names[file].push(id);
        }
        self.nodes.push(Node {
            file,
            thing,
            is_hot: false,
            is_class: false,
            is_sql: false,
            runs_sql: false,
            is_wanted: false,
            mentions: Vec::new(),
            mentioned: Vec::new(),
        });
        if self.slices[file].is_some() {
            self.resolve(id);
        } else {
            self.early.entry(file).or_default().push(id);
        }
        id
    }

    /// Finds what a name, or a whole file, stands for.
    fn resolve(&mut self, id: usize) {
        let file = self.nodes[id].file;
        let Some(slices) = self.slices[file].clone() else { return };
        match self.nodes[id].thing.clone() {
            Thing::Piece(_) => {}
            Thing::Whole => {
                for piece in 0..slices.pieces.len() {
                    let piece = self.node(file, Thing::Piece(piece));
                    self.mention(id, piece, false);
                }
            }
            Thing::Name(name) => match slices.names.get(&name) {
                Some(meanings) => meanings.iter().for_each(|meaning| self.link(id, file, meaning)),
                // What a barrel hands on.
                None => {
                    for module in &slices.stars {
                        let Some(target) = self.file_of(file, module) else { continue };
                        if self.slices[target].is_some()
                            || self.files[target].glance.hands_on
                            || has_word(&self.files[target].source.text, &name)
                        {
                            let target = self.node(target, Thing::Name(name.clone()));
                            self.mention(id, target, false);
                        }
                    }
                }
            },
        }
    }

    /// Lets a node mention what a name of its file stands for.
    fn link(&mut self, id: usize, file: usize, meaning: &Meaning) {
        match meaning {
            Meaning::Piece(piece) => {
                let piece = self.node(file, Thing::Piece(*piece));
                self.mention(id, piece, false);
            }
            Meaning::Name { module, name, as_type } => {
                let target = self.file_of(file, module);
                if let Some(target) = target {
                    let target = self.node(target, Thing::Name(name.clone()));
                    self.mention(id, target, *as_type);
                }
                let is_python = self.files[file].source.language == Language::Python;
                let dot = if module.ends_with('.') { "" } else { "." };
                let module_itself = is_python.then(|| self.file_of(file, &format!("{module}{dot}{name}"))).flatten();
                if let Some(target) = module_itself {
                    let target = self.node(target, Thing::Whole);
                    self.mention(id, target, false);
                } else if target.is_none() && self.catalog.may_lead_on(&library_path(module, name)) {
                    self.nodes[id].is_hot = true;
                    self.open.push(id);
                }
            }
            Meaning::Module(module) => {
                let mut targets: Vec<usize> = self.file_of(file, module).into_iter().collect();
                // `import a.b` binds `a`.
                let below = format!("{module}.");
                let glance = self.files[file].glance.clone();
                for import in glance.imports.iter().filter(|import| import.module.starts_with(&below)) {
                    targets.extend(self.file_of(file, &import.module));
                }
                if targets.is_empty() && self.catalog.may_lead_on(module) {
                    self.nodes[id].is_hot = true;
                    self.open.push(id);
                }
                for target in targets {
                    let target = self.node(target, Thing::Whole);
                    self.mention(id, target, false);
                }
            }
        }
    }

    /// The nodes of what a name of a file stands for.
    fn named(&mut self, file: usize, meaning: &Meaning) -> Vec<usize> {
        match meaning {
            Meaning::Piece(piece) => vec![self.node(file, Thing::Piece(*piece))],
            Meaning::Name { module, name, .. } => {
                let target = self.file_of(file, module);
                target.map(|target| self.node(target, Thing::Name(name.clone()))).into_iter().collect()
            }
            Meaning::Module(_) => Vec::new(),
        }
    }

    fn mention(&mut self, by: usize, what: usize, as_type: bool) {
        self.nodes[by].mentions.push((what, as_type));
        self.nodes[what].mentioned.push((by, as_type));
        self.open.extend([by, what]);
    }

    /// Lets those know that mention a node, and those that it mentions.
    fn spread(&mut self, id: usize) {
        let Node { is_hot, is_class, is_sql, is_wanted, file, .. } = self.nodes[id];
        let is_piece = matches!(self.nodes[id].thing, Thing::Piece(_));
        if is_hot || is_sql {
            for at in 0..self.nodes[id].mentioned.len() {
                let (by, as_type) = self.nodes[id].mentioned[at];
                let node = &mut self.nodes[by];
                let names_it = !matches!(node.thing, Thing::Piece(_));
                let before = (node.is_hot, node.is_class, node.is_sql);
                node.is_hot |= (is_hot && (!as_type || is_class)) || (is_sql && node.runs_sql);
                // A name is what it names; a piece that mentions it is not.
                node.is_class |= names_it && is_class;
                node.is_sql |= names_it && is_sql;
                if before != (node.is_hot, node.is_class, node.is_sql) {
                    self.open.push(by);
                }
            }
            if let Thing::Name(name) = self.nodes[id].thing.clone() {
                self.look_up(file, &name);
            }
        }
        if is_hot || is_wanted {
            for at in 0..self.nodes[id].mentions.len() {
                let (what, _) = self.nodes[id].mentions[at];
                if !std::mem::replace(&mut self.nodes[what].is_wanted, true) {
                    self.open.push(what);
                }
            }
            if !is_piece {
                self.parse(file);
            }
        }
    }

    /// Those who may import a name that is hot are to be parsed.
    fn look_up(&mut self, file: usize, name: &str) {
        for at in 0..self.importers[file].len() {
            let (importer, by) = self.importers[file][at];
            if let Some(slices) = &self.slices[importer] {
                let mut stars = slices.stars.iter();
                if stars.any(|module| self.file_of(importer, module) == Some(file)) {
                    self.node(importer, Thing::Name(name.into()));
                }
            } else if !self.matters[importer] {
                let Glanced { source, glance, .. } = &self.files[importer];
                let takes_it = match by.and_then(|by| glance.imports[by].names.as_ref()) {
                    Some(names) => names.iter().any(|taken| **taken == *name),
                    None => has_word(&source.text, name) || name == "default",
                };
                if takes_it || glance.hands_on {
                    self.parse(importer);
                }
            }
        }
    }

    fn parse(&mut self, file: usize) {
        if !std::mem::replace(&mut self.matters[file], true) {
            self.next.push(file);
        }
    }

    fn file_of(&self, from: usize, module: &str) -> Option<usize> {
        let SourceFile { path, language, .. } = &*self.files[from].source;
        self.modules.resolve(&self.manifests, path, *language, module).map(|id| id.0 as usize)
    }
}

/// Whether an import may lead to a database, or define tables.
fn is_sign(import: &Imports, language: CatalogLanguage, catalog: &Catalog) -> bool {
    let is_below = |module: &String| {
        import.module.strip_prefix(module.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    };
    let defines = |id| catalog.library(id).tables.iter().any(is_below);
    catalog.library_of_import(&import.module, language).is_some_and(defines)
        || match &import.names {
            None => catalog.may_lead_on(&import.module),
            Some(names) => names.iter().any(|name| catalog.may_lead_on(&library_path(&import.module, name))),
        }
}

fn language_of(file: &Glanced) -> CatalogLanguage {
    sites::catalog_language(file.source.language)
}

/// The libraries that a file imports something of.
fn libraries_of<'c>(file: &Glanced, catalog: &'c Catalog) -> impl Iterator<Item = LibraryId> + use<'c> {
    let language = language_of(file);
    let modules: Vec<Box<str>> = file.glance.imports.iter().map(|import| import.module.clone()).collect();
    modules.into_iter().filter_map(move |module| catalog.library_of_import(&module, language))
}

/// The files that a file may import something of, each with the import that says so; none: as a name of a package.
fn imported_files(file: &Glanced, manifests: &Manifests, modules: &Modules) -> Vec<(usize, Option<usize>)> {
    let SourceFile { path, language, .. } = &*file.source;
    let resolve = |module: &str| modules.resolve(manifests, path, *language, module).map(|id| id.0 as usize);
    let mut found = Vec::new();
    for (by, import) in file.glance.imports.iter().enumerate() {
        found.extend(resolve(&import.module).map(|target| (target, Some(by))));
        if *language == Language::Python {
            let dot = if import.module.ends_with('.') { "" } else { "." };
            let names = import.names.iter().flatten();
            found.extend(names.filter_map(|name| Some((resolve(&format!("{}{dot}{name}", import.module))?, None))));
        }
    }
    found
}
