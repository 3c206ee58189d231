//! Converts whole and damaged files of each format.

use proptest::prelude::*;

use super::*;

const GEOJSON: &[u8] = include_bytes!("../../tests/circuits/raw.geojson");
const GPX: &[u8] = include_bytes!("../../tests/circuits/raw.gpx");
const CSV: &[u8] = include_bytes!("../../tests/circuits/raw.csv");
const CIRCUIT: &[u8] = include_bytes!("../../tests/circuits/minimal.json");

fn source(file: &[u8]) -> Source {
    Source::read(file, "some-ring.x").unwrap()
}

fn refusal(file: &str) -> String {
    Source::read(file.as_bytes(), "")
        .expect_err(file)
        .to_string()
}

/// The three files were made from this one circuit.
fn expected() -> Circuit {
    source(CIRCUIT).circuit(&Options::default()).unwrap()
}

/// How far the circuits are apart at most, each with its middle at the origin.
fn apart(one: &Circuit, other: &Circuit) -> f64 {
    let middle = |points: &[DVec2]| {
        let low = points.iter().copied().reduce(DVec2::min).unwrap();
        let high = points.iter().copied().reduce(DVec2::max).unwrap();
        (low + high) / 2.0
    };
    let shift = middle(&other.centreline) - middle(&one.centreline);
    let dense = ring::smooth(&other.centreline, 20);
    let nearest = |point: &DVec2| {
        let distances = dense.iter().map(|place| place.distance(point + shift));
        distances.fold(f64::INFINITY, f64::min)
    };
    one.centreline.iter().map(nearest).fold(0.0, f64::max)
}

#[test]
fn every_format_becomes_the_same_circuit_in_metres() {
    let expected = expected();
    for (file, format, name, width) in [
        (GEOJSON, Format::GeoJson, "Made-up ring", 12.0),
        (GPX, Format::Gpx, "Made-up ring", 12.0),
        (CSV, Format::Csv, "Some ring", 10.2),
    ] {
        let source = source(file);
        assert_eq!(source.format(), format);
        let circuit = source.circuit(&Options::default()).unwrap();
        assert_eq!((circuit.name.as_str(), circuit.width_metres), (name, width));
        assert_eq!(circuit.is_clockwise(), expected.is_clockwise());
        let longer = circuit.length() / expected.length();
        assert!((0.99..1.01).contains(&longer), "{format}: {longer}");
        let apart = apart(&circuit, &expected);
        assert!(apart < 1.5, "{format}: {apart} m apart");
        assert_eq!(Circuit::read(circuit.to_json().as_bytes()), Ok(circuit));
    }
}

#[test]
fn points_lie_at_even_steps_and_the_lap_turns_nowhere_sharply() {
    let circuit = source(GEOJSON).circuit(&Options::default()).unwrap();
    let points = &circuit.centreline;
    for (from, to) in ring::segments(points) {
        assert!((2.7..3.3).contains(&from.distance(to)), "{from} to {to}");
    }
    let count = points.len();
    for index in 0..count {
        let here = points[index];
        let (before, after) = (
            points[(index + count - 1) % count],
            points[(index + 1) % count],
        );
        assert!((here - before).angle_to(after - here).abs() < 0.2, "{here}");
    }
}

#[test]
fn the_start_line_and_the_direction_can_be_chosen() {
    let source = source(CSV);
    let plain = source.circuit(&Options::default()).unwrap();
    let with = |start, reverse| {
        let options = Options {
            start,
            reverse,
            name: Some("Other".into()),
            width_metres: Some(9.0),
        };
        source.circuit(&options).unwrap()
    };
    let far = with(StartLine::Metres(plain.length() / 2.0), false);
    assert_eq!((far.name.as_str(), far.width_metres), ("Other", 9.0));
    let half = plain.centreline[plain.centreline.len() / 2];
    assert!(far.centreline[0].distance(half) < 4.0);
    let back = with(StartLine::Metres(0.0), true);
    assert_eq!(back.centreline[0], plain.centreline[0]);
    assert_ne!(back.is_clockwise(), plain.is_clockwise());
    // The third point of the file, moved into the middle of the asphalt.
    let point = with(StartLine::Point(2), false).centreline[0] - plain.centreline[0];
    assert!(
        point.distance(DVec2::new(270.7 - 275.26, 38.77)) < 0.5,
        "{point}"
    );
    for (start, words) in [
        (
            StartLine::Point(64),
            "the start line is at point 64, and the lap has 64 points; count them from 0",
        ),
        (StartLine::Point(usize::MAX), "the lap has 64 points"),
        (
            StartLine::Metres(1e6),
            "the start line is at 1000000 m, and a lap has",
        ),
        (StartLine::Metres(f64::NAN), "the start line is at NaN m"),
    ] {
        let options = Options {
            start,
            ..Options::default()
        };
        let refusal = source.circuit(&options).unwrap_err().to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
    assert!(with(StartLine::Point(63), false).length() > 0.0);
    assert_eq!("12.5".parse(), Ok(StartLine::Metres(12.5)));
    assert_eq!("point:7".parse(), Ok(StartLine::Point(7)));
    for wrong in ["", "point:", "point:-1", "NaN", "far"] {
        assert!(wrong.parse::<StartLine>().is_err(), "{wrong}");
    }
}

#[test]
fn a_circuit_of_ours_stays_as_it_is_unless_something_else_is_wanted() {
    let demo = include_bytes!("../../../www/track.json");
    let source = source(demo);
    let circuit = source.circuit(&Options::default()).unwrap();
    assert_eq!(Ok(&circuit), Circuit::read(demo).as_ref());
    let options = Options {
        reverse: true,
        ..Options::default()
    };
    let reversed = source.circuit(&options).unwrap();
    assert!(!reversed.is_clockwise() && reversed.pit_lane.is_none());
}

#[test]
fn the_longest_line_is_the_lap() {
    let text = String::from_utf8(GEOJSON.to_vec()).unwrap();
    let pits = r#"{"type":"Feature","properties":null,"geometry":{"type":"LineString","coordinates":[[20,10],[20.0001,10]]}},"#;
    let more = text.replace("\"features\": [", &format!("\"features\": [{pits}"));
    assert_ne!(more, text);
    let circuit = source(more.as_bytes())
        .circuit(&Options::default())
        .unwrap();
    assert_eq!(circuit.name, "Made-up ring");
    let line = text.replace("LineString", "Polygon");
    let area = line
        .replace("\"coordinates\": [", "\"coordinates\": [[")
        .replace("]]}}", "]]]}}");
    assert_eq!(
        source(area.as_bytes())
            .circuit(&Options::default())
            .unwrap()
            .length(),
        circuit.length()
    );
}

#[test]
fn columns_are_found_by_their_names_and_in_any_usual_spelling() {
    let plain = source(CSV).circuit(&Options::default()).unwrap();
    let text = String::from_utf8(CSV.to_vec()).unwrap();
    let rows = || text.lines().skip(1);
    let join = |heading: &str, rows: Vec<String>| format!("{heading}\r\n{}", rows.join("\r\n"));
    let semicolons = join(
        "x_m;y_m;right;left",
        rows().map(|row| row.replace(',', "; ")).collect(),
    );
    let numbered = join(
        "s,x,y,w_right,w_left",
        rows().map(|row| format!("0,{row}")).collect(),
    );
    let bare = rows().collect::<Vec<_>>().join("\n");
    let marked = format!("\u{feff}{text}");
    for file in [semicolons, numbered, bare, marked] {
        assert_eq!(
            source(file.as_bytes())
                .circuit(&Options::default())
                .unwrap(),
            plain,
            "{file}"
        );
    }
}

#[test]
fn the_date_line_is_crossed_the_short_way() {
    let points = metres(&[(179.9999, 10.0), (-179.9999, 10.0)]).unwrap();
    assert!((points[1].x - 21.9).abs() < 0.1, "{}", points[1]);
}

#[test]
fn a_refusal_says_what_is_wrong_and_what_to_do() {
    let open = "{\"type\":\"LineString\",\"coordinates\":[[0,0],[0.01,0],[0.02,0],[0.03,0],[0.04,0],[0.05,0],[0.06,0],[0.07,0]]}";
    for (file, words) in [
        ("", "its format is unknown: give GeoJSON, GPX, CSV"),
        ("hello", "its format is unknown"),
        (
            "{\"type\":\"FeatureCollection\"}",
            "it cannot be read as GeoJSON",
        ),
        (
            "{\"type\":\"Point\",\"coordinates\":[1,2]}",
            "its longest line has 0 points: give a line of 8",
        ),
        (
            "{\"type\":\"LineString\",\"coordinates\":[[500,2],[1,2]]}",
            "not a longitude and latitude in degrees; for metres use CSV",
        ),
        (open, "it ends 77"),
        ("<gpx", "it cannot be read as GPX"),
        ("<html></html>", "it cannot be read as GPX"),
        ("1,2\n3,4\nx,5", "line 3: \"x\" in column 1 is not a number"),
        ("1,2\n3", "line 2: \"\" in column 2 is not a number"),
        ("1,2\n3,inf", "line 2: \"inf\" in column 2"),
        ("lat,lon\n1,2", "its columns are degrees; give metres"),
        ("1,2\n3,4\n", "its longest line has 2 points"),
        ("{\"centreline\":[]}", "\"centreline\" has 0 points"),
    ] {
        let refusal = refusal(file);
        assert!(refusal.contains(words), "{file}: {refusal}");
    }
    let long = vec![b' '; MAX_SOURCE_BYTES + 1];
    assert!(matches!(
        Source::read(&long, ""),
        Err(ConvertError::TooLong)
    ));
}

#[test]
fn a_file_that_would_take_minutes_is_refused_at_once() {
    let deep = format!("<gpx><metadata>{}", "<a b='>'>".repeat(100_000));
    assert!(refusal(&deep).contains("nested more than 64 deep"));
    let shallow = format!("<gpx>{}</gpx>", "<a x='/>'/><b>/></b>".repeat(100));
    assert!(!refusal(&shallow).contains("nested"));
    let rows = "#\n".repeat(200_001);
    assert!(refusal(&format!("1,2\n{rows}")).contains("more than 200000 lines"));
    let lines = "[[0,0]],".repeat(10_000);
    let lines = format!("{{\"type\":\"MultiLineString\",\"coordinates\":[{lines}[[0,0]]]}}");
    assert!(refusal(&lines).contains("more than 10000 lines"));
}

proptest! {
    #[test]
    fn no_damage_to_a_file_panics(which in 0_usize..4, at in any::<prop::sample::Index>(), more in proptest::collection::vec(any::<u8>(), 0..8), start in any::<f64>()) {
        let mut file = [GEOJSON, GPX, CSV, CIRCUIT][which].to_vec();
        let at = at.index(file.len());
        file.splice(at..(at + 3).min(file.len()), more);
        if let Ok(source) = Source::read(&file, "x") {
            let _ = source.circuit(&Options { start: StartLine::Metres(start), ..Options::default() });
            let _ = source.circuit(&Options { start: StartLine::Point(usize::MAX), reverse: true, ..Options::default() });
        }
    }
}
