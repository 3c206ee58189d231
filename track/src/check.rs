//! Checks the content of a circuit's file. Each error names the key and says what to do.

use std::io::{self, Read};
use std::ops::RangeInclusive;

use glam::DVec2;
use thiserror::Error;

use crate::circuit::Circuit;
use crate::format::{Format, without_mark};
use crate::{ring, shape};

/// The longest circuit's file: [`MAX_POINTS`] points with many decimals.
pub const MAX_CIRCUIT_BYTES: usize = 2 << 20;
/// The most points of a line: the Nordschleife in steps of one metre.
pub const MAX_POINTS: usize = 20_000;
const MIN_POINTS: usize = 8;
const MAX_PIT_POINTS: usize = 2000;
/// More than a room has players; the page draws all of them.
const MAX_GARAGES: usize = 100;
const WIDTHS_METRES: RangeInclusive<f64> = 3.0..=60.0;
const RUN_OFFS_METRES: RangeInclusive<f64> = 2.0..=60.0;
/// A datagram's place is exact to centimetres up to here.
const MAX_METRES: f64 = 100_000.0;
const LENGTHS_METRES: RangeInclusive<f64> = 100.0..=200_000.0;
const MAX_NAME_LETTERS: usize = 80;
/// Points nearer to each other than this are one point: the direction from one to the other means nothing.
const SAME_METRES: f64 = 0.05;
/// How far from the road a pit lane may be, and garages from their pit lane. Bots drive straight across that gap.
const MAX_PIT_METRES: f64 = 100.0;

/// Why a file is not a valid circuit.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CircuitError {
    /// The file is too long.
    #[error("it has more than {MAX_CIRCUIT_BYTES} bytes, the most that a circuit may have")]
    TooLong,
    /// It is a file of another format.
    #[error(
        "it is {0}: convert it with `cargo xtask track FILE`, or on the relay's page /track.html"
    )]
    Foreign(Format),
    /// It is not JSON, or a key is missing or of the wrong type.
    #[error("{what}; {advice}")]
    Malformed {
        /// The key, and what is wrong with it.
        what: String,
        /// What to write instead.
        advice: String,
    },
}

/// Read a file, but at most one byte more than `most`. So the caller can refuse a longer one without reading all of it.
///
/// # Errors
/// It cannot be read.
pub fn read_at_most(file: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(end).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn wrong(what: impl Into<String>, advice: impl Into<String>) -> CircuitError {
    CircuitError::Malformed {
        what: what.into(),
        advice: advice.into(),
    }
}

impl Circuit {
    /// Read and check a circuit's file. A last point that repeats the first is dropped, as are unknown keys.
    ///
    /// # Errors
    /// The file is not a valid circuit. The error says why, and what to do.
    pub fn read(file: &[u8]) -> Result<Self, CircuitError> {
        read(file)
    }
}

fn read(file: &[u8]) -> Result<Circuit, CircuitError> {
    if file.len() > MAX_CIRCUIT_BYTES {
        return Err(CircuitError::TooLong);
    }
    match Format::of(file) {
        Some(Format::Circuit) => {}
        Some(other) => return Err(CircuitError::Foreign(other)),
        None => return Err(wrong("it is not a JSON object", FORM)),
    }
    let mut json = serde_json::Deserializer::from_slice(without_mark(file));
    let circuit = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (key, cause) = (error.path().to_string(), error.inner());
        match cause.is_data() && key != "." {
            true => wrong(format!("\"{key}\" is wrong: {cause}"), FORM),
            false => wrong(cause.to_string(), FORM),
        }
    })?;
    json.end()
        .map_err(|cause| wrong(cause.to_string(), "leave out what follows the object"))?;
    checked(circuit)
}

const FORM: &str = r#"write {"centreline": [[x, z], …]} in metres"#;

/// Check a circuit, whether it was read or converted.
pub(crate) fn checked(mut circuit: Circuit) -> Result<Circuit, CircuitError> {
    circuit.name = checked_name(&circuit.name)?;
    check_metres("widthMetres", circuit.width_metres, WIDTHS_METRES)?;
    if let Some(metres) = circuit.run_off_metres {
        check_metres("runOffMetres", metres, RUN_OFFS_METRES)?;
    }
    while let [first, .., last] = circuit.centreline[..]
        && is_same(first, last)
    {
        circuit.centreline.pop();
    }
    check_points("centreline", &circuit.centreline, MIN_POINTS..=MAX_POINTS)?;
    check_length(&circuit.centreline)?;
    check_shape(&circuit.centreline, circuit.width_metres)?;
    if let Some(lane) = &circuit.pit_lane {
        check_metres("pitLane.widthMetres", lane.width_metres, WIDTHS_METRES)?;
        check_points("pitLane.centreline", &lane.centreline, 2..=MAX_PIT_POINTS)?;
        let road = || ring::segments(&circuit.centreline);
        check_near("pitLane.centreline", &lane.centreline, "the road", road)?;
    }
    if let Some(garages) = &circuit.garages {
        let row = &garages.x_metres;
        if !(1..=MAX_GARAGES).contains(&row.len()) {
            let advice = format!("give 1 to {MAX_GARAGES}, or leave out \"garages\"");
            return Err(wrong(
                format!("\"garages.xMetres\" has {} places", row.len()),
                advice,
            ));
        }
        if !row.iter().chain([&garages.z_metres]).copied().all(is_near) {
            return Err(wrong(
                "\"garages\" is 100 km or more from the middle",
                "give metres",
            ));
        }
    }
    if let Some((lane, row)) = circuit.garages() {
        let garages = row.x_metres.iter().map(|&x| DVec2::new(x, row.z_metres));
        let garages: Vec<DVec2> = garages.collect();
        let pairs = || lane.centreline.windows(2).map(|pair| (pair[0], pair[1]));
        check_near("garages.xMetres", &garages, "the pit lane", pairs)?;
    }
    Ok(circuit)
}

/// Keep the letters that can be shown. A blank name is no name.
fn checked_name(name: &str) -> Result<String, CircuitError> {
    let shown = names::without_unseen(name);
    let shown: String = shown.trim().chars().take(MAX_NAME_LETTERS).collect();
    match names::is_visible(&shown) {
        true => Ok(shown.trim_end().to_owned()),
        false if name.trim().is_empty() => Ok(String::new()),
        false => Err(wrong(
            "\"name\" has no letter that can be seen",
            "write one, or leave it out",
        )),
    }
}

/// Check that there is room inside the lap, and that the road does not lie on itself.
fn check_shape(centreline: &[DVec2], width: f64) -> Result<(), CircuitError> {
    let breadth = shape::breadth(centreline);
    if breadth < *WIDTHS_METRES.start() {
        return Err(wrong(
            "\"centreline\" goes there and back on one line",
            "draw a lap that has room inside",
        ));
    }
    if breadth <= width {
        return Err(wrong(
            format!("\"widthMetres\" is {width}, and the whole circuit is {breadth:.0} m across"),
            "give a narrower road or a larger circuit",
        ));
    }
    let Some((one, other)) = shape::overlap(centreline, width) else {
        return Ok(());
    };
    Err(wrong(
        format!(
            "\"centreline\" lies on itself: after {one:.0} m and after {other:.0} m the road, {width} m wide, covers the same ground"
        ),
        "draw one lap with room between its straights, or give a smaller \"widthMetres\"",
    ))
}

/// Check that each place is near a line.
fn check_near<S: Iterator<Item = (DVec2, DVec2)>>(
    key: &str,
    places: &[DVec2],
    line_name: &str,
    line: impl Fn() -> S,
) -> Result<(), CircuitError> {
    let distances = places.iter().map(|&place| shape::distance(place, line()));
    let far = distances
        .enumerate()
        .find(|(_, metres)| *metres > MAX_PIT_METRES);
    let Some((index, metres)) = far else {
        return Ok(());
    };
    Err(wrong(
        format!("\"{key}[{index}]\" is {metres:.0} m from {line_name}"),
        format!("put it within {MAX_PIT_METRES} m, or leave it out"),
    ))
}

/// Say whether two points are one.
fn is_same(one: DVec2, other: DVec2) -> bool {
    one.distance(other) < SAME_METRES
}

fn check_metres(key: &str, metres: f64, range: RangeInclusive<f64>) -> Result<(), CircuitError> {
    if range.contains(&metres) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    let advice = format!("give a number from {least} to {most}, or leave it out");
    Err(wrong(format!("\"{key}\" is {metres}"), advice))
}

fn check_points(
    key: &str,
    points: &[DVec2],
    count: RangeInclusive<usize>,
) -> Result<(), CircuitError> {
    if !count.contains(&points.len()) {
        let what = format!("\"{key}\" has {} points", points.len());
        let advice = format!("give {} to {}", count.start(), count.end());
        return Err(wrong(what, advice));
    }
    for (index, point) in points.iter().enumerate() {
        if !is_near(point.x) || !is_near(point.y) {
            let what = format!("\"{key}[{index}]\" is 100 km or more from the middle");
            return Err(wrong(what, "give metres"));
        }
        if points
            .get(index + 1)
            .is_some_and(|next| is_same(*point, *next))
        {
            let what = format!(
                "\"{key}[{}]\" is the same as the point before it, to 5 cm",
                index + 1
            );
            return Err(wrong(what, "leave it out"));
        }
    }
    Ok(())
}

fn check_length(points: &[DVec2]) -> Result<(), CircuitError> {
    let metres = ring::length(points);
    if LENGTHS_METRES.contains(&metres) {
        return Ok(());
    }
    let (least, most) = (LENGTHS_METRES.start(), LENGTHS_METRES.end() / 1000.0);
    Err(wrong(
        format!("\"centreline\" is {metres:.1} m long"),
        format!("give metres: a lap has {least} m to {most} km"),
    ))
}

fn is_near(metres: f64) -> bool {
    metres.abs() < MAX_METRES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(file: &str) -> String {
        Circuit::read(file.as_bytes()).expect_err(file).to_string()
    }

    /// A square of eight points.
    const SQUARE: &str = "[0,0],[0,50],[0,100],[50,100],[100,100],[100,50],[100,0],[50,0]";

    #[test]
    fn a_centre_line_is_enough() {
        let circuit = Circuit::read(format!("{{\"centreline\":[{SQUARE}]}}").as_bytes()).unwrap();
        assert_eq!((circuit.name.as_str(), circuit.width_metres), ("", 12.0));
        assert_eq!(circuit.length(), 400.0);
        assert!(circuit.is_clockwise() && circuit.garages().is_none());
        let minimal = include_bytes!("../tests/circuits/minimal.json");
        assert_eq!(Circuit::read(minimal).unwrap().centreline.len(), 64);
    }

    #[test]
    fn a_closed_ring_is_the_same_circuit() {
        let closed = Circuit::read(include_bytes!("../tests/circuits/closed.json")).unwrap();
        let open = Circuit::read(include_bytes!("../tests/circuits/minimal.json")).unwrap();
        assert_eq!(closed.centreline, open.centreline);
    }

    #[test]
    fn other_formats_are_named_with_the_command_that_converts_them() {
        for (file, name) in [
            (
                include_str!("../tests/circuits/raw.geojson"),
                "it is GeoJSON",
            ),
            (include_str!("../tests/circuits/raw.gpx"), "it is GPX"),
            (include_str!("../tests/circuits/raw.csv"), "it is CSV"),
        ] {
            let refusal = refusal(file);
            assert!(refusal.starts_with(name), "{refusal}");
            assert!(refusal.contains("cargo xtask track FILE"), "{refusal}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_what_to_do() {
        let with = |more: &str| format!("{{\"centreline\":[{SQUARE}{more}}}");
        for (file, words) in [
            ("", "it is not a JSON object; write"),
            ("{", "EOF"),
            ("[]", "it is not a JSON object"),
            ("{}", "missing field `centreline`"),
            (
                "{\"centreline\":[]}",
                "\"centreline\" has 0 points; give 8 to 20000",
            ),
            (
                "{\"centreline\":7}",
                "\"centreline\" is wrong: invalid type",
            ),
            (&with(",[1]]"), "\"centreline[8]\" is wrong"),
            (&with(",[1,\"2\"]]"), "\"centreline[8][1]\" is wrong"),
            (
                &with(",[1,1e9]]"),
                "\"centreline[8]\" is 100 km or more from the middle",
            ),
            (&with(",[1,1e999]]"), "number out of range"),
            (
                &with(",[50,0],[1,1]]"),
                "\"centreline[8]\" is the same as the point before it",
            ),
            (
                &with("],\"widthMetres\":1"),
                "\"widthMetres\" is 1; give a number from 3 to 60",
            ),
            (
                &with("],\"name\":7"),
                "\"name\" is wrong: invalid type: integer `7`, expected a string",
            ),
            (&with("],\"pitLane\":7"), "\"pitLane\" is wrong"),
            (
                &with("],\"pitLane\":{\"centreline\":[[1,1]]}"),
                "\"pitLane.centreline\" has 1 points; give 2",
            ),
            (
                &with("],\"garages\":{\"zMetres\":0,\"xMetres\":[]}"),
                "\"garages.xMetres\" has 0 places",
            ),
            (&(with("]") + "x"), "trailing characters"),
            (
                "{\"centreline\":[[0,0],[0,1],[0,2],[1,2],[2,2],[2,1],[2,0],[1,0]]}",
                "is 8.0 m long; give metres",
            ),
        ] {
            let refusal = refusal(file);
            assert!(refusal.contains(words), "{file}: {refusal}");
        }
        let long = vec![b' '; MAX_CIRCUIT_BYTES + 1];
        assert!(matches!(Circuit::read(&long), Err(CircuitError::TooLong)));
    }

    #[test]
    fn a_circuit_that_nobody_can_drive_is_refused() {
        let ring = |points: &[[f64; 2]], more: &str| {
            let points = serde_json::to_string(points).unwrap();
            format!("{{\"centreline\":{points}{more}}}")
        };
        let rectangle = |width: f64, height: f64| {
            let side = |part: f64| [part * width, 0.0];
            let back = |part: f64| [(1.0 - part) * width, height];
            let parts = [0.0, 0.3, 0.7, 1.0];
            [parts.map(side), parts.map(back)].concat()
        };
        let line: Vec<[f64; 2]> = (0..20).map(|step| [f64::from(step) * 20.0, 5.0]).collect();
        let sloping: Vec<[f64; 2]> = line.iter().map(|[x, _]| [x * 0.7, x * 0.3]).collect();
        let twice = [rectangle(200.0, 100.0), rectangle(200.0, 100.0)].concat();
        let mut spur = rectangle(200.0, 100.0);
        spur.splice(2..2, [[100.0, 0.0], [100.0, 90.0], [101.0, 0.0]]);
        let square = |more: &str| format!("{{\"centreline\":[{SQUARE}]{more}}}");
        for (file, words) in [
            (ring(&line, ""), "goes there and back on one line; draw"),
            (ring(&sloping, ""), "goes there and back on one line"),
            (
                ring(&rectangle(200.0, 2.0), ""),
                "goes there and back on one line",
            ),
            (
                ring(&rectangle(200.0, 30.0), ",\"widthMetres\":40"),
                "\"widthMetres\" is 40, and the whole circuit is 30 m across; give a narrower road",
            ),
            (
                ring(&twice, ""),
                "\"centreline\" lies on itself: after 0 m and after 600 m",
            ),
            (ring(&spur, ""), "\"centreline\" lies on itself"),
            (
                square(",\"pitLane\":{\"centreline\":[[0,20],[900,20]]}"),
                "\"pitLane.centreline[1]\" is 800 m from the road; put it within 100 m",
            ),
            (
                square(
                    ",\"pitLane\":{\"centreline\":[[0,20],[50,20]]},\"garages\":{\"zMetres\":20,\"xMetres\":[10,9000]}",
                ),
                "\"garages.xMetres[1]\" is 8950 m from the pit lane",
            ),
            (
                square(",\"name\":\"\u{200b}\u{3164}\""),
                "\"name\" has no letter that can be seen",
            ),
            (
                square("").replace("[0,0],", "[0,0],[0.01,0.01],"),
                "\"centreline[1]\" is the same as the point before it, to 5 cm",
            ),
            (
                square("").replace("[0,50]", "[1e30,0]"),
                "is 100 km or more from the middle",
            ),
            (square("").replace("[0,50]", "[NaN,0]"), "expected"),
            (
                square("").replace("[0,50]", "[null,0]"),
                "\"centreline[1][0]\" is wrong",
            ),
        ] {
            let refusal = refusal(&file);
            assert!(refusal.contains(words), "{file}: {refusal}");
        }
        assert!(Circuit::read(ring(&rectangle(200.0, 30.0), "").as_bytes()).is_ok());
        assert!(Circuit::read(square(",\"name\":\" \"").as_bytes()).is_ok());
        let almost_closed = square("").replace("[50,0]", "[50,0],[0.001,0]");
        let circuit = Circuit::read(almost_closed.as_bytes()).unwrap();
        assert_eq!(circuit.centreline.len(), 8);
    }

    /// `www/test/track.test.js` reads the same file: what is wrong with the form, the page refuses too.
    #[test]
    fn every_circuit_of_the_list_is_refused() {
        let list = include_str!("../tests/circuits/refused.json");
        let list: Vec<serde_json::Value> = serde_json::from_str(list).unwrap();
        for case in list {
            let refusal = refusal(&case["file"].to_string());
            assert!(refusal.contains("; "), "{}: {refusal}", case["why"]);
        }
    }

    #[test]
    fn the_most_points_and_the_longest_lap_are_checked_in_moments() {
        let count = MAX_POINTS;
        let radius = 199_000.0 / std::f64::consts::TAU;
        let point = |index: usize| {
            DVec2::from_angle(index as f64 / count as f64 * std::f64::consts::TAU) * radius
        };
        let ring = (0..count).map(point).collect();
        assert!(checked(Circuit::new("", 3.0, ring)).is_ok());
    }

    #[test]
    fn no_more_of_a_file_is_read_than_may_be_used() {
        /// Fails if it is asked for more.
        struct Endless(usize);
        impl Read for Endless {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                let count = bytes.len().min(self.0);
                self.0 -= count;
                match count {
                    0 => Err(io::Error::other("read too far")),
                    _ => Ok(count),
                }
            }
        }
        assert_eq!(read_at_most(Endless(1001), 1000).unwrap().len(), 1001);
        assert_eq!(read_at_most(&b"short"[..], 1000).unwrap(), b"short");
        assert!(read_at_most(Endless(0), 1000).is_err());
    }

    #[test]
    fn a_name_is_cut_to_letters_that_can_be_shown() {
        let file = format!(
            "{{\"name\":\" \u{202e}a\\u0007b{}\",\"centreline\":[{SQUARE}]}}",
            "c".repeat(99)
        );
        let name = Circuit::read(file.as_bytes()).unwrap().name;
        assert!(name.starts_with("abc") && name.len() == 80);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Circuit::read(&file);
        }

        #[test]
        fn no_numbers_panic(points in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..40), width in any::<f64>()) {
            let centreline = points.into_iter().map(DVec2::from).collect();
            if let Ok(circuit) = checked(Circuit::new("", width, centreline)) {
                prop_assert!(circuit.length().is_finite());
                prop_assert!(circuit.grid_place(7).0.is_finite());
                prop_assert_eq!(Circuit::read(circuit.to_json().as_bytes()), Ok(circuit));
            }
        }
    }
}
