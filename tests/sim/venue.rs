//! The paper venue as riskd's domain sees it, and the truth about it.

use std::sync::Arc;

use riskd::domain::holdings::{OrderSide, Position, WorkingOrder, WorkingOrders};
use riskd::domain::instrument::Instrument;
use riskd::domain::money::Money;
use riskd::domain::observation::{Figures, Learned};
use riskd::domain::position_key::PositionKey;
use riskd::engine::record::Goal;
use riskd_paper::{AccountFigures, PaperVenue, Side};
use rust_decimal::Decimal;

/// Everything about an account at one instant, as it is.
pub fn look(venue: &PaperVenue, account: &str) -> Learned {
    let figures = venue.figures(account).unwrap();
    let orders = venue.live_orders(account).unwrap();
    Learned {
        figures: Figures {
            realized: Some(Money::new(figures.realized)),
            unrealized: Some(Money::new(figures.unrealized)),
            balance: Some(Money::new(figures.cash)),
            equity: Some(Money::new(figures.net_liquidation)),
        },
        positions: Some(positions(&figures)),
        orders: WorkingOrders::Listed(
            orders
                .into_iter()
                .map(|order| WorkingOrder {
                    id: Some(Arc::from(order.id)),
                    instrument: Some(Instrument::new(&order.instrument)),
                    side: Some(match order.side {
                        Side::Buy => OrderSide::Buy,
                        Side::Sell => OrderSide::Sell,
                    }),
                    remaining: Some(order.remaining),
                    state: Arc::from("Working"),
                    ..WorkingOrder::default()
                })
                .collect(),
        ),
        ..Learned::default()
    }
}

/// What an account holds, as it is.
pub fn held(venue: &PaperVenue, account: &str) -> Arc<[Position]> {
    positions(&venue.figures(account).unwrap())
}

fn positions(figures: &AccountFigures) -> Arc<[Position]> {
    figures
        .positions
        .iter()
        .map(|(instrument, quantity)| {
            Position::new(PositionKey::new(instrument), Decimal::from(*quantity))
        })
        .collect()
}

/// Whether the goal is reached in truth.
pub fn is_reached(goal: &Goal, truth: &Learned) -> bool {
    let positions = truth.positions.as_deref().unwrap_or_default();
    let orders = truth.orders.listed().unwrap_or_default();
    match goal {
        Goal::Quiet => orders.is_empty(),
        Goal::FlatAndQuiet => orders.is_empty() && positions.is_empty(),
        Goal::Closed(keys) => {
            let is_one = |instrument: &Instrument| {
                let mut names = keys.iter().map(|key| key.instrument.as_str());
                names.any(|name| name == instrument.as_str())
            };
            let mut working = orders.iter().filter_map(|order| order.instrument.as_ref());
            !positions.iter().any(|held| is_one(&held.key.instrument)) && !working.any(is_one)
        }
        Goal::ReduceOnly => orders.iter().all(|order| {
            let held = positions
                .iter()
                .find(|held| Some(&held.key.instrument) == order.instrument.as_ref())
                .map_or(Decimal::ZERO, |held| held.quantity);
            let size = order.remaining.unwrap();
            match order.side {
                Some(OrderSide::Buy) => held <= -size,
                Some(OrderSide::Sell) => held >= size,
                None => false,
            }
        }),
    }
}
