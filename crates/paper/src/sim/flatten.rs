//! What a flatten does in the simulation: which positions and orders it is
//! about, how much it closes, and when its market orders fill.

use serde::{Deserialize, Serialize};

use crate::sim::Simulation;
use crate::sim::order::{Order, Side};
use crate::sim::script::Later;
use crate::sim::trade::CancelBehaviour;

/// Which positions and orders a flatten is about. `None` means all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FlattenScope {
    pub(crate) account: Option<usize>,
    pub(crate) contract: Option<usize>,
    /// The side of the positions; orders are then left alone.
    pub(crate) side: Option<Side>,
}

impl FlattenScope {
    /// Everything of one account.
    pub(crate) fn account(account: usize) -> FlattenScope {
        FlattenScope {
            account: Some(account),
            ..FlattenScope::default()
        }
    }

    fn covers_position(&self, account: usize, contract: usize, quantity: i64) -> bool {
        self.account.is_none_or(|wanted| wanted == account)
            && self.contract.is_none_or(|wanted| wanted == contract)
            && self.side.is_none_or(|side| side == Side::of(quantity))
    }

    pub(crate) fn covers_order(&self, order: &Order) -> bool {
        self.side.is_none()
            && self.account.is_none_or(|wanted| wanted == order.account)
            && self.contract.is_none_or(|wanted| wanted == order.contract)
    }
}

/// How much of each position a flatten closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Share {
    #[default]
    Whole,
    /// Half, rounded down: of one contract nothing.
    Half,
    Nothing,
}

impl Share {
    fn of(self, quantity: i64) -> i64 {
        match self {
            Share::Whole => quantity,
            Share::Half => quantity / 2,
            Share::Nothing => 0,
        }
    }
}

/// What a flatten does while an earlier one is still filling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// It sends orders of its own: the account is turned round.
    #[default]
    SellsAgain,
    /// It joins the one that is filling.
    Joins,
}

/// When a flatten's market orders fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fills {
    #[default]
    AtOnce,
    /// Nothing is sent at first: what is held after so many milliseconds is
    /// closed then.
    Deferred(u64),
    /// Orders of the size that is held now go out now and fill after so many
    /// milliseconds, whatever is held by then.
    Slowly { ms: u64, repeat: Repeat },
}

/// How a flatten is carried out, faults included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlattenBehaviour {
    pub(crate) share: Share,
    pub(crate) leaves_orders: bool,
    pub(crate) fills: Fills,
}

/// A position as it was before a close: account, contract, signed quantity.
pub(crate) type Held = (usize, usize, i64);

impl Simulation {
    /// The positions a flatten is about.
    pub(crate) fn covered_positions(&self, scope: &FlattenScope) -> Vec<Held> {
        let accounts = self.accounts.iter().enumerate();
        accounts
            .flat_map(|(index, account)| {
                let positions = account.positions.iter();
                positions.map(move |position| (index, position.contract, position.quantity))
            })
            .filter(|(account, contract, quantity)| {
                scope.covers_position(*account, *contract, *quantity)
            })
            .collect()
    }

    /// Flattens and returns the orders whose cancel was asked for.
    pub(crate) fn flatten(
        &mut self,
        scope: FlattenScope,
        behaviour: FlattenBehaviour,
    ) -> Vec<String> {
        let held = self.covered_positions(&scope);
        let bare = held.is_empty() && self.settings.flatten_without_position_leaves_orders;
        let orders = if bare || behaviour.leaves_orders || behaviour.share == Share::Nothing {
            Vec::new()
        } else {
            self.covered_orders(&scope)
        };
        self.cancel_each(&orders, CancelBehaviour::Normal);
        let share = behaviour.share;
        match behaviour.fills {
            Fills::AtOnce => self.close_positions(&scope, share),
            Fills::Deferred(ms) => self.schedule(ms, Later::Flatten { scope, share }),
            Fills::Slowly { ms, repeat } => {
                for (account, contract, quantity) in held {
                    self.close_slowly(account, contract, share.of(quantity), ms, repeat);
                }
            }
        }
        self.settle();
        orders
    }

    /// Closes positions at the market.
    pub(crate) fn close_positions(&mut self, scope: &FlattenScope, share: Share) {
        for (account, contract, quantity) in self.covered_positions(scope) {
            self.trade_at_market(account, contract, -share.of(quantity), "Close");
        }
    }

    /// Closes up to `count` contracts of one position and leaves orders alone.
    pub(crate) fn close_part(
        &mut self,
        account: usize,
        contract: usize,
        count: u32,
        behaviour: FlattenBehaviour,
    ) {
        let held = self.held(account, contract);
        let part = held.abs().min(i64::from(count)) * held.signum();
        let closing = behaviour.share.of(part);
        match behaviour.fills {
            Fills::AtOnce => self.trade_at_market(account, contract, -closing, "Close"),
            Fills::Deferred(ms) => {
                self.close_slowly(account, contract, closing, ms, Repeat::SellsAgain);
            }
            Fills::Slowly { ms, repeat } => {
                self.close_slowly(account, contract, closing, ms, repeat);
            }
        }
        self.settle();
    }

    /// Sends a closing order that fills later. It keeps its size: two of them
    /// for one position turn the account round.
    fn close_slowly(
        &mut self,
        account: usize,
        contract: usize,
        closing: i64,
        ms: u64,
        repeat: Repeat,
    ) {
        let joins = repeat == Repeat::Joins && self.is_filling(account, contract);
        if closing == 0 || joins {
            return;
        }
        let event = Later::CloseFills {
            account,
            contract,
            quantity: -closing,
        };
        self.schedule(ms, event);
    }

    fn is_filling(&self, account: usize, contract: usize) -> bool {
        self.waiting().any(|event| {
            matches!(event, Later::CloseFills { account: one, contract: of, .. }
                if *one == account && *of == contract)
        })
    }

    /// Whether a flatten or close of an account was accepted and is not yet done.
    pub(crate) fn is_closing(&self, account: usize) -> bool {
        self.waiting().any(|event| match event {
            Later::CloseFills { account: one, .. } => *one == account,
            Later::Flatten { scope, .. } => scope.account.is_none_or(|one| one == account),
            Later::CancelDone { .. } | Later::Enter { .. } => false,
        })
    }

    /// Opens positions again after so many milliseconds, as a trader who does
    /// not accept the flatten would.
    pub(crate) fn enter_again(&mut self, held: &[Held], after_ms: u64) {
        for (account, contract, quantity) in held.iter().copied() {
            let event = Later::Enter {
                account,
                contract,
                quantity,
            };
            self.schedule(after_ms, event);
        }
    }
}
