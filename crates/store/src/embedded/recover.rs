//! What becomes of a database whose file failed: no page of it is trusted any more, so it is opened again from the disk. It is
//! read as soon as it is open, and written once there is room.
use std::fs::{File, remove_file};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use redb::Database;
use tokio::sync::mpsc::error::TryRecvError;

use super::access::refused;
use super::cipher::Cipher;
use super::file::{self, OpenError, describe};
use super::writer::{Job, Thread};
use crate::Outage;
use crate::disk::{beside, is_full};

/// Bytes that must be free before anything is written again.
const ROOM: usize = 256 * 1024;

/// How long after a failure it is tried to write again; doubled each time, because opening takes as long as the file is large.
const MIN_RETRY_INTERVAL: Duration = Duration::from_millis(500);
const MAX_RETRY_INTERVAL: Duration = Duration::from_secs(8);
/// How often those who still wait are told meanwhile.
const REFUSE_INTERVAL: Duration = Duration::from_millis(10);

/// How to open the database again.
pub(super) struct Recovery {
    path: PathBuf,
    cipher: Cipher,
}

impl Recovery {
    pub(super) fn new(path: &Path, cipher: &Cipher) -> Self {
        Self { path: path.to_owned(), cipher: cipher.clone() }
    }

    /// Opens it, from what is on the disk.
    pub(super) fn open(&self) -> Result<Arc<Database>, OpenError> {
        file::open(&self.path, &self.cipher).map(Arc::new)
    }

    /// Whether the disk takes some more. What is written for it goes at once.
    pub(super) fn has_room(&self) -> bool {
        let path = beside(&self.path, "room");
        let tried = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![0; ROOM])?;
            file.sync_data()
        });
        // An error here: there is nothing to remove, or it is tried again.
        let _ = remove_file(&path);
        tried.is_ok()
    }

    /// A commit that changes nothing.
    pub(super) fn probe(&self, database: &Database) -> Result<(), redb::Error> {
        let write = database.begin_write()?;
        describe(&write, &self.cipher).map_err(|error| match error {
            OpenError::Database(error) => *error,
            other => redb::Error::Io(io::Error::other(other)),
        })?;
        write.commit()?;
        Ok(())
    }
}

impl Thread {
    /// Opens the database again and lets readers in, then writers once there is room. Returns when it serves, or the store is
    /// closed.
    pub(super) fn recover(&mut self, failed: Arc<Database>, mut outage: Outage) {
        let mut wait = MIN_RETRY_INTERVAL;
        if !self.let_go(failed, outage) {
            return;
        }
        loop {
            match self.recovery.open() {
                Ok(database) => match self.serve_again(database, outage, wait) {
                    Ok(()) => return,
                    Err(still) => outage = still,
                },
                Err(error) => tracing::warn!(%error, "the store's file cannot be opened again"),
            }
            if !self.refuse_for(wait, outage) {
                return;
            }
            wait = (wait * 2).min(MAX_RETRY_INTERVAL);
        }
    }

    /// Lets readers in, and writers once a commit works. An error: it has to be opened again.
    fn serve_again(&mut self, database: Arc<Database>, outage: Outage, wait: Duration) -> Result<(), Outage> {
        self.access.only_read(Arc::clone(&database), outage);
        loop {
            if !self.refuse_for(wait, outage) {
                return Ok(());
            }
            if self.recovery.has_room() {
                break;
            }
        }
        match self.recovery.probe(&database) {
            Ok(()) => {
                tracing::info!("the store's file works again");
                self.access.open(database);
                Ok(())
            }
            Err(error) => {
                let outage = outage_of(&error).unwrap_or(outage);
                self.access.take(outage);
                if self.let_go(database, outage) { Err(outage) } else { Ok(()) }
            }
        }
    }

    /// Closes a database that was taken away, once nobody reads from it: until then its file is locked. `false`: the store is
    /// closed meanwhile.
    fn let_go(&mut self, mut database: Arc<Database>, outage: Outage) -> bool {
        loop {
            database = match Arc::try_unwrap(database) {
                Ok(_last) => return true,
                Err(shared) => shared,
            };
            if !self.refuse_for(REFUSE_INTERVAL, outage) {
                return false;
            }
        }
    }

    /// Refuses what waits, for so long; `false` once the store is closed.
    fn refuse_for(&mut self, time: Duration, outage: Outage) -> bool {
        let end = Instant::now() + time;
        loop {
            match self.queue.try_recv() {
                Ok(Job::Change(_, answer)) => drop(answer.send(Err(refused(outage)))),
                Ok(Job::Probe) => {}
                Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) if Instant::now() >= end => return true,
                Err(TryRecvError::Empty) => park_timeout(REFUSE_INTERVAL),
            }
        }
    }
}

/// What kind of outage an error of the file is; `None` where the database still works.
pub(super) fn outage_of(error: &redb::Error) -> Option<Outage> {
    match error {
        redb::Error::Io(io) if is_full(io) => Some(Outage::Full),
        redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::Backend(_) => Some(Outage::Reopening),
        _ => None,
    }
}
