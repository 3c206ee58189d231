//! A client, a relay and a game server on a virtual clock, between them a network that breaks as a seeded plan says: cuts
//! that each side notices at another time, links that stall, relays that restart, sessions whose time is up, pages that are
//! reloaded. Whatever happens, within one session of the game server both sides have every line once and in order, but for
//! pushed lines that the relay leaves out before it has written them.

use std::collections::{HashSet, VecDeque};

use super::*;

/// Plans that are tried.
const PLANS: u64 = 12_000;
/// A plan breaks things for this long, in milliseconds of the virtual clock.
const TROUBLE_MS: u64 = 20_000;
/// Then nothing breaks, and everything must arrive.
const CALM_MS: u64 = 20_000;
/// How long the relay keeps a session whose client is gone.
const PARKED_MS: u64 = 6_000;

/// A client waits for answers, so few of its lines are on their way.
const MAX_UNHEARD: usize = 40;

/// Stands in a line that the relay may leave out.
const PUSHED: &str = "pushed ";

/// Read the number of a line of the game server.
fn number(line: &str) -> u64 {
    let (word, _) = line.split_once(' ').unwrap();
    word.strip_prefix('s').unwrap().parse().unwrap()
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// One chance in `of`.
    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

#[derive(Debug, Clone)]
enum Frame {
    Ready {
        resumed: bool,
        received: u64,
    },
    Line(String),
    /// A ping that says how many lines were written, or its pong.
    Count(u64),
}

/// One WebSocket. Each direction keeps its order; from `cut_at` on nothing arrives.
struct Link {
    offer: ResumeOffer,
    up: VecDeque<(u64, Frame)>,
    down: VecDeque<(u64, Frame)>,
    cut_at: u64,
    /// When each side notices the cut.
    client_notices: u64,
    relay_notices: u64,
    /// When the handshake reaches the relay.
    arrives: u64,
    /// The session that the relay gave it.
    session: usize,
    /// The client has had the relay's first frame.
    is_ready: bool,
}

impl Link {
    fn arrived(queue: &mut VecDeque<(u64, Frame)>, cut_at: u64, now: u64) -> Option<Frame> {
        let &(at, _) = queue.front()?;
        // What was on its way when the link was cut is lost.
        if at > now || at > cut_at {
            return None;
        }
        queue.pop_front().map(|(_, frame)| frame)
    }
}

/// What both ends of one session of the game server said and heard.
#[derive(Default)]
struct Session {
    server_said: u64,
    /// The numbers of the lines that the relay has left out.
    left_out: HashSet<u64>,
    server_heard: Vec<String>,
    client_said: Vec<String>,
    client_heard: Vec<String>,
}

impl Session {
    fn unheard(&self) -> usize {
        self.client_said.len() - self.server_heard.len()
    }
}

/// The relay's side of a session.
struct Bridge {
    session: usize,
    end: RelayEnd<String>,
    link: Option<usize>,
    parked_until: u64,
}

struct World {
    random: Random,
    now: u64,
    links: Vec<Link>,
    sessions: Vec<Session>,
    relay: Option<Bridge>,
    /// Links whose handshake the relay has not seen.
    arriving: Vec<usize>,
    client: ClientEnd,
    client_link: Option<usize>,
    /// The session that the client believes in.
    client_session: Option<usize>,
    retry_at: u64,
    resumed: u64,
    began: u64,
    sent_again: u64,
    left_out: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            now: 0,
            links: Vec::new(),
            sessions: Vec::new(),
            relay: None,
            arriving: Vec::new(),
            client: ClientEnd::new(ResumeToken::from_random([7; TOKEN_BYTES])),
            client_link: None,
            client_session: None,
            retry_at: 0,
            resumed: 0,
            began: 0,
            sent_again: 0,
            left_out: 0,
        }
    }

    fn run(&mut self) {
        while self.now < TROUBLE_MS + CALM_MS {
            self.now += 1 + self.random.below(40);
            let is_calm = self.now >= TROUBLE_MS;
            if !is_calm {
                self.trouble();
            }
            self.speak(self.now < TROUBLE_MS + CALM_MS / 2);
            self.relay_turn();
            self.client_turn();
        }
    }

    fn trouble(&mut self) {
        let now = self.now;
        if let Some(link) = self.client_link
            && self.random.chance(80)
        {
            let (client, relay) = (self.random.below(5_000), self.random.below(9_000));
            let link = &mut self.links[link];
            link.cut_at = link.cut_at.min(now);
            link.client_notices = link.client_notices.min(now + client);
            link.relay_notices = link.relay_notices.min(now + relay);
        }
        // A new process knows no session.
        if self.random.chance(800) {
            self.relay = None;
            self.arriving.clear();
            for link in &mut self.links {
                link.cut_at = link.cut_at.min(now);
                link.client_notices = link.client_notices.min(now);
            }
        }
        // The page is reloaded, and keeps nothing but what it offered.
        if self.random.chance(400)
            && let Some(link) = self.client_link.take()
        {
            self.client = ClientEnd::restore(self.client.offer());
            let link = &mut self.links[link];
            link.cut_at = link.cut_at.min(now + 1_000);
            link.relay_notices = link.relay_notices.min(now + 1_000);
            // A page that hangs up has sent what it has sent.
            if let Some(session) = self.client_session {
                let said = &mut self.sessions[session].client_said;
                said.push("reload".to_owned());
            }
            self.retry_at = now + 1_100 + self.random.below(500);
        }
    }

    fn delay(&mut self, link: usize, down: bool) -> u64 {
        let after = self.now
            + 1
            + self.random.below(if self.random.0.is_multiple_of(7) {
                400
            } else {
                30
            });
        let link = &self.links[link];
        let queue = if down { &link.down } else { &link.up };
        queue.back().map_or(after, |(last, _)| after.max(*last))
    }

    fn send_up(&mut self, link: usize, frame: Frame) {
        let at = self.delay(link, false);
        self.links[link].up.push_back((at, frame));
    }

    fn send_down(&mut self, link: usize, frame: Frame) {
        let at = self.delay(link, true);
        self.links[link].down.push_back((at, frame));
    }

    /// Both ends say something now and then, the client also while it has no link.
    fn speak(&mut self, may_speak: bool) {
        if !may_speak {
            return;
        }
        if let Some(bridge) = &mut self.relay
            && self.random.chance(3)
        {
            let session = &mut self.sessions[bridge.session];
            let padding = if self.random.chance(200) {
                40_000
            } else {
                self.random.below(300)
            };
            let padding = "x".repeat(usize::try_from(padding).unwrap());
            let kind = if self.random.chance(2) { PUSHED } else { "" };
            bridge
                .end
                .push(format!("s{} {kind}{padding}", session.server_said));
            session.server_said += 1;
        }
        if let Some(session) = self.client_session
            && self.sessions[session].unheard() < MAX_UNHEARD
            && self.random.chance(9)
        {
            let said = &mut self.sessions[session].client_said;
            let line = format!("c{}", said.len());
            said.push(line.clone());
            self.client.send(&line);
            if let Some(link) = self.client_link.filter(|&link| self.links[link].is_ready) {
                self.send_up(link, Frame::Line(line));
            }
        }
    }

    fn relay_turn(&mut self) {
        let now = self.now;
        for link in std::mem::take(&mut self.arriving) {
            let Link {
                arrives, cut_at, ..
            } = self.links[link];
            if arrives > now {
                self.arriving.push(link);
            } else if arrives <= cut_at {
                self.attach(link);
            }
        }
        let Some(mut bridge) = self.relay.take() else {
            return;
        };
        if self.random.chance(50) {
            self.leave_out(&mut bridge);
        }
        if let Some(link) = bridge.link {
            self.read_up(&mut bridge, link);
            while !self.random.chance(4) {
                if bridge.end.is_mark_due() {
                    self.send_down(link, Frame::Count(bridge.end.mark()));
                }
                let Some(line) = bridge.end.pop() else { break };
                self.send_down(link, Frame::Line(line));
            }
            if self.random.chance(60) {
                self.send_down(link, Frame::Count(bridge.end.mark()));
            }
            if self.links[link].relay_notices <= now {
                bridge.link = None;
                bridge.parked_until = now + PARKED_MS;
            }
        } else if bridge.parked_until <= now {
            return;
        }
        self.relay = Some(bridge);
    }

    /// Leave out the pushed lines that may be.
    fn leave_out(&mut self, bridge: &mut Bridge) {
        let left_out = &mut self.sessions[bridge.session].left_out;
        bridge.end.drop_unnumbered(|line| {
            let is_pushed = line.contains(PUSHED);
            if is_pushed {
                assert!(left_out.insert(number(line)));
                self.left_out += 1;
            }
            is_pushed
        });
    }

    fn read_up(&mut self, bridge: &mut Bridge, link: usize) {
        let Link { up, cut_at, .. } = &mut self.links[link];
        while let Some(frame) = Link::arrived(up, *cut_at, self.now) {
            match frame {
                Frame::Line(line) => {
                    bridge.end.handle_line();
                    self.sessions[bridge.session].server_heard.push(line);
                }
                Frame::Count(count) => {
                    // Of two with the same number the first stands for both.
                    let _is_answer = bridge.end.handle_mark(count);
                }
                Frame::Ready { .. } => unreachable!(),
            }
        }
    }

    /// A client is there: take it back into its session, or begin one.
    fn attach(&mut self, link: usize) {
        let received = self.links[link].offer.received;
        let bridge = self.relay.take();
        let may_know = |bridge: &Bridge| {
            self.client_session == Some(bridge.session) && bridge.end.received() > 0
        };
        let must_resume = bridge.as_ref().is_some_and(may_know);
        if let Some(mut bridge) = bridge
            && bridge.end.resume(received)
        {
            if let Some(displaced) = bridge.link.replace(link) {
                let displaced = &mut self.links[displaced];
                displaced.cut_at = displaced.cut_at.min(self.now);
                displaced.client_notices = displaced.client_notices.min(self.now + 30);
            }
            self.links[link].session = bridge.session;
            let received = bridge.end.received();
            self.send_down(
                link,
                Frame::Ready {
                    resumed: true,
                    received,
                },
            );
            self.relay = Some(bridge);
            return;
        }
        // However much was written to it.
        assert!(!must_resume, "a session that its client knows is lost");
        self.sessions.push(Session::default());
        self.links[link].session = self.sessions.len() - 1;
        self.relay = Some(Bridge {
            session: self.sessions.len() - 1,
            end: RelayEnd::new(true),
            link: Some(link),
            parked_until: 0,
        });
        self.send_down(
            link,
            Frame::Ready {
                resumed: false,
                received: 0,
            },
        );
    }

    fn client_turn(&mut self) {
        let now = self.now;
        let Some(link) = self.client_link else {
            if self.retry_at <= now {
                self.open();
            }
            return;
        };
        loop {
            let Link { down, cut_at, .. } = &mut self.links[link];
            match Link::arrived(down, *cut_at, now) {
                Some(Frame::Ready { resumed, received }) => self.ready(link, resumed, received),
                Some(Frame::Line(line)) => {
                    self.client.handle_line();
                    let session = self.client_session.expect("the first frame is ready");
                    self.sessions[session].client_heard.push(line);
                }
                Some(Frame::Count(count)) => self.send_up(link, Frame::Count(count)),
                None => break,
            }
        }
        if self.links[link].client_notices <= now {
            self.client_link = None;
            self.retry_at = now + self.random.below(2_000);
        }
    }

    fn open(&mut self) {
        let arrives = self.now + 1 + self.random.below(200);
        self.links.push(Link {
            offer: self.client.offer(),
            up: VecDeque::new(),
            down: VecDeque::new(),
            cut_at: u64::MAX,
            client_notices: u64::MAX,
            relay_notices: u64::MAX,
            arrives,
            session: usize::MAX,
            is_ready: false,
        });
        let link = self.links.len() - 1;
        self.client_link = Some(link);
        self.arriving.push(link);
    }

    fn ready(&mut self, link: usize, resumed: bool, received: u64) {
        self.links[link].is_ready = true;
        match self.client.handle_ready(resumed, received) {
            Attached::New => {
                self.began += 1;
                self.client_session = Some(self.links[link].session);
            }
            Attached::Resumed => {
                self.resumed += 1;
                for line in self.client.missing().to_vec() {
                    self.sent_again += 1;
                    self.send_up(link, Frame::Line(line));
                }
            }
            Attached::Broken => panic!("the client keeps all that a plan sends"),
        }
    }

    fn check(&self, seed: u64) {
        for session in &self.sessions {
            let left_out = |number: &u64| session.left_out.contains(number);
            let due = (0..session.server_said).filter(|number| !left_out(number));
            for (number, line) in due.zip(&session.client_heard) {
                let is_next = line.starts_with(&format!("s{number} "));
                assert!(is_next, "plan {seed}: line {number} is {line:.20}");
            }
            // What a page had sent when it was left may be lost, but nothing comes twice or out of order.
            let mut said = session.client_said.iter();
            for line in &session.server_heard {
                let is_new = said.any(|said| said == line);
                assert!(
                    is_new,
                    "plan {seed}: the server has {line} twice or too late"
                );
            }
            let was_left = session.client_said.iter().any(|line| line == "reload");
            if !was_left {
                let heard = session.server_heard.len();
                assert_eq!(
                    session.server_heard,
                    session.client_said[..heard],
                    "plan {seed}"
                );
            }
        }
        let last = self.sessions.last().expect("a plan ends calmly");
        let heard = u64::try_from(last.client_heard.len()).unwrap();
        let left_out = u64::try_from(last.left_out.len()).unwrap();
        assert_eq!(
            heard + left_out,
            last.server_said,
            "plan {seed}: lines are lost"
        );
        if !last.client_said.iter().any(|line| line == "reload") {
            assert_eq!(
                last.server_heard, last.client_said,
                "plan {seed}: lines are lost"
            );
        }
    }
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice_whatever_breaks() {
    let (mut resumed, mut began, mut sent_again, mut left_out) = (0, 0, 0, 0);
    for seed in 0..PLANS {
        let mut world = World::new(seed);
        world.run();
        world.check(seed);
        resumed += world.resumed;
        began += world.began;
        sent_again += world.sent_again;
        left_out += world.left_out;
    }
    // A plan that breaks nothing would prove nothing.
    assert!(resumed > 3 * PLANS, "{resumed}");
    assert!(began > PLANS, "{began}");
    assert!(sent_again > PLANS / 10, "{sent_again}");
    assert!(left_out > 3 * usize::try_from(PLANS).unwrap(), "{left_out}");
}

#[test]
fn a_client_that_cannot_send_again_what_is_missing_says_so() {
    let mut client = ClientEnd::new(ResumeToken::from_random([1; TOKEN_BYTES]));
    for number in 0..100 {
        client.send(&number.to_string());
    }
    let mut relay_lost_lines = client.clone();
    assert_eq!(relay_lost_lines.handle_ready(true, 35), Attached::Broken);
    assert_eq!(client.clone().handle_ready(true, 101), Attached::Broken);
    assert_eq!(client.handle_ready(true, 98), Attached::Resumed);
    assert_eq!(client.missing(), ["98", "99"]);
}

#[test]
fn a_session_that_was_given_up_is_not_resumed() {
    let mut client = ClientEnd::new(ResumeToken::from_random([1; TOKEN_BYTES]));
    client.send("a");
    client.give_up();
    let mut relay: RelayEnd<String> = RelayEnd::new(true);
    relay.handle_line();
    assert!(!relay.resume(client.offer().received));
    client.handle_ready(false, 0);
    assert_eq!(client.offer().received, 0);
}

#[test]
fn a_new_session_counts_from_the_start_under_the_same_token() {
    let mut client = ClientEnd::new(ResumeToken::from_random([1; TOKEN_BYTES]));
    client.send("a");
    client.handle_line();
    assert_eq!(client.offer().received, 1);
    assert_eq!(client.handle_ready(false, 0), Attached::New);
    assert_eq!(client.offer().received, 0);
    assert_eq!(client.handle_ready(true, 0), Attached::Resumed);
}
