//! Functions.

use serde::{Deserialize, Serialize};

use super::{CallId, ClassId, FunctionId, GuardId, LoopId, Name, ValueId};
use crate::source::Span;

/// One function, method, lambda or arrow; entry 0 is the body of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name; empty for a lambda that no name was bound to.
    pub name: Name,
    /// The function around it; `None` only for [`MODULE`].
    pub parent: Option<FunctionId>,
    /// The class it is a method of.
    pub class: Option<ClassId>,
    /// Parameters as written, with `self`/`cls` left out for methods.
    pub params: Vec<Param>,
    /// From its first to its last byte.
    pub span: Span,
    /// The name, or the first token of a lambda.
    pub name_span: Span,
    /// How it was declared.
    pub traits: FunctionTraits,
    /// Decorators, outermost first.
    pub decorators: Vec<ValueId>,
    /// Every value it returns.
    pub returns: Vec<ValueId>,
    /// The condition that each of [`returns`](Function::returns) stands under.
    pub return_guards: Vec<Option<GuardId>>,
    /// Every value it yields; `yield from x` yields [`Value::Spread`].
    pub yields: Vec<ValueId>,
    /// Its declared result, as [`Value::Typed`].
    pub result_type: Option<ValueId>,
    /// Set for an inline callback: the call it is an argument of, and which one.
    pub passed_to: Option<(CallId, u16)>,
    /// Set for an inline callback that runs once per element (`xs.map(x => …)`).
    pub runs_in: Option<LoopId>,
    /// Set for an inline callback that may, if the function that it is handed to runs it so (`each(xs, x => …)`). What
    /// stands in it is not marked as in that loop.
    pub may_run_in: Option<LoopId>,
}

impl Function {
    /// One of which no more is known.
    pub fn new(name: Name, span: Span, name_span: Span) -> Function {
        Function {
            name,
            parent: None,
            class: None,
            params: Vec::new(),
            span,
            name_span,
            traits: FunctionTraits::default(),
            decorators: Vec::new(),
            returns: Vec::new(),
            return_guards: Vec::new(),
            yields: Vec::new(),
            result_type: None,
            passed_to: None,
            runs_in: None,
            may_run_in: None,
        }
    }
}

/// How a function was declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionTraits {
    /// `async`
    pub is_async: bool,
    /// `yield` in its body, `function*`
    pub is_generator: bool,
    /// A lambda or arrow.
    pub is_lambda: bool,
    /// `@staticmethod`, `static`
    pub is_static: bool,
    /// `@classmethod`
    pub is_class_method: bool,
    /// `@property`, `@cached_property`, `get x()`
    pub is_property: bool,
    /// `__init__`, `constructor`
    pub is_constructor: bool,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Its name; of a pattern, empty.
    pub name: Name,
    /// Its declared type, as [`Value::Typed`].
    pub annotation: Option<ValueId>,
    /// Its default.
    pub default: Option<ValueId>,
    /// Whether it takes the rest (`*args`, `**kwargs`, `...rest`).
    pub is_rest: bool,
    /// Whether it can only be given by name.
    pub is_keyword_only: bool,
}
