//! How long a line may get, and what happens to a peer that does not read.

use super::*;

fn relay(target: Conn, message: &str) -> String {
    let target = id(target);
    format!(r#"{{"command":"RELAY_MESSAGE","targetId":"{target}","message":"{message}"}}"#)
}

fn create(name: &str) -> String {
    format!(r#"{{"command":"CREATE_ROOM","name":"{name}"}}"#)
}

fn unread(server: &TestServer, conn: Conn) -> usize {
    server.rules.sessions[&conn].unread
}

#[test]
fn a_message_that_gets_too_long_costs_its_sender_an_error_and_the_target_nothing() {
    let refusal = error_line("Message too long. At most 1048576 bytes of JSON are sent.");
    for mut server in TestServer::both() {
        let (ann, bob) = (server.named("Ann"), server.named("Bob"));
        // Each of these is written with six bytes.
        let told = server.ask(ann, &relay(bob, &"<".repeat(MAX_LINE_BYTES / 6)));
        assert_eq!(told, refusal);
        assert!(!server.lines.contains_key(&bob) && server.closed.is_empty());
        let fits = "<".repeat(MAX_COMMAND_BYTES - 200);
        assert!(server.ask(ann, &relay(bob, &fits)).contains("RELAY_OK"));
        assert!(server.lines.remove(&bob).unwrap()[0].contains("RELAYED_MESSAGE"));
    }
}

#[test]
fn an_answer_that_would_repeat_too_long_a_text_is_an_error() {
    let refusal = error_line("The answer is too long. At most 1048576 bytes are sent.");
    let long = "<".repeat(MAX_LINE_BYTES / 6);
    let mut server = TestServer::new(true);
    let ann = server.named("Ann");
    let unknown = format!(r#"{{"command":"{long}"}}"#);
    assert_eq!(server.ask(ann, &unknown), refusal);
    assert_eq!(server.ask(ann, &name(&long)), refusal);
    assert_eq!(server.command(ann, "PLAYER_INFO"), refusal);
    server.create(ann);
    assert_eq!(server.command(ann, "GET_ROOM_PLAYERS"), refusal);
}

#[test]
fn the_list_of_all_rooms_fits_into_one_line_whatever_their_names_are() {
    // Each of these is written with twelve bytes, the most for one character.
    let worst = "🏁".repeat(MAX_ROOM_NAME_CHARS);
    let mut server = TestServer::new(false);
    for index in 0..MAX_SESSIONS {
        let conn = server.named(&format!("P{index}"));
        let made = server.ask(conn, &create(&worst));
        assert!(made.contains("ROOM_CREATED"), "{index}: {made}");
    }
    let asks = Conn(1);
    let list = server.command(asks, "LIST_ROOMS");
    assert_eq!(list.matches("playerCount").count(), MAX_SESSIONS);
    assert!(list.len() <= MAX_LINE_BYTES, "{}", list.len());
}

#[test]
fn on_the_original_rooms_are_refused_that_would_not_fit_into_the_list() {
    let full = error_line("This server cannot hold any more rooms.");
    let mut server = TestServer::new(true);
    let ann = server.named("Ann");
    for (name, fits) in [
        ("<".repeat(170_000), 1),
        ("<".repeat(1000), 4),
        ("r".into(), 13),
    ] {
        let made = (0..fits).map(|_| server.ask(ann, &create(&name)));
        for (index, made) in made.enumerate() {
            assert!(made.contains("ROOM_CREATED"), "{index}: {}", made.len());
        }
        assert_eq!(server.ask(ann, &create(&name)), full);
        let list = server.command(ann, "LIST_ROOMS");
        assert!(list.contains("ROOM_LIST") && list.len() <= MAX_LINE_BYTES);
    }
    // A room that goes makes place for others of its size.
    let mut server = TestServer::new(true);
    let ann = server.named("Ann");
    let long = "<".repeat(100_000);
    for _ in 0..5 {
        assert!(server.ask(ann, &create(&long)).contains("ROOM_CREATED"));
        server.command(ann, "LEAVE_ROOM");
    }
}

#[test]
fn a_burst_closes_nobody_and_holds_a_bounded_amount() {
    for mut server in TestServer::both() {
        let bob = server.named("Bob");
        let room = server.create(bob);
        server.reads = false;
        let message = "<".repeat(MAX_COMMAND_BYTES - 200);
        let slow = error_line("Target player reads too slowly. Please try again later.");
        let mut refused = 0;
        for index in 0..30 {
            server.reads = true;
            let sender = server.named(&format!("P{index}"));
            server.reads = false;
            refused += usize::from(server.ask(sender, &relay(bob, &message)) == slow);
        }
        assert!(refused > 20, "{refused}");
        let held = unread(&server, bob);
        assert!(held < MAX_UNREAD_BYTES + 6 * MAX_COMMAND_BYTES, "{held}");
        assert!(server.closed.is_empty());
        // Bob reads, and gets messages again.
        server.rules.handle_written(bob, held);
        server.lines.clear();
        let late = server.connect();
        server.reads = true;
        server.say(late, &name("Late"));
        assert!(server.ask(late, &relay(bob, "hello")).contains("RELAY_OK"));
        assert!(server.join(late, &room).contains("JOIN_OK"));
    }
}

#[test]
fn who_has_not_signed_in_holds_less() {
    let mut server = TestServer::new(false);
    let (ann, stranger) = (server.named("Ann"), server.connect());
    server.reads = false;
    let message = "x".repeat(MAX_OPEN_COMMAND_BYTES);
    let mut taken = 0;
    while server
        .ask(ann, &relay(stranger, &message))
        .contains("RELAY_OK")
    {
        let unread = unread(&server, ann);
        server.rules.handle_written(ann, unread);
        taken += 1;
        assert!(taken < 20);
    }
    assert!(unread(&server, stranger) < OPEN_PAUSE_BYTES + 2 * MAX_OPEN_COMMAND_BYTES);
    let silent = server.connect();
    for _ in 0..1_000 {
        if server.rules.takes_lines(silent) {
            server.say(silent, "");
        }
    }
    assert!(unread(&server, silent) < OPEN_PAUSE_BYTES + 100);
}

#[test]
fn who_asks_without_reading_is_not_answered_until_it_reads() {
    for mut server in TestServer::both() {
        let ann = server.named("Ann");
        for index in 0..10 {
            let host = server.named(&format!("P{index}"));
            server.ask(host, &create(&"<".repeat(MAX_ROOM_NAME_CHARS)));
        }
        server.reads = false;
        let list = r#"{"command":"LIST_ROOMS"}"#;
        let mut asked = 0;
        while server.rules.takes_lines(ann) {
            assert_eq!(server.say(ann, list).len(), 1);
            asked += 1;
            assert!(asked < 30);
        }
        assert!(asked > 1);
        let held = unread(&server, ann);
        assert!(held < 2 * PAUSE_BYTES, "{held}");
        // A line on its way waits, and is answered once there is room.
        assert!(server.say(ann, r#"{"command":"PING"}"#).is_empty());
        server.rules.handle_written(ann, held);
        server.deliver();
        assert_eq!(server.lines[&ann], [r#"{"command":"PONG"}"#]);
    }
}

#[test]
fn a_batch_too_waits_for_its_reader() {
    let mut server = TestServer::new(false);
    let ann = server.named("Ann");
    for index in 0..100 {
        let host = server.named(&format!("P{index}"));
        server.ask(host, &create(&"🏁".repeat(MAX_ROOM_NAME_CHARS)));
    }
    server.reads = false;
    let list = [r#"{"command":"LIST_ROOMS"}"#; 10].join(",");
    let batch = format!(r#"{{"command":"BATCH","messages":[{list}]}}"#);
    assert_eq!(server.say(ann, &batch).len(), 1);
    let mut answers = 1;
    while unread(&server, ann) > 0 {
        let unread = unread(&server, ann);
        server.rules.handle_written(ann, unread);
        server.deliver();
        answers += server.lines.remove(&ann).map_or(0, |lines| lines.len());
    }
    assert_eq!(answers, 10);
}

#[test]
fn a_start_that_is_said_again_and_again_does_not_pile_up() {
    for mut server in TestServer::both() {
        let (ann, bob) = (server.named("Ann"), server.named("Bob"));
        let room = server.create(ann);
        server.join(bob, &room);
        server.reads = false;
        for _ in 0..10_000 {
            server.say(ann, r#"{"command":"START_GAME"}"#);
            let unread = unread(&server, ann);
            server.rules.handle_written(ann, unread);
        }
        assert!(server.lines[&bob][0].contains("GAME_STARTED"));
        assert!(unread(&server, bob) < MAX_UNREAD_BYTES + PAUSE_BYTES);
    }
}

#[test]
fn a_line_may_be_long_only_after_the_sign_in() {
    let mut server = TestServer::new(false);
    let ann = server.connect();
    assert_eq!(server.rules.line_limit(ann), MAX_OPEN_COMMAND_BYTES);
    server.say(ann, &name("Ann"));
    assert_eq!(server.rules.line_limit(ann), MAX_COMMAND_BYTES);
    let mut server = TestServer::new(true);
    let ann = server.connect();
    assert_eq!(server.rules.line_limit(ann), MAX_LINE_BYTES);
}

#[test]
fn the_list_is_not_written_again_for_a_start_that_changes_nothing() {
    let mut server = TestServer::new(false);
    let ann = server.named("Ann");
    server.create(ann);
    server.say(ann, r#"{"command":"START_GAME"}"#);
    let list = server.rules.rooms.list();
    server.say(ann, r#"{"command":"START_GAME"}"#);
    assert!(Arc::ptr_eq(&list, &server.rules.rooms.list()));
}

#[test]
fn commands_that_cost_more_than_a_line_count_as_more() {
    let mut server = TestServer::new(false);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    for conn in [ann, bob] {
        assert_eq!(server.rules.take_cost(conn), 0);
    }
    server.say(ann, r#"{"command":"START_GAME"}"#);
    assert_eq!(server.rules.take_cost(ann), 2, "two are told");
    assert_eq!(server.rules.take_cost(ann), 0, "it is taken once");
    let pings = [r#"{"command":"PING"}"#; 10].join(",");
    server.say(
        bob,
        &format!(r#"{{"command":"BATCH","messages":[{pings}]}}"#),
    );
    assert_eq!(server.rules.take_cost(bob), 10);
    assert_eq!(server.rules.take_cost(ann), 0);
}
