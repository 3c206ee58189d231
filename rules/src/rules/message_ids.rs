//! The ids that a client gives its lines. A line whose id was seen before is dropped (facts, section 2.3).

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

/// How long an id counts as seen. It is forgotten with the next new one after that.
const KEEP: Duration = Duration::from_secs(30);
/// How many ids are kept: twenty times as many lines as a session may send in that time by default.
const MAX_IDS: usize = 1 << 16;

/// The ids of one session's newest lines.
#[derive(Debug, Default)]
pub(crate) struct MessageIds {
    /// Hashes, since a client chooses how long its ids are.
    seen: HashMap<u64, Duration>,
    /// The oldest first.
    order: VecDeque<u64>,
}

impl MessageIds {
    /// Note an id; says whether it is new.
    pub(crate) fn is_new(&mut self, id: &str, now: Duration) -> bool {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let id = hasher.finish();
        if self.seen.contains_key(&id) {
            return false;
        }
        while let Some(oldest) = self.order.front() {
            let at = self.seen.get(oldest).copied().unwrap_or_default();
            if self.order.len() < MAX_IDS && now.saturating_sub(at) <= KEEP {
                break;
            }
            self.seen.remove(oldest);
            self.order.pop_front();
        }
        self.seen.insert(id, now);
        self.order.push_back(id);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_id_is_free_again_only_after_another_new_one() {
        let mut ids = MessageIds::default();
        let late = KEEP + Duration::from_millis(1);
        assert!(ids.is_new("a", Duration::ZERO));
        assert!(ids.is_new("", Duration::ZERO));
        assert!(!ids.is_new("", Duration::ZERO));
        assert!(!ids.is_new("a", late));
        assert!(ids.is_new("b", late));
        assert!(ids.is_new("a", late));
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut ids = MessageIds::default();
        for number in 0..=MAX_IDS {
            assert!(ids.is_new(&number.to_string(), Duration::ZERO));
        }
        assert_eq!((ids.order.len(), ids.seen.len()), (MAX_IDS, MAX_IDS));
    }
}
