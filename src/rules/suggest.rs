//! The nearest known word to one that is not known.

/// Longest word for which a near one is looked for, in characters.
const MAX_LENGTH: usize = 64;

/// The known word that `word` is most likely meant to be, if one is near: by
/// the number of characters inserted, left out, replaced or swapped.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let typed: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    if typed.is_empty() || typed.len() > MAX_LENGTH {
        return None;
    }
    let allowed = (typed.len() / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(typed.len()) <= allowed)
        .map(|candidate| (distance(&typed, candidate), candidate))
        .filter(|(steps, _)| *steps <= allowed)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `accounts`?", if there is a near word.
pub(crate) fn did_you_mean<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// The first character that people cannot see, or cannot tell from a space: such
/// as a no-break space, which some editors and most web pages put into a text.
pub(crate) fn odd_character(text: &str) -> Option<char> {
    text.chars().find(|c| is_odd(*c))
}

/// The text without such characters.
pub(crate) fn without_odd_characters(text: &str) -> String {
    text.chars().filter(|c| !is_odd(*c)).collect()
}

/// Whether a character looks like a space or like nothing, and is no plain space.
pub(crate) fn is_odd(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    );
    is_unseen || (c.is_whitespace() && !c.is_ascii())
}

/// The edit distance with swaps of neighbours (optimal string alignment).
fn distance(typed: &[char], candidate: &str) -> usize {
    let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, mine) in typed.iter().enumerate() {
        let mut current = Vec::with_capacity(above.len());
        current.push(row.saturating_add(1));
        for (column, theirs) in other.iter().enumerate() {
            let replaced = at(&above, column).saturating_add(usize::from(mine != theirs));
            let inserted = at(&current, column).saturating_add(1);
            let removed = at(&above, column.saturating_add(1)).saturating_add(1);
            let mut best = replaced.min(inserted).min(removed);
            let swapped = row > 0
                && column > 0
                && typed.get(row.wrapping_sub(1)) == Some(theirs)
                && other.get(column.wrapping_sub(1)) == Some(mine);
            if swapped {
                best = best.min(at(&before, column.wrapping_sub(1)).saturating_add(1));
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

fn at(row: &[usize], index: usize) -> usize {
    row.get(index).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let known = ["accounts", "account", "when", "then", "warn_at", "realized"];
        let cases = [
            ("acounts", Some("accounts")),
            ("Accounts", Some("accounts")),
            ("thne", Some("then")),
            ("hwen", Some("when")),
            ("warnat", Some("warn_at")),
            ("realised", Some("realized")),
            ("positions", None),
            ("", None),
            ("x", None),
        ];
        for (word, expect) in cases {
            assert_eq!(nearest(word, known), expect, "{word}");
        }
    }
}
