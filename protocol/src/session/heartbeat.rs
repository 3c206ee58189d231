//! The server's signs of life and time (token generation), beside the one command that waits for its answer.

use std::time::Duration;

use serde::Serialize;

use super::{Session, State, Transmit};
use crate::command::Command;
use crate::generation::Generation;
use crate::json;

/// How often the server is asked for its time.
const INTERVAL: Duration = Duration::from_secs(10);

/// The heartbeats of one connection.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    /// Servers ignore a number that came before (facts, section 2.3).
    number: u64,
    /// The newest one, if it is not answered yet.
    sent: Option<Duration>,
    next: Duration,
}

impl Session {
    /// Answer the server's own `PING`. Before the sign-in that is an error (facts, Q22).
    pub(super) fn answer_ping(&mut self, now: Duration) {
        if self.state == State::Authenticated {
            self.last_line_sent = now;
            let pong = Command::Pong.to_line();
            self.transmits.push_back(Transmit::Line(pong));
        }
    }

    /// When the next heartbeat is due.
    pub(super) fn heartbeat_due(&self) -> Option<Duration> {
        let has_heartbeat = self.generation.is_some_and(Generation::has_heartbeat);
        let is_wanted = has_heartbeat && self.state == State::Authenticated && !self.is_closing;
        is_wanted.then_some(self.heartbeat.next)
    }

    /// Send a heartbeat if one is due. Nobody waits for its answer.
    pub(super) fn send_heartbeat(&mut self, now: Duration) {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Line {
            action: &'static str,
            message_id: String,
        }
        if self.heartbeat_due().is_none_or(|due| due > now) {
            return;
        }
        let heartbeat = &mut self.heartbeat;
        heartbeat.number += 1;
        heartbeat.sent = Some(now);
        heartbeat.next = now + INTERVAL;
        let line = json::to_string(&Line {
            action: "heartbeat",
            message_id: heartbeat.number.to_string(),
        });
        self.transmits.push_back(Transmit::Line(line));
    }

    /// A heartbeat was answered. Only the newest counts.
    pub(super) fn handle_heartbeat(&mut self, id: Option<&str>, server_ms: i64, now: Duration) {
        if id != Some(self.heartbeat.number.to_string().as_str()) {
            return;
        }
        if let Some(sent) = self.heartbeat.sent.take() {
            let round_trip = now.saturating_sub(sent);
            // The server read its clock half-way.
            let read_at = (sent + round_trip / 2).as_secs_f64() * 1000.0;
            self.clock_offset_ms = Some(server_ms as f64 - read_at);
            self.measured(round_trip);
        }
    }
}
