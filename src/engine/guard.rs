//! A panic in one rule or one file costs that rule on that file, and nothing else.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// What the names of the threads begin with that work for a guarded one.
pub(super) const WORKERS: &str = "seqscan-";

/// How many guards are up.
static GUARDS: AtomicUsize = AtomicUsize::new(0);
/// What a worker said while some guard was up.
static ELSEWHERE: Mutex<String> = Mutex::new(String::new());

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; if it panics, here or on a worker, gives what it said and where, and prints nothing.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let before = GUARDED.replace(true);
    GUARDS.fetch_add(1, Ordering::SeqCst);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDS.fetch_sub(1, Ordering::SeqCst);
    GUARDED.set(before);
    result.map_err(|_| match MESSAGE.take() {
        own if !own.is_empty() => own,
        _ => std::mem::take(&mut *ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner)),
    })
}

/// Lets the panic hook be silent while a guard is up, and as it was otherwise.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_worker = || std::thread::current().name().is_some_and(|name| name.starts_with(WORKERS));
            let is_elsewhere = !GUARDED.get() && GUARDS.load(Ordering::SeqCst) > 0 && is_worker();
            if !GUARDED.get() && !is_elsewhere {
                return before(info);
            }
            let said = info.payload_as_str().unwrap_or("a panic without a message");
            let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
            let message = format!("{}{place}", said.lines().next().unwrap_or_default());
            if is_elsewhere {
                *ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner) = message;
            } else {
                MESSAGE.set(message);
            }
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
        let named = |n| format!("{}{n}", super::WORKERS);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).thread_name(named).build().unwrap();
        let fails = || pool.install(|| -> () { panic!("no {}", "luck either") });
        let message = guarded(fails).unwrap_err();
        assert!(message.starts_with("no luck either (src/engine/guard.rs:"), "{message}");
    }
}
