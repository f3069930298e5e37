//! The list of all kinds of faults, with an example of each.

use rust_decimal::Decimal;
use serde::Serialize;

use super::kind::{Fault, FaultLayer};
use super::shape::Shape;
use crate::sim::account::ConnectionStatus;
use crate::sim::flatten::Repeat;

/// A kind of fault, for lists.
#[derive(Clone, Debug, Serialize)]
pub struct FaultKind {
    /// Its name in JSON.
    pub name: String,
    /// Where it lives.
    pub layer: FaultLayer,
    /// One with usual settings.
    pub example: Fault,
}

/// Every kind of fault that CrossTrade can have, each once, with usual settings.
pub fn fault_kinds() -> Vec<FaultKind> {
    kinds(examples())
}

/// The kinds that exchanges can have beside them.
pub fn exchange_fault_kinds() -> Vec<FaultKind> {
    let instrument = || "ETHUSDT".to_owned();
    kinds(vec![
        Fault::Code {
            code: 10016,
            after_effect: true,
        },
        Fault::Throttled,
        Fault::StopsMissing,
        Fault::StopsForgotten,
        Fault::RowMissing {
            instrument: instrument(),
        },
        Fault::CancelLeavesStops,
        Fault::Appears {
            instrument: instrument(),
            quantity: Decimal::NEGATIVE_ONE,
        },
        Fault::ClockOff { ms: -3000 },
        Fault::Ban { ms: 120_000 },
    ])
}

/// The kinds that BingX alone can have beside those of all exchanges.
pub fn bingx_fault_kinds() -> Vec<FaultKind> {
    kinds(vec![
        Fault::OtherShape {
            shape: Shape::OtherWords,
        },
        Fault::EntryFails {
            instrument: "ETH-USDT".to_owned(),
        },
    ])
}

fn kinds(examples: Vec<Fault>) -> Vec<FaultKind> {
    examples
        .into_iter()
        .map(|example| FaultKind {
            name: example.name(),
            layer: example.layer(),
            example,
        })
        .collect()
}

fn examples() -> Vec<Fault> {
    let of_each_kind = [of_the_way(), of_answers(), of_accounts(), of_writes()];
    of_each_kind.into_iter().flatten().collect()
}

fn of_the_way() -> Vec<Fault> {
    vec![
        Fault::Hang,
        Fault::HangAfterEffect,
        Fault::Delay { ms: 500 },
        Fault::LostBeforeEffect,
        Fault::LostAfterEffect,
        Fault::Status {
            code: 503,
            retry_after: None,
            after_effect: false,
        },
        Fault::SuccessFalse,
        Fault::HtmlBody,
        Fault::Redirect,
        Fault::EmptyBody,
        Fault::TruncatedJson,
        Fault::ResetMidBody,
        Fault::HugeBody,
        Fault::SlowLoris { interval_ms: 1000 },
    ]
}

fn of_answers() -> Vec<Fault> {
    let field = || "unrealizedProfitLoss".to_owned();
    vec![
        Fault::FieldMissing { field: field() },
        Fault::FieldNull { field: field() },
        Fault::FieldText { field: field() },
        Fault::FieldNan { field: field() },
        Fault::FieldInfinity { field: field() },
        Fault::FieldHuge { field: field() },
        Fault::FieldNegativeZero { field: field() },
        Fault::FieldValue {
            field: field(),
            value: Decimal::from(-1_000_000),
        },
    ]
}

fn of_accounts() -> Vec<Fault> {
    vec![
        Fault::DuplicatedAccount,
        Fault::AccountMissing,
        Fault::NoAccounts,
        Fault::StaleEpoch,
        Fault::Cached { ms: 3000 },
        Fault::PnlZeroed,
        Fault::FiguresZeroed,
        Fault::PositionSignFlip,
        Fault::NegativeQuantity,
        Fault::PositionsMissing,
        Fault::OrdersMissing,
        Fault::ConnectionShown {
            status: ConnectionStatus::ConnectionLost,
        },
        Fault::OrderStateShown {
            state: "Pending Submit".to_owned(),
        },
        Fault::OrderIdNull,
        Fault::DataWrapper,
        Fault::ExtraFields,
    ]
}

fn of_writes() -> Vec<Fault> {
    vec![
        Fault::FlattenNothing,
        Fault::FlattenHalf,
        Fault::FlattenLate { ms: 1000 },
        Fault::FlattenFillsLate {
            ms: 800,
            pending: true,
            repeat: Repeat::SellsAgain,
        },
        Fault::FlattenLeavesOrders,
        Fault::FlattenRefused {
            error: "Market is closed".to_owned(),
        },
        Fault::CancelNothing,
        Fault::CancelLate { ms: 1000 },
        Fault::CancelStuck,
        Fault::FillsOnCancel,
        Fault::Reenters { after_ms: 1000 },
        Fault::OtherProgram { per_second: 2 },
        Fault::Reopens { after_ms: 300 },
        Fault::Copier {
            leader: "Sim101".to_owned(),
            every_ms: 3000,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::rule::FaultRule;

    #[test]
    fn the_list_names_every_kind_once() {
        let kinds: Vec<FaultKind> = fault_kinds()
            .into_iter()
            .chain(exchange_fault_kinds())
            .chain(bingx_fault_kinds())
            .collect();
        assert!(kinds.len() >= 40, "{}", kinds.len());
        let names: std::collections::HashSet<_> = kinds.iter().map(|kind| &kind.name).collect();
        assert_eq!(names.len(), kinds.len());
        for kind in &kinds {
            let rule = FaultRule::new(kind.example.clone());
            let text = serde_json::to_string(&rule).unwrap();
            let read: FaultRule = serde_json::from_str(&text).unwrap();
            assert_eq!(read, rule, "{text}");
        }
    }
}
