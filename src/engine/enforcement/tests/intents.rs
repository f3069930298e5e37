//! Several intents at a time.

use super::*;

const OPENING: &str = "send 1: #1 flatten #2 cancel_orders beside";

#[test]
fn b1_a_new_intent_does_not_throw_away_the_read_under_way() {
    let opened = || {
        let mut desk = Desk::new(&PROMPT);
        desk.play(&[
            (0, Ask(flat()), OPENING),
            (100, Answer(1), ""),
            (100, Answer(2), ""),
            (360, Nothing, "@350 read orders"),
            (400, Reads(""), "read positions"),
            (410, ReadGoes, ""),
            (500, Ask(flat()), ""),
        ]);
        desk
    };
    // "Flat" counts for the older one alone, and is looked at once more.
    opened().play(&[
        (700, Reads(""), "reached 1 flat 700"),
        (960, Nothing, "@950 read orders"),
        (970, Reads(""), "read positions"),
        (980, Reads(""), "reached 2 flat 700"),
    ]);
    // "Not flat" acts at once.
    opened().play(&[(700, Reads("ES:2 NQ:1"), "")]);
    opened().play(&[(2200, Reads("ES:2 NQ:1"), "not yet; send 2: #3 flatten")]);
}

#[test]
fn rules_that_fire_together_act_once() {
    Desk::new(&PROMPT).play(&[
        (0, Ask(flat()), OPENING),
        (0, Ask(flat()), ""),
        (0, Ask(Goal::Quiet), ""),
        (0, Ask(out_of("ES")), ""),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (360, Nothing, "@350 read orders"),
        (370, Reads(""), "read positions"),
        (380, Reads(""), "reached 1 2 3 4 flat 380"),
    ]);
    // A greater goal does what a lesser one asked for, at its own pace.
    Desk::queued(&PROMPT).play(&[
        (0, Ask(Goal::Quiet), "send 1: #1 cancel_orders"),
        (10, Ask(flat()), "send 2: #2 flatten"),
    ]);
}

/// A person asks each half second, at a venue that takes 0.3 s for a read.
#[test]
fn b1_a_person_who_asks_again_and_again_puts_nothing_off() {
    let mut desk = Desk::new(&PROMPT);
    desk.play(&[
        (0, Holds("ES:2"), ""),
        (0, Wish(flat()), OPENING),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
    ]);
    let mut sent = Vec::new();
    let mut read_since = None;
    let mut most = 0;
    for tenth in 2..100 {
        let now = tenth * 100;
        desk.pass_until(now);
        if tenth % 5 == 0 {
            desk.happen(Wish(flat()));
        }
        most = most.max(desk.enforcement.intents().len());
        match (read_since, desk.read) {
            (None, Some(_)) => {
                desk.happen(ReadGoes);
                read_since = Some(now);
            }
            (Some(since), Some((_, what))) if now - since >= 300 => {
                read_since = None;
                // The venue ignores every flatten.
                let shown = if what == Reading::Orders { "" } else { "ES:2" };
                let before = desk.requests;
                desk.happen(Reads(shown));
                if desk.requests > before {
                    sent.push(now);
                    for request in before + 1..=desk.requests {
                        desk.happen(Answer(request));
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!(most, 2);
    assert_eq!(desk.intents, 2);
    // Each as soon as the one before cannot be filling any more.
    let gaps: Vec<i64> = sent.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(sent.first().is_some_and(|first| *first <= 3000), "{sent:?}");
    assert!(gaps.iter().all(|gap| *gap <= 3500), "{sent:?}");
}

#[test]
fn a_wish_during_the_second_one_moves_its_time_on() {
    Desk::new(&PROMPT).play(&[
        (0, Wish(flat()), OPENING),
        (100, Answer(1), ""),
        (100, Answer(2), ""),
        (200, Wish(flat()), ""),
        (300, Wish(flat()), "joined"),
        (360, Nothing, "@350 read orders"),
        (360, Reads(""), "read positions"),
        (370, ReadGoes, ""),
        (400, Wish(flat()), "joined"),
        // A wish for something else is another one.
        (410, Wish(Goal::Quiet), ""),
        (450, Reads(""), "reached 1 flat 450"),
        (710, Nothing, "@700 read orders"),
        (720, Reads(""), "read positions"),
        (730, Reads(""), "reached 2 3 flat 450"),
    ]);
}

#[test]
fn what_may_have_been_done_before_a_restart_is_looked_at_first() {
    Desk::new(&PROMPT).play(&[
        (0, Resume(flat()), "read orders"),
        (100, Reads(""), "read positions"),
        (200, Reads(""), "reached 1 flat 200"),
    ]);
    Desk::new(&PROMPT).play(&[
        (0, Resume(flat()), "read orders"),
        (100, Reads(""), "read positions"),
        (200, Reads("ES:1"), "not yet; send 1: #1 flatten"),
    ]);
}
