//! Walks a tenant's accounts, a bounded number for each page.
use std::collections::VecDeque;

use granary_proto::granary::vault::v1::{AccountStatus, ConnectedAccount};
use granary_rpc::Error;

use super::{Accounts, KINDS, view};
use crate::documents::{Account, AccountState, Credential};
use crate::keys::pattern;
use crate::paths::{self, ACCOUNTS};
use crate::records::Records;
use crate::store::MAX_LIST;

/// Accounts that one page looks at, at most; a page whose filter lets fewer through is short.
const EXAMINED: usize = 1_000;
/// Accounts read in one go: their kinds are then at most [`MAX_LIST`] records.
const CHUNK: usize = MAX_LIST / KINDS.len();

/// Which accounts are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter<'a> {
    /// `None`: any.
    pub(crate) status: Option<AccountStatus>,
    /// The caller's own account patterns.
    pub(crate) patterns: &'a [String],
}

impl Accounts {
    /// A page of accounts after a position, with the position that the next page comes after.
    pub(crate) async fn page(
        &self,
        tenant: &str,
        filter: Filter<'_>,
        size: usize,
        after: Option<&str>,
    ) -> Result<(Vec<ConnectedAccount>, Option<String>), Error> {
        let mut walk = Walk::new(&self.records, tenant, after);
        let mut examined = 0;
        let most = (size * 4).min(EXAMINED).max(size);
        let mut shown = Vec::new();
        while shown.len() < size && examined < most {
            // Never more than fit, so that the position is always behind the last one shown.
            let chunk = walk.next((size - shown.len()).min(most - examined).min(CHUNK)).await?;
            if chunk.is_empty() {
                return Ok((shown, walk.position()));
            }
            examined += chunk.len();
            self.show_matching(chunk, filter, &mut shown).await?;
        }
        Ok((shown, walk.position()))
    }

    async fn show_matching(
        &self,
        folders: Vec<String>,
        filter: Filter<'_>,
        shown: &mut Vec<ConnectedAccount>,
    ) -> Result<(), Error> {
        let own: Vec<String> = folders.iter().map(|folder| paths::account(folder)).collect();
        let records = self.records.get_many::<Account>(&own).await?;
        let live: Vec<(String, Account)> = folders
            .into_iter()
            .zip(records)
            .filter_map(|(folder, record)| Some((folder, record?)))
            .filter(|(_, r)| {
                r.state() != AccountState::Deleting && pattern::any_covers(filter.patterns, &r.identifier)
            })
            .collect();
        let kinds = live.iter().flat_map(|(folder, r)| r.kinds().map(move |kind| paths::kind(folder, kind)));
        let mut kinds = self.records.get_many::<Credential>(&kinds.collect::<Vec<_>>()).await?.into_iter();
        for (_, record) in &live {
            let account = view(record, kinds.by_ref().take(record.kinds().count()));
            if filter.status.is_none_or(|status| status == account.status()) {
                shown.push(account);
            }
        }
        Ok(())
    }
}

/// Goes through the folders of a tenant in the order of their names.
struct Walk<'a> {
    records: &'a Records,
    root: String,
    /// The folder of three digits that is being read.
    bucket: Option<String>,
    /// The last account taken from it.
    last: Option<String>,
    /// Further folders, already listed.
    buckets: VecDeque<String>,
    /// Lists that may still be asked for.
    lists: usize,
    ended: bool,
}

impl<'a> Walk<'a> {
    fn new(records: &'a Records, tenant: &str, after: Option<&str>) -> Self {
        let (bucket, last) = match after.and_then(|position| position.split_once('/')) {
            Some((bucket, last)) => {
                (Some(bucket.to_owned()), Some(last.to_owned()).filter(|l| !l.is_empty()))
            }
            None => (None, None),
        };
        let root = format!("{ACCOUNTS}/{tenant}");
        Self { records, root, bucket, last, buckets: VecDeque::new(), lists: EXAMINED, ended: false }
    }

    /// The folders of up to `limit` further accounts. None: the end, or no more lists may be asked for.
    async fn next(&mut self, limit: usize) -> Result<Vec<String>, Error> {
        let mut folders = Vec::new();
        while folders.len() < limit && self.lists > 0 && !self.ended {
            self.lists -= 1;
            let Some(bucket) = &self.bucket else {
                self.advance().await?;
                continue;
            };
            let folder = format!("{}/{bucket}", self.root);
            let room = limit - folders.len();
            let names = self.records.store().list(&folder, self.last.as_deref(), room).await?;
            folders.extend(names.iter().map(|name| format!("{folder}/{name}")));
            if names.len() == room {
                self.last = names.last().cloned();
            } else {
                self.advance().await?;
            }
        }
        Ok(folders)
    }

    /// Goes to the next folder of three digits.
    async fn advance(&mut self) -> Result<(), Error> {
        if self.buckets.is_empty() {
            let names = self.records.store().list(&self.root, self.bucket.as_deref(), 64).await?;
            self.buckets.extend(names);
        }
        self.last = None;
        match self.buckets.pop_front() {
            Some(bucket) => self.bucket = Some(bucket),
            None => self.ended = true,
        }
        Ok(())
    }

    /// Behind the last account that was taken; none at the end.
    fn position(&self) -> Option<String> {
        let bucket = self.bucket.as_ref().filter(|_| !self.ended)?;
        Some(format!("{bucket}/{}", self.last.as_deref().unwrap_or_default()))
    }
}
