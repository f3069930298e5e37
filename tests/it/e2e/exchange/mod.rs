//! The real binary against the exchanges of the paper venue: each run for each of them.
//! Runs with a number (B2, B12, ...) are bugs that others met when they closed
//! positions; docs/venues.md lists them.
//!
//! Another exchange is a folder with its row, [`Exchange`], and `runs_of!`; what it
//! alone has stands in that folder too.

mod cases;
mod desk;
mod figures;
mod keys;
mod limits;
mod money;
mod probe;
mod protect;
mod secrets;
mod trouble;

use riskd_paper::{PaperConfig, VenueKind};

use self::desk::{BTC, BTC_USDC, Desk, ETH, LIMIT, SECRET};

/// Gives an exchange every run, as tests beside this call.
macro_rules! runs_of {
    ($exchange:ty) => {
        runs_of! { $exchange; cases:
            b4_b24_conditional_orders_are_cancelled_after_flat_too
            b6_nothing_to_reduce_is_read_again_and_no_failure
            b7_a_position_below_the_smallest_order_is_closed
            b7_dust_that_no_order_can_close_is_told
            b9_a_stop_that_vanishes_is_no_event
            b10_each_close_names_the_side_of_its_position
            b11_both_sides_of_a_symbol_are_seen_and_closed
            b13_an_open_loss_counts_once
            b14_what_was_closed_and_opened_unseen_is_read_as_it_is
            b21_what_is_no_longer_listed_is_closed
            b22_a_close_is_sized_by_what_is_held_and_rounded_down
            b23_an_empty_list_beside_an_open_result_is_not_believed
        }
        runs_of! { $exchange; figures:
            what_positions_are_worth_is_shown_wherever_they_are
        }
        runs_of! { $exchange; keys:
            a_key_that_the_venue_refuses_is_told_and_the_next_one_is_used
            a_key_that_may_withdraw_is_refused_at_a_first_start_and_kept_later
            riskd_is_not_ready_with_a_key_that_only_reads
            check_says_what_the_venue_says_of_the_key
            a_renewed_key_that_may_withdraw_is_refused_and_the_old_one_goes_on
            a_key_that_the_venue_refuses_is_not_followed_by_one_that_may_withdraw
            a_key_that_is_replaced_while_an_account_is_closed_loses_nothing
            a_reload_asks_nothing_of_a_key_that_stayed_the_same
        }
        runs_of! { $exchange; limits:
            the_limits_of_the_venue_are_kept_in_a_breach
        }
        runs_of! { $exchange; money:
            deposits_and_withdrawals_fire_nothing_and_results_go_on
            what_moved_while_riskd_was_away_is_no_result_either
            money_that_moves_under_other_words_is_a_flow_too
            a_movement_that_nobody_has_documented_is_a_result_and_told_once
            funding_is_a_result
            a_wallet_that_shows_nothing_all_at_once_is_in_doubt
            b8_a_position_with_its_margin_elsewhere_makes_the_figures_unknown
            what_was_made_before_riskd_came_counts_in_mid_session
            what_was_carried_over_the_open_counts_from_first_sight
        }
        runs_of! { $exchange; probe:
            a_probe_says_what_the_venue_answers_to_reads_alone
            a_probe_tells_the_shape_of_what_is_empty
            a_probe_tells_what_cannot_be_understood
            a_probe_beside_the_daemon_disturbs_nothing
        }
        runs_of! { $exchange; protect:
            a_crossed_limit_makes_an_account_in_two_margin_assets_flat_and_quiet
            six_positions_in_two_margin_assets_are_closed_each_once
            an_account_with_isolated_margin_is_closed_and_counted_once
            conditional_orders_of_symbols_without_a_position_are_cancelled
            a_position_above_the_largest_market_order_is_closed_in_parts
            rules_of_a_symbol_that_changed_are_read_after_a_refusal
            six_hundred_orders_are_cancelled_by_symbol
            a_target_that_holds_the_position_is_no_obstacle
            an_account_that_enters_again_while_locked_is_flat_again
            an_account_that_is_opened_again_and_again_is_closed_each_time
            a_kill_between_firing_and_flat_is_finished_by_the_next_start
            riskd_flatten_needs_no_daemon
            one_position_is_closed_and_the_others_keep_their_stops
            observe_mode_decides_and_sends_nothing
        }
        runs_of! { $exchange; secrets:
            keys_secrets_and_signatures_are_nowhere
        }
        runs_of! { $exchange; trouble:
            a_venue_that_is_away_at_the_start_is_waited_for
            a_venue_that_goes_away_in_a_breach_is_finished_when_it_is_back
            too_many_visits_in_the_middle_of_a_breach_cost_a_second
            an_address_that_is_turned_away_in_a_breach_is_let_in_again
            an_unknown_outcome_is_read_and_not_guessed
            a_refusal_for_now_is_tried_again
            a_venue_that_refuses_for_long_is_told_of_once_and_never_given_up
            a_venue_that_is_throttled_still_lets_closes_through
            a_clock_that_is_off_is_measured_and_nothing_is_lost
            a_position_that_appears_while_another_is_closed_is_closed_too
            a_market_order_that_fills_in_part_is_followed_by_another
            an_answer_of_another_shape_is_unknown_and_fires_nothing
        }
    };
    ($exchange:ty; $file:ident: $($run:ident)+) => {
        $(
            #[test]
            fn $run() {
                $crate::e2e::exchange::$file::$run::<$exchange>();
            }
        )+
    };
}

mod binance;
mod bingx;
mod bitget;
mod bybit;

/// What the runs must know of an exchange.
trait Exchange: Sized {
    /// Whose dialect the paper venue speaks.
    const KIND: VenueKind;
    /// Its kind in a rule file.
    const NAME: &'static str;

    /// The parts of a key, as the rule file names them.
    const PARTS: &'static [&'static str] = &["key", "secret"];

    /// What is special of its accounts.
    fn prepare(_config: &mut PaperConfig) {}
    /// How it spells a contract of the scenario.
    fn spelled(symbol: &str) -> String {
        symbol.to_owned()
    }

    /// How many requests close so many positions that are seen at once.
    fn closes(positions: usize) -> usize {
        positions
    }

    /// Whether it says the maintenance margin of what is held.
    const SAYS_MAINTENANCE: bool = true;

    /// More keys of the venue, where it is reached at this address.
    fn more(address: &str) -> String;

    /// Whether anybody may ask for this.
    fn is_public(path: &str) -> bool;

    /// Whether riskd has business there.
    fn is_known(path: &str) -> bool;

    /// Where the wallets are read.
    const WALLETS: &'static str;
    /// Where it is read what a key may do, before the key is used for anything else.
    const RIGHTS: &'static [&'static str];
    /// What the venue says to a signature by another secret.
    const WRONG_SECRET: &'static str;
    /// What it says to a key that it does not know.
    const UNKNOWN_KEY: &'static str;

    /// A contract whose margin is no dollar: its symbol, its price, the asset, and how
    /// much of it is opened.
    const ELSEWHERE: Elsewhere;
    /// Words for money that comes or goes, beside those of a transfer.
    const FLOWS: [&'static str; 2];
    /// What an account has paid for 0.5 BTC over midnight and eight o'clock, beside
    /// 505 of open loss: the value of the firing.
    const CARRIED_OVER: &'static str;

    /// The code of a close that finds nothing to reduce.
    const NOTHING_TO_REDUCE: i64;
    /// The code of a refusal that may be another one soon.
    const NOT_NOW: i64;
    /// Codes whose texts name what was signed, or turn a request away.
    const CODES: [i64; 5];

    /// Faults: no list shows what is held.
    const HIDES_POSITIONS: &'static [&'static str];
    /// Faults: too much was asked, three times.
    const TOO_MANY: &'static str;
    /// Faults: what came of a close is not known.
    const UNKNOWN_OUTCOMES: &'static [&'static str];
    /// Faults: reads of shapes that nobody has documented.
    const ODD_SHAPES: &'static [&'static str];

    /// What the venue was asked to cancel 600 orders of BTC and 60 of ETH.
    fn check_cancels_of_six_hundred(desk: &Desk<Self>);
}

/// A contract with its margin outside the assets that count.
struct Elsewhere {
    symbol: &'static str,
    price: i64,
    asset: &'static str,
    quantity: &'static str,
}
