//! Places and turns as the wire has them: metres, Unity's axes (left-handed, Y up, +Z forward, +X right), and
//! quaternions in the order x, y, z, w (facts, section 9).

use std::ops::{Add, Mul, Sub};

use serde::Serialize;

/// A place or a direction in metres.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Vec3 {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
    /// Forward.
    pub z: f32,
}

impl Vec3 {
    /// Make a place from its three numbers.
    pub const fn new(x: f32, y: f32, z: f32) -> Self {
        Self { x, y, z }
    }

    /// Say whether all three numbers are finite.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite()
    }

    /// The distance to another place in metres.
    pub fn distance(self, other: Self) -> f32 {
        (self - other).length()
    }

    /// The length in metres.
    pub fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// The dot product.
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }
}

impl Add for Vec3 {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor, self.z * factor)
    }
}

/// A turn in space.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quat {
    /// First imaginary part.
    pub x: f32,
    /// Second imaginary part.
    pub y: f32,
    /// Third imaginary part.
    pub z: f32,
    /// Real part.
    pub w: f32,
}

impl Default for Quat {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Quat {
    /// No turn: the nose along +Z.
    pub const IDENTITY: Self = Self {
        x: 0.0,
        y: 0.0,
        z: 0.0,
        w: 1.0,
    };

    /// Make a turn from its four numbers.
    pub const fn new(x: f32, y: f32, z: f32, w: f32) -> Self {
        Self { x, y, z, w }
    }

    /// Turn by `yaw` radians about the vertical: 0 looks along +Z, positive turns towards +X.
    pub fn from_yaw(yaw: f32) -> Self {
        Self::new(0.0, (yaw / 2.0).sin(), 0.0, (yaw / 2.0).cos())
    }

    /// The turn about the vertical in radians, −π to π.
    pub fn yaw(self) -> f32 {
        let sin = 2.0 * (self.w * self.y + self.x * self.z);
        let cos = 1.0 - 2.0 * (self.x * self.x + self.y * self.y);
        sin.atan2(cos)
    }

    /// Say whether all four numbers are finite.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite() && self.w.is_finite()
    }

    /// Scale to length one. `None` if it has no direction. Later servers refuse a rotation that is not normalised
    /// (facts, section 6.5).
    pub fn normalized(self) -> Option<Self> {
        let length = self.dot(self).sqrt();
        if !(length.is_finite() && length > 1e-6) {
            return None;
        }
        Some(Self::new(
            self.x / length,
            self.y / length,
            self.z / length,
            self.w / length,
        ))
    }

    /// Interpolate by the shortest way to `other`: 0 is this turn, 1 is `other`, a little more extrapolates. Both
    /// must be normalised.
    pub fn slerp(self, other: Self, t: f32) -> Self {
        let mut dot = self.dot(other);
        // A quaternion and its negative are the same turn: take the nearer.
        let sign = if dot < 0.0 { -1.0 } else { 1.0 };
        dot = (dot * sign).min(1.0);
        let (from, to) = if dot > 0.9995 {
            (1.0 - t, t)
        } else {
            let angle = dot.acos();
            let whole = sin(angle);
            (sin((1.0 - t) * angle) / whole, sin(t * angle) / whole)
        };
        let to = to * sign;
        let blend = Self::new(
            self.x * from + other.x * to,
            self.y * from + other.y * to,
            self.z * from + other.z * to,
            self.w * from + other.w * to,
        );
        blend.normalized().unwrap_or(other)
    }

    /// The angle between two turns in radians, 0 to π.
    pub fn angle_to(self, other: Self) -> f32 {
        2.0 * self.dot(other).abs().min(1.0).acos()
    }

    fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z + self.w * other.w
    }
}

// The browser has its own functions: the compiler's would be three kilobytes of the module.

#[cfg(target_arch = "wasm32")]
fn sin(angle: f32) -> f32 {
    js_sys::Math::sin(angle.into()) as f32
}

#[cfg(not(target_arch = "wasm32"))]
fn sin(angle: f32) -> f32 {
    angle.sin()
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn exp(power: f64) -> f64 {
    js_sys::Math::exp(power)
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn exp(power: f64) -> f64 {
    power.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::PI;

    #[test]
    fn yaw_gives_back_what_from_yaw_took() {
        for yaw in [-3.0_f32, -1.0, 0.0, 0.5, 3.1] {
            assert!((Quat::from_yaw(yaw).yaw() - yaw).abs() < 1e-5, "{yaw}");
        }
    }

    #[test]
    fn slerp_goes_the_shortest_way() {
        let (from, to) = (Quat::from_yaw(3.0), Quat::from_yaw(-3.0));
        let half = from.slerp(to, 0.5);
        assert!(
            (half.yaw().abs() - PI).abs() < 1e-4,
            "through ±π, not through 0: {}",
            half.yaw()
        );
        let flipped = Quat::new(-to.x, -to.y, -to.z, -to.w);
        assert!(
            from.slerp(flipped, 0.5).angle_to(half) < 1e-3,
            "both signs are one turn"
        );
    }

    #[test]
    fn a_rotation_without_direction_is_not_normalised() {
        assert_eq!(Quat::new(0.0, 0.0, 0.0, 0.0).normalized(), None);
        assert_eq!(Quat::new(f32::NAN, 0.0, 0.0, 1.0).normalized(), None);
        let unit = Quat::new(0.0, 3.0, 0.0, 4.0).normalized().unwrap();
        assert!((unit.y - 0.6).abs() < 1e-6 && (unit.w - 0.8).abs() < 1e-6);
    }
}
