//! What a poll reads: the wallets, and beside them every position.

use std::time::Duration;

use tokio::time::timeout;

use super::client::Pages;
use super::routes::Group;
use super::{Bybit, UNCOUNTED, errors, movements, positions, routes, symbols, wallet};
use crate::domain::limits::Cost;
use crate::domain::observation::Learned;
use crate::domain::symbols::SymbolFacts;
use crate::venue::Permit;
use crate::venue::exchange::adapter::Exchange;
use crate::venue::exchange::held::Held;
use crate::venue::exchange::learned::Look;
use crate::venue::exchange::ledger::{self, Part, Row, Span};
use crate::venue::exchange::wallet::Wallet;
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::Node;

/// How long a poll waits for the rules of symbols that it sees for the first time.
const SYMBOLS_WAIT: Duration = Duration::from_secs(1);
/// What a page of the list of what moved money takes of the limits.
const LEDGER_PAGE: Cost = Cost(&[("requests", 1), ("ledgers", 1)]);

impl Bybit {
    pub(super) async fn look_at_all(&self, permit: &Permit) -> Result<Learned, RestError> {
        let wait = self.client.limits.poll;
        let (wallet, held) = tokio::join!(self.wallet(permit), self.held_in_all(permit, wait));
        let (wallet, stamp) = wallet?;
        let held = held?;
        let (money, ()) = tokio::join!(
            self.money(&wallet, &held, stamp, permit),
            self.learn_symbols(&held, permit)
        );
        let look = Look {
            wallet,
            held,
            stamp,
            money,
            symbols: self.symbols.all(),
        };
        Ok(look.learned(&self.assets))
    }

    /// What moved money in the wallets that count.
    pub(super) async fn transactions(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        let mut rows = Vec::new();
        for kind in movements::types(part) {
            let pages = Pages {
                read: routes::transactions(span, *kind),
                category: None,
                full: 50,
                cost: LEDGER_PAGE,
            };
            let permit = self.client.http.beside(permit, LEDGER_PAGE);
            let add = |page: &[Node<'_>]| movements::add(&mut rows, page, &self.assets);
            self.client.pages(&permit, pages, ledger::WAIT, add).await?;
        }
        Ok(rows)
    }

    /// The wallets, and the venue's time of them.
    pub(super) async fn wallet(&self, permit: &Permit) -> Result<(Wallet, Option<i64>), RestError> {
        let wait = self.client.limits.poll;
        let sent = self.client.get(permit, &routes::wallet(), wait).await;
        let json = errors::read(&sent)?;
        let envelope = json.root().as_object()?;
        let result = envelope.need("result")?.as_object()?;
        let wallet = wallet::read(&result, &self.assets)?;
        let stamp = envelope
            .member("time")
            .and_then(|time| time.as_integer().ok());
        Ok((wallet, stamp))
    }

    /// Every position that the key can see.
    pub(super) async fn held_in_all(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Vec<Held>, RestError> {
        let [one, two, three] = Group::ALL.map(|group| self.held_in(group, permit, wait));
        let (one, two, three) = tokio::join!(one, two, three);
        let mut held = one?;
        held.extend(two?);
        held.extend(three?);
        for one in &held {
            let known = held.iter().filter(|other| {
                other.position.key.instrument == one.position.key.instrument
                    && other.margin != one.margin
            });
            if known.count() > 0 {
                return Err(RestError::NotJson("a symbol is settled in two coins"));
            }
        }
        Ok(held)
    }

    async fn held_in(
        &self,
        group: Group,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Vec<Held>, RestError> {
        let pages = Pages {
            read: routes::positions(group),
            category: Some(group.category),
            full: 200,
            cost: Cost(&[("requests", 1), ("positions", 1)]),
        };
        let mut held = Vec::new();
        let add = |rows: &[Node<'_>]| positions::add(&mut held, rows, group);
        self.client.pages(permit, pages, wait, add).await?;
        for one in &held {
            let symbol = one.position.key.instrument.as_str();
            self.categories.learn(symbol, group.category);
        }
        Ok(held)
    }

    /// Reads the rules of symbols that are new or long not read. Without them a close
    /// is neither rounded nor split, and it is what is held that counts: a poll is not
    /// lost over them.
    async fn learn_symbols(&self, held: &[Held], permit: &Permit) {
        let symbols = held.iter().map(|one| one.position.key.instrument.as_str());
        let due = self.symbols.due(symbols);
        let read_all = async {
            for symbol in &due {
                let facts = self.symbol(symbol, permit).await;
                self.symbols.learn(symbol, facts.ok());
            }
        };
        let _ = timeout(SYMBOLS_WAIT, read_all).await;
    }

    async fn symbol(&self, symbol: &str, permit: &Permit) -> Result<SymbolFacts, RestError> {
        let read = routes::symbol(self.categories.of(symbol), symbol);
        let permit = self.client.http.beside(permit, UNCOUNTED);
        let sent = self.client.get(&permit, &read, SYMBOLS_WAIT).await;
        let json = errors::read(&sent)?;
        let result = json.root().as_object()?.need("result")?.as_object()?;
        Ok(symbols::read(&result, symbol)?)
    }
}
