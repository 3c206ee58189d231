//! Finds the lap in CSV: one point a line, in metres, with the widths to the right and left of it if there are any. A heading
//! may name the columns, also behind `#`. The centre line is moved into the middle of the asphalt.

use csv::{ReaderBuilder, StringRecord, Trim};
use glam::DVec2;

use super::Found;

/// A lap of 40 km with a point for each 20 cm.
const MAX_LINES: usize = 200_000;

/// Which column holds what.
#[derive(Debug, Clone, Copy)]
struct Columns {
    x: usize,
    y: usize,
    right: Option<usize>,
    left: Option<usize>,
}

impl Columns {
    /// Without a heading.
    const PLAIN: Self = Self {
        x: 0,
        y: 1,
        right: Some(2),
        left: Some(3),
    };

    /// Find the columns in a heading. `None`: it names no x and y.
    fn named(heading: &StringRecord) -> Option<Self> {
        let names: Vec<String> = heading.iter().map(heading_name).collect();
        let find = |fits: &dyn Fn(&str) -> bool| names.iter().position(|name| fits(name));
        Some(Self {
            x: find(&|name| name == "x" || name.starts_with("x_"))?,
            y: find(&|name| name == "y" || name.starts_with("y_"))?,
            right: find(&|name| name.contains("right"))
                .or_else(|| find(&|name| name.contains("width"))),
            left: find(&|name| name.contains("left")),
        })
    }
}

fn heading_name(text: &str) -> String {
    let text = text.trim_start_matches('#').trim();
    text.to_ascii_lowercase()
}

pub(super) fn read(file: &[u8]) -> Result<Found, String> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(file))
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(file);
    let mut columns = Columns::PLAIN;
    let (mut points, mut widths) = (Vec::new(), Vec::new());
    let mut record = StringRecord::new();
    let mut lines = 0;
    while reader
        .read_record(&mut record)
        .map_err(|error| error.to_string())?
    {
        lines += 1;
        if lines > MAX_LINES {
            return Err(format!(
                "it has more than {MAX_LINES} lines: cut one lap out of it"
            ));
        }
        let line = record.position().map_or(0, csv::Position::line);
        if points.is_empty() && is_heading(&record) {
            match Columns::named(&record) {
                Some(named) => columns = named,
                None if record.iter().any(|name| heading_name(name).contains("lat")) => {
                    return Err(
                        "its columns are degrees; give metres, or the same as GPX or GeoJSON"
                            .into(),
                    );
                }
                None => {}
            }
            continue;
        }
        if record.get(0).is_some_and(|first| first.starts_with('#')) {
            continue;
        }
        let number =
            |column: usize| number(&record, column).map_err(|what| format!("line {line}: {what}"));
        points.push(DVec2::new(number(columns.x)?, number(columns.y)?));
        let optional = |column: Option<usize>| match column {
            Some(column) if column < record.len() => number(column).map(Some),
            _ => Ok(None),
        };
        widths.push((optional(columns.right)?, optional(columns.left)?));
    }
    Ok(Found {
        name: None,
        width_metres: width(&widths),
        points: centred(&points, &widths),
    })
}

/// Find the separator: the usual one that the first line with numbers has.
fn delimiter(file: &[u8]) -> u8 {
    let mut lines = file.split(|&byte| byte == b'\n').take(20);
    let separator = lines.find_map(|line| line.iter().find(|byte| b";,\t".contains(byte)));
    separator.copied().unwrap_or(b',')
}

fn is_heading(record: &StringRecord) -> bool {
    record
        .get(0)
        .is_none_or(|first| first.parse::<f64>().is_err())
}

fn number(record: &StringRecord, column: usize) -> Result<f64, String> {
    let text = record.get(column).unwrap_or_default();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("{text:?} in column {} is not a number", column + 1)),
    }
}

/// The mean width, as far as a circuit may be narrow or wide. A lone third column is the whole width.
fn width(widths: &[(Option<f64>, Option<f64>)]) -> Option<f64> {
    let known = widths
        .iter()
        .filter_map(|(right, left)| Some((*right)? + left.unwrap_or(0.0)));
    let known: Vec<f64> = known.filter(|width| *width > 0.0).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    mean.is_finite()
        .then(|| (mean.clamp(3.0, 60.0) * 10.0).round() / 10.0)
}

/// Move each point into the middle between the edges.
fn centred(points: &[DVec2], widths: &[(Option<f64>, Option<f64>)]) -> Vec<DVec2> {
    let count = points.len();
    let place = |index: usize| {
        let along = points[(index + 1) % count] - points[(index + count - 1) % count];
        let (Some(right), Some(left)) = widths[index] else {
            return points[index];
        };
        points[index] + along.normalize_or_zero().perp() * ((left - right) / 2.0)
    };
    (0..count).map(place).collect()
}
