//! Since when a position is held, of which no list of positions says anything: the fills
//! of its symbol do, where it was not seen to appear.

use std::sync::Mutex;
use std::time::Duration;

use chrono::DateTime;
use rust_decimal::Decimal;
use tokio::time::{Instant, timeout};

use super::positions::side_of;
use super::{Binance, errors, routes};
use crate::domain::limits::Cost;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::PositionKey;
use crate::locked::Locked;
use crate::venue::Permit;
use crate::venue::exchange::held::Held;
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Unexpected};

/// What a read of fills takes.
const FILLS: Cost = Cost(&[("weight", 5)]);
/// How long a look waits for all of them.
const WAIT: Duration = Duration::from_secs(1);
/// How long after a look another one sees positions appear.
const WATCHED: Duration = Duration::from_secs(10);

/// Since when positions are held.
#[derive(Debug, Default)]
pub(super) struct Openings(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    openings: Vec<Opening>,
    looked_at: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Opening {
    key: PositionKey,
    is_long: bool,
    /// By the venue's clock; `None` where nobody knows.
    at: Option<Timestamp>,
}

impl Openings {
    /// Takes what a look shows, by the venue's time of it; gives the positions of which
    /// it is not known since when they are held. Of each that is asked once.
    fn see<'h>(&self, held: &'h [Held], stamp: Option<i64>) -> Vec<&'h Held> {
        let now = Instant::now();
        let mut known = self.0.locked();
        let before = known.looked_at.replace(now);
        let is_watched = before.is_some_and(|at| now.saturating_duration_since(at) <= WATCHED);
        let appeared = stamp
            .and_then(DateTime::from_timestamp_millis)
            .filter(|_| is_watched);
        let mut unknown = Vec::new();
        let mut openings = Vec::new();
        for one in held {
            let key = &one.position.key;
            let is_long = one.position.quantity > Decimal::ZERO;
            let same = known.of(key).filter(|same| same.is_long == is_long);
            if same.is_none() && appeared.is_none() {
                unknown.push(one);
            }
            openings.push(Opening {
                key: key.clone(),
                is_long,
                at: same.map_or(appeared, |same| same.at),
            });
        }
        known.openings = openings;
        unknown
    }

    fn learn(&self, key: &PositionKey, at: Timestamp) {
        let mut known = self.0.locked();
        let same = known.openings.iter_mut().find(|one| one.key == *key);
        if let Some(opening) = same {
            opening.at = Some(at);
        }
    }

    /// Adds what is known.
    pub(super) fn add_to(&self, held: &mut [Held]) {
        let known = self.0.locked();
        for one in held {
            let opening = known.of(&one.position.key);
            one.position.opened = opening.and_then(|opening| opening.at);
        }
    }
}

impl Known {
    fn of(&self, key: &PositionKey) -> Option<&Opening> {
        self.openings.iter().find(|one| one.key == *key)
    }
}

impl Binance {
    /// Learns since when these positions are held. A look is not lost over that: where
    /// it is not known, it is not known.
    pub(super) async fn learn_openings(&self, held: &[Held], stamp: Option<i64>, permit: &Permit) {
        let unknown = self.openings.see(held, stamp);
        let read_all = async {
            for one in unknown {
                if let Ok(Some(at)) = self.opened(one, permit).await {
                    self.openings.learn(&one.position.key, at);
                }
            }
        };
        let _ = timeout(WAIT, read_all).await;
    }

    async fn opened(&self, one: &Held, permit: &Permit) -> Result<Option<Timestamp>, RestError> {
        let permit = self.client.http.beside(permit, FILLS);
        let route = routes::fills(one.position.key.instrument.as_str());
        let sent = self.client.get(&permit, &route, WAIT).await;
        let json = errors::read(&sent)?;
        let position = &one.position;
        Ok(opened_by(json.root(), &position.key, position.quantity)?)
    }
}

/// When the fills of a symbol, oldest first, have opened what is held; `None` when that
/// was before the first of them.
///
/// # Errors
/// When it is no list of fills.
fn opened_by(
    fills: Node<'_>,
    key: &PositionKey,
    held: Decimal,
) -> Result<Option<Timestamp>, Unexpected> {
    let mut before = held;
    for row in fills.as_list()?.into_iter().rev() {
        let fields = row.as_object()?;
        let side = fields.need("positionSide")?;
        let of_position = side_of(&side.as_text()?);
        if of_position.ok_or_else(|| side.unexpected("a position side"))? != key.side {
            continue;
        }
        let quantity = fields.need("qty")?.as_decimal()?;
        let trade = fields.need("side")?;
        let traded = match trade.as_text()?.as_str() {
            "BUY" => quantity,
            "SELL" => -quantity,
            _ => return Err(trade.unexpected("`BUY` or `SELL`")),
        };
        let time = fields.need("time")?;
        let at = DateTime::from_timestamp_millis(time.as_integer()?)
            .ok_or_else(|| time.unexpected("a time"))?;
        before = before
            .checked_sub(traded)
            .ok_or_else(|| row.unexpected("a quantity"))?;
        let is_there = !before.is_zero() && (before > Decimal::ZERO) == (held > Decimal::ZERO);
        if !is_there {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::Position;
    use crate::domain::instrument::Dialect;
    use crate::venue::rest::json::Json;

    fn fill(side: &str, position_side: &str, quantity: &str, time: i64) -> String {
        format!(
            r#"{{"symbol": "BTCUSDT", "id": 1, "orderId": 2, "side": "{side}", "qty": "{quantity}",
            "positionSide": "{position_side}", "price": "50000.0", "time": {time}}}"#
        )
    }

    fn opened(fills: &[String], key: &str, held: &str) -> Result<Option<i64>, String> {
        let body = format!("[{}]", fills.join(","));
        let json = Json::parse(body.as_bytes()).unwrap();
        let key = PositionKey::of(key, Dialect::Symbols);
        let at = opened_by(json.root(), &key, held.parse().unwrap());
        at.map(|at| at.map(|at| at.timestamp_millis()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_position_is_as_old_as_the_fill_before_which_there_was_none() {
        let fills = [
            fill("SELL", "BOTH", "1", 1000),
            fill("BUY", "BOTH", "1.5", 2000),
            fill("BUY", "BOTH", "0.25", 3000),
            fill("SELL", "BOTH", "0.125", 4000),
        ];
        // The second fill has turned a short of 1 into a long of a half.
        assert_eq!(opened(&fills, "BTCUSDT", "0.625"), Ok(Some(2000)));
        assert_eq!(opened(&fills[..1], "BTCUSDT", "-1"), Ok(Some(1000)));
        // It was larger, or smaller, before the oldest of them.
        assert_eq!(opened(&fills[..1], "BTCUSDT", "-1.5"), Ok(None));
        assert_eq!(opened(&fills[3..], "BTCUSDT", "0.5"), Ok(None));
        assert_eq!(opened(&[], "BTCUSDT", "0.5"), Ok(None));
    }

    #[test]
    fn each_side_of_hedge_mode_has_fills_of_its_own() {
        let fills = [
            fill("BUY", "LONG", "1", 1000),
            fill("SELL", "SHORT", "2", 2000),
            fill("SELL", "LONG", "0.5", 3000),
        ];
        assert_eq!(opened(&fills, "BTCUSDT/long", "0.5"), Ok(Some(1000)));
        assert_eq!(opened(&fills, "BTCUSDT/short", "-2"), Ok(Some(2000)));
    }

    #[test]
    fn what_is_no_fill_spoils_the_list() {
        let good = fill("BUY", "BOTH", "1", 1000);
        for (from, to) in [
            (r#""BUY""#, r#""Buy""#),
            (r#""qty": "1""#, r#""qty": """#),
            (r#""BOTH""#, r#""ANY""#),
            (r#""time": 1000"#, r#""time": "soon""#),
        ] {
            let wrong = good.replacen(from, to, 1);
            assert!(opened(&[wrong], "BTCUSDT", "1").is_err(), "{to}");
        }
    }

    fn held(key: &str, quantity: &str) -> Held {
        let key = PositionKey::of(key, Dialect::Symbols);
        Held {
            position: Position::new(key, quantity.parse().unwrap()),
            margin: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_appears_while_it_is_watched_needs_no_question() {
        let openings = Openings::default();
        let asked = |held: &[Held], stamp: i64| openings.see(held, Some(stamp)).len();
        let opened = |one: &Held| {
            let mut held = [one.clone()];
            openings.add_to(&mut held);
            let [one] = held;
            one.position.opened.map(|at| at.timestamp_millis())
        };
        let (btc, eth) = (held("BTCUSDT", "1"), held("ETHUSDT", "-2"));
        // Nobody knows for how long.
        assert_eq!(asked(std::slice::from_ref(&btc), 1000), 1);
        assert_eq!(opened(&btc), None);
        assert_eq!(asked(&[btc.clone(), eth.clone()], 2000), 0);
        assert_eq!((opened(&btc), opened(&eth)), (None, Some(2000)));
        // More of it, and the other way round.
        assert_eq!(asked(&[held("ETHUSDT", "-3")], 3000), 0);
        assert_eq!(opened(&eth), Some(2000));
        assert_eq!(asked(&[held("ETHUSDT", "1")], 4000), 0);
        assert_eq!(opened(&eth), Some(4000));
        // Nothing was seen for a while.
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(asked(&[held("ETHUSDT", "-1"), btc.clone()], 15_000), 2);
        openings.learn(&btc.position.key, DateTime::UNIX_EPOCH);
        assert_eq!((opened(&eth), opened(&btc)), (None, Some(0)));
    }
}
