//! Judge lets an outside judge of WebSocket try the relay's `/ws`: kosoku, which plays the cases of the Autobahn test suite. The relay
//! is no echo, so a stand-in for a game server sends every line back, and a door in front turns a plain client into one of the
//! relay's. Every case passes or is in `policies.toml` with the policy that refuses it. The program fails if a case outside the
//! list fails, if a listed one passes, and if one is refused in another way than its policy says.

mod door;
mod echo;
mod policies;
mod verdicts;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use relay::{Config, HostPort, Rate, Relay, Trust};
use tokio::process::Command;
use tokio::time::timeout;

use policies::Policies;
use verdicts::Verdicts;

/// Let kosoku judge the relay's WebSocket.
#[derive(Parser)]
struct Arguments {
    /// The program `kosoku`; `cargo xtask test --only judge` installs it.
    #[arg(long, default_value = "kosoku")]
    kosoku: PathBuf,
    /// Where the judge writes its report, a page for each case.
    #[arg(long, default_value = "target/judge")]
    report: PathBuf,
    /// Try only these cases; patterns such as 5.* are possible.
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
}

/// What the relay does not offer: compression of messages.
const NOT_OFFERED: [&str; 2] = ["12.*", "13.*"];
/// Cases at the same time. Most wait for a second of silence.
const AT_ONCE: &str = "16";
/// The judge takes a minute.
const DEADLINE: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let policies = Policies::read()?;
    let game = echo::start().await?;
    let relay = Relay::start(config(game.to_string().parse()?)).await?;
    let door = door::open(relay.addr()).await?;
    judge(&arguments, door).await?;
    let verdicts = Verdicts::read(&arguments.report)?;
    relay.stop().await;
    let complaints = policies.compare(&verdicts, arguments.cases.is_empty());
    for complaint in &complaints {
        println!("{complaint}");
    }
    print!("{}", policies.summary(&verdicts));
    if !complaints.is_empty() {
        bail!("{} cases are not as the list has them", complaints.len());
    }
    Ok(())
}

/// A relay that lets players send as much as they like: the limits of rates are tested elsewhere.
fn config(game: HostPort) -> Config {
    let mut config = Config::new(game.clone(), game, Trust::Insecure);
    config.game.plain_tcp = true;
    config.max_per_ip = 0;
    let none = Rate {
        per_second: u32::MAX,
        burst: u32::MAX,
    };
    let limits = &mut config.rate_limits;
    for limit in [
        &mut limits.attempts,
        &mut limits.datagrams,
        &mut limits.lines,
        &mut limits.line_bytes,
        &mut limits.bytes,
    ] {
        *limit = none;
    }
    config
}

/// Run the judge. It fails whenever a case does, so its end says nothing; its report does.
async fn judge(arguments: &Arguments, door: std::net::SocketAddr) -> anyhow::Result<()> {
    if arguments.report.exists() {
        std::fs::remove_dir_all(&arguments.report)?;
    }
    let mut command = Command::new(&arguments.kosoku);
    command
        .arg(format!("ws://{door}/"))
        .args(["--parallelism", AT_ONCE, "--outdir"])
        .arg(&arguments.report)
        .args(NOT_OFFERED.iter().flat_map(|case| ["--exclude", case]))
        .args(arguments.cases.iter().flat_map(|case| ["--include", case]))
        .kill_on_drop(true);
    let output = timeout(DEADLINE, command.output()).await;
    let output = output.context("the judge does not end")?;
    let output = output.with_context(|| format!("cannot start {}", arguments.kosoku.display()))?;
    if !arguments.report.join("index.json").exists() {
        bail!(
            "the judge wrote no report: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
