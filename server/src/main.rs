//! The program `mp-server`: options from the command line and the environment, one line on standard output when
//! it is ready, logs on standard error, and a clean stop on Ctrl-C or SIGTERM.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use protocol::id::Secret;
use serde::Serialize;
use server::{Bots, Options, Server};

/// A small game server that speaks MP-Server's first generation.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to take lines; port 0 is any free port.
    #[arg(long, env = "MP_SERVER_TCP", default_value = "127.0.0.1:443")]
    tcp: SocketAddr,
    /// Where to take datagrams; port 0 is any free port.
    #[arg(long, env = "MP_SERVER_UDP", default_value = "127.0.0.1:443")]
    udp: SocketAddr,
    /// Behave as the original server with all its defects, for tests.
    #[arg(long, env = "MP_SERVER_FAITHFUL")]
    faithful: bool,
    /// Half of every datagram's key; the other half is the session's id.
    #[arg(long, env = "MP_SERVER_SECRET", default_value = Secret::FIRST_GENERATION, hide_env_values = true)]
    secret: String,
    /// Keep the certificate in this folder and use it again.
    #[arg(long, env = "MP_SERVER_CERTIFICATE", value_name = "DIR")]
    certificate: Option<PathBuf>,
    /// How many bots drive in the bots' room and in every room a player makes.
    #[arg(long, env = "MP_SERVER_BOTS", value_name = "N", default_value_t = 0)]
    bots: usize,
    /// The name of the bots' room.
    #[arg(
        long,
        env = "MP_SERVER_ROOM",
        value_name = "NAME",
        default_value = "Bot practice"
    )]
    room: String,
    /// The track the bots drive, in the form of www/track.json.
    #[arg(long, env = "MP_SERVER_TRACK", value_name = "FILE")]
    track: Option<PathBuf>,
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            tcp: arguments.tcp,
            udp: arguments.udp,
            faithful: arguments.faithful,
            secret: Secret::new(arguments.secret),
            certificate_dir: arguments.certificate,
            bots: Bots {
                count: arguments.bots,
                room: arguments.room,
                track: arguments.track,
            },
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let coloured = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(coloured);
    log.with_writer(std::io::stderr).init();
    // Before the ready line, so that even a stop right after it is clean.
    let stop = stop_asked_for().context("cannot listen for Ctrl-C and SIGTERM")?;
    let server = Server::start(Arguments::parse().into()).await?;
    announce(&server)?;
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

/// Print the ready line.
fn announce(server: &Server) -> anyhow::Result<()> {
    let ready = Ready {
        tcp: server.tcp_addr(),
        udp: server.udp_addr(),
        certificate_sha256: server.certificate_sha256(),
    };
    println!("{}", serde_json::to_string(&ready)?);
    Ok(())
}

/// Listen for Ctrl-C and SIGTERM from now on.
#[cfg(unix)]
fn stop_asked_for() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listen for Ctrl-C.
#[cfg(not(unix))]
fn stop_asked_for() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a signal to listen to, the program runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
