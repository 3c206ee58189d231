//! Finds the lap in GeoJSON: the longest line in it, or the edge of an area.

use geojson::{Feature, GeoJson, Geometry, Value};
use glam::DVec2;
use serde_json::Map;

use super::{Found, metres};
use crate::ring;

/// Keys under which map editors and collections keep a name.
const NAMES: [&str; 4] = ["name", "Name", "title", "NAME"];
/// Collections inside collections end here.
const MAX_DEPTH: usize = 8;
/// Lines of a file, of which the longest is the lap.
const MAX_LINES: usize = 10_000;

type Lines<'a> = Vec<(Option<&'a Feature>, &'a [Vec<f64>])>;

pub(super) fn read(file: &[u8]) -> Result<Found, String> {
    let json = GeoJson::from_reader(file).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    match &json {
        GeoJson::Geometry(geometry) => collect(None, geometry, MAX_DEPTH, &mut lines),
        GeoJson::Feature(feature) => collect_feature(feature, &mut lines),
        GeoJson::FeatureCollection(all) => {
            for feature in &all.features {
                collect_feature(feature, &mut lines);
            }
        }
    }
    if lines.len() > MAX_LINES {
        return Err(format!(
            "it has more than {MAX_LINES} lines: keep the one of the lap"
        ));
    }
    let mut longest = (0.0, None, Vec::new());
    for (feature, line) in lines {
        let points = in_metres(line)?;
        let length = ring::length(&points);
        if length > longest.0 {
            longest = (length, feature, points);
        }
    }
    let (_, feature, points) = longest;
    let properties = feature.and_then(|feature| feature.properties.as_ref());
    Ok(Found {
        name: properties.and_then(name),
        width_metres: None,
        points,
    })
}

fn collect_feature<'a>(feature: &'a Feature, lines: &mut Lines<'a>) {
    if let Some(geometry) = &feature.geometry {
        collect(Some(feature), geometry, MAX_DEPTH, lines);
    }
}

fn collect<'a>(
    feature: Option<&'a Feature>,
    geometry: &'a Geometry,
    depth: usize,
    lines: &mut Lines<'a>,
) {
    match &geometry.value {
        Value::LineString(line) => lines.push((feature, line)),
        Value::MultiLineString(all) => {
            lines.extend(all.iter().map(|line| (feature, line.as_slice())));
        }
        Value::Polygon(rings) => {
            lines.extend(rings.iter().take(1).map(|ring| (feature, ring.as_slice())));
        }
        Value::MultiPolygon(all) => {
            let edges = all.iter().filter_map(|rings| rings.first());
            lines.extend(edges.map(|ring| (feature, ring.as_slice())));
        }
        Value::GeometryCollection(all) if depth > 0 => {
            for geometry in all {
                collect(feature, geometry, depth - 1, lines);
            }
        }
        _ => {}
    }
}

fn in_metres(line: &[Vec<f64>]) -> Result<Vec<DVec2>, String> {
    let place = |position: &Vec<f64>| Some((*position.first()?, *position.get(1)?));
    let degrees: Vec<_> = line.iter().filter_map(place).collect();
    metres(&degrees)
}

fn name(properties: &Map<String, serde_json::Value>) -> Option<String> {
    let named = NAMES.iter().find_map(|key| properties.get(*key)?.as_str());
    named.map(str::to_owned)
}
