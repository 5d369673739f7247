//! From where a value is looked at: what its parameters and its `self` are.

use std::cell::RefCell;

use super::super::templates::Way;
use super::super::{ClassRef, FileId, FunctionRef};
use super::known::Answers;
use super::traced::Rows;
use crate::facts::{CallId, MODULE, TEMPLATE};

/// A function that is followed from a call.
pub(super) struct Frame<'f> {
    pub(super) function: FunctionRef,
    pub(super) call: Option<(FileId, CallId)>,
    /// What `self` is, in methods of managers and querysets.
    pub(super) this: Option<Rows>,
    /// The way on which a template is shown.
    pub(super) path: Option<&'f [Way]>,
    /// The class of the object whose attribute is looked at, where a class that it extends declares it.
    object: Option<ClassRef>,
    pub(super) outer: Option<&'f Frame<'f>>,
    /// What holds as long as it is followed from here.
    pub(super) known: RefCell<Answers>,
}

impl<'f> Frame<'f> {
    fn new(function: FunctionRef, outer: Option<&'f Frame<'f>>) -> Frame<'f> {
        Frame { function, call: None, this: None, path: None, object: None, outer, known: RefCell::default() }
    }

    /// A template as it is shown on a path.
    pub(super) fn shown(template: FileId, path: &'f [Way]) -> Frame<'f> {
        let function = FunctionRef { file: template, function: TEMPLATE };
        Frame { path: Some(path), ..Frame::new(function, None) }
    }

    /// A function that is called; `this` is what `self` is, in methods of managers and querysets.
    pub(super) fn called(
        function: FunctionRef,
        call: (FileId, CallId),
        this: Option<Rows>,
        outer: Option<&'f Frame<'f>>,
    ) -> Frame<'f> {
        Frame { call: Some(call), this, ..Frame::new(function, outer) }
    }

    /// A property that is read.
    pub(super) fn property(function: FunctionRef, outer: Option<&'f Frame<'f>>) -> Frame<'f> {
        Frame::new(function, outer)
    }

    /// An attribute of an object, which a class that it extends declares.
    pub(super) fn attribute(object: ClassRef) -> Frame<'f> {
        let function = FunctionRef { file: object.file, function: MODULE };
        Frame { object: Some(object), ..Frame::new(function, None) }
    }

    /// A method of a class whose base class gives `this`; of an object of a class that extends it, if that is known.
    pub(super) fn method(function: FunctionRef, this: Option<Rows>, object: Option<ClassRef>) -> Frame<'f> {
        Frame { this, object, ..Frame::new(function, None) }
    }

    /// The class of the object that is looked at.
    pub(super) fn object(frame: Option<&Frame<'_>>) -> Option<ClassRef> {
        let mut at = frame;
        while let Some(frame) = at {
            if frame.object.is_some() {
                return frame.object;
            }
            at = frame.outer;
        }
        None
    }

    /// Whether a function is being followed, here or around.
    pub(super) fn is_in(&self, function: FunctionRef) -> bool {
        self.function == function || self.outer.is_some_and(|outer| outer.is_in(function))
    }
}
