//! The checker bites: a world in which riskd did this would be caught.

use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::account::{AccountName, AccountNumber};
use riskd::domain::holdings::{OrderBook, Position, WorkingOrders};
use riskd::domain::ids::RequestId;
use riskd::domain::limits::Ask;
use riskd::domain::lock::LockEnd;
use riskd::domain::money::Money;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Observation};
use riskd::domain::request::{Answer, Urgency, Write};
use riskd::engine::effect::Effect;
use riskd::engine::record::{RecordRow, RequestRow};
use riskd::engine::restore::Kept;
use riskd::secret::Credential;
use riskd::venue::{Budget, Call, Failure, Lane, OutOfBudget, Permit, Polls, Venue};
use serde_json::Value;

use super::kind::Kind;
use super::rules::BYSTANDER;
use super::{week, world};

/// What is broken on purpose, between the engine and the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The flatten of a firing is left out.
    DropFlatten,
    /// A request goes out that nobody asked for.
    Uncaused,
    /// A flatten closes twice what is held.
    Reverses,
    /// A read answers that nothing is there.
    FlatUnseen,
    /// A restart ends a lock sooner.
    ShortenLock,
    /// What is not known is taken for a figure.
    BelieveMissing,
    /// A restart lowers a high-water mark.
    LowerMark,
    /// A request is sent and not recorded.
    ForgetRequest,
    /// A transaction that was acknowledged is not there after a crash.
    LoseTransaction,
    /// A request names another account.
    WrongAccount,
    /// No read of enforcement ever learns anything.
    NeverLearns,
    /// Polls wait behind everything else.
    PollsLast,
    /// A flatten is sent twice.
    FlattensTwice,
    /// A request leaves before its transaction.
    CommitsLate,
    /// A close goes the other way, and may open.
    Opens,
    /// Orders that wait for their trigger are left out of what is read.
    OneList,
}

/// Every invariant, with a deliberate bug against it.
const CASES: [(Mutation, &str); 16] = [
    (Mutation::DropFlatten, "I1"),
    (Mutation::Uncaused, "I2"),
    (Mutation::Reverses, "I3"),
    (Mutation::FlatUnseen, "I4"),
    (Mutation::ShortenLock, "I5"),
    (Mutation::BelieveMissing, "I6"),
    (Mutation::LowerMark, "I7"),
    (Mutation::ForgetRequest, "I8"),
    (Mutation::LoseTransaction, "I8"),
    (Mutation::WrongAccount, "I9"),
    (Mutation::NeverLearns, "L"),
    (Mutation::PollsLast, "I10"),
    (Mutation::FlattensTwice, "I11"),
    (Mutation::CommitsLate, "I12"),
    (Mutation::Opens, "I13"),
    (Mutation::OneList, "I4"),
];

impl Mutation {
    /// Whether a venue of this kind lets it come to anything.
    fn is_possible_at(self, kind: Kind) -> bool {
        match self {
            // Where each account has limits of its own, nothing else would ever be in the
            // way of its poll.
            Mutation::PollsLast => !matches!(kind, Kind::Bybit | Kind::Bitget),
            Mutation::Opens => kind.is_exchange(),
            // At BingX these weeks place none of the orders that have a list of their own.
            Mutation::OneList => kind.is_exchange() && kind != Kind::BingX,
            _ => true,
        }
    }
}

fn check(invariant: &str, nth: usize) {
    let mut cases = CASES.iter().filter(|case| case.1 == invariant);
    let (mutation, _) = *cases.nth(nth).unwrap();
    let kinds = Kind::ALL.into_iter();
    for kind in kinds.filter(|kind| mutation.is_possible_at(*kind)) {
        let run = |seed| week::run_at(kind, seed, Some(mutation), false).err();
        // What is not done may be missed before the invariant is met.
        let is_late = |failure: &world::Failure| failure.violation.starts_with("L:");
        let mut failures = (0..60).filter_map(run);
        let failure = failures.find(|failure| invariant == "L" || !is_late(failure));
        let failure = failure.unwrap_or_else(|| panic!("{mutation:?} at {kind:?} was not caught"));
        assert!(
            failure.violation.starts_with(&format!("{invariant}:")),
            "{mutation:?} at {kind:?} was caught as {}, not as {invariant}",
            failure.violation
        );
    }
}

#[test]
fn i1_a_firing_whose_flatten_is_left_out_is_caught() {
    check("I1", 0);
}

#[test]
fn i2_a_request_that_nobody_asked_for_is_caught() {
    check("I2", 0);
}

#[test]
fn i3_a_flatten_that_reverses_is_caught() {
    check("I3", 0);
}

#[test]
fn i4_an_account_taken_for_flat_unseen_is_caught() {
    check("I4", 0);
}

#[test]
fn i4_an_account_taken_for_quiet_by_one_of_two_lists_is_caught() {
    check("I4", 1);
}

#[test]
fn i5_a_lock_that_a_restart_shortens_is_caught() {
    check("I5", 0);
}

#[test]
fn i6_what_is_missing_taken_for_a_figure_is_caught() {
    check("I6", 0);
}

#[test]
fn i7_a_mark_that_a_restart_lowers_is_caught() {
    check("I7", 0);
}

#[test]
fn i8_a_request_that_is_not_recorded_is_caught() {
    check("I8", 0);
}

#[test]
fn i8_an_acknowledged_transaction_that_is_lost_is_caught() {
    check("I8", 1);
}

#[test]
fn i9_a_request_to_another_account_is_caught() {
    check("I9", 0);
}

#[test]
fn liveness_without_what_reads_show_is_caught() {
    check("L", 0);
}

#[test]
fn i10_polls_that_wait_behind_everything_are_caught() {
    check("I10", 0);
}

#[test]
fn i11_a_flatten_that_meets_another_is_caught() {
    check("I11", 0);
}

#[test]
fn i12_a_request_that_leaves_before_its_row_is_caught() {
    check("I12", 0);
}

#[test]
fn i13_an_order_that_may_open_is_caught() {
    check("I13", 0);
}

/// Breaks what the engine wants.
pub fn mutate(
    mutation: Option<Mutation>,
    steps: u64,
    now: Now,
    mut effects: Vec<Effect>,
) -> Vec<Effect> {
    match mutation {
        Some(Mutation::DropFlatten) => effects.retain(|effect| match effect {
            Effect::Send { write, .. } => !write.closes(),
            Effect::Record(RecordRow::Request(row)) => !row.write.closes(),
            _ => true,
        }),
        Some(Mutation::Uncaused) if steps > 20 => {
            let account = AccountName::from("a");
            let request = RequestId(1_000_000);
            let write = Write::CancelOrders;
            effects.push(Effect::Record(RecordRow::Request(RequestRow {
                id: request,
                account: account.clone(),
                write: write.clone(),
                round: 1,
                at: now.wall,
                intents: Vec::new(),
            })));
            effects.push(Effect::Send {
                account,
                request,
                write,
                urgency: Urgency::Cancel,
            });
        }
        Some(Mutation::FlattensTwice) => {
            let is_close = |effect: &Effect| match effect {
                Effect::Send { write, .. } => write.closes(),
                Effect::Record(RecordRow::Request(row)) => row.write.closes(),
                _ => false,
            };
            let mut again: Vec<Effect> = effects
                .iter()
                .filter(|one| is_close(one))
                .cloned()
                .collect();
            for effect in &mut again {
                match effect {
                    Effect::Send { request, .. } => request.0 += 1_000_000,
                    Effect::Record(RecordRow::Request(row)) => row.id.0 += 1_000_000,
                    _ => {}
                }
            }
            effects.extend(again);
        }
        Some(Mutation::ForgetRequest) => {
            effects.retain(|effect| !matches!(effect, Effect::Record(RecordRow::Request(_))));
        }
        Some(Mutation::WrongAccount) => {
            for effect in &mut effects {
                match effect {
                    Effect::Send { account, write, .. } if !write.closes() => {
                        *account = AccountName::from(BYSTANDER);
                    }
                    Effect::Record(RecordRow::Request(row)) if !row.write.closes() => {
                        row.account = AccountName::from(BYSTANDER);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    effects
}

/// A venue at which polls wait behind everything that can wait.
pub struct PollsLast(pub Arc<dyn Venue>);

impl Venue for PollsLast {
    fn admit<'a>(&'a self, lane: Lane, ask: Ask<'a>) -> Call<'a, Result<Permit, OutOfBudget>> {
        self.0.admit(lane, ask)
    }

    fn admit_poll(&self) -> Call<'_, Result<Permit, OutOfBudget>> {
        self.0.admit(Lane::Routine, Ask::Poll)
    }

    fn poll<'a>(&'a self, accounts: &'a [AccountNumber], permit: Permit) -> Call<'a, Polls> {
        self.0.poll(accounts, permit)
    }

    fn positions<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<Arc<[Position]>, Failure>> {
        self.0.positions(account, permit)
    }

    fn check_alive<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>> {
        self.0.check_alive(account, permit)
    }

    fn orders<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        self.0.orders(account, permit)
    }

    fn write<'a>(
        &'a self,
        account: &'a AccountNumber,
        write: &'a Write,
        permit: Permit,
    ) -> Call<'a, Answer> {
        self.0.write(account, write, permit)
    }

    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>> {
        self.0.list()
    }

    fn budget(&self) -> Budget {
        self.0.budget()
    }

    fn count_earlier(&self, requests: u32) {
        self.0.count_earlier(requests);
    }

    fn clock_error(&self) -> Option<TimeDelta> {
        self.0.clock_error()
    }

    fn renew(&self, credential: &Credential) -> bool {
        self.0.renew(credential)
    }
}

/// Breaks what a restart reads back.
pub fn spoil(mutation: Option<Mutation>, kept: &mut Kept) {
    if mutation == Some(Mutation::ShortenLock) {
        for lock in &mut kept.rows.locks {
            lock.end = LockEnd::At(lock.since + TimeDelta::minutes(90));
        }
    }
    if mutation == Some(Mutation::LowerMark) {
        for (_, state) in &mut kept.rows.accounts {
            let mut value: Value = serde_json::from_str(state).unwrap();
            value["lifetime"]["equity"] = Value::Null;
            *state = value.to_string();
        }
    }
}

/// Orders without those of a second list: that wait for their trigger, or are traded in
/// parts.
pub fn one_list(orders: &WorkingOrders) -> WorkingOrders {
    let listed = orders.listed().unwrap_or_default().iter();
    let is_second = |book| matches!(book, Some(OrderBook::Conditional | OrderBook::Twap));
    let regular = listed.filter(|order| !is_second(order.book));
    WorkingOrders::Listed(regular.cloned().collect())
}

/// Takes what is missing for figures that nobody reported.
pub fn misread(mutation: Option<Mutation>, observation: Observation) -> Observation {
    if mutation != Some(Mutation::BelieveMissing) || observation.learned().is_some() {
        return observation;
    }
    let money = |amount: i64| Some(Money::new(amount.into()));
    Observation {
        content: Content::Learned(Learned {
            figures: Figures {
                realized: money(0),
                unrealized: money(0),
                balance: money(60_000),
                equity: money(60_000),
            },
            positions: Some(Arc::from([])),
            ..Learned::default()
        }),
        ..observation
    }
}
