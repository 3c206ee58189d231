//! Every recording against the running server, over TLS and UDP, at the pace it was recorded. Each one has a tokio runtime of its
//! own whose clock stands still and moves on only from event to event. So the two minutes of `idle_timeout` take seconds, and
//! a busy machine changes nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use protocol::generation::Generation;
use protocol::id::Secret;
use rustls::ProtocolVersion;
use server::{Options, Server};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, advance};
use tokio_util::sync::CancellationToken;

use crate::client;
use crate::recording::{self, Event, Kind, Payload, Recording};
use crate::replay_rules::{AFTERMATH, NOON, SERVER_LEAD};
use crate::seal::{WRONG_SECRET, open, seal};
use crate::transcript::{Channel, Item, Transcript};

/// How long a replay may take on the real clock. Only a broken server makes it take so long.
const REAL_LIMIT: Duration = Duration::from_secs(120);
/// How often all tasks get to run after something was sent, before the clock moves on.
const ROUNDS: usize = 40;
/// How far the clock moves at once while the end of a connection is awaited.
const CLOSE_STEP: Duration = Duration::from_millis(100);
/// How many recordings are played at once: most of the time each waits.
const THREADS: usize = 4;
/// How often a recording is played again because a wrong key would open one of its datagrams.
const MAX_DRAWS: usize = 20;

/// The transcript, shared with the tasks that read.
struct Shared {
    transcript: Mutex<Transcript>,
    changed: Notify,
    secret: &'static str,
    /// Cancelled after [`REAL_LIMIT`].
    overdue: CancellationToken,
}

struct Stage {
    server: Server,
    shared: Arc<Shared>,
    clients: HashMap<String, Client>,
    /// How much each client should have received by now.
    expected: HashMap<(String, Channel), usize>,
    tasks: JoinSet<()>,
    /// The search for a datagram's key ends at the first that seems to fit.
    loses_datagrams: bool,
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

    /// Wait until the transcript is as wanted; says whether it became so in time.
    async fn wait(&self, wanted: impl Fn(&Transcript) -> bool) -> bool {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if wanted(&self.transcript.lock().unwrap()) {
                    return true;
                }
                changed.await;
            }
        };
        tokio::select! {
            biased;
            done = wait => done,
            () = self.overdue.cancelled() => false,
        }
    }

    fn is(&self, wanted: impl Fn(&Transcript) -> bool) -> bool {
        wanted(&self.transcript.lock().unwrap())
    }
}

/// Why a replay says nothing: a wrong key would open this datagram, and then the original loses it too (facts, Q15).
struct UnluckyIds;

/// Play a recording; gives what every client received.
async fn play(recording: &Recording, overdue: CancellationToken) -> Result<Transcript, UnluckyIds> {
    let reading = recording.reading();
    let mut stage = Stage::new(recording, overdue).await;
    advance(SERVER_LEAD).await;
    let mut now = Duration::ZERO;
    for (index, event) in recording.events.iter().enumerate() {
        if event.at > now {
            advance(event.at - now).await;
            now = event.at;
        }
        if let Some(channel) = received_on(&event.kind) {
            stage.wait_for(event, channel).await;
        } else {
            if !stage.wait_for_earlier(&event.who).await {
                break;
            }
            let wrong_seal = reading.wrong_seal == Some(index);
            if stage.would_be_lost(event, wrong_seal) {
                return Err(UnluckyIds);
            }
            if let Err(error) = stage.step(event, wrong_seal).await {
                stage.shared.fail(error);
                break;
            }
            settle().await;
        }
        if let Some(who) = &reading.vanishes
            && recording.last_event(who) == Some(index)
        {
            stage.wait_for_earlier(who).await;
            stage.vanish(who).await;
            settle().await;
        }
    }
    let end = Instant::now() + AFTERMATH;
    stage.pass_until(end, Transcript::is_complete).await;
    settle().await;
    Ok(std::mem::take(&mut stage.shared.transcript.lock().unwrap()))
}

/// The channel on which a client receives this event; `None` for an event that the client itself causes.
fn received_on(kind: &Kind) -> Option<Channel> {
    let (channel, item) = Item::of(kind)?;
    (!matches!(item, Item::Tls(_))).then_some(channel)
}

/// Let everything that is on its way arrive, and be answered.
async fn settle() {
    for _ in 0..ROUNDS {
        tokio::task::yield_now().await;
    }
    // A thread of the server may be at work.
    let pause = || std::thread::sleep(Duration::from_millis(1));
    tokio::task::spawn_blocking(pause).await.unwrap();
    for _ in 0..ROUNDS {
        tokio::task::yield_now().await;
    }
}

impl Stage {
    async fn new(recording: &Recording, overdue: CancellationToken) -> Self {
        let options = Options {
            generation: recording.set.generation,
            faithful: true,
            secret: Secret::new(recording.set.secret),
            wall_clock: || SystemTime::UNIX_EPOCH + NOON,
            ..Options::default()
        };
        let shared = Shared {
            transcript: Mutex::new(Transcript::new(recording)),
            changed: Notify::new(),
            secret: recording.set.secret,
            overdue,
        };
        Self {
            loses_datagrams: recording.set.generation == Generation::Chat,
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
        let count = *count;
        let enough = |transcript: &Transcript| transcript.received(&event.who, channel) >= count;
        if event.kind == Kind::Closed {
            let end = Instant::now() + AFTERMATH;
            self.pass_until(end, enough).await;
        } else {
            self.shared.wait(enough).await;
        }
    }

    /// Let the clock run until the transcript is as wanted.
    async fn pass_until(&self, end: Instant, wanted: impl Fn(&Transcript) -> bool) {
        settle().await;
        while !self.shared.is(&wanted) && Instant::now() < end {
            advance(CLOSE_STEP).await;
            settle().await;
        }
    }

    /// Say whether the key of another client would open a datagram: one in 256 does.
    fn would_be_lost(&self, event: &Event, wrong_seal: bool) -> bool {
        let Kind::DatagramSent(payload) = &event.kind else {
            return false;
        };
        let Ok(bytes) = self.bytes(&event.who, payload, wrong_seal) else {
            return false;
        };
        let others = self.clients.keys().filter(|who| **who != event.who);
        let ids = others.filter_map(|who| self.fill(&format!("${who}")).ok());
        self.loses_datagrams
            && ids
                .into_iter()
                .any(|id| open(&id, self.shared.secret, &bytes).is_some())
    }

    /// Wait until a client has received everything that comes before its next event; says whether it has.
    async fn wait_for_earlier(&self, who: &str) -> bool {
        let expected = |channel| self.expected.get(&(who.to_owned(), channel)).copied();
        let [tcp, udp] = [Channel::Tcp, Channel::Udp].map(|channel| expected(channel).unwrap_or(0));
        let enough = |transcript: &Transcript| {
            transcript.received(who, Channel::Tcp) >= tcp
                && transcript.received(who, Channel::Udp) >= udp
        };
        self.shared.wait(enough).await
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
        let connecting = client::connect(&self.server, version).await;
        let stream = connecting.map_err(|error| error.to_string())?;
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
                if wrong_seal {
                    WRONG_SECRET
                } else {
                    self.shared.secret
                },
                &self.fill(text)?,
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
        let id = shared.transcript.lock().unwrap().fill(&format!("${who}"));
        let item = Item::datagram(&id.unwrap_or_default(), shared.secret, &bytes[..count]);
        shared.receive(&who, Channel::Udp, item);
    }
}

#[test]
fn every_recording_is_answered_as_the_original_did_over_tls_and_udp() {
    let recordings = recording::all();
    let next = AtomicUsize::new(0);
    let transcripts: Vec<OnceLock<Transcript>> =
        recordings.iter().map(|_| OnceLock::new()).collect();
    let play_some = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(recording) = recordings.get(index) else {
                return;
            };
            transcripts[index].set(play_alone(recording)).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(play_some);
        }
    });
    let transcripts: Vec<Transcript> = transcripts
        .into_iter()
        .map(|played| played.into_inner().unwrap())
        .collect();
    let played = recordings.iter().zip(&transcripts);
    let compared: Vec<_> = played
        .map(|(one, played)| (one, played.compared()))
        .collect();
    recording::report("over TLS and UDP", &compared);
    let played = recordings.iter().zip(&transcripts);
    let played: Vec<_> = played
        .map(|(one, played)| (one, played.differences()))
        .collect();
    recording::assert_equal(&played);
}

/// Play a recording in a runtime of one thread: only there can the clock stand still.
fn play_alone(recording: &Recording) -> Transcript {
    for _ in 0..MAX_DRAWS {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let overdue = CancellationToken::new();
        let watchdog = overdue.clone();
        let played = runtime.block_on(async move {
            // While a thread blocks, tokio does not move a paused clock by itself.
            let blocked = tokio::task::spawn_blocking(move || {
                if ended.recv_timeout(REAL_LIMIT) == Err(RecvTimeoutError::Timeout) {
                    watchdog.cancel();
                }
            });
            let played = play(recording, overdue).await;
            drop(end);
            blocked.await.unwrap();
            played
        });
        if let Ok(transcript) = played {
            return transcript;
        }
    }
    panic!(
        "{}: a wrong key opens a datagram every time",
        recording.name
    );
}
