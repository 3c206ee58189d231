//! The options of spectating and of observers.

use std::time::Duration;

use anyhow::ensure;

use super::access::Access;
use super::seconds;

pub(super) const DEFAULT_HZ: u32 = 20;
/// Spectators' pages draw between snapshots anyway.
const MAX_HZ: u32 = 30;
/// With this delay a full room takes 5 MB, and 7 MB at the highest rate.
const MAX_DELAY: Duration = Duration::from_secs(600);
/// Each spectator takes a file descriptor. With 5000 players, who take three each, that makes 20,000.
pub(super) const DEFAULT_MAX_SPECTATORS: usize = 5000;
/// Each observer is one more player to the game server, which tries every player's key on every datagram.
const DEFAULT_MAX_OBSERVERS: usize = 8;
const DEFAULT_OBSERVER_NAME: &str = "spectator-relay";
/// Letters of an observer's name. Game servers take 32, and the relay adds seven.
const MAX_NAME_LETTERS: usize = 24;

/// How races are shown.
#[derive(Debug, Clone, clap::Args)]
pub struct Spectating {
    /// Who may watch races: open, off or token:SECRET.
    #[arg(
        long = "spectate",
        env = "MP_RELAY_SPECTATE",
        value_name = "WHO",
        default_value = "open",
        hide_env_values = true
    )]
    pub access: Access,
    /// Snapshots of a race a second.
    #[arg(long = "spectate-hz", env = "MP_RELAY_SPECTATE_HZ", value_name = "HZ", default_value_t = DEFAULT_HZ)]
    pub hz: u32,
    /// How many seconds late a race is shown, at most 600.
    #[arg(long = "spectate-delay", env = "MP_RELAY_SPECTATE_DELAY", value_name = "SECONDS", value_parser = seconds, default_value = "0")]
    pub delay: Duration,
    /// Spectators at once.
    #[arg(long, env = "MP_RELAY_MAX_SPECTATORS", value_name = "N", default_value_t = DEFAULT_MAX_SPECTATORS)]
    pub max_spectators: usize,
}

impl Spectating {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=MAX_HZ).contains(&self.hz),
            "--spectate-hz must be 1 to {MAX_HZ}, not {}",
            self.hz
        );
        ensure!(
            self.delay <= MAX_DELAY,
            "--spectate-delay must be at most {} seconds",
            MAX_DELAY.as_secs()
        );
        Ok(())
    }
}

/// The options of observers.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Observing {
    /// The name of observers in the game; six letters of their session's id follow.
    #[arg(long = "observer-name", env = "MP_RELAY_OBSERVER_NAME", value_name = "NAME", default_value = DEFAULT_OBSERVER_NAME)]
    pub name: String,
    /// Observers at once, each in a room of its own.
    #[arg(long = "max-observers", env = "MP_RELAY_MAX_OBSERVERS", value_name = "N", default_value_t = DEFAULT_MAX_OBSERVERS)]
    pub at_once: usize,
}

impl Default for Observing {
    fn default() -> Self {
        Self {
            name: DEFAULT_OBSERVER_NAME.into(),
            at_once: DEFAULT_MAX_OBSERVERS,
        }
    }
}

impl Observing {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let letters = self.name.chars().count();
        ensure!(
            (1..=MAX_NAME_LETTERS).contains(&letters),
            "--observer-name has at least one letter and at most {MAX_NAME_LETTERS}, not {letters}"
        );
        ensure!(
            names::is_visible(&self.name),
            "--observer-name needs a letter that can be seen"
        );
        ensure!(
            self.at_once > 0,
            "--max-observers must be at least 1; without --spectate-observer there are none"
        );
        Ok(())
    }
}
