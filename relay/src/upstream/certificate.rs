//! Old certificates, which game servers may have and webpki refuses. Those of X.509 version 1 hold a good key, but no names
//! and no use, so only a pin can trust them: the handshake is then verified by the key alone. RSA keys under 2048 bits are
//! refused under every kind of trust, with a reason that says what to do. `trust` calls it.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error};
use webpki::RawPublicKeyEntity;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

/// The shortest RSA key whose signatures `ring` verifies. Shorter ones can be broken with effort.
const MIN_RSA_BITS: usize = 2048;
/// Makes a certificate that every kind of trust takes.
const HOW_TO_MAKE: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -keyout key.pem -out certificate.pem \
                           -subj /CN=NAME -addext subjectAltName=DNS:NAME";

/// Say why nobody can trust this certificate, and how to make a good one. `None`: it may be trusted.
pub(super) fn flaw(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let PublicKey::RSA(key) = parsed.public_key().parsed().ok()? else {
        return None;
    };
    let bits = key.key_size();
    (bits < MIN_RSA_BITS).then(|| {
        format!(
            "the game server's certificate has an RSA key of {bits} bits, and less than {MIN_RSA_BITS} are not safe; make a \
             new one for the game server: {HOW_TO_MAKE}"
        )
    })
}

/// Say whether this is a certificate of version 1.
pub(super) fn is_version_1(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.version() == X509Version::V1)
}

/// Verify the signature of a TLS 1.2 handshake by the certificate's key alone.
pub(super) fn verify_tls12_by_key(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let key = public_key(certificate)?;
    let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
    let mut possible = algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| *algorithms);
    // TLS 1.2 does not name the curve of a key, so one scheme has several algorithms.
    let is_valid = possible.any(|algorithm| {
        key.verify_signature(*algorithm, message, signed.signature())
            .is_ok()
    });
    match is_valid {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(CertificateError::BadSignature.into()),
    }
}

/// Verify the signature of a TLS 1.3 handshake by the certificate's key alone.
pub(super) fn verify_tls13_by_key(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let key = public_key(certificate)?;
    verify_tls13_signature_with_raw_key(message, &key, signed, algorithms)
}

fn public_key<'a>(
    certificate: &'a CertificateDer<'_>,
) -> Result<SubjectPublicKeyInfoDer<'a>, CertificateError> {
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    Ok(parsed.tbs_certificate.subject_pki.raw.into())
}
