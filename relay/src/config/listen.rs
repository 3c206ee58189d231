//! Where browsers connect, as the operator writes it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{anyhow, ensure};

/// How a Unix socket is written.
const UNIX: &str = "unix:";

/// Where browsers connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP port. Port 0 is any free one.
    Tcp(SocketAddr),
    /// A Unix socket, for a proxy on this machine.
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if let Some(path) = text.strip_prefix(UNIX) {
            ensure!(cfg!(unix), "this system has no Unix sockets");
            ensure!(
                !path.is_empty(),
                "a Unix socket has a path: unix:/run/mp-relay/relay.sock"
            );
            return Ok(Self::Unix(path.into()));
        }
        let address = text.parse().map_err(|_| {
            anyhow!(
                "write an IP address with a port, such as 0.0.0.0:8080 or [::]:8080, or unix:PATH"
            )
        })?;
        Ok(Self::Tcp(address))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for Listen {
    fn from(address: (I, u16)) -> Self {
        Self::Tcp(address.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_port_and_a_socket_are_read_as_they_are_written() {
        for text in ["127.0.0.1:8080", "[::1]:0", "unix:/run/a b.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for wrong in ["", "8080", "localhost:8080", "unix:", "/run/relay.sock"] {
            let error = wrong.parse::<Listen>().unwrap_err().to_string();
            assert!(error.contains("unix:"), "{error}");
        }
    }
}
