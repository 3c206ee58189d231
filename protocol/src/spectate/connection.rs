//! A spectator's connection as a machine without I/O. The caller owns the socket: it reports what happens to it with
//! the time and a random number, and does what [`Connection::poll_output`] gives.

use crate::frame::{CloseCode, Retry};
use crate::reconnect::{Reconnect, ReconnectPolicy};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the first frame of a relay may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection whose snapshots stop for this long counts as broken if the last one had cars. Nothing else shows it: the
/// browser answers pings by itself.
const SILENCE: Duration = Duration::from_secs(10);
/// A timeout that runs this much too late means that the page slept. It gets this time to read what came meanwhile.
const SLEPT: Duration = Duration::from_secs(2);

/// How far the connection has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The first attempt is under way.
    Connecting,
    /// The relay shows the room.
    Live,
    /// The connection was lost or refused. The next attempt comes after this time.
    Reconnecting(DisconnectReason, Duration),
    /// Over for good.
    Closed(DisconnectReason),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The WebSocket was closed.
    Closed {
        /// The close code on the wire; 1006 if it broke.
        number: u16,
        /// The reason on the wire.
        reason: String,
        /// It had been open.
        opened: bool,
    },
    /// No frame came in time.
    Timeout,
    /// Snapshots stopped.
    Silence,
    /// The caller ended it.
    Ended,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a socket.
    Connect,
    /// Drop the socket. What still comes from it does not count.
    Disconnect,
    /// Report the new state.
    State(State),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A socket is being opened, or open without a first frame, since then.
    Connecting(Duration),
    Live {
        since: Duration,
        /// When the newest snapshot came. `None` if it had no cars.
        last_cars: Option<Duration>,
    },
    Waiting {
        until: Duration,
    },
    Closed,
}

/// A spectator's connection.
#[derive(Debug)]
pub struct Connection {
    stage: Stage,
    opened: bool,
    reconnect: Reconnect,
    /// At most a few: the caller takes them after each input.
    outputs: VecDeque<Output>,
}

impl Connection {
    /// Start with the first attempt.
    pub fn new(now: Duration) -> Self {
        Self {
            stage: Stage::Connecting(now),
            opened: false,
            reconnect: Reconnect::new(ReconnectPolicy::SPECTATOR),
            outputs: [Output::State(State::Connecting), Output::Connect].into(),
        }
    }

    /// The socket is open.
    pub fn handle_open(&mut self) {
        self.opened = true;
    }

    /// A text frame came.
    pub fn handle_room(&mut self, now: Duration) {
        if let Stage::Connecting(_) = self.stage {
            self.stage = Stage::Live {
                since: now,
                last_cars: None,
            };
            self.outputs.push_back(Output::State(State::Live));
        }
    }

    /// A snapshot came.
    pub fn handle_snapshot(&mut self, has_cars: bool, now: Duration) {
        if let Stage::Live { last_cars, .. } = &mut self.stage {
            *last_cars = has_cars.then_some(now);
        }
    }

    /// The socket was closed by either side. `random` is from 0 to 1.
    pub fn handle_close(&mut self, number: u16, reason: String, now: Duration, random: f64) {
        let reason = DisconnectReason::Closed {
            number,
            reason,
            opened: self.opened,
        };
        self.lose(reason, now, random);
    }

    /// Do what is due. `random` is from 0 to 1.
    pub fn handle_timeout(&mut self, now: Duration, random: f64) {
        let Some(due) = self.poll_timeout().filter(|&due| due <= now) else {
            return;
        };
        match &mut self.stage {
            Stage::Live { last_cars, .. } if now - due >= SLEPT => {
                *last_cars = Some(now - SILENCE + SLEPT)
            }
            Stage::Live { .. } => self.lose(DisconnectReason::Silence, now, random),
            Stage::Connecting(_) => self.lose(DisconnectReason::Timeout, now, random),
            Stage::Waiting { .. } => self.connect(now),
            Stage::Closed => {}
        }
    }

    /// The network is back: an attempt that waits is made at once.
    pub fn handle_online(&mut self, now: Duration) {
        if let Stage::Waiting { .. } = self.stage {
            self.connect(now);
        }
    }

    /// End it for good.
    pub fn close(&mut self) {
        self.end(DisconnectReason::Ended);
    }

    /// Give the next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Say when [`handle_timeout`](Self::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.stage {
            Stage::Connecting(since) => Some(since + CONNECT_TIMEOUT),
            Stage::Live { last_cars, .. } => Some(last_cars? + SILENCE),
            Stage::Waiting { until } => Some(until),
            Stage::Closed => None,
        }
    }

    fn connect(&mut self, now: Duration) {
        self.stage = Stage::Connecting(now);
        self.opened = false;
        self.outputs.push_back(Output::Connect);
    }

    fn lose(&mut self, reason: DisconnectReason, now: Duration, random: f64) {
        let up = match self.stage {
            Stage::Connecting(_) => Duration::ZERO,
            Stage::Live { since, .. } => now.saturating_sub(since),
            Stage::Waiting { .. } | Stage::Closed => return,
        };
        let Some(wait) = self.reconnect.handle_loss(reason.retry(), up, random) else {
            return self.end(reason);
        };
        self.stage = Stage::Waiting { until: now + wait };
        self.outputs.push_back(Output::Disconnect);
        let state = State::Reconnecting(reason, wait);
        self.outputs.push_back(Output::State(state));
    }

    fn end(&mut self, reason: DisconnectReason) {
        if self.stage != Stage::Closed {
            self.stage = Stage::Closed;
            self.outputs.push_back(Output::Disconnect);
            self.outputs.push_back(Output::State(State::Closed(reason)));
        }
    }
}

impl DisconnectReason {
    /// Say whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        self.retry() != Retry::No
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Closed { number, .. } => match CloseCode::from_number(*number) {
                // The relay never closes a spectator with these: a proxy in between went away.
                Some(CloseCode::Normal | CloseCode::GoingAway) | None => Retry::Yes,
                Some(code) => code.retry(),
            },
            Self::Timeout | Self::Silence => Retry::Yes,
            Self::Ended => Retry::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn outputs(connection: &mut Connection) -> Vec<Output> {
        std::iter::from_fn(|| connection.poll_output()).collect()
    }

    fn closed(number: u16, opened: bool) -> DisconnectReason {
        DisconnectReason::Closed {
            number,
            reason: String::new(),
            opened,
        }
    }

    /// A connection that shows a room since `now`.
    fn live(now: Duration) -> Connection {
        let mut connection = Connection::new(now);
        connection.handle_open();
        connection.handle_room(now);
        outputs(&mut connection);
        connection
    }

    fn lost(reason: DisconnectReason, wait: Duration) -> [Output; 2] {
        [
            Output::Disconnect,
            Output::State(State::Reconnecting(reason, wait)),
        ]
    }

    #[test]
    fn it_is_live_with_the_first_text() {
        let mut connection = Connection::new(ms(0));
        let expected = [Output::State(State::Connecting), Output::Connect];
        assert_eq!(outputs(&mut connection), expected);
        connection.handle_open();
        assert_eq!(outputs(&mut connection), []);
        connection.handle_room(ms(10));
        connection.handle_room(ms(20));
        assert_eq!(outputs(&mut connection), [Output::State(State::Live)]);
        assert_eq!(connection.poll_timeout(), None);
    }

    #[test]
    fn a_passing_failure_is_retried_and_a_permanent_one_is_final() {
        for number in [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4001, 4005, 4999] {
            let mut connection = live(ms(0));
            connection.handle_close(number, String::new(), ms(100), 0.5);
            let waiting = connection.poll_timeout().unwrap();
            connection.handle_timeout(waiting - ms(1), 0.0);
            assert_eq!(outputs(&mut connection).len(), 2, "{number}");
            connection.handle_timeout(waiting, 0.0);
            assert_eq!(outputs(&mut connection), [Output::Connect], "{number}");
        }
        for number in [1008, 1009, 4004, 4006] {
            let mut connection = live(ms(0));
            connection.handle_close(number, String::new(), ms(100), 0.5);
            let state = Output::State(State::Closed(closed(number, true)));
            assert_eq!(outputs(&mut connection), [Output::Disconnect, state]);
            assert_eq!(connection.poll_timeout(), None);
            connection.handle_online(ms(200));
            connection.handle_timeout(ms(99_000), 0.0);
            assert_eq!(outputs(&mut connection), [], "{number}");
        }
    }

    #[test]
    fn waits_are_any_part_of_a_time_that_doubles_up_to_the_longest() {
        let mut connection = Connection::new(ms(0));
        outputs(&mut connection);
        let mut now = ms(0);
        for most in [500, 1000, 2000, 4000, 8000, 15_000, 15_000] {
            connection.handle_close(1006, String::new(), now, 1.0);
            assert_eq!(
                outputs(&mut connection),
                lost(closed(1006, false), ms(most))
            );
            now += ms(most);
            connection.handle_timeout(now, 1.0);
            assert_eq!(outputs(&mut connection), [Output::Connect]);
        }
    }

    #[test]
    fn only_a_connection_that_held_makes_the_waits_short_again() {
        for (held, most) in [(ms(4999), 1000), (ms(5000), 500)] {
            let mut connection = Connection::new(ms(0));
            connection.handle_close(1006, String::new(), ms(0), 0.0);
            connection.handle_timeout(ms(0), 0.0);
            connection.handle_open();
            connection.handle_room(ms(0));
            outputs(&mut connection);
            connection.handle_close(1006, String::new(), held, 1.0);
            assert_eq!(outputs(&mut connection), lost(closed(1006, true), ms(most)));
        }
    }

    #[test]
    fn a_relay_that_restarts_or_is_full_is_given_time() {
        for number in [1012, 1013] {
            let mut connection = live(ms(0));
            connection.handle_close(number, String::new(), ms(9000), 1.0);
            assert_eq!(
                outputs(&mut connection),
                lost(closed(number, true), ms(2000))
            );
        }
    }

    #[test]
    fn a_relay_that_says_nothing_is_given_up() {
        let mut connection = Connection::new(ms(0));
        connection.handle_open();
        outputs(&mut connection);
        connection.handle_timeout(ms(9999), 0.0);
        assert_eq!(outputs(&mut connection), []);
        connection.handle_timeout(ms(10_000), 0.0);
        assert_eq!(
            outputs(&mut connection),
            lost(DisconnectReason::Timeout, ms(0))
        );
    }

    #[test]
    fn a_relay_that_falls_silent_is_given_up_but_an_empty_room_is_quiet() {
        let mut connection = live(ms(0));
        connection.handle_snapshot(true, ms(1000));
        assert_eq!(connection.poll_timeout(), Some(ms(11_000)));
        connection.handle_snapshot(false, ms(2000));
        assert_eq!(connection.poll_timeout(), None);
        connection.handle_snapshot(true, ms(3000));
        connection.handle_timeout(ms(13_000), 0.0);
        assert_eq!(
            outputs(&mut connection),
            lost(DisconnectReason::Silence, ms(0))
        );
    }

    #[test]
    fn a_page_that_slept_takes_what_came_before_it_gives_the_relay_up() {
        let mut connection = live(ms(0));
        connection.handle_snapshot(true, ms(1000));
        connection.handle_timeout(ms(60_000), 0.0);
        assert_eq!(connection.poll_timeout(), Some(ms(62_000)));
        let mut fed = live(ms(0));
        fed.handle_snapshot(true, ms(1000));
        fed.handle_timeout(ms(60_000), 0.0);
        fed.handle_snapshot(true, ms(60_001));
        assert_eq!(fed.poll_timeout(), Some(ms(70_001)));
        connection.handle_timeout(ms(62_000), 0.0);
        assert_eq!(
            outputs(&mut connection),
            lost(DisconnectReason::Silence, ms(0))
        );
        assert_eq!(outputs(&mut fed), []);
    }

    #[test]
    fn the_network_coming_back_ends_the_wait() {
        let mut connection = live(ms(0));
        connection.handle_online(ms(1));
        assert_eq!(outputs(&mut connection), []);
        connection.handle_close(1006, String::new(), ms(10), 1.0);
        outputs(&mut connection);
        connection.handle_online(ms(20));
        assert_eq!(outputs(&mut connection), [Output::Connect]);
        connection.handle_online(ms(21));
        assert_eq!(outputs(&mut connection), []);
        connection.handle_close(1006, String::new(), ms(30), 0.0);
        let reason = closed(1006, false);
        assert_eq!(
            outputs(&mut connection),
            lost(reason, ms(0)),
            "it was not open again"
        );
    }

    #[test]
    fn a_closed_connection_does_nothing_more() {
        let mut connection = live(ms(0));
        connection.close();
        connection.close();
        connection.handle_close(1006, String::new(), ms(10), 0.0);
        connection.handle_room(ms(11));
        let state = Output::State(State::Closed(DisconnectReason::Ended));
        assert_eq!(outputs(&mut connection), [Output::Disconnect, state]);
        assert_eq!(connection.poll_timeout(), None);
    }
}
