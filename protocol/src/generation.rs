//! The generations of the game server, told apart by what they say (facts, sections 0 and 11), and what a client has to do differently
//! on each.

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::geometry::Vec3;

/// A generation of the game server. Later ones are greater.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    VariantArray,
    EnumString,
    IntoStaticStr,
    strum::Display,
)]
#[strum(
    serialize_all = "lowercase",
    parse_err_ty = UnknownGeneration,
    parse_err_fn = unknown
)]
pub enum Generation {
    /// May 2025, which the guide describes (facts: GEN1): a name is enough to drive, and datagrams come down plain.
    First,
    /// June 2025 (facts: GEN1.1, GEN1.1f): chat, checked positions, and datagrams sealed both ways.
    Chat,
    /// March 2026 (facts: MID): the same with accounts and tokens.
    Accounts,
    /// April 2026 and later (facts: GEN2): a welcome in JSON, accounts, pushes of who joins and leaves, and numbered positions.
    Token,
}

impl Generation {
    /// The name in options, answers and logs.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// No generation has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no generation of the game server: there are first, chat, accounts and token")]
pub struct UnknownGeneration;

fn unknown(_name: &str) -> UnknownGeneration {
    UnknownGeneration
}

/// How far a car may jump from one position to the next before a server takes it for a false one (facts, section 6.5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JumpLimit {
    /// Metres, however soon after the last one.
    pub at_once: f32,
    /// Metres for each second since the last one.
    pub per_second: f32,
}

impl JumpLimit {
    /// After so long without a position a server takes any.
    pub const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
}

/// What a client does differently on each generation. What none of them needs told apart is done the same way for all: the sending
/// profile of the facts' section 11.
impl Generation {
    /// Players have accounts, and tokens to come back with. Otherwise a name is enough.
    pub fn has_accounts(self) -> bool {
        self >= Self::Accounts
    }

    /// `MESSAGE` reaches everybody in the room. Otherwise each player needs a message.
    pub fn has_chat(self) -> bool {
        self >= Self::Chat
    }

    /// Who joins and leaves is told. Otherwise players have to be asked for.
    pub fn pushes_players(self) -> bool {
        self == Self::Token
    }

    /// Rooms have a size of their own.
    pub fn has_room_sizes(self) -> bool {
        self == Self::Token
    }

    /// Positions are passed on with the numbers that their sender gave them.
    pub fn passes_on_numbers(self) -> bool {
        self == Self::Token
    }

    /// `heartbeat` is answered with the server's time.
    pub fn has_heartbeat(self) -> bool {
        self == Self::Token
    }

    /// A player whose connection ends without `LEAVE_ROOM` stays in its room as a ghost (facts, Q6).
    pub fn keeps_ghosts(self) -> bool {
        self != Self::Token
    }

    /// How far from the origin a car may be, in metres along each axis (facts, section 6.5). `None`: anywhere.
    pub fn bounds(self) -> Option<Vec3> {
        match self {
            Self::First => None,
            Self::Chat | Self::Accounts => Some(Vec3::new(1_000.0, 100.0, 1_000.0)),
            Self::Token => Some(Vec3::new(100_000.0, 100_000.0, 100_000.0)),
        }
    }

    /// How far a car may jump. `None`: as far as it likes.
    pub fn jump_limit(self) -> Option<JumpLimit> {
        match self {
            Self::First => None,
            Self::Chat | Self::Accounts => Some(JumpLimit {
                at_once: 50.0,
                per_second: 200.0,
            }),
            Self::Token => Some(JumpLimit {
                at_once: 5_000.0,
                per_second: 50_000.0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q27_only_the_token_generation_tells_who_comes_and_goes() {
        let told = Generation::VARIANTS
            .iter()
            .filter(|one| one.pushes_players());
        assert_eq!(told.collect::<Vec<_>>(), [&Generation::Token]);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for &generation in Generation::VARIANTS {
            assert_eq!(generation.name().parse(), Ok(generation));
        }
        assert_eq!("gen2".parse::<Generation>(), Err(UnknownGeneration));
    }
}
