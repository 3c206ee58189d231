//! The HTTP half of a WebSocket handshake (RFC 6455, section 4.2). Done here and not by a framework, because what
//! follows needs the raw connection.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The one version of WebSocket.
const VERSION: &str = "13";

/// Why a request is no handshake, and what would be one.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// The header that goes with the status.
    hint: Option<(HeaderName, &'static str)>,
    text: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, AppendHeaders(self.hint), self.text).into_response()
    }
}

/// Check the request; gives the value of `Sec-WebSocket-Accept`.
pub(super) fn check(
    method: &Method,
    headers: &HeaderMap,
    subprotocol: &str,
) -> Result<HeaderValue, Refusal> {
    let wants = |name, token| tokens(headers, name).any(|word| word.eq_ignore_ascii_case(token));
    let upgrade = |hint, text| Refusal {
        status: StatusCode::UPGRADE_REQUIRED,
        hint: Some(hint),
        text,
    };
    let bad = |text| Refusal {
        status: StatusCode::BAD_REQUEST,
        hint: None,
        text,
    };
    let asks = wants(header::CONNECTION, "upgrade") && wants(header::UPGRADE, "websocket");
    if !asks || method != Method::GET {
        return Err(upgrade(
            (header::UPGRADE, "websocket"),
            format!("This address is for WebSocket connections with subprotocol {subprotocol}.\n"),
        ));
    }
    if !wants(header::SEC_WEBSOCKET_VERSION, VERSION) {
        return Err(upgrade(
            (header::SEC_WEBSOCKET_VERSION, VERSION),
            "The relay speaks version 13 of WebSocket.\n".into(),
        ));
    }
    // Subprotocols, unlike the words above, are compared exactly.
    if !tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == subprotocol) {
        return Err(bad(format!(
            "The relay speaks the WebSocket subprotocol {subprotocol}: offer it, \
             as in new WebSocket(address, \"{subprotocol}\").\n"
        )));
    }
    headers
        .get(header::SEC_WEBSOCKET_KEY)
        .and_then(|key| derive_accept_key(key.as_bytes()).try_into().ok())
        .ok_or_else(|| bad("The header Sec-WebSocket-Key is missing.\n".into()))
}

/// Write the headers of the answer.
pub(super) fn accept(headers: &mut HeaderMap, accept: HeaderValue, subprotocol: &'static str) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    let subprotocol = HeaderValue::from_static(subprotocol);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
}

/// Find what was offered behind this prefix beside the subprotocol.
pub(super) fn offered<'a>(headers: &'a HeaderMap, prefix: &str) -> Option<&'a str> {
    tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).find_map(|word| word.strip_prefix(prefix))
}

/// List the comma-separated words of all headers of a name.
fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(changes: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", "resume.abc.0, mp-relay.v1"),
        ]
        .iter()
        .chain(changes)
        {
            match *value {
                "" => drop(headers.remove(*name)),
                value => drop(headers.insert(*name, HeaderValue::from_static(value))),
            }
        }
        headers
    }

    fn status(changes: &[(&'static str, &'static str)]) -> Option<u16> {
        let checked = check(&Method::GET, &request(changes), "mp-relay.v1");
        checked.err().map(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn the_key_of_the_rfc_gets_the_answer_of_the_rfc() {
        let accept = check(&Method::GET, &request(&[]), "mp-relay.v1").unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        assert_eq!(status(&[]), None);
        let head = check(&Method::HEAD, &request(&[]), "mp-relay.v1");
        assert_eq!(head.unwrap_err().status, 426);
        assert_eq!(status(&[("upgrade", "")]), Some(426));
        assert_eq!(status(&[("connection", "close")]), Some(426));
        assert_eq!(status(&[("sec-websocket-version", "8")]), Some(426));
        assert_eq!(status(&[("sec-websocket-key", "")]), Some(400));
        for other in ["", "mp-relay.v2", "MP-RELAY.V1", "resume.abc.0"] {
            assert_eq!(
                status(&[("sec-websocket-protocol", other)]),
                Some(400),
                "{other}"
            );
        }
    }
}
