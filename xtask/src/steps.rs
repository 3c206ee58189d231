//! `cargo xtask test`: every check of the project, one step after the other, the cheapest first. Stops at the first failure.
//! `--quick` runs a short form of it.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{checks, package, project, requirements, tidy, wasm, wasm_tests};
