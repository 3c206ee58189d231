//! Hostile: racing players beside clients that do everything a client must not, from other addresses of this machine. The delays of
//! the racing players are measured in one run: in peace, on a machine that is only busy, and under attack. Prints their ratios.
//! Fails if a racing player is closed or gets nothing, or if an attack did nothing.

mod attack;
mod busy;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use tests::{ChildProcess, Part, Processes, Race};

/// Race beside hostile clients on loopback, and print what they cost the others.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Use this `mp-relay` [default: the relay of this build].
    #[arg(long, value_name = "FILE")]
    relay: Option<PathBuf>,
    /// Racing players, in rooms of 20.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=200))]
    players: u32,
    /// Positions of each racing player in a second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=60))]
    hz: u32,
    /// How long each of the three phases is, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Only these attacks; all by default.
    #[arg(long = "attack", value_name = "ATTACK")]
    attacks: Vec<attack::Kind>,
}

/// The processes that this program starts of itself.
#[derive(Subcommand)]
#[command(hide = true)]
enum Command {
    #[command(flatten)]
    Part(Part),
    /// The hostile clients.
    Attack(attack::Options),
    /// A program that takes all processors nobody else wants.
    Busy,
}

/// The phases.
const PEACE: usize = 0;
const BUSY: usize = 1;
const ATTACK: usize = 2;
const TITLES: [&str; 3] = ["in peace", "on a busy machine", "under attack"];
/// The most that the 99th percentile of the delays should grow by.
const GOAL: f64 = 2.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Part(part)) => part.run().await,
        Some(Command::Attack(options)) => attack::run(&options).await,
        Some(Command::Busy) => busy::run(),
        None => run(&arguments).await,
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // The limits of an address are those of every relay: they are what is tried here.
    let site = Processes::start(arguments.relay.as_ref(), &["server"], &[])?;
    let race = Race {
        url: site.url(),
        players: arguments.players,
        room: 20,
        hz: arguments.hz,
        phase: Duration::from_secs(arguments.seconds),
        phases: TITLES.len(),
    };
    let (mut busy, mut hostile) = (None, None);
    let programs = [&site.server.process, &site.relay.process];
    let mut spent = Vec::new();
    let mut spend = || {
        spent.push([programs[0].cpu()?, programs[1].cpu()?]);
        anyhow::Ok(())
    };
    // It begins before positions count, and ends when they no longer do.
    let lasts = (tests::BETWEEN_PHASES.as_secs() + arguments.seconds).to_string();
    let address = site.address.to_string();
    let outcome = race
        .run(|phase| {
            spend()?;
            busy = match phase == BUSY {
                true => Some(ChildProcess::of_this_program(&["busy"])?),
                false => None,
            };
            if phase == ATTACK {
                let mut words = vec!["attack", "--relay", &address, "--seconds", &lasts];
                for attack in &arguments.attacks {
                    words.extend(["--attack", attack.word()]);
                }
                hostile = Some(ChildProcess::of_this_program(&words)?);
            }
            Ok(())
        })
        .await?;
    spend()?;
    let mut hostile = hostile.context("nobody attacked")?;
    for ((figures, title), spent) in outcome.phases.iter().zip(TITLES).zip(spent.windows(2)) {
        println!("--- {title}");
        figures.print();
        let [server, relay] =
            [0, 1].map(|program| (spent[1][program] - spent[0][program]).as_secs_f64());
        println!("on the processors   game server {server:.1} s, relay {relay:.1} s");
    }
    println!("--- attacks");
    let counts: BTreeMap<String, u64> = serde_json::from_str(&hostile.next_line()?)?;
    for (attack, count) in &counts {
        println!("{attack:<19} {count}");
    }
    let p99 = |phase: usize| outcome.phases[phase].delays.quantile(0.99);
    for (phase, title) in TITLES.iter().enumerate() {
        println!("p99                 {:.1} ms {title}", p99(phase));
    }
    println!(
        "attack to peace     {:.2} (goal at most {GOAL})",
        p99(ATTACK) / p99(PEACE)
    );
    println!("attack to busy      {:.2}", p99(ATTACK) / p99(BUSY));
    outcome.check()?;
    ensure!(
        counts.len() == attack::chosen(&arguments.attacks).len()
            && counts.values().all(|count| *count > 0),
        "an attack did nothing"
    );
    Ok(())
}
