//! Slows down who sends wrong access tokens: after some of them no token of that address is compared for a while. Pure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::network_of;

/// Wrong tokens of one address before the first wait: some people with an old link behind one router.
const FREE_GUESSES: u32 = 10;
/// The first wait. Each wrong token after it doubles the next.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait.
const MAX_WAIT: Duration = Duration::from_secs(300);
/// How long after its newest wrong token an address is forgotten.
const MEMORY: Duration = Duration::from_secs(3600);
/// Addresses that are remembered. Beyond them the one whose newest wrong token is oldest is forgotten.
const MAX_ADDRESSES: usize = 4096;

/// The wrong tokens of each address. `now` is the time since any fixed moment.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    /// Never more than `MAX_ADDRESSES`.
    addresses: HashMap<IpAddr, Wrong>,
}

#[derive(Debug)]
struct Wrong {
    count: u32,
    newest: Duration,
}

/// What came of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    Right,
    Wrong,
    /// It was not compared. For this long none from this address is.
    TooMany(Duration),
}

impl Guesses {
    /// Compare a token with `is_right`, unless its address has to wait. A right one resets its address's count.
    pub(crate) fn check(
        &mut self,
        address: IpAddr,
        now: Duration,
        is_right: impl FnOnce() -> bool,
    ) -> Guess {
        let address = network_of(address);
        let known = self.addresses.get(&address);
        let known = known.filter(|wrong| now.saturating_sub(wrong.newest) < MEMORY);
        let until = known.map_or(Duration::ZERO, |wrong| wrong.newest + wrong.wait());
        if until > now {
            return Guess::TooMany(until - now);
        }
        if is_right() {
            self.addresses.remove(&address);
            return Guess::Right;
        }
        let count = known.map_or(0, |wrong| wrong.count).saturating_add(1);
        self.make_room(&address);
        let newest = now;
        self.addresses.insert(address, Wrong { count, newest });
        Guess::Wrong
    }

    /// Forget one address if a new one would be too many.
    fn make_room(&mut self, address: &IpAddr) {
        if self.addresses.len() < MAX_ADDRESSES || self.addresses.contains_key(address) {
            return;
        }
        let oldest = self.addresses.iter().min_by_key(|(_, wrong)| wrong.newest);
        if let Some(oldest) = oldest.map(|(address, _)| *address) {
            self.addresses.remove(&oldest);
        }
    }
}

impl Wrong {
    /// How long after the newest wrong token the next is compared.
    fn wait(&self) -> Duration {
        let Some(doublings) = self.count.checked_sub(FREE_GUESSES) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        FIRST_WAIT.saturating_mul(factor).min(MAX_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn address(last: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(0xc000_0200 + last).into()
    }

    fn wrong(guesses: &mut Guesses, address: IpAddr, now: Duration) -> Guess {
        guesses.check(address, now, || false)
    }

    #[test]
    fn after_some_wrong_tokens_none_is_compared_for_a_while_that_grows() {
        let (mut guesses, one) = (Guesses::default(), address(1));
        for _ in 0..FREE_GUESSES {
            assert_eq!(wrong(&mut guesses, one, at(0)), Guess::Wrong);
        }
        let (mut now, mut waits) = (at(0), Vec::new());
        for _ in 0..8 {
            let uncompared = || -> bool { panic!("it is compared") };
            let Guess::TooMany(wait) = guesses.check(one, now, uncompared) else {
                panic!("it does not wait");
            };
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(wrong(&mut guesses, one, now), Guess::Wrong);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn attempts_during_a_wait_do_not_make_it_longer_and_the_right_token_works_after_it() {
        let (mut guesses, one) = (Guesses::default(), address(1));
        for second in 0..5 {
            for _ in 0..100 {
                wrong(&mut guesses, one, at(second));
            }
        }
        let early = guesses.check(one, at(4), || true);
        assert_eq!(early, Guess::TooMany(at(1)));
        assert_eq!(guesses.check(one, at(5), || true), Guess::Right);
        assert_eq!(wrong(&mut guesses, one, at(5)), Guess::Wrong);
        assert_eq!(guesses.check(one, at(5), || true), Guess::Right);
        assert!(guesses.addresses.is_empty(), "nothing is kept of it");
    }

    #[test]
    fn each_address_is_slowed_down_alone_and_forgotten_after_an_hour() {
        let mut guesses = Guesses::default();
        for host in 1..=FREE_GUESSES {
            let neighbour = format!("2001:db8::{host}").parse().unwrap();
            assert_eq!(wrong(&mut guesses, neighbour, at(0)), Guess::Wrong);
        }
        let [same, other] = ["2001:db8::ffff", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        assert_eq!(
            wrong(&mut guesses, same, at(0)),
            Guess::TooMany(FIRST_WAIT),
            "one network"
        );
        assert_eq!(wrong(&mut guesses, other, at(0)), Guess::Wrong);
        for _ in 0..FREE_GUESSES {
            assert_eq!(wrong(&mut guesses, same, at(3600)), Guess::Wrong);
        }
    }

    #[test]
    fn few_addresses_are_remembered_those_of_the_newest_wrong_tokens() {
        let mut guesses = Guesses::default();
        let many = MAX_ADDRESSES as u32;
        for number in 0..2 * many {
            wrong(&mut guesses, address(number), at(number.into()));
        }
        assert_eq!(guesses.addresses.len(), MAX_ADDRESSES);
        assert!(!guesses.addresses.contains_key(&address(many - 1)));
        assert!(guesses.addresses.contains_key(&address(many)));
    }
}
