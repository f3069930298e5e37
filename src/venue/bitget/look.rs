//! What a poll reads: the wallets, and beside them every position.

use std::time::Duration;

use tokio::time::timeout;

use super::client::UNCOUNTED;
use super::family::Family;
use super::list::{Listing, Null};
use super::movements;
use super::positions::Holdings;
use super::product::Product;
use super::routes::Read;
use super::{Bitget, classic, errors, symbols, unified, wallet};
use crate::domain::limits::Cost;
use crate::domain::observation::Learned;
use crate::domain::symbols::SymbolFacts;
use crate::venue::Permit;
use crate::venue::exchange::adapter::Exchange;
use crate::venue::exchange::held::Held;
use crate::venue::exchange::learned::Look;
use crate::venue::exchange::ledger::{self, Part, Row, Span};
use crate::venue::exchange::wallet::{Wallet, Wallets};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::Node;
use crate::venue::rest::reply::Sent;

/// How long a poll waits for the rules of symbols that it sees for the first time.
const SYMBOLS_WAIT: Duration = Duration::from_secs(1);
/// What the wallets of one product take.
const WALLETS: Cost = Cost(&[("requests", 1), ("wallets", 1)]);
/// What another page of positions takes.
const POSITIONS: Cost = Cost(&[("requests", 1), ("positions", 1)]);
/// What a page of the list of what moved money takes of the limits.
const LEDGER_PAGE: Cost = Cost(&[("requests", 1), ("ledgers", 1)]);

/// The answers with the wallets of an account, of a classic one by product.
struct Answers(Vec<(Product, Sent)>);

impl Bitget {
    pub(super) async fn look_at_all(&self, permit: &Permit) -> Result<Learned, RestError> {
        let look = |family| self.look_in(family, permit);
        self.client.speak(permit, look).await
    }

    async fn look_in(&self, family: Family, permit: &Permit) -> Result<Learned, RestError> {
        let wait = self.client.limits.poll;
        let (answers, holdings) = tokio::join!(
            self.wallet_answers(family, permit, wait),
            self.holdings(family, permit, wait)
        );
        let holdings = holdings?;
        let (wallet, stamp) = self.wallet_of(family, &answers, Some(&holdings))?;
        let held = holdings.held;
        let (money, ()) = tokio::join!(
            self.money(&wallet, &held, stamp, permit),
            self.learn_symbols(family, &held, permit)
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

    /// The wallets alone.
    pub(super) async fn wallet(&self, permit: &Permit) -> Result<Wallet, RestError> {
        let wait = self.client.limits.read;
        let read = |family| async move {
            let answers = self.wallet_answers(family, permit, wait).await;
            let (wallet, _) = self.wallet_of(family, &answers, None)?;
            Ok(wallet)
        };
        self.client.speak(permit, read).await
    }

    async fn wallet_answers(&self, family: Family, permit: &Permit, wait: Duration) -> Answers {
        let [usdt, usdc, coin] = Product::ALL;
        if family == Family::Unified {
            let read = unified::assets();
            let sent = self.client.get_in_turn(permit, &read, WALLETS, wait).await;
            return Answers(vec![(usdt, sent)]);
        }
        let reads = Product::ALL.map(classic::accounts);
        let [one, two, three] = reads
            .each_ref()
            .map(|read| self.client.get_in_turn(permit, read, WALLETS, wait));
        let (one, two, three) = tokio::join!(one, two, three);
        Answers(vec![(usdt, one), (usdc, two), (coin, three)])
    }

    /// What they say, and the venue's time of the earliest of them.
    fn wallet_of(
        &self,
        family: Family,
        answers: &Answers,
        holdings: Option<&Holdings>,
    ) -> Result<(Wallet, Option<i64>), RestError> {
        let mut stamp: Option<i64> = None;
        let mut wallets = Wallets::of(&self.assets);
        let mut whole = None;
        for (place, (product, sent)) in answers.0.iter().enumerate() {
            let json = errors::read(sent)?;
            let envelope = json.root().as_object()?;
            match family {
                Family::Classic => {
                    wallet::add_classic(&mut wallets, &envelope, *product, holdings)?;
                }
                Family::Unified => {
                    whole = Some(wallet::unified(&envelope, &self.assets, holdings)?);
                }
            }
            let time = envelope.member("requestTime");
            let time = time.and_then(|time| time.as_integer().ok());
            stamp = if place == 0 {
                time
            } else {
                stamp.zip(time).map(|(one, other)| one.min(other))
            };
        }
        Ok((whole.unwrap_or_else(|| wallets.sum()), stamp))
    }

    /// Every position that the key can see.
    pub(super) async fn held_in_all(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Vec<Held>, RestError> {
        let read = |family| self.holdings(family, permit, wait);
        let holdings = self.client.speak(permit, read).await?;
        Ok(holdings.held)
    }

    async fn holdings(
        &self,
        family: Family,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Holdings, RestError> {
        let [one, two, three] =
            Product::ALL.map(|product| self.holdings_in(family, product, permit, wait));
        let (one, two, three) = tokio::join!(one, two, three);
        let (one, two, three) = (one?, two?, three?);
        let all = one.and(two).and_then(|all| all.and(three));
        let all = all.ok_or(RestError::NotJson("a symbol stands in two products"))?;
        for (symbol, contract) in &all.contracts {
            self.contracts.learn(symbol, contract.clone());
        }
        Ok(all)
    }

    async fn holdings_in(
        &self,
        family: Family,
        product: Product,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Holdings, RestError> {
        let (read, rows) = match family {
            Family::Classic => (classic::positions(product), None),
            Family::Unified => (unified::positions(product), Some("list")),
        };
        let listing = Listing {
            read,
            rows,
            next: None,
            cost: POSITIONS,
            null: Null::IsDoubted,
        };
        let mut holdings = Holdings::default();
        let add = |rows: &[Node<'_>]| holdings.add(rows, family, product);
        self.client.list(permit, listing, wait, add).await?;
        Ok(holdings)
    }

    /// Reads the rules of symbols that are new or long not read. Without them a close
    /// is neither rounded nor split, and it is what is held that counts: a poll is not
    /// lost over them.
    async fn learn_symbols(&self, family: Family, held: &[Held], permit: &Permit) {
        let symbols = held.iter().map(|one| one.position.key.instrument.as_str());
        let due = self.symbols.due(symbols);
        let read_all = async {
            for symbol in &due {
                let facts = self.symbol(family, symbol, permit).await;
                self.symbols.learn(symbol, facts.ok());
            }
        };
        let _ = timeout(SYMBOLS_WAIT, read_all).await;
    }

    async fn symbol(
        &self,
        family: Family,
        symbol: &str,
        permit: &Permit,
    ) -> Result<SymbolFacts, RestError> {
        let product = self.contracts.of(symbol).product;
        let read = match family {
            Family::Classic => classic::symbol(product, symbol),
            Family::Unified => unified::symbol(product, symbol),
        };
        let permit = self.client.http.beside(permit, UNCOUNTED);
        let sent = self.client.get(&permit, &read, SYMBOLS_WAIT).await;
        let json = errors::read(&sent)?;
        Ok(symbols::read(&json.root().as_object()?, family, symbol)?)
    }

    /// What moved money in the wallets that count.
    pub(super) async fn moved(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        let read = |family| async move {
            match family {
                Family::Classic => self.bills(span, part, permit).await,
                Family::Unified => self.records(span, part, permit).await,
            }
        };
        self.client.speak(permit, read).await
    }

    async fn bills(&self, span: Span, part: Part, permit: &Permit) -> Result<Vec<Row>, RestError> {
        let kinds: Vec<Option<&'static str>> = match part {
            Part::All => vec![None],
            Part::Flows => movements::KINDS_OF_FLOWS.into_iter().map(Some).collect(),
        };
        let mut rows = Vec::new();
        for kind in kinds {
            let [one, two, three] = Product::ALL.map(|product| {
                let read = classic::bills(product, span, kind);
                self.moved_by(
                    Family::Classic,
                    read,
                    ("bills", "endId", "idLessThan"),
                    None,
                    permit,
                )
            });
            let (one, two, three) = tokio::join!(one, two, three);
            for part in [one?, two?, three?] {
                rows.extend(part);
            }
        }
        Ok(rows)
    }

    async fn records(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        let categories: &[&'static str] = match part {
            Part::All => &unified::RECORDS,
            Part::Flows => &unified::RECORDS_OF_FLOWS,
        };
        let mut rows = Vec::new();
        for two in categories.chunks(2) {
            let read = |category: Option<&'static str>| async move {
                let Some(category) = category else {
                    return Ok(Vec::new());
                };
                let read = unified::records(category, span);
                let names = ("list", "cursor", "cursor");
                self.moved_by(Family::Unified, read, names, Some(category), permit)
                    .await
            };
            let (one, other) = tokio::join!(read(two.first().copied()), read(two.get(1).copied()));
            rows.extend(one?);
            rows.extend(other?);
        }
        Ok(rows)
    }

    /// One list of what moved money: where its rows stand, and how its pages are found.
    async fn moved_by(
        &self,
        family: Family,
        read: Read,
        (rows, field, parameter): (&'static str, &'static str, &'static str),
        category: Option<&str>,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        let listing = Listing {
            read,
            rows: Some(rows),
            next: Some((field, parameter)),
            cost: LEDGER_PAGE,
            null: Null::IsNothing,
        };
        let permit = self.client.http.beside(permit, LEDGER_PAGE);
        let mut moved = Vec::new();
        let add =
            |page: &[Node<'_>]| movements::add(&mut moved, page, family, category, &self.assets);
        self.client
            .list(&permit, listing, ledger::WAIT, add)
            .await?;
        Ok(moved)
    }
}
