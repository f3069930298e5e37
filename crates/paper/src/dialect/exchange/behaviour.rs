//! How writes are carried out under the faults that a request has triggered.

use rust_decimal::Decimal;

use crate::faults::kind::Fault;
use crate::faults::rule::Triggered;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::flatten::{Fills, FlattenBehaviour, Share};

/// How a write is carried out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behaviour {
    /// How much an order that only reduces fills, and when.
    pub(crate) close: FlattenBehaviour,
    /// With what such an order is refused.
    pub(crate) refused: Option<String>,
    pub(crate) cancel: CancelBehaviour,
    /// Whether a cancel of all kinds leaves conditional orders.
    pub(crate) leaves_stops: bool,
    /// Whether conditional orders are in no list, and no cancel finds them.
    pub(crate) forgets_stops: bool,
    /// The instrument for which a call about the whole account does nothing.
    pub(crate) fails_for: Option<String>,
    /// A position that is opened meanwhile.
    pub(crate) appears: Option<(String, Decimal)>,
    /// The rule by which a trader opens the position again, and after how long.
    pub(crate) reenters: Option<(u64, u64)>,
}

impl Behaviour {
    pub(crate) fn new(triggered: &[Triggered]) -> Behaviour {
        let mut behaviour = Behaviour::default();
        behaviour.close.only_reduces = true;
        for one in triggered {
            behaviour.add(one);
        }
        behaviour
    }

    fn add(&mut self, one: &Triggered) {
        match &one.fault {
            Fault::FlattenNothing => self.close.share = Share::Nothing,
            Fault::FlattenHalf => self.close.share = Share::Half,
            Fault::FlattenLate { ms } => self.close.fills = Fills::Deferred(*ms),
            Fault::FlattenFillsLate { ms, repeat, .. } => {
                let (ms, repeat) = (*ms, *repeat);
                self.close.fills = Fills::Slowly { ms, repeat };
            }
            Fault::FlattenRefused { error } => self.refused = Some(error.clone()),
            Fault::CancelNothing => self.cancel = CancelBehaviour::Nothing,
            Fault::CancelLate { ms } => self.cancel = CancelBehaviour::Late(*ms),
            Fault::CancelStuck => self.cancel = CancelBehaviour::Stuck,
            Fault::FillsOnCancel => self.cancel = CancelBehaviour::Fills,
            Fault::CancelLeavesStops => self.leaves_stops = true,
            Fault::StopsForgotten => self.forgets_stops = true,
            Fault::Appears {
                instrument,
                quantity,
            } => self.appears = Some((instrument.clone(), *quantity)),
            Fault::EntryFails { instrument } => self.fails_for = Some(instrument.clone()),
            Fault::Reenters { after_ms } => self.reenters = Some((one.rule, *after_ms)),
            _ => {}
        }
    }
}
