//! What is read of a key at another host, and of its account at this one.

use super::{Binance, Desk};
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, LIMIT};
use crate::e2e::rig::Rig;

/// Exit code, stdout and stderr of `riskd check --secrets --online`.
fn checked(desk: &Desk) -> (Option<i32>, String, String) {
    let mut check = desk.rig.riskd();
    check
        .args(["check", "--secrets", "--online"])
        .arg(desk.rig.rules());
    let output = check.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

impl Desk {
    /// As at a demo host: there is nobody to ask what a key may do.
    fn without_rights_url(self) -> Desk {
        let rules = self.rule_file("", LIMIT);
        let rights = format!(r#", rights_url: "http://{}""#, self.rig.address);
        assert!(rules.contains(&rights), "{rules}");
        self.rig.write_rules(&rules.replace(&rights, ""));
        self
    }
}

/// It is said, and protection goes on.
#[test]
fn rights_that_cannot_be_asked_for_are_a_warning() {
    let mut desk = Desk::new().without_rights_url();
    let (code, _, wrong) = checked(&desk);
    assert_eq!(code, Some(0), "{wrong}");
    assert!(wrong.contains("may do is not known"), "{wrong}");
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .wait_for("the warning", |rig| rig.log().contains("`rights_url`"));
    desk.crosses_to_flat();
}

/// The key is good, and the venue lets its account trade no more: riskd could close
/// nothing, and says so before it must.
#[test]
fn an_account_that_may_not_trade_is_told_and_riskd_is_not_ready() {
    let hosts: [fn(Desk) -> Desk; 2] = [|desk| desk, Desk::without_rights_url];
    for host in hosts {
        let mut config = config::<Binance>();
        config.accounts[0].may_trade = false;
        let mut desk = host(Desk::of("main", config, LIMIT));
        let (code, _, wrong) = checked(&desk);
        assert_eq!(code, Some(1), "{wrong}");
        assert!(wrong.contains("may not trade"), "{wrong}");
        desk.open(BTC, "0.5");
        desk.rig.start();
        let complains = |rig: &Rig| rig.log().contains("close nothing");
        desk.rig.wait_for("the complaint", complains);
        desk.rig.let_polls_pass();
        assert_eq!(desk.rig.count("ready"), 0);
        assert!(desk.rig.is_running());
        desk.has_only_protected();
    }
}
