//! Acting as one LinkedIn member, by cookie. No price is published for any of it, so that it is free here.

use serde_json::{Value, json};

use super::ask::Ask;
use super::envelope::Envelope;
use super::population::authors::Author;
use super::population::people::{self, Detail, Person};
use super::sessions::{Refusal, Session};
use crate::kernel::credentials::CredentialState;
use crate::kernel::reply::Reply;

/// Characters of a message.
const MAX_MESSAGE: usize = 8000;

/// A note may come along as `message`; the control port decides what becomes of it.
pub(super) fn send(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(acting(ask, |cookie| {
        let person = somebody(ask, "profile")?;
        let note = ask.value("message");
        let invite = |session: &mut Session, notes| session.invite(person.number(), note, notes);
        let id = ask.backend.sessions.with(cookie, invite)?;
        Ok(json!({"connectionId": format!("urn:li:fsd_invitation:{id}")}))
    }))
}

pub(super) fn sent(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(acting(ask, |cookie| {
        Ok(ask.backend.sessions.with(cookie, |session, _| {
            let me = Person::at(session.me);
            let rows = session.sent.iter().map(|row| {
                let person = Person::at(row.person);
                json!({
                    "invitationId": row.id.to_string(),
                    "firstName": person.first(),
                    "lastName": person.last(),
                    "inviterId": me.id(),
                    "sharedSecret": row.secret,
                })
            });
            json!({"sentInvitations": rows.collect::<Vec<_>>(), "myProfile": people::member(me)})
        }))
    }))
}

pub(super) fn received(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(acting(ask, |cookie| {
        Ok(ask.backend.sessions.with(cookie, |session, _| {
            let rows = session.received.iter().map(|row| {
                let person = Person::at(row.person);
                json!({
                    "invitationId": row.id.to_string(),
                    "invitationSenderId": person.id(),
                    "sharedSecret": row.secret,
                    "sender": people::member(person),
                })
            });
            let me = Person::at(session.me);
            let my_profile = json!({"id": me.id(), "firstName": me.first(), "lastName": me.last()});
            json!({"receivedInvitations": rows.collect::<Vec<_>>(), "myProfile": my_profile})
        }))
    }))
}

/// The invitation goes, and its sender becomes a contact.
pub(super) fn accept(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(acting(ask, |cookie| {
        let id = ask.value("invitationId").ok_or(Refusal(400, "invitationId is required"))?;
        let secret = ask.value("sharedSecret").ok_or(Refusal(400, "sharedSecret is required"))?;
        let accept = |session: &mut Session, _| session.accept(id, secret);
        let person = Person::at(ask.backend.sessions.with(cookie, accept)?);
        let urn = format!("urn:li:fsd_profile:{}", person.id());
        Ok(json!({
            "createdAt": ask.now.real,
            "connectedMember": urn,
            "entityUrn": format!("urn:li:fsd_connection:{}", person.id()),
            "*connectedMemberResolutionResult": urn,
        }))
    }))
}

/// Only contacts can be written to.
pub(super) fn message(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(acting(ask, |cookie| {
        let to = somebody(ask, "recipientProfile")?;
        let text = ask.call.param("message").filter(|text| !text.trim().is_empty());
        let text = text.ok_or(Refusal(400, "message is required"))?;
        if text.chars().count() > MAX_MESSAGE {
            return Err(Refusal(400, "message must have at most 8000 characters"));
        }
        let write =
            |session: &mut Session, _| Ok((session.write(to.number(), text)?, Person::at(session.me)));
        let (number, me) = ask.backend.sessions.with(cookie, write)?;
        let (thread, me) = (format!("2-sbx{:08}", me.number() * 10_000 + to.number()), me.id());
        let note = format!("{thread}-{number}");
        Ok(json!({
            "originToken": format!("00000000-0000-4000-8000-{number:012}"),
            "body": {"attributes": [], "text": text},
            "backendUrn": format!("urn:li:messagingMessage:{note}"),
            "conversationUrn": format!("urn:li:msg_conversation:(urn:li:fsd_profile:{me},{thread})"),
            "deliveredAt": ask.now.real,
            "renderContentUnions": [],
            "renderContentFallbackText": null,
            "entityUrn": format!("urn:li:msg_message:(urn:li:fsd_profile:{me},{note})"),
            "backendConversationUrn": format!("urn:li:messagingThread:{thread}"),
            "senderUrn": format!("urn:li:msg_messagingParticipant:urn:li:fsd_profile:{me}"),
        }))
    }))
}

pub(super) fn follow(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    Ok(acting(ask, |cookie| {
        let (_, wanted) =
            ask.first(&["targetUrl", "profile", "company"]).ok_or(Refusal(400, "targetUrl is required"))?;
        let author = Author::find(wanted).ok_or(Refusal(404, "Nobody is found there"))?;
        ask.backend.sessions.with(cookie, |session, _| session.follow(&author.url()))?;
        Ok(json!({"following": true, "targetUrl": author.url()}))
    }))
}

pub(super) fn my_profile(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let cookie = match admit(ask) {
        Ok(cookie) => cookie,
        Err(refusal) => return Ok(refused(ask, &refusal)),
    };
    let me = Person::at(ask.backend.sessions.with(cookie, |session, _| session.me));
    let detail = Detail { main: false, email: false, smtp: false, about: false };
    Ok(Envelope::written(ask.price, me.slug(), ask.backend.population.profile(me, detail, ask.now)))
}

/// Does something as the holder of the cookie.
fn acting<'a>(ask: &Ask<'a>, act: impl FnOnce(&'a str) -> Result<Value, Refusal>) -> Envelope {
    match admit(ask).and_then(act) {
        Ok(element) => Envelope::unnamed(ask.price, &element),
        Err(refusal) => refused(ask, &refusal),
    }
}

/// The cookie, if LinkedIn takes it.
fn admit<'a>(ask: &Ask<'a>) -> Result<&'a str, Refusal> {
    let cookie = ask.value("cookie").ok_or(Refusal(400, "cookie is required"))?;
    match ask.backend.cookies.get(cookie).map(|cookie| cookie.state) {
        Some(CredentialState::Active) => Ok(cookie),
        Some(CredentialState::Forbidden) => Err(Refusal(401, "LinkedIn session is blocked")),
        Some(CredentialState::Expired | CredentialState::Revoked) | None => {
            Err(Refusal(401, "LinkedIn session is not valid"))
        }
    }
}

fn somebody(ask: &Ask<'_>, name: &'static str) -> Result<Person, Refusal> {
    let missing = if name == "profile" { "profile is required" } else { "recipientProfile is required" };
    let wanted = ask.value(name).ok_or(Refusal(400, missing))?;
    Person::find(wanted).ok_or(Refusal(404, "Profile not found"))
}

fn refused(ask: &Ask<'_>, refusal: &Refusal) -> Envelope {
    Envelope::failure(ask.price, refusal.0, refusal.1)
}
