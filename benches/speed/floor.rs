//! The work that cannot be avoided: reading the files, and running somebody else's parsers over them.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};
use rayon::ThreadPool;
use rayon::prelude::*;
use seqscan::engine::Snapshot;
use seqscan::source::{Language, Span};
use seqscan::sql::{Dialect, Splitter, Unparsed};
use sqlparser::dialect as theirs;
use sqlparser::parser::Parser as SqlParser;
use tree_sitter::Parser;

use crate::corpus::Corpus;

/// Walks `folder`; reads, parses and traverses the files of `corpus`.
pub(crate) fn parse_and_traverse(folder: &Path, corpus: &Corpus, threads: usize) {
    let paths = walk(folder, corpus, threads);
    assert_eq!(paths.len(), corpus.files(), "all files of the corpus are below {}", folder.display());
    let nodes: usize = pool(threads).install(|| {
        let read = |parsers: &mut Parsers, path: PathBuf| parsers.nodes(&path, corpus.languages[&path]);
        paths.into_par_iter().with_max_len(8).map_init(Parsers::default, read).sum()
    });
    std::hint::black_box(nodes);
}

/// Where the statements of one file stand.
pub(crate) struct Statements {
    dialect: Dialect,
    /// Their bytes.
    pub(crate) spans: Vec<Range<usize>>,
}

/// All statements of the `.sql` files of `snapshot` but those that would overflow the stack of sqlparser.
pub(crate) fn statements(snapshot: &Snapshot) -> HashMap<PathBuf, Statements> {
    let mut all = HashMap::new();
    for file in snapshot.project().files() {
        let known = &file.facts.statements;
        let dialect = known.first().map_or(Dialect::Generic, |first| first.statement.dialect);
        let unsafe_to_parse: HashMap<u32, bool> = known
            .iter()
            .map(|sql| {
                let reason = sql.statement.unparsed;
                (sql.span.start, matches!(reason, Some(Unparsed::TooDeep | Unparsed::TooLong)))
            })
            .collect();
        let spans = Splitter::new(&file.source.text, dialect);
        let spans = spans.filter(|span| unsafe_to_parse.get(&span.start) != Some(&true)).map(Span::range).collect();
        all.insert(file.source.absolute.clone(), Statements { dialect, spans });
    }
    all
}

/// Walks `folder`, reads the files, and tokenises and parses their statements with sqlparser.
pub(crate) fn tokenise_and_parse(
    folder: &Path,
    corpus: &Corpus,
    statements: &HashMap<PathBuf, Statements>,
    threads: usize,
) {
    let paths = walk(folder, corpus, threads);
    let parsed: usize = pool(threads).install(|| {
        let parse = |path: PathBuf| {
            let bytes = std::fs::read(&path).expect("a file that was read before");
            let text = String::from_utf8_lossy(&bytes);
            let Statements { dialect, spans } = &statements[&path];
            let dialect = theirs::dialect_from_str(dialect.name()).expect("sqlparser knows all of ours");
            let texts = spans.iter().filter_map(|span| text.get(span.clone()));
            texts.map(|text| SqlParser::parse_sql(&*dialect, text).map_or(0, |parsed| parsed.len())).sum::<usize>()
        };
        paths.into_par_iter().with_max_len(8).map(parse).sum()
    });
    std::hint::black_box(parsed);
}

/// The files of `corpus`, found again.
fn walk(folder: &Path, corpus: &Corpus, threads: usize) -> Vec<PathBuf> {
    let found = Mutex::new(Vec::new());
    let mut builder = WalkBuilder::new(folder);
    builder.require_git(false).threads(threads).build_parallel().run(|| {
        Box::new(|entry| {
            if let Ok(entry) = entry
                && corpus.languages.contains_key(entry.path())
            {
                found.lock().expect("no thread panics").push(entry.into_path());
            }
            WalkState::Continue
        })
    });
    found.into_inner().expect("no thread panics")
}

/// The parsers of one thread.
#[derive(Default)]
struct Parsers {
    by_language: HashMap<Language, Parser>,
}

impl Parsers {
    /// How many nodes a file has.
    fn nodes(&mut self, path: &Path, language: Language) -> usize {
        let text = std::fs::read(path).expect("a file that was read before");
        let grammar: tree_sitter::Language = match language {
            Language::Python => tree_sitter_python::LANGUAGE.into(),
            Language::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Language::Sql | Language::Prisma | Language::GraphQl | Language::DjangoTemplate | Language::Jinja => {
                return 0;
            }
        };
        let parser = self.by_language.entry(language).or_insert_with(|| {
            let mut parser = Parser::new();
            parser.set_language(&grammar).expect("a grammar of this version");
            parser
        });
        let tree = parser.parse(&text, None).expect("nothing stops the parser");
        let mut cursor = tree.walk();
        let (mut count, mut kinds) = (0, 0);
        loop {
            count += 1;
            kinds += usize::from(cursor.node().kind_id());
            if cursor.goto_first_child() || cursor.goto_next_sibling() {
                continue;
            }
            loop {
                if !cursor.goto_parent() {
                    std::hint::black_box(kinds);
                    return count;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
            }
        }
    }
}

fn pool(threads: usize) -> ThreadPool {
    // As large as those of seqscan: sqlparser needs them.
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(64 << 20);
    builder.build().expect("threads")
}
