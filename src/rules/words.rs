//! The words of the rule language's enums.

use super::book::{
    Anchor, Breach, Loosening, MaxLossOf, Metric, Only, PnlOf, PnlOver, PnlPer, Ratchet, Rearm,
    Span, Until,
};
use super::read::Word;
use super::settings::{MailTls, Mode};
use crate::domain::severity::Severity;

macro_rules! words {
    ($($kind:ty { $($word:literal => $value:expr),+ $(,)? })+) => {
        $(impl Word for $kind {
            const WORDS: &'static [(&'static str, $kind)] = &[$(($word, $value)),+];
        })+
    };
}

words! {
    Mode { "enforce" => Mode::Enforce, "observe" => Mode::Observe }
    Loosening { "immediate" => Loosening::Immediate, "next_session" => Loosening::NextSession }
    Severity {
        "info" => Severity::Info,
        "warning" => Severity::Warning,
        "critical" => Severity::Critical,
    }
    MailTls {
        "starttls" => MailTls::StartTls,
        "implicit" => MailTls::Implicit,
        "none" => MailTls::None,
    }
    Breach { "touch" => Breach::Touch, "cross" => Breach::Cross }
    PnlOf {
        "total" => PnlOf::Total,
        "realized" => PnlOf::Realized,
        "unrealized" => PnlOf::Unrealized,
    }
    PnlOver {
        "session" => PnlOver::Session,
        "week" => PnlOver::Week,
        "month" => PnlOver::Month,
        "lifetime" => PnlOver::Lifetime,
    }
    PnlPer { "account" => PnlPer::Account, "position" => PnlPer::Position }
    Metric {
        "pnl" => Metric::Pnl,
        "equity" => Metric::Equity,
        "balance" => Metric::Balance,
        "unrealized" => Metric::Unrealized,
    }
    Span { "session" => Span::Session, "lifetime" => Span::Lifetime }
    Ratchet { "tick" => Ratchet::Tick, "session_end" => Ratchet::SessionEnd }
    Anchor {
        "starting_balance" => Anchor::StartingBalance,
        "session_balance" => Anchor::SessionBalance,
        "session_equity" => Anchor::SessionEquity,
        "session_max" => Anchor::SessionMax,
    }
    MaxLossOf { "equity" => MaxLossOf::Equity, "balance" => MaxLossOf::Balance }
    Only { "positions" => Only::Positions, "orders" => Only::Orders }
    Until { "session_end" => Until::SessionEnd, "manual" => Until::Manual }
    Rearm {
        "session" => Rearm::Session,
        "clear" => Rearm::Clear,
        "flat" => Rearm::Flat,
        "never" => Rearm::Never,
    }
}
