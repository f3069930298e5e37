//! What a poll reads: the wallets, and beside them every position and what is due.

use std::time::Duration;

use tokio::time::timeout;

use super::positions::Mode;
use super::{BingX, balance, errors, income, positions, routes, symbols};
use crate::domain::limits::{Ask, Cost};
use crate::domain::observation::Learned;
use crate::venue::exchange::adapter::Exchange;
use crate::venue::exchange::held::Held;
use crate::venue::exchange::learned::Look;
use crate::venue::exchange::ledger::{self, Part, Row, Span};
use crate::venue::exchange::wallet::Wallet;
use crate::venue::rest::error::RestError;
use crate::venue::{Lane, Permit};

/// What an answer with what moved money takes.
const LEDGER: Cost = Cost(&[("ledgers", 1)]);
/// What the rules of all symbols take.
const SYMBOLS: Cost = Cost(&[("symbols", 1)]);
/// What the mode of the account takes.
const MODE: Cost = Cost(&[("modes", 1)]);
/// Most answers of one read of what moved money.
const MOST_ANSWERS: usize = 10;

impl BingX {
    pub(super) async fn look_at_all(&self, permit: &Permit) -> Result<Learned, RestError> {
        let wait = self.client.limits.poll;
        let (wallet, held, ()) = tokio::join!(
            self.wallet(permit, wait),
            self.held_in_all(permit, wait),
            self.client.follow_clock(permit)
        );
        let (wallet, stamp) = wallet?;
        let mut held = held?;
        self.dead_man.note_held(&held);
        let (money, (), ()) = tokio::join!(
            self.money(&wallet, &held, stamp, permit),
            self.learn_symbols(&held),
            self.disarm_beside(&held)
        );
        for one in &mut held {
            if one.margin.is_none() {
                let symbol = one.position.key.instrument.as_str();
                one.margin = self.symbols.margin(symbol);
            }
        }
        let look = Look {
            wallet,
            held,
            stamp,
            money,
            symbols: self.sizes.with(self.symbols.all()),
        };
        Ok(look.learned(&self.assets))
    }

    /// The wallets, and the venue's time of them.
    pub(super) async fn wallet(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> Result<(Wallet, Option<i64>), RestError> {
        let sent = self.client.get(permit, &routes::balance(), wait).await;
        let json = errors::read(&sent)?;
        let wallet = balance::read(errors::data(json.root())?, &self.assets)?;
        Ok((wallet, self.client.stamp(&sent)))
    }

    /// Every position that the key can see.
    pub(super) async fn held_in_all(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Vec<Held>, RestError> {
        let sent = self.client.get(permit, &routes::positions(), wait).await;
        let json = errors::read(&sent)?;
        let list = errors::data(json.root())?;
        let mode = if positions::need_mode(list)? {
            Some(self.position_mode(permit, wait).await?)
        } else {
            None
        };
        let held = positions::read(list, mode)?;
        self.parts.learn(positions::parts(list, mode)?);
        if held.is_empty() {
            self.mode.forget();
        }
        Ok(held)
    }

    async fn position_mode(&self, permit: &Permit, wait: Duration) -> Result<Mode, RestError> {
        if let Some(mode) = self.mode.get() {
            return Ok(mode);
        }
        let permit = self.permit(permit.lane, MODE).await?;
        let sent = self
            .client
            .get(&permit, &routes::position_mode(), wait)
            .await;
        let json = errors::read(&sent)?;
        let mode = positions::read_mode(errors::data(json.root())?)?;
        self.mode.learn(mode);
        Ok(mode)
    }

    /// The right to one more request, which waits for its turn: limits are a few requests
    /// a second for each call.
    pub(super) async fn permit(&self, lane: Lane, cost: Cost) -> Result<Permit, RestError> {
        let taken = self.client.http.budget().take(lane, Ask::Other(cost)).await;
        taken.map_err(|_| RestError::NoBudget)
    }

    /// Reads the rules of symbols when that is due. Without them a close is not rounded,
    /// and it is what is held that counts: a poll is not lost over them.
    async fn learn_symbols(&self, held: &[Held]) {
        let symbols = held.iter().map(|one| one.position.key.instrument.as_str());
        let Some(wait) = self.symbols.due(symbols) else {
            return;
        };
        let read = async {
            let permit = self.permit(Lane::Routine, SYMBOLS).await?;
            let sent = self.client.get(&permit, &routes::symbols(), wait).await;
            let json = errors::read(&sent)?;
            let rules = symbols::read(errors::data(json.root())?)?;
            self.symbols.learn(rules);
            Ok::<(), RestError>(())
        };
        let _ = timeout(wait, read).await;
    }

    /// What moved money in the wallets that count.
    pub(super) async fn income(&self, span: Span, part: Part) -> Result<Vec<Row>, RestError> {
        match part {
            Part::Flows => {
                let mut rows = Vec::new();
                for kind in income::FLOWS {
                    rows.extend(self.income_of(span, Some(kind)).await?);
                }
                Ok(rows)
            }
            Part::All => self.income_of(span, None).await,
        }
    }

    async fn income_of(
        &self,
        mut span: Span,
        kind: Option<&'static str>,
    ) -> Result<Vec<Row>, RestError> {
        let mut rows = Vec::new();
        for _ in 0..MOST_ANSWERS {
            // Nothing else takes of this limit; who waits for the list knows how long.
            let permit = self.permit(Lane::LatePoll, LEDGER).await?;
            let route = routes::income(span, kind);
            let sent = self.client.get(&permit, &route, ledger::WAIT).await;
            let json = errors::read(&sent)?;
            let data = errors::data(json.root())?;
            match income::add(&mut rows, data, span, &self.assets)? {
                None => return Ok(rows),
                Some(until) => span.until = until,
            }
        }
        Err(RestError::NotJson("the list does not end"))
    }
}
