//! From a request line to the call that it means.

use serde::Serialize;

use crate::dialect::query::{decode, pairs};
use crate::faults::class::RequestClass;

/// The path before every call.
pub(crate) const PREFIX: &str = "/v1/api";

/// Method and path of every call, for `did_you_mean`.
const ENDPOINTS: [(&str, &str); 18] = [
    ("GET", "/accounts"),
    ("GET", "/accounts/snapshot"),
    ("GET", "/accounts/{account}"),
    ("GET", "/accounts/{account}/watermarks"),
    ("GET", "/accounts/{account}/positions"),
    ("GET", "/accounts/{account}/position"),
    ("POST", "/accounts/{account}/positions/close"),
    ("POST", "/accounts/{account}/positions/flatten"),
    ("GET", "/accounts/{account}/orders"),
    ("POST", "/accounts/{account}/orders/place"),
    ("POST", "/accounts/{account}/orders/cancel"),
    ("GET", "/accounts/{account}/orders/{orderId}"),
    ("GET", "/accounts/{account}/orders/{orderId}/status"),
    ("POST", "/accounts/{account}/orders/{orderId}/cancel"),
    ("GET", "/positions"),
    ("POST", "/positions/flatten"),
    ("POST", "/orders/cancelall"),
    ("GET", "/market/quote"),
];

/// The calls of the API, by CrossTrade's own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum CallKind {
    /// `GET accounts`.
    ListAccounts,
    /// `GET accounts/{account}`.
    GetAccount,
    /// `GET accounts/snapshot`.
    AccountsSummary,
    /// `GET accounts/{account}/watermarks`.
    GetWatermarks,
    /// `GET accounts/{account}/positions`.
    ListPositions,
    /// `GET accounts/{account}/position`.
    GetPosition,
    /// `GET positions`.
    GetAllPositions,
    /// `GET accounts/{account}/orders`.
    ListOrders,
    /// `GET accounts/{account}/orders/{orderId}`.
    GetOrder,
    /// `GET accounts/{account}/orders/{orderId}/status`.
    GetOrderStatus,
    /// `POST accounts/{account}/orders/place`.
    PlaceOrder,
    /// `POST accounts/{account}/orders/{orderId}/cancel`.
    Cancel,
    /// `POST accounts/{account}/orders/cancel`.
    CancelOrders,
    /// `POST accounts/{account}/positions/close`.
    ClosePosition,
    /// `POST accounts/{account}/positions/flatten`.
    Flatten,
    /// `POST positions/flatten`: acts on **all accounts** without a filter.
    FlattenEverything,
    /// `POST orders/cancelall`: acts on **all accounts**.
    CancelAllOrders,
    /// `GET market/quote`.
    GetQuote,
}

impl CallKind {
    /// The class by which faults are limited.
    pub fn class(self) -> RequestClass {
        match self {
            CallKind::ListAccounts | CallKind::GetAccount => RequestClass::Accounts,
            CallKind::AccountsSummary => RequestClass::Snapshot,
            CallKind::GetWatermarks => RequestClass::Watermarks,
            CallKind::ListPositions | CallKind::GetPosition | CallKind::GetAllPositions => {
                RequestClass::Positions
            }
            CallKind::ListOrders | CallKind::GetOrder | CallKind::GetOrderStatus => {
                RequestClass::Orders
            }
            CallKind::PlaceOrder => RequestClass::Place,
            CallKind::Cancel | CallKind::CancelOrders | CallKind::CancelAllOrders => {
                RequestClass::Cancel
            }
            CallKind::ClosePosition | CallKind::Flatten | CallKind::FlattenEverything => {
                RequestClass::Flatten
            }
            CallKind::GetQuote => RequestClass::Market,
        }
    }

    /// Whether the call can act on accounts that it does not name.
    pub fn acts_on_all_accounts(self) -> bool {
        matches!(
            self,
            CallKind::FlattenEverything | CallKind::CancelAllOrders
        )
    }

    /// Whether the call has a JSON body.
    pub(crate) fn is_write(self) -> bool {
        matches!(
            self.class(),
            RequestClass::Place | RequestClass::Cancel | RequestClass::Flatten
        )
    }
}

/// A call with what its path and query say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) kind: CallKind,
    pub(crate) account: Option<String>,
    pub(crate) order_id: Option<String>,
    pub(crate) query: Vec<(String, String)>,
}

impl Call {
    /// The last value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        let found = self.query.iter().rev().find(named);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter says true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.parameter(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }
}

/// Why a request is no call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoCall {
    /// Not under the prefix: the web site serves it.
    WebSite,
    /// Under the prefix, but nothing is there; the nearest path that is.
    Unknown { did_you_mean: String },
}

/// Reads a request line.
///
/// Empty segments and dot segments collapse, as they do in front of many
/// servers: a write with a blank or dotted account name reaches another
/// endpoint than was meant, and a test can see it.
pub(crate) fn route(method: &str, path: &str, query: &str) -> Result<Call, NoCall> {
    let segments = segments(path);
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["v1", "api", rest @ ..] = parts.as_slice() else {
        return Err(NoCall::WebSite);
    };
    let unknown = || NoCall::Unknown {
        did_you_mean: nearest(method, rest),
    };
    let (kind, account, order_id) = find(method, rest).ok_or_else(unknown)?;
    Ok(Call {
        kind,
        account: account.map(str::to_owned),
        order_id: order_id.map(str::to_owned),
        query: pairs(query),
    })
}

type Found<'a> = (CallKind, Option<&'a str>, Option<&'a str>);

fn find<'a>(method: &str, path: &[&'a str]) -> Option<Found<'a>> {
    let found = match (method, path) {
        ("GET", ["accounts"]) => (CallKind::ListAccounts, None, None),
        ("GET", ["accounts", "snapshot"]) => (CallKind::AccountsSummary, None, None),
        ("GET", ["positions"]) => (CallKind::GetAllPositions, None, None),
        ("POST", ["positions", "flatten"]) => (CallKind::FlattenEverything, None, None),
        ("POST", ["orders", "cancelall"]) => (CallKind::CancelAllOrders, None, None),
        ("GET", ["market", "quote"]) => (CallKind::GetQuote, None, None),
        (_, ["accounts", account, rest @ ..]) => {
            let (kind, order_id) = find_in_account(method, rest)?;
            (kind, Some(*account), order_id)
        }
        _ => return None,
    };
    Some(found)
}

fn find_in_account<'a>(method: &str, path: &[&'a str]) -> Option<(CallKind, Option<&'a str>)> {
    let found = match (method, path) {
        ("GET", []) => (CallKind::GetAccount, None),
        ("GET", ["watermarks"]) => (CallKind::GetWatermarks, None),
        ("GET", ["positions"]) => (CallKind::ListPositions, None),
        ("GET", ["position"]) => (CallKind::GetPosition, None),
        ("POST", ["positions", "close"]) => (CallKind::ClosePosition, None),
        ("POST", ["positions", "flatten"]) => (CallKind::Flatten, None),
        ("GET", ["orders"]) => (CallKind::ListOrders, None),
        ("POST", ["orders", "place"]) => (CallKind::PlaceOrder, None),
        ("POST", ["orders", "cancel"]) => (CallKind::CancelOrders, None),
        ("GET", ["orders", id]) => (CallKind::GetOrder, Some(*id)),
        ("GET", ["orders", id, "status"]) => (CallKind::GetOrderStatus, Some(*id)),
        ("POST", ["orders", id, "cancel"]) => (CallKind::Cancel, Some(*id)),
        _ => return None,
    };
    Some(found)
}

/// The decoded segments of a path, blank and dot segments collapsed.
fn segments(path: &str) -> Vec<String> {
    let mut segments = Vec::new();
    for raw in path.split('/') {
        let segment = decode(raw, false);
        match segment.as_str() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    segments
}

/// The endpoint whose path shares most with a wrong one.
fn nearest(method: &str, path: &[&str]) -> String {
    let score = |endpoint: &(&str, &str)| {
        let wanted: Vec<&str> = endpoint.1.split('/').skip(1).collect();
        let same = path.iter().filter(|part| wanted.contains(part)).count() * 4;
        let length = wanted.len().abs_diff(path.len());
        let method = usize::from(endpoint.0 == method);
        (same + method).saturating_sub(length)
    };
    let best = ENDPOINTS.iter().max_by_key(|endpoint| score(endpoint));
    best.map(|(method, path)| format!("{method} {PREFIX}{path}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> Option<CallKind> {
        let (method, path) = line.split_once(' ').unwrap();
        route(method, path, "").ok().map(|call| call.kind)
    }

    #[test]
    fn every_endpoint_has_its_own_call() {
        let mut seen = std::collections::HashSet::new();
        for (method, path) in ENDPOINTS {
            let path = path
                .replace("{account}", "Sim101")
                .replace("{orderId}", "f00");
            let line = format!("{method} {PREFIX}{path}");
            assert!(seen.insert(kind(&line).expect(&line)), "{line}");
        }
    }

    #[test]
    fn accounts_are_decoded() {
        let call = route(
            "GET",
            "/v1/api/accounts/Eval%2050K%21/orders",
            "activeOnly=true",
        );
        let call = call.unwrap();
        assert_eq!(call.account.as_deref(), Some("Eval 50K!"));
        assert!(call.flag("activeOnly"));
        let call = route("GET", "/v1/api/market/quote", "instrument=ES+03-26%2CNQ").unwrap();
        assert_eq!(call.parameter("instrument"), Some("ES 03-26,NQ"));
        assert_eq!(decode("100%", false), "100%");
        assert_eq!(decode("%zz%4", false), "%zz%4");
    }

    #[test]
    fn a_dotted_account_reaches_every_account() {
        for path in [
            "accounts/../positions/flatten",
            "accounts/%2e%2E/positions/flatten",
        ] {
            let line = format!("POST /v1/api/{path}");
            assert_eq!(kind(&line), Some(CallKind::FlattenEverything), "{path}");
        }
        assert_eq!(
            kind("POST /v1/api//positions/flatten"),
            Some(CallKind::FlattenEverything)
        );
        assert_eq!(kind("POST /v1/api/accounts//positions/flatten"), None);
    }

    #[test]
    fn a_wrong_path_is_helped() {
        for (line, meant) in [
            (
                "DELETE /v1/api/accounts/Sim101/orders/f00",
                "/orders/{orderId}",
            ),
            ("POST /v1/api/accounts/Sim101/orders/cancelall", "/orders/"),
            ("GET /v1/api/account", "GET "),
        ] {
            let (method, path) = line.split_once(' ').unwrap();
            let Err(NoCall::Unknown { did_you_mean }) = route(method, path, "") else {
                panic!("{line}");
            };
            assert!(did_you_mean.contains(meant), "{line}: {did_you_mean}");
        }
        assert_eq!(route("GET", "/api/accounts", ""), Err(NoCall::WebSite));
    }
}
