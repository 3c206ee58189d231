//! Faults of a browser and of its network, with two others in the room: what the player sees, what the others see, and that
//! nothing is left over. The game server keeps a vanished player for ever, so only a goodbye empties its seat. The table of all
//! faults is docs/faults.md.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::SinkExt as _;
use relay::Config;
use serde_json::json;
use server::Options;
use tests::Site;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use crate::Bystanders;
use crate::resumer::{Resumer, TOKEN};

const DEADLINE: Duration = Duration::from_secs(20);
/// Far more than any limit of a rate lets pass.
const FLOOD: usize = 5000;
/// What a fault may not leave behind.
const LEFTOVERS: [&str; 6] = [
    "mp_relay_players_parked",
    "mp_relay_refusals",
    "mp_relay_buffered_bytes",
    "mp_relay_dials_running",
    "mp_relay_dials_waiting",
    "mp_relay_http_connections",
];

/// Three players in a room. A fault hits one of them, and the two others play on.
struct Scene {
    site: Site,
    others: Bystanders,
    victim: Resumer,
}

impl Scene {
    async fn start(change: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        let options = Options {
            faithful: true,
            ..Options::default()
        };
        let configure = |config: &mut Config| {
            config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
            config.resume = Duration::from_secs(600);
            change(config);
        };
        let site = Site::start_with(options, configure).await?;
        let others = Bystanders::enter(&site).await?;
        let mut victim = Resumer::connect(&site, TOKEN, 0).await?;
        victim.ready(false).await?;
        victim.sign_in("victim").await?;
        let join = json!({"command": "JOIN_ROOM", "roomId": others.room});
        let joined = victim.ask(join).await?;
        ensure!(joined["command"] == "JOIN_OK", "{joined}");
        let mut scene = Self {
            site,
            others,
            victim,
        };
        scene.others_see(3).await?;
        Ok(scene)
    }

    async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let address = self.site.relay.metrics_addr().context("no metrics")?;
        let mut socket = TcpStream::connect(address).await?;
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        socket.write_all(request.as_bytes()).await?;
        let mut page = String::new();
        socket.read_to_string(&mut page).await?;
        let mut lines = page.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("no {name}"))?.parse()?)
    }

    async fn until(&self, name: &str, expected: f64) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let value = self.metric(name).await?;
            if value == expected {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{name} is {value}");
        }
    }

    /// The others drive and see each other, and so many players are in their room.
    async fn others_see(&mut self, players: usize) -> anyhow::Result<()> {
        self.others.go_on().await?;
        let seen = self.others.driver.room_players().await?.len();
        ensure!(seen == players, "{seen} are in the room");
        Ok(())
    }

    /// The victim's session is kept, and the others do not notice.
    async fn is_kept(&mut self) -> anyhow::Result<()> {
        self.until("mp_relay_players_parked", 1.0).await?;
        self.others_see(3).await
    }

    /// The victim comes back with its token and finds itself in the room.
    async fn comes_back(&mut self) -> anyhow::Result<()> {
        let received = self.victim.received;
        self.victim = Resumer::connect(&self.site, TOKEN, received).await?;
        self.victim.ready(true).await?;
        let answer = self
            .victim
            .ask(json!({"command": "GET_ROOM_PLAYERS"}))
            .await?;
        let players = answer["players"].as_array().context("no players")?;
        ensure!(players.len() == 3, "{answer}");
        self.others_see(3).await
    }

    async fn close(&mut self, code: Option<u16>) -> anyhow::Result<()> {
        let frame = code.map(|code| CloseFrame {
            code: CloseCode::from(code),
            reason: "".into(),
        });
        Ok(self.victim.socket.close(frame).await?)
    }

    /// Send what the relay does not take, as far as it still reads.
    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            let _closed = self.victim.socket.feed(message).await;
        }
        let _closed = self.victim.socket.flush().await;
    }

    /// The victim is gone from the room, and the relay holds nothing of it.
    async fn only_the_others_are_left(mut self) -> anyhow::Result<()> {
        self.until("mp_relay_players", 2.0).await?;
        self.others_see(2).await?;
        for name in LEFTOVERS {
            self.until(name, 0.0).await?;
        }
        let ghosts = r#"mp_relay_goodbyes_total{outcome="timed_out"}"#;
        ensure!(self.metric(ghosts).await? == 0.0, "a goodbye had no answer");
        self.others.go_on().await?;
        self.others.watcher.goodbye().await?;
        self.others.driver.goodbye().await?;
        self.until("mp_relay_players", 0.0).await
    }

    /// The relay closes with this code after these frames.
    async fn ends_with(
        code: u16,
        messages: impl IntoIterator<Item = Message>,
    ) -> anyhow::Result<()> {
        let mut scene = Self::start(|_| {}).await?;
        scene.send(messages).await;
        assert_eq!(scene.victim.closed().await?, code);
        scene.only_the_others_are_left().await
    }
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_line_is_not_seen() -> anyhow::Result<()> {
    let mut scene = Scene::start(|_| {}).await?;
    // A masked text frame of 100 bytes, of which three come.
    let half = [0x81, 0x80 | 100, 1, 2, 3, 4, b'a', b'b', b'c'];
    scene.victim.socket.get_mut().write_all(&half).await?;
    scene.victim.socket.get_mut().shutdown().await?;
    scene.is_kept().await?;
    scene.comes_back().await?;
    scene.close(Some(1000)).await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn a_cut_of_a_client_that_stays_away_ends_in_time() -> anyhow::Result<()> {
    let mut scene = Scene::start(|config| config.resume = Duration::from_secs(1)).await?;
    scene.victim.socket.get_mut().shutdown().await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn every_code_but_two_ends_the_session_at_once() -> anyhow::Result<()> {
    for code in [None, Some(1000), Some(1001), Some(4000)] {
        let mut scene = Scene::start(|_| {}).await?;
        scene.close(code).await?;
        scene.only_the_others_are_left().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_left_is_kept_for_a_reload_and_no_longer() -> anyhow::Result<()> {
    let mut scene = Scene::start(|config| {
        config.timeouts.reload = Duration::from_secs(600);
    })
    .await?;
    scene.close(Some(4009)).await?;
    scene.is_kept().await?;
    scene.comes_back().await?;
    scene.close(Some(1000)).await?;
    scene.only_the_others_are_left().await?;
    let mut scene = Scene::start(|config| {
        config.timeouts.reload = Duration::from_millis(200);
    })
    .await?;
    scene.close(Some(4009)).await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn a_client_that_closes_with_4008_is_kept() -> anyhow::Result<()> {
    let mut scene = Scene::start(|config| config.timeouts.reload = Duration::ZERO).await?;
    scene.close(Some(4008)).await?;
    scene.is_kept().await?;
    scene.comes_back().await?;
    scene.close(None).await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn of_two_with_one_token_the_newer_plays_on() -> anyhow::Result<()> {
    let mut scene = Scene::start(|_| {}).await?;
    let received = scene.victim.received;
    let newer = Resumer::connect(&scene.site, TOKEN, received).await?;
    let mut older = std::mem::replace(&mut scene.victim, newer);
    scene.victim.ready(true).await?;
    assert_eq!(older.closed().await?, 4007);
    scene.others_see(3).await?;
    assert_eq!(scene.metric("mp_relay_players").await?, 3.0);
    scene.close(None).await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn a_token_of_nobody_takes_nothing_from_anybody() -> anyhow::Result<()> {
    let mut scene = Scene::start(|_| {}).await?;
    scene.victim.socket.get_mut().shutdown().await?;
    scene.is_kept().await?;
    let mut guess = Resumer::connect(&scene.site, "a-guess-of-22-letters_", 1).await?;
    guess.ready(false).await?;
    assert!(guess.line().await?.is_string(), "a session of its own");
    guess.socket.close(None).await?;
    scene.until("mp_relay_players", 3.0).await?;
    scene.comes_back().await?;
    scene.close(None).await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn a_count_that_no_session_reaches_ends_the_old_session_first() -> anyhow::Result<()> {
    let mut scene = Scene::start(|_| {}).await?;
    let mut new = Resumer::connect(&scene.site, TOKEN, u64::MAX).await?;
    assert_eq!(scene.victim.closed().await?, 4007);
    new.ready(false).await?;
    // The old session has left the room and given its name back.
    new.sign_in("victim").await?;
    scene.others_see(2).await?;
    assert_eq!(scene.metric("mp_relay_players").await?, 3.0);
    scene.victim = new;
    scene.close(None).await?;
    scene.only_the_others_are_left().await
}

#[tokio::test]
async fn a_newline_in_a_line_ends_its_sender_alone() -> anyhow::Result<()> {
    Scene::ends_with(4006, [Message::text("two\nlines")]).await
}

#[tokio::test]
async fn text_that_is_no_utf8_ends_its_sender_alone() -> anyhow::Result<()> {
    let text = OpCode::Data(Data::Text);
    let frame = Frame::message(&b"\xff\xfe"[..], text, true);
    Scene::ends_with(4006, [Message::Frame(frame)]).await
}

#[tokio::test]
async fn an_oversize_frame_ends_its_sender_alone() -> anyhow::Result<()> {
    let line = "x".repeat(protocol::frame::MAX_CLIENT_LINE_BYTES + 1);
    Scene::ends_with(1009, [Message::text(line)]).await?;
    Scene::ends_with(1009, [Message::binary(vec![1; 2049])]).await
}

#[tokio::test]
async fn a_flood_of_lines_ends_its_sender_alone() -> anyhow::Result<()> {
    Scene::ends_with(4004, vec![Message::text("{}"); FLOOD]).await
}

#[tokio::test]
async fn a_flood_of_datagrams_ends_its_sender_alone() -> anyhow::Result<()> {
    Scene::ends_with(4004, vec![Message::binary("x"); FLOOD]).await
}

#[tokio::test]
async fn a_flood_of_pings_ends_its_sender_alone() -> anyhow::Result<()> {
    Scene::ends_with(4004, vec![Message::Ping("x".into()); FLOOD]).await
}

#[tokio::test]
async fn a_flood_of_fragments_ends_its_sender_alone() -> anyhow::Result<()> {
    let piece = |data| Message::Frame(Frame::message(&b""[..], OpCode::Data(data), false));
    let first = piece(Data::Text);
    let others = vec![piece(Data::Continue); FLOOD];
    Scene::ends_with(4006, std::iter::once(first).chain(others)).await
}

#[tokio::test]
async fn datagrams_in_the_name_of_another_move_nothing() -> anyhow::Result<()> {
    let mut scene = Scene::start(|_| {}).await?;
    let id = scene.others.driver.client.session().id().cloned();
    let id = id.context("no id")?;
    let update = protocol::datagram::Datagram::Update(protocol::datagram::Update {
        session_id: id,
        seq: None,
        position: protocol::geometry::Vec3::new(-7.0, 0.0, 0.0),
        rotation: protocol::geometry::Quat::IDENTITY,
    });
    let cipher = protocol::cipher::Cipher::new(&id, &protocol::id::Secret::default());
    let sealed = cipher.seal(update.to_json().as_bytes())?;
    scene.send(vec![Message::binary(sealed); 5]).await;
    let foreign = r#"mp_relay_datagrams_dropped_total{direction="up",reason="foreign"}"#;
    scene.until(foreign, 5.0).await?;
    scene.others_see(3).await?;
    // The sender plays on.
    let pong = scene.victim.ask(json!({"command": "PING"})).await?;
    assert_eq!(pong["command"], "PONG");
    scene.close(None).await?;
    scene.only_the_others_are_left().await
}
