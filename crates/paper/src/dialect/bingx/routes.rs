//! The calls, their classes and their limits.

use crate::faults::class::RequestClass;

/// A call that is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    ServerTime,
    Contracts,
    Balance,
    Positions,
    PositionMode,
    SetPositionMode,
    AssetMode,
    KeyRights,
    KeyInfo,
    OpenOrders,
    OpenOrder,
    Order,
    CreateOrder,
    TestOrder,
    CancelOrder,
    CancelBatch,
    CancelAll,
    CancelAllAfter,
    CloseAll,
    ClosePosition,
    CreateTwap,
    OpenTwaps,
    Twap,
    CancelTwap,
    Income,
    AllFills,
    FillHistory,
}

/// Where a call is, and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    pub(crate) call: Call,
    pub(crate) class: RequestClass,
    /// Requests of one account within a second; `None` for what anybody may ask.
    pub(crate) per_user: Option<usize>,
    /// Requests of one address within a second.
    pub(crate) per_address: usize,
}

use RequestClass::{Accounts, Cancel, Flatten, Ledger, Market, Orders, Place, Positions};

/// A call that is signed, with its limits of an account and of an address.
const fn signed(
    at: (&'static str, &'static str),
    call: Call,
    class: RequestClass,
    limits: (usize, usize),
) -> Route {
    Route {
        method: at.0,
        path: at.1,
        call,
        class,
        per_user: Some(limits.0),
        per_address: limits.1,
    }
}

const fn public(path: &'static str, call: Call, per_address: usize) -> Route {
    Route {
        per_user: None,
        ..signed(("GET", path), call, Market, (0, per_address))
    }
}

/// Limits as the vendor's list for programs has them, or the pages of the calls where
/// those are smaller. The pages have no limit of an address for a single call but 300
/// within ten seconds, and call the numbers of the list the group of the call. The
/// smaller reading is kept here.
const ROUTES: [Route; 28] = [
    public("/openApi/swap/v2/server/time", Call::ServerTime, 50),
    public("/openApi/swap/v2/quote/contracts", Call::Contracts, 1),
    signed(
        ("GET", "/openApi/swap/v3/user/balance"),
        Call::Balance,
        Accounts,
        (5, 3),
    ),
    signed(
        ("GET", "/openApi/swap/v2/user/positions"),
        Call::Positions,
        Positions,
        (5, 3),
    ),
    signed(
        ("GET", "/openApi/swap/v1/positionSide/dual"),
        Call::PositionMode,
        Accounts,
        (2, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v1/positionSide/dual"),
        Call::SetPositionMode,
        Place,
        (4, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v1/trade/assetMode"),
        Call::AssetMode,
        Accounts,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/v1/account/apiPermissions"),
        Call::KeyRights,
        Accounts,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/v1/account/apiRestrictions"),
        Call::KeyRights,
        Accounts,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/account/v1/apiKey/query"),
        Call::KeyInfo,
        Accounts,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v2/trade/openOrders"),
        Call::OpenOrders,
        Orders,
        (5, 3),
    ),
    signed(
        ("GET", "/openApi/swap/v2/trade/openOrder"),
        Call::OpenOrder,
        Orders,
        (5, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v2/trade/order"),
        Call::Order,
        Orders,
        (30, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v2/trade/order"),
        Call::CreateOrder,
        Place,
        (5, 3),
    ),
    signed(
        ("POST", "/openApi/swap/v2/trade/order/test"),
        Call::TestOrder,
        Place,
        (5, 2),
    ),
    signed(
        ("DELETE", "/openApi/swap/v2/trade/order"),
        Call::CancelOrder,
        Cancel,
        (5, 3),
    ),
    signed(
        ("DELETE", "/openApi/swap/v2/trade/batchOrders"),
        Call::CancelBatch,
        Cancel,
        (5, 3),
    ),
    signed(
        ("DELETE", "/openApi/swap/v2/trade/allOpenOrders"),
        Call::CancelAll,
        Cancel,
        (5, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v2/trade/cancelAllAfter"),
        Call::CancelAllAfter,
        Cancel,
        (1, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v2/trade/closeAllPositions"),
        Call::CloseAll,
        Flatten,
        (5, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v1/trade/closePosition"),
        Call::ClosePosition,
        Flatten,
        (5, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v1/twap/order"),
        Call::CreateTwap,
        Place,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v1/twap/openOrders"),
        Call::OpenTwaps,
        Orders,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v1/twap/orderDetail"),
        Call::Twap,
        Orders,
        (2, 2),
    ),
    signed(
        ("POST", "/openApi/swap/v1/twap/cancelOrder"),
        Call::CancelTwap,
        Cancel,
        (2, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v2/user/income"),
        Call::Income,
        Ledger,
        (5, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v2/trade/allFillOrders"),
        Call::AllFills,
        Ledger,
        (5, 2),
    ),
    signed(
        ("GET", "/openApi/swap/v2/trade/fillHistory"),
        Call::FillHistory,
        Ledger,
        (5, 2),
    ),
];

/// The call of a request line.
pub(crate) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let mut routes = ROUTES.iter();
    routes.find(|route| route.method == method && route.path == path)
}

impl Route {
    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET" && self.call != Call::TestOrder
    }

    /// Whether the key has to have the right to trade.
    pub(crate) fn trades(&self) -> bool {
        self.method != "GET"
    }
}
