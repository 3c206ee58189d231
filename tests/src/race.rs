//! Many players who race in full rooms through a relay, in one phase or several. Counts what arrives in each phase. The time of sending
//! is in the places: cars drive round a circle, at a speed that every generation of the server takes, and the angle is the time.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use protocol::command::Command;
use protocol::event::Event;
use protocol::geometry::{Quat, Vec3};
use protocol::id::RoomId;
use protocol::session::{Config, Output};
use tokio::sync::{Barrier, OnceCell, Semaphore};
use tokio::task::JoinSet;

use crate::delays::Delays;
use crate::player::Player;

/// How many players enter at the same time.
const ENTERING: usize = 16;
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// The shortest wait of a step, when the next position is due already.
const MIN_STEP: Duration = Duration::from_micros(100);
/// How long positions do not count before a phase. The server learns where to send from each player's first position, and
/// what changes between two phases has changed by then.
pub const BETWEEN_PHASES: Duration = Duration::from_secs(2);
/// How long the last positions may take to arrive.
const SETTLE: Duration = Duration::from_secs(2);

/// The circle that cars drive round, in metres: within what every generation takes.
const RADIUS: f64 = 900.0;
/// How long they take. At 28 m/s a car is never far from its last position, even when a busy server takes many at once and has lost
/// some: the later generations would refuse a jump. A position tells the time to a few microseconds. A delay of more than half a round
/// would look like none.
const ROUND: Duration = Duration::from_secs(200);

/// Who races, and for how long.
#[derive(Debug, Clone)]
pub struct Race {
    /// The address players connect to.
    pub url: String,
    /// Players in all.
    pub players: u32,
    /// Players in each room, at most 20.
    pub room: u32,
    /// Positions of each player in a second.
    pub hz: u32,
    /// How long each phase lasts.
    pub phase: Duration,
    /// How many phases there are.
    pub phases: usize,
}

/// What was seen in one phase.
#[derive(Default)]
pub struct Figures {
    /// Positions that players sent.
    pub sent: AtomicU64,
    /// Positions that should have arrived: one for each other player of the room.
    pub expected: AtomicU64,
    /// Positions that arrived.
    pub received: AtomicU64,
    /// From sending to receiving.
    pub delays: Delays,
}

/// What was seen in all.
pub struct Outcome {
    /// Each phase.
    pub phases: Vec<Figures>,
    /// Commands that players sent.
    pub commands_sent: u64,
    /// Commands that were answered.
    pub commands_answered: u64,
    /// Players whose connection ended before the race did, and how.
    pub closed: Vec<String>,
}

struct Shared {
    race: Race,
    figures: Vec<Figures>,
    commands_sent: AtomicU64,
    commands_answered: AtomicU64,
    rooms: Vec<OnceCell<RoomId>>,
    start: Barrier,
    door: Semaphore,
    epoch: Instant,
}

impl Race {
    /// Let everybody enter, race through all phases and leave. `begins` is told the number of each phase some time before
    /// positions count in it.
    ///
    /// # Errors
    /// Somebody cannot enter.
    pub async fn run(
        self,
        mut begins: impl FnMut(usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<Outcome> {
        let rooms = self.players.div_ceil(self.room);
        let shared = Arc::new(Shared {
            figures: (0..self.phases).map(|_| Figures::default()).collect(),
            commands_sent: AtomicU64::default(),
            commands_answered: AtomicU64::default(),
            rooms: (0..rooms).map(|_| OnceCell::new()).collect(),
            start: Barrier::new(self.players as usize + 1),
            door: Semaphore::new(ENTERING),
            epoch: Instant::now(),
            race: self,
        });
        let mut drivers = JoinSet::new();
        for number in 0..shared.race.players {
            let shared = Arc::clone(&shared);
            drivers.spawn(async move { Driver { shared, number }.run().await });
        }
        tokio::select! {
            _ = shared.start.wait() => {}
            // A driver that ends before the start could not enter.
            Some(early) = drivers.join_next() => {
                early??;
                anyhow::bail!("a player left before the start");
            }
        }
        let begun = tokio::time::Instant::now();
        for phase in 0..shared.race.phases {
            tokio::time::sleep_until(begun + shared.race.phase_start(phase)).await;
            begins(phase)?;
        }
        let mut closed = Vec::new();
        while let Some(driver) = drivers.join_next().await {
            closed.extend(driver??);
        }
        let shared = Arc::into_inner(shared).context("a driver goes on")?;
        Ok(Outcome {
            phases: shared.figures,
            commands_sent: shared.commands_sent.into_inner(),
            commands_answered: shared.commands_answered.into_inner(),
            closed,
        })
    }

    /// When a phase begins, from the start: first some time that does not count.
    fn phase_start(&self, phase: usize) -> Duration {
        (BETWEEN_PHASES + self.phase) * u32::try_from(phase).unwrap_or(u32::MAX)
    }

    fn end(&self) -> Duration {
        self.phase_start(self.phases)
    }

    /// The phase that positions of this moment count in.
    fn counted(&self, since_start: Duration) -> Option<usize> {
        (0..self.phases).find(|&phase| {
            let counted = self.phase_start(phase) + BETWEEN_PHASES;
            (counted..counted + self.phase).contains(&since_start)
        })
    }
}

struct Driver {
    shared: Arc<Shared>,
    number: u32,
}

impl Driver {
    /// Sign in, enter the room, drive and leave. Gives how the connection ended, if it did.
    async fn run(self) -> anyhow::Result<Option<String>> {
        let mut player = self.enter().await?;
        self.shared.start.wait().await;
        let race = &self.shared.race;
        let (begun, interval) = (Instant::now(), Duration::from_secs(1) / race.hz);
        // Spread over the interval, so that the load is steady.
        let spread = f64::from(self.number % 20) / 20.0;
        let mut next_update = interval.mul_f64(spread);
        let (mut counted, mut offered) = (0, None);
        let mut next_ping = PING_INTERVAL.mul_f64(spread);
        while begun.elapsed() < race.end() + SETTLE {
            let now = begun.elapsed();
            if now >= next_update && now < race.end() {
                next_update += interval;
                self.count_sent(&player, &mut counted, offered);
                offered = race.counted(now);
                self.drive(&mut player, offered);
            }
            if now >= next_ping && now < race.end() {
                next_ping += PING_INTERVAL;
                // The connection may have ended; this is noticed below.
                if player.client.send(Command::Ping).is_ok() {
                    self.shared.commands_sent.fetch_add(1, Ordering::Relaxed);
                }
            }
            let wait = next_update.saturating_sub(begun.elapsed());
            player.step(wait.max(MIN_STEP)).await;
            self.count_sent(&player, &mut counted, offered);
            self.count(&mut player);
            if let Some(ended) = player.ended() {
                return Ok(Some(format!("player {}: {ended}", self.number)));
            }
        }
        player.goodbye().await?;
        Ok(None)
    }

    async fn enter(&self) -> anyhow::Result<Player> {
        let _turn = self.shared.door.acquire().await?;
        let config = Config {
            update_rate_hz: self.shared.race.hz.into(),
            ..Config::default()
        };
        let name = format!("driver {}", self.number);
        let mut player = Player::sign_in_with(&self.shared.race.url, &name, config).await?;
        let mut created = false;
        let room = &self.shared.rooms[(self.number / self.shared.race.room) as usize];
        let room = *room
            .get_or_try_init(|| {
                created = true;
                player.create_room("load")
            })
            .await?;
        if !created {
            player.join_room(&room).await??;
        }
        Ok(player)
    }

    /// Offer a position that holds the time of sending and the number of its phase, counted from 1. Others have 0. One that comes
    /// too early waits in the session.
    fn drive(&self, player: &mut Player, phase: Option<usize>) {
        let mark = phase.map_or(0.0, |phase| phase as f32 + 1.0);
        let position = place_at(self.shared.epoch.elapsed(), mark);
        let _waits = player.client.send_update(position, Quat::IDENTITY);
    }

    /// Count what was sent since the last count: each was of the phase of the position that was offered last.
    fn count_sent(&self, player: &Player, counted: &mut u64, offered: Option<usize>) {
        let sent = player.client.session().traffic().packets_sent;
        let new = sent - std::mem::replace(counted, sent);
        if let Some(figures) = offered.and_then(|phase| self.shared.figures.get(phase)) {
            figures.sent.fetch_add(new, Ordering::Relaxed);
            let expected = new * u64::from(self.others());
            figures.expected.fetch_add(expected, Ordering::Relaxed);
        }
    }

    /// The number of other players in the room.
    fn others(&self) -> u32 {
        let race = &self.shared.race;
        let first = self.number / race.room * race.room;
        race.room.min(race.players - first) - 1
    }

    fn count(&self, player: &mut Player) {
        let now = self.shared.epoch.elapsed();
        while let Some(output) = player.take(Some) {
            match output {
                Output::Update(update) if update.position.y > 0.0 => {
                    let phase = update.position.y as usize - 1;
                    if let Some(figures) = self.shared.figures.get(phase) {
                        figures.received.fetch_add(1, Ordering::Relaxed);
                        figures.delays.count(delay_of(update.position, now));
                    }
                }
                Output::Answer {
                    answer: Ok(Event::Pong),
                    ..
                } => {
                    let answered = &self.shared.commands_answered;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
        }
    }
}

/// Where a car is at a time. The height is free for a mark.
fn place_at(time: Duration, mark: f32) -> Vec3 {
    let angle = time.as_secs_f64() / ROUND.as_secs_f64() * TAU;
    let [x, z] = [angle.cos(), angle.sin()].map(|part| (RADIUS * part) as f32);
    Vec3::new(x, mark, z)
}

/// How long ago a car was at a place.
fn delay_of(place: Vec3, now: Duration) -> Duration {
    let rounds = f64::from(place.z).atan2(f64::from(place.x)) / TAU;
    let ago = (now.as_secs_f64() / ROUND.as_secs_f64() - rounds).rem_euclid(1.0);
    // Rounding may put a place into the future.
    let is_past = ago < 0.5;
    ROUND.mul_f64(if is_past { ago } else { 0.0 })
}

impl Outcome {
    /// Check that nobody was closed, and that positions arrived in every phase.
    ///
    /// # Errors
    /// One of these is not so.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.closed.is_empty(),
            "{} racing players were closed: {}",
            self.closed.len(),
            self.closed.join(", ")
        );
        let silent = |figures: &Figures| figures.received.load(Ordering::Relaxed) == 0;
        ensure!(
            !self.phases.iter().any(silent),
            "a phase in which no position arrived"
        );
        Ok(())
    }

    /// Check that no command was lost.
    ///
    /// # Errors
    /// One was.
    pub fn check_commands(&self) -> anyhow::Result<()> {
        let (sent, answered) = (self.commands_sent, self.commands_answered);
        ensure!(sent == answered, "{sent} commands, {answered} answers");
        Ok(())
    }
}

impl Figures {
    /// Print what was counted.
    pub fn print(&self) {
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let (expected, received) = (load(&self.expected), load(&self.received));
        let share = received as f64 * 100.0 / expected.max(1) as f64;
        let quantile = |share| self.delays.quantile(share);
        println!("positions sent      {}", load(&self.sent));
        println!("positions expected  {expected}");
        println!("positions received  {received}");
        println!("delivered           {share:.4} %");
        println!(
            "sent to received    p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
            quantile(0.5),
            quantile(0.99),
            quantile(1.0)
        );
    }
}

#[cfg(test)]
mod tests {
    use protocol::generation::Generation;

    use super::*;

    #[test]
    fn a_place_tells_the_time_and_every_generation_takes_it() {
        let limit = Generation::Chat.jump_limit().unwrap();
        let bounds = Generation::Chat.bounds().unwrap();
        let longest = Duration::from_secs(1_000);
        let beat = Duration::from_millis(50);
        let mut sent = Duration::ZERO;
        while sent < longest {
            let (place, next) = (place_at(sent, 2.0), place_at(sent + beat, 2.0));
            assert!(place.x.abs() < bounds.x && place.z.abs() < bounds.z);
            // Those of a second and a half may be lost.
            assert!(place.distance(next) * 30.0 < limit.at_once, "{sent:?}");
            let speed = place.distance(next) / beat.as_secs_f32();
            assert!(speed < limit.per_second * 0.9, "{sent:?}");
            for delay in [0, 1, 700, 99_000].map(Duration::from_millis) {
                let read = delay_of(place, sent + delay);
                assert!(read.abs_diff(delay) < Duration::from_micros(5), "{sent:?}");
            }
            sent += Duration::from_millis(333);
        }
    }

    #[test]
    fn positions_count_in_the_phase_they_are_sent_in() {
        let race = Race {
            url: String::new(),
            players: 2,
            room: 2,
            hz: 20,
            phase: Duration::from_secs(10),
            phases: 2,
        };
        let phase = |seconds| race.counted(Duration::from_secs(seconds));
        assert_eq!([1, 2, 11].map(phase), [None, Some(0), Some(0)]);
        assert_eq!(
            [12, 13, 14, 23, 24].map(phase),
            [None, None, Some(1), Some(1), None]
        );
        assert_eq!(race.end(), Duration::from_secs(24));
    }
}
