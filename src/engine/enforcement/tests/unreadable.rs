//! An account that cannot be read.

use super::*;

const OPENING: &str = "send 1: #1 flatten #2 cancel_orders beside";

fn sent_and_answered() -> Desk {
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[
        (0, Holds("ES:2"), ""),
        (0, Ask(flat()), OPENING),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Nothing, "@350 read orders"),
    ]);
    desk
}

const LOST: What = ReadsFail(Missing::Unreachable);

#[test]
fn after_three_failed_reads_what_is_safe_is_sent_again() {
    sent_and_answered().play(&[
        (400, LOST, ""),
        (910, LOST, "@900 read orders"),
        (
            1920,
            LOST,
            "@1910 read orders; send 2: #3 cancel_orders beside",
        ),
        // The flatten goes as soon as it cannot meet the first one.
        (2110, Nothing, "@2100 send 3: #4 flatten"),
        (2200, Answer(3), ""),
        (2200, Answer(4), ""),
    ]);
    // A poll that shows meanwhile that there is nothing to close is enough.
    sent_and_answered().play(&[
        (400, LOST, ""),
        (910, LOST, "@900 read orders"),
        (
            1920,
            LOST,
            "@1910 read orders; send 2: #3 cancel_orders beside",
        ),
        (1930, Answer(3), ""),
        (2000, Poll(10, 1, ""), ""),
        (2800, Nothing, ""),
    ]);
}

#[test]
fn a_where_a_poll_has_shown_flat_nothing_is_closed_blindly() {
    sent_and_answered().play(&[
        (400, Poll(10, 1, ""), ""),
        (400, LOST, ""),
        (910, LOST, "@900 read orders"),
        (1920, LOST, "@1910 read orders; send 2: #3 cancel_orders"),
    ]);
}

#[test]
fn a_reads_that_riskd_had_no_budget_for_say_nothing_of_the_account() {
    let mut desk = sent_and_answered();
    for turn in 0..20 {
        let told = desk.happen(ReadsFail(Missing::RateLimited));
        assert!(told.is_empty(), "{told:?}");
        let told = desk.pass_until(1000 + turn * 300);
        assert!(
            told.len() == 1 && told[0].ends_with("read orders"),
            "{told:?}"
        );
    }
    assert_eq!(desk.enforcement.failed_reads(), 0);
}
