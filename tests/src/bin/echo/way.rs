//! The ways from a player to the game server: directly, which is the floor, or through a relay.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::game::Game;
use crate::relay::Relay;

/// A way to the game server.
pub(crate) struct Way {
    name: String,
    pub(crate) end: End,
}

/// What a player connects to.
pub(crate) enum End {
    Game {
        tls: TlsConnector,
        tcp: SocketAddr,
        udp: SocketAddr,
    },
    Relay(Relay),
}

impl Way {
    /// The way without a relay.
    pub(crate) fn direct(game: &Game) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(game.certificate.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let end = End::Game {
            tls: TlsConnector::from(Arc::new(config)),
            tcp: game.tcp,
            udp: game.udp,
        };
        Ok(Self {
            name: "without a relay".to_owned(),
            end,
        })
    }

    /// The way through this relay, or through that of this build.
    pub(crate) fn through(
        program: Option<&PathBuf>,
        game: &Game,
        options: &[String],
    ) -> anyhow::Result<Self> {
        let name = match program {
            Some(program) => program.display().to_string(),
            None => "this build".to_owned(),
        };
        let end = End::Relay(Relay::start(program, game, options)?);
        Ok(Self { name, end })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Give the time that the relay has spent on the processors; nothing without a relay.
    pub(crate) fn cpu(&self) -> anyhow::Result<Option<Duration>> {
        match &self.end {
            End::Game { .. } => Ok(None),
            End::Relay(relay) => relay.process.cpu().map(Some),
        }
    }
}
