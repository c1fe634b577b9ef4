//! A small disk that a test can fill: a tmpfs of its own, for which no privilege is needed where user namespaces are allowed.
use std::fs::{File, remove_file};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A file system of a few megabytes. It is unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    dir: TempDir,
    path: PathBuf,
    /// Has it mounted in a namespace of its own, where this user may not mount for all.
    holder: Option<Child>,
}

impl SmallDisk {
    /// Mounts one of so many bytes.
    ///
    /// # Panics
    /// This user may neither mount nor make a user namespace.
    pub fn new(bytes: u64) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let owner = dir.path().metadata().expect("the directory").uid();
        let options = format!("size={bytes},mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("{options},uid={owner}"), "granary-test"]).arg(dir.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Self { path: dir.path().to_owned(), dir, holder: None };
        }
        let held = held(dir.path(), &options);
        let holder =
            held.expect("a test of full disks mounts a tmpfs: run it as root, or allow user namespaces");
        let inside = dir.path().strip_prefix("/").expect("an absolute path");
        Self {
            path: Path::new(&format!("/proc/{}/root", holder.id())).join(inside),
            dir,
            holder: Some(holder),
        }
    }

    /// Where it is reached.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes all room but so many bytes.
    pub fn fill_but(&self, bytes: usize) {
        let keep = self.path().join("keep");
        std::fs::write(&keep, vec![1; bytes]).expect("room for what is to stay free");
        let mut filler = File::create(self.filler()).expect("a file");
        while filler.write_all(&[1; 4_096]).is_ok() {}
        remove_file(keep).expect("it is there");
    }

    /// Gives the room back.
    pub fn free(&self) {
        remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            // Errors here: it is gone, and the disk with it.
            let _ = holder.kill();
            let _ = holder.wait();
        } else {
            // Lazily: processes of the test may still use it.
            let _ = Command::new("umount").arg("-l").arg(self.dir.path()).output();
        }
    }
}

/// Mounts it in a user namespace, which lasts as long as the process that is returned.
fn held(dir: &Path, options: &str) -> Option<Child> {
    let script = r#"mount -t tmpfs -o "$1" granary-test "$0" && echo mounted && exec sleep 600"#;
    let mut holder = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(dir)
        .arg(options)
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
    (line == "mounted\n").then_some(holder)
}
