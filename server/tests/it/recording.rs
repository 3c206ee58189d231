//! Recordings of the original server, as files; their README says what the channels mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::generation::Generation;
use serde::Deserialize;

/// The folder of each generation, and the secret its server ran with.
pub(crate) const SETS: [Set; 3] = [
    Set {
        generation: Generation::First,
        folder: "gen1",
        secret: "RacingServerUDP2024!",
    },
    Set {
        generation: Generation::Chat,
        folder: "gen1.1",
        secret: "RacingServerUDP2024!",
    },
    Set {
        generation: Generation::Token,
        folder: "gen2",
        secret: "recording-secret-for-tests",
    },
];

/// The recordings of one generation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Set {
    pub(crate) generation: Generation,
    folder: &'static str,
    pub(crate) secret: &'static str,
}

/// One line of a recording.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Since the start of the recording.
    pub(crate) at: Duration,
    /// Which client.
    pub(crate) who: String,
    pub(crate) kind: Kind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The client made a TLS connection of this version.
    Tls(String),
    /// The client made a TCP connection and spoke no TLS.
    PlainConnect,
    /// The server ended the connection.
    Closed,
    /// The client wrote bytes.
    Sent(Payload),
    /// The server sent a line.
    Line(String),
    /// The client sent a datagram.
    DatagramSent(Payload),
    /// The server sent a datagram; the text is what it says once opened.
    Datagram { sealed: bool, text: String },
    /// The client went on with another UDP socket.
    NewPort,
    /// About the recording itself.
    Note,
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// A text with names in it.
    Plain(String),
    /// A text with names in it, to be sealed.
    Sealed(String),
    Bytes(Vec<u8>),
}

/// One scenario.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) set: Set,
    pub(crate) name: String,
    pub(crate) events: Vec<Event>,
}

/// What a recording does not say about its clients.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The client whose connection ends after its last event; the recording has no event for that.
    pub(crate) vanishes: Option<String>,
    /// The index of the event that was sealed with a wrong secret.
    pub(crate) wrong_seal: Option<usize>,
    /// Its `PING` of the server counts. In others it differs from run to run.
    pub(crate) counts_pings: bool,
}

#[derive(Deserialize)]
struct RawEvent {
    t: u64,
    who: String,
    channel: String,
    text: String,
}

/// The folder of all recordings: that of the repository, or what `MP_RECORDINGS` names. It has a folder for each generation.
fn folder() -> PathBuf {
    match std::env::var_os("MP_RECORDINGS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings"),
    }
}

/// Read every recording of every generation.
pub(crate) fn all() -> Vec<Recording> {
    let all: Vec<Recording> = SETS.into_iter().flat_map(of).collect();
    assert!(!all.is_empty(), "no recordings in {}", folder().display());
    all
}

/// Read every recording of one generation. Another folder than the repository's may lack some.
fn of(set: Set) -> Vec<Recording> {
    let Ok(entries) = std::fs::read_dir(folder().join(set.folder)) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| Recording::load(set, path))
        .collect()
}

/// Say how many lines and datagrams were compared, per generation. It shows even when the test passes.
pub(crate) fn report(how: &str, played: &[(&Recording, Compared)]) {
    use std::io::Write as _;
    for set in SETS {
        let of_set = played
            .iter()
            .filter(|(recording, _)| recording.set.generation == set.generation);
        let compared: Vec<Compared> = of_set.map(|(_, compared)| *compared).collect();
        let sum = |count: fn(&Compared) -> usize| compared.iter().map(count).sum::<usize>();
        let line = format!(
            "{how}: generation {}: {} recordings, {} lines and {} datagrams compared, {} differences",
            set.generation,
            compared.len(),
            sum(|compared| compared.lines),
            sum(|compared| compared.datagrams),
            sum(|compared| compared.differences),
        );
        let mut past_the_capture = std::io::stderr().lock();
        writeln!(past_the_capture, "{line}").unwrap();
    }
}

/// What was compared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Compared {
    pub(crate) lines: usize,
    pub(crate) datagrams: usize,
    pub(crate) differences: usize,
}

/// Fail if a recording differs.
pub(crate) fn assert_equal(played: &[(&Recording, Vec<String>)]) {
    let failures = played
        .iter()
        .filter(|(_, differences)| !differences.is_empty());
    let failures: Vec<String> = failures
        .map(|(recording, differences)| {
            let Recording { set, name, .. } = recording;
            format!("{}/{name}:\n  {}", set.folder, differences.join("\n  "))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

impl Recording {
    fn load(set: Set, path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let read = |line: &str| {
            let event: RawEvent = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
            Event {
                at: Duration::from_millis(event.t),
                kind: Kind::read(&event.channel, &expand(&event.text))
                    .unwrap_or_else(|| panic!("{name}: cannot play this event: {line}")),
                who: event.who,
            }
        };
        let events = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(read)
            .collect();
        Self { set, name, events }
    }

    /// The index of a client's last event.
    pub(crate) fn last_event(&self, who: &str) -> Option<usize> {
        self.events.iter().rposition(|event| event.who == who)
    }

    /// What this recording does not say about its clients. Those named here need it; every other one is complete.
    pub(crate) fn reading(&self) -> Reading {
        match self.name.as_str() {
            "disconnect_in_room" | "name_after_offline" => Reading {
                vanishes: Some("A".to_owned()),
                ..Reading::default()
            },
            "udp_garbage" => Reading {
                wrong_seal: self.events.iter().position(Event::has_wrong_seal),
                ..Reading::default()
            },
            "server_ping" => Reading {
                counts_pings: true,
                ..Reading::default()
            },
            _ => Reading::default(),
        }
    }
}

impl Event {
    /// Recognise the one datagram of `udp_garbage` that was sealed with a wrong secret.
    fn has_wrong_seal(&self) -> bool {
        matches!(&self.kind, Kind::DatagramSent(Payload::Sealed(text)) if text.contains(r#""x":5"#))
    }
}

impl Kind {
    fn read(channel: &str, text: &str) -> Option<Self> {
        Some(match channel {
            "tcp*" if text == "plain connect" => Self::PlainConnect,
            "tcp*" if text == "closed by server" || text.starts_with("error") => Self::Closed,
            "tcp*" => Self::Tls(text.strip_prefix("tls ")?.to_owned()),
            "tcp>" => Self::Sent(Payload::read("plain ", text)?),
            "tcp<" => Self::Line(text.to_owned()),
            "udp>" => Self::DatagramSent(Payload::read("", text)?),
            "udp<" | "udp< plain" | "udp< sealed" => Self::Datagram {
                sealed: channel.ends_with("sealed"),
                text: text.to_owned(),
            },
            "udp*" => Self::NewPort,
            "note" => Self::Note,
            _ => return None,
        })
    }
}

impl Payload {
    /// Read a text that may name its form; `form` is the default.
    fn read(form: &str, text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix("hex:") {
            let digits = digits.trim();
            let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
            return (0..digits.len())
                .step_by(2)
                .map(byte)
                .collect::<Option<_>>()
                .map(Self::Bytes);
        }
        let said = format!("{form}{text}");
        if let Some(text) = said.strip_prefix("sealed ") {
            return Some(Self::Sealed(text.to_owned()));
        }
        Some(Self::Plain(said.strip_prefix("plain ")?.to_owned()))
    }
}

/// Put what `known` gives in place of each name in a text: `$A` is a name.
pub(crate) fn fill(text: &str, known: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let end = rest[at + 1..].find(|char| !is_of_a_name(char));
        let name = &rest[at..end.map_or(rest.len(), |end| at + 1 + end)];
        out.push_str(&known(name).ok_or_else(|| format!("{name} is not known yet"))?);
        rest = &rest[at + name.len()..];
    }
    Ok(out + rest)
}

pub(crate) fn is_of_a_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Write out `<200000 times x>`.
fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let times = tail.find('>').and_then(|end| {
            let (count, letter) = tail[1..end].split_once(" times ")?;
            Some((count.parse().ok()?, letter, end))
        });
        match times {
            Some((count, letter, end)) => {
                out.push_str(&letter.repeat(count));
                rest = &tail[end + 1..];
            }
            None => {
                out.push('<');
                rest = &tail[1..];
            }
        }
    }
    out + rest
}
