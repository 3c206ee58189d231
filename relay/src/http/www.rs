//! The page's files: embedded in the program as the build script prepares them, or in a folder that is read again for every
//! request.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use sha2::{Digest as _, Sha256};
use track::{Circuit, MAX_CIRCUIT_BYTES, name_of_file, read_at_most};

use super::compression::ContentHash;
use super::{headers, plain};
use crate::config::ServerName;

/// The page that shows a race to everybody who has the link.
const VIEWER: &str = "watch.html";
/// The client's wasm module. The page cannot connect without it.
const CLIENT: &str = "pkg/wasm/client_wasm_bg.wasm";
/// The circuit that the page drives and shows.
const TRACK: &str = "track.json";
/// The largest file served from a folder. It is read whole.
const MAX_FILE_BYTES: u64 = 32 << 20;

#[derive(rust_embed::RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct Embedded;

/// Refuse an embedded page without its wasm module, and warn of a folder without it: another page may load the client
/// from elsewhere.
pub fn require_client(www: Option<&Path>) -> anyhow::Result<()> {
    match www {
        None => ensure!(
            Embedded::get(CLIENT).is_some(),
            "this relay was built without the page's wasm module: run `cargo xtask wasm` and build the relay again, or \
             serve a page from a folder with --www DIR"
        ),
        Some(folder) if !folder.join(CLIENT).is_file() => tracing::warn!(
            "--www {} holds no {CLIENT}: `cargo xtask wasm` builds it for the page in www",
            folder.display()
        ),
        Some(_) => {}
    }
    Ok(())
}

/// Where the page's files come from.
pub(super) struct Www {
    /// The folder with all links resolved. `None`: the embedded page.
    folder: Option<PathBuf>,
    /// The operator's circuit. `None`: that of the page.
    track: Option<Vec<u8>>,
}

impl Www {
    /// Open the folder, or the embedded page, and read the operator's circuit.
    pub(super) fn new(folder: Option<&Path>, track: Option<&Path>) -> anyhow::Result<Self> {
        let folder = folder.map(open).transpose()?;
        let track = track.map(read_track).transpose()?;
        if let (Some(folder), None) = (&folder, &track) {
            warn_of_wrong_track(folder);
        }
        Ok(Self { folder, track })
    }

    fn read(&self, path: &str) -> Option<(Cow<'static, [u8]>, ContentHash)> {
        if !is_plain(path) {
            return None;
        }
        if let (TRACK, Some(track)) = (path, &self.track) {
            let hash = Sha256::digest(track).into();
            return Some((track.clone().into(), ContentHash(hash)));
        }
        let Some(folder) = &self.folder else {
            let file = Embedded::get(path)?;
            return Some((file.data, ContentHash(file.metadata.sha256_hash())));
        };
        // A link may lead out of the folder, so its target decides.
        let path = folder.join(path).canonicalize().ok()?;
        let metadata = path.metadata().ok()?;
        if !path.starts_with(folder) || !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return None;
        }
        let data = std::fs::read(path).ok()?;
        let hash = Sha256::digest(&data).into();
        Some((data.into(), ContentHash(hash)))
    }
}

fn open(folder: &Path) -> anyhow::Result<PathBuf> {
    let shown = folder.display();
    let folder = folder
        .canonicalize()
        .with_context(|| format!("--www {shown} cannot be opened"))?;
    ensure!(
        folder.join("index.html").is_file(),
        "--www {shown} holds no index.html: it must be the folder of a page"
    );
    Ok(folder)
}

/// Read a circuit's file, and give it as it is served.
fn read_track(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = || format!("--track {} cannot be used", path.display());
    let file = circuit_file(path).with_context(shown)?;
    let mut circuit = Circuit::read(&file).with_context(shown)?;
    if circuit.name.is_empty() {
        circuit.name = name_of_file(&path.to_string_lossy());
    }
    Ok(circuit.to_json().into_bytes())
}

fn circuit_file(path: &Path) -> io::Result<Vec<u8>> {
    read_at_most(File::open(path)?, MAX_CIRCUIT_BYTES)
}

/// A page from a folder may have no circuit, and its files may change at any time. So a wrong one is no reason to refuse the start.
fn warn_of_wrong_track(folder: &Path) {
    let path = folder.join(TRACK);
    let checked = circuit_file(&path).ok().map(|file| Circuit::read(&file));
    if let Some(Err(error)) = checked {
        tracing::warn!("cannot use the circuit {}: {error}", path.display());
    }
}

/// Answer with a file of the page.
pub(super) async fn page(State(www): State<Arc<Www>>, uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    send(www, path.to_owned()).await
}

/// Answer the list of races, `/watch/`, and a link to one of them, `/watch/ROOM_ID`. The page finds the room in its own address,
/// and names its files by relative addresses that work for both, because a proxy may serve the relay under a path.
pub(super) async fn viewer(State(www): State<Arc<Www>>) -> Response {
    send(www, VIEWER.to_owned()).await
}

/// Redirect `/watch.html`, the file's own name, to the list of races. The target is relative, as in [`invitation`].
pub(super) async fn races(uri: Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}"));
    let way = format!("watch/{}", query.unwrap_or_default());
    headers::embeddable(Redirect::temporary(&way).into_response())
}

/// Answer a link into a room, `/join/ROOM_ID`, with the way to the page. That way is relative, because a proxy may serve
/// the relay under a path.
pub(super) async fn invitation(uri: Uri) -> Redirect {
    let room = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().unwrap_or_default().as_bytes();
    let server = form_urlencoded::parse(query).find(|(key, _)| key == "server");
    // Whatever else it is, it does not go into the address.
    let server: Option<ServerName> = server.and_then(|(_, name)| name.parse().ok());
    let server = server.map_or_else(String::new, |name| format!("&server={}", name.as_str()));
    Redirect::temporary(&format!("../?join={room}{server}"))
}

async fn send(www: Arc<Www>, path: String) -> Response {
    let is_viewer = path == VIEWER;
    // Reading a file blocks, so another thread does it.
    let answer = tokio::task::spawn_blocking(move || answer(&www, &path)).await;
    let answer = answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    match is_viewer {
        true => headers::embeddable(answer),
        false => answer,
    }
}

fn answer(www: &Www, path: &str) -> Response {
    let Some((data, hash)) = www.read(path) else {
        return missing(path);
    };
    // Names carry no version, so a browser asks each time and mostly learns that nothing has changed.
    let headers = [
        (header::CONTENT_TYPE, media_type(path)),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "accept-encoding"),
    ];
    (Extension(hash), headers, data).into_response()
}

fn missing(path: &str) -> Response {
    let text = if path.starts_with("pkg/") {
        "The page's wasm module is not there: build it with `cargo xtask wasm`.\n"
    } else {
        "The relay has no such file; the page is at /.\n"
    };
    plain(StatusCode::NOT_FOUND, text)
}

/// Take only paths whose parts are all ordinary names. Others may lead out of the folder or to hidden files.
fn is_plain(path: &str) -> bool {
    let plain = |part: &str| {
        let letter =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(letter)
    };
    path.split('/').all(plain)
}

/// The media type of a file by its name, with the charset if it is text.
fn media_type(path: &str) -> &'static str {
    match mime_guess::from_path(path).first_raw() {
        Some("text/html") => "text/html; charset=utf-8",
        Some("text/css") => "text/css; charset=utf-8",
        Some("text/javascript" | "application/javascript") => "text/javascript; charset=utf-8",
        Some("text/plain") => "text/plain; charset=utf-8",
        Some(media_type) => media_type,
        None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ordinary_names_are_paths() {
        for path in ["index.html", "src/main.js", "pkg/a_b-c.wasm"] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "..",
            "../Cargo.toml",
            "src/../../x",
            "a//b",
            "a/",
            ".git/config",
            "a\\b",
            "%2e%2e/x",
            "c:x",
            "a\0",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }

    #[test]
    fn a_circuit_that_is_too_long_is_refused_without_reading_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // More than any memory has; it takes no room on the disk.
        file.as_file().set_len(1 << 40).unwrap();
        let error = Www::new(None, Some(file.path())).err().unwrap();
        let shown = format!("{error:#}");
        assert!(shown.contains("more than 2097152 bytes"), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "page").unwrap();
        let link = folder.path().join("link.txt");
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), link).unwrap();
        let www = Www::new(Some(folder.path()), None).unwrap();
        assert_eq!(*www.read("index.html").unwrap().0, b"page"[..]);
        assert!(www.read("link.txt").is_none());
    }

    #[test]
    fn files_have_the_media_types_browsers_want() {
        for (path, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("src/a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.wasm", "application/wasm"),
            ("a.svg", "image/svg+xml"),
            ("a.ico", "image/x-icon"),
            ("a.woff2", "font/woff2"),
            ("a", "application/octet-stream"),
        ] {
            assert_eq!(media_type(path), expected, "{path}");
        }
    }
}
