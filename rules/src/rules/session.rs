//! What the rules know of one connection.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::cipher::Cipher;
use protocol::id::{Password, RoomId, SessionId};
use protocol::line::LineError;

use super::account_job::AccountKind;
use super::message_ids::MessageIds;

/// The name of a session that has not named itself.
pub(crate) const ANONYMOUS: &str = "Anonymous";

/// How many lines of one session may wait while its password is being hashed; one more ends the session. The sockets stop
/// reading long before, see [`super::Rules::takes_lines`].
pub const MAX_QUEUED_LINES: usize = 64;

/// A session with more unread bytes than this takes no lines until its peer has read some. So nobody makes the server keep
/// answers by asking without reading.
pub const PAUSE_BYTES: usize = 64 * 1024;
/// The same for a session that has not signed in, for which others' messages are refused above it too.
pub const OPEN_PAUSE_BYTES: usize = 16 * 1024;
/// A session with more unread bytes than this gets no messages of others; their senders are told. A reader whose network
/// stalls for some seconds misses nothing below it.
pub const MAX_UNREAD_BYTES: usize = 1 << 20;
/// The longest line that a session may send before it has signed in: a name and a password, with room to spare.
pub const MAX_OPEN_COMMAND_BYTES: usize = 4 * 1024;
/// The longest line that a session may send. Escaped as JSON it is at most six times as long, so it fits into one line of
/// [`MAX_LINE_BYTES`](protocol::line::MAX_LINE_BYTES) to another player.
pub const MAX_COMMAND_BYTES: usize = 64 * 1024;

/// One connection of a player.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) name: String,
    pub(crate) authenticated: bool,
    /// It is a bot's.
    pub(crate) is_bot: bool,
    /// The room its commands act on.
    pub(crate) room: Option<RoomId>,
    /// When its last complete line came, good or bad. Datagrams do not count.
    pub(crate) last_line: Duration,
    /// When it connected or last asked for the rooms.
    pub(crate) last_wanted: Duration,
    /// Made when it first signs in: datagrams are tried only with the keys of sessions that have signed in.
    pub(crate) cipher: Option<Cipher>,
    /// Where its lines come from. In the default mode its datagrams must come from there too. An IPv4 address is written
    /// as one, even where the system shows it inside an IPv6 address.
    pub(crate) address: IpAddr,
    /// Where its last datagram came from.
    pub(crate) endpoint: Option<SocketAddr>,
    /// Where datagrams of its room are sent, if the policy keeps that with the session.
    pub(crate) receives_at: Option<SocketAddr>,
    /// The ids of its newest lines.
    pub(crate) message_ids: MessageIds,
    /// How many bytes of lines its peer has not been sent yet, newlines included.
    pub(crate) unread: usize,
    /// What its commands cost beyond the lines that they came in, counted in lines. See [`Rules::take_cost`](super::Rules::take_cost).
    pub(crate) cost: u32,
    /// Lines that wait for `waiting`; at most [`MAX_QUEUED_LINES`] and one batch.
    pub(crate) queue: VecDeque<Result<String, LineError>>,
    /// The job this session waits for. Its commands are done one after another.
    pub(crate) waiting: Option<Waiting>,
}

/// A password is being hashed or checked, or an account looked up.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Tells this job from earlier ones of the same connection.
    pub(crate) number: u64,
    pub(crate) purpose: Purpose,
}

/// What a job is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// Take a name that is registered with this password.
    TakeName(String),
    /// Register a name with this password.
    Register(String, Password),
    /// Confirm the password of the session's own name.
    Authenticate,
    /// Sign in with an account.
    Account(AccountKind),
}

impl Session {
    /// Begin a session.
    pub(crate) fn new(id: SessionId, address: IpAddr, now: Duration) -> Self {
        Self {
            id,
            name: ANONYMOUS.to_owned(),
            authenticated: false,
            is_bot: false,
            room: None,
            last_line: now,
            last_wanted: now,
            cipher: None,
            address: address.to_canonical(),
            endpoint: None,
            receives_at: None,
            message_ids: MessageIds::default(),
            unread: 0,
            cost: 0,
            queue: VecDeque::new(),
            waiting: None,
        }
    }

    /// Say whether the next line may be done: no password is being hashed, and the peer reads its answers.
    pub(crate) fn is_ready(&self) -> bool {
        let most = if self.authenticated {
            PAUSE_BYTES
        } else {
            OPEN_PAUSE_BYTES
        };
        self.waiting.is_none() && self.unread <= most
    }

    /// Say whether others' messages would pile up: the peer reads too slowly. One that has not signed in may hold less.
    pub(crate) fn lags(&self) -> bool {
        let most = if self.authenticated {
            MAX_UNREAD_BYTES
        } else {
            OPEN_PAUSE_BYTES
        };
        self.unread > most
    }
}
