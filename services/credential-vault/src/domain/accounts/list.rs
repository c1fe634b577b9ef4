//! Walks a tenant's accounts, a bounded number for each page.
use std::collections::VecDeque;

use granary_proto::granary::vault::v1::{AccountStatus, ConnectedAccount};
use granary_rpc::Error;
use granary_store::MAX_LIST;

use super::{Accounts, KINDS, view};
use crate::domain::documents::{Account, AccountState, Credential};
use crate::domain::keys::pattern;
use crate::domain::paths::{self, ACCOUNTS};
use crate::domain::records::Records;

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
    /// Whether the next number was tried, and had nothing so far.
    guessed: bool,
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
        Self {
            records,
            root,
            bucket,
            last,
            buckets: VecDeque::new(),
            guessed: false,
            lists: EXAMINED,
            ended: false,
        }
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
            // A guess that was right allows another one.
            self.guessed &= names.is_empty();
            folders.extend(names.iter().map(|name| format!("{folder}/{name}")));
            if names.len() == room {
                self.last = names.last().cloned();
            } else {
                self.advance().await?;
            }
        }
        Ok(folders)
    }

    /// Goes to the next folder of three digits: the one whose number comes next, and where that has nothing, the next that
    /// has. The list of all folders is long where a tenant has many accounts, and there the next number nearly always does.
    async fn advance(&mut self) -> Result<(), Error> {
        self.last = None;
        if self.buckets.is_empty() && !self.guessed {
            self.guessed = true;
            self.bucket = following(self.bucket.as_deref());
            self.ended = self.bucket.is_none();
            return Ok(());
        }
        if self.buckets.is_empty() {
            let names = self.records.store().list(&self.root, self.bucket.as_deref(), 64).await?;
            self.buckets.extend(names);
        }
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

/// The name of the folder of three digits after this one; the first after none.
fn following(bucket: Option<&str>) -> Option<String> {
    let next = bucket.map_or(Some(0), |name| u16::from_str_radix(name, 16).ok()?.checked_add(1))?;
    (next < 4_096).then(|| format!("{next:03x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use granary_credential::Key;
    use proptest::prelude::*;

    use super::*;
    use granary_store::{Embedded, Expect};

    /// The folders that pages of this size go through, each page by itself as it comes from a token.
    async fn walked(records: &Records, size: usize) -> Vec<String> {
        let (mut folders, mut after) = (Vec::new(), None);
        loop {
            let mut walk = Walk::new(records, "acme", after.as_deref());
            folders.extend(walk.next(size).await.unwrap());
            after = walk.position();
            if after.is_none() {
                return folders;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn every_folder_is_walked_once_and_in_order(
            // Side by side, far apart, and at both ends.
            places in prop::collection::btree_set((prop_oneof![0..6_u16, 0..4_096_u16, 4_090..4_096_u16], 0..4_u8), 0..40),
            size in 1..20_usize,
        ) {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let dir = tempfile::tempdir().unwrap();
            let store = Embedded::open(&dir.path().join("store"), &Key::random()).unwrap();
            let records = Records::new(Arc::new(store));
            let folders: BTreeSet<String> =
                places.iter().map(|(bucket, name)| format!("{ACCOUNTS}/acme/{bucket:03x}/{name}")).collect();
            let seen = runtime.block_on(async {
                for folder in &folders {
                    records.store().put(&paths::account(folder), Vec::new(), Expect::Absent).await.unwrap();
                }
                walked(&records, size).await
            });
            prop_assert_eq!(seen, folders.into_iter().collect::<Vec<_>>());
        }
    }
}
