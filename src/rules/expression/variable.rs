//! What an expression may read: one table for checking, evaluation and docs.

use std::fmt;

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// An amount in the account's currency.
    Money,
    /// A count or a quantity.
    Count,
    /// Whole minutes.
    Minutes,
    /// Whole seconds.
    Seconds,
    /// True or false.
    Flag,
}

impl VariableKind {
    /// The word in the docs.
    pub const fn name(self) -> &'static str {
        match self {
            VariableKind::Money => "money",
            VariableKind::Count => "number",
            VariableKind::Minutes => "minutes",
            VariableKind::Seconds => "seconds",
            VariableKind::Flag => "true or false",
        }
    }
}

macro_rules! variables {
    ($($variable:ident $name:literal $kind:ident $meaning:literal)+) => {
        /// Something that an expression may read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Variable {
            $(#[doc = $meaning] $variable,)+
        }

        impl Variable {
            /// Every variable, in the order of the docs.
            pub const ALL: &'static [Variable] = &[$(Variable::$variable,)+];

            /// The name in expressions.
            pub const fn name(self) -> &'static str {
                match self { $(Variable::$variable => $name,)+ }
            }

            /// What it holds.
            pub const fn kind(self) -> VariableKind {
                match self { $(Variable::$variable => VariableKind::$kind,)+ }
            }

            /// What it means: a sentence for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Variable::$variable => $meaning,)+ }
            }

            /// The variable of this name.
            pub fn named(name: &str) -> Option<Variable> {
                match name { $($name => Some(Variable::$variable),)+ _ => None }
            }
        }
    };
}

variables! {
    SessionPnl "session_pnl" Money "Result of the session, open positions counted."
    Realized "realized" Money "Closed result of the session."
    Unrealized "unrealized" Money "Open result of the held positions."
    WeekPnl "week_pnl" Money "Result of the week by trade date, Monday to Sunday, open positions counted."
    WeekRealized "week_realized" Money "Closed result of that week."
    MonthPnl "month_pnl" Money "Result of the calendar month by trade date, open positions counted."
    MonthRealized "month_realized" Money "Closed result of that month."
    LifetimePnl "lifetime_pnl" Money "`equity - starting_balance`."
    LifetimeRealized "lifetime_realized" Money "`balance - starting_balance`."
    Balance "balance" Money "Cash without the open result."
    Equity "equity" Money "Cash with the open result (net liquidation)."
    StartingBalance "starting_balance" Money "What the rule file says the account started with."
    SessionOpenBalance "session_open_balance" Money "Balance at the session's open."
    SessionOpenEquity "session_open_equity" Money "Equity at the session's open."
    SessionPnlHigh "session_pnl_high" Money "Highest `session_pnl` of the session; it begins at zero."
    SessionEquityHigh "session_equity_high" Money "Highest equity of the session."
    SessionBalanceHigh "session_balance_high" Money "Highest balance of the session."
    UnrealizedHigh "unrealized_high" Money "Highest open result of the session since the account was last flat."
    LifetimeEquityHigh "lifetime_equity_high" Money "Highest equity ever observed, or `starting_balance` when that is higher."
    LifetimeBalanceHigh "lifetime_balance_high" Money "Highest balance ever observed, or `starting_balance` when that is higher."
    Positions "positions" Count "Number of instruments with a position; long and short at once count as two."
    Contracts "contracts" Count "Contracts held, long and short added up."
    LongContracts "long_contracts" Count "Contracts held long."
    ShortContracts "short_contracts" Count "Contracts held short; never below zero."
    WorkingOrders "working_orders" Count "Number of orders that may still fill."
    LargestOrder "largest_order" Count "Largest quantity that one working order may still fill; zero when there is none."
    MinutesSinceOpen "minutes_since_open" Minutes "Full minutes since the session opened."
    MinutesToClose "minutes_to_close" Minutes "Minutes until the session closes, begun ones counted; zero at the close, below zero until the next session opens."
    DataAgeSeconds "data_age_seconds" Seconds "Full seconds since the newest trustworthy observation was asked for, or since riskd started when there was none."
    IsFlat "is_flat" Flag "Whether no position is held; working orders do not count."
}

impl Variable {
    /// Whether it is known only for an account with a `starting_balance`.
    pub const fn needs_starting_balance(self) -> bool {
        matches!(
            self,
            Variable::StartingBalance | Variable::LifetimePnl | Variable::LifetimeRealized
        )
    }

    /// Whether it turns on the working orders.
    pub const fn needs_orders(self) -> bool {
        matches!(self, Variable::WorkingOrders | Variable::LargestOrder)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The variables as a table in Markdown, as it stands in the docs.
pub fn variables_table() -> String {
    let mut table = String::from("| variable | holds | meaning |\n|---|---|---|\n");
    for variable in Variable::ALL {
        table.push_str(&format!(
            "| `{}` | {} | {} |\n",
            variable.name(),
            variable.kind().name(),
            variable.meaning()
        ));
    }
    table
}
