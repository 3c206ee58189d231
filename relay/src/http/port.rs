//! Ports that clients connect to: over TCP, or as a Unix socket in the file system.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::client_stream::ClientStream;
use crate::config::Listen;

/// Who may connect to a Unix socket: its owner and group. The proxy's user must be in the group.
#[cfg(unix)]
const SOCKET_MODE: u32 = 0o660;

/// An open port.
pub(crate) enum Port {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket. Dropping it removes the file.
#[cfg(unix)]
pub(crate) struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_file(&self.0);
    }
}

impl Port {
    /// Open the port that `option` sets.
    pub(crate) async fn open(listen: &Listen, option: &str) -> anyhow::Result<Self> {
        match listen {
            Listen::Tcp(address) => Ok(Self::Tcp(open_tcp(*address, option).await?)),
            #[cfg(unix)]
            Listen::Unix(path) => open_unix(path).with_context(|| format!("{option} {listen}")),
            #[cfg(not(unix))]
            Listen::Unix(_) => bail!("this system has no Unix sockets"),
        }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> io::Result<Listen> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            #[cfg(unix)]
            Self::Unix(_, file) => Ok(Listen::Unix(file.0.clone())),
        }
    }

    /// Wait for the next client. One at a Unix socket is on this machine.
    pub(super) async fn accept(&self) -> io::Result<(ClientStream, IpAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (socket, peer) = listener.accept().await?;
                Ok((ClientStream::Tcp(socket), peer.ip()))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                let (socket, _unnamed) = listener.accept().await?;
                Ok((ClientStream::Unix(socket), Ipv4Addr::LOCALHOST.into()))
            }
        }
    }
}

async fn open_tcp(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let (ip, port) = (address.ip(), address.port());
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "port {port} of {ip} is taken: stop the program that has it, or take another with {option} {ip}:PORT"
        ),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => bail!(
            "port {port} is only for privileged programs: take one above 1023 with {option} {ip}:PORT",
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

#[cfg(unix)]
fn open_unix(path: &Path) -> anyhow::Result<Port> {
    use std::fs::{Permissions, remove_file, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;

    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            // A program that was killed leaves its file behind.
            match UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    remove_file(path)?;
                }
                _ => {
                    bail!("the socket is taken: stop the program that has it, or take another path")
                }
            }
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    let file = SocketFile(path.to_owned());
    set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
    Ok(Port::Unix(listener, file))
}
