//! The kinds of conditional orders.

use super::BitgetState;
use crate::sim::Simulation;
use crate::sim::order::{Order, OrderType};

/// What v2 calls a plan type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlanKind {
    Normal,
    Trailing,
    Profit,
    Loss,
    /// Of the whole position, whatever it is.
    PositionProfit,
    PositionLoss,
    /// A trailing stop of a position.
    Moving,
}

/// A conditional order as it was placed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: PlanKind,
    /// By how many percent it trails; empty where it does not.
    pub(crate) callback: String,
    /// `mark_price` or `fill_price`.
    pub(crate) trigger: String,
}

impl PlanKind {
    pub(crate) const ALL: [PlanKind; 7] = [
        PlanKind::Normal,
        PlanKind::Trailing,
        PlanKind::Profit,
        PlanKind::Loss,
        PlanKind::PositionProfit,
        PlanKind::PositionLoss,
        PlanKind::Moving,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            PlanKind::Normal => "normal_plan",
            PlanKind::Trailing => "track_plan",
            PlanKind::Profit => "profit_plan",
            PlanKind::Loss => "loss_plan",
            PlanKind::PositionProfit => "pos_profit",
            PlanKind::PositionLoss => "pos_loss",
            PlanKind::Moving => "moving_plan",
        }
    }

    pub(crate) fn read(text: &str) -> Option<PlanKind> {
        let mut kinds = PlanKind::ALL.into_iter();
        kinds.find(|kind| kind.word() == text)
    }

    /// Whether it is about a position's profit or loss.
    pub(crate) fn is_of_a_position(self) -> bool {
        !matches!(self, PlanKind::Normal | PlanKind::Trailing)
    }

    pub(crate) fn is_whole(self) -> bool {
        matches!(self, PlanKind::PositionProfit | PlanKind::PositionLoss)
    }

    /// Whether the lists of a type hold it: `profit_loss` is that of all kinds of a
    /// position (Get-orders-plan-pending).
    pub(crate) fn is_listed_under(self, text: &str) -> bool {
        match text {
            "profit_loss" => self.is_of_a_position(),
            text => text == self.word() && !self.is_of_a_position(),
        }
    }
}

/// What the groups of two orders are called that v3 shows as one: of the first that
/// fills the other is cancelled.
pub(crate) const PAIR: &str = "tpsl-";

/// The other order of a pair, while it waits too.
pub(crate) fn partner<'a>(sim: &'a Simulation, order: &Order) -> Option<&'a Order> {
    if !order.oco_id.starts_with(PAIR) {
        return None;
    }
    let mut orders = sim.orders.iter();
    orders.find(|other| {
        let is_live = other.state.is_live() && other.waits_for_trigger();
        is_live && other.oco_id == order.oco_id && other.id != order.id
    })
}

/// The kind of a conditional order; of one that was placed otherwise, what it does says
/// it.
pub(crate) fn kind_of(known: &BitgetState, order: &Order) -> PlanKind {
    if let Some(plan) = known.plans.get(&order.order_id) {
        return plan.kind;
    }
    match (order.only_reduces(), order.order_type) {
        (true, OrderType::TakeProfit) => PlanKind::Profit,
        (true, _) => PlanKind::Loss,
        (false, _) => PlanKind::Normal,
    }
}
