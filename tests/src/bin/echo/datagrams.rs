//! Datagrams there and back, at a steady rate from many players.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::ensure;
use client_native::Incoming;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use crate::plan::Plan;
use crate::player::Player;
use crate::report::Figures;
use crate::route::Route;

/// How long the last datagrams may take to come back. Later ones count as lost.
const SETTLE: Duration = Duration::from_millis(200);

/// What one player saw.
#[derive(Default)]
struct Received {
    sent: usize,
    times: Vec<Duration>,
}

/// Send datagrams for a while.
pub(crate) async fn measure(
    route: &Route,
    plan: Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut players = Player::connect_all(route, plan.drivers).await?;
    let period = Duration::from_secs(1) / plan.datagrams_each;
    let drivers = players.len() as u32;
    let begun = Instant::now();
    let cpu = route.cpu()?;
    let driving = players.iter_mut().zip(0..).map(|(player, number)| {
        // Spread over the period, so that the relay has a steady load.
        let first = begun + period * number / drivers;
        drive(player, first, period, plan.driving)
    });
    let seen = try_join_all(driving).await?;
    let sent: usize = seen.iter().map(|seen| seen.sent).sum();
    let times: Vec<Duration> = seen.into_iter().flat_map(|seen| seen.times).collect();
    ensure!(!times.is_empty(), "no datagram came back");
    if let (Some(before), Some(after)) = (cpu, route.cpu()?) {
        figures.datagram_cpu.add(after - before, sent as f64);
    }
    figures.datagrams_sent(sent as f64 / plan.driving.as_secs_f64());
    figures.delivered(100.0 * times.len() as f64 / sent as f64);
    figures.datagram_times(times);
    Ok(())
}

/// Send a datagram in each period and take those that come back.
async fn drive(
    player: &mut Player,
    first: Instant,
    period: Duration,
    driving: Duration,
) -> anyhow::Result<Received> {
    let mut seen = Received::default();
    let mut beat = interval_at(first.into(), period);
    // Missed datagrams are not sent later: a relay would take that for a flood.
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut under_way = VecDeque::new();
    while first.elapsed() < driving {
        tokio::select! {
            _ = beat.tick() => {
                let datagram = datagram(player, seen.sent)?;
                let sent = Instant::now();
                player.send_datagram(&datagram);
                under_way.push_back((datagram, sent));
                seen.sent += 1;
            }
            incoming = player.next() => seen.take(&incoming?, &mut under_way)?,
        }
    }
    while !under_way.is_empty()
        && let Ok(incoming) = timeout(SETTLE, player.next()).await
    {
        seen.take(&incoming?, &mut under_way)?;
    }
    Ok(seen)
}

impl Received {
    /// Take a datagram that came back. Earlier ones still missing are lost, since loopback keeps the order.
    fn take(
        &mut self,
        incoming: &Incoming,
        under_way: &mut VecDeque<(Vec<u8>, Instant)>,
    ) -> anyhow::Result<()> {
        let Incoming::Datagram(datagram) = incoming else {
            return Ok(());
        };
        let place = under_way.iter().position(|(sent, _)| sent == datagram);
        ensure!(place.is_some(), "a datagram that this player did not send");
        let passed = under_way.drain(..=place.unwrap_or_default()).next_back();
        self.times.extend(passed.map(|(_, sent)| sent.elapsed()));
        Ok(())
    }
}

/// A sealed position; each one is different.
fn datagram(player: &Player, number: usize) -> anyhow::Result<Vec<u8>> {
    let update = json!({
        "command": "UPDATE",
        "sessionId": player.id,
        "position": {"x": number as f64 / 16.0, "y": -2.0, "z": 0.8},
        "rotation": {"x": 0.0, "y": 0.25, "z": 0.0, "w": 0.9682},
    });
    Ok(player.cipher.seal(update.to_string().as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returned_datagrams_are_timed_and_skipped_ones_are_lost() {
        let sent = Instant::now();
        let mut under_way = VecDeque::from([1, 2, 3].map(|byte| (vec![byte], sent)));
        let mut seen = Received::default();
        let second = Incoming::Datagram(vec![2].into());
        seen.take(&second, &mut under_way).unwrap();
        assert_eq!((seen.times.len(), under_way.len()), (1, 1));
        assert!(seen.take(&second, &mut under_way).is_err());
    }
}
