//! The calls, their classes and what they weigh.

use crate::faults::class::RequestClass;

/// A call that is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Ping,
    ServerTime,
    ExchangeInfo,
    Account,
    Balance,
    AccountConfig,
    PositionMode,
    SetPositionMode,
    AssetMode,
    KeyRights,
    Positions,
    OpenOrders,
    OpenAlgoOrders,
    Order,
    AlgoOrder,
    CreateOrder,
    CreateAlgoOrder,
    CancelOrder,
    CancelAlgoOrder,
    CancelBook,
    CancelAlgoBook,
    Countdown,
    Income,
    Trades,
    OrderLimits,
}

/// What a call weighs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weight {
    Always(u32),
    /// With a symbol, and without one.
    BySymbol(u32, u32),
}

/// Where a call is, and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    pub(crate) call: Call,
    pub(crate) class: RequestClass,
    pub(crate) weight: Weight,
    pub(crate) is_signed: bool,
}

const fn public(path: &'static str, call: Call) -> Route {
    Route {
        is_signed: false,
        ..read(path, call, RequestClass::Market, 1)
    }
}

const fn read(path: &'static str, call: Call, class: RequestClass, weight: u32) -> Route {
    Route {
        method: "GET",
        path,
        call,
        class,
        weight: Weight::Always(weight),
        is_signed: true,
    }
}

const fn write(
    method: &'static str,
    call: Call,
    class: RequestClass,
    at: (&'static str, u32),
) -> Route {
    Route {
        method,
        ..read(at.0, call, class, at.1)
    }
}

const fn book(path: &'static str, call: Call) -> Route {
    Route {
        weight: Weight::BySymbol(1, 40),
        ..read(path, call, RequestClass::Orders, 1)
    }
}

use RequestClass::{Accounts, Cancel, Ledger, Market, Orders, Place, Positions};

/// Weights as the pages of the calls have them. The last one is at the host of spot
/// and wallet, whose weights are counted apart.
const ROUTES: [Route; 25] = [
    public("/fapi/v1/ping", Call::Ping),
    public("/fapi/v1/time", Call::ServerTime),
    public("/fapi/v1/exchangeInfo", Call::ExchangeInfo),
    read("/fapi/v3/account", Call::Account, Accounts, 5),
    read("/fapi/v3/balance", Call::Balance, Accounts, 5),
    read("/fapi/v1/accountConfig", Call::AccountConfig, Accounts, 5),
    read(
        "/fapi/v1/positionSide/dual",
        Call::PositionMode,
        Accounts,
        30,
    ),
    write(
        "POST",
        Call::SetPositionMode,
        Place,
        ("/fapi/v1/positionSide/dual", 1),
    ),
    read("/fapi/v1/multiAssetsMargin", Call::AssetMode, Accounts, 30),
    read("/fapi/v3/positionRisk", Call::Positions, Positions, 5),
    book("/fapi/v1/openOrders", Call::OpenOrders),
    book("/fapi/v1/openAlgoOrders", Call::OpenAlgoOrders),
    read("/fapi/v1/order", Call::Order, Orders, 1),
    read("/fapi/v1/algoOrder", Call::AlgoOrder, Orders, 1),
    write("POST", Call::CreateOrder, Place, ("/fapi/v1/order", 0)),
    write(
        "POST",
        Call::CreateAlgoOrder,
        Place,
        ("/fapi/v1/algoOrder", 0),
    ),
    write("DELETE", Call::CancelOrder, Cancel, ("/fapi/v1/order", 1)),
    write(
        "DELETE",
        Call::CancelAlgoOrder,
        Cancel,
        ("/fapi/v1/algoOrder", 1),
    ),
    write(
        "DELETE",
        Call::CancelBook,
        Cancel,
        ("/fapi/v1/allOpenOrders", 1),
    ),
    write(
        "DELETE",
        Call::CancelAlgoBook,
        Cancel,
        ("/fapi/v1/algoOpenOrders", 1),
    ),
    write(
        "POST",
        Call::Countdown,
        Cancel,
        ("/fapi/v1/countdownCancelAll", 10),
    ),
    read("/fapi/v1/income", Call::Income, Ledger, 30),
    read("/fapi/v1/userTrades", Call::Trades, Ledger, 5),
    read("/fapi/v1/rateLimit/order", Call::OrderLimits, Market, 1),
    read(
        "/sapi/v1/account/apiRestrictions",
        Call::KeyRights,
        Accounts,
        1,
    ),
];

/// The call of a request line.
pub(crate) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let mut routes = ROUTES.iter();
    routes.find(|route| route.method == method && route.path == path)
}

impl Route {
    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// Whether it places an order, which is counted apart.
    pub(crate) fn is_order(&self) -> bool {
        matches!(self.call, Call::CreateOrder | Call::CreateAlgoOrder)
    }

    /// Whether it is at the host of spot and wallet.
    pub(crate) fn is_wallet(&self) -> bool {
        self.call == Call::KeyRights
    }
}
