//! The fields of a JSON object that came over the wire, each taken by name and type. Small on purpose: a derived
//! reader for every kind of line made the browser's module half as large again.

use std::borrow::Cow;
use std::str::FromStr;

use crate::geometry::{Quat, Vec3};
use crate::json::Value;

/// A borrowed JSON object.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a [(Cow<'a, str>, Value<'a>)]);

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value<'a>) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    pub(crate) fn str(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    pub(crate) fn text(self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(crate) fn count(self, name: &str) -> Option<u32> {
        self.spelt(name)?.parse().ok()
    }

    pub(crate) fn integer(self, name: &str) -> Option<i32> {
        self.spelt(name)?.parse().ok()
    }

    pub(crate) fn id<Id: FromStr>(self, name: &str) -> Option<Id> {
        self.str(name)?.parse().ok()
    }

    pub(crate) fn object(self, name: &str) -> Option<Self> {
        Self::of(self.get(name)?)
    }

    /// All members that are objects themselves; others are passed over.
    pub(crate) fn objects(self) -> impl Iterator<Item = (&'a str, Self)> {
        let object =
            |(name, value): &'a (Cow<'a, str>, Value<'a>)| Some((&**name, Self::of(value)?));
        self.0.iter().filter_map(object)
    }

    /// The items of a list; nothing where it is none.
    pub(crate) fn items(self, name: &str) -> Option<&'a [Value<'a>]> {
        match self.get(name)? {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// A list of objects, each read by `read`; nothing where one cannot be.
    pub(crate) fn list<T>(self, name: &str, read: fn(Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        for item in self.items(name)? {
            list.push(read(Self::of(item)?)?);
        }
        Some(list)
    }

    /// A number, `absent` where the field is not there; nothing where it is there and no number.
    pub(crate) fn number_or(self, name: &str, absent: f32) -> Option<f32> {
        self.get(name).map_or(Some(absent), Value::as_f32)
    }

    /// These fields as a place; what is absent is 0 (facts, section 6.2).
    pub(crate) fn vec3(self) -> Option<Vec3> {
        let number = |name| self.number_or(name, 0.0);
        Some(Vec3::new(number("x")?, number("y")?, number("z")?))
    }

    /// The place under `name`, or none at the origin where there is no such field.
    pub(crate) fn vec3_or_origin(self, name: &str) -> Option<Vec3> {
        match self.get(name) {
            Some(value) => Self::of(value)?.vec3(),
            None => Some(Vec3::default()),
        }
    }

    /// The turn under `name`, or no turn where there is no such field.
    pub(crate) fn quat_or_identity(self, name: &str) -> Option<Quat> {
        let Some(value) = self.get(name) else {
            return Some(Quat::IDENTITY);
        };
        let fields = Self::of(value)?;
        let number = |name| fields.number_or(name, 0.0);
        let w = fields.number_or("w", 1.0)?;
        Some(Quat::new(number("x")?, number("y")?, number("z")?, w))
    }

    fn spelt(self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::Number(spelt) => Some(spelt),
            _ => None,
        }
    }

    fn get(self, name: &str) -> Option<&'a Value<'a>> {
        let mut members = self.0.iter().rev();
        members
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}
