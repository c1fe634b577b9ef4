//! A service in the place of one of ours, on HTTP/2 by hand: it does with each call what a test says.
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::hostile::{Frame, frame_of};

/// What it does with a call once the whole request has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Refuses the stream, which says that nothing was begun.
    Refuse,
    /// Says that it goes away and has not begun with this stream, and closes.
    GoAway,
    /// Begins an answer with a message of which so many bytes come, and hangs up.
    HangUp(usize),
    /// Begins an answer with a message of which so many bytes come, and resets the stream.
    Reset(usize),
    /// Answers with an empty message after this time.
    Answer(Duration),
}

/// A running one. It says that it serves to whoever asks for its health.
#[derive(Debug)]
pub struct Impostor {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Bytes>>>,
    _listening: AbortOnDropHandle<()>,
}

/// One connection.
struct Serving {
    deed: Deed,
    calls: Arc<Mutex<Vec<Bytes>>>,
    writer: Arc<tokio::sync::Mutex<WriteHalf<TcpStream>>>,
    bodies: HashMap<u32, BytesMut>,
}

const PREFACE: usize = 24;
/// SETTINGS_MAX_CONCURRENT_STREAMS.
const MAX_STREAMS: u8 = 3;
const REFUSED_STREAM: u8 = 7;
const INTERNAL_ERROR: u8 = 2;
/// Bytes of a message of which only the first part comes.
const LARGE: u32 = 700 << 10;
/// Bytes of one DATA frame.
const PIECE: usize = 16_000;

impl Impostor {
    /// Starts one that takes so many streams at a time on a connection.
    pub async fn start(deed: Deed, max_streams: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let calls: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let seen = Arc::clone(&calls);
        let listening = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, deed.clone(), seen.clone(), max_streams));
            }
        });
        Self { address, calls, _listening: AbortOnDropHandle::new(listening) }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The body of each call that reached it, be it whole or taken back; calls of health aside.
    pub fn calls(&self) -> Vec<Bytes> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(stream: TcpStream, deed: Deed, calls: Arc<Mutex<Vec<Bytes>>>, max_streams: u8) {
    // Whichever way a connection ends, its peer sees it.
    let _ = stream.set_nodelay(true);
    let (mut reader, writer) = tokio::io::split(stream);
    let writer = Arc::new(tokio::sync::Mutex::new(writer));
    let mut serving = Serving { deed, calls, writer, bodies: HashMap::new() };
    if reader.read_exact(&mut [0; PREFACE]).await.is_err() {
        return;
    }
    let settings = [0, MAX_STREAMS, 0, 0, 0, max_streams];
    serving.write(Frame::new(Frame::SETTINGS, 0, 0, settings.to_vec()).bytes()).await;
    let mut buffer = BytesMut::new();
    loop {
        while let Some(frame) = Frame::take(&mut buffer) {
            if !serving.hears(frame).await {
                return;
            }
        }
        if !reader.read_buf(&mut buffer).await.is_ok_and(|size| size > 0) {
            return;
        }
    }
}

impl Serving {
    /// Takes a frame. Whether the connection goes on.
    async fn hears(&mut self, frame: Frame) -> bool {
        let ends = frame.flags & Frame::END_STREAM != 0;
        match frame.kind {
            Frame::SETTINGS | Frame::PING if frame.flags & Frame::ACK == 0 => {
                let payload = if frame.kind == Frame::PING { frame.payload } else { Bytes::new() };
                self.write(Frame::new(frame.kind, Frame::ACK, 0, payload).bytes()).await;
            }
            Frame::HEADERS => drop(self.bodies.insert(frame.stream, BytesMut::new())),
            Frame::DATA => {
                if let Some(body) = self.bodies.get_mut(&frame.stream) {
                    body.extend_from_slice(&frame.payload);
                }
            }
            Frame::RST_STREAM => drop(self.arrived(frame.stream)),
            _ => {}
        }
        let of_a_call = matches!(frame.kind, Frame::HEADERS | Frame::DATA);
        if !(ends && of_a_call) {
            return true;
        }
        match self.arrived(frame.stream) {
            Some(_) => self.does(frame.stream).await,
            None => {
                answer(&self.writer, frame.stream, &[8, 1]).await;
                true
            }
        }
    }

    /// Counts a call, unless it asks for health.
    fn arrived(&mut self, stream: u32) -> Option<()> {
        let body = self.bodies.remove(&stream)?.freeze();
        if body.windows(8).any(|part| part == b"granary.") {
            return None;
        }
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        Some(())
    }

    async fn does(&self, stream: u32) -> bool {
        match self.deed {
            Deed::Refuse => self.reset(stream, REFUSED_STREAM).await,
            Deed::GoAway => {
                let last = stream.saturating_sub(2).to_be_bytes();
                let payload = [&last[..], &[0; 4]].concat();
                self.write(Frame::new(Frame::GOAWAY, 0, 0, payload).bytes()).await;
                return false;
            }
            Deed::HangUp(bytes) => {
                self.write(begun(stream, bytes)).await;
                // What was written is to be read first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                return false;
            }
            Deed::Reset(bytes) => {
                self.write(begun(stream, bytes)).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                self.reset(stream, INTERNAL_ERROR).await;
            }
            Deed::Answer(after) => {
                let writer = self.writer.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    answer(&writer, stream, &[]).await;
                });
            }
        }
        true
    }

    async fn reset(&self, stream: u32, code: u8) {
        self.write(Frame::new(Frame::RST_STREAM, 0, stream, vec![0, 0, 0, code]).bytes()).await;
    }

    async fn write(&self, bytes: Vec<u8>) {
        let _ = self.writer.lock().await.write_all(&bytes).await;
    }
}

/// The headers of an answer, and so many bytes of a message that is larger.
fn begun(stream: u32, bytes: usize) -> Vec<u8> {
    let mut body = vec![0];
    body.extend(LARGE.to_be_bytes());
    body.resize(bytes, 0);
    let mut frames = Frame::answer(stream).bytes();
    for piece in body.chunks(PIECE) {
        frames.extend(Frame::data(stream, piece.to_vec(), false).bytes());
    }
    frames
}

async fn answer(writer: &tokio::sync::Mutex<WriteHalf<TcpStream>>, stream: u32, message: &[u8]) {
    let frames = [
        Frame::answer(stream).bytes(),
        Frame::data(stream, frame_of(message), false).bytes(),
        Frame::trailers(stream, &[("grpc-status", "0")]).bytes(),
    ];
    let _ = writer.lock().await.write_all(&frames.concat()).await;
}
