//! The state directory of `granary up`: the store, the keys and the simulator's data.
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use granary_server::{Limits, Peer};

use super::inner_server;
use super::lock::Lock;
use super::ports::Ports;
use crate::exit::Failure;
use crate::keyfile;
use crate::settings::Settings;

/// A state directory.
pub(super) struct StateDir {
    root: PathBuf,
}

const PEERS: [&str; 3] = ["broker", "harvest-time", "linkedin-data"];
const TICKETS: [&str; 2] = ["harvest-time", "linkedin-data"];

impl StateDir {
    /// The directory that was named, or the usual one. Nothing is made yet.
    pub(super) fn at(directory: Option<PathBuf>) -> Result<Self, Failure> {
        let root = directory.or_else(default_directory).ok_or_else(|| {
            Failure::configuration(
                "neither XDG_STATE_HOME nor HOME is set; say where to keep state with --state-dir DIR",
            )
        })?;
        Ok(Self { root })
    }

    /// Makes the directory where it does not exist.
    pub(super) fn make(&self) -> Result<(), Failure> {
        ["", "keys"].into_iter().try_for_each(|part| self.directory(part).map(|_| ()))
    }

    /// Makes the keys that do not exist.
    pub(super) fn make_keys(&self) -> Result<(), Failure> {
        let failed = |e| Failure::configuration(format!("cannot write keys to {}: {e}", self.root.display()));
        keyfile::key(&self.master_key()).map_err(failed)?;
        for process in TICKETS {
            keyfile::key(&self.ticket_key(process)).map_err(failed)?;
        }
        for peer in PEERS {
            keyfile::peer(&self.peer(peer)).map_err(failed)?;
        }
        Ok(())
    }

    /// The paths of the keys that do not exist.
    pub(super) fn missing_keys(&self) -> Vec<String> {
        let tickets = TICKETS.map(|process| self.ticket_key(process));
        let peers = PEERS.map(|peer| self.peer(peer));
        let all = tickets.into_iter().chain(peers).chain([self.master_key()]);
        all.filter(|path| !path.exists()).map(|path| path.display().to_string()).collect()
    }

    /// Keeps it from any other `granary up`, for as long as what is returned is there.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        Lock::take(&self.root)
    }

    /// A directory inside, made where it does not exist, open to its owner only.
    pub(super) fn directory(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = if name.is_empty() { self.root.clone() } else { self.root.join(name) };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|e| Failure::configuration(format!("cannot make {}: {e}", path.display())))?;
        Ok(path)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn master_key(&self) -> PathBuf {
        self.root.join("keys/master.key")
    }

    pub(super) fn peer(&self, name: &str) -> PathBuf {
        self.root.join(format!("keys/peer-{name}.key"))
    }

    fn ticket_key(&self, service: &str) -> PathBuf {
        self.root.join(format!("keys/ticket-{service}.key"))
    }

    /// Points the settings at this directory and these ports.
    pub(super) fn apply(&self, settings: &mut Settings, ports: &Ports) {
        let vault = &mut settings.credential_vault;
        vault.store_path = self.root.join("store.redb");
        vault.master_key_file = Some(self.master_key());
        vault.audit_file = Some(self.root.join("audit.jsonl"));
        vault.ticket_keys =
            TICKETS.iter().map(|process| ((*process).to_owned(), self.ticket_key(process))).collect();
        vault.public = inner_server(vault.public.clone(), ports.vault, None);
        vault.broker = inner_server(vault.broker.clone(), ports.broker, Some(self.peer("broker")));

        let harvest = &mut settings.harvest_time;
        harvest.ticket_key_file = self.ticket_key("harvest-time");
        harvest.server =
            inner_server(harvest.server.clone(), ports.harvest_time, Some(self.peer("harvest-time")));
        let linkedin = &mut settings.linkedin_data;
        linkedin.ticket_key_file = self.ticket_key("linkedin-data");
        linkedin.server =
            inner_server(linkedin.server.clone(), ports.linkedin_data, Some(self.peer("linkedin-data")));
        settings.gateway.listen.address.set_port(ports.gateway);
        let peer = |port: u16, peer: Option<&str>| {
            Peer::plain(format!("127.0.0.1:{port}"), peer.map(|name| self.peer(name)))
        };
        settings.gateway.credential_vault = peer(ports.vault, None);
        settings.gateway.broker = peer(ports.broker, Some("broker"));
        settings.gateway.harvest_time = peer(ports.harvest_time, Some("harvest-time"));
        settings.gateway.linkedin_data = peer(ports.linkedin_data, Some("linkedin-data"));
        // No balancer looks at a process by itself, so nobody is waited for at its end.
        for limits in [
            &mut vault.public.limits,
            &mut vault.broker.limits,
            &mut harvest.server.limits,
            &mut linkedin.server.limits,
            &mut settings.gateway.limits,
        ] {
            if limits.lame_duck_ms == Limits::default().lame_duck_ms {
                limits.lame_duck_ms = 0;
            }
        }
    }
}

fn default_directory() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|d| d.join("granary"))
}
