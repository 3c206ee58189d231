//! Where a game server is: a host and a port.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A host and a port. Names are looked up when they are dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A text does not name a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostPortError {
    /// The port is missing.
    #[error("'{0}' has no port: write HOST:PORT or [IPV6]:PORT, such as {0}:443")]
    NoPort(String),
    /// The port is not a number from 1 to 65535.
    #[error("'{0}' has no port from 1 to 65535")]
    BadPort(String),
    /// The host is missing.
    #[error("'{0}' has no host: write HOST:PORT, such as 127.0.0.1:443")]
    NoHost(String),
}

impl HostPort {
    /// Say whether the host is this machine by its name or address.
    pub fn is_loopback(&self) -> bool {
        let name = self.host.eq_ignore_ascii_case("localhost");
        name || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, HostPortError> {
        let (host, port) = text
            .rsplit_once(':')
            .filter(|(host, _)| !host.contains(':') || host.ends_with(']'))
            .ok_or_else(|| HostPortError::NoPort(text.to_owned()))?;
        let port = port.parse().ok().filter(|&port| port > 0);
        let port = port.ok_or_else(|| HostPortError::BadPort(text.to_owned()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(HostPortError::NoHost(text.to_owned()));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_and_written_alike() {
        for text in [
            "game.example:443",
            "127.0.0.1:7777",
            "[::1]:443",
            "localhost:1",
        ] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "host",
            "host:",
            "host:0",
            "host:65536",
            ":443",
            "::1",
            "[]:443",
        ] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
        let error = "game.example".parse::<HostPort>().unwrap_err().to_string();
        assert!(error.contains("game.example:443"), "{error}");
    }
}
