//! A small disk that a test can fill: a tmpfs of its own, which takes the right to mount one.
use std::fs::{File, remove_file};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system of a few megabytes. It is unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    dir: TempDir,
    sudo: bool,
}

impl SmallDisk {
    /// Mounts one of so many bytes.
    ///
    /// # Panics
    /// Neither this user nor `sudo` may mount.
    pub fn new(bytes: u64) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().display().to_string();
        let owner = std::os::unix::fs::MetadataExt::uid(&dir.path().metadata().expect("the directory"));
        let options = format!("size={bytes},mode=0700,uid={owner}");
        let mount = ["mount", "-t", "tmpfs", "-o", &options, "granary-test", &path];
        for sudo in [false, true] {
            if privileged(sudo, &mount) {
                return Self { dir, sudo };
            }
        }
        panic!("a test of full disks mounts a tmpfs: run it as root, or allow `sudo -n mount`");
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.dir.path()
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
        // Also while processes of the test still use it.
        privileged(self.sudo, &["umount", "-l", &self.dir.path().display().to_string()]);
    }
}

fn privileged(sudo: bool, command: &[&str]) -> bool {
    let words = if sudo { [&["sudo", "-n"], command].concat() } else { command.to_vec() };
    Command::new(words[0]).args(&words[1..]).output().is_ok_and(|output| output.status.success())
}
