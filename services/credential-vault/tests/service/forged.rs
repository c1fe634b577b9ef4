//! Principal tokens by whoever has the key that mints them: the stored API key decides, and no token lasts.
use std::time::{SystemTime, UNIX_EPOCH};

use granary_credential::{Key, principal};
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::policy::v1::Scope;
use granary_rpc::Reason;
use granary_store::{Context, Store};
use prost::Message;

use crate::support::{LOG_TIME, Suite, harvest_token, key_id, reason, suite};

/// The part of a system key's record in which its value lies.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(bytes = "vec", tag = "1")]
    sealed: Vec<u8>,
}

impl Suite {
    /// The key that mints principal tokens, by way of the store and its master key.
    async fn minting_key(&self) -> Key {
        let record = self.store.get("system/principal").await.unwrap().unwrap();
        let sealed = Record::decode(record.data.as_slice()).unwrap().sealed;
        let plain = self.store.open(&Context::system("principal"), &sealed).await.unwrap();
        Key::from_bytes(plain.as_slice().try_into().unwrap())
    }

    async fn issue(&self, token: Vec<u8>) -> Result<(), Reason> {
        let request = internal::IssueTicketRequest {
            principal_token: token,
            identifier: "u".into(),
            method: LOG_TIME.into(),
        };
        match self.brokers().issue_ticket(request).await {
            Ok(_) => Ok(()),
            Err(status) => Err(reason::<()>(Err(status))),
        }
    }
}

fn seconds_from_now(seconds: i64) -> Option<prost_types::Timestamp> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Some(prost_types::Timestamp { seconds: i64::try_from(now).unwrap() + seconds, nanos: 0 })
}

#[tokio::test]
async fn a_forged_principal_gains_nothing_that_its_key_does_not_hold() {
    let suite = suite().await;
    let minting = suite.minting_key().await;
    suite.create(&suite.operator, "u").await;
    suite.put(&suite.operator, "u", harvest_token("canary"), None).await.unwrap();
    let strong = internal::Principal {
        tenant: "acme".into(),
        key_id: key_id(&suite.operator),
        scopes: vec![Scope::TimeWrite.into()],
        expire_time: seconds_from_now(50),
        ..internal::Principal::default()
    };
    assert_eq!(suite.issue(principal::mint(&minting, &strong)).await, Ok(()));

    // Scopes and patterns of a weak key are those that are stored.
    let reads = suite.key("acme", &[Scope::TimeRead], &[]).await;
    let other = suite.key("acme", &[Scope::TimeWrite], &["v*"]).await;
    for (text, refused) in [(reads, Reason::ScopeMissing), (other, Reason::AccountNotAllowed)] {
        let forged = internal::Principal { key_id: key_id(&text), ..strong.clone() };
        assert_eq!(suite.issue(principal::mint(&minting, &forged)).await, Err(refused));
    }
    // A key of another tenant reaches that tenant alone.
    let evil = suite.tenant("evil").await;
    let forged = internal::Principal { key_id: key_id(&evil), ..strong.clone() };
    assert_eq!(suite.issue(principal::mint(&minting, &forged)).await, Err(Reason::PeerRefused));
    let unknown = internal::Principal { key_id: "AAAAAAAAAAAA".into(), ..strong.clone() };
    assert_eq!(suite.issue(principal::mint(&minting, &unknown)).await, Err(Reason::ApiKeyInvalid));
    // And no token lasts.
    let lasting = internal::Principal { expire_time: seconds_from_now(120), ..strong };
    assert_eq!(suite.issue(principal::mint(&minting, &lasting)).await, Err(Reason::PeerRefused));
}
