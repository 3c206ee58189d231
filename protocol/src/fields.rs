//! The fields of a JSON object that came over the wire, each taken by name and type. Small on purpose: a derived
//! reader for every kind of line made the browser's module half as large again.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::geometry::{Quat, Vec3};

/// A borrowed JSON object.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    pub(crate) fn str(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    pub(crate) fn text(self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    pub(crate) fn count(self, name: &str) -> Option<u32> {
        self.0.get(name)?.as_u64()?.try_into().ok()
    }

    pub(crate) fn integer(self, name: &str) -> Option<i32> {
        self.0.get(name)?.as_i64()?.try_into().ok()
    }

    pub(crate) fn id<Id: FromStr>(self, name: &str) -> Option<Id> {
        self.str(name)?.parse().ok()
    }

    pub(crate) fn object(self, name: &str) -> Option<Self> {
        Self::of(self.0.get(name)?)
    }

    /// All members that are objects themselves; others are passed over.
    pub(crate) fn objects(self) -> impl Iterator<Item = (&'a str, Self)> {
        let object =
            |(name, value): (&'a String, &'a Value)| Some((name.as_str(), Self::of(value)?));
        self.0.iter().filter_map(object)
    }

    /// A list of objects, each read by `read`; nothing where one cannot be.
    pub(crate) fn list<T>(self, name: &str, read: fn(Self) -> Option<T>) -> Option<Vec<T>> {
        let items = self.0.get(name)?.as_array()?;
        items.iter().map(|item| read(Self::of(item)?)).collect()
    }

    /// A number, `absent` where the field is not there; nothing where it is there and no number.
    pub(crate) fn number_or(self, name: &str, absent: f32) -> Option<f32> {
        match self.0.get(name) {
            Some(value) => value.as_f64().map(|number| number as f32),
            None => Some(absent),
        }
    }

    /// These fields as a place; what is absent is 0 (facts, section 6.2).
    pub(crate) fn vec3(self) -> Option<Vec3> {
        let number = |name| self.number_or(name, 0.0);
        Some(Vec3::new(number("x")?, number("y")?, number("z")?))
    }

    /// The place under `name`, or none at the origin where there is no such field.
    pub(crate) fn vec3_or_origin(self, name: &str) -> Option<Vec3> {
        match self.0.get(name) {
            Some(value) => Self::of(value)?.vec3(),
            None => Some(Vec3::default()),
        }
    }

    /// The turn under `name`, or no turn where there is no such field.
    pub(crate) fn quat_or_identity(self, name: &str) -> Option<Quat> {
        let Some(value) = self.0.get(name) else {
            return Some(Quat::IDENTITY);
        };
        let fields = Self::of(value)?;
        let number = |name| fields.number_or(name, 0.0);
        let w = fields.number_or("w", 1.0)?;
        Some(Quat::new(number("x")?, number("y")?, number("z")?, w))
    }
}
