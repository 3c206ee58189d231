//! The rules behind one lock, with a clock and random ids. The engine passes their outputs on: lines to the connections'
//! queues, passwords and accounts to worker threads, datagrams back to the caller.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use parking_lot::Mutex;
use protocol::id::{RoomId, SessionId};
use protocol::line::LineError;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use crate::accounts::Accounts;
use crate::admission::network_of;
use crate::pace::Pace;
use crate::password::Hasher;
use crate::password_queue::PasswordQueue;
use rules::{
    AccountAnswer, AccountJob, Config, Conn, Output, PasswordAnswer, PasswordJob, Rules, Ticket,
};

/// What a connection's task gets from the engine.
pub(crate) struct Link {
    pub(crate) conn: Conn,
    /// Lines for the peer. They end with the session. The rules bound how much waits here, see [`Engine::written`].
    pub(crate) lines: UnboundedReceiver<Arc<str>>,
    /// Notified when the session may take lines again.
    pub(crate) resume: Arc<Notify>,
    /// How fast its lines are taken.
    pub(crate) pace: Pace,
}

/// How a connection's next line is to be read.
pub(crate) struct Reading {
    /// A line can be taken now; see [`Link::resume`].
    pub(crate) takes_lines: bool,
    /// The longest line that is taken.
    pub(crate) line_limit: usize,
    /// The session has signed in.
    pub(crate) signed_in: bool,
}

/// The engine's side of a [`Link`].
struct Peer {
    lines: UnboundedSender<Arc<str>>,
    resume: Arc<Notify>,
    /// Whose turn it is when passwords wait.
    network: IpAddr,
}

/// A datagram to be sent.
pub(crate) struct Datagram {
    pub(crate) to: SocketAddr,
    pub(crate) payload: Arc<[u8]>,
}

struct State {
    rules: Rules,
    peers: HashMap<Conn, Peer>,
    conns: u64,
    passwords: PasswordQueue<(Ticket, Job)>,
}

/// What takes too long to be done under the lock.
enum Job {
    Password(PasswordJob),
    Account(AccountJob),
}

/// The running game.
pub(crate) struct Engine {
    state: Mutex<State>,
    started: Instant,
    hasher: Arc<Hasher>,
    /// Only where players have accounts.
    accounts: Option<Arc<Accounts>>,
    wall_clock: fn() -> SystemTime,
    faithful: bool,
}

impl Engine {
    /// Start an empty game; its clock starts now.
    pub(crate) fn new(
        config: Config,
        hasher: Arc<Hasher>,
        accounts: Option<Accounts>,
        wall_clock: fn() -> SystemTime,
    ) -> Arc<Self> {
        let engine = Self {
            faithful: config.faithful,
            state: Mutex::new(State {
                rules: Rules::new(config, Box::new(draw_id::<RoomId>)),
                peers: HashMap::new(),
                conns: 0,
                passwords: PasswordQueue::default(),
            }),
            started: Instant::now(),
            hasher,
            accounts: accounts.map(Arc::new),
            wall_clock,
        };
        engine.set_wall_clock();
        Arc::new(engine)
    }

    /// Let the rules know the time of day.
    fn set_wall_clock(&self) {
        let reading = (self.wall_clock)().duration_since(SystemTime::UNIX_EPOCH);
        let mut state = self.state.lock();
        state
            .rules
            .set_wall_clock(reading.unwrap_or_default(), self.started.elapsed());
    }

    /// Begin the session of a new connection from `address`.
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Link {
        let session: SessionId = draw_id();
        let (sender, lines) = mpsc::unbounded_channel();
        let resume = Arc::<Notify>::default();
        let mut state = self.state.lock();
        state.conns += 1;
        let conn = Conn(state.conns);
        let peer = Peer {
            lines: sender,
            resume: Arc::clone(&resume),
            network: network_of(address),
        };
        state.peers.insert(conn, peer);
        drop(state);
        self.act(|rules, now| rules.handle_connect(conn, session, address, now));
        Link {
            conn,
            lines,
            resume,
            pace: match self.faithful {
                true => Pace::unlimited(),
                false => Pace::limited(),
            },
        }
    }

    /// Note that a session is a bot's.
    pub(crate) fn mark_bot(&self, session: &SessionId) {
        self.state.lock().rules.mark_bot(session);
    }

    /// End the session of a connection that is gone.
    pub(crate) fn disconnect(self: &Arc<Self>, conn: Conn) {
        self.act(|rules, _| rules.handle_disconnect(conn));
        self.state.lock().forget(conn);
    }

    /// Take one line.
    pub(crate) fn line(self: &Arc<Self>, conn: Conn, line: Result<String, LineError>) {
        self.act(|rules, now| rules.handle_line(conn, line, now));
    }

    /// Take what the newest lines cost, counted in lines; see [`Rules::take_cost`].
    pub(crate) fn take_cost(&self, conn: Conn) -> u32 {
        self.state.lock().rules.take_cost(conn)
    }

    /// Say how the next line is to be read.
    pub(crate) fn reading(&self, conn: Conn) -> Reading {
        let rules = &self.state.lock().rules;
        Reading {
            takes_lines: rules.takes_lines(conn),
            line_limit: rules.line_limit(conn),
            signed_in: rules.is_signed_in(conn),
        }
    }

    /// Note that lines of so many bytes were written to the peer.
    pub(crate) fn written(self: &Arc<Self>, conn: Conn, bytes: usize) {
        self.act(|rules, _| rules.handle_written(conn, bytes));
        self.resume(conn);
    }

    /// Take one datagram; gives what is to be sent.
    pub(crate) fn datagram(self: &Arc<Self>, from: SocketAddr, bytes: &[u8]) -> Vec<Datagram> {
        self.act(|rules, now| rules.handle_datagram(from, bytes, now))
    }

    /// Run the clock. Never ends.
    pub(crate) async fn tick(self: Arc<Self>) {
        loop {
            let due = self.state.lock().rules.poll_timeout();
            tokio::time::sleep_until(self.started + due).await;
            // Somebody may have set it, or the machine may have slept.
            self.set_wall_clock();
            self.act(Rules::handle_timeout);
        }
    }

    fn act(self: &Arc<Self>, act: impl FnOnce(&mut Rules, Duration)) -> Vec<Datagram> {
        let mut state = self.state.lock();
        act(&mut state.rules, self.started.elapsed());
        let mut datagrams = Vec::new();
        while let Some(output) = state.rules.poll_output() {
            match output {
                Output::Line { conn, line } => state.queue(conn, line),
                Output::Datagram { to, payload } => datagrams.push(Datagram { to, payload }),
                Output::Close { conn } => state.forget(conn),
                Output::Password { ticket, job } => state.ask(ticket, Job::Password(job)),
                Output::Account { ticket, job } => state.ask(ticket, Job::Account(job)),
            }
        }
        while let Some((ticket, job)) = state.passwords.start() {
            tokio::spawn(Arc::clone(self).do_job(ticket, job));
        }
        datagrams
    }

    /// Do one job. A session has one at most, since it waits for the answer.
    async fn do_job(self: Arc<Self>, ticket: Ticket, job: Job) {
        match job {
            Job::Password(job) => {
                let answer = Arc::clone(&self.hasher).work(job).await;
                self.state.lock().passwords.finish();
                self.act(|rules, _| rules.handle_password(ticket, answer));
            }
            Job::Account(job) => {
                let answer = match &self.accounts {
                    Some(accounts) => Arc::clone(accounts).work(job).await,
                    None => AccountAnswer::Failed,
                };
                self.state.lock().passwords.finish();
                self.act(|rules, _| rules.handle_account(ticket, answer));
            }
        }
        self.resume(ticket.conn());
    }

    /// Let a connection's task look again whether it may take lines.
    fn resume(&self, conn: Conn) {
        if let Some(peer) = self.state.lock().peers.get(&conn) {
            peer.resume.notify_one();
        }
    }
}

impl State {
    /// Put a job into the queue of its address.
    fn ask(&mut self, ticket: Ticket, job: Job) {
        let conn = ticket.conn();
        let peer = self.peers.get(&conn);
        let pushed = peer.map(|peer| self.passwords.push(peer.network, conn, (ticket, job)));
        match pushed {
            Some(Err((_, Job::Password(_)))) => {
                self.rules.handle_password(ticket, PasswordAnswer::Busy);
            }
            Some(Err((_, Job::Account(_)))) => {
                self.rules.handle_account(ticket, AccountAnswer::Busy);
            }
            Some(Ok(())) | None => {}
        }
    }

    /// Let go of a connection whose session has ended. What is queued for it still goes out.
    fn forget(&mut self, conn: Conn) {
        if let Some(peer) = self.peers.remove(&conn) {
            self.passwords.forget(peer.network, conn);
        }
    }

    fn queue(&mut self, conn: Conn, line: Arc<str>) {
        if let Some(peer) = self.peers.get(&conn) {
            // The connection's task may have ended already.
            let _ = peer.lines.send(line);
        }
    }
}

/// Draw an id of 32 hexadecimal digits, as the original's (facts, section 1.4).
fn draw_id<Id: FromStr>() -> Id {
    loop {
        let mut bytes = [0; 16];
        if getrandom::fill(&mut bytes).is_err() {
            // Anybody who guesses an id can drive that car, so the server must not run without random ids.
            tracing::error!("the system gives no random numbers");
            std::process::abort();
        }
        if let Ok(id) = HEXLOWER.encode(&bytes).parse() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_password_of_a_connection_that_is_gone_is_not_hashed() {
        let config = Config::default();
        let engine = Engine::new(config, Arc::default(), None, SystemTime::now);
        let links = [(); 5].map(|()| engine.connect([192, 0, 2, 1].into()));
        for (index, link) in links.iter().enumerate() {
            let name = format!(r#"{{"command":"NAME","name":"P{index}","password":"pw"}}"#);
            engine.line(link.conn, Ok(name));
        }
        // Two run already, and nobody else gets to run before this test waits.
        assert_eq!(engine.state.lock().passwords.waiting(), 3);
        for link in &links[2..] {
            engine.disconnect(link.conn);
        }
        assert_eq!(engine.state.lock().passwords.waiting(), 0);
    }
}
