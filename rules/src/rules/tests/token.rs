//! The token generation: accounts, envelopes, pushes, and datagrams of the session whose key opens them.

use super::*;

const SIGNED_IN: &str = r#"{"command":"LOGIN_OK","userId":7,"username":"#;

impl TestServer {
    fn token(faithful: bool) -> Self {
        Self::of(Generation::Token, faithful)
    }

    /// Connect and sign in with an account of this name.
    fn account(&mut self, username: &str) -> Conn {
        let conn = self.connect();
        let line = format!(r#"{{"command":"LOGIN","username":"{username}","password":"pw"}}"#);
        assert!(self.say(conn, &line).is_empty(), "it waits");
        self.answer_account(AccountAnswer::Found(Account {
            user_id: 7,
            username: username.to_owned(),
            token: Some(Token::new("t+")),
        }));
        let lines = self.lines.remove(&conn).unwrap();
        assert_eq!(
            lines[0],
            format!(r#"{SIGNED_IN}"{username}","token":"t\u002B"}}"#)
        );
        assert!(
            lines[1].ends_with(r#"],"type":"INV_STATE_FULL"}"#),
            "{}",
            lines[1]
        );
        conn
    }

    fn answer_account(&mut self, answer: AccountAnswer) {
        let (ticket, _) = self.accounts.pop_front().unwrap();
        self.rules.handle_account(ticket, answer);
        self.deliver();
    }

    fn heard(&mut self, conn: Conn) -> Vec<String> {
        self.lines.remove(&conn).unwrap_or_default()
    }
}

fn pair(faithful: bool) -> (TestServer, Conn, Conn) {
    let mut server = TestServer::token(faithful);
    let (ann, bob) = (server.account("Ann"), server.account("Bob"));
    server.create(ann);
    server.join(bob, "R1");
    server.lines.clear();
    (server, ann, bob)
}

fn both() -> [(TestServer, Conn, Conn); 2] {
    [pair(true), pair(false)]
}

fn update(conn: Conn, more: &str) -> String {
    let id = id(conn);
    format!(
        r#"{{"command":"UPDATE","sessionId":"{id}",{more}"position":{{"x":1}},"rotation":{{}}}}"#
    )
}

fn updated(conn: Conn, seq: i32) -> String {
    let id = id(conn);
    format!(
        r#"{{"command":"UPDATE","sessionId":"{id}","seq":{seq},"position":{{"x":1,"y":0,"z":0}},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    )
}

#[test]
fn what_is_refused_before_and_after_the_accounts_are_asked() {
    for faithful in [true, false] {
        let mut server = TestServer::token(faithful);
        let conn = server.connect();
        let failed = |verb: &str, message: &str| {
            format!(r#"{{"command":"{verb}_FAILED","message":"{message}"}}"#)
        };
        let register = |name: &str, password: &str, email: &str| {
            format!(
                r#"{{"command":"REGISTER","username":"{name}","password":"{password}","email":"{email}"}}"#
            )
        };
        let name = failed("REGISTER", "Username must be 3\\u201350 characters.");
        for bad in ["", "ab", "   ", &"x".repeat(51), &"🏁".repeat(26)] {
            assert_eq!(
                server.ask(conn, &register(bad, "longenough", "")),
                name,
                "{bad}"
            );
        }
        let password = failed("REGISTER", "Password must be at least 6 characters.");
        for bad in ["", "short", "       "] {
            assert_eq!(
                server.ask(conn, &register("Ann", bad, "")),
                password,
                "{bad}"
            );
        }
        // What does not fit into the original's database has no answer there.
        let long = server.say(conn, &register("Ann", "longenough", &"x".repeat(101)));
        assert_eq!(long.is_empty(), faithful);
        let line = format!(r#"{{"command":"LOGIN","username":"{}"}}"#, "x".repeat(51));
        assert_eq!(server.say(conn, &line).is_empty(), faithful);
        assert!(server.accounts.is_empty());

        let minute = NOON + Duration::from_secs(5 * 60 + 59);
        for (refusal, message) in [
            (AccountRefusal::UsernameTaken, "Username already taken."),
            (AccountRefusal::EmailTaken, "Email already registered."),
            (AccountRefusal::Disabled, "Account is disabled."),
            (
                AccountRefusal::LockedUntil(minute),
                "Account locked. Try again after 12:05 UTC.",
            ),
        ] {
            assert!(
                server
                    .say(conn, &register("Ann", "longenough", "a@b"))
                    .is_empty()
            );
            server.answer_account(AccountAnswer::Refused(refusal));
            assert_eq!(server.heard(conn), [failed("REGISTER", message)]);
        }
        server.say(conn, r#"{"command":"AUTO_AUTH","token":"t"}"#);
        server.answer_account(AccountAnswer::Failed);
        assert_eq!(server.heard(conn).is_empty(), faithful);
        assert!(!server.rules.is_signed_in(conn));
    }
}

#[test]
fn commands_wait_for_the_account_and_then_count_as_signed_in() {
    for faithful in [true, false] {
        let mut server = TestServer::token(faithful);
        let conn = server.connect();
        server.say(conn, r#"{"command":"AUTO_AUTH","token":"t"}"#);
        assert!(
            server
                .say(conn, r#"{"command":"NAME","name":"Zed"}"#)
                .is_empty()
        );
        server.answer_account(AccountAnswer::Found(Account {
            user_id: 9,
            username: "Ann".into(),
            token: None,
        }));
        let heard = server.heard(conn);
        assert_eq!(
            heard[0],
            r#"{"command":"AUTO_AUTH_OK","userId":9,"username":"Ann"}"#
        );
        assert_eq!(heard[2], r#"{"command":"NAME_OK","name":"Zed"}"#);
    }
}

#[test]
fn a_pong_of_a_stranger_is_an_error_on_the_original_only() {
    for faithful in [true, false] {
        let mut server = TestServer::token(faithful);
        let conn = server.connect();
        server.pass(PING_INTERVAL);
        assert_eq!(server.heard(conn), [r#"{"command":"PING"}"#]);
        let refused = server.say(conn, r#"{"command":"PONG","messageId":"m"}"#);
        let error = r#"{"command":"ERROR","message":"Authentication required.","ackFor":"m"}"#;
        assert_eq!(refused, if faithful { vec![error] } else { vec![] });
    }
}

#[test]
fn a_line_whose_id_was_seen_is_dropped() {
    for (mut server, ann, _) in both() {
        let beat = |id: &str| format!(r#"{{"action":"heartbeat","messageId":{id}}}"#);
        let id = id(ann);
        let time = NOON.as_millis();
        let answer = |ack: &str| {
            format!(
                r#"{{"command":"HEARTBEAT_ACK","ackFor":{ack},"serverTimestampMs":{time},"sessionId":"{id}"}}"#
            )
        };
        for ack in [r#""""#, r#""a""#] {
            assert_eq!(server.ask(ann, &beat(ack)), answer(ack));
            assert!(server.say(ann, &beat(ack)).is_empty());
        }
        assert_eq!(server.ask(ann, &beat("null")), answer("null"));
        assert!(server.say(ann, &beat("5")).is_empty());
    }
}

#[test]
fn members_hear_who_comes_and_goes() {
    for (mut server, ann, bob) in both() {
        let faithful = server.faithful;
        let eve = server.account("Eve");
        let [a, b, e] = [ann, bob, eve].map(id);
        assert_eq!(
            server.join(eve, "R1"),
            format!(
                r#"{{"command":"JOIN_OK","roomId":"R1","players":[{{"id":"{a}","name":"Ann"}},{{"id":"{b}","name":"Bob"}}]}}"#
            )
        );
        let told = |verb: &str| {
            [format!(
                r#"{{"command":"PLAYER_{verb}","sessionId":"{e}","name":"Eve","roomId":"R1"}}"#
            )]
        };
        for conn in [ann, bob] {
            assert_eq!(server.heard(conn), told("JOINED"));
        }
        server.command(eve, "LEAVE_ROOM");
        assert_eq!(server.heard(ann), told("LEFT"));
        server.join(eve, "R1");
        server.lines.clear();
        server.disconnect(eve);
        assert_eq!(server.heard(ann), told("LEFT"));
        // Whoever moves on is missed by us only.
        let eve = server.account("Eve");
        server.join(eve, "R1");
        server.lines.clear();
        server.create(eve);
        assert_eq!(server.heard(bob).is_empty(), faithful);
        // The host is gone: nobody can start on the original.
        server.disconnect(ann);
        server.lines.clear();
        let started = server.say(bob, r#"{"command":"START_GAME"}"#);
        assert_eq!(
            started[0].contains("GAME_STARTED"),
            !faithful,
            "{started:?}"
        );
    }
}

#[test]
fn a_room_holds_as_many_as_its_creator_says() {
    for faithful in [true, false] {
        let mut server = TestServer::token(faithful);
        let ann = server.account("Ann");
        let mut create = |size: &str| {
            server.ask(
                ann,
                &format!(r#"{{"command":"CREATE_ROOM","name":"r","maxPlayers":{size}}}"#),
            )
        };
        assert!(create("2").ends_with(r#""name":"r","maxPlayers":2}"#));
        assert!(create("2.5").ends_with(r#""maxPlayers":20}"#));
        for odd in ["1", "129", "-1", "0"] {
            let made = create(odd);
            if faithful {
                assert!(
                    made.ends_with(&format!(r#""maxPlayers":{odd}}}"#)),
                    "{made}"
                );
            } else {
                assert_eq!(made, error_line("A room holds 2 to 128 players."));
            }
        }
    }
}

#[test]
fn the_count_is_passed_on_and_a_bad_one_is_heard_by_nobody() {
    for (mut server, ann, bob) in both() {
        server.send_datagram(bob, &update(bob, ""));
        for (seq, heard) in [
            ("", Some(0)),
            (r#""seq":42,"#, Some(42)),
            (r#""seq":-1,"#, Some(-1)),
            (r#""seq":1.0,"#, None),
            (r#""seq":2147483648,"#, None),
            (r#""seq":"1","#, None),
        ] {
            let expected = heard.map(|seq| (address(bob), updated(ann, seq)));
            let heard = server.send_datagram(ann, &update(ann, seq));
            assert_eq!(heard, expected.into_iter().collect::<Vec<_>>(), "{seq}");
        }
    }
}

#[test]
fn the_key_says_whose_datagram_it_is_and_any_of_a_session_says_where_it_is() {
    for (mut server, ann, bob) in both() {
        // An input before anybody is heard of: it registers Bob.
        let input = r#"{"command":"INPUT"}"#;
        assert!(server.send_datagram(bob, input).is_empty());
        let nameless = update(ann, "").replace(&format!(r#""sessionId":"{}","#, id(ann)), "");
        let expected = [(address(bob), updated(ann, 0))];
        assert_eq!(server.send_datagram(ann, &nameless), expected);
        assert!(server.send_datagram(ann, &update(bob, "")).is_empty());
        assert_eq!(
            server.send_datagram(ann, input),
            [(address(bob), input.into())]
        );
        // It is kept when the session goes to another room.
        for conn in [bob, ann] {
            server.command(conn, "LEAVE_ROOM");
            server.lines.clear();
        }
        let room = server.create(ann);
        server.join(bob, &room);
        let heard = server.send_datagram(bob, &update(bob, ""));
        assert_eq!(heard, [(address(ann), updated(bob, 0))]);
        let other = input.replace('}', r#","roomId":"R1"}"#);
        server.lines.clear();
        server.say(ann, r#"{"command":"CREATE_ROOM","name":"r"}"#);
        assert!(server.send_datagram(bob, &other).is_empty());
    }
}

#[test]
fn q19_ten_datagrams_that_cannot_be_end_the_session() {
    for (mut server, ann, bob) in both() {
        let faithful = server.faithful;
        let bad = |conn| update(conn, "").replace("UPDATE", "update");
        for _ in 0..9 {
            server.send_datagram(ann, &bad(ann));
            server.now += Duration::from_secs(30);
        }
        // The first is too old to count.
        server.now += Duration::from_secs(31);
        server.send_datagram(ann, &bad(ann));
        assert!(server.closed.is_empty());
        server.send_datagram(ann, &bad(ann));
        assert_eq!(server.closed, [ann]);
        let told = server.heard(ann);
        assert_eq!(told.is_empty(), faithful, "{told:?}");
        // On the original others are judged under the name they give.
        let eve = server.account("Eve");
        for _ in 0..10 {
            server.send_datagram(eve, &bad(bob));
        }
        assert_eq!(server.closed.contains(&bob), faithful);
    }
}

#[test]
fn who_is_killed_is_dead_until_it_respawns() {
    for (mut server, ann, bob) in both() {
        let [a, b] = [ann, bob].map(id);
        let kill = format!(r#"{{"action":"player_kill","targetId":"{b}"}}"#);
        let killed = format!(
            r#"{{"command":"PLAYER_KILLED","killerId":"{a}","killerName":"Ann","victimId":"{b}","victimName":"Bob"}}"#
        );
        assert_eq!(server.ask(ann, &kill), killed);
        assert_eq!(server.heard(bob), [killed]);
        assert_eq!(
            server.ask(ann, &kill),
            error_line("Target is already dead.")
        );
        let respawn = r#"{"action":"respawn"}"#;
        let respawned = format!(
            r#"{{"command":"PLAYER_RESPAWNED","sessionId":"{b}","playerName":"Bob","spawnIndex":1}}"#
        );
        let ok = r#"{"command":"RESPAWN_OK","spawnIndex":1}"#.to_owned();
        assert_eq!(server.say(bob, respawn), [ok, respawned.clone()]);
        assert_eq!(server.heard(ann), [respawned]);
        assert_eq!(server.ask(bob, respawn), error_line("You are not dead."));
        let missing = server.ask(ann, r#"{"action":"player_kill"}"#);
        assert_eq!(missing, error_line("targetId is required."));
        let nobody = server.ask(ann, r#"{"action":"player_kill","targetId":"x"}"#);
        assert_eq!(nobody, error_line("Target not found in your room."));
        server.command(bob, "LEAVE_ROOM");
        let outside = server.ask(bob, respawn);
        assert_eq!(outside, error_line("You must be in a room to respawn."));
    }
}

#[test]
fn the_inventory_is_empty() {
    for (mut server, ann, _) in both() {
        let full = server.command(ann, "INV_REQUEST_SYNC");
        assert_eq!(
            full.matches(r#""itemId":"","quantity":0,"meta":{}}"#)
                .count(),
            30
        );
        let refused = |code: &str, slot: i32| {
            format!(r#"{{"code":"{code}","slotId":{slot},"message":"","type":"INV_ERROR"}}"#)
        };
        for (line, answer) in [
            (r#""INV_USE_ITEM","slotId":3"#, refused("SLOT_EMPTY", 3)),
            (r#""INV_USE_ITEM","slotId":30"#, refused("INVALID_SLOT", 30)),
            (r#""INV_DROP_ITEM","slotId":0"#, refused("SLOT_EMPTY", 0)),
            (
                r#""INV_MOVE_SLOT","fromSlot":1,"toSlot":2"#,
                refused("SLOT_EMPTY", 1),
            ),
            (r#""INV_USE_ITEM""#, error_line("slotId (int) is required.")),
            (
                r#""INV_MOVE_SLOT","fromSlot":1"#,
                error_line("fromSlot and toSlot (int) are required."),
            ),
        ] {
            assert_eq!(server.ask(ann, &format!(r#"{{"command":{line}}}"#)), answer);
        }
    }
}

#[test]
fn a_snapshot_lists_the_room() {
    for (mut server, ann, bob) in both() {
        let [a, b] = [ann, bob].map(id);
        let sync = r#"{"action":"snapshot_sync","messageId":"s"}"#;
        assert_eq!(
            server.ask(ann, sync),
            format!(
                r#"{{"command":"SNAPSHOT","ackFor":"s","roomId":"R1","players":[{{"id":"{a}","name":"Ann"}},{{"id":"{b}","name":"Bob"}}]}}"#
            )
        );
        server.command(bob, "LEAVE_ROOM");
        let alone = r#"{"command":"SNAPSHOT","ackFor":"s","players":[]}"#;
        assert_eq!(server.ask(bob, sync), alone);
    }
}

#[test]
fn a_place_by_line_reaches_the_others_by_datagram_and_is_judged_by_us_only() {
    for (mut server, ann, bob) in both() {
        let faithful = server.faithful;
        server.send_datagram(bob, r#"{"command":"INPUT"}"#);
        let mut moves = |line: &str| {
            server.now += Duration::from_millis(100);
            assert!(server.say(ann, line).is_empty());
            std::mem::take(&mut server.datagrams)
        };
        let expected = [(address(bob), updated(ann, 3))];
        assert_eq!(
            moves(r#"{"action":"move","position":{"x":1},"seq":3}"#),
            expected
        );
        let inside = r#"{"action":"move","payload":{"position":{"x":1},"seq":3}}"#;
        assert_eq!(moves(inside), expected);
        let far = moves(r#"{"action":"move","position":{"x":9000}}"#);
        assert_eq!(far.is_empty(), !faithful);
        let input = r#"{"action":"input","input":{"a":1}}"#;
        assert_eq!(moves(input), [(address(bob), input.into())]);
    }
}

#[test]
fn auto_join_fills_the_first_room_of_its_kind_that_has_not_started() {
    for faithful in [true, false] {
        let mut server = TestServer::token(faithful);
        let ann = server.account("Ann");
        let join = |token: &str| format!(r#"{{"command":"AUTO_JOIN","token":"{token}"}}"#);
        let off = error_line("AUTO_JOIN is disabled on this server.");
        assert_eq!(server.ask(ann, &join("lab")), off);
        server.rules.auto_join = Some(Token::new("lab"));
        let wrong = error_line("Invalid AUTO_JOIN token.");
        assert_eq!(server.ask(ann, &join("no")), wrong);
        let joined = r#"{"command":"JOIN_OK","roomId":"R1","autoJoined":true,"players":[]}"#;
        assert_eq!(server.ask(ann, &join("lab")), joined);
        let again = r#"{"command":"JOIN_OK","roomId":"R1","autoJoined":true}"#;
        assert_eq!(server.ask(ann, &join("lab")), again);
        let bob = server.account("Bob");
        assert!(server.ask(bob, &join("lab")).contains(r#""R1""#));
        server.say(ann, r#"{"command":"START_GAME"}"#);
        let eve = server.account("Eve");
        assert!(server.ask(eve, &join("lab")).contains(r#""R2""#));
        assert!(
            server
                .rooms()
                .contains(r#""name":"Auto","playerCount":2,"maxPlayers":128"#)
        );
    }
}

#[test]
fn a_bot_needs_no_account_but_a_name() {
    for faithful in [true, false] {
        let mut server = TestServer::token(faithful);
        let bot = server.connect();
        server.rules.mark_bot(&id(bot).parse().unwrap());
        let named = server.ask(bot, r#"{"command":"NAME","name":"Bot"}"#);
        assert_eq!(named, r#"{"command":"NAME_OK","name":"Bot"}"#);
        assert!(server.create(bot).starts_with('R'));
    }
}
