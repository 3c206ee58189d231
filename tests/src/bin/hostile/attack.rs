//! The attacks. Each has addresses of its own on this machine, repeats one thing until its time is over, and counts how often its
//! harm was done.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::command::Command;
use protocol::frame::SUBPROTOCOL;
use protocol::id::Password;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The options of the process that attacks.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the relay listens.
    #[arg(long)]
    relay: SocketAddr,
    /// How long the attacks go on, in seconds.
    #[arg(long)]
    seconds: u64,
    /// Only these attacks; all by default.
    #[arg(long = "attack")]
    attacks: Vec<Kind>,
}

/// What a hostile client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Begins a request and never ends it.
    HalfHeads,
    /// Plays, asks for much, and reads nothing.
    StuckReaders,
    /// Sends as much as the connection takes.
    Floods,
    /// Sends bytes that are no WebSocket, before and after the handshake.
    Garbage,
    /// Signs in, says goodbye so that the game server ends the session, and comes back.
    Kicks,
    /// Connects and hangs up, from many addresses.
    DialStorms,
}

const ALL: [Kind; 6] = [
    Kind::HalfHeads,
    Kind::StuckReaders,
    Kind::Floods,
    Kind::Garbage,
    Kind::Kicks,
    Kind::DialStorms,
];
/// The addresses of a storm.
const STORM_ADDRESSES: u8 = 32;
/// Between two tries of one hostile client, so that it does not only load this machine's own processors.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a hostile client waits for the relay in one try.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// The attacks that are meant: those that are named, or all.
pub(crate) fn chosen(named: &[Kind]) -> &[Kind] {
    if named.is_empty() { &ALL } else { named }
}

impl Kind {
    /// The word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::HalfHeads => "half-heads",
            Self::StuckReaders => "stuck-readers",
            Self::Floods => "floods",
            Self::Garbage => "garbage",
            Self::Kicks => "kicks",
            Self::DialStorms => "dial-storms",
        }
    }

    /// How many clients do it at once.
    fn clients(self) -> u8 {
        match self {
            Self::HalfHeads => 200,
            Self::StuckReaders => 20,
            Self::Floods | Self::Garbage | Self::Kicks => 8,
            Self::DialStorms => STORM_ADDRESSES,
        }
    }

    /// The address of one of its clients. A storm has many, every other attack has one.
    fn address(self, client: u8) -> Ipv4Addr {
        match self {
            Self::DialStorms => Ipv4Addr::new(127, 0, 9, client + 1),
            other => Ipv4Addr::new(127, 0, 8, other as u8 + 1),
        }
    }
}

/// Attack until the time is over, and print how often each attack was carried out.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    println!("{}", json!({ "attacks": options.relay.to_string() }));
    let until = Instant::now() + Duration::from_secs(options.seconds);
    let mut clients = JoinSet::new();
    let mut counts = BTreeMap::new();
    for &kind in chosen(&options.attacks) {
        let count = Arc::new(AtomicU64::new(0));
        counts.insert(kind.word(), Arc::clone(&count));
        for client in 0..kind.clients() {
            let (relay, count) = (options.relay, Arc::clone(&count));
            clients.spawn(timeout_at(until, async move {
                let hostile = Hostile {
                    relay,
                    from: kind.address(client),
                    number: client,
                    count,
                };
                loop {
                    // The relay may refuse or cut off: then it did what it must, and the client tries again.
                    let _cut_off = timeout(ATTEMPT_TIMEOUT, hostile.attack(kind)).await;
                    tokio::time::sleep(PAUSE).await;
                }
            }));
        }
    }
    while let Some(client) = clients.join_next().await {
        let _time_is_over: Result<(), _> = client?;
    }
    let load = |count: &Arc<AtomicU64>| count.load(Ordering::Relaxed);
    let counts: BTreeMap<_, _> = counts
        .iter()
        .map(|(word, count)| (word, load(count)))
        .collect();
    println!("{}", json!(counts));
    Ok(())
}

struct Hostile {
    relay: SocketAddr,
    from: Ipv4Addr,
    number: u8,
    count: Arc<AtomicU64>,
}

impl Hostile {
    /// Do it once.
    async fn attack(&self, kind: Kind) -> anyhow::Result<()> {
        match kind {
            Kind::HalfHeads => self.half_head().await,
            Kind::StuckReaders => self.stuck_reader().await,
            Kind::Floods => self.flood().await,
            Kind::Garbage => self.garbage().await,
            Kind::Kicks => self.kicked().await,
            Kind::DialStorms => self.dial_and_hang_up().await,
        }
    }

    /// Count an attack whose harm is done.
    fn done(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        Ok(socket.connect(self.relay).await?)
    }

    async fn websocket(&self) -> anyhow::Result<WebSocketStream<TcpStream>> {
        let url = format!("ws://{}/ws", self.relay);
        tests::connect_over(self.connect().await?, &url, SUBPROTOCOL).await
    }

    /// Send lines as a player, without looking at the answers.
    async fn say(
        socket: &mut WebSocketStream<TcpStream>,
        commands: &[Command],
    ) -> anyhow::Result<()> {
        for command in commands {
            socket.send(Message::text(command.to_line())).await?;
        }
        Ok(())
    }

    fn sign_in(&self) -> Command {
        let name = format!("hostile {} {}", self.from, self.number);
        let password = Some(Password::new("hostile"));
        Command::Name { name, password }
    }

    async fn half_head(&self) -> anyhow::Result<()> {
        let mut socket = self.connect().await?;
        socket.write_all(b"GET /ws HTTP/1.1\r\nHost: rel").await?;
        self.done();
        // Until the relay ends it.
        let _ended = socket.read(&mut [0; 512]).await;
        Ok(())
    }

    async fn stuck_reader(&self) -> anyhow::Result<()> {
        let mut socket = self.websocket().await?;
        Self::say(&mut socket, &[self.sign_in()]).await?;
        let questions = vec![Command::ListRooms; 20];
        // The relay stops reading, or closes.
        for round in 0..500 {
            Self::say(&mut socket, &questions).await?;
            if round == 0 {
                self.done();
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn flood(&self) -> anyhow::Result<()> {
        let mut socket = self.websocket().await?;
        let line = Command::RelayMessage {
            target_id: "0123456789abcdef0123456789abcdef".parse()?,
            message: "x".repeat(4000),
        };
        let line = line.to_line();
        for _ in 0..2000 {
            let sent = async {
                socket.feed(Message::text(line.clone())).await?;
                socket.feed(Message::binary(vec![7; 1500])).await?;
                socket.flush().await
            };
            // Being cut off is the end that a flood must have.
            if sent.await.is_err() {
                break;
            }
        }
        self.done();
        Ok(())
    }

    async fn garbage(&self) -> anyhow::Result<()> {
        let noise: Vec<u8> = (0..4096u32)
            .map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let mut socket = self.connect().await?;
        socket.write_all(&noise).await?;
        let _ended = socket.read(&mut [0; 512]).await;
        let mut socket = self.websocket().await?;
        let socket = socket.get_mut();
        socket.write_all(&noise[usize::from(self.number)..]).await?;
        self.done();
        while socket.read(&mut [0; 512]).await? > 0 {}
        Ok(())
    }

    async fn kicked(&self) -> anyhow::Result<()> {
        let mut socket = self.websocket().await?;
        Self::say(&mut socket, &[self.sign_in(), Command::Bye]).await?;
        while let Some(Ok(_)) = socket.next().await {}
        self.done();
        Ok(())
    }

    async fn dial_and_hang_up(&self) -> anyhow::Result<()> {
        let socket = self.websocket().await?;
        // The dial begins, and nobody is there any more.
        drop(socket);
        self.done();
        Ok(())
    }
}
