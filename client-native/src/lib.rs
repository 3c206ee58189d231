//! A native client of a game server: drives [`protocol::session::Session`] with tokio's sockets and clock. The relay's
//! own sessions, the server's bots and the players of the tests use it. The rules of the protocol are not here.
//!
//! ```no_run
//! # async fn example(target: client_native::Target) -> Result<(), Box<dyn std::error::Error>> {
//! use client_native::{Client, dial};
//! use protocol::session::SignIn;
//!
//! let mut client = Client::new(dial(&target).await?, Default::default());
//! client.welcome().await?;
//! client.sign_in(SignIn::with_name("Ann")).await?;
//! client.goodbye().await;
//! # Ok(())
//! # }
//! ```

mod client;
mod connect;
mod connection;
mod datagrams;
mod dial;
mod host_port;
mod lines;
mod transport;

pub use client::{AskError, Client, GoodbyeOutcome};
pub use connect::ConnectFailures;
pub use connection::Connection;
pub use datagrams::{Datagrams, Received};
pub use dial::{DialError, Target, Tls, dial, dial_noting};
pub use host_port::{HostPort, HostPortError};
pub use lines::{Disconnected, Lines, Stalled, Stream, Unsent};
pub use transport::{Incoming, Transport};
