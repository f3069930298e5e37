//! The alert rules and the dashboard ask for metrics that there are.

use std::collections::BTreeSet;

use serde_json::Value;

use super::text;

/// Every metric that `/metrics` may show, from the source that writes them.
fn metrics() -> BTreeSet<String> {
    let source = text("src/api/metrics.rs");
    let mut names: BTreeSet<String> = names(&source);
    for suffix in ["_bucket", "_sum", "_count"] {
        names.insert(format!("riskd_reaction_seconds{suffix}"));
    }
    names
}

/// Every word of a text that begins as a metric of riskd does.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("riskd_"))
        .map(str::to_owned)
        .collect()
}

fn check(what: &str, asked: &BTreeSet<String>) {
    let known = metrics();
    assert!(asked.len() >= 8, "{what} asks for {asked:?} only");
    let unknown: Vec<_> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{what} asks for {unknown:?}");
}

#[test]
fn every_metric_of_the_alert_rules_exists() {
    let file = text("examples/prometheus-alerts.yaml");
    let rules: Value = serde_yaml::from_str(&file).unwrap();
    let mut asked = BTreeSet::new();
    for group in rules["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let alert = rule["alert"].as_str().unwrap();
            let annotations = &rule["annotations"];
            for key in ["summary", "description"] {
                assert!(annotations[key].is_string(), "{alert} has no {key}");
            }
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(["critical", "warning"].contains(&severity), "{alert}");
            asked.append(&mut names(rule["expr"].as_str().unwrap()));
        }
    }
    check("the alert rules", &asked);
}

#[test]
fn every_metric_of_the_dashboard_exists() {
    let file = text("examples/grafana-dashboard.json");
    let board: Value = serde_json::from_str(&file).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut asked = BTreeSet::new();
    for panel in panels {
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "an id comes twice"
        );
        for target in panel["targets"].as_array().into_iter().flatten() {
            asked.append(&mut names(target["expr"].as_str().unwrap()));
        }
    }
    check("the dashboard", &asked);
}
