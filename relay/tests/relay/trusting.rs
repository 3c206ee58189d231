//! Contract 4: every kind of trust takes the server it means and no other.

use rcgen::{BasicConstraints, CertificateParams, IsCa};
use relay::{Config, Fingerprint, Relay, Trust};
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use sha1::Digest as _;

use crate::browser::Browser;
use crate::config_for;
use crate::game::{Game, Identity};

fn trusting(game: &Game, trust: &str) -> Config {
    let mut config = config_for(game);
    config.trust = trust.parse().unwrap();
    config
}

async fn is_taken(game: &mut Game, config: Config) {
    let trust = format!("{:?}", config.trust);
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    browser.say(&trust).await;
    game.player().await.expect(&trust).await;
}

async fn is_refused(game: &mut Game, config: Config) {
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    browser.expect_close(4002, "operator must pin it").await;
    assert!(!game.has_player());
}

fn pem_file(certificate: &CertificateDer<'_>) -> tempfile::NamedTempFile {
    let base64 = pem_of(certificate);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), base64).unwrap();
    file
}

fn pem_of(certificate: &CertificateDer<'_>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in certificate.chunks(48) {
        for group in line.chunks(3) {
            let bits = group
                .iter()
                .chain(&[0, 0])
                .take(3)
                .fold(0, |bits, &byte| bits << 8 | u32::from(byte));
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
                text.push(if place <= group.len() {
                    digit.into()
                } else {
                    '='
                });
            }
        }
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

#[tokio::test]
async fn each_kind_of_trust_takes_the_server_it_means_over_tls_1_2_and_1_3() {
    for version in [&TLS12, &TLS13] {
        let mut game = Game::start_as(&Identity::odd(), &[version]).await;
        let sha256 = Fingerprint::of(&game.certificate).to_string();
        let sha1: String = sha1::Sha1::digest(&game.certificate)
            .iter()
            .map(|byte| format!("{byte:02X}:"))
            .collect();
        let bundle = pem_file(&game.certificate);
        for trust in [
            format!("pin:{sha256}"),
            format!("pin:{}", sha1.trim_end_matches(':')),
            format!("ca-file:{}", bundle.path().display()),
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
    let other_bundle = pem_file(&other.certificate);
    for trust in [
        format!("pin:{}", Fingerprint::of(&other.certificate)),
        format!("ca-file:{}", other_bundle.path().display()),
        "system".to_owned(),
    ] {
        let config = trusting(&game, &trust);
        is_refused(&mut game, config).await;
    }
}

#[tokio::test]
async fn the_certificate_alone_is_not_enough_without_its_key() {
    for version in [&TLS12, &TLS13] {
        let thief = Identity::odd().with_key_of(Identity::odd());
        let mut game = Game::start_as(&thief, &[version]).await;
        let bundle = pem_file(&game.certificate);
        for trust in [
            format!("pin:{}", Fingerprint::of(&game.certificate)),
            format!("ca-file:{}", bundle.path().display()),
            "insecure".to_owned(),
        ] {
            let config = trusting(&game, &trust);
            is_refused(&mut game, config).await;
        }
    }
}

#[tokio::test]
async fn an_authority_vouches_only_for_the_right_name() {
    let mut game = Game::start().await;
    let bundle = pem_file(&game.certificate);
    let trust = format!("ca-file:{}", bundle.path().display());
    let mut config = trusting(&game, &trust);
    config.server_name = Some("game.example".into());
    is_refused(&mut game, config).await;
    let mut config = trusting(&game, &trust);
    config.server_name = Some("racing-server".into());
    is_taken(&mut game, config).await;
}

#[tokio::test]
async fn a_bundled_certificate_that_calls_itself_an_authority_is_taken() {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let identity = Identity::signed(&params);
    let mut game = Game::start_as(&identity, rustls::ALL_VERSIONS).await;
    let bundle = pem_file(&game.certificate);
    let trust = format!("ca-file:{}", bundle.path().display());
    let config = trusting(&game, &trust);
    is_taken(&mut game, config).await;
    let mut config = trusting(&game, &trust);
    config.server_name = Some("game.example".into());
    is_refused(&mut game, config).await;
}

#[tokio::test]
async fn insecure_is_refused_for_a_remote_server() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.trust = Trust::Insecure;
    config.server = "game.example:443".parse().unwrap();
    let error = Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("--allow-insecure-remote"), "{error}");
}
