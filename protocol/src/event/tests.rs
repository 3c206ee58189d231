//! Lines as servers write them, and lines as nobody should.

use super::*;
use proptest::prelude::*;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const R: &str = "11111111111111111111111111111111";

fn parse(line: &str) -> Event {
    Event::parse(&line.replace("$A", A).replace("$B", B).replace("$R", R))
}

fn a() -> SessionId {
    A.parse().unwrap()
}

fn room() -> RoomId {
    R.parse().unwrap()
}

#[test]
fn replies_without_content_worth_a_type_are_read() {
    let welcome = |generation| Event::Welcome {
        session_id: a(),
        generation,
    };
    assert_eq!(parse("CONNECTED|$A"), welcome(Generation::First));
    assert_eq!(
        parse(r#"{"command":"CONNECTED","sessionId":"$A"}"#),
        welcome(Generation::Token)
    );
    assert_eq!(parse(r#"{"command":"PONG"}"#), Event::Pong);
    assert_eq!(parse(r#"{"command":"BYE_OK"}"#), Event::ByeOk);
    assert_eq!(
        parse(r#"{"command":"JOIN_OK","roomId":"$R"}"#),
        Event::JoinOk {
            room_id: room(),
            players: None,
        }
    );
    assert_eq!(
        parse(r#"{"command":"LEAVE_OK","roomId":"$R"}"#),
        Event::LeaveOk { room_id: room() }
    );
    assert_eq!(
        parse(r#"{"command":"RELAY_OK","targetId":"$A"}"#),
        Event::RelayOk { target_id: a() }
    );
    let unknown = Event::UnknownCommand {
        original: "BATCH".into(),
    };
    assert_eq!(
        parse(r#"{"command":"UNKNOWN_COMMAND","originalCommand":"BATCH"}"#),
        unknown
    );
}

#[test]
fn texts_are_unescaped() {
    let line = r#"{"command":"RELAYED_MESSAGE","senderId":"$A","senderName":"Zo\u00EB","message":"\uD83C\uDFC1 \u002B"}"#;
    let message = Event::RelayedMessage {
        sender_id: a(),
        sender_name: "Zoë".into(),
        message: "🏁 +".into(),
    };
    assert_eq!(parse(line), message);
}

#[test]
fn both_spellings_of_player_info_are_read() {
    let expected = |room_id| {
        Event::PlayerInfo(PlayerInfo {
            id: a(),
            name: "Ann".into(),
            room_id,
        })
    };
    for (line, room_id) in [
        (
            r#"{"command":"PLAYER_INFO","playerInfo":{"Id":"$A","PlayerName":"Ann","CurrentRoomId":null}}"#,
            None,
        ),
        (
            r#"{"command":"PLAYER_INFO","playerInfo":{"Id":"$A","PlayerName":"Ann","CurrentRoomId":"$R"}}"#,
            Some(room()),
        ),
        (
            r#"{"command":"PLAYER_INFO","playerInfo":{"id":"$A","playerName":"Ann","currentRoomId":"$R"}}"#,
            Some(room()),
        ),
        (
            r#"{"command":"PLAYER_INFO","playerInfo":{"id":"$A","name":"Ann","currentRoomId":null}}"#,
            None,
        ),
    ] {
        assert_eq!(parse(line), expected(room_id), "{line}");
    }
}

#[test]
fn a_room_whose_host_is_no_id_is_listed_without_host() {
    let line = r#"{"command":"ROOM_LIST","rooms":[{"id":"$R","name":"go","playerCount":2,"isActive":true,"hostId":""}]}"#;
    let expected = Room {
        id: room(),
        name: "go".into(),
        player_count: 2,
        max_players: None,
        is_active: true,
        host_id: None,
    };
    assert_eq!(parse(line), Event::RoomList(vec![expected]));
}

#[test]
fn an_entry_of_a_list_that_cannot_be_read_is_left_out_alone() {
    let good = r#"{"id":"$R","name":"go","playerCount":2,"isActive":true,"hostId":"$A"}"#;
    let Event::RoomList(expected) =
        parse(&format!(r#"{{"command":"ROOM_LIST","rooms":[{good}]}}"#))
    else {
        panic!("not read")
    };
    for odd in [
        "7",
        "null",
        "[]",
        "{}",
        &good.replace("$R", ""),
        &good.replace("\"go\"", "null"),
        &good.replace("2", "-1"),
        &good.replace("2", "1e300"),
        &good.replace("2", "\"2\""),
        &good.replace("true", "1"),
    ] {
        let line = format!(r#"{{"command":"ROOM_LIST","rooms":[{odd},{good},{odd}]}}"#);
        assert_eq!(parse(&line), Event::RoomList(expected.clone()), "{odd}");
    }
    let line =
        r#"{"command":"ROOM_PLAYERS","roomId":"$R","players":[{"id":5},{"id":"$A","name":"Ann"}]}"#;
    let players = vec![Player {
        id: a(),
        name: "Ann".into(),
    }];
    let room_id = room();
    assert_eq!(parse(line), Event::RoomPlayers { room_id, players });
}

#[test]
fn q23_spawns_come_in_order_of_ids_as_place_or_number() {
    let line = r#"{"command":"GAME_STARTED","roomId":"$R","hostId":"$A","spawnPositions":{"$B":{"x":60,"y":-2,"z":0.8},"$A":{"spawnIndex":3}}}"#;
    let Event::GameStarted(started) = parse(line) else {
        panic!("not read")
    };
    assert_eq!(started.host_id, Some(a()));
    let place = Spawn::Place(Vec3::new(60.0, -2.0, 0.8));
    assert_eq!(
        started.spawns,
        [(a(), Spawn::Index(3)), (B.parse().unwrap(), place)]
    );
}

#[test]
fn lines_of_the_token_generation_are_read() {
    let account = |token: Option<&str>| Account {
        username: "Ann".into(),
        token: token.map(Token::new),
    };
    let ann = || Player {
        id: a(),
        name: "Ann".into(),
    };
    for (line, event) in [
        (
            r#"{"command":"REGISTER_OK","userId":42,"username":"Ann","token":"t"}"#,
            Event::RegisterOk(account(Some("t"))),
        ),
        (
            r#"{"command":"AUTO_AUTH_OK","userId":42,"username":"Ann"}"#,
            Event::AutoAuthOk(account(None)),
        ),
        (
            r#"{"command":"LOGIN_FAILED","message":"no"}"#,
            Event::LoginFailed {
                message: "no".into(),
            },
        ),
        (
            r#"{"command":"ROOM_CREATED","roomId":"$R","name":"go","maxPlayers":8}"#,
            Event::RoomCreated {
                room_id: room(),
                name: "go".into(),
                max_players: Some(8),
            },
        ),
        (
            r#"{"command":"JOIN_OK","roomId":"$R","players":[{"id":"$A","name":"Ann"}]}"#,
            Event::JoinOk {
                room_id: room(),
                players: Some(vec![ann()]),
            },
        ),
        (
            r#"{"command":"PLAYER_JOINED","sessionId":"$A","name":"Ann","roomId":"$R"}"#,
            Event::PlayerJoined {
                room_id: room(),
                player: ann(),
            },
        ),
        (
            r#"{"command":"PLAYER_LEFT","sessionId":"$A","name":"Ann","roomId":"$R"}"#,
            Event::PlayerLeft {
                room_id: room(),
                player: ann(),
            },
        ),
        (
            r#"{"command":"CHAT","roomId":"$R","senderName":"Ann","message":"hi","timestamp":"2025-06-19 00:31:07"}"#,
            Event::Chat {
                room_id: room(),
                sender_name: "Ann".into(),
                message: "hi".into(),
            },
        ),
        (
            r#"{"command":"HEARTBEAT_ACK","ackFor":"m1","serverTimestampMs":1780000000000,"sessionId":"$A"}"#,
            Event::HeartbeatAck {
                ack_for: Some("m1".into()),
                server_timestamp_ms: 1_780_000_000_000,
            },
        ),
        (r#"{"command":"PING"}"#, Event::Ping),
    ] {
        assert_eq!(parse(line), event);
    }
}

#[test]
fn an_unknown_line_is_kept_whole_with_its_kind() {
    for (line, kind) in [
        ("", ""),
        ("nonsense", ""),
        ("CONNECTED|", ""),
        ("[]", ""),
        (
            r#"{"command":"PLAYER_JOINED","sessionId":"x"}"#,
            "PLAYER_JOINED",
        ),
        (
            r#"{"command":"PLAYER_KILLED","killerId":"x"}"#,
            "PLAYER_KILLED",
        ),
        (r#"{"slots":[],"type":"INV_STATE_FULL"}"#, "INV_STATE_FULL"),
        (r#"{"type":"INV_ERROR","command":"PONG"}"#, "INV_ERROR"),
        (r#"{"command":"JOIN_OK"}"#, "JOIN_OK"),
        (r#"{"command":"JOIN_OK","roomId":5}"#, "JOIN_OK"),
        (r#"{"command":"UNKNOWN"}"#, "UNKNOWN"),
        (r#"{"action":"dance"}"#, "dance"),
    ] {
        let unknown = Event::Unknown {
            kind: kind.into(),
            line: line.to_owned(),
        };
        assert_eq!(Event::parse(line), unknown);
    }
}

#[test]
fn the_kind_of_a_line_is_read_without_the_rest() {
    let long = "<".repeat(1000);
    for (line, kind) in [
        (
            format!(r#"{{"command":"RELAYED_MESSAGE","senderId":5,"message":"{long}"}}"#),
            Some(EventKind::RelayedMessage),
        ),
        (
            format!(r#"{{"rooms":[{{"command":"CHAT"}},"{long}"],"command":"ROOM\u005fLIST"}}"#),
            Some(EventKind::RoomList),
        ),
        (r#"{"type":"INV_ERROR","command":"PONG"}"#.into(), None),
        (r#"{"command":"CHAT","command":"PONG"}"#.into(), None),
        (r#"{"command":"UNKNOWN"}"#.into(), None),
        (r#"{"command":"PONG""#.into(), None),
        (long, None),
    ] {
        assert_eq!(EventKind::of_line(&line), kind, "{line:.60}");
    }
}

proptest! {
    #[test]
    fn no_line_panics(line in "\\PC*|\\{\"command\":\"[A-Z_]{1,16}\",\"[a-zA-Z]{1,12}\":[0-9a-z\"{}\\[\\]:,]*\\}") {
        let _ = Event::parse(&line);
        let _ = EventKind::of_line(&line);
    }
}
