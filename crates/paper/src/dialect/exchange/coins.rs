//! The coins of an instrument, and what they are worth.

use rust_decimal::Decimal;

use crate::sim::Simulation;
use crate::sim::market::Contract;

/// The coin that is traded: `BTC` of `BTCUSDT`, `BTC-USDT`, `BTCPERP`, `BTCUSD`.
pub(crate) fn base_coin(contract: &Contract) -> &str {
    let symbol = contract.symbol.as_str();
    ["USDT", "USDC", "PERP", "USD"]
        .into_iter()
        .find_map(|quote| symbol.strip_suffix(quote))
        .unwrap_or(symbol)
        .trim_end_matches('-')
}

/// What one of a coin is worth in dollars: a dollar coin one, another what its
/// perpetual says.
pub(crate) fn dollars(sim: &Simulation, coin: &str) -> Option<Decimal> {
    if matches!(coin, "USD" | "USDT" | "USDC") {
        return Some(Decimal::ONE);
    }
    let mut contracts = sim.market.contracts.iter();
    let found = contracts.find(|contract| base_coin(contract) == coin);
    found.map(Contract::mark)
}
