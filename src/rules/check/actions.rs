//! The actions of a rule.

use super::{Declared, unknown_name};
use crate::domain::account::NotifierName;
use crate::domain::duration;
use crate::rules::book::{Action, Condition, Leaf, Only, PnlPer, Rule, Until, Windows};
use crate::rules::diagnostic::{Diagnostic, Findings, Place, either, quoted};
use crate::rules::keys::{Fields, Table, open_one};
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::suggest::did_you_mean;
use crate::rules::tables::{self, PLAIN_ACTIONS};

/// The list under `then`.
pub(super) fn actions(
    node: &Node<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<Vec<Action>> {
    if let Some([]) = node.items() {
        let wrong = Diagnostic::error(node.place, "a list of actions is empty");
        findings.push(wrong.help("write what is done, such as `[cancel_orders, flatten]`"));
        return None;
    }
    let items = read::list(node, "a list of actions", findings)?;
    let before = findings.errors();
    let mut actions: Vec<Action> = Vec::new();
    for item in items {
        let Some(action) = action(item, declared, findings) else {
            continue;
        };
        let twice = actions.iter().any(|known| match (known, &action) {
            (Action::Notify(known), Action::Notify(new)) => known == new,
            (known, new) => known.name() == new.name(),
        });
        if twice {
            let message = format!("`{}` is a duplicate", action.name());
            findings.push(Diagnostic::error(item.place, message).help("keep one of them"));
        }
        actions.push(action);
    }
    (findings.errors() == before).then_some(actions)
}

fn action(node: &Node<'_>, declared: &Declared, findings: &mut Findings) -> Option<Action> {
    match &node.value {
        Value::Scalar { text } => plain_action(node, text, findings),
        _ => {
            let (key, entry) = open_action(node, findings)?;
            match key {
                "lock" => {
                    until(&entry.value, &tables::LOCK, findings).map(|until| Action::Lock { until })
                }
                "close_only" => until(&entry.value, &tables::CLOSE_ONLY, findings)
                    .map(|until| Action::CloseOnly { until }),
                _ => notifier(&entry.value, declared, findings).map(Action::Notify),
            }
        }
    }
}

fn plain_action(node: &Node<'_>, text: &str, findings: &mut Findings) -> Option<Action> {
    match text {
        "cancel_orders" => return Some(Action::CancelOrders),
        "flatten" => return Some(Action::Flatten),
        "close_position" => return Some(Action::ClosePosition),
        _ => {}
    }
    let wrong = match tables::ACTION.key(text) {
        Some(key) => {
            let message = format!("the action `{text}` needs a value");
            Diagnostic::error(node.place, message).help(format!("write `{{ {} }}`", key.example))
        }
        None => {
            let known = PLAIN_ACTIONS.into_iter().chain(tables::ACTION.names());
            let help = did_you_mean(text, known.clone())
                .unwrap_or_else(|| format!("actions are {}", either(known)));
            Diagnostic::error(node.place, format!("there is no action {}", quoted(text))).help(help)
        }
    };
    findings.push(wrong);
    None
}

/// The key of an action with a value. A plain action written as a key has its
/// own message: `- flatten:` is a near miss.
fn open_action<'n, 'a>(
    node: &'n Node<'a>,
    findings: &mut Findings,
) -> Option<(&'static str, &'n crate::rules::node::KeyValue<'a>)> {
    if let Some([entry]) = node.entries()
        && PLAIN_ACTIONS.contains(&entry.key.as_ref())
    {
        let message = format!("the action `{}` takes no value", entry.key);
        let help = format!("write `{}` alone, without a colon", entry.key);
        findings.push(Diagnostic::error(entry.key_place, message).help(help));
        return None;
    }
    open_one(node, &tables::ACTION, findings).map(|(key, entry)| (key.name, entry))
}

fn until(node: &Node<'_>, table: &'static Table, findings: &mut Findings) -> Option<Until> {
    let fields = Fields::open(node, table, findings)?;
    until_of(fields.get("until")?, findings)
}

fn until_of(node: &Node<'_>, findings: &mut Findings) -> Option<Until> {
    let text = read::scalar(node, "a time, a duration or a word", findings)?;
    if read::looks_like_time(text) {
        return read::clock_time(node, findings).map(Until::TimeOfDay);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || duration::parse(text).is_some() {
        return read::duration(node, findings).map(Until::For);
    }
    let help = "write `session_end`, a time of day such as `\"17:00\"`, a duration such as `2h`, or \
                `manual`";
    read::word_or(
        node,
        "a time of day, a duration or a known word",
        help,
        findings,
    )
}

impl Until {
    /// Reads what may stand after `until:` in a rule file: `session_end`,
    /// `manual`, a time of day, a duration.
    ///
    /// # Errors
    /// What is wrong with it and what would be right, in words.
    pub fn parse(text: &str) -> Result<Until, String> {
        let node = Node {
            place: Place::default(),
            origin: None,
            whole: true,
            value: Value::Scalar { text: text.into() },
        };
        let mut findings = Findings::default();
        let until = until_of(&node, &mut findings);
        until.ok_or_else(|| {
            let (diagnostics, _) = findings.into_shown();
            diagnostics.into_iter().next().map_or_else(
                || "not a time, a duration or a word".to_owned(),
                |found| match found.help {
                    Some(help) => format!("{}; {help}", found.message),
                    None => found.message,
                },
            )
        })
    }
}

/// The name of an entry under `notify`.
pub(super) fn notifier(
    node: &Node<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<NotifierName> {
    let text = read::scalar(node, "the name of a notifier", findings)?;
    if declared.notifier_names.contains(text) {
        return Some(NotifierName::from(text));
    }
    let mut known: Vec<&str> = declared.notifier_names.iter().map(String::as_str).collect();
    known.sort_unstable();
    findings.push(unknown_name(
        node.place,
        "notifier",
        text,
        known.into_iter(),
    ));
    None
}

/// Refuses actions that the condition gives nothing to work on.
pub(super) fn fit_condition(rule: &Rule, fields: &Fields<'_, '_>, findings: &mut Findings) {
    if !rule.then.contains(&Action::ClosePosition) || objects(&rule.when) == Objects::ToSome {
        return;
    }
    let (message, help) = if rule.when.has_leaf(|leaf| looks(leaf) == Objects::ToSome) {
        (
            "`close_position` would close nothing: no position offends what stands under `not`, or \
         beside `only: orders`",
            "take the condition that tells which position offends out of the `not`, or use \
         `flatten`",
        )
    } else {
        (
            "`close_position` needs a condition that tells which position offends",
            "that is `pnl` with `per: position`, `position`, `outside` or `inside`; or use \
         `flatten`",
        )
    };
    findings.push(Diagnostic::error(fields.place("then"), message).help(help));
}

/// Which positions a condition objects to, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Objects {
    /// It does not look at them one by one.
    NotAtAll,
    /// It looks, and objects to none.
    ToNone,
    /// To those that made it true.
    ToSome,
}

/// What a tree objects to, as the engine works it out: what stands under a
/// `not` is not looked at, and of an `all` every part that looks must object.
fn objects(condition: &Condition) -> Objects {
    let of = |parts: &[Condition], wins: Objects| {
        let looking = parts.iter().map(objects);
        let looking: Vec<Objects> = looking.filter(|one| *one != Objects::NotAtAll).collect();
        match (looking.first(), looking.contains(&wins)) {
            (None, _) => Objects::NotAtAll,
            (_, true) => wins,
            (Some(first), false) => *first,
        }
    };
    match condition {
        Condition::Not(_) => Objects::NotAtAll,
        Condition::Is(leaf) => looks(leaf),
        Condition::Any(parts) => of(parts, Objects::ToSome),
        Condition::All(parts) => of(parts, Objects::ToNone),
    }
}

fn looks(leaf: &Leaf) -> Objects {
    match leaf {
        Leaf::Pnl(pnl) if pnl.per == PnlPer::Position => Objects::ToSome,
        Leaf::Windows(Windows { only, .. }) if *only == Some(Only::Orders) => Objects::ToNone,
        Leaf::Windows(_) | Leaf::Position(_) => Objects::ToSome,
        _ => Objects::NotAtAll,
    }
}
