//! Lines there and back: one player that waits for every answer, and many that keep several lines on their way.

use std::time::Instant;

use anyhow::ensure;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::player::Player;
use crate::report::Figures;
use crate::route::Route;

/// The length of a line on its way up.
const LINE_BYTES: usize = 250;
/// Lines that each of many players has on their way.
const PIPELINED: u32 = 8;
/// Round trips before those that count.
const WARM_UP: u32 = 10;

/// One player, one line at a time.
pub(crate) async fn one_at_a_time(
    route: &Route,
    plan: Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut player = Player::connect(route).await?;
    let mut times = Vec::new();
    for number in 0..WARM_UP + plan.lines {
        let sent = Instant::now();
        player.send_line(&line(number))?;
        let answer = player.next_line().await?;
        times.push(sent.elapsed());
        check(&answer, number)?;
    }
    figures.line_times(times.split_off(WARM_UP as usize));
    Ok(())
}

/// Many players with several lines on their way each.
pub(crate) async fn many_at_once(
    route: &Route,
    plan: Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut players = Player::connect_all(route, plan.players).await?;
    let (cpu, begun) = (route.cpu()?, Instant::now());
    let exchanging = players.iter_mut();
    try_join_all(exchanging.map(|player| exchange(player, plan.lines_each))).await?;
    let elapsed = begun.elapsed();
    let trips = f64::from(plan.lines_each) * plan.players as f64;
    figures.line_trips(trips / elapsed.as_secs_f64());
    if let (Some(before), Some(after)) = (cpu, route.cpu()?) {
        figures.line_cpu.add(after - before, trips);
    }
    Ok(())
}

/// Send lines and take the answers, which come in order.
async fn exchange(player: &mut Player, lines: u32) -> anyhow::Result<()> {
    for number in 0..PIPELINED.min(lines) {
        player.send_line(&line(number))?;
    }
    for number in 0..lines {
        check(&player.next_line().await?, number)?;
        let next = number + PIPELINED;
        if next < lines {
            player.send_line(&line(next))?;
        }
    }
    Ok(())
}

/// Make a line of [`LINE_BYTES`] whose text begins with a number.
fn line(number: u32) -> String {
    let target = format!("{:032x}", 0xec40);
    let line = |message: &str| {
        json!({"command": "RELAY_MESSAGE", "targetId": target, "message": message}).to_string()
    };
    let rest = LINE_BYTES.saturating_sub(line("").len());
    line(&format!("{number:<rest$}"))
}

fn check(answer: &str, number: u32) -> anyhow::Result<()> {
    let read: Value = serde_json::from_str(answer)?;
    let message = read["message"].as_str().unwrap_or_default();
    ensure!(
        read["command"] == "RELAYED_MESSAGE" && message.trim_end() == number.to_string(),
        "not the answer to line {number}: {answer}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_length_and_only_its_own_answer_is_taken() {
        assert_eq!(line(7).len(), LINE_BYTES);
        let answer = line(7).replace("RELAY_MESSAGE", "RELAYED_MESSAGE");
        assert!(check(&answer, 7).is_ok());
        assert!(check(&answer, 8).is_err());
        assert!(check(&line(7), 7).is_err());
    }
}
