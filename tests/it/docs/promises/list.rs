//! What riskd promises at every venue, each with the tests that hold it.

/// A promise, and what holds it at each venue.
pub(super) struct Promise {
    pub(super) text: &'static str,
    /// Runs of every exchange, by file and name, unless `own` says otherwise.
    pub(super) runs: &'static [&'static str],
    pub(super) crosstrade: Cell,
    /// By the place of the exchange in [`super::EXCHANGES`].
    pub(super) own: Own,
}

/// What one venue has of a promise.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    /// A test, by its file and name.
    Test(&'static str),
    /// A test of several venues at once.
    Common(&'static str),
    /// Why the venue cannot.
    Not(&'static str),
}

/// What holds a promise at the exchanges.
#[derive(Clone, Copy)]
pub(super) enum Own {
    /// The runs alone.
    Runs,
    /// A cell for each of them.
    Each([Cell; 5]),
}

use Cell::{Common, Not, Test};
use Own::{Each, Runs};

const fn promise(text: &'static str, runs: &'static [&'static str], crosstrade: Cell) -> Promise {
    let own = Runs;
    Promise {
        text,
        runs,
        crosstrade,
        own,
    }
}

const fn each(text: &'static str, crosstrade: Cell, own: [Cell; 5]) -> Promise {
    let (runs, own): (&[&str], Own) = (&[], Each(own));
    Promise {
        text,
        runs,
        crosstrade,
        own,
    }
}

const NET: Cell = Not("positions are net");
const WHOLE: Cell = Not("one flatten closes all of it, whatever its size");
const NO_FLOWS: Cell = Not("lists no flows: `riskd rebase`");
const OWN_FIGURES: Cell = Not("the venue's own figures");
const NO_RIGHTS: Cell = Not("a token has no rights to read");
const UNSIGNED: Cell = Not("requests are not signed");
const NO_DEAD_MAN: Cell = Not("no such call that riskd uses");

pub(super) const PROMISES: &[Promise] = &[
    promise(
        "closes long and short in every margin asset, each once",
        &[
            "protect::a_crossed_limit_makes_an_account_in_two_margin_assets_flat_and_quiet",
            "protect::six_positions_in_two_margin_assets_are_closed_each_once",
        ],
        Test("crosstrade::a_long_and_a_short_are_closed"),
    ),
    promise(
        "closes both sides of hedge mode, each by its name",
        &[
            "cases::b11_both_sides_of_a_symbol_are_seen_and_closed",
            "cases::b10_each_close_names_the_side_of_its_position",
        ],
        NET,
    ),
    promise(
        "splits what is above the largest order, and learns when that changes",
        &[
            "protect::a_position_above_the_largest_market_order_is_closed_in_parts",
            "protect::rules_of_a_symbol_that_changed_are_read_after_a_refusal",
        ],
        WHOLE,
    ),
    promise(
        "sizes a close by what is held, rounded down",
        &["cases::b22_a_close_is_sized_by_what_is_held_and_rounded_down"],
        WHOLE,
    ),
    promise(
        "closes what is below the smallest order, and tells of dust",
        &[
            "cases::b7_a_position_below_the_smallest_order_is_closed",
            "cases::b7_dust_that_no_order_can_close_is_told",
        ],
        Not("trades whole contracts"),
    ),
    promise(
        "closes isolated positions",
        &["protect::an_account_with_isolated_margin_is_closed_and_counted_once"],
        Not("one margin an account"),
    ),
    promise(
        "closes one position and leaves the others",
        &["protect::one_position_is_closed_and_the_others_keep_their_stops"],
        Test("crosstrade::one_position_is_closed_and_the_others_keep_their_stops"),
    ),
    each(
        "reads and cancels orders of every kind",
        Test("crosstrade::orders_of_every_kind_are_cancelled"),
        [
            Test("books::b1_stops_are_read_and_cancelled_in_their_own_book_and_none_is_placed"),
            Test("cancels::b12_stops_that_a_cancel_leaves_are_cancelled_by_their_kind"),
            Test("plans::every_plan_type_is_listed_and_cancelled"),
            Test("plans::every_strategy_is_listed_and_cancelled"),
            Test(
                "orders::an_order_that_is_traded_in_parts_is_cancelled_and_what_it_opened_is_closed",
            ),
        ],
    ),
    promise(
        "cancels where nothing is held, and after flat",
        &[
            "protect::conditional_orders_of_symbols_without_a_position_are_cancelled",
            "cases::b4_b24_conditional_orders_are_cancelled_after_flat_too",
        ],
        Test("crosstrade::orders_of_every_kind_are_cancelled"),
    ),
    promise(
        "cancels hundreds of orders",
        &["protect::six_hundred_orders_are_cancelled_by_symbol"],
        Test("crosstrade::many_orders_are_cancelled"),
    ),
    promise(
        "is not held up by orders that hold the position",
        &["protect::a_target_that_holds_the_position_is_no_obstacle"],
        Not("orders hold no position"),
    ),
    promise(
        "proves flat: believes no empty list, and dates nothing by what it knew",
        &[
            "cases::b23_an_empty_list_beside_an_open_result_is_not_believed",
            "cases::b21_what_is_no_longer_listed_is_closed",
            "cases::b14_what_was_closed_and_opened_unseen_is_read_as_it_is",
        ],
        Test("adapter::what_an_answer_does_not_list_is_not_empty"),
    ),
    promise(
        "goes on after a close in part",
        &["trouble::a_market_order_that_fills_in_part_is_followed_by_another"],
        Test("crosstrade::a_flatten_that_closes_half_is_followed_by_another"),
    ),
    promise(
        "closes what comes while it closes",
        &["trouble::a_position_that_appears_while_another_is_closed_is_closed_too"],
        Test("crosstrade::a_position_that_comes_while_another_is_closed_is_closed_too"),
    ),
    promise(
        "closes again what is opened under a lock, each time",
        &[
            "protect::an_account_that_enters_again_while_locked_is_flat_again",
            "protect::an_account_that_is_opened_again_and_again_is_closed_each_time",
        ],
        Test("protect::a_locked_account_is_flattened_again_when_a_position_is_opened_by_hand"),
    ),
    promise(
        "finishes after a kill -9",
        &["protect::a_kill_between_firing_and_flat_is_finished_by_the_next_start"],
        Test("protect::a_kill_between_firing_and_flat_is_finished_by_the_next_start"),
    ),
    promise(
        "survives a lost answer: reads before it repeats",
        &["trouble::an_unknown_outcome_is_read_and_not_guessed"],
        Test("scenarios::lost_answer"),
    ),
    promise(
        "survives a wrong answer: fires nothing by it",
        &["trouble::an_answer_of_another_shape_is_unknown_and_fires_nothing"],
        Test("scenarios::not_a_number"),
    ),
    promise(
        "doubts figures that are zero all at once",
        &["money::a_wallet_that_shows_nothing_all_at_once_is_in_doubt"],
        Test("scenarios::jump_to_zero"),
    ),
    promise(
        "survives a refusal",
        &[
            "trouble::a_refusal_for_now_is_tried_again",
            "cases::b6_nothing_to_reduce_is_read_again_and_no_failure",
        ],
        Test("scenarios::failure_in_a_200"),
    ),
    promise(
        "tells a long refusal once and never gives up",
        &["trouble::a_venue_that_refuses_for_long_is_told_of_once_and_never_given_up"],
        Test("scenarios::refused_flatten"),
    ),
    promise(
        "waits for a venue that is away at the start",
        &["trouble::a_venue_that_is_away_at_the_start_is_waited_for"],
        Test("faults::a_venue_that_is_away_at_start_is_waited_for"),
    ),
    promise(
        "finishes when a venue that went away in a breach is back",
        &["trouble::a_venue_that_goes_away_in_a_breach_is_finished_when_it_is_back"],
        Test("faults::a_venue_that_goes_away_while_a_rule_fires_is_finished_when_it_is_back"),
    ),
    promise(
        "respects the limits in a breach",
        &["limits::the_limits_of_the_venue_are_kept_in_a_breach"],
        Test("crosstrade::the_limits_of_the_venue_are_kept_in_a_breach"),
    ),
    promise(
        "closes after *too many requests*",
        &["trouble::too_many_visits_in_the_middle_of_a_breach_cost_a_second"],
        Test("crosstrade::too_many_requests_in_the_middle_of_a_breach_cost_as_long_as_they_say"),
    ),
    promise(
        "closes after its address was turned away",
        &["trouble::an_address_that_is_turned_away_in_a_breach_is_let_in_again"],
        Test("crosstrade::an_address_that_is_turned_away_in_a_breach_is_let_in_again"),
    ),
    promise(
        "closes while the venue sheds load",
        &["trouble::a_venue_that_is_throttled_still_lets_closes_through"],
        Not("says nothing of that"),
    ),
    promise(
        "bears a clock that is off",
        &["trouble::a_clock_that_is_off_is_measured_and_nothing_is_lost"],
        Test("faults::a_clock_that_differs_from_the_venues_is_told_of"),
    ),
    promise(
        "recognises flows, also those of before",
        &[
            "money::deposits_and_withdrawals_fire_nothing_and_results_go_on",
            "money::what_moved_while_riskd_was_away_is_no_result_either",
            "money::money_that_moves_under_other_words_is_a_flow_too",
        ],
        NO_FLOWS,
    ),
    promise(
        "takes funding, and what nobody has documented, for results",
        &[
            "money::funding_is_a_result",
            "money::a_movement_that_nobody_has_documented_is_a_result_and_told_once",
        ],
        OWN_FIGURES,
    ),
    promise(
        "counts an open loss once",
        &["cases::b13_an_open_loss_counts_once"],
        Test("protect::a_crossed_limit_makes_the_account_flat_and_the_record_tells_the_story"),
    ),
    promise(
        "counts what the session made before riskd came",
        &[
            "money::what_was_made_before_riskd_came_counts_in_mid_session",
            "money::what_was_carried_over_the_open_counts_from_first_sight",
        ],
        OWN_FIGURES,
    ),
    promise(
        "takes figures for unknown beside a margin that it does not count",
        &["money::b8_a_position_with_its_margin_elsewhere_makes_the_figures_unknown"],
        Not("one currency an account"),
    ),
    promise(
        "rests nothing on a stop",
        &["cases::b9_a_stop_that_vanishes_is_no_event"],
        Not("nobody has met stops that vanish"),
    ),
    promise(
        "shows what positions are worth",
        &["figures::what_positions_are_worth_is_shown_wherever_they_are"],
        Not("says no mark price and no worth"),
    ),
    promise(
        "refuses a key that may withdraw, a renewed one too",
        &[
            "keys::a_key_that_may_withdraw_is_refused_at_a_first_start_and_kept_later",
            "keys::a_renewed_key_that_may_withdraw_is_refused_and_the_old_one_goes_on",
            "keys::a_key_that_the_venue_refuses_is_not_followed_by_one_that_may_withdraw",
        ],
        NO_RIGHTS,
    ),
    promise(
        "is not ready with a key that only reads, and says what a key may do",
        &[
            "keys::riskd_is_not_ready_with_a_key_that_only_reads",
            "keys::check_says_what_the_venue_says_of_the_key",
        ],
        NO_RIGHTS,
    ),
    promise(
        "tells of a key that is refused, and uses the next one",
        &["keys::a_key_that_the_venue_refuses_is_told_and_the_next_one_is_used"],
        Test("secrets::a_token_that_was_replaced_is_read_by_a_reload_and_after_a_refusal"),
    ),
    promise(
        "loses nothing when a key is replaced in a breach, or is not",
        &[
            "keys::a_key_that_is_replaced_while_an_account_is_closed_loses_nothing",
            "keys::a_reload_asks_nothing_of_a_key_that_stayed_the_same",
        ],
        UNSIGNED,
    ),
    promise(
        "shows no part of a key anywhere",
        &["secrets::keys_secrets_and_signatures_are_nowhere"],
        Test("secrets::the_token_is_nowhere"),
    ),
    promise(
        "flattens by hand without the daemon",
        &["protect::riskd_flatten_needs_no_daemon"],
        Test("flatten::without_a_daemon_it_looks_by_itself_and_notes_it_in_the_record"),
    ),
    promise(
        "sends nothing in observe mode",
        &["protect::observe_mode_decides_and_sends_nothing"],
        Test("protect::observe_mode_decides_and_sends_nothing"),
    ),
    promise(
        "probes a live venue by reads alone, beside the daemon too",
        &[
            "probe::a_probe_says_what_the_venue_answers_to_reads_alone",
            "probe::a_probe_tells_the_shape_of_what_is_empty",
            "probe::a_probe_tells_what_cannot_be_understood",
            "probe::a_probe_beside_the_daemon_disturbs_nothing",
        ],
        Test("crosstrade::a_probe_says_what_the_venue_answers_to_reads_alone"),
    ),
    each(
        "is untouched while another venue of the file fails",
        Test("several_venues::the_others_are_untouched_while_binance_fails"),
        [
            Common("several_venues::the_others_are_untouched_while_crosstrade_fails"),
            Common("several_venues::the_others_are_untouched_while_crosstrade_fails"),
            Common("several_venues::the_others_are_untouched_while_crosstrade_fails"),
            Common("several_venues::the_others_are_untouched_while_crosstrade_fails"),
            Common("several_venues::the_others_are_untouched_while_crosstrade_fails"),
        ],
    ),
    each(
        "is seen again and protected after it failed in every way",
        Test("several_venues::the_others_are_untouched_while_crosstrade_fails"),
        [
            Common("several_venues::the_others_are_untouched_while_binance_fails"),
            Common("several_venues::the_others_are_untouched_while_bybit_fails"),
            Common("several_venues::the_others_are_untouched_while_bitget_fails"),
            Common("several_venues::the_others_are_untouched_while_unified_bitget_fails"),
            Common("several_venues::the_others_are_untouched_while_bingx_fails"),
        ],
    ),
    each(
        "has the venue cancel orders when riskd is gone",
        NO_DEAD_MAN,
        [
            Test("dead_man::orders_of_a_flat_account_go_when_riskd_is_killed"),
            NO_DEAD_MAN,
            NO_DEAD_MAN,
            NO_DEAD_MAN,
            Test("dead_man::orders_of_a_flat_account_go_when_riskd_is_killed"),
        ],
    ),
];
