//! What HarvestAPI says of the owner of a key. There is no envelope here, and no documented shape.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::Error;
use serde_json::Value;

use crate::answer::{self, Listed, item, rows};
use crate::envelope::Envelope;
use crate::page;
use crate::session::Session;

/// Whatever upstream says of the owner: the object itself is the answer.
pub(crate) async fn owner(session: &Session) -> Result<wire::GetMyApiUserResponse, Error> {
    let answer = session.send().await?;
    let envelope = session.succeeded(&answer).await?;
    let mut response: wire::GetMyApiUserResponse = item(session, Value::Object(envelope.rest));
    response.charge = (envelope.charge != Charge::default()).then_some(envelope.charge);
    response.warnings.extend(answer.warning());
    Ok(response)
}

/// The owner's pools: a bare list, or one inside an envelope.
pub(crate) async fn pools(session: &Session) -> Result<wire::GetPrivateAccountPoolsResponse, Error> {
    let answer = session.send().await?;
    let (list, envelope) = match answer.json() {
        Some(list @ Value::Array(_)) if (200..300).contains(&answer.status) => (list, Envelope::default()),
        _ => {
            let mut envelope = session.succeeded(&answer).await?;
            let names = ["elements", "pools", "data", "items"];
            let name = names.into_iter().find(|name| envelope.rest.get(*name).is_some_and(Value::is_array));
            let name = name.ok_or_else(|| session.unreadable("a list", Some(&envelope.charge)))?;
            (envelope.rest.shift_remove(name).unwrap_or_default(), envelope)
        }
    };
    let mut response: wire::GetPrivateAccountPoolsResponse = rows(session, list);
    let (info, _) = page::read(None, &session.asked(), response.rows());
    response.page_info = Some(info);
    answer::tell(&mut response, envelope, &answer);
    response.charge = response.charge.filter(|charge| *charge != Charge::default());
    Ok(response)
}
