//! The relay through real sockets on loopback: a scripted game server on one side, a WebSocket client that is not
//! ours on the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod browser;
mod game;
mod racer;
mod signed;

mod configuring;
mod cuts;
mod dashboards;
#[cfg(target_os = "linux")]
mod descriptors;
mod encrypted;
mod faults;
mod floods;
mod forwarding;
mod game_server_fails;
mod generations;
mod http;
mod leaving;
#[cfg(unix)]
mod log;
mod observing;
mod operating;
mod parked;
mod program;
mod proxies;
mod pushes;
#[cfg(unix)]
mod real_proxies;
mod refusals;
mod resuming;
mod several_servers;
mod spectating;
mod stopping;
mod tapping;
mod trusting;

use std::future::Future;
use std::time::Duration;

use relay::{Config, Relay, Trust};

use game::Game;

/// The longest wait for something that must happen. Generous: it only ends a test that has failed.
const DEADLINE: Duration = Duration::from_secs(20);

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// The configuration for a game server, trusting it by its pin.
fn config_for(game: &Game) -> Config {
    let pin = format!("pin:{}", relay::Fingerprint::of(&game.certificate));
    let mut config = Config::new(
        game.tcp.into(),
        game.udp.local_addr().unwrap().into(),
        pin.parse::<Trust>().unwrap(),
    );
    // Most tests have no use for a welcome.
    config.timeouts.welcome = Duration::from_secs(3600);
    config
}

async fn start_for(game: &Game) -> Relay {
    Relay::start(config_for(game)).await.unwrap()
}
