//! In which order passwords are hashed: addresses take turns, so that one with many sign-ins delays only its own. Without
//! I/O and clock; the engine runs what this gives.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use rules::Conn;

/// How many jobs run at once. Each takes a core and 19 MiB, and the races must go on meanwhile.
const WORKERS: usize = 2;
/// How many jobs of one address may wait: the players of one relay when a race begins. The last waits some four seconds.
const MAX_WAITING: usize = 256;

/// The jobs that wait. Each address with a job is in `turns` once.
pub(crate) struct PasswordQueue<Job> {
    waiting: HashMap<IpAddr, VecDeque<(Conn, Job)>>,
    turns: VecDeque<IpAddr>,
    running: usize,
}

impl<Job> Default for PasswordQueue<Job> {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            turns: VecDeque::new(),
            running: 0,
        }
    }
}

impl<Job> PasswordQueue<Job> {
    /// Add a connection's job. Gives it back if too many jobs of its address wait.
    pub(crate) fn push(&mut self, network: IpAddr, conn: Conn, job: Job) -> Result<(), Job> {
        let jobs = self.waiting.entry(network).or_default();
        if jobs.len() >= MAX_WAITING {
            return Err(job);
        }
        if jobs.is_empty() {
            self.turns.push_back(network);
        }
        jobs.push_back((conn, job));
        Ok(())
    }

    /// Give the next job, if one may run now. Say so with [`finish`](Self::finish) when it is done.
    pub(crate) fn start(&mut self) -> Option<Job> {
        if self.running >= WORKERS {
            return None;
        }
        let network = self.turns.pop_front()?;
        let jobs = self.waiting.get_mut(&network)?;
        let (_, job) = jobs.pop_front()?;
        if jobs.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        self.running += 1;
        Some(job)
    }

    /// Note that a job is done.
    pub(crate) fn finish(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Count the jobs that wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// Drop the job of a connection that is gone, unless it runs already.
    pub(crate) fn forget(&mut self, network: IpAddr, conn: Conn) {
        let Some(jobs) = self.waiting.get_mut(&network) else {
            return;
        };
        jobs.retain(|(owner, _)| *owner != conn);
        if jobs.is_empty() {
            self.waiting.remove(&network);
            self.turns.retain(|turn| *turn != network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    /// Run all jobs, one at a time.
    fn run(queue: &mut PasswordQueue<u64>) -> Vec<u64> {
        let next = || queue.start().inspect(|_| queue.finish());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn addresses_take_turns() {
        let mut queue = PasswordQueue::default();
        for number in 0..5 {
            queue.push(address(1), Conn(number), number).unwrap();
        }
        queue.push(address(2), Conn(10), 10).unwrap();
        queue.push(address(3), Conn(20), 20).unwrap();
        queue.push(address(2), Conn(11), 11).unwrap();
        assert_eq!(run(&mut queue), [0, 10, 20, 1, 11, 2, 3, 4]);
        assert!(queue.waiting.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn so_many_run_at_once_and_so_many_of_an_address_wait() {
        let mut queue = PasswordQueue::default();
        for number in 0..MAX_WAITING as u64 {
            queue.push(address(1), Conn(number), number).unwrap();
        }
        assert_eq!(queue.push(address(1), Conn(999), 999), Err(999));
        assert_eq!(queue.push(address(2), Conn(1000), 1000), Ok(()));
        for _ in 0..WORKERS {
            assert!(queue.start().is_some());
        }
        assert_eq!(queue.start(), None);
        queue.finish();
        assert!(queue.start().is_some());
    }

    #[test]
    fn the_job_of_a_connection_that_is_gone_is_dropped() {
        let mut queue = PasswordQueue::default();
        for number in 0..3 {
            queue.push(address(1), Conn(number), number).unwrap();
        }
        queue.push(address(2), Conn(9), 9).unwrap();
        queue.forget(address(1), Conn(1));
        queue.forget(address(2), Conn(9));
        queue.forget(address(3), Conn(9));
        assert_eq!(run(&mut queue), [0, 2]);
    }
}
