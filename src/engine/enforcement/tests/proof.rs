//! What proves that an account is flat and quiet, and what happens after it.

use super::*;

#[test]
fn the_first_round_is_a_flatten_and_a_cancel_that_can_wait() {
    Desk::new(&PROMPT).play(&[
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(1), ""),
        (110, Answer(2), ""),
        (370, Nothing, "@360 read orders"),
        (380, Reads(""), "read positions"),
        (390, Reads(""), "reached 1 flat 390"),
    ]);
    // A goal that knows of no positions needs none.
    Desk::new(&PROMPT).play(&[
        (0, Ask(Goal::Quiet), "send 1: #1 cancel_orders"),
        (100, Answer(1), ""),
        (360, Nothing, "@350 read orders"),
        (370, Reads("ES"), "not yet; send 2: #2 cancel_orders"),
        (380, Answer(2), ""),
        (900, Nothing, "@880 read orders"),
        (910, Reads(""), "reached 1"),
    ]);
}

#[test]
fn a_snapshot_proves_at_once_where_the_venue_has_no_lag() {
    Desk::new(&PROMPT).play(&[
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Nothing, "@350 read orders"),
        (370, Reads(""), "read positions"),
        // This one was asked for before the answer, and may show what was before.
        (380, Poll(300, 1, ""), ""),
        // The read of positions is not needed any more.
        (900, Poll(400, 1, ""), "reached 1 flat 900; withdraw read"),
    ]);
}

#[test]
fn a_snapshot_of_a_venue_with_a_cache_proves_by_its_stamp() {
    Desk::new(&LAGGING).play(&[
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (50, Poll(40, 1_000, "ES:2"), ""),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Nothing, "@350 read orders"),
        (370, Reads(""), "read positions"),
        // It was asked for after the answer, and may be from before all the same: it
        // is newer only than one that was given out before.
        (1100, Poll(100, 1_001, ""), ""),
        (2100, Same(100), ""),
        (3100, Same(100), ""),
        (
            4100,
            Poll(100, 4_001, ""),
            "reached 1 flat 4100; withdraw read",
        ),
    ]);
}

#[test]
fn a_second_cache_with_an_older_snapshot_makes_no_news_of_the_newest() {
    Desk::new(&LAGGING).play(&[
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (50, Poll(40, 1_000, "ES:2"), ""),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Nothing, "@350 read orders"),
        (370, Reads(""), "read positions"),
        (1100, Poll(100, 900, "ES:2"), ""),
        (2100, Poll(100, 1_000, ""), ""),
        (
            3100,
            Poll(100, 4_000, ""),
            "reached 1 flat 3100; withdraw read",
        ),
    ]);
}

#[test]
fn orders_that_were_seen_after_the_positions_prove_only_under_a_lock() {
    let shown_before = [
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Poll(200, 1, ""), "@350 read orders"),
    ];
    // One of them may have filled between the two.
    let mut desk = Desk::new(&PROMPT);
    desk.play(&shown_before);
    desk.play(&[
        (370, Reads(""), "read positions"),
        (380, Reads(""), "reached 1 flat 360"),
    ]);
    // Under a lock what it opened is closed again.
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[(0, Lock, "")]);
    desk.play(&shown_before);
    desk.play(&[(370, Reads(""), "reached 1 flat 360")]);
}

#[test]
fn nothing_is_proven_while_a_request_may_still_arrive() {
    Desk::new(&PROMPT).play(&[
        (0, Lock, ""),
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(1), ""),
        (360, Nothing, "@350 read orders"),
        (370, Reads(""), "read positions"),
        // All was seen, and does not suffice.
        (380, Reads(""), ""),
        // What was seen before its answer does not count.
        (400, Answers(2, Outcome::Unknown), ""),
        (660, Reads(""), "@650 read orders; read positions"),
        (670, Reads(""), "reached 1 flat 670"),
    ]);
}

#[test]
fn b8_out_of_an_instrument_is_not_done_while_an_order_works_there() {
    Desk::new(&PROMPT).play(&[
        (0, Holds("ES:2 NQ:1"), ""),
        (
            0,
            Ask(out_of("ES")),
            "send 1: #1 close_position ES #2 cancel_orders_of ES beside",
        ),
        (100, Answer(1), ""),
        (100, Answers(2, Outcome::Refused), ""),
        (360, Nothing, "@350 read orders"),
        // The stop of the position that is gone would open another one.
        (
            370,
            Reads("ES NQ"),
            "not yet; stuck 1; send 2: #3 cancel_orders_of ES",
        ),
        (390, Answer(3), ""),
        (900, Nothing, "@890 read orders"),
        // That of another instrument is none of its business.
        (910, Reads("NQ"), "read positions"),
        (920, Reads("NQ:1"), "reached 1"),
    ]);
}

#[test]
fn an_account_is_watched_for_75_seconds_after_a_proof() {
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[
        (0, Lock, ""),
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Poll(10, 1, ""), "@350 read orders"),
        (400, Reads(""), "reached 1 flat 360"),
        (700, Nothing, "@650 read watch"),
        (800, Reads(""), ""),
        (1900, Nothing, "@1800 read watch"),
        (2000, ReadsFail(Missing::Unreachable), ""),
        (3100, Nothing, "@3000 read watch"),
        (3200, ReadsFail(Missing::RateLimited), ""),
    ]);
    let mut looks = 0;
    for second in 4..=80 {
        let told = desk.pass_until(second * 1000 + 300);
        if !told.is_empty() {
            looks += 1;
            desk.happen(Reads(""));
        }
    }
    assert!((65..=72).contains(&looks), "{looks}");
    assert_eq!(desk.enforcement.deadline(), None);
    // It begins anew with the next proof, and gives way to what is asked for.
    let round = "send 1: #3 flatten #4 cancel_orders beside";
    desk.play(&[(90_000, Ask(flat()), round)]);
}
