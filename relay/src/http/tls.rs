//! TLS of the relay's own, for those who run it without a web server in front. The certificate is read again when its files change, and
//! connections that exist go on with the one before.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::client_stream::ClientStream;

/// Bytes that TLS holds for a client beyond what the system takes: one full record. More would only grow old.
const MAX_UNSENT_BYTES: usize = 16 * 1024;

/// The files of a certificate and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The relay's TLS.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    identity: Arc<Identity>,
}

/// What the relay shows to clients now.
#[derive(Debug)]
struct Identity(RwLock<Shown>);

#[derive(Debug)]
struct Shown {
    files: TlsFiles,
    certificate: Arc<CertifiedKey>,
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().certificate))
    }
}

/// When the files were last written, and how long they are. `None`: one is missing.
type Stamp = Option<[(SystemTime, u64); 2]>;

impl TlsFiles {
    /// Read certificate and key.
    ///
    /// # Errors
    /// A file cannot be read, or the two do not belong together.
    pub(crate) fn read(&self) -> anyhow::Result<CertifiedKey> {
        let shown = || format!("--tls-cert {} cannot be used", self.certificate.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate);
        let chain = chain.and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.with_context(shown)?;
        ensure!(
            !chain.is_empty(),
            "{}: it holds no certificate in PEM",
            shown()
        );
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key =
            key.with_context(|| format!("--tls-key {} cannot be used", self.key.display()))?;
        CertifiedKey::from_der(chain, key, &provider()).with_context(|| {
            let key = self.key.display();
            format!("{}: it does not fit --tls-key {key}", shown())
        })
    }

    fn stamp(&self) -> Stamp {
        let stamp = |path: &PathBuf| {
            let metadata = path.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Some([stamp(&self.certificate)?, stamp(&self.key)?])
    }
}

fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

impl Tls {
    /// Begin with the certificate of these files.
    pub(crate) fn new(files: TlsFiles) -> anyhow::Result<Self> {
        let certificate = Arc::new(files.read()?);
        let identity = Arc::new(Identity(RwLock::new(Shown { files, certificate })));
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .context("the crypto provider has no TLS 1.2 or 1.3")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&identity) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            identity,
        })
    }

    /// Show another certificate from the next connection on.
    pub(crate) fn replace(&self, files: TlsFiles, certificate: CertifiedKey) {
        *self.identity.0.write() = Shown {
            files,
            certificate: Arc::new(certificate),
        };
    }

    /// Do the handshake with a client. There is no time limit here.
    pub(super) async fn accept(&self, stream: ClientStream) -> io::Result<ClientStream> {
        let limit = |connection: &mut rustls::ServerConnection| {
            connection.set_buffer_limit(Some(MAX_UNSENT_BYTES));
        };
        let tls = TlsAcceptor::from(Arc::clone(&self.config))
            .accept_with(stream, limit)
            .await?;
        Ok(ClientStream::Tls(Box::new(tls)))
    }

    /// Look at the files now and then, and read them again when they have changed. The two are not replaced in the same instant, so a
    /// certificate that does not fit its key may fit at the next look.
    pub(crate) async fn watch(self, every: Duration, end: CancellationToken) {
        let files = || self.identity.0.read().files.clone();
        let mut seen = files().stamp();
        let look = async {
            loop {
                tokio::time::sleep(every).await;
                let files = files();
                let stamp = files.stamp();
                if stamp == seen {
                    continue;
                }
                seen = stamp;
                match files.read() {
                    Ok(certificate) => {
                        self.replace(files, certificate);
                        tracing::info!("--tls-cert has changed and is used from now on");
                    }
                    Err(error) => {
                        tracing::error!(
                            "--tls-cert has changed, and the one before stays in use: {error:#}"
                        );
                    }
                }
            }
        };
        tokio::select! {
            () = look => {}
            () = end.cancelled() => {}
        }
    }
}
