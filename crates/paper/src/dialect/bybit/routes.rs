//! The calls, their classes and their limits.

use crate::faults::class::RequestClass;

/// A call that is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    ServerTime,
    Instruments,
    WalletBalance,
    AccountInfo,
    KeyInfo,
    Positions,
    SwitchMode,
    OpenOrders,
    CreateOrder,
    CancelAll,
    CancelOrder,
    TransactionLog,
    Executions,
}

/// Where a call is, and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    pub(crate) call: Call,
    pub(crate) class: RequestClass,
    /// Requests of one account within a second; `None` for what anybody may ask.
    pub(crate) per_second: Option<usize>,
}

const fn route(
    method: &'static str,
    path: &'static str,
    call: Call,
    class: RequestClass,
    per_second: usize,
) -> Route {
    Route {
        method,
        path,
        call,
        class,
        per_second: Some(per_second),
    }
}

const fn public(path: &'static str, call: Call) -> Route {
    Route {
        method: "GET",
        path,
        call,
        class: RequestClass::Market,
        per_second: None,
    }
}

/// Limits as the venue's rate-limit page has them.
const ROUTES: [Route; 13] = [
    public("/v5/market/time", Call::ServerTime),
    public("/v5/market/instruments-info", Call::Instruments),
    route(
        "GET",
        "/v5/account/wallet-balance",
        Call::WalletBalance,
        RequestClass::Accounts,
        50,
    ),
    route(
        "GET",
        "/v5/account/info",
        Call::AccountInfo,
        RequestClass::Accounts,
        50,
    ),
    route(
        "GET",
        "/v5/user/query-api",
        Call::KeyInfo,
        RequestClass::Accounts,
        10,
    ),
    route(
        "GET",
        "/v5/position/list",
        Call::Positions,
        RequestClass::Positions,
        50,
    ),
    route(
        "POST",
        "/v5/position/switch-mode",
        Call::SwitchMode,
        RequestClass::Place,
        10,
    ),
    route(
        "GET",
        "/v5/order/realtime",
        Call::OpenOrders,
        RequestClass::Orders,
        50,
    ),
    route(
        "POST",
        "/v5/order/create",
        Call::CreateOrder,
        RequestClass::Place,
        10,
    ),
    route(
        "POST",
        "/v5/order/cancel-all",
        Call::CancelAll,
        RequestClass::Cancel,
        10,
    ),
    route(
        "POST",
        "/v5/order/cancel",
        Call::CancelOrder,
        RequestClass::Cancel,
        10,
    ),
    route(
        "GET",
        "/v5/account/transaction-log",
        Call::TransactionLog,
        RequestClass::Ledger,
        25,
    ),
    route(
        "GET",
        "/v5/execution/list",
        Call::Executions,
        RequestClass::Ledger,
        50,
    ),
];

/// The call of a request line.
pub(crate) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let mut routes = ROUTES.iter();
    routes.find(|route| route.method == method && route.path == path)
}

impl Route {
    pub(crate) fn is_write(&self) -> bool {
        self.method == "POST"
    }
}
