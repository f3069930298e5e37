//! Money that comes into an account or leaves it and is no result, and what a wallet
//! says that its list of movements does not.

use std::sync::Arc;

use super::blind_spot::BlindSpot;
use super::money::Money;
use super::observation::Timestamp;

/// A deposit, a withdrawal, a transfer, a conversion from or into an asset that does
/// not count, a bonus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The venue's id for it: each counts once.
    pub id: Arc<str>,
    /// When it happened, by the venue's clock.
    pub at: Timestamp,
    /// What came in; below zero what went out.
    pub amount: Money,
    /// What it is, in the venue's own word.
    pub kind: Arc<str>,
}

/// How a change of the wallet goes with what the venue lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WalletChange {
    /// It is listed, or comes with a trade, or there is none.
    #[default]
    Explained,
    /// So much is listed nowhere, while no position has changed: the figures are in
    /// doubt.
    Unexplained(Money),
    /// The same for so long that it is taken for a result.
    TakenForResult(Money),
}

/// What a look at the wallet of an account showed beside its figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalletReport {
    /// What the account has that its figures do not hold.
    pub blind_spots: Vec<BlindSpot>,
    /// The flows that the figures hold for the first time. The first look of a process
    /// may repeat what was learned before it.
    pub flows: Vec<Flow>,
    /// How a change of the wallet goes with what the venue lists.
    pub change: WalletChange,
}
