//! Polls of one venue, and reads of working orders in turn.
//!
//! A poll is due every interval and never stacks up behind a slow one. Every
//! account gets an observation from every poll, if only to say that nothing was
//! learned.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::clock::Clock;
use super::connect;
use super::input::{Input, OrdersRead, Polled};
use super::key_rights::{self, Unread};
use super::set_up::SetUpError;
use crate::domain::account::{AccountName, AccountNumber};
use crate::domain::limits::Ask;
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::{Content, Missing, Observation, Timestamp};
use crate::domain::timeouts;
use crate::engine::event::Event;
use crate::rules::settings;
use crate::secret::Credential;
use crate::store::Reads;
use crate::venue::{Failure, Lane, OutOfBudget, Venue};

/// The least time between two polls of a venue whose platform is offline: it
/// does not come back sooner for being asked more often.
const OFFLINE_INTERVAL: Duration = Duration::from_secs(2);
/// The longest pause between two polls of a venue that refuses the credential. One
/// refusal may be a slip, so the first pauses are short.
const REFUSED_INTERVAL: Duration = Duration::from_secs(10);
/// A read of working orders that found no room for so long after it was due goes before
/// what only watches.
const ORDERS_LATE: Duration = Duration::from_secs(1);
/// Between two reads of what accounts made before they were first seen.
const RESULTS_INTERVAL: Duration = Duration::from_secs(5);

/// The most time between two reads of working orders, however seldom the venue is
/// polled: an order under a lock must not stand for longer.
const ORDERS_AT_LATEST: Duration = Duration::from_secs(10);

/// A credential that is being read again.
#[derive(Default)]
struct Reread {
    read: Option<JoinHandle<Result<Credential, SetUpError>>>,
    /// One that was read and may not be used, which was told.
    refused: Option<Credential>,
}

/// The accounts of one venue.
pub(super) type Accounts = Arc<Vec<(AccountName, AccountNumber)>>;

/// One venue to be polled.
pub(super) struct Poller {
    pub(super) config: settings::Venue,
    pub(super) venue: Arc<dyn Venue>,
    pub(super) every: Duration,
    pub(super) accounts: Accounts,
    /// Told when the venue was given another credential.
    pub(super) renewed: Arc<Notify>,
    /// The accounts whose working orders are wanted.
    pub(super) orders_wanted: watch::Receiver<Vec<AccountName>>,
    /// The accounts of which it is wanted what they made before they were first seen.
    pub(super) results_wanted: watch::Receiver<Vec<(AccountName, MadeSpan)>>,
    pub(super) clock: Clock,
    pub(super) inputs: mpsc::Sender<Input>,
    /// Where it stands which keys riskd was run with.
    pub(super) record: Arc<dyn Reads>,
    pub(super) stop: CancellationToken,
}

impl Poller {
    /// Polls until it is stopped.
    pub(super) async fn run(self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.poll_for_ever() => {}
            () = self.read_orders_for_ever() => {}
            () = self.read_results_for_ever() => {}
        }
    }

    async fn poll_for_ever(&self) {
        let numbers: Vec<AccountNumber> = self
            .accounts
            .iter()
            .map(|(_, number)| number.clone())
            .collect();
        let mut due = interval(self.every);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reread = Reread::default();
        let mut refusals: u32 = 0;
        loop {
            tokio::select! {
                _ = due.tick() => {}
                // A pause that a refused credential led to is over with it.
                () = self.renewed.notified() => due.reset(),
            }
            let worst = self.poll_once(&numbers).await;
            refusals = match worst {
                Some(Missing::Unauthorized) => refusals.saturating_add(1),
                _ => 0,
            };
            if worst == Some(Missing::Unauthorized) && self.renew_credential(&mut reread).await {
                due.reset_after(self.every);
                continue;
            }
            let pause = match worst {
                Some(Missing::PlatformOffline) => OFFLINE_INTERVAL,
                Some(Missing::Unauthorized) => refused_pause(refusals),
                _ => self.every,
            };
            if pause > self.every {
                due.reset_after(pause);
            }
        }
    }

    /// Polls once; gives the reason when nothing was learned of any account.
    async fn poll_once(&self, numbers: &[AccountNumber]) -> Option<Missing> {
        let steady = || self.clock.steady();
        let (observations, failures) =
            observe(self.venue.as_ref(), &self.accounts, numbers, steady).await;
        let received = Instant::now();
        let all_failed = failures.len() == self.accounts.len();
        let worst = failures.first().filter(|_| all_failed).map(|f| f.missing);
        let input = Input::Polled(Polled {
            venue: self.config.name.clone(),
            accounts: Arc::clone(&self.accounts),
            observations,
            failure: failures.into_iter().next(),
            received,
        });
        // The dispatcher is gone only when the process ends.
        let _ = self.inputs.send(input).await;
        worst
    }

    /// Reads the credential again, which may have been replaced, and says whether
    /// it was. A read that hangs is waited for again the next time, so that
    /// there is never more than one.
    async fn renew_credential(&self, reread: &mut Reread) -> bool {
        let config = self.config.clone();
        let read = reread.read.get_or_insert_with(|| {
            tokio::task::spawn_blocking(move || connect::credential(&config))
        });
        let Ok(credential) = timeout(timeouts::CREDENTIAL, read).await else {
            return false;
        };
        reread.read = None;
        // One that cannot be read now may be on the way of being written.
        let Ok(Ok(credential)) = credential else {
            return false;
        };
        if self.is_refused(&credential, reread).await {
            return false;
        }
        let is_another = self.venue.renew(&credential);
        if is_another {
            let renewed = Input::Renewed(self.config.name.clone());
            let _ = self.inputs.send(renewed).await;
        }
        is_another
    }

    /// Whether a credential that was found may not be used, because it may withdraw
    /// and riskd was never run with it; that is told once.
    async fn is_refused(&self, credential: &Credential, reread: &mut Reread) -> bool {
        let is_known = |refused: &Credential| refused.is_same(credential);
        if reread.refused.as_ref().is_some_and(is_known) {
            return true;
        }
        let (venue, record) = (self.venue.as_ref(), self.record.as_ref());
        let refused =
            key_rights::refuse_in_place_of(venue, &self.config, credential, record, Unread::Known);
        // What else is wrong with it is told when it is used.
        let Err(SetUpError::MayWithdraw { venue }) = refused.await else {
            return false;
        };
        reread.refused = Some(credential.clone());
        let _ = self.inputs.send(Input::KeyRefused(venue)).await;
        true
    }

    async fn read_orders_for_ever(&self) {
        let least = self.config.profile.limits.order_reads.every;
        let every = self.every.clamp(least, ORDERS_AT_LATEST.max(least));
        let mut due = interval(every);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turn: VecDeque<AccountName> = VecDeque::new();
        let mut read_at = Instant::now();
        loop {
            due.tick().await;
            let Some((account, number)) = self.next_in_turn(&mut turn) else {
                read_at = Instant::now();
                continue;
            };
            let Some(ask) = self.venue.orders_due() else {
                read_at = Instant::now();
                continue;
            };
            let lane = lane_of_orders(read_at.elapsed(), every);
            let Ok(Ok(permit)) = timeout(timeouts::POLL, self.venue.admit(lane, ask)).await else {
                continue;
            };
            read_at = Instant::now();
            let at = self.clock.steady();
            let are_all = ask == Ask::Orders;
            let read = if are_all {
                self.venue.orders(&number, permit)
            } else {
                self.venue.orders_of_held(&number, permit)
            };
            if let Ok(Ok(orders)) = timeout(timeouts::POLL, read).await {
                let input = Input::OrdersRead(OrdersRead {
                    venue: self.config.name.clone(),
                    accounts: Arc::clone(&self.accounts),
                    account,
                    at,
                    orders,
                    are_all,
                });
                let _ = self.inputs.send(input).await;
            }
        }
    }

    /// Reads what accounts made before they were first seen, until it is known.
    async fn read_results_for_ever(&self) {
        let mut due = interval(RESULTS_INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wanted = self.results_wanted.clone();
        let mut failed = 0_u32;
        loop {
            tokio::select! {
                _ = due.tick() => {}
                Ok(()) = wanted.changed() => due.reset(),
            }
            let all = wanted.borrow_and_update().clone();
            for (account, span) in all {
                let Some(number) = self.number(&account) else {
                    continue;
                };
                match self.read_made(&number, span).await {
                    Ok(made) => {
                        let event = Event::ResultsListed {
                            account,
                            span,
                            made,
                        };
                        let _ = self.inputs.send(Input::Answer(event)).await;
                    }
                    Err(failure) => {
                        failed = failed.saturating_add(1);
                        // Each time would be every few seconds.
                        if failed == 1 {
                            warn!(
                                "what {account} made before it was first seen cannot be read ({failure}); its results begin at first sight until it can"
                            );
                        }
                    }
                }
            }
        }
    }

    async fn read_made(
        &self,
        number: &AccountNumber,
        span: MadeSpan,
    ) -> Result<Option<Money>, Failure> {
        let admitted = timeout(timeouts::POLL, self.venue.admit(Lane::Routine, Ask::List));
        let Ok(Ok(permit)) = admitted.await else {
            return Err(busy());
        };
        let read = timeout(timeouts::MADE_BEFORE, self.venue.made(number, span, permit));
        read.await.map_err(|_| late())?.transpose()
    }

    /// The account whose orders were read longest ago, of those that are wanted
    /// now.
    fn next_in_turn(
        &self,
        turn: &mut VecDeque<AccountName>,
    ) -> Option<(AccountName, AccountNumber)> {
        let wanted = self.orders_wanted.borrow();
        // The dead man's switch is set by what rests.
        let all = self.accounts.iter().map(|(name, _)| name);
        let watched = all.filter(|_| self.config.dead_man.is_some());
        let wanted: Vec<&AccountName> = wanted.iter().chain(watched).collect();
        turn.retain(|account| wanted.contains(&account));
        for account in wanted {
            if !turn.contains(account) && self.number(account).is_some() {
                turn.push_front(account.clone());
            }
        }
        let account = turn.pop_front()?;
        turn.push_back(account.clone());
        let number = self.number(&account)?;
        Some((account, number))
    }

    fn number(&self, account: &AccountName) -> Option<AccountNumber> {
        self.accounts
            .iter()
            .find(|(name, _)| name == account)
            .map(|(_, number)| number.clone())
    }
}

/// The part of the budget that a read of working orders draws from, so long after the
/// last one where one is due every so often: what a rule or a lock must know does not
/// wait for ever behind what only watches.
pub fn lane_of_orders(since_last: Duration, every: Duration) -> Lane {
    if since_last >= every.saturating_add(ORDERS_LATE) {
        Lane::Positions
    } else {
        Lane::Routine
    }
}

/// The pause after so many refusals in a row: 1, 2, 4, 8, and then 10 s.
fn refused_pause(refusals: u32) -> Duration {
    let doublings = refusals.saturating_sub(1).min(4);
    Duration::from_secs(1)
        .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
        .min(REFUSED_INTERVAL)
}

/// Polls accounts once, whose numbers are in `numbers`: an observation of each, and
/// what went wrong. They are of the time at which the poll left, by the
/// clock `steady`.
pub async fn observe(
    venue: &dyn Venue,
    accounts: &[(AccountName, AccountNumber)],
    numbers: &[AccountNumber],
    steady: impl Fn() -> Timestamp,
) -> (Vec<Observation>, Vec<Failure>) {
    let admitted = venue.admit_poll().await;
    let asked = steady();
    let mut polls = match admitted {
        Ok(permit) => timeout(timeouts::POLL, venue.poll(numbers, permit))
            .await
            .unwrap_or_default(),
        Err(OutOfBudget) => numbers
            .iter()
            .map(|number| (number.clone(), Err(busy())))
            .collect(),
    };
    let mut observations = Vec::with_capacity(accounts.len());
    let mut failures: Vec<Failure> = Vec::new();
    for (account, number) in accounts {
        let content = match polls.remove(number) {
            Some(Ok(learned)) => Content::Learned(learned),
            Some(Err(failure)) => {
                let missing = failure.missing;
                if missing != Missing::Unchanged {
                    failures.push(failure);
                }
                Content::Missing(missing)
            }
            None => {
                failures.push(late());
                Content::Missing(Missing::Late)
            }
        };
        observations.push(Observation {
            account: account.clone(),
            at: asked,
            content,
        });
    }
    (observations, failures)
}

fn busy() -> Failure {
    Failure {
        missing: Missing::RateLimited,
        words: Arc::from("riskd's own request budget is used up"),
    }
}

fn late() -> Failure {
    Failure {
        missing: Missing::Late,
        words: Arc::from(""),
    }
}

#[cfg(test)]
mod tests;
