//! End to end: game server, relay and players, through real sockets on loopback.

mod driving;
mod faults;
mod leaving;
mod measuring;
mod observing;
mod resumer;
mod returning;
mod spectating;
mod trouble;

use protocol::command::Command;
use protocol::geometry::{Quat, Vec3};
use protocol::id::RoomId;
use protocol::session::{CommandError, Output};
use server::Options;
use tests::{Player, Site};

/// Two players in a room who play on whatever goes wrong elsewhere.
struct Bystanders {
    driver: Player,
    watcher: Player,
    room: RoomId,
    x: f32,
}

impl Bystanders {
    async fn enter(site: &Site) -> anyhow::Result<Self> {
        let mut driver = Player::sign_in(&site.url(), "bystander one").await?;
        let mut watcher = Player::sign_in(&site.url(), "bystander two").await?;
        let room = driver.create_room("quiet").await?;
        watcher.join_room(&room).await??;
        Ok(Self {
            driver,
            watcher,
            room,
            x: 0.0,
        })
    }

    /// Drive on and be seen, and have a command answered.
    async fn go_on(&mut self) -> anyhow::Result<()> {
        self.x += 1.0;
        see(
            &mut self.driver,
            &mut self.watcher,
            Vec3::new(self.x, 0.0, 0.0),
        )
        .await?;
        self.driver.ask(Command::Ping).await??;
        Ok(())
    }
}

/// Ann and Bob in Ann's room, on a server in one of its modes.
async fn two_in_a_room(faithful: bool) -> anyhow::Result<(Site, Player, Player, RoomId)> {
    let options = Options {
        faithful,
        ..Options::default()
    };
    let site = Site::start_with(options, |_| {}).await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    let room = ann.create_room("Monza").await?;
    bob.join_room(&room).await??;
    Ok((site, ann, bob, room))
}

/// Let one player drive at a place until another sees it there. Positions may be lost, and the server learns where to
/// send them only from a position of the watcher's own.
async fn see(driver: &mut Player, watcher: &mut Player, place: Vec3) -> anyhow::Result<()> {
    let id = driver.client.session().id().cloned();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        anyhow::ensure!(
            std::time::Instant::now() < deadline,
            "not seen at {place:?}"
        );
        driver.client.send_update(place, Quat::IDENTITY)?;
        let anywhere = Vec3::default();
        watcher.client.send_update(anywhere, Quat::IDENTITY)?;
        let beat = std::time::Duration::from_millis(25);
        driver.step(beat).await;
        watcher.step(beat).await;
        let there = watcher.take(|output| match output {
            Output::Update(update) if Some(&update.session_id) == id.as_ref() => {
                Some(update.position)
            }
            _ => None,
        });
        if there == Some(place) {
            return Ok(());
        }
    }
}

/// The message of a refused command.
fn refusal<T: std::fmt::Debug>(answer: Result<T, CommandError>) -> String {
    match answer {
        Err(CommandError::Refused { message, .. }) => message,
        other => panic!("not refused: {other:?}"),
    }
}
