//! The program `mp-relay`: reads its options, starts the relay, says where it listens, and stops it in order.
//! Standard output has one line of JSON once the relay is ready; everything else goes to standard error.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use relay::{Config, Log, Relay};
use serde_json::json;

fn main() -> ExitCode {
    let config = Config::from_command_line(std::env::args_os());
    // Help, the version, or an explanation of how to write the command.
    let config = match config.map_err(anyhow::Error::downcast::<clap::Error>) {
        Err(Ok(usage)) => usage.exit(),
        Err(Err(error)) => Err(error),
        Ok(config) => Ok(config),
    };
    let mut log = Log::start();
    match config.and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.fail(&error);
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(config: Config) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    relay::require_client(config.www.as_deref())?;
    let relay = Relay::start(config).await?;
    // Somebody may have closed it, which is no reason to stop.
    if let Err(error) = writeln!(std::io::stdout(), "{}", ready(&relay)) {
        tracing::warn!("cannot print the ready line: {error}");
    }
    tracing::info!("the page is at http://{}/", relay.addr());
    tokio::select! {
        () = stop => {}
        failure = relay.failure() => return Err(failure).context("the relay has failed"),
    }
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
