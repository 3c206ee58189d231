//! How a file is sent: compressed for those who take it, and how compressed files are kept. `www` asks for both.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::ensure;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use compression_codecs::brotli::params::EncoderParams;
use compression_codecs::core::Level;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::{BrotliEncoder, EncodeV2 as _};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Compressed files kept. A page has some ninety in two codings; the rest is for those that change while the relay runs.
const MAX_KEPT: usize = 256;
/// The largest file that is compressed as well as brotli can, at half a megabyte in a second.
const MAX_BEST_BYTES: usize = 1 << 20;
/// What brotli does with larger ones: as small as gzip at its best, and faster than that.
const FAST: Level = Level::Precise(5);
/// What the encoder hands over at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// How the bytes of an answer come.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    /// As they are.
    Identity,
}

impl Coding {
    /// Its name in headers; bytes as they are need none.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// Choose what the asking side likes best, and the smaller of what it likes equally. Bytes as they are go to those
    /// who say nothing, and to those who refuse everything.
    pub(super) fn wanted_by(request: &HeaderMap) -> Self {
        let weights = Weights::of(request);
        let mut best = (Self::Identity, weights.identity());
        for coding in [Self::Gzip, Self::Brotli] {
            let weight = coding.name().and_then(|name| weights.of_name(name));
            let weight = weight.unwrap_or(0.0);
            if weight > 0.0 && weight >= best.1 {
                best = (coding, weight);
            }
        }
        best.0
    }

    /// Give the bytes in this coding, or nothing where that is what they are or the encoder fails.
    fn compress(self, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Brotli => brotli(data).ok(),
            Self::Gzip => gzip(data).ok(),
            Self::Identity => None,
        }
    }
}

/// The codings that a request names, each with what it is worth to the asking side: 0 is refused, 1 is liked best.
struct Weights(Vec<(String, f32)>);

impl Weights {
    fn of(request: &HeaderMap) -> Self {
        let offered = request.get_all(header::ACCEPT_ENCODING);
        let offered = offered.iter().filter_map(|value| value.to_str().ok());
        Self(
            offered
                .flat_map(|value| value.split(','))
                .filter_map(weighed)
                .collect(),
        )
    }

    fn of_name(&self, name: &str) -> Option<f32> {
        let named = |name| self.0.iter().find(|(known, _)| known == name);
        named(name)
            .or_else(|| named("*"))
            .map(|(_, weight)| *weight)
    }

    /// Bytes as they are need not be named to be taken; then everything named is liked better.
    fn identity(&self) -> f32 {
        let named = self.0.iter().find(|(known, _)| known == "identity");
        named.map_or(0.0, |(_, weight)| *weight)
    }
}

/// One coding of the header; one whose weight is none does not count.
fn weighed(coding: &str) -> Option<(String, f32)> {
    let mut parts = coding.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
    (0.0..=1.0).contains(&weight).then_some((name, weight))
}

/// The hash of a file.
pub(super) type Hash = [u8; 32];

/// Files that were compressed before, by the hash of what they were made of.
#[derive(Default)]
pub(super) struct Compressed(Mutex<HashMap<(Hash, Coding), Slot>>);

/// Filled by who asks first; the others wait for that instead of doing the same. Empty where it failed.
type Slot = Arc<OnceLock<Option<Bytes>>>;

impl Compressed {
    /// Give a file in a coding, or nothing where it has to be sent as it is. This may take long: call it where one may
    /// block.
    pub(super) fn of(&self, data: &[u8], hash: Hash, coding: Coding) -> Option<Bytes> {
        if coding == Coding::Identity {
            return None;
        }
        let slot = self.slot((hash, coding));
        let compress = || coding.compress(data).map(Bytes::from);
        slot.get_or_init(compress).clone()
    }

    fn slot(&self, key: (Hash, Coding)) -> Slot {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(&key) {
            kept.clear();
        }
        Arc::clone(kept.entry(key).or_default())
    }
}

fn gzip(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    encoder.finish()
}

fn brotli(data: &[u8]) -> anyhow::Result<Vec<u8>> {
    let level = if data.len() > MAX_BEST_BYTES {
        FAST
    } else {
        Level::Best
    };
    let mut encoder = BrotliEncoder::new(EncoderParams::default().quality(level));
    let mut rest = PartialBuffer::new(data);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut compressed = Vec::new();
    loop {
        let (before, mut room) = (
            rest.unwritten().len(),
            WriteBuffer::new_initialized(&mut chunk),
        );
        let done = match before {
            0 => encoder.finish(&mut room)?,
            _ => encoder.encode(&mut rest, &mut room).map(|()| false)?,
        };
        let written = room.written();
        ensure!(
            done || !written.is_empty() || rest.unwritten().len() < before,
            "the encoder does not get on"
        );
        compressed.extend_from_slice(written);
        if done {
            return Ok(compressed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::http::HeaderValue;
    use compression_codecs::{BrotliDecoder, DecodeV2 as _};
    use flate2::read::GzDecoder;

    use super::*;

    fn wanted(values: &[&'static str]) -> Coding {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        Coding::wanted_by(&headers)
    }

    #[test]
    fn the_coding_is_what_the_asking_side_likes_best() {
        for (value, coding) in [
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br;q=0.5, GZIP;q=0.5", Coding::Brotli),
            ("BR ; Q=0.5 , gzip; q=0.4", Coding::Brotli),
            ("br;q=0.5, gzip", Coding::Gzip),
            ("br;q=0, gzip;q=0.001", Coding::Gzip),
            ("*", Coding::Brotli),
            ("br;q=0, *", Coding::Gzip),
            ("gzip, *;q=0", Coding::Gzip),
            ("identity, br;q=0.5", Coding::Identity),
            ("identity;q=0.5, gzip;q=0.5", Coding::Gzip),
            ("identity;q=0, deflate", Coding::Identity),
            ("br;q=0, gzip;q=0.000", Coding::Identity),
            ("deflate, zstd", Coding::Identity),
            ("brotli, gzipped", Coding::Identity),
            ("", Coding::Identity),
        ] {
            assert_eq!(wanted(&[value]), coding, "{value}");
        }
        assert_eq!(wanted(&[]), Coding::Identity);
        assert_eq!(wanted(&["gzip", "br"]), Coding::Brotli, "in two headers");
    }

    #[test]
    fn a_weight_that_is_none_does_not_count() {
        for weight in ["NaN", "2", "-1", "inf", "", "x", "0,5"] {
            let value = format!("br;q={weight}, gzip;q=0.1");
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(Coding::wanted_by(&headers), Coding::Gzip, "{weight}");
        }
    }

    fn unpacked(coding: Coding, packed: &[u8], length: usize) -> Vec<u8> {
        match coding {
            Coding::Brotli => {
                let mut plain = vec![0; length + 1];
                let mut room = WriteBuffer::new_initialized(&mut plain);
                let mut packed = PartialBuffer::new(packed);
                assert!(BrotliDecoder::new().decode(&mut packed, &mut room).unwrap());
                room.written().to_vec()
            }
            Coding::Gzip => {
                let mut plain = Vec::new();
                GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
                plain
            }
            Coding::Identity => packed.to_vec(),
        }
    }

    /// Bytes that hardly can be compressed, so that the encoder hands them over in many pieces.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn what_is_compressed_is_the_file() {
        let kept = Compressed::default();
        let files = [
            Vec::new(),
            b"race ".repeat(1000),
            noise(3 * CHUNK_BYTES),
            noise(MAX_BEST_BYTES + 1),
        ];
        for (number, file) in files.iter().enumerate() {
            let hash = [u8::try_from(number).unwrap(); 32];
            for coding in [Coding::Brotli, Coding::Gzip] {
                let packed = kept.of(file, hash, coding).unwrap();
                assert_eq!(unpacked(coding, &packed, file.len()), *file, "{coding:?}");
                let again = kept.of(b"", hash, coding).unwrap();
                assert_eq!(packed.as_ptr(), again.as_ptr(), "it was kept");
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let kept = Compressed::default();
        for number in 0..=MAX_KEPT {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            assert!(kept.of(b"file", hash, Coding::Gzip).is_some());
            assert!(kept.0.lock().unwrap().len() <= MAX_KEPT);
        }
    }
}
