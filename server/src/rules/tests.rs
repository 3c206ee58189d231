//! The rules by behaviour, both modes, with a virtual clock and passwords that hash to themselves.

use std::io::Write as _;
use std::net::Ipv4Addr;

use flate2::write::GzEncoder;
use proptest::prelude::*;
use protocol::cipher::Cipher;

use super::*;

/// A server and everything its clients have received and not looked at.
struct World {
    rules: Rules,
    now: Duration,
    lines: HashMap<Conn, Vec<String>>,
    closed: Vec<Conn>,
    datagrams: Vec<(SocketAddr, String)>,
    jobs: VecDeque<(Ticket, PasswordJob)>,
    /// Passwords are answered at once; otherwise they wait in `jobs`.
    answers: bool,
    conns: u64,
}

const OK: &str = r#"","authenticated":true,"udpEncryption":true}"#;

fn auth_failed_line(message: &str) -> String {
    format!(r#"{{"command":"AUTH_FAILED","message":"{message}"}}"#)
}

fn error_line(message: &str) -> String {
    format!(r#"{{"command":"ERROR","message":"{message}"}}"#)
}

fn name(name: &str) -> String {
    format!(r#"{{"command":"NAME","name":"{name}"}}"#)
}

fn name_with(name: &str, password: &str) -> String {
    format!(r#"{{"command":"NAME","name":"{name}","password":"{password}"}}"#)
}

fn update(sender: &str, x: &str) -> String {
    format!(r#"{{"command":"UPDATE","sessionId":"{sender}","position":{{"x":{x}}}}}"#)
}

fn updated(sender: &str, x: &str) -> String {
    format!(
        r#"{{"command":"UPDATE","sessionId":"{sender}","position":{{"x":{x},"y":0,"z":0}},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    ) + "\n"
}

impl World {
    fn new(faithful: bool) -> Self {
        let mut rooms = 0;
        let room_ids = move || {
            rooms += 1;
            format!("R{rooms}").parse().unwrap()
        };
        let config = Config {
            faithful,
            ..Config::default()
        };
        Self {
            rules: Rules::new(config, Box::new(room_ids)),
            now: Duration::ZERO,
            lines: HashMap::new(),
            closed: Vec::new(),
            datagrams: Vec::new(),
            jobs: VecDeque::new(),
            answers: true,
            conns: 0,
        }
    }

    fn both() -> [Self; 2] {
        [Self::new(true), Self::new(false)]
    }

    fn connect(&mut self) -> Conn {
        self.conns += 1;
        let conn = Conn(self.conns);
        self.rules
            .handle_connect(conn, id(conn).parse().unwrap(), self.now);
        self.deliver();
        assert_eq!(
            self.lines.remove(&conn).unwrap(),
            [format!("CONNECTED|{}", id(conn))]
        );
        conn
    }

    fn named(&mut self, player: &str) -> Conn {
        let conn = self.connect();
        assert!(self.ask(conn, &name(player)).contains("NAME_OK"));
        conn
    }

    fn say(&mut self, conn: Conn, line: &str) -> Vec<String> {
        self.rules.handle_line(conn, Ok(line.to_owned()), self.now);
        self.deliver();
        self.lines.remove(&conn).unwrap_or_default()
    }

    fn ask(&mut self, conn: Conn, line: &str) -> String {
        let [reply] = <[String; 1]>::try_from(self.say(conn, line)).unwrap();
        reply
    }

    fn command(&mut self, conn: Conn, command: &str) -> String {
        self.ask(conn, &format!(r#"{{"command":"{command}"}}"#))
    }

    fn create(&mut self, conn: Conn) -> String {
        let reply = self.ask(conn, r#"{"command":"CREATE_ROOM","name":"r"}"#);
        let id = reply
            .strip_prefix(r#"{"command":"ROOM_CREATED","roomId":""#)
            .unwrap();
        id.split('"').next().unwrap().to_owned()
    }

    fn join(&mut self, conn: Conn, room: &str) -> String {
        self.ask(
            conn,
            &format!(r#"{{"command":"JOIN_ROOM","roomId":"{room}"}}"#),
        )
    }

    fn rooms(&mut self) -> String {
        let stranger = self.connect();
        let rooms = self.command(stranger, "LIST_ROOMS");
        self.rules.handle_disconnect(stranger);
        rooms.replace(r#"{"command":"ROOM_LIST","rooms":"#, "")
    }

    fn disconnect(&mut self, conn: Conn) {
        self.rules.handle_disconnect(conn);
        self.deliver();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        while self.rules.poll_timeout() <= self.now {
            self.rules.handle_timeout(self.rules.poll_timeout());
        }
        self.deliver();
    }

    /// Send a text sealed with a session's key from a session's usual place; gives what anybody received.
    fn cast(&mut self, conn: Conn, text: &str) -> Vec<(SocketAddr, String)> {
        self.cast_bytes(place(conn), &seal(conn, text.as_bytes()))
    }

    fn cast_bytes(&mut self, from: SocketAddr, bytes: &[u8]) -> Vec<(SocketAddr, String)> {
        self.rules.handle_datagram(from, bytes);
        self.deliver();
        std::mem::take(&mut self.datagrams)
    }

    fn answer_next(&mut self) {
        let (ticket, job) = self.jobs.pop_front().unwrap();
        let answer = match job {
            PasswordJob::Hash(password) => {
                PasswordAnswer::Hashed(PasswordHash::new(password.reveal()))
            }
            PasswordJob::Verify(password, hash) => {
                PasswordAnswer::Verified(password.reveal() == hash.reveal())
            }
        };
        self.rules.handle_password(ticket, answer);
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some(output) = self.rules.poll_output() {
            match output {
                Output::Line { conn, line } => {
                    self.lines.entry(conn).or_default().push(line.to_string())
                }
                Output::Close { conn } => self.closed.push(conn),
                Output::Password { ticket, job } => self.jobs.push_back((ticket, job)),
                Output::Datagram { to, payload } => {
                    let text = String::from_utf8(payload).unwrap();
                    self.datagrams
                        .extend(to.into_iter().map(|to| (to, text.clone())));
                }
            }
        }
        if self.answers && !self.jobs.is_empty() {
            self.answer_next();
        }
    }
}

fn id(conn: Conn) -> String {
    format!("{:032x}", conn.0)
}

fn place(conn: Conn) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 1000 + u16::try_from(conn.0).unwrap()))
}

fn seal(conn: Conn, plaintext: &[u8]) -> Vec<u8> {
    let cipher = Cipher::new(&id(conn).parse().unwrap(), &Secret::default());
    cipher.seal(plaintext).unwrap()
}

mod names {
    use super::*;

    #[test]
    fn an_online_name_is_kept_by_its_password_in_both_modes() {
        for mut world in World::both() {
            let (ann, bob) = (world.connect(), world.connect());
            let wrong = auth_failed_line("Invalid password for this player name.");
            assert_eq!(
                world.ask(ann, &name_with("Ann", "pw")),
                format!(r#"{{"command":"NAME_OK","name":"Ann{OK}"#)
            );
            assert_eq!(world.ask(bob, &name_with("Ann", "no")), wrong);
            let refused = world.command(bob, "LEAVE_ROOM");
            assert_eq!(refused, error_line(AUTHENTICATION_REQUIRED));
            assert!(world.ask(bob, &name_with("Ann", "pw")).contains("NAME_OK"));
        }
    }

    #[test]
    fn the_original_forgets_a_name_that_is_offline_and_we_do_not() {
        for (faithful, expected) in [(true, "NAME_OK"), (false, "AUTH_FAILED")] {
            let mut world = World::new(faithful);
            let ann = world.connect();
            world.ask(ann, &name_with("Ann", "pw"));
            world.disconnect(ann);
            let thief = world.connect();
            assert!(
                world
                    .ask(thief, &name_with("Ann", "other"))
                    .contains(expected)
            );
        }
    }

    #[test]
    fn without_a_password_the_original_takes_any_name_and_we_only_a_free_one() {
        let mut world = World::new(true);
        let (ann, bob) = (world.connect(), world.connect());
        world.ask(ann, &name_with("Ann", "pw"));
        assert!(world.ask(bob, &name("Ann")).contains("NAME_OK"));

        let mut world = World::new(false);
        let (ann, bob) = (world.connect(), world.connect());
        world.ask(ann, &name_with("Ann", "pw"));
        assert!(world.ask(bob, &name("aNN")).contains("registered"));
        assert!(world.ask(bob, &name("Bob")).contains("NAME_OK"));
        let eve = world.connect();
        assert!(world.ask(eve, &name("bob")).contains("in use"));
        assert!(world.ask(eve, &name_with("BOB", "x")).contains("in use"));
        assert!(world.ask(bob, &name("Bob")).contains("NAME_OK"));
        world.disconnect(bob);
        assert!(world.ask(eve, &name("Bob")).contains("NAME_OK"));
    }

    #[test]
    fn the_original_takes_any_text_for_a_name_and_we_refuse_empty_and_endless_ones() {
        let long = "x".repeat(MAX_PLAYER_NAME_CHARS + 1);
        for (faithful, expected) in [(true, "NAME_OK"), (false, "AUTH_FAILED")] {
            let mut world = World::new(faithful);
            let conn = world.connect();
            for text in ["", " ", &long] {
                assert!(
                    world.ask(conn, &name_with(text, "pw")).contains(expected),
                    "{text:?}"
                );
            }
            assert!(
                world
                    .ask(conn, r#"{"command":"NAME","name":null}"#)
                    .contains(expected)
            );
        }
        let mut world = World::new(false);
        let conn = world.connect();
        assert!(
            world
                .ask(conn, &name(&"ä".repeat(MAX_PLAYER_NAME_CHARS)))
                .contains("NAME_OK")
        );
    }

    #[test]
    fn a_name_without_password_passes_with_any_while_its_holder_is_online_on_the_original() {
        let mut world = World::new(true);
        let (ann, bob) = (world.named("Ann"), world.connect());
        assert!(
            world
                .ask(bob, &name_with("ANN", ""))
                .contains("AUTH_FAILED")
        );
        assert!(world.ask(bob, &name_with("ANN", "any")).contains("NAME_OK"));
        // Nothing was stored by that: the next password passes as well.
        let eve = world.connect();
        assert!(
            world
                .ask(eve, &name_with("ANN", "other"))
                .contains("NAME_OK")
        );
        let _ = ann;
    }

    #[test]
    fn a_wrong_authenticate_signs_out_on_the_original_only() {
        for (faithful, expected) in [(true, "Authentication required"), (false, "ROOM_CREATED")] {
            let mut world = World::new(faithful);
            let ann = world.connect();
            let first = world.ask(ann, r#"{"command":"AUTHENTICATE","password":"pw"}"#);
            assert_eq!(
                first,
                auth_failed_line("Please set your name first with the NAME command.")
            );
            world.ask(ann, &name_with("Ann", "pw"));
            let wrong = world.ask(ann, r#"{"command":"AUTHENTICATE","password":"no"}"#);
            assert_eq!(wrong, auth_failed_line("Invalid password."));
            assert!(
                world
                    .ask(ann, r#"{"command":"CREATE_ROOM","name":"r"}"#)
                    .contains(expected)
            );
            let right = world.ask(ann, r#"{"command":"AUTHENTICATE","password":"pw"}"#);
            assert_eq!(right, r#"{"command":"AUTH_OK","name":"Ann"}"#);
            let missing = world.command(ann, "AUTHENTICATE");
            assert_eq!(
                missing,
                error_line("Password is required for authentication.")
            );
        }
    }

    #[test]
    fn commands_wait_for_the_password_and_come_in_order_then() {
        for mut world in World::both() {
            world.answers = false;
            let ann = world.connect();
            assert!(world.rules.takes_lines(ann));
            assert!(world.say(ann, &name_with("Ann", "pw")).is_empty());
            assert!(!world.rules.takes_lines(ann));
            assert!(world.say(ann, r#"{"command":"PING"}"#).is_empty());
            assert!(world.say(ann, &name_with("Ann", "pw2")).is_empty());
            assert!(world.say(ann, r#"{"command":"LEAVE_ROOM"}"#).is_empty());
            world.answer_next();
            let lines = world.lines.remove(&ann).unwrap();
            assert!(lines[0].contains("NAME_OK") && lines[1].contains("PONG") && lines.len() == 2);
            world.answer_next();
            assert_eq!(world.lines.remove(&ann).unwrap().len(), 2);
        }
    }

    #[test]
    fn too_many_waiting_lines_end_the_session() {
        let mut world = World::new(false);
        world.answers = false;
        let ann = world.connect();
        world.say(ann, &name_with("Ann", "pw"));
        for _ in 0..MAX_QUEUED_LINES {
            world.say(ann, "{}");
        }
        assert!(world.closed.is_empty());
        world.say(ann, "{}");
        assert_eq!(world.closed, [ann]);
        // The answer comes to nobody.
        world.answer_next();
        assert!(world.lines.is_empty());
    }

    #[test]
    fn of_two_that_register_a_name_at_once_the_first_has_it() {
        let mut world = World::new(false);
        world.answers = false;
        let (ann, eve) = (world.connect(), world.connect());
        world.say(ann, &name_with("Ann", "pw"));
        world.say(eve, &name_with("ann", "hers"));
        world.answer_next();
        assert!(world.lines.remove(&ann).unwrap()[0].contains("NAME_OK"));
        world.answer_next();
        // The second is now asked for the password of the first.
        world.answer_next();
        assert!(world.lines.remove(&eve).unwrap()[0].contains("AUTH_FAILED"));
    }

    #[test]
    fn a_new_name_shows_in_the_room_at_once_and_on_the_original_with_the_next_update() {
        for (faithful, shown) in [(true, "Ann"), (false, "Zoe")] {
            let mut world = World::new(faithful);
            let ann = world.named("Ann");
            world.create(ann);
            world.ask(ann, &name("Zoe"));
            assert!(world.command(ann, "GET_ROOM_PLAYERS").contains(shown));
            world.cast(ann, &update(&id(ann), "1"));
            assert!(world.command(ann, "GET_ROOM_PLAYERS").contains("Zoe"));
        }
    }
}

mod rooms {
    use super::*;

    #[test]
    fn a_vanished_player_stays_as_a_ghost_on_the_original_only() {
        let mut world = World::new(true);
        let (ann, bob) = (world.named("Ann"), world.named("Bob"));
        let room = world.create(ann);
        world.join(bob, &room);
        world.disconnect(ann);
        assert!(world.rooms().contains(&format!(
            r#""playerCount":2,"isActive":false,"hostId":"{}""#,
            id(ann)
        )));

        let mut world = World::new(false);
        let (ann, bob) = (world.named("Ann"), world.named("Bob"));
        let room = world.create(ann);
        world.join(bob, &room);
        world.disconnect(ann);
        assert!(world.rooms().contains(&format!(
            r#""playerCount":1,"isActive":false,"hostId":"{}""#,
            id(bob)
        )));
        world.say(bob, r#"{"command":"START_GAME"}"#);
        world.disconnect(bob);
        assert_eq!(world.rooms(), "[]}");
    }

    #[test]
    fn creating_or_joining_leaves_the_old_room_but_not_on_the_original() {
        for (faithful, left) in [(true, 1), (false, 0)] {
            let mut world = World::new(faithful);
            let (ann, bob) = (world.named("Ann"), world.named("Bob"));
            let (first, second) = (world.create(ann), world.create(bob));
            assert!(world.join(ann, &second).contains("JOIN_OK"));
            let count = world.rooms().matches(&format!(r#""id":"{first}""#)).count();
            assert_eq!(count, left);
            let third = world.create(ann);
            assert!(world.command(ann, "LEAVE_ROOM").contains(&third));
        }
    }

    #[test]
    fn a_full_a_known_and_an_unknown_room_are_refused_and_nobody_leaves_for_them() {
        let refusal = error_line("Failed to join room. Room may be full or inactive.");
        for mut world in World::both() {
            let host = world.named("Host");
            let room = world.create(host);
            for index in 1..ROOM_SEATS {
                let player = world.named(&format!("P{index}"));
                assert!(world.join(player, &room).contains("JOIN_OK"));
            }
            let late = world.named("Late");
            let own = world.create(late);
            assert_eq!(world.join(late, &room), refusal);
            assert_eq!(world.join(late, &own), refusal);
            for unknown in ["nope", "", "no id at all"] {
                assert_eq!(world.join(late, unknown), error_line("Room not found."));
            }
            assert!(world.command(late, "GET_ROOM_PLAYERS").contains("Late"));
        }
    }

    #[test]
    fn a_started_room_that_empties_stays_on_the_original_only() {
        for (faithful, rooms) in [(true, 1), (false, 0)] {
            let mut world = World::new(faithful);
            let ann = world.named("Ann");
            world.create(ann);
            assert_eq!(world.say(ann, r#"{"command":"START_GAME"}"#).len(), 2);
            world.command(ann, "LEAVE_ROOM");
            assert_eq!(world.rooms().matches("playerCount").count(), rooms);
        }
    }

    #[test]
    fn an_update_gives_everybody_the_last_place_on_the_original_only() {
        let mut world = World::new(true);
        let (ann, bob) = (world.named("Ann"), world.named("Bob"));
        let room = world.create(ann);
        world.join(bob, &room);
        world.cast(ann, &update(&id(ann), "1"));
        let started = world.say(ann, r#"{"command":"START_GAME"}"#);
        assert_eq!(started[0].matches(r#"{"x":60,"#).count(), 2);
        assert!(world.rooms().contains(&id(ann)));

        let mut world = World::new(false);
        let (ann, bob) = (world.named("Ann"), world.named("Bob"));
        let room = world.create(ann);
        world.join(bob, &room);
        world.cast(ann, &update(&id(ann), "1"));
        let started = world.say(ann, r#"{"command":"START_GAME"}"#);
        let places = format!(
            r#""spawnPositions":{{"{}":{{"x":66,"y":-2,"z":0.8}},"{}":{{"x":60,"y":-2,"z":0.8}}}}}}"#,
            id(ann),
            id(bob)
        );
        assert_eq!(
            started[0],
            format!(
                r#"{{"command":"GAME_STARTED","roomId":"{room}","hostId":"{}",{places}"#,
                id(ann)
            )
        );
        assert_eq!(
            started[1],
            format!(r#"{{"command":"GAME_STARTED","roomId":"{room}",{places}"#)
        );
        assert_eq!(world.lines.remove(&bob).unwrap(), started[..1]);
    }

    #[test]
    fn only_the_host_starts_and_only_from_a_room() {
        for mut world in World::both() {
            let (ann, bob) = (world.named("Ann"), world.named("Bob"));
            assert_eq!(
                world.command(bob, "START_GAME"),
                error_line("Cannot start game. No room joined.")
            );
            let room = world.create(ann);
            world.join(bob, &room);
            let refusal = error_line("Cannot start game. Only the host can start the game.");
            assert_eq!(world.command(bob, "START_GAME"), refusal);
            world.command(ann, "LEAVE_ROOM");
            assert_eq!(world.say(bob, r#"{"command":"START_GAME"}"#).len(), 2);
        }
    }

    #[test]
    fn a_ghost_of_an_old_room_still_gets_its_start_on_the_original() {
        let mut world = World::new(true);
        let (ann, bob) = (world.named("Ann"), world.named("Bob"));
        let room = world.create(ann);
        world.join(bob, &room);
        world.create(bob);
        world.say(ann, r#"{"command":"START_GAME"}"#);
        assert_eq!(world.lines.remove(&bob).unwrap().len(), 1);
        assert!(world.join(bob, &room).contains("Failed to join room"));
    }

    #[test]
    fn an_endless_room_name_is_refused_by_us_only() {
        let command = format!(
            r#"{{"command":"CREATE_ROOM","name":"{}"}}"#,
            "x".repeat(MAX_ROOM_NAME_CHARS + 1)
        );
        for (faithful, expected) in [(true, "ROOM_CREATED"), (false, "ERROR")] {
            let mut world = World::new(faithful);
            let ann = world.named("Ann");
            assert!(world.ask(ann, &command).contains(expected));
        }
    }

    #[test]
    fn rooms_end_at_the_limit() {
        let mut world = World::new(true);
        let ann = world.named("Ann");
        for _ in 0..MAX_ROOMS {
            world.create(ann);
        }
        assert!(
            world
                .ask(ann, r#"{"command":"CREATE_ROOM","name":"r"}"#)
                .contains("ERROR")
        );
    }
}

mod sessions {
    use super::*;

    #[test]
    fn a_silent_session_is_cut_at_the_check_after_sixty_seconds_whatever_it_sends_by_udp() {
        for mut world in World::both() {
            let (quiet, busy) = (world.named("Quiet"), world.named("Busy"));
            world.create(quiet);
            for second in 0..89 {
                world.pass(Duration::from_secs(1));
                world.cast(quiet, &update(&id(quiet), "1"));
                if second % 20 == 0 {
                    world.say(busy, "");
                }
                assert!(world.closed.is_empty(), "after {second} s");
            }
            world.pass(Duration::from_secs(1));
            assert_eq!(world.closed, [quiet]);
        }
    }

    #[test]
    fn bye_is_answered_and_what_follows_it_is_not() {
        for mut world in World::both() {
            let ann = world.connect();
            assert_eq!(world.command(ann, "BYE"), r#"{"command":"BYE_OK"}"#);
            assert_eq!(world.closed, [ann]);
            assert!(world.say(ann, r#"{"command":"PING"}"#).is_empty());
        }
    }

    #[test]
    fn a_line_too_long_is_an_error_and_the_session_goes_on() {
        for mut world in World::both() {
            let ann = world.connect();
            let too_long = LineError::TooLong { limit: 7 };
            world.rules.handle_line(ann, Err(too_long), world.now);
            world.deliver();
            let lines = world.lines.remove(&ann).unwrap();
            assert_eq!(
                lines,
                [error_line("Line too long. At most 7 bytes are taken.")]
            );
            assert!(world.command(ann, "PING").contains("PONG"));
        }
    }

    #[test]
    fn sessions_end_at_the_limit() {
        let mut world = World::new(false);
        for _ in 0..MAX_SESSIONS {
            world.connect();
        }
        let late = Conn(u64::MAX);
        world
            .rules
            .handle_connect(late, "late".parse().unwrap(), world.now);
        world.deliver();
        assert_eq!(world.closed, [late]);
    }

    #[test]
    fn a_message_goes_to_its_target_before_the_sender_is_told() {
        for mut world in World::both() {
            let (ann, stranger) = (world.named("Ann"), world.connect());
            let relay = |target: &str| {
                format!(r#"{{"command":"RELAY_MESSAGE","targetId":"{target}","message":"a+b"}}"#)
            };
            let told = world.ask(ann, &relay(&id(stranger)));
            assert_eq!(
                told,
                format!(r#"{{"command":"RELAY_OK","targetId":"{}"}}"#, id(stranger))
            );
            let heard = world.lines.remove(&stranger).unwrap();
            assert_eq!(
                heard,
                [format!(
                    r#"{{"command":"RELAYED_MESSAGE","senderId":"{}","senderName":"Ann","message":"a\u002Bb"}}"#,
                    id(ann)
                )]
            );
            assert_eq!(world.say(ann, &relay(&id(ann))).len(), 2);
            assert_eq!(
                world.ask(ann, &relay("nobody")),
                error_line("Target player not found.")
            );
        }
    }

    #[test]
    fn a_batch_is_answered_command_by_command_in_the_default_mode() {
        let batch = r#"{"command":"BATCH","messages":[{"command":"ping"},{"command":"x"},{"command":"NAME","name":"Zoe","password":"p"},{"command":"PLAYER_INFO"}]}"#;
        let mut world = World::new(true);
        let ann = world.named("Ann");
        assert!(world.ask(ann, batch).contains("UNKNOWN_COMMAND"));

        let mut world = World::new(false);
        let ann = world.named("Ann");
        let replies = world.say(ann, batch);
        let expected = [
            "PONG",
            "UNKNOWN_COMMAND",
            "NAME_OK",
            r#""PlayerName":"Zoe""#,
        ];
        assert_eq!(replies.len(), expected.len());
        for (reply, expected) in replies.iter().zip(expected) {
            assert!(reply.contains(expected), "{reply}");
        }
        let bad = world.ask(ann, r#"{"command":"BATCH","messages":[]}"#);
        assert_eq!(
            bad,
            error_line("A BATCH holds 1 to 10 commands and no other BATCH.")
        );
    }
}

mod datagrams {
    use super::*;

    /// Two players in one room whose places are known.
    fn pair(faithful: bool) -> (World, Conn, Conn, String) {
        let mut world = World::new(faithful);
        let (ann, bob) = (world.named("Ann"), world.named("Bob"));
        let room = world.create(ann);
        world.join(bob, &room);
        assert!(world.cast(ann, &update(&id(ann), "0")).is_empty());
        assert_eq!(
            world.cast(bob, &update(&id(bob), "0")),
            [(place(ann), updated(&id(bob), "0"))]
        );
        (world, ann, bob, room)
    }

    fn both() -> [(World, Conn, Conn, String); 2] {
        [pair(true), pair(false)]
    }

    #[test]
    fn absent_fields_have_defaults_and_wrong_ones_drop_the_datagram() {
        for (mut world, ann, bob, _) in both() {
            let sender = id(ann);
            let bare = format!(r#"{{"command":"UPDATE","sessionId":"{sender}"}}"#);
            assert_eq!(
                world.cast(ann, &bare),
                [(place(bob), updated(&sender, "0"))]
            );
            for wrong in ["\"1\"", "null", "true", "{}"] {
                assert!(
                    world.cast(ann, &update(&sender, wrong)).is_empty(),
                    "{wrong}"
                );
            }
            for position in ["null", "5", "[]", "\"x\""] {
                let text = format!(
                    r#"{{"command":"UPDATE","sessionId":"{sender}","position":{position}}}"#
                );
                assert!(world.cast(ann, &text).is_empty(), "{position}");
            }
            for text in [
                "",
                "{}",
                "[]",
                "5",
                r#"{"command":"update"}"#,
                r#"{"command":"UPDATE"}"#,
            ] {
                assert!(world.cast(ann, text).is_empty(), "{text}");
            }
        }
    }

    #[test]
    fn numbers_are_32_bit_floats_in_the_spelling_of_the_original() {
        for (mut world, ann, bob, _) in both() {
            for (sent, spelled) in [
                ("1e-7", "1E-07"),
                ("16777217", "16777216"),
                ("-0", "-0"),
                ("1E20", "1E+20"),
            ] {
                let heard = world.cast(ann, &update(&id(ann), sent));
                assert_eq!(heard, [(place(bob), updated(&id(ann), spelled))]);
            }
        }
    }

    #[test]
    fn what_overflows_reaches_nobody() {
        for (mut world, ann, _, _) in both() {
            assert!(world.cast(ann, &update(&id(ann), "1e99")).is_empty());
        }
    }

    #[test]
    fn the_original_believes_the_id_in_the_text_and_we_the_key() {
        for (faithful, heard) in [(true, 1), (false, 0)] {
            let (mut world, ann, bob, _) = pair(faithful);
            let eve = world.named("Eve");
            // Eve speaks for Bob, with her own key.
            assert_eq!(world.cast(eve, &update(&id(bob), "9")).len(), heard);
            let _ = ann;
        }
    }

    #[test]
    fn every_update_tells_the_senders_place_anew() {
        for (mut world, ann, bob, _) in both() {
            let moved = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
            world.cast_bytes(moved, &seal(ann, update(&id(ann), "1").as_bytes()));
            assert_eq!(
                world.cast(bob, &update(&id(bob), "2")),
                [(moved, updated(&id(bob), "2"))]
            );
        }
    }

    #[test]
    fn an_input_is_passed_on_as_it_came_and_only_with_room_and_input() {
        for (mut world, ann, bob, room) in both() {
            let sender = id(ann);
            let sent = format!(
                r#"{{ "command":"INPUT", "sessionId":"{sender}", "roomId":"{room}", "input":5.0, "more":[1e5, "é"] }}"#
            );
            let passed = format!(
                r#"{{"command":"INPUT","sessionId":"{sender}","roomId":"{room}","input":5.0,"more":[1e5,"\u00E9"]}}"#
            ) + "\n";
            assert_eq!(world.cast(ann, &sent), [(place(bob), passed)]);
            for missing in ["roomId", "input", "sessionId", "command"] {
                assert!(
                    world.cast(ann, &sent.replace(missing, "other")).is_empty(),
                    "{missing}"
                );
            }
            assert!(world.cast(ann, &sent.replace(&room, "nope")).is_empty());
        }
    }

    #[test]
    fn an_input_to_a_strangers_room_is_passed_on_by_the_original_only() {
        for (faithful, heard) in [(true, 2), (false, 0)] {
            let (mut world, _, _, room) = pair(faithful);
            let eve = world.named("Eve");
            let text = format!(
                r#"{{"command":"INPUT","sessionId":"{}","roomId":"{room}","input":{{}}}}"#,
                id(eve)
            );
            assert_eq!(world.cast(eve, &text).len(), heard);
        }
    }

    #[test]
    fn plain_damaged_and_unauthenticated_datagrams_are_dropped() {
        for (mut world, ann, _, _) in both() {
            let text = update(&id(ann), "1");
            let sealed = seal(ann, text.as_bytes());
            let mut longer = sealed.clone();
            longer.push(0);
            let mut big_endian = sealed.clone();
            big_endian[..4].reverse();
            let mut empty = sealed.clone();
            empty[..4].fill(0);
            let shorter = &sealed[..sealed.len() - 1];
            for bytes in [
                text.as_bytes(),
                &longer,
                shorter,
                &big_endian,
                &empty,
                &sealed[4..],
                &[],
            ] {
                assert!(world.cast_bytes(place(ann), bytes).is_empty());
            }
            let stranger = world.connect();
            assert!(world.cast(stranger, &update(&id(ann), "1")).is_empty());
            assert_eq!(world.cast_bytes(place(ann), &sealed).len(), 1);
        }
    }

    #[test]
    fn compressed_datagrams_are_understood_in_the_default_mode() {
        for (faithful, heard) in [(true, 0), (false, 1)] {
            let (mut world, ann, _, _) = pair(faithful);
            let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(update(&id(ann), "1").as_bytes()).unwrap();
            let sealed = seal(ann, &packed.finish().unwrap());
            assert_eq!(world.cast_bytes(place(ann), &sealed).len(), heard);
        }
    }

    #[test]
    fn places_of_sessions_that_are_gone_are_forgotten() {
        let (mut world, ann, bob, _) = pair(false);
        world.disconnect(ann);
        assert!(world.cast(bob, &update(&id(bob), "1")).is_empty());
        world.disconnect(bob);
        assert!(world.rules.endpoints.is_empty() && world.rules.conns.is_empty());
        assert!(world.rules.rooms.is_empty() && world.rules.sessions.is_empty());
    }
}

fn wild_lines() -> impl Strategy<Value = String> {
    let verbs = "NAME|AUTHENTICATE|CREATE_ROOM|JOIN_ROOM|LEAVE_ROOM|START_GAME|RELAY_MESSAGE|BATCH|BYE|GET_ROOM_PLAYERS";
    let value = prop_oneof![
        "\"[a-zR1-3$]{0,3}\"",
        Just("null".into()),
        Just("5".into()),
        "\\[\\]|\\{\\}"
    ];
    let fields = prop::collection::vec(
        ("name|password|roomId|targetId|message|messages", value),
        0..3,
    );
    let command = (verbs, fields).prop_map(|(verb, fields)| {
        let fields = fields
            .iter()
            .map(|(key, value)| format!(r#","{key}":{value}"#));
        format!(r#"{{"command":"{verb}"{}}}"#, fields.collect::<String>())
    });
    prop_oneof![4 => command, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn no_line_and_no_datagram_panics(
        faithful in any::<bool>(),
        steps in prop::collection::vec((0_u64..4, wild_lines(), prop::collection::vec(any::<u8>(), 0..64)), 0..40),
    ) {
        let mut world = World::new(faithful);
        for _ in 0..4 {
            world.connect();
        }
        for (conn, line, bytes) in steps {
            let conn = Conn(conn + 1);
            world.say(conn, &line);
            world.rules.handle_line(conn, Err(LineError::InvalidUtf8(bytes.clone())), world.now);
            world.cast_bytes(place(conn), &bytes);
            world.cast(conn, &line);
            world.cast_bytes(place(conn), &seal(conn, &bytes));
        }
    }
}
