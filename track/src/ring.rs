//! Geometry of a closed line: its last point leads to its first.

use glam::DVec2;

/// Each point with the one after it.
pub(crate) fn segments(points: &[DVec2]) -> impl Iterator<Item = (DVec2, DVec2)> {
    let ends = points.iter().skip(1).chain(points.first());
    points.iter().copied().zip(ends.copied())
}

/// The way around in metres.
pub(crate) fn length(points: &[DVec2]) -> f64 {
    segments(points).map(|(from, to)| from.distance(to)).sum()
}

/// The enclosed area: half the sum of the cross products. Negative if the line goes clockwise.
pub(crate) fn area(points: &[DVec2]) -> f64 {
    segments(points)
        .map(|(from, to)| from.perp_dot(to))
        .sum::<f64>()
        / 2.0
}

/// A closed line on which places are found by metres along it.
#[cfg(feature = "convert")]
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    points: Vec<DVec2>,
    /// How far along each point is.
    starts: Vec<f64>,
    length: f64,
}

#[cfg(feature = "convert")]
impl Ring {
    pub(crate) fn new(points: Vec<DVec2>) -> Self {
        let mut length = 0.0;
        let starts = segments(&points).map(|(from, to)| {
            let start = length;
            length += from.distance(to);
            start
        });
        let starts = starts.collect();
        Self {
            points,
            starts,
            length,
        }
    }

    pub(crate) fn length(&self) -> f64 {
        self.length
    }

    /// How many points it has.
    pub(crate) fn count(&self) -> usize {
        self.points.len()
    }

    /// How far along a point is. The index is less than [`count`](Self::count).
    pub(crate) fn start_of(&self, index: usize) -> f64 {
        self.starts[index]
    }

    /// The place so many metres along, once around and again.
    pub(crate) fn at(&self, metres: f64) -> DVec2 {
        let along = metres.rem_euclid(self.length);
        let index = self.starts.partition_point(|&start| start <= along);
        let index = index.saturating_sub(1);
        let (from, to) = (
            self.points[index],
            self.points[(index + 1) % self.points.len()],
        );
        let size = from.distance(to).max(f64::MIN_POSITIVE);
        from.lerp(to, ((along - self.starts[index]) / size).min(1.0))
    }
}

/// Put points between the points, on a curve through all of them that has no loops: a centripetal Catmull-Rom spline.
/// Each span becomes `parts` pieces.
#[cfg(feature = "convert")]
pub(crate) fn smooth(points: &[DVec2], parts: usize) -> Vec<DVec2> {
    let count = points.len();
    let at = |index: usize| points[index % count];
    let spans = (0..count).map(|index| {
        [
            at(index + count - 1),
            at(index),
            at(index + 1),
            at(index + 2),
        ]
    });
    spans
        .flat_map(|span| (0..parts).map(move |part| on_curve(span, part as f64 / parts as f64)))
        .collect()
}

/// A place between the second and the third of four points, by the pyramid of Barry and Goldman.
#[cfg(feature = "convert")]
fn on_curve([a, b, c, d]: [DVec2; 4], part: f64) -> DVec2 {
    let knot = |from: DVec2, to: DVec2| from.distance(to).sqrt().max(1e-3);
    let t1 = knot(a, b);
    let t2 = t1 + knot(b, c);
    let t3 = t2 + knot(c, d);
    let t = t1 + (t2 - t1) * part;
    let mix = |from: DVec2, to: DVec2, low: f64, high: f64| from.lerp(to, (t - low) / (high - low));
    let (ab, bc, cd) = (mix(a, b, 0.0, t1), mix(b, c, t1, t2), mix(c, d, t2, t3));
    mix(mix(ab, bc, 0.0, t2), mix(bc, cd, t1, t3), t1, t2)
}
