//! A process of a test, `granary` mostly: its output is kept, and it is killed when the test ends.
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

mod usage;

const EXIT_TIMEOUT: Duration = Duration::from_secs(20);

/// A running process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

/// The `granary` binary: `GRANARY_BIN`, or the one beside the test's own target directory.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("GRANARY_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let found = test.ancestors().skip(1).take(3).map(|dir| dir.join("granary")).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "no granary binary near {}; run `cargo build --release -p granary`, or set GRANARY_BIN",
            test.display()
        )
    })
}

impl Process {
    /// Starts `granary` with these arguments; its log goes to a file in `dir`.
    pub fn start(dir: &Path, name: &str, args: &[String], env: &[(&str, String)]) -> Self {
        let mut command = Command::new(binary());
        command.args(args).envs(env.iter().map(|(k, v)| (*k, v))).stdout(Stdio::piped());
        Self::spawn(command, dir, name)
    }

    /// Starts `granary` with these arguments by way of another command, which becomes it.
    pub fn start_by(dir: &Path, name: &str, by: &[&str], args: &[String]) -> Self {
        let (program, rest) = by.split_first().expect("a command");
        let mut command = Command::new(program);
        command.args(rest).arg(binary()).args(args).stdout(Stdio::piped());
        Self::spawn(command, dir, name)
    }

    /// Starts another program; all that it writes goes to a file in `dir`.
    pub fn run(program: &Path, dir: &Path, name: &str, args: &[String]) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdout(log_file(&log_path(dir, name)));
        Self::spawn(command, dir, name)
    }

    fn spawn(mut command: Command, dir: &Path, name: &str) -> Self {
        let log = log_path(dir, name);
        if !is_root() {
            // Tests read a process's counts under /proc, which nobody but root may where its memory is closed.
            command.env("GRANARY_CORE_DUMPS", "true");
        }
        command.stdin(Stdio::null()).stderr(log_file(&log)).kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
        Self { child, log }
    }

    /// The next line that it writes to standard output.
    pub async fn line(&mut self) -> String {
        let stdout = self.child.stdout.as_mut().expect("stdout is piped");
        let mut line = String::new();
        let read = tokio::time::timeout(EXIT_TIMEOUT, BufReader::new(stdout).read_line(&mut line)).await;
        match read {
            Ok(Ok(size)) if size > 0 => line,
            other => panic!("no line came ({other:?}); its log:\n{}", self.log_text()),
        }
    }

    /// All that it writes to standard output, to its end, which must be a success.
    pub async fn all(&mut self) -> String {
        use tokio::io::AsyncReadExt;
        let mut text = String::new();
        let stdout = self.child.stdout.as_mut().expect("stdout is piped");
        let read = tokio::time::timeout(EXIT_TIMEOUT, stdout.read_to_string(&mut text)).await;
        read.expect("it ends in time").expect("text");
        let status = self.child.wait().await.expect("it ends");
        assert!(status.success(), "{status}: {}", self.log_text());
        text
    }

    /// Everything that it has logged.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// Sends SIGTERM without waiting.
    pub async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// Sends SIGTERM and waits for its end.
    pub async fn stop(mut self) -> ExitStatus {
        self.terminate().await;
        self.ended().await
    }

    /// Sends SIGKILL and waits for its end.
    pub async fn kill(mut self) -> ExitStatus {
        self.signal("KILL").await;
        self.ended().await
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        match tokio::time::timeout(EXIT_TIMEOUT, self.child.wait()).await {
            Ok(status) => status.expect("its status"),
            Err(_) => panic!("it did not end; its log:\n{}", self.log_text()),
        }
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_some()
    }

    /// Sends a signal by its short name, such as STOP and CONT.
    pub async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.expect("kill runs");
        assert!(sent.success(), "SIG{name} was not sent to {id}");
    }

    /// Every writable mapping of its memory, one after the other.
    pub fn writable_memory(&self) -> Vec<(String, Vec<u8>)> {
        use std::os::unix::fs::FileExt;
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.id())).expect("its maps");
        let memory =
            File::open(format!("/proc/{}/mem", self.id())).expect("its memory; run as root or as its owner");
        let mut found = Vec::new();
        for line in maps.lines() {
            let mut parts = line.split_whitespace();
            let (Some(range), Some(rights)) = (parts.next(), parts.next()) else { continue };
            let Some((start, end)) = range.split_once('-') else { continue };
            if !rights.starts_with("rw") || line.contains("[vvar]") {
                continue;
            }
            let start = u64::from_str_radix(start, 16).expect("an address");
            let end = u64::from_str_radix(end, 16).expect("an address");
            let mut bytes = vec![0; usize::try_from(end - start).expect("a size")];
            let mut read = 0;
            while read < bytes.len() {
                match memory.read_at(&mut bytes[read..], start + read as u64) {
                    Ok(0) | Err(_) => break,
                    Ok(size) => read += size,
                }
            }
            bytes.truncate(read);
            found.push((line.to_owned(), bytes));
        }
        found
    }
}

fn log_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.log"))
}

fn log_file(path: &Path) -> File {
    File::options().create(true).append(true).open(path).expect("a log file")
}

/// Whether these tests run as root.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
