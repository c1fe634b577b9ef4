//! What a process holds and spends, as the kernel counts it.
use std::path::Path;
use std::time::Duration;

use super::Process;

/// Ticks of the kernel's clock in a second, on every Linux that this runs on.
const TICKS: u64 = 100;

impl Process {
    /// Whether it still runs, be its end asked for or not.
    pub fn runs(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // Its state stands behind its name; Z: it has ended, and nobody has asked how.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most that its resident memory has been, in bytes, since it started or since [`Process::forget_peak`].
    pub fn most_resident(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// The most that its address space has been, in bytes.
    pub fn most_reserved(&self) -> u64 {
        self.memory("VmPeak:")
    }

    /// Begins anew to look for the most resident memory.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5").expect("its peak is forgotten");
    }

    /// User and system time of all its threads.
    pub fn cpu(&self) -> Duration {
        time(&std::fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("its statistics"))
    }

    /// User and system time of its threads of this name.
    pub fn cpu_of(&self, name: &str) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("its threads");
        // One that ends meanwhile has no name any more.
        let read = |thread: &Path, what| std::fs::read_to_string(thread.join(what)).unwrap_or_default();
        let threads = threads.map(|thread| thread.expect("a thread").path());
        threads
            .filter(|thread| read(thread, "comm").trim() == name)
            .map(|thread| time(&read(&thread, "stat")))
            .sum()
    }

    /// How many file descriptors it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.id())).expect("its descriptors").count()
    }

    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let line = status.lines().find(|l| l.starts_with(name)).expect("a line of its status");
        let kibibytes: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        kibibytes * 1_024
    }
}

/// User and system time in what the kernel says of a process or a thread.
fn time(stat: &str) -> Duration {
    // The name stands in parentheses and may hold anything; fields 14 and 15 of the whole are the times.
    let (_, fields) = stat.rsplit_once(") ").expect("its name");
    let ticks = fields.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().expect("ticks"));
    Duration::from_millis(ticks.sum::<u64>() * 1_000 / TICKS)
}
