//! Words of the venue, made safe to record and to show.

use std::sync::Arc;

use crate::secret::Secret;

/// The most that is kept of the venue's words, in characters.
pub(crate) const MAX_WORDS: usize = 200;

/// One line of at most [`MAX_WORDS`] characters, without control characters,
/// and without a secret should one be echoed; each is given with its name.
pub(crate) fn clean<'s>(
    words: &str,
    secrets: impl Iterator<Item = (&'static str, &'s Secret)> + Clone,
) -> Arc<str> {
    // The secrets are looked for before anything is cut off or taken out, and
    // once more after, since taking out could put one together.
    let hide = |words: &str| {
        let hidden = |words: String, (name, secret): (&str, &Secret)| {
            words.replace(secret.expose(), &format!("[{name}]"))
        };
        secrets.clone().fold(words.to_owned(), hidden)
    };
    let hidden = hide(words);
    let line: String = hidden
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let hidden = hide(&line);
    let kept: String = hidden.trim().chars().take(MAX_WORDS).collect();
    Arc::from(kept)
}

/// Marks that are not shown, or turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_short_line_without_the_token() {
        let token = Secret::new("s3cret-token".to_owned()).unwrap();
        let long = "ü".repeat(500);
        for (words, expected) in [
            ("plain", "plain"),
            ("two\nlines\ttab", "two lines tab"),
            ("bell\u{7}\u{1b}[31m", "bell[31m"),
            ("turned\u{202e}", "turned"),
            ("bad token s3cret-token!", "bad token [token]!"),
            ("hidden s3cret\u{0}-token", "hidden [token]"),
            ("", ""),
            (&long, &"ü".repeat(200)),
        ] {
            assert_eq!(&*clean(words, [("token", &token)].into_iter()), expected);
        }
        let edge = format!("{}s3cret-token", "x".repeat(195));
        assert!(!clean(&edge, [("token", &token)].into_iter()).contains("s3c"));
    }
}
