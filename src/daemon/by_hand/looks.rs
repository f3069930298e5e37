//! Who looks whether what was sent sufficed: another program, or this one.

use super::Progress;
use super::elsewhere::{Elsewhere, HandedOver, Said};
use super::hand::{Hand, Stage};
use super::hands::Hands;
use crate::domain::account::AccountName;
use crate::engine::enforcement::Step;
use crate::venue::Scope;

/// Who looks.
pub(super) enum Looks {
    /// It is asked whether another program does; until that is known, nobody.
    Asked(Elsewhere, String),
    /// Another program, which knows the venue's user by this name.
    Elsewhere(Elsewhere, String),
    /// This one.
    Here,
}

impl Looks {
    /// Whoever looks at first: nobody else where there is no other program, or the
    /// venue has no user to name.
    pub(super) fn of(elsewhere: Option<Elsewhere>, scope: Option<&Scope>) -> Looks {
        match (elsewhere, scope) {
            (Some(elsewhere), Some(scope)) => Looks::Asked(elsewhere, scope.fingerprint()),
            _ => Looks::Here,
        }
    }

    pub(super) const fn is_here(&self) -> bool {
        matches!(self, Looks::Here)
    }

    /// What the other program says next; nothing where there is none, and that
    /// there is none once it has ended.
    pub(super) async fn said(&mut self) -> Said {
        match self {
            Looks::Asked(elsewhere, _) | Looks::Elsewhere(elsewhere, _) => {
                elsewhere.said.recv().await.unwrap_or(Said::Alone)
            }
            Looks::Here => std::future::pending().await,
        }
    }
}

impl Hands {
    /// Takes what the other program says.
    pub(super) fn take_said(&mut self, said: Said, tell: &mut impl FnMut(&AccountName, Progress)) {
        match said {
            Said::Willing => {
                self.looks = match std::mem::replace(&mut self.looks, Looks::Here) {
                    Looks::Asked(elsewhere, scope) => Looks::Elsewhere(elsewhere, scope),
                    other => other,
                };
            }
            Said::Proven(account) => {
                let hand = self.hand(&account);
                if let Some(hand) = hand.filter(|hand| hand.stage == Stage::HandedOver) {
                    hand.stage = Stage::Done;
                    tell(&account, Progress::ProvenElsewhere);
                }
            }
            Said::Alone => self.look_here(tell),
        }
    }

    /// Takes everything back, and looks from here from now on.
    fn look_here(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        if self.looks.is_here() {
            return;
        }
        self.looks = Looks::Here;
        self.poll_for_ever();
        for held in std::mem::take(&mut self.held) {
            self.start(held);
        }
        let now = self.clock.now();
        self.each(tell, |hand| match hand.stage {
            Stage::Settling | Stage::HandedOver => hand.take_back(now),
            Stage::Here | Stage::Done => Vec::new(),
        });
    }

    /// Hands over what was sent, where another program looks: each account as soon
    /// as its flatten was answered. Once the venue's rate limit has turned one away,
    /// the token's share is used up, and two that send would only take it from each
    /// other: then the accounts whose flatten still waits are handed over as well,
    /// for the other program to send it in its turn.
    pub(super) fn hand_over(&mut self, tell: &mut impl FnMut(&AccountName, Progress)) {
        let Looks::Elsewhere(..) = &self.looks else {
            return;
        };
        let here = |hand: &Hand| hand.stage == Stage::Here;
        let mut hands = self.hands.iter();
        let is_used_up = hands.any(|(_, hand)| here(hand) && hand.is_refused());
        self.each(tell, |hand| -> Vec<Step> {
            if here(hand) && (is_used_up || hand.is_flattened()) {
                hand.let_go()
            } else {
                Vec::new()
            }
        });
        self.hand_over_settled();
    }

    fn hand_over_settled(&mut self) {
        let Looks::Elsewhere(elsewhere, scope) = &self.looks else {
            return;
        };
        for (account, hand) in &mut self.hands {
            if !hand.is_settled() {
                continue;
            }
            hand.stage = Stage::HandedOver;
            // Nobody takes it where the other side has ended, which is noticed.
            let _ = elsewhere.handed.try_send(HandedOver {
                account: account.clone(),
                number: hand.number.clone(),
                scope: scope.clone(),
                requests: hand.requests,
                flatten: hand.flatten(),
            });
        }
    }
}
