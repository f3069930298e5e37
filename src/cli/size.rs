//! Sizes as people read them.

/// `512 B`, `4.1 KB`, `12.3 MB`, `1.0 GB`; decimal units, cut off and not
/// rounded.
pub(super) fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    for (unit, name) in units {
        let whole = count.checked_div(unit).unwrap_or_default();
        if whole > 0 {
            let tenths = count.checked_rem(unit).unwrap_or_default();
            let tenth = tenths.saturating_mul(10).checked_div(unit).unwrap_or(0);
            return format!("{whole}.{tenth} {name}");
        }
    }
    format!("{count} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_their_unit() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (4_096, "4.0 KB"),
            (999_999, "999.9 KB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18446744073.7 GB"),
        ];
        for (count, expect) in cases {
            assert_eq!(bytes(count), expect);
        }
    }
}
