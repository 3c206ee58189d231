//! Passwords hashed and checked with argon2, with its own recommended cost. Blocks for tens of milliseconds.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use crate::rules::{PasswordAnswer, PasswordHash, PasswordJob};

/// Do one job.
pub(crate) fn work(job: &PasswordJob) -> PasswordAnswer {
    match job {
        PasswordJob::Hash(password) => {
            let hash = Argon2::default().hash_password(password.reveal().as_bytes());
            match hash {
                Ok(hash) => PasswordAnswer::Hashed(PasswordHash::new(hash.to_string())),
                Err(_) => PasswordAnswer::Failed,
            }
        }
        PasswordJob::Verify(password, hash) => match Phc::new(hash.reveal()) {
            Ok(hash) => {
                let verified =
                    Argon2::default().verify_password(password.reveal().as_bytes(), &hash);
                PasswordAnswer::Verified(verified.is_ok())
            }
            Err(_) => PasswordAnswer::Failed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::Password;

    #[test]
    fn a_password_is_recognised_by_its_hash_and_no_other_is() {
        let PasswordAnswer::Hashed(hash) = work(&PasswordJob::Hash(Password::new("right"))) else {
            panic!("not hashed");
        };
        assert!(hash.reveal().starts_with("$argon2id$") && !hash.reveal().contains("right"));
        let verify = |password| work(&PasswordJob::Verify(Password::new(password), hash.clone()));
        assert_eq!(verify("right"), PasswordAnswer::Verified(true));
        assert_eq!(verify("wrong"), PasswordAnswer::Verified(false));
    }
}
