//! One call on the connection that was chosen for it.
use std::future::poll_fn;
use std::sync::Arc;

use http::{Request, Response};

use super::{Connection, Error, Failed, Inner};
use crate::http2::endpoint::Flight;
use crate::http2::exchange::{self, Answer, Exchange};
use crate::http2::send_body::{Outgoing, SendBody};

/// A connection that was chosen for one call.
#[derive(Debug)]
pub struct Picked {
    pool: Arc<Inner>,
    connection: Arc<Connection>,
    flight: Flight,
}

impl Picked {
    pub(super) fn new(pool: Arc<Inner>, connection: Arc<Connection>) -> Self {
        Self { flight: connection.begin(), pool, connection }
    }

    /// Sends a request whose URI was made by [`Pool::uri`](super::Pool::uri).
    ///
    /// # Errors
    /// With the request's body, so that it can be sent again where that is allowed.
    pub async fn send<B>(self, head: Request<()>, body: B) -> Result<Response<Answer<B>>, Failed<B>>
    where
        B: Outgoing,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { pool, connection, flight } = self;
        let endpoint = Some(connection.endpoint);
        let whole = body.is_end_stream();
        let begun = async {
            let Some(mut sender) = connection.sender() else { return Err("it is closing".to_owned()) };
            // A fresh handle waits for nobody: it is ready, or the connection is at its end.
            poll_fn(|cx| sender.poll_ready(cx)).await.map_err(|e| e.to_string())?;
            sender.send_request(head, whole).map_err(|e| e.to_string())
        };
        match begun.await {
            Ok((answer, stream)) => {
                let request = if whole {
                    exchange::Request::Whole(body)
                } else {
                    exchange::Request::SendBody(SendBody::new(body, stream))
                };
                let answered = Exchange::new(answer, request, flight).await;
                answered.map_err(|(error, body)| {
                    if error.is_io() {
                        pool.drop_connection(&connection);
                    }
                    Failed { error: error.into(), body, endpoint }
                })
            }
            Err(error) => {
                pool.drop_connection(&connection);
                Err(Failed { error: Error::Ended(error), body, endpoint })
            }
        }
    }
}
