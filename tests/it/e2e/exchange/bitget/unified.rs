//! A unified account, by v3.

use riskd_paper::{PaperConfig, VenueKind};

use super::{Elsewhere, Exchange};
use crate::e2e::exchange::Desk;

pub(super) struct Unified;

runs_of!(Unified);

impl Exchange for Unified {
    const KIND: VenueKind = VenueKind::Bitget;
    const NAME: &'static str = "bitget";
    const PARTS: &'static [&'static str] = super::PARTS;

    fn prepare(config: &mut PaperConfig) {
        for account in &mut config.accounts {
            account.unified = true;
        }
    }

    fn more(_address: &str) -> String {
        String::new()
    }

    fn is_public(path: &str) -> bool {
        super::is_public(path)
    }

    fn is_known(path: &str) -> bool {
        super::is_known(path)
    }

    const WALLETS: &'static str = "/api/v3/account/assets";
    const RIGHTS: &'static [&'static str] = &["/api/v3/account/info"];
    const WRONG_SECRET: &'static str = "code 40009";
    const UNKNOWN_KEY: &'static str = "code 40006";

    const ELSEWHERE: Elsewhere = super::ELSEWHERE;
    const FLOWS: [&'static str; 2] = ["TRANS_TO_STRATEGY", "BONUS_RECYCLE"];
    const CARRIED_OVER: &'static str = super::CARRIED_OVER;

    const NOTHING_TO_REDUCE: i64 = super::NOTHING_TO_REDUCE;
    const NOT_NOW: i64 = super::NOT_NOW;
    const CODES: [i64; 5] = super::CODES;

    const HIDES_POSITIONS: &'static [&'static str] = super::HIDES_POSITIONS;
    const TOO_MANY: &'static str = super::TOO_MANY;
    const UNKNOWN_OUTCOMES: &'static [&'static str] = super::UNKNOWN_OUTCOMES;
    const ODD_SHAPES: &'static [&'static str] = &[
        r#"{"fault": "data_wrapper", "class": "reads"}"#,
        r#"{"fault": {"field_missing": {"field": "list"}}, "class": "reads"}"#,
        r#"{"fault": {"field_missing": {"field": "assets"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_null": {"field": "balance"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_text": {"field": "data"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_null": {"field": "holdMode"}}, "class": "positions"}"#,
        r#"{"fault": "no_accounts", "class": "accounts"}"#,
        r#"{"fault": "duplicated_account", "class": "accounts"}"#,
        r#"{"fault": "position_sign_flip", "class": "reads"}"#,
        r#"{"fault": "negative_quantity", "class": "positions"}"#,
        r#"{"fault": "html_body", "class": "accounts"}"#,
    ];

    /// Those in the book go by symbol, strategies one by one.
    fn check_cancels_of_six_hundred(desk: &Desk<Unified>) {
        let cancels = desk.asked("/api/v3/trade/cancel-symbol-order");
        assert!((1..=5).contains(&cancels.len()), "{cancels:?}");
        let strategies = desk.asked("/api/v3/trade/cancel-strategy-order");
        assert!(
            (60..=70).contains(&strategies.len()),
            "{}",
            strategies.len()
        );
    }
}
