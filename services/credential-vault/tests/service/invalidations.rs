use std::time::{Duration, Instant};

use granary_credential::Kind;
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::internal::v1::watch_invalidations_response::Event;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use tokio::time::timeout;
use tonic::Streaming;

use crate::support::{Suite, Word, harvest_token, suite, with};

type Watch = Streaming<internal::WatchInvalidationsResponse>;

async fn watch(suite: &Suite) -> Watch {
    suite.brokers().watch_invalidations(internal::WatchInvalidationsRequest {}).await.unwrap().into_inner()
}

/// The events until the next heartbeat but one, so that everything announced so far is among them.
async fn announced(stream: &mut Watch, next: &mut u64) -> Vec<Event> {
    let (mut events, mut beats) = (Vec::new(), 0);
    while beats < 2 {
        let message = timeout(Duration::from_secs(3), stream.message()).await.unwrap().unwrap().unwrap();
        assert_eq!(message.sequence, *next, "no number is left out");
        *next += 1;
        match message.event.unwrap() {
            Event::Heartbeat(_) => beats += 1,
            other => events.push(other),
        }
    }
    events
}

#[tokio::test]
async fn every_change_is_announced_and_a_reading_is_not() {
    let suite = suite().await;
    let key = suite.operator.clone();
    suite.create(&key, "u").await;
    let text = suite.key("acme", &[Scope::TimeRead], &[]).await;
    let mut stream = watch(&suite).await;
    let mut next = 0;
    assert!(announced(&mut stream, &mut next).await.is_empty());

    let account = vec![Event::AccountChanged(internal::AccountChanged {
        tenant: "acme".into(),
        identifier: "u".into(),
    })];
    suite.put(&key, "u", harvest_token("one"), None).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);
    suite.put(&key, "u", harvest_token("two"), None).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);
    let kind = Kind::HarvestToken.into();
    let back =
        wire::RollbackCredentialRequest { identifier: "u".into(), kind, version: 1, expected_version: None };
    suite.vaults().rollback_credential(with(&key, back)).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);
    suite.disable(&key, "u").await;
    assert_eq!(announced(&mut stream, &mut next).await, account);
    let enable = wire::EnableConnectedAccountRequest { identifier: "u".into() };
    suite.vaults().enable_connected_account(with(&key, enable)).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);

    suite.get(&key, "u").await.unwrap();
    suite.ticket(&key, "u", crate::support::LOG_TIME).await.unwrap();
    suite.report(&key, "u", (Kind::HarvestToken, 3), Word::Accepted).await.unwrap();
    suite.report(&key, "u", (Kind::HarvestToken, 3), Word::Rejected).await.unwrap();
    suite.report(&key, "u", (Kind::HarvestToken, 3), Word::ProbeRejected).await.unwrap();
    assert!(announced(&mut stream, &mut next).await.is_empty());
    suite.report(&key, "u", (Kind::HarvestToken, 3), Word::ProbeRejected).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);
    suite.report(&key, "u", (Kind::HarvestToken, 3), Word::ProbeAccepted).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);

    suite.revoke(&key, "u", Kind::HarvestToken).await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);
    suite.delete(&key, "u").await.unwrap();
    assert_eq!(announced(&mut stream, &mut next).await, account);
    let request = wire::RevokeApiKeyRequest { key_id: text[4..16].into() };
    suite.admin().revoke_api_key(with(&key, request)).await.unwrap();
    let changed = Event::KeyChanged(internal::KeyChanged { key_id: text[4..16].into() });
    assert_eq!(announced(&mut stream, &mut next).await, vec![changed]);
}

#[tokio::test]
async fn an_announcement_comes_within_a_second_and_heartbeats_twice_in_one() {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    let mut stream = watch(&suite).await;
    let began = Instant::now();
    for _ in 0..4 {
        assert!(matches!(stream.message().await.unwrap().unwrap().event, Some(Event::Heartbeat(_))));
    }
    assert!((1_400..2_500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let began = Instant::now();
    suite.disable(&suite.operator, "u").await;
    while !matches!(stream.message().await.unwrap().unwrap().event, Some(Event::AccountChanged(_))) {}
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn streams_end_when_the_vault_closes() {
    let suite = suite().await;
    let mut stream = watch(&suite).await;
    assert!(stream.message().await.unwrap().is_some());
    suite.vault.close().await;
    let ended = timeout(Duration::from_secs(2), async { while let Ok(Some(_)) = stream.message().await {} });
    ended.await.unwrap();
}
