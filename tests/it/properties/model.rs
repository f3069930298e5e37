//! Plain second formulations: everything is worked out anew from all rows, in
//! whole cents, with no state.

use chrono::{Datelike, NaiveDate, Timelike, Weekday};
use proptest::prelude::*;

use super::paths::{DAY, Path, View, date, instant};

/// The starting balance in cents.
pub const START: i128 = 5_000_000;
/// When sessions close, in seconds of the day.
const CLOSE: i64 = 21 * 3_600;
/// How old the last row before an open may be to say what held then.
const FRESH: i64 = 600;

/// A trustworthy row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub at: i64,
    pub balance: i128,
    pub equity: i128,
}

impl Row {
    /// Balance for a realized result, else equity.
    pub fn value(&self, realized: bool) -> i128 {
        if realized { self.balance } else { self.equity }
    }
}

/// What can be known at an instant.
pub struct Model<'p> {
    path: &'p Path,
    at: i64,
}

/// Whether a value is down at a limit.
pub fn holds(value: i128, limit: i128, cross: bool) -> bool {
    if cross { value < limit } else { value <= limit }
}

/// The first instant at which the condition is true: rows, opens and closes are
/// looked at.
pub fn first_true(path: &Path, truth: impl Fn(&Model<'_>) -> Option<bool>) -> Option<i64> {
    let first = path.rows.first()?.0;
    let last = path.rows.last()?.0;
    let days = first / DAY..=last / DAY;
    let mut instants: Vec<i64> = days
        .flat_map(|day| [day * DAY, day * DAY + CLOSE])
        .filter(|at| first <= *at && *at <= last)
        .chain(path.rows.iter().map(|(at, _)| *at))
        .collect();
    instants.sort_unstable();
    instants.dedup();
    instants
        .into_iter()
        .find(|at| truth(&Model { path, at: *at }) == Some(true))
}

impl Model<'_> {
    /// The trustworthy rows up to now.
    fn rows(&self) -> impl DoubleEndedIterator<Item = Row> + '_ {
        let until = self.at;
        self.path
            .rows
            .iter()
            .filter_map(move |(at, seen)| match seen {
                View::Good {
                    balance, equity, ..
                } if *at <= until => Some(Row {
                    at: *at,
                    balance: *balance,
                    equity: *equity,
                }),
                _ => None,
            })
    }

    /// The newest row, if it can be trusted.
    pub fn now(&self) -> Option<Row> {
        let newest = self.path.rows.iter().rev().find(|(at, _)| *at <= self.at);
        match newest? {
            (_, View::Good { .. }) => self.rows().next_back(),
            _ => None,
        }
    }

    fn open(&self) -> i64 {
        self.at / DAY * DAY
    }

    /// What held at the open of the session.
    pub fn anchor(&self) -> Option<Row> {
        self.anchor_of(self.open())
    }

    fn anchor_of(&self, open: i64) -> Option<Row> {
        let before = self.rows().rfind(|row| row.at < open);
        let fresh = before.filter(|row| open - row.at <= FRESH);
        fresh.or_else(|| {
            self.rows()
                .find(|row| open <= row.at && row.at < open + DAY)
        })
    }

    /// The rows of the session that begins at `open`, its anchor first.
    fn session_rows(&self, open: i64) -> Vec<Row> {
        let own = self
            .rows()
            .filter(|row| open <= row.at && row.at < open + DAY);
        self.anchor_of(open).into_iter().chain(own).collect()
    }

    pub fn result(&self) -> Option<i128> {
        self.session_result(false)
    }

    pub fn session_result(&self, realized: bool) -> Option<i128> {
        Some(self.now()?.value(realized) - self.anchor()?.value(realized))
    }

    /// The best session result so far; zero at the open.
    pub fn best_result(&self) -> i128 {
        let rows = self.session_rows(self.open());
        let results = rows.iter().map(|row| row.equity - rows[0].equity);
        results.max().unwrap_or(0).max(0)
    }

    /// The result of a week or month: the closed sessions and this one, or what
    /// the account is worth now less what it was worth at first when a session
    /// was not seen to its end.
    pub fn span_result<K: PartialEq>(
        &self,
        realized: bool,
        key: impl Fn(NaiveDate) -> K,
    ) -> Option<i128> {
        let span = key(date(self.open()));
        let first_day = self.path.rows.first()?.0 / DAY;
        let days: Vec<i64> = (first_day..self.at / DAY)
            .map(|day| day * DAY)
            .filter(|open| key(date(*open)) == span)
            .skip_while(|open| self.anchor_of(*open).is_none())
            .collect();
        let mut closed = 0;
        let mut whole = true;
        for open in &days {
            let last = self.rows().rfind(|row| row.at < open + DAY);
            let last = last.filter(|last| last.at >= open + CLOSE - FRESH);
            match (last, self.anchor_of(*open)) {
                (Some(last), Some(anchor)) => {
                    closed += last.value(realized) - anchor.value(realized)
                }
                _ => whole = false,
            }
        }
        match days.first() {
            Some(first) if !whole => {
                let worth = self.anchor_of(*first)?.value(realized);
                Some(self.now()?.value(realized) - worth)
            }
            _ => Some(closed + self.session_result(realized)?),
        }
    }
}

/// What a drawdown tests or follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    Equity,
    Balance,
    Pnl,
    Unrealized,
}

/// One form of `trailing_drawdown`; amounts in whole units.
#[derive(Clone, Debug)]
pub struct Drawdown {
    metric: Metric,
    mark: Metric,
    trail: i128,
    percent: bool,
    lifetime: bool,
    at_close: bool,
    arm_at: Option<i128>,
    lock_at: Option<i128>,
    lock_from_start: bool,
    high_water: Option<i128>,
    cross: bool,
}

pub fn account_drawdowns() -> impl Strategy<Value = Drawdown> {
    let metric = || prop_oneof![Just(Metric::Equity), Just(Metric::Balance)];
    let form = (metric(), metric(), 1..2_500i128, any::<bool>(), 0..3u32);
    let levels = (
        prop::option::of(0..1_500i128),
        prop::option::of(0..1_500i128),
        any::<bool>(),
        prop::option::of(0..1_000i128),
        any::<bool>(),
    );
    (form, levels).prop_map(|(form, levels)| {
        let (metric, mark, trail, percent, span) = form;
        let (arm, lock, lock_from_start, high_water, cross) = levels;
        Drawdown {
            metric,
            mark,
            trail: if percent { trail % 6 + 1 } else { trail },
            percent,
            lifetime: span > 0,
            at_close: span > 1,
            arm_at: arm.map(|above| START / 100 + above),
            lock_at: lock,
            lock_from_start,
            high_water: high_water
                .filter(|_| span > 0)
                .map(|above| START / 100 + above),
            cross,
        }
    })
}

pub fn result_drawdowns() -> impl Strategy<Value = Drawdown> {
    let metric = prop_oneof![Just(Metric::Pnl), Just(Metric::Unrealized)];
    let form = (
        metric,
        1..1_500i128,
        any::<bool>(),
        1..600i128,
        any::<bool>(),
    );
    let levels = (prop::option::of(-500..500i128), any::<bool>());
    (form, levels).prop_map(
        |((metric, trail, percent, arm_at, armed), (lock_at, cross))| Drawdown {
            metric,
            mark: metric,
            trail: if percent { trail % 100 + 1 } else { trail },
            percent,
            lifetime: false,
            at_close: false,
            arm_at: (armed || percent).then_some(arm_at),
            // A level below the first floor is refused.
            lock_at: if armed || percent {
                lock_at
            } else {
                lock_at.map(|level: i128| level.max(-trail))
            },
            lock_from_start: false,
            high_water: None,
            cross,
        },
    )
}

impl Drawdown {
    pub fn yaml(&self) -> String {
        let name = |metric: Metric| format!("{metric:?}").to_lowercase();
        let mut parts = vec![
            format!("metric: {}", name(self.metric)),
            format!("mark: {}", name(self.mark)),
            format!(
                "trail: {}{}",
                self.trail,
                if self.percent { "%" } else { "" }
            ),
            format!(
                "span: {}",
                if self.lifetime { "lifetime" } else { "session" }
            ),
            format!("breach: {}", if self.cross { "cross" } else { "touch" }),
        ];
        if self.at_close {
            parts.push("ratchet: session_end".to_owned());
        }
        parts.extend(self.arm_at.map(|level| format!("arm_at: {level}")));
        parts.extend(self.high_water.map(|level| format!("high_water: {level}")));
        parts.extend(self.lock_at.map(|level| match self.is_of_account() {
            true if self.lock_from_start => format!("lock_at: start + {level}"),
            true => format!("lock_at: {}", START / 100 + level),
            false => format!("lock_at: {level}"),
        }));
        format!("trailing_drawdown: {{ {} }}", parts.join(", "))
    }

    fn is_of_account(&self) -> bool {
        matches!(self.metric, Metric::Equity | Metric::Balance)
    }

    fn of(metric: Metric, row: &Row, anchor: &Row) -> i128 {
        match metric {
            Metric::Equity => row.equity,
            Metric::Balance => row.balance,
            Metric::Pnl => row.equity - anchor.equity,
            Metric::Unrealized => row.equity - row.balance,
        }
    }

    /// The highest value of the mark's metric, in cents.
    fn high(&self, model: &Model<'_>) -> Option<i128> {
        let open = model.open();
        if !self.lifetime {
            let rows = model.session_rows(open);
            let start = (!self.is_of_account()).then_some(0);
            // What was open before the session is no mark of it.
            let own = rows
                .iter()
                .enumerate()
                .filter(|(index, _)| self.is_of_account() || *index > 0)
                .map(|(_, row)| Drawdown::of(self.mark, row, &rows[0]));
            return own.chain(start).max();
        }
        model.rows().next()?;
        let given = self.high_water.map_or(START, |level| level * 100);
        let rows: Vec<Row> = if !self.at_close {
            model.rows().collect()
        } else {
            let first = model.rows().next()?.at / DAY;
            let closed = (first..=model.at / DAY).filter(|day| day * DAY + CLOSE <= model.at);
            closed
                .filter_map(|day| {
                    let inside = |row: &Row| row.at / DAY == day && row.at % DAY < CLOSE;
                    model.rows().rfind(inside)
                })
                .collect()
        };
        let highest = rows
            .iter()
            .map(|row| Drawdown::of(self.mark, row, row))
            .max();
        highest.into_iter().chain([given]).max()
    }

    pub fn truth(&self, model: &Model<'_>) -> Option<bool> {
        // Hundredths of a cent, so that percentages are whole.
        let mark = self.high(model)? * 100;
        if self.arm_at.is_some_and(|level| mark < level * 10_000) {
            return Some(false);
        }
        let trail = if self.percent {
            mark * self.trail / 100
        } else {
            self.trail * 10_000
        };
        let lock = self.lock_at.map(|level| {
            if self.is_of_account() {
                (START / 100 + level) * 10_000
            } else {
                level * 10_000
            }
        });
        let floor = lock.map_or(mark - trail, |lock| lock.min(mark - trail));
        let now = model.now()?;
        let anchor = match self.metric {
            Metric::Pnl => model.anchor()?,
            _ => now,
        };
        let value = Drawdown::of(self.metric, &now, &anchor) * 100;
        Some(holds(value, floor, self.cross))
    }
}

/// When a rule with `hold` and `confirm` fires that re-arms when it is clear.
pub fn build_ups(path: &Path, hold: i64, confirm: u32, is_true: impl Fn(&Row) -> bool) -> Vec<i64> {
    let truth = |seen: &View| match seen {
        View::Good {
            balance, equity, ..
        } => Some(is_true(&Row {
            at: 0,
            balance: *balance,
            equity: *equity,
        })),
        _ => None,
    };
    let mut fired = Vec::new();
    let (mut held, mut seen_true, mut latched) = (0, 0, false);
    for (index, (at, seen)) in path.rows.iter().enumerate() {
        match truth(seen) {
            None => continue,
            Some(false) => {
                (held, seen_true, latched) = (0, 0, false);
                continue;
            }
            Some(true) => seen_true += 1,
        }
        let next = path.rows.get(index + 1).map(|(next, _)| *next);
        let due = at + (hold - held).max(0);
        let in_time = due == *at || next.is_some_and(|next| due < next);
        if !latched && seen_true >= confirm && in_time {
            fired.push(due);
            latched = true;
        }
        held += next.unwrap_or(*at) - at;
    }
    fired
}

/// A window in New York time; `days` has a bit for each day from Monday.
#[derive(Clone, Debug)]
pub struct Window {
    pub inside: bool,
    pub from: u32,
    pub length: u32,
    pub days: u32,
}

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Window {
    pub fn yaml(&self) -> String {
        let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let days: Vec<&str> = (0..7)
            .filter(|day| self.days & (1 << day) != 0)
            .map(|day| NAMES[day])
            .collect();
        format!(
            "{}: [{{ days: [{}], from: \"{}\", to: \"{}\", timezone: America/New_York }}]",
            if self.inside { "inside" } else { "outside" },
            days.join(", "),
            time(self.from),
            time((self.from + self.length) % 1_440),
        )
    }

    /// Whether holding a position at this minute is a violation.
    fn forbids(&self, at: i64) -> bool {
        let local = instant(at).with_timezone(&chrono_tz::America::New_York);
        let minute = local.hour() * 60 + local.minute();
        let starts_on = |day: Weekday| self.days & (1 << day.num_days_from_monday()) != 0;
        let today =
            starts_on(local.weekday()) && minute >= self.from && minute < self.from + self.length;
        let yesterday =
            starts_on(local.weekday().pred()) && minute + 1_440 < self.from + self.length;
        (today || yesterday) == self.inside
    }
}

/// When the window rule fires: positions are always held where they are known.
pub fn window_firings(path: &Path, window: &Window) -> Vec<i64> {
    let mut fired = Vec::new();
    let mut latched = false;
    for (index, (at, seen)) in path.rows.iter().enumerate() {
        let next = path.rows.get(index + 1).map_or(at + 1, |(next, _)| *next);
        let minutes = (at / 60 + 1..).map(|minute| minute * 60);
        let instants = std::iter::once(*at).chain(minutes.take_while(|minute| *minute < next));
        for instant in instants {
            // A window that forbids nothing is false whatever is held.
            let known = matches!(seen, View::Good { .. });
            match window.forbids(instant) {
                true if known && !latched => {
                    fired.push(instant);
                    latched = true;
                }
                true => {}
                false => latched = false,
            }
        }
    }
    fired
}
