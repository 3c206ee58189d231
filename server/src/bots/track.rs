//! The demo track as the bots see it: a closed line to follow, how fast each place of it can be taken, and the way
//! out of each garage. Ground coordinates are `[x, z]` in metres; yaw 0 looks along +Z and grows towards +X.

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The sideways acceleration a car's tyres hold, in m/s².
pub(crate) const GRIP: f32 = 11.0;
/// How hard a car brakes, in m/s².
pub(crate) const BRAKING: f32 = 12.0;
/// The fastest a car can be made for, in m/s; straights are limited by the car and not by the track.
const NO_LIMIT: f32 = 100.0;
/// How far beyond the end of the pit lane a car is on the centreline.
const MERGE_METRES: f32 = 45.0;
/// How far in front of a garage a car has turned into the pit lane.
const TURN_METRES: f32 = 9.0;
/// The most points a line may have, and garages: bounds for a file that somebody else wrote.
const MAX_POINTS: usize = 10_000;
/// How many segments around the last known one are searched first.
const NEAR_SEGMENTS: usize = 20;
/// A car further from the line than this is searched for everywhere.
const NEAR_METRES: f32 = 25.0;

/// A place on the ground: x and z in metres.
pub(crate) type Point = [f32; 2];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrackFile {
    width_metres: f32,
    centreline: Vec<Point>,
    pit_lane: PitLane,
    garages: Garages,
}

#[derive(Deserialize)]
struct PitLane {
    centreline: Vec<Point>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Garages {
    z_metres: f32,
    x_metres: Vec<f32>,
}

/// A track.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) oval: Line,
    /// How fast each point of the oval can be taken, with room to brake for what follows, in m/s.
    limits: Vec<f32>,
    pub(crate) half_width: f32,
    pit: Vec<Point>,
    garages: Vec<Point>,
}

/// A line on the ground, closed or open.
#[derive(Debug)]
pub(crate) struct Line {
    /// The first point once more at the end where the line is closed.
    points: Vec<Point>,
    /// How far along each point is.
    along: Vec<f32>,
    closed: bool,
}

/// Where something is on a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    /// Metres along the line.
    pub(crate) along: f32,
    /// Metres to the right of it.
    pub(crate) across: f32,
}

impl Track {
    /// Read a track file.
    pub(crate) fn parse(json: &str) -> anyhow::Result<Self> {
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
        let numbers = oval.iter().chain(&pit).flatten().chain(&garages);
        let finite = numbers
            .chain([&file.width_metres, &file.garages.z_metres])
            .all(|number| number.is_finite());
        ensure!(
            finite && file.width_metres > 4.0,
            "a track is made of finite numbers and wider than 4 m"
        );
        let oval = Line::new(oval, true);
        ensure!(oval.length() > 100.0, "a track is longer than 100 m");
        Ok(Self {
            limits: limits(&oval),
            half_width: file.width_metres / 2.0,
            oval,
            pit,
            garages: garages
                .into_iter()
                .map(|x| [x, file.garages.z_metres])
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
    pub(crate) fn garage_at(&self, x: f32) -> usize {
        let distance = |index: &usize| (self.garages[*index][0] - x).abs();
        (0..self.garages.len())
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .unwrap_or(0)
    }

    /// Count the garages.
    pub(crate) fn garage_count(&self) -> usize {
        self.garages.len()
    }

    /// Draw the way from a garage through the pit lane onto the oval.
    pub(crate) fn way_out(&self, garage: usize) -> Line {
        let [x, z] = self.garages[garage % self.garages.len()];
        let lane = Line::new(self.pit.clone(), false);
        // Straight out, into the lane ahead, along it, and on to the oval.
        let from = lane.spot([x, z], None).along + TURN_METRES;
        let across = lane.point(Spot {
            along: from - TURN_METRES,
            across: 0.0,
        });
        let turned = lane.point(Spot {
            along: from,
            across: 0.0,
        });
        let mut points = vec![[x, z], [x, across[1]], turned];
        let beyond = self
            .pit
            .iter()
            .zip(&lane.along)
            .filter(|&(_, &along)| along > from + 1.0);
        points.extend(beyond.map(|(point, _)| *point));
        let end = points[points.len() - 1];
        let merged = self.oval.spot(end, None).along + MERGE_METRES;
        for step in [0.0, 6.0] {
            points.push(self.oval.point(Spot {
                along: merged + step,
                across: 0.0,
            }));
        }
        Line::new(rounded(points), false)
    }
}

impl Line {
    pub(crate) fn new(mut points: Vec<Point>, closed: bool) -> Self {
        if closed && let Some(&first) = points.first() {
            points.push(first);
        }
        let mut length = 0.0;
        let mut along = vec![0.0];
        for pair in points.windows(2) {
            length += distance(pair[0], pair[1]);
            along.push(length);
        }
        Self {
            points,
            along,
            closed,
        }
    }

    /// The whole length in metres.
    pub(crate) fn length(&self) -> f32 {
        self.along.last().copied().unwrap_or(0.0)
    }

    /// Find the place of a spot.
    pub(crate) fn point(&self, spot: Spot) -> Point {
        let (index, part) = self.segment(spot.along);
        let ([x0, z0], [x1, z1]) = (self.points[index], self.points[index + 1]);
        let (sin, cos) = self.yaw(spot.along).sin_cos();
        // Right of the heading (sin, cos) is (cos, -sin).
        [
            x0 + (x1 - x0) * part + cos * spot.across,
            z0 + (z1 - z0) * part - sin * spot.across,
        ]
    }

    /// Say which way the line goes, in radians; turns evenly from segment to segment.
    pub(crate) fn yaw(&self, along: f32) -> f32 {
        let (index, part) = self.segment(along);
        let (from, to) = (self.yaw_at(index), self.yaw_at(index + 1));
        from + turn(from, to) * part
    }

    /// Find the spot nearest to a place, near `hint` metres along first.
    pub(crate) fn spot(&self, point: Point, hint: Option<f32>) -> Spot {
        let segments = self.points.len() - 1;
        if let Some(hint) = hint {
            let middle = self.segment(hint).0 + segments - NEAR_SEGMENTS;
            let near = (middle..=middle + 2 * NEAR_SEGMENTS).map(|index| index % segments);
            let spot = self.nearest(point, near);
            if spot.across.abs() < NEAR_METRES {
                return spot;
            }
        }
        self.nearest(point, 0..segments)
    }

    /// The way from one spot to another along the line: on a closed one the shorter way, back is negative.
    pub(crate) fn gap(&self, from: f32, to: f32) -> f32 {
        let gap = to - from;
        if self.closed {
            let length = self.length();
            (gap + length / 2.0).rem_euclid(length) - length / 2.0
        } else {
            gap
        }
    }

    fn nearest(&self, point: Point, segments: impl Iterator<Item = usize>) -> Spot {
        let mut best = (
            f32::INFINITY,
            Spot {
                along: 0.0,
                across: 0.0,
            },
        );
        for index in segments {
            let ([x0, z0], [x1, z1]) = (self.points[index], self.points[index + 1]);
            let (dx, dz) = (x1 - x0, z1 - z0);
            let (px, pz) = (point[0] - x0, point[1] - z0);
            let square = dx * dx + dz * dz;
            let part = if square > 0.0 {
                ((px * dx + pz * dz) / square).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let (ox, oz) = (px - dx * part, pz - dz * part);
            let off = ox * ox + oz * oz;
            if off < best.0 {
                let side = (px * dz - pz * dx).signum();
                let along = self.along[index] + (self.along[index + 1] - self.along[index]) * part;
                best = (
                    off,
                    Spot {
                        along,
                        across: side * off.sqrt(),
                    },
                );
            }
        }
        best.1
    }

    /// The segment at a place and how far into it, 0 to 1.
    fn segment(&self, along: f32) -> (usize, f32) {
        let length = self.length();
        let along = if self.closed {
            along.rem_euclid(length)
        } else {
            along.clamp(0.0, length)
        };
        let last = self.points.len() - 2;
        let index = self
            .along
            .partition_point(|&start| start <= along)
            .saturating_sub(1)
            .min(last);
        let size = self.along[index + 1] - self.along[index];
        let part = if size > 0.0 {
            ((along - self.along[index]) / size).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (index, part)
    }

    /// The direction at a point: from the one before to the one after.
    fn yaw_at(&self, index: usize) -> f32 {
        let last = self.points.len() - 1;
        let (before, after) = if self.closed {
            ((index + last - 1) % last, (index + 1) % last)
        } else {
            (index.saturating_sub(1), (index + 1).min(last))
        };
        let ([x0, z0], [x1, z1]) = (self.points[before], self.points[after]);
        (x1 - x0).atan2(z1 - z0)
    }
}

/// The shorter turn from one yaw to another, −π to π.
pub(crate) fn turn(from: f32, to: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (to - from + PI).rem_euclid(TAU) - PI
}

pub(crate) fn distance([x0, z0]: Point, [x1, z1]: Point) -> f32 {
    (x1 - x0).hypot(z1 - z0)
}

/// Cut the corners of an open line until it is round.
fn rounded(mut points: Vec<Point>) -> Vec<Point> {
    for _ in 0..3 {
        let mut round = vec![points[0]];
        for pair in points.windows(2) {
            let between = |part: f32| {
                [
                    pair[0][0] + (pair[1][0] - pair[0][0]) * part,
                    pair[0][1] + (pair[1][1] - pair[0][1]) * part,
                ]
            };
            round.extend([between(0.25), between(0.75)]);
        }
        round.extend(points.last());
        points = round;
    }
    points
}

/// How fast each point can be taken: by grip in the bends, and before them by how hard a car can brake.
fn limits(oval: &Line) -> Vec<f32> {
    let count = oval.points.len() - 1;
    let by_grip = |index: usize| {
        // Over some metres to either side, so that rounding in the file does not look like a bend.
        let (before, after) = (oval.along[index] - 15.0, oval.along[index] + 15.0);
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
        let size = oval.along[here + 1] - oval.along[here];
        limits[here] =
            limits[here].min((limits[next] * limits[next] + 2.0 * BRAKING * size).sqrt());
    }
    limits
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn demo() -> Track {
        Track::parse(include_str!("../../../www/track.json")).unwrap()
    }

    #[test]
    fn a_spot_leads_to_its_place_and_back() {
        let oval = demo().oval;
        for along in [0.0, 3.3, 100.0, 400.0, 926.0] {
            for across in [-6.0, 0.0, 5.0] {
                let place = oval.point(Spot { along, across });
                for hint in [None, Some(along - 20.0), Some(along + 400.0)] {
                    let found = oval.spot(place, hint);
                    assert!(
                        oval.gap(found.along, along).abs() < 0.6,
                        "{along} {across}: {found:?}"
                    );
                    assert!(
                        (found.across - across).abs() < 0.3,
                        "{along} {across}: {found:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_way_around_is_the_shorter_one() {
        let oval = demo().oval;
        let length = oval.length();
        assert!((length - 927.0).abs() < 2.0, "{length}");
        assert!((oval.gap(length - 10.0, 10.0) - 20.0).abs() < 0.01);
        assert!((oval.gap(10.0, length - 10.0) + 20.0).abs() < 0.01);
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
            assert_eq!(
                way.point(Spot {
                    along: 0.0,
                    across: 0.0
                }),
                track.garages[garage]
            );
            let end = way.length();
            let on_oval = track.oval.spot(
                way.point(Spot {
                    along: end,
                    across: 0.0,
                }),
                None,
            );
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
    fn a_file_of_another_form_is_an_error() {
        for bad in [
            "",
            "{}",
            r#"{"widthMetres":16,"centreline":[],"pitLane":{"centreline":[]},"garages":{"zMetres":0,"xMetres":[]}}"#,
        ] {
            assert!(Track::parse(bad).is_err());
        }
    }
}
