//! Rooms that stay, rooms that are closed, and sessions that are ended.

use super::*;

#[test]
fn a_kept_room_outlives_its_players_and_whoever_comes_first_is_host() {
    let mut server = TestServer::new(false);
    let room = server.rules.open_room("Open", false).unwrap();
    assert!(server.rules.room(&room).unwrap().seats.is_empty());
    for player in ["Ann", "Bob"] {
        let conn = server.named(player);
        server.join(conn, room.as_str());
        let state = server.rules.room(&room).unwrap();
        assert_eq!(state.host.unwrap().as_str(), id(conn));
        assert_eq!((state.seats.len(), state.seats[0].name), (1, player));
        server.disconnect(conn);
    }
    assert_eq!(server.rules.room(&room).unwrap().host, None);
    assert!(
        server
            .rooms()
            .contains(r#""playerCount":0,"isActive":false,"hostId":null"#)
    );
}

#[test]
fn a_closed_room_is_gone_at_the_next_question() {
    let mut server = TestServer::new(false);
    let ann = server.named("Ann");
    let room = server.create(ann).parse().unwrap();
    server.rules.close_room(&room);
    assert_eq!(server.rooms(), "[]}");
    let gone = error_line("Cannot get players. Room not found.");
    assert_eq!(server.command(ann, "GET_ROOM_PLAYERS"), gone);
    assert!(server.rules.rooms().is_empty());
}

#[test]
fn a_kicked_session_is_told_why_and_closed() {
    let mut server = TestServer::new(false);
    let ann = server.named("Ann");
    assert_eq!(server.rules.online(ann).unwrap().name, "Ann");
    let session = server.rules.online(ann).unwrap().id;
    assert_eq!(server.rules.conn(&session), Some(ann));
    server.rules.kick(ann, "Too loud");
    server.deliver();
    assert_eq!(
        server.lines[&ann],
        [r#"{"command":"BYE_ADMIN","message":"Too loud"}"#]
    );
    assert_eq!(
        (server.closed.as_slice(), server.rules.online(ann)),
        (&[ann][..], None)
    );
}
