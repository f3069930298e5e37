//! Binance's USD-M futures.

mod assets;
mod books;
mod dead_man;
mod limits;
mod rights;

use riskd_paper::VenueKind;

use super::{Elsewhere, Exchange};

struct Binance;

type Desk = super::Desk<Binance>;

runs_of!(Binance);

impl Exchange for Binance {
    const KIND: VenueKind = VenueKind::Binance;
    const NAME: &'static str = "binance";

    fn more(address: &str) -> String {
        format!(r#", rights_url: "http://{address}""#)
    }

    fn is_public(path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        ["/fapi/v1/time", "/fapi/v1/exchangeInfo"].contains(&path)
    }

    fn is_known(path: &str) -> bool {
        path.starts_with("/fapi/") || path.starts_with("/sapi/v1/account/apiRestrictions")
    }

    const WALLETS: &'static str = "/fapi/v3/account?";
    const RIGHTS: &'static [&'static str] =
        &["/fapi/v1/accountConfig", "/sapi/v1/account/apiRestrictions"];
    const WRONG_SECRET: &'static str = "code -1022";
    const UNKNOWN_KEY: &'static str = "code -2015";

    /// The credits in which accounts of the EU have their margin.
    const ELSEWHERE: Elsewhere = Elsewhere {
        symbol: "SOLUSDT",
        price: 100,
        asset: "BNFCR",
        quantity: "10",
    };
    const FLOWS: [&'static str; 2] = ["COIN_SWAP_WITHDRAW", "INTERNAL_TRANSFER"];
    const CARRIED_OVER: &'static str = "-510.00";

    const NOTHING_TO_REDUCE: i64 = -2022;
    /// A market order would go too far through the book.
    const NOT_NOW: i64 = -4131;
    const CODES: [i64; 5] = [-1021, -1022, -2015, -1003, -1007];

    const HIDES_POSITIONS: &'static [&'static str] = &[
        r#"{"fault": "positions_missing", "class": "positions"}"#,
        r#"{"fault": "positions_missing", "class": "accounts"}"#,
    ];
    const TOO_MANY: &'static str =
        r#"{"fault": {"status": {"code": 429, "retry_after": 1}}, "class": "flatten", "count": 3}"#;
    const UNKNOWN_OUTCOMES: &'static [&'static str] = &[
        r#"{"fault": {"code": {"code": -1007, "after_effect": true}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"code": {"code": -1006}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 503, "after_effect": true}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 503}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": "lost_after_effect", "class": "flatten", "count": 1}"#,
        r#"{"fault": "html_body", "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 1}"#,
    ];
    const ODD_SHAPES: &'static [&'static str] = &[
        r#"{"fault": "data_wrapper", "class": "reads"}"#,
        r#"{"fault": {"field_missing": {"field": "assets"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_missing": {"field": "positions"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_null": {"field": "walletBalance"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_null": {"field": "positionAmt"}}, "class": "reads"}"#,
        r#"{"fault": "no_accounts", "class": "accounts"}"#,
        r#"{"fault": "duplicated_account", "class": "accounts"}"#,
        r#"{"fault": "position_sign_flip", "class": "reads"}"#,
        r#"{"fault": "html_body", "class": "accounts"}"#,
    ];

    /// More than the venue lets an account have: one call takes all of a symbol in a
    /// book, of BTC beside the close and of ETH once the books were read.
    fn check_cancels_of_six_hundred(desk: &Desk) {
        for path in ["/fapi/v1/allOpenOrders", "/fapi/v1/algoOpenOrders"] {
            let cancels = desk.asked(path);
            assert!((1..=3).contains(&cancels.len()), "{cancels:?}");
        }
    }
}
