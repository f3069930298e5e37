//! Amounts of any size: an account may be worth half a bitcoin.
