//! The program `mp-server`: options from the command line and the environment, one line on standard output when
//! it is ready, logs on standard error, and a clean stop on Ctrl-C or SIGTERM.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Parser as _;
use serde::Serialize;
use server::{Options, Server, raise_descriptor_limit};
use tracing_appender::non_blocking::NonBlockingBuilder;

/// How many log lines may wait for whoever reads them. More are dropped: a log that nobody reads must not stop the game.
const MAX_WAITING_LOG_LINES: usize = 4_096;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let (log, _writes_the_rest) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(MAX_WAITING_LOG_LINES)
        .finish(std::io::stderr());
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(log)
        .init();
    // Before the ready line, so that even a stop right after it is clean.
    let stop = stop_requested().context("cannot listen for Ctrl-C and SIGTERM")?;
    raise_descriptor_limit(&options);
    let mut server = Server::start(options).await?;
    let ready = Ready {
        tcp: server.tcp_addr(),
        udp: server.udp_addr(),
        certificate_sha256: server.certificate_sha256(),
    };
    let ready = serde_json::to_string(&ready)?;
    // Somebody may have closed it, which is no reason to stop.
    if let Err(error) = writeln!(std::io::stdout(), "{ready}") {
        tracing::warn!(%error, "cannot print the ready line");
    }
    tokio::select! {
        () = stop => tracing::info!("stopping"),
        failure = server.failure() => return Err(failure),
    }
    server.stop().await;
    Ok(())
}

/// The one line on standard output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    tcp: SocketAddr,
    udp: SocketAddr,
    certificate_sha256: String,
}

/// Listen for Ctrl-C and SIGTERM from now on.
#[cfg(unix)]
fn stop_requested() -> std::io::Result<impl Future<Output = ()>> {
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
fn stop_requested() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a signal to listen to, the program runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
