//! The converter of circuits in a page: a file's bytes go in, a circuit's JSON comes out. `www/src/convert.js` calls it. It has no
//! logic of its own.

use track::{Options, StartLine};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A file whose lap has been found.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Source(track::Source);

#[wasm_bindgen]
impl Source {
    /// Find the lap in a file.
    ///
    /// # Errors
    /// There is no lap in it. The message says why, and what to do.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &[u8], file_name: &str) -> Result<Self, JsError> {
        Ok(Self(track::Source::read(file, file_name)?))
    }

    /// What the file is: "GeoJSON", "GPX", "CSV" or "a circuit".
    #[wasm_bindgen(getter)]
    pub fn format(&self) -> String {
        self.0.format().to_string()
    }

    /// The name in the file, or the file's own.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    /// The width of the asphalt.
    #[wasm_bindgen(getter, js_name = widthMetres)]
    pub fn width_metres(&self) -> f64 {
        self.0.width_metres()
    }

    /// The length of a lap in metres.
    #[wasm_bindgen(getter, js_name = lengthMetres)]
    pub fn length_metres(&self) -> f64 {
        self.0.length()
    }

    /// Make the circuit, as the text of its file.
    ///
    /// # Errors
    /// The width or the length are not what a circuit may have.
    pub fn circuit(
        &self,
        name: String,
        width_metres: f64,
        start_metres: f64,
        reverse: bool,
    ) -> Result<String, JsError> {
        let circuit = self.0.circuit(&Options {
            name: Some(name),
            width_metres: Some(width_metres),
            start: StartLine::Metres(start_metres),
            reverse,
        })?;
        Ok(circuit.to_json())
    }
}
