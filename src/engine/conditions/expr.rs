//! `expr`: an expression over the account's metrics.

use super::Reading;
use crate::engine::truth::Truth;
use crate::rules::ruleset::Expr;

pub(super) fn read(_rule: &Expr) -> Reading {
    Reading::of(Truth::Unknown)
}
