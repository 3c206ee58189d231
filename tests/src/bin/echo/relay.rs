//! A relay in a process of its own, so that its costs can be told apart: a given program, or this one as a relay.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ::relay::Config;
use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::process::Process;

use crate::game::Game;

/// A running relay; it is killed when this is dropped.
pub(crate) struct Relay {
    child: Child,
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Relay {
    /// Start a relay and wait until it listens.
    pub(crate) fn start(
        program: Option<&PathBuf>,
        game: &Game,
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
        let command = command.args(arguments(game)).args(options);
        command.env("RUST_LOG", "warn").stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let process = Process::of(child.id());
        let stdout = child.stdout.take();
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        // From here on an error kills the child.
        let mut relay = Self {
            child,
            process,
            address: anywhere,
        };
        let mut line = String::new();
        BufReader::new(stdout.context("no standard output")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).context("the relay did not start")?;
        let address = ready["listen"].as_str().context("no address")?;
        relay.address = address.parse()?;
        Ok(relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A name without a folder would be looked for in PATH.
fn absolute(program: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(program).with_context(|| format!("{} is no path", program.display()))
}

fn arguments(game: &Game) -> Vec<OsString> {
    let pin: String = Sha256::digest(&game.certificate)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
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
