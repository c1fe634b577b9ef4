//! Acting as a member, by cookie.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

struct Member<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Member<'a> {
    async fn new(world: &'a World, at: usize) -> Self {
        let listing = world.control(Method::GET, "/credentials", None).await.json();
        Self { world, cookie: listing["li_at"][at].as_str().unwrap().to_owned() }
    }

    async fn call(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/linkedin/{path}", self.world.sandbox.harvestapi_url());
        let mut url = reqwest::Url::parse(&url).unwrap();
        url.query_pairs_mut().append_pair("cookie", &self.cookie).extend_pairs(query);
        let answer = Answer::of(
            self.world.client.request(method, url).header("X-API-Key", &self.world.key).send().await.unwrap(),
        )
        .await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert!(body.get("cost").is_none() && body["payments"] == json!([]), "no price is published");
        assert!(!answer.text.contains(&self.cookie), "the cookie came back");
        body
    }

    async fn post(&self, path: &str, query: &[(&str, &str)]) -> Value {
        self.call(Method::POST, path, query).await
    }

    async fn sent(&self) -> Vec<Value> {
        let body = self.call(Method::GET, "sent-connections", &[]).await;
        body["element"]["sentInvitations"].as_array().unwrap().clone()
    }

    async fn received(&self) -> Vec<Value> {
        let body = self.call(Method::GET, "received-connections", &[]).await;
        body["element"]["receivedInvitations"].as_array().unwrap().clone()
    }

    async fn state(&self) -> Value {
        self.world.control(Method::GET, &format!("/connections?li_at={}", self.cookie), None).await.json()
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap()
}

#[tokio::test]
async fn an_accepted_invitation_becomes_a_contact_who_can_be_written_to() {
    let world = World::new().await;
    let member = Member::new(&world, 0).await;
    let received = member.received().await;
    assert_eq!(received.len(), 3);
    let (first, other) = (&received[0], &received[1]);
    let sender = text(&first["sender"], "linkedinUrl");
    let hello = [("recipientProfile", sender), ("message", "Hello & welcome: 100 %")];
    let refused = member.post("send-message", &hello).await;
    assert_eq!((&refused["status"], &refused["element"]), (&json!(400), &Value::Null));

    let with = |secret| [("invitationId", text(first, "invitationId")), ("sharedSecret", secret)];
    for wrong in ["wrong", text(other, "sharedSecret")] {
        assert_eq!(member.post("accept-connection", &with(wrong)).await["status"], 400, "{wrong}");
    }
    assert_eq!(member.received().await.len(), 3);
    let accepted = member.post("accept-connection", &with(text(first, "sharedSecret"))).await;
    assert!(accepted["element"]["createdAt"].is_i64());
    assert_eq!(
        accepted["element"]["connectedMember"],
        format!("urn:li:fsd_profile:{}", text(first, "invitationSenderId"))
    );
    assert_eq!(member.received().await, received[1..]);
    assert_eq!(member.post("accept-connection", &with(text(first, "sharedSecret"))).await["status"], 404);

    let delivered = member.post("send-message", &hello).await;
    assert_eq!(delivered["element"]["body"], json!({"attributes": [], "text": "Hello & welcome: 100 %"}));
    assert!(delivered["element"]["deliveredAt"].is_i64());
    let state = member.state().await;
    assert_eq!(
        state["messages"],
        json!([{"profile": text(&first["sender"], "publicIdentifier"), "text": "Hello & welcome: 100 %"}])
    );
    assert!(state["contacts"].as_array().unwrap().contains(&first["sender"]["publicIdentifier"]));
    for missing in [
        &[("message", "x")][..],
        &[("recipientProfile", "rowan-fixture-fx0003")],
        &[("recipientProfile", "nobody-fx9999"), ("message", "x")],
    ] {
        assert!(member.post("send-message", missing).await["status"].as_u64().unwrap() >= 400);
    }
    // Everybody knows some people from the start.
    assert_eq!(
        member.post("send-message", &[("recipientProfile", "person-0003"), ("message", "x")]).await["status"],
        200
    );
}

#[tokio::test]
async fn an_invitation_that_was_sent_is_listed_and_sent_once() {
    let world = World::new().await;
    let (member, other) = (Member::new(&world, 0).await, Member::new(&world, 1).await);
    let before = member.sent().await;
    let sent =
        member.post("send-connection", &[("profile", "https://www.linkedin.com/in/person-0042/")]).await;
    let id = text(&sent["element"], "connectionId").rsplit(':').next().unwrap().to_owned();
    let after = member.sent().await;
    assert_eq!((after.len(), text(&after[2], "invitationId")), (before.len() + 1, id.as_str()));
    let mine = member.call(Method::GET, "my-profile", &[]).await["element"].clone();
    assert_eq!(after[2]["inviterId"], mine["id"]);
    for (profile, status) in [
        ("person-0042", 409),
        ("rowan-fixture-fx0003", 409),
        ("quinn-testwell-fx0002", 409),
        ("nobody-fx9999", 404),
        (text(&mine, "publicIdentifier"), 400),
    ] {
        assert_eq!(
            member.post("send-connection", &[("profile", profile)]).await["status"],
            status,
            "{profile}"
        );
    }
    assert_eq!(member.post("send-connection", &[]).await["status"], 400);
    assert_eq!(member.sent().await.len(), before.len() + 1);
    assert!(other.sent().await.iter().all(|row| !after.contains(row)), "sessions share nothing");
    world.control(Method::POST, "/reset", None).await;
    assert_eq!(member.sent().await, before);
}

#[tokio::test]
async fn a_note_is_kept_or_ignored_as_the_control_port_says() {
    let world = World::new().await;
    let member = Member::new(&world, 0).await;
    let long = "x".repeat(301);
    assert_eq!(
        member.post("send-connection", &[("profile", "person-0050"), ("message", &long)]).await["status"],
        400
    );
    member.post("send-connection", &[("profile", "person-0050"), ("message", "Hello there")]).await;
    let switch = async |to: &str| {
        world.control(Method::POST, "/connections", Some(json!({"connection_notes": to}))).await
    };
    assert_eq!(switch("ignored").await.json(), json!({"connection_notes": "ignored"}));
    assert_eq!(
        member.post("send-connection", &[("profile", "person-0051"), ("message", &long)]).await["status"],
        200
    );
    let state = member.state().await;
    let notes: Vec<_> = state["sent"].as_array().unwrap().iter().map(|row| row["note"].clone()).collect();
    assert_eq!(notes[2..], [json!("Hello there"), Value::Null]);
    assert_eq!(switch("lost").await.status, 400);
    assert_eq!(
        world.control(Method::GET, "/connections", None).await.json(),
        json!({"connection_notes": "ignored"})
    );
    assert_eq!(world.control(Method::GET, "/connections?li_at=nobody", None).await.status, 404);
}

#[tokio::test]
async fn a_cookie_that_linkedin_does_not_take_is_an_authentication_error() {
    let world = World::new().await;
    let member = Member::new(&world, 0).await;
    for state in ["expired", "revoked", "forbidden"] {
        world.set(json!({"li_at": member.cookie, "state": state})).await;
        for path in ["sent-connections", "received-connections", "my-profile"] {
            let body = member.call(Method::GET, path, &[]).await;
            assert_eq!((&body["status"], &body["element"]), (&json!(401), &Value::Null), "{state} {path}");
            assert!(body["error"].as_str().unwrap().starts_with("LinkedIn session is "));
        }
        assert_eq!(member.post("send-connection", &[("profile", "person-0042")]).await["status"], 401);
        assert_eq!(
            member.post("send-message", &[("recipientProfile", "person-0001"), ("message", "x")]).await["status"],
            401
        );
    }
    world.set(json!({"li_at": member.cookie, "state": "active"})).await;
    assert_eq!(member.sent().await.len(), 2);
    let unknown = Member { world: &world, cookie: "nobody".to_owned() };
    assert_eq!(unknown.call(Method::GET, "sent-connections", &[]).await["status"], 401);
    let bare = world.linkedin("/linkedin/sent-connections").await.json();
    assert_eq!(bare["status"], 400);
    // A good cookie does not stand in for a key, and the journal tells both.
    let path = format!("/linkedin/sent-connections?cookie={}&userAgent=x", member.cookie);
    let refused = world.linkedin_as("wrong-key", &path).await;
    assert_eq!((refused.status, refused.json()), (401, json!({"error": {"error": "Invalid API key"}})));
    let last = world.journal(0).await.pop().unwrap();
    assert_eq!((&last["path"], &last["credentials"]), (&json!(path), &json!(["wrong-key", member.cookie])));
    assert_eq!(last["status"], 401);
}

#[tokio::test]
async fn what_was_done_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let world = World::kept_in(folder.path()).await;
        let member = Member::new(&world, 0).await;
        member.post("send-connection", &[("profile", "person-0042"), ("message", "Hello")]).await;
        member
            .post("follow", &[("targetUrl", "https://www.linkedin.com/company/examplio-robotics-fx")])
            .await;
        let state = member.state().await;
        world.sandbox.shutdown().await;
        state
    };
    let world = World::kept_in(folder.path()).await;
    let after = Member::new(&world, 0).await.state().await;
    assert_eq!(after, before);
    assert_eq!(after["following"], json!(["https://www.linkedin.com/company/examplio-robotics-fx/"]));
}
