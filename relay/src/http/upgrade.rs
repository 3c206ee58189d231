//! The HTTP half of a WebSocket handshake (RFC 6455, section 4.2). tungstenite checks the request and makes the
//! answer; the relay adds the subprotocol and keeps the raw connection.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// Make the answer that switches the connection to WebSocket, or the answer that says why not.
pub(super) fn accept<B>(
    request: &Request<B>,
    subprotocol: &'static str,
) -> Result<Response, Box<Response>> {
    let mut response = create_response_with_body(&normalised(request), Body::empty)
        .map_err(|error| Box::new(refusal(&error, subprotocol)))?;
    // Subprotocols are compared exactly, unlike the other words of a handshake.
    if !subprotocols(request.headers()).any(|offered| offered == subprotocol) {
        let text = format!(
            "The relay speaks the WebSocket subprotocol {subprotocol}: offer it, \
             as in new WebSocket(address, \"{subprotocol}\").\n"
        );
        return Err(Box::new((StatusCode::BAD_REQUEST, text).into_response()));
    }
    let subprotocol = HeaderValue::from_static(subprotocol);
    let headers = response.headers_mut();
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    Ok(response)
}

/// Copy a request for tungstenite. It reads only the first line of `Connection` and of `Upgrade`, and not all of it.
fn normalised<B>(request: &Request<B>) -> Request<()> {
    let mut copy = Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.version_mut() = request.version();
    let mut headers = request.headers().clone();
    for (name, wanted) in [
        (header::CONNECTION, "upgrade"),
        (header::UPGRADE, "websocket"),
    ] {
        headers.remove(&name);
        if words(request.headers(), &name).any(|word| word.eq_ignore_ascii_case(wanted)) {
            headers.insert(name, HeaderValue::from_static(wanted));
        }
    }
    *copy.headers_mut() = headers;
    copy
}

fn refusal(error: &Error, subprotocol: &str) -> Response {
    let websocket = (header::UPGRADE, "websocket");
    let (hint, text) = match error {
        Error::Protocol(ProtocolError::WrongHttpVersion) => {
            let text = "A WebSocket connection needs HTTP/1.1. A proxy before the relay must use it too, \
                        as nginx does with `proxy_http_version 1.1`.\n";
            (websocket, text.to_owned())
        }
        Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) => {
            let text = "The relay speaks version 13 of WebSocket.\n";
            ((header::SEC_WEBSOCKET_VERSION, "13"), text.to_owned())
        }
        Error::Protocol(
            ProtocolError::MissingSecWebSocketKey | ProtocolError::InvalidSecWebSocketKey,
        ) => {
            let text = "The header Sec-WebSocket-Key must be 16 bytes in base64.\n";
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
        _ => {
            let text = format!(
                "This address is for WebSocket connections with subprotocol {subprotocol}.\n"
            );
            (websocket, text)
        }
    };
    (StatusCode::UPGRADE_REQUIRED, [hint], text).into_response()
}

/// Find an offered subprotocol with this prefix, and give what follows the prefix.
pub(super) fn offered<'a>(headers: &'a HeaderMap, prefix: &str) -> Option<&'a str> {
    subprotocols(headers).find_map(|word| word.strip_prefix(prefix))
}

/// List the offered subprotocols.
pub(super) fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    words(headers, &header::SEC_WEBSOCKET_PROTOCOL)
}

/// List the words of a header. They may be spread over several lines.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::{Method, Version};
    use futures_util::FutureExt as _;

    use super::*;

    fn request(changes: &[(&'static str, &'static str)]) -> Request<()> {
        let mut request = Request::new(());
        let headers = request.headers_mut();
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
        request
    }

    fn status(request: &Request<()>) -> u16 {
        let response = accept(request, "mp-relay.v1").unwrap_or_else(|refusal| *refusal);
        response.status().as_u16()
    }

    #[test]
    fn the_key_of_the_rfc_gets_the_answer_of_the_rfc() {
        let response = accept(&request(&[]), "mp-relay.v1").unwrap();
        assert_eq!(response.status(), 101);
        for (name, value) in [
            ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("sec-websocket-protocol", "mp-relay.v1"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
    }

    #[test]
    fn a_handshake_may_list_words_in_its_headers_and_spread_them() {
        for (name, values) in [
            ("connection", &["keep-alive", "Upgrade"][..]),
            ("connection", &["Upgrade", "keep-alive"]),
            ("connection", &["keep-alive,\tUpgrade"]),
            ("connection", &["keep-alive ,UPGRADE\t, "]),
            ("upgrade", &["websocket, h2c"]),
            ("upgrade", &["h2c,\tWebSocket"]),
            ("upgrade", &["h2c", "websocket"]),
        ] {
            let mut request = request(&[(name, "")]);
            for value in values {
                let value = HeaderValue::from_static(value);
                request.headers_mut().append(name, value);
            }
            assert_eq!(status(&request), 101, "{name} {values:?}");
        }
    }

    #[test]
    fn an_old_version_of_http_is_told_the_one_that_is_needed() {
        let mut old = request(&[]);
        *old.version_mut() = Version::HTTP_10;
        let refusal = accept(&old, "mp-relay.v1").unwrap_err();
        assert_eq!(refusal.status(), 426);
        let text = to_bytes(refusal.into_body(), 1000).now_or_never();
        let text = String::from_utf8(text.unwrap().unwrap().to_vec()).unwrap();
        assert!(text.contains("HTTP/1.1"), "{text}");
    }

    #[test]
    fn a_request_that_is_no_handshake_is_refused() {
        let mut head = request(&[]);
        *head.method_mut() = Method::HEAD;
        assert_eq!(status(&head), 426);
        for (change, expected) in [
            (("upgrade", ""), 426),
            (("connection", "close"), 426),
            (("connection", "keep-alive Upgrade"), 426),
            (("connection", "Upgraded"), 426),
            (("upgrade", "h2c"), 426),
            (("sec-websocket-version", "8"), 426),
            (("sec-websocket-key", ""), 400),
            (("sec-websocket-key", "c2hvcnQ="), 400),
            (("sec-websocket-protocol", ""), 400),
            (("sec-websocket-protocol", "mp-relay.v2"), 400),
            (("sec-websocket-protocol", "MP-RELAY.V1"), 400),
            (("sec-websocket-protocol", "resume.abc.0"), 400),
        ] {
            assert_eq!(status(&request(&[change])), expected, "{change:?}");
        }
    }
}
