//! Spoils a text as people, editors, disks and networks do.

/// SplitMix64: the same seed gives the same input.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below this one; 0 for 0.
    pub fn below(&mut self, end: usize) -> usize {
        match u64::try_from(end).unwrap() {
            0 => 0,
            end => usize::try_from(self.next() % end).unwrap(),
        }
    }

    /// One of these.
    pub fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// Pieces that a number, a name or a structure may be replaced with.
const PIECES: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1e308",
    "-1e308",
    "1e-400",
    "NaN",
    "Infinity",
    "-Infinity",
    ".inf",
    ".nan",
    "99999999999999999999999999999999",
    "0.000000000000000000000000000000001",
    "1_000",
    "0x7f",
    "0o17",
    "1,5",
    "100%",
    "-5%",
    "1e9%",
    "%",
    "null",
    "~",
    "true",
    "no",
    "\"\"",
    "''",
    "[]",
    "{}",
    "[[]]",
    "{a: {}}",
    "- ",
    ": ",
    ",",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "#",
    "---\n",
    "...\n",
    "&a ",
    "*a ",
    "<<: *a",
    "!!binary ",
    "!!set ",
    "| ",
    "> ",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "𝕏",
    "24:00",
    "25:61",
    "-5m",
    "10000000000h",
    "1s",
    "*",
    "?",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "==",
    "..",
    "start + ",
    "2026-02-30",
    "America/Nowhere",
    "0 0 31 2 *",
    "*/0 * * * *",
    "\"accounts\":",
    "\"success\": false",
    "\"positions\": []",
    "\"epoch\": 0",
    "\"data\": {",
];

/// A text with some of it spoilt. `words` are pieces of texts of its kind.
pub fn spoilt(random: &mut Random, text: &str, words: &[&str]) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        text = once(random, &text, words);
    }
    text
}

fn once(random: &mut Random, text: &str, words: &[&str]) -> String {
    let at = place(random, text);
    let (before, after) = text.split_at(at);
    match random.below(12) {
        0 => before.to_owned(),
        1 => after.to_owned(),
        2 => format!("{before}{}{after}", random.of(PIECES)),
        3 => format!("{before}{}{after}", random.of(words)),
        4 => replaced(random, text, PIECES),
        5 => replaced(random, text, words),
        6 => without(random, text),
        7 => twice(random, text),
        8 => lines_swapped(random, text),
        9 => nested(random, before, after),
        10 => byte_changed(random, text),
        _ => {
            let piece = random.of(PIECES);
            let many = piece.repeat(1 + random.below(2_000));
            format!("{before}{many}{after}")
        }
    }
}

/// A place between two characters.
fn place(random: &mut Random, text: &str) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn span(random: &mut Random, text: &str, most: usize) -> (usize, usize) {
    let from = place(random, text);
    let mut to = (from + random.below(most)).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    (from, to.max(from))
}

/// One scalar gone, and something else in its place.
fn replaced(random: &mut Random, text: &str, with: &[&str]) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "._-%".contains(c);
    let at = place(random, text);
    let from = text[..at]
        .rfind(|c| !is_part(c))
        .map_or(0, |i| i + text[i..].chars().next().unwrap().len_utf8());
    let to = text[at..]
        .find(|c| !is_part(c))
        .map_or(text.len(), |i| at + i);
    format!(
        "{}{}{}",
        &text[..from],
        random.of(with),
        &text[to.max(from)..]
    )
}

fn without(random: &mut Random, text: &str) -> String {
    let (from, to) = span(random, text, 200);
    format!("{}{}", &text[..from], &text[to..])
}

fn twice(random: &mut Random, text: &str) -> String {
    let (from, to) = span(random, text, 400);
    let times = 1 + random.below(30);
    format!(
        "{}{}{}",
        &text[..to],
        text[from..to].repeat(times),
        &text[to..]
    )
}

fn lines_swapped(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    if !lines.is_empty() {
        lines.swap(one, other);
    }
    lines.concat()
}

fn nested(random: &mut Random, before: &str, after: &str) -> String {
    let deep = 1 + random.below(3_000);
    let (open, close) = [
        ("[", "]"),
        ("{a: ", "}"),
        ("(", ")"),
        ("{\"a\":", "}"),
        ("not: {", "}"),
    ][random.below(5)];
    let close = if random.below(2) == 0 { close } else { "" };
    format!(
        "{before}{}1{}{after}",
        open.repeat(deep),
        close.repeat(deep)
    )
}

fn byte_changed(random: &mut Random, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = random.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
