//! The real binary against Binance's dialect of the paper venue. Cases with a number
//! (B2, B3, ...) are bugs that others met when they closed positions.

mod cases;
mod dead_man;
mod keys;
mod money;
mod protect;
mod trouble;

use riskd_paper::{PaperConfig, VenueKind};

use super::desk::{self, BTC, BTC_USDC, ETH, Exchange, LIMIT, SECRET};

/// Binance's USD-M futures.
struct Binance;

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
}

type Desk = desk::Desk<Binance>;

fn config() -> PaperConfig {
    desk::config::<Binance>()
}
