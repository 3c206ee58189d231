//! What players do: see each other drive, write to each other, and start together.

use protocol::command::Command;
use protocol::event::{Event, Spawn};
use protocol::generation::Generation;
use protocol::geometry::Vec3;
use protocol::session::{Config, Output};
use server::Options;
use tests::{Player, Site};

use crate::{see, two_in_a_room};

#[tokio::test]
async fn players_see_each_other_in_both_modes_of_the_server() -> anyhow::Result<()> {
    for faithful in [false, true] {
        let (_site, mut ann, mut bob, _) = two_in_a_room(faithful).await?;
        see(&mut ann, &mut bob, Vec3::new(12.5, 0.25, -300.75)).await?;
        see(&mut bob, &mut ann, Vec3::new(0.1, 1e-7, 123.456)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn everybody_gets_the_start_once_with_a_place_for_each() -> anyhow::Result<()> {
    let (_site, mut ann, mut bob, _) = two_in_a_room(false).await?;
    let answer = ann.ask(Command::StartGame).await??;
    let Event::GameStarted(started) = answer else {
        panic!("not started: {answer:?}")
    };
    assert_eq!(started.host_id.as_ref(), ann.client.session().id());
    let places: Vec<Spawn> = started.spawns.iter().map(|(_, spawn)| *spawn).collect();
    assert_eq!(places.len(), 2);
    assert_ne!(places[0], places[1]);
    let told = |output| matches!(output, Output::GameStarted(_)).then_some(());
    bob.until(|bob| bob.take(told).is_some()).await?;
    // The second start line for the host has come when a later command is answered.
    ann.ask(Command::Ping).await??;
    assert!(ann.take(told).is_some());
    assert!(ann.take(told).is_none(), "the host is told once");
    Ok(())
}

#[tokio::test]
async fn a_message_arrives_unchanged() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut ann = Player::sign_in(&site.url(), "Zoë <&'+\"`").await?;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    let target_id = bob.client.session().id().cloned().expect("an id");
    let text = "grüß dich 日本 🏁 \\ / \u{7f}";
    ann.ask(Command::RelayMessage {
        target_id,
        message: text.to_owned(),
    })
    .await??;
    let mut heard = None;
    bob.until(|bob| {
        heard = bob.take(|output| match output {
            Output::Message {
                sender_name,
                message,
                ..
            } => Some((sender_name, message)),
            _ => None,
        });
        heard.is_some()
    })
    .await?;
    assert_eq!(heard, Some(("Zoë <&'+\"`".to_owned(), text.to_owned())));
    Ok(())
}

#[tokio::test]
async fn batches_and_compression_work_and_are_optional() -> anyhow::Result<()> {
    for faithful in [false, true] {
        let options = Options {
            faithful,
            ..Options::default()
        };
        let site = Site::start_with(options, |_| {}).await?;
        let config = Config {
            batching: true,
            gzip: !faithful,
            ..Config::default()
        };
        let mut ann = Player::sign_in_with(&site.url(), "Ann", config).await?;
        let mut bob = Player::sign_in(&site.url(), "Bob").await?;
        let room = ann.create_room("Monza").await?;
        bob.join_room(&room).await??;
        let info = ann.client.send(Command::PlayerInfo)?;
        let answer = ann.ask(Command::ListRooms).await??;
        assert!(matches!(answer, Event::RoomList(rooms) if rooms.len() == 1));
        let answered = ann.take(|output| match output {
            Output::Answer { ticket, answer } if ticket == info => Some(answer),
            _ => None,
        });
        assert!(matches!(answered, Some(Ok(Event::PlayerInfo(_)))));
        see(&mut ann, &mut bob, Vec3::new(5.0, 0.0, 5.0)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn q28_whoever_joins_a_race_late_learns_of_it_by_the_list_alone() -> anyhow::Result<()> {
    for (generation, faithful) in [
        (Generation::First, true),
        (Generation::Chat, true),
        (Generation::Token, true),
        (Generation::Token, false),
    ] {
        let options = Options {
            generation,
            faithful,
            ..Options::default()
        };
        let site = Site::start_with(options, |_| {}).await?;
        let mut ann = Player::sign_in(&site.url(), "Ann").await?;
        let room = ann.create_room("Monza").await?;
        ann.ask(Command::StartGame).await??;
        let mut bob = Player::sign_in(&site.url(), "Bob").await?;
        bob.join_room(&room).await??;
        let Event::RoomList(rooms) = bob.ask(Command::ListRooms).await?? else {
            anyhow::bail!("no list");
        };
        assert!(rooms.iter().any(|one| one.id == room && one.is_active));
        let is_start = |output| matches!(output, Output::GameStarted(_)).then_some(());
        assert!(bob.take(is_start).is_none(), "{generation}");
        see(&mut ann, &mut bob, Vec3::new(5.0, 0.0, 5.0)).await?;
    }
    Ok(())
}
