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
    let stop = stop_signal()?;
    relay::require_client(config.www.as_deref())?;
    let relay = Relay::start(config).await?;
    println!("{}", ready(&relay));
    tracing::info!("the page is at http://{}/", relay.addr());
    stop.await;
    let stop_at_once = stop_signal()?;
    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        () = relay.stop() => {}
        () = stop_at_once => {}
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

/// Listen for Ctrl-C and SIGTERM.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listen for Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    // It fails only if no handler can be set. Then the relay stops at once, since nothing else could stop it.
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
