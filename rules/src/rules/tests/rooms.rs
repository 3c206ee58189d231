//! Rooms, hosts, starts and ghosts.

use super::*;

#[test]
fn a_vanished_player_stays_as_a_ghost_on_the_original_only() {
    let mut server = TestServer::new(true);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    server.disconnect(ann);
    assert!(server.rooms().contains(&format!(
        r#""playerCount":2,"isActive":false,"hostId":"{}""#,
        id(ann)
    )));

    let mut server = TestServer::new(false);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    server.disconnect(ann);
    assert!(server.rooms().contains(&format!(
        r#""playerCount":1,"isActive":false,"hostId":"{}""#,
        id(bob)
    )));
    server.say(bob, r#"{"command":"START_GAME"}"#);
    server.disconnect(bob);
    assert_eq!(server.rooms(), "[]}");
}

#[test]
fn creating_or_joining_leaves_the_old_room_but_not_on_the_original() {
    for (faithful, left) in [(true, 1), (false, 0)] {
        let mut server = TestServer::new(faithful);
        let (ann, bob) = (server.named("Ann"), server.named("Bob"));
        let (first, second) = (server.create(ann), server.create(bob));
        assert!(server.join(ann, &second).contains("JOIN_OK"));
        let count = server
            .rooms()
            .matches(&format!(r#""id":"{first}""#))
            .count();
        assert_eq!(count, left);
        let third = server.create(ann);
        assert!(server.command(ann, "LEAVE_ROOM").contains(&third));
    }
}

#[test]
fn a_refused_join_keeps_the_player_in_its_room() {
    let refusal = error_line("Failed to join room. Room may be full or inactive.");
    for mut server in TestServer::both() {
        let host = server.named("Host");
        let room = server.create(host);
        for index in 1..ROOM_SEATS {
            let player = server.named(&format!("P{index}"));
            assert!(server.join(player, &room).contains("JOIN_OK"));
        }
        let late = server.named("Late");
        let own = server.create(late);
        assert_eq!(server.join(late, &room), refusal);
        assert_eq!(server.join(late, &own), refusal);
        for unknown in ["nope", "", "no id at all"] {
            assert_eq!(server.join(late, unknown), error_line("Room not found."));
        }
        assert!(server.command(late, "GET_ROOM_PLAYERS").contains("Late"));
    }
}

#[test]
fn a_started_room_that_empties_stays_on_the_original_only() {
    for (faithful, rooms) in [(true, 1), (false, 0)] {
        let mut server = TestServer::new(faithful);
        let ann = server.named("Ann");
        server.create(ann);
        assert_eq!(server.say(ann, r#"{"command":"START_GAME"}"#).len(), 2);
        server.command(ann, "LEAVE_ROOM");
        assert_eq!(server.rooms().matches("playerCount").count(), rooms);
    }
}

#[test]
fn q10_an_update_gives_everybody_the_last_place_on_the_original_only() {
    let mut server = TestServer::new(true);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    server.send_datagram(ann, &update(&id(ann), "1"));
    let started = server.say(ann, r#"{"command":"START_GAME"}"#);
    assert_eq!(started[0].matches(r#"{"x":60,"#).count(), 2);
    assert!(server.rooms().contains(&id(ann)));

    let mut server = TestServer::new(false);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    server.send_datagram(ann, &update(&id(ann), "1"));
    let started = server.say(ann, r#"{"command":"START_GAME"}"#);
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
    assert_eq!(server.lines.remove(&bob).unwrap(), started[..1]);
}

#[test]
fn only_the_host_starts_and_only_from_a_room() {
    for mut server in TestServer::both() {
        let (ann, bob) = (server.named("Ann"), server.named("Bob"));
        assert_eq!(
            server.command(bob, "START_GAME"),
            error_line("Cannot start game. No room joined.")
        );
        let room = server.create(ann);
        server.join(bob, &room);
        let refusal = error_line("Cannot start game. Only the host can start the game.");
        assert_eq!(server.command(bob, "START_GAME"), refusal);
        server.command(ann, "LEAVE_ROOM");
        assert_eq!(server.say(bob, r#"{"command":"START_GAME"}"#).len(), 2);
    }
}

#[test]
fn a_ghost_of_an_old_room_still_gets_its_start_on_the_original() {
    let mut server = TestServer::new(true);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    server.create(bob);
    server.say(ann, r#"{"command":"START_GAME"}"#);
    assert_eq!(server.lines.remove(&bob).unwrap().len(), 1);
    assert!(server.join(bob, &room).contains("Failed to join room"));
}

#[test]
fn an_endless_room_name_is_refused_by_us_only() {
    let command = format!(
        r#"{{"command":"CREATE_ROOM","name":"{}"}}"#,
        "x".repeat(MAX_ROOM_NAME_CHARS + 1)
    );
    for (faithful, expected) in [(true, "ROOM_CREATED"), (false, "ERROR")] {
        let mut server = TestServer::new(faithful);
        let ann = server.named("Ann");
        assert!(server.ask(ann, &command).contains(expected));
    }
}

#[test]
fn a_room_name_that_shows_nothing_or_hides_something_is_refused_by_us_only() {
    for (name, words) in [
        ("", "needs a letter that can be seen"),
        ("\u{3164}", "needs a letter that can be seen"),
        ("\u{202e}Sunday", "cannot have invisible characters"),
        ("A\\nB", "cannot have invisible characters"),
    ] {
        let command = format!(r#"{{"command":"CREATE_ROOM","name":"{name}"}}"#);
        for (faithful, expected) in [(true, "ROOM_CREATED"), (false, words)] {
            let mut server = TestServer::new(faithful);
            let ann = server.named("Ann");
            let answer = server.ask(ann, &command);
            assert!(answer.contains(expected), "{name:?}: {answer}");
        }
    }
}

#[test]
fn rooms_are_limited() {
    let mut server = TestServer::new(true);
    let ann = server.named("Ann");
    for _ in 0..MAX_ROOMS {
        server.create(ann);
    }
    assert!(
        server
            .ask(ann, r#"{"command":"CREATE_ROOM","name":"r"}"#)
            .contains("ERROR")
    );
}

#[test]
fn a_person_becomes_the_host_before_a_bot_whoever_came_first() {
    for mut server in TestServer::both() {
        let ann = server.named("Ann");
        let room = server.create(ann);
        let bots = ["Bot 1", "Bot 2"].map(|name| {
            let bot = server.named(name);
            server.rules.mark_bot(&id(bot).parse().unwrap());
            server.join(bot, &room);
            bot
        });
        let ben = server.named("Ben");
        server.join(ben, &room);
        server.say(ann, r#"{"command":"START_GAME"}"#);
        server.command(ann, "LEAVE_ROOM");
        let host = |conn| format!(r#""hostId":"{}""#, id(conn));
        assert!(server.rooms().contains(&host(ben)), "the race runs");
        server.say(ben, r#"{"command":"LEAVE_ROOM"}"#);
        assert!(
            server.rooms().contains(&host(bots[0])),
            "only bots are left"
        );
    }
}

#[test]
fn q8_a_host_that_vanished_shows_in_the_lists_and_its_room_never_starts_on_the_original() {
    for (faithful, starts) in [(true, false), (false, true)] {
        let mut server = TestServer::new(faithful);
        let (ann, bob) = (server.named("Ann"), server.named("Bob"));
        let room = server.create(ann);
        server.join(bob, &room);
        server.disconnect(ann);
        // Nobody is told.
        assert!(!server.lines.contains_key(&bob));
        let host = if faithful { ann } else { bob };
        let host = format!(r#""hostId":"{}""#, id(host));
        assert!(server.rooms().contains(&host));
        let answer = server.say(bob, r#"{"command":"START_GAME"}"#);
        assert_eq!(answer[0].contains("GAME_STARTED"), starts, "{answer:?}");
    }
}

#[test]
fn q11_somebody_who_comes_after_another_left_shares_a_place_on_the_original() {
    for (faithful, shared) in [(true, 2), (false, 1)] {
        let mut server = TestServer::new(faithful);
        let players = ["Ann", "Bob", "Cid", "Dan"].map(|name| server.named(name));
        let [ann, bob, cid, dan] = players;
        let room = server.create(ann);
        server.join(bob, &room);
        server.join(cid, &room);
        server.command(bob, "LEAVE_ROOM");
        server.join(dan, &room);
        let started = server.say(ann, r#"{"command":"START_GAME"}"#);
        let third = started[0].matches(r#"{"x":54,"#).count();
        assert_eq!(third, shared, "{}", started[0]);
    }
}
