//! Requests that did not leave, or still wait to.

use super::*;

const OPENING: &str = "send 1: #1 flatten #2 cancel_orders beside";

#[test]
fn what_the_venue_turns_away_at_its_gate_is_sent_again_at_once() {
    Desk::new(&PROMPT).play(&[
        (0, Ask(flat()), OPENING),
        (50, Turned(1), "send 2: #3 flatten"),
        (400, Turned(3), "send 3: #4 flatten"),
        (500, Turned(2), "send 4: #5 cancel_orders beside"),
        (800, Answer(4), ""),
        (800, Answer(5), ""),
        // Then the account is looked at.
        (9000, Nothing, "@2800 read orders"),
    ]);
}

#[test]
fn the_gate_of_a_venue_is_no_round_of_somebody_who_trades() {
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[(0, Ask(flat()), OPENING), (10, Answer(2), "")]);
    let mut open = 1;
    for turn in 1..=60 {
        // The budget paces it.
        desk.pass_until(turn * 334);
        let told = desk.happen(Turned(open)).join("; ");
        open = desk.requests;
        let expected = format!("send {}: #{open} flatten", turn + 1);
        let expected = match turn {
            5 | 10 | 20 | 40 => format!("stuck {turn}; {expected}"),
            _ => expected,
        };
        assert_eq!(told, expected);
    }
}

#[test]
fn without_a_connection_it_is_sent_again_ever_more_slowly_and_without_a_look() {
    Desk::new(&PROMPT).play(&[
        (0, Ask(flat()), OPENING),
        (5, Answer(2), ""),
        (10, NotSent(1), ""),
        (270, NotSent(3), "@260 send 2: #3 flatten"),
        (780, NotSent(4), "@770 send 3: #4 flatten"),
        (1790, NotSent(5), "@1780 send 4: #5 flatten"),
        (3800, NotSent(6), "@3790 send 5: #6 flatten; stuck 5"),
        (7810, NotSent(7), "@7800 send 6: #7 flatten"),
        (12_820, NotSent(8), "@12810 send 7: #8 flatten"),
        (17_830, Nothing, "@17820 send 8: #9 flatten"),
    ]);
}

#[test]
fn the_pace_without_a_connection_begins_anew_once_something_got_through() {
    Desk::new(&PROMPT).play(&[
        (0, Holds("ES:2"), ""),
        (0, Ask(flat()), OPENING),
        (5, Answer(2), ""),
        (10, NotSent(1), ""),
        (270, NotSent(3), "@260 send 2: #3 flatten"),
        (780, Answers(4, Outcome::Unknown), "@770 send 3: #4 flatten"),
        (
            3000,
            Poll(10, 1, "ES:2"),
            "@1780 read orders; not yet; send 4: #5 flatten #6 cancel_orders beside; withdraw read",
        ),
        (3010, NotSent(5), ""),
        (3300, Nothing, "@3260 send 5: #7 flatten"),
    ]);
}

#[test]
fn what_waits_is_withdrawn_with_what_it_was_asked_for() {
    // A person unlocks: neither leaves, nor does what is to be sent again.
    let mut desk = Desk::queued(&PROMPT);
    desk.play(&[
        (0, Ask(flat()), OPENING),
        (100, Drop(1), "withdraw #1 #2"),
        (200, Turned(1), ""),
        (200, Turned(2), ""),
        (5000, Nothing, ""),
    ]);
    assert_eq!(desk.enforcement.deadline(), None);
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[
        (0, Ask(flat()), OPENING),
        (10, NotSent(1), ""),
        (20, Drop(1), ""),
        (5000, Nothing, ""),
    ]);
    // A read that waits is not needed either.
    Desk::new(&PROMPT).play(&[
        (0, Ask(flat()), OPENING),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (400, Drop(1), "@350 read orders; withdraw read"),
        (5000, Nothing, ""),
    ]);
    // What another intent asks for too stays.
    Desk::queued(&PROMPT).play(&[
        (0, Ask(flat()), OPENING),
        (10, Ask(Goal::Quiet), ""),
        (20, Drop(1), "withdraw #1"),
    ]);
}

#[test]
fn a_close_that_waits_is_withdrawn_once_the_account_is_seen_flat() {
    let mut desk = Desk::queued(&PROMPT);
    desk.play(&[
        (0, Ask(flat()), OPENING),
        // Asked for before it: shows nothing of the time since.
        (500, Poll(600, 1, ""), ""),
        (1500, Poll(10, 2, ""), "withdraw #1; read orders"),
        // What still waits is an order's cancel, which must not wait now.
        (
            1600,
            Reads("ES"),
            "withdraw #2; not yet; send 2: #3 cancel_orders",
        ),
        (1700, Answer(3), ""),
        (2300, Nothing, "@2200 read orders"),
        (2300, Reads(""), "read positions"),
        (2310, Poll(5, 3, ""), "reached 1 flat 2310; withdraw read"),
    ]);
    // One that has left is waited for.
    Desk::queued(&PROMPT).play(&[
        (0, Ask(flat()), OPENING),
        (100, Goes(1), ""),
        (1500, Poll(10, 2, ""), ""),
    ]);
    // View flat and quiet, all that waits is needless.
    Desk::queued(&PROMPT).play(&[
        (0, Lock, ""),
        (0, Ask(flat()), OPENING),
        (1500, Poll(10, 2, ""), "withdraw #1; read orders"),
        (1600, Reads(""), "reached 1 flat 1500; withdraw #2"),
    ]);
}

#[test]
fn an_answer_that_never_comes_is_lost_after_15_seconds() {
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[(0, Ask(flat()), OPENING), (100, Answer(2), "")]);
    let told = desk.pass_until(16_000);
    // It may still be filling then; the account is looked at all the same.
    assert_eq!(told, ["@15250 read orders"]);
}
