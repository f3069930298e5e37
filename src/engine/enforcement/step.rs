//! What is to be reached of an account, and what enforcement wants done for it.

use super::plan::Planned;
use crate::domain::ids::{IntentId, RequestId};
use crate::domain::observation::Timestamp;
use crate::engine::record::{Cause, Goal};

/// One thing that is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// What is to be reached.
    pub goal: Goal,
    /// Who or what asked.
    pub cause: Cause,
    /// Since when, by the steady clock: what was seen before proves nothing.
    pub since: Timestamp,
}

/// What is read of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The working orders.
    Orders,
    /// The positions, and that an empty list of them can be believed.
    Positions,
    /// The positions, to see early when one comes back. An empty list proves
    /// nothing.
    Watch,
    /// The same of an account that was just opened again from outside: as often
    /// as the budget allows.
    CloseWatch,
    /// The working orders of such an account, in between.
    WatchOrders,
}

impl Reading {
    /// Whether it looks at an account of which nothing is asked.
    pub const fn is_watch(self) -> bool {
        matches!(
            self,
            Reading::Watch | Reading::CloseWatch | Reading::WatchOrders
        )
    }
}

/// What enforcement wants done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these, as this round; [`super::Enforcement::queued`] names them.
    Send {
        /// The round, from 1.
        round: u32,
        /// The writes.
        writes: Vec<Planned>,
    },
    /// These need not leave any more, should they still wait.
    Withdraw {
        /// Which ones.
        requests: Vec<RequestId>,
    },
    /// Read something of the account.
    Read {
        /// The number of the read.
        read: u64,
        /// What is read.
        what: Reading,
    },
    /// This read is not needed any more, should it still wait.
    WithdrawRead {
        /// The number of the read.
        read: u64,
    },
    /// These intents are done.
    Reached {
        /// What had been asked for.
        intents: Vec<Intent>,
        /// How many rounds it took.
        rounds: u32,
        /// When the positions were first seen closed after the last request.
        flat_at: Option<Timestamp>,
    },
    /// What was seen after the last request shows that something is still there.
    NotYet {
        /// The round that did not suffice.
        round: u32,
    },
    /// A person should look: this many rounds or reads have not helped, or the
    /// venue says no.
    Stuck {
        /// How many.
        attempts: u32,
    },
    /// Rounds come too fast; the next one waits.
    Slowed,
}
