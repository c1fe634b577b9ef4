//! Tenants: a name, when it came to be, and how much of a gateway it may use.
use granary_proto::granary::vault::v1::{Tenant, TenantLimits};
use granary_rpc::{Error, Reason, Violation};

use crate::domain::documents;
use crate::domain::paths;
use crate::domain::records::{Decision, Records};
use crate::domain::time::{now_ms, timestamp};

/// Highest value of a limit.
const MAX_LIMIT: i32 = 1_000_000;

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
        let document =
            documents::Tenant { name: name.to_owned(), create_ms: now_ms(), ..documents::Tenant::default() };
        if self.records.create(&paths::tenant(name), document.clone()).await? {
            return Ok(view(document));
        }
        Err(Error::new(Reason::AlreadyExists, format!("a tenant named {name} exists")).with("tenant", name))
    }

    pub(crate) async fn must_exist(&self, name: &str) -> Result<(), Error> {
        let found: Option<documents::Tenant> = self.records.get(&paths::tenant(name)).await?;
        found.map(drop).ok_or_else(|| missing(name))
    }

    /// Replaces the limits of a tenant.
    pub(crate) async fn set_limits(&self, name: &str, limits: TenantLimits) -> Result<Tenant, Error> {
        let limits = Some(limits).filter(|limits| *limits != TenantLimits::default());
        self.records
            .change(&paths::tenant(name), |current: Option<documents::Tenant>| {
                let mut tenant = current.ok_or_else(|| missing(name))?;
                if tenant.limits == limits {
                    return Ok(Decision::Keep(tenant));
                }
                tenant.limits = limits;
                Ok(Decision::Write(tenant.clone(), tenant))
            })
            .await
            .map(view)
    }

    /// The limits of a tenant. They are read anew each time: a gateway that heard of a change may ask any replica.
    pub(crate) async fn limits(&self, name: &str) -> Result<Option<TenantLimits>, Error> {
        let found: Option<documents::Tenant> = self.records.get(&paths::tenant(name)).await?;
        Ok(found.and_then(|tenant| tenant.limits))
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

/// Checks limits as they came in a request.
pub(crate) fn parse_limits(limits: Option<TenantLimits>, faults: &mut Vec<Violation>) -> TenantLimits {
    let limits = limits.unwrap_or_default();
    for (name, value) in [
        ("max_calls", limits.max_calls),
        ("max_calls_per_key", limits.max_calls_per_key),
        ("max_streams", limits.max_streams),
    ] {
        if value.is_some_and(|value| !(1..=MAX_LIMIT).contains(&value)) {
            let description = "must be 1 to 1,000,000, or unset".to_owned();
            faults.push(Violation { field: format!("limits.{name}"), description });
        }
    }
    limits
}

fn missing(name: &str) -> Error {
    Error::new(Reason::NotFound, format!("there is no tenant named {name}")).with("tenant", name)
}

fn view(document: documents::Tenant) -> Tenant {
    let documents::Tenant { name, create_ms, limits, .. } = document;
    Tenant { name, create_time: timestamp(create_ms), limits }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn a_record_from_before_tenants_had_limits_reads() {
        // name = "acme", create_ms = 7, write_id = [1, 2]
        let old = b"\x0a\x04acme\x10\x07\x7a\x02\x01\x02";
        let document = documents::Tenant::decode(old.as_slice()).unwrap();
        assert_eq!((document.limits, document.write_id.as_slice()), (None, [1, 2].as_slice()));
        let shown = view(document);
        assert_eq!((shown.name.as_str(), shown.limits), ("acme", None));
    }
}
