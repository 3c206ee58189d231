//! The files for Grafana and Prometheus ask only for metrics that the relay has, and the image's health check works.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::process::Command;

use crate::game::Game;
use crate::{start_for, within};

/// What the metrics page has; `operating` compares the two.
const PAGE: &str = include_str!("metrics.txt");
const DASHBOARD: &str = include_str!("../../../docs/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../../docs/alerts.yml");

/// The queries of the dashboard.
fn queries_of_dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let variables = variables.filter_map(|it| it["query"]["query"].as_str().map(str::to_owned));
    queries.chain(variables).collect()
}

fn queries_of_alerts() -> Vec<String> {
    let lines = ALERTS.lines().map(str::trim);
    lines
        .filter_map(|line| line.strip_prefix("expr: ").map(str::to_owned))
        .collect()
}

/// Split a text into words, and what stands behind each.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = rest.find(is_letter)?;
        let end = rest[begin..].find(|letter| !is_letter(letter));
        let end = end.map_or(rest.len(), |end| begin + end);
        let word = &rest[begin..end];
        rest = &rest[end..];
        Some((word, rest))
    })
}

/// The names on the page, each with its labels and their values.
fn names() -> BTreeMap<&'static str, BTreeSet<(&'static str, &'static str)>> {
    let mut names: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in PAGE.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',');
        let labels = labels.filter_map(|label| label.split_once('='));
        let labels = labels.map(|(label, value)| (label, value.trim_matches('"')));
        names.entry(name).or_default().extend(labels);
    }
    names
}

fn check(query: &str) {
    let names = names();
    let asked: Vec<_> = words(query)
        .map(|(word, _)| word)
        .filter(|word| word.starts_with("mp_relay_") || word.starts_with("process_"))
        .collect();
    assert!(!asked.is_empty(), "{query}");
    let labels: BTreeSet<_> = asked
        .iter()
        .flat_map(|name| {
            let labels = names.get(name);
            labels.unwrap_or_else(|| panic!("the relay has no {name}: {query}"))
        })
        .copied()
        .collect();
    for (label, rest) in words(query) {
        let Some(value) = rest
            .strip_prefix("=~\"")
            .or_else(|| rest.strip_prefix("=\""))
        else {
            continue;
        };
        let (values, _) = value.split_once('"').unwrap();
        for value in values.split('|').filter(|_| label != "instance") {
            assert!(labels.contains(&(label, value)), "{label}={value}: {query}");
        }
    }
    check_sides(query);
    for (_, by) in query
        .match_indices("by (")
        .map(|(at, by)| (at, &query[at + by.len()..]))
    {
        let (by, _) = by.split_once(')').unwrap();
        for label in by.split(", ").filter(|&label| label != "instance") {
            let is_there = labels.iter().any(|(known, _)| *known == label);
            assert!(is_there, "{label}: {query}");
        }
    }
}

/// Prometheus pairs the two sides of a binary operator by all their labels, so sides that select different values of one
/// never meet, unless they say which labels count.
fn check_sides(query: &str) {
    let selected = |side: &str| -> BTreeMap<String, String> {
        let parts = side.split(['{', ',', '}']);
        let pairs = parts.filter_map(|part| part.split_once('='));
        pairs
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .collect()
    };
    let is_summed = |side: &str| side.contains("by (") || side.contains("without (");
    for operator in [" and ", " unless ", " / "] {
        let Some((left, right)) = query.split_once(operator) else {
            continue;
        };
        let differs = selected(left).into_iter().any(|(label, value)| {
            selected(right)
                .get(&label)
                .is_some_and(|other| *other != value)
        });
        let is_paired = is_summed(left) && is_summed(right);
        assert!(!differs || is_paired, "its sides never meet: {query}");
    }
}

#[test]
fn sides_that_never_meet_are_noticed() {
    let wrong = r#"increase(a{x="1"}[5m]) > 0 and increase(a{x="2"}[5m]) == 0"#;
    assert!(std::panic::catch_unwind(|| check_sides(wrong)).is_err());
    check_sides(r#"sum without (x) (a{x="1"}) > 0 unless sum without (x) (a{x="2"}) > 0"#);
}

#[test]
fn the_dashboard_asks_for_metrics_that_the_relay_has() {
    let queries = queries_of_dashboard();
    queries.iter().for_each(|query| check(query));
    let all = queries.concat();
    for name in [
        "players",
        "players_parked",
        "spectators",
        "dials_total",
        "dial_duration_seconds_bucket",
        "datagrams_total",
        "datagrams_dropped_total",
        "datagram_forward_seconds_bucket",
        "buffered_bytes",
        "player_closes_total",
        "refused_total",
        "goodbyes_total",
    ] {
        let query = format!("mp_relay_{name}{{");
        assert!(all.contains(&query), "no panel shows {name}");
    }
}

#[test]
fn the_alarms_ask_for_metrics_that_the_relay_has() {
    let queries = queries_of_alerts();
    assert_eq!(queries.len(), ALERTS.matches("- alert: ").count());
    queries.iter().for_each(|query| check(query));
}

#[cfg(unix)]
#[tokio::test]
async fn the_health_check_of_the_image_tells_a_relay_from_none() {
    let dockerfile = include_str!("../../../Dockerfile");
    let mut lines = dockerfile.lines();
    let check = lines
        .find_map(|line| line.strip_prefix("HEALTHCHECK "))
        .unwrap();
    let (_, command) = check.split_once("CMD ").unwrap();
    let game = Game::start().await;
    let relay = start_for(&game).await;
    let run = async |port: u16| {
        let command = command.replace("8080", &port.to_string());
        let command: Vec<String> = serde_json::from_str(&command).unwrap();
        let mut process = Command::new(&command[0]);
        let output = process.args(&command[1..]).output();
        within("its answer", output).await
    };
    let Ok(healthy) = run(relay.addr().port()).await else {
        return eprintln!("not tested: bash is not installed");
    };
    assert!(healthy.status.success(), "{healthy:?}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    assert!(!run(port).await.unwrap().status.success());
}
