//! Silence, ends, messages and batches.

use super::*;

#[test]
fn a_silent_session_is_cut_at_the_check_after_sixty_seconds_whatever_it_sends_by_udp() {
    for mut server in TestServer::both() {
        let (quiet, busy) = (server.named("Quiet"), server.named("Busy"));
        server.create(quiet);
        for second in 0..89 {
            server.pass(Duration::from_secs(1));
            server.send_datagram(quiet, &update(&id(quiet), "1"));
            if second % 20 == 0 {
                server.say(busy, "");
            }
            assert!(server.closed.is_empty(), "after {second} s");
        }
        server.pass(Duration::from_secs(1));
        assert_eq!(server.closed, [quiet]);
    }
}

#[test]
fn bye_is_answered_and_what_follows_it_is_not() {
    for mut server in TestServer::both() {
        let ann = server.connect();
        assert_eq!(server.command(ann, "BYE"), r#"{"command":"BYE_OK"}"#);
        assert_eq!(server.closed, [ann]);
        assert!(server.say(ann, r#"{"command":"PING"}"#).is_empty());
    }
}

#[test]
fn a_line_too_long_is_an_error_and_the_session_goes_on() {
    for mut server in TestServer::both() {
        let ann = server.connect();
        let too_long = LineError::TooLong { limit: 7 };
        server.rules.handle_line(ann, Err(too_long), server.now);
        server.deliver();
        let lines = server.lines.remove(&ann).unwrap();
        assert_eq!(
            lines,
            [error_line("Line too long. At most 7 bytes are taken.")]
        );
        assert!(server.command(ann, "PING").contains("PONG"));
    }
}

#[test]
fn sessions_are_limited() {
    let mut server = TestServer::new(false);
    for _ in 0..MAX_SESSIONS {
        server.connect();
    }
    let late = Conn(u64::MAX);
    server.rules.handle_connect(
        late,
        "late".parse().unwrap(),
        Ipv4Addr::LOCALHOST.into(),
        server.now,
    );
    server.deliver();
    assert_eq!(server.closed, [late]);
}

#[test]
fn a_message_goes_to_its_target_before_the_sender_is_told() {
    for mut server in TestServer::both() {
        let (ann, stranger) = (server.named("Ann"), server.connect());
        let relay = |target: &str| {
            format!(r#"{{"command":"RELAY_MESSAGE","targetId":"{target}","message":"a+b"}}"#)
        };
        let told = server.ask(ann, &relay(&id(stranger)));
        assert_eq!(
            told,
            format!(r#"{{"command":"RELAY_OK","targetId":"{}"}}"#, id(stranger))
        );
        let heard = server.lines.remove(&stranger).unwrap();
        assert_eq!(
            heard,
            [format!(
                r#"{{"command":"RELAYED_MESSAGE","senderId":"{}","senderName":"Ann","message":"a\u002Bb"}}"#,
                id(ann)
            )]
        );
        assert_eq!(server.say(ann, &relay(&id(ann))).len(), 2);
        assert_eq!(
            server.ask(ann, &relay("nobody")),
            error_line("Target player not found.")
        );
    }
}

#[test]
fn a_batch_is_answered_command_by_command_in_the_default_mode() {
    let batch = r#"{"command":"BATCH","messages":[{"command":"ping"},{"command":"x"},{"command":"NAME","name":"Zoe","password":"p"},{"command":"PLAYER_INFO"}]}"#;
    let mut server = TestServer::new(true);
    let ann = server.named("Ann");
    assert!(server.ask(ann, batch).contains("UNKNOWN_COMMAND"));

    let mut server = TestServer::new(false);
    let ann = server.named("Ann");
    let replies = server.say(ann, batch);
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
    let bad = server.ask(ann, r#"{"command":"BATCH","messages":[]}"#);
    assert_eq!(
        bad,
        error_line("A BATCH holds 1 to 10 commands and no other BATCH.")
    );
}

#[test]
fn who_neither_signs_in_nor_asks_for_rooms_is_cut_off_by_us_only() {
    for mut server in TestServer::both() {
        let faithful = server.faithful;
        let (stranger, looker) = (server.connect(), server.connect());
        let ann = server.named("Ann");
        while server.now < 2 * SIGN_IN_LIMIT {
            server.pass(Duration::from_secs(20));
            for conn in [stranger, ann] {
                server.say(conn, r#"{"command":"PING"}"#);
            }
            server.say(looker, r#"{"command":"LIST_ROOMS"}"#);
            if server.now <= SIGN_IN_LIMIT {
                assert!(server.closed.is_empty());
            }
        }
        let expected: &[Conn] = if faithful { &[] } else { &[stranger] };
        assert_eq!(server.closed, expected);
    }
}
