//! The header of the PROXY protocol, versions 1 and 2, with which a proxy begins a connection. It is read to its last byte and no
//! further, because what follows it is the client's.

use std::io;
use std::net::IpAddr;

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How a header of version 2 begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The bytes of version 2 that say how many follow.
const PREFIX_BYTES: usize = 16;
/// The longest header of version 1 (section 2.1 of the specification).
const MAX_LINE_BYTES: usize = 107;
/// The longest header of version 2. Addresses take 36 bytes, and proxies add some TLS details.
const MAX_BYTES: usize = 1024;

/// Read the header. `None`: the proxy speaks for itself, or does not know the client's address. There is no time limit here.
///
/// # Errors
/// There is no header, it is wrong or too long, or the connection has ended.
pub(super) async fn read(proxy: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; SIGNATURE.len()];
    proxy.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(PREFIX_BYTES, 0);
        proxy.read_exact(&mut header[SIGNATURE.len()..]).await?;
        let length = u16::from_be_bytes([header[PREFIX_BYTES - 2], header[PREFIX_BYTES - 1]]);
        let length = PREFIX_BYTES + usize::from(length);
        if length > MAX_BYTES {
            return Err(wrong());
        }
        header.resize(length, 0);
        proxy.read_exact(&mut header[PREFIX_BYTES..]).await?;
    } else {
        // Byte by byte, so that nothing of the client is read. It is a line of some fifty bytes.
        while !header.ends_with(b"\n") {
            if header.len() == MAX_LINE_BYTES || !header.starts_with(b"PROXY ") {
                return Err(wrong());
            }
            header.push(proxy.read_u8().await?);
        }
    }
    let (read, _) = ProxyHeader::parse(&header, ParseConfig::default()).map_err(|_| wrong())?;
    let client = read.proxied_address().map(|proxied| proxied.source.ip());
    Ok(client.map(|client| client.to_canonical()))
}

fn wrong() -> io::Error {
    let text =
        "the connection of a trusted proxy does not begin with a header of the PROXY protocol";
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;
    use proxy_header::{ProxiedAddress, Tlv};

    use super::*;

    /// Read a header, and give what is left for HTTP.
    fn read_all(mut bytes: &[u8]) -> io::Result<(Option<IpAddr>, &[u8])> {
        let client = read(&mut bytes).now_or_never().unwrap()?;
        Ok((client, bytes))
    }

    fn header(address: Option<&str>) -> ProxyHeader<'static> {
        let Some(address) = address else {
            return ProxyHeader::with_local();
        };
        let source = format!("{address}:1234").parse().unwrap();
        ProxyHeader::with_address(ProxiedAddress::stream(source, source))
    }

    #[test]
    fn both_versions_name_the_client_and_leave_the_rest() {
        for address in [Some("192.0.2.1"), Some("[2001:db8::1]"), None] {
            let header = header(address);
            let (mut first, mut second) = (Vec::new(), Vec::new());
            header.encode_v1(&mut first).unwrap();
            header.encode_v2(&mut second).unwrap();
            let expected = address.map(|text| text.trim_matches(['[', ']']).parse().unwrap());
            for mut bytes in [first, second] {
                bytes.extend(b"GET / HTTP/1.1");
                let read = read_all(&bytes).unwrap();
                assert_eq!(read, (expected, &b"GET / HTTP/1.1"[..]), "{address:?}");
            }
        }
    }

    #[test]
    fn what_is_no_header_or_too_long_is_an_error() {
        let long = |bytes: usize| {
            let mut header = header(Some("192.0.2.1"));
            header.append_tlv(Tlv::Noop(bytes));
            let mut encoded = Vec::new();
            header.encode_v2(&mut encoded).unwrap();
            encoded
        };
        assert!(read_all(&long(900)).is_ok());
        let line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_LINE_BYTES));
        for wrong in [
            &long(1100),
            line.as_bytes(),
            b"GET / HTTP/1.1\r\n\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n",
            b"PROXY TCP4 192.0.2.1",
            b"PROXY TCP5 192.0.2.1 192.0.2.1 1 2\r\n",
            b"PROXY\r\n",
            b"",
        ] {
            assert!(read_all(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), version in 0..3) {
            let begin: &[u8] = [&b"PROXY "[..], SIGNATURE, b""][version as usize];
            let _read_or_refused = read_all(&[begin, &bytes].concat());
        }
    }
}
