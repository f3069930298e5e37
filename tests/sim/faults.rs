//! What goes wrong on the way between riskd and the venue.

use riskd::domain::observation::{Missing, Timestamp};

use super::random::Random;
use super::rules::ACCOUNTS;

/// Something that goes wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    PollsFail,
    PollsHang,
    PollsSlow,
    Frozen,
    Zeroed,
    BadEquity,
    Disconnected,
    ReadsFail,
    ReadsHang,
    LostBefore,
    LostAfter,
    NeverAnswered,
    Refused,
    NotSent,
    Half,
    Late,
    Nothing,
    LeavesOrders,
}

const KINDS: [Kind; 18] = [
    Kind::PollsFail,
    Kind::PollsHang,
    Kind::PollsSlow,
    Kind::Frozen,
    Kind::Zeroed,
    Kind::BadEquity,
    Kind::Disconnected,
    Kind::ReadsFail,
    Kind::ReadsHang,
    Kind::LostBefore,
    Kind::LostAfter,
    Kind::NeverAnswered,
    Kind::Refused,
    Kind::NotSent,
    Kind::Half,
    Kind::Late,
    Kind::Nothing,
    Kind::LeavesOrders,
];

#[derive(Clone, Copy, Debug)]
struct Fault {
    kind: Kind,
    /// One account, or all.
    account: Option<&'static str>,
    until: Timestamp,
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    active: Vec<Fault>,
}

impl Faults {
    /// Lets a fault begin, and says which.
    pub fn begin(&mut self, random: &mut Random, now: Timestamp) -> String {
        let fault = Fault {
            kind: random.of(&KINDS),
            account: random.percent(50).then(|| random.of(&ACCOUNTS)),
            until: now + chrono::TimeDelta::milliseconds(random.within(500, 25_000)),
        };
        self.active.push(fault);
        format!("fault {:?} on {:?}", fault.kind, fault.account)
    }

    /// Ends those whose time is over.
    pub fn pass(&mut self, now: Timestamp) {
        self.active.retain(|fault| fault.until > now);
    }

    /// Ends all.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    pub fn on(&self, kind: Kind, account: &str) -> bool {
        self.active
            .iter()
            .any(|fault| fault.kind == kind && fault.account.is_none_or(|one| one == account))
    }

    pub fn on_all(&self, kind: Kind) -> bool {
        self.active.iter().any(|fault| fault.kind == kind)
    }

    /// Why a poll learns nothing of an account.
    pub fn missing(&self, account: &str) -> Option<Missing> {
        [
            (Kind::PollsFail, Missing::Unreachable),
            (Kind::Disconnected, Missing::Disconnected),
            (Kind::Frozen, Missing::Frozen),
        ]
        .into_iter()
        .find(|(kind, _)| self.on(*kind, account))
        .map(|(_, missing)| missing)
    }
}
