//! Dialling and driving a session through real sockets on loopback.

#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use client_native::{Client, DialError, GoodbyeOutcome, HostPort, Incoming, Target, Tls, dial};
use protocol::command::Command;
use protocol::session::{Config, Output, State};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

const ID: &str = "0123456789abcdef0123456789abcdef";
/// How long anything that a test waits for may take.
const DEADLINE: Duration = Duration::from_secs(5);
const ROOM: &str = "00112233445566778899aabbccddeeff";

/// The sockets of a game server for one client.
struct Server {
    listener: TcpListener,
    udp: UdpSocket,
}

impl Server {
    async fn open() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    fn target(&self, tls: Option<Tls>) -> Target {
        Target {
            tcp: self.listener.local_addr().unwrap().into(),
            udp: self.udp.local_addr().unwrap().into(),
            tls,
        }
    }

    async fn accept(&self) -> tokio::net::TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

/// Welcome a client, and answer its lines until it says `BYE`.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut stream = BufReader::new(stream);
    let welcome = format!("CONNECTED|{ID}\n");
    stream.write_all(welcome.as_bytes()).await.unwrap();
    let mut line = String::new();
    // A client leaves without close_notify, which TLS reports as an error.
    while stream
        .read_line(&mut line)
        .await
        .is_ok_and(|count| count > 0)
    {
        let answer = match line.trim_end() {
            r#"{"command":"BYE"}"# => "{\"command\":\"BYE_OK\"}\n".to_owned(),
            r#"{"command":"LEAVE_ROOM"}"# => {
                format!("{{\"command\":\"LEAVE_OK\",\"roomId\":\"{ROOM}\"}}\n")
            }
            join if join.contains("JOIN_ROOM") => {
                format!("{{\"command\":\"JOIN_OK\",\"roomId\":\"{ROOM}\"}}\n")
            }
            _ => "{\"command\":\"NAME_OK\",\"name\":\"Ann\",\"authenticated\":true}\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        line.clear();
    }
}

/// A certificate for `localhost`, and an acceptor that shows it.
fn certificate() -> (CertificateDer<'static>, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (cert.der().clone(), TlsAcceptor::from(Arc::new(config)))
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

#[tokio::test]
async fn a_session_over_tls_from_welcome_to_goodbye() {
    let server = Server::open().await;
    let (certificate, acceptor) = certificate();
    let target = server.target(Some(Tls::trusting(certificate, localhost()).unwrap()));
    let game = async {
        serve(acceptor.accept(server.accept().await).await.unwrap()).await;
    };
    let player = async {
        let mut client = Client::new(dial(&target).await.unwrap(), Config::default());
        assert_eq!(client.welcome().await.unwrap().as_str(), ID);
        let name = "Ann".to_owned();
        let password = None;
        client.ask(Command::Name { name, password }).await.unwrap();
        client.goodbye().await
    };
    let (_, outcome) = tokio::join!(game, player);
    assert_eq!(outcome, GoodbyeOutcome::Answered);
}

#[tokio::test]
async fn another_certificate_is_refused_as_a_tls_error() {
    let server = Server::open().await;
    let ((_, acceptor), (other, _)) = (certificate(), certificate());
    let target = server.target(Some(Tls::trusting(other, localhost()).unwrap()));
    let (accepted, dialled) = tokio::join!(
        async { acceptor.accept(server.accept().await).await },
        dial(&target)
    );
    assert!(accepted.is_err());
    let error = dialled.err().unwrap();
    let fault = error.tls();
    assert!(
        matches!(fault, Some(rustls::Error::InvalidCertificate(_))),
        "{fault:?}"
    );
}

#[tokio::test]
async fn q33_datagrams_pass_both_ways_without_tls_and_on_any_port() {
    let server = Server::open().await;
    let target = server.target(None);
    let game = async { serve(server.accept().await).await };
    let player = async {
        let mut client = Client::new(dial(&target).await.unwrap(), Config::default());
        client.welcome().await.unwrap();
        let (name, password) = ("Ann".to_owned(), None);
        client.ask(Command::Name { name, password }).await.unwrap();
        let room_id = ROOM.parse().unwrap();
        client.ask(Command::JoinRoom { room_id }).await.unwrap();
        client
            .send_update(Default::default(), protocol::geometry::Quat::IDENTITY)
            .unwrap();
        let other = "fedcba9876543210fedcba9876543210";
        let update = format!(r#"{{"command":"UPDATE","sessionId":"{other}"}}"#);
        let reply = async {
            let mut space = [0; 1024];
            let (_, from) = server.udp.recv_from(&mut space).await.unwrap();
            server.udp.send_to(update.as_bytes(), from).await.unwrap();
        };
        let heard = async {
            loop {
                if let Output::Update(update) = client.next_output().await.unwrap() {
                    return update.session_id;
                }
            }
        };
        let (_, heard) = tokio::join!(reply, heard);
        assert_eq!(heard.as_str(), other);
    };
    tokio::select! {
        () = game => panic!("the player hung up"),
        () = player => {}
    }
}

#[tokio::test]
async fn a_step_that_is_dropped_half_way_loses_nothing() {
    let server = Server::open().await;
    let target = server.target(None);
    let lines: Vec<String> = (0..200).map(|number| format!("line {number}")).collect();
    let game = async {
        let mut stream = server.accept().await;
        for piece in lines.join("\r\n").as_bytes().chunks(7) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.write_all(b"\n").await.unwrap();
        stream
    };
    let player = async {
        let mut client = Client::new(dial(&target).await.unwrap(), Config::default());
        let mut heard = Vec::new();
        while heard.len() < 200 {
            tokio::select! {
                step = client.step() => match step.unwrap() {
                    Some(Incoming::Line(line)) => heard.push(line),
                    other => panic!("{other:?}"),
                },
                () = tokio::task::yield_now() => {}
            }
        }
        heard
    };
    let (_stream, heard) = tokio::join!(game, player);
    assert_eq!(heard, lines);
}

#[tokio::test]
async fn a_missing_server_is_a_connect_error() {
    let server = Server::open().await;
    let target = server.target(None);
    let address: SocketAddr = server.listener.local_addr().unwrap();
    drop(server);
    let error = dial(&target).await.err().unwrap();
    assert!(matches!(error, DialError::Connect(_)), "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(!error.is_out_of_descriptors());
    let nowhere = Target {
        tcp: HostPort {
            host: "name.invalid".into(),
            port: 1,
        },
        ..target
    };
    let looking = tokio::time::timeout(Duration::from_secs(20), dial(&nowhere));
    let error = looking.await.unwrap().err().unwrap();
    assert!(matches!(error, DialError::Lookup { .. }), "{error}");
}

#[tokio::test]
async fn q1_the_handshake_begins_at_once_and_who_gives_up_leaves_nothing_half_open() {
    let server = Server::open().await;
    let (certificate, _) = certificate();
    let target = server.target(Some(Tls::trusting(certificate, localhost()).unwrap()));
    // The server does not say a word, as one that is busy with somebody else's handshake.
    let dialling = tokio::spawn(async move { dial(&target).await.map(drop) });
    let mut stream = server.accept().await;
    const HANDSHAKE_RECORD: u8 = 22;
    let first = timeout(DEADLINE, stream.read_u8()).await;
    assert_eq!(first.expect("no handshake").unwrap(), HANDSHAKE_RECORD);
    dialling.abort();
    let mut rest = Vec::new();
    // It ends here, or with a reset.
    let _ended = timeout(DEADLINE, stream.read_to_end(&mut rest))
        .await
        .expect("left open");
}

#[tokio::test]
async fn q2_a_close_without_a_word_is_an_ordinary_end() {
    let server = Server::open().await;
    let (certificate, acceptor) = certificate();
    let target = server.target(Some(Tls::trusting(certificate, localhost()).unwrap()));
    let game = async {
        let mut stream = acceptor.accept(server.accept().await).await.unwrap();
        let welcome = format!("CONNECTED|{ID}\n");
        stream.write_all(welcome.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        // Without TLS's close_notify.
        let (tcp, _) = stream.into_inner();
        drop(tcp);
    };
    let player = async {
        let mut client = Client::new(dial(&target).await.unwrap(), Config::default());
        client.welcome().await.unwrap();
        while client.next_output().await.is_ok() {}
        assert!(client.has_ended());
        assert_eq!(client.session().state(), State::Disconnected);
    };
    let both = async { tokio::join!(game, player) };
    timeout(DEADLINE, both).await.expect("no end");
}
