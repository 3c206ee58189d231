//! One observer in one room: signs in, joins, looks once a second, and leaves with a goodbye.
//!
//! A server of the first generation sends positions only to who has sent one, and would show the other players a car
//! at that place. So the observer's position is beyond every number: the server takes it and learns the endpoint,
//! but cannot write it down again for anybody (facts, section 6.2).

use std::convert::Infallible;
use std::sync::Arc;

use protocol::cipher::Cipher;
use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::id::{RoomId, SessionId};
use protocol::session::{CommandError, Output};
use tokio::time::{Duration, Instant, sleep_until, timeout, timeout_at};

use super::rules::{Idle, Leave, may_enter, must_give_way, must_leave};
use crate::close::Ending;
use crate::context::Context;
use crate::lifecycle::{self, Phase};
use crate::spectators::live::Live;
use crate::spectators::tap::{Heard, Tap};
use crate::spectators::{Hub, Tally};
use crate::upstream::session::{Guest, Heard as Came};

/// The longest wait for a welcome once the game server is connected.
const WELCOME_LIMIT: Duration = Duration::from_secs(5);
/// Times the endpoint is told at first, once a look: datagrams get lost.
const FIRST_TELLINGS: u32 = 3;
/// Looks without a datagram after which it is told again: routers on the way forget it after half a minute.
const TELL_AGAIN_LOOKS: u32 = 25;
/// A position that arrives behind `LEAVE_ROOM` can put the observer back into the room (facts, section 6.6).
const SETTLE: Duration = Duration::from_millis(500);
/// Letters of the session's id in an observer's name.
const ID_LETTERS: usize = 6;

/// Visit a room until there is a reason to leave.
pub(super) async fn make(context: &Context, room: &RoomId, name: &str) -> Leave {
    let Some(hub) = &context.hub else {
        return Leave::Stopping;
    };
    let mut phase = context.phase.clone();
    let mut eyes = Eyes {
        hub,
        live: hub.rooms.find_or_make(room),
        tap: Tap::new(context.config.udp_secret.clone()),
        datagrams: 0,
    };
    let mut guest = None;
    let mut visitor = Visitor {
        context,
        room,
        eyes: &mut eyes,
        told: None,
    };
    let leave = tokio::select! {
        Err(leave) = visitor.stay(name, &mut guest) => leave,
        () = lifecycle::until(&mut phase, |phase| phase != Phase::Running) => Leave::Stopping,
    };
    let settled = visitor.told.map(|told| told + SETTLE);
    drop(eyes);
    if let Some(guest) = guest {
        if let Some(settled) = settled {
            sleep_until(settled).await;
        }
        guest.part(context).await;
    }
    leave
}

/// What an observer sees goes to its room. Dropped, the room is seen no more.
struct Eyes<'a> {
    hub: &'a Hub,
    live: Arc<Live>,
    tap: Tap,
    /// Datagrams that came.
    datagrams: u64,
}

impl Eyes<'_> {
    fn take(&mut self, came: Came<'_>) {
        match came {
            Came::Line(line) => self.take_line(line),
            Came::Datagram(datagram) => self.take_datagram(datagram),
        }
    }

    fn take_line(&mut self, line: &str) {
        let heard = self.tap.handle_line(line, self.hub.rooms.pace.now());
        match heard {
            Some(Heard::Entered(_)) => {
                if let Some(me) = self.tap.id() {
                    self.live.change(|room| room.observe(me));
                }
            }
            Some(Heard::Players(players)) => self.live.change(|room| room.list(&players)),
            Some(Heard::Sender(id, name)) => self.live.change(|room| room.rename(&id, &name)),
            Some(Heard::Started(host)) => {
                self.live
                    .change(|room| room.describe(None, host.as_ref(), true));
            }
            Some(Heard::Rooms(rooms)) => self.hub.describe(&rooms),
            Some(Heard::Created(..) | Heard::Left | Heard::Named(_)) | None => {}
        }
    }

    fn take_datagram(&mut self, datagram: &[u8]) {
        self.datagrams += 1;
        let Some(me) = self.tap.id() else { return };
        if !self.live.is_watched() {
            return;
        }
        Tally::one(&self.hub.tally().datagrams);
        // This session was never in another room.
        let is_mixed = false;
        if let Some(update) = self.tap.read_down(datagram) {
            self.live.handle_update(&update, me, is_mixed);
        }
    }
}

impl Drop for Eyes<'_> {
    fn drop(&mut self) {
        if let Some(me) = self.tap.id() {
            self.live.change(|room| room.end_observation(me));
        }
    }
}

struct Visitor<'a, 'b> {
    context: &'a Context,
    room: &'a RoomId,
    eyes: &'b mut Eyes<'a>,
    /// When the endpoint was last told.
    told: Option<Instant>,
}

impl Visitor<'_, '_> {
    async fn stay(&mut self, name: &str, guest: &mut Option<Guest>) -> Result<Infallible, Leave> {
        let dialled = Guest::dial(self.context).await.map_err(failed)?;
        let guest = guest.insert(dialled);
        let me = self.sign_in(guest, name).await?;
        self.enter(guest).await?;
        let cipher = Cipher::new(&me, &self.context.config.udp_secret);
        let mut telling = Telling::default();
        let mut idle = Idle::default();
        loop {
            let before = self.eyes.datagrams;
            if telling.is_due(before) && guest.send_datagram(&endpoint(&me, &cipher)) {
                self.told = Some(Instant::now());
            }
            self.pause(guest).await?;
            let room = self.find(guest).await?;
            must_leave(room.as_ref(), &me)?;
            self.ask(guest, Command::GetRoomPlayers).await?;
            let is_race = room.is_some_and(|room| room.is_active);
            must_give_way(self.eyes.live.bridged(), is_race)?;
            let is_silent = self.eyes.datagrams == before;
            idle.look(self.eyes.live.is_watched(), is_race && is_silent)?;
        }
    }

    /// Wait for the welcome and take a name that nobody else has.
    async fn sign_in(&mut self, guest: &mut Guest, name: &str) -> Result<SessionId, Leave> {
        let welcome = async {
            loop {
                if let Some(id) = guest.id() {
                    return Ok(*id);
                }
                guest.turn(|came| self.eyes.take(came)).await?;
            }
        };
        let no_welcome = |_| Leave::Failed("the game server did not welcome it".into());
        let welcomed = timeout(WELCOME_LIMIT, welcome).await.map_err(no_welcome)?;
        let me = welcomed.map_err(failed)?;
        let letters: String = me.as_str().chars().take(ID_LETTERS).collect();
        let name = format!("{name}-{letters}");
        let password = None;
        self.ask(guest, Command::Name { name, password }).await?;
        Ok(me)
    }

    /// Look once more whether the room is open, since dialling may have taken its time, and join.
    async fn enter(&mut self, guest: &mut Guest) -> Result<(), Leave> {
        let Some(room) = self.find(guest).await? else {
            return Err(Leave::Gone);
        };
        if !may_enter(&room) {
            return Err(Leave::Crowded);
        }
        must_give_way(self.eyes.live.bridged(), room.is_active)?;
        if !self.eyes.live.is_watched() {
            return Err(Leave::InVain);
        }
        let room_id = *self.room;
        self.ask(guest, Command::JoinRoom { room_id }).await?;
        Ok(())
    }

    async fn find(&mut self, guest: &mut Guest) -> Result<Option<Room>, Leave> {
        match self.ask(guest, Command::ListRooms).await? {
            Event::RoomList(rooms) => Ok(rooms.into_iter().find(|room| room.id == *self.room)),
            _ => Err(Leave::Refused("no list of rooms".into())),
        }
    }

    /// Send a command and wait for its answer, looking meanwhile.
    async fn ask(&mut self, guest: &mut Guest, command: Command) -> Result<Event, Leave> {
        let sent = guest.ask(command);
        let asked = sent.map_err(|error| Leave::Failed(error.to_string()))?;
        loop {
            while let Some(output) = guest.poll_output() {
                match output {
                    Output::Answer { ticket, answer } if ticket == asked => {
                        return answer.map_err(refused);
                    }
                    _ => {}
                }
            }
            let turn = guest.turn(|came| self.eyes.take(came));
            turn.await.map_err(failed)?;
        }
    }

    /// Look until the next look around is due.
    async fn pause(&mut self, guest: &mut Guest) -> Result<(), Leave> {
        let until = Instant::now() + self.context.config.patience.observe;
        loop {
            let turn = guest.turn(|came| self.eyes.take(came));
            match timeout_at(until, turn).await {
                Ok(turned) => turned.map_err(failed)?,
                Err(_elapsed) => return Ok(()),
            }
            // Nobody reads what else the session says, and it is bounded.
            while guest.poll_output().is_some() {}
        }
    }
}

/// When to tell the game server the endpoint, asked once a look.
#[derive(Debug, Default)]
struct Telling {
    /// Looks since a datagram came or the endpoint was told.
    looks: u32,
    tellings: u32,
    datagrams: u64,
}

impl Telling {
    fn is_due(&mut self, datagrams: u64) -> bool {
        self.looks += 1;
        if datagrams != self.datagrams {
            (self.datagrams, self.looks) = (datagrams, 0);
        }
        let is_first = datagrams == 0 && self.tellings < FIRST_TELLINGS;
        let is_due = is_first || self.looks >= TELL_AGAIN_LOOKS;
        if is_due {
            self.looks = 0;
            self.tellings += 1;
        }
        is_due
    }
}

/// A position that nobody is shown; see above.
fn endpoint(me: &SessionId, cipher: &Cipher) -> Vec<u8> {
    let beyond = r#"{"x":1e39,"y":1e39,"z":1e39}"#;
    let json = format!(
        r#"{{"command":"UPDATE","sessionId":"{me}","position":{beyond},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    );
    // It is far shorter than what may be sealed.
    cipher.seal(json.as_bytes()).unwrap_or_default()
}

fn failed(ending: Ending) -> Leave {
    let detail = ending.detail.as_deref().unwrap_or_default();
    Leave::Failed(format!("{} {detail}", ending.reason()))
}

fn refused(error: CommandError) -> Leave {
    Leave::Refused(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::Secret;

    #[test]
    fn the_endpoint_is_told_until_somebody_is_seen_and_again_after_a_silence() {
        let mut telling = Telling::default();
        let told: Vec<_> = (1..=60).filter(|_| telling.is_due(0)).collect();
        assert_eq!(told, [1, 2, 3, 28, 53]);
        let told: Vec<_> = (1..=60).filter(|_| telling.is_due(7)).collect();
        assert_eq!(told, [26, 51], "then nothing comes any more");
        let flowing = (0..100).filter(|&look| telling.is_due(8 + look));
        assert_eq!(flowing.count(), 0);
    }

    #[test]
    fn the_position_is_beyond_every_number() {
        let me: SessionId = "a".repeat(32).parse().unwrap();
        let cipher = Cipher::new(&me, &Secret::default());
        let json = cipher.open(&endpoint(&me, &cipher)).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["command"], "UPDATE");
        assert_eq!(json["sessionId"], me.as_str());
        let x = json["position"]["x"].as_f64().unwrap();
        assert!((x as f32).is_infinite());
    }
}
