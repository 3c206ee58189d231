//! Flags, environment variables and the TOML file, and the `Config` they make. A flag wins over the environment,
//! that over the file, and that over the default.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use protocol::id::Secret;
use serde::Deserialize;

use crate::config::{Config, DEFAULT_LISTEN, HostPort};
use crate::observers::overseer::Observing;
use crate::upstream::trust::Trust;

/// The command line: where the file is, and the same options as in it.
#[derive(Parser)]
#[command(
    name = "mp-relay",
    version,
    about = "Bridges web pages to one MP-Server game server"
)]
pub struct CommandLine {
    /// Read options from this TOML file; unknown keys are refused
    #[arg(long, env = "MP_RELAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// All options, each of them open. Keys of the TOML file are spelt like the flags.
// Not `Debug`: the secret is in here as it was written.
#[derive(Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// The game server's TCP address
    #[arg(long, env = "MP_RELAY_SERVER", value_name = "HOST:PORT")]
    server: Option<String>,
    /// The game server's UDP address [default: that of --server]
    #[arg(long, env = "MP_RELAY_UDP", value_name = "HOST:PORT")]
    udp: Option<String>,
    /// Where browsers connect [default: 127.0.0.1:8080]
    #[arg(long, env = "MP_RELAY_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// What makes the game server's certificate trusted: pin:SHA256, ca-file:PATH, system or insecure
    #[arg(long, env = "MP_RELAY_TRUST", value_name = "KIND")]
    trust: Option<String>,
    /// The name the certificate must have, where it is not the host of --server
    #[arg(long, env = "MP_RELAY_SERVER_NAME", value_name = "NAME")]
    server_name: Option<String>,
    /// The game server speaks no TLS: nothing is encrypted or verified
    #[arg(long, env = "MP_RELAY_PLAIN_TCP", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    plain_tcp: Option<bool>,
    /// Take any certificate even from a game server on another machine
    #[arg(long, env = "MP_RELAY_ALLOW_INSECURE_REMOTE", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    allow_insecure_remote: Option<bool>,
    /// Let pages of this origin connect too; repeatable, * is every origin
    #[arg(
        long,
        env = "MP_RELAY_ALLOW_ORIGIN",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    allow_origin: Option<Vec<String>>,
    /// Serve the page from this folder instead of the embedded one
    #[arg(long, env = "MP_RELAY_WWW", value_name = "DIR")]
    www: Option<PathBuf>,
    /// The secret of the game server's datagrams [default: that of the first generation]
    #[arg(
        long,
        env = "MP_RELAY_UDP_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    udp_secret: Option<String>,
    /// How often the page sends its car's position a second [default: 20]
    #[arg(long, env = "MP_RELAY_UPDATE_HZ", value_name = "HZ")]
    update_hz: Option<u32>,
    /// Players at once [default: 5000]
    #[arg(long, env = "MP_RELAY_MAX_CONNECTIONS", value_name = "N")]
    max_connections: Option<usize>,
    /// Players at once from one address, and as many spectators; 0 for no limit [default: 256]
    #[arg(long, env = "MP_RELAY_MAX_PER_IP", value_name = "N")]
    max_per_ip: Option<usize>,
    /// How long players may finish when the relay stops [default: 5]
    #[arg(long, env = "MP_RELAY_DRAIN_SECONDS", value_name = "SECONDS")]
    drain_seconds: Option<u32>,
    /// Who may watch races: open, off or token:SECRET [default: open]
    #[arg(
        long,
        env = "MP_RELAY_SPECTATE",
        value_name = "WHO",
        hide_env_values = true
    )]
    spectate: Option<String>,
    /// Snapshots of a race a second [default: 20]
    #[arg(long, env = "MP_RELAY_SPECTATE_HZ", value_name = "HZ")]
    spectate_hz: Option<u32>,
    /// How much later than it happens a race is shown [default: 0]
    #[arg(long, env = "MP_RELAY_SPECTATE_DELAY", value_name = "SECONDS")]
    spectate_delay: Option<u32>,
    /// Spectators at once [default: 5000]
    #[arg(long, env = "MP_RELAY_MAX_SPECTATORS", value_name = "N")]
    max_spectators: Option<usize>,
    /// Show also rooms in which no player of this relay is: a session of the relay's own joins them while somebody
    /// watches. It takes a seat, never the last one, and leaves as soon as it finds itself host or alone
    #[arg(long, env = "MP_RELAY_SPECTATE_OBSERVER", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    spectate_observer: Option<bool>,
    /// What observers are called in the game; six letters of their session follow [default: spectator-relay]
    #[arg(long, env = "MP_RELAY_OBSERVER_NAME", value_name = "NAME")]
    observer_name: Option<String>,
    /// Observers at once, each in a room of its own [default: 8]
    #[arg(long, env = "MP_RELAY_MAX_OBSERVERS", value_name = "N")]
    max_observers: Option<usize>,
    /// Serve /metrics, /readyz and /healthz on a port of their own
    #[arg(long, env = "MP_RELAY_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,
    /// Serve /metrics where browsers connect too: everybody can read it then
    #[arg(long, env = "MP_RELAY_METRICS_PUBLIC", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    metrics_public: Option<bool>,
}

impl CommandLine {
    /// Make the configuration.
    ///
    /// # Errors
    /// The file cannot be read, or a value is missing or wrong; the message says which and what to write.
    pub fn into_config(self) -> anyhow::Result<Config> {
        let file = match &self.config {
            Some(path) => Settings::read(path)?,
            None => Settings::default(),
        };
        self.settings.over(file).into_config()
    }
}

impl Settings {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {shown}"))?;
        toml::from_str(&text).with_context(|| format!("the configuration {shown} is wrong"))
    }

    /// Take from `below` what is open here.
    fn over(self, below: Self) -> Self {
        Self {
            server: self.server.or(below.server),
            udp: self.udp.or(below.udp),
            listen: self.listen.or(below.listen),
            trust: self.trust.or(below.trust),
            server_name: self.server_name.or(below.server_name),
            plain_tcp: self.plain_tcp.or(below.plain_tcp),
            allow_insecure_remote: self.allow_insecure_remote.or(below.allow_insecure_remote),
            allow_origin: self.allow_origin.or(below.allow_origin),
            www: self.www.or(below.www),
            udp_secret: self.udp_secret.or(below.udp_secret),
            update_hz: self.update_hz.or(below.update_hz),
            max_connections: self.max_connections.or(below.max_connections),
            max_per_ip: self.max_per_ip.or(below.max_per_ip),
            drain_seconds: self.drain_seconds.or(below.drain_seconds),
            spectate: self.spectate.or(below.spectate),
            spectate_hz: self.spectate_hz.or(below.spectate_hz),
            spectate_delay: self.spectate_delay.or(below.spectate_delay),
            max_spectators: self.max_spectators.or(below.max_spectators),
            spectate_observer: self.spectate_observer.or(below.spectate_observer),
            observer_name: self.observer_name.or(below.observer_name),
            max_observers: self.max_observers.or(below.max_observers),
            metrics_listen: self.metrics_listen.or(below.metrics_listen),
            metrics_public: self.metrics_public.or(below.metrics_public),
        }
    }

    fn into_config(self) -> anyhow::Result<Config> {
        let plain_tcp = self.plain_tcp.unwrap_or(false);
        let server = self
            .server
            .context("which game server? Give it with --server HOST:PORT")?;
        let server: HostPort = parse("server", &server)?;
        let udp = self.udp.map(|udp| parse("udp", &udp)).transpose()?;
        let trust = match self.trust {
            Some(trust) => parse("trust", &trust)?,
            // There is no certificate to judge.
            None if plain_tcp => Trust::Insecure,
            None => bail!(
                "what makes the game server's certificate trusted? Give --trust pin:SHA256 (the safest), \
                 ca-file:PATH, system, or insecure for a server on this machine"
            ),
        };
        let mut config = Config::new(server.clone(), udp.unwrap_or(server), trust);
        config.listen = parse("listen", self.listen.as_deref().unwrap_or(DEFAULT_LISTEN))?;
        config.server_name = self.server_name;
        config.plain_tcp = plain_tcp;
        config.allow_insecure_remote = self.allow_insecure_remote.unwrap_or(false);
        for origin in self.allow_origin.unwrap_or_default() {
            config.allow_origins.push(parse("allow-origin", &origin)?);
        }
        config.www = self.www;
        config.udp_secret = self.udp_secret.map_or(config.udp_secret, Secret::new);
        config.update_hz = self.update_hz.unwrap_or(config.update_hz);
        config.max_connections = self.max_connections.unwrap_or(config.max_connections);
        config.max_per_ip = self.max_per_ip.unwrap_or(config.max_per_ip);
        let drain = self.drain_seconds.map(|s| Duration::from_secs(s.into()));
        config.drain = drain.unwrap_or(config.drain);
        let spectating = &mut config.spectating;
        if let Some(access) = self.spectate {
            // Not repeated in the error: it may hold the token.
            spectating.access = access.parse().context("--spectate")?;
        }
        spectating.hz = self.spectate_hz.unwrap_or(spectating.hz);
        let delay = self.spectate_delay.unwrap_or(0);
        spectating.delay = Duration::from_secs(delay.into());
        spectating.max_spectators = self.max_spectators.unwrap_or(spectating.max_spectators);
        if self.spectate_observer.unwrap_or(false) {
            let observing = config.observing.insert(Observing::default());
            observing.name = self.observer_name.unwrap_or_else(|| observing.name.clone());
            observing.at_once = self.max_observers.unwrap_or(observing.at_once);
        }
        let metrics = self.metrics_listen;
        let metrics = metrics.map(|address| parse("metrics-listen", &address));
        config.metrics_listen = metrics.transpose()?;
        config.metrics_public = self.metrics_public.unwrap_or(false);
        config.check()?;
        Ok(config)
    }
}

fn parse<T>(option: &str, text: &str) -> anyhow::Result<T>
where
    T: FromStr,
    T::Err: Into<anyhow::Error>,
{
    text.parse()
        .map_err(Into::into)
        .with_context(|| format!("--{option} {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const PIN: &str = "fa1045792c3c8c401683effad5423fc88915b68ec9b89bd173ed6b153f230cd4";

    fn config(arguments: &[&str]) -> anyhow::Result<Config> {
        let arguments = [&["mp-relay"], arguments].concat();
        CommandLine::try_parse_from(arguments)?.into_config()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = file(
            "server = 'game.example:443'\ntrust = 'system'\nupdate-hz = 30\nmax-per-ip = 7\nallow-origin = ['*']",
        );
        let path = file.path().to_str().unwrap();
        let config = config(&["--config", path, "--update-hz", "10"]).unwrap();
        assert_eq!(config.server.to_string(), "game.example:443");
        assert_eq!(config.udp, config.server);
        assert_eq!((config.update_hz, config.max_per_ip), (10, 7));
        assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
        assert_eq!(config.allow_origins.len(), 1);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let file = file("server = 'a:1'\ntrust = 'system'\nliste = '127.0.0.1:1'");
        let error = config(&["--config", file.path().to_str().unwrap()]).unwrap_err();
        assert!(format!("{error:#}").contains("liste"), "{error:#}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_what_to_write() {
        for (arguments, words) in [
            (&[][..], "--server HOST:PORT"),
            (&["--server", "a:1"], "--trust pin:SHA256"),
            (&["--server", "a", "--trust", "system"], "--server a"),
            (&["--server", "a:1", "--trust", "pin:12"], "64 digits"),
            (
                &["--server", "a:1", "--trust", "system", "--listen", "x"],
                "--listen x",
            ),
            (
                &["--server", "a:1", "--trust", "system", "--update-hz", "61"],
                "1 to 60",
            ),
            (
                &["--server", "a:1", "--trust", "insecure"],
                "--allow-insecure-remote",
            ),
            (
                &["--server", "a:1", "--trust", "system", "--spectate", "all"],
                "token:SECRET",
            ),
            (
                &[
                    "--server",
                    "a:1",
                    "--trust",
                    "system",
                    "--spectate-hz",
                    "31",
                ],
                "1 to 30",
            ),
            (
                &[
                    "--server",
                    "a:1",
                    "--trust",
                    "system",
                    "--spectate-delay",
                    "601",
                ],
                "600 seconds",
            ),
            (
                &[
                    "--server",
                    "a:1",
                    "--trust",
                    "system",
                    "--spectate-observer",
                    "--spectate",
                    "off",
                ],
                "leave one of them out",
            ),
            (
                &[
                    "--server",
                    "a:1",
                    "--trust",
                    "system",
                    "--spectate-observer",
                    "--observer-name",
                    "a name that is far too long",
                ],
                "at most 24",
            ),
            (
                &[
                    "--server",
                    "a:1",
                    "--trust",
                    "system",
                    "--metrics-listen",
                    "9000",
                ],
                "--metrics-listen 9000",
            ),
            (&["--config", "/does/not/exist"], "/does/not/exist"),
        ] {
            let error = format!("{:#}", config(arguments).unwrap_err());
            assert!(error.contains(words), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn spectating_is_set_like_the_rest_and_its_token_is_not_shown() {
        let file = file(
            "server = 'a:1'\ntrust = 'system'\nspectate = 'token:abcdefghijkl'\nspectate-delay = 30\nmax-spectators = 7",
        );
        let path = file.path().to_str().unwrap();
        let shown = config(&["--config", path, "--spectate-hz", "5"]).unwrap();
        let spectating = &shown.spectating;
        assert_eq!((spectating.hz, spectating.max_spectators), (5, 7));
        assert_eq!(spectating.delay, Duration::from_secs(30));
        assert!(spectating.access.admits(Some("abcdefghijkl")));
        assert!(!format!("{shown:?}").contains("abcdef"));
        let off = config(&["--config", path, "--spectate", "off"]).unwrap();
        assert_eq!(off.spectating.access, crate::spectators::Access::Off);
    }

    #[test]
    fn observers_come_only_where_they_are_meant_to() {
        let file =
            file("server = 'a:1'\ntrust = 'system'\nobserver-name = 'TV'\nmax-observers = 2");
        let path = file.path().to_str().unwrap();
        assert_eq!(config(&["--config", path]).unwrap().observing, None);
        let observing = config(&["--config", path, "--spectate-observer"]).unwrap();
        let (name, at_once) = ("TV".into(), 2);
        let expected = Observing { name, at_once };
        assert_eq!(observing.observing, Some(expected));
    }

    #[test]
    fn switches_need_no_value() {
        let config = config(&["--server", "a:1", "--plain-tcp"]).unwrap();
        assert!(config.plain_tcp && config.is_insecure());
        let pinned = format!("pin:{PIN}");
        let flags = ["--server", "127.0.0.1:1", "--trust", &pinned];
        assert!(!super::tests::config(&flags).unwrap().is_insecure());
    }
}
