//! The origins of web pages that the operator allows beside the relay's own host. `http::origin` applies them.

use std::convert::Infallible;
use std::str::FromStr;

/// An origin the operator allows beside the relay's own host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Every page of every site.
    Any,
    /// Exactly this one, such as `https://play.example`.
    Exactly(String),
}

impl FromStr for AllowedOrigin {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.trim_end_matches('/') {
            "*" => Self::Any,
            origin => Self::Exactly(origin.to_ascii_lowercase()),
        })
    }
}

impl AllowedOrigin {
    /// Say whether this is the origin of a page.
    pub(crate) fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(allowed) => allowed.eq_ignore_ascii_case(origin),
        }
    }
}
