//! Contract 3: what the relay answers over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use relay::{Relay, Trust};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::game::Game;
use crate::{config_for, start_for, within};

/// Send a request as it is and give the whole answer.
async fn ask(relay: &Relay, request: &str) -> String {
    ask_at(relay.addr(), request).await
}

async fn ask_at(address: SocketAddr, request: &str) -> String {
    ask_exactly(address, &format!("{request}\r\nHost: localhost")).await
}

/// Send a request without adding any header.
pub(crate) async fn ask_exactly(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("{request}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within("an answer", socket.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) async fn get(relay: &Relay, path: &str) -> String {
    ask(relay, &format!("GET {path} HTTP/1.1")).await
}

/// Ask with an access token, from an address of this machine.
pub(crate) async fn get_with(token: &str, from: [u8; 4], relay: &Relay, path: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut socket = socket.connect(relay.addr()).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("an answer", socket.read_to_string(&mut answer))
        .await
        .unwrap();
    answer
}

/// Ask on the operator's own port.
pub(crate) async fn get_at(address: SocketAddr, path: &str) -> String {
    ask_at(address, &format!("GET {path} HTTP/1.1")).await
}

pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

pub(crate) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

fn page() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pkg")).unwrap();
    for (name, text) in [
        ("index.html", "<!doctype html>"),
        ("watch.html", "<!doctype html><title>race"),
        ("main.js", "export {};"),
        ("pkg/client.wasm", "\0asm"),
        (".secret", "hidden"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_folder_is_served_with_the_headers_a_page_needs() {
    let game = Game::start().await;
    let folder = page();
    let mut config = config_for(&game);
    config.www = Some(folder.path().to_owned());
    let relay = Relay::start(config).await.unwrap();
    for (path, media_type, text) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        (
            "/main.js?v=1",
            "text/javascript; charset=utf-8",
            "export {};",
        ),
        ("/pkg/client.wasm", "application/wasm", "\0asm"),
    ] {
        let answer = get(&relay, path).await;
        assert_eq!((status(&answer), body(&answer)), ("200", text), "{path}");
        for header in [
            &format!("content-type: {media_type}\r\n"),
            "cache-control: no-cache\r\n",
            "etag: \"",
            "x-content-type-options: nosniff\r\n",
            "referrer-policy: no-referrer\r\n",
            "script-src 'self' 'wasm-unsafe-eval';",
        ] {
            assert!(answer.contains(header), "{header} in {answer}");
        }
    }
    let head = ask(&relay, "HEAD / HTTP/1.1").await;
    assert_eq!((status(&head), body(&head)), ("200", ""));
    assert_eq!(status(&ask(&relay, "POST / HTTP/1.1").await), "405");
}

/// The value of a header; empty if it is missing.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let head = answer.split_once("\r\n\r\n").unwrap().0;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let values: Vec<_> = lines
        .by_ref()
        .filter_map(|(key, value)| (key == name).then_some(value))
        .collect();
    assert!(values.len() < 2, "{name}: {values:?}");
    values.first().copied().unwrap_or_default()
}

#[tokio::test]
async fn every_site_may_embed_the_viewer_and_no_other_page() {
    let game = Game::start().await;
    let folder = page();
    let mut config = config_for(&game);
    config.www = Some(folder.path().to_owned());
    let relay = Relay::start(config).await.unwrap();
    let ancestors = async |path: &str| {
        let answer = get(&relay, path).await;
        let policy = header(&answer, "content-security-policy");
        let (_, ancestors) = policy.rsplit_once("frame-ancestors ").unwrap();
        let (ancestors, _) = ancestors.split_once(';').unwrap();
        (status(&answer).to_owned(), ancestors.to_owned())
    };
    let room = "1".repeat(32);
    let link = format!("/watch/{room}?embed=1");
    for path in ["/watch/", "/watch/?room=1&embed=1", &link] {
        assert_eq!(ancestors(path).await, ("200".into(), "*".into()), "{path}");
    }
    let [by_link, list] = [&link, "/watch/"].map(|path| get(&relay, path));
    let (by_link, list) = tokio::join!(by_link, list);
    assert_eq!(body(&by_link), body(&list));
    assert_eq!(header(&by_link, "etag"), header(&list, "etag"));
    for (query, way) in [("", "watch/"), ("?room=1&embed=1", "watch/?room=1&embed=1")] {
        for page in ["/watch.html", "/watch"] {
            let path = format!("{page}{query}");
            assert_eq!(ancestors(&path).await, ("307".into(), "*".into()));
            assert_eq!(header(&get(&relay, &path).await, "location"), way);
        }
    }
    for path in ["/", "/index.html", "/api/config", "/main.js", "/healthz"] {
        let expected = ("200".into(), "'self'".into());
        assert_eq!(ancestors(path).await, expected, "{path}");
    }
    assert_eq!(ancestors("/watch/a/b").await.0, "404");
    std::fs::remove_file(folder.path().join("watch.html")).unwrap();
    let missing = get(&relay, &link).await;
    assert_eq!(status(&missing), "404");
    assert!(body(&missing).contains("no such file"), "{missing}");
}

#[tokio::test]
async fn a_link_into_a_room_leads_to_the_page_also_under_a_path() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    for (query, kept) in [
        ("?server=west&from=elsewhere", "&server=west"),
        ("?server=we%26st", ""),
    ] {
        let answer = get(&relay, &format!("/join/0a{query}")).await;
        assert_eq!(header(&answer, "location"), format!("../?join=0a{kept}"));
    }
    let answer = get(&relay, "/join/0a%2F1?from=elsewhere").await;
    assert_eq!(status(&answer), "307");
    assert_eq!(header(&answer, "location"), "../?join=0a%2F1");
    assert_eq!(header(&answer, "cache-control"), "no-store");
    assert_eq!(status(&get(&relay, "/?join=0a%2F1").await), "200");
    assert_eq!(status(&get(&relay, "/join/a/b").await), "404");
}

#[tokio::test]
async fn only_public_answers_are_shared_with_every_site() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.spectating.access = relay::Access::Off;
    let relay = Relay::start(config).await.unwrap();
    let sharing = |answer: &str| {
        [
            "access-control-allow-origin",
            "cross-origin-resource-policy",
        ]
        .map(|name| header(answer, name).to_owned())
    };
    // Refusals too, so that a page can read why.
    for (path, code) in [
        ("/track.json", "200"),
        ("/index.html", "200"),
        ("/nothing.js", "404"),
        ("/api/rooms", "404"),
    ] {
        let answer = get(&relay, path).await;
        assert_eq!(status(&answer), code, "{path}");
        assert_eq!(sharing(&answer), ["*", "cross-origin"], "{path}");
        let preflight = format!(
            "OPTIONS {path} HTTP/1.1\r\nOrigin: https://club.example\r\n\
             Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-own"
        );
        let allowed = ask(&relay, &preflight).await;
        assert_eq!(status(&allowed), "204", "{path}");
        assert_eq!(header(&allowed, "access-control-allow-origin"), "*");
        assert_eq!(
            header(&allowed, "access-control-allow-methods"),
            "GET, HEAD"
        );
        assert_eq!(
            header(&allowed, "access-control-allow-headers"),
            "*, authorization"
        );
    }
    let track = get(&relay, "/track.json").await;
    let tag = header(&track, "etag");
    let known = ask(
        &relay,
        &format!("GET /track.json HTTP/1.1\r\nIf-None-Match: {tag}"),
    )
    .await;
    assert_eq!(
        (status(&known), sharing(&known)),
        ("304", sharing(&track)),
        "a copy is shared like the first"
    );
    for path in ["/api/config", "/healthz", "/api/unknown"] {
        let answer = get(&relay, path).await;
        assert_eq!(sharing(&answer), ["", "same-origin"], "{path}");
        let refused = ask(&relay, &format!("OPTIONS {path} HTTP/1.1")).await;
        assert_eq!(
            header(&refused, "access-control-allow-origin"),
            "",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_request_has_one_host_and_one_of_each_header_that_decides() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    let relay = Relay::start(config).await.unwrap();
    for (request, code) in [
        ("HTTP/1.1", "400"),
        ("HTTP/1.1\r\nHost: a\r\nHost: b", "400"),
        ("HTTP/1.1\r\nHost: a\r\nHost: a", "400"),
        ("HTTP/1.0\r\nHost: a\r\nHost: a", "400"),
        ("HTTP/1.1\r\nHost: a b", "400"),
        (
            "HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nOrigin: http://b",
            "400",
        ),
        (
            "HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost",
            "200",
        ),
        ("HTTP/1.1\r\nHost: [::1]:8080", "200"),
        ("HTTP/1.1\r\nHost:", "200"),
        ("HTTP/1.0", "200"),
    ] {
        for (address, path) in [
            (relay.addr(), "/healthz"),
            (relay.addr(), "/api/config"),
            (relay.addr(), "/track.json"),
            (relay.metrics_addr().unwrap(), "/healthz"),
        ] {
            let answer = ask_exactly(address, &format!("GET {path} {request}")).await;
            assert_eq!(status(&answer), code, "{path} {request}");
            let names_host = answer.contains("exactly one valid Host header");
            let is_of_host = code == "400" && !request.contains("Origin");
            assert_eq!(names_host, is_of_host, "{path} {request}: {answer}");
        }
    }
}

#[tokio::test]
async fn nothing_but_files_is_stored_by_browsers_and_proxies() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    let relay = Relay::start(config).await.unwrap();
    for path in ["/healthz", "/api/config", "/api/unknown", "/ws", "/nothing"] {
        let answer = get(&relay, path).await;
        assert_eq!(header(&answer, "cache-control"), "no-store", "{path}");
    }
    for path in ["/healthz", "/metrics", "/nothing"] {
        let answer = get_at(relay.metrics_addr().unwrap(), path).await;
        assert_eq!(header(&answer, "cache-control"), "no-store", "{path}");
    }
    let file = get(&relay, "/track.json").await;
    assert_eq!(header(&file, "cache-control"), "no-cache");
}

#[tokio::test]
async fn a_known_version_is_not_sent_again() {
    let game = Game::start().await;
    let folder = page();
    let mut config = config_for(&game);
    config.www = Some(folder.path().to_owned());
    let relay = Relay::start(config).await.unwrap();
    let first = get(&relay, "/index.html").await;
    let tag = header(&first, "etag");
    for known in [tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let request = format!("GET /index.html HTTP/1.1\r\nIf-None-Match: {known}");
        assert_eq!(status(&ask(&relay, &request).await), "304", "{known}");
    }
    let request = format!("GET /index.html HTTP/1.1\r\nIf-None-Match: {tag}");
    std::fs::write(folder.path().join("index.html"), "changed").unwrap();
    let changed = ask(&relay, &request).await;
    assert_eq!((status(&changed), body(&changed)), ("200", "changed"));
}

#[tokio::test]
async fn only_what_gets_smaller_is_compressed() {
    let game = Game::start().await;
    let folder = page();
    let large = "race ".repeat(300_000);
    for (name, text) in [("large.txt", large.as_str()), ("race.png", &large)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut config = config_for(&game);
    config.www = Some(folder.path().to_owned());
    let relay = Relay::start(config).await.unwrap();
    for (path, coding) in [("/large.txt", "br"), ("/race.png", ""), ("/nothing", "")] {
        for method in ["GET", "HEAD"] {
            let request = format!("{method} {path} HTTP/1.1\r\nAccept-Encoding: br");
            let answer = ask(&relay, &request).await;
            assert_eq!(header(&answer, "content-encoding"), coding, "{path}");
        }
    }
}

#[tokio::test]
async fn a_client_that_refuses_every_coding_gets_the_file_as_it_is() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    let plain = get(&relay, "/track.json").await;
    for refused in ["*;q=0", "identity;q=0", "br;q=0, *;q=0", "identity;q=0.0"] {
        let asked = |request: &str| format!("{request} HTTP/1.1\r\nAccept-Encoding: {refused}");
        let file = ask(&relay, &asked("GET /track.json")).await;
        assert_eq!(status(&file), "200", "{refused}");
        assert_eq!(body(&file), body(&plain), "{refused}");
        assert_eq!(header(&file, "etag"), header(&plain, "etag"), "{refused}");
        assert_eq!(header(&file, "content-encoding"), "", "{refused}");
        for (request, code) in [
            ("HEAD /track.json", "200"),
            ("GET /nothing", "404"),
            ("GET /pkg/nothing", "404"),
            ("POST /track.json", "405"),
        ] {
            let answer = ask(&relay, &asked(request)).await;
            assert_eq!(status(&answer), code, "{request} {refused}");
        }
        let tag = header(&plain, "etag");
        let known = format!("{}\r\nIf-None-Match: {tag}", asked("GET /track.json"));
        assert_eq!(status(&ask(&relay, &known).await), "304", "{refused}");
    }
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let game = Game::start().await;
    let folder = page();
    let mut config = config_for(&game);
    config.www = Some(folder.path().join("pkg/../"));
    let relay = Relay::start(config).await.unwrap();
    for path in [
        "/../Cargo.toml",
        "/pkg/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/.secret",
        "/pkg",
        "/pkg/",
        "/nothing",
    ] {
        let answer = get(&relay, path).await;
        assert_eq!(status(&answer), "404", "{path}: {answer}");
        assert!(!body(&answer).is_empty(), "{path} is answered in words");
    }
}

#[tokio::test]
async fn the_embedded_page_is_compressed_for_clients_that_accept_it() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    let plain = get(&relay, "/track.json").await;
    assert!(body(&plain).contains("centreline"));
    let mut tags = vec![header(&plain, "etag").to_owned()];
    for (accepted, coding) in [("gzip", "gzip"), ("gzip, deflate, br, zstd", "br")] {
        let request = format!("GET /track.json HTTP/1.1\r\nAccept-Encoding: {accepted}");
        let packed = ask(&relay, &request).await;
        assert_eq!(header(&packed, "content-encoding"), coding);
        assert_eq!(header(&packed, "vary"), "accept-encoding");
        let length: usize = header(&packed, "content-length").parse().unwrap();
        assert!(
            length * 2 < body(&plain).len(),
            "{length} bytes of {coding}"
        );
        let tag = header(&packed, "etag").to_owned();
        let again = ask(&relay, &format!("{request}\r\nIf-None-Match: {tag}")).await;
        assert_eq!((status(&again), body(&again)), ("304", ""), "{coding}");
        assert_eq!(header(&again, "content-encoding"), coding);
        assert!(!tags.contains(&tag), "{tag} is of another coding");
        tags.push(tag);
    }
    let request = format!("GET /track.json HTTP/1.1\r\nIf-None-Match: {}", tags[0]);
    let again = ask(&relay, &request).await;
    assert_eq!((status(&again), body(&again)), ("304", ""));
}

#[tokio::test]
async fn a_missing_wasm_module_is_answered_with_the_command_that_builds_it() {
    let game = Game::start().await;
    let folder = page();
    let mut config = config_for(&game);
    config.www = Some(folder.path().to_owned());
    let relay = Relay::start(config).await.unwrap();
    let answer = get(&relay, "/pkg/missing.wasm").await;
    assert_eq!(status(&answer), "404");
    assert!(body(&answer).contains("cargo xtask wasm"), "{answer}");
}

#[tokio::test]
async fn the_configuration_tells_a_page_what_it_needs() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.game.udp_secret = protocol::id::Secret::new("s\"1");
    config.update_hz = 30;
    let relay = Relay::start(config.clone()).await.unwrap();
    let answer = get(&relay, "/api/config").await;
    let features = r#""features":{"resume":true,"spectate":true,"gzip":false,"batch":false}"#;
    assert_eq!(
        body(&answer),
        format!(
            r#"{{"version":"{}","udpSecret":"s\"1","updateHz":30,"insecure":false,{features}}}"#,
            env!("CARGO_PKG_VERSION")
        )
    );
    config.game.trust = Trust::Insecure;
    let relay = Relay::start(config).await.unwrap();
    let answer = get(&relay, "/api/config").await;
    assert!(answer.contains(r#""insecure":true"#), "{answer}");
    let unknown = get(&relay, "/api/unknown").await;
    assert_eq!(status(&unknown), "404");
    assert!(body(&unknown).contains("/api/config"), "{unknown}");
    assert_eq!(status(&get(&relay, "/healthz").await), "200");
}

#[tokio::test]
async fn only_the_page_of_players_may_send_figures_and_only_to_the_sites_collector() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    let folder = page();
    config.www = Some(folder.path().to_owned());
    let connect = async |relay: &Relay, path: &str| {
        let answer = get(relay, path).await;
        let policy = header(&answer, "content-security-policy");
        policy.rsplit_once("connect-src ").unwrap().1.to_owned()
    };
    let relay = Relay::start(config.clone()).await.unwrap();
    assert_eq!(connect(&relay, "/").await, "'self' ws: wss:");
    config.telemetry_url = Some("https://stats.example:8443/race?a=1".parse().unwrap());
    let relay = Relay::start(config).await.unwrap();
    let allowed = "'self' ws: wss: https://stats.example:8443";
    assert_eq!(connect(&relay, "/").await, allowed);
    assert_eq!(connect(&relay, "/watch/").await, "'self' ws: wss:");
    let answer = get(&relay, "/api/config").await;
    let told = r#""telemetryUrl":"https://stats.example:8443/race?a=1""#;
    assert!(answer.contains(told), "{answer}");
}

#[tokio::test]
async fn the_configuration_is_for_the_pages_that_may_play() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.allow_origins = vec!["https://club.example".parse().unwrap()];
    let relay = Relay::start(config).await.unwrap();
    for (origin, shared) in [
        ("https://club.example", "https://club.example"),
        ("https://other.example", ""),
    ] {
        let request = format!("GET /api/config HTTP/1.1\r\nOrigin: {origin}");
        let answer = ask(&relay, &request).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), shared);
        let vary = if shared.is_empty() { "" } else { "origin" };
        assert_eq!(header(&answer, "vary"), vary, "{origin}");
    }
}

#[tokio::test]
async fn a_plain_request_to_the_websocket_address_is_answered_in_words() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    let answer = get(&relay, "/ws").await;
    assert_eq!(status(&answer), "426");
    assert!(body(&answer).contains("WebSocket"), "{answer}");
}

#[tokio::test]
async fn a_client_that_sends_no_request_is_disconnected() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.http_head = Duration::from_millis(50);
    let relay = Relay::start(config).await.unwrap();
    let whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (beginning, answers) in [("", 0), ("GET / HTTP/1.1\r\nHost:", 0), (whole, 1)] {
        let mut socket = TcpStream::connect(relay.addr()).await.unwrap();
        socket.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let end = socket.read_to_string(&mut answer);
        within("the end", end).await.unwrap();
        assert_eq!(answer.matches("200 OK").count(), answers, "{answer}");
    }
}

#[tokio::test]
async fn a_folder_without_a_page_is_refused_at_start() {
    let game = Game::start().await;
    let empty = tempfile::tempdir().unwrap();
    let mut config = config_for(&game);
    config.www = Some(empty.path().to_owned());
    let error = Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("index.html"), "{error}");
}

#[tokio::test]
async fn the_operators_circuit_is_served_instead_of_the_pages() {
    let game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sunday-ring.json");
    let closed = include_str!("../../../track/tests/circuits/closed.json");
    std::fs::write(&file, closed.replace("\"name\": \"Closed ring\", ", "")).unwrap();
    let mut config = config_for(&game);
    config.track = Some(file);
    let relay = Relay::start(config).await.unwrap();
    let answer = get(&relay, "/track.json").await;
    assert_eq!(header(&answer, "content-type"), "application/json");
    let circuit = track::Circuit::read(body(&answer).as_bytes()).unwrap();
    assert_eq!(circuit.name, "Sunday ring");
    // The point that repeats the first is gone.
    assert_eq!(circuit.centreline.len(), 64);
    assert!(
        body(&answer)
            .starts_with(r#"{"name":"Sunday ring","widthMetres":9.8,"centreline":[[275.26,0.0],"#)
    );
    let tag = header(&answer, "etag");
    let known = format!("GET /track.json HTTP/1.1\r\nIf-None-Match: {tag}");
    assert_eq!(status(&ask(&relay, &known).await), "304");
}

#[tokio::test]
async fn a_file_that_is_no_circuit_is_refused_at_start_with_the_reason() {
    let game = Game::start().await;
    let circuits = concat!(env!("CARGO_MANIFEST_DIR"), "/../track/tests/circuits");
    for (file, words) in [
        (
            "raw.geojson",
            "it is GeoJSON: convert it with `cargo xtask track FILE`",
        ),
        (
            "raw.gpx",
            "it is GPX: convert it with `cargo xtask track FILE`",
        ),
        (
            "raw.csv",
            "it is CSV: convert it with `cargo xtask track FILE`",
        ),
        ("missing.json", "missing.json cannot be used"),
    ] {
        let mut config = config_for(&game);
        config.track = Some(format!("{circuits}/{file}").into());
        let error = format!("{:#}", Relay::start(config).await.unwrap_err());
        assert!(error.contains(file) && error.contains(words), "{error}");
    }
}
