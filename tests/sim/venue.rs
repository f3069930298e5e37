//! The paper venue as riskd's domain sees it, and the truth about it.

use std::sync::Arc;

use riskd::domain::holdings::{OrderSide, Position, WorkingOrder};
use riskd::domain::instrument::Instrument;
use riskd::domain::money::Money;
use riskd::domain::observation::{Figures, Learned};
use riskd::domain::position_key::{PositionKey, PositionSide};
use riskd::engine::record::Goal;
use riskd_paper::{Holding, LiveOrder, PaperVenue, Side};
use rust_decimal::Decimal;

use super::kind::{Kind, Part};

/// Digits of the figures that an exchange shows.
const DIGITS: u32 = 8;
/// The step of quantities at an exchange: no order closes less.
const STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// The venue of a week.
#[derive(Clone)]
pub struct Venue {
    pub paper: PaperVenue,
    pub kind: Kind,
}

impl Venue {
    /// The figures of an account, as it is.
    pub fn figures(&self, account: &str) -> Figures {
        if self.kind.is_exchange() {
            return self.sums_of_assets(account);
        }
        let figures = self.paper.figures(account).unwrap();
        Figures {
            realized: Some(Money::new(figures.realized)),
            unrealized: Some(Money::new(figures.unrealized)),
            balance: Some(Money::new(figures.cash)),
            equity: Some(Money::new(figures.net_liquidation)),
        }
    }

    /// The sums over the assets that count, each rounded as the venue shows it.
    fn sums_of_assets(&self, account: &str) -> Figures {
        let assets = self.kind.profile().assets;
        let wallets = self.paper.wallets(account).unwrap();
        let counted = wallets.iter().filter(|one| assets.contains(&&*one.asset));
        let mut sums = [Decimal::ZERO; 3];
        for wallet in counted {
            let shown = [wallet.unrealized, wallet.balance, wallet.equity];
            for (sum, figure) in sums.iter_mut().zip(shown) {
                *sum += figure.round_dp(DIGITS);
            }
        }
        let [unrealized, balance, equity] = sums.map(|sum| Some(Money::new(sum.normalize())));
        Figures {
            realized: None,
            unrealized,
            balance,
            equity,
        }
    }

    /// What an account holds, as it is.
    pub fn held(&self, account: &str) -> Arc<[Position]> {
        self.held_in(account, Part::All)
    }

    /// A part of that.
    pub fn held_in(&self, account: &str, part: Part) -> Arc<[Position]> {
        let holdings = self.paper.holdings(account).unwrap();
        let holdings = holdings
            .iter()
            .filter(|held| part.holds(&held.asset, false));
        holdings.map(|held| self.position(held)).collect()
    }

    fn position(&self, held: &Holding) -> Position {
        let key = PositionKey {
            instrument: self.instrument(&held.instrument),
            side: side_of(held.side),
        };
        Position::new(key, held.quantity)
    }

    /// The working orders of an account in a part of what it trades, as they are.
    pub fn working_in(&self, account: &str, part: Part) -> Vec<WorkingOrder> {
        let orders = self.paper.live_orders(account).unwrap();
        let is_in = |order: &&LiveOrder| {
            part == Part::All || part.holds(self.asset(order), order.waits_for_trigger)
        };
        orders
            .iter()
            .filter(is_in)
            .map(|order| WorkingOrder {
                id: Some(Arc::from(&*order.id)),
                instrument: Some(self.instrument(&order.instrument)),
                side: Some(match order.side {
                    Side::Buy => OrderSide::Buy,
                    Side::Sell => OrderSide::Sell,
                }),
                position: Some(side_of(order.position_side)),
                reduce_only: Some(order.only_reduces),
                remaining: Some(order.remaining),
                state: Arc::from("Working"),
                ..WorkingOrder::default()
            })
            .collect()
    }

    fn asset(&self, order: &LiveOrder) -> &str {
        let mut listed = self.paper.config().instruments.iter();
        let found = listed.find(|one| one.symbol == order.instrument);
        &found.unwrap().terms.asset
    }

    fn instrument(&self, name: &str) -> Instrument {
        Instrument::of(name, self.kind.profile().dialect)
    }

    /// Whether an account holds nothing and has no order.
    pub fn is_empty(&self, account: &str) -> bool {
        self.paper.figures(account).unwrap().is_flat_and_quiet()
    }

    /// Whether it holds nothing that an order could close, and has no order.
    pub fn is_flat_and_quiet(&self, account: &str) -> bool {
        let is_quiet = self.paper.figures(account).unwrap().working_orders == 0;
        is_quiet && is_flat(&self.held(account))
    }
}

/// Whether a position is less than an order can close.
pub fn is_dust(position: &Position) -> bool {
    position.quantity.abs() < STEP
}

/// Whether nothing is held but dust.
pub fn is_flat(positions: &[Position]) -> bool {
    positions.iter().all(is_dust)
}

fn side_of(side: riskd_paper::PositionSide) -> PositionSide {
    match side {
        riskd_paper::PositionSide::Net => PositionSide::OneWay,
        riskd_paper::PositionSide::Long => PositionSide::Long,
        riskd_paper::PositionSide::Short => PositionSide::Short,
    }
}

/// Whether the goal is reached in truth.
pub fn is_reached(goal: &Goal, truth: &Learned) -> bool {
    let positions = truth.positions.as_deref().unwrap_or_default();
    let orders = truth.orders.listed().unwrap_or_default();
    match goal {
        Goal::Quiet => orders.is_empty(),
        Goal::FlatAndQuiet => orders.is_empty() && is_flat(positions),
        Goal::Closed(keys) => {
            let is_one = |instrument: &Instrument| {
                let mut names = keys.iter().map(|key| key.instrument.as_str());
                names.any(|name| name == instrument.as_str())
            };
            let mut working = orders.iter().filter_map(|order| order.instrument.as_ref());
            let mut held = positions.iter().filter(|held| !is_dust(held));
            !held.any(|held| keys.contains(&held.key)) && !working.any(is_one)
        }
        Goal::ReduceOnly => orders.iter().all(|order| {
            if order.reduce_only == Some(true) {
                return true;
            }
            let is_it = |held: &&Position| {
                Some(&held.key.instrument) == order.instrument.as_ref()
                    && held.key.side == PositionSide::OneWay
            };
            let held = positions.iter().find(is_it);
            let held = held.map_or(Decimal::ZERO, |held| held.quantity);
            let size = order.remaining.unwrap();
            match order.side {
                Some(OrderSide::Buy) => held <= -size,
                Some(OrderSide::Sell) => held >= size,
                None => false,
            }
        }),
    }
}
