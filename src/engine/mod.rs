//! The engine.

pub mod effect;
pub mod event;
pub mod memory;
pub mod quality;
pub mod reconcile;
pub mod record;
pub mod truth;
