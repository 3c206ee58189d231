//! The site's own collector of figures about players' connections.

use std::str::FromStr;

use anyhow::{Context as _, ensure};
use axum::http::Uri;

/// Where the page sends figures about its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryUrl(Uri);

impl FromStr for TelemetryUrl {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        const EXAMPLE: &str = "write an address such as https://stats.example/race";
        let url: Uri = text.parse().context(EXAMPLE)?;
        let is_web = matches!(url.scheme_str(), Some("https" | "http"));
        let authority = url.authority().filter(|_| is_web).context(EXAMPLE)?;
        let host = authority.as_str();
        ensure!(
            !host.contains('@'),
            "an address for all players must not hold a password"
        );
        let has_port = authority.host().len() < host.len();
        ensure!(
            !authority.host().is_empty() && (!has_port || authority.port_u16().is_some()),
            EXAMPLE
        );
        // It becomes a part of the content security policy.
        ensure!(!host.contains([';', ',', '\'', '*']), EXAMPLE);
        Ok(Self(url))
    }
}

impl TelemetryUrl {
    /// The address.
    pub(crate) fn address(&self) -> String {
        self.0.to_string()
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self.0.authority().map(|authority| authority.as_str());
        format!("{scheme}://{}", authority.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_address_of_the_web() {
        let url: TelemetryUrl = "https://stats.example:8443/race?site=1".parse().unwrap();
        assert_eq!(url.address(), "https://stats.example:8443/race?site=1");
        assert_eq!(url.origin(), "https://stats.example:8443");
        for wrong in [
            "",
            "stats.example",
            "/figures",
            "ftp://stats.example/",
            "https://",
            "https://user:secret@stats.example/",
            "https://a;script-src:1/",
            "https://a/ script-src *",
            "https://*/",
            "https://:80/",
            "https://a:b/",
            "https://a.example:99999/",
        ] {
            assert!(wrong.parse::<TelemetryUrl>().is_err(), "{wrong}");
        }
    }
}
