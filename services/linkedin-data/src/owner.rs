//! What HarvestAPI says of the owner of a key. There is no envelope here, and no documented shape.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::Error;

use crate::answer::{self, Listed, rows};
use crate::context::CallContext;
use crate::envelope::Envelope;
use crate::page;

/// The owner: the object itself is the answer. One that tells of nobody is none, whatever its status says.
pub(crate) async fn owner(context: &CallContext) -> Result<wire::GetMyApiUserResponse, Error> {
    let answer = context.send().await?;
    let envelope = context.succeeded(&answer).await?;
    let user = envelope.owner().ok_or_else(|| context.without("a user", &envelope, None))?;
    let mut response = wire::GetMyApiUserResponse { api_user: Some(user), ..Default::default() };
    response.charge = (envelope.charge != Charge::default()).then_some(envelope.charge);
    response.warnings.extend(answer.warning());
    Ok(response)
}

/// The owner's pools: a bare list, or one inside an envelope.
pub(crate) async fn pools(context: &CallContext) -> Result<wire::GetPrivateAccountPoolsResponse, Error> {
    let answer = context.send().await?;
    let bare = std::str::from_utf8(&answer.body).ok().map(str::trim).filter(|text| text.starts_with('['));
    let (list, envelope) = match bare {
        Some(list) if (200..300).contains(&answer.status) => (list, Envelope::default()),
        _ => {
            let mut envelope = context.succeeded(&answer).await?;
            let names = ["elements", "pools", "data", "items"];
            let holds = |name: &&str| envelope.rest.raw(name).is_some_and(|raw| raw.starts_with('['));
            let name = names.into_iter().find(holds);
            let list = name.and_then(|name| envelope.rest.remove(name));
            (list.ok_or_else(|| context.without("a list", &envelope, None))?, envelope)
        }
    };
    let unreadable = || context.unreadable("a list", Some(&envelope.charge));
    let mut response: wire::GetPrivateAccountPoolsResponse = rows(list).ok_or_else(unreadable)?;
    let (info, _) = page::read(None, &context.asked(), response.rows());
    response.page_info = Some(info);
    answer::tell(&mut response, envelope, &answer);
    response.charge = response.charge.filter(|charge| *charge != Charge::default());
    Ok(response)
}
