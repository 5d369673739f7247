//! Which files can matter: only those are parsed.
//!
//! Files that show signs of a database (an import that leads to one, SQL, a call that only a library has) are parsed
//! first and cut into [`Slices`]. A piece is *hot* if it may reach a database: by itself, or because it mentions
//! something hot, in its own file or another. Who may mention what is hot is parsed next, and so on up; what hot pieces
//! mention is parsed too, and so on down, because it says what their values are. All other files have no part in any
//! finding.

mod again;
mod slices;

use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use slices::Meaning;
pub use slices::Slices;

use super::manifest::{ManifestFile, Manifests};
use super::modules::Modules;
use super::types::library_path;
use super::{FileId, sites};
use crate::apis::{Catalog, CatalogLanguage, LibraryId};
use crate::facts::{Name, Names};
use crate::lang::{Glance, Imports};
use crate::source::{Language, Purpose, SourceFile, has_name};

/// Files are left out where more than this share of the text stands in files that show no signs of a database.
const WORTH_IT: f64 = 0.5;

/// A file of the project, before it is parsed.
#[derive(Clone, Debug)]
pub struct Glanced {
    /// Its text, and where it stands.
    pub source: Arc<SourceFile>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it renders a template, or defines what templates call.
    pub renders: bool,
    /// What a search through it tells.
    pub glance: Arc<Glance>,
    /// What it imports.
    pub imported: Arc<Imported>,
}

/// What the imports of a file are.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Whether one may lead to a database, or define tables.
    leads_on: bool,
    libraries: Box<[LibraryId]>,
}

impl Imported {
    /// Looks them up.
    pub fn of(glance: &Glance, language: Language, catalog: &Catalog) -> Imported {
        let language = sites::catalog_language(language);
        let imports = glance.imports.iter();
        let libraries = imports.clone().filter_map(|import| catalog.library_of_import(&import.module, language));
        let mut libraries: Vec<LibraryId> = libraries.collect();
        libraries.sort_unstable();
        libraries.dedup();
        let leads_on = imports.clone().any(|import| is_sign(import, language, catalog));
        Imported { leads_on, libraries: libraries.into() }
    }
}

/// What can mention, and be mentioned: a piece of a file, a name of a file, or all that a file has.
#[derive(Debug, Default)]
struct Node {
    file: u32,
    /// The name, if it is one.
    name: Option<Name>,
    /// Whether it is a piece.
    is_piece: bool,
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
    /// What it mentions.
    mentions: Vec<u32>,
    /// Who mentions it; whether only as a type.
    mentioned: Vec<(u32, bool)>,
}

/// What a [`Meaning`] is, once its module is known.
#[derive(Clone, Debug, Default)]
struct Target {
    nodes: Vec<u32>,
    as_type: bool,
    /// Whether it is something of a library that may lead to a database.
    is_hot: bool,
}

/// What is known of a file that is parsed.
#[derive(Debug)]
struct Told {
    slices: Arc<Slices>,
    /// The node of its first piece; the others follow.
    pieces: u32,
    /// Its meanings.
    targets: Vec<Target>,
    /// The files of which it hands everything on.
    stars: Vec<usize>,
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
    /// For each file, what was told of it.
    told: Vec<Option<Told>>,
    matters: Vec<bool>,
    /// What is to be parsed next.
    next: Vec<usize>,
    nodes: Vec<Node>,
    names: Names,
    /// The node of a name of a file; of the whole file without a name.
    ids: FxHashMap<(usize, Option<Name>), u32>,
    /// For each file, the nodes of its names, and of all of it.
    of_file: Vec<Vec<u32>>,
    /// Nodes of which something new is known.
    open: Vec<u32>,
    /// Functions by whether they are JavaScript's and by name: the pieces that have them.
    functions: FxHashMap<(bool, Name), Vec<u32>>,
    /// Those of them of which the callers were looked for.
    asked: FxHashSet<(bool, Name)>,
    /// The files that matter by themselves.
    begun: Vec<bool>,
    /// What else the texts of files were searched for: names, and calls of functions.
    looked_for: FxHashSet<(usize, Name)>,
    searches: Vec<Calls>,
}

/// Calls of methods of some names, some of them of JavaScript.
#[derive(Debug)]
struct Calls {
    search: AhoCorasick,
    is_ecma: Vec<bool>,
}

impl Calls {
    /// Whether a text in this language has one.
    fn are_in(&self, language: Language, text: &str) -> bool {
        let mut found = self.search.find_overlapping_iter(text.as_bytes());
        found.any(|word| self.is_ecma[word.pattern().as_usize()] == language.is_ecma())
    }
}

impl Relevance {
    /// Whether leaving files out may save more than it costs, told by some of them.
    pub fn may_be_worth(some: &[Glanced]) -> bool {
        let signs: Vec<bool> = some.iter().map(shows_signs).collect();
        // Words take silent files away, and some files are not all.
        share_of_silent(some, &signs) > WORTH_IT - 0.1
    }

    /// Begins with the files that show signs of a database; they are to be sorted by path. Nothing where so many do that
    /// finding out which of the others matter costs more than parsing them, unless it is to be found out `anyway`.
    pub fn new(
        files: Vec<Glanced>,
        manifests: &[ManifestFile],
        catalog: Arc<Catalog>,
        anyway: bool,
    ) -> Option<Relevance> {
        let mut known = None;
        let begun = begun(&files, &catalog, anyway, || {
            let manifests = Manifests::read(manifests);
            let used = used(&files, &manifests, &catalog);
            known = Some((manifests, used.clone()));
            used
        })?;
        let (manifests, used) = known?;
        let modules = Modules::new((0..).map(FileId).zip(files.iter().map(|file| &file.source.path)));
        let imports: Vec<Vec<(usize, Option<usize>)>> =
            files.par_iter().map(|file| imported_files(file, &manifests, &modules)).collect();
        let mut importers: Vec<Vec<(usize, Option<usize>)>> = vec![Vec::new(); files.len()];
        for (file, imports) in imports.iter().enumerate() {
            imports.iter().for_each(|&(imported, by)| importers[imported].push((file, by)));
        }
        Some(Relevance {
            told: files.iter().map(|_| None).collect(),
            next: (0..files.len()).filter(|&file| begun[file]).collect(),
            nodes: Vec::new(),
            names: Names::default(),
            ids: FxHashMap::default(),
            of_file: vec![Vec::new(); files.len()],
            open: Vec::new(),
            functions: FxHashMap::default(),
            asked: FxHashSet::default(),
            files,
            catalog,
            manifests,
            modules,
            used,
            importers,
            matters: begun.clone(),
            begun,
            looked_for: FxHashSet::default(),
            searches: Vec::new(),
        })
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

    /// For each file: whether it matters.
    pub fn matters(&self) -> &[bool] {
        &self.matters
    }

    /// Says what a file consists of.
    pub fn tell(&mut self, file: usize, slices: Arc<Slices>) {
        let pieces = small(self.nodes.len());
        let ecma = self.files[file].source.language.is_ecma();
        for (id, piece) in (pieces..).zip(&slices.pieces) {
            self.nodes.push(Node {
                file: small(file),
                is_piece: true,
                is_hot: (piece.holds_sql && piece.runs_sql)
                    || piece.libraries.iter().any(|library| self.used[usize::from(library.0)]),
                is_class: piece.is_class,
                is_sql: piece.holds_sql,
                runs_sql: piece.runs_sql,
                // What it gives a template is known only with what that is made of.
                is_wanted: self.files[file].renders,
                ..Node::default()
            });
            self.open.push(id);
            for name in &piece.functions {
                let name = self.names.intern(name);
                self.functions.entry((ecma, name)).or_default().push(id);
            }
        }
        let targets: Vec<Target> = slices.meanings.iter().map(|meaning| self.target(file, pieces, meaning)).collect();
        let stars: Vec<usize> = slices.stars.iter().filter_map(|module| self.file_of(file, module)).collect();
        for (id, piece) in (pieces..).zip(&slices.pieces) {
            piece.mentions.iter().for_each(|&meaning| self.link(id, &targets[meaning as usize]));
            // What stands behind an interface is what implements it.
            for &interface in piece.implements.iter().flat_map(|&meaning| &targets[meaning as usize].nodes) {
                self.mention(interface, id, false);
            }
        }
        for name in slices.names.keys() {
            self.name_of(file, name);
        }
        // Who hands on what is hot already.
        for &target in &stars {
            self.open.extend(&self.of_file[target]);
        }
        self.told[file] = Some(Told { slices, pieces, targets, stars });
        for id in self.of_file[file].clone() {
            self.resolve(id);
        }
    }

    /// The node of a name of a file.
    fn name_of(&mut self, file: usize, name: &str) -> u32 {
        let name = self.names.intern(name);
        self.node(file, Some(name))
    }

    /// The node of a name of a file, or of all of it, made if there is none.
    fn node(&mut self, file: usize, name: Option<Name>) -> u32 {
        if let Some(&known) = self.ids.get(&(file, name)) {
            return known;
        }
        let id = small(self.nodes.len());
        self.ids.insert((file, name), id);
        self.of_file[file].push(id);
        self.nodes.push(Node { file: small(file), name, ..Node::default() });
        if self.told[file].is_some() {
            self.resolve(id);
        }
        id
    }

    /// Finds what a name, or a whole file, stands for.
    fn resolve(&mut self, id: u32) {
        let file = self.nodes[id as usize].file as usize;
        let Some(told) = &self.told[file] else { return };
        let Some(name) = self.nodes[id as usize].name else {
            let pieces = told.pieces..told.pieces + small(told.slices.pieces.len());
            pieces.for_each(|piece| self.mention(id, piece, false));
            return;
        };
        match told.slices.names.get(&self.names[name]) {
            Some(meanings) => {
                let targets: Vec<Target> = meanings.iter().map(|&at| told.targets[at as usize].clone()).collect();
                targets.iter().for_each(|target| self.link(id, target));
            }
            // What a barrel hands on.
            None => {
                for target in told.stars.clone() {
                    let may_have = self.told[target].is_some() || self.files[target].glance.hands_on;
                    if may_have || self.speaks_of(target, name) {
                        let target = self.node(target, Some(name));
                        self.mention(id, target, false);
                    }
                }
            }
        }
    }

    /// What a meaning of a file is.
    fn target(&mut self, file: usize, pieces: u32, meaning: &Meaning) -> Target {
        let mut found = Target::default();
        match meaning {
            Meaning::Piece(piece) => found.nodes.push(pieces + small(*piece)),
            Meaning::Name { module, name, as_type } => {
                found.as_type = *as_type;
                if let Some(target) = self.file_of(file, module) {
                    found.nodes.push(self.name_of(target, name));
                }
                let is_python = self.files[file].source.language == Language::Python;
                let dot = if module.ends_with('.') { "" } else { "." };
                let module_itself = is_python.then(|| self.file_of(file, &format!("{module}{dot}{name}"))).flatten();
                if let Some(target) = module_itself {
                    found.as_type = false;
                    found.nodes.push(self.node(target, None));
                }
                found.is_hot = found.nodes.is_empty() && self.catalog.may_lead_on(&library_path(module, name));
            }
            Meaning::Module(module) => {
                let mut files: Vec<usize> = self.file_of(file, module).into_iter().collect();
                // `import a.b` binds `a`.
                if self.files[file].source.language == Language::Python {
                    let is_below = |path: &str| path.strip_prefix(&**module).is_some_and(|rest| rest.starts_with('.'));
                    let glance = self.files[file].glance.clone();
                    let below = glance.imports.iter().filter(|import| is_below(&import.module));
                    files.extend(below.filter_map(|import| self.file_of(file, &import.module)));
                }
                found.is_hot = files.is_empty() && self.catalog.may_lead_on(module);
                found.nodes.extend(files.into_iter().map(|target| self.node(target, None)));
            }
        }
        found
    }

    /// Lets a node mention what a meaning is.
    fn link(&mut self, id: u32, target: &Target) {
        let node = &mut self.nodes[id as usize];
        if target.is_hot && !std::mem::replace(&mut node.is_hot, true) {
            self.open.push(id);
        }
        target.nodes.iter().filter(|&&what| what != id).for_each(|&what| self.mention(id, what, target.as_type));
    }

    fn mention(&mut self, by: u32, what: u32, as_type: bool) {
        self.nodes[by as usize].mentions.push(what);
        self.nodes[what as usize].mentioned.push((by, as_type));
        self.tell_mentioner(what, by, as_type);
        if self.nodes[by as usize].is_hot || self.nodes[by as usize].is_wanted {
            self.want(what);
        }
    }

    /// What `id` is, those know that mention it.
    fn tell_mentioner(&mut self, id: u32, by: u32, as_type: bool) {
        let Node { is_hot, is_class, is_sql, .. } = self.nodes[id as usize];
        let node = &mut self.nodes[by as usize];
        let before = (node.is_hot, node.is_class, node.is_sql);
        node.is_hot |= (is_hot && (!as_type || is_class)) || (is_sql && node.runs_sql);
        // A name is what it names; a piece that mentions it is not.
        node.is_class |= !node.is_piece && is_class;
        node.is_sql |= !node.is_piece && is_sql;
        if before != (node.is_hot, node.is_class, node.is_sql) {
            self.open.push(by);
        }
    }

    fn want(&mut self, id: u32) {
        if !std::mem::replace(&mut self.nodes[id as usize].is_wanted, true) {
            self.open.push(id);
        }
    }

    /// Lets those know that mention a node, and those that it mentions.
    fn spread(&mut self, id: u32) {
        let Node { is_hot, is_sql, is_wanted, is_piece, file, name, .. } = self.nodes[id as usize];
        let file = file as usize;
        if is_hot || is_sql {
            for at in 0..self.nodes[id as usize].mentioned.len() {
                let (by, as_type) = self.nodes[id as usize].mentioned[at];
                self.tell_mentioner(id, by, as_type);
            }
            if let Some(name) = name {
                self.look_up(file, name);
            }
        }
        if is_hot || is_wanted {
            for at in 0..self.nodes[id as usize].mentions.len() {
                self.want(self.nodes[id as usize].mentions[at]);
            }
            if !is_piece {
                self.parse(file);
            }
        }
    }

    /// Those who may import a name that is hot are to be parsed.
    fn look_up(&mut self, file: usize, name: Name) {
        for at in 0..self.importers[file].len() {
            let (importer, by) = self.importers[file][at];
            if let Some(told) = &self.told[importer] {
                if told.stars.contains(&file) {
                    self.node(importer, Some(name));
                }
            } else if !self.matters[importer] {
                let glance = self.files[importer].glance.clone();
                let takes_it = match by.and_then(|by| glance.imports[by].names.as_ref()) {
                    Some(names) => names.iter().any(|taken| **taken == self.names[name]),
                    None => self.speaks_of(importer, name) || &self.names[name] == "default",
                };
                if takes_it || glance.hands_on {
                    self.parse(importer);
                }
            }
        }
    }

    /// Whether the text of a file has a name.
    fn speaks_of(&mut self, file: usize, name: Name) -> bool {
        self.looked_for.insert((file, name));
        has_name(&self.files[file].source.text, &self.names[name])
    }

    /// Whoever calls a function that may be told by name alone, and may reach a database, is to be parsed.
    fn ask_by_name(&mut self) {
        let is_new = |(&key, defined): (&(bool, Name), &Vec<u32>)| {
            // In JavaScript any of a few may be meant.
            let is_told = key.0 || defined.len() == 1;
            let is_hot = is_told && defined.iter().any(|&id| self.nodes[id as usize].is_hot);
            (is_hot && !self.asked.contains(&key)).then_some(key)
        };
        let wanted: Vec<(bool, Name)> = self.functions.iter().filter_map(is_new).collect();
        if wanted.is_empty() {
            return;
        }
        let Ok(search) = AhoCorasick::new(wanted.iter().map(|&(_, name)| format!(".{}(", &self.names[name]))) else {
            return;
        };
        let calls = Calls { search, is_ecma: wanted.iter().map(|&(is_ecma, _)| is_ecma).collect() };
        let unread: Vec<usize> = (0..self.files.len()).filter(|&file| !self.matters[file]).collect();
        let is_caller = |file: &usize| {
            let SourceFile { text, language, .. } = &*self.files[*file].source;
            calls.are_in(*language, text)
        };
        let callers: Vec<usize> = unread.into_par_iter().filter(is_caller).collect();
        self.asked.extend(wanted);
        self.searches.push(calls);
        callers.into_iter().for_each(|file| self.parse(file));
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

/// Whether a file imports what may lead to a database, or defines tables.
fn shows_signs(file: &Glanced) -> bool {
    file.glance.is_telling || file.renders || file.purpose == Purpose::Migration || file.imported.leads_on
}

/// The files that show signs of a database, by their words too; nothing where so many do that leaving the others out is
/// not worth it.
fn begun(files: &[Glanced], catalog: &Catalog, anyway: bool, used: impl FnOnce() -> Vec<bool>) -> Option<Vec<bool>> {
    let mut begun: Vec<bool> = files.iter().map(shows_signs).collect();
    // Words are looked for only where it may be worth it.
    if !anyway && share_of_silent(files, &begun) <= WORTH_IT {
        return None;
    }
    let used = used();
    let own_words = catalog.own_words();
    let holds_words = |(file, begun): (&Glanced, &mut bool)| {
        let Glanced { source, glance, .. } = file;
        *begun = *begun
            || glance.libraries(source).iter().any(|library| used[usize::from(library.0)])
            || own_words.as_ref().is_some_and(|words| !words.libraries_in(&source.text).is_empty());
    };
    files.par_iter().zip(&mut begun).for_each(holds_words);
    (anyway || share_of_silent(files, &begun) > WORTH_IT).then_some(begun)
}

/// By library: whether the project uses it.
fn used(files: &[Glanced], manifests: &Manifests, catalog: &Catalog) -> Vec<bool> {
    let imported: FxHashSet<LibraryId> =
        files.iter().flat_map(|file| file.imported.libraries.iter().copied()).collect();
    let is_used = |id: LibraryId| {
        let library = catalog.library(id);
        library.always
            || library.packages.iter().any(|package| manifests.names_package(package))
            || imported.contains(&id)
    };
    (0..).map(LibraryId).take(catalog.libraries().len()).map(is_used).collect()
}

/// How much of the text of some files stands in those that show no signs of a database.
#[expect(clippy::cast_precision_loss, reason = "about is enough")]
fn share_of_silent(files: &[Glanced], shows_signs: &[bool]) -> f64 {
    let size = |(file, _): (&Glanced, &bool)| file.source.text.len();
    let all = || files.iter().zip(shows_signs);
    let silent: usize = all().filter(|&(_, shows)| !shows).map(size).sum();
    silent as f64 / all().map(size).sum::<usize>().max(1) as f64
}

/// A place in a list: there are fewer than 2³² of anything.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
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
