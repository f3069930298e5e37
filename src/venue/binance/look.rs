//! What a poll reads: the account, and beside it what is due.

use std::time::Duration;

use tokio::time::timeout;

use super::client::LEAST;
use super::{Binance, account, errors, income, positions, routes, symbols};
use crate::domain::limits::Cost;
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::Learned;
use crate::venue::exchange::held::Held;
use crate::venue::exchange::learned::Look;
use crate::venue::exchange::ledger::{self, Part, Span};
use crate::venue::exchange::made::{made_by, parts};
use crate::venue::exchange::wallet::Wallet;
use crate::venue::rest::error::RestError;
use crate::venue::{Failure, Permit};

/// How long a poll waits for prices and margin assets.
const PRICES_WAIT: Duration = Duration::from_secs(1);
/// What a read of positions or of the account takes.
const ONE_READ: Cost = Cost(&[("weight", 5)]);
/// What an answer with what moved money takes.
const INCOME: Cost = Cost(&[("weight", 30)]);
/// Most answers of one read of that list.
const MOST_ANSWERS: usize = 10;

impl Binance {
    pub(super) async fn look(&self, permit: &Permit) -> Result<Learned, RestError> {
        let wait = self.client.limits.poll;
        let prices = async {
            if self.prices.are_due() {
                self.read_prices(permit).await;
            }
        };
        let (account, (), ()) = tokio::join!(
            self.account(permit, wait),
            prices,
            self.client.follow_clock(permit)
        );
        let (wallet, mut held, stamp) = account?;
        let symbols = held.iter().map(|one| one.position.key.instrument.as_str());
        self.books.note_held(symbols);
        let read = |span, part| self.movements(span, part, permit);
        let money = self.ledger.explain(&wallet, &held, stamp, read);
        let of_new = async {
            // Without its margin asset nobody knows what a position does to the figures.
            if !self.prices.know_all(&held) {
                self.read_prices(permit).await;
            }
        };
        let (money, (), (), ()) = tokio::join!(
            money,
            of_new,
            self.learn_symbols(&held, permit),
            self.disarm_beside(&held, permit)
        );
        self.prices.add_to(&mut held);
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
            symbols: self.symbols.all(),
        };
        Ok(look.learned(&self.assets))
    }

    /// The wallets and what is held beside them, and the venue's time of both.
    pub(super) async fn account(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> Result<(Wallet, Vec<Held>, Option<i64>), RestError> {
        let sent = self.client.get(permit, &routes::account(), wait).await;
        let json = errors::read(&sent)?;
        let (wallet, held) = account::read(json.root(), &self.assets)?;
        Ok((wallet, held, self.client.stamp(&sent)))
    }

    /// Every position that the key can see.
    pub(super) async fn held(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Vec<Held>, RestError> {
        let sent = self.client.get(permit, &routes::positions(), wait).await;
        let json = errors::read(&sent)?;
        let mut held = Vec::new();
        positions::add(&mut held, &json.root().as_list()?)?;
        self.prices.learn(&held);
        Ok(held)
    }

    /// Reads prices and margin assets beside a poll, which is not lost over them: what
    /// was known of them stands.
    async fn read_prices(&self, permit: &Permit) {
        let permit = self.client.beside(permit, ONE_READ);
        let _ = self.held(&permit, PRICES_WAIT).await;
    }

    /// Reads the rules of symbols when that is due. Without them a close is neither
    /// rounded nor split, and it is what is held that counts: a poll is not lost over
    /// them.
    async fn learn_symbols(&self, held: &[Held], permit: &Permit) {
        let symbols = held.iter().map(|one| one.position.key.instrument.as_str());
        let Some(wait) = self.symbols.due(symbols) else {
            return;
        };
        let permit = self.client.beside(permit, LEAST);
        let read = async {
            let sent = self.client.get(&permit, &routes::symbols(), wait).await;
            let json = errors::read(&sent)?;
            let rules = symbols::read(json.root())?;
            self.symbols.learn(rules);
            Ok::<(), RestError>(())
        };
        let _ = timeout(wait, read).await;
    }

    /// What moved money in the wallets that count.
    async fn movements(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<ledger::Row>, Failure> {
        let read = match part {
            Part::Flows => {
                let kinds = income::FLOWS_OF_LONG_SPAN;
                let [one, two, three, four] =
                    kinds.map(|kind| self.movements_of(span, Some(kind), permit));
                let all = tokio::join!(one, two, three, four);
                let all = [all.0, all.1, all.2, all.3];
                let all: Result<Vec<_>, RestError> = all.into_iter().collect();
                all.map(|all| all.into_iter().flatten().collect())
            }
            Part::All => self.movements_of(span, None, permit).await,
        };
        read.map_err(|error| self.failure(&error))
    }

    /// Results, fees and funding in the assets that count.
    pub(super) async fn results_in(
        &self,
        span: MadeSpan,
        permit: &Permit,
    ) -> Result<Money, RestError> {
        let mut rows = Vec::new();
        for part in parts(span) {
            rows.extend(self.movements_of(part, None, permit).await?);
        }
        made_by(&rows, span).ok_or(RestError::NotJson("the sum of the list is no amount"))
    }

    async fn movements_of(
        &self,
        mut span: Span,
        kind: Option<&'static str>,
        permit: &Permit,
    ) -> Result<Vec<ledger::Row>, RestError> {
        let mut rows = Vec::new();
        for _ in 0..MOST_ANSWERS {
            let permit = self.client.beside(permit, INCOME);
            let route = routes::income(span, kind);
            let sent = self.client.get(&permit, &route, ledger::WAIT).await;
            let json = errors::read(&sent)?;
            match income::add(&mut rows, json.root(), span, &self.assets)? {
                None => return Ok(rows),
                Some(since) => span.since = since,
            }
        }
        Err(RestError::NotJson("the list does not end"))
    }
}
