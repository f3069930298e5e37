//! A server that keeps what it is asked and answers as it is told, well or
//! badly. It speaks plain HTTP/1.1 by itself, so that it can also hang and break
//! connections.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    headers: Vec<(String, String)>,
    pub body: String,
    pub at: Instant,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What is done with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This status, further header lines, and body.
    Say(u16, &'static str, String),
    /// This status, and a page that repeats what was asked.
    Echo(u16),
    /// Nothing, until the stub is released.
    Hang,
    /// The connection is reset.
    Reset,
}

impl Reply {
    pub fn ok(body: &str) -> Reply {
        Reply::Say(200, "", body.to_owned())
    }

    pub fn status(status: u16, body: &str) -> Reply {
        Reply::Say(status, "", body.to_owned())
    }
}

/// A server of this process.
#[derive(Clone)]
pub struct Stub {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    asked: Mutex<Vec<Asked>>,
    /// The last one stays.
    replies: Mutex<VecDeque<Reply>>,
    came: Notify,
    release: Notify,
}

impl Stub {
    pub async fn new(replies: impl Into<VecDeque<Reply>>) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Stub {
            address: listener.local_addr().unwrap(),
            state: Arc::new(State {
                asked: Mutex::default(),
                replies: Mutex::new(replies.into()),
                came: Notify::new(),
                release: Notify::new(),
            }),
        };
        let state = Arc::clone(&stub.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        stub
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Waits until so many requests came.
    pub async fn wait(&self, count: usize) -> Vec<Asked> {
        let came = async {
            while self.asked().len() < count {
                self.state.came.notified().await;
            }
        };
        let waited = tokio::time::timeout(super::PATIENCE, came).await;
        assert!(waited.is_ok(), "only {} requests came", self.asked().len());
        self.asked()
    }

    /// Lets those that hang go on with this, and everything after them.
    pub fn release(&self, reply: Reply) {
        *self.state.replies.lock().unwrap() = VecDeque::from([reply]);
        self.state.release.notify_waiters();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    while let Some(asked) = read(&mut stream).await {
        let page = format!(
            "<html>{} {:?} {}</html>",
            asked.target,
            asked.header("authorization"),
            asked.body
        );
        state.asked.lock().unwrap().push(asked);
        state.came.notify_one();
        let mut reply = take(&state);
        if matches!(reply, Reply::Hang) {
            state.release.notified().await;
            reply = take(&state);
        }
        if let Reply::Echo(status) = reply {
            reply = Reply::Say(status, "", page);
        }
        match reply {
            Reply::Echo(_) => unreachable!(),
            Reply::Say(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} Some Words\r\ncontent-length: {}\r\n{headers}\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
            Reply::Hang => return,
            Reply::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

fn take(state: &State) -> Reply {
    let mut replies = state.replies.lock().unwrap();
    match replies.len() {
        0 => panic!("a stub without a reply"),
        1 => replies[0].clone(),
        _ => replies.pop_front().unwrap(),
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap(), first.next().unwrap());
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Asked {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
        at: Instant::now(),
    })
}

/// An address where nobody listens.
pub async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// The time between two requests.
pub fn between(asked: &[Asked], first: usize) -> Duration {
    asked[first + 1].at - asked[first].at
}
