//! Errors as JavaScript sees them: a `RaceError` with a stable `code`, whether trying again may help, and a message
//! in plain words.

use js_sys::{Error, Reflect};
use protocol::frame::{CloseCode, Retry};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, DatagramError, SendError};
use protocol::spectate::{InvalidTarget, Loss};
use wasm_bindgen::JsValue;

/// Why something failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) retryable: bool,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: &'static str, retryable: bool, message: impl Into<String>) -> Self {
        Self {
            code,
            retryable,
            message: message.into(),
        }
    }

    pub(crate) fn not_connected() -> Self {
        Self::new("not_connected", true, "not connected: call connect() first")
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid_argument", false, message)
    }

    /// Make the JavaScript `Error`.
    pub(crate) fn to_js(&self) -> JsValue {
        let error = Error::new(&self.message);
        error.set_name("RaceError");
        // Setting a property on an object just made cannot fail.
        let _ = Reflect::set(&error, &"code".into(), &self.code.into());
        let _ = Reflect::set(&error, &"retryable".into(), &self.retryable.into());
        error.into()
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let code = match error {
            SendError::NotConnected => return Self::not_connected(),
            SendError::NotAuthenticated => "auth_required",
            SendError::QueueFull => "queue_full",
            SendError::TooLong(_) | SendError::Batch => "invalid_argument",
        };
        Self::new(
            code,
            matches!(error, SendError::QueueFull),
            error.to_string(),
        )
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let message = error.to_string();
        match error {
            CommandError::Timeout => Self::new("timeout", true, message),
            CommandError::Closed => Self::new("closed", true, message),
            CommandError::Refused { refusal, message } => {
                Self::new(refusal_code(refusal), false, message)
            }
        }
    }
}

impl From<DatagramError> for Failure {
    fn from(error: DatagramError) -> Self {
        let code = match error {
            DatagramError::NotInRoom => "not_in_room",
            DatagramError::NotFinite | DatagramError::Seal(_) => "invalid_argument",
        };
        Self::new(code, false, error.to_string())
    }
}

impl From<InvalidTarget> for Failure {
    fn from(error: InvalidTarget) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<&Loss> for Failure {
    fn from(loss: &Loss) -> Self {
        let failure = match loss {
            // Whoever closes it so is between here and the relay, which does not.
            Loss::Closed {
                number: 1000 | 1001,
                opened,
                ..
            } => of_close(1006, "", *opened),
            Loss::Closed {
                number,
                reason,
                opened,
            } => of_close(*number, reason, *opened),
            Loss::Timeout => Self::new("timeout", true, "the relay did not answer in time"),
            Loss::Silence => Self::new("connection_lost", true, "the relay fell silent"),
            Loss::Ended => Self::new("closed", false, "the spectator was closed"),
        };
        Self {
            retryable: loss.may_pass(),
            ..failure
        }
    }
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::AuthFailed => "auth_failed",
        Refusal::AuthRequired => "auth_required",
        Refusal::RoomNotFound => "room_not_found",
        Refusal::RoomFull => "room_full",
        Refusal::NotHost => "not_host",
        Refusal::NotInRoom => "not_in_room",
        Refusal::PlayerNotFound => "player_not_found",
        Refusal::UnknownCommand => "unknown_command",
        Refusal::InvalidCommand | Refusal::Other => "server_error",
    }
}

/// What the close of a WebSocket means. `opened`: the WebSocket had been open.
pub(crate) fn of_close(number: u16, reason: &str, opened: bool) -> Failure {
    let code = CloseCode::from_number(number);
    let retryable = code.is_none_or(|code| code.retry() != Retry::No);
    let (code, words) = match code {
        Some(CloseCode::Normal | CloseCode::GoingAway) => ("closed", "the connection was closed"),
        Some(CloseCode::NotAllowed) => ("not_allowed", "the relay does not allow this page"),
        Some(CloseCode::FrameTooLarge) => {
            ("frame_too_large", "a message was too large for the relay")
        }
        Some(CloseCode::Restarting) => ("relay_restarting", "the relay is restarting"),
        Some(CloseCode::Full) => ("relay_full", "the relay is full"),
        Some(CloseCode::ServerEnded) => ("server_ended", "the game server ended the session"),
        Some(CloseCode::ServerUnreachable) => {
            ("server_unreachable", "the game server cannot be reached")
        }
        Some(CloseCode::CertificateNotTrusted) => (
            "certificate_not_trusted",
            "the relay does not trust the game server's certificate",
        ),
        Some(CloseCode::ServerTimeout) => {
            ("server_timeout", "the game server did not answer in time")
        }
        Some(CloseCode::SentTooMuch) => ("sent_too_much", "this page sent too much"),
        Some(CloseCode::TooSlow) => ("too_slow", "this page was too slow to read"),
        Some(CloseCode::Malformed) => ("malformed", "this page sent something malformed"),
        None if opened => ("connection_lost", "the connection was lost"),
        None => ("relay_unreachable", "the relay cannot be reached"),
    };
    let message = if reason.is_empty() {
        words.to_owned()
    } else {
        reason.to_owned()
    };
    Failure::new(code, retryable, message)
}
