//! What happens by itself: the script of a scenario, traders who enter and leave
//! at random, and what an earlier request set going.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::account::ConnectionStatus;
use super::flatten::{FlattenScope, Share};
use super::market::Motion;
use super::order::{Side, Ticket};
use super::position::{PositionKey, signed_as};
use super::trade::TradeError;
use super::{Simulation, clock};

/// Something that happens some time after the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptStep {
    /// Milliseconds after the start.
    pub after_ms: u64,
    /// What happens.
    pub action: ScriptAction,
}

/// What a script can do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScriptAction {
    /// Sets a price.
    Price {
        /// Of what.
        instrument: String,
        /// The price.
        price: Decimal,
    },
    /// Changes how a price moves.
    Motion {
        /// Of what.
        instrument: String,
        /// The new motion.
        motion: Motion,
    },
    /// Places an order.
    Order {
        /// Whose.
        account: String,
        /// The order.
        ticket: Ticket,
    },
    /// Closes an account's positions by hand; its orders stay.
    Close {
        /// Whose.
        account: String,
    },
    /// Pays money into an account, or out of it when negative.
    Transfer {
        /// Whose.
        account: String,
        /// Of which wallet.
        asset: String,
        /// How much.
        amount: Decimal,
        /// What the venue calls it; its usual word when left out.
        #[serde(default)]
        word: Option<String>,
    },
    /// Lets every position in an instrument pay or get funding.
    Funding {
        /// In what.
        instrument: String,
        /// Part of the position's value; longs pay when it is positive.
        rate: Decimal,
    },
    /// Sets the mark price apart from the last one.
    Mark {
        /// Of what.
        instrument: String,
        /// The price; it follows the last one again when left out.
        #[serde(default)]
        price: Option<Decimal>,
    },
    /// Makes a unified account of a classic one, or the other way round.
    Unified {
        /// Which.
        account: String,
        /// Whether it is one from then on.
        unified: bool,
    },
    /// Changes an account's connection.
    Connection {
        /// Whose.
        account: String,
        /// The new state.
        status: ConnectionStatus,
    },
}

/// Something that an earlier request or fault set going.
#[derive(Clone, Debug)]
pub(super) enum Later {
    /// A cancel is confirmed.
    CancelDone { order: u64 },
    /// A conditional order is taken away, though nobody has asked for it.
    StopVanishes { order: u64 },
    /// A flatten that was accepted earlier is carried out.
    Flatten { scope: FlattenScope, share: Share },
    /// The market order of a flatten that was accepted earlier fills.
    CloseFills {
        account: usize,
        key: PositionKey,
        quantity: Decimal,
        only_reduces: bool,
    },
    /// The book of an account in one contract is cancelled, or all its orders.
    Countdown {
        account: usize,
        contract: Option<usize>,
    },
    /// A trader opens a position again.
    Enter {
        account: usize,
        key: PositionKey,
        quantity: Decimal,
    },
}

/// A trader who enters and leaves at random.
#[derive(Clone, Debug)]
pub(super) struct RandomTrader {
    account: usize,
    key: PositionKey,
    every_ms: u64,
    max_quantity: u32,
    pub(super) next: DateTime<Utc>,
}

impl Simulation {
    /// Adds the price script; times count from now.
    pub(crate) fn set_script(&mut self, steps: &[ScriptStep]) {
        let mut timed: Vec<_> = steps
            .iter()
            .map(|step| (clock::after(self.now, step.after_ms), step.action.clone()))
            .collect();
        timed.sort_by_key(|(at, _)| *at);
        self.script = timed.into();
    }

    /// Lets a trader enter and leave at random from now on.
    pub(crate) fn add_trader(
        &mut self,
        account: &str,
        instrument: &str,
        every_ms: u64,
        max_quantity: u32,
    ) -> Result<(), TradeError> {
        let trader = RandomTrader {
            account: self.account_index(account)?,
            key: PositionKey::net(self.contract_index(instrument)?),
            every_ms: every_ms.max(1),
            max_quantity: max_quantity.max(1),
            next: clock::after(self.now, every_ms.max(1)),
        };
        self.traders.push(trader);
        Ok(())
    }

    pub(super) fn run_script(&mut self) {
        while self.script.front().is_some_and(|(at, _)| *at <= self.now) {
            if let Some((_, action)) = self.script.pop_front() {
                self.run_script_action(&action);
            }
        }
    }

    /// A step that cannot be carried out (an account that is away, say) is
    /// skipped, as a person's click would be.
    fn run_script_action(&mut self, action: &ScriptAction) {
        let _refused = match action {
            ScriptAction::Price { instrument, price } => self.set_price(instrument, *price),
            ScriptAction::Motion { instrument, motion } => self.set_motion(instrument, motion),
            ScriptAction::Order { account, ticket } => self.place(account, ticket).map(drop),
            ScriptAction::Mark { instrument, price } => self.set_mark(instrument, *price),
            ScriptAction::Funding { instrument, rate } => self.pay_funding(instrument, *rate),
            ScriptAction::Transfer {
                account,
                asset,
                amount,
                word,
            } => self
                .transfer(account, asset, *amount, word.as_deref())
                .map(drop),
            ScriptAction::Close { account } => self.close_by_hand(account),
            ScriptAction::Unified { account, unified } => self.set_unified(account, *unified),
            ScriptAction::Connection { account, status } => self.set_connection(account, *status),
        };
    }

    pub(super) fn run_traders(&mut self) {
        for index in 0..self.traders.len() {
            let Some(trader) = self.traders.get_mut(index) else {
                return;
            };
            if trader.next > self.now {
                continue;
            }
            trader.next = clock::after(trader.next, trader.every_ms);
            let trader = trader.clone();
            let held = self.held(trader.account, trader.key);
            let quantity = if held.is_zero() {
                self.random_entry(&trader)
            } else {
                -held
            };
            self.trade_at_market(trader.account, trader.key, quantity, "Entry");
        }
    }

    fn random_entry(&mut self, trader: &RandomTrader) -> Decimal {
        let steps = self.random.below(u64::from(trader.max_quantity));
        let contract = self.market.contracts.get(trader.key.contract);
        let step = contract.map_or(Decimal::ONE, |contract| contract.rules.step);
        let size = Decimal::from(steps.saturating_add(1)) * step;
        if self.random.chance(0.5) { size } else { -size }
    }

    pub(super) fn run_later(&mut self) {
        let now = self.now;
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.later = waiting;
        for (_, event) in due {
            match event {
                Later::CancelDone { order } => self.confirm_cancel(order),
                Later::StopVanishes { order } => self.take_stop_away(order),
                Later::Flatten { scope, share } => self.close_positions(&scope, share),
                Later::CloseFills {
                    account,
                    key,
                    quantity,
                    only_reduces,
                } => {
                    let closable = self.closable(account, key, Side::of(quantity));
                    let quantity = if only_reduces {
                        signed_as(quantity.abs().min(closable), quantity)
                    } else {
                        quantity
                    };
                    self.trade_at_market(account, key, quantity, "Close");
                }
                Later::Countdown { account, contract } => self.run_countdown(account, contract),
                Later::Enter {
                    account,
                    key,
                    quantity,
                } => self.trade_at_market(account, key, quantity, "Entry"),
            }
        }
    }

    /// What is to happen by itself.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Later> {
        self.later.iter().map(|(_, event)| event)
    }

    /// Ends a countdown before it has run out.
    pub(super) fn forget_countdown(&mut self, account: usize, contract: Option<usize>) {
        self.later.retain(|(_, event)| {
            !matches!(event, Later::Countdown { account: one, contract: of }
                if *one == account && *of == contract)
        });
    }

    /// Lets something happen after so many milliseconds.
    pub(super) fn schedule(&mut self, ms: u64, event: Later) {
        self.later.push((clock::after(self.now, ms), event));
    }
}
