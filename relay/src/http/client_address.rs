//! Whose request it is. A trusted proxy names its client in a header; what anybody else writes there means nothing.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::{ForwardedHeader, Front};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Give the address of the client behind a trusted proxy: the last one in the header that is not a trusted proxy itself. The proxy's own
/// address stands in for one that cannot be read. If all are trusted, the first one is the client.
pub(super) fn behind(proxy: IpAddr, headers: &HeaderMap, front: &Front) -> IpAddr {
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = match front.forwarded_header {
        ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, read_address),
        ForwardedHeader::Forwarded => (header::FORWARDED, read_forwarded),
    };
    let mut first = proxy;
    for value in headers.get_all(name).iter().rev() {
        let Ok(value) = value.to_str() else {
            return proxy;
        };
        // A comma within quotes splits too. What a client has put into quotes is left of what the proxy has added.
        let items = value.rsplit(',').map(str::trim);
        for item in items.filter(|item| !item.is_empty()) {
            match read(item) {
                None => return proxy,
                Some(address) if !front.trusts(address) => return address,
                Some(address) => first = address,
            }
        }
    }
    first
}

/// Read an address, with or without a port.
fn read_address(text: &str) -> Option<IpAddr> {
    let within = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = within.unwrap_or(text).parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok();
    let address = address.or_else(|| Some(with_port()?.ip()))?;
    Some(address.to_canonical())
}

/// Read one hop of RFC 7239. A client that the proxy hides has no address.
fn read_forwarded(hop: &str) -> Option<IpAddr> {
    let hop = rfc7239::parse(hop).next()?.ok()?;
    let address = hop.forwarded_for?.ip().copied()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn front(forwarded_header: ForwardedHeader) -> Front {
        let trusted_proxies = ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        Front {
            trusted_proxies: trusted_proxies.into(),
            forwarded_header,
            ..Front::default()
        }
    }

    fn client(header: ForwardedHeader, lines: &[&[u8]]) -> String {
        let name = match header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line).unwrap());
        }
        behind(PROXY.parse().unwrap(), &headers, &front(header)).to_string()
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        for (lines, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            (&["6.6.6.6", "192.0.2.1"], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1, 10.1.2.3", "10.1.2.4"], "192.0.2.1"),
            (&["rubbish, 192.0.2.1"], "192.0.2.1"),
            (&["192.0.2.1:1234"], "192.0.2.1"),
            (&["[2001:db8::1]:1234"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["192.0.2.1, ,"], "192.0.2.1"),
            (&["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            (&[], PROXY),
            (&[""], PROXY),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            let client = client(ForwardedHeader::XForwardedFor, &lines);
            assert_eq!(client, expected, "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_counts_as_the_proxy() {
        for line in [
            &b"unknown"[..],
            b"192.0.2.1, unknown",
            b"192.0.2.1, 10.0.0.1, 300.1.1.1",
            b"192.0.2.1:99999",
            b"192.0.2.1;",
            b"192.0.2.1\xff",
            b"[192.0.2.1",
        ] {
            let client = client(ForwardedHeader::XForwardedFor, &[line]);
            assert_eq!(client, PROXY, "{line:?}");
        }
        for line in [
            &b"for=_hidden"[..],
            b"for=unknown",
            b"proto=https",
            b"for",
            b"for=192.0.2.1:99999",
            b"192.0.2.1",
        ] {
            let client = client(ForwardedHeader::Forwarded, &[line]);
            assert_eq!(client, PROXY, "{line:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_if_it_is_chosen() {
        for (line, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("for=6.6.6.6, For=\"192.0.2.1:80\";proto=https", "192.0.2.1"),
            ("for=192.0.2.1;host=a, for=10.0.0.1", "192.0.2.1"),
            ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            // A client's open quote does not swallow what the proxy adds.
            ("for=6.6.6.6;host=\", for=192.0.2.1", "192.0.2.1"),
        ] {
            let client = client(ForwardedHeader::Forwarded, &[line.as_bytes()]);
            assert_eq!(client, expected, "{line}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6"));
        let front = front(ForwardedHeader::Forwarded);
        let proxy = PROXY.parse().unwrap();
        assert_eq!(behind(proxy, &headers, &front), proxy);
    }

    proptest! {
        #[test]
        fn no_header_causes_a_panic(lines in proptest::collection::vec("[ -~]{0,40}|[0-9a-f:.,\\[\\]\";= for]{0,40}", 0..4)) {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
                client(header, &lines);
            }
        }
    }
}
