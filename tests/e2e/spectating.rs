//! Races are watched without an account: a link shows the cars where their players drive them.

use std::time::Duration;

use protocol::command::Command;
use protocol::geometry::{Quat, Vec3};
use protocol::id::SessionId;
use relay::Config;
use server::Options;
use tests::{Player, Site, Spectator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::two_in_a_room;

/// How exact a place is in a snapshot, in metres along an axis.
const PRECISION: f32 = 0.0051;

pub(crate) fn id_of(player: &Player) -> SessionId {
    match player.client.session().id() {
        Some(id) => *id,
        None => panic!("not welcomed"),
    }
}

/// Send a place and do for a moment what is due.
pub(crate) async fn drive(player: &mut Player, place: Vec3) -> anyhow::Result<()> {
    player.client.send_update(place, Quat::from_yaw(1.0))?;
    player.step(Duration::from_millis(10)).await;
    Ok(())
}

pub(crate) fn is_at(spectator: &Spectator, player: &Player, place: Vec3) -> bool {
    spectator.car(&player.name).is_some_and(|car| {
        let off = car.position - place;
        [off.x, off.y, off.z]
            .iter()
            .all(|axis| axis.abs() <= PRECISION)
    })
}

#[tokio::test]
async fn a_spectator_sees_the_players_drive_on_their_true_paths() -> anyhow::Result<()> {
    for faithful in [false, true] {
        let (site, mut ann, mut bob, room) = two_in_a_room(faithful).await?;
        let mut spectator = Spectator::watch(&site.relay, &room).await?;
        spectator
            .until(|spectator| spectator.indices().len() == 2)
            .await?;
        assert_eq!(spectator.room["name"], "Monza");
        // Session ids are keys, so spectators know players by other ids.
        assert_eq!(spectator.room["hostId"], spectator.room["players"][0]["id"]);
        let told = spectator.room.to_string();
        assert!(!told.contains(id_of(&ann).as_str()), "{told}");
        assert_eq!(spectator.room["isActive"], false);
        assert_eq!(spectator.room["players"][1]["name"], "Bob");
        let mut seen_between = 0;
        let mut x = 0.0;
        while seen_between < 10 {
            x += 0.5;
            assert!(x < 1000.0, "the cars are not seen to move");
            drive(&mut ann, Vec3::new(x, 1.0, 10.0)).await?;
            drive(&mut bob, Vec3::new(-x, 2.0, -20.0)).await?;
            spectator.listen(Duration::from_millis(5)).await?;
            let cars = [&ann, &bob].map(|player| spectator.car(&player.name));
            let [Some(a), Some(b)] = cars else { continue };
            assert!((a.position.z - 10.0).abs() < PRECISION, "{a:?}");
            assert!((b.position.z + 20.0).abs() < PRECISION, "{b:?}");
            assert!((a.position.y - 1.0).abs() < PRECISION && a.rotation.yaw() > 0.98);
            // A car is drawn in the past, so it is ahead of its true place by at most the extrapolation.
            assert!(a.position.x >= 0.0 && -b.position.x >= 0.0);
            seen_between += u32::from(a.position.x > 0.0 && a.position.x < x);
        }
        let (a, b) = (Vec3::new(x, 1.0, 10.0), Vec3::new(-x, 2.0, -20.0));
        while !(is_at(&spectator, &ann, a) && is_at(&spectator, &bob, b)) {
            drive(&mut ann, a).await?;
            drive(&mut bob, b).await?;
            spectator.listen(Duration::from_millis(5)).await?;
        }
        ann.ask(Command::StartGame).await??;
        spectator
            .until(|spectator| spectator.room["isActive"] == true)
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_late_joiner_gets_the_whole_room_at_once() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let mut first = Spectator::watch(&site.relay, &room).await?;
    let place = Vec3::new(5.0, 0.0, 7.0);
    while !is_at(&first, &ann, place) {
        drive(&mut ann, place).await?;
        first.listen(Duration::from_millis(5)).await?;
    }
    // The player sends nothing any more, so the late joiner gets the existing state.
    let mut late = Spectator::watch(&site.relay, &room).await?;
    late.until(|late| late.kinds.len() >= 2).await?;
    assert_eq!(&late.kinds[..2], "tb", "the room, then its cars");
    assert_eq!(late.room["players"][0]["name"], "Ann");
    assert!(is_at(&late, &ann, place), "{:?}", late.snapshot);
    Ok(())
}

#[tokio::test]
async fn every_spectator_gets_every_snapshot() -> anyhow::Result<()> {
    let slow = |config: &mut Config| config.spectating.hz = 5;
    let site = Site::start_with(Options::default(), slow).await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let mut spectators = Vec::new();
    for _ in 0..50 {
        spectators.push(Spectator::watch(&site.relay, &room).await?);
    }
    let number = |spectator: &Spectator| spectator.snapshot.as_ref().map(|s| s.number);
    let mut x = 0.0;
    let mut first = None;
    let last = loop {
        x += 0.5;
        drive(&mut ann, Vec3::new(x, 0.0, 0.0)).await?;
        spectators[0].listen(Duration::from_millis(5)).await?;
        let Some(newest) = number(&spectators[0]) else {
            continue;
        };
        if newest >= *first.get_or_insert(newest) + 10 {
            break newest;
        }
    };
    for spectator in &mut spectators {
        spectator
            .until(|spectator| number(spectator) >= Some(last))
            .await?;
        assert_eq!(spectator.skipped, 0);
        assert_eq!(spectator.indices().len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_player_who_changes_rooms_is_shown_in_the_new_one_only() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    let [one, two] = [ann.create_room("one").await?, bob.create_room("two").await?];
    let mut at_one = Spectator::watch(&site.relay, &one).await?;
    let mut at_two = Spectator::watch(&site.relay, &two).await?;
    let (a, b) = (Vec3::new(1.0, 0.0, 1.0), Vec3::new(2.0, 0.0, 2.0));
    while !(is_at(&at_one, &ann, a) && is_at(&at_two, &bob, b)) {
        drive(&mut ann, a).await?;
        drive(&mut bob, b).await?;
        at_one.listen(Duration::from_millis(5)).await?;
        at_two.listen(Duration::from_millis(5)).await?;
    }
    assert_eq!((at_one.indices().len(), at_two.indices().len()), (1, 1));
    bob.join_room(&one).await??;
    let b = Vec3::new(3.0, 0.0, 3.0);
    while !(is_at(&at_one, &ann, a) && is_at(&at_one, &bob, b)) {
        drive(&mut ann, a).await?;
        drive(&mut bob, b).await?;
        at_one.listen(Duration::from_millis(5)).await?;
        assert!(!is_at(&at_two, &bob, b), "seen in the room it left");
        at_two.listen(Duration::from_millis(5)).await?;
    }
    at_two
        .until(|spectator| spectator.indices().is_empty())
        .await?;
    let is_empty = |spectator: &Spectator| {
        spectator
            .snapshot
            .as_ref()
            .is_some_and(|snapshot| snapshot.cars.is_empty())
    };
    at_two.until(is_empty).await?;
    // A closed tab is no different from a goodbye.
    drop(bob);
    at_one
        .until(|at_one| !at_one.indices().contains_key("Bob"))
        .await?;
    assert!(at_one.indices().contains_key("Ann"));
    Ok(())
}

#[tokio::test]
async fn spectators_who_do_not_read_disturb_neither_players_nor_others() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let mut sleepers = Vec::new();
    for _ in 0..20 {
        sleepers.push(Spectator::watch(&site.relay, &room).await?);
    }
    let mut awake = Spectator::watch(&site.relay, &room).await?;
    for step in 1..=3 {
        let place = Vec3::new(10.0 * step as f32, 0.0, 0.0);
        while !is_at(&awake, &ann, place) {
            drive(&mut ann, place).await?;
            awake.listen(Duration::from_millis(5)).await?;
        }
        ann.ask(Command::Ping).await??;
    }
    Ok(())
}

#[tokio::test]
async fn the_rooms_are_listed_with_what_there_is_to_see() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let room = ann.create_room("Monza").await?;
    let mut spectator = Spectator::watch(&site.relay, &room).await?;
    spectator
        .until(|spectator| spectator.room["name"] == "Monza")
        .await?;
    let mut socket = TcpStream::connect(site.relay.addr()).await?;
    let request = b"GET /api/rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    socket.write_all(request).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let host = spectator.room["hostId"].as_str().unwrap_or_default();
    let listed = format!(
        r#"[{{"id":"{room}","name":"Monza","playerCount":1,"hostId":"{host}","isActive":false,"live":true,"spectators":1,"delayMs":0}}]"#
    );
    assert!(answer.ends_with(&listed), "{answer}");
    assert!(!answer.contains(id_of(&ann).as_str()), "{answer}");
    Ok(())
}
