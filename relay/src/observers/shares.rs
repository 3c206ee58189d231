//! Which watched room gets the next observer: the addresses of spectators take turns, and none has more than its share. When all are
//! out, an address that has two more than another makes way for it. Pure.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use protocol::id::RoomId;

/// A room, and the addresses of those who watch it.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) room: RoomId,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) spectators: usize,
}

/// The observers that are out, each counted for one address.
#[derive(Debug)]
pub(super) struct Shares {
    /// The most of one address.
    most: usize,
    /// The address for which each observed room counts.
    owners: HashMap<RoomId, IpAddr>,
    /// How many of them count for each address.
    counts: HashMap<IpAddr, usize>,
}

impl Shares {
    /// `at_once`: observers in all. `is_shared`: each client shows its own address, so that one gets at most half of them.
    pub(super) fn new(at_once: usize, is_shared: bool) -> Self {
        let most = match is_shared {
            true => at_once.div_ceil(2),
            false => at_once,
        };
        Self {
            most,
            owners: HashMap::new(),
            counts: HashMap::new(),
        }
    }

    /// Count the rooms that are observed now. A room counts for that of its addresses that has the fewest, and without
    /// spectators for whom it counted before.
    pub(super) fn count(&mut self, mut observed: Vec<Watched>) {
        let before = std::mem::take(&mut self.owners);
        self.counts.clear();
        for watched in &mut observed {
            if watched.addresses.is_empty() {
                watched.addresses.extend(before.get(&watched.room));
            }
        }
        // Those that can count for only one address come first.
        observed.sort_by_key(|watched| watched.addresses.len());
        for watched in &observed {
            self.take(watched);
        }
    }

    /// Remove the room that gets the next observer from those that want one. `None`: every address has its share.
    pub(super) fn next(&self, wanted: &mut Vec<Watched>) -> Option<Watched> {
        let index = (0..wanted.len()).min_by_key(|&index| self.rank(&wanted[index]))?;
        let has_share = self
            .fewest(&wanted[index])
            .is_none_or(|(count, _)| count < self.most);
        has_share.then(|| wanted.remove(index))
    }

    /// Select the room whose observer makes way for one of those that want one: the least watched of the address that has most.
    /// `None`: a change would only swap which address has fewer.
    pub(super) fn surplus(&self, wanted: &[Watched], observed: &[Watched]) -> Option<RoomId> {
        let fewest = wanted.iter().filter_map(|watched| self.fewest(watched));
        let (fewest, _) = fewest.min()?;
        let count_for = |room: &RoomId| Some(*self.counts.get(self.owners.get(room)?)?);
        let counted = observed
            .iter()
            .filter_map(|watched| Some((count_for(&watched.room)?, watched)));
        let (most, least_watched) =
            counted.max_by_key(|(count, watched)| (*count, Reverse(watched.spectators)))?;
        (most >= fewest + 2).then_some(least_watched.room)
    }

    /// Count a room that gets an observer.
    pub(super) fn take(&mut self, watched: &Watched) {
        if let Some((_, address)) = self.fewest(watched) {
            self.owners.insert(watched.room, address);
            *self.counts.entry(address).or_default() += 1;
        }
    }

    /// Rooms of those who have the fewest observers come first, then those that most addresses watch, then the most watched.
    fn rank(&self, watched: &Watched) -> impl Ord + use<> {
        let count = self.fewest(watched).map(|(count, _)| count);
        let (addresses, spectators) = (watched.addresses.len(), watched.spectators);
        (count, Reverse(addresses), Reverse(spectators))
    }

    /// The address of a room that has the fewest observers, and how many. `None`: nobody watches any more.
    fn fewest(&self, watched: &Watched) -> Option<(usize, IpAddr)> {
        let count = |address| self.counts.get(address).copied().unwrap_or_default();
        let addresses = watched.addresses.iter();
        addresses.map(|address| (count(address), *address)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A room that these addresses watch, the first of them with this many spectators more.
    fn watched(number: u8, addresses: &[u8], more: usize) -> Watched {
        Watched {
            room: format!("{number:032}").parse().unwrap(),
            addresses: addresses
                .iter()
                .map(|&last| [192, 0, 2, last].into())
                .collect(),
            spectators: addresses.len() + more,
        }
    }

    fn number(watched: &Watched) -> usize {
        watched.room.as_str().parse().unwrap()
    }

    /// The rooms that get an observer one after the other, until `at_once` are out.
    fn sent(shares: &mut Shares, free: usize, mut wanted: Vec<Watched>) -> Vec<usize> {
        let mut sent = Vec::new();
        while sent.len() < free {
            let Some(next) = shares.next(&mut wanted) else {
                break;
            };
            shares.take(&next);
            sent.push(number(&next));
        }
        sent
    }

    #[test]
    fn one_address_gets_half_of_the_observers_and_at_least_one() {
        for (at_once, most) in [(1, 1), (2, 1), (3, 2), (8, 4)] {
            let mut shares = Shares::new(at_once, true);
            let wanted = (0..20).map(|room| watched(room, &[1], 9)).collect();
            assert_eq!(sent(&mut shares, at_once, wanted).len(), most, "{at_once}");
        }
    }

    #[test]
    fn addresses_take_turns_however_many_rooms_one_watches() {
        let mut shares = Shares::new(8, true);
        let mut wanted: Vec<_> = (0..20).map(|room| watched(room, &[1], 9)).collect();
        wanted.extend([
            watched(30, &[2], 0),
            watched(31, &[2], 1),
            watched(40, &[3], 2),
        ]);
        let order = sent(&mut shares, 8, wanted);
        assert_eq!(
            order,
            [0, 40, 31, 1, 30, 2, 3],
            "seven: the eighth stays free for others"
        );
    }

    #[test]
    fn a_room_counts_for_the_address_that_has_the_fewest() {
        let mut shares = Shares::new(8, true);
        shares.count((0..4).map(|room| watched(room, &[1], 0)).collect());
        let wanted = vec![watched(5, &[1], 99), watched(6, &[1, 2], 0)];
        assert_eq!(sent(&mut shares, 4, wanted), [6]);
        // Whoever watches what others watch anyway loses nothing by it, whatever the order.
        shares.count(vec![watched(0, &[1, 2], 0), watched(1, &[1], 0)]);
        assert_eq!(sent(&mut shares, 1, vec![watched(7, &[1], 0)]), [7]);
        let owner = |room: u8| shares.owners[&watched(room, &[], 0).room].to_string();
        assert_eq!([owner(0), owner(1)], ["192.0.2.2", "192.0.2.1"]);
    }

    #[test]
    fn a_room_that_many_addresses_watch_comes_before_one_with_many_windows_of_one() {
        let mut shares = Shares::new(2, true);
        let wanted = vec![watched(1, &[1], 99), watched(2, &[2, 3], 0)];
        assert_eq!(sent(&mut shares, 2, wanted), [2, 1]);
    }

    #[test]
    fn an_observer_whose_spectators_have_just_left_still_counts_for_them() {
        let mut shares = Shares::new(2, true);
        shares.count(vec![watched(1, &[1], 0)]);
        shares.count(vec![watched(1, &[], 0)]);
        let wanted = vec![watched(2, &[1], 0)];
        assert!(sent(&mut shares, 1, wanted).is_empty());
        shares.count(vec![]);
        assert_eq!(sent(&mut shares, 1, vec![watched(2, &[1], 0)]), [2]);
        assert_eq!(
            shares.owners.len(),
            1,
            "nothing is kept of rooms that are not observed"
        );
    }

    #[test]
    fn an_address_with_two_more_than_another_makes_way() {
        let mut shares = Shares::new(4, true);
        let observed: Vec<_> = [(1, 1, 5), (2, 1, 0), (3, 2, 0), (4, 2, 0)]
            .map(|(room, address, more)| watched(room, &[address], more))
            .into();
        let surplus = |shares: &mut Shares, wanted: Watched, observed: &[Watched]| {
            let again = observed.iter().map(|watched| Watched {
                addresses: watched.addresses.clone(),
                ..*watched
            });
            shares.count(again.collect());
            shares.surplus(&[wanted], observed)
        };
        let newcomer = || watched(9, &[3], 0);
        let way = surplus(&mut shares, newcomer(), &observed);
        assert!(
            [2, 3, 4]
                .map(|room| watched(room, &[], 0).room)
                .map(Some)
                .contains(&way)
        );
        let way = surplus(&mut shares, newcomer(), &observed[..3]);
        assert_eq!(
            way,
            Some(observed[1].room),
            "the least watched of address 1"
        );
        let way = surplus(&mut shares, newcomer(), &observed[1..3]);
        assert_eq!(way, None, "each address has one");
        let way = surplus(&mut shares, watched(9, &[2], 0), &observed);
        assert_eq!(way, None, "both have two");
    }

    #[test]
    fn behind_a_proxy_the_most_watched_rooms_get_all_observers() {
        let mut shares = Shares::new(3, false);
        let wanted = [2, 5, 3, 4].map(|spectators| watched(spectators, &[1], spectators.into()));
        assert_eq!(sent(&mut shares, 3, wanted.into()), [5, 4, 3]);
    }
}
