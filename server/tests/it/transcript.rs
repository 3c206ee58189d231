//! What every client should receive and did receive. The two are compared as the recordings' README asks:
//! by client and channel, with the order of rooms, players and starting places left open.

use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

use crate::recording::{self, Compared, Kind, Recording, is_of_a_name};
use crate::seal::open;

/// What the server asks now and then.
const PING: &str = r#"{"command":"PING"}"#;

/// One thing a client received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Tls(String),
    Line(String),
    Closed,
    Datagram { sealed: bool, text: String },
}

/// The two channels whose order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Channel {
    Tcp,
    Udp,
}

#[derive(Debug, Default)]
struct Column {
    expected: Vec<Item>,
    received: Vec<Item>,
}

/// All of it, and the names the recording uses for what differs from run to run.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    columns: BTreeMap<(String, Channel), Column>,
    /// `$A` to the id it stands for, and a recorded user id to ours.
    names: HashMap<String, String>,
    /// The server's `PING` counts.
    counts_pings: bool,
    /// Why the recording could not be played to its end.
    failures: Vec<String>,
}

impl Item {
    /// What a datagram says to the session that received it.
    pub(crate) fn datagram(session: &str, secret: &str, bytes: &[u8]) -> Self {
        let opened = match bytes.first() {
            Some(b'{') => None,
            _ => open(session, secret, bytes),
        };
        Self::Datagram {
            sealed: opened.is_some(),
            text: String::from_utf8_lossy(opened.as_deref().unwrap_or(bytes)).into_owned(),
        }
    }

    /// What an event says a client received.
    pub(crate) fn of(kind: &Kind) -> Option<(Channel, Self)> {
        Some(match kind.clone() {
            Kind::Tls(version) => (Channel::Tcp, Self::Tls(version)),
            Kind::Line(text) => (Channel::Tcp, Self::Line(text)),
            Kind::Closed => (Channel::Tcp, Self::Closed),
            Kind::Datagram { sealed, text } => (Channel::Udp, Self::Datagram { sealed, text }),
            _ => return None,
        })
    }
}

impl Transcript {
    /// Expect what a recording shows.
    pub(crate) fn new(recording: &Recording) -> Self {
        let mut transcript = Self {
            counts_pings: recording.reading().counts_pings,
            ..Self::default()
        };
        for event in &recording.events {
            if let Some((channel, item)) = Item::of(&event.kind) {
                transcript.column(&event.who, channel).expected.push(item);
            }
        }
        transcript
    }

    /// Note what a client received, and learn the names in it.
    pub(crate) fn receive(&mut self, who: &str, channel: Channel, item: Item) {
        if !self.counts_pings && item == Item::Line(PING.to_owned()) {
            return;
        }
        let column = self.column(who, channel);
        let expected = column.expected.get(column.received.len()).cloned();
        column.received.push(item.clone());
        if let (Some(Item::Line(expected)), Item::Line(text)) = (expected, item) {
            self.learn(&expected, &text);
        }
    }

    /// Note the same as another transcript.
    pub(crate) fn receive_all(&mut self, other: &Self) {
        for ((who, channel), column) in &other.columns {
            for item in &column.received {
                self.receive(who, *channel, item.clone());
            }
        }
    }

    /// Note why the recording cannot be played any further.
    pub(crate) fn fail(&mut self, failure: String) {
        self.failures.push(failure);
    }

    /// Say how much a client has received on a channel.
    pub(crate) fn received(&self, who: &str, channel: Channel) -> usize {
        self.columns
            .get(&(who.to_owned(), channel))
            .map_or(0, |column| column.received.len())
    }

    /// Say whether everybody has received as much as expected.
    pub(crate) fn is_complete(&self) -> bool {
        self.columns
            .values()
            .all(|column| column.received.len() >= column.expected.len())
    }

    /// Put ids in place of the names in a text to be sent.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        recording::fill(text, |name| self.names.get(name).cloned())
    }

    /// Count what there was to compare.
    pub(crate) fn compared(&self) -> Compared {
        let items = |wanted: Channel| {
            let columns = self.columns.iter();
            let columns = columns.filter(move |((_, channel), _)| *channel == wanted);
            columns.map(|(_, column)| column.expected.len()).sum()
        };
        Compared {
            lines: items(Channel::Tcp),
            datagrams: items(Channel::Udp),
            differences: self.differences().len(),
        }
    }

    /// List what is not as in the recording.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut found = self.failures.clone();
        for ((who, channel), column) in &self.columns {
            let length = column.expected.len().max(column.received.len());
            for index in 0..length {
                let expected = column.expected.get(index).map(canonical);
                let received = column
                    .received
                    .get(index)
                    .map(|item| canonical(&self.named(item)));
                if expected != received {
                    let (expected, received) = (shown(expected), shown(received));
                    found.push(format!(
                        "{who} {channel:?} {index}:\n    expected {expected}\n    received {received}"
                    ));
                }
            }
        }
        found
    }

    fn column(&mut self, who: &str, channel: Channel) -> &mut Column {
        self.columns.entry((who.to_owned(), channel)).or_default()
    }

    /// Learn a name where it appears first, right where the recording has it.
    fn learn(&mut self, expected: &str, text: &str) {
        for start in [
            "CONNECTED|",
            r#"{"command":"CONNECTED","sessionId":""#,
            r#"{"command":"ROOM_CREATED","roomId":""#,
        ] {
            if let (Some(name), Some(id)) = (expected.strip_prefix(start), text.strip_prefix(start))
                && name.starts_with('$')
            {
                let word = |text: &str| {
                    let end = text.find(|char| !is_of_a_name(char) && char != '$');
                    text[..end.unwrap_or(text.len())].to_owned()
                };
                self.names.insert(word(name), word(id));
            }
        }
        // A token, and the user's number, which others may see again.
        for (key, end) in [(r#""token":""#, '"'), (r#""userId":"#, ',')] {
            let value = |line: &str| {
                let (_, rest) = line.split_once(key)?;
                Some(key.to_owned() + rest.split_once(end)?.0)
            };
            if let (Some(name), Some(own)) = (value(expected), value(text)) {
                let bare = |text: &String| text.strip_prefix(key).unwrap_or(text).to_owned();
                match end {
                    // A number alone would be found anywhere.
                    ',' => self.names.insert(name + ",", own + ","),
                    _ => self.names.insert(bare(&name), bare(&own)),
                };
            }
        }
    }

    /// Put names in place of the ids in what was received.
    fn named(&self, item: &Item) -> Item {
        let named = |text: &String| {
            let replace =
                |text: String, (name, id): (&String, &String)| text.replace(id.as_str(), name);
            self.names.iter().fold(text.clone(), replace)
        };
        match item {
            Item::Line(text) => Item::Line(named(text)),
            Item::Datagram { sealed, text } => Item::Datagram {
                sealed: *sealed,
                text: named(text),
            },
            other => other.clone(),
        }
    }
}

/// Put the same in place of every time of the right form.
fn without_time(line: &str) -> String {
    const FORM: &str = "0000-00-00 00:00:00";
    const KEY: &str = r#""timestamp":""#;
    let Some((before, rest)) = line.split_once(KEY) else {
        return line.to_owned();
    };
    let Some((time, after)) = rest.split_at_checked(FORM.len()) else {
        return line.to_owned();
    };
    let digit = |char: char| if char.is_ascii_digit() { '0' } else { char };
    let time: String = time.chars().map(digit).collect();
    format!("{before}{KEY}{time}{after}")
}

/// Sort the lists whose order means nothing, and leave times out; everything else stays to the letter.
fn canonical(item: &Item) -> Item {
    let Item::Line(line) = item else {
        return item.clone();
    };
    let line = &without_time(line);
    let item = &Item::Line(line.clone());
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(line) else {
        return item.clone();
    };
    let mut sorted = line.clone();
    for list in ["rooms", "players"]
        .into_iter()
        .filter_map(|key| members.get(key))
    {
        if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(list.get()) {
            let mut elements: Vec<&str> = elements.into_iter().map(RawValue::get).collect();
            elements.sort_unstable();
            sorted = sorted.replace(list.get(), &format!("[{}]", elements.join(",")));
        }
    }
    if let Some(spawns) = members.get("spawnPositions") {
        let inner = spawns.get().trim_start_matches('{').trim_end_matches('}');
        let mut entries: Vec<&str> = inner.split("},").collect();
        entries.sort_unstable();
        sorted = sorted.replace(spawns.get(), &format!("{{{}}}", entries.join("},")));
    }
    Item::Line(sorted)
}

fn shown(item: Option<Item>) -> String {
    let text = item.map_or("nothing".to_owned(), |item| format!("{item:?}"));
    if text.len() > 400 {
        text.chars().take(400).collect::<String>() + "…"
    } else {
        text
    }
}
