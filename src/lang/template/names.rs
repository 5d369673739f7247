//! The names of templates that a file speaks of, found by a search through its text: which files are templates.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

use super::lex::{PieceKind, first_word, pieces, tokens, unquoted};
use crate::source::{Language, SourceFile};

/// What the names of templates end with.
const ENDINGS: [&str; 12] =
    [".html", ".htm", ".txt", ".xml", ".jinja", ".jinja2", ".j2", ".mjml", ".md", ".csv", ".svg", ".xhtml"];

/// Words by which a file of Python tells that its templates are Jinja's.
const JINJA: [&str; 8] = ["flask", "jinja", "starlette", "fastapi", "quart", "sanic", "pyramid", "bottle"];

/// Words of views of Django's that have a template without naming it, and the ends of the names of those.
const GENERIC: [(&str, &[&str]); 6] = [
    ("ListView", &["_list.html"]),
    ("DetailView", &["_detail.html"]),
    ("CreateView", &["_form.html"]),
    ("UpdateView", &["_form.html"]),
    ("DeleteView", &["_confirm_delete.html"]),
    ("Archive", &["_archive.html", "_archive_year.html", "_archive_month.html", "_archive_day.html", "_list.html"]),
];

/// The templates that a file may render, include or extend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateNames {
    /// Their names, as far as they are written down.
    pub names: Vec<Box<str>>,
    /// The ends of the names of others.
    pub ends: Vec<&'static str>,
    /// Whether the templates that code names are Jinja's.
    pub is_jinja: bool,
    /// Whether it may define filters, tags or functions for templates.
    pub defines_tags: bool,
}

impl TemplateNames {
    /// Whether it speaks of any template.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.ends.is_empty()
    }
}

/// The templates that a file names; only code in Python, and templates, name any.
pub fn template_names(file: &SourceFile) -> TemplateNames {
    match file.language {
        Language::Python => of_python(file),
        Language::DjangoTemplate | Language::Jinja => of_template(file),
        _ => TemplateNames::default(),
    }
}

/// Marks of Jinja's templates that Django's do not have, and the other way round.
const OF_JINJA: [&str; 13] = [
    "{%-",
    "-%}",
    "{% set ",
    "{% macro ",
    "{% import ",
    "{% from ",
    "{% call",
    "() }}",
    "() %}",
    "super()",
    "loop.",
    " is defined",
    "{% do ",
];
const OF_DJANGO: [&str; 8] =
    ["{% load ", "{% csrf_token", "{% endcomment", "{% static ", "forloop.", "block.super", "{% empty %}", "{% url "];

/// The language of a template, by its text; the one that is expected where that does not tell.
pub fn template_language(text: &str, expected: Language) -> Language {
    static MARKS: LazyLock<AhoCorasick> =
        LazyLock::new(|| AhoCorasick::new(OF_JINJA.iter().chain(&OF_DJANGO)).expect("a few words"));
    let mut seen = [false; OF_JINJA.len() + OF_DJANGO.len()];
    MARKS.find_iter(text).for_each(|mark| seen[mark.pattern().as_usize()] = true);
    let (jinja, django) = seen.split_at(OF_JINJA.len());
    let count = |seen: &[bool]| seen.iter().filter(|seen| **seen).count();
    match count(jinja).cmp(&count(django)) {
        std::cmp::Ordering::Greater => Language::Jinja,
        std::cmp::Ordering::Less => Language::DjangoTemplate,
        std::cmp::Ordering::Equal => expected,
    }
}

/// Words of code that defines what templates call.
const DEFINES: [&str; 9] = [
    "template_filter",
    "template_global",
    ".filters[",
    ".globals[",
    ".globals.update",
    ".filters.update",
    ".simple_tag",
    ".inclusion_tag",
    "_processor",
];

fn of_python(file: &SourceFile) -> TemplateNames {
    static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let words = ENDINGS.iter().chain(GENERIC.iter().map(|(word, _)| word)).chain(&DEFINES);
        AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).expect("a few words")
    });
    let text = file.text.as_str();
    let bytes = text.as_bytes();
    let mut found = TemplateNames { defines_tags: file.path.contains("templatetags/"), ..TemplateNames::default() };
    for word in WORDS.find_iter(bytes) {
        let (kind, end) = (word.pattern().as_usize(), word.end());
        if let Some(generic) = kind.checked_sub(ENDINGS.len()) {
            match GENERIC.get(generic) {
                Some((_, ends)) => found.ends.extend(*ends),
                None => found.defines_tags = true,
            }
            continue;
        }
        let Some(&quote @ (b'"' | b'\'')) = bytes.get(end) else { continue };
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./ +".contains(byte);
        let start = end - bytes[..end].iter().rev().take_while(|byte| is_part(byte)).count();
        // `package:templates/books.html`; f"{app}/books.html" is not whole.
        if start > 0 && (bytes[start - 1] == quote || bytes[start - 1] == b':') {
            found.names.push(text[start..end].into());
        }
    }
    found.names.sort();
    found.names.dedup();
    found.ends.sort_unstable();
    found.ends.dedup();
    let holds = |word: &&str| memmem::find(bytes, word.as_bytes()).is_some();
    found.is_jinja = !found.names.is_empty() && JINJA.iter().any(holds);
    found
}

fn of_template(file: &SourceFile) -> TemplateNames {
    let text = file.text.as_str();
    let is_jinja = file.language == Language::Jinja;
    let mut found = TemplateNames { is_jinja, ..TemplateNames::default() };
    for piece in pieces(text, is_jinja) {
        if piece.kind != PieceKind::Tag {
            continue;
        }
        if matches!(first_word(text, piece.inside), "extends" | "include" | "import" | "from") {
            let literals = tokens(text, piece.inside).into_iter();
            let literals = literals.filter(|token| token.kind == super::lex::TokenKind::Text);
            let names = literals.filter_map(|token| {
                let name = unquoted(text.get(token.span.range())?)?;
                (!name.is_empty()).then(|| Box::from(name))
            });
            found.names.extend(names);
        }
    }
    found.names.sort();
    found.names.dedup();
    found
}
