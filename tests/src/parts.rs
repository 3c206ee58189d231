//! The processes of a load program: it starts itself as the game server and as the relay, so that the costs of each can be told
//! apart and a stop of one is seen.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::child::ChildProcess;
use crate::stand_in::StandIn;

/// What a load program starts of itself.
#[derive(clap::Subcommand)]
#[command(hide = true)]
pub enum Part {
    /// The relay, as `mp-relay` is.
    Relay(Box<relay::Config>),
    /// The game server, as `mp-server` is.
    Server(Box<server::Options>),
    /// A stand-in for the game server, for more players than one takes.
    StandIn,
}

impl Part {
    /// Be this part until killed.
    ///
    /// # Errors
    /// It cannot start.
    pub async fn run(self) -> anyhow::Result<()> {
        // Kept until the process ends: both stop when they are dropped.
        let (_relay, _server);
        let ready = match self {
            Self::Relay(mut config) => {
                relay::raise_descriptor_limit(&mut config);
                _relay = relay::Relay::start(*config).await?;
                json!({ "listen": _relay.addr() })
            }
            Self::Server(options) => {
                server::raise_descriptor_limit(&options);
                _server = server::Server::start(*options).await?;
                let (tcp, udp) = (_server.tcp_addr(), _server.udp_addr());
                let certificate = HEXLOWER.encode(_server.certificate_der());
                let sha256 = _server.certificate_sha256();
                json!({"tcp": tcp, "udp": udp, "certificateSha256": sha256, "certificate": certificate})
            }
            Self::StandIn => {
                let game = StandIn::start().await?;
                let sha256 = HEXLOWER.encode(&Sha256::digest(&game.certificate));
                json!({"tcp": game.tcp, "udp": game.udp, "certificateSha256": sha256})
            }
        };
        println!("{ready}");
        std::future::pending().await
    }
}

/// A game server and a relay that trusts it, each in a process of its own. Dropping it kills both.
pub struct Processes {
    /// The game server.
    pub server: ChildProcess,
    /// The relay.
    pub relay: ChildProcess,
    /// Where the relay listens.
    pub address: SocketAddr,
}

impl Processes {
    /// Start a game server with these arguments, as `["server", "--faithful"]`, and a relay with these options.
    ///
    /// # Errors
    /// One of them does not start.
    pub fn start(
        relay: Option<&PathBuf>,
        server: &[&str],
        options: &[&str],
    ) -> anyhow::Result<Self> {
        let any_port = ["--tcp", "127.0.0.1:0", "--udp", "127.0.0.1:0"];
        let ports: &[&str] = if server.first() == Some(&"server") {
            &any_port
        } else {
            &[]
        };
        let server = ChildProcess::of_this_program(&[server, ports].concat())?;
        let pin = format!("pin:{}", server.ready_field("certificateSha256")?);
        let mut command = relay_command(relay.map(PathBuf::as_path))?;
        command
            .args(["--server", server.ready_field("tcp")?])
            .args(["--udp", server.ready_field("udp")?])
            .args(["--trust", &pin, "--listen", "127.0.0.1:0"])
            .args(options);
        let relay = ChildProcess::start(&mut command)?;
        let address = relay.ready_field("listen")?.parse()?;
        Ok(Self {
            server,
            relay,
            address,
        })
    }

    /// The address that players connect to.
    pub fn url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }
}

/// The given relay, or that of this build.
fn relay_command(program: Option<&Path>) -> anyhow::Result<Command> {
    let Some(program) = program else {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("relay");
        return Ok(command);
    };
    // A name without a folder would be looked for in PATH.
    let path = std::path::absolute(program);
    Ok(Command::new(path.with_context(|| {
        format!("{} is no path", program.display())
    })?))
}
