//! What a call for several has done, and what it could not: two lists, each of which is
//! null where it is empty.

use crate::domain::request::Outcome;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// How many of those that failed are told one by one.
const TOLD: usize = 3;

/// What came of it; `done` is the word for those that succeeded.
///
/// # Errors
/// When neither list is there, or one is no list.
pub(super) fn read(data: Node<'_>, done: &str) -> Result<(Outcome, String), Unexpected> {
    let data = data.as_object()?;
    if !data.mentions("success") {
        data.need("failed")?;
    }
    let success = list(&data, "success")?.len();
    let failed = list(&data, "failed")?;
    let why: Vec<String> = failed
        .iter()
        .take(TOLD)
        .map(|entry| words(*entry))
        .collect();
    let why = why.join("; ");
    Ok(match (success, failed.len()) {
        (0, 0) => (Outcome::NothingToDo, format!("nothing {done}")),
        (success, 0) => (Outcome::Acknowledged, format!("{success} {done}")),
        (0, failed) => (Outcome::Refused, format!("{failed} not {done}: {why}")),
        (success, failed) => {
            let words = format!("{success} {done}, {failed} not: {why}");
            (Outcome::Acknowledged, words)
        }
    })
}

fn list<'a>(data: &Object<'a>, name: &str) -> Result<Vec<Node<'a>>, Unexpected> {
    match data.member(name) {
        Some(list) => list.as_list(),
        None => Ok(Vec::new()),
    }
}

/// What an entry says of itself. Its shape is not documented.
fn words(entry: Node<'_>) -> String {
    let Some(fields) = entry.object() else {
        return entry.label().unwrap_or_default();
    };
    let text = |name: &str| fields.member(name).and_then(Node::label);
    let first = |names: &[&str]| names.iter().find_map(|name| text(name));
    let what = first(&["symbol", "positionId", "orderId"]);
    let code = first(&["errorCode", "code"]).map(|code| format!("code {code}"));
    let why = first(&["errorMessage", "msg", "reason"]);
    let parts: Vec<String> = [what, code, why].into_iter().flatten().collect();
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    fn of(body: &str) -> Option<(Outcome, String)> {
        let json = Json::parse(body.as_bytes()).unwrap();
        read(json.root(), "closed").ok()
    }

    #[test]
    fn what_failed_is_told_with_its_reason() {
        let entry = r#"{"positionId": "17", "symbol": "BTC-USDT", "errorCode": 101212,
            "errorMessage": "Failed. Please check"}"#;
        let why = "BTC-USDT: code 101212: Failed. Please check";
        for (body, outcome, words) in [
            (
                r#"{"success": [1736008778921491200], "failed": null}"#.to_owned(),
                Outcome::Acknowledged,
                "1 closed".to_owned(),
            ),
            (
                format!(r#"{{"success": [1, 2], "failed": [{entry}]}}"#),
                Outcome::Acknowledged,
                format!("2 closed, 1 not: {why}"),
            ),
            (
                format!(r#"{{"success": null, "failed": [{entry}]}}"#),
                Outcome::Refused,
                format!("1 not closed: {why}"),
            ),
            (
                r#"{"success": null, "failed": null}"#.to_owned(),
                Outcome::NothingToDo,
                "nothing closed".to_owned(),
            ),
            (
                r#"{"success": [], "failed": ["17", 18]}"#.to_owned(),
                Outcome::Refused,
                "2 not closed: 17; 18".to_owned(),
            ),
        ] {
            assert_eq!(of(&body), Some((outcome, words)), "{body}");
        }
        for wrong in [
            "null",
            "[]",
            "{}",
            r#"{"success": "1"}"#,
            r#"{"failed": {}}"#,
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
