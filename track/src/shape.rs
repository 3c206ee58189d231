//! Looks at a circuit's shape: whether there is room inside the lap, whether the road lies on itself, and how far a place is from
//! a line. The checks use it.

use std::collections::HashMap;

use glam::DVec2;

use crate::ring;

/// Roads whose directions differ by more than 30° cross each other, as in a figure of eight. The others lie on each other.
const SAME_DIRECTION: f64 = 0.5;
/// Places closer along the lap than this many road widths are neighbours: a hairpin may come back beside itself after that.
const HAIRPIN_WIDTHS: f64 = 3.0;

/// A place on the road.
struct Sample {
    /// Metres from the first point.
    along: f64,
    place: DVec2,
    /// Of length 1.
    direction: DVec2,
}

/// Measure in metres how far points spread at a right angle to their longest direction. Zero: they lie on one line.
pub(crate) fn breadth(points: &[DVec2]) -> f64 {
    let middle = points.iter().sum::<DVec2>() / points.len().max(1) as f64;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for from_middle in points.iter().map(|point| *point - middle) {
        xx += from_middle.x * from_middle.x;
        xy += from_middle.x * from_middle.y;
        yy += from_middle.y * from_middle.y;
    }
    // The main axis of the covariance.
    let across = DVec2::from_angle((2.0 * xy).atan2(xx - yy) / 2.0).perp();
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for place in points.iter().map(|point| (*point - middle).dot(across)) {
        (low, high) = (low.min(place), high.max(place));
    }
    high - low
}

/// Find two places of the lap where the road lies on itself: more than half its width covers the same ground, in the same or the
/// opposite direction. Gives metres from the first point. The time is linear in the road's length, because it ends at the first such place.
pub(crate) fn overlap(points: &[DVec2], width: f64) -> Option<(f64, f64)> {
    let near = width / 2.0;
    let length = ring::length(points);
    let neighbours = (HAIRPIN_WIDTHS * width).min(length / 4.0);
    let mut cells: HashMap<(i32, i32), Vec<Sample>> = HashMap::new();
    for sample in samples(points, near) {
        let cell = (sample.place / near).floor().as_ivec2();
        for (x, y) in (-1..=1).flat_map(|x| (-1..=1).map(move |y| (x, y))) {
            let others = cells.get(&(cell.x + x, cell.y + y)).into_iter().flatten();
            let mut others = others.filter(|other| {
                let gap = sample.along - other.along;
                gap.min(length - gap) > neighbours
                    && other.place.distance(sample.place) < near
                    && other.direction.perp_dot(sample.direction).abs() < SAME_DIRECTION
            });
            if let Some(other) = others.next() {
                return Some((other.along, sample.along));
            }
        }
        cells.entry((cell.x, cell.y)).or_default().push(sample);
    }
    None
}

/// Measure how far a place is from the nearest of some segments, in metres.
pub(crate) fn distance(place: DVec2, segments: impl Iterator<Item = (DVec2, DVec2)>) -> f64 {
    let distances = segments.map(|(from, to)| {
        let (way, there) = (to - from, place - from);
        let part = (there.dot(way) / way.length_squared().max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        there.distance(way * part)
    });
    distances.fold(f64::INFINITY, f64::min)
}

/// Places on the road at even steps, in driving order.
fn samples(points: &[DVec2], step: f64) -> impl Iterator<Item = Sample> {
    let (mut start, mut next) = (0.0, 0.0);
    ring::segments(points).flat_map(move |(from, to)| {
        let size = from.distance(to);
        let direction = (to - from).normalize_or_zero();
        let first = next;
        let count = ((start + size - first) / step).ceil().max(0.0);
        let begin = start;
        start += size;
        next = first + count * step;
        (0..count as usize).map(move |index| {
            let along = first + index as f64 * step;
            Sample {
                along,
                place: from + direction * (along - begin),
                direction,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &[[f64; 2]]) -> Vec<DVec2> {
        text.iter().copied().map(DVec2::from).collect()
    }

    fn circle(radius: f64, count: usize) -> Vec<DVec2> {
        let angle = |index| index as f64 / count as f64 * std::f64::consts::TAU;
        (0..count)
            .map(|index| DVec2::from_angle(angle(index)) * radius)
            .collect()
    }

    #[test]
    fn points_on_one_line_have_no_breadth_in_any_direction() {
        for degrees in 0..180 {
            let direction = DVec2::from_angle(f64::from(degrees).to_radians());
            let line: Vec<DVec2> = (0..20)
                .map(|step| direction * f64::from(step * 50))
                .collect();
            assert!(breadth(&line) < 1e-9, "{degrees}");
        }
        assert!((breadth(&circle(50.0, 100)) - 100.0).abs() < 0.2);
        let long = points(&[[0.0, 0.0], [500.0, 0.0], [500.0, 20.0], [0.0, 20.0]]);
        assert!((breadth(&long) - 20.0).abs() < 1.0);
    }

    #[test]
    fn samples_are_evenly_spaced_around_the_whole_ring() {
        let square = points(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]);
        let found: Vec<Sample> = samples(&square, 3.0).collect();
        assert_eq!(found.len(), 14);
        assert_eq!(found[4].place, DVec2::new(10.0, 2.0));
        assert_eq!(found[13].place, DVec2::new(0.0, 1.0));
    }

    #[test]
    fn a_road_that_comes_back_on_itself_is_found() {
        let there_and_back = points(&[[0.0, 0.0], [200.0, 0.0], [200.0, 2.0], [0.0, 2.0]]);
        assert!(overlap(&there_and_back, 12.0).is_some());
        let twice = [circle(50.0, 60), circle(50.5, 60)].concat();
        let (one, other) = overlap(&twice, 12.0).unwrap();
        assert!((other - one - 314.0).abs() < 20.0, "{one} and {other}");
        // A spur into the infield and back.
        let spur = points(&[
            [0.0, 0.0],
            [100.0, 0.0],
            [100.0, 80.0],
            [101.0, 0.0],
            [200.0, 0.0],
            [200.0, 200.0],
            [0.0, 200.0],
        ]);
        assert!(overlap(&spur, 12.0).is_some());
    }

    #[test]
    fn a_crossing_a_hairpin_and_a_small_ring_do_not_lie_on_themselves() {
        let eight = points(&[
            [0.0, 0.0],
            [100.0, 100.0],
            [200.0, 100.0],
            [200.0, 0.0],
            [100.0, 0.0],
            [0.0, 100.0],
            [-100.0, 100.0],
            [-100.0, 0.0],
        ]);
        assert_eq!(overlap(&eight, 12.0), None);
        let hairpin = points(&[
            [0.0, 0.0],
            [300.0, 0.0],
            [306.0, 6.0],
            [300.0, 12.0],
            [0.0, 12.0],
            [-6.0, 6.0],
        ]);
        assert_eq!(overlap(&hairpin, 12.0), None);
        assert_eq!(overlap(&circle(16.0, 24), 30.0), None);
    }

    #[test]
    fn a_distance_is_to_the_nearest_part_of_a_segment() {
        let segment = || [(DVec2::ZERO, DVec2::new(10.0, 0.0))].into_iter();
        for (x, y, expected) in [(5.0, 3.0, 3.0), (-3.0, 4.0, 5.0), (13.0, -4.0, 5.0)] {
            assert_eq!(distance(DVec2::new(x, y), segment()), expected);
        }
        assert_eq!(distance(DVec2::ONE, std::iter::empty()), f64::INFINITY);
    }
}
