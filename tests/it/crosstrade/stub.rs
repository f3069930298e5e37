//! A tiny HTTP server on loopback that does what a test tells it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The connection it came on, counted from 1.
    pub(super) connection: usize,
    /// Method and path.
    pub(super) line: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl View {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
pub(super) enum Do {
    /// Answers JSON with this status.
    Json(u16, &'static str),
    /// Answers this status, these headers and this body.
    Answer(u16, &'static str, Vec<u8>),
    /// Says nothing.
    Hang,
    /// Sends a head and then one byte each 20 ms.
    Drip,
    /// Closes the connection without an answer.
    Close,
    /// Sends half of an answer and closes.
    HalfAnswer,
    /// Sends these bytes for ever.
    Endless,
}

pub(super) struct Stub {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<View>>>,
}

impl Stub {
    pub(super) fn new(act: impl Fn(&View) -> Do + Send + Sync + 'static) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (act, record) = (Arc::new(act), Arc::clone(&seen));
        let connections = AtomicUsize::new(0);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = connections.fetch_add(1, Ordering::SeqCst) + 1;
                let (act, record) = (Arc::clone(&act), Arc::clone(&record));
                thread::spawn(move || serve(stream, number, &*act, &record));
            }
        });
        Stub { address, seen }
    }

    /// The same answer to everything.
    pub(super) fn json(status: u16, body: &'static str) -> Stub {
        Stub::new(move |_| Do::Json(status, body))
    }

    pub(super) fn base(&self) -> String {
        format!("http://{}/v1/api", self.address)
    }

    pub(super) fn seen(&self) -> Vec<View> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    connection: usize,
    act: &dyn Fn(&View) -> Do,
    record: &Mutex<Vec<View>>,
) {
    while let Some(seen) = request(&mut stream, connection) {
        record.lock().unwrap().push(seen.clone());
        if carry_out(&mut stream, act(&seen)).is_none() {
            return;
        }
    }
}

fn carry_out(stream: &mut TcpStream, what: Do) -> Option<()> {
    match what {
        Do::Json(status, body) => answer(
            stream,
            status,
            "content-type: application/json\r\n",
            body.as_bytes(),
        ),
        Do::Answer(status, headers, body) => answer(stream, status, headers, &body),
        Do::Hang => {
            thread::sleep(Duration::from_secs(10));
            None
        }
        Do::Drip => {
            head(stream, 200, "", 10_000)?;
            for _ in 0..10_000 {
                stream.write_all(b" ").ok()?;
                thread::sleep(Duration::from_millis(20));
            }
            None
        }
        Do::Close => None,
        Do::HalfAnswer => {
            head(stream, 200, "", 1000)?;
            stream
                .write_all(br#"{"success": true, "positions": ["#)
                .ok()?;
            None
        }
        Do::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .ok()?;
            let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            loop {
                stream.write_all(piece.as_bytes()).ok()?;
            }
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> Option<()> {
    head(stream, status, headers, body.len())?;
    stream.write_all(body).ok()
}

fn head(stream: &mut TcpStream, status: u16, headers: &str, length: usize) -> Option<()> {
    let head = format!("HTTP/1.1 {status} Word\r\n{headers}content-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()
}

/// Reads one request; `None` when the client has gone.
fn request(stream: &mut TcpStream, connection: usize) -> Option<View> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.extend(byte);
    }
    let text = String::from_utf8(bytes).ok()?;
    let mut lines = text.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut seen = View {
        connection,
        line,
        headers,
        body: String::new(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).ok()?;
    Some(seen)
}
