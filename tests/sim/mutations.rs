//! The checker bites: a world in which riskd did this would be caught.

use super::world;

/// What is broken on purpose, between the engine and the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The flatten of a firing is left out.
    DropFlatten,
    /// A request goes out that nobody asked for.
    Uncaused,
    /// A flatten closes twice what is held.
    Reverses,
    /// A read answers for the time before the request.
    FlatUnseen,
    /// A restart ends a lock sooner.
    ShortenLock,
    /// What is not known is taken for a figure.
    BelieveMissing,
    /// A restart lowers a high-water mark.
    LowerMark,
    /// A request is sent and not recorded.
    ForgetRequest,
    /// A request names another account.
    WrongAccount,
    /// No read is ever made.
    NeverRead,
}

#[test]
fn the_checker_catches_what_is_broken_on_purpose() {
    let cases = [
        (Mutation::DropFlatten, "I1"),
        (Mutation::Uncaused, "I2"),
        (Mutation::Reverses, "I3"),
        (Mutation::FlatUnseen, "I4"),
        (Mutation::ShortenLock, "I5"),
        (Mutation::BelieveMissing, "I6"),
        (Mutation::LowerMark, "I7"),
        (Mutation::ForgetRequest, "I8"),
        (Mutation::WrongAccount, "I9"),
        (Mutation::NeverRead, "L"),
    ];
    for (mutation, invariant) in cases {
        let caught = (0..40).find_map(|seed| world::run(seed, Some(mutation)).err());
        let failure = caught.unwrap_or_else(|| panic!("{mutation:?} was not caught"));
        assert!(
            failure.violation.starts_with(invariant),
            "{mutation:?} was caught as {}, not as {invariant}",
            failure.violation
        );
    }
}
