//! Every failure has a clear message, and disturbs nobody else.

use protocol::command::Command;
use protocol::frame::MAX_CLIENT_LINE_BYTES;
use protocol::id::Password;
use protocol::refusal::Refusal;
use protocol::session::{CommandError, Output};
use relay::Trust;
use server::Options;
use tests::{Player, Site};

use crate::{Bystanders, refusal};

#[tokio::test]
async fn a_wrong_password_is_refused() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    let _ann = Player::sign_in(&site.url(), "Ann").await?;
    let mut thief = Player::connect(&site.url()).await?;
    let password = Some(Password::new("a guess"));
    let answer = thief
        .ask(Command::Name {
            name: "Ann".into(),
            password,
        })
        .await?;
    assert_eq!(refusal(answer), "Invalid password for this player name.");
    bystanders.go_on().await
}

#[tokio::test]
async fn a_full_room_is_refused() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    let mut host = Player::sign_in(&site.url(), "host").await?;
    let room = host.create_room("full").await?;
    let mut guests = Vec::new();
    for guest in 1..20 {
        let mut guest = Player::sign_in(&site.url(), &format!("guest {guest}")).await?;
        guest.join_room(&room).await??;
        guests.push(guest);
    }
    let mut late = Player::sign_in(&site.url(), "late").await?;
    let answer = late.join_room(&room).await?;
    assert!(
        matches!(
            &answer,
            Err(CommandError::Refused {
                refusal: Refusal::RoomFull,
                ..
            })
        ),
        "{answer:?}"
    );
    assert_eq!(host.room_players().await?.len(), 20);
    bystanders.go_on().await
}

#[tokio::test]
async fn only_the_host_may_start() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    let answer = bystanders.watcher.ask(Command::StartGame).await?;
    assert!(
        matches!(
            &answer,
            Err(CommandError::Refused {
                refusal: Refusal::NotHost,
                ..
            })
        ),
        "{answer:?}"
    );
    bystanders.go_on().await
}

#[tokio::test]
async fn a_room_that_is_not_there_is_refused() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    let answer = ann
        .join_room(&"00112233445566778899aabbccddeeff".parse()?)
        .await?;
    let unknown = CommandError::Refused {
        refusal: Refusal::RoomNotFound,
        message: "Room not found.".to_owned(),
    };
    assert_eq!(answer, Err(unknown));
    bystanders.go_on().await
}

#[tokio::test]
async fn a_game_server_that_is_down_is_reported() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let Site { server, relay } = site;
    server.stop().await;
    let ended = Player::dial(&format!("ws://{}/ws", relay.addr()))
        .await?
        .until_ended()
        .await?;
    assert_eq!(ended.code, 4001);
    assert!(ended.reason.contains("game server"), "{}", ended.reason);
    Ok(())
}

#[tokio::test]
async fn a_game_server_that_restarts_is_found_again() -> anyhow::Result<()> {
    let certificate = tempfile::tempdir()?;
    let certificate_dir = Some(certificate.path().to_owned());
    let options = Options {
        certificate_dir: certificate_dir.clone(),
        ..Options::default()
    };
    let Site { server, relay } = Site::start_with(options, |_| {}).await?;
    let url = format!("ws://{}/ws", relay.addr());
    let mut ann = Player::sign_in(&url, "Ann").await?;
    let (tcp, udp) = (server.tcp_addr(), server.udp_addr());
    server.stop().await;
    assert_eq!(ann.until_ended().await?.code, 4000);
    let options = Options {
        tcp,
        udp,
        certificate_dir,
        ..Options::default()
    };
    let site = Site {
        server: server::Server::start(options).await?,
        relay,
    };
    Player::sign_in(&site.url(), "Ann").await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    bystanders.go_on().await
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_not_trusted() -> anyhow::Result<()> {
    let site = Site::start_with(Options::default(), |config| {
        config.game.trust = Trust::Pin("00".repeat(32).parse().expect("a fingerprint"));
    })
    .await?;
    let ended = Player::dial(&site.url()).await?.until_ended().await?;
    assert_eq!(ended.code, 4002);
    assert!(ended.reason.contains("certificate"), "{}", ended.reason);
    Ok(())
}

#[tokio::test]
async fn a_malformed_frame_ends_its_sender_alone() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    let newline = "{\"command\":\"PING\"}\n{\"command\":\"PING\"}";
    for frame in [
        Frame::Text(newline.into()),
        Frame::Text(String::new()),
        Frame::Binary(vec![]),
    ] {
        let ended = end_by(&site, frame).await?;
        assert_eq!(ended.code, 4006, "{}", ended.reason);
        assert!(!ended.reason.is_empty());
        bystanders.go_on().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_oversized_frame_ends_its_sender_alone() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut bystanders = Bystanders::enter(&site).await?;
    let long = "x".repeat(MAX_CLIENT_LINE_BYTES + 1);
    for frame in [Frame::Text(long), Frame::Binary(vec![0; 4000])] {
        let ended = end_by(&site, frame).await?;
        assert_eq!(ended.code, 1009, "{}", ended.reason);
        bystanders.go_on().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_line_the_server_cannot_read_is_answered_and_the_session_goes_on() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let mut ann = Player::sign_in(&site.url(), "Ann").await?;
    ann.send_binary(b"no datagram").await;
    ann.send_text("nonsense").await?;
    let mut said = None;
    ann.until(|ann| {
        said = ann.take(|output| match output {
            Output::Unknown { line, .. } => Some(line),
            _ => None,
        });
        said.is_some()
    })
    .await?;
    assert_eq!(
        said.as_deref(),
        Some(r#"{"command":"ERROR","message":"Invalid JSON format"}"#)
    );
    ann.ask(Command::Ping).await??;
    Ok(())
}

enum Frame {
    Text(String),
    Binary(Vec<u8>),
}

async fn end_by(site: &Site, frame: Frame) -> anyhow::Result<tests::Ended> {
    let mut rude = Player::sign_in(&site.url(), "rude").await?;
    match frame {
        Frame::Text(text) => rude.send_text(&text).await?,
        Frame::Binary(bytes) => rude.send_binary(&bytes).await,
    }
    rude.until_ended().await
}
