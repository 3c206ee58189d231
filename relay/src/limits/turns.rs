//! Turns that are few, such as dials and sign-ins. Who waits for one is served fairly: each address in turn, however many of one
//! wait. If all places are taken, the address with the most makes room.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::network_of;

/// Who wants a turn: an address, or the relay itself.
pub(crate) type Asker = Option<IpAddr>;

/// How many turns there are, and how many places to wait for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) turns: usize,
    /// Turns of one asker at once.
    pub(crate) turns_of_one: usize,
    pub(crate) places: usize,
    /// Places of one asker.
    pub(crate) places_of_one: usize,
}

/// Whose turn comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    First,
    /// Only while nobody waits who is first.
    Behind,
}

/// The turns, and who waits for one.
#[derive(Clone)]
pub(crate) struct Turns {
    sizes: Sizes,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    running: usize,
    /// The turns of each. Holds only those that have one.
    running_of: HashMap<Asker, usize>,
    /// How many wait in all, never more than `Sizes::places`.
    waiting: usize,
    first: Row,
    behind: Row,
    next_number: u64,
}

/// Those of one rank who wait.
#[derive(Default)]
struct Row {
    /// The addresses that wait, in the order of their next turn.
    order: VecDeque<Asker>,
    /// Those who wait, the oldest first. Only addresses of `order` are here, none with an empty queue.
    queues: HashMap<Asker, VecDeque<Waiter>>,
}

struct Waiter {
    number: u64,
    /// Is given a turn, or dropped if another needs the place.
    turn: oneshot::Sender<Turn>,
}

/// All places are taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoPlace;

/// A turn. Dropping it gives it to the next.
pub(crate) struct Turn {
    turns: Turns,
    asker: Asker,
}

/// A turn that was asked for. Dropping it gives up the place.
pub(crate) struct Wait {
    turns: Turns,
    asker: Asker,
    rank: Rank,
    number: u64,
    turn: oneshot::Receiver<Turn>,
}

impl Turns {
    pub(crate) fn new(sizes: Sizes) -> Self {
        Self {
            sizes,
            state: Arc::default(),
        }
    }

    /// Wait for a turn. Dropping the future gives up the place.
    ///
    /// # Errors
    /// All places are taken, or somebody of another address needed the place more.
    pub(crate) async fn take(&self, asker: Asker) -> Result<Turn, NoPlace> {
        self.ask(asker, Rank::First)?.turn().await
    }

    /// Ask for a turn, which may be there at once.
    ///
    /// # Errors
    /// All places are taken.
    pub(crate) fn ask(&self, asker: Asker, rank: Rank) -> Result<Wait, NoPlace> {
        let asker = asker.map(network_of);
        let (sender, turn) = oneshot::channel();
        let mut state = self.state.lock();
        let number = state.next_number;
        state.next_number += 1;
        // A turn that is free while somebody waits is one that those who wait may not have.
        if state.running < self.sizes.turns && state.may_run(asker, self.sizes.turns_of_one) {
            state.running += 1;
            state.begin(asker);
            drop(state);
            let turns = self.clone();
            let _sent = sender.send(Turn { turns, asker });
        } else {
            state.make_place(asker, rank, &self.sizes)?;
            state.waiting += 1;
            let waiter = Waiter {
                number,
                turn: sender,
            };
            state.row(rank).push(asker, waiter);
        }
        Ok(Wait {
            turns: self.clone(),
            asker,
            rank,
            number,
            turn,
        })
    }

    /// How many turns are taken, and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.running, state.waiting)
    }

    /// How many turns and places there are.
    pub(crate) const fn sizes(&self) -> Sizes {
        self.sizes
    }
}

impl Wait {
    /// Wait for the turn. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Somebody else needed the place more.
    pub(crate) async fn turn(&mut self) -> Result<Turn, NoPlace> {
        (&mut self.turn).await.map_err(|_| NoPlace)
    }
}

impl State {
    fn row(&mut self, rank: Rank) -> &mut Row {
        match rank {
            Rank::First => &mut self.first,
            Rank::Behind => &mut self.behind,
        }
    }

    fn may_run(&self, asker: Asker, turns_of_one: usize) -> bool {
        self.running_of.get(&asker).copied().unwrap_or(0) < turns_of_one
    }

    fn begin(&mut self, asker: Asker) {
        *self.running_of.entry(asker).or_default() += 1;
    }

    fn end(&mut self, asker: Asker) {
        if let Some(running) = self.running_of.get_mut(&asker) {
            *running -= 1;
            if *running == 0 {
                self.running_of.remove(&asker);
            }
        }
    }

    /// Make sure that there is a free place: the address with the most loses its newest, of those behind before those who are first.
    fn make_place(&mut self, asker: Asker, rank: Rank, sizes: &Sizes) -> Result<(), NoPlace> {
        let (first, behind) = (self.first.count(asker), self.behind.count(asker));
        let is_first = rank == Rank::First;
        let is_made = if first + behind >= sizes.places_of_one {
            is_first && self.behind.drop_newest(asker)
        } else if self.waiting < sizes.places {
            return Ok(());
        } else if is_first {
            // With the newcomer an address must not have as many itself.
            self.behind.drop_of_longest(0) || self.first.drop_of_longest(first + 1)
        } else {
            self.behind.drop_of_longest(behind + 1)
        };
        if !is_made {
            return Err(NoPlace);
        }
        self.waiting -= 1;
        Ok(())
    }

    /// Take the oldest of the address whose turn it is.
    fn next(&mut self, turns_of_one: usize) -> Option<(Asker, Waiter)> {
        let running_of = &self.running_of;
        let may_run = |asker: &Asker| running_of.get(asker).copied().unwrap_or(0) < turns_of_one;
        let next = self.first.next(may_run);
        let (asker, waiter) = next.or_else(|| self.behind.next(may_run))?;
        self.waiting -= 1;
        self.begin(asker);
        Some((asker, waiter))
    }
}

impl Row {
    fn count(&self, asker: Asker) -> usize {
        self.queues.get(&asker).map_or(0, VecDeque::len)
    }

    fn push(&mut self, asker: Asker, waiter: Waiter) {
        let queue = self.queues.entry(asker).or_default();
        if queue.is_empty() {
            self.order.push_back(asker);
        }
        queue.push_back(waiter);
    }

    /// Drop the newest of the address that has the most. False: none has more than this.
    fn drop_of_longest(&mut self, than: usize) -> bool {
        let longest = self.queues.iter().max_by_key(|(_, queue)| queue.len());
        let longest = longest.map(|(&asker, queue)| (asker, queue.len()));
        longest.is_some_and(|(asker, count)| count > than && self.drop_newest(asker))
    }

    /// Drop the newest of an address. False: it has none.
    fn drop_newest(&mut self, asker: Asker) -> bool {
        let newest = self.queues.get(&asker).and_then(VecDeque::back);
        let newest = newest.map(|waiter| waiter.number);
        newest.is_some_and(|number| self.remove(asker, number))
    }

    /// Remove one. False: it is not here.
    fn remove(&mut self, asker: Asker, number: u64) -> bool {
        let Some(queue) = self.queues.get_mut(&asker) else {
            return false;
        };
        let before = queue.len();
        queue.retain(|waiter| waiter.number != number);
        let is_removed = queue.len() < before;
        if queue.is_empty() {
            self.queues.remove(&asker);
            self.order.retain(|waiting| *waiting != asker);
        }
        is_removed
    }

    /// Take the oldest of the first address that may run. The address goes to the end of the row.
    fn next(&mut self, may_run: impl Fn(&Asker) -> bool) -> Option<(Asker, Waiter)> {
        let place = self.order.iter().position(may_run)?;
        let asker = self.order.remove(place)?;
        let queue = self.queues.get_mut(&asker)?;
        let waiter = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&asker);
        } else {
            self.order.push_back(asker);
        }
        Some((asker, waiter))
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut state = self.turns.state.lock();
        if state.row(self.rank).remove(self.asker, self.number) {
            state.waiting -= 1;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.state.lock();
        state.end(self.asker);
        // A turn that is handed over counts as running all the time.
        match state.next(self.turns.sizes.turns_of_one) {
            Some((asker, waiter)) => {
                drop(state);
                let turns = self.turns.clone();
                // If the waiter is gone meanwhile, the turn comes back, is dropped, and goes to the next.
                let _gone = waiter.turn.send(Self { turns, asker });
            }
            None => state.running -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    fn address(last: u8) -> Asker {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// Turns without limits for one address.
    fn turns(turns: usize, places: usize) -> Turns {
        Turns::new(Sizes {
            turns,
            turns_of_one: turns,
            places,
            places_of_one: places,
        })
    }

    /// Say whether it has its turn.
    fn has_turn(wait: &mut Wait) -> bool {
        matches!(poll(pin!(wait.turn())), Some(Ok(_)))
    }

    /// Say whether another one got its place.
    fn is_pushed_out(wait: &mut Wait) -> bool {
        matches!(poll(pin!(wait.turn())), Some(Err(NoPlace)))
    }

    /// What a poll gives: no task runs, so nothing wakes.
    fn poll<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[test]
    fn addresses_are_served_in_turn_however_many_of_one_wait() {
        let turns = turns(1, 10);
        let mut first = poll(pin!(turns.take(address(1)))).unwrap().ok();
        let mut waiting: Vec<_> = [1, 1, 1, 2, 3]
            .map(|last| (last, Box::pin(turns.take(address(last)))))
            .into();
        for (_, wait) in &mut waiting {
            assert!(poll(wait.as_mut()).is_none());
        }
        let mut served = Vec::new();
        while !waiting.is_empty() {
            drop(first.take());
            let next = waiting
                .iter_mut()
                .position(|(_, wait)| match poll(wait.as_mut()) {
                    Some(turn) => {
                        first = turn.ok();
                        true
                    }
                    None => false,
                });
            served.push(waiting.remove(next.unwrap()).0);
        }
        assert_eq!(served, [1, 2, 3, 1, 1]);
        drop(first);
        assert_eq!(turns.counts(), (0, 0));
    }

    #[test]
    fn the_address_with_the_most_makes_room() {
        let turns = turns(1, 3);
        let _first = poll(pin!(turns.take(address(1)))).unwrap().ok();
        let mut flood: Vec<_> = (0..3).map(|_| Box::pin(turns.take(address(1)))).collect();
        for wait in &mut flood {
            assert!(poll(wait.as_mut()).is_none());
        }
        let mut own = pin!(turns.take(address(1)));
        assert!(matches!(poll(own.as_mut()), Some(Err(NoPlace))));
        let mut newcomer = pin!(turns.take(address(2)));
        assert!(poll(newcomer.as_mut()).is_none());
        assert!(matches!(poll(flood[2].as_mut()), Some(Err(NoPlace))));
        assert!(poll(flood[1].as_mut()).is_none());
        // Both have about as many now.
        let mut another = pin!(turns.take(address(2)));
        assert!(matches!(poll(another.as_mut()), Some(Err(NoPlace))));
        assert_eq!(turns.counts(), (1, 3));
    }

    #[test]
    fn who_gives_up_leaves_no_trace() {
        let turns = turns(1, 3);
        let first = poll(pin!(turns.take(None))).unwrap().ok();
        {
            let mut gone = pin!(turns.take(address(1)));
            assert!(poll(gone.as_mut()).is_none());
            assert_eq!(turns.counts(), (1, 1));
        }
        assert_eq!(turns.counts(), (1, 0));
        let mut unpolled = Box::pin(turns.take(address(1)));
        assert!(poll(unpolled.as_mut()).is_none());
        // It has the turn, and is dropped before it looks.
        drop(first);
        drop(unpolled);
        assert_eq!(turns.counts(), (0, 0));
        assert!(turns.state.lock().first.order.is_empty());
    }

    #[test]
    fn no_address_has_all_turns() {
        let turns = Turns::new(Sizes {
            turns: 2,
            turns_of_one: 1,
            places: 10,
            places_of_one: 2,
        });
        let ask = |last| turns.ask(address(last), Rank::First);
        let mut first = ask(1).unwrap();
        let first_turn = poll(pin!(first.turn())).unwrap().unwrap();
        let mut waiting = [ask(1).unwrap(), ask(1).unwrap()];
        assert!(ask(1).is_err(), "one too many of its address");
        assert!(poll(pin!(waiting[0].turn())).is_none());
        let mut newcomer = ask(2).unwrap();
        assert!(has_turn(&mut newcomer));
        assert_eq!(turns.counts(), (1, 2));
        drop(first_turn);
        assert!(has_turn(&mut waiting[0]));
        assert!(has_turn(&mut waiting[1]));
        drop((first, waiting, newcomer));
        assert_eq!(turns.counts(), (0, 0));
        assert!(turns.state.lock().running_of.is_empty());
    }

    #[test]
    fn who_is_behind_waits_until_nobody_is_first() {
        let turns = turns(1, 3);
        let mut held = turns.ask(address(9), Rank::First).unwrap();
        let turn = poll(pin!(held.turn())).unwrap().ok();
        let ask = |last, rank| turns.ask(address(last), rank).unwrap();
        let mut behind = ask(1, Rank::Behind);
        let mut newest = ask(1, Rank::Behind);
        let mut first = ask(1, Rank::First);
        let mut other = ask(2, Rank::First);
        assert!(is_pushed_out(&mut newest), "the places are full");
        assert!(turns.ask(address(1), Rank::Behind).is_err());
        drop(turn);
        let turn = poll(pin!(first.turn())).unwrap().unwrap();
        assert!(poll(pin!(other.turn())).is_none());
        drop(turn);
        assert!(poll(pin!(behind.turn())).is_none());
        assert!(has_turn(&mut other));
        assert!(has_turn(&mut behind));
        assert_eq!(turns.counts(), (0, 0));
    }
}
