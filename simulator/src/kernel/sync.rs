//! The lock of this crate.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock that outlives a panic in another call: one broken call must not stop a simulator.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
