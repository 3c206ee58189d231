//! Behind a proxy each client counts by its own address, and nobody else can say that he is a proxy.

use std::time::Duration;

use relay::{Config, ForwardedHeader, Rate, Relay};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::browser::{Browser, PROTOCOL, READY, request};
use crate::game::Game;
use crate::http::{body, get_with, status};
use crate::{config_for, within};

const PROXY: [u8; 4] = [127, 0, 0, 1];
const STRANGER: [u8; 4] = [127, 0, 0, 2];

/// One player for each address, and a proxy at 127.0.0.1.
fn one_each(game: &Game) -> Config {
    let mut config = config_for(game);
    config.max_per_ip = 1;
    config.front.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    config
}

/// Connect from an address of this machine with a header.
async fn connect(from: [u8; 4], relay: &Relay, name: &'static str, value: &str) -> Browser {
    let request = request(relay.addr(), &[PROTOCOL, (name, value)]);
    Browser::request_from(from, relay, request).await
}

/// The last two have the same client, the others have one each.
async fn expect_only_the_last_refused<const N: usize>(
    mut browsers: [Browser; N],
    game: &mut Game,
) -> [Browser; N] {
    let (last, others) = browsers.split_last_mut().unwrap();
    for browser in others {
        browser.expect(READY).await;
        game.player().await;
    }
    last.expect_close(1013, "from this address").await;
    browsers
}

#[tokio::test]
async fn the_clients_of_a_trusted_proxy_count_each_for_itself() {
    let mut game = Game::start().await;
    let relay = Relay::start(one_each(&game)).await.unwrap();
    let through = async |chain| connect(PROXY, &relay, "x-forwarded-for", chain).await;
    let browsers = [
        through("192.0.2.1").await,
        through("2001:db8::1").await,
        through("6.6.6.6, 192.0.2.2").await,
        // What the client itself wrote does not help it.
        through("192.0.2.9, 192.0.2.2").await,
    ];
    let _here = expect_only_the_last_refused(browsers, &mut game).await;
    // One of IPv6 may have a whole network of addresses.
    let mut neighbour = through("2001:db8::2").await;
    neighbour.expect_close(1013, "from this address").await;
}

#[tokio::test]
async fn the_standard_header_counts_instead_if_it_is_chosen() {
    let mut game = Game::start().await;
    let mut config = one_each(&game);
    config.front.forwarded_header = ForwardedHeader::Forwarded;
    let relay = Relay::start(config).await.unwrap();
    let browsers = [
        connect(PROXY, &relay, "forwarded", "for=192.0.2.1;proto=https").await,
        connect(PROXY, &relay, "x-forwarded-for", "192.0.2.2").await,
        connect(PROXY, &relay, "x-forwarded-for", "192.0.2.3").await,
    ];
    expect_only_the_last_refused(browsers, &mut game).await;
}

#[tokio::test]
async fn headers_of_strangers_and_headers_that_cannot_be_read_mean_nothing() {
    let mut game = Game::start().await;
    let relay = Relay::start(one_each(&game)).await.unwrap();
    let browsers = [
        connect(STRANGER, &relay, "x-forwarded-for", "192.0.2.1").await,
        connect(STRANGER, &relay, "x-forwarded-for", "192.0.2.2").await,
    ];
    expect_only_the_last_refused(browsers, &mut game).await;
    let browsers = [
        connect(PROXY, &relay, "x-forwarded-for", "192.0.2.3, unknown").await,
        connect(PROXY, &relay, "x-forwarded-for", "[").await,
    ];
    expect_only_the_last_refused(browsers, &mut game).await;
}

#[tokio::test]
async fn attempts_and_wrong_tokens_count_for_the_client_too() {
    let game = Game::start().await;
    let mut config = one_each(&game);
    // Without a limit for one address, too, since the proxy tells the clients apart.
    config.max_per_ip = 0;
    config.rate_limits.attempts = Rate {
        per_second: 1,
        burst: 1,
    };
    config.spectating.access = "token:abcdefghijkl".parse().unwrap();
    let relay = Relay::start(config).await.unwrap();
    let through = async |client| connect(PROXY, &relay, "x-forwarded-for", client).await;
    through("192.0.2.1").await.expect(READY).await;
    through("192.0.2.2").await.expect(READY).await;
    let refused = async {
        loop {
            let first = through("192.0.2.1").await.next().await;
            if first.is_close() {
                break first.to_string();
            }
        }
    };
    let reason = within("a refusal", refused).await;
    assert!(reason.contains("Too many attempts"), "{reason}");
    let wrong = async |client: &str| {
        let token = format!("Bearer wrong\r\nX-Forwarded-For: {client}");
        let answer = get_with(&token, PROXY, &relay, "/api/rooms").await;
        status(&answer).to_owned()
    };
    while wrong("192.0.2.1").await == "401" {}
    assert_eq!(wrong("192.0.2.1").await, "429");
    assert_eq!(wrong("192.0.2.2").await, "401");
}

#[tokio::test]
async fn connections_of_a_proxy_are_not_those_of_one_client() {
    // More than one address may have.
    const CONNECTIONS: usize = 300;
    let game = Game::start().await;
    let relay = Relay::start(one_each(&game)).await.unwrap();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(TcpStream::connect(relay.addr()).await.unwrap());
    }
    let mut statuses = Vec::new();
    for (number, connection) in connections.iter_mut().enumerate() {
        // One client has one more than there may be.
        let client = number.min(CONNECTIONS - 1) / 257;
        let request = format!(
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.{client}\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        within("an answer", connection.read_exact(&mut answer))
            .await
            .unwrap();
        statuses.push(String::from_utf8(answer).unwrap());
    }
    assert!(statuses.iter().all(|status| status.ends_with("200")));
    // Its oldest one has had its response and made room. The proxy's other connections notice nothing.
    let mut rest = Vec::new();
    within("the end", connections[0].read_to_end(&mut rest))
        .await
        .unwrap();
    for connection in [1, 256, 299] {
        let again = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        connections[connection].write_all(again).await.unwrap();
        let mut rest = String::new();
        let answer = connections[connection].read_to_string(&mut rest);
        within("an answer", answer).await.unwrap();
        assert!(rest.contains("HTTP/1.1 "), "{connection} has ended");
    }
}

fn through_proxy_protocol(game: &Game) -> Config {
    let mut config = one_each(game);
    config.front.proxy_protocol = true;
    config
}

#[tokio::test]
async fn the_proxy_protocol_names_the_client_in_both_versions() {
    let mut game = Game::start().await;
    let relay = Relay::start(through_proxy_protocol(&game)).await.unwrap();
    let through = async |header: &[u8]| Browser::connect_after(header, &relay).await.unwrap();
    let second = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x02\x7f\0\0\x01\x10\0\0\x50";
    let browsers = [
        through(b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\n").await,
        through(b"PROXY TCP6 2001:db8::1 ::1 4000 80\r\n").await,
        // The proxy itself, for itself.
        through(b"PROXY UNKNOWN\r\n").await,
        through(second).await,
        through(second).await,
    ];
    expect_only_the_last_refused(browsers, &mut game).await;
    // A client behind this proxy is no proxy, so its header means nothing.
    let mut socket = TcpStream::connect(relay.addr()).await.unwrap();
    let bytes = b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    socket.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    let reading = socket.read_to_string(&mut answer);
    within("an answer", reading).await.unwrap();
    assert_eq!((status(&answer), body(&answer)), ("200", "ok\n"));
}

/// What the relay answers to these bytes. `None`: it cuts the connection.
async fn answer_to(bytes: &[u8], from: [u8; 4], relay: &Relay) -> Option<String> {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut socket = socket.connect(relay.addr()).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    // Bytes that it has not read become a reset.
    let read = within("the end", socket.read_to_string(&mut answer)).await;
    (read.is_ok() && !answer.is_empty()).then_some(answer)
}

#[tokio::test]
async fn the_proxy_protocol_is_needed_from_proxies_and_refused_from_others() {
    let game = Game::start().await;
    let mut config = through_proxy_protocol(&game);
    config.timeouts.http_head = Duration::from_millis(100);
    let relay = Relay::start(config).await.unwrap();
    let plain = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let named = [&b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\n"[..], plain].concat();
    let answer = answer_to(&named, PROXY, &relay).await.unwrap();
    assert_eq!(status(&answer), "200");
    assert_eq!(answer_to(plain, PROXY, &relay).await, None);
    // Half a header: the relay does not wait for ever.
    assert_eq!(
        answer_to(b"PROXY TCP4 192.0.2.1", PROXY, &relay).await,
        None
    );
    let too_long = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
    assert_eq!(answer_to(too_long, PROXY, &relay).await, None);
    let answer = answer_to(plain, STRANGER, &relay).await.unwrap();
    assert_eq!(status(&answer), "200");
    let answer = answer_to(&named, STRANGER, &relay).await.unwrap();
    assert_eq!(status(&answer), "400");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_serves_whoever_may_write_to_it_as_a_proxy() {
    use std::os::unix::fs::PermissionsExt as _;
    use tokio::net::UnixStream;

    let mut game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.sock");
    // One that was killed has left its file behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut config = config_for(&game);
    config.max_per_ip = 1;
    config.listen = format!("unix:{}", path.display()).parse().unwrap();
    let relay = Relay::start(config.clone()).await.unwrap();
    assert_eq!(relay.listening(), &config.listen);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let taken = Relay::start(config).await.unwrap_err();
    assert!(format!("{taken:#}").contains("taken"), "{taken:#}");
    let local = ([127, 0, 0, 1], 80).into();
    let connect = async |client: &str| {
        let socket = UnixStream::connect(&path).await.unwrap();
        let request = request(local, &[PROTOCOL, ("x-forwarded-for", client)]);
        Browser::over(socket, request).await.unwrap()
    };
    let mut first = connect("192.0.2.1").await;
    first.expect(READY).await;
    let mut player = game.player().await;
    connect("192.0.2.2").await.expect(READY).await;
    let (code, reason) = connect("192.0.2.1").await.closed().await;
    assert_eq!((code, reason.contains("from this address")), (1013, true));
    first.say("up").await;
    player.expect("up").await;
    player.send("down\n").await;
    first.expect("down").await;
    relay.stop().await;
    assert!(!path.exists());
}
