//! Compresses the page's files. tower-http negotiates the coding and compresses; a compressed file is kept, so that it
//! is made once and not for every request.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use data_encoding::HEXLOWER;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{
    DefaultPredicate, NotForContentType, Predicate, SizeAbove,
};

/// Compressed files kept. A page has some ninety in two codings. The rest is for files that change while the relay
/// runs.
const MAX_KEPT: usize = 256;
/// The largest file that is compressed at brotli's best level, at half a megabyte a second.
const MAX_BEST_BYTES: u64 = 1 << 20;
/// The level for larger files: as small as gzip's best, and faster.
const FAST: CompressionLevel = CompressionLevel::Precise(5);
/// The largest compressed file: twice the largest file there is.
const MAX_COMPRESSED_BYTES: usize = 64 << 20;

/// The hash of a file before any coding. The response with the file carries it as an extension.
#[derive(Clone, Copy)]
pub(super) struct ContentHash(pub(super) [u8; 32]);

impl ContentHash {
    /// The entity tag of the file in this coding.
    fn entity_tag(self, coding: Option<&HeaderValue>) -> String {
        let digits = HEXLOWER.encode(&self.0[..16]);
        match coding.and_then(|coding| coding.to_str().ok()) {
            Some(coding) => format!("\"{digits}-{coding}\""),
            None => format!("\"{digits}\""),
        }
    }
}

/// Compress what a route of files serves, and answer 304 if the client has the newest version.
pub(super) fn compressed<S: Clone + Send + Sync + 'static>(
    route: MethodRouter<S>,
    files: CompressedFiles,
) -> MethodRouter<S> {
    let large = SizeAbove::new(MAX_BEST_BYTES).and(is_worth_it());
    let fast = CompressionLayer::new().quality(FAST).compress_when(large);
    // It compresses the files that `fast` has left as they are.
    let best = CompressionLayer::new().quality(CompressionLevel::Best);
    let best = best.compress_when(is_worth_it());
    route.layer((
        from_fn_with_state(files, tag_and_keep),
        best,
        fast,
        map_response(note_status),
    ))
}

/// Note the true status of an answer. If the client refuses every coding, tower-http changes it to 406 and sends the
/// answer all the same.
async fn note_status(mut answer: Response) -> Response {
    let status = answer.status();
    answer.extensions_mut().insert(status);
    answer
}

fn is_worth_it() -> impl Predicate {
    let is_file = |_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions| {
        extensions.get::<ContentHash>().is_some()
    };
    DefaultPredicate::new()
        .and(NotForContentType::const_new("font/"))
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(is_file)
}

async fn tag_and_keep(
    State(files): State<CompressedFiles>,
    request: Request,
    next: Next,
) -> Response {
    let known: Option<IfNoneMatch> = request.headers().typed_get();
    let (mut head, body) = next.run(request).await.into_parts();
    if let Some(status) = head.extensions.remove::<StatusCode>() {
        head.status = status;
    }
    let Some(hash) = head.extensions.get::<ContentHash>().copied() else {
        return Response::from_parts(head, body);
    };
    let coding = head.headers.get(header::CONTENT_ENCODING);
    let is_compressed = coding.is_some();
    let tag = hash.entity_tag(coding);
    let Ok(entity_tag) = tag.parse::<ETag>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let has_already = known.is_some_and(|known| !known.precondition_passes(&entity_tag));
    head.headers.typed_insert(entity_tag);
    if has_already {
        head.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(head, Body::empty());
    }
    if !is_compressed {
        return Response::from_parts(head, body);
    }
    match files.get_or_compress(tag, body).await {
        Some(bytes) => Response::from_parts(head, Body::from(bytes)),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Compressed files by their entity tags.
#[derive(Clone, Default)]
pub(super) struct CompressedFiles(Arc<Mutex<HashMap<String, Slot>>>);

/// The first request fills it. Requests for the same file wait for that instead of compressing it too.
type Slot = Arc<OnceCell<Bytes>>;

impl CompressedFiles {
    /// Give the file with this tag. Reading `body` compresses it. `None` if that fails.
    async fn get_or_compress(&self, tag: String, body: Body) -> Option<Bytes> {
        let slot = self.slot(tag);
        let compress = || async {
            // A file takes up to a second, so another thread does it.
            let reading = || Handle::current().block_on(to_bytes(body, MAX_COMPRESSED_BYTES));
            match tokio::task::spawn_blocking(reading).await {
                Ok(Ok(bytes)) => Ok(bytes),
                _ => Err(()),
            }
        };
        // A task of its own keeps the file even if the client leaves meanwhile.
        let filling = async move { slot.get_or_try_init(compress).await.cloned() };
        tokio::spawn(filling).await.ok()?.ok()
    }

    fn slot(&self, tag: String) -> Slot {
        let mut kept = self.0.lock();
        if kept.len() >= MAX_KEPT && !kept.contains_key(&tag) {
            kept.clear();
        }
        Arc::clone(kept.entry(tag).or_default())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_file_is_compressed_once() {
        let files = CompressedFiles::default();
        for body in ["first", "second"] {
            let bytes = files.get_or_compress("tag".into(), Body::from(body)).await;
            assert_eq!(bytes.unwrap(), "first");
        }
    }

    #[tokio::test]
    async fn a_file_is_kept_even_if_the_first_client_leaves() {
        let files = CompressedFiles::default();
        let first = files.get_or_compress("tag".into(), Body::from("first"));
        assert!(first.now_or_never().is_none(), "the client has left");
        let second = files.get_or_compress("tag".into(), Body::from("second"));
        assert_eq!(second.await.unwrap(), "first");
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let files = CompressedFiles::default();
        for number in 0..=MAX_KEPT {
            let tag = number.to_string();
            assert!(files.get_or_compress(tag, Body::from("x")).await.is_some());
            assert!(files.0.lock().len() <= MAX_KEPT);
        }
    }
}
