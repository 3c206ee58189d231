//! The program `mp-relay`: reads its options, starts the relay, says where it listens, and stops it in order.
//! Standard output has one line of JSON once the relay is ready; everything else goes to standard error.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use relay::{Config, Relay};
use serde_json::json;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::from_command_line(std::env::args_os());
    tracing_subscriber::fmt()
        .with_env_filter(log_filter())
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let result = match config {
        Ok(config) => run(config).await,
        Err(error) => Err(error),
    };
    match result.map_err(anyhow::Error::downcast::<clap::Error>) {
        Ok(()) => ExitCode::SUCCESS,
        // Help, the version, or an explanation of how to write the command.
        Err(Ok(usage)) => usage.exit(),
        Err(Err(error)) => {
            eprintln!("mp-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Take the filter from `RUST_LOG`, but never show frames: at a finer level the WebSocket library would log them.
fn log_filter() -> EnvFilter {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    ["tungstenite=info", "tokio_tungstenite=info"]
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive)
}

async fn run(config: Config) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    relay::require_client(config.www.as_deref())?;
    let relay = Relay::start(config).await?;
    println!("{}", ready(&relay));
    tracing::info!("the page is at http://{}/", relay.addr());
    signals.next().await;
    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        () = relay.stop() => {}
        () = signals.next() => {}
    }
    Ok(())
}

/// The one line on standard output.
fn ready(relay: &Relay) -> serde_json::Value {
    match relay.metrics_addr() {
        Some(metrics) => json!({ "listen": relay.addr(), "metrics": metrics }),
        None => json!({ "listen": relay.addr() }),
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        // It fails only if no handler can be set. Then the relay stops at once, since nothing else could stop it.
        let _stop = tokio::signal::ctrl_c().await;
    }
}
