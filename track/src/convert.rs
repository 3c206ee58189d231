//! Converts a file of another format to a circuit: finds the lap, converts degrees to metres, smooths the line, and sets the start
//! line.

mod csv;
mod geojson;
mod gpx;

use std::str::FromStr;

use glam::DVec2;
use thiserror::Error;

use crate::check::{CircuitError, MAX_POINTS, checked, wrong};
use crate::circuit::{Circuit, name_of_file};
use crate::format::{Format, without_mark};
use crate::ring::{self, Ring};

/// The longest file that is converted. GPX takes some 150 bytes a point.
pub const MAX_SOURCE_BYTES: usize = 8 << 20;
/// A lap has at least this many points.
const MIN_POINTS: usize = 8;
/// Points nearer to each other than this are merged: a receiver that stands still writes many.
const SAME_METRES: f64 = 0.5;
/// The step between the points of the circuit, and how many it may have.
const STEP_METRES: f64 = 3.0;
const STEPS: std::ops::RangeInclusive<usize> = 40..=4000;
/// The smoothed line has at most so many pieces for each span.
const MAX_PARTS: f64 = 32.0;
/// The largest part of a lap that may be missing.
const MAX_GAP: f64 = 0.25;
/// The width of the asphalt if neither the file nor the options give one.
const DEFAULT_WIDTH_METRES: f64 = 12.0;

/// Why a file cannot be converted.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConvertError {
    /// The file is too long.
    #[error("it has more than {MAX_SOURCE_BYTES} bytes, the most that are converted")]
    TooLong,
    /// The file's format is unknown.
    #[error(
        "its format is unknown: give GeoJSON, GPX, CSV (a line for each point: x, y, width right, width left, in metres) or a circuit"
    )]
    Unknown,
    /// The file breaks the rules of its format.
    #[error("it cannot be read as {format}: {cause}")]
    Malformed {
        /// What it seems to be.
        format: Format,
        /// What is wrong with it.
        cause: String,
    },
    /// There is no line with enough points.
    #[error(
        "its longest line has {0} points: give a line of {MIN_POINTS} to {MAX_POINTS} points around the lap"
    )]
    NoLap(usize),
    /// The line does not come back to where it began.
    #[error(
        "its line is not a lap: it ends {gap:.0} m from where it began, after {length:.0} m. Cut one lap out of it"
    )]
    Open {
        /// From the last point to the first, in metres.
        gap: f64,
        /// The way from the first to the last, in metres.
        length: f64,
    },
    /// The result is not a valid circuit, or the file is a circuit with a fault.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

/// The choices that the file does not make.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The name; by default that in the file, or the file's own.
    pub name: Option<String>,
    /// The width of the asphalt; by default that in the file, or 12 m.
    pub width_metres: Option<f64>,
    /// Where the start line is, on the line as it stands in the file.
    pub start: StartLine,
    /// Drive against the order of the points. The start line stays where it is.
    pub reverse: bool,
}

/// Where the start line is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StartLine {
    /// So many metres from the first point.
    Metres(f64),
    /// At a point, counted from 0.
    Point(usize),
}

impl Default for StartLine {
    fn default() -> Self {
        Self::Point(0)
    }
}

impl FromStr for StartLine {
    type Err = &'static str;

    /// Read `120` or `point:7`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let advice = "give metres from the first point, or point:N";
        match text.strip_prefix("point:") {
            Some(index) => index.parse().map(Self::Point).map_err(|_| advice),
            None => match text.parse() {
                Ok(metres) if f64::is_finite(metres) => Ok(Self::Metres(metres)),
                _ => Err(advice),
            },
        }
    }
}

/// What a parser finds in a file: a line in metres, perhaps with a name and a width.
struct Found {
    name: Option<String>,
    width_metres: Option<f64>,
    points: Vec<DVec2>,
}

/// A file whose lap has been found.
#[derive(Debug, Clone)]
pub struct Source {
    format: Format,
    name: String,
    width_metres: f64,
    ring: Ring,
    /// How many pieces of the ring lie between two points of the file.
    parts: usize,
    /// The circuit, if the file was one.
    original: Option<Circuit>,
}

impl Source {
    /// Find the lap in a file. Its name does not decide the format; it is only a name for the circuit.
    ///
    /// # Errors
    /// There is no lap in it. The error says why, and what to do.
    pub fn read(file: &[u8], file_name: &str) -> Result<Self, ConvertError> {
        if file.len() > MAX_SOURCE_BYTES {
            return Err(ConvertError::TooLong);
        }
        let file = without_mark(file);
        let format = Format::of(file).ok_or(ConvertError::Unknown)?;
        let malformed = |cause| ConvertError::Malformed { format, cause };
        let found = match format {
            Format::Circuit => return Ok(Self::of_circuit(Circuit::read(file)?, file_name)),
            Format::GeoJson => geojson::read(file).map_err(malformed)?,
            Format::Gpx => gpx::read(file).map_err(malformed)?,
            Format::Csv => csv::read(file).map_err(malformed)?,
        };
        let points = lap(found.points)?;
        let longest = ring::segments(&points).map(|(from, to)| from.distance(to));
        let longest = longest.fold(0.0, f64::max);
        // Pieces of about a metre; fewer if the points are that dense already.
        let parts = longest.clamp(1.0, MAX_PARTS).ceil() as usize;
        let parts = parts.min(1 + 200_000 / points.len());
        Ok(Self {
            format,
            name: named(found.name, file_name),
            width_metres: found.width_metres.unwrap_or(DEFAULT_WIDTH_METRES),
            ring: Ring::new(ring::smooth(&points, parts)),
            parts,
            original: None,
        })
    }

    fn of_circuit(circuit: Circuit, file_name: &str) -> Self {
        Self {
            format: Format::Circuit,
            name: named(Some(circuit.name.clone()), file_name),
            width_metres: circuit.width_metres,
            ring: Ring::new(circuit.centreline.clone()),
            parts: 1,
            original: Some(circuit),
        }
    }

    /// What the file is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The name in the file, or the file's own.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The width of the asphalt in metres, 12 if the file gives none.
    pub fn width_metres(&self) -> f64 {
        self.width_metres
    }

    /// The way around in metres.
    pub fn length(&self) -> f64 {
        self.ring.length()
    }

    /// Make the circuit.
    ///
    /// # Errors
    /// The options or the lap are not what a circuit may have.
    pub fn circuit(&self, options: &Options) -> Result<Circuit, CircuitError> {
        let name = options.name.clone().unwrap_or_else(|| self.name.clone());
        let width = options.width_metres.unwrap_or(self.width_metres);
        let start = self.start(options.start)?;
        let is_as_it_was = start == 0.0 && !options.reverse;
        if let Some(original) = &self.original {
            // A pit lane works only in the direction it was drawn for.
            let kept = if options.reverse {
                None
            } else {
                Some(original)
            };
            return checked(Circuit {
                name,
                width_metres: width,
                run_off_metres: original.run_off_metres,
                centreline: match is_as_it_was {
                    true => original.centreline.clone(),
                    false => self.points(start, options.reverse),
                },
                pit_lane: kept.and_then(|circuit| circuit.pit_lane.clone()),
                garages: kept.and_then(|circuit| circuit.garages.clone()),
            });
        }
        checked(Circuit::new(
            name,
            width,
            self.points(start, options.reverse),
        ))
    }

    /// Find the start line, in metres from the first point.
    fn start(&self, start: StartLine) -> Result<f64, CircuitError> {
        let (length, points) = (self.ring.length(), self.ring.count() / self.parts);
        match start {
            StartLine::Metres(metres) if metres.abs() <= length => Ok(metres),
            StartLine::Metres(metres) => Err(wrong(
                format!("the start line is at {metres:.0} m, and a lap has {length:.0} m"),
                "put it on the lap",
            )),
            StartLine::Point(index) if index < points => Ok(self.ring.start_of(index * self.parts)),
            StartLine::Point(index) => Err(wrong(
                format!("the start line is at point {index}, and the lap has {points} points"),
                "count them from 0",
            )),
        }
    }

    /// Points at even steps, from the start line on.
    fn points(&self, start: f64, reverse: bool) -> Vec<DVec2> {
        let length = self.ring.length();
        let count = (length / STEP_METRES).round() as usize;
        let count = count.clamp(*STEPS.start(), *STEPS.end());
        let step = length / count as f64 * if reverse { -1.0 } else { 1.0 };
        let place = |index| self.ring.at(start + step * index as f64);
        // To the centimetre; without a negative zero.
        let rounded = |point: DVec2| (point * 100.0).round() / 100.0 + DVec2::ZERO;
        (0..count).map(place).map(rounded).collect()
    }
}

/// Take the name in the file, or the file's own.
fn named(name: Option<String>, file_name: &str) -> String {
    let name = name.filter(|name| names::is_visible(name));
    name.unwrap_or_else(|| name_of_file(file_name))
}

/// Make a closed line of what was found, with its middle at the origin: without points that repeat, and without the last one
/// if it is the first again.
fn lap(found: Vec<DVec2>) -> Result<Vec<DVec2>, ConvertError> {
    let mut points: Vec<DVec2> = Vec::with_capacity(found.len());
    for point in found.into_iter().filter(|point| point.is_finite()) {
        if points
            .last()
            .is_none_or(|last| last.distance(point) >= SAME_METRES)
        {
            points.push(point);
        }
    }
    let is_closed = |points: &[DVec2]| match points {
        [first, .., last] => first.distance(*last) < SAME_METRES,
        _ => false,
    };
    while is_closed(&points) {
        points.pop();
    }
    if !(MIN_POINTS..=MAX_POINTS).contains(&points.len()) {
        return Err(ConvertError::NoLap(points.len()));
    }
    let gap = points[0].distance(points[points.len() - 1]);
    let length = ring::length(&points) - gap;
    if gap > MAX_GAP * length {
        return Err(ConvertError::Open { gap, length });
    }
    let low = points
        .iter()
        .copied()
        .reduce(DVec2::min)
        .unwrap_or_default();
    let high = points
        .iter()
        .copied()
        .reduce(DVec2::max)
        .unwrap_or_default();
    Ok(points
        .iter()
        .map(|point| point - (low + high) / 2.0)
        .collect())
}

/// Turn longitude and latitude into metres east and north of the first point. The figures are those of the WGS 84 ellipsoid at
/// that latitude; over a circuit the curvature of the earth is less than its asphalt is wide.
fn metres(degrees: &[(f64, f64)]) -> Result<Vec<DVec2>, String> {
    let Some(&(lon, lat)) = degrees.first() else {
        return Ok(Vec::new());
    };
    let inside = |&(lon, lat): &(f64, f64)| lon.abs() <= 180.0 && lat.abs() < 89.0;
    if let Some((lon, lat)) = degrees.iter().find(|place| !inside(place)) {
        return Err(format!(
            "{lon}, {lat} is not a longitude and latitude in degrees; for metres use CSV"
        ));
    }
    let phi = lat.to_radians();
    let north = 111_132.954 - 559.822 * (2.0 * phi).cos() + 1.175 * (4.0 * phi).cos();
    let east = 111_412.84 * phi.cos() - 93.5 * (3.0 * phi).cos();
    let place = |&(x, y): &(f64, f64)| {
        // Across the date line the short way.
        let turn = (x - lon + 540.0).rem_euclid(360.0) - 180.0;
        DVec2::new(turn * east, (y - lat) * north)
    };
    Ok(degrees.iter().map(place).collect())
}

#[cfg(test)]
mod tests;
