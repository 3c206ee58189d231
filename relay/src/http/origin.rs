//! Which web pages may connect: pages of the same host or of the public origin, and those the operator allows. Programs other than browsers send
//! no origin and may connect, since they could send any.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

/// Say whether the page that asks may connect.
pub(crate) fn is_allowed(headers: &HeaderMap, config: &Config) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers.get(header::HOST).map(HeaderValue::to_str);
    matches!(host, Some(Ok(host)) if is_same_host(origin, host))
        || config
            .front
            .public_origin
            .iter()
            .any(|own| own.0.is(origin))
        || config
            .allow_origins
            .iter()
            .any(|allowed| allowed.matches(origin))
}

/// Compare the origin's host and port with those of the `Host` header; a port that is not written is the
/// scheme's own.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without = |text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
    !authority.is_empty() && without(authority) == without(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Trust;

    fn allowed(origin: Option<&str>, host: &str, extra: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let game: crate::config::HostPort = "a:1".parse().unwrap();
        let mut config = Config::new(game.clone(), game, Trust::System);
        config.allow_origins = extra.iter().map(|text| text.parse().unwrap()).collect();
        config.front.public_origin = Some("https://race.example".parse().unwrap());
        is_allowed(&headers, &config)
    }

    #[test]
    fn pages_of_the_same_host_and_programs_may_connect() {
        assert!(allowed(None, "play.example", &[]));
        for (origin, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://play.example", "play.example"),
            ("https://play.example", "play.example:443"),
            ("http://Play.Example", "play.example:80"),
            ("http://[::1]:8080", "[::1]:8080"),
            // A proxy need not pass the host on.
            ("https://race.example", "127.0.0.1:8080"),
        ] {
            assert!(allowed(Some(origin), host, &[]), "{origin} {host}");
        }
    }

    #[test]
    fn pages_of_other_hosts_may_not_unless_they_are_allowed() {
        for origin in [
            "https://evil.example",
            "http://127.0.0.1:8081",
            "http://play.example:8080",
            "http://race.example",
            "null",
            "",
            "://",
            "file://",
        ] {
            assert!(!allowed(Some(origin), "play.example", &[]), "{origin}");
        }
        for origin in ["null", "file://", "capacitor://localhost"] {
            assert!(allowed(Some(origin), "play.example", &[origin]), "{origin}");
            assert!(!allowed(Some(origin), "localhost", &[]), "{origin}");
        }
        let extra = ["https://other.example/", "null"];
        assert!(allowed(
            Some("https://other.example"),
            "play.example",
            &extra
        ));
        assert!(allowed(Some("null"), "play.example", &extra));
        assert!(!allowed(
            Some("https://third.example"),
            "play.example",
            &extra
        ));
        assert!(allowed(
            Some("https://third.example"),
            "play.example",
            &["*"]
        ));
    }
}
