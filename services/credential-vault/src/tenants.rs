//! Tenants: a name and when it came to be.
use granary_proto::granary::vault::v1::Tenant;
use granary_rpc::{Error, Reason, Violation};

use crate::documents;
use crate::paths;
use crate::records::Records;
use crate::time::{now_ms, timestamp};

#[derive(Clone, Debug)]
pub(crate) struct Tenants {
    records: Records,
}

impl Tenants {
    pub(crate) fn new(records: Records) -> Self {
        Self { records }
    }

    /// Creates a tenant, or says that there is one of that name.
    pub(crate) async fn create(&self, name: &str) -> Result<Tenant, Error> {
        let document = documents::Tenant { name: name.to_owned(), create_ms: now_ms(), write_id: Vec::new() };
        if self.records.create(&paths::tenant(name), document.clone()).await? {
            return Ok(view(document));
        }
        Err(Error::new(Reason::AlreadyExists, format!("a tenant named {name} exists")).with("tenant", name))
    }

    pub(crate) async fn must_exist(&self, name: &str) -> Result<(), Error> {
        let found: Option<documents::Tenant> = self.records.get(&paths::tenant(name)).await?;
        let missing =
            || Error::new(Reason::NotFound, format!("there is no tenant named {name}")).with("tenant", name);
        found.map(drop).ok_or_else(missing)
    }

    /// A page of tenants after a name, with the name that the next page comes after.
    pub(crate) async fn page(
        &self,
        after: Option<&str>,
        size: usize,
    ) -> Result<(Vec<Tenant>, Option<String>), Error> {
        let names = self.records.store().list(paths::TENANTS, after, size).await?;
        let all: Vec<String> = names.iter().map(|name| paths::tenant(name)).collect();
        let found = self.records.get_many::<documents::Tenant>(&all).await?;
        let next = if names.len() == size { names.last().cloned() } else { None };
        Ok((found.into_iter().flatten().map(view).collect(), next))
    }
}

/// Checks the name of a tenant.
pub(crate) fn parse_name(field: &str, name: &str, faults: &mut Vec<Violation>) {
    if !paths::valid_tenant(name) {
        faults.push(Violation {
            field: field.to_owned(),
            description: "must be 1 to 63 characters of a–z, 0–9 and \"-\"".to_owned(),
        });
    }
}

fn view(document: documents::Tenant) -> Tenant {
    Tenant { name: document.name, create_time: timestamp(document.create_ms) }
}
