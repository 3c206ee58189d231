//! Observers show rooms that no player of the relay shows, cost the players nothing, and leave in time.

use std::time::Duration;

use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::geometry::Vec3;
use protocol::id::{RoomId, SessionId};
use protocol::session::Output;
use relay::{Observing, Relay};
use server::Options;
use tests::{Player, Site, Spectator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::spectating::{drive, id_of, is_at};

/// Between two looks. Some waits take ten looks.
const LOOK: Duration = Duration::from_millis(30);

/// Between two commands of a player who waits. The relay lets 100 a second through.
const BEAT: Duration = Duration::from_millis(25);

/// A site whose relay sends observers, and the relay that the players use instead.
async fn site(faithful: bool) -> anyhow::Result<(Site, Relay)> {
    site_with(faithful, Observing::default()).await
}

async fn site_with(faithful: bool, observing: Observing) -> anyhow::Result<(Site, Relay)> {
    let options = Options {
        faithful,
        ..Options::default()
    };
    let site = Site::start_with(options, |config| {
        config.observing = Some(observing);
        config.timeouts.observe = LOOK;
        config.drain = Duration::from_millis(100);
        config.metrics_public = true;
    })
    .await?;
    let elsewhere = Site::relay_of(&site.server).await?;
    Ok((site, elsewhere))
}

fn url(relay: &Relay) -> String {
    format!("ws://{}/ws", relay.addr())
}

async fn rooms(player: &mut Player) -> anyhow::Result<Vec<Room>> {
    match player.ask(Command::ListRooms).await?? {
        Event::RoomList(rooms) => Ok(rooms),
        other => anyhow::bail!("not the rooms: {other:?}"),
    }
}

/// Wait until exactly these are in the player's room.
async fn until_here_are(player: &mut Player, expected: &[SessionId]) -> anyhow::Result<()> {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let mut here = player.room_players().await?;
        here.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        if here == expected {
            return Ok(());
        }
        anyhow::ensure!(std::time::Instant::now() < deadline, "{here:?}");
        player.step(BEAT).await;
    }
}

/// Wait until somebody other than these is in the player's room; gives that player.
async fn until_observed(player: &mut Player, players: &[SessionId]) -> anyhow::Result<SessionId> {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let here = player.room_players().await?;
        if let Some(other) = here.into_iter().find(|id| !players.contains(id)) {
            return Ok(other);
        }
        anyhow::ensure!(std::time::Instant::now() < deadline, "nobody came");
        player.step(BEAT).await;
    }
}

/// Take what came from others; all of it must be of these.
fn saw_only(player: &mut Player, expected: &[SessionId]) {
    while let Some(id) = player.take(|output| match output {
        Output::Update(update) => Some(update.session_id),
        _ => None,
    }) {
        assert!(expected.contains(&id), "a car that is no player's: {id}");
    }
}

/// Spectators are told of these two, whose names may come later, and of nobody else.
fn told_of_both(spectator: &Spectator) {
    for name in spectator.indices().keys() {
        assert!(["", "Ann", "Bob"].contains(name), "{}", spectator.room);
    }
}

#[tokio::test]
async fn players_of_another_relay_are_seen_and_see_no_observer() -> anyhow::Result<()> {
    for faithful in [false, true] {
        let (site, elsewhere) = site(faithful).await?;
        let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
        let mut bob = Player::sign_in(&url(&elsewhere), "Bob").await?;
        let room = ann.create_room("Monza").await?;
        bob.join_room(&room).await??;
        let players = [id_of(&ann), id_of(&bob)];
        let mut spectator = Spectator::watch(&site.relay, &room).await?;
        let (a, b) = (Vec3::new(5.0, 0.0, 1.0), Vec3::new(-3.0, 0.0, 2.0));
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while !(is_at(&spectator, &ann, a) && is_at(&spectator, &bob, b)) {
            anyhow::ensure!(std::time::Instant::now() < deadline, "{}", spectator.room);
            drive(&mut ann, a).await?;
            drive(&mut bob, b).await?;
            saw_only(&mut ann, &players);
            saw_only(&mut bob, &players);
            spectator.listen(Duration::from_millis(5)).await?;
            told_of_both(&spectator);
        }
        let named = |spectator: &Spectator, name: &str| {
            let players = spectator.room["players"].as_array();
            players.is_some_and(|players| players.iter().any(|player| player["name"] == name))
        };
        spectator
            .until(|spectator| named(spectator, "Ann") && named(spectator, "Bob"))
            .await?;
        assert_eq!(spectator.room["name"], "Monza");
        let observer = until_observed(&mut ann, &players).await?;
        assert_eq!(ann.room_players().await?.len(), 3);
        // Nobody watches any more, so the observer says goodbye.
        drop(spectator);
        until_here_are(&mut ann, &players).await?;
        assert!(!players.contains(&observer));
    }
    Ok(())
}

#[tokio::test]
async fn an_observer_that_becomes_host_or_is_alone_leaves() -> anyhow::Result<()> {
    let (site, elsewhere) = site(false).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let mut bob = Player::sign_in(&url(&elsewhere), "Bob").await?;
    let room = ann.create_room("Monza").await?;
    let _spectator = Spectator::watch(&site.relay, &room).await?;
    let a = id_of(&ann);
    until_observed(&mut ann, &[a]).await?;
    // The observer was here longest of those who stay, so it is host until it notices.
    bob.join_room(&room).await??;
    ann.ask(Command::LeaveRoom).await??;
    let b = id_of(&bob);
    let host = async |player: &mut Player, room: &RoomId| -> anyhow::Result<Option<SessionId>> {
        let rooms = rooms(player).await?;
        let found = rooms.into_iter().find(|listed| listed.id == *room);
        Ok(found.and_then(|room| room.host_id))
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while host(&mut ann, &room).await? != Some(b) {
        anyhow::ensure!(std::time::Instant::now() < deadline, "Bob is no host");
        ann.step(BEAT).await;
    }
    // It comes back after a while, and is alone once Bob has left. It leaves, and the room is gone.
    until_observed(&mut bob, &[b]).await?;
    bob.ask(Command::LeaveRoom).await??;
    while !rooms(&mut ann).await?.is_empty() {
        anyhow::ensure!(std::time::Instant::now() < deadline, "the room is there");
        ann.step(BEAT).await;
    }
    Ok(())
}

#[tokio::test]
async fn observers_leave_the_last_seat_to_players() -> anyhow::Result<()> {
    let (site, elsewhere) = site(false).await?;
    let mut crowd = Vec::new();
    for number in 0..19 {
        crowd.push(Player::sign_in(&url(&elsewhere), &format!("Player {number}")).await?);
    }
    let full = crowd[0].create_room("full").await?;
    for player in &mut crowd[1..] {
        player.join_room(&full).await??;
    }
    let players: Vec<_> = crowd.iter().map(id_of).collect();
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let other = ann.create_room("other").await?;
    let _at_full = Spectator::watch(&site.relay, &full).await?;
    let _at_other = Spectator::watch(&site.relay, &other).await?;
    // Both are on the same list, so an observer in one room means that the relay looked at the other too.
    let a = id_of(&ann);
    until_observed(&mut ann, &[a]).await?;
    let host = &mut crowd[0];
    assert_eq!(host.room_players().await?.len(), 19);
    // With one more free seat an observer comes, and it leaves when the room fills up.
    let mut last = crowd.pop().ok_or_else(|| anyhow::anyhow!("nobody"))?;
    last.ask(Command::LeaveRoom).await??;
    until_observed(&mut crowd[0], &players).await?;
    last.join_room(&full).await??;
    until_here_are(&mut crowd[0], &players).await
}

#[tokio::test]
async fn a_player_of_the_relay_takes_the_observers_place() -> anyhow::Result<()> {
    let (site, elsewhere) = site(true).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let mut spectator = Spectator::watch(&site.relay, &room).await?;
    let a = id_of(&ann);
    until_observed(&mut ann, std::slice::from_ref(&a)).await?;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    bob.join_room(&room).await??;
    let players = [a, id_of(&bob)];
    until_here_are(&mut ann, &players).await?;
    let (a, b) = (Vec3::new(5.0, 0.0, 1.0), Vec3::new(-3.0, 0.0, 2.0));
    while !(is_at(&spectator, &ann, a) && is_at(&spectator, &bob, b)) {
        drive(&mut ann, a).await?;
        drive(&mut bob, b).await?;
        spectator.listen(Duration::from_millis(5)).await?;
        told_of_both(&spectator);
    }
    told_of_both(&spectator);
    Ok(())
}

/// Drive until a spectator sees the player there.
async fn until_seen(
    spectator: &mut Spectator,
    player: &mut Player,
    place: Vec3,
) -> anyhow::Result<()> {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !is_at(spectator, player, place) {
        anyhow::ensure!(std::time::Instant::now() < deadline, "{}", spectator.room);
        drive(player, place).await?;
        spectator.listen(Duration::from_millis(5)).await?;
    }
    Ok(())
}

/// Wait until an observer is in another race whose player of the relay is idle. By then the relay has taken as many
/// looks at all rooms that were watched before.
async fn until_a_later_race_is_observed(site: &Site) -> anyhow::Result<()> {
    let mut player = Player::sign_in(&site.url(), "Zoe").await?;
    let race = player.create_room("Later").await?;
    player.ask(Command::StartGame).await??;
    let _spectator = Spectator::watch(&site.relay, &race).await?;
    let players = [id_of(&player)];
    until_observed(&mut player, &players).await?;
    Ok(())
}

#[tokio::test]
async fn a_race_whose_players_of_the_relay_are_idle_is_seen() -> anyhow::Result<()> {
    for faithful in [false, true] {
        let (site, elsewhere) = site(faithful).await?;
        let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
        let room = ann.create_room("Monza").await?;
        ann.ask(Command::StartGame).await??;
        // Bob has driven in another room, which counts for nothing here.
        let mut bob = Player::sign_in(&site.url(), "Bob").await?;
        let before = bob.create_room("Imola").await?;
        let mut spectator = Spectator::watch(&site.relay, &before).await?;
        until_seen(&mut spectator, &mut bob, Vec3::new(1.0, 0.0, 1.0)).await?;
        bob.ask(Command::LeaveRoom).await??;
        bob.join_room(&room).await??;
        let mut spectator = Spectator::watch(&site.relay, &room).await?;
        until_seen(&mut spectator, &mut ann, Vec3::new(5.0, 0.0, 1.0)).await?;
        let players = [id_of(&ann), id_of(&bob)];
        until_observed(&mut bob, &players).await?;
        // He drives: the observer leaves, and the positions he gets are shown instead.
        until_seen(&mut spectator, &mut bob, Vec3::new(-3.0, 0.0, 2.0)).await?;
        until_here_are(&mut bob, &players).await?;
        until_seen(&mut spectator, &mut ann, Vec3::new(9.0, 0.0, 1.0)).await?;
        until_seen(&mut spectator, &mut bob, Vec3::new(-6.0, 0.0, 2.0)).await?;
        assert_eq!(bob.room_players().await?.len(), 2);
        told_of_both(&spectator);
    }
    Ok(())
}

#[tokio::test]
async fn a_player_of_the_relay_who_drove_unwatched_needs_no_observer() -> anyhow::Result<()> {
    let (site, elsewhere) = site(true).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    ann.ask(Command::StartGame).await??;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    bob.join_room(&room).await??;
    let players = [id_of(&ann), id_of(&bob)];
    // Bob's position reached Ann through the relay, so he shows the race from now on.
    let b = players[1];
    let came = |player: &mut Player| {
        player.take(|output| match output {
            Output::Update(update) => Some(update.session_id),
            _ => None,
        })
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while came(&mut ann) != Some(b) {
        anyhow::ensure!(std::time::Instant::now() < deadline, "Bob is not seen");
        drive(&mut ann, Vec3::new(5.0, 0.0, 1.0)).await?;
        drive(&mut bob, Vec3::new(-3.0, 0.0, 2.0)).await?;
    }
    let mut spectator = Spectator::watch(&site.relay, &room).await?;
    until_seen(&mut spectator, &mut ann, Vec3::new(7.0, 0.0, 1.0)).await?;
    until_a_later_race_is_observed(&site).await?;
    assert_eq!(bob.room_players().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn no_observer_comes_into_a_lobby_of_the_relays_players() -> anyhow::Result<()> {
    let (site, elsewhere) = site(false).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    let room = bob.create_room("Monza").await?;
    ann.join_room(&room).await??;
    let _here = Spectator::watch(&site.relay, &room).await?;
    until_a_later_race_is_observed(&site).await?;
    assert_eq!(bob.room_players().await?.len(), 2);
    // The lobby's race begins, and they are idle in it too.
    bob.ask(Command::StartGame).await??;
    let waiting = [id_of(&ann), id_of(&bob)];
    until_observed(&mut bob, &waiting).await?;
    Ok(())
}

#[tokio::test]
async fn links_to_missing_rooms_do_not_hold_observers_back() -> anyhow::Result<()> {
    let observing = Observing {
        at_once: 1,
        ..Observing::default()
    };
    let (site, elsewhere) = site_with(true, observing).await?;
    let nowhere = "1".repeat(32).parse()?;
    let _one = Spectator::watch(&site.relay, &nowhere).await?;
    let _two = Spectator::watch(&site.relay, &nowhere).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let _three = Spectator::watch(&site.relay, &room).await?;
    let a = id_of(&ann);
    until_observed(&mut ann, &[a]).await?;
    Ok(())
}

#[tokio::test]
async fn one_address_cannot_take_all_observers() -> anyhow::Result<()> {
    let observing = Observing {
        at_once: 2,
        ..Observing::default()
    };
    let (site, elsewhere) = site_with(true, observing).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let monza = ann.create_room("Monza").await?;
    let mut bob = Player::sign_in(&url(&elsewhere), "Bob").await?;
    let imola = bob.create_room("Imola").await?;
    let greedy = [127, 0, 0, 2];
    let _at_monza = Spectator::watch_from(greedy, &site.relay, &monza).await?;
    let a = id_of(&ann);
    until_observed(&mut ann, &[a]).await?;
    let _at_imola = Spectator::watch_from(greedy, &site.relay, &imola).await?;
    let refused = r#"mp_relay_limit_reached_total{limit="observers"}"#;
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while metric(&site.relay, refused).await? == Some(0) {
        anyhow::ensure!(
            std::time::Instant::now() < deadline,
            "it has more than its share"
        );
        bob.step(BEAT).await;
    }
    // The same race watched by somebody else gets the other observer.
    let _other = Spectator::watch_from([127, 0, 0, 3], &site.relay, &imola).await?;
    let b = id_of(&bob);
    until_observed(&mut bob, &[b]).await?;
    Ok(())
}

#[tokio::test]
async fn observers_make_way_for_an_address_that_has_none() -> anyhow::Result<()> {
    let observing = Observing {
        at_once: 3,
        ..Observing::default()
    };
    let (site, elsewhere) = site_with(true, observing).await?;
    let mut players = Vec::new();
    let mut watching = Vec::new();
    // The first address has two observers, the second one. Then all are out.
    for (name, from) in [("Ann", 2), ("Bob", 2), ("Cy", 3), ("Di", 4)] {
        let mut player = Player::sign_in(&url(&elsewhere), name).await?;
        let room = player.create_room(name).await?;
        watching.push(Spectator::watch_from([127, 0, 0, from], &site.relay, &room).await?);
        let id = id_of(&player);
        until_observed(&mut player, &[id]).await?;
        players.push(player);
    }
    let ended = r#"mp_relay_observations_ended_total{end="shared"}"#;
    assert_eq!(metric(&site.relay, ended).await?, Some(1));
    Ok(())
}

#[tokio::test]
async fn a_stopping_relay_withdraws_its_observers() -> anyhow::Result<()> {
    let (site, elsewhere) = site(true).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let _spectator = Spectator::watch(&site.relay, &room).await?;
    let a = id_of(&ann);
    until_observed(&mut ann, std::slice::from_ref(&a)).await?;
    let stopping = tokio::spawn(site.relay.stop());
    until_here_are(&mut ann, &[a]).await?;
    stopping.await?;
    Ok(())
}

/// Read one number of the metrics page.
async fn metric(relay: &Relay, name: &str) -> anyhow::Result<Option<u64>> {
    let address = relay.addr();
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await?;
    let found = page.lines().find_map(|line| line.strip_prefix(name));
    Ok(found.map(|number| number.trim().parse()).transpose()?)
}

#[tokio::test]
async fn a_room_for_which_no_observer_is_left_is_counted_once() -> anyhow::Result<()> {
    let observing = Observing {
        at_once: 1,
        ..Observing::default()
    };
    let (site, elsewhere) = site_with(true, observing).await?;
    let mut ann = Player::sign_in(&url(&elsewhere), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let _at_monza = Spectator::watch(&site.relay, &room).await?;
    let a = id_of(&ann);
    until_observed(&mut ann, &[a]).await?;
    let mut bob = Player::sign_in(&url(&elsewhere), "Bob").await?;
    let other = bob.create_room("Imola").await?;
    let _at_imola = Spectator::watch(&site.relay, &other).await?;
    let refused = r#"mp_relay_limit_reached_total{limit="observers"}"#;
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while metric(&site.relay, refused).await? == Some(0) {
        anyhow::ensure!(std::time::Instant::now() < deadline, "it is not counted");
        ann.step(BEAT).await;
    }
    for _look in 0..10 {
        ann.step(BEAT).await;
        assert_eq!(metric(&site.relay, refused).await?, Some(1));
    }
    Ok(())
}
