//! JSON as it comes over the wire: read into a tree that lends from its text, and written. Small on purpose, since a
//! browser downloads it: a reader for any shape of data would be larger than all that is read with this one.

mod read;
mod write;

use std::borrow::Cow;

use crate::decimal;

pub(crate) use write::push_member;

/// A value and all in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Flag(bool),
    /// As it is spelt: who reads it knows what kind of number it should be.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    /// In the order of the text. Of two members with one name the later counts.
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Value<'a> {
    /// Read a text that is one value; nothing where it is none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        read::value(text)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The nearest number to the one that is spelt; infinite where that is too large.
    pub(crate) fn as_f32(&self) -> Option<f32> {
        match self {
            Self::Number(spelt) => Some(decimal::read(spelt)),
            _ => None,
        }
    }
}
