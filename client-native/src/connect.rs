//! Happy eyeballs (RFC 8305), but IPv4 first: connects with whichever address of a host answers first. The families take turns, each
//! attempt gives the ones before it a quarter of a second and has a time limit of its own, and a failed one makes room at once. Looking
//! up names is the caller's.

use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{sleep, timeout};

/// Addresses of a host name that are tried.
const MAX_ADDRESSES: usize = 4;
/// The wait before the next address is tried too (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// The longest attempt at one address. It is long enough for two lost packets, which are repeated after one and three seconds.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(4);

/// Why each of the addresses that were tried did not take a connection.
#[derive(Debug)]
pub struct ConnectFailures(pub(crate) Vec<(SocketAddr, io::Error)>);

impl fmt::Display for ConnectFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (address, error)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{address} ({error})")?;
        }
        Ok(())
    }
}

/// Connect with `connect` to the first address that answers. Notes in `tried` what was tried.
pub(crate) async fn first<T, F>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    tried: &mut Vec<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<(SocketAddr, T), ConnectFailures>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = in_turns(addresses).into_iter().take(MAX_ADDRESSES);
    let mut attempts = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        if let Some(address) = waiting.next() {
            tried.push(address);
            let attempt = timeout(ATTEMPT_LIMIT, connect(address));
            attempts.push(async move {
                let late = |_elapsed| Err(io::ErrorKind::TimedOut.into());
                (address, attempt.await.unwrap_or_else(late))
            });
        }
        let turn_of_next = async {
            match waiting.len() {
                0 => pending().await,
                _ => sleep(STAGGER).await,
            }
        };
        tokio::select! {
            ended = attempts.next() => match ended {
                Some((address, Ok(connected))) => return Ok((address, connected)),
                Some((address, Err(error))) => failures.push((address, error)),
                None => return Err(ConnectFailures(failures)),
            },
            () = turn_of_next => {}
        }
    }
}

/// Let the families take turns, beginning with IPv4: every released game server listens on IPv4 only (facts, section 1.1), and
/// another program may have the port on IPv6.
fn in_turns(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (preferred, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv4);
    let mut ordered = Vec::new();
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    loop {
        let before = ordered.len();
        ordered.extend(preferred.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn refused() -> io::Error {
        io::ErrorKind::ConnectionRefused.into()
    }

    #[tokio::test(start_paused = true)]
    async fn ipv4_is_tried_first_and_a_silent_address_costs_a_quarter_of_a_second() {
        let all = addresses(&["[2001:db8::1]:1", "192.0.2.1:1"]);
        let (begun, mut tried) = (Instant::now(), Vec::new());
        let answer = first(all.clone(), &mut tried, async |address| {
            match address.is_ipv4() {
                true => pending().await,
                false => Ok("here"),
            }
        });
        assert_eq!(answer.await.unwrap(), (all[0], "here"));
        assert_eq!((begun.elapsed(), tried), (STAGGER, vec![all[1], all[0]]));
        // The system may prefer IPv6, where another program answers as well.
        let mut tried = Vec::new();
        let answer = first(all.clone(), &mut tried, async |_| Ok(()));
        assert_eq!(answer.await.unwrap().0, all[1]);
        assert_eq!(tried, [all[1]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_address_may_still_win() {
        let all = addresses(&["192.0.2.1:1", "[2001:db8::1]:1"]);
        let (begun, slow, mut tried) = (Instant::now(), STAGGER * 2, Vec::new());
        let answer = first(all.clone(), &mut tried, async |address| {
            match address.is_ipv4() {
                true => {
                    sleep(slow).await;
                    Ok(())
                }
                false => pending().await,
            }
        });
        assert_eq!(answer.await.unwrap().0, all[0]);
        assert_eq!(begun.elapsed(), slow);
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_has_its_own_time_limit() {
        let all = addresses(&["192.0.2.1:1", "192.0.2.2:1"]);
        let (begun, mut tried) = (Instant::now(), Vec::new());
        let answer = first(all.clone(), &mut tried, async |_| {
            pending::<io::Result<()>>().await
        });
        let ConnectFailures(failures) = answer.await.unwrap_err();
        // The second one begins later, and has as long.
        assert_eq!(begun.elapsed(), STAGGER + ATTEMPT_LIMIT);
        let failures: Vec<_> = failures.iter().map(|(at, why)| (*at, why.kind())).collect();
        assert_eq!(
            failures,
            [
                (all[0], io::ErrorKind::TimedOut),
                (all[1], io::ErrorKind::TimedOut)
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_makes_room_at_once_and_every_refusal_is_named() {
        let all = addresses(&["192.0.2.1:1", "[2001:db8::1]:1", "192.0.2.2:1"]);
        let (begun, mut tried) = (Instant::now(), Vec::new());
        let answer = first(all.clone(), &mut tried, async |_| Err::<(), _>(refused()));
        let failures = answer.await.unwrap_err().to_string();
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(tried, all);
        for address in all {
            assert!(failures.contains(&format!("{address} (")), "{failures}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_attempt_is_waited_for() {
        let all = addresses(&["192.0.2.1:1", "192.0.2.2:1"]);
        let mut tried = Vec::new();
        let answer = first(all.clone(), &mut tried, async |address| {
            if address == all[1] {
                return Err(refused());
            }
            sleep(Duration::from_secs(3)).await;
            Ok(())
        });
        assert_eq!(answer.await.unwrap().0, all[0]);
        let nobody = first([], &mut tried, async |_| Ok(())).await;
        assert!(nobody.unwrap_err().0.is_empty());
    }

    #[tokio::test]
    async fn a_port_that_is_closed_does_not_hide_one_that_is_open() {
        let [closed, open] = [0, 1].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let all = [&closed, &open].map(|port| port.local_addr().unwrap());
        drop(closed);
        let mut tried = Vec::new();
        let (address, _) = first(all, &mut tried, tokio::net::TcpStream::connect)
            .await
            .unwrap();
        assert_eq!((address, tried), (all[1], all.to_vec()));
    }

    #[test]
    fn families_take_turns_beginning_with_ipv4() {
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let turns = addresses(&["1.1.1.1:1", "[::1]:1", "1.1.1.2:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(in_turns(given), turns);
    }
}
