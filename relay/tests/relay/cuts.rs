//! A WebSocket that breaks again and again, at moments that a seed chooses: both sides count their lines.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use proptest::prelude::{Rng as _, RngExt as _};
use proptest::test_runner::{RngAlgorithm, TestRng};
use protocol::frame::Notice;
use relay::{Rate, Relay};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::{Browser, request};
use crate::game::{Game, Player};
use crate::resuming::{TOKEN, start};
use crate::within;

const CUTS: usize = 300;

/// A client that counts.
struct Client {
    random: TestRng,
    sent: u64,
    received: u64,
    resumed: u64,
}

fn up(number: u64) -> String {
    format!("up {number}")
}

fn down(number: u64) -> String {
    format!("down {number}")
}

/// The game server answers each line with a few. Whoever reads late has at most 32 KiB of them in front of it.
async fn answer(mut player: Player, mut random: TestRng) -> (u64, u64, Player) {
    let (mut heard, mut said) = (1, 1);
    loop {
        match player.line().await.expect("a line") {
            line if line == "done" => return (heard, said, player),
            line => assert_eq!(line, up(heard)),
        }
        heard += 1;
        for _ in 0..random.random_range(0..4) {
            player.send(format!("{}\n", down(said))).await;
            said += 1;
        }
    }
}

impl Client {
    async fn connect(&self, relay: &Relay) -> Browser {
        let offer = format!("mp-relay.v1, resume.{TOKEN}.{}", self.received);
        let request = request(relay.addr(), &[("sec-websocket-protocol", &offer)]);
        Browser::try_connect(relay, request).await.unwrap()
    }

    fn chance(&mut self, of: u32) -> bool {
        self.random.random_range(0..of) == 0
    }

    /// Read the first frame, and send again what the relay has not had.
    async fn begin(&mut self, browser: &mut Browser) {
        let first = browser.line().await;
        let Some(Notice::Ready {
            resumed, received, ..
        }) = Notice::parse(&first)
        else {
            panic!("{first}");
        };
        self.resumed += u64::from(resumed);
        assert_eq!(resumed, self.received > 0);
        assert!(received <= self.sent);
        for number in received..self.sent {
            browser.say(&up(number)).await;
        }
    }

    fn take(&mut self, message: &Message) {
        if let Message::Text(line) = message {
            assert_eq!(line.as_str(), down(self.received));
            self.received += 1;
        }
    }

    /// Say and hear a little.
    async fn play(&mut self, browser: &mut Browser) {
        for _ in 0..self.random.random_range(0..8) {
            match self.random.random_range(0..4) {
                0 => {
                    // It may not be written before the cut.
                    browser
                        .socket
                        .feed(Message::text(up(self.sent)))
                        .await
                        .unwrap();
                    self.sent += 1;
                }
                1 => {
                    browser.say(&up(self.sent)).await;
                    self.sent += 1;
                }
                2 => tokio::task::yield_now().await,
                _ => {
                    while let Some(Some(message)) = browser.socket.next().now_or_never() {
                        self.take(&message.unwrap());
                    }
                }
            }
        }
    }

    /// Cut the WebSocket in one of the ways in which it breaks. The one that is given back is half open.
    async fn cut(&mut self, mut browser: Browser) -> Option<Browser> {
        match self.random.random_range(0..4) {
            0 => return Some(browser),
            1 => {
                // In the middle of a frame: a line of 100 bytes, of which a few come.
                let part = [&[0x81, 0x80 | 100, 1, 2, 3, 4][..], b"abc"].concat();
                let _cut = browser.socket.get_mut().write_all(&part).await;
            }
            2 => {
                let socket = browser.socket.get_ref();
                socket.set_zero_linger().unwrap();
            }
            _ => {}
        }
        None
    }
}

fn random(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

async fn survives(seed: u64) {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.rate_limits.lines = Rate {
            per_second: 1_000_000,
            burst: 1_000_000,
        };
        config.rate_limits.attempts = Rate {
            per_second: 1_000_000,
            burst: 1_000_000,
        };
        config.timeouts.close = Duration::from_millis(100);
    })
    .await;
    let mut random = random(seed);
    let servers = TestRng::from_seed(
        RngAlgorithm::ChaCha,
        &std::array::from_fn::<u8, 32, _>(|_| random.next_u32() as u8),
    );
    let mut client = Client {
        random,
        sent: 0,
        received: 0,
        resumed: 0,
    };
    let mut browser = client.connect(&relay).await;
    client.begin(&mut browser).await;
    // The session can be resumed once the relay has had a line.
    browser.say(&up(0)).await;
    client.sent = 1;
    let mut player = game.player().await;
    player.send(format!("{}\n", down(0))).await;
    player.expect(&up(0)).await;
    let message = browser.next().await;
    client.take(&message);
    let answering = tokio::spawn(answer(player, servers));
    let mut half_open = None;
    for _ in 0..CUTS {
        client.play(&mut browser).await;
        half_open = client.cut(browser).await;
        if client.chance(8) {
            // This one breaks before it has read anything.
            drop(client.connect(&relay).await);
        }
        browser = client.connect(&relay).await;
        client.begin(&mut browser).await;
    }
    drop(half_open);
    browser.say("done").await;
    let (heard, said, _player) = within("all lines", answering).await.unwrap();
    while client.received < said {
        let message = browser.next().await;
        client.take(&message);
    }
    assert_eq!(heard, client.sent, "seed {seed}");
    assert_eq!(client.resumed, CUTS as u64, "seed {seed}");
    assert!(!game.has_player(), "it was one session");
}

#[tokio::test]
async fn every_line_passes_exactly_once_however_often_the_websocket_breaks() {
    for seed in 0..3 {
        survives(seed).await;
    }
}
