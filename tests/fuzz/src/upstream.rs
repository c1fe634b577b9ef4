//! A third party that answers what it is told.
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Stands for the secret in an answer.
const ECHO: &str = "{{SECRET}}";

/// A body with the secret where a fuzzer wants it.
pub fn echoing(body: &str, secret: &str) -> Bytes {
    body.replace(ECHO, secret).into()
}

/// One answer, given once.
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

/// It listens on loopback until the process ends. Cheap to clone.
#[derive(Clone)]
pub struct Upstream {
    pub url: String,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Upstream {
    /// Starts it, on a runtime on which its callers can run as well.
    pub fn start() -> (Runtime, Self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let upstream = runtime.block_on(Self::listen());
        (runtime, upstream)
    }

    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let url = format!("http://{}", listener.local_addr().expect("the port's address"));
        let upstream = Self { url, answers: Arc::default() };
        let shared = upstream.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| shared.clone().answer(request));
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        upstream
    }

    /// What is answered from now on, in turn. To whatever is asked then: 404, with no body.
    pub fn will_answer(&self, answers: Vec<Answer>) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = answers.into();
    }

    async fn answer(self, _: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Answer { status, body } = next.unwrap_or(Answer { status: 404, body: Bytes::new() });
        let response = Response::builder().status(status).header("content-type", "application/json");
        Ok(response.body(Full::new(body)).expect("a status that HTTP has"))
    }
}
