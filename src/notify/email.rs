//! E-mail through an SMTP server (RFC 5321), with TLS from the first byte
//! (RFC 8314) or by STARTTLS (RFC 3207).

use std::error::Error;
use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::time::timeout;

use super::failure::{Failure, Retry, ServiceReply, with_causes};
use super::message::{Message, as_it_is, fitted, units};
use super::set_up::SetUpError;
use crate::rules::settings::{Email, MailTls};
use crate::secret::{self, Secret};

/// How long one try may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long one command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest subject, in characters; riskd's own limit.
const MOST_SUBJECT: usize = 200;

/// An SMTP server, and who writes to whom.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    to: Vec<Address>,
    password: Option<Secret>,
}

impl Mail {
    /// Sets up what needs no connection.
    ///
    /// # Errors
    /// What is wrong with an address or with the password.
    pub(super) fn new(email: &Email) -> Result<Mail, SetUpError> {
        let address = |text: &String| {
            text.parse::<Address>()
                .map_err(|source| SetUpError::Mailbox {
                    address: text.clone(),
                    source,
                })
        };
        let from = address(&email.from)?;
        let to = email.to.iter().map(address).collect::<Result<_, _>>()?;
        let tls = tls(email)?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*email.host)
            .port(email.port)
            .tls(tls)
            .timeout(Some(COMMAND_TIMEOUT))
            .hello_name(ClientId::Domain(from.domain().to_owned()));
        let mut password = None;
        if let Some((user, source)) = &email.login {
            let secret = secret::resolve(source)?;
            let credentials = Credentials::new(user.clone(), secret.expose().to_owned());
            builder = builder.credentials(credentials);
            password = Some(secret);
        }
        Ok(Mail {
            transport: builder.build(),
            from,
            to,
            password,
        })
    }

    /// Sends a message, once, to all receivers together.
    pub(super) async fn send(&self, message: &Message) -> Result<ServiceReply, Failure> {
        let mail = self.mail(message).map_err(|error| Failure {
            words: format!("the e-mail cannot be written: {error}"),
            verdict: Retry::Rejected,
        })?;
        match timeout(TIMEOUT, self.transport.send(mail)).await {
            Err(_) => Err(Failure::later("no answer in time")),
            Ok(Err(error)) => Err(self.failure(&error)),
            Ok(Ok(response)) => {
                let words: Vec<&str> = response.message().collect();
                let code = response.code();
                let text = format!("the server answered {code} {}", words.join(" "));
                Ok(ServiceReply(self.hide(text)))
            }
        }
    }

    fn mail(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let subject = format!("[riskd] {}", message.headline());
        let mut mail: MessageBuilder = lettre::Message::builder()
            .from(Mailbox::new(None, self.from.clone()))
            .subject(fitted(&subject, MOST_SUBJECT, units, as_it_is))
            .message_id(Some(format!("<{}@{}>", message.id, self.from.domain())))
            .header(AutoSubmitted)
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN);
        for address in &self.to {
            mail = mail.to(Mailbox::new(None, address.clone()));
        }
        let event = message.event;
        mail.body(format!("{}\n\n{event}, {}\n", message.text, message.clock))
    }

    fn failure(&self, error: &lettre::transport::smtp::Error) -> Failure {
        let code = error.status().map(u16::from);
        let verdict = match code {
            // RFC 4954: authentication is needed, too weak, wrong, or needs
            // encryption.
            Some(530 | 534 | 535 | 538) => Retry::Refused,
            Some(500..) => Retry::Rejected,
            // What the server offers does not fit what the file asks for.
            None if error.is_client() => Retry::Refused,
            _ => Retry::Later(None),
        };
        Failure {
            words: self.hide(with_causes(error.to_string(), error)),
            verdict,
        }
    }

    fn hide(&self, text: String) -> String {
        match &self.password {
            Some(password) => text.replace(password.expose(), "***"),
            None => text,
        }
    }
}

/// STARTTLS is required, never just taken where it is offered: without it
/// nothing is said.
fn tls(email: &Email) -> Result<Tls, lettre::transport::smtp::Error> {
    Ok(match email.tls {
        MailTls::None => Tls::None,
        MailTls::StartTls => Tls::Required(TlsParameters::new(email.host.clone())?),
        MailTls::Implicit => Tls::Wrapper(TlsParameters::new(email.host.clone())?),
    })
}

/// RFC 3834: keeps machines from answering.
#[derive(Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
