//! What a kind of venue can be asked to do to an account, which decides how a goal
//! is put into requests.

use super::holdings::OrderBook;

/// How much one cancel takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelScope {
    /// Every working order of the account, in every list of them.
    Account,
    /// Every working order of one symbol, in one list of them.
    Symbol,
    /// Every working order of one symbol that is in the book; those that wait for a
    /// condition are cancelled one by one.
    RegularOfSymbol,
    /// One order.
    Order,
}

/// How much one close closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseScope {
    /// Every position of the account.
    Account,
    /// One whole position, whatever its size is when the request arrives.
    Position,
    /// A quantity of one position, by a market order that can only reduce it.
    Quantity,
}

/// What can be asked of a kind of venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// What one cancel may take along.
    pub cancel: &'static [CancelScope],
    /// What one close may close.
    pub close: &'static [CloseScope],
    /// The lists of working orders that are cancelled each by itself; none where one
    /// cancel reaches every order that it names.
    pub books: &'static [OrderBook],
    /// Whether an account can hold an instrument long and short at once.
    pub hedge_mode: bool,
    /// Whether a close of the account also cancels the working orders of what it
    /// closes, so that a cancel beside it can wait.
    pub flatten_cancels_orders: bool,
    /// Whether a close must find no working orders of its symbol: its cancels leave
    /// with it, and before it.
    pub cancel_before_close: bool,
    /// Whether a second close that arrives while one is still filling joins it, or
    /// can only reduce what is left. Where it does not, it would turn the position
    /// round.
    pub repeated_close_joins: bool,
}

impl Abilities {
    /// Whether one cancel can take this much along.
    pub fn can_cancel(&self, scope: CancelScope) -> bool {
        self.cancel.contains(&scope)
    }

    /// Whether one close can close this much.
    pub fn can_close(&self, scope: CloseScope) -> bool {
        self.close.contains(&scope)
    }
}
