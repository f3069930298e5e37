//! `GET /events`: the log out of the record, one JSON object a line.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Api, refuse};
use crate::domain::observation::Timestamp;
use crate::engine::record::EntryKind;
use crate::store::{EntryFilter, EntryRow};

/// Most lines in one answer.
const MOST_LINES: u32 = 1000;
/// Lines in an answer when no number is asked for.
const USUAL_LINES: u32 = 100;

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    account: Option<String>,
    rule: Option<String>,
    kind: Option<String>,
    /// RFC 3339.
    since: Option<String>,
    after_id: Option<i64>,
    limit: Option<u32>,
}

/// The last lines, or the first ones after `since` or `after_id`; in either
/// case the oldest of them first.
pub(super) async fn events(
    State(api): State<Api>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let filter = match asked {
        Ok(Query(asked)) => asked.filter(),
        Err(rejection) => Err(rejection.body_text()),
    };
    let filter = match filter {
        Ok(filter) => filter,
        Err(wrong) => return refuse(StatusCode::BAD_REQUEST, wrong),
    };
    match api.reader.entries(&filter).await {
        Ok(mut rows) => {
            if filter.newest_first {
                rows.reverse();
            }
            lines(&rows)
        }
        Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, error.in_full()),
    }
}

impl Asked {
    fn filter(self) -> Result<EntryFilter, String> {
        let since = self.since.as_deref().map(time).transpose()?;
        let kind = self.kind.as_deref().map(kind).transpose()?;
        let limit = self.limit.unwrap_or(USUAL_LINES);
        if limit == 0 || limit > MOST_LINES {
            return Err(format!("limit: 1 to {MOST_LINES}"));
        }
        Ok(EntryFilter {
            account: self.account.as_deref().map(Into::into),
            rule: self.rule.as_deref().map(Into::into),
            kind,
            since,
            newest_first: since.is_none() && self.after_id.is_none(),
            after_id: self.after_id,
            limit,
        })
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    // In a query a plus sign means a space, and who writes a zone forgets it.
    let text = text.replace(' ', "+");
    chrono::DateTime::parse_from_rfc3339(&text)
        .map(|time| time.to_utc())
        .map_err(|_| "since: a time such as 2026-03-05T14:30:00Z".to_owned())
}

fn kind(text: &str) -> Result<EntryKind, String> {
    let mut kinds = EntryKind::ALL.iter().copied();
    kinds
        .find(|kind| kind.name() == text)
        .ok_or_else(|| "kind: there is no such kind of entry".to_owned())
}

fn lines(rows: &[EntryRow]) -> Response {
    let mut body = String::new();
    for row in rows {
        match serde_json::to_string(&Line::from(row)) {
            Ok(line) => {
                body.push_str(&line);
                body.push('\n');
            }
            Err(error) => {
                return refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
            }
        }
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

/// One log entry as JSON.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// Its number.
    pub id: i64,
    /// When it happened, RFC 3339.
    pub time: String,
    /// What it is about, by its stable name.
    pub kind: &'a str,
    /// The account, when it is about one.
    pub account: Option<&'a str>,
    /// The rule, when it is about one.
    pub rule: Option<&'a str>,
    /// The firing, when it belongs to one.
    pub firing: Option<i64>,
    /// What happened, in words.
    pub message: &'a str,
    /// The numbers by name, in the order in which they were written.
    #[serde(serialize_with = "as_object")]
    pub fields: &'a [(String, String)],
}

impl<'a> From<&'a EntryRow> for Line<'a> {
    fn from(row: &'a EntryRow) -> Line<'a> {
        Line {
            id: row.id,
            time: row.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            kind: &row.kind,
            account: row.account.as_deref(),
            rule: row.rule.as_deref(),
            firing: row.firing.map(|firing| firing.0),
            message: &row.message,
            fields: &row.fields,
        }
    }
}

fn as_object<S: Serializer>(fields: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        object.serialize_entry(name, value)?;
    }
    object.end()
}
