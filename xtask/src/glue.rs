//! Makes the names lighter by which the wasm module and its glue know each other: wasm-bindgen ends them in hashes, which
//! no compression can shorten, and both files have all of them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Digits of a hash, and of the number in its place: of the same length, so that the module's lengths stay true.
const DIGITS: usize = 16;
/// What no hash begins with but a number does.
const NUMBER: &[u8] = b"00000000";

/// Put numbers in place of the hashes in all files of a folder that wasm-bindgen wrote. Again is no error.
pub(crate) fn lighten(folder: &Path, glue: &str) -> Result<()> {
    let numbers = numbers(&fs::read(folder.join(glue)).context("there is no glue")?);
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let bytes = fs::read(&file)?;
        fs::write(&file, renamed(&bytes, &numbers))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The hashes in the glue's names, and a number for each.
fn numbers(glue: &[u8]) -> HashMap<[u8; DIGITS], String> {
    let mut numbers = HashMap::new();
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    for word in glue.split(|byte| !name(byte)) {
        let Some((rest, hash)) = word.split_last_chunk::<DIGITS>() else {
            continue;
        };
        let is_hash = hash
            .iter()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let is_end = rest.ends_with(b"_") || rest.ends_with(b"_h");
        if is_hash && is_end && !hash.starts_with(NUMBER) {
            let next = numbers.len();
            numbers
                .entry(*hash)
                .or_insert_with(|| format!("{next:0DIGITS$}"));
        }
    }
    numbers
}

fn renamed(bytes: &[u8], numbers: &HashMap<[u8; DIGITS], String>) -> Vec<u8> {
    let mut renamed = bytes.to_vec();
    let mut at = 0;
    while let Some(hash) = bytes[at..].first_chunk::<DIGITS>() {
        let Some(number) = numbers.get(hash) else {
            at += 1;
            continue;
        };
        renamed[at..at + DIGITS].copy_from_slice(number.as_bytes());
        at += DIGITS;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &[u8] = b"{ __wbg_new_0bfb5644ad7d6652: f, __wbindgen_generic_0000000000000001: g }\n\
        wasm.invoke__h5c257026de6b9d9c(); wasm.invoke__h5c257026de6b9d9c(); const deadbeefdeadbeef = 1;";

    #[test]
    fn every_hash_gets_a_number_of_its_own_in_both_files() {
        let numbers = numbers(GLUE);
        let glue = String::from_utf8(renamed(GLUE, &numbers)).expect("text");
        assert!(glue.contains("__wbg_new_0000000000000000: f"), "{glue}");
        assert_eq!(glue.matches("invoke__h0000000000000001()").count(), 2);
        assert!(glue.contains("generic_0000000000000001: g"), "{glue}");
        assert!(glue.contains("const deadbeefdeadbeef"), "{glue}");
        // In the module a name may have any byte behind it, such as one that could be of its hash.
        let module = renamed(b"\x1a__wbg_new_0bfb5644ad7d6652a\0", &numbers);
        assert_eq!(module, b"\x1a__wbg_new_0000000000000000a\0");
    }

    #[test]
    fn what_is_light_stays_as_it_is() {
        let once = renamed(GLUE, &numbers(GLUE));
        assert!(numbers(&once).is_empty());
    }
}
