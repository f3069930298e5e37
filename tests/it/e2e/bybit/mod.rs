//! The real binary against Bybit's dialect of the paper venue. Cases with a number (B10,
//! B12, ...) are bugs that others met when they closed positions.

mod cases;
mod figures;
mod keys;
mod money;
mod protect;
mod secrets;
mod trouble;

use riskd_paper::{PaperConfig, VenueKind};

use super::desk::{self, BTC, BTC_USDC, ETH, Exchange, LIMIT, SECRET};

/// Bybit's v5.
struct Bybit;

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
}

type Desk = desk::Desk<Bybit>;

fn config() -> PaperConfig {
    desk::config::<Bybit>()
}
