//! The rules of a room: whose positions count, who is in it, and what spectators are told.

use super::*;
use protocol::geometry::{Quat, Vec3};

fn id(letter: char) -> SessionId {
    letter.to_string().repeat(32).parse().unwrap()
}

fn room() -> Room {
    Room::new("1".repeat(32).parse().unwrap(), PublicIds::new().unwrap())
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A source brings a position, as `live_room` passes it on. Says whether it was taken.
fn bring(room: &mut Room, source: char, car: char, x: f32, mixed: bool, now: Duration) -> bool {
    let wanted = room.wants(&id(car), &id(source), mixed, now);
    if wanted {
        let update = Update {
            session_id: id(car),
            seq: None,
            position: Vec3::new(x, 0.0, 0.0),
            rotation: Quat::IDENTITY,
        };
        room.handle_update(&id(source), &update, now);
    }
    wanted
}

fn public_id(room: &Room, letter: char) -> String {
    room.ids.of(&id(letter)).unwrap().as_str().to_owned()
}

fn players(room: &Room) -> Vec<(u64, String)> {
    let told: serde_json::Value = serde_json::from_str(&room.text()).unwrap();
    let players = told["players"].as_array().unwrap().iter();
    players
        .map(|player| {
            let public = player["id"].as_str().unwrap();
            let mut letters = 'a'..='z';
            let letter = letters.find(|&letter| public_id(room, letter) == public);
            (
                player["index"].as_u64().unwrap(),
                letter.unwrap().to_string(),
            )
        })
        .collect()
}

#[test]
fn a_snapshot_shows_cars_at_its_own_millisecond() {
    let drive = |now| {
        let mut room = room();
        room.enter(&id('a'), None);
        for step in 0..40 {
            let x = 3.0 * step as f32;
            assert!(bring(&mut room, 'a', 'a', x, false, ms(50 * step)));
        }
        room.sample(now)
    };
    let late = drive(ms(2000) + Duration::from_micros(999));
    assert_eq!(late, drive(ms(2000)));
    assert_ne!(late.cars[0].position, drive(ms(2001)).cars[0].position);
}

#[test]
fn two_sources_in_one_room_make_one_car_each_with_its_own_path() {
    let mut room = room();
    room.enter(&id('a'), Some("Ann"));
    room.enter(&id('b'), Some("Bob"));
    let mut taken = 0;
    for step in 0..40 {
        let now = ms(50 * step);
        let x = step as f32;
        assert!(bring(&mut room, 'a', 'a', x, false, now));
        assert!(bring(&mut room, 'b', 'b', -x, false, now));
        taken += usize::from(bring(&mut room, 'b', 'a', x, false, now + ms(9)));
        taken += usize::from(bring(&mut room, 'a', 'b', -x, false, now + ms(9)));
    }
    assert_eq!(taken, 0, "each car comes from its own player");
    let snapshot = room.sample(ms(50 * 39 + 20));
    let cars: Vec<_> = snapshot
        .cars
        .iter()
        .map(|car| (car.index, car.stale))
        .collect();
    assert_eq!(cars, [(0, false), (1, false)]);
    let [a, b] = [snapshot.cars[0].position.x, snapshot.cars[1].position.x];
    assert!((33.0..39.5).contains(&a), "{a}");
    assert!((a + b).abs() < 0.01, "{a} {b}");
    assert!((snapshot.cars[0].speed - 20.0).abs() < 1.0);
}

#[test]
fn a_car_goes_on_from_another_source_once_its_own_is_silent() {
    let mut room = room();
    room.enter(&id('a'), None);
    assert!(bring(&mut room, 'a', 'c', 0.0, false, ms(0)));
    room.enter(&id('b'), None);
    assert!(!bring(&mut room, 'b', 'c', 0.0, false, ms(499)));
    assert!(bring(&mut room, 'b', 'c', 0.0, false, ms(500)));
    assert!(!bring(&mut room, 'a', 'c', 0.0, false, ms(501)));
    room.leave(&id('b'));
    assert!(bring(&mut room, 'a', 'c', 0.0, false, ms(502)));
}

#[test]
fn a_player_who_left_is_gone_at_once_and_no_late_position_brings_it_back() {
    let mut room = room();
    room.enter(&id('a'), None);
    room.enter(&id('b'), None);
    assert!(bring(&mut room, 'a', 'a', 0.0, false, ms(0)));
    assert!(bring(&mut room, 'b', 'b', 0.0, false, ms(0)));
    assert_eq!(room.sample(ms(50)).cars.len(), 2);
    room.leave(&id('b'));
    assert!(!bring(&mut room, 'a', 'b', 0.0, false, ms(100)));
    assert!(!bring(&mut room, 'a', 'b', 0.0, false, ms(9000)));
    assert_eq!(players(&room), [(0, "a".into())]);
    assert_eq!(room.sample(ms(100)).cars.len(), 1);
    room.enter(&id('b'), None);
    assert!(bring(&mut room, 'b', 'b', 0.0, false, ms(200)));
}

#[test]
fn a_source_between_two_rooms_brings_only_cars_that_are_known_to_be_here() {
    let mut room = room();
    room.enter(&id('a'), None);
    room.enter(&id('b'), None);
    assert!(!bring(&mut room, 'a', 'c', 0.0, true, ms(0)), "a stranger");
    assert!(bring(&mut room, 'a', 'a', 0.0, true, ms(0)), "itself");
    assert!(bring(&mut room, 'a', 'b', 0.0, true, ms(0)), "bridged");
    let name = String::from("Cy");
    room.list(&[Player { id: id('c'), name }]);
    assert!(bring(&mut room, 'a', 'c', 0.0, true, ms(0)), "listed");
}

#[test]
fn a_player_who_is_not_bridged_vanishes_when_its_positions_stop() {
    let mut room = room();
    room.enter(&id('a'), None);
    assert!(bring(&mut room, 'a', 'c', 0.0, false, ms(0)));
    assert_eq!(room.sample(ms(50)).cars.len(), 1);
    assert_eq!(players(&room).len(), 2);
    assert!(room.take_text().is_some());
    assert!(room.sample(ms(400)).cars[0].stale);
    assert_eq!(room.take_text(), None, "nothing has changed");
    assert_eq!(room.sample(ms(5000)).cars, []);
    assert_eq!(players(&room), [(0, "a".into())]);
    assert!(room.take_text().is_some());
}

#[test]
fn an_observer_brings_cars_and_is_no_player() {
    let mut room = room();
    room.list(&[Player {
        id: id('o'),
        name: String::from("spectator-relay"),
    }]);
    room.observe(&id('o'));
    assert!(room.is_live() && room.is_observed());
    assert_eq!(room.bridged(), BridgedPlayers::None);
    let named = |letter| Player {
        id: id(letter),
        name: String::from("Ann"),
    };
    room.list(&[named('a'), named('o')]);
    assert_eq!(players(&room), [(0, "a".into())]);
    assert!(bring(&mut room, 'o', 'a', 1.0, false, ms(0)));
    assert!(bring(&mut room, 'o', 'c', 2.0, false, ms(0)));
    assert!(!bring(&mut room, 'o', 'o', 0.0, false, ms(0)));
    assert_eq!(room.sample(ms(50)).cars.len(), 2);
    // A player of this relay comes: the cars go on from there, and the observer stays unknown.
    room.enter(&id('b'), None);
    room.end_observation(&id('o'));
    assert!(bring(&mut room, 'b', 'a', 1.0, false, ms(60)));
    assert!(!bring(&mut room, 'b', 'o', 0.0, false, ms(60)));
    room.list(&[named('a'), named('b'), named('o')]);
    assert_eq!(players(&room).len(), 3, "a, b and c");
}

#[test]
fn a_bridged_player_drives_once_it_has_sent_a_position() {
    let mut room = room();
    let name = String::from("Cy");
    room.enter(&id('a'), None);
    room.list(&[Player { id: id('c'), name }]);
    assert_eq!(room.bridged(), BridgedPlayers::Idle);
    assert!(room.is_live(), "it says who is here");
    room.drive(&id('c'));
    assert_eq!(room.bridged(), BridgedPlayers::Idle, "c is not bridged");
    room.drive(&id('a'));
    assert_eq!(room.bridged(), BridgedPlayers::Driving);
    room.enter(&id('b'), None);
    assert_eq!(room.bridged(), BridgedPlayers::Driving, "one is enough");
    room.leave(&id('a'));
    assert_eq!(room.bridged(), BridgedPlayers::Idle);
    room.enter(&id('a'), None);
    assert_eq!(room.bridged(), BridgedPlayers::Idle, "it has to again");
    room.leave(&id('a'));
    room.leave(&id('b'));
    assert_eq!(room.bridged(), BridgedPlayers::None);
    assert!(!room.is_live());
}

#[test]
fn an_idle_bridged_player_keeps_the_list_of_players_when_an_observer_leaves() {
    let mut room = room();
    let name = String::from("Cy");
    room.enter(&id('a'), None);
    room.observe(&id('o'));
    room.list(&[Player { id: id('c'), name }]);
    assert!(bring(&mut room, 'o', 'c', 1.0, false, ms(0)));
    room.end_observation(&id('o'));
    assert!(room.is_live());
    assert_eq!(room.sample(ms(9000)).cars, []);
    assert_eq!(players(&room), [(0, "a".into()), (1, "c".into())]);
}

#[test]
fn a_room_that_is_no_longer_observed_is_shown_empty() {
    let mut room = room();
    let name = String::from("Ann");
    room.observe(&id('o'));
    room.list(&[Player { id: id('a'), name }]);
    assert!(bring(&mut room, 'o', 'a', 1.0, false, ms(0)));
    room.end_observation(&id('o'));
    assert!(!room.is_live());
    assert_eq!(room.sample(ms(50)).cars.len(), 1, "it stops, then it goes");
    assert_eq!(room.sample(ms(9000)).cars, []);
    assert_eq!(players(&room), []);
    // An earlier observer that ends late does not end a later one.
    room.observe(&id('p'));
    room.end_observation(&id('o'));
    assert!(room.is_live());
}

#[test]
fn indices_are_small_stable_and_reused() {
    let mut room = room();
    for letter in ['a', 'b', 'c'] {
        room.enter(&id(letter), None);
    }
    room.leave(&id('b'));
    room.enter(&id('d'), None);
    let expected = [(0, "a".into()), (1, "d".into()), (2, "c".into())];
    assert_eq!(players(&room), expected);
}

#[test]
fn the_text_of_a_room_is_that_of_the_contract() {
    let mut room = room();
    room.enter(&id('a'), Some("Zoë \"1\""));
    room.describe(Some("go"), Some(&id('a')), false);
    room.describe(None, None, true);
    let (r, a) = ("1".repeat(32), public_id(&room, 'a'));
    let text = format!(
        r#"{{"room":"{r}","name":"go","hostId":"{a}","isActive":true,"players":[{{"index":0,"id":"{a}","name":"Zoë \"1\""}}]}}"#
    );
    assert_eq!(room.take_text(), Some(text));
    room.describe(Some("go"), Some(&id('a')), true);
    room.rename(&id('a'), "Zoë \"1\"");
    room.rename(&id('x'), "nobody here");
    assert_eq!(room.take_text(), None);
}

#[test]
fn a_flood_of_made_up_players_is_bounded() {
    let mut room = room();
    room.enter(&id('a'), None);
    for number in 0..1000 {
        let update = Update {
            session_id: number.to_string().parse().unwrap(),
            seq: None,
            position: Vec3::new(1e30, 0.0, 0.0),
            rotation: Quat::IDENTITY,
        };
        room.handle_update(&id('a'), &update, ms(0));
    }
    assert_eq!(room.players.len(), MAX_PLAYERS);
    assert_eq!(room.sample(ms(50)).cars, []);
    assert_eq!(
        players(&room).len(),
        1,
        "an impossible position makes no player"
    );
}

#[test]
fn sealed_positions_are_opened_for_one_player_at_a_time() {
    let mut room = room();
    room.enter(&id('a'), None);
    room.enter(&id('b'), None);
    let reads = |room: &mut Room, letter, mixed, at| room.reads(&id(letter), mixed, ms(at));
    assert!(reads(&mut room, 'a', false, 0));
    assert!(!reads(&mut room, 'b', false, 499));
    assert!(reads(&mut room, 'a', false, 499));
    room.leave(&id('a'));
    assert!(reads(&mut room, 'b', false, 500), "it is handed over");
    room.enter(&id('a'), None);
    assert!(!reads(&mut room, 'a', false, 999));
    assert!(reads(&mut room, 'a', false, 1000), "b brings nothing");
    assert!(!reads(&mut room, 'b', false, 1001));
    // What comes of this room only is better than what may be of another.
    assert!(reads(&mut room, 'a', true, 1002));
    assert!(!reads(&mut room, 'b', true, 1003));
    assert!(reads(&mut room, 'b', false, 1003));
    assert!(!reads(&mut room, 'a', true, 1004));
}

#[test]
fn pushes_say_who_comes_and_goes() {
    let player = |letter, name: &str| Player {
        id: id(letter),
        name: name.to_owned(),
    };
    let mut room = room();
    room.enter(&id('a'), Some("Ann"));
    room.join(&player('b', "Bob"));
    assert!(room.text().contains(r#""name":"Bob""#));
    assert!(bring(&mut room, 'a', 'b', 0.0, true, ms(0)), "it is listed");
    assert_eq!(room.sample(ms(50)).cars.len(), 1);
    // Two bridged players are told of it.
    room.part(&id('b'));
    room.part(&id('b'));
    assert_eq!(room.departed.len(), 1);
    assert_eq!(players(&room), [(0, "a".into())]);
    assert_eq!(room.sample(ms(100)).cars, []);
    assert!(!bring(&mut room, 'a', 'b', 0.0, false, ms(100)), "late");
    room.join(&player('b', "Bob"));
    assert!(bring(&mut room, 'a', 'b', 0.0, false, ms(200)));
    // A bridged player is gone when its own tap says so.
    room.part(&id('a'));
    assert_eq!(players(&room).len(), 2);
}
