//! Locking without the question of a poisoned lock.
//!
//! A task that panics ends the process (`daemon/vital.rs`), so a guard that such a
//! task left behind is met in tests and during that end only. What it guards is
//! whole after each of its statements, and goes on to be used.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock that is always obtained.
pub(crate) trait Locked<T> {
    /// Waits for the lock. It is never held across an `await`.
    fn locked(&self) -> MutexGuard<'_, T>;
}

impl<T> Locked<T> for Mutex<T> {
    fn locked(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
