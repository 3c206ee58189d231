//! The relay's settings: the lines before the first that does not begin with `--` are flags, the rest is the TOML file. What the file
//! hides, as `HIDDENHIDDEN`, no message may show.

use std::ffi::OsString;
use std::fs;
use std::sync::OnceLock;

use relay::Invocation;
use tempfile::TempDir;

/// Stands for a secret in a file.
const SECRET: &str = "HIDDENHIDDEN";

/// What is printed of settings is a file with the same settings, and nothing shows a secret.
pub fn check(text: &str) {
    let mut lines = text.split_inclusive('\n');
    let flags: Vec<&str> = lines
        .by_ref()
        .take_while(|line| line.starts_with("--"))
        .map(|line| line.trim_end_matches('\n'))
        .collect();
    // No flag leads out of this folder.
    if flags.iter().any(|flag| flag.starts_with("--conf")) {
        return;
    }
    let file: String = text.split_inclusive('\n').skip(flags.len()).collect();
    let read = match read(&flags, &file) {
        Ok(read) => read,
        Err(message) => {
            let shown_by_flag = flags.iter().any(|flag| flag.contains(SECRET));
            assert!(shown_by_flag || !message.contains(SECRET), "{message}");
            return;
        }
    };
    let printed = read.options.to_string();
    // A token is printed as one that nobody may set.
    if printed.contains("token:***") {
        return;
    }
    let again = self::read(&[], &printed).expect("what is printed is a configuration");
    assert_eq!(again.options.to_string(), printed);
}

fn read(flags: &[&str], file: &str) -> Result<Invocation, String> {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| TempDir::new().expect("a folder"));
    let path = folder.path().join("relay.toml");
    fs::write(&path, file).expect("a file");
    let fixed = ["mp-relay".into(), "--config".into(), path.into_os_string()];
    let flags = flags.iter().map(OsString::from);
    Invocation::read(fixed.into_iter().chain(flags)).map_err(|error| format!("{error:#}"))
}
