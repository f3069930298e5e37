//! The venue's own dead man's switch, of the whole account: it is set while the account is
//! flat and orders rest, and never beside a position.

use super::Desk;
use crate::e2e::exchange::{BTC, ETH, LIMIT};

const PATH: &str = "/openApi/swap/v2/trade/cancelAllAfter";

impl Desk {
    fn with_dead_man() -> Desk {
        let desk = Desk::new();
        let rules = desk.rule_file(", dead_man: 10s", LIMIT);
        desk.rig.write_rules(&rules);
        desk
    }

    /// Whether it was asked as often as that to set it or to take it back.
    fn is_asked(&self, kind: &str, times: usize) -> bool {
        let asked = self.asked(PATH);
        let named = format!("type={kind}");
        asked.iter().filter(|path| path.contains(&named)).count() >= times
    }

    fn wait_asked(&self, kind: &str, times: usize) {
        let what = format!("{kind}, {times} times");
        self.rig.wait_for(&what, |_| self.is_asked(kind, times));
    }
}

#[test]
fn orders_of_a_flat_account_go_when_riskd_is_killed() {
    let mut desk = Desk::with_dead_man();
    desk.rest(BTC, "40000");
    desk.stop(ETH, "1000");
    desk.rig.start_ready();
    desk.wait_asked("ACTIVATE", 1);
    desk.rig.kill();
    let left = |desk: &Desk| desk.rig.venue.live_orders("main").unwrap().len();
    assert_eq!(left(&desk), 2);
    desk.rig.wait_for("the venue", |_| {
        desk.rig.venue.tick();
        left(&desk) == 0
    });
    assert!(desk.asked(PATH)[0].contains("timeOut=10&"));
    desk.has_only_protected();
}

#[test]
fn it_is_taken_back_beside_a_position_and_at_an_orderly_end() {
    let mut desk = Desk::with_dead_man();
    desk.rest(BTC, "40000");
    desk.rig.start_ready();
    desk.wait_asked("ACTIVATE", 1);
    desk.open(ETH, "1");
    desk.wait_asked("CLOSE", 1);
    // Set again once the account is flat, and taken back by a stop.
    let set = desk.asked(PATH).len();
    desk.rig.venue.close("main").unwrap();
    desk.rig
        .wait_for("another one", |_| desk.asked(PATH).len() > set);
    assert_eq!(desk.rig.terminate(), Some(0));
    assert!(desk.is_asked("CLOSE", 2), "{:?}", desk.asked(PATH));
    desk.has_only_protected();
}
