//! What differs between the generations of the original server, and between the original and a sane server of the same
//! generation. The rules ask the policy, and never which generation it is.

use protocol::cipher::{HEADER_BYTES, MAX_DATAGRAM_BYTES};
use protocol::generation::Generation;

use super::room::Seating;
use super::validation::{InputRule, Limits};

/// How the rules behave. Made once from a generation and the mode.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    // Lines.
    /// The first line is JSON.
    pub(crate) welcomes_in_json: bool,
    /// What a session may send before it has signed in.
    pub(crate) open: &'static [&'static str],
    /// The answer to anything else.
    pub(crate) authentication_required: &'static str,
    /// Lines may have an `action` and a `messageId`, and there are combat, inventory and `AUTO_JOIN`.
    pub(crate) has_envelopes: bool,
    /// `MESSAGE` is known.
    pub(crate) has_chat: bool,
    /// `BATCH` is known; no original knows it.
    pub(crate) has_batches: bool,
    /// Lines are of limited length, and names and room names are checked.
    pub(crate) bounds_texts: bool,

    // Sessions.
    pub(crate) sign_in: SignIn,
    /// A session that neither signs in nor asks for the rooms is closed.
    pub(crate) ends_strangers: bool,
    /// The server sends `PING` at regular intervals.
    pub(crate) pings: bool,
    /// A session may answer it before it has signed in.
    pub(crate) takes_any_pong: bool,
    /// The keys in `PLAYER_INFO` begin in lower case.
    pub(crate) camel_player_info: bool,

    // Rooms.
    pub(crate) seating: Seating,
    pub(crate) departure: Departure,
    /// The name of a room whose creator gives none.
    pub(crate) default_room_name: &'static str,
    /// Whoever enters a room leaves the old one.
    pub(crate) leaves_old_room: bool,
    /// An empty room is dropped. The original drops one only if its host left it before it was ever started.
    pub(crate) drops_empty_rooms: bool,
    /// A new name shows in the room at once.
    pub(crate) renames_in_room: bool,
    /// `CREATE_ROOM` may say how many players the room holds, and the list shows it.
    pub(crate) chooses_room_size: bool,
    /// Members are told who joins and leaves, and a new one who is there.
    pub(crate) tells_members: bool,
    /// Starting places are numbers, and the host's second `GAME_STARTED` is like the first.
    pub(crate) numbers_starts: bool,

    // Datagrams.
    /// A datagram must come from the address of its session's lines.
    pub(crate) own_address_only: bool,
    pub(crate) key_search: KeySearch,
    /// The longest ciphertext.
    pub(crate) max_ciphertext_bytes: usize,
    /// Compressed datagrams are taken.
    pub(crate) inflates: bool,
    pub(crate) sender: Sender,
    /// Only a datagram that names its own session is judged by the limits.
    pub(crate) judges_own_only: bool,
    pub(crate) receivers: Receivers,
    /// Datagrams go out sealed with the receiver's key.
    pub(crate) seals: bool,
    /// The sender's count is passed on.
    pub(crate) passes_count: bool,
    /// An `UPDATE` takes its sender out of the room and adds it again, which gives it the last starting place.
    pub(crate) reseats_on_update: bool,
    pub(crate) input_room: InputRoom,
    /// An `INPUT` without `input` is passed on.
    pub(crate) passes_bare_input: bool,
    /// What a datagram may contain; `None` is anything.
    pub(crate) limits: Option<Limits>,
    pub(crate) violations: Violations,
    /// Places that come by a line are judged too.
    pub(crate) judges_lines: bool,
}

/// How a session signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// By any name; a password hardly protects it (facts, section 4.1).
    AnyName,
    /// By a name that nobody else has; a password reserves it.
    FreeName,
    /// With an account (facts, section 4.2).
    Account,
}

/// What happens in the room of a session that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// Nothing: its player stays for ever.
    Stays,
    /// Its player is removed, but stays the host.
    IsRemoved,
    /// As if it had left.
    Leaves,
}

/// How the key of a datagram is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySearch {
    /// Until a key gives JSON.
    UntilJson,
    /// Until a key gives a padding that looks valid. One wrong key in 256 does, and then the datagram is lost (facts, Q15).
    UntilPadding,
}

/// Whose datagram it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The session that the text names, whichever key opened it.
    Named,
    /// The session whose key opened it. The text must name it.
    NamedOwn,
    /// The session whose key opened it. The text may name it.
    Key,
}

/// Who gets what is sent to a room, and from which datagram the server learns where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receivers {
    /// Every entry in the room that has sent an `UPDATE` there.
    RoomEntries,
    /// Every session in the room that has sent anything.
    Sessions,
}

/// Where an `INPUT` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputRoom {
    /// To the room it names, whoever sends it.
    Named,
    /// To the room it names, or to the sender's. The sender must be in a room.
    NamedOrOwn,
    /// To the sender's room, which it must name.
    NamedOwn,
    /// To the sender's room, which it may name.
    Own,
}

/// What happens to a session that sends too many datagrams that break the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violations {
    /// Nothing.
    AreIgnored,
    /// It is closed without a word.
    End,
    /// It is told why and closed.
    EndWithReason,
}

/// No limit but what the server receives whole.
const ANY_CIPHERTEXT_BYTES: usize = MAX_DATAGRAM_BYTES - HEADER_BYTES;

const OPEN_WITH_ACCOUNTS: &[&str] = &[
    "REGISTER",
    "LOGIN",
    "AUTO_AUTH",
    "PING",
    "BYE",
    "PLAYER_INFO",
    "LIST_ROOMS",
];

impl Policy {
    /// Make the policy of a generation, as the original has it or sane.
    pub(crate) fn new(generation: Generation, faithful: bool) -> Self {
        let original = match generation {
            Generation::First => Self::first(),
            Generation::Chat => Self::chat(),
            Generation::Accounts => Self::accounts(),
            Generation::Token => Self::token(),
        };
        if faithful {
            original
        } else {
            original.made_sane()
        }
    }

    fn first() -> Self {
        Self {
            welcomes_in_json: false,
            open: &[
                "NAME",
                "AUTHENTICATE",
                "PING",
                "BYE",
                "PLAYER_INFO",
                "LIST_ROOMS",
            ],
            authentication_required: "Authentication required. Please use NAME command with password.",
            has_envelopes: false,
            has_chat: false,
            has_batches: false,
            bounds_texts: false,
            sign_in: SignIn::AnyName,
            ends_strangers: false,
            pings: false,
            takes_any_pong: false,
            camel_player_info: false,
            seating: Seating::ByCount,
            departure: Departure::Stays,
            default_room_name: "Race Room",
            leaves_old_room: false,
            drops_empty_rooms: false,
            renames_in_room: false,
            chooses_room_size: false,
            tells_members: false,
            numbers_starts: false,
            own_address_only: false,
            key_search: KeySearch::UntilJson,
            max_ciphertext_bytes: ANY_CIPHERTEXT_BYTES,
            inflates: false,
            sender: Sender::Named,
            judges_own_only: false,
            receivers: Receivers::RoomEntries,
            seals: false,
            passes_count: false,
            reseats_on_update: true,
            input_room: InputRoom::Named,
            passes_bare_input: false,
            limits: None,
            violations: Violations::AreIgnored,
            judges_lines: false,
        }
    }

    fn chat() -> Self {
        Self {
            has_chat: true,
            key_search: KeySearch::UntilPadding,
            max_ciphertext_bytes: 1024,
            seals: true,
            reseats_on_update: false,
            limits: Some(Limits {
                speed: 200.0,
                jump: 50.0,
                long_jump: 150.0,
                turn: 10.0,
                bounds: [1_000.0, 100.0, 1_000.0],
                input: InputRule::Controls,
            }),
            ..Self::first()
        }
    }

    fn accounts() -> Self {
        Self {
            open: OPEN_WITH_ACCOUNTS,
            authentication_required: "Authentication required. Use REGISTER, LOGIN, or AUTO_AUTH first.",
            sign_in: SignIn::Account,
            ..Self::chat()
        }
    }

    fn token() -> Self {
        Self {
            welcomes_in_json: true,
            authentication_required: "Authentication required.",
            has_envelopes: true,
            pings: true,
            camel_player_info: true,
            departure: Departure::IsRemoved,
            default_room_name: "Room",
            chooses_room_size: true,
            tells_members: true,
            numbers_starts: true,
            key_search: KeySearch::UntilJson,
            sender: Sender::Key,
            receivers: Receivers::Sessions,
            passes_count: true,
            input_room: InputRoom::NamedOrOwn,
            passes_bare_input: true,
            limits: Some(Limits {
                speed: 50_000.0,
                jump: 5_000.0,
                long_jump: 15_000.0,
                turn: 50.0,
                bounds: [100_000.0; 3],
                input: InputRule::Vector,
            }),
            violations: Violations::End,
            ..Self::accounts()
        }
    }

    /// Take the defects out. What players would miss stays.
    fn made_sane(self) -> Self {
        Self {
            has_batches: true,
            bounds_texts: true,
            sign_in: match self.sign_in {
                SignIn::AnyName => SignIn::FreeName,
                other => other,
            },
            ends_strangers: true,
            takes_any_pong: true,
            seating: Seating::LowestFree,
            departure: Departure::Leaves,
            leaves_old_room: true,
            drops_empty_rooms: true,
            renames_in_room: true,
            own_address_only: true,
            key_search: KeySearch::UntilJson,
            inflates: true,
            sender: match self.sender {
                Sender::Named => Sender::NamedOwn,
                other => other,
            },
            judges_own_only: true,
            reseats_on_update: false,
            input_room: match self.input_room {
                InputRoom::Named => InputRoom::NamedOwn,
                InputRoom::NamedOrOwn => InputRoom::Own,
                other => other,
            },
            judges_lines: true,
            violations: match self.violations {
                Violations::End => Violations::EndWithReason,
                other => other,
            },
            ..self
        }
    }
}
