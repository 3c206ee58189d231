//! Who may have which name.

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
fn the_original_takes_any_password_for_an_online_name_without_one() {
    let mut world = World::new(true);
    let (ann, bob) = (world.named("Ann"), world.connect());
    assert!(
        world
            .ask(bob, &name_with("ANN", ""))
            .contains("AUTH_FAILED")
    );
    assert!(world.ask(bob, &name_with("ANN", "any")).contains("NAME_OK"));
    // The first password was not stored, so another one passes too.
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
fn commands_wait_for_the_password_and_keep_their_order() {
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
    // Nobody gets the answer.
    world.answer_next();
    assert!(world.lines.is_empty());
}

#[test]
fn the_first_of_two_simultaneous_registrations_gets_the_name() {
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
