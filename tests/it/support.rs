//! What several tests of the engine need.

use riskd::domain::account::AccountName;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Observation};

/// A present in which both clocks agree.
pub fn at(text: &str) -> Now {
    Now::at(text.parse().unwrap())
}

/// Realized, unrealized, balance, equity; `?` is unknown.
pub fn figures(texts: [&str; 4]) -> Figures {
    let [realized, unrealized, balance, equity] = texts.map(|text| text.parse().ok());
    Figures {
        realized,
        unrealized,
        balance,
        equity,
    }
}

/// An observation that learned these figures and nothing else.
pub fn observation(account: &str, now: Now, figures: Figures) -> Observation {
    Observation {
        account: AccountName::from(account),
        at: now.wall,
        content: Content::Learned(Learned {
            figures,
            ..Learned::default()
        }),
    }
}
