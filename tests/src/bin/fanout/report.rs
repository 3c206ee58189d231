//! What is printed: each figure beside its goal.

use std::sync::atomic::Ordering;

use crate::measure::{Figures, Plan};

/// The goals: what a spectator may cost, and how well it must be served.
const DELIVERED: &str = "99.9 %";
const FAN_OUT: &str = "p99 50 ms";
const CPU: &str = "6.7 µs";
const MEMORY: &str = "1 KiB";
const BANDWIDTH: &str = "10 kB/s";
const SHARE_OF_BARE: &str = "85 %";

/// Print a figure and its goal.
pub(crate) fn row(name: &str, figure: &str, goal: &str) {
    println!("  {name:<36} {figure:<46} {goal}");
}

/// Explain the figures.
pub(crate) fn preface() {
    println!(
        "Relay, bare loop and game server run in processes of their own; spectators and players are in this one.\n\
         With the stalled all of them are real. In the rooms before them the game server is a stand-in that sends\n\
         one bridged player of each room the datagrams of the other nineteen cars, 20 a second each.\n\
         All frames are counted where they are received; every tenth spectator is timed, to a millisecond.\n\
         A datagram is there with the first frame that shows its age. That cars are drawn 50 ms and more in the past\n\
         is by design and in none of the figures; the wait for the next tick, up to 50 ms at 20 Hz, is told apart."
    );
}

/// Print a title.
pub(crate) fn title(text: &str) {
    println!("\n{text}");
    row("", "figure", "goal");
}

/// Print the figures of one run; gives the processors' time per frame in microseconds.
pub(crate) fn print(plan: &Plan, figures: &Figures) -> f64 {
    let window = &figures.window;
    let frames = window.snapshots.load(Ordering::Relaxed) as f64;
    let seconds = f64::from(plan.seconds);
    let spectators = plan.spectators as f64;
    let made = window.ticks();
    let asked = seconds * f64::from(plan.hz);
    row(
        "frames",
        &format!(
            "{frames:.0} in {seconds} s, {:.0} a second",
            frames / seconds
        ),
        "",
    );
    row(
        "delivered of what was made",
        &format!("{:.3} %", 100.0 * frames / (made * spectators)),
        DELIVERED,
    );
    row(
        "delivered of the nominal rate",
        &format!("{:.3} %", 100.0 * frames / (asked * spectators)),
        "",
    );
    row(
        "tick to frame received",
        &quantiles(&window.fan_out),
        FAN_OUT,
    );
    if figures.players.is_some() {
        row("datagram sent to tick", &quantiles(&window.wait), "");
        row(
            "datagram sent to frame received",
            &quantiles(&window.whole),
            FAN_OUT,
        );
    }
    let times = &figures.times;
    let writer = times.writer.as_secs_f64();
    let all = 1e6 * writer / frames;
    let per_frame = match figures.idle {
        Some(idle) => {
            let idle = idle.as_secs_f64();
            let own = 1e6 * (writer - idle) / frames;
            row(
                "CPU per frame, all of the relay",
                &format!("{all:.2} µs"),
                "",
            );
            row(
                "CPU per frame, the spectators' part",
                &format!(
                    "{own:.2} µs ({:.2} s less {idle:.2} s with one a room)",
                    writer
                ),
                CPU,
            );
            own
        }
        None => {
            row("CPU per frame", &format!("{all:.2} µs"), CPU);
            all
        }
    };
    let others = times.all.saturating_sub(times.writer + times.reader);
    let [reading, others] = [times.reader, others].map(|time| time.as_secs_f64() / seconds);
    row(
        "busy cores: writing, reading, others",
        &format!("{:.2}, {reading:.2}, {others:.2}", writer / seconds),
        "",
    );
    row(
        "user memory per spectator",
        &format!(
            "{:.2} KiB",
            figures.kibibytes as f64 / figures.more.max(1) as f64
        ),
        MEMORY,
    );
    let bytes = window.bytes.load(Ordering::Relaxed) as f64;
    row(
        "bandwidth per spectator, frames",
        &format!("{:.2} kB/s", bytes / 1000.0 / seconds / spectators),
        BANDWIDTH,
    );
    if let Some(players) = &figures.players {
        row(
            "players' datagrams, few spectators",
            &quantiles(&players[0]),
            "",
        );
        row(
            "players' datagrams, all spectators",
            &quantiles(&players[1]),
            "unchanged",
        );
    }
    per_frame
}

/// Print how near the relay comes to the bare loop.
pub(crate) fn compare(name: &str, bare: f64, relay: f64) {
    row(
        name,
        &format!("{:.1} % of the bare loop", 100.0 * bare / relay),
        SHARE_OF_BARE,
    );
}

/// The delays in words.
pub(crate) fn quantiles(delays: &::tests::Delays) -> String {
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| delays.quantile(share));
    format!("p50 {p50:.1} ms, p99 {p99:.1} ms, most {most:.1} ms")
}
