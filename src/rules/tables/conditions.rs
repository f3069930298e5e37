//! The keys of conditions, kind by kind.

use super::{MAX_COUNT, may, must, table};
use crate::rules::book::{
    Anchor, Breach, MaxLossOf, Metric, Only, PnlOf, PnlOver, PnlPer, Ratchet, Span,
};
use crate::rules::keys::{Key, Shape, Table};
use crate::rules::read::words;

const BREACH: Key = may(
    "breach",
    Shape::Words(words::<Breach>),
    "breach: cross",
    "`touch` (default) fires at the level itself, `cross` only beyond it.",
);

pub(crate) static PNL: Table = table(
    "`pnl`",
    "A loss or profit was reached.",
    &[
        may(
            "loss",
            Shape::Amount,
            "loss: 1000",
            "An amount, or a percentage of `starting_balance`.",
        ),
        may(
            "profit",
            Shape::Amount,
            "profit: 1000",
            "An amount, or a percentage of `starting_balance`.",
        ),
        may(
            "of",
            Shape::Words(words::<PnlOf>),
            "of: realized",
            "`total` (default), `realized` or `unrealized`.",
        ),
        may(
            "over",
            Shape::Words(words::<PnlOver>),
            "over: week",
            "`session` (default), `week`, `month` or `lifetime`.",
        ),
        may(
            "per",
            Shape::Words(words::<PnlPer>),
            "per: position",
            "`account` (default), or `position`: any one position's open P&L.",
        ),
        BREACH,
    ],
);

pub(crate) static PROFIT_FLOOR: Table = table(
    "`profit_floor`",
    "Armed once session P&L reaches `arm_at`, true when it is at or below `floor`.",
    &[
        must(
            "arm_at",
            Shape::Positive,
            "arm_at: 500",
            "The session P&L that arms the floor.",
        ),
        must(
            "floor",
            Shape::Number,
            "floor: 200",
            "The floor; below `arm_at`.",
        ),
        BREACH,
    ],
);

pub(crate) static TRAILING_DRAWDOWN: Table = table(
    "`trailing_drawdown`",
    "A floor that follows a high-water mark.",
    &[
        must(
            "metric",
            Shape::Words(words::<Metric>),
            "metric: equity",
            "The tested value: `pnl` (of the session), `equity`, `balance` or `unrealized`.",
        ),
        may(
            "mark",
            Shape::Words(words::<Metric>),
            "mark: balance",
            "What the high-water mark follows; default: the metric.",
        ),
        must(
            "trail",
            Shape::Amount,
            "trail: 2500",
            "How far below the mark the floor lies; an amount, or a percentage of the mark.",
        ),
        may(
            "arm_at",
            Shape::Positive,
            "arm_at: 300",
            "Tested only once the mark has reached this.",
        ),
        may(
            "span",
            Shape::Words(words::<Span>),
            "span: lifetime",
            "How long the mark lasts: `session`, or `lifetime` from `starting_balance` on.",
        ),
        may(
            "ratchet",
            Shape::Words(words::<Ratchet>),
            "ratchet: session_end",
            "When the mark moves: `tick` (default) or `session_end`.",
        ),
        may(
            "lock_at",
            Shape::Level,
            "lock_at: start + 100",
            "Where the floor stops rising: a number, `start` or `start + N`.",
        ),
        may(
            "high_water",
            Shape::Positive,
            "high_water: 51200",
            "The mark of an account that is already running.",
        ),
        BREACH,
    ],
);

pub(crate) static MAX_LOSS: Table = table(
    "`max_loss`",
    "A floor that is fixed for its span.",
    &[
        must(
            "amount",
            Shape::Amount,
            "amount: 5%",
            "How far below the anchor the floor lies; an amount, or a percentage of `starting_balance`.",
        ),
        must(
            "anchor",
            Shape::Words(words::<Anchor>),
            "anchor: session_max",
            "What it is measured from; `session_max` is the higher of balance and equity at the open.",
        ),
        may(
            "of",
            Shape::Words(words::<MaxLossOf>),
            "of: balance",
            "The tested value: `equity` (default) or `balance`.",
        ),
        BREACH,
    ],
);

pub(super) const WINDOWS_SHAPE: Shape = Shape::Either(&[
    Shape::List(&Shape::Map(&WINDOW)),
    Shape::Map(&NARROWED_WINDOWS),
]);

pub(crate) static NARROWED_WINDOWS: Table = table(
    "a narrowed list of windows",
    "Windows, with what counts in them.",
    &[
        must(
            "windows",
            Shape::List(&Shape::Map(&WINDOW)),
            "windows: [{ days: [fri], from: \"16:00\", to: \"17:00\" }]",
            "The windows.",
        ),
        may(
            "only",
            Shape::Words(words::<Only>),
            "only: positions",
            "What counts: `positions` or `orders`; default both.",
        ),
        may(
            "instruments",
            Shape::List(&Shape::Text),
            "instruments: [ES, NQ]",
            "The instruments that count; default all.",
        ),
    ],
);

pub(crate) static WINDOW: Table = table(
    "a window",
    "A span of the day; it may cross midnight.",
    &[
        must(
            "days",
            Shape::List(&Shape::Day),
            "days: [mon, tue, wed, thu, fri]",
            "The days on which it starts.",
        ),
        must("from", Shape::Time, "from: \"09:30\"", "When it starts."),
        must(
            "to",
            Shape::Time,
            "to: \"16:00\"",
            "When it ends; `24:00` is the end of the day.",
        ),
        may(
            "timezone",
            Shape::Timezone,
            "timezone: America/New_York",
            "The zone of both times; default: that of the accounts' sessions, where it is one.",
        ),
    ],
);

pub(crate) static AT: Table = table(
    "`at`",
    "True once at each time of a schedule.",
    &[
        must(
            "cron",
            Shape::Text,
            "cron: \"55 16 * * 1-5\"",
            "Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).",
        ),
        may(
            "timezone",
            Shape::Timezone,
            "timezone: America/New_York",
            "The zone of the times; default: that of the accounts' sessions, where it is one.",
        ),
        may(
            "catch_up",
            Shape::Duration,
            "catch_up: 10m",
            "A time that was missed is caught up while it is younger than this; default `10m`.",
        ),
    ],
);

pub(crate) static POSITION: Table = table(
    "`position`",
    "Limits on what is held; true when any is exceeded.",
    &[
        may(
            "contracts",
            Shape::Quantity,
            "contracts: 4",
            "Most contracts over all instruments, long and short added up.",
        ),
        may(
            "per_instrument",
            Shape::PerInstrument,
            "per_instrument: { ES: 2 }",
            "Most contracts of single instruments, both sides added up.",
        ),
        may(
            "positions",
            Shape::Whole(0, MAX_COUNT),
            "positions: 2",
            "Most instruments with a position; long and short at once count as two.",
        ),
        may(
            "allow",
            Shape::List(&Shape::Text),
            "allow: [ES, MES]",
            "Only these may be held.",
        ),
        may(
            "deny",
            Shape::List(&Shape::Text),
            "deny: [CL]",
            "These may not be held.",
        ),
        may(
            "micro_ratio",
            Shape::Positive,
            "micro_ratio: 10",
            "How many micro contracts count as one contract; default 1.",
        ),
        may(
            "opposite",
            Shape::List(&Shape::List(&Shape::Text)),
            "opposite: [[ES, MES], [NQ, MNQ]]",
            "Groups in which long and short may not be held at once.",
        ),
    ],
);

pub(crate) static ORDERS: Table = table(
    "`orders`",
    "Limits on working orders; true when any is exceeded.",
    &[
        may(
            "working",
            Shape::Whole(0, MAX_COUNT),
            "working: 10",
            "Most working orders.",
        ),
        may(
            "quantity",
            Shape::Positive,
            "quantity: 5",
            "Largest quantity of one order.",
        ),
    ],
);
