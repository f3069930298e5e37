//! v2, for classic accounts.

pub(crate) mod account;
pub(crate) mod cancel;
pub(crate) mod conditional;
pub(crate) mod create;
pub(crate) mod logs;
pub(crate) mod orders;
pub(crate) mod positions;

use super::params::Params;
use super::reply::Done;
use super::routes::Classic;
use crate::config::KeyConfig;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::venue::State;

/// What a product is called here.
const PRODUCT: &str = "productType";

/// Carries out a call of an account.
pub(crate) fn perform(
    state: &mut State,
    call: Classic,
    key: &KeyConfig,
    index: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let (sim, known) = (&state.sim, &state.bitget);
    match call {
        Classic::Accounts => account::accounts(sim, index, params),
        Classic::Account => account::account(sim, index, params),
        Classic::KeyRights => Ok(account::key_rights(key, index)),
        Classic::Positions => positions::list(sim, index, params),
        Classic::Orders => orders::regular(sim, known, index, params),
        Classic::Plans => orders::conditional(sim, known, index, params),
        Classic::Bills => logs::bills(sim, index, params),
        Classic::Fills => logs::fills(sim, index, params),
        Classic::SetMode => account::set_mode(&mut state.sim, index, params),
        Classic::PlaceOrder => create::create(state, index, params, behaviour),
        Classic::PlacePlan => conditional::plan(state, index, params, behaviour),
        Classic::PlaceTpsl => conditional::tpsl(state, index, params, behaviour),
        Classic::CancelOrder => super::cancel::cancel_one(state, index, params, behaviour),
        Classic::CancelBatch => cancel::batch(state, index, params, behaviour),
        Classic::CancelAll => cancel::all(state, index, params, behaviour),
        Classic::CancelPlans => cancel::plans(state, index, params, behaviour),
        Classic::ClosePositions => cancel::close(state, index, params, behaviour),
    }
}
