//! The program `mp-server`: options from the command line and the environment, one line on standard output when
//! it is ready, logs on standard error, and a clean stop on Ctrl-C or SIGTERM.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use program_log::Log;
use serde::Serialize;
use server::{Options, Server, raise_descriptor_limit};

fn main() -> ExitCode {
    let options = Options::parse();
    let mut log = Log::start("mp-server");
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.fail(&error);
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(options: Options) -> anyhow::Result<()> {
    // Before the ready line, so that even a stop right after it is clean.
    let stop = stop_requested().context("cannot listen for Ctrl-C and SIGTERM")?;
    raise_descriptor_limit(&options);
    let mut server = Server::start(options).await?;
    let ready = Ready {
        tcp: server.tcp_addr(),
        udp: server.udp_addr(),
        certificate_sha256: server.certificate_sha256(),
        generation: server.generation().name(),
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
    generation: &'static str,
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
