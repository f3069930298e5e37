//! What carries a dialect over the network: the server, the control API, the
//! rate limit, and responses that break on the wire.

pub(crate) mod broken_body;
pub(crate) mod control;
pub(crate) mod json;
pub(crate) mod limit;
pub(crate) mod message;
pub(crate) mod server;
