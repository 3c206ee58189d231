//! The rules behind one lock, with a clock and random ids. The engine passes their outputs on: lines to the connections'
//! queues, passwords to worker threads, datagrams back to the caller.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::id::{RoomId, SessionId};
use protocol::line::LineError;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::line_queue::LineQueue;
use crate::password::Hasher;
use crate::rules::{Config, Conn, Output, PasswordAnswer, PasswordJob, Rules, Ticket};

/// How many passwords are hashed at once. Each takes a core and 19 MiB, and the races must go on meanwhile.
const PASSWORD_WORKERS: usize = 2;

/// What the engine and a connection's task share.
#[derive(Default)]
pub(crate) struct Link {
    /// Lines for the peer.
    pub(crate) queue: LineQueue,
    /// Notified when the session may take lines again.
    pub(crate) resume: Notify,
}

/// One datagram to several places.
pub(crate) struct Broadcast {
    pub(crate) to: Vec<SocketAddr>,
    pub(crate) payload: Vec<u8>,
}

struct State {
    rules: Rules,
    links: HashMap<Conn, Arc<Link>>,
    conns: u64,
}

/// Outputs of one call that are handled without the lock.
#[derive(Default)]
struct Deferred {
    broadcasts: Vec<Broadcast>,
    passwords: Vec<(Ticket, PasswordJob)>,
}

/// The running game.
pub(crate) struct Engine {
    state: Mutex<State>,
    started: Instant,
    password_workers: Semaphore,
    hasher: Arc<Hasher>,
}

impl Engine {
    /// Start an empty game; its clock starts now.
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                rules: Rules::new(config, Box::new(draw_id::<RoomId>)),
                links: HashMap::new(),
                conns: 0,
            }),
            started: Instant::now(),
            password_workers: Semaphore::new(PASSWORD_WORKERS),
            hasher: Arc::default(),
        })
    }

    /// Begin the session of a new connection.
    pub(crate) fn connect(self: &Arc<Self>) -> (Conn, Arc<Link>) {
        let session: SessionId = draw_id();
        let link = Arc::new(Link::default());
        let mut state = self.state();
        state.conns += 1;
        let conn = Conn(state.conns);
        state.links.insert(conn, Arc::clone(&link));
        drop(state);
        self.act(|rules, now| rules.handle_connect(conn, session, now));
        (conn, link)
    }

    /// End the session of a connection that is gone.
    pub(crate) fn disconnect(self: &Arc<Self>, conn: Conn) {
        self.act(|rules, _| rules.handle_disconnect(conn));
        self.state().links.remove(&conn);
    }

    /// Take one line.
    pub(crate) fn line(self: &Arc<Self>, conn: Conn, line: Result<String, LineError>) {
        self.act(|rules, now| rules.handle_line(conn, line, now));
    }

    /// Say whether the session can take a line now; see [`Link::resume`].
    pub(crate) fn takes_lines(&self, conn: Conn) -> bool {
        self.state().rules.takes_lines(conn)
    }

    /// Take one datagram; gives what is to be sent.
    pub(crate) fn datagram(self: &Arc<Self>, from: SocketAddr, bytes: &[u8]) -> Vec<Broadcast> {
        self.act(|rules, _| rules.handle_datagram(from, bytes))
    }

    /// Run the clock. Never ends.
    pub(crate) async fn tick(self: Arc<Self>) {
        loop {
            let due = self.state().rules.poll_timeout();
            tokio::time::sleep_until(self.started + due).await;
            self.act(Rules::handle_timeout);
        }
    }

    fn act(self: &Arc<Self>, act: impl FnOnce(&mut Rules, Duration)) -> Vec<Broadcast> {
        let mut state = self.state();
        act(&mut state.rules, self.started.elapsed());
        let deferred = state.deliver();
        drop(state);
        for (ticket, job) in deferred.passwords {
            tokio::spawn(Arc::clone(self).do_password(ticket, job));
        }
        deferred.broadcasts
    }

    /// Do one password job. A session has one at most, since it waits for the answer.
    async fn do_password(self: Arc<Self>, ticket: Ticket, job: PasswordJob) {
        let _turn = self.password_workers.acquire().await;
        let hasher = Arc::clone(&self.hasher);
        let work = tokio::task::spawn_blocking(move || hasher.work(&job));
        let answer = work.await.unwrap_or(PasswordAnswer::Failed);
        self.act(|rules, _| rules.handle_password(ticket, answer));
        if let Some(link) = self.state().links.get(&ticket.conn()) {
            link.resume.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deliver(&mut self) -> Deferred {
        let mut deferred = Deferred::default();
        while let Some(output) = self.rules.poll_output() {
            match output {
                Output::Line { conn, line } => self.push(conn, &line),
                Output::Datagram { to, payload } => {
                    deferred.broadcasts.push(Broadcast { to, payload })
                }
                Output::Close { conn } => {
                    if let Some(link) = self.links.remove(&conn) {
                        link.queue.finish();
                    }
                }
                Output::Password { ticket, job } => deferred.passwords.push((ticket, job)),
            }
        }
        deferred
    }

    fn push(&mut self, conn: Conn, line: &str) {
        let Some(link) = self.links.get(&conn) else {
            return;
        };
        if link.queue.push(line).is_err() {
            tracing::warn!(conn = conn.0, "peer reads too slowly: cut off");
            // The session ends when the connection's task does.
            link.queue.cut();
            self.links.remove(&conn);
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
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if let Ok(id) = digits.parse() {
            return id;
        }
    }
}
