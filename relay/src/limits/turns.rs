//! Turns that are few, such as dials. Who waits for one is served fairly: each address in turn, however many of one wait. If all
//! places are taken, the address with the most makes room.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::network_of;

/// Who wants a turn: an address, or the relay itself.
pub(crate) type Asker = Option<IpAddr>;

/// The turns, and who waits for one.
#[derive(Clone)]
pub(crate) struct Turns {
    turns: usize,
    places: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    running: usize,
    /// How many wait in all, never more than `places`.
    waiting: usize,
    /// The addresses that wait, in the order of their next turn.
    order: VecDeque<Asker>,
    /// Those who wait, the oldest first. Only addresses of `order` are here, none with an empty queue.
    queues: HashMap<Asker, VecDeque<Waiter>>,
    next_number: u64,
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
pub(crate) struct Turn(Turns);

/// Takes a place of the queue, and leaves it when dropped.
struct Place<'a> {
    turns: &'a Turns,
    asker: Asker,
    number: u64,
}

impl Turns {
    /// Make `turns` turns, and `places` places to wait for one.
    pub(crate) fn new(turns: usize, places: usize) -> Self {
        Self {
            turns,
            places,
            state: Arc::default(),
        }
    }

    /// Wait for a turn. Dropping the future gives up the place.
    ///
    /// # Errors
    /// All places are taken, or somebody of another address needed the place more.
    pub(crate) async fn take(&self, asker: Asker) -> Result<Turn, NoPlace> {
        let asker = asker.map(network_of);
        let (place, turn) = {
            let mut state = self.state.lock();
            if state.running < self.turns {
                state.running += 1;
                return Ok(Turn(self.clone()));
            }
            state.make_place(asker, self.places)?;
            let (sender, turn) = oneshot::channel();
            (self.place(&mut state, asker, sender), turn)
        };
        let turn = turn.await;
        drop(place);
        turn.map_err(|_| NoPlace)
    }

    /// How many turns are taken, and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.running, state.waiting)
    }

    fn place(&self, state: &mut State, asker: Asker, turn: oneshot::Sender<Turn>) -> Place<'_> {
        let number = state.next_number;
        state.next_number += 1;
        state.waiting += 1;
        let queue = state.queues.entry(asker).or_default();
        if queue.is_empty() {
            state.order.push_back(asker);
        }
        queue.push_back(Waiter { number, turn });
        Place {
            turns: self,
            asker,
            number,
        }
    }
}

impl State {
    /// Make sure that there is a free place: the address with the most loses its newest.
    fn make_place(&mut self, asker: Asker, places: usize) -> Result<(), NoPlace> {
        if self.waiting < places {
            return Ok(());
        }
        let own = self.queues.get(&asker).map_or(0, VecDeque::len);
        let most = self.queues.iter().max_by_key(|(_, queue)| queue.len());
        let (longest, count) = most
            .map(|(&asker, queue)| (asker, queue.len()))
            .ok_or(NoPlace)?;
        // With the newcomer it must not have as many itself.
        if count <= own + 1 {
            return Err(NoPlace);
        }
        let newest = self.queues.get(&longest).and_then(VecDeque::back);
        let number = newest.map(|waiter| waiter.number).ok_or(NoPlace)?;
        self.remove(longest, number);
        Ok(())
    }

    fn remove(&mut self, asker: Asker, number: u64) {
        let Some(queue) = self.queues.get_mut(&asker) else {
            return;
        };
        let before = queue.len();
        queue.retain(|waiter| waiter.number != number);
        self.waiting -= before - queue.len();
        if queue.is_empty() {
            self.queues.remove(&asker);
            self.order.retain(|waiting| *waiting != asker);
        }
    }

    /// Take the oldest of the address whose turn it is. The address goes to the end of the row.
    fn next(&mut self) -> Option<Waiter> {
        let asker = self.order.pop_front()?;
        let queue = self.queues.get_mut(&asker)?;
        let waiter = queue.pop_front()?;
        self.waiting -= 1;
        if queue.is_empty() {
            self.queues.remove(&asker);
        } else {
            self.order.push_back(asker);
        }
        Some(waiter)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.turns.state.lock().remove(self.asker, self.number);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        // A turn that is handed over counts as running all the time.
        match state.next() {
            Some(waiter) => {
                drop(state);
                // If the waiter is gone meanwhile, the turn comes back, is dropped, and goes to the next.
                let _gone = waiter.turn.send(Self(self.0.clone()));
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

    /// What a poll gives: no task runs, so nothing wakes.
    fn poll<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[test]
    fn addresses_are_served_in_turn_however_many_of_one_wait() {
        let turns = Turns::new(1, 10);
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
        let turns = Turns::new(1, 3);
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
        let turns = Turns::new(1, 3);
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
        assert!(turns.state.lock().order.is_empty());
    }
}
