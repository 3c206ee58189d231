//! The list of game servers in a TOML file. Each table is read like a command line of its own, without variables.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{anyhow, bail};
use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, Command, CommandFactory as _, FromArgMatches as _, Parser};

use super::effective::EffectiveOptions;
use super::file::{File, Section, wrong_value};
use super::game_server::{GameServer, Label, ServerName};
use super::option;

/// One table.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Table {
    #[arg(long)]
    name: ServerName,
    #[arg(long)]
    label: Option<Label>,
    #[command(flatten)]
    game: GameServer,
}

/// A game server of the list, and how its table is written.
pub(super) struct Listed {
    pub(super) game: GameServer,
    pub(super) options: EffectiveOptions,
    /// The flags by which the command line would set the same.
    pub(super) flags: Vec<OsString>,
}

/// Read the list. `given` are the flags and variables, which may not set another game server beside it.
pub(super) fn read(
    path: &Path,
    file: &File<'_>,
    given: &ArgMatches,
) -> anyhow::Result<Vec<Listed>> {
    let tables = file.servers()?;
    if !tables.is_empty() {
        refuse_single(path, &file.options(), given)?;
    }
    tables.iter().map(|table| listed(path, table)).collect()
}

/// The options of a single game server.
pub(super) fn keys_of_single() -> Vec<String> {
    let single = GameServer::augment_args(Command::new("one"));
    let keys = single.get_arguments().filter_map(option::key);
    keys.map(str::to_owned).collect()
}

fn refuse_single(path: &Path, options: &Section<'_>, given: &ArgMatches) -> anyhow::Result<()> {
    let single = GameServer::augment_args(Command::new("one"));
    for option in single.get_arguments() {
        let source = given.value_source(option.get_id().as_str());
        let is_given = matches!(
            source,
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        );
        if let Some(key) = option::key(option)
            && (is_given || options.has(key))
        {
            bail!(
                "{key} is for a single game server, but the configuration {} has [[servers]]: write it in each table where it \
                 belongs",
                path.display()
            );
        }
    }
    Ok(())
}

fn listed(path: &Path, table: &Section<'_>) -> anyhow::Result<Listed> {
    let place = table.place.as_deref();
    // Variables set the options of a single game server.
    let command = Table::command().mut_args(|option| option.env(Resettable::Reset));
    let flags = table.flags(&command, |_| false)?;
    let in_words = |error: clap::Error| in_words(&error, path, place);
    let matches = command.clone().try_get_matches_from(&flags);
    let matches = matches.map_err(in_words)?;
    let options: Vec<_> = command.get_arguments().cloned().collect();
    let options = EffectiveOptions::new(&options, &matches);
    let Table { name, label, game } = Table::from_arg_matches(&matches).map_err(in_words)?;
    let is_single = |flag: &OsString| {
        let flag = flag.to_string_lossy();
        !flag.starts_with("--name=") && !flag.starts_with("--label=")
    };
    Ok(Listed {
        game: GameServer {
            name: Some(name),
            label,
            ..game
        },
        options,
        flags: flags.into_iter().filter(is_single).collect(),
    })
}

fn in_words(error: &clap::Error, path: &Path, place: Option<&str>) -> anyhow::Error {
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(options))
            if error.kind() == ErrorKind::MissingRequiredArgument =>
        {
            let keys = options.iter().map(|usage| {
                let key = usage.split(' ').next().unwrap_or_default();
                key.trim_start_matches('-')
            });
            keys.collect::<Vec<_>>().join(" and ")
        }
        _ => String::new(),
    };
    let (shown, place_words) = (path.display(), place.unwrap_or_default());
    wrong_value(error, path, place).unwrap_or_else(|| {
        anyhow!("the [[servers]] in {place_words} of the configuration {shown} need these keys: {missing}")
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use protocol::id::Secret;

    use crate::config::{Invocation, Trust};

    const EAST: &str = "[[servers]]\nname = 'east'\nserver = 'a:1'\ntrust = 'system'\n";
    const WEST: &str = "[[servers]]\nname = 'west'\nlabel = 'Wild West'\nserver = 'b:2'\nudp = 'c:3'\n\
                        plain-tcp = true\nudp-secret = 'HIDDEN'\n";

    fn read(text: &str, arguments: &[&str]) -> anyhow::Result<Invocation> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap();
        let arguments = [&["mp-relay", "--config", path], arguments].concat();
        let read = Invocation::read(arguments.into_iter().map(Into::into));
        read.map_err(|error| anyhow::anyhow!(format!("{error:#}").replace(path, "FILE")))
    }

    #[test]
    fn a_file_lists_servers_and_the_first_one_is_the_default() {
        let text = format!("max-per-ip = 7\n{EAST}{WEST}");
        let config = read(&text, &["--update-hz", "10"]).unwrap().config;
        assert_eq!((config.max_per_ip, config.update_hz), (7, 10));
        let names: Vec<_> = config
            .games()
            .iter()
            .map(|game| game.name.clone())
            .collect();
        assert_eq!(names, ["east", "west"].map(|name| name.parse().ok()));
        let [east, west] = config.games()[..] else {
            panic!("two were listed");
        };
        assert_eq!(
            (east.server.to_string(), east.udp()),
            ("a:1".into(), &east.server)
        );
        assert_eq!((&east.trust, east.plain_tcp), (&Trust::System, false));
        assert_eq!(east.udp_secret, Secret::default());
        assert_eq!(west.label.as_ref().unwrap().as_str(), "Wild West");
        assert_eq!(west.udp().to_string(), "c:3");
        assert!(west.plain_tcp && west.udp_secret == Secret::new("HIDDEN"));
    }

    #[test]
    fn what_is_printed_has_the_servers_without_their_secrets() {
        let text = format!("spectate = 'off'\n{EAST}{WEST}");
        let options = read(&text, &[]).unwrap().options;
        let printed = options.to_string();
        assert!(!printed.contains("HIDDEN"), "{printed}");
        assert!(printed.contains("udp-secret = \"***\""), "{printed}");
        // The asterisks in place of a secret are refused as one.
        let error = read(&printed, &[]).unwrap_err().to_string();
        assert!(error.contains("--print-config"), "{error}");
        let filled_in = printed.replace("***", "HIDDEN");
        let again = read(&filled_in, &[]).unwrap().options;
        assert_eq!(again.to_string(), printed);
        assert_eq!(again.changes(&options), [""; 0]);
        let other = format!(
            "spectate = 'off'\n{WEST}{}",
            EAST.replace("system", "insecure'\nallow-insecure-remote = true\n#")
        );
        let mut changes = options.changes(&read(&other, &[]).unwrap().options);
        changes.sort_unstable();
        let expected = [
            "servers",
            "servers.east.allow-insecure-remote",
            "servers.east.trust",
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_list_that_cannot_work_is_refused_and_shows_no_secret() {
        let with = |more: &str| format!("{EAST}{more}");
        let west = |old: &str, new: &str| with(&WEST.replace(old, new));
        let many: String = (0..33)
            .map(|n| EAST.replace("east", &n.to_string()))
            .collect();
        for (text, words) in [
            (with(EAST), "two of the [[servers]] have the name east"),
            (many, "at most 32"),
            (
                west("'west'", "'HIDDEN place'"),
                "the key name of the [[servers]] in line 5",
            ),
            (west("'west'", "''"), "the key name of the [[servers]]"),
            (
                west("'west'", &format!("'{}'", "x".repeat(33))),
                "1 to 32 letters",
            ),
            (
                west("'Wild West'", "'\u{200b}'"),
                "the key label of the [[servers]]",
            ),
            (west("name = 'west'\n", ""), "need these keys: name"),
            (west("server = 'b:2'\n", ""), "need these keys: server"),
            (west("plain-tcp = true", ""), "need these keys: trust"),
            (
                west("server = 'b:2'", "server = 'nonsense'"),
                "the key server of the [[servers]]",
            ),
            (
                west("plain-tcp = true", "trust = 'nonsense'"),
                "the key trust of the [[servers]]",
            ),
            (
                west("plain-tcp = true", "trust = 'insecure'"),
                "the server west of [[servers]]: --trust insecure",
            ),
            (
                west("plain-tcp = true", "HIDDEN = true"),
                "unknown key in line 10",
            ),
            (
                west("plain-tcp = true", "update-hz = 7"),
                "unknown key in line 10",
            ),
            (
                west("plain-tcp = true", "plain-tcp = 'HIDDEN'"),
                "true or false",
            ),
            (
                west("plain-tcp = true", "plan-tcp = true"),
                "a similar one is plain-tcp",
            ),
            (
                "servers = []".into(),
                "it takes tables, each under [[servers]]",
            ),
            (
                "servers = ['HIDDEN']".into(),
                "it takes tables, each under [[servers]]",
            ),
            (
                "[servers]\nname = 'HIDDEN'".into(),
                "it takes tables, each under [[servers]]",
            ),
            (
                with("[[servers.HIDDEN]]\nname = 'x'"),
                "unknown key in line 5",
            ),
            (
                format!("server = 'HIDDEN:1'\n{EAST}"),
                "server is for a single game server",
            ),
            (
                format!("trust = 'system'\n{EAST}"),
                "trust is for a single game server",
            ),
            (
                format!("udp-secret = 'HIDDEN'\n{EAST}"),
                "udp-secret is for a single",
            ),
        ] {
            let error = read(&text, &[]).expect_err(&text).to_string();
            assert!(error.contains(words), "{text}: {error}");
            assert!(
                error.contains("FILE") && !error.contains("HIDDEN"),
                "{text}: {error}"
            );
        }
        for flag in [
            "--server=a:1",
            "--trust=system",
            "--plain-tcp",
            "--udp-secret=HIDDEN",
        ] {
            let error = read(EAST, &[flag]).unwrap_err().to_string();
            assert!(
                error.contains("is for a single game server"),
                "{flag}: {error}"
            );
            assert!(!error.contains("HIDDEN"), "{error}");
        }
    }
}
