//! The newest sample of all cars, as one flat array of numbers. JavaScript reads it straight from the module's memory,
//! so that drawing a frame makes no garbage.

use js_sys::{Float32Array, WebAssembly::Memory};
use protocol::interpolation::Pose;
use wasm_bindgen::JsCast as _;

/// Numbers of each row: slot, position (3), rotation (4), speed, age, stale, yaw.
pub(crate) const STRIDE: usize = 12;

/// Rows of a sample, and JavaScript's view of them.
pub(crate) struct Samples {
    /// Never grows or moves, so that the view stays valid.
    rows: Box<[f32]>,
    count: usize,
    view: Float32Array,
}

impl Samples {
    /// Make room for this many cars.
    pub(crate) fn new(cars: usize) -> Self {
        let rows = vec![0.0; cars * STRIDE].into_boxed_slice();
        let view = view_of(&rows);
        Self {
            rows,
            count: 0,
            view,
        }
    }

    /// Write a sample of cars with their slots; gives the view of the rows.
    pub(crate) fn fill(&mut self, cars: &mut dyn Iterator<Item = (usize, Pose)>) -> Float32Array {
        self.count = 0;
        for ((slot, pose), row) in cars.zip(self.rows.chunks_exact_mut(STRIDE)) {
            let (p, r) = (pose.position, pose.rotation);
            let age_ms = pose.age.as_secs_f32() * 1000.0;
            let stale = f32::from(u8::from(pose.stale));
            row.copy_from_slice(&[
                slot as f32,
                p.x,
                p.y,
                p.z,
                r.x,
                r.y,
                r.z,
                r.w,
                pose.speed,
                age_ms,
                stale,
                r.yaw(),
            ]);
            self.count += 1;
        }
        // The view is empty after the module's memory has grown.
        if self.view.length() == 0 {
            self.view = view_of(&self.rows);
        }
        self.view.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

fn view_of(rows: &[f32]) -> Float32Array {
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    let address = rows.as_ptr().addr() as u32;
    let length = rows.len() as u32;
    Float32Array::new_with_byte_offset_and_length(&memory.buffer(), address, length)
}
