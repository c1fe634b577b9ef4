//! Typed requests with faults: they are told by field, and nothing is sent.
use granary_proto::granary::linkedin::v1::ScrapeProfileRequest;
use granary_rpc::Reason;
use tonic_types::StatusExt;

use crate::stub::Stub;
use crate::wire::reason;
use crate::{KEY, key, path, service};

#[tokio::test]
async fn a_profile_must_be_named_once_and_properly() {
    let url = |text: &str| ScrapeProfileRequest { profile_url: Some(text.to_owned()), ..Default::default() };
    let slug =
        |text: &str| ScrapeProfileRequest { public_identifier: Some(text.to_owned()), ..Default::default() };
    let cases = [
        ScrapeProfileRequest::default(),
        ScrapeProfileRequest { main: Some(true), ..Default::default() },
        ScrapeProfileRequest {
            profile_url: url("https://www.linkedin.com/in/someone").profile_url,
            ..slug("someone")
        },
        ScrapeProfileRequest { main: Some(true), find_email: Some(true), ..slug("someone") },
        url(""),
        url("someone"),
        url("www.linkedin.com/company/someone"),
        url("https://www.linkedin.com/in/some\u{200b}one"),
        url("https://www.linkedin.com/in/j%C3rgen"),
        url("ftp://www.linkedin.com/in/someone"),
        url("https://www.linkedin.com/company/someone"),
        url("https://www.linkedin.com/in/"),
        url("https://linkedin.com.elsewhere.example/in/someone"),
        url("https://elsewhere.example/in/someone"),
        url("https://user:password@www.linkedin.com/in/someone"),
        url("https://www.linkedin.com/in/some one"),
        url("https://www.linkedin.com/in/some\u{0}one"),
        url(&format!("https://www.linkedin.com/in/{}", "a".repeat(2_048))),
        slug(""),
        slug("some/one"),
        slug("some one"),
        slug("some\none"),
        slug("someone\u{200b}"),
        slug("j%25C3%25BCrgen"),
        slug("undefined"),
        slug(&"a".repeat(257)),
    ];
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    for request in cases {
        let outcome = service.send(&path("ScrapeProfile"), &key(KEY), &request, &[]).await;
        let status = match outcome {
            Ok(answered) => panic!("{request:?} was answered {}", answered.json),
            Err(status) => status,
        };
        assert_eq!(reason(&Err(status.clone())), Reason::InvalidInput, "{request:?}");
        assert!(!status.get_details_bad_request().unwrap().field_violations.is_empty(), "{request:?}");
        assert!(!status.message().contains("password@"));
    }
    assert!(upstream.seen().is_empty());
}
