//! The page: embedded in the program, or a folder that is read anew for every request. A debug build reads the
//! embedded folder from the source tree instead, so that a page is changed without a build.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::coding::{Coding, Compressed, Hash};
use super::{plain, sharing};

/// The page that shows a race to whoever has the link.
const VIEWER: &str = "watch.html";
/// The largest file served from a folder; it is read whole.
const MAX_FILE_BYTES: u64 = 32 << 20;

#[derive(rust_embed::RustEmbed)]
#[folder = "../www"]
#[exclude = "test/*"]
#[exclude = "node_modules/*"]
#[exclude = "*.d.ts"]
#[exclude = "*.md"]
#[exclude = "package*.json"]
#[exclude = "tsconfig*.json"]
struct Embedded;

/// Where the page's files come from.
pub(super) struct Www {
    /// Without links; none is the embedded page.
    folder: Option<PathBuf>,
    compressed: Compressed,
}

impl Www {
    /// Open the folder, or the embedded page.
    pub(super) fn new(folder: Option<&Path>) -> anyhow::Result<Self> {
        let folder = folder.map(open).transpose()?;
        Ok(Self {
            folder,
            compressed: Compressed::default(),
        })
    }

    fn read(&self, path: &str) -> Option<(Cow<'static, [u8]>, Hash)> {
        let Some(folder) = &self.folder else {
            let file = Embedded::get(path)?;
            return Some((file.data, file.metadata.sha256_hash()));
        };
        // A link may lead out of the folder; where it really leads decides.
        let path = folder.join(path).canonicalize().ok()?;
        let metadata = path.metadata().ok()?;
        if !path.starts_with(folder) || !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return None;
        }
        let data = std::fs::read(path).ok()?;
        let hash = Sha256::digest(&data).into();
        Some((data.into(), hash))
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

/// Answer with a file of the page.
pub(super) async fn serve(www: Arc<Www>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    if !is_plain(path) {
        return missing(path);
    }
    let path = path.to_owned();
    send(www, path, request).await
}

/// Answer a link to a race, `/watch/ROOM_ID`: the page finds the room in its own address.
pub(super) async fn serve_viewer(www: Arc<Www>, request: Request) -> Response {
    send(www, VIEWER.to_owned(), request).await
}

async fn send(www: Arc<Www>, path: String, request: Request) -> Response {
    let headers = request.headers().clone();
    let is_viewer = path == VIEWER;
    // Reading and compressing are for a thread that may block.
    let answer = tokio::task::spawn_blocking(move || answer(&www, &path, &headers)).await;
    let answer = answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    match is_viewer {
        true => sharing::embeddable(answer),
        false => answer,
    }
}

fn answer(www: &Www, path: &str, request: &HeaderMap) -> Response {
    let Some((data, hash)) = www.read(path) else {
        return missing(path);
    };
    let (media_type, is_text) = media_type(path);
    let wanted = match is_text {
        true => Coding::wanted_by(request),
        false => Coding::Identity,
    };
    let (mut response, coding) = if has_already(request, &entity_tag(hash, wanted)) {
        (StatusCode::NOT_MODIFIED.into_response(), wanted)
    } else {
        let (body, coding) = body(www, data, hash, wanted);
        (Response::new(body), coding)
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    // Names carry no version, so a browser asks each time and mostly hears that nothing has changed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(entity_tag(hash, coding)) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(name) = coding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// The file in the wanted coding; as it is where that is wanted or the encoder fails.
fn body(www: &Www, data: Cow<'static, [u8]>, hash: Hash, wanted: Coding) -> (Body, Coding) {
    if let Some(compressed) = www.compressed.of(&data, hash, wanted) {
        return (Body::from(compressed), wanted);
    }
    let body = match data {
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    };
    (body, Coding::Identity)
}

fn missing(path: &str) -> Response {
    let text = if path.starts_with("pkg/") {
        "The page's wasm module is not there: build it with `cargo xtask wasm`.\n"
    } else {
        "The relay has no such file; the page is at /.\n"
    };
    plain(StatusCode::NOT_FOUND, text)
}

/// Take only paths whose every part is an ordinary name, so that none leads out of the folder or to hidden files.
fn is_plain(path: &str) -> bool {
    let plain = |part: &str| {
        let letter =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(letter)
    };
    path.split('/').all(plain)
}

/// The media type by the name, and whether compression is worth it.
fn media_type(path: &str) -> (&'static str, bool) {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "html" => ("text/html; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "js" | "mjs" => ("text/javascript; charset=utf-8", true),
        "json" | "map" | "webmanifest" => ("application/json", true),
        "wasm" => ("application/wasm", true),
        "svg" => ("image/svg+xml", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "png" => ("image/png", false),
        "jpg" | "jpeg" => ("image/jpeg", false),
        "webp" => ("image/webp", false),
        "ico" => ("image/x-icon", false),
        "woff2" => ("font/woff2", false),
        _ => ("application/octet-stream", false),
    }
}

fn entity_tag(hash: Hash, coding: Coding) -> String {
    let digits: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match coding.name() {
        Some(name) => format!("\"{digits}-{name}\""),
        None => format!("\"{digits}\""),
    }
}

fn has_already(request: &HeaderMap, tag: &str) -> bool {
    let known = request.get_all(header::IF_NONE_MATCH);
    let known = known.iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
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

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "page").unwrap();
        let link = folder.path().join("link.txt");
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), link).unwrap();
        let www = Www::new(Some(folder.path())).unwrap();
        assert_eq!(*www.read("index.html").unwrap().0, b"page"[..]);
        assert!(www.read("link.txt").is_none());
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "page").unwrap();
        let www = Www::new(Some(folder.path())).unwrap();
        let first = answer(&www, "index.html", &HeaderMap::new());
        let mut again = HeaderMap::new();
        again.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(
            answer(&www, "index.html", &again).status(),
            StatusCode::NOT_MODIFIED
        );
        std::fs::write(folder.path().join("index.html"), "changed").unwrap();
        assert_eq!(answer(&www, "index.html", &again).status(), StatusCode::OK);
    }
}
