//! Finds the lap in GPX: the longest segment of a track, or a route.

use glam::DVec2;
use gpx::Waypoint;

use super::{Found, metres};
use crate::ring;

/// Elements inside each other. The parser takes the square of the depth in time, and GPX needs less than ten.
const MAX_DEPTH: usize = 64;

pub(super) fn read(file: &[u8]) -> Result<Found, String> {
    if depth(file) > MAX_DEPTH {
        return Err(format!(
            "its elements are nested more than {MAX_DEPTH} deep"
        ));
    }
    let gpx = gpx::read(file).map_err(|error| error.to_string())?;
    let segments = gpx.tracks.iter().flat_map(|track| {
        let lines = track.segments.iter().map(|segment| &segment.points);
        lines.map(|points| (&track.name, points))
    });
    let routes = gpx.routes.iter().map(|route| (&route.name, &route.points));
    let mut longest = (0.0, &None, Vec::new());
    for (name, line) in segments.chain(routes) {
        let points = in_metres(line)?;
        let length = ring::length(&points);
        if length > longest.0 {
            longest = (length, name, points);
        }
    }
    let (_, name, points) = longest;
    let of_file = gpx.metadata.as_ref().and_then(|all| all.name.as_ref());
    Ok(Found {
        name: name.as_ref().or(of_file).cloned(),
        width_metres: None,
        points,
    })
}

/// Count how deep elements are nested, at least: a comment may count too.
fn depth(file: &[u8]) -> usize {
    let (mut depth, mut deepest, mut before) = (0_usize, 0, 0);
    let mut in_tag = false;
    let mut quote = None;
    for &byte in file {
        match (in_tag, quote, byte) {
            (true, Some(open), _) if open == byte => quote = None,
            (true, Some(_), _) => {}
            (true, None, b'"' | b'\'') => quote = Some(byte),
            (true, None, b'>') => {
                in_tag = false;
                if before == b'/' {
                    depth = depth.saturating_sub(1);
                }
            }
            (false, _, b'/') if before == b'<' => depth = depth.saturating_sub(1),
            (false, _, _) if before == b'<' && !matches!(byte, b'!' | b'?') => {
                in_tag = true;
                depth += 1;
                deepest = deepest.max(depth);
            }
            _ => {}
        }
        before = byte;
    }
    deepest
}

fn in_metres(line: &[Waypoint]) -> Result<Vec<DVec2>, String> {
    let degrees: Vec<_> = line.iter().map(|place| place.point().x_y()).collect();
    metres(&degrees)
}
