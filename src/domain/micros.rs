//! Micro contracts and the contracts that they are fractions of.

/// Micro futures and their full-size contracts (CME Group product list). A
/// micro is a tenth of its parent, but for silver (a fifth) and the coins.
const MICROS: [(&str, &str); 18] = [
    ("MES", "ES"),
    ("MNQ", "NQ"),
    ("M2K", "RTY"),
    ("MYM", "YM"),
    ("MCL", "CL"),
    ("MNG", "NG"),
    ("MGC", "GC"),
    ("SIL", "SI"),
    ("MHG", "HG"),
    ("M6E", "6E"),
    ("M6B", "6B"),
    ("M6A", "6A"),
    ("MCD", "6C"),
    ("MSF", "6S"),
    ("MBT", "BTC"),
    ("MET", "ETH"),
    ("MJY", "6J"),
    ("MIR", "6R"),
];

/// Whether this root is a micro contract.
pub fn is_micro(root: &str) -> bool {
    MICROS
        .iter()
        .any(|(micro, _)| micro.eq_ignore_ascii_case(root))
}

/// Each micro with its parent: the groups that move together.
pub fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    MICROS.into_iter()
}
