//! What makes a game server's certificate trusted, as the operator writes it (contract 4). `upstream::trust` applies it.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::bail;
use data_encoding::{DecodeKind, HEXLOWER, HEXLOWER_PERMISSIVE};
use rustls::pki_types::CertificateDer;
use sha2::Digest as _;

/// What makes a game server's certificate trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// It is exactly this certificate.
    Pin(Fingerprint),
    /// It is in this PEM file, or signed by an authority in the file.
    CaFile(PathBuf),
    /// It is signed by an authority that this machine trusts.
    System,
    /// Any certificate is trusted. Anyone on the way can then read and change everything.
    Insecure,
}

impl FromStr for Trust {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.split_once(':') {
            Some(("pin", digits)) => Ok(Self::Pin(digits.parse()?)),
            Some(("ca-file", path)) if !path.is_empty() => Ok(Self::CaFile(path.into())),
            None if text == "system" => Ok(Self::System),
            None if text == "insecure" => Ok(Self::Insecure),
            _ => bail!(
                "'{text}' is not a kind of trust: write pin:SHA256, ca-file:PATH, system or insecure"
            ),
        }
    }
}

/// The hash that names one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fingerprint {
    /// SHA-256 of the certificate's DER form.
    Sha256([u8; 32]),
    /// The thumbprint .NET tools print. Collisions of SHA-1 can be made, so prefer SHA-256.
    Sha1([u8; 20]),
}

impl Fingerprint {
    /// Compute the SHA-256 of a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self::Sha256(sha2::Sha256::digest(certificate).into())
    }

    /// Say whether this is the hash of a certificate.
    pub(crate) fn matches(&self, certificate: &CertificateDer<'_>) -> bool {
        match self {
            Self::Sha256(hash) => sha2::Sha256::digest(certificate)[..] == hash[..],
            Self::Sha1(hash) => sha1::Sha1::digest(certificate)[..] == hash[..],
        }
    }
}

impl FromStr for Fingerprint {
    type Err = anyhow::Error;

    /// Read hexadecimal digits of either case, with or without colons and spaces between them.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let digits = text.replace([':', ' ', '-'], "");
        let bytes = match HEXLOWER_PERMISSIVE.decode(digits.as_bytes()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind == DecodeKind::Length => Vec::new(),
            Err(_) => bail!("a pin is written in hexadecimal digits, colons and spaces allowed"),
        };
        if let Ok(hash) = bytes.as_slice().try_into() {
            return Ok(Self::Sha256(hash));
        }
        if let Ok(hash) = bytes.try_into() {
            return Ok(Self::Sha1(hash));
        }
        bail!(
            "a pin has 64 digits (SHA-256) or 40 (SHA-1 thumbprint), this one has {}",
            digits.len()
        )
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sha256(hash) => f.write_str(&HEXLOWER.encode(hash)),
            Self::Sha1(hash) => f.write_str(&HEXLOWER.encode(hash)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED_SHA256: &str = "FA:10:45:79:2C:3C:8C:40:16:83:EF:FA:D5:42:3F:C8:89:15:B6:8E:C9:B8:9B:D1:73:ED:6B:15:3F:23:0C:D4";

    #[test]
    fn pins_are_read_in_every_common_spelling() {
        let plain = RECORDED_SHA256.replace(':', "").to_lowercase();
        let spaced = RECORDED_SHA256.replace(':', " ");
        let expected: Fingerprint = RECORDED_SHA256.parse().unwrap();
        assert_eq!(expected.to_string(), plain);
        for spelling in [plain, spaced] {
            assert_eq!(spelling.parse::<Fingerprint>().unwrap(), expected);
        }
        for wrong in ["", "abc", "zz", &"a".repeat(63), &"a".repeat(66), "ä"] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn other_words_are_refused() {
        for wrong in ["", "pin", "pin:", "ca-file:", "system:x", "none"] {
            assert!(wrong.parse::<Trust>().is_err(), "{wrong}");
        }
    }
}
