//! What is sent on, to whom, and what is dropped.

use std::io::Write as _;

use flate2::write::GzEncoder;

use super::*;

/// Two players in one room whose places are known.
fn pair(faithful: bool) -> (TestServer, Conn, Conn, String) {
    let mut server = TestServer::new(faithful);
    let (ann, bob) = (server.named("Ann"), server.named("Bob"));
    let room = server.create(ann);
    server.join(bob, &room);
    assert!(server.send_datagram(ann, &update(&id(ann), "0")).is_empty());
    assert_eq!(
        server.send_datagram(bob, &update(&id(bob), "0")),
        [(address(ann), updated(&id(bob), "0"))]
    );
    (server, ann, bob, room)
}

fn both() -> [(TestServer, Conn, Conn, String); 2] {
    [pair(true), pair(false)]
}

#[test]
fn absent_fields_have_defaults_and_wrong_ones_drop_the_datagram() {
    for (mut server, ann, bob, _) in both() {
        let sender = id(ann);
        let bare = format!(r#"{{"command":"UPDATE","sessionId":"{sender}"}}"#);
        assert_eq!(
            server.send_datagram(ann, &bare),
            [(address(bob), updated(&sender, "0"))]
        );
        for wrong in ["\"1\"", "null", "true", "{}"] {
            assert!(
                server
                    .send_datagram(ann, &update(&sender, wrong))
                    .is_empty(),
                "{wrong}"
            );
        }
        for position in ["null", "5", "[]", "\"x\""] {
            let text =
                format!(r#"{{"command":"UPDATE","sessionId":"{sender}","position":{position}}}"#);
            assert!(server.send_datagram(ann, &text).is_empty(), "{position}");
        }
        for text in [
            "",
            "{}",
            "[]",
            "5",
            r#"{"command":"update"}"#,
            r#"{"command":"UPDATE"}"#,
        ] {
            assert!(server.send_datagram(ann, text).is_empty(), "{text}");
        }
    }
}

#[test]
fn numbers_are_32_bit_floats_in_the_spelling_of_the_original() {
    for (mut server, ann, bob, _) in both() {
        for (sent, spelled) in [
            ("1e-7", "1E-07"),
            ("16777217", "16777216"),
            ("-0", "-0"),
            ("1E20", "1E+20"),
        ] {
            let heard = server.send_datagram(ann, &update(&id(ann), sent));
            assert_eq!(heard, [(address(bob), updated(&id(ann), spelled))]);
        }
    }
}

#[test]
fn a_position_that_overflows_reaches_nobody() {
    for (mut server, ann, _, _) in both() {
        assert!(
            server
                .send_datagram(ann, &update(&id(ann), "1e99"))
                .is_empty()
        );
    }
}

#[test]
fn a_position_that_overflows_still_sets_the_endpoint() {
    for (mut server, ann, bob, room) in both() {
        let cy = server.named("Cy");
        server.join(cy, &room);
        assert!(
            server
                .send_datagram(cy, &update(&id(cy), "1e99"))
                .is_empty()
        );
        let heard = server.send_datagram(ann, &update(&id(ann), "1"));
        let line = updated(&id(ann), "1");
        assert_eq!(heard.len(), 2, "{heard:?}");
        for to in [bob, cy] {
            assert!(heard.contains(&(address(to), line.clone())), "{heard:?}");
        }
    }
}

#[test]
fn the_original_trusts_the_id_in_the_text_and_we_trust_the_key() {
    for (faithful, heard) in [(true, 1), (false, 0)] {
        let (mut server, ann, bob, _) = pair(faithful);
        let eve = server.named("Eve");
        // Eve claims to be Bob, with her own key.
        assert_eq!(
            server.send_datagram(eve, &update(&id(bob), "9")).len(),
            heard
        );
        let _ = ann;
    }
}

#[test]
fn every_update_sets_the_senders_endpoint_again() {
    for (mut server, ann, bob, _) in both() {
        let moved = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        server.send_datagram_bytes(moved, &seal(ann, update(&id(ann), "1").as_bytes()));
        assert_eq!(
            server.send_datagram(bob, &update(&id(bob), "2")),
            [(moved, updated(&id(bob), "2"))]
        );
    }
}

#[test]
fn an_input_is_passed_on_as_it_came_and_only_with_room_and_input() {
    for (mut server, ann, bob, room) in both() {
        let sender = id(ann);
        let sent = format!(
            r#"{{ "command":"INPUT", "sessionId":"{sender}", "roomId":"{room}", "input":5.0, "more":[1e5, "é"] }}"#
        );
        let passed = format!(
            r#"{{"command":"INPUT","sessionId":"{sender}","roomId":"{room}","input":5.0,"more":[1e5,"\u00E9"]}}"#
        ) + "\n";
        assert_eq!(server.send_datagram(ann, &sent), [(address(bob), passed)]);
        for missing in ["roomId", "input", "sessionId", "command"] {
            assert!(
                server
                    .send_datagram(ann, &sent.replace(missing, "other"))
                    .is_empty(),
                "{missing}"
            );
        }
        assert!(
            server
                .send_datagram(ann, &sent.replace(&room, "nope"))
                .is_empty()
        );
    }
}

#[test]
fn an_input_to_a_strangers_room_is_passed_on_by_the_original_only() {
    for (faithful, heard) in [(true, 2), (false, 0)] {
        let (mut server, _, _, room) = pair(faithful);
        let eve = server.named("Eve");
        let text = format!(
            r#"{{"command":"INPUT","sessionId":"{}","roomId":"{room}","input":{{}}}}"#,
            id(eve)
        );
        assert_eq!(server.send_datagram(eve, &text).len(), heard);
    }
}

#[test]
fn plain_damaged_and_unauthenticated_datagrams_are_dropped() {
    for (mut server, ann, _, _) in both() {
        let text = update(&id(ann), "1");
        let sealed = seal(ann, text.as_bytes());
        let mut longer = sealed.clone();
        longer.push(0);
        let mut big_endian = sealed.clone();
        big_endian[..4].reverse();
        let mut empty = sealed.clone();
        empty[..4].fill(0);
        let shorter = &sealed[..sealed.len() - 1];
        for bytes in [
            text.as_bytes(),
            &longer,
            shorter,
            &big_endian,
            &empty,
            &sealed[4..],
            &[],
        ] {
            assert!(server.send_datagram_bytes(address(ann), bytes).is_empty());
        }
        let stranger = server.connect();
        assert!(
            server
                .send_datagram(stranger, &update(&id(ann), "1"))
                .is_empty()
        );
        assert_eq!(server.send_datagram_bytes(address(ann), &sealed).len(), 1);
    }
}

#[test]
fn compressed_datagrams_are_understood_in_the_default_mode() {
    for (faithful, heard) in [(true, 0), (false, 1)] {
        let (mut server, ann, _, _) = pair(faithful);
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(update(&id(ann), "1").as_bytes()).unwrap();
        let sealed = seal(ann, &packed.finish().unwrap());
        assert_eq!(
            server.send_datagram_bytes(address(ann), &sealed).len(),
            heard
        );
    }
}

#[test]
fn endpoints_of_ended_sessions_are_forgotten() {
    let (mut server, ann, bob, _) = pair(false);
    server.disconnect(ann);
    assert!(server.send_datagram(bob, &update(&id(bob), "1")).is_empty());
    server.disconnect(bob);
    assert!(server.rules.endpoints.is_empty() && server.rules.conns.is_empty());
    assert_eq!(
        (server.rules.rooms.len(), server.rules.sessions.len()),
        (0, 0)
    );
}

#[test]
fn by_default_datagrams_come_only_from_the_address_of_the_lines() {
    for (faithful, heard) in [(true, 1), (false, 0)] {
        let (mut server, ann, bob, _) = pair(faithful);
        // Whoever is in a room knows the session ids of all its members, and the secret is public.
        let elsewhere = SocketAddr::from(([127, 0, 0, 2], 7));
        let forged = seal(ann, update(&id(ann), "9").as_bytes());
        assert_eq!(server.send_datagram_bytes(elsewhere, &forged).len(), heard);
        if !faithful {
            // The forger does not get the datagrams of others either.
            let to = server.send_datagram(bob, &update(&id(bob), "2"));
            assert_eq!(to, [(address(ann), updated(&id(bob), "2"))]);
        }
    }
}

#[test]
fn an_ipv4_address_inside_an_ipv6_one_is_the_same_address() {
    let (mut server, ann, _, _) = pair(false);
    let mapped = SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), 7));
    let sealed = seal(ann, update(&id(ann), "1").as_bytes());
    assert_eq!(server.send_datagram_bytes(mapped, &sealed).len(), 1);

    let late = Conn(99);
    let session = id(late).parse().unwrap();
    let now = server.now;
    server.rules.handle_connect(late, session, mapped.ip(), now);
    server.say(late, &name("Late"));
    let room = server.create(late);
    server.join(ann, &room);
    server.send_datagram(ann, &update(&id(ann), "1"));
    let sealed = seal(late, update(&id(late), "1").as_bytes());
    let plain = SocketAddr::from((Ipv4Addr::LOCALHOST, 8));
    assert_eq!(server.send_datagram_bytes(plain, &sealed).len(), 1);
}

#[test]
fn the_first_block_rules_out_nearly_every_wrong_key_and_no_right_one() {
    let mut server = TestServer::new(true);
    let ann = server.named("Ann");
    for text in [
        "{}",
        "[]",
        "5",
        "null",
        " \n {\"a\":\"€\"}",
        "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t{}",
        "{\"command\":\"UPDATE\"}",
    ] {
        let elsewhere = SocketAddr::from(([127, 0, 0, 2], u16::try_from(text.len()).unwrap()));
        server.send_datagram_bytes(elsewhere, &seal(ann, text.as_bytes()));
        assert_eq!(server.rules.endpoints.get(&elsewhere), Some(&ann), "{text}");
    }
    let session = &server.rules.sessions[&ann];
    let mut random = 1_u64;
    let passed = (0..4_000).filter(|_| {
        let mut junk = vec![0; 1604];
        junk[..4].copy_from_slice(&1600_u32.to_le_bytes());
        for byte in &mut junk[4..] {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = (random >> 56) as u8;
        }
        server.rules.may_be_from(session, address(ann), &junk)
    });
    let passed = passed.count();
    assert!(passed < 120, "{passed} of 4000 would be opened whole");
}
