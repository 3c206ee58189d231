//! Silence, ends, messages and batches.

use super::*;

#[test]
fn a_silent_session_is_cut_at_the_check_after_sixty_seconds_whatever_it_sends_by_udp() {
    for mut world in World::both() {
        let (quiet, busy) = (world.named("Quiet"), world.named("Busy"));
        world.create(quiet);
        for second in 0..89 {
            world.pass(Duration::from_secs(1));
            world.cast(quiet, &update(&id(quiet), "1"));
            if second % 20 == 0 {
                world.say(busy, "");
            }
            assert!(world.closed.is_empty(), "after {second} s");
        }
        world.pass(Duration::from_secs(1));
        assert_eq!(world.closed, [quiet]);
    }
}

#[test]
fn bye_is_answered_and_what_follows_it_is_not() {
    for mut world in World::both() {
        let ann = world.connect();
        assert_eq!(world.command(ann, "BYE"), r#"{"command":"BYE_OK"}"#);
        assert_eq!(world.closed, [ann]);
        assert!(world.say(ann, r#"{"command":"PING"}"#).is_empty());
    }
}

#[test]
fn a_line_too_long_is_an_error_and_the_session_goes_on() {
    for mut world in World::both() {
        let ann = world.connect();
        let too_long = LineError::TooLong { limit: 7 };
        world.rules.handle_line(ann, Err(too_long), world.now);
        world.deliver();
        let lines = world.lines.remove(&ann).unwrap();
        assert_eq!(
            lines,
            [error_line("Line too long. At most 7 bytes are taken.")]
        );
        assert!(world.command(ann, "PING").contains("PONG"));
    }
}

#[test]
fn sessions_are_limited() {
    let mut world = World::new(false);
    for _ in 0..MAX_SESSIONS {
        world.connect();
    }
    let late = Conn(u64::MAX);
    world
        .rules
        .handle_connect(late, "late".parse().unwrap(), world.now);
    world.deliver();
    assert_eq!(world.closed, [late]);
}

#[test]
fn a_message_goes_to_its_target_before_the_sender_is_told() {
    for mut world in World::both() {
        let (ann, stranger) = (world.named("Ann"), world.connect());
        let relay = |target: &str| {
            format!(r#"{{"command":"RELAY_MESSAGE","targetId":"{target}","message":"a+b"}}"#)
        };
        let told = world.ask(ann, &relay(&id(stranger)));
        assert_eq!(
            told,
            format!(r#"{{"command":"RELAY_OK","targetId":"{}"}}"#, id(stranger))
        );
        let heard = world.lines.remove(&stranger).unwrap();
        assert_eq!(
            heard,
            [format!(
                r#"{{"command":"RELAYED_MESSAGE","senderId":"{}","senderName":"Ann","message":"a\u002Bb"}}"#,
                id(ann)
            )]
        );
        assert_eq!(world.say(ann, &relay(&id(ann))).len(), 2);
        assert_eq!(
            world.ask(ann, &relay("nobody")),
            error_line("Target player not found.")
        );
    }
}

#[test]
fn a_batch_is_answered_command_by_command_in_the_default_mode() {
    let batch = r#"{"command":"BATCH","messages":[{"command":"ping"},{"command":"x"},{"command":"NAME","name":"Zoe","password":"p"},{"command":"PLAYER_INFO"}]}"#;
    let mut world = World::new(true);
    let ann = world.named("Ann");
    assert!(world.ask(ann, batch).contains("UNKNOWN_COMMAND"));

    let mut world = World::new(false);
    let ann = world.named("Ann");
    let replies = world.say(ann, batch);
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
    let bad = world.ask(ann, r#"{"command":"BATCH","messages":[]}"#);
    assert_eq!(
        bad,
        error_line("A BATCH holds 1 to 10 commands and no other BATCH.")
    );
}
