//! What a process holds and spends, as the kernel counts it.
use std::path::Path;
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use super::Process;

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

    /// User and system time of all its threads, to the nanosecond: what `/proc/PID/stat` says is sampled a hundred times a second,
    /// and may be nothing after much work in short pieces.
    pub fn cpu(&self) -> Duration {
        let id = i32::try_from(self.id()).expect("an id");
        let clock = clock_getcpuclockid(Pid::from_raw(id)).expect("its clock");
        clock.now().expect("its time").into()
    }

    /// User and system time of its threads of this name.
    pub fn cpu_of(&self, name: &str) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("its threads");
        // One that ends meanwhile has no name any more.
        let read = |thread: &Path, what| std::fs::read_to_string(thread.join(what)).unwrap_or_default();
        let threads = threads.map(|thread| thread.expect("a thread").path());
        threads
            .filter(|thread| read(thread, "comm").trim() == name)
            .map(|thread| time_on_processor(&read(&thread, "schedstat")))
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

/// The first of what the kernel's scheduler counts for a thread.
fn time_on_processor(schedstat: &str) -> Duration {
    let nanoseconds = schedstat.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
