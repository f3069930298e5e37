//! The requests of one account that are on their way, and those that may still
//! take effect.

use std::sync::Arc;

use chrono::TimeDelta;

use super::filling::{FILLING, Filling, meet};
use super::plan::Planned;
use crate::domain::holdings::Position;
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::request::Write;
use crate::domain::venue::VenueProfile;

/// The requests of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    asked: Vec<Asked>,
    unsent: Vec<(Planned, Timestamp)>,
    filling: Vec<Filling>,
    /// What the account was last known to hold, to which a close is compared.
    held: Option<Arc<[Position]>>,
    /// When a request last left, or was answered.
    acted_at: Option<Timestamp>,
    /// The same, of those that close.
    closed_at: Option<Timestamp>,
}

/// A request without an answer.
#[derive(Clone, Debug)]
struct Asked {
    /// Its number, once it has one.
    request: Option<RequestId>,
    planned: Planned,
    queued_at: Timestamp,
    /// When it left riskd, once it is known to have.
    left: Option<Timestamp>,
    /// Whether it need not leave any more. It may have left before that was known:
    /// then it is on its way like any other.
    is_withdrawn: bool,
}

impl Asked {
    /// Whether it is on its way, or will be.
    fn counts(&self) -> bool {
        self.left.is_some() || !self.is_withdrawn
    }
}

/// A request whose answer is there.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) planned: Planned,
    /// Whether it need not be sent again, should it not have been.
    pub(super) is_withdrawn: bool,
}

impl Requests {
    /// Notes what the account is known to hold as something is asked for. That it holds
    /// nothing says nothing of what a close finds there: it is asked for because that is
    /// in doubt.
    pub(super) fn note_held(&mut self, held: Option<&Arc<[Position]>>) {
        self.held = held.filter(|held| !held.is_empty()).cloned();
    }

    /// Notes what was seen last as a close leaves. Where that is not what was held
    /// when it was decided, it is not known what it closes, and nothing that is
    /// seen afterwards is known to be another position.
    pub(super) fn note_seen(&mut self, seen: Option<&[Position]>) {
        let is_same = |held: &[Position], seen: &[Position]| {
            held.len() == seen.len()
                && held
                    .iter()
                    .all(|one| seen.iter().any(|other| is_same_holding(one, other)))
        };
        let held = self.held.take();
        self.held = held.filter(|held| seen.is_none_or(|seen| is_same(held, seen)));
    }

    /// These are asked for from now on; they get their numbers afterwards.
    pub(super) fn ask(&mut self, writes: &[Planned], now: Now) {
        self.asked.extend(writes.iter().map(|planned| Asked {
            request: None,
            planned: planned.clone(),
            queued_at: now.steady,
            left: None,
            is_withdrawn: false,
        }));
    }

    /// Gives those that were just asked for their numbers.
    pub(super) fn name(&mut self, requests: Vec<(RequestId, Planned)>) {
        for (id, planned) in requests {
            let is_it = |asked: &&mut Asked| asked.request.is_none() && asked.planned == planned;
            if let Some(asked) = self.asked.iter_mut().find(is_it) {
                asked.request = Some(id);
            }
        }
    }

    /// Whether this is a request that closes something.
    pub(super) fn closes(&self, request: RequestId) -> bool {
        let mut asked = self.asked.iter();
        asked.any(|asked| asked.request == Some(request) && asked.planned.write.closes())
    }

    /// A request has left riskd.
    pub(super) fn left(&mut self, request: RequestId, now: Now) {
        let is_it = |asked: &&mut Asked| asked.request == Some(request);
        if let Some(asked) = self.asked.iter_mut().find(is_it) {
            asked.left = Some(now.steady);
            let closes = asked.planned.write.closes();
            self.note_acted(closes, now);
        }
    }

    /// Takes a request out, because its answer is there.
    pub(super) fn take(&mut self, request: RequestId) -> Option<Ended> {
        let place = self
            .asked
            .iter()
            .position(|asked| asked.request == Some(request))?;
        let asked = self.asked.swap_remove(place);
        Some(Ended {
            planned: asked.planned,
            is_withdrawn: asked.is_withdrawn,
        })
    }

    /// A request was carried out, or may have been.
    pub(super) fn note_answered(&mut self, planned: &Planned, profile: &VenueProfile, now: Now) {
        let closes = planned.write.closes();
        self.note_acted(closes, now);
        if closes && !profile.abilities.repeated_close_joins {
            let until = now.steady.checked_add_signed(FILLING);
            self.filling.push(Filling {
                write: planned.write.clone(),
                until: until.unwrap_or(now.steady),
                held: self.held.clone(),
            });
        }
    }

    fn note_acted(&mut self, closes: bool, now: Now) {
        self.acted_at = Some(now.steady);
        if closes {
            self.closed_at = Some(now.steady);
        }
    }

    /// A close from before this engine started may be filling until then.
    pub(super) fn note_filling(&mut self, write: Write, until: Timestamp) {
        self.filling.push(Filling {
            write,
            until,
            held: None,
        });
    }

    /// Puts a write that did not leave on the list of what is sent again.
    pub(super) fn send_again(&mut self, planned: Planned, at: Timestamp) {
        let is_there = self
            .unsent
            .iter()
            .any(|(known, _)| known.write.covers(&planned.write));
        if !is_there {
            self.unsent.push((planned, at));
        }
    }

    /// Has those that would meet a close which may still be filling sent once it
    /// cannot be any more, and gives the others.
    pub(super) fn put_off(&mut self, writes: Vec<Planned>) -> Vec<Planned> {
        let (later, at_once): (Vec<_>, Vec<_>) = writes
            .into_iter()
            .partition(|planned| self.filled_for(&planned.write).is_some());
        for planned in later {
            if let Some(at) = self.filled_for(&planned.write) {
                self.send_again(planned, at);
            }
        }
        at_once
    }

    /// When everything that this write would meet is taken to have filled, if
    /// anything is filling.
    fn filled_for(&self, write: &Write) -> Option<Timestamp> {
        let met = self
            .filling
            .iter()
            .filter(|filling| meet(&filling.write, write));
        met.map(|filling| filling.until).max()
    }

    /// Takes what is to be sent again now.
    pub(super) fn take_due(&mut self, now: Now) -> Vec<Planned> {
        let (due, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unsent)
            .into_iter()
            .partition(|(_, at)| *at <= now.steady);
        self.unsent = kept;
        let due = due.into_iter().map(|(planned, _)| planned).collect();
        self.without_those_under_way(due)
    }

    /// Whether something waits to be sent again.
    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Whether something has left and has no answer.
    pub(super) fn awaits_answer(&self) -> bool {
        self.asked.iter().any(|asked| asked.left.is_some())
    }

    /// Whether a close has no answer, be it that it still waits.
    pub(super) fn awaits_close(&self) -> bool {
        let mut asked = self.asked.iter();
        asked.any(|asked| asked.counts() && asked.planned.write.closes())
    }

    /// When something last left or was answered.
    pub(super) fn acted_at(&self) -> Option<Timestamp> {
        self.acted_at
    }

    /// When a close last left or was answered.
    pub(super) fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }

    /// When the last close is taken to have filled.
    pub(super) fn filled_at(&self) -> Option<Timestamp> {
        self.filling.iter().map(|filling| filling.until).max()
    }

    /// These positions were seen after the last close: a close whose position is
    /// gone, has turned, has grown or is another one is not filling any more.
    pub(super) fn see(&mut self, positions: &[Position]) {
        self.filling
            .retain(|filling| filling.may_explain(positions));
    }

    /// Closes whose time is over are not filling any more.
    pub(super) fn pass_time(&mut self, now: Now) {
        self.filling.retain(|filling| filling.until > now.steady);
    }

    /// Leaves out what is under way already, and closes that may meet one that is
    /// still filling.
    pub(super) fn without_those_under_way(&self, writes: Vec<Planned>) -> Vec<Planned> {
        let meets_filling = |planned: &Planned| self.filled_for(&planned.write).is_some();
        writes
            .into_iter()
            .filter(|planned| !self.is_under_way(planned) && !meets_filling(planned))
            .collect()
    }

    /// Whether a request without an answer, or one that is sent again soon, does
    /// what this one does, or closes the same position.
    fn is_under_way(&self, planned: &Planned) -> bool {
        let wanted = &planned.write;
        let mut asked = self.asked.iter().filter(|asked| asked.counts());
        let is_asked = asked.any(|asked| {
            let does_it = asked.planned.write.covers(wanted) || meet(&asked.planned.write, wanted);
            // A cancel that waits for room does not stand in for an urgent one.
            let only_waits = asked.left.is_none() && asked.planned.urgency > planned.urgency;
            does_it && !only_waits
        });
        let mut unsent = self.unsent.iter();
        is_asked || unsent.any(|(unsent, _)| unsent.write.covers(wanted))
    }

    /// Notes that what still waits is not needed, and gives the numbers of what is
    /// to be held back. That may come too late for one that is leaving.
    pub(super) fn withdraw(&mut self, is_needless: impl Fn(&Planned) -> bool) -> Vec<RequestId> {
        self.unsent.retain(|(planned, _)| !is_needless(planned));
        let mut gone = Vec::new();
        for asked in &mut self.asked {
            let waits = asked.left.is_none() && !asked.is_withdrawn;
            if let Some(request) = asked.request.filter(|_| waits)
                && is_needless(&asked.planned)
            {
                asked.is_withdrawn = true;
                gone.push(request);
            }
        }
        gone
    }

    /// Takes out what has been without an answer for too long, since it left or
    /// since it was queued.
    pub(super) fn lost(
        &mut self,
        since_left: TimeDelta,
        since_queued: TimeDelta,
        now: Now,
    ) -> Vec<Planned> {
        let is_lost = |asked: &Asked| match asked.left {
            Some(left) => now.since(left) >= since_left,
            None => now.since(asked.queued_at) >= since_queued,
        };
        let lost = self.asked.iter().filter(|asked| is_lost(asked));
        let lost = lost
            .filter(|asked| asked.counts())
            .map(|asked| asked.planned.clone())
            .collect();
        self.asked.retain(|asked| !is_lost(asked));
        lost
    }

    /// When time alone changes something here.
    pub(super) fn deadline(
        &self,
        since_left: TimeDelta,
        since_queued: TimeDelta,
    ) -> Option<Timestamp> {
        let answers = self.asked.iter().filter_map(|asked| match asked.left {
            Some(left) => left.checked_add_signed(since_left),
            None => asked.queued_at.checked_add_signed(since_queued),
        });
        let again = self.unsent.iter().map(|(_, at)| *at);
        answers.chain(again).min()
    }
}

/// Whether these are as many contracts of one instrument, at one price.
fn is_same_holding(one: &Position, other: &Position) -> bool {
    one.key == other.key
        && one.quantity == other.quantity
        && one.average_price == other.average_price
}
