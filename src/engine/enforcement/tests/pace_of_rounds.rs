//! How fast rounds follow each other, and when a person is told.

use super::*;

/// A round at each poll that shows what a fill does not explain; what was told of
/// beside the rounds, with its time.
fn rounds(profile: &'static VenueProfile, every: i64, until: i64) -> (Vec<i64>, Vec<String>) {
    let mut desk = Desk::new(profile);
    desk.play(&[(0, Holds("ES:1"), "")]);
    desk.happen(Ask(flat()));
    let (mut sent, mut told) = (vec![0], Vec::new());
    let mut answered = 0;
    for turn in 1..until / every {
        let now = turn * every;
        let mut steps = desk.pass_until(now - 20);
        while answered < desk.requests {
            answered += 1;
            steps.extend(desk.happen(Answer(answered)));
        }
        steps.extend(desk.pass_until(now));
        steps.extend(desk.happen(Poll(10, turn, "ES:1")));
        for step in steps {
            if step.contains("send") {
                sent.push(now);
            } else if step.contains("stuck") || step.contains("slowed") {
                told.push(format!("{now} {step}"));
            }
        }
    }
    (sent, told)
}

#[test]
fn more_than_thirty_rounds_in_a_minute_are_slowed_and_go_on() {
    let (sent, told) = rounds(&JOINING, 1000, 200_000);
    let first_minute = sent.iter().filter(|at| **at < 60_000).count();
    assert!((31..=37).contains(&first_minute), "{first_minute}");
    // Protection never stops.
    let gaps: Vec<i64> = sent.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(gaps.iter().all(|gap| *gap <= 7000), "{gaps:?}");
    for window in sent.windows(40) {
        assert!(window[39] - window[0] >= 60_000, "{sent:?}");
    }
    let slowed = told.iter().filter(|step| step.contains("slowed")).count();
    assert!((1..=3).contains(&slowed), "{told:?}");
}

#[test]
fn a_person_is_told_after_five_attempts_and_then_ever_more_rarely() {
    let (_, told) = rounds(&JOINING, 3000, 100_000);
    assert_eq!(told, ["15000 stuck 5", "30000 stuck 10", "60000 stuck 20",]);
}

#[test]
fn a_refusal_is_told_at_once_and_once() {
    Desk::new(&JOINING).play(&[
        (0, Holds("ES:1"), ""),
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(2), ""),
        (100, Answers(1, Outcome::Refused), ""),
        (
            400,
            Poll(10, 1, "ES:1"),
            "@350 read orders; not yet; stuck 1; send 2: #3 flatten #4 cancel_orders beside; withdraw read",
        ),
        (500, Answer(4), ""),
        (500, Answers(3, Outcome::Refused), ""),
        (
            1400,
            Poll(10, 1, "ES:1"),
            "@1000 read orders; not yet; send 3: #5 flatten #6 cancel_orders beside; withdraw read",
        ),
    ]);
    // One that did not matter is not.
    Desk::new(&JOINING).play(&[
        (0, Lock, ""),
        (0, Ask(flat()), "send 1: #1 flatten #2 cancel_orders beside"),
        (100, Answer(2), ""),
        (100, Answers(1, Outcome::Refused), ""),
        (400, Poll(10, 1, ""), "@350 read orders"),
        (410, Reads(""), "reached 1 flat 400"),
    ]);
}
