//! Every recording against the rules, with a virtual clock.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use protocol::id::SessionId;
use protocol::line::LineDecoder;
use rules::{Config, Conn, Output, PasswordAnswer, PasswordHash, PasswordJob, Rules};

use crate::recording::{self, Kind, Payload, Recording};
use crate::seal::seal;
use crate::transcript::{Channel, Item, Transcript};

/// How long the original had been running when a recording began. Its idle monitor wakes every 30 s; the recording
/// `idle_timeout` shows it 1.1 s early.
pub(crate) const SERVER_LEAD: Duration = Duration::from_millis(1_100);
/// How long after its last event a recording waits for what it still expects: longer than one idle check.
pub(crate) const AFTERMATH: Duration = Duration::from_secs(35);

struct Replay {
    rules: Rules,
    transcript: Transcript,
    clients: HashMap<String, Client>,
    conns: u64,
    ports: u16,
}

struct Client {
    conn: Option<Conn>,
    decoder: LineDecoder,
    endpoint: SocketAddr,
}

/// Play a recording; gives what every client received.
fn play(recording: &Recording) -> Transcript {
    let reading = recording.reading();
    let mut replay = Replay::new(recording);
    for (index, event) in recording.events.iter().enumerate() {
        replay.run_until(SERVER_LEAD + event.at);
        let now = SERVER_LEAD + event.at;
        let wrong_seal = reading.wrong_seal == Some(index);
        if let Err(error) = replay.step(&event.who, &event.kind, wrong_seal, now) {
            replay.transcript.fail(error);
            return replay.transcript;
        }
        if let Some(who) = &reading.vanishes
            && recording.last_event(who) == Some(index)
        {
            replay.vanish(who);
        }
    }
    let end = SERVER_LEAD
        + AFTERMATH
        + recording
            .events
            .last()
            .map_or(Duration::ZERO, |event| event.at);
    while !replay.transcript.is_complete() && replay.rules.poll_timeout() <= end {
        replay.run_until(replay.rules.poll_timeout());
    }
    replay.transcript
}

impl Replay {
    fn new(recording: &Recording) -> Self {
        let mut rooms = 0_u64;
        let room_ids = move || {
            rooms += 1;
            format!("{:032x}", 0xaaaa_0000_0000_u64 + rooms)
                .parse()
                .unwrap()
        };
        let config = Config {
            faithful: true,
            ..Config::default()
        };
        Self {
            rules: Rules::new(config, Box::new(room_ids)),
            transcript: Transcript::new(recording),
            clients: HashMap::new(),
            conns: 0,
            ports: 0,
        }
    }

    fn step(
        &mut self,
        who: &str,
        kind: &Kind,
        wrong_seal: bool,
        now: Duration,
    ) -> Result<(), String> {
        match kind {
            Kind::Tls(version) => {
                self.transcript
                    .receive(who, Channel::Tcp, Item::Tls(version.clone()));
                self.conns += 1;
                let conn = Conn(self.conns);
                self.client(who).conn = Some(conn);
                let session: SessionId = format!("{:032x}", 0xbbbb_0000_0000_u64 + self.conns)
                    .parse()
                    .unwrap();
                let address = self.client(who).endpoint.ip();
                self.rules.handle_connect(conn, session, address, now);
            }
            // A connection without TLS never reaches the rules; the server closes it.
            Kind::PlainConnect => self.transcript.receive(who, Channel::Tcp, Item::Closed),
            Kind::Sent(payload) => {
                let bytes = self.bytes(who, payload, wrong_seal)?;
                let client = self.client(who);
                client.decoder.push(&bytes);
                let conn = client.conn;
                while let (Some(conn), Some(line)) = (conn, self.client(who).decoder.next_line()) {
                    self.rules.handle_line(conn, line, now);
                    self.deliver();
                }
            }
            Kind::DatagramSent(payload) => {
                let bytes = self.bytes(who, payload, wrong_seal)?;
                let from = self.client(who).endpoint;
                self.rules.handle_datagram(from, &bytes);
            }
            Kind::NewPort => {
                let endpoint = self.next_endpoint();
                self.client(who).endpoint = endpoint;
            }
            Kind::Line(_) | Kind::Closed | Kind::Datagram { .. } | Kind::Note => {}
        }
        self.deliver();
        Ok(())
    }

    fn bytes(&self, who: &str, payload: &Payload, wrong_seal: bool) -> Result<Vec<u8>, String> {
        Ok(match payload {
            Payload::Bytes(bytes) => bytes.clone(),
            Payload::Plain(text) => self.transcript.fill(text)?.into_bytes(),
            Payload::Sealed(text) => seal(
                &self.transcript.fill(&format!("${who}"))?,
                &self.transcript.fill(text)?,
                wrong_seal,
            ),
        })
    }

    fn vanish(&mut self, who: &str) {
        if let Some(conn) = self.client(who).conn.take() {
            self.rules.handle_disconnect(conn);
            self.deliver();
        }
    }

    fn run_until(&mut self, now: Duration) {
        while self.rules.poll_timeout() <= now {
            self.rules.handle_timeout(self.rules.poll_timeout());
            self.deliver();
        }
    }

    fn deliver(&mut self) {
        while let Some(output) = self.rules.poll_output() {
            match output {
                Output::Line { conn, line } => {
                    self.rules.handle_written(conn, line.len() + 1);
                    self.note(Channel::Tcp, Item::Line(line.to_string()), |client| {
                        client.conn == Some(conn)
                    })
                }
                Output::Close { conn } => self.note(Channel::Tcp, Item::Closed, |client| {
                    client.conn == Some(conn)
                }),
                Output::Datagram { to, payload } => {
                    let text = String::from_utf8(payload).unwrap();
                    for address in to {
                        let item = Item::Datagram {
                            sealed: false,
                            text: text.clone(),
                        };
                        self.note(Channel::Udp, item, |client| client.endpoint == address);
                    }
                }
                Output::Password { ticket, job } => self.rules.handle_password(ticket, answer(job)),
            }
        }
    }

    fn note(&mut self, channel: Channel, item: Item, is_it: impl Fn(&Client) -> bool) {
        let who = self
            .clients
            .iter()
            .find(|(_, client)| is_it(client))
            .map(|(who, _)| who);
        if let Some(who) = who.cloned() {
            self.transcript.receive(&who, channel, item);
        }
    }

    fn client(&mut self, who: &str) -> &mut Client {
        if !self.clients.contains_key(who) {
            let client = Client {
                conn: None,
                decoder: LineDecoder::default(),
                endpoint: self.next_endpoint(),
            };
            self.clients.insert(who.to_owned(), client);
        }
        self.clients.get_mut(who).unwrap()
    }

    fn next_endpoint(&mut self) -> SocketAddr {
        self.ports += 1;
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports))
    }
}

/// Stand in for argon2, which is tested elsewhere.
fn answer(job: PasswordJob) -> PasswordAnswer {
    match job {
        PasswordJob::Hash(password) => PasswordAnswer::Hashed(PasswordHash::new(password.reveal())),
        PasswordJob::Verify(password, hash) => {
            PasswordAnswer::Verified(password.reveal() == hash.reveal())
        }
    }
}

#[test]
fn every_recording_is_answered_as_the_original_did() {
    let mut failures = Vec::new();
    for recording in recording::all() {
        let differences = play(&recording).differences();
        if !differences.is_empty() {
            failures.push(format!(
                "{}:\n  {}",
                recording.name,
                differences.join("\n  ")
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_changed_recording_is_noticed() {
    for recording in recording::all() {
        let received = play(&recording);
        for index in 0..recording.events.len() {
            let mut changed = recording.clone();
            match &mut changed.events[index].kind {
                Kind::Line(text) | Kind::Datagram { text, .. } => text.push(' '),
                kind @ Kind::Closed => *kind = Kind::Note,
                _ => continue,
            }
            let mut transcript = Transcript::new(&changed);
            transcript.receive_all(&received);
            assert!(
                !transcript.differences().is_empty(),
                "{} event {index}: the change was not noticed",
                recording.name
            );
        }
    }
}
