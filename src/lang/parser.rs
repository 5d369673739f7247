//! The parsers of a thread, kept from file to file: a new one costs as much as a small file.

use std::cell::RefCell;

use tree_sitter::{Language, Parser, Tree};

thread_local! {
    static PARSERS: RefCell<Vec<(Language, Parser)>> = const { RefCell::new(Vec::new()) };
}

/// The tree of a text; `None` if the grammar does not fit the library, which no release is built with.
pub(super) fn parse(language: &Language, text: &[u8]) -> Option<Tree> {
    PARSERS.with_borrow_mut(|parsers| {
        let index = match parsers.iter().position(|(known, _)| known == language) {
            Some(index) => index,
            None => {
                let mut parser = Parser::new();
                parser.set_language(language).ok()?;
                parsers.push((language.clone(), parser));
                parsers.len() - 1
            }
        };
        parsers[index].1.parse(text, None)
    })
}
