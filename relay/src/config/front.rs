//! What stands between browsers and the relay: the proxies that name the client of a connection, and the names that browsers know.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{anyhow, bail, ensure};
use clap::ArgAction;
use ipnet::IpNet;

use super::listen::Listen;
use super::origin::{AllowedHost, PublicOrigin};

/// What stands between browsers and the relay.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Front {
    /// Believe this proxy about the address of its clients: an address or a network such as 10.0.0.0/8; repeatable.
    #[arg(
        long = "trusted-proxy",
        env = "MP_RELAY_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<TrustedProxy>,
    /// The header in which trusted proxies name the client. The other one is not read.
    #[arg(
        long,
        env = "MP_RELAY_FORWARDED_HEADER",
        value_name = "x-forwarded-for|forwarded",
        default_value = "x-forwarded-for"
    )]
    pub forwarded_header: ForwardedHeader,
    /// Trusted proxies begin each connection with the header of the PROXY protocol, version 1 or 2.
    #[arg(long, env = "MP_RELAY_PROXY_PROTOCOL", value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", default_value = "false", hide_default_value = true)]
    pub proxy_protocol: bool,
    /// The origin under which browsers know this relay, such as `https://race.example`. Its pages may connect, and its host is allowed.
    #[arg(long, env = "MP_RELAY_PUBLIC_ORIGIN", value_name = "ORIGIN")]
    pub public_origin: Option<PublicOrigin>,
    /// Answer to this name too; repeatable, * is every name. Addresses, localhost and the host of --public-origin are always allowed.
    #[arg(
        long = "allow-host",
        env = "MP_RELAY_ALLOW_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allow_hosts: Vec<AllowedHost>,
    /// Speak TLS with this certificate: a PEM file with its whole chain. It is read again when it changes.
    #[arg(long, env = "MP_RELAY_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, a PEM file.
    #[arg(long, env = "MP_RELAY_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

impl Front {
    pub(super) fn check(&self, listen: &Listen) -> anyhow::Result<()> {
        ensure!(
            self.tls_cert.is_some() == self.tls_key.is_some(),
            "--tls-cert and --tls-key are needed together"
        );
        ensure!(
            !self.proxy_protocol || self.names_clients(listen),
            "--proxy-protocol needs --trusted-proxy: only a proxy that is trusted may name the client"
        );
        Ok(())
    }

    /// Say whether there are proxies that name their clients. Whoever may write to a Unix socket is one.
    pub(super) fn names_clients(&self, listen: &Listen) -> bool {
        !self.trusted_proxies.is_empty() || matches!(listen, Listen::Unix(_))
    }

    /// List the names that browsers may call the relay.
    pub(crate) fn hosts(&self) -> Vec<AllowedHost> {
        let own = self.public_origin.iter().map(AllowedHost::of);
        own.chain(self.allow_hosts.iter().cloned()).collect()
    }

    /// Say whether a proxy at this address is believed.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let mut proxies = self.trusted_proxies.iter();
        proxies.any(|proxy| proxy.0.contains(&address.to_canonical()))
    }
}

/// The network of a trusted proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

impl FromStr for TrustedProxy {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse());
        let network = network.map_err(|_| {
            anyhow!("a proxy is an address or a network, such as 192.0.2.7, 10.0.0.0/8 or fd00::/8")
        })?;
        ensure!(
            network.prefix_len() > 0,
            "{network} is everybody: name only the proxies"
        );
        Ok(Self(network))
    }
}

/// A header in which proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which nearly all proxies set.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239.
    Forwarded,
}

impl FromStr for ForwardedHeader {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Self::XForwardedFor,
            "forwarded" => Self::Forwarded,
            _ => bail!("the header is x-forwarded-for or forwarded"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Invocation;

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let front = Front {
            trusted_proxies: ["192.0.2.7", "10.0.0.0/8", "fd00::/8", "::1"]
                .map(|text| text.parse().unwrap())
                .into(),
            ..Front::default()
        };
        for (address, expected) in [
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("10.255.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("fd12::1", true),
            ("::1", true),
            ("::2", false),
        ] {
            assert_eq!(
                front.trusts(address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
        for wrong in [
            "",
            "0.0.0.0/0",
            "::/0",
            "proxy.example",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.1:80",
        ] {
            assert!(wrong.parse::<TrustedProxy>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_sets_every_option_and_is_printed_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.toml");
        let lines = [
            "allow-host = [\"a.example\", \"b.example\"]",
            "forwarded-header = \"Forwarded\"",
            "listen = \"unix:/run/relay.sock\"",
            "proxy-protocol = true",
            "public-origin = \"https://race.example\"",
            "tls-cert = \"/a/chain.pem\"",
            "tls-key = \"/a/key.pem\"",
            "trusted-proxy = [\"10.0.0.0/8\", \"::1\"]",
        ];
        let text = format!("server = 'a:1'\ntrust = 'system'\n{}", lines.join("\n"));
        std::fs::write(&file, text).unwrap();
        let arguments = ["mp-relay".into(), "--config".into(), file.into_os_string()];
        let read = Invocation::read(arguments).unwrap();
        let front = &read.config.front;
        assert!(front.trusts("10.1.1.1".parse().unwrap()) && front.proxy_protocol);
        assert_eq!(front.forwarded_header, ForwardedHeader::Forwarded);
        assert_eq!(front.hosts().len(), 3);
        assert_eq!(front.tls_key.as_deref(), Some("/a/key.pem".as_ref()));
        let printed = read.options.to_string();
        for line in lines {
            assert!(printed.contains(line), "{line} in {printed}");
        }
    }

    #[test]
    fn the_proxy_protocol_needs_a_trusted_proxy() {
        let mut front = Front {
            proxy_protocol: true,
            ..Front::default()
        };
        let port = ([127, 0, 0, 1], 8080).into();
        let error = front.check(&port).unwrap_err().to_string();
        assert!(error.contains("--trusted-proxy"), "{error}");
        assert!(front.check(&Listen::Unix("relay.sock".into())).is_ok());
        front.trusted_proxies.push("127.0.0.1".parse().unwrap());
        assert!(front.check(&port).is_ok());
        front.tls_cert = Some("certificate.pem".into());
        let error = front.check(&port).unwrap_err().to_string();
        assert!(error.contains("--tls-key"), "{error}");
    }
}
