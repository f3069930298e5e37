//! Bybit's v5.

mod cancels;

use riskd_paper::VenueKind;

use super::{Desk, Elsewhere, Exchange};

struct Bybit;

runs_of!(Bybit);

impl Exchange for Bybit {
    const KIND: VenueKind = VenueKind::Bybit;
    const NAME: &'static str = "bybit";

    fn more(_address: &str) -> String {
        String::new()
    }

    fn is_public(path: &str) -> bool {
        path.starts_with("/v5/market/")
    }

    fn is_known(path: &str) -> bool {
        path.starts_with("/v5/") && path != "/v5/position/switch-mode"
    }

    const WALLETS: &'static str = "/v5/account/wallet-balance";
    const RIGHTS: &'static [&'static str] = &["/v5/user/query-api"];
    const WRONG_SECRET: &'static str = "code 10004";
    const UNKNOWN_KEY: &'static str = "code 10003";

    const ELSEWHERE: Elsewhere = Elsewhere {
        symbol: "BTCUSD",
        price: 50_000,
        asset: "BTC",
        quantity: "0.1",
    };
    const FLOWS: [&'static str; 2] = ["CURRENCY_SELL", "BONUS_RECOLLECT"];
    const CARRIED_OVER: &'static str = "-510.00";

    const NOTHING_TO_REDUCE: i64 = 110_017;
    /// A settlement is in progress.
    const NOT_NOW: i64 = 110_063;
    const CODES: [i64; 5] = [10_002, 10_003, 10_004, 10_006, 10_016];

    const HIDES_POSITIONS: &'static [&'static str] =
        &[r#"{"fault": "positions_missing", "class": "positions"}"#];
    const TOO_MANY: &'static str =
        r#"{"fault": {"code": {"code": 10006}}, "class": "flatten", "count": 3}"#;
    const UNKNOWN_OUTCOMES: &'static [&'static str] = &[
        r#"{"fault": {"code": {"code": 10016, "after_effect": true}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"code": {"code": 10016}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": "lost_after_effect", "class": "flatten", "count": 1}"#,
        r#"{"fault": "html_body", "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 1}"#,
    ];
    const ODD_SHAPES: &'static [&'static str] = &[
        r#"{"fault": "data_wrapper", "class": "reads"}"#,
        r#"{"fault": {"field_missing": {"field": "list"}}, "class": "reads"}"#,
        r#"{"fault": {"field_null": {"field": "walletBalance"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_text": {"field": "result"}}, "class": "accounts"}"#,
        r#"{"fault": "no_accounts", "class": "accounts"}"#,
        r#"{"fault": "duplicated_account", "class": "accounts"}"#,
        r#"{"fault": "position_sign_flip", "class": "reads"}"#,
        r#"{"fault": "negative_quantity", "class": "positions"}"#,
        r#"{"fault": "html_body", "class": "accounts"}"#,
    ];

    /// One call takes 500, and a list is read page by page.
    fn check_cancels_of_six_hundred(desk: &Desk<Bybit>) {
        let cancels = desk.asked("/v5/order/cancel-all");
        assert!((2..=4).contains(&cancels.len()), "{cancels:?}");
        let pages = desk.asked("/v5/order/realtime");
        assert!(pages.iter().any(|page| page.contains("cursor=")));
    }
}
