//! Positions that are less than an order can close: they count as nothing, because
//! nobody can be rid of them, and are told once.

use std::sync::Arc;

use super::account::AccountRun;
use super::output::Output;
use super::record::{EntryKind, Fields};
use crate::domain::holdings::Position;
use crate::domain::observation::Learned;
use crate::domain::position_key::PositionKey;

impl AccountRun {
    /// What was learned without such positions; `None` where there are none.
    pub(super) fn without_dust(
        &mut self,
        learned: &Learned,
        out: &mut Output<'_>,
    ) -> Option<Learned> {
        let held = learned.positions.as_ref()?;
        let closable = self.guard.enforcement().closable(held);
        if closable.is_none() && !self.view.has_dust() {
            return None;
        }
        let closable = closable.unwrap_or_else(|| Arc::clone(held));
        self.tell_dust(held, &closable, out);
        Some(Learned {
            positions: Some(closable),
            ..learned.clone()
        })
    }

    fn tell_dust(&mut self, held: &[Position], closable: &[Position], out: &mut Output<'_>) {
        let is_left = |position: &&Position| !closable.iter().any(|one| one.key == position.key);
        let dust: Vec<&Position> = held.iter().filter(is_left).collect();
        let keys: Vec<PositionKey> = dust.iter().map(|position| position.key.clone()).collect();
        if !self.view.note_dust(keys) {
            return;
        }
        let texts: Vec<String> = dust.iter().map(ToString::to_string).collect();
        let texts = texts.join(", ");
        let message = format!(
            "{} holds less than an order can close, which counts as flat: {texts}",
            self.account.name
        );
        let mut fields = Fields::new();
        fields.put("holdings", &texts);
        out.entry(EntryKind::Dust, Some(&self.account.name), message, fields);
    }
}
