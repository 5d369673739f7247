//! What a template says beside what all files say: the templates it is made of, and what it is given.

use serde::{Deserialize, Serialize};

use super::{CallId, FunctionId, ValueId};
use crate::source::Span;

/// The function that a template is. Its parameters are the names that the template does not bind itself.
pub const TEMPLATE: FunctionId = FunctionId(1);

/// What a template is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The parameters of [`TEMPLATE`], as values, in order.
    pub context: Vec<ValueId>,
    /// The template that it extends, by its name.
    pub extends: Option<Box<str>>,
    /// The parts of it that templates which extend it may replace, in order of their ends.
    pub blocks: Vec<Block>,
    /// The templates that it includes.
    pub includes: Vec<Include>,
    /// The libraries of filters and tags that it loads. Django only.
    pub libraries: Vec<Box<str>>,
}

/// `{% block title %} … {% endblock %}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its name.
    pub name: Box<str>,
    /// What stands in it.
    pub span: Span,
    /// Whether it shows what it replaces, too: `{{ block.super }}`, `{{ super() }}`.
    pub shows_replaced: bool,
}

/// `{% include "book.html" with book=row only %}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Include {
    /// The call that stands for it: its arguments are the names that are bound where it stands.
    pub call: CallId,
    /// The name of the template.
    pub name: Box<str>,
    /// Whether the template is given nothing else than that.
    pub only: bool,
}

impl Template {
    /// The blocks around a place, innermost first.
    pub fn blocks_around(&self, span: Span) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |block| block.span.contains(span))
    }
}
