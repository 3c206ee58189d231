//! When a spectator connects, and connects again. Whoever drives it owns the socket: it says what happened to that,
//! with the time and, where a wait is drawn, a random number; it does what [`Connection::poll_output`] gives.

use crate::frame::{CloseCode, Retry};
use crate::reconnect::{Reconnect, ReconnectPolicy};
use std::collections::VecDeque;
use std::time::Duration;

/// The first frame of a relay comes within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A room whose snapshots stop for so long, though there were cars, is not heard any more: pings are answered by the
/// browser, which tells nobody.
const SILENCE: Duration = Duration::from_secs(10);
/// So much too late, it is the page that slept and not the relay: what came meanwhile is still to be taken.
const SLEPT: Duration = Duration::from_secs(2);

/// How far the connection has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The first attempt is under way.
    Connecting,
    /// The relay shows the room.
    Live,
    /// Lost, or not found; tries again after this time.
    Reconnecting(Loss, Duration),
    /// Over, and stays so.
    Closed(Loss),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// The WebSocket was closed.
    Closed {
        /// The number on the wire; 1006 where it broke.
        number: u16,
        /// The reason on the wire.
        reason: String,
        /// It had been open.
        opened: bool,
    },
    /// The relay did not say anything in time.
    Timeout,
    /// The relay fell silent.
    Silence,
    /// Nobody watches any more.
    Ended,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a socket.
    Connect,
    /// Drop the socket; nothing of it counts any more.
    Disconnect,
    /// Tell whoever watches.
    State(State),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A socket is being opened, or open without a first frame, since then.
    Connecting(Duration),
    Live {
        since: Duration,
        /// When the newest snapshot came, if it had cars.
        fed: Option<Duration>,
    },
    Waiting {
        until: Duration,
    },
    Closed,
}

/// A spectator's connection.
#[derive(Debug)]
pub struct Connection {
    phase: Phase,
    opened: bool,
    reconnect: Reconnect,
    /// At most a few, since they are taken after each input.
    outputs: VecDeque<Output>,
}

impl Connection {
    /// Start with the first attempt.
    pub fn new(now: Duration) -> Self {
        Self {
            phase: Phase::Connecting(now),
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
        if let Phase::Connecting(_) = self.phase {
            self.phase = Phase::Live {
                since: now,
                fed: None,
            };
            self.outputs.push_back(Output::State(State::Live));
        }
    }

    /// A snapshot came.
    pub fn handle_snapshot(&mut self, has_cars: bool, now: Duration) {
        if let Phase::Live { fed, .. } = &mut self.phase {
            *fed = has_cars.then_some(now);
        }
    }

    /// The socket was closed, by whomever. `random` is from 0 to 1.
    pub fn handle_close(&mut self, number: u16, reason: String, now: Duration, random: f64) {
        let loss = Loss::Closed {
            number,
            reason,
            opened: self.opened,
        };
        self.lose(loss, now, random);
    }

    /// Do what is due. `random` is from 0 to 1.
    pub fn handle_timeout(&mut self, now: Duration, random: f64) {
        let Some(due) = self.poll_timeout().filter(|&due| due <= now) else {
            return;
        };
        match &mut self.phase {
            Phase::Live { fed, .. } if now - due >= SLEPT => *fed = Some(now - SILENCE + SLEPT),
            Phase::Live { .. } => self.lose(Loss::Silence, now, random),
            Phase::Connecting(_) => self.lose(Loss::Timeout, now, random),
            Phase::Waiting { .. } => self.connect(now),
            Phase::Closed => {}
        }
    }

    /// The network is back: an attempt that waits is made at once.
    pub fn handle_online(&mut self, now: Duration) {
        if let Phase::Waiting { .. } = self.phase {
            self.connect(now);
        }
    }

    /// End it for good.
    pub fn close(&mut self) {
        self.end(Loss::Ended);
    }

    /// Give the next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Say when [`handle_timeout`](Self::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.phase {
            Phase::Connecting(since) => Some(since + CONNECT_TIMEOUT),
            Phase::Live { fed, .. } => Some(fed? + SILENCE),
            Phase::Waiting { until } => Some(until),
            Phase::Closed => None,
        }
    }

    fn connect(&mut self, now: Duration) {
        self.phase = Phase::Connecting(now);
        self.opened = false;
        self.outputs.push_back(Output::Connect);
    }

    fn lose(&mut self, loss: Loss, now: Duration, random: f64) {
        let up = match self.phase {
            Phase::Connecting(_) => Duration::ZERO,
            Phase::Live { since, .. } => now.saturating_sub(since),
            Phase::Waiting { .. } | Phase::Closed => return,
        };
        let Some(wait) = self.reconnect.handle_loss(loss.retry(), up, random) else {
            return self.end(loss);
        };
        self.phase = Phase::Waiting { until: now + wait };
        self.outputs.push_back(Output::Disconnect);
        let state = State::Reconnecting(loss, wait);
        self.outputs.push_back(Output::State(state));
    }

    fn end(&mut self, loss: Loss) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.outputs.push_back(Output::Disconnect);
            self.outputs.push_back(Output::State(State::Closed(loss)));
        }
    }
}

impl Loss {
    /// Say whether another attempt may go better.
    pub fn may_pass(&self) -> bool {
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

    fn closed(number: u16, opened: bool) -> Loss {
        Loss::Closed {
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

    fn lost(loss: Loss, wait: Duration) -> [Output; 2] {
        [
            Output::Disconnect,
            Output::State(State::Reconnecting(loss, wait)),
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
    fn what_passes_is_tried_again_and_what_does_not_is_the_end() {
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
        assert_eq!(outputs(&mut connection), lost(Loss::Timeout, ms(0)));
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
        assert_eq!(outputs(&mut connection), lost(Loss::Silence, ms(0)));
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
        assert_eq!(outputs(&mut connection), lost(Loss::Silence, ms(0)));
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
        let loss = closed(1006, false);
        assert_eq!(
            outputs(&mut connection),
            lost(loss, ms(0)),
            "it was not open again"
        );
    }

    #[test]
    fn who_stops_watching_is_left_alone() {
        let mut connection = live(ms(0));
        connection.close();
        connection.close();
        connection.handle_close(1006, String::new(), ms(10), 0.0);
        connection.handle_room(ms(11));
        let state = Output::State(State::Closed(Loss::Ended));
        assert_eq!(outputs(&mut connection), [Output::Disconnect, state]);
        assert_eq!(connection.poll_timeout(), None);
    }
}
