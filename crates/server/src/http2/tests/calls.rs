//! Calls, from their beginning to their end.
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::timeout;

use super::*;
use crate::http2::coalesce::Coalesce;

#[tokio::test]
async fn bodies_larger_than_the_windows_pass_both_ways_with_their_trailers() {
    let (address, _end, _served) = served(0, Limits::default(), echo);
    let part = |n: u8| Frame::data(Bytes::from(vec![n; 100_000]));
    let mut trailers = HeaderMap::new();
    trailers.insert("last", "word".parse().unwrap());
    let mut frames: Vec<Result<_, Infallible>> = (0..30).map(|n| Ok(part(n))).collect();
    frames.push(Ok(Frame::trailers(trailers.clone())));
    let pool = pool(&[address]);
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let answer = pool.send(post(&pool), body).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(answer.trailers(), Some(&trailers));
    let expected: Vec<u8> = (0..30).flat_map(|n| vec![n; 100_000]).collect();
    assert_eq!(answer.to_bytes(), expected);
}

#[tokio::test]
async fn calls_past_the_limit_of_streams_wait_and_may_be_given_up() {
    let (address, _end, _served) = served(0, Limits { max_streams: 2, ..Limits::default() }, slow);
    let pool = pool(&[address]);
    // The limit is known once the connection is made.
    ask(&pool, "first").await.unwrap();
    let calls = (0..20).map(|n: u32| {
        let pool = pool.clone();
        tokio::spawn(async move {
            // Every third one gives up while it waits or while it is answered.
            let hasty = n.is_multiple_of(3);
            let patience =
                if hasty { WORK_DELAY + Duration::from_millis(u64::from(n)) } else { WORK_DELAY * 100 };
            timeout(patience, ask(&pool, &n.to_string())).await.map(|answer| (n, answer.unwrap()))
        })
    });
    for (n, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        match call.await.unwrap() {
            Ok((n, answer)) => assert_eq!(answer, n.to_string()),
            Err(_) => assert_eq!(n % 3, 0, "call {n} was never answered"),
        }
    }
    assert_eq!(ask(&pool, "last").await.unwrap(), "last");
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_at_the_service() {
    struct Under(Arc<AtomicUsize>);
    impl Drop for Under {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let under_way = Arc::new(AtomicUsize::new(0));
    let counted = under_way.clone();
    let (address, _end, _served) = served(0, Limits::default(), move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        let under = Under(counted.clone());
        async move {
            sleep(Duration::from_secs(60)).await;
            drop(under);
            echo(request).await
        }
    });
    let pool = pool(&[address]);
    assert!(timeout(Duration::from_millis(200), ask(&pool, "")).await.is_err());
    let ended = async {
        while under_way.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), ended).await.unwrap();
}

#[tokio::test]
async fn calls_in_flight_finish_at_the_end_and_the_next_one_finds_a_new_connection() {
    let (address, end, serving) = served(0, Limits::default(), slow);
    let pool = pool(&[address]);
    ask(&pool, "first").await.unwrap();
    let in_flight = tokio::spawn({
        let pool = pool.clone();
        async move { ask(&pool, "in flight").await.unwrap() }
    });
    sleep(WORK_DELAY / 2).await;
    end.cancel();
    assert_eq!(in_flight.await.unwrap(), "in flight");
    serving.await.unwrap().unwrap();
    assert!(matches!(ask(&pool, "nobody").await, Err(Error::Connect(_))));
    let (_, _end, _served) = served(address.port(), Limits::default(), echo);
    assert_eq!(ask(&pool, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn a_peer_that_says_nothing_any_more_is_given_up() {
    let (near, far) = tokio::io::duplex(1 << 16);
    let near = Coalesce::new(near);
    let signs = near.signs();
    let (_sender, mut connection) = h2::client::handshake(near).await.unwrap();
    let pings = connection.ping_pong().unwrap();
    let _driven = tokio::spawn(connection);
    let mut server = h2::server::handshake(far).await.unwrap();
    let heard =
        tokio::spawn(keepalive::silence(pings, signs, Duration::from_millis(10), Duration::from_secs(1)));
    // It answers as long as it is looked at.
    assert!(timeout(Duration::from_millis(200), server.accept()).await.is_err());
    assert!(!heard.is_finished());
    timeout(Duration::from_secs(5), heard).await.unwrap().unwrap();
}
