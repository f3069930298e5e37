//! `GET /metrics`, read by the rules of the text format.

use std::collections::BTreeMap;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_follow_the_format_and_what_happened() {
    let rig = Rig::start("enforce").await;
    rig.until("/events?kind=verified", |answer| !answer.body.is_empty())
        .await;
    let answer = rig.get("/metrics").await;
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let samples = parse(&answer.body);
    let at_least = |name: &str, least: f64| {
        let value = samples.get(name).copied().unwrap_or(f64::NAN);
        assert!(value >= least, "{name} is {value}\n{}", answer.body);
    };
    at_least("riskd_ready", 1.0);
    at_least("riskd_enforcing", 1.0);
    at_least("riskd_record_good", 1.0);
    at_least("riskd_rules", 2.0);
    at_least(r#"riskd_venue_up{venue="paper"}"#, 1.0);
    at_least(r#"riskd_polls_total{venue="paper"}"#, 1.0);
    at_least(r#"riskd_budget_left{venue="paper"}"#, 1.0);
    at_least(
        r#"riskd_observations_total{account="one",quality="good"}"#,
        1.0,
    );
    at_least(r#"riskd_evaluations_total{account="one"}"#, 2.0);
    at_least(r#"riskd_data_age_seconds{account="two"}"#, 0.0);
    at_least(
        r#"riskd_firings_total{account="one",rule="no big \"size\""}"#,
        1.0,
    );
    at_least(
        r#"riskd_rule_fired{account="one",rule="no big \"size\""}"#,
        1.0,
    );
    at_least(r#"riskd_locked{account="one",lock="lock"}"#, 1.0);
    at_least(r#"riskd_enforcement_rounds_total{account="one"}"#, 1.0);
    at_least(
        r#"riskd_requests_total{account="one",request="flatten"}"#,
        1.0,
    );
    at_least(r#"riskd_answers_total{outcome="acknowledged"}"#, 1.0);
    at_least("riskd_reaction_seconds_count", 1.0);
    let count = samples["riskd_reaction_seconds_count"];
    assert_eq!(
        samples[r#"riskd_reaction_seconds_bucket{le="+Inf"}"#].to_bits(),
        count.to_bits()
    );
    // What has not happened is there as zero, so that the first time is seen as
    // an increase.
    let zero = [
        r#"riskd_firings_total{account="one",rule="daily loss"}"#,
        r#"riskd_firings_total{account="two",rule="daily loss"}"#,
        r#"riskd_observations_total{account="two",quality="suspect"}"#,
        r#"riskd_requests_total{account="two",request="close_position"}"#,
        r#"riskd_answers_total{outcome="refused"}"#,
        "riskd_messages_undelivered_total",
    ];
    for name in zero {
        let value = samples.get(name).copied();
        assert_eq!(value, Some(0.0), "{name}\n{}", answer.body);
    }
    rig.end().await;
}

/// The samples by name and labels. Every family has its help and type before
/// its samples, no sample stands twice, and every value is a number.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut family = String::new();
    let mut has_type = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split_once(' ').unwrap().0.to_owned();
            has_type = false;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, family);
            assert!(["gauge", "counter", "histogram"].contains(&kind));
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            has_type = true;
        } else {
            assert!(has_type, "{line}");
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series.starts_with(&family), "{line}");
            let twice = samples.insert(series.to_owned(), value.parse().unwrap());
            assert!(twice.is_none(), "{line}");
        }
    }
    assert!(text.ends_with('\n'));
    samples
}
