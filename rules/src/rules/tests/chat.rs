//! The chat generation: messages to the room, sealed datagrams, and what is not believed.

use super::*;
use crate::rules::validation::MAX_RATE;

fn pair(faithful: bool) -> (TestServer, Conn, Conn) {
    let mut server = TestServer::of(Generation::Chat, faithful);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    for conn in [ann, bob] {
        server.place(conn, 0.0, [0.0, 1.0]);
    }
    server.datagrams.clear();
    (server, ann, bob)
}

fn both() -> [(TestServer, Conn, Conn); 2] {
    [pair(true), pair(false)]
}

impl TestServer {
    /// Send a position on the x axis, and a rotation by its y and w; says whether anybody heard of it.
    fn place(&mut self, conn: Conn, x: f32, [y, w]: [f64; 2]) -> bool {
        let id = id(conn);
        let text = format!(
            r#"{{"command":"UPDATE","sessionId":"{id}","position":{{"x":{x}}},"rotation":{{"y":{y},"w":{w}}}}}"#
        );
        !self.send_datagram(conn, &text).is_empty()
    }

    /// Do the same after a pause.
    fn place_after(&mut self, millis: u64, conn: Conn, x: f32) -> bool {
        self.now += Duration::from_millis(millis);
        self.place(conn, x, [0.0, 1.0])
    }

    /// Turn by an angle after a pause.
    fn turn_after(&mut self, millis: u64, conn: Conn, angle: f64) -> bool {
        self.now += Duration::from_millis(millis);
        self.place(conn, 0.0, [(angle / 2.0).sin(), (angle / 2.0).cos()])
    }
}

#[test]
fn a_message_reaches_the_others_in_the_room_and_nobody_else() {
    for (mut server, ann, bob) in both() {
        let eve = server.named("Eve");
        let say = r#"{"command":"MESSAGE","message":"hi <3"}"#;
        assert_eq!(server.ask(ann, say), r#"{"command":"MESSAGE_OK"}"#);
        let heard = server.lines.remove(&bob).unwrap();
        assert_eq!(
            heard,
            [
                r#"{"command":"CHAT","roomId":"R1","senderName":"Ann","message":"hi \u003C3","timestamp":"2024-10-04 12:00:00"}"#
            ]
        );
        assert!(server.lines.is_empty());
        let refused = error_line("Empty message or not in a room.");
        assert_eq!(server.ask(eve, say), refused);
        assert_eq!(
            server.ask(ann, r#"{"command":"MESSAGE","message":""}"#),
            refused
        );
        let missing = error_line("Message content is required.");
        assert_eq!(server.command(ann, "MESSAGE"), missing);
        assert!(
            server
                .say(ann, r#"{"command":"MESSAGE","message":5}"#)
                .is_empty()
        );
    }
}

#[test]
fn only_a_player_without_a_session_or_signed_out_hears_plain_text() {
    let (mut server, ann, bob) = pair(true);
    let carl = server.named("Carl");
    let dora = server.connect();
    server.ask(dora, &name_with("Dora", "pw"));
    for conn in [carl, dora] {
        server.join(conn, "R1");
        server.place(conn, 0.0, [0.0, 1.0]);
    }
    server.disconnect(bob);
    // On the original a wrong password signs out.
    server.ask(dora, r#"{"command":"AUTHENTICATE","password":"no"}"#);
    server.rules.handle_datagram(
        address(ann),
        &seal(ann, update_of(ann).as_bytes()),
        server.now,
    );
    let mut heard = HashMap::new();
    while let Some(output) = server.rules.poll_output() {
        if let Output::Datagram { to, payload } = output {
            heard.insert(to, payload);
        }
    }
    let to_ghost = String::from_utf8(heard[&address(bob)].to_vec()).unwrap();
    assert!(
        to_ghost.starts_with('{') && to_ghost.ends_with("}\n"),
        "{to_ghost}"
    );
    assert_eq!(heard[&address(dora)], heard[&address(bob)]);
    let to_carl = cipher(carl).open(&heard[&address(carl)]).unwrap();
    let to_carl = String::from_utf8(to_carl).unwrap();
    assert_eq!(to_carl, to_ghost.trim_end());
}

fn update_of(conn: Conn) -> String {
    let id = id(conn);
    format!(r#"{{"command":"UPDATE","sessionId":"{id}","position":{{}},"rotation":{{}}}}"#)
}

/// Facts, Q16: a jump of more than 50 m is dropped for a second after the last accepted position, and then accepted.
#[test]
fn q16_a_teleport_is_refused_for_a_second() {
    for (mut server, ann, _) in both() {
        assert!(server.place_after(100, ann, 50.0));
        assert!(!server.place_after(100, ann, 100.1));
        assert!(
            !server.place_after(800, ann, 300.0),
            "refused ones move nothing on"
        );
        assert!(server.place_after(101, ann, 300.0), "more than a second");
        assert!(
            server.place_after(500, ann, 399.0),
            "200 m a second are possible"
        );
        assert!(!server.place_after(500, ann, 500.1));
        assert!(server.place_after(7, ann, 399.0));
        assert!(server.place_after(7, ann, 900.0), "too soon to be checked");
        assert!(server.place_after(100, ann, 940.0));
        assert!(!server.place_after(400, ann, 1000.1), "out of bounds");
        assert!(
            server.place_after(5_001, ann, 5_000.0),
            "too late to be checked"
        );
        // A jump of a second skips the other checks too.
        assert!(server.place_after(1_001, ann, 5_300.0));
        assert!(!server.place_after(1_001, ann, 5_310.0), "out of bounds");
    }
}

/// Facts, Q17: at most 10 radians a second, and a quaternion that is not of length 1 seems to be turned.
#[test]
fn q17_a_car_that_turns_too_fast_is_not_believed() {
    for (mut server, ann, _) in both() {
        assert!(server.turn_after(50, ann, 0.49));
        assert!(!server.turn_after(50, ann, 1.5));
        assert!(server.turn_after(50, ann, 1.48));
        assert!(server.turn_after(100, ann, 1.48));
        let short = [0.999 * 0.74_f64.sin(), 0.999 * 0.74_f64.cos()];
        for (pause, is_believed) in [(50, true), (10, false), (3, true)] {
            server.now += Duration::from_millis(pause);
            assert_eq!(server.place(ann, 0.0, short), is_believed, "{pause}");
        }
    }
}

/// Facts, Q18, and the ranges of controls.
#[test]
fn q18_inputs_have_ranges_and_the_time_of_day() {
    for (mut server, ann, _) in both() {
        let mut takes = |input: &str| {
            let id = id(ann);
            let text = format!(
                r#"{{"command":"INPUT","sessionId":"{id}","roomId":"R1","input":{input}}}"#
            );
            !server.send_datagram(ann, &text).is_empty()
        };
        for good in [
            "{}",
            r#"{"steering":-1,"throttle":1,"brake":0,"anything":"else"}"#,
            r#"{"timestamp":43259}"#,
        ] {
            assert!(takes(good), "{good}");
        }
        for bad in [
            "5",
            "null",
            r#"{"steering":1.01}"#,
            r#"{"throttle":-0.1}"#,
            r#"{"brake":"1"}"#,
            r#"{"timestamp":12.5}"#,
            r#"{"timestamp":1795431887}"#,
        ] {
            assert!(!takes(bad), "{bad}");
        }
    }
}

#[test]
fn so_many_datagrams_are_taken_in_a_second_and_those_refused_count() {
    for (mut server, ann, _) in both() {
        server.now += Duration::from_secs(2);
        let takes = |server: &mut TestServer, count: usize| {
            (0..count)
                .filter(|_| server.place(ann, 0.0, [0.0, 1.0]))
                .count()
        };
        assert_eq!(takes(&mut server, MAX_RATE + 20), MAX_RATE);
        server.now += Duration::from_millis(999);
        assert_eq!(takes(&mut server, 1), 0);
        server.now += Duration::from_millis(1);
        // The 21 refused ones of the last second count.
        assert_eq!(takes(&mut server, MAX_RATE), MAX_RATE - 1);
    }
}

/// Facts, Q15: with other sessions before it, a datagram is lost when one of their keys gives a padding that looks valid.
#[test]
fn q15_on_the_original_a_wrong_key_whose_padding_looks_valid_ends_the_search() {
    const SENT: u32 = 2_000;
    let mut lost = HashMap::new();
    for faithful in [true, false] {
        let mut server = TestServer::of(Generation::Chat, faithful);
        let first = server.named("First");
        let others: Vec<Conn> = (0..18)
            .map(|index| server.named(&format!("P{index}")))
            .collect();
        let last = server.named("Last");
        let room = server.create(first);
        server.join(last, &room);
        server.place(first, 0.0, [0.0, 1.0]);
        let earlier = others.iter().chain([&first]);
        let wrong: Vec<Cipher> = earlier.map(|conn| cipher(*conn)).collect();
        let own = cipher(last);
        let mut count = 0;
        for number in 0..SENT {
            server.now += Duration::from_millis(50);
            let id = id(last);
            let text = format!(
                r#"{{"command":"UPDATE","sessionId":"{id}","position":{{"x":{}}},"rotation":{{}},"n":{number}}}"#,
                number % 7
            );
            let datagram = own.seal(text.as_bytes()).unwrap();
            let heard = server.send_datagram_bytes(address(last), &datagram);
            let opens = wrong.iter().any(|cipher| cipher.open(&datagram).is_ok());
            assert_eq!(heard.is_empty(), faithful && opens, "{number}");
            count += u32::from(heard.is_empty());
        }
        lost.insert(faithful, count);
    }
    assert_eq!(lost[&false], 0);
    // 19 wrong keys before the right one: 19/256 of all.
    let percent = f64::from(lost[&true]) * 100.0 / f64::from(SENT);
    println!("{percent:.1} % of {SENT} datagrams lost to 19 wrong keys; 7.4 % are expected");
    assert!((5.0..10.0).contains(&percent), "{percent}");
}
