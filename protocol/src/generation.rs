//! The generations of the game server, told apart by what they say (facts, sections 0 and 11).

use std::fmt;

/// A generation of the game server. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
        match self {
            Self::First => "first",
            Self::Chat => "chat",
            Self::Accounts => "accounts",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
