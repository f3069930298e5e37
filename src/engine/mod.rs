//! The engine.

pub mod conditions;
pub mod effect;
pub mod event;
pub mod memory;
pub mod quality;
pub mod reconcile;
pub mod record;
pub mod session;
pub mod truth;
