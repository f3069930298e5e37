//! What a venue's key may do.

/// What a key may do, as its venue says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRights {
    /// Whether it may place and cancel orders: without that riskd can close nothing.
    pub may_trade: bool,
    /// Whether it may take money out of the venue.
    pub may_withdraw: bool,
    /// Whether it may move money between accounts of the venue.
    pub may_transfer: bool,
    /// Whether it is taken from listed addresses alone; `None` where nobody could be
    /// asked for that, nor for what else the key may do.
    pub is_bound: Option<bool>,
    /// When it ends, in the venue's own words, where it does.
    pub ends: Option<String>,
}

impl KeyRights {
    /// Those of a key whose account is known not to trade, and of which no more is.
    pub const fn of_idle_account() -> KeyRights {
        KeyRights {
            may_trade: false,
            may_withdraw: false,
            may_transfer: false,
            is_bound: None,
            ends: None,
        }
    }

    /// In words: `may read and trade, from listed addresses alone`.
    pub fn words(&self) -> String {
        let rights = [
            (self.may_trade, "trade"),
            (self.may_transfer, "transfer"),
            (self.may_withdraw, "withdraw"),
        ];
        let mut words = "may read".to_owned();
        let has = rights.iter().filter(|(has, _)| *has);
        for (_, right) in has {
            words += ", ";
            words += right;
        }
        words += match self.is_bound {
            Some(true) => "; from listed addresses alone",
            Some(false) => "; from any address",
            None => "; what else is not known",
        };
        if let Some(ends) = &self.ends {
            words += &format!("; until {ends}");
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_told_in_words() {
        let rights = KeyRights {
            may_trade: true,
            may_withdraw: false,
            may_transfer: false,
            is_bound: Some(true),
            ends: None,
        };
        assert_eq!(
            rights.words(),
            "may read, trade; from listed addresses alone"
        );
        let rights = KeyRights {
            may_withdraw: true,
            may_transfer: true,
            is_bound: Some(false),
            ends: Some("2027-01-01".to_owned()),
            ..rights
        };
        assert_eq!(
            rights.words(),
            "may read, trade, transfer, withdraw; from any address; until 2027-01-01"
        );
        assert_eq!(
            KeyRights::of_idle_account().words(),
            "may read; what else is not known"
        );
    }
}
