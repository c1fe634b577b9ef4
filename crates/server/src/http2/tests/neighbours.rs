//! What one caller does on connections that all share ends nobody else's call.
use tokio::time::timeout;

use super::*;

/// Good calls beside `bad`, each of which must be answered within five seconds.
async fn good_calls_beside(pool: &Pool, bad: impl Future<Output = ()>) {
    let good = async {
        for n in 0..100 {
            let answer = timeout(Duration::from_secs(5), ask(pool, "good")).await;
            assert_eq!(answer.unwrap_or_else(|_| panic!("call {n} was late")).unwrap(), "good");
        }
    };
    tokio::join!(bad, good);
}

#[tokio::test]
async fn calls_that_are_taken_back_in_bulk_end_nobody_elses() {
    let (address, _end, _served) = served(0, Limits::default(), slow);
    let pool = pool(&[address]);
    ask(&pool, "first").await.unwrap();
    let bad = async {
        for burst in 0..20 {
            let calls = (0..200).map(|_| timeout(Duration::from_millis(burst % 4), ask(&pool, "bad")));
            futures_util::future::join_all(calls).await;
        }
    };
    good_calls_beside(&pool, bad).await;
}

#[tokio::test]
async fn answers_that_nobody_reads_hold_up_nobody_elses() {
    let (address, _end, _served) = served(0, Limits::default(), echo);
    let pool = pool(&[address]);
    let mut unread = Vec::new();
    for _ in 0..64 {
        let answer = pool.send(post(&pool), frames(64, 10_000)).await;
        unread.push(answer.map_err(|failed| failed.error).unwrap());
    }
    good_calls_beside(&pool, async {}).await;
    for answer in unread {
        let whole = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(whole.len(), 640_000);
    }
}

#[tokio::test]
async fn a_request_in_empty_and_tiny_frames_ends_no_connection() {
    let (address, _end, _served) = served(0, Limits::default(), echo);
    let pool = pool(&[address]);
    let bad = async {
        for (count, size) in [(5_000, 0), (20_000, 1)] {
            let answer = pool.send(post(&pool), frames(count, size)).await;
            let answer = answer.map_err(|failed| failed.error).unwrap();
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), count * size);
        }
    };
    good_calls_beside(&pool, bad).await;
}

/// A body whose call ends where its reader takes nothing.
struct Impatient(usize);

impl Body for Impatient {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        std::task::Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[7; 10_000])))))
    }
}

impl Outgoing for Impatient {
    fn poll_stalled(&mut self, _: &mut std::task::Context<'_>, _: usize) -> std::task::Poll<HeaderMap> {
        std::task::Poll::Ready(HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            http::HeaderValue::from_static("8"),
        )]))
    }
}

#[tokio::test]
async fn a_call_whose_reader_takes_nothing_ends_with_trailers_that_say_why() {
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        let mut connection = h2::server::handshake(far).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let stream = respond.send_response(Response::new(()), false).unwrap();
            tokio::spawn(send_body::SendBody::new(Impatient(0), stream));
        }
    });
    let (mut sender, connection) = h2::client::handshake(near).await.unwrap();
    tokio::spawn(connection);
    let (answer, _) = sender.send_request(Request::new(()), true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    let mut read = 0;
    // Nothing of the window is given back.
    while let Some(data) = body.data().await {
        read += data.unwrap().len();
    }
    assert_eq!(read, 65_535, "all that the window takes");
    assert_eq!(body.trailers().await.unwrap().unwrap()["grpc-status"], "8");
}
