//! The calls, their classes and their limits.

use crate::faults::class::RequestClass;

/// A call that is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Public(Public),
    Classic(Classic),
    Unified(Unified),
}

/// What anybody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Public {
    ServerTime,
    Contracts,
    Instruments,
}

/// Calls of v2, for classic accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Classic {
    Accounts,
    Account,
    SetMode,
    KeyRights,
    Positions,
    Orders,
    Plans,
    PlaceOrder,
    PlacePlan,
    PlaceTpsl,
    CancelOrder,
    CancelBatch,
    CancelAll,
    CancelPlans,
    ClosePositions,
    Bills,
    Fills,
}

/// Calls of v3, for unified accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unified {
    Assets,
    Settings,
    SetMode,
    KeyRights,
    Positions,
    Orders,
    Strategies,
    PlaceOrder,
    PlaceStrategy,
    CancelOrder,
    CancelSymbol,
    CancelStrategy,
    ClosePositions,
    Countdown,
    Records,
    Fills,
}

/// Where a call is, and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    pub(crate) call: Call,
    pub(crate) class: RequestClass,
    /// Requests of one account, or of one address, within a second.
    pub(crate) per_second: usize,
}

const fn get(path: &'static str, call: Call, class: RequestClass, per_second: usize) -> Route {
    Route {
        method: "GET",
        path,
        call,
        class,
        per_second,
    }
}

const fn post(path: &'static str, call: Call, class: RequestClass, per_second: usize) -> Route {
    Route {
        method: "POST",
        path,
        call,
        class,
        per_second,
    }
}

const fn public(path: &'static str, call: Public) -> Route {
    get(path, Call::Public(call), RequestClass::Market, 20)
}

use RequestClass::{Accounts, Cancel, Flatten, Ledger, Orders, Place, Positions};

const PUBLIC: [Route; 3] = [
    public("/api/v2/public/time", Public::ServerTime),
    public("/api/v2/mix/market/contracts", Public::Contracts),
    public("/api/v3/market/instruments", Public::Instruments),
];

const fn read2(path: &'static str, call: Classic, class: RequestClass, most: usize) -> Route {
    get(path, Call::Classic(call), class, most)
}

const fn write2(path: &'static str, call: Classic, class: RequestClass, most: usize) -> Route {
    post(path, Call::Classic(call), class, most)
}

/// Where the pages and a client disagree about a limit, the smaller one.
#[rustfmt::skip]
const CLASSIC: [Route; 17] = [
    read2("/api/v2/mix/account/accounts", Classic::Accounts, Accounts, 10),
    read2("/api/v2/mix/account/account", Classic::Account, Accounts, 10),
    write2("/api/v2/mix/account/set-position-mode", Classic::SetMode, Place, 5),
    read2("/api/v2/spot/account/info", Classic::KeyRights, Accounts, 1),
    read2("/api/v2/mix/position/all-position", Classic::Positions, Positions, 5),
    read2("/api/v2/mix/order/orders-pending", Classic::Orders, Orders, 10),
    read2("/api/v2/mix/order/orders-plan-pending", Classic::Plans, Orders, 10),
    write2("/api/v2/mix/order/place-order", Classic::PlaceOrder, Place, 10),
    write2("/api/v2/mix/order/place-plan-order", Classic::PlacePlan, Place, 10),
    write2("/api/v2/mix/order/place-tpsl-order", Classic::PlaceTpsl, Place, 10),
    write2("/api/v2/mix/order/cancel-order", Classic::CancelOrder, Cancel, 10),
    write2("/api/v2/mix/order/batch-cancel-orders", Classic::CancelBatch, Cancel, 10),
    write2("/api/v2/mix/order/cancel-all-orders", Classic::CancelAll, Cancel, 1),
    write2("/api/v2/mix/order/cancel-plan-order", Classic::CancelPlans, Cancel, 10),
    write2("/api/v2/mix/order/close-positions", Classic::ClosePositions, Flatten, 1),
    read2("/api/v2/mix/account/bill", Classic::Bills, Ledger, 10),
    read2("/api/v2/mix/order/fills", Classic::Fills, Ledger, 10),
];

const fn read3(path: &'static str, call: Unified, class: RequestClass, most: usize) -> Route {
    get(path, Call::Unified(call), class, most)
}

const fn write3(path: &'static str, call: Unified, class: RequestClass, most: usize) -> Route {
    post(path, Call::Unified(call), class, most)
}

#[rustfmt::skip]
const UNIFIED: [Route; 16] = [
    read3("/api/v3/account/assets", Unified::Assets, Accounts, 20),
    read3("/api/v3/account/settings", Unified::Settings, Accounts, 20),
    write3("/api/v3/account/set-hold-mode", Unified::SetMode, Place, 5),
    read3("/api/v3/account/info", Unified::KeyRights, Accounts, 5),
    read3("/api/v3/position/current-position", Unified::Positions, Positions, 20),
    read3("/api/v3/trade/unfilled-orders", Unified::Orders, Orders, 20),
    read3("/api/v3/trade/unfilled-strategy-orders", Unified::Strategies, Orders, 20),
    write3("/api/v3/trade/place-order", Unified::PlaceOrder, Place, 10),
    write3("/api/v3/trade/place-strategy-order", Unified::PlaceStrategy, Place, 10),
    write3("/api/v3/trade/cancel-order", Unified::CancelOrder, Cancel, 10),
    write3("/api/v3/trade/cancel-symbol-order", Unified::CancelSymbol, Cancel, 5),
    write3("/api/v3/trade/cancel-strategy-order", Unified::CancelStrategy, Cancel, 10),
    write3("/api/v3/trade/close-positions", Unified::ClosePositions, Flatten, 5),
    write3("/api/v3/trade/countdown-cancel-all", Unified::Countdown, Place, 1),
    read3("/api/v3/account/financial-records", Unified::Records, Ledger, 20),
    read3("/api/v3/trade/fills", Unified::Fills, Ledger, 20),
];

/// The call of a request line.
pub(crate) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let mut routes = PUBLIC.iter().chain(&CLASSIC).chain(&UNIFIED);
    routes.find(|route| route.method == method && route.path == path)
}

impl Route {
    pub(crate) fn is_write(&self) -> bool {
        self.method == "POST"
    }
}
