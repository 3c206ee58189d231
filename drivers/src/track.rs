//! The circuit as the bots see it: a closed line to follow, how fast each place of it can be taken, and where each car starts.

use glam::Vec2;
use rules::SPAWN_X;
use track::{Circuit, CircuitError, GRID_PLACES};

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

/// A circuit to drive on.
#[derive(Debug)]
pub struct Track {
    pub(crate) oval: Line,
    /// How fast each point of the oval can be taken, with room to brake for what follows, in m/s.
    limits: Vec<f32>,
    pub(crate) half_width: f32,
    starts: Starts,
}

/// Where cars start.
#[derive(Debug)]
enum Starts {
    Garages { pit: Vec<Vec2>, garages: Vec<Vec2> },
    Grid([Spot; GRID_PLACES]),
}

/// A car's way onto the oval.
pub(crate) enum Start {
    /// From its garage.
    WayOut(Line),
    /// It is there already.
    OnGrid(Spot),
}

impl Track {
    /// Read a circuit's file.
    ///
    /// # Errors
    /// The text is no circuit.
    pub fn parse(json: &str) -> Result<Self, CircuitError> {
        Circuit::read(json.as_bytes()).map(|circuit| Self::new(&circuit))
    }

    /// Prepare a circuit for driving.
    pub fn new(circuit: &Circuit) -> Self {
        let points = |line: &[glam::DVec2]| line.iter().map(|point| point.as_vec2()).collect();
        let oval = Line::new(points(&circuit.centreline), true);
        let starts = match circuit.garages() {
            Some((lane, row)) => Starts::Garages {
                pit: points(&lane.centreline),
                garages: row
                    .x_metres
                    .iter()
                    .map(|&x| Vec2::new(x as f32, row.z_metres as f32))
                    .collect(),
            },
            None => Starts::Grid(std::array::from_fn(|index| {
                let (along, left) = circuit.grid_place(index);
                Spot {
                    along: along as f32,
                    across: -left as f32,
                }
            })),
        };
        Self {
            limits: limits(&oval),
            half_width: circuit.width_metres as f32 / 2.0,
            oval,
            starts,
        }
    }

    /// Say how fast a place of the oval can be taken, in m/s.
    pub(crate) fn limit(&self, along: f32) -> f32 {
        let (index, part) = self.oval.segment(along);
        let next = (index + 1) % self.limits.len();
        self.limits[index] * (1.0 - part) + self.limits[next] * part
    }

    /// Find the garage, or the place on the grid, of a car that the server puts at `x`. The server knows garages of its own only,
    /// so they are counted.
    pub fn garage_at(&self, x: f32) -> usize {
        let distance = |index: &usize| (SPAWN_X[*index] - x).abs();
        (0..SPAWN_X.len())
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .unwrap_or(0)
    }

    /// Count the garages, or the places on the grid.
    pub fn garage_count(&self) -> usize {
        match &self.starts {
            Starts::Garages { garages, .. } => garages.len(),
            Starts::Grid(places) => places.len(),
        }
    }

    /// Say where a car starts.
    pub(crate) fn start(&self, garage: usize) -> Start {
        match &self.starts {
            Starts::Garages { pit, garages } => {
                Start::WayOut(self.way_out(pit, garages[garage % garages.len()]))
            }
            Starts::Grid(places) => Start::OnGrid(places[garage % places.len()]),
        }
    }

    /// Draw the way from a garage through the pit lane onto the oval.
    fn way_out(&self, pit: &[Vec2], start: Vec2) -> Line {
        let lane = Line::new(pit.to_vec(), false);
        // Straight out, into the lane, along it, and on to the oval.
        let from = lane.spot(start, None).along + TURN_METRES;
        let across = lane.point(Spot::on_line(from - TURN_METRES));
        let turned = lane.point(Spot::on_line(from));
        let mut points = vec![start, Vec2::new(start.x, across.y), turned];
        let beyond = pit
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
            let Start::WayOut(way) = track.start(garage) else {
                panic!("it has garages");
            };
            let x = way.point(Spot::on_line(0.0)).x;
            assert_eq!(track.garage_at(x), garage);
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
    fn without_garages_cars_start_from_the_grid() {
        let file = include_str!("../../track/tests/circuits/minimal.json");
        let track = Track::parse(file).unwrap();
        assert_eq!(track.garage_count(), 20);
        let places: Vec<Vec2> = (0..20)
            .map(|garage| match track.start(garage) {
                Start::OnGrid(spot) => track.oval.point(spot),
                Start::WayOut(_) => panic!("it has no garages"),
            })
            .collect();
        for (index, place) in places.iter().enumerate() {
            assert!(
                places[..index]
                    .iter()
                    .all(|other| other.distance(*place) > 5.0)
            );
        }
        assert!(Track::parse("{}").is_err());
    }
}
