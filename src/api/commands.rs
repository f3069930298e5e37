//! What a person may ask for: `POST /lock`, `/unlock`, `/rearm`, `/flatten`.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::request::{self, CommandError, SentElsewhere};
use super::{Api, hangs, refuse};
use crate::domain::account::AccountName;
use crate::engine::commands::CommandReply;
use crate::engine::event::Command;
use crate::json::{self, Json};
use crate::rules::book::Until;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// The reason of a lock that is asked for without one.
const BY_HAND: &str = "by hand";

type Body = Result<Bytes, BytesRejection>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockAsked {
    account: String,
    until: String,
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountAsked {
    account: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlattenAsked {
    account: String,
    reason: String,
    /// Whoever asks has sent the flatten already.
    sent: Option<SentElsewhere>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RearmAsked {
    account: String,
    rule: String,
    reason: String,
}

pub(super) async fn lock(State(api): State<Api>, body: Body) -> Response {
    let command = read(body).and_then(|asked: LockAsked| {
        let until = Until::parse(&asked.until).map_err(|wrong| bad(format!("until: {wrong}")))?;
        Ok(Command::Lock {
            account: asked.account.as_str().into(),
            until,
            reason: reason(asked.reason.as_deref().unwrap_or(BY_HAND))?,
        })
    });
    hand_over(&api, command).await
}

pub(super) async fn unlock(State(api): State<Api>, body: Body) -> Response {
    let command = read(body).and_then(|asked: AccountAsked| {
        Ok(Command::Unlock {
            account: asked.account.as_str().into(),
            reason: reason(&asked.reason)?,
        })
    });
    hand_over(&api, command).await
}

pub(super) async fn flatten(State(api): State<Api>, body: Body) -> Response {
    let asked = read(body).and_then(|asked: FlattenAsked| {
        let account = AccountName::from(asked.account.as_str());
        Ok((account, reason(&asked.reason)?, asked.sent))
    });
    match asked {
        Err((status, words)) => refuse(status, words),
        Ok((account, reason, None)) => {
            hand_over(&api, Ok(Command::Flatten { account, reason })).await
        }
        Ok((account, reason, Some(sent))) => {
            answer(request::take_over(&api.questions, account, reason, sent).await)
        }
    }
}

pub(super) async fn rearm(State(api): State<Api>, body: Body) -> Response {
    let command = read(body).and_then(|asked: RearmAsked| {
        Ok(Command::Rearm {
            account: asked.account.as_str().into(),
            rule: asked.rule.as_str().into(),
            reason: reason(&asked.reason)?,
        })
    });
    hand_over(&api, command).await
}

/// Lets a request on only with the token, before its body is looked at.
pub(super) async fn only_with_token(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Response {
    let Some(token) = &api.token else {
        let words = "riskd could not write its token at the start; its log says why";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, words);
    };
    let mut shown = request.headers().get_all(header::AUTHORIZATION).iter();
    let is_shown = shown
        .next()
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| token.is_shown_by(value));
    if is_shown && shown.next().is_none() {
        return next.run(request).await;
    }
    let words = "this needs `Authorization: Bearer` and the token from the file api-token";
    let mut response = refuse(StatusCode::UNAUTHORIZED, words);
    let challenge = axum::http::HeaderValue::from_static("Bearer");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// A refusal in place of a command.
type Refusal = (StatusCode, String);

fn bad(words: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, words.into())
}

fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let bytes = body.map_err(|rejection| (rejection.status(), rejection.body_text()))?;
    json::read(&bytes).map_err(bad)
}

/// The reason goes on record and into messages: one line, not blank, not long.
fn reason(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > LONGEST_REASON {
        return Err(bad(format!("reason: 1 to {LONGEST_REASON} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(bad("reason: one line of text"));
    }
    Ok(text.to_owned())
}

/// The answer to a command: that it was taken up and is on disk as far as
/// anything was recorded, and what holds now.
#[derive(Debug, Serialize)]
struct Done {
    ok: bool,
    #[serde(flatten)]
    reply: CommandReply,
}

/// The answer to a command that was not carried out, or is not known to be on
/// record; then what holds now is told all the same.
#[derive(Debug, Serialize)]
struct Undone<'a> {
    error: String,
    #[serde(flatten)]
    reply: Option<&'a CommandReply>,
}

async fn hand_over(api: &Api, command: Result<Command, Refusal>) -> Response {
    let command = match command {
        Ok(command) => command,
        Err((status, words)) => return refuse(status, words),
    };
    answer(request::command(&api.questions, command).await)
}

fn answer(done: request::Done) -> Response {
    match done {
        Some(Ok(reply)) => Json(Done { ok: true, reply }).into_response(),
        Some(Err(error)) => {
            let answer = Undone {
                error: error.to_string(),
                reply: error.reply(),
            };
            (status_of(&error), Json(answer)).into_response()
        }
        None => hangs(),
    }
}

fn status_of(error: &CommandError) -> StatusCode {
    match error {
        CommandError::UnknownAccount(_) | CommandError::UnknownRule { .. } => StatusCode::NOT_FOUND,
        CommandError::OnlyObserves(_)
        | CommandError::AnotherAccount(_)
        | CommandError::Unseen(_) => StatusCode::CONFLICT,
        CommandError::NotRecorded { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
