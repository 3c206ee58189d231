//! Echo measures what a relay adds between a player and its game server. A stand-in for the game server sends lines and datagrams
//! back; players reach it directly and through each relay. The measurements of all relays alternate in one run, so that
//! two builds of `mp-relay` can be compared. Prints one table. Fails only if an answer is wrong or missing.

mod datagrams;
mod lines;
mod memory;
mod plan;
mod player;
mod relay;
mod report;
mod route;

use std::path::PathBuf;

use ::relay::Config;
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tests::StandIn;

use plan::Plan;
use report::Figures;
use route::Route;

/// Measure a relay's round trips, its time on the processors and its memory.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Measure this `mp-relay`; repeat it to compare several [default: the relay of this build].
    #[arg(long, value_name = "FILE")]
    relay: Vec<PathBuf>,
    /// Give every relay this option too, such as `--relay-option=--spectate=off`; repeatable.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    relay_option: Vec<String>,
    /// How often everything is measured.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// A run of a second with small counts, to see that it works.
    #[arg(long)]
    quick: bool,
}

/// What this program starts of itself.
#[derive(Subcommand)]
#[command(hide = true)]
enum Part {
    Relay(Box<Config>),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match arguments.part {
        Some(Part::Relay(config)) => runtime.block_on(relay::serve(*config)),
        None => runtime.block_on(run(&arguments)),
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plan = Plan::of(arguments.rounds, arguments.quick);
    let game = StandIn::start().await?;
    let mut routes = vec![Route::direct(&game)?];
    for program in &arguments.relay {
        routes.push(Route::through(
            Some(program),
            &game,
            &arguments.relay_option,
        )?);
    }
    if arguments.relay.is_empty() {
        routes.push(Route::through(None, &game, &arguments.relay_option)?);
    }
    let mut figures: Vec<Figures> = routes
        .iter()
        .map(|route| Figures::of(route.name()))
        .collect();
    for (route, figures) in routes.iter().zip(&mut figures) {
        memory::measure(route, &game, plan, figures).await?;
    }
    for round in 0..plan.rounds as usize {
        for turn in 0..routes.len() {
            // Each route goes first equally often.
            let at = (round + turn) % routes.len();
            let measured = measure(&routes[at], &game, plan, &mut figures[at]).await;
            measured.with_context(|| format!("{}, round {}", routes[at].name(), round + 1))?;
        }
    }
    report::print(plan, &figures);
    Ok(())
}

async fn measure(
    route: &Route,
    game: &StandIn,
    plan: Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    lines::one_at_a_time(route, plan, figures).await?;
    game.until_all_left().await?;
    lines::many_at_once(route, plan, figures).await?;
    game.until_all_left().await?;
    datagrams::measure(route, plan, figures).await?;
    game.until_all_left().await
}
