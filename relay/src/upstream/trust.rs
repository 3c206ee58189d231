//! Contract 4: whether the game server that answers is the one its operator means. rustls asks the verifier made here
//! at every dial. Each kind of trust verifies the signature of the handshake, so a copied certificate without its key
//! is refused.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use client_native::{HostPort, Tls};
use parking_lot::RwLock;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};

use super::certificate::{flaw, is_version_1, verify_tls12_by_key, verify_tls13_by_key};
use crate::config::{Fingerprint, Trust};

/// Why a certificate was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untrusted {
    /// A pin would make it trusted.
    #[error(
        "{cause}; if you know this certificate to be the game server's, use --trust pin:{certificate}"
    )]
    Unknown {
        cause: String,
        certificate: Fingerprint,
    },
    /// Nothing would.
    #[error("{0}")]
    Flawed(String),
}

/// The game server that is trusted, and how its certificate is verified at every dial.
#[derive(Debug)]
pub(crate) struct TrustedServer {
    server: HostPort,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

impl TrustedServer {
    /// Trust this server. The certificate must be valid for `name`, unless `trust` ignores names.
    ///
    /// # Errors
    /// The name cannot be in a certificate, the bundle cannot be read or holds no certificate, or the certificate
    /// authorities of this machine cannot be loaded.
    pub(crate) fn new(trust: &Trust, server: &HostPort, name: &str) -> anyhow::Result<Self> {
        let name = ServerName::try_from(name.to_owned()).with_context(|| {
            format!("'{name}' cannot be the name in a certificate: give one with --server-name")
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Verifier {
            rule: RwLock::new(Arc::new(Rule::new(trust, &provider)?)),
            provider: Arc::clone(&provider),
        });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("the crypto provider has no TLS 1.2 or 1.3")?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        // Game servers resume no TLS sessions, so tickets are of no use.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self {
            server: server.clone(),
            name,
            config: Arc::new(config),
            verifier,
        })
    }

    /// Give the TLS settings of every dial.
    pub(crate) fn tls(&self) -> Tls {
        Tls {
            config: Arc::clone(&self.config),
            name: self.name.clone(),
        }
    }

    /// Refuse another server, or the same by another name.
    pub(crate) fn check_same(&self, new: &Self) -> anyhow::Result<()> {
        ensure!(
            (&self.server, &self.name) == (&new.server, &new.name),
            "--server and --server-name need a restart, so the trust in the new server needs one too"
        );
        Ok(())
    }

    /// Trust from the next dial on what `new` trusts, and say in words what that is.
    pub(crate) fn replace(&self, new: &Self) -> String {
        let rule = new.verifier.rule();
        let words = rule.to_string();
        *self.verifier.rule.write() = rule;
        words
    }
}

/// What a certificate is compared with.
#[derive(Debug)]
enum Rule {
    Pin(Fingerprint),
    Bundle {
        path: PathBuf,
        certificates: Vec<CertificateDer<'static>>,
        verifier: Arc<WebPkiServerVerifier>,
    },
    System(rustls_platform_verifier::Verifier),
    Any,
}

impl Rule {
    fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> anyhow::Result<Self> {
        Ok(match trust {
            Trust::Pin(fingerprint) => Self::Pin(*fingerprint),
            Trust::CaFile(path) => Self::bundle(path, provider)?,
            Trust::System => Self::System(
                rustls_platform_verifier::Verifier::new(Arc::clone(provider))
                    .context("cannot load the certificate authorities of this machine")?,
            ),
            Trust::Insecure => Self::Any,
        })
    }

    fn bundle(path: &Path, provider: &Arc<CryptoProvider>) -> anyhow::Result<Self> {
        let shown = path.display();
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| format!("cannot read the certificates in {shown}"))?;
        ensure!(
            !certificates.is_empty(),
            "{shown} holds no certificate: it must have a section -----BEGIN CERTIFICATE-----"
        );
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots
                .add(certificate.clone())
                .with_context(|| format!("a certificate in {shown} cannot be used"))?;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .with_context(|| format!("the certificates in {shown} cannot be used"))?;
        Ok(Self::Bundle {
            path: path.to_owned(),
            certificates,
            verifier,
        })
    }

    /// Say whether a certificate counts as it is, whatever it says. Then only its key is of use.
    fn is_by_key(&self) -> bool {
        matches!(self, Self::Pin(_) | Self::Any)
    }

    /// Say in words why the certificate is refused. `None`: it is trusted.
    fn objection(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Option<String> {
        if !self.is_by_key() && is_version_1(certificate) {
            return Some(
                "the game server's certificate is of X.509 version 1, which can only be pinned"
                    .into(),
            );
        }
        let verify = |verifier: &dyn ServerCertVerifier| {
            verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
        };
        match self {
            Self::Any => None,
            Self::Pin(pin) if pin.matches(certificate) => None,
            Self::Pin(_) => {
                Some("the game server's certificate is not the pinned one (was it renewed?)".into())
            }
            Self::System(verifier) => {
                let error = verify(verifier).err()?;
                Some(in_words(&error, name, "the system's authorities"))
            }
            Self::Bundle {
                path,
                certificates,
                verifier,
            } => {
                let error = verify(verifier.as_ref()).err()?;
                let bundled = certificates.contains(certificate);
                if bundled && is_chain_fault(&error) && is_for(certificate, name) {
                    return None;
                }
                Some(in_words(&error, name, &path.display().to_string()))
            }
        }
    }
}

/// A certificate that is itself in the bundle needs no well-formed chain: `openssl req -x509` makes certificates of
/// servers that claim to be authorities. Its dates and names still count.
fn is_chain_fault(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::Other(_) | CertificateError::UnknownIssuer
        )
    )
}

/// Say whether the certificate is for this name.
fn is_for(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(certificate)
        .and_then(|parsed| rustls::client::verify_server_name(&parsed, name))
        .is_ok()
}

fn in_words(error: &rustls::Error, name: &ServerName<'_>, authorities: &str) -> String {
    use CertificateError as E;
    let name = name.to_str();
    match error {
        rustls::Error::InvalidCertificate(E::UnknownIssuer) => {
            format!("the game server's certificate is not in or signed by {authorities}")
        }
        rustls::Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => {
            "the game server's certificate has expired".into()
        }
        rustls::Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => {
            "the game server's certificate is not valid yet (is the clock right?)".into()
        }
        rustls::Error::InvalidCertificate(
            E::NotValidForName | E::NotValidForNameContext { .. },
        ) => {
            format!(
                "the game server's certificate is not for '{name}' (give its name with --server-name)"
            )
        }
        other => format!("the game server's certificate cannot be verified: {other}"),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin(pin) => write!(f, "exactly the certificate {pin}"),
            Self::Bundle {
                path, certificates, ..
            } => {
                let (count, path) = (certificates.len(), path.display());
                write!(f, "the certificates in {path}, of which there are {count}")
            }
            Self::System(_) => f.write_str("the authorities of this machine"),
            Self::Any => f.write_str("any certificate"),
        }
    }
}

#[derive(Debug)]
struct Verifier {
    /// Replaced when the operator changes it.
    rule: RwLock<Arc<Rule>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn rule(&self) -> Arc<Rule> {
        Arc::clone(&self.rule.read())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(flaw) = flaw(certificate) {
            return Err(refusal(Untrusted::Flawed(flaw)));
        }
        let objection = self
            .rule()
            .objection(certificate, intermediates, name, ocsp, now);
        match objection {
            None => Ok(ServerCertVerified::assertion()),
            Some(cause) => Err(refusal(Untrusted::Unknown {
                cause,
                certificate: Fingerprint::of(certificate),
            })),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match self.rule().is_by_key() {
            true => verify_tls12_by_key(message, certificate, signed, algorithms),
            false => verify_tls12_signature(message, certificate, signed, algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match self.rule().is_by_key() {
            true => verify_tls13_by_key(message, certificate, signed, algorithms),
            false => verify_tls13_signature(message, certificate, signed, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn refusal(untrusted: Untrusted) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(untrusted))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/recordings/gen1/certificate.pem"
    );
    /// SHA-256 and SHA-1 of that file as `openssl x509 -fingerprint` prints them.
    const RECORDED_SHA256: &str = "FA:10:45:79:2C:3C:8C:40:16:83:EF:FA:D5:42:3F:C8:89:15:B6:8E:C9:B8:9B:D1:73:ED:6B:15:3F:23:0C:D4";
    const RECORDED_SHA1: &str = "0D:09:E7:DB:05:13:58:D9:9B:18:C6:B1:F6:7F:A2:EC:65:BC:8F:54";
    /// 23 November 2026, within the recorded certificate's five years.
    const WITHIN: u64 = 1_795_392_000;
    const YEAR: u64 = 365 * 24 * 3600;

    fn objection(trust: &str, name: &str, now: u64) -> Option<String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let rule = Rule::new(&trust.parse().unwrap(), &provider).unwrap();
        let certificate = CertificateDer::from_pem_file(RECORDED).unwrap();
        let name = ServerName::try_from(name).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
        rule.objection(&certificate, &[], &name, &[], now)
    }

    #[test]
    fn a_recorded_certificate_is_its_own_authority_for_the_names_in_it() {
        let bundle = format!("ca-file:{RECORDED}");
        for name in ["racing-server", "localhost", "127.0.0.1", "::1", "0.0.0.0"] {
            assert_eq!(objection(&bundle, name, WITHIN), None, "{name}");
        }
        let other = objection(&bundle, "game.example", WITHIN).unwrap();
        assert!(
            other.contains("game.example") && other.contains("--server-name"),
            "{other}"
        );
        let later = objection(&bundle, "localhost", WITHIN + 6 * YEAR).unwrap();
        assert!(later.contains("expired"), "{later}");
        let earlier = objection(&bundle, "localhost", WITHIN - YEAR).unwrap();
        assert!(earlier.contains("clock"), "{earlier}");
    }

    #[test]
    fn a_pin_takes_exactly_its_certificate_under_any_name() {
        for pin in [RECORDED_SHA256, RECORDED_SHA1] {
            assert_eq!(
                objection(&format!("pin:{pin}"), "game.example", WITHIN),
                None
            );
        }
        let wrong = format!("pin:{}", RECORDED_SHA256.replace("FA", "FB"));
        assert!(
            objection(&wrong, "localhost", WITHIN)
                .unwrap()
                .contains("pinned")
        );
    }

    /// A certificate that openssl made for the tests.
    fn made(name: &str) -> CertificateDer<'static> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/certificates");
        CertificateDer::from_pem_file(Path::new(folder).join(name)).unwrap()
    }

    #[test]
    fn a_short_key_is_named_with_the_command_that_makes_a_good_one() {
        let certificate = made("rsa-1024.pem");
        for trust in [
            &format!("pin:{}", Fingerprint::of(&certificate)),
            "insecure",
        ] {
            let server = "localhost:1".parse().unwrap();
            let trusted = TrustedServer::new(&trust.parse().unwrap(), &server, "localhost");
            let error = trusted
                .unwrap()
                .verifier
                .verify_server_cert(
                    &certificate,
                    &[],
                    &"localhost".try_into().unwrap(),
                    &[],
                    UnixTime::now(),
                )
                .unwrap_err();
            let error = error.to_string();
            assert!(error.contains("RSA key of 1024 bits"), "{error}");
            assert!(
                error.contains("openssl req -x509 -newkey rsa:2048"),
                "{error}"
            );
            assert!(!error.contains("--trust pin:"), "a pin is no help: {error}");
        }
    }

    #[test]
    fn a_certificate_of_version_1_is_only_for_pins() {
        let certificate = made("version-1.pem");
        assert_eq!(flaw(&certificate), None);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/certificates");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        for (trust, is_taken) in [
            (format!("pin:{}", Fingerprint::of(&certificate)), true),
            (format!("ca-file:{folder}/version-1.pem"), false),
            ("system".to_owned(), false),
        ] {
            let rule = Rule::new(&trust.parse().unwrap(), &provider).unwrap();
            let name = ServerName::try_from("old-game-server").unwrap();
            let objection = rule.objection(&certificate, &[], &name, &[], UnixTime::now());
            let words = objection.clone().unwrap_or_default();
            assert_eq!(objection.is_none(), is_taken, "{trust}: {words}");
            assert!(is_taken || words.contains("version 1"), "{trust}: {words}");
        }
    }

    #[test]
    fn an_unknown_certificate_is_refused_by_the_system_and_taken_by_insecure() {
        assert_eq!(objection("insecure", "localhost", WITHIN), None);
        let refused = objection("system", "localhost", WITHIN);
        // A machine without any authorities says so when the rule is made; this one has some.
        assert!(
            refused.unwrap().contains("certificate"),
            "the system's authorities never signed it"
        );
    }

    #[test]
    fn a_bundle_without_certificates_says_what_it_must_have() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let trust = Trust::CaFile(file.path().to_owned());
        let server = "localhost:1".parse().unwrap();
        let error = TrustedServer::new(&trust, &server, "localhost");
        let error = error.unwrap_err().to_string();
        assert!(error.contains("BEGIN CERTIFICATE"), "{error}");
    }
}
