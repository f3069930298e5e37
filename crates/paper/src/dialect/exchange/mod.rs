//! What the dialects of exchanges have in common: requests that are signed with a
//! key of an account, orders that name their quantity, numbers in strings.

pub(crate) mod behaviour;
pub(crate) mod coins;
pub(crate) mod distort;
pub(crate) mod fields;
pub(crate) mod front;
pub(crate) mod links;
pub(crate) mod mac;
pub(crate) mod movements;
pub(crate) mod opened;
pub(crate) mod pages;
pub(crate) mod place;
pub(crate) mod request;
pub(crate) mod span;
pub(crate) mod visits;
