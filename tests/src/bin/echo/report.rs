//! The figures of each route, and their table.

use std::time::Duration;

use crate::plan::Plan;

/// Microseconds of a second.
const MICROSECONDS: f64 = 1e6;
/// The width of a column.
const COLUMN: usize = 30;

/// What was measured of one route: a value for each round.
pub(crate) struct Figures {
    name: String,
    line_p50: Vec<f64>,
    line_p99: Vec<f64>,
    line_trips: Vec<f64>,
    pub(crate) line_cpu: Cost,
    datagrams_sent: Vec<f64>,
    delivered: Vec<f64>,
    datagram_p50: Vec<f64>,
    datagram_p99: Vec<f64>,
    pub(crate) datagram_cpu: Cost,
    kibibytes: Vec<f64>,
}

/// Time on the processors, of all rounds together: the system counts it in steps that are too long for one round.
#[derive(Default)]
pub(crate) struct Cost {
    time: Duration,
    pieces: f64,
}

impl Cost {
    /// Count the time that so many pieces took.
    pub(crate) fn add(&mut self, time: Duration, pieces: f64) {
        self.time += time;
        self.pieces += pieces;
    }

    fn microseconds(&self) -> Vec<f64> {
        let each =
            (self.pieces > 0.0).then(|| MICROSECONDS * self.time.as_secs_f64() / self.pieces);
        each.into_iter().collect()
    }
}

impl Figures {
    pub(crate) fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            line_p50: Vec::new(),
            line_p99: Vec::new(),
            line_trips: Vec::new(),
            line_cpu: Cost::default(),
            datagrams_sent: Vec::new(),
            delivered: Vec::new(),
            datagram_p50: Vec::new(),
            datagram_p99: Vec::new(),
            datagram_cpu: Cost::default(),
            kibibytes: Vec::new(),
        }
    }

    pub(crate) fn line_times(&mut self, times: Vec<Duration>) {
        let [p50, p99] = quantiles(times);
        self.line_p50.push(p50);
        self.line_p99.push(p99);
    }

    pub(crate) fn line_trips(&mut self, a_second: f64) {
        self.line_trips.push(a_second);
    }

    pub(crate) fn datagrams_sent(&mut self, a_second: f64) {
        self.datagrams_sent.push(a_second);
    }

    pub(crate) fn delivered(&mut self, percent: f64) {
        self.delivered.push(percent);
    }

    pub(crate) fn datagram_times(&mut self, times: Vec<Duration>) {
        let [p50, p99] = quantiles(times);
        self.datagram_p50.push(p50);
        self.datagram_p99.push(p99);
    }

    pub(crate) fn kibibytes(&mut self, a_player: f64) {
        self.kibibytes.push(a_player);
    }
}

/// The table's rows: a name with its unit, and where its values are.
type Row = (&'static str, fn(&Figures) -> Vec<f64>);
const ROWS: [Row; 10] = [
    ("line there and back, p50, µs", |of| of.line_p50.clone()),
    ("line there and back, p99, µs", |of| of.line_p99.clone()),
    ("lines at once, round trips a second", |of| {
        of.line_trips.clone()
    }),
    ("lines at once, relay's CPU each, µs", |of| {
        of.line_cpu.microseconds()
    }),
    ("datagrams sent a second", |of| of.datagrams_sent.clone()),
    ("datagrams that came back, %", |of| of.delivered.clone()),
    ("datagram there and back, p50, µs", |of| {
        of.datagram_p50.clone()
    }),
    ("datagram there and back, p99, µs", |of| {
        of.datagram_p99.clone()
    }),
    ("datagram, relay's CPU each, µs", |of| {
        of.datagram_cpu.microseconds()
    }),
    ("memory for each player, KiB", |of| of.kibibytes.clone()),
];

/// Print the table: the median of the rounds, in brackets the smallest and the largest, and the ratio to the first relay.
pub(crate) fn print(plan: Plan, routes: &[Figures]) {
    println!(
        "Rounds: {}. Lines at once: {} players with 8 lines on their way each. Datagrams: {} players. Median of the \
         rounds, in brackets the smallest and the largest; CPU of all rounds together; × is the ratio to the first relay.",
        plan.rounds, plan.players, plan.drivers
    );
    let names = routes
        .iter()
        .enumerate()
        .map(|(number, route)| match number {
            0 => route.name.clone(),
            _ => {
                println!("relay {number}: {}", route.name);
                format!("relay {number}")
            }
        });
    let names: Vec<String> = names.collect();
    println!("\n{}", line("", &names));
    for (name, values) in ROWS {
        let first = routes.get(1).and_then(|route| median(&values(route)));
        let cells = routes.iter().enumerate().map(|(number, route)| {
            let values = values(route);
            cell(&values, first.filter(|_| number > 1))
        });
        println!("{}", line(name, &cells.collect::<Vec<_>>()));
    }
}

fn line(name: &str, cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("{cell:>COLUMN$}"));
    format!("{name:<36}{}", cells.collect::<String>())
}

fn cell(values: &[f64], first: Option<f64>) -> String {
    let Some(middle) = median(values) else {
        return "–".to_owned();
    };
    let sorted = sorted(values);
    let spread = match sorted[..] {
        [least, .., most] => format!(" ({}–{})", number(least), number(most)),
        _ => String::new(),
    };
    let ratio = first.map(|first| format!(" ×{:.2}", middle / first));
    format!("{}{spread}{}", number(middle), ratio.unwrap_or_default())
}

fn number(value: f64) -> String {
    let decimals = if value < 100.0 { 1 } else { 0 };
    format!("{value:.decimals$}")
}

fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len().checked_sub(1)? / 2;
    Some((sorted[middle] + sorted[sorted.len() / 2]) / 2.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The median and the 99th percentile in microseconds; not a number if there are no times.
fn quantiles(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    [0.5, 0.99].map(|share| {
        let place = (times.len() as f64 * share).ceil() as usize;
        let time = times.get(place.saturating_sub(1));
        time.map_or(f64::NAN, |time| MICROSECONDS * time.as_secs_f64())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_medians_are_those_of_the_sorted_values() {
        let times = (1..=200).rev().map(Duration::from_micros).collect();
        let [p50, p99] = quantiles(times);
        assert!((p50 - 100.0).abs() < 0.01 && (p99 - 198.0).abs() < 0.01);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_cell_has_the_spread_and_the_ratio_to_the_first() {
        assert_eq!(
            cell(&[10.0, 20.0, 40.0], Some(10.0)),
            "20.0 (10.0–40.0) ×2.00"
        );
        assert_eq!(cell(&[150.0], None), "150");
        assert_eq!(cell(&[], Some(1.0)), "–");
        let mut cost = Cost::default();
        cost.add(Duration::from_millis(10), 500.0);
        cost.add(Duration::from_millis(30), 1500.0);
        assert_eq!(cost.microseconds(), [20.0]);
    }
}
