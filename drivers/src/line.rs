//! A line on the ground to drive along. A `Vec2` on the ground has the wire's x and z in metres; yaw 0 looks along +Z and
//! grows towards +X.

use glam::Vec2;

/// How many segments around the last known one are searched first, either way.
const NEAR_SEGMENTS: usize = 20;
/// A car further from the line than this is searched for along the whole line.
const NEAR_METRES: f32 = 25.0;

/// A line on the ground, closed or open.
#[derive(Debug)]
pub(crate) struct Line {
    /// A closed line ends with its first point once more.
    points: Vec<Vec2>,
    /// How far along the line each point is, the whole length at the end.
    along: Vec<f32>,
    closed: bool,
}

/// Where something is on a line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Spot {
    /// Metres along the line.
    pub(crate) along: f32,
    /// Metres to the right of it.
    pub(crate) across: f32,
}

impl Spot {
    /// A place on the line itself.
    pub(crate) fn on_line(along: f32) -> Self {
        Self { along, across: 0.0 }
    }
}

impl Line {
    /// Draw a line through at least two points; a closed one goes back to the first.
    pub(crate) fn new(mut points: Vec<Vec2>, closed: bool) -> Self {
        if closed && let Some(&first) = points.first() {
            points.push(first);
        }
        let mut length = 0.0;
        let mut along = vec![0.0];
        for pair in points.windows(2) {
            length += pair[0].distance(pair[1]);
            along.push(length);
        }
        Self {
            points,
            along,
            closed,
        }
    }

    /// How far along each point is.
    pub(crate) fn starts(&self) -> &[f32] {
        &self.along
    }

    /// The whole length in metres.
    pub(crate) fn length(&self) -> f32 {
        self.along.last().copied().unwrap_or(0.0)
    }

    /// Find the place of a spot.
    pub(crate) fn point(&self, spot: Spot) -> Vec2 {
        let (index, part) = self.segment(spot.along);
        let on_line = self.points[index].lerp(self.points[index + 1], part);
        on_line + right_of(self.yaw(spot.along)) * spot.across
    }

    /// Say which way the line goes, in radians; turns evenly from segment to segment.
    pub(crate) fn yaw(&self, along: f32) -> f32 {
        let (index, part) = self.segment(along);
        let (from, to) = (self.yaw_at(index), self.yaw_at(index + 1));
        from + turn(from, to) * part
    }

    /// Find the spot nearest to a place, near `hint` metres along first.
    pub(crate) fn spot(&self, point: Vec2, hint: Option<f32>) -> Spot {
        let segments = self.points.len() - 1;
        if let Some(hint) = hint
            && segments > 2 * NEAR_SEGMENTS
        {
            let middle = self.segment(hint).0 + segments - NEAR_SEGMENTS;
            let near = (middle..=middle + 2 * NEAR_SEGMENTS).map(|index| index % segments);
            let spot = self.nearest(point, near);
            if spot.across.abs() < NEAR_METRES {
                return spot;
            }
        }
        self.nearest(point, 0..segments)
    }

    /// The way from one spot to another along the line, negative backwards; the shorter one on a closed line.
    pub(crate) fn gap(&self, from: f32, to: f32) -> f32 {
        let gap = to - from;
        if self.closed {
            let length = self.length();
            (gap + length / 2.0).rem_euclid(length) - length / 2.0
        } else {
            gap
        }
    }

    fn nearest(&self, point: Vec2, segments: impl Iterator<Item = usize>) -> Spot {
        let mut best = (f32::INFINITY, Spot::default());
        for index in segments {
            let way = self.points[index + 1] - self.points[index];
            let to_point = point - self.points[index];
            // A segment without length has no part to divide by.
            let part = to_point.dot(way) / way.length_squared().max(f32::MIN_POSITIVE);
            let part = part.clamp(0.0, 1.0);
            let off = (to_point - way * part).length_squared();
            if off < best.0 {
                let side = to_point.perp_dot(way).signum();
                let along = self.along[index] + (self.along[index + 1] - self.along[index]) * part;
                let across = side * off.sqrt();
                best = (off, Spot { along, across });
            }
        }
        best.1
    }

    /// The segment at a place and how far into it, 0 to 1.
    pub(crate) fn segment(&self, along: f32) -> (usize, f32) {
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
        let way = self.points[after] - self.points[before];
        way.x.atan2(way.y)
    }
}

/// The shorter turn from one yaw to another, −π to π.
pub(crate) fn turn(from: f32, to: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (to - from + PI).rem_euclid(TAU) - PI
}

/// The direction of a yaw, of length one.
pub(crate) fn ahead_of(yaw: f32) -> Vec2 {
    let (sin, cos) = yaw.sin_cos();
    Vec2::new(sin, cos)
}

/// The direction to the right of a yaw, of length one.
pub(crate) fn right_of(yaw: f32) -> Vec2 {
    let (sin, cos) = yaw.sin_cos();
    Vec2::new(cos, -sin)
}

#[cfg(test)]
mod tests {
    use super::super::track::tests::demo;
    use super::*;

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
    fn the_gap_on_a_closed_line_is_the_shorter_way() {
        let oval = demo().oval;
        let length = oval.length();
        assert!((length - 927.0).abs() < 2.0, "{length}");
        assert!((oval.gap(length - 10.0, 10.0) - 20.0).abs() < 0.01);
        assert!((oval.gap(10.0, length - 10.0) + 20.0).abs() < 0.01);
    }
}
