//! The generations, each with its sign-in, its pushes and its quirks (facts, sections 2, 10 and 11).

use super::*;
use crate::datagram::{Datagram, Update};
use crate::event::Player;
use crate::id::Token;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CHAT_PROBE: &str = r#"{"command":"MESSAGE"}"#;
const NAME: &str = r#"{"command":"NAME","name":"Ann","password":"secret"}"#;
const NAME_OK: &str =
    r#"{"command":"NAME_OK","name":"Ann","authenticated":true,"udpEncryption":true}"#;
const LOGIN: &str = r#"{"command":"LOGIN","username":"Ann","password":"secret"}"#;
const LOGIN_OK: &str = r#"{"command":"LOGIN_OK","userId":42,"username":"Ann","token":"t0k"}"#;
const AUTO_AUTH: &str = r#"{"command":"AUTO_AUTH","token":"t0k"}"#;
const AUTO_AUTH_OK: &str = r#"{"command":"AUTO_AUTH_OK","userId":42,"username":"Ann"}"#;
const TOKEN_EXPIRED: &str =
    r#"{"command":"AUTO_AUTH_FAILED","message":"Token invalid or expired."}"#;
const NAME_REQUIRED: &str = r#"{"command":"ERROR","message":"Authentication required. Please use NAME command with password."}"#;
const ACCOUNT_REQUIRED: &str = r#"{"command":"ERROR","message":"Authentication required. Use REGISTER, LOGIN, or AUTO_AUTH first."}"#;

fn ann() -> SignIn {
    SignIn {
        password: Some(Password::new("secret")),
        ..SignIn::with_name("Ann")
    }
}

fn with_token() -> SignIn {
    SignIn {
        token: Some(Token::new("t0k")),
        ..ann()
    }
}

impl Driver {
    fn old() -> Self {
        let mut driver = Self::new(Config::default());
        driver.hear(&format!("CONNECTED|{ID}"));
        driver
    }

    fn token() -> Self {
        let mut driver = Self::new(Config::default());
        driver.hear(&format!(r#"{{"command":"CONNECTED","sessionId":"{ID}"}}"#));
        driver
    }

    fn sign_in(&mut self, sign_in: SignIn) -> Ticket {
        self.session.sign_in(sign_in, self.now).unwrap()
    }

    /// On the token generation, in a room.
    fn racing() -> Self {
        let mut driver = Self::token();
        let ticket = driver.sign_in(ann());
        driver.sent(LOGIN);
        driver.hear(LOGIN_OK);
        assert!(driver.answer(ticket).is_ok());
        driver.join(ROOM);
        driver.outputs();
        driver
    }
}

fn refusal(answer: Result<Event, CommandError>) -> Refusal {
    match answer {
        Err(CommandError::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_generation_is_told_by_its_answer_to_a_message_once_nothing_waits() {
    let mut driver = Driver::old();
    driver.session.ask_generation(driver.now);
    assert_eq!(driver.session.generation(), None);
    let ticket = driver.sign_in(ann());
    driver.sent(NAME);
    let rooms = driver.say(Command::ListRooms);
    driver.hear(NAME_OK);
    assert!(driver.answer(ticket).is_ok());
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    assert!(driver.answer(rooms).is_ok());
    driver.sent(CHAT_PROBE);
    driver.hear(r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#);
    assert_eq!(driver.session.generation(), Some(Generation::First));
    assert!(
        driver
            .outputs()
            .contains(&Output::Generation(Generation::First))
    );
}

#[test]
fn the_chat_generation_asks_for_the_text_of_a_message() {
    let mut driver = Driver::old();
    driver.sign_in(ann());
    driver.sent(NAME);
    driver.hear(NAME_OK);
    driver.session.ask_generation(driver.now);
    driver.sent(CHAT_PROBE);
    driver.hear(r#"{"command":"ERROR","message":"Message content is required."}"#);
    assert_eq!(driver.session.generation(), Some(Generation::Chat));
}

#[test]
fn a_room_message_tells_of_chat_without_a_question() {
    for (answer, expected) in [
        (r#"{"command":"MESSAGE_OK"}"#, Generation::Chat),
        (
            r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#,
            Generation::First,
        ),
    ] {
        let mut driver = Driver::in_room();
        driver.say(Command::Message {
            message: Some("hi".into()),
        });
        driver.sent(r#"{"command":"MESSAGE","message":"hi"}"#);
        driver.hear(answer);
        assert_eq!(driver.session.generation(), Some(expected));
    }
}

#[test]
fn whether_a_far_place_is_taken_is_asked_only_when_a_car_gets_there() {
    for (answer, expected) in [
        (
            r#"{"command":"ERROR","message":"Message content is required."}"#,
            Err(DatagramError::OutOfBounds),
        ),
        (
            r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#,
            Ok(true),
        ),
    ] {
        let mut driver = Driver::in_room();
        let drive = |driver: &mut Driver, x: f32| {
            driver.now += ms(50);
            let place = Vec3::new(x, 0.0, 0.0);
            driver
                .session
                .send_update(place, Quat::IDENTITY, driver.now)
        };
        assert_eq!(drive(&mut driver, 990.0), Ok(true));
        assert!(datagram(&mut driver).is_some());
        for _ in 0..3 {
            assert_eq!(drive(&mut driver, 1001.0), Ok(false));
        }
        driver.sent(CHAT_PROBE);
        driver.hear(answer);
        assert_eq!(drive(&mut driver, 1001.0), expected);
    }
}

#[test]
fn an_old_welcome_may_be_that_of_a_server_with_accounts() {
    let mut driver = Driver::old();
    let ticket = driver.sign_in(ann());
    driver.sent(NAME);
    driver.hear(ACCOUNT_REQUIRED);
    assert_eq!(driver.session.generation(), Some(Generation::Accounts));
    driver.sent(LOGIN);
    driver.hear(LOGIN_OK);
    let Ok(Event::LoginOk(account)) = driver.answer(ticket) else {
        panic!("not signed in")
    };
    assert_eq!(account.token, Some(Token::new("t0k")));
    assert_eq!(driver.session.state(), State::Authenticated);
}

#[test]
fn a_new_account_is_made_where_there_are_accounts_and_a_name_is_enough_elsewhere() {
    let create = || SignIn {
        create: true,
        ..ann()
    };
    let mut driver = Driver::token();
    let ticket = driver.sign_in(create());
    driver.sent(r#"{"command":"REGISTER","username":"Ann","password":"secret"}"#);
    driver.hear(r#"{"command":"REGISTER_FAILED","message":"Username already taken."}"#);
    assert_eq!(refusal(driver.answer(ticket)), Refusal::NameTaken);
    assert_eq!(driver.session.state(), State::Connected);
    let mut driver = Driver::old();
    let ticket = driver.sign_in(create());
    driver.sent(NAME);
    driver.hear(NAME_OK);
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn a_token_signs_in_without_the_password() {
    for mut driver in [Driver::token(), Driver::old()] {
        let ticket = driver.sign_in(with_token());
        driver.sent(AUTO_AUTH);
        driver.hear(AUTO_AUTH_OK);
        assert!(matches!(driver.answer(ticket), Ok(Event::AutoAuthOk(_))));
        assert!(driver.session.generation() >= Some(Generation::Accounts));
    }
}

#[test]
fn an_old_token_gives_way_to_the_password_and_without_one_says_so() {
    let mut driver = Driver::token();
    let ticket = driver.sign_in(with_token());
    driver.sent(AUTO_AUTH);
    driver.hear(TOKEN_EXPIRED);
    driver.sent(LOGIN);
    driver.hear(LOGIN_OK);
    assert!(driver.answer(ticket).is_ok());

    let mut driver = Driver::token();
    let ticket = driver.sign_in(SignIn {
        password: None,
        ..with_token()
    });
    driver.sent(AUTO_AUTH);
    driver.hear(TOKEN_EXPIRED);
    assert_eq!(refusal(driver.answer(ticket)), Refusal::TokenExpired);
}

#[test]
fn an_older_server_knows_no_token() {
    let mut driver = Driver::old();
    let ticket = driver.sign_in(with_token());
    driver.sent(AUTO_AUTH);
    driver.hear(NAME_REQUIRED);
    driver.sent(NAME);
    driver.hear(NAME_OK);
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn q35_a_refused_password_is_never_tried_again() {
    for (message, expected) in [
        ("Invalid username or password.", Refusal::AuthFailed),
        (
            "Account locked. Try again after 14:05 UTC.",
            Refusal::AccountLocked,
        ),
        ("Account is disabled.", Refusal::AccountDisabled),
    ] {
        let mut driver = Driver::token();
        let ticket = driver.sign_in(ann());
        driver.sent(LOGIN);
        driver.hear(&format!(
            r#"{{"command":"LOGIN_FAILED","message":"{message}"}}"#
        ));
        assert_eq!(refusal(driver.answer(ticket)), expected);
        driver.wait(Duration::from_secs(5));
    }
}

#[test]
fn no_password_is_sent_that_would_count_as_a_wrong_one() {
    let mut driver = Driver::token();
    let nameless = SignIn::with_name("Ann");
    assert_eq!(
        driver.session.sign_in(nameless.clone(), driver.now),
        Err(SendError::Refused(Refusal::PasswordMissing))
    );
    // It shows only on the way that there are accounts.
    let mut driver = Driver::old();
    let ticket = driver.sign_in(nameless);
    driver.sent(r#"{"command":"NAME","name":"Ann"}"#);
    driver.hear(ACCOUNT_REQUIRED);
    assert_eq!(refusal(driver.answer(ticket)), Refusal::PasswordMissing);
}

#[test]
fn q22_the_servers_ping_is_answered_only_once_signed_in() {
    let mut driver = Driver::token();
    driver.hear(PING);
    let ticket = driver.sign_in(ann());
    driver.sent(LOGIN);
    driver.hear(PING);
    driver.hear(LOGIN_OK);
    assert!(driver.answer(ticket).is_ok());
    // Beside the command that waits for its answer.
    let rooms = driver.say(Command::ListRooms);
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    driver.hear(PING);
    driver.sent(r#"{"command":"PONG"}"#);
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    assert!(driver.answer(rooms).is_ok());
}

#[test]
fn a_heartbeat_gives_the_round_trip_and_the_servers_clock() {
    let mut driver = Driver::racing();
    driver.session.handle_timeout(driver.now);
    driver.sent(r#"{"action":"heartbeat","messageId":"1"}"#);
    driver.now += ms(40);
    let ack = |id: &str| {
        format!(
            r#"{{"command":"HEARTBEAT_ACK","ackFor":"{id}","serverTimestampMs":1780000000020,"sessionId":"{ID}"}}"#
        )
    };
    driver.hear(&ack("7"));
    assert_eq!(driver.session.round_trip(), None, "nobody asked");
    driver.hear(&ack("1"));
    assert_eq!(driver.session.round_trip(), Some(ms(40)));
    assert_eq!(driver.session.clock_offset_ms(), Some(1_780_000_000_000.0));
    driver.hear(&ack("1"));
}

#[test]
fn q7_pushes_of_another_room_are_dropped() {
    let mut driver = Driver::racing();
    let player = Player {
        id: OTHER.parse().unwrap(),
        name: "Bo".into(),
    };
    for room in [ROOM2, ROOM] {
        for word in ["PLAYER_JOINED", "PLAYER_LEFT"] {
            driver.hear(&format!(
                r#"{{"command":"{word}","sessionId":"{OTHER}","name":"Bo","roomId":"{room}"}}"#
            ));
        }
        driver.hear(&format!(
            r#"{{"command":"CHAT","roomId":"{room}","senderName":"Bo","message":"hi","timestamp":"2025-06-19 00:31:07"}}"#
        ));
    }
    let chat = Output::Chat {
        sender_name: "Bo".into(),
        message: "hi".into(),
    };
    assert_eq!(
        driver.outputs(),
        [
            Output::PlayerJoined(player.clone()),
            Output::PlayerLeft(player),
            chat
        ]
    );
}

#[test]
fn q21_lines_with_a_type_are_passed_on_and_answer_nothing() {
    let mut driver = Driver::racing();
    let ping = driver.say(Command::Ping);
    driver.sent(PING);
    let line = r#"{"slots":[],"type":"INV_STATE_FULL"}"#;
    driver.hear(line);
    driver.hear(r#"{"command":"PONG"}"#);
    assert!(driver.answer(ping).is_ok());
    let mut driver = Driver::racing();
    driver.hear(line);
    let unknown = Output::Unknown {
        kind: "INV_STATE_FULL".into(),
        line: line.into(),
    };
    assert_eq!(driver.outputs(), [unknown]);
}

/// The next datagram that the session sends, opened.
fn datagram(driver: &mut Driver) -> Option<Update> {
    let cipher = driver.session.cipher.clone();
    while let Some(transmit) = driver.session.poll_transmit() {
        if let Transmit::Datagram(bytes) = transmit
            && let Ok(Datagram::Update(update)) = Datagram::decode(&bytes, cipher.as_ref())
        {
            return Some(update);
        }
    }
    None
}

#[test]
fn positions_are_numbered_from_one_where_numbers_are_passed_on() {
    let mut driver = Driver::racing();
    for number in 1..4 {
        driver.now += ms(50);
        assert_eq!(driver.place(), Ok(true));
        assert_eq!(datagram(&mut driver).unwrap().seq, Some(number));
    }
    let mut driver = Driver::in_room();
    driver.place().unwrap();
    assert_eq!(datagram(&mut driver).unwrap().seq, None);
}

#[test]
fn a_page_that_is_loaded_anew_goes_on_counting() {
    let mut driver = Driver::new(Config::default());
    let (id, room) = (ID.parse().unwrap(), ROOM.parse().unwrap());
    driver
        .session
        .restore(id, Some(room), Some(Generation::Token), 41, driver.now);
    driver.place().unwrap();
    assert_eq!(datagram(&mut driver).unwrap().seq, Some(42));
}

#[test]
fn q16_a_car_that_jumps_is_announced_by_a_pause() {
    let config = |generation| Config {
        generation: Some(generation),
        ..Config::default()
    };
    for (generation, waits) in [
        (Generation::First, false),
        (Generation::Chat, true),
        (Generation::Accounts, true),
        (Generation::Token, false),
    ] {
        let mut driver = Driver::signed_in_with(config(generation));
        driver.join(ROOM);
        let mut drive = |x: f32, after: u64| {
            driver.now += ms(after);
            let place = Vec3::new(x, 0.0, 0.0);
            driver
                .session
                .send_update(place, Quat::IDENTITY, driver.now)
        };
        assert_eq!(drive(0.0, 0), Ok(true));
        assert_eq!(drive(40.0, 50), Ok(true), "fast");
        let mut silent = 0;
        while drive(240.0, 50) == Ok(false) {
            silent += 50;
        }
        match waits {
            true => assert!((1000..1300).contains(&silent), "{generation}: {silent}"),
            false => assert_eq!(silent, 0, "{generation}"),
        }
        assert_eq!(drive(250.0, 50), Ok(true), "{generation}: it drives on");
    }
}

#[test]
fn a_place_that_a_server_refuses_is_not_sent_to_it() {
    let drive = |generation, place: Vec3| {
        let mut driver = Driver::signed_in_with(Config {
            generation: Some(generation),
            ..Config::default()
        });
        driver.join(ROOM);
        let now = driver.now;
        driver.session.send_update(place, Quat::IDENTITY, now)
    };
    for place in [
        Vec3::new(1001.0, 0.0, 0.0),
        Vec3::new(0.0, -101.0, 0.0),
        Vec3::new(0.0, 0.0, -1001.0),
    ] {
        let refused = Err(DatagramError::OutOfBounds);
        assert_eq!(drive(Generation::Chat, place), refused);
        assert_eq!(drive(Generation::First, place), Ok(true));
        assert_eq!(drive(Generation::Token, place), Ok(true));
    }
}

#[test]
fn q17_rotations_are_normalised_with_six_digits_and_sent_at_a_steady_pace() {
    let mut driver = Driver::racing();
    let cipher = crate::cipher::Cipher::new(&ID.parse().unwrap(), &Secret::default());
    let mut sent = Vec::new();
    // A page offers a place with each frame.
    for frame in 0..120_u64 {
        driver.now += Duration::from_micros(16_667);
        let turn = Quat::new(0.1, 0.2 + frame as f32, 0.3, 0.4);
        let place = Vec3::default();
        driver.session.handle_timeout(driver.now);
        let _waits = driver.session.send_update(place, turn, driver.now);
        while let Some(transmit) = driver.session.poll_transmit() {
            if let Transmit::Datagram(bytes) = transmit {
                sent.push((driver.now, cipher.open(&bytes).unwrap()));
            }
        }
    }
    assert!(sent.len() > 35, "{}", sent.len());
    for (_, text) in &sent {
        let Ok(Datagram::Update(update)) = Datagram::from_json(text) else {
            panic!("{text:?}");
        };
        let Quat { x, y, z, w } = update.rotation;
        let length = [x, y, z, w].map(f64::from).map(|part| part * part);
        let length = length.iter().sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-6, "{length}");
    }
    // Never as close as the 8 ms in which a server allows hardly any turn.
    let pauses = sent.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert!(pauses.min().unwrap() >= ms(33));
}
