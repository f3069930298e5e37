//! The words and signs of an expression, before it is parsed.
//!
//! What is refused here never reaches the parser: its intervals (`..`) take
//! time that doubles with each bracket, and it has lists, texts, loops and
//! functions that an expression over an account has no use for.

use std::ops::Range;

use super::Mistake;
use super::check::Function;
use super::variable::Variable;
use crate::rules::diagnostic::{either, quoted};
use crate::rules::read::plain_spelling;
use crate::rules::suggest::did_you_mean;

/// Longest expression, in characters.
pub const MAX_LENGTH: usize = 1_000;
/// Most words, numbers and signs: the bound on the cost of one evaluation.
pub const MAX_WORDS: usize = 256;
/// Most brackets inside one another.
pub const MAX_NESTING: usize = 32;

const KEYWORDS: [&str; 5] = ["and", "or", "not", "true", "false"];

#[derive(Clone, Debug)]
struct Word {
    span: Range<usize>,
    sort: Sort,
}

/// What a word is for the grammar: where a value may stand, or between values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// A variable, a number, `true` or `false`.
    Value,
    /// The name of a function.
    Function,
    /// `not` and `!`.
    Not,
    /// `+` and `-`, which also stand in front of a value.
    Sign,
    /// Every other word that joins two values, `?`, `:` and `,` among them.
    Joint,
    Open,
    Close,
}

/// Refuses what must not reach the parser.
pub(super) fn scan(text: &str) -> Result<(), Vec<Mistake>> {
    let whole = 0..text.len();
    if text.trim().is_empty() {
        let blank = Mistake::new(whole, "the expression is empty");
        return Err(vec![
            blank.help("write a condition: `session_pnl <= -1000`"),
        ]);
    }
    if text.chars().count() > MAX_LENGTH {
        let message = format!("an expression has at most {MAX_LENGTH} characters");
        let help = "split it into several with `all` or `any`";
        return Err(vec![Mistake::new(whole, message).help(help)]);
    }
    let mut scanner = Scanner {
        text,
        at: 0,
        mistakes: Vec::new(),
    };
    let words = scanner.words();
    let mut mistakes = scanner.mistakes;
    if words.len() > MAX_WORDS {
        let message = format!("an expression has at most {MAX_WORDS} words and signs");
        let help = "split it into several with `all` or `any`";
        return Err(vec![Mistake::new(whole, message).help(help)]);
    }
    if mistakes.is_empty() {
        mistakes.extend(order(text, &words));
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(mistakes)
    }
}

/// Where the numbers of a text are that was found to be right.
pub(super) fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut scanner = Scanner {
        text,
        at: 0,
        mistakes: Vec::new(),
    };
    let words = scanner.words().into_iter().map(|word| word.span);
    let is_number = |span: &Range<usize>| {
        let word = text.get(span.clone());
        word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    };
    words.filter(is_number).collect()
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    mistakes: Vec<Mistake>,
}

impl<'t> Scanner<'t> {
    fn words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        while let Some(first) = self.rest().chars().next() {
            let start = self.at;
            let sort = match first {
                ' ' | '\n' | '\t' => {
                    self.at = start.saturating_add(1);
                    continue;
                }
                'a'..='z' | 'A'..='Z' | '_' => self.name(),
                '0'..='9' => self.number(),
                _ => self.sign(first),
            };
            if let Some(sort) = sort {
                let span = start..self.at;
                words.push(Word { span, sort });
            }
        }
        words
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over the characters that pass, and gives them.
    fn take(&mut self, passes: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !passes(c)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(..length).unwrap_or_default()
    }

    fn wrong(&mut self, start: usize, message: impl Into<String>, help: Option<String>) {
        let mistake = Mistake::new(start..self.at, message);
        self.mistakes.push(mistake.maybe_help(help));
    }

    fn name(&mut self) -> Option<Sort> {
        let start = self.at;
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        match name {
            "and" | "or" => return Some(Sort::Joint),
            "not" => return Some(Sort::Not),
            "true" | "false" => return Some(Sort::Value),
            _ => {}
        }
        if self.rest().trim_start().starts_with('(') {
            if Function::named(name).is_none() {
                self.unknown_function(start, name);
            }
            return Some(Sort::Function);
        }
        if Variable::named(name).is_none() {
            self.unknown_name(start, name);
        }
        Some(Sort::Value)
    }

    fn unknown_function(&mut self, start: usize, name: &str) {
        let known = Function::ALL.iter().map(|function| function.name());
        let (message, help) = match name {
            "rand" | "d" | "date" | "time" | "now" => (
                format!(
                    "{} is refused: an expression reads nothing but its variables",
                    quoted(name)
                ),
                Some("use `minutes_since_open` or `minutes_to_close`, or `inside` and `at`")
                    .filter(|_| name != "rand")
                    .map(str::to_owned),
            ),
            _ => (
                format!("there is no function {}", quoted(name)),
                did_you_mean(name, known.clone())
                    .or_else(|| Some(format!("there are {}", either(known)))),
            ),
        };
        self.wrong(start, message, help);
    }

    fn unknown_name(&mut self, start: usize, name: &str) {
        let function = Function::named(name);
        let message = match (function, name) {
            (Some(_), _) => format!("{} is a function and needs brackets", quoted(name)),
            (None, "in" | "null") => format!("{} is not part of expressions", quoted(name)),
            (None, _) => format!("there is no variable {}", quoted(name)),
        };
        let known = Variable::ALL.iter().map(|variable| variable.name());
        let help = match function {
            Some(function) => Some(format!("write `{}`", function.usage())),
            None => did_you_mean(name, known.chain(KEYWORDS)),
        };
        self.wrong(start, message, help);
    }

    /// `1000`, `0.5` or `1_000`; an exponent is refused.
    fn number(&mut self) -> Option<Sort> {
        let start = self.at;
        let digits = self.take(|c| c.is_ascii_digit() || c == '_');
        let mut good = digits.len() == 1 || !digits.starts_with('0');
        if self.rest().starts_with('.') {
            self.at = self.at.saturating_add(1);
            good &= !self.take(|c| c.is_ascii_digit()).is_empty();
        }
        good &= self
            .take(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
            .is_empty();
        let number = self.text.get(start..self.at).unwrap_or_default();
        if !good {
            let help = "write it in full, with digits and at most one point: `1000` or `0.5`";
            let message = format!("{} is not a number", quoted(number));
            self.wrong(start, message, Some(help.to_owned()));
            return Some(Sort::Value);
        }
        // In `max(equity, 48,000)` it would silently be two numbers.
        let mut next = self.rest().chars();
        if next.next() == Some(',') && next.next().is_some_and(|c| c.is_ascii_digit()) {
            let message = "a number has no commas";
            self.at = self.at.saturating_add(1);
            self.take(|c| c.is_ascii_digit() || matches!(c, ',' | '.'));
            let number = self.text.get(start..self.at).unwrap_or_default();
            let plain = plain_spelling(number.trim_end_matches([',', '.']))
                .unwrap_or("leave the comma out".to_owned());
            let help = format!("{plain}; or write a space after the comma if it parts two numbers");
            self.wrong(start, message, Some(help));
        }
        Some(Sort::Value)
    }

    fn sign(&mut self, first: char) -> Option<Sort> {
        let start = self.at;
        let two: String = self.rest().chars().take(2).collect();
        let (length, sort) = match (two.as_str(), first) {
            ("<=" | ">=" | "==" | "!=", _) => (2, Some(Sort::Joint)),
            ("&&" | "||" | "??" | ".." | "**" | "=<" | "=>" | "<>", _) => (2, None),
            (_, '<' | '>' | '*' | '/' | '%' | '?' | ':' | ',') => (1, Some(Sort::Joint)),
            (_, '+' | '-') => (1, Some(Sort::Sign)),
            (_, '!') => (1, Some(Sort::Not)),
            (_, '(') => (1, Some(Sort::Open)),
            (_, ')') => (1, Some(Sort::Close)),
            _ => (first.len_utf8(), None),
        };
        self.at = start.saturating_add(length);
        if sort.is_none() {
            let sign = self.text.get(start..self.at).unwrap_or_default();
            let message = format!("{} is not part of expressions", quoted(sign));
            let help = instead_of(sign).map(str::to_owned);
            self.wrong(start, message, help);
        }
        sort
    }
}

/// What is probably meant by a sign that expressions do not have.
fn instead_of(sign: &str) -> Option<&'static str> {
    match sign {
        "=" => Some("write `==` to compare"),
        "&&" | "&" => Some("write `and`"),
        "||" | "|" => Some("write `or`"),
        "=<" | "≤" => Some("write `<=`"),
        "=>" | "≥" => Some("write `>=`"),
        "<>" | "≠" => Some("write `!=`"),
        "–" | "−" | "—" => Some("write `-`"),
        "^" | "**" => Some("there are no powers; multiply"),
        "." => Some("write `0.5`, with a digit in front of the point"),
        "[" | "]" => Some("there are no lists; write `max(a, b)`"),
        "'" | "\"" | "`" => Some("there are no texts; write numbers and names without quotes"),
        "$" | "€" | "£" => Some("amounts are plain numbers, in the account's currency"),
        _ => None,
    }
}

/// Values and what joins them must take turns, and brackets must close.
fn order(text: &str, words: &[Word]) -> Option<Mistake> {
    let mut open: Vec<Range<usize>> = Vec::new();
    let mut after_value = false;
    for word in words {
        let span = || word.span.clone();
        let shown = quoted(text.get(span()).unwrap_or_default());
        match (word.sort, after_value) {
            (Sort::Value | Sort::Function | Sort::Not, true) => {
                let message = format!("something is missing in front of {shown}");
                let help = "join two conditions with `and` or `or`, two numbers with a sign";
                return Some(Mistake::new(span(), message).help(help));
            }
            (Sort::Open, true) => {
                let message = "something is missing in front of this bracket";
                return Some(Mistake::new(span(), message));
            }
            (Sort::Joint | Sort::Close, false) => {
                let message = format!("a value is missing in front of {shown}");
                return Some(Mistake::new(span(), message));
            }
            (Sort::Open, false) => {
                open.push(span());
                if open.len() > MAX_NESTING {
                    let message = format!("more than {MAX_NESTING} brackets inside one another");
                    return Some(Mistake::new(span(), message));
                }
            }
            (Sort::Close, true) => {
                if open.pop().is_none() {
                    let message = "this bracket closes nothing";
                    return Some(Mistake::new(span(), message));
                }
            }
            (Sort::Value, false) => after_value = true,
            (Sort::Joint | Sort::Sign, true) => after_value = false,
            (Sort::Function | Sort::Not | Sort::Sign, false) => {}
        }
    }
    let end = words.last().map_or(0, |word| word.span.end);
    if !after_value {
        let start = words.last().map_or(0, |word| word.span.start);
        let message = "the expression ends too early";
        return Some(Mistake::new(start..end, message).help("a value is missing at its end"));
    }
    open.pop()
        .map(|bracket| Mistake::new(bracket, "this bracket is not closed").help("add `)`"))
}
