//! Commands that are sent together in one `BATCH` line, and the outcome of each.

use super::*;
use crate::frame::MAX_CLIENT_LINE_BYTES;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn commands_are_gathered_into_a_batch_and_answered_one_by_one() {
    let mut driver = Driver::signed_in_with(Config {
        batching: true,
        ..Config::default()
    });
    let rooms = driver.say(Command::ListRooms);
    driver.wait(ms(49));
    let ping = driver.say(Command::Ping);
    driver.sent_nothing();
    driver.wait(ms(1));
    driver.sent(r#"{"command":"BATCH","messages":[{"command":"LIST_ROOMS"},{"command":"PING"}]}"#);
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    assert!(driver.answer(rooms).is_ok());
    driver.hear(r#"{"command":"PONG"}"#);
    assert!(driver.answer(ping).is_ok());
}

#[test]
fn ten_commands_go_at_once_and_a_single_one_without_a_batch() {
    let mut driver = Driver::signed_in_with(Config {
        batching: true,
        ..Config::default()
    });
    driver.say(Command::ListRooms);
    driver.wait(ms(50));
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    for _ in 0..11 {
        driver.say(Command::Ping);
    }
    let Some(Transmit::Line(line)) = driver.session.poll_transmit() else {
        panic!("nothing sent")
    };
    assert_eq!(line.matches("PING").count(), 10);
}

#[test]
fn a_server_without_batches_gets_single_commands_from_then_on() {
    let mut driver = Driver::signed_in_with(Config {
        batching: true,
        ..Config::default()
    });
    let rooms = driver.say(Command::ListRooms);
    let ping = driver.say(Command::Ping);
    driver.wait(ms(50));
    driver.session.poll_transmit();
    driver.hear(r#"{"command":"UNKNOWN_COMMAND","originalCommand":"BATCH"}"#);
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    driver.hear(r#"{"command":"ROOM_LIST","rooms":[]}"#);
    driver.sent(r#"{"command":"PING"}"#);
    driver.hear(r#"{"command":"PONG"}"#);
    assert!(driver.answer(rooms).is_ok());
    assert!(driver.answer(ping).is_ok());
    driver.say(Command::ListRooms);
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
}

#[test]
fn a_command_of_a_batch_that_gets_no_answer_fails_alone() {
    let mut driver = Driver::signed_in_with(Config {
        batching: true,
        ..Config::default()
    });
    let target_id: SessionId = OTHER.parse().unwrap();
    let unanswered = driver.say(Command::RelayMessage {
        target_id,
        message: "hi".into(),
    });
    let ping = driver.say(Command::Ping);
    driver.wait(ms(50));
    driver.hear(r#"{"command":"PONG"}"#);
    assert_eq!(driver.answer(ping), Ok(Event::Pong));
    assert_eq!(driver.answer(unanswered), Err(CommandError::Timeout));
}

#[test]
fn a_batch_is_no_longer_than_the_relay_takes() {
    let mut driver = Driver::signed_in_with(Config {
        batching: true,
        ..Config::default()
    });
    for _ in 0..4 {
        driver.say(Command::RelayMessage {
            target_id: OTHER.parse().unwrap(),
            message: "y".repeat(2500),
        });
    }
    let Some(Transmit::Line(line)) = driver.session.poll_transmit() else {
        panic!("nothing sent")
    };
    assert_eq!(line.matches("RELAY_MESSAGE").count(), 3);
    assert!(line.len() <= MAX_CLIENT_LINE_BYTES);
}
