//! The remote cars as one flat array of numbers that JavaScript reads straight from the module's memory, so that
//! drawing a frame makes no garbage.

use protocol::interpolation::Pose;
use wasm_bindgen::JsCast as _;

use crate::browser::{Float32Array, Memory};

/// Numbers for each car: slot, place (3), turn (4), speed, age, stale, yaw.
pub(crate) const STRIDE: usize = 12;

/// The newest sample of all cars.
pub(crate) struct View {
    /// Never grows or moves, so that the view of it stays good.
    rows: Box<[f32]>,
    count: usize,
    view: Float32Array,
}

impl View {
    /// Make room for so many cars.
    pub(crate) fn new(cars: usize) -> Self {
        let rows = vec![0.0; cars * STRIDE].into_boxed_slice();
        let view = view_of(&rows);
        Self {
            rows,
            count: 0,
            view,
        }
    }

    /// Write a sample of cars, each with its slot; gives the view of the rows.
    pub(crate) fn fill(&mut self, cars: &mut dyn Iterator<Item = (usize, Pose)>) -> Float32Array {
        self.count = 0;
        for ((slot, pose), row) in cars.zip(self.rows.chunks_exact_mut(STRIDE)) {
            let (p, r) = (pose.position, pose.rotation);
            let age = pose.age.as_secs_f32() * 1000.0;
            let stale = f32::from(u8::from(pose.stale));
            let numbers = [
                slot as f32,
                p.x,
                p.y,
                p.z,
                r.x,
                r.y,
                r.z,
                r.w,
                pose.speed,
                age,
                stale,
                r.yaw(),
            ];
            row.copy_from_slice(&numbers);
            self.count += 1;
        }
        // The module's memory grew and the old view of it is empty now.
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
    Float32Array::new(&memory.buffer(), address, rows.len() as u32)
}
