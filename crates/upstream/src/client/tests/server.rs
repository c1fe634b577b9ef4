//! An HTTP/1.1 server that does exactly what it is told, also what no server should.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Writes this and waits for the next request.
    Answer(String),
    /// Writes this and ends the connection.
    Part(String),
    /// Resets the connection.
    Reset,
    /// Does nothing until the client goes away.
    Silence,
    /// Writes this, and then nothing.
    Stall(String),
}

/// A server on loopback; it ends when dropped.
pub(super) struct Server {
    port: u16,
    log: Arc<Log>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Log {
    requests: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

impl Server {
    /// Each request takes the next step; the last one stays.
    pub(super) async fn start(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Log::default());
        let steps = Arc::new(Mutex::new(steps));
        let task = tokio::spawn({
            let log = Arc::clone(&log);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    *log.connections.lock().unwrap() += 1;
                    tokio::spawn(serve(stream, Arc::clone(&steps), Arc::clone(&log)));
                }
            }
        });
        Self { port, log, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far, head and body.
    pub(super) fn requests(&self) -> Vec<String> {
        self.log.requests.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        *self.log.connections.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A complete answer.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> Step {
    Step::Answer(format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()))
}

/// A port on which nothing listens.
pub(super) async fn closed_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

/// A listener that lets no further connection in, with what keeps it so.
pub(super) async fn black_hole() -> (u16, Box<dyn Send>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
    {
        held.push(stream.unwrap());
    }
    (address.port(), Box::new((socket, held)))
}

async fn serve(mut stream: TcpStream, steps: Arc<Mutex<Vec<Step>>>, log: Arc<Log>) {
    while let Some(request) = receive(&mut stream).await {
        log.requests.lock().unwrap().push(request);
        let step = {
            let mut steps = steps.lock().unwrap();
            if steps.len() > 1 { steps.remove(0) } else { steps[0].clone() }
        };
        match step {
            Step::Answer(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Step::Part(text) => return stream.write_all(text.as_bytes()).await.unwrap(),
            Step::Reset => return socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap(),
            Step::Silence => return wait_for_end(stream).await,
            Step::Stall(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                return wait_for_end(stream).await;
            }
        }
    }
}

async fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn wait_for_end(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}
