//! Load: many players in full rooms drive through the relay, and what arrives is counted. Game server, relay and players have
//! processes of their own. Prints figures; fails only if somebody could not enter, was closed, or a command was lost.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use protocol::generation::Generation;
use tests::process::Process;
use tests::{Part, Processes, Race};

/// Drive many players through a relay on loopback and print what arrives.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Use this `mp-relay` [default: the relay of this build].
    #[arg(long, value_name = "FILE")]
    relay: Option<PathBuf>,
    /// Players in all.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=1000))]
    players: u32,
    /// Players in each room.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=20))]
    room: u32,
    /// Positions of each player in a second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=60))]
    hz: u32,
    /// The generation of the game server. On the token generation every player makes an account and signs in to it.
    #[arg(long, value_name = "first|chat|token", default_value = "first")]
    generation: Generation,
    /// Let the game server behave as the original with all its defects.
    #[arg(long)]
    faithful: bool,
    /// How long they drive, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(part) => part.run().await,
        None => run(arguments).await,
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut server = vec!["server", "--generation", arguments.generation.name()];
    if arguments.faithful {
        server.push("--faithful");
    }
    let site = Processes::start(arguments.relay.as_ref(), &server, &["--max-per-ip", "0"])?;
    let Arguments {
        generation,
        players,
        room,
        hz,
        seconds,
        ..
    } = arguments;
    let race = Race {
        url: site.url(),
        players,
        room,
        hz,
        phase: Duration::from_secs(seconds),
        phases: 1,
    };
    let costs = [
        ("game server", site.server.process.clone()),
        ("relay", site.relay.process.clone()),
        ("players", Process::this()),
    ];
    let mut before = Vec::new();
    let outcome = race
        .run(|_phase| {
            for (_, process) in &costs {
                before.push(process.cpu()?);
            }
            Ok(())
        })
        .await?;
    println!("generation          {generation}");
    println!("players             {players} in rooms of {room}");
    println!("driven for          {seconds} s at {hz} Hz");
    let (sent, answered) = (outcome.commands_sent, outcome.commands_answered);
    println!("commands            {sent} sent, {answered} answered");
    for figures in &outcome.phases {
        figures.print();
    }
    for ((name, process), before) in costs.iter().zip(before) {
        let cpu = (process.cpu()? - before).as_secs_f64();
        let memory = process.anonymous()?;
        println!(
            "{name:<19} {cpu:.1} s on the processors from the start on, {memory} KiB at the end"
        );
    }
    outcome.check()?;
    outcome.check_commands()
}
