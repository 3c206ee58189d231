//! Cars behind a seeded bad network, with a virtual clock, against the path they truly drove.

use std::collections::VecDeque;

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
