//! A circuit in the form of `track.json`, and what is computed from its lines.

use glam::DVec2;
use serde::{Deserialize, Serialize};

use crate::ring;

/// The width of the asphalt if a file gives none, in metres.
const DEFAULT_WIDTH_METRES: f64 = 12.0;
/// How many cars start from the grid: as many as fit into a room.
pub const GRID_PLACES: usize = 20;
/// From the start line back to the middle of the first car on the grid, and from each car to the next, in metres.
const GRID_METRES: [f64; 2] = [9.0, 6.5];
/// The share of the asphalt's width between the centre line and a place on the grid.
const GRID_ASIDE: f64 = 0.2;

/// A circuit. Points are metres on the game's ground: x to the right, z up on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Circuit {
    /// Empty if the file gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The width of the asphalt.
    #[serde(default = "default_width")]
    pub width_metres: f64,
    /// From the asphalt to the barrier. `None`: wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_off_metres: Option<f64>,
    /// Around the lap in driving order. The start line is at the first point, and the last one leads to it.
    pub centreline: Vec<DVec2>,
    /// From the garages to where it joins the track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pit_lane: Option<PitLane>,
    /// Where cars start if there is a pit lane too. Otherwise they start from the grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub garages: Option<Garages>,
}

/// The way from the garages onto the track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PitLane {
    /// The width of the asphalt.
    #[serde(default = "default_width")]
    pub width_metres: f64,
    /// In driving order.
    pub centreline: Vec<DVec2>,
}

/// A row of garages. Their doors face up on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Garages {
    /// Where the row is.
    pub z_metres: f64,
    /// The middle of each garage.
    pub x_metres: Vec<f64>,
}

fn default_width() -> f64 {
    DEFAULT_WIDTH_METRES
}

impl Circuit {
    /// Make a circuit that has a centre line and a name only.
    pub fn new(name: impl Into<String>, width_metres: f64, centreline: Vec<DVec2>) -> Self {
        Self {
            name: name.into(),
            width_metres,
            run_off_metres: None,
            centreline,
            pit_lane: None,
            garages: None,
        }
    }

    /// Write the file.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The length of a lap in metres.
    pub fn length(&self) -> f64 {
        ring::length(&self.centreline)
    }

    /// Say whether the lap goes clockwise on the map.
    pub fn is_clockwise(&self) -> bool {
        ring::area(&self.centreline) < 0.0
    }

    /// The pit lane and the garages, if cars start from there.
    pub fn garages(&self) -> Option<(&PitLane, &Garages)> {
        self.pit_lane.as_ref().zip(self.garages.as_ref())
    }

    /// A place on the grid: metres along the lap, and metres to the left of the centre line.
    pub fn grid_place(&self, index: usize) -> (f64, f64) {
        let [first, step] = GRID_METRES;
        let length = self.length();
        // On a short circuit the grid takes at most half a lap.
        let step = step.min(length / 2.0 / GRID_PLACES as f64);
        let place = index % GRID_PLACES;
        let side = if place.is_multiple_of(2) { 1.0 } else { -1.0 };
        let behind = first + step * place as f64;
        (
            (-behind).rem_euclid(length),
            side * GRID_ASIDE * self.width_metres,
        )
    }
}

/// Make a name from that of a file: `hill-climb.geojson` is "Hill climb". Empty if nothing of it can be seen.
pub fn name_of_file(file: &str) -> String {
    let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let words = names::without_unseen(&stem.replace(['-', '_'], " "));
    if !names::is_visible(&words) {
        return String::new();
    }
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Circuit {
        Circuit::read(include_bytes!("../../www/track.json")).unwrap()
    }

    #[test]
    fn the_demos_circuit_is_whole() {
        let circuit = demo();
        assert_eq!(circuit.name, "Garage Oval");
        assert!((circuit.length() - 927.1).abs() < 0.5);
        assert!(circuit.is_clockwise());
        let (lane, garages) = circuit.garages().unwrap();
        assert_eq!((lane.centreline.len(), garages.x_metres.len()), (10, 20));
        assert_eq!(Circuit::read(circuit.to_json().as_bytes()), Ok(circuit));
    }

    /// `www/test/track.test.js` has the same numbers: page and bots must agree.
    #[test]
    fn the_grid_is_two_columns_behind_the_start_line() {
        let circuit = demo();
        let length = circuit.length();
        let place = |index| {
            let (along, left) = circuit.grid_place(index);
            ((length - along).round(), (left * 10.0).round() / 10.0)
        };
        assert_eq!(place(0), (9.0, 3.2));
        assert_eq!(place(1), (16.0, -3.2));
        assert_eq!(place(19), (133.0, -3.2));
        assert_eq!(place(20), place(0));
    }

    #[test]
    fn a_file_gives_a_name() {
        assert_eq!(name_of_file("/home/ann/hill-climb.geojson"), "Hill climb");
        assert_eq!(name_of_file("C:\\x\\my_track.json"), "My track");
        assert_eq!(name_of_file("x/\u{202e}evil.gpx"), "Evil");
        assert_eq!(name_of_file("x/\u{200b}.gpx"), "");
        assert_eq!(name_of_file(""), "");
    }
}
