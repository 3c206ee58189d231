//! A player whose client resumes: a WebSocket that is not ours.

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tests::Site;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

pub(crate) const TOKEN: &str = "0123456789abcdefghijkl";

pub(crate) struct Resumer {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// The lines of the game server that it has had in its session.
    pub(crate) received: u64,
}

impl Resumer {
    pub(crate) async fn connect(site: &Site, token: &str, received: u64) -> anyhow::Result<Self> {
        let mut request = site.url().into_client_request()?;
        let offer = format!("mp-relay.v1, resume.{token}.{received}");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", offer.parse()?);
        let tcp = TcpStream::connect(site.relay.addr()).await?;
        let (socket, _) = tokio_tungstenite::client_async(request, tcp).await?;
        Ok(Self { socket, received })
    }

    /// Wait for the next line: a JSON object, or the welcome as a string.
    pub(crate) async fn line(&mut self) -> anyhow::Result<Value> {
        loop {
            let Message::Text(line) = self.socket.next().await.context("the end")?? else {
                continue;
            };
            let line: Value = match line.starts_with('{') {
                true => serde_json::from_str(&line)?,
                false => Value::String(line.to_string()),
            };
            self.received += u64::from(line.get("relay").is_none());
            return Ok(line);
        }
    }

    /// Wait for the notice `ready`, which must say whether the session goes on.
    pub(crate) async fn ready(&mut self, resumed: bool) -> anyhow::Result<()> {
        let ready = self.line().await?;
        anyhow::ensure!(ready["relay"] == "ready", "{ready}");
        anyhow::ensure!(ready["resumed"] == resumed, "{ready}");
        if !resumed {
            self.received = 0;
        }
        Ok(())
    }

    /// Send a command and wait for its answer.
    pub(crate) async fn ask(&mut self, command: Value) -> anyhow::Result<Value> {
        self.socket.send(Message::text(command.to_string())).await?;
        self.line().await
    }

    /// Wait for the welcome and sign in.
    pub(crate) async fn sign_in(&mut self, name: &str) -> anyhow::Result<()> {
        anyhow::ensure!(self.line().await?.is_string(), "no welcome");
        let command = json!({"command": "NAME", "name": name, "password": "x"});
        let answer = self.ask(command).await?;
        anyhow::ensure!(answer["command"] == "NAME_OK", "{answer}");
        Ok(())
    }

    /// Read on to the close frame and give its code.
    pub(crate) async fn closed(&mut self) -> anyhow::Result<u16> {
        let read_on = async {
            loop {
                match self.socket.next().await.context("no close frame")?? {
                    Message::Close(Some(close)) => return Ok(close.code.into()),
                    Message::Close(None) => bail!("a close frame without a code"),
                    _ => {}
                }
            }
        };
        let deadline = std::time::Duration::from_secs(20);
        tokio::time::timeout(deadline, read_on).await?
    }
}
