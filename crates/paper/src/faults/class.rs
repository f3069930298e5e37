//! The groups of requests that a fault can be limited to.

use serde::{Deserialize, Serialize};

/// Groups of requests that a fault can be limited to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestClass {
    /// Every request; in a request record: one that is in no other class.
    #[default]
    All,
    /// The snapshot of all accounts.
    Snapshot,
    /// Reads of an account or of all, and of a key's rights.
    Accounts,
    /// Reads of positions.
    Positions,
    /// Reads of orders.
    Orders,
    /// Cancels of one order or of all of an account.
    Cancel,
    /// Flattens and closes, and orders that only reduce.
    Flatten,
    /// Placing of other orders.
    Place,
    /// Quotes, instruments, the server's time.
    Market,
    /// Watermarks.
    Watermarks,
    /// What moved money, and fills.
    Ledger,
    /// Every read; never in a request record.
    Reads,
    /// Everything that is not a read; never in a request record.
    Writes,
}

impl RequestClass {
    pub(crate) fn covers(self, class: RequestClass) -> bool {
        match self {
            RequestClass::All => true,
            RequestClass::Reads => class.is_read(),
            RequestClass::Writes => class.is_write(),
            one => one == class,
        }
    }

    fn is_write(self) -> bool {
        matches!(
            self,
            RequestClass::Cancel | RequestClass::Flatten | RequestClass::Place
        )
    }

    pub(crate) fn is_read(self) -> bool {
        matches!(
            self,
            RequestClass::Snapshot
                | RequestClass::Accounts
                | RequestClass::Positions
                | RequestClass::Orders
                | RequestClass::Market
                | RequestClass::Watermarks
                | RequestClass::Ledger
                | RequestClass::Reads
        )
    }
}
