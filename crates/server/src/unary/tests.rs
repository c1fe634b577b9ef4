//! Requests of one message, however they arrive.
use std::collections::VecDeque;

use granary_rpc::error::reason_of;
use http_body_util::BodyExt;

use super::*;

/// Frames that arrive one by one.
struct Frames(VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

fn body(parts: &[&[u8]], limit: usize) -> Unary<Frames> {
    let data = |part: &&[u8]| Frame::data(Bytes::copy_from_slice(part));
    Unary::new(Frames(parts.iter().map(data).collect()), limit)
}

fn message(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    [&[0], length.as_slice(), text].concat()
}

async fn refused(parts: &[&[u8]], limit: usize) -> Reason {
    let error = body(parts, limit).collect().await.unwrap_err();
    reason_of(error.downcast_ref::<Status>().unwrap()).unwrap()
}

#[tokio::test]
async fn a_message_passes_however_it_is_cut() {
    for text in [&b""[..], b"x", b"hello, world", &[7; 1000]] {
        let sent = message(text);
        for piece in [1, 2, 3, 5, 7, 1000, 2000] {
            let parts: Vec<&[u8]> = sent.chunks(piece).flat_map(|part| [part, &[]]).collect();
            let body = body(&parts, 1000);
            assert!(!body.is_end_stream());
            let arrived = body.collect().await.unwrap().to_bytes();
            assert_eq!(arrived, sent, "{} bytes in pieces of {piece}", text.len());
        }
    }
    assert!(
        body(&[], 10).collect().await.unwrap().to_bytes().is_empty(),
        "no message is for others to refuse"
    );
}

#[tokio::test]
async fn a_message_is_handed_on_once_it_is_there() {
    let sent = message(&[1; 100]);
    let mut body = body(&[&sent[..50], &sent[50..104]], 100);
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!(reason_of(error.downcast_ref::<Status>().unwrap()), Some(Reason::InvalidInput), "cut off");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn an_announced_length_reserves_nothing_and_one_above_the_limit_is_refused_at_once() {
    let mut body = body(&[&[0, 0, 64, 0, 0], &[0; 100]], 4 << 20);
    assert!(body.frame().await.unwrap().is_err(), "the rest never came");
    let mut waiting = Unary::new(Frames(VecDeque::new()), 4 << 20);
    assert!(waiting.take(Bytes::from_static(&[0, 0, 64, 0, 0])).unwrap().is_none());
    assert!(waiting.take(Bytes::from_static(&[0; 100])).unwrap().is_none());
    assert!(waiting.gathered.capacity() <= 200, "{}", waiting.gathered.capacity());

    assert_eq!(refused(&[&[0, 255, 255, 255, 255]], 4 << 20).await, Reason::LimitExceeded);
    assert_eq!(refused(&[&[0], &[0, 0], &[0, 11]], 10).await, Reason::LimitExceeded);
}

#[tokio::test]
async fn a_second_message_is_refused() {
    let one = message(b"one");
    let two = [one.clone(), message(b"two")].concat();
    assert_eq!(refused(&[&two], 10).await, Reason::InvalidInput);
    assert_eq!(refused(&[&one, &one], 10).await, Reason::InvalidInput);
    assert_eq!(refused(&[&two[..2], &two[2..12], &two[12..]], 10).await, Reason::InvalidInput);
    assert_eq!(refused(&[&one, &[0]], 10).await, Reason::InvalidInput);
}

#[tokio::test]
async fn a_service_answers_with_the_reason_why_a_message_was_refused() {
    use tower::Service;
    let (_health, mut service) = crate::health::Health::new(&[]).await;
    let one = message(b"");
    for (parts, reason) in [
        (&[&one[..]][..], None),
        (&[&[0, 255, 255, 255, 255][..]], Some(Reason::LimitExceeded)),
        (&[&one, &one], Some(Reason::InvalidInput)),
        (&[&[0, 0, 0, 0, 3, 10]], Some(Reason::InvalidInput)),
    ] {
        let body = tonic::body::Body::new(body(parts, 100));
        let request = http::Request::post("/grpc.health.v1.Health/Check").body(body).unwrap();
        let answer = service.call(request).await.unwrap();
        let status = Status::from_header_map(answer.headers());
        assert_eq!(status.as_ref().and_then(reason_of), reason, "{status:?}");
    }
}

#[tokio::test]
async fn trailers_pass_behind_a_whole_message_only() {
    let trailers = || Frame::trailers(http::HeaderMap::new());
    let whole = Frames(VecDeque::from([Frame::data(Bytes::from(message(b"x"))), trailers()]));
    let collected = Unary::new(whole, 10).collect().await.unwrap();
    assert!(collected.trailers().is_some());
    let cut = Frames(VecDeque::from([Frame::data(Bytes::from_static(&[0, 0])), trailers()]));
    assert!(Unary::new(cut, 10).collect().await.is_err());
}
