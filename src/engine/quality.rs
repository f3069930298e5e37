//! Which observations can be trusted.
//!
//! A single bad reading must not fire a rule, and a broken feed must not
//! disable one for good: a suspect observation leaves the numbers unknown, and
//! the next one decides. Only figures that are all zero are never believed,
//! however often they are repeated: an account that has not loaded looks so.
//!
//! What decides is looks at the account, and not answers: a poll that was lost is
//! passed over, and an answer with the stamp of the one before it is the same look.

use rust_decimal::Decimal;

use crate::domain::flow::WalletChange;
use crate::domain::money::Money;
use crate::domain::observation::{Figures, Learned};
use crate::domain::venue::VenueProfile;

/// How far equity may lie from balance plus unrealized P&L, as a share of the
/// larger of balance and equity, before the figures contradict each other. The
/// parts of one snapshot are read some milliseconds apart, in which prices move.
/// Half a percent is well below any limit that is worth having; a lasting
/// difference is taken for the truth when it is said twice.
const CONTRADICTION_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// Why an observation is not trusted. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// Balance, equity, realized and unrealized P&L are all zero.
    AllZero,
    /// The wallet has changed without a trade, and the venue lists no reason.
    WalletUnexplained,
    /// Realized P&L was not zero, and now it is, with nothing open.
    DroppedToZero,
    /// The open result is zero all at once, and equity still has it.
    OpenResultVanished,
    /// There is an open result without a position.
    OpenResultWithoutPosition,
    /// Equity is far from balance plus unrealized P&L.
    EquityOff,
}

impl Suspicion {
    /// The stable name, as in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Suspicion::AllZero => "all_zero",
            Suspicion::WalletUnexplained => "wallet_unexplained",
            Suspicion::DroppedToZero => "dropped_to_zero",
            Suspicion::OpenResultVanished => "open_result_vanished",
            Suspicion::OpenResultWithoutPosition => "open_result_without_position",
            Suspicion::EquityOff => "equity_off",
        }
    }

    /// What is wrong, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Suspicion::AllZero => "all figures are zero",
            Suspicion::WalletUnexplained => {
                "the wallet has changed without a trade, and the venue lists no reason"
            }
            Suspicion::DroppedToZero => "session P&L fell to zero at once",
            Suspicion::OpenResultVanished => {
                "unrealized P&L fell to zero at once, and equity says otherwise"
            }
            Suspicion::OpenResultWithoutPosition => "unrealized P&L without a position",
            Suspicion::EquityOff => "equity is far from balance plus unrealized P&L",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Suspicion::AllZero => 1,
            Suspicion::DroppedToZero => 1 << 1,
            Suspicion::OpenResultVanished => 1 << 2,
            Suspicion::OpenResultWithoutPosition => 1 << 3,
            Suspicion::EquityOff => 1 << 4,
            Suspicion::WalletUnexplained => 1 << 5,
        }
    }
}

/// A set of suspicions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspicions(u8);

impl Suspicions {
    /// From the gravest to the least.
    const ALL: [Suspicion; 6] = [
        Suspicion::AllZero,
        Suspicion::WalletUnexplained,
        Suspicion::DroppedToZero,
        Suspicion::OpenResultVanished,
        Suspicion::OpenResultWithoutPosition,
        Suspicion::EquityOff,
    ];

    const fn has(self, suspicion: Suspicion) -> bool {
        self.0 & suspicion.bit() != 0
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn with(self, other: Suspicions) -> Suspicions {
        Suspicions(self.0 | other.0)
    }

    const fn without(self, other: Suspicions) -> Suspicions {
        Suspicions(self.0 & !other.0)
    }

    /// The gravest of them.
    pub fn first(self) -> Option<Suspicion> {
        Suspicions::ALL
            .into_iter()
            .find(|suspicion| self.has(*suspicion))
    }
}

/// After so many looks in a row that were not believed, what they say is taken for
/// the truth, though they were never suspect in the same way twice in a row.
const CHANGING_SETTLE_AFTER: usize = 5;

/// What was suspect about the newest looks at an account, and what of that is taken
/// for the truth.
#[derive(Clone, Debug, Default)]
pub struct Doubts {
    /// What the newest look was suspect of.
    newest: Suspicions,
    /// Why the newest look is not believed.
    verdict: Option<Suspicion>,
    /// The venue's stamp of it.
    stamp: Option<i64>,
    /// What has been taken for the truth after many looks, until one is free of
    /// all suspicion.
    accepted: Suspicions,
    /// The stamps of the looks in a row that were not believed.
    disbelieved: Vec<Option<i64>>,
    /// What they were suspect of.
    streak: Suspicions,
}

impl Doubts {
    /// Why the newest look is not believed; `None` when it is.
    pub const fn verdict(&self) -> Option<Suspicion> {
        self.verdict
    }

    /// Takes what is suspect about a look, and says why it is not believed, or that
    /// it is.
    pub fn judge(&mut self, found: Suspicions, stamp: Option<i64>) -> Option<Suspicion> {
        if found.is_empty() {
            self.forget();
            self.stamp = stamp;
        } else if found.has(Suspicion::AllZero) {
            // What an account shows before it has loaded confirms nothing.
            self.forget();
            self.stamp = stamp;
            self.verdict = Some(Suspicion::AllZero);
        } else if found.has(Suspicion::WalletUnexplained) {
            // The adapter says when it is taken for the truth.
            self.forget();
            self.stamp = stamp;
            self.verdict = Some(Suspicion::WalletUnexplained);
        } else if !self.is_same_look(found, stamp) {
            self.look(found, stamp);
        }
        self.verdict
    }

    fn forget(&mut self) {
        if !self.newest.is_empty() || self.verdict.is_some() {
            *self = Doubts::default();
        }
    }

    /// Whether this is an answer of before once more. One that is suspect of more than
    /// that was is another one, whatever its stamp.
    fn is_same_look(&self, found: Suspicions, stamp: Option<i64>) -> bool {
        let is_stamped =
            stamp.is_some() && (self.stamp == stamp || self.disbelieved.contains(&stamp));
        let known = self.newest.with(self.accepted).with(self.streak);
        is_stamped && found.without(known).is_empty()
    }

    fn look(&mut self, found: Suspicions, stamp: Option<i64>) {
        let said_before = self.newest.with(self.accepted);
        let unsaid = found.without(said_before);
        self.newest = found;
        self.stamp = stamp;
        self.verdict = unsaid.first();
        if unsaid.is_empty() {
            self.end_streak();
            return;
        }
        self.disbelieved.push(stamp);
        self.streak = self.streak.with(found);
        if self.disbelieved.len() >= CHANGING_SETTLE_AFTER {
            self.accepted = self.accepted.with(self.streak);
            self.verdict = None;
            self.end_streak();
        }
    }

    fn end_streak(&mut self) {
        self.disbelieved.clear();
        self.streak = Suspicions::default();
    }
}

/// Everything that is suspect about an observation, given the figures of the
/// last trustworthy one of the same session. One that is taken for the truth must
/// not hide another.
pub fn suspicions(
    learned: &Learned,
    before: Option<&Figures>,
    profile: &VenueProfile,
) -> Suspicions {
    let figures = &learned.figures;
    let open_without_position =
        learned.is_flat() == Some(true) && figures.unrealized.is_some_and(|open| !open.is_zero());
    let found = [
        (
            profile.zero_means_unloaded && figures.are_all_zero(),
            Suspicion::AllZero,
        ),
        (
            learned
                .wallet
                .as_ref()
                .is_some_and(|wallet| matches!(wallet.change, WalletChange::Unexplained(_))),
            Suspicion::WalletUnexplained,
        ),
        (
            before.is_some_and(|before| dropped_to_zero(figures, before)),
            Suspicion::DroppedToZero,
        ),
        (
            before.is_some_and(|before| has_lost_open_result(figures, before)),
            Suspicion::OpenResultVanished,
        ),
        (open_without_position, Suspicion::OpenResultWithoutPosition),
        (is_equity_off(figures), Suspicion::EquityOff),
    ];
    let bits = found.map(|(is_found, suspicion)| if is_found { suspicion.bit() } else { 0 });
    Suspicions(bits.into_iter().fold(0, |all, bit| all | bit))
}

/// Whether a realized result that had been made is zero, with nothing open.
pub fn dropped_to_zero(figures: &Figures, before: &Figures) -> bool {
    before.realized.is_some_and(|before| !before.is_zero())
        && figures.realized.is_some_and(Money::is_zero)
        && figures.unrealized.is_none_or(Money::is_zero)
}

/// Whether the open result is zero all at once, while equity differs from
/// balance by more than half of what it was: a closed position shows in both.
pub fn has_lost_open_result(figures: &Figures, before: &Figures) -> bool {
    let (Some(now), Some(before)) = (figures.unrealized, before.unrealized) else {
        return false;
    };
    let (Some(balance), Some(equity)) = (figures.balance, figures.equity) else {
        return false;
    };
    if !now.is_zero() || before.is_zero() {
        return false;
    }
    let still_there = equity.minus(balance).map(|gap| gap.decimal().abs());
    let half = before.decimal().abs().checked_div(Decimal::TWO);
    still_there
        .zip(half)
        .is_none_or(|(still, half)| still > half)
}

fn is_equity_off(figures: &Figures) -> bool {
    let (Some(balance), Some(equity), Some(open)) =
        (figures.balance, figures.equity, figures.unrealized)
    else {
        return false;
    };
    if equity.is_sum_of(balance, open) {
        return false;
    }
    let gap = balance.plus(open).and_then(|worth| equity.minus(worth));
    let size = balance.decimal().abs().max(equity.decimal().abs());
    match (gap, size.checked_mul(CONTRADICTION_SHARE)) {
        (Some(gap), Some(allowed)) => gap.decimal().abs() > allowed,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(texts: [&str; 4]) -> Figures {
        let [realized, unrealized, balance, equity] = texts.map(|text| text.parse().ok());
        Figures {
            realized,
            unrealized,
            balance,
            equity,
        }
    }

    fn learned(texts: [&str; 4], flat: Option<bool>) -> Learned {
        Learned {
            figures: figures(texts),
            positions: flat.filter(|flat| *flat).map(|_| std::sync::Arc::from([])),
            ..Learned::default()
        }
    }

    #[test]
    fn a_wallet_that_is_not_explained_is_doubted_until_the_venue_or_time_says() {
        let mut doubts = Doubts::default();
        let found = Suspicions(Suspicion::WalletUnexplained.bit());
        for stamp in 0..10 {
            let verdict = doubts.judge(found, Some(stamp));
            assert_eq!(verdict, Some(Suspicion::WalletUnexplained));
        }
        assert_eq!(doubts.judge(Suspicions::default(), Some(11)), None);
    }

    #[test]
    fn a_stamp_that_was_seen_makes_no_truth_of_what_is_suspect_now() {
        let mut doubts = Doubts::default();
        let none = Suspicions::default();
        let found = Suspicions(Suspicion::EquityOff.bit());
        assert_eq!(doubts.judge(none, Some(7)), None);
        // The same answer says no more for being given out again.
        for _ in 0..10 {
            assert_eq!(doubts.judge(found, Some(7)), Some(Suspicion::EquityOff));
        }
        assert_eq!(doubts.judge(none, Some(7)), None);
        assert_eq!(doubts.judge(found, Some(8)), Some(Suspicion::EquityOff));
        assert_eq!(doubts.judge(found, Some(9)), None);
    }

    #[test]
    fn bad_readings_are_suspect() {
        use Suspicion::*;
        let cases = [
            (["0", "0", "0", "0"], None, None, Some(AllZero)),
            (["0", "0", "50000", "50000"], None, None, None),
            (
                ["0", "0", "49000", "49000"],
                None,
                Some("-1000"),
                Some(DroppedToZero),
            ),
            (["0", "250", "49000", "49250"], None, Some("-1000"), None),
            (
                ["0", "100", "50000", "50100"],
                Some(true),
                None,
                Some(OpenResultWithoutPosition),
            ),
            (["0", "-250", "50000", "50000"], None, None, None),
            (["0", "-251", "50000", "50000"], None, None, Some(EquityOff)),
            (
                ["0", "0", "50000", "50400"],
                None,
                Some("0/400"),
                Some(OpenResultVanished),
            ),
            // Closed: what was open is in the balance now.
            (["390", "0", "50390", "50390"], None, Some("0/400"), None),
            // Back at the entry price, with the last tick in equity already.
            (["0", "0", "50000", "50012.5"], None, Some("0/400"), None),
            (["0", "-100", "50000", "5000"], None, None, Some(EquityOff)),
            (["0", "-100", "50000", "?"], None, None, None),
            (["0", "0", "?", "?"], None, None, None),
        ];
        for (texts, flat, before, expected) in cases {
            let before = before.map(|text: &str| {
                let (realized, open) = text.split_once('/').unwrap_or((text, "?"));
                figures([realized, open, "?", "?"])
            });
            assert_eq!(
                suspicions(
                    &learned(texts, flat),
                    before.as_ref(),
                    &VenueProfile::CROSSTRADE
                )
                .first(),
                expected,
                "{texts:?}"
            );
        }
    }
}
