//! A small SMTP server: enough of RFC 5321, 3207 and 4954 for one message a
//! connection. It keeps every line that the client says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How the server behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// TLS from the first byte.
    pub implicit: bool,
    /// STARTTLS is offered.
    pub starttls: bool,
    /// What is answered to the receiver, when not 250.
    pub receiver: Option<&'static str>,
    /// What is answered to a sign-in, when not 235.
    pub login: Option<&'static str>,
}

pub struct SmtpServer {
    pub address: SocketAddr,
    /// Everything that was said, line by line; `<tls>` where TLS began.
    lines: Arc<Mutex<Vec<String>>>,
}

/// A certificate for `localhost`, and its file for those who shall trust it.
pub struct Certificate {
    config: Arc<ServerConfig>,
    pub file: PathBuf,
}

impl Certificate {
    pub fn new(folder: &std::path::Path) -> Certificate {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let file = folder.join("ca.pem");
        std::fs::write(&file, made.cert.pem()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        Certificate {
            config: Arc::new(config),
            file,
        }
    }
}

impl SmtpServer {
    pub fn new(manner: Manner, certificate: Option<&Certificate>) -> SmtpServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = SmtpServer {
            address: listener.local_addr().unwrap(),
            lines: Arc::default(),
        };
        let lines = Arc::clone(&server.lines);
        let config = certificate.map(|certificate| Arc::clone(&certificate.config));
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away in the middle is an end too.
                let _ = serve(stream.unwrap(), manner, config.clone(), &lines);
            }
        });
        server
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

fn serve(
    stream: TcpStream,
    manner: Manner,
    config: Option<Arc<ServerConfig>>,
    lines: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let tls = |stream: TcpStream| -> Box<dyn Both> {
        lines.lock().unwrap().push("<tls>".to_owned());
        let connection = ServerConnection::new(config.clone().unwrap()).unwrap();
        Box::new(StreamOwned::new(connection, stream))
    };
    let plain = stream.try_clone()?;
    let mut talk = BufReader::new(if manner.implicit {
        tls(stream)
    } else {
        Box::new(stream)
    });
    say(&mut talk, "220 stub ESMTP")?;
    let mut is_secured = manner.implicit;
    loop {
        let line = hear(&mut talk, lines)?;
        let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" if manner.starttls && !is_secured => {
                say(&mut talk, "250-stub\r\n250 STARTTLS")?;
            }
            "EHLO" => say(
                &mut talk,
                "250-stub\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            )?,
            "STARTTLS" => {
                say(&mut talk, "220 go ahead")?;
                talk = BufReader::new(tls(plain.try_clone()?));
                is_secured = true;
            }
            "AUTH" => say(&mut talk, manner.login.unwrap_or("235 welcome"))?,
            "RCPT" => say(&mut talk, manner.receiver.unwrap_or("250 fine"))?,
            "DATA" => {
                say(&mut talk, "354 go on")?;
                while hear(&mut talk, lines)? != "." {}
                say(&mut talk, "250 2.0.0 Ok: queued as 4242")?;
            }
            "QUIT" => {
                say(&mut talk, "221 bye")?;
                return Ok(());
            }
            _ => say(&mut talk, "250 fine")?,
        }
    }
}

fn say(talk: &mut BufReader<Box<dyn Both>>, line: &str) -> std::io::Result<()> {
    let stream = talk.get_mut();
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    stream.flush()
}

fn hear(
    talk: &mut BufReader<Box<dyn Both>>,
    lines: &Mutex<Vec<String>>,
) -> std::io::Result<String> {
    let mut line = String::new();
    if talk.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.trim_end_matches(['\r', '\n']).to_owned();
    lines.lock().unwrap().push(line.clone());
    Ok(line)
}
