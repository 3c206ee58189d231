//! The routes from a player to the game server: directly, which is the floor, or through a relay.

use std::path::PathBuf;
use std::time::Duration;

use client_native::Tls;
use rustls::pki_types::ServerName;
use tests::StandIn;

use crate::relay::Relay;

/// A route to the game server.
pub(crate) struct Route {
    name: String,
    pub(crate) target: Target,
}

/// What a player connects to.
pub(crate) enum Target {
    Game(client_native::Target),
    Relay(Relay),
}

impl Route {
    /// The route without a relay.
    pub(crate) fn direct(game: &StandIn) -> anyhow::Result<Self> {
        let name = ServerName::IpAddress(game.tcp.ip().into());
        let target = Target::Game(client_native::Target {
            tcp: game.tcp.into(),
            udp: game.udp.into(),
            tls: Some(Tls::trusting(game.certificate.clone(), name)?),
        });
        Ok(Self {
            name: "without a relay".to_owned(),
            target,
        })
    }

    /// The route through this relay, or through that of this build.
    pub(crate) fn through(
        program: Option<&PathBuf>,
        game: &StandIn,
        options: &[String],
    ) -> anyhow::Result<Self> {
        let name = match program {
            Some(program) => program.display().to_string(),
            None => "this build".to_owned(),
        };
        let target = Target::Relay(Relay::start(program, game, options)?);
        Ok(Self { name, target })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Give the time that the relay has spent on the processors; nothing without a relay.
    pub(crate) fn cpu(&self) -> anyhow::Result<Option<Duration>> {
        match &self.target {
            Target::Game(_) => Ok(None),
            Target::Relay(relay) => relay.process().cpu().map(Some),
        }
    }
}
