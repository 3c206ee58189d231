//! Errors as JavaScript sees them: a `RaceError` with a stable `code`, a message in plain words, and whether another
//! attempt may help.

use std::borrow::Cow;

use js_sys::Error;
use protocol::frame::{CloseCode, Retry};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, DatagramError, SendError};
use protocol::spectate::{DisconnectReason, InvalidTarget};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::objects::Object;

/// Why something failed.
#[derive(Debug, Clone)]
pub(crate) struct RaceError {
    pub(crate) code: &'static str,
    pub(crate) retryable: bool,
    pub(crate) message: Cow<'static, str>,
}

impl RaceError {
    pub(crate) fn new(
        code: &'static str,
        retryable: bool,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            retryable,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_argument", false, message)
    }

    /// Make the JavaScript `Error`.
    pub(crate) fn to_js(&self) -> JsValue {
        let fields = Object::Error {
            name: "RaceError",
            code: self.code,
            retryable: self.retryable,
        };
        let error = Error::new(&self.message);
        js_sys::Object::assign(&error, fields.to_js().unchecked_ref()).into()
    }
}

impl From<RaceError> for JsValue {
    fn from(error: RaceError) -> Self {
        error.to_js()
    }
}

impl From<SendError> for RaceError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotConnected => {
                Self::new("not_connected", true, "not connected: call connect() first")
            }
            SendError::NotAuthenticated => Self::new("auth_required", false, "sign in first"),
            SendError::QueueFull => {
                Self::new("queue_full", true, "too many commands are waiting already")
            }
            SendError::Refused(refusal) => Self::new(refusal_code(refusal), false, refusal.words()),
            SendError::TooLong(_) => Self::invalid("the command is longer than a relay takes"),
        }
    }
}

impl From<CommandError> for RaceError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Timeout => {
                Self::new("timeout", true, "the game server did not answer in time")
            }
            CommandError::AnswerTooLong => Self::new(
                "answer_too_long",
                false,
                "the answer is too long for the relay",
            ),
            CommandError::Closed => Self::new(
                "closed",
                true,
                "the connection ended before the answer came",
            ),
            CommandError::Refused { refusal, message } => {
                Self::new(refusal_code(refusal), false, message)
            }
        }
    }
}

impl From<DatagramError> for RaceError {
    fn from(error: DatagramError) -> Self {
        match error {
            DatagramError::NotInRoom => Self::new("not_in_room", false, "not in a room"),
            DatagramError::NotFinite => {
                Self::invalid("a number that is not finite, or a rotation without direction")
            }
            DatagramError::OutOfBounds => {
                Self::invalid("a place farther from the origin than this game server takes")
            }
            DatagramError::Seal(_) => Self::invalid("more than fits into a datagram"),
        }
    }
}

impl From<InvalidTarget> for RaceError {
    fn from(error: InvalidTarget) -> Self {
        Self::invalid(match error {
            InvalidTarget::Address => {
                "the relay's address must be like https://play.example or ws://127.0.0.1:8080, without ? and #"
            }
            InvalidTarget::Room => "a room is an id as /api/rooms lists it, not a name",
            InvalidTarget::Token => "a token has 1 to 128 letters and digits, or - _ . ~",
        })
    }
}

impl From<&DisconnectReason> for RaceError {
    fn from(loss: &DisconnectReason) -> Self {
        let error = match loss {
            // The relay never closes a spectator with these: something on the way did.
            DisconnectReason::Closed {
                number: 1000 | 1001,
                opened,
                ..
            } => of_close(1006, "", *opened),
            DisconnectReason::Closed {
                number,
                reason,
                opened,
            } => of_close(*number, reason, *opened),
            DisconnectReason::Timeout => {
                Self::new("timeout", true, "the relay did not answer in time")
            }
            DisconnectReason::Silence => {
                Self::new("connection_lost", true, "the relay fell silent")
            }
            DisconnectReason::Ended => Self::new("closed", false, "the spectator was closed"),
        };
        Self {
            retryable: loss.is_retryable(),
            ..error
        }
    }
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::AuthFailed => "auth_failed",
        Refusal::AuthRequired => "auth_required",
        Refusal::PasswordMissing => "password_missing",
        Refusal::NameTaken => "name_taken",
        Refusal::EmailTaken => "email_taken",
        Refusal::NameLength => "name_length",
        Refusal::PasswordTooShort => "password_too_short",
        Refusal::AccountLocked => "account_locked",
        Refusal::AccountDisabled => "account_disabled",
        Refusal::TokenExpired => "token_expired",
        Refusal::RoomSize => "room_size",
        Refusal::RoomNotFound => "room_not_found",
        Refusal::RoomFull => "room_full",
        Refusal::NotHost => "not_host",
        Refusal::NotInRoom => "not_in_room",
        Refusal::PlayerNotFound => "player_not_found",
        Refusal::UnknownCommand => "unknown_command",
        Refusal::InvalidCommand | Refusal::Other => "server_error",
    }
}

/// Explain the close of a WebSocket. `opened` says that it had been open.
pub(crate) fn of_close(number: u16, reason: &str, opened: bool) -> RaceError {
    let code = CloseCode::from_number(number);
    let retryable = Retry::after_close(number) != Retry::No;
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
        Some(CloseCode::Interrupted | CloseCode::Left) => {
            ("connection_lost", "the connection was lost")
        }
        Some(CloseCode::Malformed) => ("malformed", "this page sent something malformed"),
        Some(CloseCode::TakenOver) => ("taken_over", "the session goes on in another page"),
        None if opened => ("connection_lost", "the connection was lost"),
        None => ("relay_unreachable", "the relay cannot be reached"),
    };
    let message: Cow<'static, str> = match reason {
        "" => words.into(),
        reason => reason.to_owned().into(),
    };
    RaceError::new(code, retryable, message)
}
