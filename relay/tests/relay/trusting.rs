//! Contract 4: every kind of trust accepts the right server and no other.

use rcgen::{BasicConstraints, CertificateParams, IsCa};
use relay::{Config, Fingerprint, GameServer, Relay, Trust};
use rustls::version::{TLS12, TLS13};
use sha1::Digest as _;

use crate::browser::Browser;
use crate::config_for;
use crate::game::{Game, Identity};

fn trusting(game: &Game, trust: &str) -> Config {
    let mut config = config_for(game);
    config.game.trust = trust.parse().unwrap();
    config
}

async fn is_taken(game: &mut Game, config: Config) {
    let trust = format!("{:?}", config.game.trust);
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    browser.say(&trust).await;
    game.player().await.expect(&trust).await;
}

async fn is_refused(game: &mut Game, config: Config) {
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    browser.expect_close(4002, "operator must look at it").await;
    assert!(!game.has_player());
}

/// Write the game server's certificate to a file and trust that.
fn bundle_of(game: &Game) -> (tempfile::TempPath, String) {
    let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    std::fs::write(&file, &game.pem).unwrap();
    let trust = format!("ca-file:{}", file.display());
    (file, trust)
}

#[tokio::test]
async fn each_kind_of_trust_accepts_the_right_server_over_tls_1_2_and_1_3() {
    for version in [&TLS12, &TLS13] {
        let mut game = Game::start_as(&Identity::odd(), &[version]).await;
        let sha256 = Fingerprint::of(&game.certificate).to_string();
        let sha1: String = sha1::Sha1::digest(&game.certificate)
            .iter()
            .map(|byte| format!("{byte:02X}:"))
            .collect();
        let (_file, bundle) = bundle_of(&game);
        for trust in [
            format!("pin:{sha256}"),
            format!("pin:{}", sha1.trim_end_matches(':')),
            bundle,
            "insecure".to_owned(),
        ] {
            let config = trusting(&game, &trust);
            is_taken(&mut game, config).await;
        }
    }
}

#[tokio::test]
async fn a_server_with_another_certificate_is_refused() {
    let mut game = Game::start().await;
    let other = Game::start().await;
    let (_file, other_bundle) = bundle_of(&other);
    for trust in [
        format!("pin:{}", Fingerprint::of(&other.certificate)),
        other_bundle,
        "system".to_owned(),
    ] {
        let config = trusting(&game, &trust);
        is_refused(&mut game, config).await;
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    for version in [&TLS12, &TLS13] {
        let thief = Identity::odd().with_key_of(Identity::odd());
        let mut game = Game::start_as(&thief, &[version]).await;
        let (_file, bundle) = bundle_of(&game);
        for trust in [
            format!("pin:{}", Fingerprint::of(&game.certificate)),
            bundle,
            "insecure".to_owned(),
        ] {
            let config = trusting(&game, &trust);
            is_refused(&mut game, config).await;
        }
    }
}

#[tokio::test]
async fn a_certificate_of_version_1_is_taken_under_a_pin_but_not_without_its_key() {
    let read = || Identity::read(include_str!("certificates/version-1.pem"));
    for version in [&TLS12, &TLS13] {
        let mut game = Game::start_as(&read(), &[version]).await;
        for trust in [
            format!("pin:{}", Fingerprint::of(&game.certificate)),
            "insecure".to_owned(),
        ] {
            let config = trusting(&game, &trust);
            is_taken(&mut game, config).await;
        }
        let thief = read().with_key_of(Identity::odd());
        let mut game = Game::start_as(&thief, &[version]).await;
        let config = config_for(&game);
        is_refused(&mut game, config).await;
    }
}

#[tokio::test]
async fn an_authority_vouches_only_for_the_right_name() {
    let mut game = Game::start().await;
    let (_file, trust) = bundle_of(&game);
    let mut config = trusting(&game, &trust);
    config.game.server_name = Some("game.example".into());
    is_refused(&mut game, config).await;
    let mut config = trusting(&game, &trust);
    config.game.server_name = Some("racing-server".into());
    is_taken(&mut game, config).await;
}

#[tokio::test]
async fn a_bundled_certificate_that_calls_itself_an_authority_is_taken() {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let identity = Identity::signed(&params);
    let mut game = Game::start_as(&identity, rustls::ALL_VERSIONS).await;
    let (_file, trust) = bundle_of(&game);
    let config = trusting(&game, &trust);
    is_taken(&mut game, config).await;
    let mut config = trusting(&game, &trust);
    config.game.server_name = Some("game.example".into());
    is_refused(&mut game, config).await;
}

#[tokio::test]
async fn a_bundled_certificate_that_has_expired_is_refused() {
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = is_ca;
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        let identity = Identity::signed(&params);
        let mut game = Game::start_as(&identity, rustls::ALL_VERSIONS).await;
        let (_file, trust) = bundle_of(&game);
        let config = trusting(&game, &trust);
        is_refused(&mut game, config).await;
    }
}

#[tokio::test]
async fn a_new_pin_or_bundle_is_used_from_the_next_dial_on_and_players_stay() {
    let mut game = Game::start().await;
    let other = Game::start().await;
    let (file, bundle) = bundle_of(&game);
    let wrong_pin = format!("pin:{}", Fingerprint::of(&other.certificate));
    for right in [config_for(&game), trusting(&game, &bundle)] {
        let relay = Relay::start(right.clone()).await.unwrap();
        let mut first = Browser::ready(&relay).await;
        let mut player = game.player().await;
        relay.reload(&trusting(&game, &wrong_pin)).unwrap();
        let mut refused = Browser::connect(&relay).await;
        refused.expect_close(4002, "operator must look at it").await;
        let words = relay.reload(&right).unwrap();
        assert!(words.contains("certificate"), "{words}");
        let _second = Browser::ready(&relay).await;
        game.player().await;
        first.say("still here").await;
        player.expect("still here").await;
    }
    // The same file with another certificate.
    let relay = Relay::start(trusting(&game, &bundle)).await.unwrap();
    std::fs::write(&file, &other.pem).unwrap();
    relay.reload(&trusting(&game, &bundle)).unwrap();
    let mut refused = Browser::connect(&relay).await;
    refused.expect_close(4002, "operator must look at it").await;
}

#[tokio::test]
async fn a_configuration_that_cannot_work_changes_nothing() {
    let mut game = Game::start().await;
    let relay = Relay::start(config_for(&game)).await.unwrap();
    let change = |change: fn(&mut GameServer)| {
        let mut config = trusting(&game, "insecure");
        change(&mut config.game);
        config
    };
    let refusals = [
        (trusting(&game, "ca-file:/does/not/exist"), "cannot read"),
        (
            Config {
                update_hz: 61,
                ..trusting(&game, "insecure")
            },
            "1 to 60",
        ),
        (
            change(|game| game.server = "127.0.0.1:1".parse().unwrap()),
            "--server",
        ),
        (change(|game| game.plain_tcp = true), "--plain-tcp"),
    ];
    for (config, words) in refusals {
        let error = format!("{:#}", relay.reload(&config).unwrap_err());
        assert!(error.contains(words), "{error}");
    }
    let _browser = Browser::ready(&relay).await;
    game.player().await;
}

#[tokio::test]
async fn insecure_is_refused_for_a_remote_server() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.game.trust = Trust::Insecure;
    config.game.server = "game.example:443".parse().unwrap();
    let error = Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("--allow-insecure-remote"), "{error}");
}
