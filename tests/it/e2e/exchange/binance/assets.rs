//! What single-asset and multi-assets mode show.

use rust_decimal::Decimal;

use super::{Binance, Desk};
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, LIMIT};

/// In multi-assets mode the totals are of all assets in dollars, and what is free is
/// shown for each asset.
#[test]
fn multi_assets_mode_counts_each_asset_once() {
    let mut config = config::<Binance>();
    let main = &mut config.accounts[0];
    main.multi_assets = true;
    main.wallets.push(("BTC".to_owned(), Decimal::ONE));
    let mut desk = Desk::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .wait_for("the coin", |rig| rig.count("blind_spot") == 1);
    desk.price(BTC, 49_100);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.crosses_to_flat();
}
