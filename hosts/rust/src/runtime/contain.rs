//! Containment of the runtime's panics, which must end neither the host nor a thread that others wait for.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Does what may panic.
///
/// What it works on must be thrown away then, or be safe to use whatever was left undone: an engine is, because it
/// shares with its components only what it has finished. A program that is built with `panic = "abort"` has no such
/// protection, and no panic protects from an overflow of the stack; against those there are the checks of
/// [`pointsman_loader`].
///
/// # Errors
/// The panic's words.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    words.unwrap_or("it says nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::contained;

    #[test]
    fn the_words_of_a_panic_are_told() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| -> i32 { panic!("as told") }), Err("as told".to_owned()));
        assert_eq!(contained(|| -> i32 { panic!("{} and {}", 1, 2) }), Err("1 and 2".to_owned()));
        let other = contained(|| -> i32 { std::panic::panic_any(7) });
        assert_eq!(other, Err("it says nothing".to_owned()));
    }
}
