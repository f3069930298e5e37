//! Conditions: a tree over the kinds.

use super::holdings::{At, Expr, NoData, OrderLimit, PositionLimit, WindowSide, Windows};
use super::results::{MaxLoss, Pnl, ProfitFloor, TrailingDrawdown};
use crate::domain::money::{Fraction, Money};

/// A condition: a tree over the kinds, combined by Kleene logic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// True when all are true.
    All(Vec<Condition>),
    /// True when one is true.
    Any(Vec<Condition>),
    /// True when the other is false.
    Not(Box<Condition>),
    /// One of the kinds.
    Is(Box<Leaf>),
}

impl Condition {
    /// Calls `visit` for each kind in the tree, left to right.
    pub fn for_each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a Leaf)) {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    part.for_each_leaf(visit);
                }
            }
            Condition::Not(part) => part.for_each_leaf(visit),
            Condition::Is(leaf) => visit(leaf),
        }
    }

    /// Whether any kind in the tree passes the test.
    pub fn has_leaf(&self, mut test: impl FnMut(&Leaf) -> bool) -> bool {
        let mut found = false;
        self.for_each_leaf(&mut |leaf| found |= test(leaf));
        found
    }
}

/// One condition kind with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// `pnl`
    Pnl(Pnl),
    /// `profit_floor`
    ProfitFloor(ProfitFloor),
    /// `trailing_drawdown`
    TrailingDrawdown(TrailingDrawdown),
    /// `max_loss`
    MaxLoss(MaxLoss),
    /// `outside` and `inside`
    Windows(Windows),
    /// `at`
    At(At),
    /// `position`
    Position(PositionLimit),
    /// `orders`
    Orders(OrderLimit),
    /// `no_data`
    NoData(NoData),
    /// `expr`
    Expr(Expr),
}

impl Leaf {
    /// The key under which the kind stands in a rule file.
    pub const fn key(&self) -> &'static str {
        match self {
            Leaf::Pnl(_) => "pnl",
            Leaf::ProfitFloor(_) => "profit_floor",
            Leaf::TrailingDrawdown(_) => "trailing_drawdown",
            Leaf::MaxLoss(_) => "max_loss",
            Leaf::Windows(Windows {
                side: WindowSide::Outside,
                ..
            }) => "outside",
            Leaf::Windows(_) => "inside",
            Leaf::At(_) => "at",
            Leaf::Position(_) => "position",
            Leaf::Orders(_) => "orders",
            Leaf::NoData(_) => "no_data",
            Leaf::Expr(_) => "expr",
        }
    }

    /// Whether a rule with this kind is re-armed by the session unless it says
    /// otherwise: the P&L and drawdown kinds.
    pub const fn rearms_by_session(&self) -> bool {
        matches!(
            self,
            Leaf::Pnl(_) | Leaf::ProfitFloor(_) | Leaf::TrailingDrawdown(_) | Leaf::MaxLoss(_)
        )
    }
}

/// Whether the level itself is a breach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breach {
    /// `<=` and `>=`.
    #[default]
    Touch,
    /// `<` and `>`.
    Cross,
}

/// An amount, or a share of a base that the condition names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// In account currency; above zero.
    Money(Money),
    /// A share of the base; above zero.
    Share(Fraction),
}
