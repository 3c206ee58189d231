//! Gzip of a datagram's JSON before it is sealed (guide, section 10.1), for servers that take it. No released server
//! does, so it is off by default. A build without the feature `gzip` cannot read it either.

/// The most bytes a compressed datagram may become: more than any real one, and small enough to be harmless.
pub const MAX_INFLATED_BYTES: usize = 16 * 1024;

/// A compressed datagram is damaged, or larger than [`MAX_INFLATED_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("compressed data is damaged or becomes more than {MAX_INFLATED_BYTES} bytes")]
pub struct InflateError;

/// Say whether bytes start as gzip does. JSON never does.
pub fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Compress a datagram's JSON.
#[cfg(feature = "gzip")]
pub fn deflate(json: &[u8]) -> Vec<u8> {
    use std::io::Write as _;

    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(256), flate2::Compression::fast());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(json);
    encoder.finish().unwrap_or_default()
}

/// Decompress a datagram to its JSON.
///
/// # Errors
/// The bytes are damaged, or would become too many.
#[cfg(feature = "gzip")]
pub fn inflate(bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
    use std::io::Read as _;

    let mut json = Vec::new();
    let mut bounded = flate2::read::GzDecoder::new(bytes).take(MAX_INFLATED_BYTES as u64 + 1);
    bounded.read_to_end(&mut json).map_err(|_| InflateError)?;
    if json.len() > MAX_INFLATED_BYTES {
        Err(InflateError)
    } else {
        Ok(json)
    }
}

/// Refuse: this build leaves compression out.
///
/// # Errors
/// Always.
#[cfg(not(feature = "gzip"))]
pub fn inflate(_bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
    Err(InflateError)
}

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        let json = br#"{"command":"UPDATE"}"#;
        assert!(is_compressed(&deflate(json)));
        assert_eq!(inflate(&deflate(json)).as_deref(), Ok(&json[..]));
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = deflate(&vec![b'x'; MAX_INFLATED_BYTES * 100]);
        assert_eq!(inflate(&bomb), Err(InflateError));
        assert!(inflate(&deflate(&vec![b'x'; MAX_INFLATED_BYTES])).is_ok());
    }

    #[test]
    fn damage_is_an_error() {
        let mut packed = deflate(b"0123456789");
        packed.truncate(packed.len() - 3);
        assert_eq!(inflate(&packed), Err(InflateError));
        assert_eq!(inflate(&[0x1f, 0x8b]), Err(InflateError));
    }
}
