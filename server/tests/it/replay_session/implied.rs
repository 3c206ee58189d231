//! What a recording implies for one of its clients, and the comparison with what a session came to. It reads the recorded lines as
//! plain JSON. Only the content of an answer is compared by means of the project's own parser.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::event::Event;
use protocol::generation::Generation;
use serde_json::Value;

/// A recorded client that gets no answer goes on after this long at the earliest (README of the recordings).
const UNANSWERED: Duration = Duration::from_millis(150);

/// What a session has come to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ending {
    pub(crate) state: &'static str,
    pub(crate) id: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) generation: Option<Generation>,
    /// The newest place of each car.
    pub(crate) cars: BTreeMap<String, Place>,
    /// How many positions came.
    pub(crate) updates: usize,
    /// Whose controls, and what they are.
    pub(crate) inputs: Vec<(String, [f32; 3])>,
    /// Sender and text.
    pub(crate) chat: Vec<[String; 2]>,
    /// Sender's id, sender's name and text.
    pub(crate) messages: Vec<[String; 3]>,
    /// Id and name.
    pub(crate) joined: Vec<[String; 2]>,
    /// Id and name.
    pub(crate) left: Vec<[String; 2]>,
    pub(crate) starts: Vec<Start>,
    pub(crate) kicked: Vec<String>,
    pub(crate) rooms_lost: Vec<String>,
    /// Lines that answer no command of the session.
    pub(crate) unpaired: Vec<String>,
    /// The commands that the session sent, and what answered them.
    pub(crate) answers: Vec<(String, Option<String>)>,
}

/// Where a car is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    seq: Option<i64>,
    position: [f32; 3],
    rotation: [f32; 4],
}

/// A start as the application is told of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Start {
    pub(crate) room: String,
    pub(crate) host: Option<String>,
    pub(crate) spawns: BTreeMap<String, String>,
}

/// Reads one client's side of a recording.
#[derive(Debug)]
pub(crate) struct Implied {
    ending: Ending,
    /// What the client has sent and the server has not answered.
    unanswered: VecDeque<Sent>,
    sent_at: Duration,
    /// The host's second copy of a start is still to come.
    repeats_start: bool,
    /// How often the server asked a client that is signed in.
    pings: usize,
    /// That of the recorded server.
    generation: Generation,
}

#[derive(Debug)]
struct Sent {
    word: String,
    /// The index of the answer, if the session sent it.
    answer: Option<usize>,
}

impl Default for Ending {
    fn default() -> Self {
        Self {
            state: "disconnected",
            id: None,
            room: None,
            generation: None,
            cars: BTreeMap::new(),
            updates: 0,
            inputs: Vec::new(),
            chat: Vec::new(),
            messages: Vec::new(),
            joined: Vec::new(),
            left: Vec::new(),
            starts: Vec::new(),
            kicked: Vec::new(),
            rooms_lost: Vec::new(),
            unpaired: Vec::new(),
            answers: Vec::new(),
        }
    }
}

impl Ending {
    /// Note where a car is.
    pub(crate) fn update(
        &mut self,
        id: &str,
        seq: Option<i64>,
        position: [f32; 3],
        rotation: [f32; 4],
    ) {
        self.updates += 1;
        let place = Place {
            seq,
            position,
            rotation,
        };
        self.cars.insert(id.to_owned(), place);
    }

    /// List what is not as implied.
    pub(crate) fn differences(&self, implied: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, own: &dyn std::fmt::Debug, implied: &dyn std::fmt::Debug| {
            let (own, implied) = (shown(own), shown(implied));
            if own != implied {
                found.push(format!("{what}:\n    implied {implied}\n    session {own}"));
            }
        };
        compare("state", &self.state, &implied.state);
        compare("id", &self.id, &implied.id);
        compare("room", &self.room, &implied.room);
        compare("generation", &self.generation, &implied.generation);
        compare("cars", &self.cars, &implied.cars);
        compare("positions", &self.updates, &implied.updates);
        compare("inputs", &self.inputs, &implied.inputs);
        compare("chat", &self.chat, &implied.chat);
        compare("messages", &self.messages, &implied.messages);
        compare("joined", &self.joined, &implied.joined);
        compare("left", &self.left, &implied.left);
        compare("starts", &self.starts, &implied.starts);
        compare("kicked", &self.kicked, &implied.kicked);
        compare("rooms lost", &self.rooms_lost, &implied.rooms_lost);
        compare("unpaired", &self.unpaired, &implied.unpaired);
        for (own, implied) in self.answers.iter().zip(&implied.answers) {
            compare("answer", own, implied);
        }
        compare("answers", &self.answers.len(), &implied.answers.len());
        found
    }
}

fn shown(value: &dyn std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    match text.len() > 2_000 {
        true => text.chars().take(2_000).collect::<String>() + "…",
        false => text,
    }
}

impl Implied {
    /// Begin with a client that is not welcomed yet, of a server of this generation.
    pub(crate) fn new(generation: Generation) -> Self {
        Self {
            ending: Ending::default(),
            unanswered: VecDeque::new(),
            sent_at: Duration::ZERO,
            repeats_start: false,
            pings: 0,
            generation,
        }
    }

    /// What the session must have come to.
    pub(crate) fn ending(&self) -> &Ending {
        &self.ending
    }

    /// How many pings of the server the session must have answered.
    pub(crate) fn pings(&self) -> usize {
        self.pings
    }

    /// The session asks whether there is chat; gives the answer of this generation (recording `unknown_after_auth`).
    pub(crate) fn chat_asked(&mut self) -> String {
        self.ending.generation = Some(self.generation);
        match self.generation {
            Generation::First => {
                r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#.to_owned()
            }
            _ => r#"{"command":"ERROR","message":"Message content is required."}"#.to_owned(),
        }
    }

    /// The recorded client has sent a line. `through_session`: the session has too.
    pub(crate) fn sent(&mut self, line: &str, through_session: bool, at: Duration) {
        if at >= self.sent_at + UNANSWERED {
            self.unanswered.clear();
        }
        self.sent_at = at;
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        let word = value["command"].as_str().unwrap_or_default().to_owned();
        let answer = through_session.then_some(self.ending.answers.len());
        if through_session {
            self.ending.answers.push((line.to_owned(), None));
        }
        self.unanswered.push_back(Sent { word, answer });
    }

    /// The recorded client has answered a ping.
    pub(crate) fn ponged(&mut self) {
        self.unanswered.clear();
    }

    /// The connection has ended.
    pub(crate) fn closed(&mut self) {
        let ending = &mut self.ending;
        ending.state = "disconnected";
        (ending.id, ending.room, ending.generation) = (None, None, None);
        self.unanswered.clear();
    }

    /// The server has sent a line. Says whether it answers a command of the session.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        if let Some(id) = line.strip_prefix("CONNECTED|") {
            self.welcomed(id);
            return false;
        }
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let is_here = self.ending.room == Some(text("roomId"));
        let ending = &mut self.ending;
        match value["command"].as_str() {
            Some("CONNECTED") => {
                self.welcomed(&text("sessionId"));
                self.ending.generation = Some(Generation::Token);
            }
            Some("PING") => self.pings += usize::from(ending.state == "authenticated"),
            Some("RELAYED_MESSAGE") => {
                let words = [text("senderId"), text("senderName"), text("message")];
                ending.messages.push(words);
            }
            Some("CHAT") if is_here => ending.chat.push([text("senderName"), text("message")]),
            Some("PLAYER_JOINED") if is_here => {
                ending.joined.push([text("sessionId"), text("name")]);
            }
            Some("PLAYER_LEFT") if is_here => ending.left.push([text("sessionId"), text("name")]),
            Some("CHAT" | "PLAYER_JOINED" | "PLAYER_LEFT") => {}
            Some("BYE_ADMIN") => ending.kicked.push(text("message")),
            Some("BANNED") => ending.kicked.push(text("reason")),
            Some("GAME_STARTED") => return self.started(&value, line),
            Some(word) => return self.answered(word, &value, line),
            None => ending.unpaired.push(line.to_owned()),
        }
        false
    }

    /// A datagram has come.
    pub(crate) fn datagram(&mut self, text: &str) {
        let value: Value = serde_json::from_str(text).unwrap();
        let id = value["sessionId"].as_str().unwrap();
        if self.ending.room.is_none() || self.ending.id.as_deref() == Some(id) {
            return;
        }
        let number = |part: &str, key: &str| value[part][key].as_f64().unwrap() as f32;
        match value["command"].as_str() {
            Some("UPDATE") => self.ending.update(
                id,
                value["seq"].as_i64(),
                ["x", "y", "z"].map(|axis| number("position", axis)),
                ["x", "y", "z", "w"].map(|axis| number("rotation", axis)),
            ),
            _ => {
                let controls =
                    ["steering", "throttle", "brake"].map(|control| number("input", control));
                self.ending.inputs.push((id.to_owned(), controls));
            }
        }
    }

    fn welcomed(&mut self, id: &str) {
        self.ending.state = "connected";
        self.ending.id = Some(id.to_owned());
    }

    /// A race has begun. It answers the host, who is told twice.
    fn started(&mut self, value: &Value, line: &str) -> bool {
        if std::mem::take(&mut self.repeats_start) {
            return false;
        }
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let spawn = |place: &Value| match place["spawnIndex"].as_i64() {
            Some(index) => index.to_string(),
            None => {
                let axes = ["x", "y", "z"].map(|axis| place[axis].as_f64().unwrap() as f32);
                axes.map(|axis| axis.to_string()).join(" ")
            }
        };
        let spawns = value["spawnPositions"].as_object().unwrap();
        if self.ending.room == text("roomId") {
            self.ending.starts.push(Start {
                room: text("roomId").unwrap(),
                host: text("hostId"),
                spawns: spawns
                    .iter()
                    .map(|(id, place)| (id.clone(), spawn(place)))
                    .collect(),
            });
        }
        let is_start = |sent: &&Sent| sent.word == "START_GAME";
        let asked = match self.unanswered.front().filter(is_start) {
            Some(_) => self.unanswered.pop_front(),
            None => None,
        };
        let Some(Sent { answer, .. }) = asked else {
            return false;
        };
        self.repeats_start = true;
        if let Some(index) = answer {
            self.ending.answers[index].1 = Some(format!("{:?}", Event::parse(line)));
        }
        answer.is_some()
    }

    /// A line that answers the oldest command.
    fn answered(&mut self, word: &str, value: &Value, line: &str) -> bool {
        let Some(Sent {
            word: sent,
            answer: Some(index),
        }) = self.unanswered.pop_front()
        else {
            self.ending.unpaired.push(line.to_owned());
            return false;
        };
        let message = value["message"].as_str().unwrap_or_default();
        let is_refused = word == "ERROR" || word.ends_with("_FAILED");
        self.ending.answers[index].1 = Some(match word {
            "UNKNOWN_COMMAND" => format!("refused: the game server does not know {sent}"),
            _ if is_refused => format!("refused: {message}"),
            _ => format!("{:?}", Event::parse(line)),
        });
        let room = || value["roomId"].as_str().map(str::to_owned);
        let ending = &mut self.ending;
        match word {
            "NAME_OK" | "AUTH_OK" | "REGISTER_OK" | "LOGIN_OK" | "AUTO_AUTH_OK" => {
                ending.state = "authenticated";
            }
            "AUTH_FAILED" if sent == "AUTHENTICATE" => ending.state = "connected",
            "ROOM_CREATED" | "JOIN_OK" => ending.room = room(),
            "LEAVE_OK" | "BYE_OK" => ending.room = None,
            "ERROR" if message.starts_with("Authentication required") => ending.state = "connected",
            "ERROR" if message.starts_with("Cannot ") && !message.contains("Only the host") => {
                ending.room = None;
            }
            _ => {}
        }
        if sent == "MESSAGE" && ending.generation.is_none() {
            ending.generation = Some(match word {
                "UNKNOWN_COMMAND" => Generation::First,
                _ => Generation::Chat,
            });
        }
        true
    }
}
