//! What happens during the demo, as it happens: prices from the paper venue,
//! everything else from the record.

use std::path::PathBuf;
use std::time::Duration;

use riskd_paper::{AccountFigures, Motion, PaperVenue};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::scene::Scene;
use crate::cli::events::show::kind_paint;
use crate::cli::printer::{Paint, Printer};
use crate::domain::money::Money;
use crate::store::{EntryFilter, EntryRow, Reader};

/// Time between two looks at the record.
const LOOK: Duration = Duration::from_millis(100);
/// Looks between two lines about prices.
const LOOKS_A_PRICE: u32 = 20;

/// Tells what happens.
#[derive(Debug)]
pub(super) struct DemoLog {
    began: Instant,
    database: PathBuf,
    reader: Option<Reader>,
    last: i64,
    venue: PaperVenue,
    /// The account that loses, by its names at the venue and in the rules.
    loser: (&'static str, &'static str),
    /// What it holds.
    instrument: &'static str,
    /// How its price moves once riskd is ready, and once it was proven flat.
    motions: [Motion; 2],
    has_fired: bool,
    is_verified: bool,
}

impl DemoLog {
    pub(super) fn new(database: PathBuf, venue: PaperVenue, scene: &Scene) -> DemoLog {
        DemoLog {
            began: Instant::now(),
            database,
            reader: None,
            last: 0,
            venue,
            loser: scene.loser,
            instrument: scene.instrument,
            motions: scene.motions.clone(),
            has_fired: false,
            is_verified: false,
        }
    }

    /// Tells until a firing was verified flat.
    pub(super) async fn until_verified(&mut self, out: &mut Printer) -> anyhow::Result<()> {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut until_price: u32 = 1;
        while !self.is_verified {
            looks.tick().await;
            self.report_new(out).await?;
            until_price = until_price.saturating_sub(1);
            if until_price == 0 && !self.has_fired {
                until_price = LOOKS_A_PRICE;
                self.report_prices(out)?;
            }
        }
        Ok(())
    }

    /// Tells for ever.
    pub(super) async fn for_ever(&mut self, out: &mut Printer) -> anyhow::Result<()> {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.report_new(out).await?;
        }
    }

    async fn report_new(&mut self, out: &mut Printer) -> anyhow::Result<()> {
        for entry in self.new_entries().await {
            self.last = entry.id;
            let [falls, calms] = &self.motions;
            match entry.kind.as_str() {
                "ready" if !self.has_fired => self.venue.set_motion(self.instrument, falls)?,
                "fired" => self.has_fired = true,
                "verified" if self.has_fired && !self.is_verified => {
                    self.is_verified = true;
                    self.venue.set_motion(self.instrument, calms)?;
                }
                _ => {}
            }
            self.tell(&entry.kind, kind_paint(&entry.kind), &entry.message, out)?;
        }
        Ok(())
    }

    /// The lines of the record since the last look. While the daemon makes the
    /// record there may be none to read.
    async fn new_entries(&mut self) -> Vec<EntryRow> {
        if self.reader.is_none() {
            self.reader = Reader::open(&self.database).await.ok();
        }
        let filter = EntryFilter {
            after_id: Some(self.last),
            ..EntryFilter::default()
        };
        match &self.reader {
            Some(reader) => reader.entries(&filter).await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    fn report_prices(&self, out: &mut Printer) -> anyhow::Result<()> {
        let state = self.venue.snapshot();
        let (at_venue, name) = self.loser;
        let mut prices = state.prices.iter();
        let price = prices.find(|(name, _)| name == self.instrument);
        let mut accounts = state.accounts.iter();
        let account = accounts.find(|found| found.account == at_venue);
        let (Some((_, price)), Some(account)) = (price, account) else {
            return Ok(());
        };
        let text = format!(
            "{} at {price}; {name} {}",
            self.instrument,
            holdings(account)
        );
        self.tell("price", None, &text, out)
    }

    fn tell(
        &self,
        kind: &str,
        paint: Option<Paint>,
        text: &str,
        out: &mut Printer,
    ) -> anyhow::Result<()> {
        let passed = self.began.elapsed().as_secs_f32();
        let kind = format!("{kind:<20}");
        let kind = paint.map_or_else(|| kind.clone(), |paint| out.paint(paint, &kind));
        out.line(format_args!("{passed:6.1} s  {kind} {text}"))
    }
}

fn holdings(account: &AccountFigures) -> String {
    let positions: Vec<String> = account
        .positions
        .iter()
        .map(|(instrument, quantity)| format!("{instrument} {quantity:+}"))
        .collect();
    format!(
        "holds {} and {} working orders, open P&L {}",
        if positions.is_empty() {
            "nothing".to_owned()
        } else {
            positions.join(", ")
        },
        account.working_orders,
        Money::new(account.unrealized).grouped()
    )
}
