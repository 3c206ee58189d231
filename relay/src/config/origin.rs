//! The names of the relay and of the web pages that may use it: hosts that it answers to, its own public origin, and origins that the
//! operator allows beside it. `http::origin` and `http::host` apply them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use anyhow::{bail, ensure};

/// An origin the operator allows beside the relay's own host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Every page of every site.
    Any,
    /// Exactly this one, such as `https://play.example`.
    Exactly(Origin),
}

/// An origin as browsers send it: in lower case, without a port that is the scheme's own. Pages of apps have schemes of their own, as in
/// `capacitor://localhost`. Pages from files have `null` or `file://`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "null" => return Ok(Self(text)),
            "file://" | "file:///" => return Ok(Self("file://".into())),
            _ => {}
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            bail!(
                "an origin is a scheme and a host, such as https://play.example, capacitor://localhost, file:// or null"
            );
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        ensure!(
            !authority.is_empty() && !authority.contains(['/', '?', '#', '@']),
            "an origin has a host and no path: browsers send only {scheme}://HOST"
        );
        ensure!(
            authority.is_ascii(),
            "browsers send a host in ASCII: write it with xn--"
        );
        let own_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => "",
        };
        let authority = authority.strip_suffix(own_port).unwrap_or(authority);
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

impl Origin {
    /// Say whether this is the origin that a browser sends.
    pub(crate) fn is(&self, origin: &str) -> bool {
        self.0.eq_ignore_ascii_case(origin)
    }

    /// The origin's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without a port.
    fn host(&self) -> &str {
        let (_, authority) = self.0.split_once("://").unwrap_or_default();
        host_of(authority)
    }
}

impl FromStr for AllowedOrigin {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "*" => Self::Any,
            origin => Self::Exactly(origin.parse()?),
        })
    }
}

impl AllowedOrigin {
    /// Say whether this is the origin of a page.
    pub(crate) fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(allowed) => allowed.is(origin),
        }
    }
}

/// The origin under which browsers know the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin(pub Origin);

impl FromStr for PublicOrigin {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let origin: Origin = text.parse()?;
        ensure!(
            origin.0.starts_with("http://") || origin.0.starts_with("https://"),
            "the relay's own origin begins with http:// or https://"
        );
        Ok(Self(origin))
    }
}

/// A host that the relay answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHost {
    /// Whatever a browser calls it.
    Any,
    /// This name, on any port.
    Exactly(String),
}

impl FromStr for AllowedHost {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        ensure!(
            !text.is_empty() && !text.contains(['/', ':', '@', ' ']) && text.is_ascii(),
            "a host is a name without scheme, port and path, such as play.example, or *"
        );
        Ok(match text {
            "*" => Self::Any,
            name => Self::Exactly(plain(name)),
        })
    }
}

impl AllowedHost {
    /// Allow the host of an origin.
    pub(crate) fn of(origin: &PublicOrigin) -> Self {
        Self::Exactly(plain(origin.0.host()))
    }

    /// Say whether the host of this authority is allowed.
    pub(crate) fn matches(&self, authority: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(name) => *name == plain(host_of(authority)),
        }
    }
}

/// Say whether no stranger can make a browser call the relay so: by an address, or by a name that always means the same machine.
/// Another site can let a name of its own lead to the relay, and its pages would then be pages of the same host.
pub(crate) fn is_beyond_rebinding(authority: &str) -> bool {
    let host = plain(host_of(authority));
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<Ipv4Addr>().is_ok()
        || host.parse::<Ipv6Addr>().is_ok()
}

/// Cut off the port, and the brackets of an IPv6 address.
fn host_of(authority: &str) -> &str {
    if let Some((address, _)) = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return address;
    }
    authority
        .split_once(':')
        .map_or(authority, |(host, _)| host)
}

/// Names are the same in either case, and with a dot at the end.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_as_browsers_send_it() {
        for (written, sent) in [
            ("https://play.example", "https://play.example"),
            ("https://Play.Example/", "https://play.example"),
            ("https://play.example:443", "https://play.example"),
            ("http://play.example:80", "http://play.example"),
            ("https://play.example:8443", "https://play.example:8443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("null", "null"),
            ("file://", "file://"),
            ("file:///", "file://"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("ionic://localhost/", "ionic://localhost"),
            ("tauri://localhost", "tauri://localhost"),
            ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
        ] {
            let allowed: AllowedOrigin = written.parse().unwrap();
            assert!(allowed.matches(sent), "{written} {sent}");
            assert!(!allowed.matches("https://other.example"), "{written}");
        }
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused() {
        for wrong in [
            "",
            "play.example",
            "https://",
            "https://play.example/race/",
            "https://me@play.example",
            "https://plää.example",
            "file:///home/me/page.html",
        ] {
            assert!(wrong.parse::<AllowedOrigin>().is_err(), "{wrong}");
        }
        assert!("capacitor://localhost".parse::<PublicOrigin>().is_err());
        assert!("null".parse::<PublicOrigin>().is_err());
    }

    #[test]
    fn only_names_can_be_led_elsewhere() {
        for host in [
            "localhost:8080",
            "Relay.Localhost",
            "localhost.",
            "127.0.0.1:8080",
            "192.168.1.9",
            "[::1]:8080",
            "[fe80::1]",
        ] {
            assert!(is_beyond_rebinding(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "relay",
            "notlocalhost",
        ] {
            assert!(!is_beyond_rebinding(host), "{host}");
        }
    }

    #[test]
    fn a_host_is_allowed_on_every_port() {
        let host: AllowedHost = "Play.Example".parse().unwrap();
        for authority in ["play.example", "PLAY.example:8443", "play.example."] {
            assert!(host.matches(authority), "{authority}");
        }
        assert!(!host.matches("play.example.evil.example"));
        let origin = "https://race.example:8443".parse().unwrap();
        assert!(AllowedHost::of(&origin).matches("race.example:8443"));
        assert!("*".parse::<AllowedHost>().unwrap().matches("any.example"));
        for wrong in ["", "https://play.example", "play.example:80", "a b"] {
            assert!(wrong.parse::<AllowedHost>().is_err(), "{wrong}");
        }
    }
}
