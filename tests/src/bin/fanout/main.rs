//! Fan-out: thousands of spectators on one relay. Prints what arrives and what it costs, beside the goals, and the
//! cost of a bare loop of `write` in the same run. Fails only if somebody did not get in or was disconnected. All frames are
//! counted where they are received; those of every tenth spectator are timed, to a millisecond.

mod bare;
mod clock;
mod connect;
mod frames;
mod game;
mod measure;
mod races;
mod report;
mod spectator;
mod spectators;
mod stalled;
mod stamps;
mod window;

use anyhow::ensure;
use clap::{Parser, Subcommand};
use relay::{Config, Relay};
use serde_json::json;
use server::Server;

use measure::Plan;

/// Show races to thousands of spectators and print what arrives and what it costs.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// A short run with fewer spectators, to see that it works.
    #[arg(long)]
    quick: bool,
    /// How long each figure is counted, in seconds.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: Option<u32>,
    /// Spectators in all; the many rooms have a hundred each.
    #[arg(long)]
    spectators: Option<usize>,
    /// Snapshots a second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=30))]
    hz: u32,
    /// Run only these parts.
    #[arg(long)]
    only: Vec<Run>,
}

/// The parts of a run.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Run {
    /// A bare loop of `write`.
    Bare,
    /// All spectators in one room.
    One,
    /// A hundred spectators in each room.
    Many,
    /// Spectators who stop reading.
    Stalled,
}

/// The processes that this program starts of itself.
#[derive(Subcommand)]
#[command(hide = true)]
enum Command {
    Relay(Box<Config>),
    Bare(bare::Options),
    Server,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Relay(config)) => serve(*config),
        Some(Command::Bare(options)) => bare::run(&options),
        Some(Command::Server) => play(),
        None => run(&arguments),
    }
}

/// Be the relay, as the program `mp-relay` is, until killed.
#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    let relay = Relay::start(config).await?;
    println!("{}", json!({ "listen": relay.addr() }));
    std::future::pending().await
}

/// Be the game server until killed.
#[tokio::main]
async fn play() -> anyhow::Result<()> {
    let server = Server::start(server::Options::default()).await?;
    let [tcp, udp] = [server.tcp_addr(), server.udp_addr()];
    let sha256 = server.certificate_sha256();
    println!(
        "{}",
        json!({ "tcp": tcp, "udp": udp, "certificateSha256": sha256 })
    );
    std::future::pending().await
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (spectators, seconds) = if arguments.quick {
        (900, 5)
    } else {
        (9000, 30)
    };
    let spectators = arguments.spectators.unwrap_or(spectators);
    let one = Plan {
        rooms: 1,
        spectators,
        hz: arguments.hz,
        seconds: arguments.seconds.unwrap_or(seconds),
        in_bursts: false,
    };
    let many = Plan {
        rooms: spectators.div_ceil(100),
        in_bursts: true,
        ..one
    };
    report::preface();
    let wanted = |run| arguments.only.is_empty() || arguments.only.contains(&run);
    let bare = wanted(Run::Bare).then(|| {
        let figures = measure::bare(&one)?;
        report::title(&format!(
            "A bare loop of write, {spectators} sockets, {} Hz",
            one.hz
        ));
        check(&figures)?;
        anyhow::Ok(report::print(&one, &figures))
    });
    let bare = bare.transpose()?;
    for (run, plan) in [(Run::One, &one), (Run::Many, &many)] {
        if !wanted(run) {
            continue;
        }
        let figures = measure::relay(plan, &runtime)?;
        let Plan { rooms, hz, .. } = plan;
        report::title(&format!(
            "Rooms: {rooms}, spectators: {spectators}, {hz} Hz, 20 cars each"
        ));
        let own = report::print(plan, &figures);
        if let Some(bare) = bare {
            report::compare("the relay's speed", bare, own);
        }
        check(&figures)?;
    }
    if wanted(Run::Stalled) {
        stalled::run(one.seconds, !arguments.quick, &runtime)?;
    }
    Ok(())
}

fn check(figures: &measure::Figures) -> anyhow::Result<()> {
    ensure!(
        figures.lost == 0,
        "{} spectators were cut off",
        figures.lost
    );
    Ok(())
}
