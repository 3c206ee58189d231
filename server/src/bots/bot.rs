//! One bot from sign-in to goodbye: in its home room, or as a guest in a player's.

use std::time::Duration;

use anyhow::bail;
use protocol::command::Command;
use protocol::event::{Event, GameStarted, Spawn};
use protocol::id::{RoomId, SessionId};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, Output};
use tokio::time::Instant;

use super::crew::Shared;
use super::driver::{Character, Driver};
use super::player::Player;
use super::traffic::Traffic;

/// How often a car moves on and says where it is: 20 Hz, like any client.
const TICK: Duration = Duration::from_millis(50);
/// A bot that could not run for longer than this goes on from where it is.
const LATEST: Duration = Duration::from_millis(250);
/// How often a bot that waits looks whether it has to go on waiting.
const LOOK: Duration = Duration::from_millis(200);
/// How many room lists in a row must say that only bots are left.
const STRIKES: u32 = 2;

const NAMES: [&str; super::MAX_BOTS] = [
    "Aila", "Bruno", "Chiara", "Dario", "Emeka", "Freya", "Goran", "Hana", "Ines", "Jonas",
    "Kaito", "Lena", "Mateo", "Nadia", "Olga", "Pavel", "Quinn", "Rosa",
];

/// What a bot does in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Drives for ever.
    Home,
    /// Drives while there is somebody to drive with.
    Guest,
}

/// One connected bot.
struct Bot<'a> {
    shared: &'a Shared,
    player: Player,
    id: SessionId,
    /// Which one of its crew it is.
    number: usize,
}

/// Keeps a bot on the list of bots, and takes it off.
struct Listed<'a> {
    shared: &'a Shared,
    id: SessionId,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.shared.bots().remove(&self.id);
    }
}

/// Be a bot of the home room until the connection breaks.
pub(super) async fn at_home(shared: &Shared, number: usize) -> anyhow::Result<()> {
    let (mut bot, _listed) = Bot::sign_in(shared, number, None).await?;
    let room = loop {
        let home = *shared.home.borrow();
        match home {
            Some(room) if bot.join(&room).await? => break room,
            // The first bot makes the room, and makes it again should it ever be gone.
            _ if number == 0 => break bot.open_home().await?,
            _ => {
                bot.player.next(Instant::now() + LOOK).await?;
            }
        }
    };
    shared.bots().insert(bot.id, Some(room));
    bot.drive(&room, Role::Home, bot.last_garage()).await
}

/// Be a guest in a player's room until nobody needs it any more.
pub(super) async fn as_guest(
    shared: &Shared,
    number: usize,
    crew: usize,
    room: &RoomId,
) -> anyhow::Result<()> {
    let (mut bot, _listed) = Bot::sign_in(shared, number, Some(crew)).await?;
    if bot.join(room).await? {
        shared.bots().insert(bot.id, Some(*room));
        if let Some(garage) = bot.wait_for_start(room).await? {
            bot.drive(room, Role::Guest, garage).await?;
        }
    }
    bot.player.goodbye().await;
    Ok(())
}

impl<'a> Bot<'a> {
    async fn sign_in(
        shared: &'a Shared,
        number: usize,
        crew: Option<usize>,
    ) -> anyhow::Result<(Self, Listed<'a>)> {
        let mut player = Player::connect(&shared.target).await?;
        let Some(id) = player.session().id().cloned() else {
            bail!("no id in the welcome");
        };
        // Listed before it can be in a room, so that nobody takes it for a player.
        shared.bots().insert(id, None);
        let listed = Listed { shared, id };
        let name = name(number, crew);
        // Somebody may be called so already.
        let other = format!("{name} {}", id.as_str().get(..4).unwrap_or_default());
        for name in [name, other] {
            let password = None;
            if player.ask(Command::Name { name, password }).await?.is_ok() {
                let bot = Self {
                    shared,
                    player,
                    id,
                    number,
                };
                return Ok((bot, listed));
            }
        }
        bail!("the server takes none of its names");
    }

    /// Join a room; says whether that worked.
    async fn join(&mut self, room: &RoomId) -> anyhow::Result<bool> {
        let room_id = *room;
        match self.player.ask(Command::JoinRoom { room_id }).await? {
            Ok(_) => Ok(true),
            Err(CommandError::Refused {
                refusal: Refusal::RoomNotFound | Refusal::RoomFull,
                ..
            }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Make the home room and start its game.
    async fn open_home(&mut self) -> anyhow::Result<RoomId> {
        let name = self.shared.room.clone();
        let Event::RoomCreated { room_id, .. } =
            self.player.ask(Command::CreateRoom { name }).await??
        else {
            bail!("the home room was not made");
        };
        self.player.ask(Command::StartGame).await??;
        self.shared.home.send_replace(Some(room_id));
        Ok(room_id)
    }

    /// Wait in the garage; gives the garage once the race begins, nothing where the bot is not wanted any more.
    async fn wait_for_start(&mut self, room: &RoomId) -> anyhow::Result<Option<usize>> {
        let mut strikes = 0;
        let mut rooms = self.shared.rooms.subscribe();
        loop {
            if let Some(Output::GameStarted(started)) =
                self.player.next(Instant::now() + LOOK).await?
            {
                return Ok(Some(self.garage(&started)));
            }
            if rooms.has_changed()? {
                let listed = rooms
                    .borrow_and_update()
                    .iter()
                    .find(|listed| listed.id == *room)
                    .cloned();
                if self.shared.is_superfluous(&self.id, room, &mut strikes) {
                    return Ok(None);
                }
                if listed.is_some_and(|listed| listed.is_active) {
                    return Ok(Some(self.last_garage()));
                }
            }
        }
    }

    /// Drive until the connection breaks, or, as a guest, until the bot is not wanted any more.
    async fn drive(&mut self, room: &RoomId, role: Role, garage: usize) -> anyhow::Result<()> {
        let mut driver = self.driver(garage);
        let mut traffic = Traffic::default();
        let mut strikes = 0;
        let mut rooms = self.shared.rooms.subscribe();
        let mut tick = Instant::now();
        loop {
            while let Some(output) = self.player.next(tick).await? {
                match output {
                    Output::Update(update) => traffic.hear(&update, self.player.now()),
                    Output::GameStarted(started) => driver = self.driver(self.garage(&started)),
                    Output::RoomLost(_) => bail!("out of the room"),
                    _ => {}
                }
            }
            if role == Role::Guest && rooms.has_changed()? {
                rooms.borrow_and_update();
                if self.shared.is_superfluous(&self.id, room, &mut strikes) {
                    return Ok(());
                }
            }
            let now = self.player.now();
            driver.advance(TICK.as_secs_f32(), &traffic.neighbours(now));
            let (position, rotation) = driver.pose();
            self.player
                .session_mut()
                .send_update(position, rotation, now)?;
            tick += TICK;
            if tick + LATEST < Instant::now() {
                tick = Instant::now();
            }
        }
    }

    fn driver(&self, garage: usize) -> Driver {
        Driver::new(
            self.shared.track.clone(),
            garage,
            Character::nth(self.number),
        )
    }

    /// The garage the server chose.
    fn garage(&self, started: &GameStarted) -> usize {
        let own = started.spawns.iter().find(|(id, _)| *id == self.id);
        match own {
            Some((_, Spawn::Place(place))) => self.shared.track.garage_at(place.x),
            Some((_, Spawn::Index(index))) => usize::try_from(*index).unwrap_or(0),
            None => self.last_garage(),
        }
    }

    /// The garage of a bot that comes after the start: from the far end, where players are last.
    fn last_garage(&self) -> usize {
        self.shared
            .track
            .garage_count()
            .saturating_sub(1 + self.number)
    }
}

impl Shared {
    /// Say whether a guest should leave: the room is nearly full, the bot holds the host's part of a race that
    /// only its host can start, or nobody but bots is left.
    fn is_superfluous(&self, bot: &SessionId, room: &RoomId, strikes: &mut u32) -> bool {
        let rooms = self.rooms.borrow().clone();
        let Some(listed) = rooms.iter().find(|listed| listed.id == *room) else {
            return false;
        };
        let bots = self.bots();
        let crew = || {
            bots.iter()
                .filter(|(_, at)| at.as_ref() == Some(room))
                .map(|(id, _)| id)
        };
        let count = usize::try_from(listed.player_count).unwrap_or(usize::MAX);
        let hosted_by_bot = listed
            .host_id
            .as_ref()
            .is_some_and(|host| bots.contains_key(host));
        // A list may be older than a join, so one alone proves nothing.
        *strikes = if hosted_by_bot && count <= crew().count() {
            *strikes + 1
        } else {
            0
        };
        let too_full = count > super::MOST_TAKEN_SEATS && crew().max() == Some(bot);
        let blocks_start = listed.host_id.as_ref() == Some(bot) && !listed.is_active;
        too_full || blocks_start || *strikes >= STRIKES
    }
}

fn name(number: usize, crew: Option<usize>) -> String {
    let name = NAMES[number % NAMES.len()];
    match crew {
        None => format!("Bot {name}"),
        Some(crew) => format!("Bot {name} {}", crew + 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_bots_have_one_name_and_every_name_is_short_enough() {
        let crews = [None]
            .into_iter()
            .chain((0..super::super::crew::MAX_CREWS).map(Some));
        let names: Vec<String> = crews
            .flat_map(|crew| (0..super::super::MAX_BOTS).map(move |number| name(number, crew)))
            .collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        let room_for_id = 5;
        assert!(
            names
                .iter()
                .all(|name| name.len() + room_for_id <= crate::rules::MAX_PLAYER_NAME_CHARS)
        );
    }
}
