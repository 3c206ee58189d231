//! One game server: where it is and what makes it trusted. A relay has one of the command line, or several of its file
//! (`[[servers]]`), each with a name.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use clap::ArgAction;
use clap::builder::{StringValueParser, TypedValueParser as _};
use client_native::HostPort;
use protocol::id::Secret;
use protocol::limits::USERNAME_UNITS;

use super::effective::HIDDEN;
use super::trust::Trust;

/// Letters of a name. It stands in addresses, log lines and labels of metrics.
const MAX_NAME_LETTERS: usize = 32;
/// Letters of a label.
const MAX_LABEL_LETTERS: usize = 64;
/// Game servers behind one relay. Each has counters and turns to dial of its own.
const MAX_SERVERS: usize = 32;

/// A game server, as its operator configures it.
#[derive(Debug, Clone, clap::Args)]
pub struct GameServer {
    /// The name that players choose it by. `None`: it is the only one.
    #[arg(skip)]
    pub name: Option<ServerName>,
    /// What a page may show instead of the name.
    #[arg(skip)]
    pub label: Option<Label>,
    /// The game server's TCP address.
    #[arg(long, env = "MP_RELAY_SERVER", value_name = "HOST:PORT")]
    pub server: HostPort,
    /// The game server's UDP address [default: that of --server].
    #[arg(long, env = "MP_RELAY_UDP", value_name = "HOST:PORT")]
    pub udp: Option<HostPort>,
    /// What makes the game server's certificate trusted. A pin is the safest; insecure is for a server on this machine.
    #[arg(
        long,
        env = "MP_RELAY_TRUST",
        value_name = "pin:SHA256|ca-file:PATH|system|insecure",
        required = false,
        required_unless_present = "plain_tcp",
        default_value_if("plain_tcp", "true", "insecure")
    )]
    pub trust: Trust,
    /// The name the certificate must have, if it is not the host of --server.
    #[arg(long, env = "MP_RELAY_SERVER_NAME", value_name = "NAME")]
    pub server_name: Option<String>,
    /// The game server speaks no TLS: nothing is encrypted or verified.
    #[arg(long, env = "MP_RELAY_PLAIN_TCP", value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", default_value = "false", hide_default_value = true)]
    pub plain_tcp: bool,
    /// Take any certificate, even from a game server on another machine.
    #[arg(long, env = "MP_RELAY_ALLOW_INSECURE_REMOTE", value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", default_value = "false", hide_default_value = true)]
    pub allow_insecure_remote: bool,
    /// The secret of the game server's datagrams [default: that of the first generation].
    #[arg(
        long,
        env = "MP_RELAY_UDP_SECRET",
        value_name = "SECRET",
        value_parser = StringValueParser::new().map(Secret::new),
        default_value = Secret::FIRST_GENERATION,
        hide_default_value = true,
        hide_env_values = true
    )]
    pub udp_secret: Secret,
    /// The account with which observers sign in to a game server that has accounts. Others need none.
    #[arg(long, env = "MP_RELAY_OBSERVER_ACCOUNT", value_name = "NAME")]
    pub observer_account: Option<String>,
    /// The file whose first line is the password of --observer-account. It is tried once: a wrong one may lock the account.
    #[arg(long, env = "MP_RELAY_OBSERVER_PASSWORD_FILE", value_name = "FILE")]
    pub observer_password_file: Option<PathBuf>,
}

impl GameServer {
    /// Make the configuration of a game server without a name, everything else by default.
    pub fn new(server: HostPort, udp: HostPort, trust: Trust) -> Self {
        Self {
            name: None,
            label: None,
            server,
            udp: Some(udp),
            trust,
            server_name: None,
            plain_tcp: false,
            allow_insecure_remote: false,
            udp_secret: Secret::default(),
            observer_account: None,
            observer_password_file: None,
        }
    }

    /// Its UDP address.
    pub fn udp(&self) -> &HostPort {
        self.udp.as_ref().unwrap_or(&self.server)
    }

    /// Say whether its identity goes unchecked.
    pub fn is_insecure(&self) -> bool {
        self.plain_tcp || self.trust == Trust::Insecure
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.observer_account.is_some() == self.observer_password_file.is_some(),
            "--observer-account and --observer-password-file belong together: give both or none"
        );
        if let Some(name) = &self.observer_account {
            let units = name.encode_utf16().count();
            ensure!(
                USERNAME_UNITS.contains(&units) && names::is_visible(name),
                "--observer-account has {} to {} letters",
                USERNAME_UNITS.start(),
                USERNAME_UNITS.end()
            );
        }
        let blind = self.trust == Trust::Insecure && !self.plain_tcp;
        ensure!(
            !blind || self.allow_insecure_remote || self.server.is_loopback(),
            "--trust insecure is for a game server on this machine, and {} is not: anyone on the way could read \
             and change everything. Pin its certificate with --trust pin:SHA256, or add --allow-insecure-remote \
             if you really mean it",
            self.server
        );
        Ok(())
    }
}

/// Refuse game servers that cannot work, and names that do not tell them apart.
pub(super) fn check_all(games: &[&GameServer]) -> anyhow::Result<()> {
    ensure!(
        games.iter().all(|game| game.udp_secret.reveal() != HIDDEN),
        "{HIDDEN} stands for a secret that --print-config does not show: write the udp-secret itself, or leave the line out"
    );
    let count = games.len();
    ensure!(
        count <= MAX_SERVERS,
        "a relay has at most {MAX_SERVERS} [[servers]], not {count}"
    );
    let mut names = HashSet::new();
    for game in games {
        match &game.name {
            Some(name) => {
                ensure!(
                    names.insert(name),
                    "two of the [[servers]] have the name {name}"
                );
                let whose = || format!("the server {name} of [[servers]]");
                game.check().with_context(whose)?;
            }
            None if count > 1 => bail!("each of several game servers needs a name"),
            None => game.check()?,
        }
    }
    Ok(())
}

/// The name that players choose a game server by: letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerName(String);

impl ServerName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerName {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        ensure!(
            (1..=MAX_NAME_LETTERS).contains(&text.len()) && text.chars().all(is_plain),
            "a name has 1 to {MAX_NAME_LETTERS} letters from a to z and A to Z, digits, - and _"
        );
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a page may show for a game server: a short text that can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// The label as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let letters = text.chars().count();
        ensure!(
            letters <= MAX_LABEL_LETTERS && names::is_visible(text),
            "a label has at most {MAX_LABEL_LETTERS} letters, and one that can be seen"
        );
        Ok(Self(text.to_owned()))
    }
}
