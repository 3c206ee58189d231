//! Connections that die, are noticed, and come back.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const PONG: &str = r#"{"command":"PONG"}"#;

impl Driver {
    fn is_silent(&mut self) -> bool {
        self.outputs().contains(&Output::Silent)
    }

    pub(super) fn place(&mut self) -> Result<bool, DatagramError> {
        self.session
            .send_update(Vec3::default(), Quat::IDENTITY, self.now)
    }
}

#[test]
fn silence_is_noticed_within_five_seconds_in_a_room_and_fifteen_elsewhere() {
    for (mut driver, ask, give_up) in [
        (Driver::in_room(), 1_500, 5_000),
        (Driver::signed_in(), 9_000, 15_000),
    ] {
        driver.wait(ms(ask - 1));
        driver.sent_nothing();
        driver.wait(ms(1));
        driver.sent(PING);
        assert!(!driver.is_silent());
        driver.wait(ms(give_up - ask));
        assert!(driver.is_silent());
    }
    // A server need not answer before the sign-in.
    let mut stranger = Driver::new(Config::default());
    stranger.hear(&format!("CONNECTED|{ID}"));
    stranger.wait(ms(20_000));
    assert!(!stranger.is_silent());
}

#[test]
fn positions_are_dropped_while_nothing_comes() {
    let mut driver = Driver::in_room();
    driver.wait(ms(1_500));
    driver.sent(PING);
    driver.wait(ms(400));
    assert_eq!(driver.place(), Ok(true));
    driver.session.poll_transmit();
    driver.wait(ms(100));
    assert_eq!(driver.place(), Err(DatagramError::NotInRoom));
    driver.sent_nothing();
    driver.hear(PONG);
    assert_eq!(driver.place(), Ok(true));
}

#[test]
fn whatever_comes_shows_that_the_server_is_there() {
    let mut driver = Driver::in_room();
    for _ in 0..20 {
        driver.wait(ms(1_400));
        let _other = driver.session.handle_datagram(b"anything", driver.now);
    }
    // Only the connection had to be kept open.
    driver.sent(PING);
    driver.hear(PONG);
    driver.sent_nothing();
    driver.wait(ms(1_500));
    driver.sent(PING);
    driver.wait(ms(40));
    driver.hear(PONG);
    assert_eq!(driver.session.round_trip(), Some(ms(40)));
    driver.wait(ms(4_000));
    assert!(!driver.is_silent());
}

#[test]
fn the_server_is_asked_beside_a_command_that_is_never_answered() {
    let mut driver = Driver::in_room();
    let info = driver.say(Command::PlayerInfo);
    driver.sent(r#"{"command":"PLAYER_INFO"}"#);
    driver.wait(ms(1_500));
    driver.sent(PING);
    // A ping of the application's waits for its own answer.
    let ping = driver.say(Command::Ping);
    driver.hear(PONG);
    assert_eq!(driver.maybe_answer(info), None);
    driver.hear(&format!(
        r#"{{"command":"PLAYER_INFO","playerInfo":{{"id":"{ID}","name":"Ann","currentRoomId":"{ROOM}"}}}}"#
    ));
    assert!(driver.answer(info).is_ok());
    driver.sent(PING);
    driver.wait(ms(1_500));
    driver.sent_nothing();
    driver.hear(PONG);
    assert_eq!(driver.answer(ping), Ok(Event::Pong));
}

#[test]
fn a_page_that_slept_asks_before_it_gives_up() {
    let mut driver = Driver::in_room();
    driver.wait(ms(1_500));
    driver.sent(PING);
    driver.now += Duration::from_secs(600);
    driver.session.handle_timeout(driver.now);
    assert!(!driver.is_silent());
    driver.sent(PING);
    driver.hear(PONG);
    driver.wait(ms(1_000));
    assert!(!driver.is_silent());
    driver.now += Duration::from_secs(600);
    driver.session.handle_timeout(driver.now);
    driver.wait(ms(3_000));
    assert!(driver.is_silent());
}

#[test]
fn a_suspended_session_keeps_its_lines_drops_positions_and_waits() {
    let mut driver = Driver::in_room();
    let info = driver.say(Command::PlayerInfo);
    driver.sent(r#"{"command":"PLAYER_INFO"}"#);
    driver.place().unwrap();
    driver.session.suspend();
    assert_eq!(driver.place(), Err(DatagramError::NotInRoom));
    while driver.session.poll_transmit().is_some() {}
    assert_eq!(driver.session.poll_timeout(), None);
    driver.wait(ms(20_000));
    driver.session.handle_timeout(driver.now);
    assert_eq!(driver.maybe_answer(info), None, "the time does not run");
    let rooms = driver.say(Command::ListRooms);
    driver.session.resume(driver.now);
    assert_eq!(driver.session.room().map(RoomId::as_str), Some(ROOM));
    driver.hear(&format!(
        r#"{{"command":"PLAYER_INFO","playerInfo":{{"id":"{ID}","name":"Ann","currentRoomId":"{ROOM}"}}}}"#
    ));
    assert!(driver.answer(info).is_ok());
    driver.sent(r#"{"command":"LIST_ROOMS"}"#);
    assert_eq!(driver.maybe_answer(rooms), None);
    assert_eq!(driver.place(), Ok(true));
}

#[test]
fn an_answer_that_an_interruption_held_up_is_no_round_trip() {
    const PONG: &str = r#"{"command":"PONG"}"#;
    let mut driver = Driver::in_room();
    driver.wait(ms(1_500));
    driver.sent(PING);
    driver.session.suspend();
    driver.now += ms(5_000);
    driver.session.resume(driver.now);
    driver.wait(ms(1_500));
    driver.sent(PING);
    driver.hear(PONG);
    assert_eq!(driver.session.round_trip(), None, "the first is answered");
    driver.now += ms(40);
    driver.hear(PONG);
    assert_eq!(driver.session.round_trip(), Some(ms(40)));
    // A command of the page's own.
    let ping = driver.say(Command::Ping);
    driver.sent(PING);
    driver.session.suspend();
    driver.now += ms(5_000);
    driver.session.resume(driver.now);
    driver.hear(PONG);
    assert!(driver.answer(ping).is_ok());
    assert_eq!(driver.session.round_trip(), Some(ms(40)));
}

#[test]
fn a_restored_session_is_signed_in_and_in_its_room() {
    let mut driver = Driver::new(Config::default());
    let (id, room) = (ID.parse().unwrap(), ROOM.parse().unwrap());
    driver.session.restore(id, Some(room), None, 0, driver.now);
    assert_eq!(driver.session.state(), State::Authenticated);
    assert_eq!(driver.session.room(), Some(&room));
    assert_eq!(driver.place(), Ok(true));
    driver.session.handle_close();
    assert_eq!(driver.session.state(), State::Disconnected);
}
