//! What an account has that its figures do not hold: told once each.

use super::account::AccountRun;
use super::output::Output;
use super::record::{EntryKind, Fields};
use crate::domain::blind_spot::BlindSpot;
use crate::domain::observation::Learned;
use crate::engine::effect::Severity;

impl AccountRun {
    /// Tells of those that are new.
    pub(super) fn tell_blind_spots(&mut self, learned: &Learned, out: &mut Output<'_>) {
        let Some(wallet) = &learned.wallet else {
            return;
        };
        for spot in self.view.note_blind_spots(&wallet.blind_spots) {
            self.tell_blind_spot(spot, out);
        }
    }

    fn tell_blind_spot(&self, spot: &BlindSpot, out: &mut Output<'_>) {
        let name = &self.account.name;
        let (severity, message) = if spot.hides_results {
            let message = format!(
                "{name} holds {}, which lies outside the `assets` of its venue: its P&L and equity are unknown, and rules about them cannot fire",
                spot.what
            );
            (Severity::Critical, message)
        } else {
            let message = format!("not in the figures of {name}: {}", spot.what);
            (Severity::Warning, message)
        };
        let mut fields = Fields::new();
        fields.put("what", &spot.what);
        out.entry(EntryKind::BlindSpot, Some(name), message.clone(), fields);
        out.notify(self.notice(severity, EntryKind::BlindSpot, message));
    }
}
