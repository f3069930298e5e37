//! The venue's own dead man's switch: it is set while the account is flat and orders
//! rest, and never beside a position.

use super::Desk;
use crate::e2e::exchange::{BTC, ETH, LIMIT};
use crate::e2e::rig::Rig;

const PATH: &str = "/fapi/v1/countdownCancelAll";

impl Desk {
    fn with_dead_man() -> Desk {
        let desk = Desk::new();
        let rules = desk.rule_file(", dead_man: 10s", LIMIT);
        desk.rig.write_rules(&rules);
        desk
    }

    /// Whether the switch was set or taken back as often as that, by the time in
    /// milliseconds that was asked for.
    fn is_asked(&self, symbol: &str, time: &str, times: usize) -> bool {
        let asked = self.asked(PATH);
        let is_it = |path: &&String| {
            path.contains(&format!("symbol={symbol}&"))
                && path.contains(&format!("countdownTime={time}&"))
        };
        asked.iter().filter(is_it).count() >= times
    }

    fn wait_asked(&self, symbol: &str, time: &str) {
        let what = format!("a countdown of {time} ms");
        self.rig
            .wait_for(&what, |_: &Rig| self.is_asked(symbol, time, 1));
    }
}

#[test]
fn orders_of_a_flat_account_go_when_riskd_is_killed() {
    let mut desk = Desk::with_dead_man();
    desk.rest(BTC, "40000");
    desk.stop(ETH, "1000");
    desk.rig.start_ready();
    desk.wait_asked(BTC, "10000");
    desk.rig.kill();
    let left = |desk: &Desk| desk.rig.venue.live_orders("main").unwrap().len();
    assert_eq!(left(&desk), 2);
    // The conditional one stays: the venue says nothing of those.
    desk.rig.wait_for("the venue", |_| {
        desk.rig.venue.tick();
        left(&desk) == 1
    });
    assert!(!desk.is_asked(ETH, "10000", 1));
    desk.has_only_protected();
}

#[test]
fn it_is_taken_back_beside_a_position_and_at_an_orderly_end() {
    let mut desk = Desk::with_dead_man();
    desk.rest(BTC, "40000");
    desk.rig.start_ready();
    desk.wait_asked(BTC, "10000");
    desk.open(ETH, "1");
    desk.wait_asked(BTC, "0");
    // Set again once the account is flat, and taken back by a stop.
    desk.rig.venue.close("main").unwrap();
    desk.rig
        .wait_for("another countdown", |_| desk.is_asked(BTC, "10000", 2));
    assert_eq!(desk.rig.terminate(), Some(0));
    assert!(desk.is_asked(BTC, "0", 2), "{:?}", desk.asked(PATH));
    desk.has_only_protected();
}

#[test]
fn it_is_not_set_in_observe_mode() {
    let mut desk = Desk::with_dead_man();
    desk.rest(BTC, "40000");
    let rules = desk.rule_file(", dead_man: 10s", LIMIT);
    let rules = rules.replace("http: off", "http: off, mode: observe");
    desk.rig.write_rules(&rules);
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.rig.let_polls_pass();
    assert!(desk.asked(PATH).is_empty());
}
