//! Dials one game server. A game server completes one TLS handshake at a time, so two dials run at once. Others wait for a limited
//! time, and addresses take turns, so that one with many connections keeps nobody else out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use client_native::{Connection, DialError, Target, dial_noting};
use protocol::frame::CloseCode;
use rustls::CertificateError;
use tokio::time::timeout;

use super::generation::ServerGeneration;
use super::trust::Untrusted;
use crate::close::{CloseReason, with_causes};
use crate::config::{ServerName, Timeouts};
use crate::limits::{Asker, NoPlace, Sizes, Turns};
use crate::metrics::{DialOutcome, Limit, Metrics};

/// Dials of one game server at once. The game server serves them one by one, and more would only delay its other players.
const MAX_DIALS: usize = 2;

pub(crate) struct Dialer {
    target: Target,
    /// Its name in metrics. `None`: it is the only one.
    server: Option<ServerName>,
    /// The longest dial, TLS included.
    limit: Duration,
    /// The longest wait for a turn.
    queue_limit: Duration,
    turns: Turns,
    metrics: Arc<Metrics>,
    /// Is forgotten when a dial fails.
    generation: Arc<ServerGeneration>,
}

impl Dialer {
    pub(crate) fn new(
        target: Target,
        server: Option<ServerName>,
        timeouts: &Timeouts,
        metrics: Arc<Metrics>,
        generation: Arc<ServerGeneration>,
    ) -> Self {
        metrics.add_server(server.as_ref().map(ServerName::as_str));
        Self {
            target,
            server,
            limit: timeouts.dial,
            queue_limit: timeouts.dial_queue,
            turns: turns(timeouts),
            metrics,
            generation,
        }
    }

    /// Connect with the game server for a player at this address, or for the relay itself. Dropping the future gives up.
    ///
    /// # Errors
    /// Too many dials wait, the dial takes too long, or the game server cannot be reached or is not trusted.
    pub(crate) async fn dial(&self, asker: Asker) -> Result<Connection, CloseReason> {
        let turn = timeout(self.queue_limit, self.turns.take(asker)).await;
        let _turn = turn
            .map_err(|_elapsed| {
                self.metrics.reached(Limit::DialWait);
                timed_out("no turn to dial")
            })?
            .map_err(|NoPlace| {
                self.metrics.reached(Limit::DialsWaiting);
                CloseReason::new(
                    CloseCode::Full,
                    "Too many players are joining at this moment: try again soon.",
                )
            })?;
        let server = self.server.as_ref().map(ServerName::as_str);
        let mut counted = self.metrics.begin_dial(server);
        let mut tried = Vec::new();
        let dial = dial_noting(&self.target, &mut tried);
        let dialled = match timeout(self.limit, dial).await {
            Ok(connected) => connected.map_err(|error| explain(&error)),
            Err(_elapsed) => Err(timed_out(&too_long(&tried))),
        };
        counted.outcome = match dialled.as_ref().map_err(|reason| reason.code) {
            Ok(_connection) => DialOutcome::Ok,
            Err(CloseCode::CertificateNotTrusted) => DialOutcome::Untrusted,
            Err(CloseCode::ServerTimeout) => DialOutcome::TimedOut,
            Err(CloseCode::Full) => DialOutcome::NoDescriptor,
            Err(_) => DialOutcome::Unreachable,
        };
        let is_gone = !matches!(counted.outcome, DialOutcome::Ok | DialOutcome::NoDescriptor);
        if is_gone {
            self.generation.forget();
        }
        dialled
    }

    /// How many dials run and how many wait, each with the most there may be.
    pub(crate) fn running_and_waiting(&self) -> [(usize, usize); 2] {
        let (running, waiting) = self.turns.counts();
        [(running, MAX_DIALS), (waiting, self.turns.sizes().places)]
    }
}

fn turns(timeouts: &Timeouts) -> Turns {
    Turns::new(Sizes {
        turns: MAX_DIALS,
        turns_of_one: MAX_DIALS,
        places: timeouts.dial_queue_places,
        places_of_one: timeouts.dial_queue_places,
    })
}

fn timed_out(cause: &str) -> CloseReason {
    let text = "The game server did not answer in time: try again in a moment.";
    CloseReason::new(CloseCode::ServerTimeout, text).with_cause(cause.to_owned())
}

fn too_long(tried: &[SocketAddr]) -> String {
    let tried: Vec<_> = tried.iter().map(ToString::to_string).collect();
    match tried.as_slice() {
        [] => "the lookup of the game server's name took too long".into(),
        _ => format!("the dial took too long; tried {}", tried.join(", ")),
    }
}

fn explain(error: &DialError) -> CloseReason {
    if error.is_out_of_descriptors() {
        let text = "The relay is full: try again later.";
        let cause = "no file descriptor is left for a dial: raise the limit (`ulimit -Hn`, or `LimitNOFILE=` of systemd), or \
                     lower --max-connections and --max-spectators";
        return CloseReason::new(CloseCode::Full, text).with_cause(cause.to_owned());
    }
    match error.tls() {
        Some(rustls::Error::InvalidCertificate(refusal)) => {
            let text = "The game server's certificate is not trusted: the relay's operator must look at it (the log says how).";
            CloseReason::new(CloseCode::CertificateNotTrusted, text).with_cause(in_words(refusal))
        }
        Some(rustls::Error::InvalidMessage(_)) => unreachable(
            "The game server answered without TLS: its operator must look at it.",
            format!(
                "{}; if it runs without TLS on purpose, use --plain-tcp",
                with_causes(error)
            ),
        ),
        _ => unreachable(
            "The game server cannot be reached: it may be down or restarting.",
            with_causes(error),
        ),
    }
}

fn unreachable(text: &'static str, cause: String) -> CloseReason {
    CloseReason::new(CloseCode::ServerUnreachable, text).with_cause(cause)
}

fn in_words(refusal: &CertificateError) -> String {
    match refusal {
        CertificateError::Other(other) => match other.0.downcast_ref::<Untrusted>() {
            Some(untrusted) => untrusted.to_string(),
            None => other.to_string(),
        },
        CertificateError::BadSignature => {
            "the game server does not hold the key of the certificate it shows: somebody may be in between".into()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::generation::Generation;

    use super::*;
    use crate::limits::Rank;

    #[test]
    fn a_storm_from_many_addresses_leaves_room_for_a_newcomer() {
        let turns = turns(&Timeouts::default());
        let ask = |number: u32| {
            let address = std::net::Ipv4Addr::from_bits(0x7f00_0000 + number);
            turns.ask(Some(address.into()), Rank::First)
        };
        let storm: Vec<_> = (0..200).flat_map(|it| [ask(it), ask(it)]).collect();
        assert!(storm.iter().all(Result::is_ok));
        assert!(ask(1000).is_ok());
        assert_eq!(turns.counts(), (MAX_DIALS, 398));
    }

    #[tokio::test]
    async fn the_log_names_the_addresses_that_were_tried() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let target = Target {
            tcp: address.into(),
            udp: address.into(),
            tls: Some(client_native::Tls {
                config: Arc::new(config),
                name: address.ip().into(),
            }),
        };
        let generation = Arc::<ServerGeneration>::default();
        generation.learn(Generation::Chat);
        let timeouts = Timeouts {
            dial: Duration::from_millis(50),
            ..Timeouts::default()
        };
        let dialer = Dialer::new(
            target,
            None,
            &timeouts,
            Arc::new(Metrics::new()),
            Arc::clone(&generation),
        );
        let dialled = async || dialer.dial(None).await.map(drop).unwrap_err();
        let words = dialled().await.to_string();
        assert!(words.contains(&format!("tried {address}")), "{words}");
        drop(listener);
        let words = dialled().await.to_string();
        assert!(words.contains(&format!("{address} (")), "{words}");
        assert_eq!(generation.known(), None, "another server may come back");
    }
}
