//! How calls are carried out: the settings of the venue and the faults that a
//! request has triggered, together.

use super::reply::Form;
use super::style::Style;
use crate::config::PaperConfig;
use crate::faults::kind::{Fault, FaultLayer};
use crate::faults::rule::Triggered;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::flatten::{Fills, FlattenBehaviour, Share};

/// How a call is carried out, settings and faults together.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    pub(crate) style: Style,
    /// In which form a read is wanted: as a tree where a fault changes it.
    pub(crate) form: Form,
    pub(crate) flatten_when_flat_is_error: bool,
    pub(crate) flatten: FlattenBehaviour,
    /// Whether the reply to a flatten says that it is still under way.
    pub(crate) says_pending: bool,
    /// The sentence with which a flatten is refused.
    pub(crate) flatten_refused: Option<String>,
    pub(crate) cancel: CancelBehaviour,
}

impl Behaviour {
    pub(crate) fn new(config: &PaperConfig, triggered: &[Triggered]) -> Behaviour {
        let mut behaviour = Behaviour {
            style: Style {
                noise: config.float_noise,
                timezone: config.pc_timezone,
            },
            form: form(triggered),
            flatten_when_flat_is_error: config.flatten_when_flat_is_error,
            flatten: FlattenBehaviour::default(),
            says_pending: false,
            flatten_refused: None,
            cancel: CancelBehaviour::Normal,
        };
        for one in triggered {
            match &one.fault {
                Fault::FlattenNothing => behaviour.flatten.share = Share::Nothing,
                Fault::FlattenHalf => behaviour.flatten.share = Share::Half,
                Fault::FlattenLate { ms } => {
                    behaviour.flatten.fills = Fills::Deferred(*ms);
                    behaviour.says_pending = true;
                }
                Fault::FlattenFillsLate {
                    ms,
                    pending,
                    repeat,
                } => {
                    let (ms, repeat) = (*ms, *repeat);
                    behaviour.flatten.fills = Fills::Slowly { ms, repeat };
                    behaviour.says_pending = *pending;
                }
                Fault::FlattenLeavesOrders => behaviour.flatten.leaves_orders = true,
                Fault::FlattenRefused { error } => behaviour.flatten_refused = Some(error.clone()),
                Fault::CancelNothing => behaviour.cancel = CancelBehaviour::Nothing,
                Fault::CancelLate { ms } => behaviour.cancel = CancelBehaviour::Late(*ms),
                Fault::CancelStuck => behaviour.cancel = CancelBehaviour::Stuck,
                Fault::FillsOnCancel => behaviour.cancel = CancelBehaviour::Fills,
                _ => {}
            }
        }
        behaviour
    }
}

fn form(triggered: &[Triggered]) -> Form {
    let is_data = |one: &Triggered| one.fault.layer() == FaultLayer::Data;
    if triggered.iter().any(is_data) {
        Form::Tree
    } else {
        Form::Text
    }
}
