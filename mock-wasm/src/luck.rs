//! Random ids and numbers that repeat for the same seed. Not for secrets.

use std::str::FromStr;

/// The generator SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Luck(u64);

impl Luck {
    /// Begin with a seed. Each `stream` of a seed gives other numbers.
    pub(crate) fn new(seed: u32, stream: u32) -> Self {
        Self(u64::from(stream) << 32 | u64::from(seed))
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draw a number from 0 to 1.
    pub(crate) fn part(&mut self) -> f32 {
        (self.draw() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Draw an id of 32 hexadecimal digits, as the server's.
    pub(crate) fn id<Id: FromStr>(&mut self) -> Id {
        loop {
            let digits = format!("{:016x}{:016x}", self.draw(), self.draw());
            if let Ok(id) = digits.parse() {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::SessionId;

    #[test]
    fn a_seed_repeats_its_luck_and_streams_differ() {
        let draw = |seed, stream| {
            let mut luck = Luck::new(seed, stream);
            (luck.id::<SessionId>(), luck.id::<SessionId>())
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0).0, draw(1, 0).1);
        assert_ne!(draw(1, 0), draw(2, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        let mut luck = Luck::new(7, 0);
        assert!((0..1000).all(|_| (0.0..=1.0).contains(&luck.part())));
    }
}
