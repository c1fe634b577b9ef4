//! One connection of a hostile caller.
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::{Request, Version};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Call, Hostile, How};

/// How long anything but a call itself may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// The windows of whoever does read.
const WIDE: u32 = 16 << 20;

/// A connection. Dropped, it hangs up.
#[derive(Debug)]
pub struct Connection {
    caller: Hostile,
    sender: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
    frozen: Arc<Notify>,
}

impl Connection {
    pub(super) async fn open(caller: Hostile) -> io::Result<Self> {
        let stream = connect(&caller).await?;
        let window = caller.window.unwrap_or(WIDE);
        let (sender, mut connection) = Builder::new()
            .initial_window_size(window)
            .initial_connection_window_size(window.max(1 << 16))
            .max_header_list_size(1 << 20)
            // What the other side does with resets is looked at, not what `h2` does here.
            .max_concurrent_reset_streams(100_000)
            .max_local_error_reset_streams(None)
            .enable_push(false)
            .handshake::<_, Bytes>(stream)
            .await
            .map_err(io::Error::other)?;
        let frozen = Arc::new(Notify::new());
        let freeze = frozen.clone();
        let driver = tokio::spawn(async move {
            tokio::select! {
                ended = &mut connection => ended,
                () = freeze.notified() => {
                    let _kept = connection;
                    std::future::pending().await
                }
            }
        });
        Ok(Self { caller, sender, driver, frozen })
    }

    /// Begins a call whose body is still to come. `None`: the connection takes no calls any more.
    pub async fn begin(&mut self, path: &str) -> Option<Call> {
        self.request(path, false).await
    }

    /// Makes a call with one body of these bytes. `None`: the connection takes no calls any more.
    pub async fn call(&mut self, path: &str, body: impl Into<Bytes>) -> Option<Call> {
        let mut call = self.request(path, false).await?;
        call.send(body, true);
        Some(call)
    }

    /// Makes its coming calls with the headers of another caller.
    pub fn becomes(&mut self, caller: &Hostile) {
        self.caller = caller.clone();
    }

    /// Stops reading, answering pings and sending, and leaves the connection open.
    pub fn freeze(&self) {
        self.frozen.notify_one();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        !self.driver.is_finished()
    }

    /// Closes the socket without a word.
    pub async fn hang_up(mut self) {
        self.driver.abort();
        let _ = (&mut self.driver).await;
    }

    /// How it ended; [`How::Open`] where it is still open after this time.
    pub async fn ended(mut self, within: Duration) -> How {
        match tokio::time::timeout(within, &mut self.driver).await {
            Err(_) => How::Open,
            Ok(Ok(Ok(()))) => How::Closed,
            Ok(Ok(Err(error))) => How::of(&error),
            Ok(Err(error)) => panic!("a hostile connection's task failed: {error}"),
        }
    }

    async fn request(&mut self, path: &str, ends: bool) -> Option<Call> {
        let mut request = Request::new(());
        *request.method_mut() = self.caller.method.clone();
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = format!("http://{}{path}", self.caller.address).parse().expect("a path");
        *request.headers_mut() = self.caller.headers.clone();
        let ready = tokio::time::timeout(CONNECTION_TIMEOUT, self.sender.clone().ready()).await;
        self.sender = ready.ok()?.ok()?;
        let (answer, stream) = self.sender.send_request(request, ends).ok()?;
        Some(Call::new(answer, stream, self.caller.window.is_none()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn connect(caller: &Hostile) -> io::Result<TcpStream> {
    let address: SocketAddr = caller.address.parse().expect("an address");
    assert!(address.ip().is_loopback(), "{address} is not on loopback");
    let socket = TcpSocket::new_v4()?;
    if let Some(ip) = caller.from {
        socket.bind(SocketAddr::new(ip, 0))?;
    }
    let connecting = tokio::time::timeout(CONNECTION_TIMEOUT, socket.connect(address));
    let stream = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    Ok(stream)
}
