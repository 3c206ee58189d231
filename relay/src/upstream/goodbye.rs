//! The goodbye on behalf of a browser that went away: without it a game server of the first generation keeps
//! the player in its room for ever. Sans-I/O: `bridge` carries its lines and its time, counted from the start
//! of the session.

use std::time::Duration;

use serde::Deserialize;

/// The longest wait for the answer to `LEAVE_ROOM`.
const LEAVE_LIMIT: Duration = Duration::from_millis(1500);
/// The longest wait for the answer to `BYE`. With `MAX_SETTLE` and `LEAVE_LIMIT` it makes 3 s at most.
const BYE_LIMIT: Duration = Duration::from_millis(1000);
/// The shortest and longest pause after the last datagram. A position that arrives behind `LEAVE_ROOM` can put
/// the player back into its room (facts, section 6.6), so one round trip passes first.
const MIN_SETTLE: Duration = Duration::from_millis(20);
const MAX_SETTLE: Duration = Duration::from_millis(500);

const LEAVE_ROOM: &str = r#"{"command":"LEAVE_ROOM"}"#;
const BYE: &str = r#"{"command":"BYE"}"#;

/// A goodbye in progress.
#[derive(Debug)]
pub(crate) struct Goodbye {
    stage: Stage,
    deadline: Duration,
    answered: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// The last datagram is still on its way.
    Settling,
    /// `LEAVE_ROOM` waits for its answer.
    Leaving,
    /// `BYE` waits for its answer.
    Parting,
    Done,
}

impl Goodbye {
    /// Begin. `last_datagram` is when the last one was forwarded, `round_trip` that to the game server.
    pub(crate) fn new(
        now: Duration,
        last_datagram: Option<Duration>,
        round_trip: Duration,
    ) -> Self {
        let settle = round_trip.clamp(MIN_SETTLE, MAX_SETTLE);
        Self {
            stage: Stage::Settling,
            deadline: last_datagram.map_or(now, |last| last + settle),
            answered: false,
        }
    }

    /// Begin where the browser itself has said `BYE`: only its answer is waited for.
    pub(crate) fn said(now: Duration) -> Self {
        Self {
            stage: Stage::Parting,
            deadline: now + BYE_LIMIT,
            answered: false,
        }
    }

    /// Say whether the game server answered the goodbye.
    pub(crate) fn is_answered(&self) -> bool {
        self.answered
    }

    /// When `handle_time` wants to be called; nothing once the goodbye is over.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        (self.stage != Stage::Done).then_some(self.deadline)
    }

    /// Take the clock; gives the line to send now.
    pub(crate) fn handle_time(&mut self, now: Duration) -> Option<&'static str> {
        if now < self.deadline {
            return None;
        }
        match self.stage {
            Stage::Settling => {
                self.stage = Stage::Leaving;
                self.deadline = now + LEAVE_LIMIT;
                Some(LEAVE_ROOM)
            }
            Stage::Leaving => self.part(now),
            Stage::Parting | Stage::Done => {
                self.stage = Stage::Done;
                None
            }
        }
    }

    /// Take a line of the game server; gives the line to send now. Answers to what the browser had asked before
    /// and pushes come in between.
    pub(crate) fn handle_line(&mut self, line: &str, now: Duration) -> Option<&'static str> {
        match self.stage {
            Stage::Leaving if answers_leave_room(line) => self.part(now),
            Stage::Parting if command_of(line).as_deref() == Some("BYE_OK") => {
                self.stage = Stage::Done;
                self.answered = true;
                None
            }
            _ => None,
        }
    }

    fn part(&mut self, now: Duration) -> Option<&'static str> {
        self.stage = Stage::Parting;
        self.deadline = now + BYE_LIMIT;
        Some(BYE)
    }
}

#[derive(Deserialize)]
struct Head {
    command: Option<String>,
    message: Option<String>,
}

fn head_of(line: &str) -> Option<Head> {
    serde_json::from_str(line).ok()
}

fn command_of(line: &str) -> Option<String> {
    head_of(line)?.command
}

fn answers_leave_room(line: &str) -> bool {
    let Some(Head {
        command: Some(command),
        message,
    }) = head_of(line)
    else {
        return false;
    };
    let refusal = message.unwrap_or_default();
    match command.as_str() {
        "LEAVE_OK" => true,
        // Who is not signed in is in no room, and is told so in these words.
        "ERROR" => {
            refusal.starts_with("Cannot leave room")
                || refusal.starts_with("Authentication required")
        }
        _ => false,
    }
}

/// Say whether a command line of a browser is `BYE`; servers ignore the case.
pub(crate) fn is_bye(line: &str) -> bool {
    command_of(line).is_some_and(|command| command.eq_ignore_ascii_case("BYE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn it_waits_a_round_trip_then_leaves_then_parts() {
        let mut goodbye = Goodbye::new(ms(1000), Some(ms(990)), ms(50));
        assert_eq!(goodbye.deadline(), Some(ms(1040)));
        assert_eq!(goodbye.handle_time(ms(1039)), None);
        assert_eq!(goodbye.handle_time(ms(1040)), Some(LEAVE_ROOM));
        let leave_ok = r#"{"command":"LEAVE_OK","roomId":"1"}"#;
        assert_eq!(goodbye.handle_line(leave_ok, ms(1090)), Some(BYE));
        assert_eq!(
            goodbye.handle_line(r#"{"command":"BYE_OK"}"#, ms(1100)),
            None
        );
        assert_eq!(goodbye.deadline(), None);
        assert!(goodbye.is_answered());
    }

    #[test]
    fn answers_to_earlier_commands_and_pushes_do_not_count() {
        let mut goodbye = Goodbye::new(ms(0), None, ms(50));
        assert_eq!(goodbye.handle_time(ms(0)), Some(LEAVE_ROOM));
        for line in [
            r#"{"command":"PONG"}"#,
            r#"{"command":"ERROR","message":"Room not found."}"#,
            r#"{"command":"RELAYED_MESSAGE","message":"Cannot leave room"}"#,
            r#"{"type":"INV_STATE_FULL"}"#,
            "CONNECTED|0123",
            "[]",
            "",
        ] {
            assert_eq!(goodbye.handle_line(line, ms(1)), None, "{line}");
        }
    }

    #[test]
    fn a_refusal_to_leave_is_an_answer_too() {
        for refusal in [
            r#"{"command":"ERROR","message":"Cannot leave room. No room joined."}"#,
            r#"{"command":"ERROR","message":"Cannot leave room. You are not in this room."}"#,
            r#"{"command":"ERROR","message":"Authentication required. Please use NAME command with password."}"#,
        ] {
            let mut goodbye = Goodbye::new(ms(0), None, ms(50));
            assert_eq!(goodbye.handle_time(ms(0)), Some(LEAVE_ROOM));
            assert_eq!(goodbye.handle_line(refusal, ms(2)), Some(BYE), "{refusal}");
        }
    }

    #[test]
    fn a_server_that_never_answers_is_left_within_three_seconds() {
        let mut goodbye = Goodbye::new(ms(0), Some(ms(0)), ms(60_000));
        let mut sent = Vec::new();
        let mut now = ms(0);
        while let Some(deadline) = goodbye.deadline() {
            now = deadline;
            sent.extend(goodbye.handle_time(now));
        }
        assert_eq!(sent, [LEAVE_ROOM, BYE]);
        assert_eq!(now, ms(3000));
        assert!(!goodbye.is_answered());
    }

    #[test]
    fn a_browser_that_said_bye_gets_nothing_added() {
        let mut goodbye = Goodbye::said(ms(10));
        assert_eq!(
            goodbye.handle_line(r#"{"command":"LEAVE_OK"}"#, ms(11)),
            None
        );
        assert_eq!(goodbye.handle_line(r#"{"command":"BYE_OK"}"#, ms(12)), None);
        assert_eq!(goodbye.deadline(), None);
    }

    #[test]
    fn bye_is_known_in_any_case_and_spelling() {
        for line in [
            r#"{"command":"BYE"}"#,
            r#" { "x":[1], "command" : "bye" } "#,
        ] {
            assert!(is_bye(line), "{line}");
        }
        for line in [r#"{"command":"PING","message":"BYE"}"#, "BYE", "", "{}"] {
            assert!(!is_bye(line), "{line}");
        }
    }
}
