//! Evidence in words: what was compared with what, and where it came from.

use std::borrow::Cow;

use chrono::DateTime;

use crate::cli::time;
use crate::domain::money::Money;
use crate::engine::record::Fields;
use crate::engine::words;

/// The names that the sentences below use up.
const TOLD: [&str; 24] = [
    "metric",
    "value",
    "limit",
    "comparison",
    "distance",
    "basis",
    "high_water",
    "high_water_at",
    "mark",
    "trail",
    "anchor",
    "anchor_value",
    "anchor_at",
    "anchor_source",
    "amount",
    "reason",
    "negated",
    "unit",
    "used",
    "start",
    "age_seconds",
    "limit_seconds",
    "due",
    "due_local",
];

/// The names that the sentence about where a P&L comes from uses up besides.
const WORKED_OUT: [&str; 7] = [
    "realized",
    "unrealized",
    "equity",
    "balance",
    "closed_sessions",
    "this_session",
    "since",
];

/// What was compared with what, in the order in which one asks.
pub(super) fn sentences(evidence: &[(String, String)]) -> Vec<String> {
    let found = Evidence(evidence);
    let worked_out = found.worked_out();
    let is_told =
        |name: &str| TOLD.contains(&name) || (worked_out.is_some() && WORKED_OUT.contains(&name));
    let mut lines: Vec<String> = [
        found.comparison(),
        found.negation(),
        found.distance(),
        found.high_water(),
        found.trail(),
        found.anchor().filter(|_| worked_out.is_none()),
        found.amount(),
        found.basis(worked_out.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rest = evidence.iter().filter(|(name, _)| !is_told(name));
    lines.extend(rest.map(|(name, value)| format!("{}: {}", name.replace('_', " "), shown(value))));
    lines
}

struct Evidence<'a>(&'a [(String, String)]);

impl Evidence<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn money(&self, name: &str) -> Option<Money> {
        self.text(name)?.parse().ok()
    }

    /// The same words as in the messages.
    fn comparison(&self) -> Option<String> {
        self.text("metric")?;
        let own = |(name, value): &(String, String)| (Cow::Owned(name.clone()), value.clone());
        let fields = Fields(self.0.iter().map(own).collect());
        Some(words::evidence(&fields))
    }

    fn negation(&self) -> Option<String> {
        self.text("negated")?;
        let condition = self.text("condition").unwrap_or("the condition");
        Some(format!(
            "`{condition}` stands under a `not`: the rule asks for it not to hold"
        ))
    }

    fn distance(&self) -> Option<String> {
        let distance = self.money("distance")?;
        Some(if distance.is_zero() {
            "exactly at the limit".to_owned()
        } else if distance.is_positive() {
            format!("{} short of the limit", distance.grouped())
        } else {
            format!("{} beyond the limit", distance.negated().grouped())
        })
    }

    fn high_water(&self) -> Option<String> {
        let mark = self.money("high_water")?.grouped();
        let of = self.text("mark").unwrap_or("the metric");
        let at = self
            .text("high_water_at")
            .map_or(String::new(), |at| format!(", set {}", shown(at)));
        Some(format!("high-water mark of {of}: {mark}{at}"))
    }

    /// `floor: 52,500.00 - 2,500.00 = 50,000.00`
    fn trail(&self) -> Option<String> {
        let trail = self.text("trail")?;
        let (Some(mark), Some(limit)) = (self.money("high_water"), self.money("limit")) else {
            return Some(format!("trail: {}", shown(trail)));
        };
        let by_trail = trail.parse().ok().and_then(|trail| mark.minus(trail));
        Some(match by_trail {
            Some(floor) if floor != limit => format!(
                "floor: it stopped rising at {} ({} - {} would be {})",
                limit.grouped(),
                mark.grouped(),
                shown(trail),
                floor.grouped()
            ),
            _ => format!(
                "floor: {} - {} = {}",
                mark.grouped(),
                shown(trail),
                limit.grouped()
            ),
        })
    }

    fn anchor(&self) -> Option<String> {
        let anchor = self.text("anchor")?;
        let value = self
            .text("anchor_value")
            .map_or("unknown".to_owned(), shown);
        let at = self
            .text("anchor_at")
            .map_or(String::new(), |at| format!(", as of {}", shown(at)));
        let source = self.text("anchor_source").map_or(String::new(), |source| {
            format!(" ({})", source.replace('_', " "))
        });
        Some(format!("measured from the {anchor}: {value}{at}{source}"))
    }

    /// `floor: 50,000.00 - 2,000.00 = 48,000.00`
    fn amount(&self) -> Option<String> {
        let amount = self.money("amount")?;
        match (self.money("anchor_value"), self.money("limit")) {
            (Some(anchor), Some(limit)) => Some(format!(
                "floor: {} - {} = {}",
                anchor.grouped(),
                amount.grouped(),
                limit.grouped()
            )),
            _ => Some(format!("amount: {}", amount.grouped())),
        }
    }

    fn basis(&self, worked_out: Option<&str>) -> Option<String> {
        let basis = match self.text("basis") {
            Some("venue") => "by the venue's own session figure",
            Some("ledger") => "by riskd's ledger",
            Some(other) => return Some(format!("by {other}")),
            None => return worked_out.map(ToOwned::to_owned),
        };
        Some(match (worked_out, basis) {
            (Some(figures), _) => format!("{basis}: {figures}"),
            (None, "by riskd's ledger") => {
                format!("{basis}: equity or balance now minus at the session's open")
            }
            (None, _) => basis.to_owned(),
        })
    }

    /// The value as the sum or difference that it is. Nothing is said unless it
    /// comes out: evidence of an older riskd holds no figures.
    fn worked_out(&self) -> Option<String> {
        let value = self.money("value")?;
        self.as_a_difference(value)
            .or_else(|| self.as_a_sum(value, ["closed_sessions", "this_session"]))
            .or_else(|| self.as_a_sum(value, ["realized", "unrealized"]))
    }

    /// `equity 49,250.00 - 50,000.00 at the open (2026-11-22 10:00:55 UTC) =
    /// -750.00`
    fn as_a_difference(&self, value: Money) -> Option<String> {
        let (name, now) = ["equity", "balance"]
            .into_iter()
            .find_map(|name| Some((name, self.money(name)?)))?;
        let anchor = self.money("anchor_value")?;
        if now.minus(anchor) != Some(value) {
            return None;
        }
        let what = self.text("anchor")?;
        let what = if what.ends_with("at the session's open") {
            "at the open".to_owned()
        } else {
            format!("as {what}")
        };
        let parts = [
            self.text("anchor_at").map(shown),
            self.text("anchor_source")
                .map(|source| source.replace('_', " ")),
            self.text("made_before")
                .map(|made| format!("less {} made before", shown(made))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let seen = if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        };
        Some(format!(
            "{name} {} - {} {what}{seen} = {}",
            now.grouped(),
            anchor.grouped(),
            value.grouped()
        ))
    }

    /// `realized -500.00 + unrealized -250.00 = -750.00`
    fn as_a_sum(&self, value: Money, names: [&str; 2]) -> Option<String> {
        let [one, other] = names;
        let (left, right) = (self.money(one)?, self.money(other)?);
        let since = self
            .text("since")
            .filter(|_| one == "closed_sessions")
            .map_or(String::new(), |since| format!(" since {since}"));
        (left.plus(right) == Some(value)).then(|| {
            format!(
                "{} {}{since} + {} {} = {}",
                one.replace('_', " "),
                left.grouped(),
                other.replace('_', " "),
                right.grouped(),
                value.grouped()
            )
        })
    }
}

/// A value for people: amounts in groups, times in UTC.
fn shown(value: &str) -> String {
    if let Ok(at) = DateTime::parse_from_rfc3339(value) {
        return time::full(at.to_utc());
    }
    let is_amount = value.contains('.') && value.parse::<Money>().is_ok();
    match value.parse::<Money>() {
        Ok(amount) if is_amount => amount.grouped(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences_of(pairs: &[(&str, &str)]) -> String {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        sentences(&pairs).join("\n")
    }

    #[test]
    fn a_loss_is_put_into_words() {
        let text = sentences_of(&[
            ("condition", "pnl"),
            ("value", "-1012.50"),
            ("limit", "-1000.00"),
            ("distance", "-12.50"),
            ("metric", "session P&L"),
            ("comparison", "at or below"),
            ("basis", "ledger"),
        ]);
        assert_eq!(
            text,
            "session P&L -1,012.50 at or below -1,000.00\n12.50 beyond the limit\n\
             by riskd's ledger: equity or balance now minus at the session's open\ncondition: pnl"
        );
    }

    #[test]
    fn a_result_is_worked_out_from_its_figures() {
        let common = [
            ("condition", "pnl"),
            ("value", "-750.00"),
            ("limit", "-700.00"),
            ("metric", "session P&L"),
            ("comparison", "at or below"),
        ];
        let ledger = [
            ("basis", "ledger"),
            ("equity", "49250.00"),
            ("anchor", "equity at the session's open"),
            ("anchor_value", "50000.00"),
            ("anchor_source", "first observation after the open"),
            ("anchor_at", "2026-11-22T10:00:55+00:00"),
            ("holdings", "ES 03-26:+2@5000.25"),
        ];
        assert_eq!(
            sentences_of(&[&common[..], &ledger[..]].concat()),
            "session P&L -750.00 at or below -700.00\n\
             by riskd's ledger: equity 49,250.00 - 50,000.00 at the open (2026-11-22 10:00:55.000 UTC, \
             first observation after the open) = -750.00\n\
             condition: pnl\nholdings: ES 03-26:+2@5000.25"
        );
        let venue = [
            ("basis", "venue"),
            ("realized", "-500.00"),
            ("unrealized", "-250.00"),
        ];
        assert_eq!(
            sentences_of(&[&common[..], &venue[..]].concat()),
            "session P&L -750.00 at or below -700.00\n\
             by the venue's own session figure: realized -500.00 + unrealized -250.00 = -750.00\n\
             condition: pnl"
        );
        let week = [
            ("basis", "venue"),
            ("realized", "-1.00"),
            ("unrealized", "-49.00"),
            ("closed_sessions", "-700.00"),
            ("this_session", "-50.00"),
            ("since", "2026-11-16"),
        ];
        let told = sentences_of(&[&common[..], &week[..]].concat());
        assert!(
            told.contains(
                "closed sessions -700.00 since 2026-11-16 + this session -50.00 = -750.00"
            ),
            "{told}"
        );
        // Figures that do not come to the value are listed, and nothing is claimed.
        let odd = [
            ("basis", "venue"),
            ("realized", "-500.00"),
            ("unrealized", "-251.00"),
        ];
        let told = sentences_of(&[&common[..], &odd[..]].concat());
        assert!(
            told.contains("realized: -500.00\nunrealized: -251.00"),
            "{told}"
        );
    }

    #[test]
    fn a_comparison_under_a_not_is_told_as_it_holds() {
        let told = sentences_of(&[
            ("condition", "pnl"),
            ("value", "0.00"),
            ("limit", "-5000.00"),
            ("metric", "session P&L"),
            ("comparison", "at or below"),
            ("negated", "true"),
        ]);
        assert_eq!(
            told,
            "session P&L 0.00 above -5,000.00\n\
             `pnl` stands under a `not`: the rule asks for it not to hold\ncondition: pnl"
        );
    }

    #[test]
    fn a_floor_is_calculated_before_the_readers_eyes() {
        let common = [
            ("metric", "equity"),
            ("comparison", "at or below"),
            ("value", "49999.00"),
            ("mark", "equity"),
            ("high_water", "52600.00"),
            ("high_water_at", "2026-11-20T15:04:05+00:00"),
            ("trail", "2500.00"),
        ];
        let rising = sentences_of(&[&common[..], &[("limit", "50100.00")]].concat());
        assert!(
            rising.contains("floor: 52,600.00 - 2,500.00 = 50,100.00"),
            "{rising}"
        );
        assert!(
            rising.contains("set 2026-11-20 15:04:05.000 UTC"),
            "{rising}"
        );
        let stopped = sentences_of(&[&common[..], &[("limit", "50000.00")]].concat());
        assert!(
            stopped.contains("it stopped rising at 50,000.00"),
            "{stopped}"
        );
    }
}
