//! What a flatten does in the simulation: which positions and orders it is
//! about, how much it closes, and when its market orders fill.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sim::Simulation;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::order::{Order, Side};
use crate::sim::position::{PositionKey, signed_as};
use crate::sim::rules::Rules;
use crate::sim::script::Later;

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

    fn covers_position(&self, held: &Held) -> bool {
        self.account.is_none_or(|wanted| wanted == held.account)
            && self
                .contract
                .is_none_or(|wanted| wanted == held.key.contract)
            && self.side.is_none_or(|side| side == Side::of(held.quantity))
    }

    pub(crate) fn covers_order(&self, order: &Order) -> bool {
        self.side.is_none()
            && self.account.is_none_or(|wanted| wanted == order.account)
            && self
                .contract
                .is_none_or(|wanted| wanted == order.key.contract)
    }
}

/// How much of each position a flatten closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Share {
    #[default]
    Whole,
    /// Half, rounded down to a step: of one contract nothing.
    Half,
    Nothing,
}

impl Share {
    fn of(self, quantity: Decimal, rules: &Rules) -> Decimal {
        match self {
            Share::Whole => quantity,
            Share::Half => rules.round_down(quantity / Decimal::TWO),
            Share::Nothing => Decimal::ZERO,
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
    /// Whether an order that fills later shrinks to what is held by then.
    pub(crate) only_reduces: bool,
}

/// A position as it was before a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) account: usize,
    pub(crate) key: PositionKey,
    /// Negative when short.
    pub(crate) quantity: Decimal,
}

impl Simulation {
    /// The positions a flatten is about.
    pub(crate) fn covered_positions(&self, scope: &FlattenScope) -> Vec<Held> {
        let accounts = self.accounts.iter().enumerate();
        accounts
            .flat_map(|(index, account)| {
                let positions = account.positions.iter();
                positions.map(move |position| Held {
                    account: index,
                    key: position.key,
                    quantity: position.quantity,
                })
            })
            .filter(|held| scope.covers_position(held))
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
                for held in held {
                    let closing = Held {
                        quantity: self.part_of(&held, share),
                        ..held
                    };
                    self.close_slowly(closing, ms, repeat, behaviour.only_reduces);
                }
            }
        }
        self.settle();
        orders
    }

    /// Closes positions at the market.
    pub(crate) fn close_positions(&mut self, scope: &FlattenScope, share: Share) {
        for held in self.covered_positions(scope) {
            let closing = self.part_of(&held, share);
            self.trade_at_market(held.account, held.key, -closing, "Close");
        }
    }

    /// Closes up to `count` of one position and leaves orders alone.
    pub(crate) fn close_part(
        &mut self,
        account: usize,
        key: PositionKey,
        count: Decimal,
        behaviour: FlattenBehaviour,
    ) {
        let held = self.held(account, key);
        let part = Held {
            account,
            key,
            quantity: signed_as(held.abs().min(count), held),
        };
        let closing = Held {
            quantity: self.part_of(&part, behaviour.share),
            ..part
        };
        match behaviour.fills {
            Fills::AtOnce => self.trade_at_market(account, key, -closing.quantity, "Close"),
            Fills::Deferred(ms) => {
                self.close_slowly(closing, ms, Repeat::SellsAgain, behaviour.only_reduces);
            }
            Fills::Slowly { ms, repeat } => {
                self.close_slowly(closing, ms, repeat, behaviour.only_reduces);
            }
        }
        self.settle();
    }

    fn part_of(&self, held: &Held, share: Share) -> Decimal {
        let contract = self.market.contracts.get(held.key.contract);
        contract.map_or(Decimal::ZERO, |contract| {
            share.of(held.quantity, &contract.rules)
        })
    }

    /// Sends a closing order that fills later. It keeps its size unless it only
    /// reduces: two of them for one position turn the account round, but in hedge
    /// mode.
    fn close_slowly(&mut self, closing: Held, ms: u64, repeat: Repeat, only_reduces: bool) {
        let Held {
            account,
            key,
            quantity,
        } = closing;
        let joins = repeat == Repeat::Joins && self.is_filling(account, key);
        if quantity.is_zero() || joins {
            return;
        }
        let event = Later::CloseFills {
            account,
            key,
            quantity: -quantity,
            only_reduces,
        };
        self.schedule(ms, event);
    }

    fn is_filling(&self, account: usize, key: PositionKey) -> bool {
        self.waiting().any(|event| {
            matches!(event, Later::CloseFills { account: one, key: of, .. }
                if *one == account && *of == key)
        })
    }

    /// Whether a flatten or close of an account was accepted and is not yet done.
    pub(crate) fn is_closing(&self, account: usize) -> bool {
        self.waiting().any(|event| match event {
            Later::CloseFills { account: one, .. } => *one == account,
            Later::Flatten { scope, .. } => scope.account.is_none_or(|one| one == account),
            Later::CancelDone { .. }
            | Later::StopVanishes { .. }
            | Later::Enter { .. }
            | Later::Countdown { .. } => false,
        })
    }

    /// Opens positions again after so many milliseconds, as a trader who does
    /// not accept the flatten would.
    pub(crate) fn enter_again(&mut self, held: &[Held], after_ms: u64) {
        for held in held {
            let event = Later::Enter {
                account: held.account,
                key: held.key,
                quantity: held.quantity,
            };
            self.schedule(after_ms, event);
        }
    }
}
