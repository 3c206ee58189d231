//! The server's own certificate. It is made at start, and kept in a folder on request, so that a pin stays valid.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

/// The name in the certificate. Clients may ask for it, for `localhost`, or for the address.
const COMMON_NAME: &str = "mp-server";
/// The file that holds the certificate, for clients to trust.
pub const CERTIFICATE_FILE: &str = "certificate.pem";
/// The file that holds the key, for the server only.
pub const KEY_FILE: &str = "key.pem";

/// A certificate and its key, as PEM.
pub(crate) struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    /// Make a new one, valid for `address` too.
    pub(crate) fn generate(address: IpAddr) -> anyhow::Result<Self> {
        let mut names = [COMMON_NAME, "localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec();
        let address = address.to_string();
        if !names.contains(&address) {
            names.push(address);
        }
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, COMMON_NAME);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Take the one kept in a folder, or make one and keep it there.
    pub(crate) fn kept_in(folder: &Path, address: IpAddr) -> anyhow::Result<Self> {
        let (certificate, key) = (folder.join(CERTIFICATE_FILE), folder.join(KEY_FILE));
        match (read(&certificate)?, read(&key)?) {
            (Some(certificate), Some(key)) => Ok(Self { certificate, key }),
            (None, None) => {
                let made = Self::generate(address)?;
                let keep = || made.keep(folder, &certificate, &key);
                keep().with_context(|| {
                    format!("cannot keep the certificate in {}", folder.display())
                })?;
                Ok(made)
            }
            _ => bail!(
                "{} holds only one of {CERTIFICATE_FILE} and {KEY_FILE}: restore the other, or remove it to get a \
                 new certificate",
                folder.display()
            ),
        }
    }

    fn keep(&self, folder: &Path, certificate: &Path, key: &Path) -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        write_private(key, self.key.as_bytes())?;
        fs::write(certificate, &self.certificate)
    }

    /// Decode the certificate.
    pub(crate) fn certificate_der(&self) -> anyhow::Result<CertificateDer<'static>> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .context("the certificate is damaged")
    }

    /// Decode the key.
    pub(crate) fn key_der(&self) -> anyhow::Result<PrivateKeyDer<'static>> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes())
            .context("the certificate's key is damaged")
    }
}

/// The SHA-256 of a certificate in lower-case hexadecimal digits, for pinning.
pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    HEXLOWER.encode(&Sha256::digest(certificate))
}

fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_kept_certificate_comes_back_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        let first = Identity::kept_in(&folder, LOOPBACK).unwrap();
        let second = Identity::kept_in(&folder, LOOPBACK).unwrap();
        assert_eq!(first.certificate, second.certificate);
        assert_eq!(first.key, second.key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join(KEY_FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn half_a_certificate_is_a_clear_error() {
        let folder = tempfile::tempdir().unwrap();
        Identity::kept_in(folder.path(), LOOPBACK).unwrap();
        fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
        let error = Identity::kept_in(folder.path(), LOOPBACK).err().unwrap();
        assert!(error.to_string().contains("holds only one of"), "{error}");
    }
}
