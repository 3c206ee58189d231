//! Who may have which name.

use super::*;

#[test]
fn an_online_name_is_kept_by_its_password_in_both_modes() {
    for mut server in TestServer::both() {
        let (ann, bob) = (server.connect(), server.connect());
        let wrong = auth_failed_line("Invalid password for this player name.");
        assert_eq!(
            server.ask(ann, &name_with("Ann", "pw")),
            format!(r#"{{"command":"NAME_OK","name":"Ann{OK}"#)
        );
        assert_eq!(server.ask(bob, &name_with("Ann", "no")), wrong);
        let refused = server.command(bob, "LEAVE_ROOM");
        assert_eq!(
            refused,
            error_line(server.rules.policy.authentication_required)
        );
        assert!(server.ask(bob, &name_with("Ann", "pw")).contains("NAME_OK"));
    }
}

#[test]
fn the_original_forgets_a_name_that_is_offline_and_we_do_not() {
    for (faithful, expected) in [(true, "NAME_OK"), (false, "AUTH_FAILED")] {
        let mut server = TestServer::new(faithful);
        let ann = server.connect();
        server.ask(ann, &name_with("Ann", "pw"));
        server.disconnect(ann);
        let thief = server.connect();
        assert!(
            server
                .ask(thief, &name_with("Ann", "other"))
                .contains(expected)
        );
    }
}

#[test]
fn q24_without_a_password_the_original_takes_any_name_and_we_only_a_free_one() {
    let mut server = TestServer::new(true);
    let (ann, bob) = (server.connect(), server.connect());
    server.ask(ann, &name_with("Ann", "pw"));
    assert!(server.ask(bob, &name("Ann")).contains("NAME_OK"));

    let mut server = TestServer::new(false);
    let (ann, bob) = (server.connect(), server.connect());
    server.ask(ann, &name_with("Ann", "pw"));
    assert!(server.ask(bob, &name("aNN")).contains("registered"));
    assert!(server.ask(bob, &name("Bob")).contains("NAME_OK"));
    let eve = server.connect();
    assert!(server.ask(eve, &name("bob")).contains("in use"));
    assert!(server.ask(eve, &name_with("BOB", "x")).contains("in use"));
    assert!(server.ask(bob, &name("Bob")).contains("NAME_OK"));
    server.disconnect(bob);
    assert!(server.ask(eve, &name("Bob")).contains("NAME_OK"));
}

#[test]
fn the_original_takes_any_text_for_a_name_and_we_refuse_empty_and_endless_ones() {
    let long = "x".repeat(MAX_PLAYER_NAME_CHARS + 1);
    for (faithful, expected) in [(true, "NAME_OK"), (false, "AUTH_FAILED")] {
        let mut server = TestServer::new(faithful);
        let conn = server.connect();
        for text in ["", " ", &long] {
            assert!(
                server.ask(conn, &name_with(text, "pw")).contains(expected),
                "{text:?}"
            );
        }
        assert!(
            server
                .ask(conn, r#"{"command":"NAME","name":null}"#)
                .contains(expected)
        );
    }
    let mut server = TestServer::new(false);
    let conn = server.connect();
    assert!(
        server
            .ask(conn, &name(&"ä".repeat(MAX_PLAYER_NAME_CHARS)))
            .contains("NAME_OK")
    );
}

#[test]
fn the_original_takes_a_name_that_nobody_can_see_and_we_refuse_it() {
    for (faithful, expected) in [
        (true, "NAME_OK"),
        (false, "A player name needs a letter that can be seen."),
    ] {
        let mut server = TestServer::new(faithful);
        let conn = server.connect();
        for text in [
            "\u{200b}",
            "\u{202e}\u{2066}",
            "\u{feff}",
            "\u{3164}",
            "\u{115f}",
            "\u{301}",
        ] {
            let answer = server.ask(conn, &name_with(text, "pw"));
            assert!(answer.contains(expected), "{text:?}: {answer}");
        }
        // Languages and emoji need joiners.
        let answer = server.ask(conn, &name_with("A\u{200d}B", "pw"));
        assert!(answer.contains("NAME_OK"), "{answer}");
    }
}

#[test]
fn the_original_takes_control_characters_in_a_name_and_we_refuse_them() {
    for (faithful, expected) in [
        (true, "NAME_OK"),
        (false, "A player name cannot have invisible characters."),
    ] {
        let mut server = TestServer::new(faithful);
        let conn = server.connect();
        for text in ["\u{202e}evil", "Ann\u{200b}", "A\\nB", "A\\u001bB"] {
            let answer = server.ask(conn, &name_with(text, "pw"));
            assert!(answer.contains(expected), "{text:?}: {answer}");
        }
    }
}

#[test]
fn the_original_takes_any_password_for_an_online_name_without_one() {
    let mut server = TestServer::new(true);
    let (ann, bob) = (server.named("Ann"), server.connect());
    assert!(
        server
            .ask(bob, &name_with("ANN", ""))
            .contains("AUTH_FAILED")
    );
    assert!(
        server
            .ask(bob, &name_with("ANN", "any"))
            .contains("NAME_OK")
    );
    // The first password was not stored, so another one passes too.
    let eve = server.connect();
    assert!(
        server
            .ask(eve, &name_with("ANN", "other"))
            .contains("NAME_OK")
    );
    let _ = ann;
}

#[test]
fn a_wrong_authenticate_signs_out_on_the_original_only() {
    for (faithful, expected) in [(true, "Authentication required"), (false, "ROOM_CREATED")] {
        let mut server = TestServer::new(faithful);
        let ann = server.connect();
        let first = server.ask(ann, r#"{"command":"AUTHENTICATE","password":"pw"}"#);
        assert_eq!(
            first,
            auth_failed_line("Please set your name first with the NAME command.")
        );
        server.ask(ann, &name_with("Ann", "pw"));
        let wrong = server.ask(ann, r#"{"command":"AUTHENTICATE","password":"no"}"#);
        assert_eq!(wrong, auth_failed_line("Invalid password."));
        assert!(
            server
                .ask(ann, r#"{"command":"CREATE_ROOM","name":"r"}"#)
                .contains(expected)
        );
        let right = server.ask(ann, r#"{"command":"AUTHENTICATE","password":"pw"}"#);
        assert_eq!(right, r#"{"command":"AUTH_OK","name":"Ann"}"#);
        let missing = server.command(ann, "AUTHENTICATE");
        assert_eq!(
            missing,
            error_line("Password is required for authentication.")
        );
    }
}

#[test]
fn commands_wait_for_the_password_and_keep_their_order() {
    for mut server in TestServer::both() {
        server.answers = false;
        let ann = server.connect();
        assert!(server.rules.takes_lines(ann));
        assert!(server.say(ann, &name_with("Ann", "pw")).is_empty());
        assert!(!server.rules.takes_lines(ann));
        assert!(server.say(ann, r#"{"command":"PING"}"#).is_empty());
        assert!(server.say(ann, &name_with("Ann", "pw2")).is_empty());
        assert!(server.say(ann, r#"{"command":"LEAVE_ROOM"}"#).is_empty());
        server.answer_next();
        let lines = server.lines.remove(&ann).unwrap();
        assert!(lines[0].contains("NAME_OK") && lines[1].contains("PONG") && lines.len() == 2);
        server.answer_next();
        assert_eq!(server.lines.remove(&ann).unwrap().len(), 2);
    }
}

#[test]
fn too_many_waiting_lines_end_the_session() {
    let mut server = TestServer::new(false);
    server.answers = false;
    let ann = server.connect();
    server.say(ann, &name_with("Ann", "pw"));
    for _ in 0..MAX_QUEUED_LINES {
        server.say(ann, "{}");
    }
    assert!(server.closed.is_empty());
    server.say(ann, "{}");
    assert_eq!(server.closed, [ann]);
    // Nobody gets the answer.
    server.answer_next();
    assert!(server.lines.is_empty());
}

#[test]
fn the_first_of_two_simultaneous_registrations_gets_the_name() {
    let mut server = TestServer::new(false);
    server.answers = false;
    let (ann, eve) = (server.connect(), server.connect());
    server.say(ann, &name_with("Ann", "pw"));
    server.say(eve, &name_with("ann", "hers"));
    server.answer_next();
    assert!(server.lines.remove(&ann).unwrap()[0].contains("NAME_OK"));
    server.answer_next();
    // The second is now asked for the password of the first.
    server.answer_next();
    assert!(server.lines.remove(&eve).unwrap()[0].contains("AUTH_FAILED"));
}

#[test]
fn q26_a_new_name_shows_in_the_room_at_once_and_on_the_original_with_the_next_update() {
    for (faithful, shown) in [(true, "Ann"), (false, "Zoe")] {
        let mut server = TestServer::new(faithful);
        let ann = server.named("Ann");
        server.create(ann);
        server.ask(ann, &name("Zoe"));
        assert!(server.command(ann, "GET_ROOM_PLAYERS").contains(shown));
        server.send_datagram(ann, &update(&id(ann), "1"));
        assert!(server.command(ann, "GET_ROOM_PLAYERS").contains("Zoe"));
    }
}

#[test]
fn whoever_is_refused_for_want_of_time_may_try_again() {
    for mut server in TestServer::both() {
        server.answers = false;
        let ann = server.connect();
        server.say(ann, &name_with("Ann", "pw"));
        let (ticket, _) = server.jobs.pop_front().unwrap();
        server.rules.handle_password(ticket, PasswordAnswer::Busy);
        server.deliver();
        assert!(server.lines.remove(&ann).unwrap()[0].contains("try again in a moment"));
        server.answers = true;
        assert!(server.ask(ann, &name_with("Ann", "pw")).contains("NAME_OK"));
    }
}

#[test]
fn a_new_name_takes_the_place_of_the_one_unused_for_longest() {
    for mut server in TestServer::both() {
        let (ann, old, back) = (server.connect(), server.connect(), server.connect());
        server.ask(ann, &name_with("Ann", "pw"));
        let mover = server.connect();
        server.ask(mover, &name_with("Mover", "pw"));
        server.ask(back, &name_with("Back", "pw"));
        server.ask(old, &name_with("Old", "pw"));
        server.disconnect(back);
        server.disconnect(old);
        let crowd = server.connect();
        for index in 4..MAX_ACCOUNTS {
            server.ask(crowd, &name_with(&format!("C{index}"), "pw"));
        }
        server.ask(mover, &name("Other"));
        // Back comes again, so Old is the one that is unused for longest; Ann, online all the time, does not count.
        let back = server.connect();
        assert!(
            server
                .ask(back, &name_with("Back", "pw"))
                .contains("NAME_OK")
        );
        server.disconnect(back);
        let new = server.connect();
        assert!(server.ask(new, &name_with("New", "pw")).contains("NAME_OK"));
        let faithful = server.faithful;
        let has = |name: &str| {
            let key = if faithful {
                name.into()
            } else {
                name.to_uppercase()
            };
            server.rules.accounts.hash(&key).is_some()
        };
        let kept = ["Ann", "Old", "Back", "Mover", "C4", "New"].map(has);
        assert_eq!(kept, [true, false, true, true, true, true]);
    }
}
