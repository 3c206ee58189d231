//! Merges the command line, the environment and the TOML file. A key of the file becomes a flag unless a flag or a
//! variable sets it already, and clap reads them all into a `Config`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, CommandFactory as _, FromArgMatches as _, Parser};

use super::effective::EffectiveOptions;
use super::file::{self, File, causes, word, wrong_value};
use super::{Config, Observing, server_list};

#[derive(Parser)]
#[command(
    name = "mp-relay",
    version,
    about = "Bridges web pages to MP-Server game servers"
)]
struct CommandLine {
    /// Read options from this TOML file; unknown keys are refused.
    #[arg(long = "config", env = "MP_RELAY_CONFIG", value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    config: Config,
    /// Also show rooms without a player of this relay: a session of the relay's own joins them while somebody watches.
    /// It takes a seat, never the last one, and leaves as soon as it finds itself host or alone.
    #[arg(long, env = "MP_RELAY_SPECTATE_OBSERVER", value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", default_value = "false", hide_default_value = true)]
    spectate_observer: bool,
    #[command(flatten)]
    observing: Observing,
    /// Check the configuration and exit. Files it names are read, no port is opened.
    #[arg(long, conflicts_with = "print_config")]
    check_config: bool,
    /// Print the options in effect as a TOML file, and end. Secrets are shown as ***.
    #[arg(long)]
    print_config: bool,
}

/// What the command line asks for.
#[derive(Debug)]
pub struct Invocation {
    /// The options of the relay.
    pub config: Config,
    /// The same, by their names.
    pub options: EffectiveOptions,
    /// What to do with them.
    pub task: Task,
}

/// What to do with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Run a relay.
    Run,
    /// Say whether it is right.
    Check,
    /// Print it.
    Print,
}

impl Invocation {
    /// Read the command line (the program's name first), the environment and the file that `--config` names. A flag wins
    /// over the environment, the environment over the file, and the file over the default.
    ///
    /// # Errors
    /// A value is missing or wrong, or the file cannot be read. The message says which and what to write, and shows
    /// no secret. A request for help or the version is a `clap::Error`, which prints it.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut arguments: Vec<_> = arguments.into_iter().collect();
        // The file may set what is missing here, so nothing is required yet.
        let nothing_required = CommandLine::command().mut_args(|option| {
            option
                .required(false)
                .required_unless_present(Resettable::Reset)
        });
        let given = nothing_required.try_get_matches_from(&arguments);
        let given = given.map_err(|error| in_words(error, None))?;
        let file = given.get_one::<PathBuf>("file");
        let mut servers = Vec::new();
        if let Some(path) = file {
            let text = file::read(path)?;
            let read = File::parse(path, &text)?;
            let is_set = |option: &Arg| {
                matches!(
                    given.value_source(option.get_id().as_str()),
                    Some(ValueSource::CommandLine | ValueSource::EnvVariable)
                )
            };
            let mut flags = read.options().flags(&CommandLine::command(), is_set)?;
            servers = server_list::read(path, &read, &given)?;
            // The first one is the default.
            flags.extend(servers.iter().take(1).flat_map(|first| first.flags.clone()));
            let name = arguments.len().min(1);
            arguments.splice(name..name, flags);
        }
        // The flags and variables are right, so a wrong value is one of the file.
        let command = CommandLine::command();
        let matches = command.clone().try_get_matches_from(arguments);
        let matches = matches.map_err(|error| in_words(error, file))?;
        let options: Vec<_> = command.get_arguments().cloned().collect();
        let mut options = EffectiveOptions::new(&options, &matches);
        let line = CommandLine::from_arg_matches(&matches);
        let line = line.map_err(|error| in_words(error, file))?;
        let mut config = line.config;
        if !servers.is_empty() {
            let (mut games, tables): (VecDeque<_>, _) = servers
                .into_iter()
                .map(|listed| (listed.game, listed.options))
                .unzip();
            options.list_servers(tables, &server_list::keys_of_single());
            config.game = games.pop_front().unwrap_or(config.game);
            config.more_games = games.into();
        }
        config.observing = line.spectate_observer.then_some(line.observing);
        config.check().map_err(|error| match file {
            Some(file) => error.context(format!(
                "wrong options, maybe in the configuration {}",
                file.display()
            )),
            None => error,
        })?;
        let task = match (line.check_config, line.print_config) {
            (true, _) => Task::Check,
            (_, true) => Task::Print,
            _ => Task::Run,
        };
        Ok(Self {
            config,
            options,
            task,
        })
    }
}

/// Put clap's error, or one about a value of the file, into the relay's own words. clap would show the value of a secret.
fn in_words(error: clap::Error, file: Option<&PathBuf>) -> anyhow::Error {
    if let Some(wrong) = file.and_then(|file| wrong_value(&error, file, None)) {
        return wrong;
    }
    match (file, error.kind(), error.get(ContextKind::InvalidArg)) {
        (None, ErrorKind::ValueValidation, Some(ContextValue::String(option))) => {
            let (option, cause) = (word(option), causes(&error));
            match error.get(ContextKind::InvalidValue) {
                Some(value) if !is_secret(&option) => anyhow!("{option} {value}: {cause}"),
                _ => anyhow!("{option}: {cause}"),
            }
        }
        (_, ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(options))) => {
            let options = options.join(" and ").replace(['<', '>'], "");
            anyhow!("these options are needed: {options} (--help explains them)")
        }
        _ => error.into(),
    }
}

/// Say whether the option's value is hidden.
fn is_secret(option: &str) -> bool {
    let command = CommandLine::command();
    command.get_arguments().any(|known| {
        known.is_hide_env_values_set() && known.get_long() == option.strip_prefix("--")
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use protocol::id::Secret;

    use super::*;
    use crate::config::DEFAULT_LISTEN;
    use crate::config::{Access, Trust};

    const PIN: &str = "fa1045792c3c8c401683effad5423fc88915b68ec9b89bd173ed6b153f230cd4";

    fn config(arguments: &[&str]) -> anyhow::Result<Config> {
        let arguments = [&["mp-relay"], arguments].concat();
        Invocation::read(arguments.into_iter().map(OsString::from)).map(|it| it.config)
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
        assert_eq!(config.game.server.to_string(), "game.example:443");
        assert_eq!(*config.game.udp(), config.game.server);
        assert_eq!((config.update_hz, config.max_per_ip), (10, 7));
        assert_eq!(config.listen, DEFAULT_LISTEN);
        assert_eq!(config.allow_origins.len(), 1);
    }

    /// Read a file that must be refused, and give the message.
    fn refusal(text: &str) -> String {
        let file = file(&format!("server = 'a:1'\ntrust = 'system'\n{text}"));
        let path = file.path().to_str().unwrap();
        let error = config(&["--config", path]).expect_err(text);
        assert!(error.downcast_ref::<clap::Error>().is_none(), "{text}");
        let shown = format!("{error:#}");
        assert!(shown.contains(path), "{text}: {shown}");
        shown.replace(path, "FILE")
    }

    #[test]
    fn an_unknown_key_is_refused_by_its_place() {
        for (text, similar) in [
            ("liste = '127.0.0.1:1'", "listen"),
            ("update_hz = 7", "update-hz"),
            ("config = 'other.toml'", ""),
            ("print-config = true", ""),
            ("help = true", ""),
            ("'' = true", ""),
            ("'listen=1' = true", ""),
            ("  'token:HIDDENHIDDEN' = 1", ""),
            ("token.HIDDENHIDDEN = 1", ""),
            ("[HIDDENHIDDEN]", ""),
        ] {
            let error = refusal(text);
            assert!(error.contains("unknown key in line 3, column "), "{error}");
            assert!(error.contains(similar), "{text}: {error}");
            assert!(!error.contains("HIDDEN"), "{text}: {error}");
        }
        let error = refusal("  'token:HIDDENHIDDEN' = 1");
        assert!(error.contains("column 3"), "{error}");
    }

    #[test]
    fn a_key_takes_one_type_of_value() {
        for (text, wanted) in [
            ("spectate = []", "a string"),
            ("spectate = ['token:HIDDENHIDDEN']", "a string"),
            ("spectate = 5", "a string"),
            ("udp-secret = 5", "a string"),
            ("udp-secret = 98765432109876543210", "a string"),
            ("udp-secret = 1e999", "a string"),
            (
                "udp-secret = 9999999999999999999999999999999999999999999",
                "a string",
            ),
            ("www = true", "a string"),
            ("metrics-listen = 1979-05-27T07:32:00Z", "a string"),
            ("server-name = { name = 'HIDDEN' }", "a string"),
            ("update-hz = '7'", "a whole number"),
            ("update-hz = [7]", "a whole number"),
            ("update-hz = 7.5", "a whole number"),
            ("update-hz = 98765432109876543210", "a whole number"),
            ("max-connections = '5'", "a whole number"),
            ("drain-seconds = true", "a whole number"),
            ("spectate-delay = []", "a whole number"),
            ("metrics-public = 'true'", "true or false"),
            ("plain-tcp = 'HIDDEN'", "true or false"),
            ("spectate-observer = []", "true or false"),
            ("allow-insecure-remote = 1", "true or false"),
            ("allow-origin = 'http://f,http://e'", "a list of strings"),
            ("allow-origin = ['http://f', 5]", "a list of strings"),
            ("allow-origin = ['http://f,http://e']", "without commas"),
        ] {
            let error = refusal(text);
            let (key, value) = text.split_once(" = ").unwrap();
            let column = key.len() + 4;
            let place = format!("the key {key} in line 3, column {column}: it takes ");
            assert!(error.contains(&place), "{text}: {error}");
            assert!(error.contains(wanted), "{text}: {error}");
            assert!(!error.contains("HIDDEN"), "{text}: {error}");
            let shown = value.len() > 3 && !wanted.contains(value) && error.contains(value);
            assert!(!shown, "{text}: {error}");
        }
    }

    #[test]
    fn values_that_cannot_work_are_refused_with_the_name_of_the_file() {
        for (text, words) in [
            ("update-hz = 61", "--update-hz must be 1 to 60"),
            ("spectate-delay = 601", "--spectate-delay"),
        ] {
            let error = refusal(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn a_flag_does_not_hide_a_wrong_type_in_the_file() {
        let file = file("server = 'a:1'\ntrust = ['insecure']");
        let path = file.path().to_str().unwrap();
        let error = config(&["--config", path, "--trust", "system"]).unwrap_err();
        assert!(format!("{error:#}").contains("a string"), "{error:#}");
    }

    #[test]
    fn an_empty_list_of_origins_allows_none() {
        let file = file("server = 'a:1'\ntrust = 'system'\nallow-origin = []");
        let config = config(&["--config", file.path().to_str().unwrap()]).unwrap();
        assert_eq!(config.allow_origins, []);
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_file_and_key() {
        for text in [
            "listen = 'x'",
            "udp = 'x'",
            "update-hz = -1",
            "update-hz = 99999999999",
            "spectate = 'HIDDEN'",
            "www = ''",
        ] {
            let error = refusal(text);
            let (key, _) = text.split_once(" = ").unwrap();
            assert!(
                error.contains(&format!("wrong value for the key {key}: ")),
                "{text}: {error}"
            );
            assert!(!error.contains("HIDDEN"), "{text}: {error}");
        }
    }

    #[test]
    fn an_error_names_the_option_and_says_what_to_write() {
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
                    "--spectate-observer",
                    "--observer-name",
                    "\u{200b}\u{3164}",
                ],
                "a letter that can be seen",
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
        assert_eq!(off.spectating.access, Access::Off);
    }

    #[test]
    fn observers_need_a_switch() {
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
        assert!(config.game.plain_tcp && config.game.is_insecure());
        let pinned = format!("pin:{PIN}");
        let flags = ["--server", "127.0.0.1:1", "--trust", &pinned];
        assert!(!super::tests::config(&flags).unwrap().game.is_insecure());
    }

    #[test]
    fn without_options_the_defaults_are_those_of_a_new_configuration() {
        let read = config(&["--server", "a:1", "--udp", "b:2", "--trust", "system"]).unwrap();
        let hosts = ["a:1", "b:2"].map(|text| text.parse().unwrap());
        let [server, udp] = hosts;
        let mut new = Config::new(server, udp, Trust::System);
        new.listen = DEFAULT_LISTEN;
        assert_eq!(format!("{read:?}"), format!("{new:?}"));
    }

    #[test]
    fn the_file_takes_every_option_as_the_command_line_does() {
        let file = file(
            "server = 'a:1'\nplain-tcp = true\nallow-origin = ['https://a', 'https://b']\nallow-insecure-remote = false\n\
             metrics-public = true\nspectate-observer = true\ndrain-seconds = 7\nresume-seconds = 8\nudp-secret = 'other'",
        );
        let path = file.path().to_str().unwrap();
        let read = config(&[
            "--config",
            path,
            "--allow-origin",
            "https://c",
            "--metrics-public=false",
        ])
        .unwrap();
        assert!(read.game.plain_tcp && !read.game.allow_insecure_remote && !read.metrics_public);
        assert_eq!(read.allow_origins, ["https://c".parse().unwrap()]);
        assert_eq!(read.observing, Some(Observing::default()));
        assert_eq!(read.drain, Duration::from_secs(7));
        assert_eq!(read.resume, Duration::from_secs(8));
        assert_eq!(read.game.udp_secret, Secret::new("other"));
        let from_file = config(&["--config", path]).unwrap();
        assert_eq!(from_file.allow_origins.len(), 2);
        assert!(from_file.metrics_public);
    }

    #[test]
    fn a_refused_file_shows_no_secret() {
        for (text, place) in [
            ("spectate = \"token:HIDDENHIDDEN", "line 1"),
            ("spectate = 'token:HIDDENHIDDEN' x", "line 1"),
            ("spectate = token:HIDDENHIDDEN", "line 1"),
            ("listen = 'a:1'\nudp-secret = HIDDENHIDDEN", "line 2"),
            ("udp-secret = 'HIDDENHIDDEN \\q\\'\n= 1", "line 2"),
            ("udp-secret = \"HIDDENHIDDEN \\q\"", "line 1"),
            (
                "udp-secret = 'HIDDENHIDDEN'\nudp-secret = 'HIDDENHIDDEN'",
                "line 2",
            ),
            (
                "udp-secret = 'HIDDENHIDDEN' spectate = 'token:HIDDENHIDDEN'",
                "line 1",
            ),
            ("spectate = 'token:HIDDENHIDDEN'\nunknown = 1", "unknown"),
            ("spectate = 'HIDDENHIDDEN'", "key spectate"),
            ("spectate = 'token:HIDDENHIDDEN !'", "key spectate"),
            (
                "spectate = ['token:HIDDENHIDDEN', 'token:HIDDENHIDDEN']",
                "key spectate",
            ),
            ("spectate = { token = 'HIDDENHIDDEN' }", "spectate"),
            ("[spectate]\ntoken = 'HIDDENHIDDEN'", "spectate"),
            ("udp-secret = 'HIDDENHIDDEN'\nlisten = 5", "key listen"),
        ] {
            let whole = format!("server = 'a:1'\ntrust = 'system'\n{text}");
            for text in [text, &whole] {
                let file = file(text);
                let error = config(&["--config", file.path().to_str().unwrap()]).unwrap_err();
                let shown = format!("{error:#} {error:?}");
                assert!(!shown.contains("HIDDEN"), "{text}: {shown}");
            }
            let file = file(text);
            let error = config(&[
                "--config",
                file.path().to_str().unwrap(),
                "--server",
                "a:1",
                "--trust",
                "system",
            ]);
            let error = format!("{:#}", error.unwrap_err());
            assert!(error.contains(place), "{text}: {error}");
        }
    }

    #[test]
    fn a_secret_on_the_command_line_is_not_shown_either() {
        let error = config(&[
            "--server",
            "a:1",
            "--trust",
            "system",
            "--spectate",
            "HIDDEN",
        ])
        .unwrap_err();
        let shown = format!("{error:#} {error:?}");
        assert!(
            shown.contains("--spectate") && !shown.contains("HIDDEN"),
            "{shown}"
        );
    }
}
