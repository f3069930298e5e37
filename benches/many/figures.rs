//! The table.

use super::limits::{POLL_GAP, budget, limits};
use super::measure::{Figures, Last};
use super::run::{Bot, Variant};

/// What stands over the rows of one number of accounts.
pub fn print_head(count: usize) {
    println!(
        "{count} accounts on one token, all through their limit at once; seconds after the crossing was seen"
    );
    println!(
        "{:<9}{:>14}{:>9}{:>14}{:>16}{:>12}{:>12}{:>7}{:>10}{:>7}{:>5}{:>7}",
        "",
        "last flatten",
        "crossed",
        "positions",
        "flat and quiet",
        "at the",
        "at the",
        "poll",
        "needless",
        "worst",
        "429",
        "data"
    );
    println!(
        "{:<9}{:>14}{:>9}{:>14}{:>16}{:>12}{:>12}{:>7}{:>10}{:>7}{:>5}{:>7}",
        "",
        "on the wire",
        "+",
        "proven",
        "proven",
        "venue flat",
        "quiet",
        "gap",
        "flattens",
        "minute",
        "",
        "lost"
    );
}

/// One row, with its limit and what the budget allows below it.
pub fn print_row(variant: Variant, figures: &Figures) {
    println!(
        "{:<9}{:>14}{:>9.2}{:>14}{:>16}{:>12}{:>12}{:>7.2}{:>10}{:>7}{:>5}{:>7}  {}",
        variant.name(),
        reached(figures.last_flatten),
        figures.last_flatten.seconds + figures.seen_after,
        figures.positions_proven.map_or("-".to_owned(), reached),
        reached(figures.all_proven),
        reached(figures.venue_flat),
        reached(figures.venue_quiet),
        figures.poll_gap,
        figures.needless,
        figures.worst_minute,
        figures.refused_429,
        figures.data_lost,
        notes(figures)
    );
    let bounds = [
        ("  limit", limits(figures.count, variant)),
        ("  budget", budget(figures.count, variant)),
    ];
    for (name, bounds) in bounds {
        println!(
            "{name:<9}{:>14.2}{:>9}{:>14.2}{:>16.2}{:>12}{:>12}{:>7.2}{:>10}",
            bounds.last_flatten,
            "",
            bounds.positions_proven,
            bounds.all_proven,
            "",
            "",
            POLL_GAP,
            0
        );
    }
}

fn notes(figures: &Figures) -> String {
    let mut notes = Vec::new();
    if figures.overlapping > 0 {
        notes.push(format!("{} overlapping", figures.overlapping));
    }
    if !figures.note.is_empty() {
        notes.push(figures.note.clone());
    }
    notes.join("; ")
}

/// The time of the last, or of how many of them where some are not there.
fn reached(last: Last) -> String {
    if last.reached == last.of {
        // The venue is looked at every few milliseconds: it may have been flat a
        // little before the answer that showed the crossing was there.
        return format!("{:.2}", last.seconds.max(0.0));
    }
    if last.reached == 0 {
        return format!("0/{}", last.of);
    }
    format!("{}/{}: {:.1}", last.reached, last.of, last.seconds)
}

/// The row of the bot.
pub fn print_bot(count: usize, bot: &Bot) {
    println!(
        "bot: the first of {count} accounts, locked, is opened again 0.3 s after each close, for 60 s:\n  \
         open {:.0} % of the time, at most {:.2} s in one go; opened {} times, {} flattens, \
         poll gap {:.2} s, {} requests in the worst minute",
        bot.open_share * 100.0,
        bot.longest_open,
        bot.opened,
        bot.flattens,
        bot.poll_gap,
        bot.worst_minute
    );
}
