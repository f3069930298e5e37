//! The keys of the daemon and of sessions.

use super::{SECRET, may, must, secretive, table};
use crate::rules::book::Loosening;
use crate::rules::keys::{Shape, Table};
use crate::rules::read::words;
use crate::rules::settings::Mode;

pub(crate) static DAEMON: Table = table(
    "`daemon`",
    "Settings of the daemon.",
    &[
        may(
            "mode",
            Shape::Words(words::<Mode>),
            "mode: observe",
            "`enforce` (default), or `observe`: decide and record, send nothing.",
        ),
        may(
            "database",
            Shape::Text,
            "database: riskd.db",
            "The record; default `$STATE_DIRECTORY/riskd.db`, else `./riskd.db`.",
        ),
        may(
            "http",
            Shape::Text,
            "http: 127.0.0.1:7380",
            "Address of the local status API and page (default `127.0.0.1:7380`), or `off`.",
        ),
        may(
            "loosening",
            Shape::Words(words::<Loosening>),
            "loosening: next_session",
            "When an edit that loosens a rule takes effect: `immediate` (default) or `next_session`.",
        ),
        may(
            "heartbeat",
            Shape::Map(&HEARTBEAT),
            "heartbeat: { url: { credential: heartbeat-url }, every: 60s }",
            "An address that hears from riskd while all is well, so that silence is the alarm.",
        ),
    ],
);

pub(crate) static HEARTBEAT: Table = secretive(
    "`heartbeat`",
    "A GET to an address of your choice, only while all is well.",
    &[
        must(
            "url",
            Shape::Either(&[Shape::Text, Shape::One(&SECRET)]),
            "url: { credential: heartbeat-url }",
            "Where to, or where that is found.",
        ),
        may(
            "every",
            Shape::Duration,
            "every: 60s",
            "Time from one to the next, from `5s` to `1h`; default `60s`.",
        ),
    ],
);

pub(crate) static SESSION: Table = table(
    "a session",
    "The trading days of an account.",
    &[
        must(
            "timezone",
            Shape::Timezone,
            "timezone: America/New_York",
            "IANA time zone.",
        ),
        must(
            "open",
            Shape::Time,
            "open: \"18:00\"",
            "When a session opens.",
        ),
        may(
            "close",
            Shape::Time,
            "close: \"17:00\"",
            "When its market closes; without it a session lasts until the next open.",
        ),
        must(
            "days",
            Shape::List(&Shape::Day),
            "days: [mon, tue, wed, thu, fri]",
            "Trade dates; with an evening open Monday's session opens on Sunday.",
        ),
        may(
            "closures",
            Shape::Text,
            "closures: cme-holidays.csv",
            "A CSV file with the columns date and close_time; an empty time means closed all day.",
        ),
    ],
);
