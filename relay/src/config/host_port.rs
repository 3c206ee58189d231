//! A host and a port as they are written in options and addresses.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use anyhow::{Context as _, ensure};

/// A host and a port. A name is looked up when it is dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// Say whether it is on this machine for certain.
    pub(super) fn is_loopback(&self) -> bool {
        let name = self.host.eq_ignore_ascii_case("localhost");
        name || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl FromStr for HostPort {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (host, port) = text
            .rsplit_once(':')
            .filter(|(host, _)| !host.contains(':') || host.ends_with(']'))
            .with_context(|| {
                format!("'{text}' has no port: write HOST:PORT or [IPV6]:PORT, such as {text}:443")
            })?;
        let port = port
            .parse()
            .ok()
            .filter(|&port| port > 0)
            .with_context(|| format!("'{port}' in '{text}' is no port from 1 to 65535"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        ensure!(
            !host.is_empty(),
            "'{text}' has no host: write HOST:PORT, such as 127.0.0.1:443"
        );
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
