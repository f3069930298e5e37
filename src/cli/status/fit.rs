//! A text on a screen that has so many rows and columns.

/// The text, cut to what the terminal of stdout shows; as it is when its size is
/// not known.
pub(super) fn to_screen(text: &str) -> String {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_row > 1 && size.ws_col > 1 => {
            fitted(text, usize::from(size.ws_row), usize::from(size.ws_col))
        }
        _ => text.to_owned(),
    }
}

/// The text without what stands to the right and below of a screen. What is
/// left out below is counted on the last row.
fn fitted(text: &str, rows: usize, columns: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let cut = |lines: &[&str]| -> String {
        let cut: Vec<String> = lines.iter().map(|line| line_cut(line, columns)).collect();
        cut.join("\n")
    };
    if lines.len() <= rows {
        return cut(&lines);
    }
    let (shown, left) = lines.split_at(rows.saturating_sub(1));
    let more = format!("... {} more lines in a taller window", left.len());
    format!("{}\n{}", cut(shown), line_cut(&more, columns))
}

/// The first characters of a line. What only colours them takes no room, and
/// stays to the end, so that no colour runs over.
fn line_cut(line: &str, columns: usize) -> String {
    let mut cut = String::with_capacity(line.len());
    let mut room = columns;
    let mut is_style = false;
    for character in line.chars() {
        let begins = character == '\u{1b}';
        is_style |= begins;
        if is_style {
            cut.push(character);
            is_style = begins || !character.is_ascii_alphabetic();
        } else if room > 0 {
            cut.push(character);
            room = room.saturating_sub(1);
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_counted() {
        let text = "first line\nsecond\nthird\nfourth\n";
        assert_eq!(fitted(text, 4, 80), "first line\nsecond\nthird\nfourth");
        assert_eq!(
            fitted(text, 3, 80),
            "first line\nsecond\n... 2 more lines in a taller window"
        );
        assert_eq!(fitted(text, 4, 5), "first\nsecon\nthird\nfourt");
    }

    #[test]
    fn colours_take_no_room_and_end() {
        let line = "\u{1b}[31mLOCKED\u{1b}[0m until";
        assert_eq!(line_cut(line, 3), "\u{1b}[31mLOC\u{1b}[0m");
        assert_eq!(line_cut(line, 80), line);
        assert_eq!(line_cut("███░ 30%", 5), "███░ ");
    }
}
