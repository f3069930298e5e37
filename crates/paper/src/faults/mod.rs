//! What goes wrong on request: every kind of fault, when one is triggered, and
//! what the faults of the connection do. Those of what a read says belong to the
//! dialect that says it; those of orders and positions are behaviours of the
//! simulation.

pub(crate) mod class;
pub(crate) mod kind;
pub(crate) mod list;
pub(crate) mod rule;
pub(crate) mod shape;
pub(crate) mod wire;
