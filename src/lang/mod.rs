//! Host language → facts. One walk per language lowers a syntax tree through the shared [`builder`];
//! trees die here. A tree is made by the language's own reader (`python/tree`, `ecma/tree`), or by tree-sitter where that
//! is not sure of a file.

mod arena;
mod builder;
mod directive;
mod ecma;
mod embedded;
mod glance;
mod parser;
mod prisma;
mod python;
mod sql_comments;
mod sql_file;
mod template;
mod tree;

pub use glance::{Glance, Imports, glance};
pub use template::{TemplateNames, template_language, template_names};

use crate::facts::FileFacts;
use crate::source::{Language, SourceFile};

/// What `file` says. Infallible: what cannot be read is a gap among the facts.
pub fn extract(file: &SourceFile) -> FileFacts {
    let mut facts = match file.language {
        Language::JavaScript | Language::TypeScript | Language::Tsx => ecma::extract(file),
        Language::Python => python::extract(file),
        Language::Sql => return sql_file::extract(file),
        Language::Prisma => return prisma::extract(file),
        Language::DjangoTemplate | Language::Jinja => return template::extract(file),
        // What it says of types is read where it is asked for.
        Language::GraphQl => return FileFacts::empty(),
    };
    embedded::find(&mut facts, file.language);
    facts
}
