//! Accounts that are opened again from outside right after they were proven flat.

use super::AccountRun;
use crate::domain::now::Now;
use crate::engine::effect::Severity;
use crate::engine::output::Output;
use crate::engine::record::{EntryKind, Fields};

impl AccountRun {
    /// Tells of a position that came back so soon after a proof that there was none,
    /// with what may be behind it.
    pub(super) fn report_reopened(&mut self, now: Now, out: &mut Output<'_>) {
        if !self.view.is_held() {
            return;
        }
        let Some(reopened) = self.guard.note_held(now) else {
            return;
        };
        let holdings = self.view.holdings();
        let mut fields = Fields::new();
        fields
            .put("holdings", &holdings)
            .put("count", reopened.count)
            .put("after_ms", reopened.after_ms);
        let message = format!(
            "{} was re-opened from outside {} ms after it was proven flat (time {}): {holdings}. A running strategy, a trade copier or a delayed signal does this; switch it off",
            self.account.name, reopened.after_ms, reopened.count
        );
        out.entry(
            EntryKind::Reopened,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        // Not each time of something that does it all day.
        if reopened.count.is_power_of_two() {
            out.notify(self.notice(Severity::Critical, EntryKind::Reopened, message));
        }
    }
}
