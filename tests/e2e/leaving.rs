//! No player stays behind as a ghost, however it leaves.

use anyhow::Context as _;
use protocol::command::Command;
use serde_json::json;
use server::Options;
use tests::{Player, Site};

use crate::resumer::{Resumer, TOKEN};
use crate::two_in_a_room;

/// Ann in a room with Bob, on a server that keeps vanished players for ever unless somebody says goodbye.
async fn room_of_two() -> anyhow::Result<(Site, Player, Player)> {
    let (site, ann, mut bob, _) = two_in_a_room(true).await?;
    assert_eq!(bob.room_players().await?.len(), 2);
    Ok((site, ann, bob))
}

async fn until_alone(bob: &mut Player) -> anyhow::Result<()> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while bob.room_players().await?.len() > 1 {
        anyhow::ensure!(std::time::Instant::now() < deadline, "a ghost is left");
    }
    Ok(())
}

#[tokio::test]
async fn a_player_who_says_goodbye_is_gone() -> anyhow::Result<()> {
    let (_site, mut ann, mut bob) = room_of_two().await?;
    ann.goodbye().await?;
    until_alone(&mut bob).await
}

#[tokio::test]
async fn a_player_whose_tab_is_closed_is_gone() -> anyhow::Result<()> {
    let (_site, ann, mut bob) = room_of_two().await?;
    drop(ann);
    until_alone(&mut bob).await
}

#[tokio::test]
async fn a_player_who_vanishes_with_a_command_outstanding_is_gone() -> anyhow::Result<()> {
    let (_site, mut ann, mut bob) = room_of_two().await?;
    for _ in 0..5 {
        ann.send_text(r#"{"command":"LIST_ROOMS"}"#).await?;
    }
    drop(ann);
    until_alone(&mut bob).await
}

#[tokio::test]
async fn the_host_who_leaves_passes_the_room_on() -> anyhow::Result<()> {
    let (_site, mut ann, mut bob) = room_of_two().await?;
    ann.goodbye().await?;
    until_alone(&mut bob).await?;
    bob.ask(Command::StartGame).await??;
    Ok(())
}

#[tokio::test]
async fn a_relay_that_stops_says_goodbye_for_everybody() -> anyhow::Result<()> {
    let options = Options {
        faithful: true,
        ..Options::default()
    };
    let site = Site::start_with(options, |_| {}).await?;
    let second = Site::relay_of(&site.server).await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let mut bob = Player::sign_in(&format!("ws://{}/ws", second.addr()), "Bob").await?;
    let room = ann.create_room("Monza").await?;
    bob.join_room(&room).await??;
    let Site { relay, server } = site;
    let (_, ended) = tokio::join!(relay.stop(), ann.until_ended());
    assert_eq!(ended?.code, 1012);
    until_alone(&mut bob).await?;
    drop(server);
    Ok(())
}

#[tokio::test]
async fn a_player_whose_connection_breaks_stays_in_its_room() -> anyhow::Result<()> {
    let options = Options {
        faithful: true,
        ..Options::default()
    };
    let site = Site::start_with(options, |_| {}).await?;
    let mut ann = Resumer::connect(&site, TOKEN, 0).await?;
    assert_eq!(ann.line().await?["relay"], "ready");
    assert!(ann.line().await?.is_string(), "the welcome");
    ann.ask(json!({"command": "NAME", "name": "Ann", "password": "x"}))
        .await?;
    let made = ann
        .ask(json!({"command": "CREATE_ROOM", "name": "Monza"}))
        .await?;
    let room = made["roomId"].as_str().context("a room")?.parse()?;
    let mut bob = Player::sign_in(&site.url(), "Bob").await?;
    bob.join_room(&room).await??;
    drop(ann);
    // Bob does not notice, and Ann goes on as host.
    for _ in 0..20 {
        assert_eq!(bob.room_players().await?.len(), 2);
    }
    let mut ann = Resumer::connect(&site, TOKEN, 3).await?;
    assert_eq!(ann.line().await?["resumed"], true);
    let started = ann.ask(json!({"command": "START_GAME"})).await?;
    assert_eq!(started["command"], "GAME_STARTED", "{started}");
    ann.socket.close(None).await?;
    until_alone(&mut bob).await
}
