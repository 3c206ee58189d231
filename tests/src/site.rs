//! A whole site on loopback: game server and relay on free ports. Dropping it stops both.

use anyhow::Context as _;
use relay::{Config, Fingerprint, HostPort, Relay, Trust};
use server::{Options, Server};

/// A game server and a relay that trusts exactly its certificate.
pub struct Site {
    /// The game server.
    pub server: Server,
    /// The relay.
    pub relay: Relay,
}

impl Site {
    /// Start a site with a game server in its default mode.
    ///
    /// # Errors
    /// One of the two could not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(Options::default(), |_| {}).await
    }

    /// Start a site with a game server of these options and a relay changed by `configure`.
    ///
    /// # Errors
    /// One of the two could not start.
    pub async fn start_with(
        options: Options,
        configure: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        let server = Server::start(options).await.context("the game server")?;
        let mut config = relay_config(&server)?;
        configure(&mut config);
        let relay = Relay::start(config).await.context("the relay")?;
        Ok(Self { server, relay })
    }

    /// Start another relay for a game server.
    ///
    /// # Errors
    /// It could not start.
    pub async fn relay_of(server: &Server) -> anyhow::Result<Relay> {
        Relay::start(relay_config(server)?).await
    }

    /// The address players connect to.
    pub fn url(&self) -> String {
        format!("ws://{}/ws", self.relay.addr())
    }
}

/// A relay for this game server on a free port.
fn relay_config(server: &Server) -> anyhow::Result<Config> {
    let pin: Fingerprint = server.certificate_sha256().parse()?;
    let tcp: HostPort = server.tcp_addr().to_string().parse()?;
    let udp: HostPort = server.udp_addr().to_string().parse()?;
    let mut config = Config::new(tcp, udp, Trust::Pin(pin));
    config.listen = ([127, 0, 0, 1], 0).into();
    Ok(config)
}
