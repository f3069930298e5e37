//! v3, for unified accounts.

pub(crate) mod account;
pub(crate) mod cancel;
pub(crate) mod conditional;
pub(crate) mod create;
pub(crate) mod logs;
pub(crate) mod orders;
pub(crate) mod positions;

use super::params::Params;
use super::reply::{Done, Refusal};
use super::routes::Unified;
use crate::config::KeyConfig;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::venue::State;

/// What a product is called here.
const PRODUCT: &str = "category";

/// Carries out a call of an account.
pub(crate) fn perform(
    state: &mut State,
    call: Unified,
    key: &KeyConfig,
    index: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let (sim, known) = (&state.sim, &state.bitget);
    match call {
        Unified::Assets => Ok(account::assets(sim, index)),
        Unified::Settings => Ok(account::settings(sim, index)),
        Unified::KeyRights => Ok(account::key_rights(key, index)),
        Unified::Positions => positions::list(sim, index, params),
        Unified::Orders => orders::regular(sim, known, index, params),
        Unified::Strategies => orders::strategies(sim, known, index, params),
        Unified::Records => logs::records(sim, index, params),
        Unified::Fills => logs::fills(sim, index, params),
        Unified::SetMode => account::set_mode(&mut state.sim, index, params),
        Unified::PlaceOrder => create::create(state, index, params, behaviour),
        Unified::PlaceStrategy => conditional::strategy(state, index, params, behaviour),
        Unified::CancelOrder => super::cancel::cancel_one(state, index, params, behaviour),
        Unified::CancelSymbol => cancel::symbol(state, index, params, behaviour),
        Unified::CancelStrategy => cancel::strategy(state, index, params, behaviour),
        Unified::ClosePositions => cancel::close(state, index, params, behaviour),
        // Opened by the account manager on application (CountDown-Cancel-All).
        Unified::Countdown => Err(Refusal::new("40014", "Incorrect permissions")),
    }
}
