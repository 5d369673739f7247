//! Properties that give an object of the project's own: `@cached_property def tags(self): return TagHandler(self)`. Such
//! an object may have `all()`, `get()` and `count()` as a manager has, and is none.

use crate::facts::*;
use crate::project::types::{Ty, Types};
use crate::project::{ClassRef, FileId};

/// How many bases are followed.
const MAX_BASES: u8 = 8;

/// The names of those that a file declares.
pub(super) fn in_file(types: &Types<'_>, file: FileId) -> Vec<Box<str>> {
    let facts = types.facts(file);
    let declared = facts
        .functions
        .iter()
        .filter(|function| function.class.is_some() && !function.decorators.is_empty() && function.params.is_empty());
    let gives_own = |function: &&Function| {
        let [only] = *function.returns else { return false };
        let Value::Call(call) = *facts.value(only) else { return false };
        match types.of(file, facts.call(call).callee) {
            Ty::Class(class) => is_own(types, class, 0),
            _ => false,
        }
    };
    declared.filter(gives_own).map(|function| facts.names[function.name].into()).collect()
}

/// Whether a class extends nothing but classes of the project.
fn is_own(types: &Types<'_>, class: ClassRef, depth: u8) -> bool {
    let facts = types.facts(class.file);
    let mut bases = facts.class(class.class).bases.iter();
    depth < MAX_BASES
        && bases.all(|&base| match types.of(class.file, base) {
            Ty::Class(base) => base != class && is_own(types, base, depth + 1),
            _ => matches!(*facts.value(base), Value::Global(name) if &facts.names[name] == "object"),
        })
}
