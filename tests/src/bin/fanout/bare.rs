//! The limit to compare with: a bare loop that writes the same frames to as many sockets. Runs in a process of its own, with a
//! thread for each processor as the relay has.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use protocol::geometry::{Quat, Vec3};
use protocol::snapshot::{Car, Snapshot};
use serde_json::json;

use crate::races::CARS;

/// The options of the loop.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Sockets to write to.
    #[arg(long)]
    sockets: usize,
    /// Frames a second to each.
    #[arg(long)]
    hz: u32,
    /// Threads that share the sockets.
    #[arg(long)]
    threads: usize,
}

/// Take this many sockets, then write to them until killed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", json!({"listen": listener.local_addr()?.to_string()}));
    let mut shares: Vec<Vec<TcpStream>> = (0..options.threads).map(|_| Vec::new()).collect();
    for number in 0..options.sockets {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        shares[number % options.threads].push(socket);
    }
    let period = Duration::from_secs(1) / options.hz;
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for share in shares {
            scope.spawn(move || write(share, begun, period));
        }
    });
    Ok(())
}

/// Write a frame to each socket in each period. Missed periods are skipped, as in the relay.
fn write(mut sockets: Vec<TcpStream>, begun: Instant, period: Duration) {
    for number in 1.. {
        let frame = frame(number, begun.elapsed());
        // A socket may be gone; the reading program counts what it gets.
        sockets.retain_mut(|socket| socket.write_all(&frame).is_ok());
        let periods = begun.elapsed().as_nanos() / period.as_nanos() + 1;
        let next = period * u32::try_from(periods).unwrap_or(u32::MAX);
        std::thread::sleep(next.saturating_sub(begun.elapsed()));
    }
}

/// The frame of a full room, header included.
fn frame(number: u32, time: Duration) -> Vec<u8> {
    let car = |index| Car {
        index,
        stale: false,
        position: Vec3::new(1.0, 2.0, 3.0),
        rotation: Quat::IDENTITY,
        speed: 40.0,
        age: Duration::ZERO,
    };
    let snapshot = Snapshot {
        number,
        time_ms: time.as_millis() as u32,
        cars: (0..CARS as u8).map(car).collect(),
    };
    let mut payload = Vec::new();
    snapshot.encode(&mut payload);
    let length = (payload.len() as u16).to_be_bytes();
    [&[crate::frames::BINARY, 126], &length[..], &payload].concat()
}
