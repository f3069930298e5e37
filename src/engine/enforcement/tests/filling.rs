//! A close that may still be filling, and the one after it.

use super::*;

const OPENING: &str = "send 1: #1 flatten #2 cancel_orders beside";

/// A flatten of `ES:2@5000` that was answered at 100.
fn flattened(profile: &'static VenueProfile) -> Desk {
    let mut desk = Desk::new(profile);
    desk.play(&[
        (0, Holds("ES:2@5000"), ""),
        (0, Ask(flat()), OPENING),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Nothing, "@350 read orders"),
    ]);
    desk
}

const REPEAT: &str = "not yet; send 2: #3 flatten #4 cancel_orders beside; withdraw read";

#[test]
fn b4_a_flatten_that_is_filling_is_alone_for_two_seconds() {
    let mut desk = flattened(&PROMPT);
    desk.play(&[
        (400, Poll(10, 1, "ES:2@5000"), ""),
        (1400, Poll(10, 2, "ES:1@5000"), ""),
        (2090, Poll(10, 3, "ES:1@5000"), ""),
        (2200, Poll(10, 4, "ES:1@5000"), REPEAT),
        // The repeat is alone as well, from its own answer on.
        (2300, Answer(3), ""),
        (2300, Answer(4), ""),
    ]);
    let told = desk.pass_until(4200);
    assert_eq!(told, ["@2800 read orders"]);
    desk.play(&[
        (4200, Poll(10, 5, "ES:1@5000"), ""),
        (4400, Poll(10, 6, ""), ""),
        (4410, Reads(""), "read positions"),
        (4420, Reads(""), "reached 1 flat 4400"),
    ]);
}

#[test]
fn b4_what_a_fill_does_not_explain_is_closed_at_once() {
    for (shown, what) in [
        ("ES:-1@5000", "another sign"),
        ("ES:3@5000", "larger"),
        ("ES:2@5001", "another price"),
        ("ES:2@5000 NQ:1@17000", "another instrument"),
        ("NQ:1@17000", "only another instrument"),
    ] {
        let mut desk = flattened(&PROMPT);
        let told = desk.happen(Poll(10, 1, shown));
        assert_eq!(told.join("; "), REPEAT, "{what}");
    }
    // What was held is not known: no position is known to be another one.
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[
        (0, Ask(flat()), OPENING),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (400, Poll(10, 1, "ES:2@5000"), "@350 read orders"),
        (2200, Poll(10, 2, "ES:2@5000"), REPEAT),
    ]);
}

#[test]
fn b5_what_comes_back_after_it_was_seen_flat_is_closed_at_once() {
    let mut desk = flattened(&PROMPT);
    desk.play(&[
        (370, Lock, ""),
        (380, Reads(""), "read positions"),
        (390, Reads(""), "reached 1 flat 390"),
        // The same size at the same price, by a bot.
        (700, Holds("ES:2@5000"), "@640 read watch"),
        (
            700,
            Ask(flat()),
            "send 1: #3 flatten #4 cancel_orders beside",
        ),
    ]);
    // The same where the proof of quiet is not there yet.
    flattened(&PROMPT).play(&[
        (400, Poll(10, 1, ""), ""),
        (500, Poll(10, 2, "ES:2@5000"), REPEAT),
    ]);
}

#[test]
fn where_a_repeat_joins_it_is_sent_at_once() {
    let mut desk = flattened(&JOINING);
    desk.play(&[(400, Poll(10, 1, "ES:2@5000"), REPEAT)]);
}

#[test]
fn a_position_that_is_filling_is_looked_at_each_half_second() {
    flattened(&LAGGING).play(&[
        (370, Reads(""), "read positions"),
        (380, Reads("ES:2@5000"), ""),
        (890, Nothing, "@880 read orders"),
        (890, Reads(""), "read positions"),
        (900, Reads("ES:2@5000"), ""),
        (1410, Nothing, "@1400 read orders"),
        (1410, Reads(""), "read positions"),
        (1420, Reads("ES:1@5000"), ""),
        (1930, Nothing, "@1920 read orders"),
        (1930, Reads(""), "read positions"),
        // The last look is as soon as it is over.
        (1940, Reads("ES:1@5000"), ""),
        (2110, Nothing, "@2100 read orders"),
        (2110, Reads(""), "read positions"),
        (2120, Reads("ES:1@5000"), "not yet; send 2: #3 flatten"),
    ]);
}

/// Under a lock orders and positions need not be of one moment: a look at orders alone
/// leaves nothing missing, and was asked for again as soon as it was answered.
#[test]
fn a_position_that_is_filling_under_a_lock_is_looked_at_each_half_second_too() {
    flattened(&LAGGING).play(&[
        (360, Lock, ""),
        (370, Reads(""), "read positions"),
        (380, Reads("ES:2@5000"), ""),
        (890, Nothing, "@880 read orders"),
        (890, Reads(""), "read positions"),
        (900, Reads("ES:2@5000"), ""),
        (1410, Nothing, "@1400 read orders"),
        (1410, Reads(""), "read positions"),
    ]);
}

#[test]
fn b3_a_hung_cancel_does_not_hold_up_the_repeat_of_a_flatten() {
    Desk::new(&PROMPT).play(&[
        (0, Holds("ES:2"), ""),
        (0, Ask(flat()), OPENING),
        (100, Answer(1), ""),
        (400, Poll(10, 1, "ES:2"), "@350 read orders"),
        (
            2200,
            Poll(10, 2, "ES:2"),
            "not yet; send 2: #3 flatten; withdraw read",
        ),
        (2300, Answer(3), ""),
        // It is taken as lost in the end, and its answer is not waited for.
        (2900, Nothing, "@2800 read orders"),
    ]);
}

#[test]
fn a_close_that_is_filling_holds_up_no_other_instrument() {
    Desk::new(&PROMPT).play(&[
        (0, Holds("ES:2 NQ:1"), ""),
        (
            0,
            Ask(out_of("ES")),
            "send 1: #1 close_position ES #2 cancel_orders_of ES beside",
        ),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (
            200,
            Ask(out_of("NQ")),
            "send 2: #3 close_position NQ #4 cancel_orders_of NQ beside",
        ),
        (300, Answer(3), ""),
        (300, Answer(4), ""),
        // Neither may be met by a flatten.
        (400, Ask(flat()), "send 3: #5 cancel_orders beside"),
    ]);
}

#[test]
fn a_close_of_before_a_restart_is_filling_until_it_is_known_not_to_be() {
    let restarted = || {
        let mut desk = Desk::new(&PROMPT);
        desk.enforcement
            .note_earlier_close(Write::Flatten, time(1500));
        desk.play(&[(0, Resume(flat()), "read orders")]);
        desk
    };
    let resent = "not yet; send 1: #1 flatten #2 cancel_orders beside; withdraw read";
    restarted().play(&[
        (500, Poll(10, 1, "ES:2"), ""),
        (1600, Poll(10, 2, "ES:2"), resent),
    ]);
    restarted().play(&[
        (500, Poll(10, 1, ""), ""),
        (600, Poll(10, 2, "ES:2"), resent),
    ]);
}

#[test]
fn b4_a_close_that_waited_is_not_compared_with_what_was_held_when_it_was_decided() {
    let mut desk = Desk::queued(&PROMPT);
    desk.play(&[
        (0, Holds("ES:2@5000"), ""),
        (0, Ask(flat()), OPENING),
        // While it waits the trader turns round; the close then leaves for that.
        (500, Poll(10, 1, "ES:-1@5010"), ""),
        (600, Goes(1), ""),
        (700, Answer(1), ""),
        // What it closes may be filling still: another one would turn it round.
        (1100, Poll(10, 2, "ES:-1@5010"), "@950 read orders"),
    ]);
}

#[test]
fn b4_a_close_of_an_account_that_was_seen_flat_may_be_filling_whatever_is_held_then() {
    Desk::new(&PROMPT).play(&[
        (0, Holds(""), ""),
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        // It was opened before the close arrived, and is what that is closing.
        (400, Poll(10, 1, "ES:2@5000"), "@350 read orders"),
        (2200, Poll(10, 2, "ES:2@5000"), REPEAT),
    ]);
}
