//! A panic in one rule or one file costs that rule on that file, and nothing else.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; if it panics, gives what it said and where, and prints nothing.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    result.map_err(|_| MESSAGE.take())
}

/// Lets the panic hook be silent while a guard is up, and as it was otherwise.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                return before(info);
            }
            let said = info.payload_as_str().unwrap_or("a panic without a message");
            let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
            MESSAGE.set(format!("{}{place}", said.lines().next().unwrap_or_default()));
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        let message = guarded(|| panic!("no {}", "luck")).unwrap_err();
        assert!(message.starts_with("no luck (src/engine/guard.rs:"), "{message}");
    }
}
