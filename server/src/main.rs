//! The program `mp-server`: options from the command line and the environment, one line on standard output when
//! it is ready, logs on standard error, and a clean stop on Ctrl-C or SIGTERM.

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Parser as _;
use serde::Serialize;
use server::{Options, Server};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    // Before the ready line, so that even a stop right after it is clean.
    let stop = stop_requested().context("cannot listen for Ctrl-C and SIGTERM")?;
    let server = Server::start(Options::parse()).await?;
    let ready = Ready {
        tcp: server.tcp_addr(),
        udp: server.udp_addr(),
        certificate_sha256: server.certificate_sha256(),
    };
    println!("{}", serde_json::to_string(&ready)?);
    stop.await;
    tracing::info!("stopping");
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
