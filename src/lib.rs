//! `seqscan` finds slow database access in source code, without running it and without a database.
//!
//! ```text
//! paths ─walk─▶ SourceFile ─lang│sql─▶ FileFacts ─summary─▶ Project        (templates: those that code names)
//!                   └─glance─▶ relevance ──┘│                   │
//!                                          └─────────┬─────────┘
//!                                                    ▼
//!                                  rules (statement · file · project)
//!                                                    ▼
//!                                Diagnostic ─suppress·filter─▶ Report ─▶ report formats │ LSP
//! ```
//!
//! One direction, no way back. Everything left of the rules is independent of the user's configuration (API
//! catalogs aside), so it is kept by content, from one run to the next too (`engine/cache`); everything right of it is cheap and always run.
//!
//! # The rooms
//!
//! A module may use only what stands above it in this list.
//!
//! | room | what lives there | what it may never know |
//! |---|---|---|
//! | [`source`] | bytes and places: files, spans, lines, languages; finding and reading files | that SQL exists |
//! | [`facts`] | what **one** file says: functions, calls, loops, imports, texts, statements, directives | trees, configuration |
//! | [`findings`] | what is told to the user: diagnostics, labels, severities, fixes, fingerprints | who made them |
//! | [`sql`] | one SQL statement at a time: split, mask, parse, and the read-only view that rules share | host languages |
//! | [`apis`] | which call reaches a database: the catalogs in `rules/apis/`, and the project's own | how a language is parsed |
//! | [`lang`] | host language → facts, one walk per language | the project |
//! | [`project`] | what all files say **together**: modules, types, query sites, the call graph, the schema; in `project/orm` what a catalog cannot say of an ORM, one file each | syntax trees, SQL syntax |
//! | [`rules`] | one page and one function per rule, and the one list of them | configuration, output formats |
//! | [`config`] | `seqscan.toml` as written, its discovery, settings per path | |
//! | [`engine`] | [`Session`](engine::Session) and [`Snapshot`](engine::Snapshot): the only caller of rules, the only place with threads and the cache | command lines, terminals |
//! | [`report`] | one file per output format | |
//! | [`cli`] | the command line | |
//! | [`lsp`] | the language server | the command line |
//!
//! # Invariants
//!
//! - `extract(file) -> FileFacts` is infallible: a syntax error is data. Trees die inside it. Facts are owned,
//!   have file-local ids, and borrow nothing.
//! - After any sequence of edits, a session gives the same findings as a cold run; so does a run that finds something
//!   in the cache.
//! - What was found in a file before an edit is kept as long as nothing has changed that it was read from: whatever shows
//!   others a part of the project notes that it was read (`project/reads.rs`). What is not noted is compared as a whole
//!   (`project/since.rs`), and nothing is kept where it differs.
//! - Results do not depend on which files were named: naming files selects what is *reported*; the project is
//!   always what is *known*.
//! - Only files that can have a part in a finding are parsed (`project::Relevance`): parsing the others too
//!   (`--parse all`) changes no finding.
//! - A template is read only if code of the project names it, by itself or through templates that it is made of. It is
//!   a function whose parameters are what those give who render it.
//! - Any span that reaches a user is a non-empty byte range on character boundaries inside its own file.
//! - What is not known is silent. No rule reports the absence of something in a world it has not seen whole.
//! - No rule matches a bare method name.
//! - No panic reaches a user: one rule failing on one file is an internal-error line naming both, exit 2 at the
//!   end, and every other finding still printed.

pub mod apis;

pub mod cli;
pub mod config;
pub mod engine;
pub mod facts;
pub mod findings;
pub mod lang;
pub mod lsp;
pub mod project;

pub mod report;
pub mod rules;
pub mod source;
pub mod sql;
