//! Limits that are worked out from what an account remembers. They stay as they
//! are on almost every observation.

use crate::domain::money::Money;

/// A limit as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// What it follows is not known.
    Unknown,
    /// It is not in force yet.
    Off,
    /// It is this; `None` when that cannot be computed.
    At(Option<Money>),
}

/// Everything that a limit of one rule is worked out from. What is known without
/// being an amount stands as zero.
pub(super) type Inputs = [Option<Money>; 3];

/// A limit, and what it was worked out from.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownLimit {
    inputs: Inputs,
    limit: Limit,
}

impl KnownLimit {
    /// The limit that these inputs give, worked out anew only when they are not
    /// the same as before.
    pub(super) fn of(
        known: &mut Option<KnownLimit>,
        inputs: Inputs,
        work_out: impl FnOnce() -> Limit,
    ) -> Limit {
        if let Some(known) = known
            && are_same(&known.inputs, &inputs)
        {
            return known.limit;
        }
        let limit = work_out();
        *known = Some(KnownLimit { inputs, limit });
        limit
    }
}

fn are_same(known: &Inputs, inputs: &Inputs) -> bool {
    known.iter().zip(inputs).all(|pair| match pair {
        (Some(known), Some(input)) => known.is_same_as(*input),
        (None, None) => true,
        _ => false,
    })
}
