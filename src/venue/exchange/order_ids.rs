//! The ids of this process' orders.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives each order an id of its own, of at most 36 plain characters.
#[derive(Debug)]
pub(in crate::venue) struct OrderIds {
    /// What sets this process apart.
    origin: u64,
    next: AtomicU64,
}

impl OrderIds {
    /// For the orders of one adapter.
    pub(in crate::venue) fn new() -> OrderIds {
        OrderIds {
            origin: RandomState::new().hash_one(0_u8),
            next: AtomicU64::new(1),
        }
    }

    /// An id that no other order has.
    pub(in crate::venue) fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("rd-{:016x}-{number:x}", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_an_id_of_its_own_that_a_venue_takes() {
        let (ids, others) = (OrderIds::new(), OrderIds::new());
        let all = [ids.next(), ids.next(), others.next()];
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        for (place, id) in all.iter().enumerate() {
            assert!(id.len() <= 36 && id.bytes().all(is_plain), "{id}");
            assert!(!all.iter().skip(place + 1).any(|other| other == id), "{id}");
        }
    }
}
