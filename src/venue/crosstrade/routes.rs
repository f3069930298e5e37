//! The one place that builds the address of a request.
//!
//! Every address of a write lies under one account. The venue also has
//! addresses that act on every account at once; nothing here can name one.

use reqwest::Url;

use crate::domain::account::AccountNumber;
use crate::domain::request::Write;
use crate::venue::rest::query::Pairs;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    /// Every account with its figures and positions.
    Snapshot,
    /// The accounts that the credential sees.
    Accounts,
    /// One account with its figures and the state of its connection.
    Account(&'a AccountNumber),
    /// The positions of one account.
    Positions(&'a AccountNumber),
    /// The working orders of one account.
    Orders(&'a AccountNumber),
}

/// The longest order id that is sent, in bytes.
const MAX_ORDER_ID: usize = 128;

/// The address of a read; `None` when `base` cannot have a path.
pub(super) fn of_read(base: &Url, read: Read<'_>) -> Option<Url> {
    match read {
        Read::Snapshot => extended(base, &["accounts", "snapshot"]),
        Read::Accounts => extended(base, &["accounts"]),
        Read::Account(account) => of_account(base, account, &[]),
        Read::Positions(account) => of_account(base, account, &["positions"]),
        Read::Orders(account) => of_account(base, account, &["orders"]),
    }
}

/// The query of a read.
pub(super) fn query_of(read: Read<'_>) -> Pairs {
    match read {
        // The default is not documented, so it is always said.
        Read::Orders(_) => Pairs::default().with("activeOnly", "true"),
        Read::Snapshot | Read::Accounts | Read::Account(_) | Read::Positions(_) => Pairs::default(),
    }
}

/// The address of a write, always under `account`; `None` when an order id
/// could lead to another one, and for what the venue cannot be asked.
pub(super) fn of_write(base: &Url, account: &AccountNumber, write: &Write) -> Option<Url> {
    match write {
        Write::CancelOrders | Write::CancelOrdersOf { .. } => {
            of_account(base, account, &["orders", "cancel"])
        }
        Write::Flatten => of_account(base, account, &["positions", "flatten"]),
        Write::ClosePosition(_) => of_account(base, account, &["positions", "close"]),
        Write::CancelOrder { id, .. } if is_plain_segment(id) => {
            of_account(base, account, &["orders", id, "cancel"])
        }
        // The venue's order of a quantity can open a position.
        Write::CancelOrder { .. } | Write::CloseQuantity(_) => None,
    }
}

/// The address of something that one account has.
fn of_account(base: &Url, account: &AccountNumber, tail: &[&str]) -> Option<Url> {
    let mut segments = vec!["accounts", account.as_str()];
    segments.extend_from_slice(tail);
    extended(base, &segments)
}

/// `base` with these segments behind its path, each percent-encoded. A segment
/// that vanishes on the way, as a dot segment does, makes it `None`.
fn extended(base: &Url, segments: &[&str]) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(segments);
    let before = base.path().trim_end_matches('/').matches('/').count();
    let after = url.path().matches('/').count();
    let whole = after == before.checked_add(segments.len())? && !url.path().contains("//");
    whole.then_some(url)
}

/// Whether an order id stays one segment of a path.
fn is_plain_segment(id: &str) -> bool {
    !id.trim().is_empty()
        && id.len() <= MAX_ORDER_ID
        && id != "."
        && id != ".."
        && !id
            .chars()
            .any(|c| matches!(c, '/' | '\\') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Instrument;
    use crate::domain::position_key::PositionKey;

    fn base() -> Url {
        Url::parse("https://app.crosstrade.io/v1/api").unwrap()
    }

    fn write_path(account: &str, write: &Write) -> Option<String> {
        let account = AccountNumber::parse(account).unwrap();
        of_write(&base(), &account, write).map(|url| url.path().to_owned())
    }

    #[test]
    fn every_write_lies_under_its_account() {
        let writes = [
            (Write::CancelOrders, "orders/cancel"),
            (Write::Flatten, "positions/flatten"),
            (
                Write::ClosePosition(PositionKey::new("ES 03-26")),
                "positions/close",
            ),
            // All of one instrument: the body names it.
            (
                Write::cancel_orders_of(Instrument::new("ES 03-26")),
                "orders/cancel",
            ),
            (Write::cancel_order("a1"), "orders/a1/cancel"),
        ];
        let accounts = [
            ("Sim101", "Sim101"),
            ("PA APEX 12!", "PA%20APEX%2012!"),
            ("100%", "100%25"),
            ("%2e%2e", "%252e%252e"),
            ("%2F", "%252F"),
            ("a?b#c", "a%3Fb%23c"),
            ("Kontö", "Kont%C3%B6"),
            ("...", "..."),
            ("snapshot", "snapshot"),
            ("a;b=c&d+e", "a;b=c&d+e"),
        ];
        for (account, encoded) in accounts {
            for (write, tail) in &writes {
                assert_eq!(
                    write_path(account, write),
                    Some(format!("/v1/api/accounts/{encoded}/{tail}"))
                );
            }
        }
    }

    #[test]
    fn an_order_id_that_could_lead_elsewhere_is_refused() {
        for id in ["", " ", ".", "..", "a/b", "../../positions", "a\\b", "a\nb"] {
            assert_eq!(
                write_path("Sim101", &Write::cancel_order(id)),
                None,
                "{id:?}"
            );
        }
        let long = "x".repeat(MAX_ORDER_ID + 1);
        assert_eq!(write_path("Sim101", &Write::cancel_order(&long)), None);
        for (id, encoded) in [("%2e%2e", "%252e%252e"), ("a b", "a%20b"), ("...", "...")] {
            assert_eq!(
                write_path("Sim101", &Write::cancel_order(id)),
                Some(format!("/v1/api/accounts/Sim101/orders/{encoded}/cancel"))
            );
        }
    }

    #[test]
    fn a_segment_that_vanishes_is_noticed() {
        // The checked types rule these out already; this is the second lock.
        for segment in ["", ".", "..", "%2e%2e", "a\tb"] {
            let url = extended(&base(), &["accounts", segment, "orders"]);
            let kept = url.is_some_and(|url| url.path().split('/').count() == 6);
            assert!(kept == matches!(segment, "%2e%2e" | "a\tb"), "{segment:?}");
        }
    }

    #[test]
    fn reads_have_their_addresses() {
        let account = AccountNumber::parse("PA 1").unwrap();
        for base in ["https://h.test/v1/api", "https://h.test/v1/api/"] {
            let base = Url::parse(base).unwrap();
            for (read, expected) in [
                (Read::Snapshot, "https://h.test/v1/api/accounts/snapshot"),
                (Read::Accounts, "https://h.test/v1/api/accounts"),
                (
                    Read::Positions(&account),
                    "https://h.test/v1/api/accounts/PA%201/positions",
                ),
                (
                    Read::Orders(&account),
                    "https://h.test/v1/api/accounts/PA%201/orders",
                ),
            ] {
                assert_eq!(of_read(&base, read).unwrap().as_str(), expected);
                let is_orders = matches!(read, Read::Orders(_));
                let query = if is_orders { "activeOnly=true" } else { "" };
                assert_eq!(query_of(read).encoded(), query);
            }
        }
    }
}
