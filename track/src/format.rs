//! Guesses a file's format from its content, so that a file of another format gets a better error than that of a JSON parser.

use std::fmt;

use serde_json::Value;

/// A format that holds lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A circuit's file.
    Circuit,
    /// Longitude and latitude, as map editors write.
    GeoJson,
    /// Latitude and longitude, as GPS receivers write.
    Gpx,
    /// Metres, one point a line: x, y, and the widths to the right and left.
    Csv,
}

impl Format {
    /// Guess a file's format from its content. `None`: the format is unknown.
    pub fn of(file: &[u8]) -> Option<Self> {
        let text = without_mark(file).trim_ascii_start();
        match text.first()? {
            b'{' => Some(match serde_json::from_slice::<Value>(text) {
                Ok(value) if value["type"].is_string() && value["centreline"].is_null() => {
                    Self::GeoJson
                }
                _ => Self::Circuit,
            }),
            b'<' => Some(Self::Gpx),
            b'#' | b'0'..=b'9' | b'-' | b'+' | b'.' | b'"' => Some(Self::Csv),
            // A heading of letters over columns.
            letter if letter.is_ascii_alphabetic() => {
                let line = text.split(|&byte| byte == b'\n').next()?;
                let separated = line.iter().any(|byte| b",;\t".contains(byte));
                separated.then_some(Self::Csv)
            }
            _ => None,
        }
    }
}

/// Drop the byte order mark that some editors write.
pub(crate) fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Circuit => "a circuit",
            Self::GeoJson => "GeoJSON",
            Self::Gpx => "GPX",
            Self::Csv => "CSV",
        })
    }
}
