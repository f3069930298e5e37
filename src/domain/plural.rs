//! Numbers of things in words.

/// `1 account`, `2 accounts`: the plural is made with an `s`.
pub fn counted(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_one() {
        assert_eq!(counted(0_usize, "poll"), "0 polls");
        assert_eq!(counted(1_u64, "poll"), "1 poll");
        assert_eq!(counted(2_u32, "poll"), "2 polls");
    }
}
