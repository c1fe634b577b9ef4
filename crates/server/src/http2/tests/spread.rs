//! Calls are spread over a peer's addresses by load.
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A listener that counts its calls, each of which takes `work`.
fn counted(port: u16, work: Duration) -> (SocketAddr, Arc<AtomicUsize>, CancellationToken) {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let (address, end, _) = served(port, Limits::default(), move |request| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(work).await;
            echo(request).await
        }
    });
    (address, calls, end)
}

async fn calls_of(pool: &Pool, callers: usize, each: usize) {
    let calls = (0..callers).map(|_| async {
        for _ in 0..each {
            ask(pool, "x").await.unwrap();
        }
    });
    futures_util::future::join_all(calls).await;
}

#[tokio::test]
async fn replicas_share_the_load_a_slow_one_gets_less_and_a_late_one_is_found() {
    let (one, of_one, _end_one) = counted(0, WORK_DELAY);
    let (two, of_two, _end_two) = counted(0, WORK_DELAY);
    let (slow, of_slow, _end_slow) = counted(0, WORK_DELAY * 8);
    let free = crate::Listen::loopback(0).bind().unwrap().local_addr().unwrap();
    let pool = pool(&[one, two, free]);
    calls_of(&pool, 1, 1).await;
    // Both are connected to by now.
    sleep(Duration::from_millis(300)).await;
    calls_of(&pool, 20, 20).await;
    let (first, second) = (of_one.load(Ordering::SeqCst), of_two.load(Ordering::SeqCst));
    assert!((160..=241).contains(&first) && (160..=241).contains(&second), "{first} and {second} of 401");

    let (late, of_late, _end_late) = counted(free.port(), WORK_DELAY);
    assert_eq!(late, free);
    let found = async {
        while of_late.load(Ordering::SeqCst) == 0 {
            calls_of(&pool, 6, 1).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), found).await.unwrap();

    let uneven = super::pool(&[one, slow]);
    calls_of(&uneven, 1, 1).await;
    sleep(Duration::from_millis(300)).await;
    let before = of_one.load(Ordering::SeqCst);
    calls_of(&uneven, 12, 12).await;
    let (fast, slow) = (of_one.load(Ordering::SeqCst) - before, of_slow.load(Ordering::SeqCst));
    assert!(slow * 2 < fast, "the slow one got {slow}, the other {fast}");
}

#[tokio::test]
async fn more_connections_are_made_before_the_limit_of_streams_is_reached() {
    let (address, _end, _served) =
        served(0, Limits { max_streams: 64, ..Limits::default() }, |request| async {
            sleep(Duration::from_millis(400)).await;
            echo(request).await
        });
    let pool = pool(&[address]);
    ask(&pool, "first").await.unwrap();
    let start = tokio::time::Instant::now();
    calls_of(&pool, 300, 1).await;
    assert!(
        start.elapsed() < Duration::from_millis(1_600),
        "{:?}: they did not wait for one another",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_peer_that_is_going_away_says_that_it_did_not_begin() {
    let refused = h2::Error::from(h2::Reason::REFUSED_STREAM);
    assert!(!Error::from(refused).is_unprocessed(), "our own word is not the peer's");
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        let mut connection = h2::server::handshake(far).await.unwrap();
        let (_, mut respond) = connection.accept().await.unwrap().unwrap();
        respond.send_reset(h2::Reason::REFUSED_STREAM);
        connection.accept().await;
    });
    let (mut sender, connection) = h2::client::handshake(near).await.unwrap();
    tokio::spawn(connection);
    let (answer, _) = sender.send_request(Request::new(()), true).unwrap();
    assert!(Error::from(answer.await.unwrap_err()).is_unprocessed());
}
