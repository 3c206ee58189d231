//! A stand-in for a game server: it takes any number of players, puts each into a room, answers every line with a line of the
//! same text, and sends every datagram back as it is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// Players in a room.
const ROOM: u64 = 20;
/// The most bytes of a datagram.
const DATAGRAM_BYTES: usize = 2048;
/// How long a relay may take to say goodbye for all players of a measurement.
const DEADLINE: Duration = Duration::from_secs(20);

/// The stand-in. It ends with the runtime.
pub struct StandIn {
    /// Where it takes lines.
    pub tcp: SocketAddr,
    /// Where it takes datagrams.
    pub udp: SocketAddr,
    /// What it shows.
    pub certificate: CertificateDer<'static>,
    players: watch::Receiver<usize>,
}

impl StandIn {
    /// Listen on free ports of this machine.
    ///
    /// # Errors
    /// There is no port, or no certificate can be made.
    pub async fn start() -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.self_signed(&key)?;
        let certificate = certificate.der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let (tcp, udp) = (listener.local_addr()?, socket.local_addr()?);
        let (counted, players) = watch::channel(0);
        tokio::spawn(accept(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            counted,
        ));
        tokio::spawn(return_datagrams(socket));
        Ok(Self {
            tcp,
            udp,
            certificate,
            players,
        })
    }

    /// Wait until no player is connected, so that one measurement does not reach into the next.
    ///
    /// # Errors
    /// Some stay for 20 s.
    pub async fn until_all_left(&self) -> anyhow::Result<()> {
        let mut players = self.players.clone();
        let left = players.wait_for(|players| *players == 0);
        timeout(DEADLINE, left).await.context("players stay")??;
        Ok(())
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, players: watch::Sender<usize>) {
    for number in 0.. {
        let Ok((socket, _)) = listener.accept().await else {
            return;
        };
        let (tls, players) = (tls.clone(), players.clone());
        players.send_modify(|players| *players += 1);
        tokio::spawn(async move {
            // A player that ends its connection is an ordinary end.
            let _ended = play(number, socket, tls).await;
            players.send_modify(|players| *players -= 1);
        });
    }
}

/// Welcome a player, put it into its room, and answer its lines.
async fn play(number: u64, socket: TcpStream, tls: TlsAcceptor) -> anyhow::Result<()> {
    socket.set_nodelay(true)?;
    let mut socket = BufReader::new(tls.accept(socket).await?);
    let joined = json!({"command": "JOIN_OK", "roomId": format!("{:032x}", number / ROOM)});
    // A relay forwards the datagrams of players who are signed in.
    let signed_in =
        json!({"command": "NAME_OK", "name": "Echo", "authenticated": true, "udpEncryption": true});
    let welcome = format!("CONNECTED|{number:032x}\n{signed_in}\n{joined}\n");
    socket.write_all(welcome.as_bytes()).await?;
    socket.flush().await?;
    let (mut line, mut answers) = (String::new(), String::new());
    while socket.read_line(&mut line).await? > 0 {
        answers += &answer(&line)?;
        answers.push('\n');
        line.clear();
        // Lines that came together are answered together.
        if !socket.buffer().contains(&b'\n') {
            socket.write_all(answers.as_bytes()).await?;
            socket.flush().await?;
            answers.clear();
        }
    }
    Ok(())
}

/// Answer a text for a player with that text from a player, and a goodbye as game servers do.
fn answer(line: &str) -> anyhow::Result<String> {
    let line: Value = serde_json::from_str(line)?;
    let answer = match line["command"].as_str() {
        Some("RELAY_MESSAGE") => json!({
            "command": "RELAYED_MESSAGE",
            "senderId": line["targetId"],
            "senderName": "echo",
            "message": line["message"],
        }),
        Some("LEAVE_ROOM") => json!({"command": "LEAVE_OK", "roomId": "0"}),
        _ => json!({"command": "BYE_OK"}),
    };
    Ok(answer.to_string())
}

async fn return_datagrams(socket: UdpSocket) {
    let mut space = [0; DATAGRAM_BYTES];
    loop {
        // An error here is the report that an earlier player's port is closed.
        if let Ok((length, player)) = socket.recv_from(&mut space).await {
            let _lost = socket.send_to(&space[..length], player).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_and_a_goodbye_is_answered() {
        let line = r#"{"command":"RELAY_MESSAGE","targetId":"1","message":"hello"}"#;
        let answer: Value = serde_json::from_str(&answer(line).unwrap()).unwrap();
        assert_eq!(answer["command"], "RELAYED_MESSAGE");
        assert_eq!(answer["message"], "hello");
        let bye = super::answer(r#"{"command":"BYE"}"#).unwrap();
        assert_eq!(bye, r#"{"command":"BYE_OK"}"#);
    }
}
