//! Makes a release build notice a file that is new in the page it embeds, such as the wasm module built after it.

fn main() {
    // A debug build reads the page from the source tree while it runs, and needs no new build.
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let watched = if release { "../www" } else { "build.rs" };
    println!("cargo:rerun-if-changed={watched}");
}
