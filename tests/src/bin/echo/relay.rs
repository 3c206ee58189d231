//! A relay in a process of its own, so that its costs can be told apart: a given program, or this one as a relay.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use ::relay::Config;
use anyhow::Context as _;
use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tests::process::Process;
use tests::{ChildProcess, StandIn};

/// A running relay.
pub(crate) struct Relay {
    child: ChildProcess,
    pub(crate) address: SocketAddr,
}

impl Relay {
    /// Start a relay and wait until it listens.
    pub(crate) fn start(
        program: Option<&PathBuf>,
        game: &StandIn,
        options: &[String],
    ) -> anyhow::Result<Self> {
        let mut command = match program {
            Some(program) => Command::new(absolute(program)?),
            None => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("relay");
                command
            }
        };
        let child = ChildProcess::start(command.args(arguments(game)).args(options))?;
        let address = child.ready_field("listen")?.parse()?;
        Ok(Self { child, address })
    }

    /// What the system knows about its process.
    pub(crate) fn process(&self) -> &Process {
        &self.child.process
    }
}

/// A name without a folder would be looked for in PATH.
fn absolute(program: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(program).with_context(|| format!("{} is no path", program.display()))
}

fn arguments(game: &StandIn) -> Vec<OsString> {
    let pin = HEXLOWER.encode(&Sha256::digest(&game.certificate));
    let options = [
        ("--server", game.tcp.to_string()),
        ("--udp", game.udp.to_string()),
        ("--trust", format!("pin:{pin}")),
        ("--listen", "127.0.0.1:0".to_owned()),
        ("--max-per-ip", "0".to_owned()),
    ];
    let words = options.into_iter();
    words
        .flat_map(|(option, value)| [option.into(), value.into()])
        .collect()
}

/// Be the relay, as `mp-relay` is, until killed.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    let relay = ::relay::Relay::start(config).await?;
    println!("{}", json!({ "listen": relay.addr() }));
    std::future::pending().await
}
