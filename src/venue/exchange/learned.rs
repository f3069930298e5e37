//! What a poll of an exchange teaches.

use std::sync::Arc;

use super::held::{Held, positions_of};
use super::wallet::Wallet;
use crate::domain::blind_spot::BlindSpot;
use crate::domain::flow::{Flow, WalletChange, WalletReport};
use crate::domain::holdings::WorkingOrders;
use crate::domain::observation::{Figures, Learned};
use crate::domain::symbols::Symbols;

/// What was read in one poll.
pub(in crate::venue) struct Look {
    pub(in crate::venue) wallet: Wallet,
    /// Every position that the key can see.
    pub(in crate::venue) held: Vec<Held>,
    /// The venue's time of it, in milliseconds.
    pub(in crate::venue) stamp: Option<i64>,
    /// What moved money, and whether that is all.
    pub(in crate::venue) money: (Vec<Flow>, WalletChange),
    pub(in crate::venue) symbols: Arc<Symbols>,
}

impl Look {
    /// What it teaches of an account whose figures are those of `assets`. The result of
    /// a position whose margin lies elsewhere is in none of them, so that they say
    /// nothing.
    pub(in crate::venue) fn learned(self, assets: &[String]) -> Learned {
        let Wallet {
            figures,
            maintenance_margin,
            mut blind_spots,
            shows_positions,
        } = self.wallet;
        let is_doubtful = self.held.is_empty() && shows_positions;
        let counts = |margin: &String| assets.contains(margin);
        let is_blind = self
            .held
            .iter()
            .any(|one| !one.margin.as_ref().is_some_and(counts));
        blind_spots.extend(self.held.iter().filter_map(|one| outside(one, assets)));
        let (flows, change) = self.money;
        Learned {
            figures: if is_blind {
                Figures::default()
            } else {
                figures
            },
            maintenance_margin: maintenance_margin.filter(|_| !is_blind),
            positions: (!is_doubtful).then(|| positions_of(self.held)),
            orders: WorkingOrders::NotRead,
            stamp: self.stamp,
            symbols: Some(self.symbols),
            wallet: Some(Arc::new(WalletReport {
                blind_spots,
                flows,
                change,
            })),
        }
    }
}

/// A position that is known to have its margin elsewhere.
fn outside(one: &Held, assets: &[String]) -> Option<BlindSpot> {
    let margin = one.margin.as_ref()?;
    if assets.contains(margin) {
        return None;
    }
    let what = format!("{}, with its margin in {margin}", one.position);
    let kind = one.position.key.to_string();
    Some(BlindSpot::position(Arc::from(kind), Arc::from(what)))
}
