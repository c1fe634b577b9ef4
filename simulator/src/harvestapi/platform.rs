//! What the service tells about itself; all of it is free.

use http::StatusCode;
use serde_json::json;

use super::ask::Ask;
use super::envelope::Envelope;
use super::errors::failure;
use super::key::Key;
use crate::kernel::reply::Reply;

/// Only the two balances are known from the real service.
pub(super) fn api_user(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let known = known(ask)?;
    let body = json!({
        "user": {
            "id": format!("sbx-user-{:04}", known.number),
            "email": format!("user-{:04}@example.com", known.number),
            "membershipTier": known.tier,
            "totalBalance": known.total,
            "createdAt": "2026-01-05T09:00:00.000Z",
        },
        "usage": {"balance": known.balance},
    });
    Err(Reply::json(StatusCode::OK, &body))
}

/// The accounts that a customer brought along.
pub(super) fn pools(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let number = known(ask)?.number;
    let body = json!([
        {"id": format!("sbx-pool-{number:04}-1"), "name": "Sandbox pool", "accounts_count": 3, "status": "active",
            "created_at": "2026-02-01T09:00:00Z"},
        {"id": format!("sbx-pool-{number:04}-2"), "name": "Idle pool", "accounts_count": 0, "status": "inactive",
            "created_at": "2026-02-02T09:00:00Z"},
    ]);
    Err(Reply::json(StatusCode::OK, &body))
}

pub(super) fn subscriptions(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let known = known(ask)?;
    let body = json!({"subscriptions": [{"membershipTier": known.tier, "status": "active"}]});
    Err(Reply::json(StatusCode::OK, &body))
}

pub(super) fn test(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(Envelope::element(ask.price, "test".to_owned(), &json!({"message": "It works"})))
}

fn known(ask: &Ask<'_>) -> Result<Key, Reply> {
    let key = ask.call.header("x-api-key").and_then(|key| ask.backend.keys.get(key));
    key.ok_or_else(|| failure(StatusCode::UNAUTHORIZED, None))
}
