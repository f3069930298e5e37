//! BingX perpetual swaps.

mod closes;
mod dead_man;
mod orders;
mod shapes;

use riskd_paper::VenueKind;

use super::{Elsewhere, Exchange};

struct BingX;

type Desk = super::Desk<BingX>;

runs_of!(BingX);

impl Exchange for BingX {
    const KIND: VenueKind = VenueKind::BingX;
    const NAME: &'static str = "bingx";

    fn spelled(symbol: &str) -> String {
        let coins = [("USDT", "USDT"), ("PERP", "USDC")];
        let found = coins.iter().find_map(|(end, asset)| {
            let base = symbol.strip_suffix(end)?;
            Some(format!("{base}-{asset}"))
        });
        match found {
            Some(spelled) if !symbol.contains('-') => spelled,
            _ => symbol.to_owned(),
        }
    }

    /// One call closes all of them.
    fn closes(_positions: usize) -> usize {
        1
    }

    const SAYS_MAINTENANCE: bool = false;

    fn more(_address: &str) -> String {
        String::new()
    }

    fn is_public(path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        [
            "/openApi/swap/v2/server/time",
            "/openApi/swap/v2/quote/contracts",
        ]
        .contains(&path)
    }

    fn is_known(path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        [
            "/openApi/swap/v3/user/balance",
            "/openApi/swap/v2/user/positions",
            "/openApi/swap/v2/user/income",
            "/openApi/swap/v1/positionSide/dual",
            "/openApi/swap/v2/trade/openOrders",
            "/openApi/swap/v1/twap/openOrders",
            "/openApi/swap/v2/trade/closeAllPositions",
            "/openApi/swap/v2/trade/order",
            "/openApi/swap/v2/trade/allOpenOrders",
            "/openApi/swap/v1/twap/cancelOrder",
            "/openApi/swap/v2/trade/cancelAllAfter",
            "/openApi/v1/account/apiPermissions",
        ]
        .contains(&path)
            || BingX::is_public(path)
    }

    const WALLETS: &'static str = "/openApi/swap/v3/user/balance";
    const RIGHTS: &'static [&'static str] = &["/openApi/v1/account/apiPermissions"];
    const WRONG_SECRET: &'static str = "code 100001";
    const UNKNOWN_KEY: &'static str = "code 100413";

    const ELSEWHERE: Elsewhere = Elsewhere {
        symbol: "SOL-USDT",
        price: 100,
        asset: "VST",
        quantity: "10",
    };
    const FLOWS: [&'static str; 2] = ["TRIAL_FUND", "TRANSFER"];
    const CARRIED_OVER: &'static str = "-510.00";

    const NOTHING_TO_REDUCE: i64 = 101_290;
    /// A settlement is in progress.
    const NOT_NOW: i64 = 101_214;
    const CODES: [i64; 5] = [100_001, 100_413, 100_410, 100_421, 109_400];

    const HIDES_POSITIONS: &'static [&'static str] =
        &[r#"{"fault": "positions_missing", "class": "positions"}"#];
    const TOO_MANY: &'static str =
        r#"{"fault": {"code": {"code": 100410}}, "class": "flatten", "count": 3}"#;
    const UNKNOWN_OUTCOMES: &'static [&'static str] = &[
        r#"{"fault": {"code": {"code": 100500, "after_effect": true}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"code": {"code": 109500}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 504, "after_effect": true}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": "lost_after_effect", "class": "flatten", "count": 1}"#,
        r#"{"fault": "html_body", "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 1}"#,
    ];
    const ODD_SHAPES: &'static [&'static str] = &[
        r#"{"fault": "data_wrapper", "class": "reads"}"#,
        r#"{"fault": {"field_missing": {"field": "data"}}, "class": "reads"}"#,
        r#"{"fault": {"field_null": {"field": "data"}}, "class": "positions"}"#,
        r#"{"fault": {"field_null": {"field": "balance"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_null": {"field": "positionAmt"}}, "class": "reads"}"#,
        r#"{"fault": "no_accounts", "class": "accounts"}"#,
        r#"{"fault": "duplicated_account", "class": "accounts"}"#,
        r#"{"fault": "position_sign_flip", "class": "reads"}"#,
        r#"{"fault": "negative_quantity", "class": "positions"}"#,
        r#"{"fault": "html_body", "class": "positions"}"#,
    ];

    /// One call takes all of them.
    fn check_cancels_of_six_hundred(desk: &Desk) {
        let cancels = desk.asked("/openApi/swap/v2/trade/allOpenOrders");
        assert!((1..=3).contains(&cancels.len()), "{cancels:?}");
        for path in cancels {
            assert!(!path.contains("symbol="), "{path}");
        }
    }
}
