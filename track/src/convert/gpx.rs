//! Finds the lap in GPX: the longest segment of a track, or a route.

use glam::DVec2;
use gpx::Waypoint;

use super::{Found, metres};
use crate::ring;

pub(super) fn read(file: &[u8]) -> Result<Found, String> {
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

fn in_metres(line: &[Waypoint]) -> Result<Vec<DVec2>, String> {
    let degrees: Vec<_> = line.iter().map(|place| place.point().x_y()).collect();
    metres(&degrees)
}
