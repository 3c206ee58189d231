//! Bots as a player meets them.

use std::collections::HashMap;
use std::time::Duration;

use protocol::generation::Generation;
use serde_json::Value;
use server::{Bots, Options, Server};
use tokio::time::timeout;

use crate::client::{Client, DEADLINE};

const COUNT: usize = 3;

async fn start() -> Server {
    start_as(Generation::First).await
}

async fn start_as(generation: Generation) -> Server {
    let bots = Bots {
        count: COUNT,
        room: "Home of bots".into(),
        track: None,
    };
    let options = Options {
        generation,
        bots,
        ..Options::default()
    };
    Server::start(options).await.unwrap()
}

/// Ask for the rooms until one is as wanted.
async fn room(client: &mut Client, name: &str, players: usize, active: bool) -> Value {
    let poll = async {
        loop {
            let list: Value =
                serde_json::from_str(&client.ask(r#"{"command":"LIST_ROOMS"}"#).await).unwrap();
            let wanted = |room: &&Value| {
                room["name"] == name && room["playerCount"] == players && room["isActive"] == active
            };
            if let Some(room) = list["rooms"].as_array().unwrap().iter().find(wanted) {
                return room.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, poll)
        .await
        .unwrap_or_else(|_| panic!("no room {name} with {players} players"))
}

/// Listen until so many cars have moved by some metres each; says who and where from.
async fn moving_cars(client: &mut Client, count: usize) -> HashMap<String, [f64; 2]> {
    let own = format!(
        r#"{{"command":"UPDATE","sessionId":"{}","position":{{}},"rotation":{{}}}}"#,
        client.id
    );
    let mut first: HashMap<String, [f64; 2]> = HashMap::new();
    let mut moved: HashMap<String, [f64; 2]> = HashMap::new();
    let listen = async {
        while moved.len() < count {
            // The first of these tells the server where to send.
            client.send_sealed(&own).await;
            for _ in 0..20 {
                let Ok(heard) = timeout(Duration::from_millis(500), client.datagram()).await else {
                    break;
                };
                let heard: Value = serde_json::from_str(&heard).unwrap();
                let place = [&heard["position"]["x"], &heard["position"]["z"]]
                    .map(|axis| axis.as_f64().unwrap());
                let who = heard["sessionId"].as_str().unwrap().to_owned();
                let from = *first.entry(who.clone()).or_insert(place);
                if (place[0] - from[0]).hypot(place[1] - from[1]) > 5.0 {
                    moved.insert(who, from);
                }
            }
        }
    };
    timeout(DEADLINE, listen).await.unwrap();
    moved
}

#[tokio::test]
async fn bots_drive_in_their_room_and_a_player_who_joins_sees_them_move() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    let home = room(&mut ann, "Home of bots", COUNT, true).await;
    let joined = ann.join(home["id"].as_str().unwrap()).await;
    assert!(joined.contains("JOIN_OK"), "{joined}");
    moving_cars(&mut ann, COUNT).await;
}

#[tokio::test]
async fn bots_drive_in_later_generations_too() {
    for generation in [Generation::Chat, Generation::Token] {
        let server = start_as(generation).await;
        let mut ann = match generation {
            Generation::Token => Client::registered(&server, "Ann").await,
            _ => Client::named(&server, "Ann").await,
        };
        let home = room(&mut ann, "Home of bots", COUNT, true).await;
        let joined = ann.join(home["id"].as_str().unwrap()).await;
        assert!(joined.contains("JOIN_OK"), "{joined}");
        moving_cars(&mut ann, COUNT).await;
    }
}

#[tokio::test]
async fn bots_come_to_a_players_room_race_there_and_go_with_the_player() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    ann.create_room("Ann and others").await;
    // Long before the start, so that she receives everybody's positions from the first metre on.
    ann.send_sealed(&format!(
        r#"{{"command":"UPDATE","sessionId":"{}"}}"#,
        ann.id
    ))
    .await;
    room(&mut ann, "Ann and others", 1 + COUNT, false).await;
    let started = ann.ask(r#"{"command":"START_GAME"}"#).await;
    assert_eq!(started.matches(r#""y":-2"#).count(), 1 + COUNT, "{started}");
    ann.line().await;
    let from = moving_cars(&mut ann, COUNT).await;
    // Each came out of the garage the server gave it, so nobody came out of Ann's.
    let mut garages: Vec<i64> = from.values().map(|place| place[0].round() as i64).collect();
    garages.sort_unstable();
    assert_eq!(garages, [47, 54, 60]);

    ann.ask(r#"{"command":"LEAVE_ROOM"}"#).await;
    let gone = async {
        while ann
            .ask(r#"{"command":"LIST_ROOMS"}"#)
            .await
            .contains("Ann and others")
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, gone).await.unwrap();
}

#[tokio::test]
async fn too_many_bots_are_a_clear_error() {
    let bots = Bots {
        count: server::MAX_BOTS + 1,
        ..Bots::default()
    };
    let options = Options {
        bots,
        ..Options::default()
    };
    let error = Server::start(options).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("at most {} bots", server::MAX_BOTS)),
        "{error}"
    );
}

#[tokio::test]
async fn a_person_and_not_a_bot_becomes_the_host_of_a_running_race() {
    let server = start().await;
    let mut ann = Client::named(&server, "Ann").await;
    ann.create_room("Ann and others").await;
    // The bots are in the room longer than Ben.
    let listed = room(&mut ann, "Ann and others", 1 + COUNT, false).await;
    let mut ben = Client::named(&server, "Ben").await;
    let joined = ben.join(listed["id"].as_str().unwrap()).await;
    assert!(joined.contains("JOIN_OK"), "{joined}");
    let started = ann.ask(r#"{"command":"START_GAME"}"#).await;
    assert!(started.contains("GAME_STARTED"), "{started}");
    let mut eve = Client::named(&server, "Eve").await;
    drop(ann);
    let listed = room(&mut eve, "Ann and others", 1 + COUNT, true).await;
    assert_eq!(listed["hostId"].as_str(), Some(ben.id.as_str()));
}

#[tokio::test]
async fn a_circuit_that_is_too_long_is_refused_without_reading_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    // More than any memory has; it takes no room on the disk.
    file.as_file().set_len(1 << 40).unwrap();
    let bots = Bots {
        track: Some(file.path().to_owned()),
        ..Bots::default()
    };
    let options = Options {
        bots,
        ..Options::default()
    };
    let error = format!("{:#}", Server::start(options).await.unwrap_err());
    assert!(error.contains("more than 2097152 bytes"), "{error}");
}
