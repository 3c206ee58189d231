//! The programs that measure still work. Their figures are not judged.

use std::process::Command;

#[test]
fn the_echo_program_measures_the_relay_of_this_build() -> anyhow::Result<()> {
    let echo = Command::new(env!("CARGO_BIN_EXE_echo"))
        .arg("--quick")
        .output()?;
    let table = String::from_utf8(echo.stdout)?;
    let errors = String::from_utf8_lossy(&echo.stderr);
    assert!(echo.status.success(), "{table}\n{errors}");
    for name in [
        "line there and back, p50",
        "lines at once, round trips",
        "datagram there and back, p50",
    ] {
        let row = table.lines().find(|row| row.starts_with(name));
        let words = row.unwrap_or_default().split_whitespace();
        let figures = words.filter_map(|word| word.parse::<f64>().ok());
        // Without a relay and with one.
        let measured = figures.filter(|figure| figure.is_finite() && *figure > 0.0);
        assert_eq!(measured.count(), 2, "{name}: {table}");
    }
    Ok(())
}
