//! Work that is taken over from somebody who has just flattened the account.

use super::*;

#[test]
fn what_was_seen_before_leads_to_nothing_and_proves_nothing() {
    Desk::new(&PROMPT).play(&[
        (0, Poll(10, 1, "ES:2@5000"), ""),
        (100, TakeOver(flat()), ""),
        // Asked for before it.
        (200, Poll(150, 2, ""), ""),
        (360, Nothing, "@350 read orders"),
        (400, Reads(""), "read positions"),
        (410, Reads(""), "reached 1 flat 410"),
    ]);
}

#[test]
fn the_flatten_of_the_other_may_be_filling_for_two_seconds() {
    Desk::new(&PROMPT).play(&[
        (100, TakeOver(flat()), ""),
        (360, Nothing, "@350 read orders"),
        (400, Reads(""), "read positions"),
        (410, Reads("ES:2@5000"), ""),
        (1000, Nothing, "@910 read orders"),
    ]);
}
