//! Spectators see the races of our own game server as each of its generations, through the players of the relay.

use protocol::generation::Generation;
use protocol::snapshot::Snapshot;
use relay::Relay;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;
use crate::generations::{config_of, start_server_as};
use crate::operating::values;
use crate::racer::Racer;
use crate::spectating::open;
use crate::within;

/// Each generation of our own game server, sane and with all defects of the original.
pub(crate) fn both_ways() -> impl Iterator<Item = (Generation, bool)> {
    let generations = [Generation::First, Generation::Chat, Generation::Token];
    let both = |generation| [(generation, false), (generation, true)];
    generations.into_iter().flat_map(both)
}

/// What one spectator has been shown last.
pub(crate) struct Seen {
    spectator: Browser,
    pub(crate) room: Value,
    pub(crate) cars: Vec<(u8, f32)>,
}

impl Seen {
    pub(crate) async fn watch(relay: &Relay, room: &str) -> Self {
        Self {
            spectator: open(relay, room, "mp-spectate.v1").await,
            room: Value::Null,
            cars: Vec::new(),
        }
    }

    /// Take the next frame.
    pub(crate) async fn next(&mut self) {
        match self.spectator.next().await {
            Message::Text(text) => self.room = serde_json::from_str(&text).unwrap(),
            Message::Binary(snapshot) => {
                let snapshot = Snapshot::decode(&snapshot).unwrap();
                let cars = snapshot.cars.iter().map(|car| (car.index, car.position.x));
                self.cars = cars.collect();
            }
            _ => {}
        }
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        let players = self.room["players"].as_array();
        let names = players.into_iter().flatten();
        let mut names: Vec<_> = names.filter_map(|it| it["name"].as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Say whether there are cars at exactly these places.
    pub(crate) fn are_at(&self, places: &[f32]) -> bool {
        let mut cars: Vec<_> = self.cars.iter().map(|(_, x)| *x).collect();
        cars.sort_by(f32::total_cmp);
        cars.len() == places.len() && cars.iter().zip(places).all(|(a, b)| (a - b).abs() < 0.1)
    }
}

#[tokio::test]
async fn players_of_another_relay_are_seen_through_one_players_copies() {
    for (generation, faithful) in both_ways() {
        let server = start_server_as(generation, faithful).await;
        let mut config = config_of(&server);
        config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        let relay = Relay::start(config).await.unwrap();
        let elsewhere = Relay::start(config_of(&server)).await.unwrap();
        let mut ann = Racer::sign_in(&relay, generation, "Annabel").await;
        let mut bob = Racer::sign_in(&relay, generation, "Bobby").await;
        let mut cy = Racer::sign_in(&elsewhere, generation, "Cyrus").await;
        let room = ann.create_room("Monza").await;
        bob.join(&room).await;
        let mut seen = Seen::watch(&relay, room.as_str()).await;
        cy.join(&room).await;
        let mut sent = 0;
        within("all three cars", async {
            while !seen.are_at(&[1.0, 2.0, 3.0]) {
                sent += 1;
                ann.drive(1.0).await;
                bob.drive(2.0).await;
                cy.drive(3.0).await;
                seen.next().await;
            }
        })
        .await;
        if generation.pushes_players() {
            assert_eq!(seen.names(), ["Annabel", "Bobby", "Cyrus"]);
        }
        // Each is sent two of three positions a round. Without a designated reader both would be opened for both: four.
        let opened = values(&relay).await["mp_relay_tapped_datagrams_total"];
        let most = match generation {
            Generation::First => 1,
            _ => 2,
        };
        assert!(
            opened <= f64::from(most * sent),
            "{opened} of {sent} rounds"
        );
        // The one whose copies are opened leaves, and the other one's are.
        drop(ann);
        within("the car of Cyrus to drive on", async {
            while !seen.are_at(&[2.0, 4.0]) {
                bob.drive(2.0).await;
                cy.drive(4.0).await;
                seen.next().await;
            }
        })
        .await;
    }
}
