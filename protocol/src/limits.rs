//! What game servers take: commands beyond it are refused or never answered, so they are not sent (facts, sections 2.3 and 10).

use crate::command::Command;
use crate::refusal::Refusal;

/// The sizes that a room may have. Servers take any number, and make rooms that nobody can enter (facts, Q34).
pub const ROOM_SIZES: std::ops::RangeInclusive<u32> = 2..=128;
/// The lengths that an account's name may have, in UTF-16 units (facts, section 2.3).
pub const USERNAME_UNITS: std::ops::RangeInclusive<usize> = 3..=50;
/// The shortest password of an account, in UTF-16 units.
pub const MIN_PASSWORD_UNITS: usize = 6;

/// Say why a server would refuse a command, or not answer it, as far as that shows before it is sent.
pub fn check(command: &Command) -> Result<(), Refusal> {
    let units = |text: &str| text.encode_utf16().count();
    match command {
        Command::Register { username, .. } | Command::Login { username, .. }
            if !USERNAME_UNITS.contains(&units(username)) || username.trim().is_empty() =>
        {
            Err(Refusal::NameLength)
        }
        Command::Register { password, .. }
            if units(password.reveal()) < MIN_PASSWORD_UNITS
                || password.reveal().trim().is_empty() =>
        {
            Err(Refusal::PasswordTooShort)
        }
        // A wrong one counts towards the lock.
        Command::Login { password, .. } if password.reveal().is_empty() => {
            Err(Refusal::PasswordMissing)
        }
        Command::CreateRoom {
            max_players: Some(size),
            ..
        } if !ROOM_SIZES.contains(size) => Err(Refusal::RoomSize),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Password;

    #[test]
    fn q34_what_a_server_would_refuse_or_not_answer_is_found_before() {
        let register = |username: &str, password: &str| {
            let (username, password) = (username.to_owned(), Password::new(password));
            check(&Command::Register { username, password })
        };
        assert_eq!(register("Ann", "secret"), Ok(()));
        // UTF-16 units count: a flag is two.
        assert_eq!(
            register("\u{1f3c1}\u{1f3c1}", "\u{1f3c1}\u{1f3c1}\u{1f3c1}"),
            Ok(())
        );
        assert_eq!(register("\u{1f3c1}", "secret"), Err(Refusal::NameLength));
        assert_eq!(
            register(&"x".repeat(51), "secret"),
            Err(Refusal::NameLength)
        );
        assert_eq!(register("   ", "secret"), Err(Refusal::NameLength));
        assert_eq!(register("Ann", "12345"), Err(Refusal::PasswordTooShort));
        assert_eq!(register("Ann", "      "), Err(Refusal::PasswordTooShort));
        let login = |password: &str| {
            let (username, password) = ("Ann".to_owned(), Password::new(password));
            check(&Command::Login { username, password })
        };
        assert_eq!(login("1"), Ok(()));
        assert_eq!(login(""), Err(Refusal::PasswordMissing));
        for (size, is_good) in [(0, false), (1, false), (2, true), (128, true), (129, false)] {
            let command = Command::CreateRoom {
                name: String::new(),
                max_players: Some(size),
            };
            assert_eq!(check(&command).is_ok(), is_good, "{size}");
        }
    }
}
