//! Evidence in words: what was compared with what, and where it came from.

use chrono::DateTime;

use crate::cli::time;
use crate::domain::money::Money;

/// The names that the sentences below use up.
const TOLD: [&str; 15] = [
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
];

/// What was compared with what, in the order in which one asks.
pub(super) fn sentences(evidence: &[(String, String)]) -> Vec<String> {
    let found = Evidence(evidence);
    let mut lines: Vec<String> = [
        found.comparison(),
        found.distance(),
        found.high_water(),
        found.trail(),
        found.anchor(),
        found.amount(),
        found.basis(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rest = evidence
        .iter()
        .filter(|(name, _)| !TOLD.contains(&name.as_str()));
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

    fn comparison(&self) -> Option<String> {
        let metric = self.text("metric")?;
        let (Some(value), Some(limit)) = (self.text("value"), self.text("limit")) else {
            return Some(metric.to_owned());
        };
        let comparison = self.text("comparison").unwrap_or("against");
        Some(format!(
            "{metric} {} {comparison} {}",
            shown(value),
            shown(limit)
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

    fn basis(&self) -> Option<String> {
        Some(match self.text("basis")? {
            "venue" => "by the venue's own session figure".to_owned(),
            "ledger" => {
                "by riskd's ledger: equity or balance now minus at the session's open".to_owned()
            }
            other => format!("by {other}"),
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
