//! Sessions driven with a virtual clock by a script: what goes out, and what is made of what comes in.

mod batches;
mod generations;
mod losses;

use super::*;
use crate::id::Password;
use proptest::prelude::*;
use std::time::Duration;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const PING: &str = r#"{"command":"PING"}"#;
const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ROOM: &str = "11111111111111111111111111111111";
const ROOM2: &str = "22222222222222222222222222222222";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A session and its clock. Everything the session sends must be expected by the script; anything more is an error.
struct Driver {
    session: Session,
    now: Duration,
}

impl Driver {
    fn new(config: Config) -> Self {
        Self {
            session: Session::new(config),
            now: Duration::ZERO,
        }
    }

    fn signed_in() -> Self {
        Self::signed_in_with(Config::default())
    }

    fn signed_in_with(config: Config) -> Self {
        let mut driver = Self::new(config);
        driver.hear(&format!("CONNECTED|{ID}"));
        let ticket = driver.say(Command::Name {
            name: "Ann".into(),
            password: Some(Password::new("pw")),
        });
        driver.sent(r#"{"command":"NAME","name":"Ann","password":"pw"}"#);
        driver.hear(
            r#"{"command":"NAME_OK","name":"Ann","authenticated":true,"udpEncryption":true}"#,
        );
        assert!(driver.answer(ticket).is_ok());
        driver.outputs();
        driver
    }

    fn in_room() -> Self {
        let mut driver = Self::signed_in();
        driver.join(ROOM);
        driver
    }

    fn join(&mut self, room: &str) {
        let ticket = self.say(Command::JoinRoom {
            room_id: room.parse().unwrap(),
        });
        self.sent(&format!(r#"{{"command":"JOIN_ROOM","roomId":"{room}"}}"#));
        self.hear(&format!(r#"{{"command":"JOIN_OK","roomId":"{room}"}}"#));
        assert!(self.answer(ticket).is_ok());
    }

    fn say(&mut self, command: Command) -> Ticket {
        self.session.send(command, self.now).unwrap()
    }

    fn hear(&mut self, line: &str) {
        self.session.handle_line(line, self.now);
    }

    fn wait(&mut self, by: Duration) {
        let end = self.now + by;
        let mut turns = 0;
        while let Some(due) = self.session.poll_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            turns += 1;
            assert!(
                turns < 1_000,
                "a timeout that is due is done, not due again"
            );
        }
        self.now = end;
    }

    #[track_caller]
    fn sent(&mut self, line: &str) {
        assert_eq!(
            self.session.poll_transmit(),
            Some(Transmit::Line(line.to_owned()))
        );
    }

    #[track_caller]
    fn sent_nothing(&mut self) {
        assert_eq!(self.session.poll_transmit(), None);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.session.poll_output()).collect()
    }

    /// The answer to a command; outputs before it are dropped.
    #[track_caller]
    fn answer(&mut self, ticket: Ticket) -> Result<Event, CommandError> {
        self.maybe_answer(ticket).expect("an answer")
    }

    fn maybe_answer(&mut self, wanted: Ticket) -> Option<Result<Event, CommandError>> {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Answer { ticket, answer } if ticket == wanted => return Some(answer),
                _ => {}
            }
        }
        None
    }
}

fn refusal(answer: Result<Event, CommandError>) -> Refusal {
    match answer {
        Err(CommandError::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_session_reports_each_step_of_coming_up() {
    let mut driver = Driver::new(Config::default());
    assert_eq!(
        driver.session.send(Command::Ping, driver.now),
        Err(SendError::NotConnected)
    );
    driver.hear(&format!("CONNECTED|{ID}"));
    assert_eq!(
        driver.session.send(Command::LeaveRoom, driver.now),
        Err(SendError::NotAuthenticated)
    );
    driver.say(Command::Name {
        name: "Ann".into(),
        password: None,
    });
    driver.hear(r#"{"command":"NAME_OK","name":"Ann","authenticated":true,"udpEncryption":true}"#);
    driver.session.handle_close();
    let states: Vec<Output> = driver
        .outputs()
        .into_iter()
        .filter(|output| matches!(output, Output::StateChanged(_)))
        .collect();
    let expected = [State::Connected, State::Authenticated, State::Disconnected];
    assert_eq!(states, expected.map(Output::StateChanged));
}

#[test]
fn q4_one_command_is_outstanding_and_answers_come_in_order() {
    let mut driver = Driver::signed_in();
    let rooms = driver.say(Command::ListRooms);
    let ping = driver.say(Command::Ping);
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    driver.sent_nothing();
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    assert_eq!(driver.answer(rooms), Ok(Event::RoomList(vec![])));
    driver.sent(r#"{"command":"PING"}"#);
    driver.wait(ms(30));
    driver.hear(r#"{"command":"PONG"}"#);
    assert_eq!(driver.answer(ping), Ok(Event::Pong));
    assert_eq!(driver.session.round_trip(), Some(ms(30)));
}

#[test]
fn a_command_after_a_sign_in_is_queued() {
    let mut driver = Driver::new(Config::default());
    driver.hear(&format!("CONNECTED|{ID}"));
    driver.say(Command::Name {
        name: "Ann".into(),
        password: None,
    });
    driver.say(Command::create_room("r"));
    driver.sent(r#"{"command":"NAME","name":"Ann"}"#);
    driver.sent_nothing();
}

#[test]
fn a_refusal_is_an_error_that_says_what_it_means() {
    let mut driver = Driver::in_room();
    let start = driver.say(Command::StartGame);
    driver.hear(
        r#"{"command":"ERROR","message":"Cannot start game. Only the host can start the game."}"#,
    );
    assert_eq!(refusal(driver.answer(start)), Refusal::NotHost);
    assert!(driver.session.room().is_some());
}

#[test]
fn q3_a_command_without_answer_times_out_and_the_next_goes() {
    let mut driver = Driver::signed_in();
    let rooms = driver.say(Command::ListRooms);
    let info = driver.say(Command::PlayerInfo);
    driver.wait(ms(9_999));
    assert_eq!(driver.maybe_answer(rooms), None);
    driver.wait(ms(1));
    assert_eq!(driver.answer(rooms), Err(CommandError::Timeout));
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    // The session was quiet for so long that it was asked whether the server is there.
    driver.sent(PING);
    driver.sent(r#"{"command":"PLAYER_INFO"}"#);
    assert_eq!(driver.maybe_answer(info), None);
}

#[test]
fn an_answer_that_is_too_long_for_the_relay_costs_its_command_only() {
    let mut driver = Driver::signed_in();
    let rooms = driver.say(Command::ListRooms);
    let info = driver.say(Command::PlayerInfo);
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    driver.session.handle_lost_line(driver.now);
    assert_eq!(driver.answer(rooms), Err(CommandError::AnswerTooLong));
    driver.sent(r#"{"command":"PLAYER_INFO"}"#);
    assert_eq!(driver.maybe_answer(info), None);
}

#[test]
fn a_late_answer_is_not_given_to_the_next_command() {
    let mut driver = Driver::signed_in();
    let late = driver.say(Command::JoinRoom {
        room_id: ROOM2.parse().unwrap(),
    });
    driver.wait(ms(10_000));
    assert_eq!(driver.answer(late), Err(CommandError::Timeout));
    let create = driver.say(Command::create_room("r"));
    driver.hear(r#"{"command":"ERROR","message":"Room not found."}"#);
    assert_eq!(
        driver.maybe_answer(create),
        None,
        "that was the answer to JOIN_ROOM"
    );
    driver.hear(&format!(
        r#"{{"command":"ROOM_CREATED","roomId":"{ROOM}","name":"r"}}"#
    ));
    assert!(driver.answer(create).is_ok());
}

#[test]
fn a_late_answer_of_the_same_kind_is_dropped_and_the_right_one_taken() {
    let mut driver = Driver::signed_in();
    driver.say(Command::ListRooms);
    driver.wait(ms(10_000));
    let second = driver.say(Command::ListRooms);
    driver.outputs();
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    assert_eq!(driver.maybe_answer(second), None, "late");
    let room =
        format!(r#"{{"id":"{ROOM}","name":"r","playerCount":1,"isActive":false,"hostId":"{ID}"}}"#);
    driver.hear(&format!(r#"{{"command":"ROOM_LIST","rooms":[{room}]}}"#));
    assert!(matches!(driver.answer(second), Ok(Event::RoomList(rooms)) if rooms.len() == 1));
}

#[test]
fn q29_one_lost_answer_does_not_starve_all_later_ones() {
    let mut driver = Driver::signed_in();
    driver.say(Command::Ping); // its answer is lost for good
    driver.wait(ms(10_000));
    let second = driver.say(Command::Ping);
    driver.hear(r#"{"command":"PONG"}"#); // taken for the first one's
    driver.wait(ms(10_000));
    assert_eq!(driver.answer(second), Err(CommandError::Timeout));
    let third = driver.say(Command::Ping);
    driver.hear(r#"{"command":"PONG"}"#);
    assert_eq!(driver.answer(third), Ok(Event::Pong));
}

#[test]
fn a_room_created_after_the_time_out_is_known() {
    let mut driver = Driver::signed_in();
    driver.say(Command::create_room("r"));
    driver.wait(ms(10_000));
    driver.hear(&format!(
        r#"{{"command":"ROOM_CREATED","roomId":"{ROOM}","name":"r"}}"#
    ));
    assert_eq!(driver.session.room().map(RoomId::as_str), Some(ROOM));
}

#[test]
fn q5_a_silent_line_is_kept_alive_and_datagrams_do_not_count() {
    let mut driver = Driver::in_room();
    for _ in 0..40 {
        driver.wait(ms(600));
        driver.hear("something");
        driver
            .session
            .send_update(Vec3::default(), Quat::IDENTITY, driver.now)
            .unwrap();
        assert!(matches!(
            driver.session.poll_transmit(),
            Some(Transmit::Datagram(_))
        ));
        driver.sent_nothing();
    }
    driver.wait(ms(1_000));
    driver.sent(r#"{"command":"PING"}"#);
    driver.hear(r#"{"command":"PONG"}"#);
    assert!(
        !driver
            .outputs()
            .iter()
            .any(|output| matches!(output, Output::Answer { .. }))
    );
    let config = Config {
        keep_alive: Duration::from_secs(3600),
        ..Config::default()
    };
    let mut lazy = Driver::signed_in_with(config);
    for _ in 0..5 {
        lazy.sent_nothing();
        lazy.wait(MAX_KEEP_ALIVE / 5);
        lazy.hear("something");
    }
    lazy.sent(PING);
}

#[test]
fn q9_a_host_is_told_of_the_start_once() {
    let mut driver = Driver::in_room();
    for _ in 0..2 {
        let start = driver.say(Command::StartGame);
        let spawns = format!(r#""spawnPositions":{{"{ID}":{{"x":66,"y":-2,"z":0.8}}}}"#);
        driver.hear(&format!(
            r#"{{"command":"GAME_STARTED","roomId":"{ROOM}","hostId":"{ID}",{spawns}}}"#
        ));
        driver.hear(&format!(
            r#"{{"command":"GAME_STARTED","roomId":"{ROOM}",{spawns}}}"#
        ));
        let outputs = driver.outputs();
        let told = outputs
            .iter()
            .filter(|output| matches!(output, Output::GameStarted(_)))
            .count();
        let answered = outputs.iter().filter(
            |output| matches!(output, Output::Answer { ticket, answer: Ok(_) } if *ticket == start),
        );
        assert_eq!((told, answered.count()), (1, 1));
    }
}

#[test]
fn a_start_is_passed_on_only_in_its_room_or_while_joining_it() {
    let mut driver = Driver::signed_in();
    let start = format!(r#"{{"command":"GAME_STARTED","roomId":"{ROOM}","spawnPositions":{{}}}}"#);
    driver.hear(&start);
    assert_eq!(driver.outputs(), []);
    driver.say(Command::JoinRoom {
        room_id: ROOM.parse().unwrap(),
    });
    driver.hear(&start);
    assert_eq!(driver.outputs().len(), 1);
}

#[test]
fn an_answer_is_kept_although_nobody_takes_outputs() {
    let mut driver = Driver::in_room();
    let ping = driver.say(Command::Ping);
    driver.hear(r#"{"command":"PONG"}"#);
    for _ in 0..2 * MAX_OUTPUTS {
        driver.hear(r#"{"command":"SOMETHING_NEW"}"#);
    }
    let outputs = driver.outputs();
    assert_eq!(outputs.len(), MAX_OUTPUTS);
    let is_answer =
        |output: &&Output| matches!(output, Output::Answer { ticket, .. } if *ticket == ping);
    assert_eq!(outputs.iter().filter(is_answer).count(), 1);
}

#[test]
fn a_member_hears_every_start_of_its_own_room_only() {
    let mut driver = Driver::in_room();
    let line = |room| {
        format!(
            r#"{{"command":"GAME_STARTED","roomId":"{room}","hostId":"{OTHER}","spawnPositions":{{}}}}"#
        )
    };
    for room in [ROOM, ROOM2, ROOM] {
        driver.hear(&line(room));
    }
    assert_eq!(driver.outputs().len(), 2);
}

#[test]
fn q7_entering_a_room_leaves_the_old_one_first() {
    let mut driver = Driver::in_room();
    let join = driver.say(Command::JoinRoom {
        room_id: ROOM2.parse().unwrap(),
    });
    driver.sent(r#"{"command":"LEAVE_ROOM"}"#);
    driver.sent_nothing();
    driver.hear(&format!(r#"{{"command":"LEAVE_OK","roomId":"{ROOM}"}}"#));
    driver.sent(&format!(r#"{{"command":"JOIN_ROOM","roomId":"{ROOM2}"}}"#));
    driver.hear(&format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM2}"}}"#));
    assert!(driver.answer(join).is_ok());
    assert_eq!(driver.session.room().map(RoomId::as_str), Some(ROOM2));
}

#[test]
fn no_room_is_joined_if_the_old_one_cannot_be_left() {
    let mut driver = Driver::in_room();
    let join = driver.say(Command::JoinRoom {
        room_id: ROOM2.parse().unwrap(),
    });
    driver.sent(r#"{"command":"LEAVE_ROOM"}"#);
    driver.wait(ms(10_000));
    assert_eq!(driver.answer(join), Err(CommandError::Timeout));
    while let Some(transmit) = driver.session.poll_transmit() {
        assert_eq!(transmit, Transmit::Line(PING.to_owned()));
    }
}

#[test]
fn leaving_waits_until_the_last_position_has_arrived() {
    let mut driver = Driver::in_room();
    driver
        .session
        .send_update(Vec3::default(), Quat::IDENTITY, driver.now)
        .unwrap();
    driver.session.poll_transmit();
    driver.say(Command::LeaveRoom);
    driver.sent_nothing();
    let late = driver
        .session
        .send_update(Vec3::default(), Quat::IDENTITY, driver.now);
    assert_eq!(late, Err(DatagramError::NotInRoom));
    driver.wait(ms(100));
    driver.sent(r#"{"command":"LEAVE_ROOM"}"#);
}

#[test]
fn q32_a_room_that_is_gone_is_noticed() {
    let mut driver = Driver::in_room();
    driver.say(Command::GetRoomPlayers);
    driver.hear(r#"{"command":"ERROR","message":"Cannot get players. No room joined."}"#);
    assert!(
        driver
            .outputs()
            .contains(&Output::RoomLost(ROOM.parse().unwrap()))
    );
    assert_eq!(driver.session.room(), None);
}

#[test]
fn q6_a_goodbye_leaves_the_room_then_says_bye_then_closes() {
    let mut driver = Driver::in_room();
    let outstanding = driver.say(Command::Ping);
    let queued = driver.say(Command::ListRooms);
    driver.sent(r#"{"command":"PING"}"#);
    driver.session.goodbye(driver.now);
    assert_eq!(driver.answer(queued), Err(CommandError::Closed));
    driver.hear(r#"{"command":"PONG"}"#);
    assert_eq!(driver.answer(outstanding), Ok(Event::Pong));
    driver.sent(r#"{"command":"LEAVE_ROOM"}"#);
    driver.sent_nothing();
    driver.hear(&format!(r#"{{"command":"LEAVE_OK","roomId":"{ROOM}"}}"#));
    driver.sent(r#"{"command":"BYE"}"#);
    driver.sent_nothing();
    driver.hear(r#"{"command":"BYE_OK"}"#);
    assert_eq!(driver.session.poll_transmit(), Some(Transmit::Close));
    assert_eq!(
        driver.session.send(Command::Ping, driver.now),
        Err(SendError::NotConnected)
    );
}

#[test]
fn a_goodbye_ends_although_nobody_answers() {
    let mut driver = Driver::in_room();
    driver.say(Command::ListRooms);
    driver.session.goodbye(driver.now);
    driver.wait(ms(6_000));
    let sent: Vec<Transmit> = std::iter::from_fn(|| driver.session.poll_transmit()).collect();
    assert_eq!(sent.len(), 4);
    assert_eq!(sent.last(), Some(&Transmit::Close));
}

#[test]
fn pushes_come_between_command_and_answer() {
    let mut driver = Driver::in_room();
    let rooms = driver.say(Command::ListRooms);
    driver.hear(&format!(
        r#"{{"command":"RELAYED_MESSAGE","senderId":"{OTHER}","senderName":"Bob","message":"hi"}}"#
    ));
    driver.hear(r#"{"command":"SOMETHING_NEW","x":1}"#);
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    let outputs = driver.outputs();
    assert!(matches!(&outputs[0], Output::Message { message, .. } if message == "hi"));
    assert_eq!(
        outputs[1],
        Output::Unknown {
            kind: "SOMETHING_NEW".into(),
            line: r#"{"command":"SOMETHING_NEW","x":1}"#.to_owned(),
        }
    );
    assert!(matches!(&outputs[2], Output::Answer { ticket, answer: Ok(_) } if *ticket == rooms));
}

#[test]
fn q25_a_failed_authenticate_signs_out() {
    let mut driver = Driver::signed_in();
    let ticket = driver.say(Command::Authenticate {
        password: Password::new("bad"),
    });
    driver.hear(r#"{"command":"AUTH_FAILED","message":"Invalid password."}"#);
    assert_eq!(refusal(driver.answer(ticket)), Refusal::AuthFailed);
    assert_eq!(driver.session.state(), State::Connected);
}

#[test]
fn the_queue_and_the_line_are_bounded() {
    let mut driver = Driver::signed_in();
    for _ in 0..=MAX_QUEUE {
        driver.say(Command::Ping);
    }
    assert_eq!(
        driver.session.send(Command::Ping, driver.now),
        Err(SendError::QueueFull)
    );
    let mut driver = Driver::signed_in();
    let long = Command::create_room("x".repeat(70_000));
    assert!(matches!(
        driver.session.send(long, driver.now),
        Err(SendError::TooLong(_))
    ));
}

#[test]
fn positions_are_sealed_and_checked() {
    let mut driver = Driver::in_room();
    let nowhere = Vec3::new(f32::NAN, 0.0, 0.0);
    let refused = driver
        .session
        .send_update(nowhere, Quat::IDENTITY, driver.now);
    assert_eq!(refused, Err(DatagramError::NotFinite));
    let sent = driver.session.send_update(
        Vec3::new(1.0, 2.0, 3.0),
        Quat::new(0.0, 0.0, 0.0, 2.0),
        driver.now,
    );
    assert_eq!(sent, Ok(true));
    let Some(Transmit::Datagram(bytes)) = driver.session.poll_transmit() else {
        panic!("nothing sent")
    };
    let cipher = Cipher::new(&ID.parse().unwrap(), &Secret::default());
    let expected = format!(
        r#"{{"command":"UPDATE","sessionId":"{ID}","position":{{"x":1,"y":2,"z":3}},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    );
    assert_eq!(cipher.open(&bytes).unwrap(), expected.as_bytes());
}

#[test]
fn q13_plain_datagrams_are_sent_only_on_request() {
    let mut driver = Driver::signed_in_with(Config {
        plain_datagrams: true,
        ..Config::default()
    });
    driver.join(ROOM);
    driver
        .session
        .send_update(Vec3::default(), Quat::IDENTITY, driver.now)
        .unwrap();
    let Some(Transmit::Datagram(bytes)) = driver.session.poll_transmit() else {
        panic!("nothing sent")
    };
    assert!(bytes.starts_with(b"{\"command\":\"UPDATE\""));
}

#[test]
fn remote_cars_are_reported_and_the_own_car_is_not() {
    let mut driver = Driver::in_room();
    for id in [ID, OTHER] {
        let update = format!(r#"{{"command":"UPDATE","sessionId":"{id}","position":{{"x":1}}}}"#);
        driver
            .session
            .handle_datagram(update.as_bytes(), driver.now)
            .unwrap();
    }
    assert!(
        driver
            .session
            .handle_datagram(b"garbage", driver.now)
            .is_err()
    );
    assert!(
        matches!(&driver.outputs()[..], [Output::Update(update)] if update.session_id.as_str() == OTHER)
    );
    assert_eq!(driver.session.traffic().packets_received, 2);
    assert_eq!(driver.session.traffic().packets_refused, 1);
}

#[test]
fn a_closed_connection_fails_what_waits_and_a_new_one_starts_fresh() {
    let mut driver = Driver::in_room();
    let rooms = driver.say(Command::ListRooms);
    let ping = driver.say(Command::Ping);
    driver.session.handle_close();
    assert_eq!(driver.answer(rooms), Err(CommandError::Closed));
    assert_eq!(driver.answer(ping), Err(CommandError::Closed));
    assert_eq!(driver.session.room(), None);
    driver.sent_nothing();
    driver.hear(&format!("CONNECTED|{OTHER}"));
    assert_eq!(driver.session.id().map(SessionId::as_str), Some(OTHER));
}

fn any_line() -> impl Strategy<Value = String> {
    let room = format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM}"}}"#);
    prop_oneof![
        Just(format!("CONNECTED|{ID}")),
        Just(r#"{"command":"NAME_OK","name":"Ann"}"#.to_owned()),
        Just(room),
        Just(format!(r#"{{"command":"LEAVE_OK","roomId":"{ROOM}"}}"#)),
        Just(r#"{"command":"PONG"}"#.to_owned()),
        Just(r#"{"command":"ERROR","message":"Room not found."}"#.to_owned()),
        Just(r#"{"command":"UNKNOWN_COMMAND","originalCommand":"BATCH"}"#.to_owned()),
        Just(r#"{"command":"BYE_OK"}"#.to_owned()),
        "\\PC*",
    ]
}

proptest! {
    /// Whatever the server says and whenever, a session does not panic. It never has two lines outstanding without an
    /// answer or a time-out between them, and gives each ticket one answer.
    #[test]
    fn no_server_confuses_a_session(
        steps in prop::collection::vec((any_line(), 0u64..12_000, 0usize..8), 1..60),
        batching in any::<bool>(),
    ) {
        let mut driver = Driver::new(Config { batching, ..Config::default() });
        let mut open = std::collections::BTreeSet::new();
        driver.hear(&format!("CONNECTED|{ID}"));
        for (line, pause, action) in steps {
            let command = [
                Command::Ping,
                Command::ListRooms,
                Command::LeaveRoom,
                Command::JoinRoom { room_id: ROOM.parse().unwrap() },
                Command::Name { name: "Ann".into(), password: None },
            ].get(action).cloned();
            match command {
                Some(command) => open.extend(driver.session.send(command, driver.now).ok()),
                None if action == 5 => driver.session.goodbye(driver.now),
                None if action == 6 => driver.session.handle_close(),
                None => {}
            }
            driver.hear(&line);
            driver.wait(ms(pause));
            let _ = driver.session.send_update(Vec3::default(), Quat::IDENTITY, driver.now);
            for output in driver.outputs() {
                if let Output::Answer { ticket, .. } = output {
                    prop_assert!(open.remove(&ticket), "answered twice");
                }
            }
        }
        driver.session.handle_close();
        for output in driver.outputs() {
            if let Output::Answer { ticket, .. } = output {
                prop_assert!(open.remove(&ticket), "answered twice");
            }
        }
        prop_assert!(open.is_empty(), "never answered: {open:?}");
    }
}
