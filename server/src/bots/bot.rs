//! One bot from sign-in to goodbye: in its home room, or as a visitor in a player's.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use client_native::{AskError, Disconnected};
use drivers::{Driver, DrivingStyle, Traffic, home_name, visitor_name};
use protocol::command::Command;
use protocol::event::{Event, GameStarted, Spawn};
use protocol::generation::Generation;
use protocol::id::{RoomId, SessionId};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, Output, SignIn};
use tokio::time::{Instant, timeout_at};

use super::roster::{BotClient, Registration, Roster};

/// How many players' rooms get bots. Bots are clients like any other and cost as much.
pub(super) const MAX_VISITED_ROOMS: usize = 4;
/// How often a car moves on and says where it is: 20 Hz, like any client.
const TICK: Duration = Duration::from_millis(50);
/// A bot that did not run for longer than this goes on from where it is.
const MAX_DELAY: Duration = Duration::from_millis(250);
/// How often a waiting bot checks whether to wait on.
const LOOK: Duration = Duration::from_millis(200);

/// What a bot does in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Drives for ever.
    Home,
    /// Drives while there is a player to drive with.
    Visitor,
}

/// One bot that is signed in.
struct Bot {
    roster: Arc<Roster>,
    client: BotClient,
    registration: Registration,
    /// Which of the bots in its room it is.
    number: usize,
}

/// Drive in the home room until the connection ends.
pub(super) async fn stay_home(roster: &Arc<Roster>, number: usize) -> anyhow::Result<()> {
    let mut bot = Bot::sign_in(roster, number, &home_name(number)).await?;
    let room = loop {
        let home = *roster.home.borrow();
        match home {
            Some(room) if bot.join(&room).await? => break room,
            // The first bot makes the room, and makes it again if it is gone.
            _ if number == 0 => break bot.open_home().await?,
            _ => {
                bot.next_output(Instant::now() + LOOK).await?;
            }
        }
    };
    bot.registration.joined(&room);
    bot.drive(&room, Role::Home, bot.last_garage()).await
}

/// Drive in a player's room until no player needs the bot there. `index` tells the visited rooms apart.
pub(super) async fn visit(
    roster: &Arc<Roster>,
    number: usize,
    index: usize,
    room: &RoomId,
) -> anyhow::Result<()> {
    let mut bot = Bot::sign_in(roster, number, &visitor_name(number, index)).await?;
    if bot.join(room).await? {
        bot.registration.joined(room);
        if let Some(garage) = bot.wait_for_start(room).await? {
            bot.drive(room, Role::Visitor, garage).await?;
        }
    }
    bot.client.goodbye().await;
    Ok(())
}

/// Sign a bot in by a name. It has no account: where others need one the server has signed it in already, and it only takes the name.
async fn sign_in(client: &mut BotClient, name: String) -> Result<Event, AskError<Disconnected>> {
    let generation = client.session().generation();
    if generation.is_some_and(Generation::has_accounts) {
        let password = None;
        return client.ask(Command::Name { name, password }).await;
    }
    client.sign_in(SignIn::with_name(name)).await
}

impl Bot {
    async fn sign_in(roster: &Arc<Roster>, number: usize, name: &str) -> anyhow::Result<Self> {
        let (mut client, id) = roster.connect().await?;
        // A player may have the name already.
        let other = format!("{name} {}", id.as_str().get(..4).unwrap_or_default());
        let registration = roster.register(id);
        for name in [name.to_owned(), other] {
            match sign_in(&mut client, name).await {
                Ok(_) => {
                    return Ok(Self {
                        roster: Arc::clone(roster),
                        client,
                        registration,
                        number,
                    });
                }
                Err(AskError::Answer(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        bail!("the server takes none of its names");
    }

    fn id(&self) -> &SessionId {
        &self.registration.id
    }

    /// Join a room; says whether that worked.
    async fn join(&mut self, room: &RoomId) -> anyhow::Result<bool> {
        let room_id = *room;
        match self.client.ask(Command::JoinRoom { room_id }).await {
            Ok(_) => Ok(true),
            Err(AskError::Answer(CommandError::Refused {
                refusal: Refusal::RoomNotFound | Refusal::RoomFull,
                ..
            })) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Make the home room and start its game.
    async fn open_home(&mut self) -> anyhow::Result<RoomId> {
        let name = self.roster.home_name.clone();
        let Event::RoomCreated { room_id, .. } =
            self.client.ask(Command::create_room(name)).await?
        else {
            bail!("the home room was not made");
        };
        self.client.ask(Command::StartGame).await?;
        self.roster.home.send_replace(Some(room_id));
        Ok(room_id)
    }

    /// Wait for the next output, until a time.
    async fn next_output(&mut self, until: Instant) -> anyhow::Result<Option<Output>> {
        let output = timeout_at(until, self.client.next_output()).await;
        Ok(output.ok().transpose()?)
    }

    /// Wait for the start; gives the bot's garage, or `None` once the bot should leave.
    async fn wait_for_start(&mut self, room: &RoomId) -> anyhow::Result<Option<usize>> {
        let mut abandoned = 0;
        let mut rooms = self.roster.rooms.subscribe();
        loop {
            if let Some(Output::GameStarted(started)) =
                self.next_output(Instant::now() + LOOK).await?
            {
                return Ok(Some(self.garage(&started)));
            }
            if rooms.has_changed()? {
                rooms.mark_unchanged();
                if self.roster.should_leave(self.id(), room, &mut abandoned) {
                    return Ok(None);
                }
                if self.roster.listed(room).is_some_and(|room| room.is_active) {
                    return Ok(Some(self.last_garage()));
                }
            }
        }
    }

    /// Drive until the connection ends or, as a visitor, until the bot should leave.
    async fn drive(&mut self, room: &RoomId, role: Role, garage: usize) -> anyhow::Result<()> {
        let mut driver = self.driver(garage);
        let mut traffic = Traffic::default();
        let mut abandoned = 0;
        let mut rooms = self.roster.rooms.subscribe();
        let mut tick = Instant::now();
        loop {
            while let Some(output) = self.next_output(tick).await? {
                match output {
                    Output::Update(update) => traffic.update(&update, self.client.now()),
                    Output::GameStarted(started) => driver = self.driver(self.garage(&started)),
                    Output::RoomLost(_) => bail!("out of the room"),
                    _ => {}
                }
            }
            if role == Role::Visitor && rooms.has_changed()? {
                rooms.mark_unchanged();
                if self.roster.should_leave(self.id(), room, &mut abandoned) {
                    return Ok(());
                }
            }
            let neighbours = traffic.neighbours(self.client.now());
            driver.advance(TICK.as_secs_f32(), &neighbours);
            let (position, rotation) = driver.pose();
            self.client.send_update(position, rotation)?;
            tick += TICK;
            if tick + MAX_DELAY < Instant::now() {
                tick = Instant::now();
            }
        }
    }

    fn driver(&self, garage: usize) -> Driver {
        let track = Arc::clone(&self.roster.track);
        Driver::new(track, garage, DrivingStyle::nth(self.number))
    }

    /// The garage the server chose.
    fn garage(&self, started: &GameStarted) -> usize {
        let own = started.spawns.iter().find(|(id, _)| id == self.id());
        match own {
            Some((_, Spawn::Place(place))) => self.roster.track.garage_at(place.x),
            Some((_, Spawn::Index(index))) => usize::try_from(*index).unwrap_or(0),
            None => self.last_garage(),
        }
    }

    /// The garage of a bot that comes after the start. Bots fill the garages from the far end, which players get last.
    fn last_garage(&self) -> usize {
        let garages = self.roster.track.garage_count();
        garages.saturating_sub(1 + self.number)
    }
}
