//! The program `mp-relay`: reads its options, starts the relay, says where it listens, reloads it, and stops it
//! in order. Standard output has one line of JSON once the relay is ready; everything else goes to standard error.

use std::io::Write as _;
use std::pin::pin;
use std::process::ExitCode;

use anyhow::Context as _;
use program_log::Log;
use relay::{EffectiveOptions, Invocation, Relay, Task};
use serde_json::json;

fn main() -> ExitCode {
    let invocation = Invocation::read(std::env::args_os());
    // Help, the version, or an explanation of how to write the command.
    let invocation = match invocation.map_err(anyhow::Error::downcast::<clap::Error>) {
        Err(Ok(usage)) => usage.exit(),
        Err(Err(error)) => Err(error),
        Ok(invocation) => Ok(invocation),
    };
    let mut log = Log::start("mp-relay");
    match invocation.and_then(obey) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn obey(invocation: Invocation) -> anyhow::Result<()> {
    match invocation.task {
        Task::Run => run(invocation),
        Task::Check => {
            relay::check(&invocation.config)?;
            print("the configuration is valid");
            Ok(())
        }
        Task::Print => {
            print(invocation.options.to_string().trim_end());
            Ok(())
        }
    }
}

#[tokio::main]
async fn run(
    Invocation {
        mut config,
        options,
        ..
    }: Invocation,
) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let mut hang_ups = HangUps::new()?;
    relay::require_client(config.www.as_deref())?;
    relay::raise_descriptor_limit(&mut config);
    let relay = Relay::start(config).await?;
    print(&ready(&relay).to_string());
    tracing::info!("the page is at {}", relay.page());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            failure = relay.failure() => return Err(failure).context("the relay has failed"),
            () = hang_ups.next() => reload(&relay, &options),
        }
    }
    let stop_at_once = stop_signal()?;
    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        () = relay.stop() => {}
        () = stop_at_once => {}
    }
    Ok(())
}

/// Options that need no restart.
const RELOADED: [&str; 5] = [
    "trust",
    "tls-cert",
    "tls-key",
    "observer-account",
    "observer-password-file",
];

/// Read the configuration again, and use what can be changed while players play. `old` is what the relay started with.
fn reload(relay: &Relay, old: &EffectiveOptions) {
    let new = match Invocation::read(std::env::args_os()) {
        Ok(new) => new,
        Err(error) => return not_reloaded(&error),
    };
    let changes = old.changes(&new.options);
    let waiting: Vec<_> = changes
        .into_iter()
        .filter(|key| !RELOADED.contains(&option_of(key)))
        .collect();
    if !waiting.is_empty() {
        tracing::warn!(
            "changed, and in effect after a restart: {}",
            waiting.join(", ")
        );
    }
    match relay.reload(&new.config) {
        Ok(trust) => {
            tracing::info!("the configuration is reloaded; trust in the game server: {trust}")
        }
        Err(error) => not_reloaded(&error),
    }
}

/// The option of a key, which may be one of a listed game server.
fn option_of(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn not_reloaded(error: &anyhow::Error) {
    tracing::error!("not reloaded, everything stays as it was: {error:#}");
}

/// Print on standard output. Somebody may have closed it, which is no reason to stop.
fn print(text: &str) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}") {
        tracing::warn!("cannot print on standard output: {error}");
    }
}

/// The one line on standard output.
fn ready(relay: &Relay) -> serde_json::Value {
    match relay.metrics_addr() {
        Some(metrics) => json!({ "listen": relay.listening().to_string(), "metrics": metrics }),
        None => json!({ "listen": relay.listening().to_string() }),
    }
}

/// Listen for Ctrl-C and SIGTERM.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listen for Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    // It fails only if no handler can be set. Then the relay stops at once, since nothing else could stop it.
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// Hang-ups (SIGHUP), by which the operator asks to read the configuration again. From the first moment on they end
/// nothing.
#[cfg(unix)]
struct HangUps(tokio::signal::unix::Signal);

#[cfg(unix)]
impl HangUps {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

/// Other systems have none.
#[cfg(not(unix))]
struct HangUps;

#[cfg(not(unix))]
impl HangUps {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
