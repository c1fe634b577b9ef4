//! Versions that Vault kept of a record though it should keep one: somebody raised `max_versions` for a while.
use vaultrs::api::kv2::requests as kv2;

use super::fault::Fault;
use super::session::Session;

/// Destroys what a record held before, and returns how many versions that were; a fault with the operation that met it.
pub(crate) async fn destroy_old(
    session: &Session,
    mount: &str,
    path: &str,
) -> Result<u64, (&'static str, Fault)> {
    let ask = || kv2::ReadSecretMetadataRequest::builder().mount(mount).path(path).build().ok();
    let kept = match session.result("versions", true, ask).await {
        Ok(kept) => kept,
        Err(Fault::NotFound) => return Ok(0),
        Err(fault) => return Err(("versions", fault)),
    };
    let old: Vec<u64> = kept
        .versions
        .iter()
        .filter(|(_, version)| !version.destroyed)
        .filter_map(|(number, _)| number.parse().ok())
        .filter(|number| *number != kept.current_version)
        .collect();
    if old.is_empty() {
        return Ok(0);
    }
    let ask = || {
        kv2::DestroySecretVersionsRequest::builder()
            .mount(mount)
            .path(path)
            .versions(old.clone())
            .build()
            .ok()
    };
    session.done("destroy", true, ask).await.map_err(|fault| ("destroy", fault))?;
    Ok(old.len() as u64)
}
