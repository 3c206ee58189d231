//! The server's sockets: TLS, slow and rude peers, the end of connections, the certificate.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use server::{Options, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::client::{Client, DEADLINE};
use crate::seal::{SECRET, seal};

async fn start() -> Server {
    Server::start(Options::default()).await.unwrap()
}

/// Ask until the answer is as wanted.
async fn eventually(client: &mut Client, command: &str, wanted: impl Fn(&str) -> bool) {
    let poll = async {
        while !wanted(&client.ask(command).await) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, poll).await.unwrap();
}

#[tokio::test]
async fn bye_ends_the_connection_in_order_but_without_close_notify() {
    let server = start().await;
    let mut client = Client::named(&server, "Ann").await;
    client.write(b"{\"command\":\"BYE\"}\n").await;
    let (rest, end) = client.end().await;
    assert_eq!(rest, b"{\"command\":\"BYE_OK\"}\n");
    // TLS reports the missing close_notify. A reset would be another error.
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn bytes_after_bye_do_not_lose_its_answer() {
    let server = start().await;
    let mut client = Client::named(&server, "Ann").await;
    let behind = "{\"command\":\"PING\"}\n".repeat(1000);
    client
        .write(format!("{{\"command\":\"BYE\"}}\n{behind}").as_bytes())
        .await;
    let (rest, end) = client.end().await;
    assert_eq!(rest, b"{\"command\":\"BYE_OK\"}\n");
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn each_refusal_is_explained_and_disturbs_nobody() {
    let server = start().await;
    let mut host = Client::connect(&server).await;
    host.ask(r#"{"command":"NAME","name":"Host","password":"right"}"#)
        .await;
    let room = host.create_room("full").await;
    let mut thief = Client::connect(&server).await;
    let refusal = thief
        .ask(r#"{"command":"NAME","name":"Host","password":"wrong"}"#)
        .await;
    assert_eq!(
        refusal,
        r#"{"command":"AUTH_FAILED","message":"Invalid password for this player name."}"#
    );
    let mut guests = Vec::new();
    for index in 1..rules::ROOM_SEATS {
        let mut guest = Client::named(&server, &format!("Guest {index}")).await;
        assert_eq!(
            guest.join(&room).await,
            format!(r#"{{"command":"JOIN_OK","roomId":"{room}"}}"#)
        );
        guests.push(guest);
    }
    let mut late = Client::named(&server, "Late").await;
    let full =
        r#"{"command":"ERROR","message":"Failed to join room. Room may be full or inactive."}"#;
    assert_eq!(late.join(&room).await, full);
    let unknown = late.join("0123456789abcdef0123456789abcdef").await;
    assert_eq!(
        unknown,
        r#"{"command":"ERROR","message":"Room not found."}"#
    );
    let not_host = guests[0].ask(r#"{"command":"START_GAME"}"#).await;
    let expected =
        r#"{"command":"ERROR","message":"Cannot start game. Only the host can start the game."}"#;
    assert_eq!(not_host, expected);
    assert!(
        host.ask(r#"{"command":"START_GAME"}"#)
            .await
            .contains("GAME_STARTED")
    );
    for guest in &mut guests {
        assert!(guest.line().await.contains("GAME_STARTED"));
    }
}

#[tokio::test]
async fn cars_see_each_other_by_udp() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    let mut bob = Client::named(&server, "Bob").await;
    let room = ann.create_room("r").await;
    bob.join(&room).await;
    ann.send_sealed(&format!(
        r#"{{"command":"UPDATE","sessionId":"{}"}}"#,
        ann.id
    ))
    .await;
    // The server knows Ann's endpoint once this is answered.
    eventually(&mut ann, r#"{"command":"PING"}"#, |_| true).await;
    let text = format!(
        r#"{{"command":"UPDATE","sessionId":"{}","position":{{"x":0.1,"y":0,"z":-7}}}}"#,
        bob.id
    );
    let poll = async {
        loop {
            bob.send_sealed(&text).await;
            if let Ok(heard) = timeout(Duration::from_millis(200), ann.datagram()).await {
                return heard;
            }
        }
    };
    let heard = timeout(DEADLINE, poll).await.unwrap();
    assert!(heard.ends_with("\"position\":{\"x\":0.1,\"y\":0,\"z\":-7},\"rotation\":{\"x\":0,\"y\":0,\"z\":0,\"w\":1}}\n"));
}

#[tokio::test]
async fn nobody_moves_a_car_from_another_address() {
    let server = start().await;
    let (mut ann, mut bob) = (
        Client::named(&server, "Ann").await,
        Client::named(&server, "Bob").await,
    );
    let room = ann.create_room("r").await;
    bob.join(&room).await;
    let update = |id: &str, x: u32| {
        format!(r#"{{"command":"UPDATE","sessionId":"{id}","position":{{"x":{x}}}}}"#)
    };
    let forger = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    forger.connect(server.udp_addr()).await.unwrap();
    let forged = seal(&ann.id, SECRET, &update(&ann.id, 666));
    // Bob hears Ann once the server knows where Bob is.
    let poll = async {
        loop {
            bob.send_sealed(&update(&bob.id, 1)).await;
            forger.send(&forged).await.unwrap();
            ann.send_sealed(&update(&ann.id, 7)).await;
            if let Ok(heard) = timeout(Duration::from_millis(200), bob.datagram()).await {
                return heard;
            }
        }
    };
    let heard = timeout(DEADLINE, poll).await.unwrap();
    assert!(heard.contains(r#""x":7,"#), "{heard}");
}

#[tokio::test]
async fn a_line_too_long_is_an_error_and_others_go_on_meanwhile() {
    let server = start().await;
    let (mut rude, mut other) = (
        Client::connect(&server).await,
        Client::connect(&server).await,
    );
    let chunk = vec![b'x'; rules::MAX_OPEN_COMMAND_BYTES];
    rude.write(&chunk).await;
    rude.write(&chunk).await;
    assert!(other.ask(r#"{"command":"PING"}"#).await.contains("PONG"));
    let too_long = |limit: usize| {
        format!(
            r#"{{"command":"ERROR","message":"Line too long. At most {limit} bytes are taken."}}"#
        )
    };
    assert_eq!(rude.ask("").await, too_long(rules::MAX_OPEN_COMMAND_BYTES));
    // Who has signed in may say more.
    let name = r#"{"command":"NAME","name":"Rude"}"#;
    assert!(rude.ask(name).await.contains("NAME_OK"));
    rude.write(&chunk).await;
    rude.write(&chunk).await;
    assert!(rude.ask("").await.contains("Invalid JSON"));
    rude.write(&vec![b'x'; rules::MAX_COMMAND_BYTES]).await;
    assert_eq!(rude.ask("x").await, too_long(rules::MAX_COMMAND_BYTES));
    assert!(rude.ask(r#"{"command":"PING"}"#).await.contains("PONG"));
}

fn relay_to(target: &Client, message: &str) -> String {
    let id = &target.id;
    format!(r#"{{"command":"RELAY_MESSAGE","targetId":"{id}","message":"{message}"}}"#)
}

#[tokio::test]
async fn a_burst_of_messages_that_are_escaped_six_fold_does_not_cut_off_its_reader() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    let mut bob = Client::named(&server, "Bob").await;
    let flood = relay_to(&bob, &"<".repeat(rules::MAX_COMMAND_BYTES - 200)) + "\n";
    ann.write(flood.repeat(8).as_bytes()).await;
    let mut messages = 0;
    for _ in 0..8 {
        messages += usize::from(ann.line().await.contains("RELAY_OK"));
    }
    assert!(messages > 0);
    for _ in 0..messages {
        assert!(bob.line().await.contains("RELAYED_MESSAGE"));
    }
    assert!(bob.ask(r#"{"command":"PING"}"#).await.contains("PONG"));
}

#[tokio::test]
async fn messages_to_a_peer_that_does_not_read_are_refused_and_it_can_go_on_later() {
    let server = start().await;
    let mut rude = Client::named(&server, "Rude").await;
    let mut other = Client::named(&server, "Other").await;
    let room = rude.create_room("r").await;
    let relay = relay_to(&rude, &"x".repeat(rules::MAX_COMMAND_BYTES - 200));
    // Few bytes wait for it, besides the system's own buffers.
    let mut taken = 0;
    let told = loop {
        let told = other.ask(&relay).await;
        if !told.contains("RELAY_OK") {
            break told;
        }
        taken += 1;
        assert!(
            taken < 200,
            "a peer that does not read was sent {taken} long lines"
        );
    };
    assert!(told.contains("reads too slowly"), "{told}");
    // It reads again, and has missed nothing.
    for _ in 0..taken {
        assert!(rude.line().await.contains("RELAYED_MESSAGE"));
    }
    eventually(&mut other, &relay, |told| told.contains("RELAY_OK")).await;
    assert!(rude.line().await.contains("RELAYED_MESSAGE"));
    assert!(other.join(&room).await.contains("JOIN_OK"));
}

#[tokio::test]
async fn a_silent_peer_blocks_nobody_and_is_closed_after_two_seconds() {
    let server = start().await;
    let mut silent = TcpStream::connect(server.tcp_addr()).await.unwrap();
    let mut half = TcpStream::connect(server.tcp_addr()).await.unwrap();
    half.write_all(&[0x16, 3, 1]).await.unwrap();
    Client::named(&server, "Ann").await;
    let closed = timeout(Duration::from_secs(5), silent.read(&mut [0])).await;
    assert_eq!(closed.unwrap().unwrap(), 0);
    // A handshake that has begun has more time.
    let heard = half.try_read(&mut [0]);
    assert_eq!(heard.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn more_silent_connections_than_slots_keep_no_newcomer_out() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    // Each connection takes a descriptor at both ends.
    rlimit::increase_nofile_limit(8192).unwrap();
    let mut silent = Vec::new();
    for index in 0..rules::MAX_SESSIONS + 100 {
        let mut peer = TcpStream::connect(server.tcp_addr()).await.unwrap();
        // Half of them begin a handshake, so that they have more than two seconds.
        if index % 2 == 0 {
            peer.write_all(&[0x16, 3, 1]).await.unwrap();
        }
        silent.push(peer);
    }
    let start = std::time::Instant::now();
    let mut late = Client::named(&server, "Late").await;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let room = late.create_room("r").await;
    assert!(ann.join(&room).await.contains("JOIN_OK"));
}

#[tokio::test]
async fn one_address_gets_so_many_connections_and_another_goes_on() {
    let options = Options {
        max_per_ip: 2,
        ..Options::default()
    };
    let server = Server::start(options).await.unwrap();
    let (_ann, _bob) = (
        Client::named(&server, "Ann").await,
        Client::named(&server, "Bob").await,
    );
    assert!(crate::client::connect(&server, "TLSv1.3").await.is_err());
    let mut other = Client::connect_from(&server, [127, 0, 0, 2]).await;
    let name = r#"{"command":"NAME","name":"Other"}"#;
    assert!(other.ask(name).await.contains("NAME_OK"));
}

#[tokio::test]
async fn in_the_faithful_mode_a_peer_without_tls_is_closed_without_a_word() {
    let options = Options {
        faithful: true,
        ..Options::default()
    };
    let server = Server::start(options).await.unwrap();
    let mut plain = TcpStream::connect(server.tcp_addr()).await.unwrap();
    plain.write_all(b"{\"command\":\"PING\"}\n").await.unwrap();
    let mut heard = Vec::new();
    timeout(DEADLINE, plain.read_to_end(&mut heard))
        .await
        .unwrap()
        .unwrap();
    assert!(heard.is_empty(), "{heard:?}");
    Client::named(&server, "Ann").await;
}

#[tokio::test]
async fn a_player_whose_connection_breaks_leaves_its_room() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    let mut bob = Client::named(&server, "Bob").await;
    let room = ann.create_room("r").await;
    bob.join(&room).await;
    drop(ann);
    let alone = format!(
        r#"{{"command":"ROOM_PLAYERS","roomId":"{room}","players":[{{"id":"{}","name":"Bob"}}]}}"#,
        bob.id
    );
    eventually(&mut bob, r#"{"command":"GET_ROOM_PLAYERS"}"#, |reply| {
        reply == alone
    })
    .await;
    let start = bob.ask(r#"{"command":"START_GAME"}"#).await;
    assert!(
        start.contains(&format!(r#""hostId":"{}""#, bob.id)),
        "{start}"
    );
}

#[tokio::test]
async fn a_kept_certificate_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options {
        certificate_dir: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let first = Server::start(options()).await.unwrap();
    let (sha256, certificate) = (first.certificate_sha256(), first.certificate_der().clone());
    first.stop().await;
    let second = Server::start(options()).await.unwrap();
    assert_eq!(
        (second.certificate_sha256(), second.certificate_der()),
        (sha256, &certificate)
    );
    let file = folder.path().join(server::CERTIFICATE_FILE);
    assert_eq!(CertificateDer::from_pem_file(file).unwrap(), certificate);
    Client::named(&second, "Ann").await;
}

#[tokio::test]
async fn an_unreadable_certificate_and_a_taken_port_are_clear_errors() {
    let folder = tempfile::tempdir().unwrap();
    for file in [server::CERTIFICATE_FILE, server::KEY_FILE] {
        std::fs::write(folder.path().join(file), "nonsense").unwrap();
    }
    let options = Options {
        certificate_dir: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let error = format!("{:#}", Server::start(options).await.unwrap_err());
    assert!(error.contains("certificate"), "{error}");

    let first = start().await;
    let options = Options {
        tcp: first.tcp_addr(),
        ..Options::default()
    };
    let error = format!("{:#}", Server::start(options).await.unwrap_err());
    assert!(error.contains("is the port taken?"), "{error}");
}

#[tokio::test]
async fn a_stopped_server_closes_its_connections_and_frees_its_ports() {
    let server = start().await;
    let mut client = Client::named(&server, "Ann").await;
    let options = Options {
        tcp: server.tcp_addr(),
        udp: server.udp_addr(),
        ..Options::default()
    };
    server.stop().await;
    let (rest, _) = client.end().await;
    assert!(rest.is_empty());
    let again = Server::start(options).await.unwrap();
    Client::named(&again, "Ann").await;
}

#[tokio::test]
async fn many_sign_ins_of_one_address_do_not_delay_those_of_another() {
    let server = start().await;
    let mut crowd = Vec::new();
    for _ in 0..40 {
        crowd.push(Client::connect_from(&server, [127, 0, 0, 2]).await);
    }
    let mut ann = Client::connect_from(&server, [127, 0, 0, 3]).await;
    for (index, client) in crowd.iter_mut().enumerate() {
        let name = format!("{{\"command\":\"NAME\",\"name\":\"C{index}\",\"password\":\"pw\"}}\n");
        client.write(name.as_bytes()).await;
    }
    let start = std::time::Instant::now();
    let name = r#"{"command":"NAME","name":"Ann","password":"pw"}"#;
    assert!(ann.ask(name).await.contains("NAME_OK"));
    println!("another's sign-in took {:?}", start.elapsed());
    // The last of the crowd still waits, and gets its turn.
    let last = crowd.last_mut().unwrap();
    let early = timeout(Duration::from_millis(1), last.line()).await;
    assert!(early.is_err(), "the crowd was served first: {early:?}");
    assert!(last.line().await.contains("NAME_OK"));
    println!("the last of the crowd took {:?}", start.elapsed());
}
