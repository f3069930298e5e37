//! The snapshot of every account: figures and positions in one answer.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tracing::debug;

use super::holdings::{self, UNREALIZED};
use super::{amount, freshness};
use crate::domain::account::AccountNumber;
use crate::domain::holdings::WorkingOrders;
use crate::domain::observation::{Figures, Learned, Missing};
use crate::venue::rest::json::{Node, Object};
use crate::venue::{Failure, Polled};

/// Names of each figure: the documented one first, then those that clients of
/// the venue have met. Keys are compared without case and `_`.
const REALIZED: &[&str] = &["realizedprofitloss", "realizedpnl"];
const BALANCE: &[&str] = &["cashvalue"];
const EQUITY: &[&str] = &["netliquidation", "netliq"];

/// A snapshot, looked at but not yet read.
#[derive(Debug)]
pub(super) struct Snapshot<'a> {
    /// When it was made by the PC's clock, in milliseconds.
    pub(super) epoch: Option<i64>,
    rows: Vec<Row<'a>>,
    /// Whether there are rows that do not say which account they are about.
    nameless: bool,
}

/// What a snapshot says of one account.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The account's name in the venue's own spelling.
    pub(super) name: String,
    account: Object<'a>,
    /// The row itself, when the account is nested in it.
    outer: Option<Object<'a>>,
    /// The stamp of the snapshot that it is in.
    stamp: Option<i64>,
}

impl<'a> Snapshot<'a> {
    /// Looks at a snapshot; `None` when it lists no accounts.
    pub(super) fn parse(answer: Node<'a>) -> Option<Snapshot<'a>> {
        let outer = answer.object()?;
        let snapshot = match outer.get("data").and_then(Node::object) {
            Some(data) if !outer.mentions("accounts") => data,
            _ => outer,
        };
        let listed = snapshot.get("accounts")?.list()?;
        let epoch = snapshot
            .decimal(&["epoch"])
            .and_then(|epoch| epoch.trunc().to_i64())
            .and_then(freshness::milliseconds);
        let rows: Vec<Row<'a>> = listed
            .iter()
            .filter_map(|row| Row::parse(*row, epoch))
            .collect();
        Some(Snapshot {
            epoch,
            nameless: rows.len() < listed.len(),
            rows,
        })
    }

    /// The row of `account`.
    ///
    /// # Errors
    /// When it is not there, or there twice.
    pub(super) fn find(&self, account: &AccountNumber) -> Result<&Row<'a>, Failure> {
        let mut matching = self.rows.iter().filter(|row| account.matches(&row.name));
        match (matching.next(), matching.next()) {
            (Some(row), None) => Ok(row),
            (Some(_), Some(_)) => Err(malformed("the snapshot lists the account twice")),
            (None, _) if self.nameless => Err(malformed(
                "the snapshot does not list the account, but has a row without a name",
            )),
            (None, _) => Err(Failure {
                missing: Missing::NotListed,
                words: format!("the snapshot lists {} other accounts", self.rows.len()).into(),
            }),
        }
    }
}

impl<'a> Row<'a> {
    fn parse(row: Node<'a>, stamp: Option<i64>) -> Option<Row<'a>> {
        let row = row.object()?;
        let nested = row.get("account");
        match nested.and_then(Node::object) {
            Some(account) => Some(Row {
                name: account.text("name").filter(is_name)?,
                account,
                outer: Some(row),
                stamp,
            }),
            None => Some(Row {
                name: row
                    .text("name")
                    .or_else(|| row.text("account"))
                    .filter(is_name)?,
                account: row,
                outer: None,
                stamp,
            }),
        }
    }

    /// Looks at the answer to a read of one account.
    pub(super) fn alone(answer: Node<'a>) -> Option<Row<'a>> {
        let wrapped = answer.object()?.get("data");
        Row::parse(wrapped.unwrap_or(answer), None)
    }

    /// Whether the account's connection is up.
    ///
    /// # Errors
    /// When it is not, or the row does not say.
    pub(super) fn check_connected(&self) -> Result<(), Failure> {
        match self.account.text("connectionstatus") {
            Some(status) if holdings::plain(&status) == "connected" => Ok(()),
            Some(status) => Err(Failure {
                missing: Missing::Disconnected,
                words: format!("connection status {:?}", short(&status)).into(),
            }),
            None => Err(malformed("the account has no connection status")),
        }
    }

    /// What it says of `account`.
    ///
    /// # Errors
    /// When the account's connection is not up, or what is said cannot be.
    pub(super) fn learned(&self, account: &AccountNumber) -> Polled {
        self.check_connected()?;
        Ok(Learned {
            figures: self.figures()?,
            positions: self.positions(account)?,
            orders: WorkingOrders::NotRead,
            stamp: self.stamp,
            ..Learned::default()
        })
    }

    /// The figures, under `item` or beside the name.
    pub(super) fn figures(&self) -> Result<Figures, Failure> {
        if let Some(item) = self.account.get("item").and_then(Node::object) {
            return Ok(figures(&item));
        }
        let figures = figures(&self.account);
        if self.account.mentions("item") || figures == Figures::default() {
            return Err(malformed("the account has no figures"));
        }
        Ok(figures)
    }

    /// The positions; `None` when they are not told, or contradict the mark
    /// that says whether the account is flat.
    fn positions(
        &self,
        account: &AccountNumber,
    ) -> Result<Option<std::sync::Arc<[crate::domain::holdings::Position]>>, Failure> {
        let row = self.outer.as_ref().unwrap_or(&self.account);
        let Some(rows) = row.get("positions") else {
            return Ok(None);
        };
        let rows = rows
            .list()
            .ok_or_else(|| malformed("the account's positions are not a list"))?;
        let open = holdings::positions(&rows, account).map_err(|words| malformed(&words))?;
        // Whether the mark also counts orders is not documented, so only
        // "flat" beside a position is a contradiction.
        let marked_flat = self.account.get("isaccountflat").and_then(Node::boolean);
        if marked_flat == Some(true) && !open.is_empty() {
            debug!(%account, "the snapshot marks the account flat and lists positions; they are unknown");
            return Ok(None);
        }
        Ok(Some(open))
    }
}

/// Reads the figures. Where the venue has no net liquidation (brokers that do
/// not fill it show 0 beside cash), equity is what it is by definition: cash
/// and open result together.
fn figures(item: &Object<'_>) -> Figures {
    let read = |keys| item.decimal(keys).map(amount::money);
    let balance = read(BALANCE);
    let unrealized = read(UNREALIZED);
    let told = item.decimal(EQUITY);
    let unfilled = match (told, item.decimal(BALANCE)) {
        (None, _) => true,
        (Some(equity), Some(cash)) => equity.is_zero() && !cash.is_zero(),
        (Some(equity), None) => equity.is_zero(),
    };
    let equity = if unfilled {
        // From what was told, so that noise is rounded once.
        item.decimal(BALANCE)
            .zip(item.decimal(UNREALIZED))
            .and_then(|(cash, open): (Decimal, Decimal)| cash.checked_add(open))
            .map(amount::money)
    } else {
        told.map(amount::money)
    };
    Figures {
        realized: read(REALIZED),
        unrealized,
        balance,
        equity,
    }
}

/// The names in the venue's list of accounts: objects with a name, texts, or a
/// map by name; `None` when the answer holds no list.
pub(super) fn names(answer: Node<'_>) -> Option<Vec<String>> {
    let name = |row: &Node<'_>| match row.object() {
        Some(account) => account.text("name"),
        None => row.text(),
    };
    if let Some(rows) = holdings::listed(answer, "accounts", "account") {
        return rows.iter().map(|row| name(row).filter(is_name)).collect();
    }
    let outer = answer.object()?;
    let inner = outer.get("data").and_then(Node::object);
    let accounts = outer
        .get("accounts")
        .or_else(|| inner.as_ref().and_then(|data| data.get("accounts")))?;
    Some(accounts.object()?.keys())
}

#[expect(
    clippy::ptr_arg,
    reason = "it is used as a filter of options of strings"
)]
fn is_name(text: &String) -> bool {
    !text.trim().is_empty()
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn malformed(words: &str) -> Failure {
    Failure {
        missing: Missing::Malformed,
        words: words.into(),
    }
}

#[cfg(test)]
mod tests;
