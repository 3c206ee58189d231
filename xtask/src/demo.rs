//! `cargo xtask demo`: builds everything, starts the game server with bots and the relay, and stops both on Ctrl-C.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::child::Program;
use crate::project::{cargo, root, run as run_command, target_dir};
use crate::track;
use crate::wasm;

/// How often the demo looks whether its programs still run.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// The options of the demo.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port of the page; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many bots drive; a room keeps two of its places for players.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=18))]
    bots: u8,
    /// The circuit: park, street, hill, or a file [default: the oval with its garages].
    #[arg(long, value_name = "NAME|FILE")]
    track: Option<PathBuf>,
    /// The generation of the game server: first, chat or token.
    #[arg(long, default_value = "first", value_parser = ["first", "chat", "token"])]
    generation: String,
    /// Open the page in the browser.
    #[arg(long)]
    open: bool,
}

/// Build, start, wait for Ctrl-C, stop.
pub(crate) fn run(options: &Options) -> Result<()> {
    check_port(options.port)?;
    let track = options.track.as_deref().map(track::find).transpose()?;
    let started = Instant::now();
    wasm::build_for_pages()?;
    run_command(&mut cargo("build --package server --package relay"))?;

    // Until here Ctrl-C simply ends this program and the build.
    let stop = stop_requests()?;
    let mut programs = Vec::new();
    let address = start(options, track.as_deref(), &mut programs)?;
    announce(options, &address, started);
    let outcome = watch(&mut programs, &stop);
    stop_all(programs)?;
    outcome
}

/// One message for each Ctrl-C or SIGTERM.
fn stop_requests() -> Result<Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = sender.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(receiver)
}

/// Check before the build that the relay can have its port.
fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "port {port} on 127.0.0.1 is taken: stop the program that has it, or choose another with --port (0 for any free one)"
            )
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            bail!("port {port} is not allowed for this user: choose one above 1023 with --port")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on 127.0.0.1:{port}")),
    }
}

/// Start the game server, then the relay with its addresses and certificate. Gives the page's address.
fn start(options: &Options, track: Option<&Path>, programs: &mut Vec<Program>) -> Result<String> {
    let track = track.map(|file| file.to_string_lossy().into_owned());
    let track: Vec<&str> = track.iter().flat_map(|file| ["--track", file]).collect();
    let bots = options.bots.to_string();
    let addresses = ["--tcp", "127.0.0.1:0", "--udp", "127.0.0.1:0"];
    let race = ["--room", "Bot race", "--bots", &bots];
    let generation = ["--generation", &options.generation];
    let server = launch(
        "mp-server",
        &[&addresses[..], &race, &generation, &track].concat(),
        programs,
    )?;

    let pin = format!("pin:{}", field(&server, "certificateSha256")?);
    let listen = format!("127.0.0.1:{}", options.port);
    let www = root().join("www").to_string_lossy().into_owned();
    let arguments = [
        "--server",
        field(&server, "tcp")?,
        "--udp",
        field(&server, "udp")?,
        "--trust",
        &pin,
        "--listen",
        &listen,
        // The page as it is written: changes are seen after a reload.
        "--www",
        &www,
        // No player connects through the relay at first: without an observer nobody could watch the bots.
        "--spectate-observer",
        "--observer-name",
        "Camera",
        // A full house needs more file descriptors than many systems allow.
        "--max-connections",
        "200",
        "--max-spectators",
        "200",
        // The person who presses Ctrl-C is the one who plays.
        "--drain-seconds",
        "0",
    ];
    let relay = launch("mp-relay", &[&arguments[..], &track].concat(), programs)?;
    Ok(format!("http://{}/", field(&relay, "listen")?))
}

/// Start a program and give its ready line.
fn launch(name: &str, arguments: &[&str], programs: &mut Vec<Program>) -> Result<Value> {
    let path = target_dir()?.join("debug").join(name);
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    let (program, ready) = Program::start(&path, arguments)?;
    programs.push(program);
    Ok(ready)
}

fn field<'a>(ready: &'a Value, name: &str) -> Result<&'a str> {
    ready[name]
        .as_str()
        .with_context(|| format!("the ready line {ready} has no {name}"))
}

fn announce(options: &Options, address: &str, started: Instant) {
    println!();
    println!("  Race at   {address}");
    println!("  Watch at  {address}watch/");
    println!("  Bots      {} in the room \"Bot race\"", options.bots);
    println!(
        "  Ready in  {:.1} s; Ctrl-C stops everything",
        started.elapsed().as_secs_f32()
    );
    println!();
    if options.open && open::that_detached(address).is_err() {
        eprintln!("no browser could be opened: open {address} yourself");
    }
}

/// Wait until the user stops the demo. A program that ends by itself is a failure.
fn watch(programs: &mut [Program], stop: &Receiver<()>) -> Result<()> {
    loop {
        match stop.recv_timeout(WATCH_INTERVAL) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        for program in programs.iter_mut() {
            if let Some(end) = program.ended()? {
                bail!("{end}; it says why above");
            }
        }
    }
}

/// Stop the relay first: it says goodbye to the server, which must still listen.
fn stop_all(mut programs: Vec<Program>) -> Result<()> {
    while let Some(mut program) = programs.pop() {
        program.ask_to_stop();
        program.wait_or_kill()?;
    }
    println!("stopped");
    Ok(())
}
