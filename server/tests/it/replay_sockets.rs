//! Every recording against the running server, over TLS and UDP, at the pace it was recorded. Each one has a tokio runtime
//! of its own, so that its clock can skip the long waits (see [`pass_until`]): the two minutes of `idle_timeout` take seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ProtocolVersion;
use server::{Options, Server};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, advance, pause, resume, sleep, timeout};

use crate::client::{self, DEADLINE};
use crate::recording::{self, Event, Kind, Payload, Recording};
use crate::replay_rules::{AFTERMATH, SERVER_LEAD};
use crate::seal::seal;
use crate::transcript::{Channel, Item, Transcript};

/// How long nothing more may come at the end.
const QUIET: Duration = Duration::from_millis(500);
/// How much of a wait takes real time, so that everything on its way arrives before the clock skips the rest.
const REAL_WAIT: Duration = Duration::from_millis(500);

/// The transcript, shared with the tasks that read.
#[derive(Default)]
struct Shared {
    transcript: Mutex<Transcript>,
    changed: Notify,
}

struct Stage {
    server: Server,
    shared: Arc<Shared>,
    clients: HashMap<String, Client>,
    /// How much each client should have received by now.
    expected: HashMap<(String, Channel), usize>,
    tasks: JoinSet<()>,
}

/// One client of the recording.
struct Client {
    writer: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    reader: Option<AbortHandle>,
    udp: Arc<UdpSocket>,
    udp_reader: AbortHandle,
}

impl Shared {
    fn receive(&self, who: &str, channel: Channel, item: Item) {
        self.transcript.lock().unwrap().receive(who, channel, item);
        self.changed.notify_waiters();
    }

    fn fail(&self, error: String) {
        self.transcript.lock().unwrap().fail(error);
    }

    fn differences(&self) -> Vec<String> {
        self.transcript.lock().unwrap().differences()
    }

    /// Wait until the transcript is as wanted; says whether it became so in time.
    async fn wait(&self, limit: Duration, wanted: impl Fn(&Transcript) -> bool) -> bool {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if wanted(&self.transcript.lock().unwrap()) {
                    return;
                }
                changed.await;
            }
        };
        timeout(limit, wait).await.is_ok()
    }
}

/// Play a recording; gives what differs.
async fn play(recording: &Recording) -> Vec<String> {
    let reading = recording.reading();
    let mut stage = Stage::new(recording).await;
    let mut at = Instant::now() + SERVER_LEAD;
    let mut recorded = Duration::ZERO;
    for (index, event) in recording.events.iter().enumerate() {
        // The pause after the previous event is at least as long as recorded.
        at += event.at.saturating_sub(recorded);
        recorded = event.at;
        if let Some(channel) = received_on(&event.kind) {
            stage.wait_for(event, channel).await;
            at = at.max(Instant::now());
        } else {
            if !stage.wait_for_earlier(&event.who).await {
                break;
            }
            pass_until(at).await;
            if let Err(error) = stage.step(event, reading.wrong_seal == Some(index)).await {
                stage.shared.fail(error);
                break;
            }
            at = Instant::now();
        }
        if let Some(who) = &reading.vanishes
            && recording.last_event(who) == Some(index)
        {
            stage.wait_for_earlier(who).await;
            stage.vanish(who).await;
        }
    }
    stage.shared.wait(AFTERMATH, Transcript::is_complete).await;
    sleep(QUIET).await;
    stage.shared.differences()
}

/// The channel on which a client receives this event; `None` for an event that the client itself causes.
fn received_on(kind: &Kind) -> Option<Channel> {
    let (channel, item) = Item::of(kind)?;
    (!matches!(item, Item::Tls(_))).then_some(channel)
}

/// Let the clock come to a moment. It runs for the first [`REAL_WAIT`] and then jumps, and the server's clock with it.
async fn pass_until(moment: Instant) {
    let wait = moment.saturating_duration_since(Instant::now());
    sleep(wait.min(REAL_WAIT)).await;
    let rest = moment.saturating_duration_since(Instant::now());
    if !rest.is_zero() {
        pause();
        advance(rest).await;
        resume();
    }
}

impl Stage {
    async fn new(recording: &Recording) -> Self {
        let options = Options {
            faithful: true,
            ..Options::default()
        };
        let shared = Shared {
            transcript: Mutex::new(Transcript::new(recording)),
            changed: Notify::new(),
        };
        Self {
            server: Server::start(options).await.unwrap(),
            shared: Arc::new(shared),
            clients: HashMap::new(),
            expected: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Wait until a client has received what an event says.
    async fn wait_for(&mut self, event: &Event, channel: Channel) {
        let count = self
            .expected
            .entry((event.who.clone(), channel))
            .or_default();
        *count += 1;
        let enough = |transcript: &Transcript| transcript.received(&event.who, channel) >= *count;
        let limit = match event.kind {
            Kind::Closed => AFTERMATH,
            _ => DEADLINE,
        };
        self.shared.wait(limit, enough).await;
    }

    /// Wait until a client has received everything that comes before its next event; says whether it has.
    async fn wait_for_earlier(&self, who: &str) -> bool {
        let expected = |channel| self.expected.get(&(who.to_owned(), channel)).copied();
        let [tcp, udp] = [Channel::Tcp, Channel::Udp].map(|channel| expected(channel).unwrap_or(0));
        let enough = |transcript: &Transcript| {
            transcript.received(who, Channel::Tcp) >= tcp
                && transcript.received(who, Channel::Udp) >= udp
        };
        self.shared.wait(DEADLINE, enough).await
    }

    fn fill(&self, text: &str) -> Result<String, String> {
        self.shared.transcript.lock().unwrap().fill(text)
    }

    async fn step(&mut self, event: &Event, wrong_seal: bool) -> Result<(), String> {
        let who = event.who.as_str();
        match &event.kind {
            Kind::Tls(version) => self.connect(who, version).await,
            Kind::PlainConnect => {
                let tcp = TcpStream::connect(self.server.tcp_addr()).await;
                self.attach(who, tcp.map_err(|error| error.to_string())?)
                    .await;
                Ok(())
            }
            Kind::Sent(payload) => {
                let bytes = self.bytes(who, payload, wrong_seal)?;
                if let Some(writer) = &mut self.client(who).await.writer {
                    // Once the server has closed, a client's bytes go nowhere, as they did in the recording.
                    let _ =
                        async { writer.write_all(&bytes).await.and(writer.flush().await) }.await;
                }
                Ok(())
            }
            Kind::DatagramSent(payload) => {
                let bytes = self.bytes(who, payload, wrong_seal)?;
                let address = self.server.udp_addr();
                let sent = self.client(who).await.udp.send_to(&bytes, address).await;
                sent.map(drop).map_err(|error| error.to_string())
            }
            Kind::NewPort => {
                let (udp, udp_reader) = self.open_udp(who).await;
                let client = self.client(who).await;
                client.udp_reader.abort();
                (client.udp, client.udp_reader) = (udp, udp_reader);
                Ok(())
            }
            Kind::Line(_) | Kind::Closed | Kind::Datagram { .. } | Kind::Note => Ok(()),
        }
    }

    async fn connect(&mut self, who: &str, version: &str) -> Result<(), String> {
        let connecting = timeout(DEADLINE, client::connect(&self.server, version)).await;
        let stream = connecting
            .map_err(|_| "no handshake in time")?
            .map_err(|error| error.to_string())?;
        let spoken = match stream.get_ref().1.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        };
        self.shared.receive(who, Channel::Tcp, Item::Tls(spoken));
        *self
            .expected
            .entry((who.to_owned(), Channel::Tcp))
            .or_default() += 1;
        self.attach(who, stream).await;
        Ok(())
    }

    async fn attach(
        &mut self,
        who: &str,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) {
        let (reader, writer) = tokio::io::split(stream);
        let (shared, name) = (Arc::clone(&self.shared), who.to_owned());
        let reader = self.tasks.spawn(read_lines(reader, shared, name));
        let client = self.client(who).await;
        if let Some(before) = client.reader.replace(reader) {
            before.abort();
        }
        client.writer = Some(Box::new(writer));
    }

    async fn vanish(&mut self, who: &str) {
        let client = self.client(who).await;
        client.writer = None;
        if let Some(reader) = client.reader.take() {
            reader.abort();
        }
        client.udp_reader.abort();
    }

    fn bytes(&self, who: &str, payload: &Payload, wrong_seal: bool) -> Result<Vec<u8>, String> {
        Ok(match payload {
            Payload::Bytes(bytes) => bytes.clone(),
            Payload::Plain(text) => self.fill(text)?.into_bytes(),
            Payload::Sealed(text) => seal(
                &self.fill(&format!("${who}"))?,
                &self.fill(text)?,
                wrong_seal,
            ),
        })
    }

    async fn client(&mut self, who: &str) -> &mut Client {
        if !self.clients.contains_key(who) {
            let (udp, udp_reader) = self.open_udp(who).await;
            let client = Client {
                writer: None,
                reader: None,
                udp,
                udp_reader,
            };
            self.clients.insert(who.to_owned(), client);
        }
        self.clients.get_mut(who).unwrap()
    }

    async fn open_udp(&mut self, who: &str) -> (Arc<UdpSocket>, AbortHandle) {
        let udp = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let (shared, name) = (Arc::clone(&self.shared), who.to_owned());
        let reader = self
            .tasks
            .spawn(read_datagrams(Arc::clone(&udp), shared, name));
        (udp, reader)
    }
}

async fn read_lines(mut reader: impl AsyncRead + Unpin, shared: Arc<Shared>, who: String) {
    let mut held = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut bytes).await {
        held.extend_from_slice(&bytes[..count]);
        while let Some(end) = held.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]).into_owned();
            shared.receive(&who, Channel::Tcp, Item::Line(line));
        }
    }
    if !held.is_empty() {
        let rest = String::from_utf8_lossy(&held).into_owned();
        shared.receive(&who, Channel::Tcp, Item::Line(rest));
    }
    shared.receive(&who, Channel::Tcp, Item::Closed);
}

async fn read_datagrams(udp: Arc<UdpSocket>, shared: Arc<Shared>, who: String) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count) = udp.recv(&mut bytes).await {
        // The first generation never seals what it sends. If ours does, the text is not as expected.
        let sealed = bytes[0] != b'{';
        let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
        shared.receive(&who, Channel::Udp, Item::Datagram { sealed, text });
    }
}

#[test]
fn every_recording_is_answered_as_the_original_did_over_tls_and_udp() {
    let recordings = recording::all();
    let played = std::thread::scope(|scope| {
        let start = |recording| scope.spawn(move || play_alone(recording));
        let plays: Vec<_> = recordings.iter().map(start).collect();
        let ends = plays.into_iter().map(|play| play.join().unwrap());
        ends.collect::<Vec<_>>()
    });
    let mut failures = Vec::new();
    for (recording, differences) in recordings.iter().zip(played) {
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

/// Play a recording in a runtime of one thread: only there can the clock jump.
fn play_alone(recording: &Recording) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(play(recording))
}
