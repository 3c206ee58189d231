//! Every recording against the rules, with a virtual clock.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use protocol::id::{Password, Secret, SessionId};
use protocol::line::LineDecoder;
use rules::{
    Account, AccountAnswer, AccountJob, AccountRefusal, Config, Conn, Output, PasswordAnswer,
    PasswordHash, PasswordJob, Rules, Token,
};

use crate::recording::{self, Kind, Payload, Recording};
use crate::seal::{WRONG_SECRET, seal};
use crate::transcript::{Channel, Item, Transcript};

/// How long the original had been running when a recording began. Its idle monitor wakes every 30 s; the recording
/// `idle_timeout` shows it 1.1 s early.
pub(crate) const SERVER_LEAD: Duration = Duration::from_millis(1_100);
/// How long after its last event a recording waits for what it still expects: longer than one idle check.
pub(crate) const AFTERMATH: Duration = Duration::from_secs(35);

/// The time of day when a replay begins. `udp_input` has times that count only near midnight.
pub(crate) const NOON: Duration = Duration::from_secs(20_000 * 24 * 60 * 60 + 12 * 60 * 60);

struct Replay {
    rules: Rules,
    secret: &'static str,
    accounts: StandIn,
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
            generation: recording.set.generation,
            faithful: true,
            secret: Secret::new(recording.set.secret),
            wall_clock: NOON,
            ..Config::default()
        };
        Self {
            secret: recording.set.secret,
            accounts: StandIn::default(),
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
                self.rules.handle_datagram(from, &bytes, now);
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
                if wrong_seal {
                    WRONG_SECRET
                } else {
                    self.secret
                },
                &self.transcript.fill(text)?,
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
                    let receiver = self
                        .clients
                        .iter()
                        .find(|(_, client)| client.endpoint == to);
                    let receiver = receiver.map(|(who, _)| who.clone());
                    let Some(who) = receiver else { continue };
                    let id = self.transcript.fill(&format!("${who}")).unwrap();
                    let item = Item::datagram(&id, self.secret, &payload);
                    self.transcript.receive(&who, Channel::Udp, item);
                }
                Output::Account { ticket, job } => {
                    let answer = self.accounts.answer(job);
                    self.rules.handle_account(ticket, answer);
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
pub(crate) fn answer(job: PasswordJob) -> PasswordAnswer {
    match job {
        PasswordJob::Hash(password) => PasswordAnswer::Hashed(PasswordHash::new(password.reveal())),
        PasswordJob::Verify(password, hash) => {
            PasswordAnswer::Verified(password.reveal() == hash.reveal())
        }
    }
}

/// Accounts whose passwords hash to themselves. The real ones are tested elsewhere.
#[derive(Default)]
pub(crate) struct StandIn {
    accounts: Vec<(String, Password)>,
    /// The index of each token's account.
    tokens: Vec<usize>,
}

impl StandIn {
    pub(crate) fn answer(&mut self, job: AccountJob) -> AccountAnswer {
        let named = |name: &str| self.accounts.iter().position(|(other, _)| other == name);
        match job {
            AccountJob::Register {
                username, password, ..
            } => {
                if named(&username).is_some() {
                    return AccountAnswer::Refused(AccountRefusal::UsernameTaken);
                }
                self.accounts.push((username, password));
                self.found(self.accounts.len() - 1, true)
            }
            AccountJob::LogIn { username, password } => match named(&username) {
                Some(index) if self.accounts[index].1 == password => self.found(index, true),
                _ => AccountAnswer::Refused(AccountRefusal::WrongPassword),
            },
            AccountJob::FindToken(token) => {
                let number = token.reveal().parse::<usize>().ok();
                match number.and_then(|number| self.tokens.get(number).copied()) {
                    Some(index) => self.found(index, false),
                    None => AccountAnswer::Refused(AccountRefusal::UnknownToken),
                }
            }
        }
    }

    fn found(&mut self, index: usize, is_new: bool) -> AccountAnswer {
        let token = is_new.then(|| Token::new(format!("{:064}", self.tokens.len())));
        if is_new {
            self.tokens.push(index);
        }
        AccountAnswer::Found(Account {
            user_id: 100 + i64::try_from(index).unwrap(),
            username: self.accounts[index].0.clone(),
            token,
        })
    }
}

#[test]
fn every_recording_is_answered_as_the_original_did() {
    let recordings = recording::all();
    let transcripts: Vec<Transcript> = recordings.iter().map(play).collect();
    let played = recordings.iter().zip(&transcripts);
    let compared: Vec<_> = played
        .map(|(one, played)| (one, played.compared()))
        .collect();
    recording::report("virtual clock", &compared);
    let played = recordings.iter().zip(&transcripts);
    let played: Vec<_> = played
        .map(|(one, played)| (one, played.differences()))
        .collect();
    recording::assert_equal(&played);
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
