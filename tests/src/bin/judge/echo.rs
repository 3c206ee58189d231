//! A stand-in for a game server: it welcomes every player and sends every line back as it came.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The first line of a player's session.
const WELCOME: &str = "CONNECTED|0123456789abcdef0123456789abcdef\n";

/// Listen on a free port, without TLS. It ends with the runtime.
pub(crate) async fn start() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((player, _)) = listener.accept().await {
            // A player that leaves is an ordinary end.
            tokio::spawn(async { _ = echo(player).await });
        }
    });
    Ok(address)
}

async fn echo(mut player: TcpStream) -> std::io::Result<()> {
    player.set_nodelay(true)?;
    let (reader, mut writer) = player.split();
    let mut reader = BufReader::new(reader);
    writer.write_all(WELCOME.as_bytes()).await?;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await? > 0 {
        // The relay's goodbye for a player that is gone.
        if line == b"{\"command\":\"BYE\"}\n" {
            line = b"{\"command\":\"BYE_OK\"}\n".to_vec();
        }
        writer.write_all(&line).await?;
        line.clear();
    }
    Ok(())
}
