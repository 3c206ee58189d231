//! A whole relay between a browser and a game server that both send anything, over loopback. The first two bytes say how many of
//! the next come from the game server; the rest comes from the browser, after its handshake. A mask of zeros hides nothing, so
//! frames are readable in an input.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::StreamExt as _;
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::frame::{CloseCode, MAX_CLIENT_LINE_BYTES, SUBPROTOCOL};
use relay::{Config, HostPort, Rate, Relay, Trust};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, join, sink};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Nothing that a relay does for two peers that are gone takes as long.
const DEADLINE: Duration = Duration::from_secs(15);
/// The last line of the game server.
const LAST: &str = "LAST";

/// Play both sides. What arrives at each is well-formed, and the relay ends what a peer ended.
pub fn check(input: &[u8]) {
    static SITE: OnceLock<Site> = OnceLock::new();
    let site = SITE.get_or_init(Site::start);
    let (length, rest) = input.split_first_chunk().unwrap_or((&[0; 2], input));
    let (server, browser) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
    let play = async { timeout(DEADLINE, site.play(server, browser)).await };
    site.runtime
        .block_on(play)
        .expect("the relay ends the session");
}

struct Site {
    runtime: Runtime,
    relay: Relay,
    listener: TcpListener,
    udp: UdpSocket,
}

impl Site {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (relay, listener, udp) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
            let target = |address: std::io::Result<std::net::SocketAddr>| -> HostPort {
                address
                    .expect("an address")
                    .to_string()
                    .parse()
                    .expect("an address")
            };
            let (tcp_target, udp_target) =
                (target(listener.local_addr()), target(udp.local_addr()));
            let mut config = Config::new(tcp_target, udp_target, Trust::Insecure);
            config.game.plain_tcp = true;
            config.max_per_ip = 0;
            config.www = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../www").into());
            let no_limit = Rate {
                per_second: u32::MAX,
                burst: u32::MAX,
            };
            config.rate_limits.lines = no_limit;
            config.rate_limits.datagrams = no_limit;
            (Relay::start(config).await.expect("a relay"), listener, udp)
        });
        Self {
            runtime,
            relay,
            listener,
            udp,
        }
    }

    async fn play(&self, server: &[u8], browser: &[u8]) {
        let ((), lines) = tokio::join!(self.browser(browser), self.game_server(server));
        for line in lines {
            let line = String::from_utf8(line).expect("lines from a browser are UTF-8");
            // The relay's own goodbye is as short.
            assert!(
                line.len() <= MAX_CLIENT_LINE_BYTES + 1,
                "{} bytes",
                line.len()
            );
        }
        let mut datagram = [0; 2 * MAX_DATAGRAM_BYTES];
        while let Ok((length, _)) = self.udp.try_recv_from(&mut datagram) {
            assert!((1..=MAX_DATAGRAM_BYTES).contains(&length));
        }
    }

    /// Take a player, send everything, answer its goodbye, and give its lines.
    async fn game_server(&self, says: &[u8]) -> Vec<Vec<u8>> {
        let (mut player, _) = self.listener.accept().await.expect("a player");
        player.set_nodelay(true).expect("an open connection");
        let (reader, mut writer) = player.split();
        let mut reader = BufReader::new(reader);
        let says = [says, b"\n", LAST.as_bytes(), b"\n"].concat();
        let mut lines = Vec::new();
        let _gone = writer.write_all(&says).await;
        loop {
            let mut line = Vec::new();
            let Ok(1..) = reader.read_until(b'\n', &mut line).await else {
                return lines;
            };
            // Both are answered at once, so that each input takes milliseconds.
            if line.windows(10).any(|word| word == b"LEAVE_ROOM") {
                let _gone = writer
                    .write_all(b"{\"command\":\"LEAVE_OK\",\"roomId\":\"1\"}\n")
                    .await;
            }
            if line.windows(5).any(|word| word == b"\"BYE\"") {
                let _gone = writer.write_all(b"{\"command\":\"BYE_OK\"}\n").await;
            }
            lines.push(line);
        }
    }

    /// Connect, wait for the last line of the game server, send everything and hang up, and check what came.
    async fn browser(&self, says: &[u8]) {
        let tcp = TcpStream::connect(self.relay.addr())
            .await
            .expect("the relay accepts");
        tcp.set_nodelay(true).expect("an open connection");
        let (reader, mut writer) = tcp.into_split();
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n",
            self.relay.addr()
        );
        writer
            .write_all(head.as_bytes())
            .await
            .expect("the relay reads");
        let mut reader = BufReader::new(reader);
        let mut line = String::new();
        while reader.read_line(&mut line).await.expect("an answer") > 2 {
            line.clear();
        }
        let socket = join(reader, sink());
        let mut socket = WebSocketStream::from_raw_socket(socket, Role::Client, None).await;
        let mut seen_last = false;
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Text(text)) => {
                    assert!(!text.contains('\n'), "{text:?}");
                    if !seen_last && text == LAST {
                        seen_last = true;
                        let _closed = writer.write_all(says).await;
                        let _closed = writer.shutdown().await;
                    }
                }
                Ok(Message::Close(Some(close))) => {
                    let code = u16::from(close.code);
                    assert!(CloseCode::from_number(code).is_some(), "{code}");
                }
                Ok(_) | Err(Error::ConnectionClosed) => {}
                Err(Error::Protocol(error)) => assert!(
                    error == tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                    "{error}"
                ),
                Err(Error::Io(_)) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }
}
