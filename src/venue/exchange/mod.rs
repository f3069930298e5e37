//! What the exchanges have in common: a key is one account, money lies in wallets by
//! asset, and a list says what moved it.
//!
//! - `adapter` makes a venue of what each does in its own way, `meaning` says what their
//!   answers mean alike
//! - `wallet` adds up the assets that count
//! - `held` keeps positions with the asset of their margin
//! - `ledger` holds the wallets against the list of what moved money
//! - `made` sums what that list says was made in a span of time
//! - `learned` is what a poll teaches of all that
//! - `listed_symbols` keeps the rules of symbols where a venue says all of them at once
//! - `order_ids` names the orders of this process
//! - `symbols` knows the rules of the symbols that are held
//! - `client` asks a venue that takes everything in the query of a call, which is a
//!   `route`

pub(super) mod adapter;
pub(super) mod client;
pub(super) mod held;
pub(super) mod learned;
pub(super) mod ledger;
pub(super) mod listed_symbols;
pub(super) mod made;
pub(super) mod meaning;
pub(super) mod order_ids;
pub(super) mod route;
pub(super) mod symbols;
pub(super) mod wallet;
