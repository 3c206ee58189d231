//! The relay by behaviour, with a virtual clock.

use proptest::prelude::*;
use protocol::geometry::{Quat, Vec3};
use protocol::snapshot::Snapshot;

use super::*;

const TRACK: &str = include_str!("../../../www/track.json");

fn relay(seed: u32) -> Relay {
    Relay::new(seed, Track::parse(TRACK).unwrap())
}

fn room(bots: usize) -> (Relay, RoomId) {
    let mut relay = relay(1);
    let room = relay.open_room("Race", bots, false).unwrap();
    (relay, room)
}

/// What a socket has received.
fn frames(relay: &mut Relay, conn: Conn) -> Vec<Content> {
    let all = std::iter::from_fn(|| relay.poll());
    let own = all.filter(|(to, _)| *to == conn);
    own.map(|(_, content)| content).collect()
}

fn texts(relay: &mut Relay, conn: Conn) -> String {
    let texts = frames(relay, conn).into_iter().map(|frame| match frame {
        Content::Text(text) => text,
        other => format!("{other:?}"),
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn enter(relay: &mut Relay, name: &str, room: &RoomId) -> Conn {
    let conn = relay.connect();
    for line in [
        format!(r#"{{"command":"NAME","name":"{name}"}}"#),
        format!(r#"{{"command":"JOIN_ROOM","roomId":"{room}"}}"#),
    ] {
        relay.text(conn, line);
    }
    let texts = texts(relay, conn);
    assert!(
        texts.contains("NAME_OK") && texts.contains("JOIN_OK"),
        "{texts}"
    );
    conn
}

/// Send where a player's car is.
fn stand_at(relay: &mut Relay, conn: Conn, x: f32) {
    let session_id = relay.rules.online(conn).unwrap().id;
    let update = Datagram::Update(Update {
        session_id,
        seq: None,
        position: Vec3::new(x, 0.0, 0.0),
        rotation: Quat::IDENTITY,
    });
    let sealed = cipher(relay, conn).seal(update.to_json().as_bytes());
    relay.binary(conn, &sealed.unwrap());
}

fn cipher(relay: &Relay, conn: Conn) -> &Cipher {
    match &relay.peers[&conn].role {
        Role::Player { cipher, .. } => cipher,
        _ => panic!("no player"),
    }
}

fn bots(relay: &Relay) -> Vec<Conn> {
    relay.conns_where(|peer| peer.bot().is_some())
}

/// Let time pass as a page does: from one wake to the next.
fn pass(relay: &mut Relay, seconds: f32) {
    let end = relay.now + Duration::from_secs_f32(seconds);
    while let Some(at) = relay.wake_at().filter(|at| *at <= end) {
        relay.advance(at);
    }
    relay.advance(end);
}

#[test]
fn a_connection_is_greeted_as_by_a_relay_and_its_game_server() {
    let mut relay = relay(1);
    let conn = relay.connect();
    let greeting = texts(&mut relay, conn);
    let (ready, connected) = greeting.split_once('\n').unwrap();
    assert!(
        ready.starts_with(r#"{"relay":"ready","resumed":false"#),
        "{ready}"
    );
    assert!(connected.starts_with("CONNECTED|"), "{connected}");
    relay.text(conn, r#"{"command":"BYE"}"#.into());
    assert_eq!(
        texts(&mut relay, conn),
        "{\"command\":\"BYE_OK\"}\nClose(Normal, \"The player said goodbye.\")"
    );
    assert_eq!(relay.wake_at(), None);
}

#[test]
fn a_password_reserves_a_name() {
    let mut relay = relay(1);
    let (ann, thief) = (relay.connect(), relay.connect());
    let name =
        |password: &str| format!(r#"{{"command":"NAME","name":"Ann","password":"{password}"}}"#);
    relay.text(ann, name("secret"));
    assert!(texts(&mut relay, ann).contains("NAME_OK"));
    relay.text(thief, name("guess"));
    assert!(texts(&mut relay, thief).contains("AUTH_FAILED"));
    relay.text(thief, name("secret"));
    assert!(texts(&mut relay, thief).contains("NAME_OK"));
}

#[test]
fn bots_fill_a_room_and_drive_while_somebody_is_there() {
    let (mut relay, room) = room(3);
    assert_eq!(relay.wake_at(), None, "nobody is there");
    let ann = enter(&mut relay, "Ann", &room);
    assert!(relay.wake_at().is_some());
    pass(&mut relay, 1.0);
    assert!(
        frames(&mut relay, ann).is_empty(),
        "Ann has sent no position"
    );
    stand_at(&mut relay, ann, 0.0);
    pass(&mut relay, 1.0);
    assert_eq!(frames(&mut relay, ann).len(), 60, "3 bots at 20 Hz");
    relay.disconnect(ann);
    assert_eq!(relay.wake_at(), None);
}

#[test]
fn bots_are_never_idle_and_players_are() {
    let (mut relay, room) = room(2);
    let ann = enter(&mut relay, "Ann", &room);
    pass(&mut relay, 100.0);
    let said = texts(&mut relay, ann);
    assert!(
        said.ends_with("Close(ServerEnded, \"The game server ended the session.\")"),
        "{said}"
    );
    assert_eq!(relay.rules.room(&room).unwrap().seats.len(), 2);
    // Time that passed unseen makes no bot idle either.
    relay.advance(relay.now + Duration::from_secs(3600));
    assert_eq!(relay.rules.room(&room).unwrap().seats.len(), 2);
}

#[test]
fn a_start_puts_the_bots_back() {
    let (mut relay, room) = room(1);
    let ann = enter(&mut relay, "Ann", &room);
    let place = |relay: &mut Relay| {
        let first = bots(relay)[0];
        let Some(Role::Bot(bot)) = relay.role_mut(first) else {
            panic!("no bot");
        };
        bot.drive(Duration::ZERO).0.position
    };
    let before = place(&mut relay);
    pass(&mut relay, 20.0);
    assert_ne!(place(&mut relay), before);
    relay.start_race(&room).unwrap();
    assert_eq!(place(&mut relay), before);
    assert!(texts(&mut relay, ann).contains("GAME_STARTED"));
    assert!(relay.rules.room(&room).unwrap().is_active);
}

#[test]
fn bots_talk_and_come_and_go() {
    let (mut relay, room) = room(1);
    let ann = enter(&mut relay, "Ann", &room);
    let zoe = relay.add_bot(&room, Some("Zoë")).unwrap();
    assert_eq!(relay.find("Zoë"), Some(zoe));
    assert_eq!(relay.add_bot(&room, Some("Ann")), Err(Refused::Name));
    relay.say(zoe, "brumm", None).unwrap();
    assert!(texts(&mut relay, ann).contains("brumm"));
    assert_eq!(relay.say(ann, "I am no bot", None), Err(Refused::NoBot));
    assert_eq!(relay.remove_bot(ann), Err(Refused::NoBot));
    relay.remove_bot(zoe).unwrap();
    let rooms = relay.rooms();
    assert!(
        rooms.contains(r#""name":"Bot Aila","isBot":true"#),
        "{rooms}"
    );
    assert!(rooms.contains(r#""name":"Ann","isBot":false"#) && !rooms.contains("Zo"));
    while relay.add_bot(&room, None).is_ok() {}
    assert_eq!(relay.add_bot(&room, None), Err(Refused::Full));
    assert_eq!(
        relay.rules.room(&room).unwrap().seats.len(),
        rules::ROOM_SEATS
    );
}

#[test]
fn a_closed_room_a_kick_and_a_restart_are_told_as_by_the_real_ones() {
    let (mut relay, room) = room(2);
    let (ann, bob) = (
        enter(&mut relay, "Ann", &room),
        enter(&mut relay, "Bob", &room),
    );
    relay.close_room(&room).unwrap();
    assert!(bots(&relay).is_empty() && relay.start_race(&room) == Err(Refused::NoRoom));
    relay.text(ann, r#"{"command":"GET_ROOM_PLAYERS"}"#.into());
    assert!(texts(&mut relay, ann).contains("Room not found"));
    relay.kick(bob, "Too loud");
    let told = texts(&mut relay, bob);
    assert!(
        told.contains("Too loud") && told.contains("ServerEnded"),
        "{told}"
    );
    relay.drain(5);
    assert_eq!(
        texts(&mut relay, ann),
        r#"{"relay":"draining","seconds":5}"#
    );
    pass(&mut relay, 4.9);
    assert_eq!(texts(&mut relay, ann), "");
    pass(&mut relay, 0.2);
    assert!(texts(&mut relay, ann).contains("Restarting"));
    assert!(relay.find("Ann").is_none() && relay.wake_at().is_none());
}

#[test]
fn spectators_are_shown_the_room_and_its_cars() {
    let (mut relay, room) = room(2);
    let eve = relay.spectate(room.as_str());
    let first = texts(&mut relay, eve);
    assert!(
        first.contains(r#""name":"Race","hostId":"#) && first.contains("Bot Aila"),
        "{first}"
    );
    pass(&mut relay, 1.0);
    let ann = enter(&mut relay, "Ann", &room);
    stand_at(&mut relay, ann, 123.0);
    pass(&mut relay, 1.0);
    let shown = frames(&mut relay, eve);
    let is_named = |frame: &Content| matches!(frame, Content::Text(text) if text.contains("Ann"));
    assert!(shown.iter().any(is_named));
    let Some(Content::Binary(bytes)) = shown.last() else {
        panic!("no snapshot");
    };
    let snapshot = Snapshot::decode(bytes).unwrap();
    let xs: Vec<f32> = snapshot.cars.iter().map(|car| car.position.x).collect();
    assert!(xs.len() == 3 && xs[2] == 123.0, "{xs:?}");
    relay.text(eve, "hello".into());
    assert!(texts(&mut relay, eve).contains("Malformed"));
    let lost = relay.spectate("not a room");
    assert!(texts(&mut relay, lost).contains("Malformed"));
    relay.disconnect(ann);
    assert_eq!(relay.wake_at(), None);
}

#[test]
fn a_seed_repeats_everything() {
    let race = |seed| {
        let mut relay = relay(seed);
        let room = relay.open_room("Race", 5, false).unwrap();
        let eve = relay.spectate(room.as_str());
        pass(&mut relay, 20.0);
        frames(&mut relay, eve)
    };
    let first = race(3);
    assert!(first.len() > 300 && first == race(3));
    assert!(first != race(4));
}

#[test]
fn frames_that_no_relay_takes_end_the_connection() {
    for (line, code) in [
        ("a\nb".to_owned(), CloseCode::Malformed),
        (
            "x".repeat(MAX_CLIENT_LINE_BYTES + 1),
            CloseCode::FrameTooLarge,
        ),
    ] {
        let mut relay = relay(1);
        let conn = relay.connect();
        relay.text(conn, line);
        assert!(
            matches!(frames(&mut relay, conn).last(), Some(Content::Close(found, _)) if *found == code)
        );
    }
    for (length, code) in [(0, CloseCode::Malformed), (5000, CloseCode::FrameTooLarge)] {
        let mut relay = relay(1);
        let conn = relay.connect();
        relay.binary(conn, &vec![0; length]);
        assert!(
            matches!(frames(&mut relay, conn).last(), Some(Content::Close(found, _)) if *found == code)
        );
        relay.binary(conn, &[0; 20]);
        relay.disconnect(conn);
    }
}

fn lines() -> impl Strategy<Value = String> {
    let word =
        "NAME|JOIN_ROOM|CREATE_ROOM|LEAVE_ROOM|START_GAME|RELAY_MESSAGE|BATCH|BYE|GET_ROOM_PLAYERS";
    let command = (word, "[a-z\"{},:0-9]{0,12}", ".{0,12}").prop_map(|(word, key, value)| {
        format!(r#"{{"command":"{word}","name":"{value}","roomId":"{key}","targetId":"{value}","message":"{key}"}}"#)
    });
    prop_oneof![command, ".{0,80}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// A panic would end the mock of the whole page.
    #[test]
    fn no_frame_panics(
        steps in prop::collection::vec((0_u64..6, lines(), prop::collection::vec(any::<u8>(), 0..80), 0.0_f32..0.3), 1..30),
    ) {
        let (mut relay, room) = room(1);
        let first = enter(&mut relay, "Ann", &room);
        relay.spectate(room.as_str());
        relay.connect();
        for (conn, line, bytes, seconds) in steps {
            let conn = Conn(conn);
            relay.text(conn, line.clone());
            relay.binary(conn, &bytes);
            if relay.peers.contains_key(&first) {
                let sealed = cipher(&relay, first).seal(&bytes).unwrap();
                relay.binary(first, &sealed);
                stand_at(&mut relay, first, f32::from_bits(bytes.iter().map(|byte| u32::from(*byte)).sum()));
            }
            let target = relay.rules.rooms().first().map(|room| room.id);
            let _ = relay.say(conn, &line, None);
            let _ = relay.add_bot(&target.unwrap_or(room), Some(&line));
            relay.spectate(&line);
            pass(&mut relay, seconds);
            while relay.poll().is_some() {}
        }
        relay.advance(relay.now + Duration::from_secs(100));
    }
}

#[test]
fn when_the_host_leaves_a_person_is_the_host_before_a_bot() {
    let (mut relay, id) = room(0);
    let ann = enter(&mut relay, "Ann", &id);
    relay.add_bot(&id, None).unwrap();
    let ben = enter(&mut relay, "Ben", &id);
    relay.start_race(&id).unwrap();
    relay.disconnect(ann);
    let ben = relay.rules.online(ben).unwrap().id;
    assert_eq!(relay.rules.room(&id).unwrap().host, Some(ben));
    assert_eq!(
        relay.add_bot(&id, Some("\u{200b}")),
        Err(Refused::Name),
        "nobody can see it"
    );
}
