//! Memory of the process, in which secrets lie while calls run: it goes into no core dump, and no other process of the same user
//! may read it, as far as the system lets us.
use rustix::process::{Resource, Rlimit, setrlimit};

/// Turns core dumps off and closes the memory to debuggers. To be called once at start; what cannot be had is told.
pub fn close() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps cannot be turned off; they would hold secrets");
    }
    if let Err(error) = undumpable() {
        tracing::warn!(%error, "other processes of this user may read this one's memory");
    }
}

#[cfg(target_os = "linux")]
fn undumpable() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

#[cfg(not(target_os = "linux"))]
fn undumpable() -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn a_process_that_closed_its_memory_leaves_no_core() {
        close();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert!(matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable)));
    }
}
