//! A player of a server with accounts who was cut off and cannot resume: it signs in anew, with the token of its account alone.

use anyhow::Context as _;
use protocol::event::Event;
use protocol::generation::Generation;
use protocol::geometry::Vec3;
use protocol::id::{Password, Token};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, Output, SignIn};
use server::Options;
use tests::{Player, Site};

use crate::see;

/// What a client that kept only its token signs in with.
fn with_token(token: Token) -> SignIn {
    SignIn {
        token: Some(token),
        ..SignIn::with_name("Ann")
    }
}

#[tokio::test]
async fn a_client_cut_off_on_the_token_generation_returns_by_its_token() -> anyhow::Result<()> {
    let options = Options {
        generation: Generation::Token,
        ..Options::default()
    };
    let Site { relay, server } = Site::start_with(options, |_| {}).await?;
    let second = Site::relay_of(&server).await?;
    let elsewhere = format!("ws://{}/ws", second.addr());
    let mut ann = Player::connect(&format!("ws://{}/ws", relay.addr())).await?;
    let register = SignIn {
        password: Some(Password::new("a long secret")),
        create: true,
        ..SignIn::with_name("Ann")
    };
    let Event::RegisterOk(account) = ann.sign_in_as(register).await?? else {
        anyhow::bail!("no account");
    };
    let token = account.token.context("no token")?;
    let mut bob = Player::sign_in(&elsewhere, "Bob").await?;
    let room = ann.create_room("Monza").await?;
    bob.join_room(&room).await??;
    see(&mut ann, &mut bob, Vec3::new(1.0, 0.0, 1.0)).await?;

    // The relay is gone, and with it what a client could resume.
    let (_, ended) = tokio::join!(relay.stop(), ann.until_ended());
    ended?;
    drop(ann);
    let is_left = |output| matches!(output, Output::PlayerLeft(player) if player.name == "Ann");
    bob.until(|bob| bob.take(|output| is_left(output).then_some(())).is_some())
        .await?;

    let mut ann = Player::connect(&elsewhere).await?;
    let answer = ann.sign_in_as(with_token(token)).await??;
    let Event::AutoAuthOk(account) = answer else {
        anyhow::bail!("signed in otherwise: {answer:?}");
    };
    assert_eq!(account.username, "Ann");
    assert_eq!(account.token, None, "the old one stays");
    ann.join_room(&room).await??;
    see(&mut ann, &mut bob, Vec3::new(2.0, 0.0, 2.0)).await?;
    see(&mut bob, &mut ann, Vec3::new(3.0, 0.0, 3.0)).await
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_refused_and_nothing_else_is_tried() -> anyhow::Result<()>
{
    let options = Options {
        generation: Generation::Token,
        ..Options::default()
    };
    let site = Site::start_with(options, |_| {}).await?;
    let mut ann = Player::connect(&site.url()).await?;
    let refused = ann.sign_in_as(with_token(Token::new("old"))).await?;
    assert!(
        matches!(&refused, Err(CommandError::Refused { refusal, .. }) if *refusal == Refusal::TokenExpired),
        "{refused:?}"
    );
    Ok(())
}
