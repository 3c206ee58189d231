//! The demo track as the bots see it: a closed line to follow, how fast each place of it can be taken, and the way
//! out of each garage.

use anyhow::{Context as _, ensure};
use glam::Vec2;
use serde::Deserialize;

use super::line::{Line, Spot, turn};

/// The sideways acceleration a car's tyres hold, in m/s².
pub(crate) const GRIP: f32 = 11.0;
/// How hard a car brakes, in m/s².
pub(crate) const BRAKING: f32 = 12.0;
/// A limit above the top speed of every car, in m/s: on straights the car limits the speed, not the track.
const NO_LIMIT: f32 = 100.0;
/// How far beyond the end of the pit lane a car reaches the centreline.
const MERGE_METRES: f32 = 45.0;
/// How far beyond its garage a car has turned into the pit lane.
const TURN_METRES: f32 = 9.0;
/// How many points and garages a track file may have at most.
const MAX_POINTS: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrackFile {
    width_metres: f32,
    centreline: Vec<Vec2>,
    pit_lane: PitLane,
    garages: Garages,
}

#[derive(Deserialize)]
struct PitLane {
    centreline: Vec<Vec2>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Garages {
    z_metres: f32,
    x_metres: Vec<f32>,
}

/// A track.
#[derive(Debug)]
pub struct Track {
    pub(crate) oval: Line,
    /// How fast each point of the oval can be taken, with room to brake for what follows, in m/s.
    limits: Vec<f32>,
    pub(crate) half_width: f32,
    pit: Vec<Vec2>,
    garages: Vec<Vec2>,
}

impl Track {
    /// Read a track file.
    ///
    /// # Errors
    /// The text is no track.
    pub fn parse(json: &str) -> anyhow::Result<Self> {
        let file: TrackFile =
            serde_json::from_str(json).context("the track is not in the form of www/track.json")?;
        let (oval, pit) = (file.centreline, file.pit_lane.centreline);
        ensure!(
            (8..=MAX_POINTS).contains(&oval.len()),
            "a track needs 8 to {MAX_POINTS} points"
        );
        ensure!(
            (2..=MAX_POINTS).contains(&pit.len()),
            "a pit lane needs 2 to {MAX_POINTS} points"
        );
        let garages = file.garages.x_metres;
        ensure!(
            (1..=MAX_POINTS).contains(&garages.len()),
            "a track needs garages"
        );
        let finite = oval.iter().chain(&pit).all(|point| point.is_finite())
            && garages.iter().all(|x| x.is_finite())
            && (file.width_metres + file.garages.z_metres).is_finite();
        ensure!(
            finite && file.width_metres > 4.0,
            "a track needs finite numbers and a width over 4 m"
        );
        let oval = Line::new(oval, true);
        ensure!(oval.length() > 100.0, "a track must be longer than 100 m");
        Ok(Self {
            limits: limits(&oval),
            half_width: file.width_metres / 2.0,
            oval,
            pit,
            garages: garages
                .into_iter()
                .map(|x| Vec2::new(x, file.garages.z_metres))
                .collect(),
        })
    }

    /// Say how fast a place of the oval can be taken, in m/s.
    pub(crate) fn limit(&self, along: f32) -> f32 {
        let (index, part) = self.oval.segment(along);
        let next = (index + 1) % self.limits.len();
        self.limits[index] * (1.0 - part) + self.limits[next] * part
    }

    /// Find the garage nearest to a place.
    pub fn garage_at(&self, x: f32) -> usize {
        let distance = |index: &usize| (self.garages[*index].x - x).abs();
        (0..self.garages.len())
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .unwrap_or(0)
    }

    /// Count the garages.
    pub fn garage_count(&self) -> usize {
        self.garages.len()
    }

    /// Draw the way from a garage through the pit lane onto the oval.
    pub(crate) fn way_out(&self, garage: usize) -> Line {
        let start = self.garages[garage % self.garages.len()];
        let lane = Line::new(self.pit.clone(), false);
        // Straight out, into the lane, along it, and on to the oval.
        let from = lane.spot(start, None).along + TURN_METRES;
        let across = lane.point(Spot::on_line(from - TURN_METRES));
        let turned = lane.point(Spot::on_line(from));
        let mut points = vec![start, Vec2::new(start.x, across.y), turned];
        let beyond = self
            .pit
            .iter()
            .zip(lane.starts())
            .filter(|&(_, &along)| along > from + 1.0);
        points.extend(beyond.map(|(point, _)| *point));
        let end = points[points.len() - 1];
        let merged = self.oval.spot(end, None).along + MERGE_METRES;
        for step in [0.0, 6.0] {
            points.push(self.oval.point(Spot::on_line(merged + step)));
        }
        Line::new(rounded(points), false)
    }
}

/// Cut the corners of an open line until it is round.
fn rounded(mut points: Vec<Vec2>) -> Vec<Vec2> {
    for _ in 0..3 {
        let mut round = vec![points[0]];
        for pair in points.windows(2) {
            round.extend([0.25, 0.75].map(|part| pair[0].lerp(pair[1], part)));
        }
        round.extend(points.last());
        points = round;
    }
    points
}

/// How fast each point can be taken: by grip in the bends, and before them by how hard a car can brake.
fn limits(oval: &Line) -> Vec<f32> {
    let count = oval.starts().len() - 1;
    let by_grip = |index: usize| {
        // Over 15 m to either side, so that rounding in the file does not look like a bend.
        let (before, after) = (oval.starts()[index] - 15.0, oval.starts()[index] + 15.0);
        let bend = turn(oval.yaw(before), oval.yaw(after)).abs() / 30.0;
        if bend > 0.0 {
            (GRIP / bend).sqrt().min(NO_LIMIT)
        } else {
            NO_LIMIT
        }
    };
    let mut limits: Vec<f32> = (0..count).map(by_grip).collect();
    // Twice around, so that the last bend also counts for the points before the line.
    for index in (0..2 * count).rev() {
        let (here, next) = (index % count, (index + 1) % count);
        let size = oval.starts()[here + 1] - oval.starts()[here];
        limits[here] =
            limits[here].min((limits[next] * limits[next] + 2.0 * BRAKING * size).sqrt());
    }
    limits
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn demo() -> Track {
        Track::parse(include_str!("../../www/track.json")).unwrap()
    }

    #[test]
    fn bends_are_slower_than_straights_and_can_be_braked_for() {
        let track = demo();
        let limits: Vec<f32> = (0..927).map(|along| track.limit(along as f32)).collect();
        let slowest = limits.iter().copied().fold(f32::INFINITY, f32::min);
        let fastest = limits.iter().copied().fold(0.0, f32::max);
        assert!(
            (20.0..40.0).contains(&slowest) && fastest > 50.0,
            "{slowest} to {fastest}"
        );
        for pair in limits.windows(2) {
            let braking = (pair[0] * pair[0] - pair[1] * pair[1]) / 2.0;
            assert!(braking < BRAKING * 1.1, "{braking}");
        }
    }

    #[test]
    fn every_way_out_is_smooth_and_ends_on_the_oval() {
        let track = demo();
        for garage in 0..track.garage_count() {
            let way = track.way_out(garage);
            assert_eq!(way.point(Spot::on_line(0.0)), track.garages[garage]);
            let end = way.length();
            let on_oval = track.oval.spot(way.point(Spot::on_line(end)), None);
            assert!(on_oval.across.abs() < 0.5, "{on_oval:?}");
            assert!(turn(way.yaw(end), track.oval.yaw(on_oval.along)).abs() < 0.2);
            let mut along = 0.0;
            while along < end {
                let bend = turn(way.yaw(along), way.yaw(along + 0.5)).abs();
                assert!(bend < 0.25, "garage {garage} turns by {bend} at {along}");
                along += 0.5;
            }
        }
    }

    #[test]
    fn a_malformed_file_is_an_error() {
        for bad in [
            "",
            "{}",
            r#"{"widthMetres":16,"centreline":[],"pitLane":{"centreline":[]},"garages":{"zMetres":0,"xMetres":[]}}"#,
        ] {
            assert!(Track::parse(bad).is_err());
        }
    }
}
