//! The door between a plain WebSocket client and the relay: it offers the relay's subprotocol for the client, and keeps the relay's
//! first two messages, its notice and the game server's welcome. From then on all bytes pass as they are, both ways.

use std::net::SocketAddr;

use anyhow::{Context as _, bail, ensure};
use protocol::frame::SUBPROTOCOL;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// The messages before the first echo.
const MESSAGES_KEPT: usize = 2;
/// FIN and the opcode of a text.
const WHOLE_TEXT: u8 = 0x81;
/// The longest head that is read, in bytes.
const MAX_HEAD_BYTES: u64 = 8 * 1024;

/// Listen on a free port, and bring every client to the relay. It ends with the runtime.
pub(crate) async fn open(relay: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Err(error) = pass(client, relay).await {
                    eprintln!("the door: {error:#}");
                }
            });
        }
    });
    Ok(address)
}

async fn pass(client: TcpStream, relay: SocketAddr) -> anyhow::Result<()> {
    let relay = TcpStream::connect(relay).await.context("no relay")?;
    client.set_nodelay(true)?;
    relay.set_nodelay(true)?;
    let (mut client, mut relay) = (BufStream::new(client), BufStream::new(relay));
    let request = head(&mut client).await?;
    let (_, headers) = request.split_once("\r\n").context("no request")?;
    let request = format!("GET /ws HTTP/1.1\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n{headers}");
    relay.write_all(request.as_bytes()).await?;
    relay.flush().await?;
    let response = head(&mut relay).await?;
    ensure!(response.starts_with("HTTP/1.1 101 "), "{response}");
    for _ in 0..MESSAGES_KEPT {
        keep_text(&mut relay).await?;
    }
    // The client did not ask for a subprotocol, so it must not be told of one.
    let is_for_client = |line: &&str| {
        !line
            .to_ascii_lowercase()
            .starts_with("sec-websocket-protocol")
    };
    let response: Vec<&str> = response.split("\r\n").filter(is_for_client).collect();
    client.write_all(response.join("\r\n").as_bytes()).await?;
    client.flush().await?;
    // Either may break the connection, as some cases do.
    let _broken = tokio::io::copy_bidirectional(&mut client, &mut relay).await;
    Ok(())
}

/// Read the head of a request or of a response, with the empty line at its end.
async fn head(stream: &mut BufStream<TcpStream>) -> anyhow::Result<String> {
    let mut stream = stream.take(MAX_HEAD_BYTES);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        ensure!(
            stream.read_line(&mut head).await? > 0,
            "no whole head: {head}"
        );
    }
    Ok(head)
}

/// Take a short text of the relay off the stream.
async fn keep_text(relay: &mut BufStream<TcpStream>) -> anyhow::Result<()> {
    let first = relay.read_u8().await?;
    ensure!(first == WHOLE_TEXT, "not a text: {first:#x}");
    let length = match relay.read_u8().await? {
        126 => usize::from(relay.read_u16().await?),
        length @ 0..126 => usize::from(length),
        longer => bail!("too long a text: {longer}"),
    };
    let mut text = vec![0; length];
    relay.read_exact(&mut text).await?;
    Ok(())
}
