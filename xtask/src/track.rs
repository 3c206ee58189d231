//! `cargo xtask track`: converts GeoJSON, GPX or CSV to a circuit, and finds the circuits that `--track` names.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use track::{
    Circuit, MAX_CIRCUIT_BYTES, MAX_SOURCE_BYTES, Options as Wanted, Source, StartLine,
    read_at_most,
};

use crate::project::root;

/// The folder of the demo's circuits; each is `NAME.json`.
const SHIPPED: &str = "www/tracks";

/// What to convert, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// GeoJSON, GPX, CSV (a line for each point: x, y, width right, width left, in metres), or a circuit.
    file: PathBuf,
    /// What the circuit is called [default: the name in the file, or the file's own].
    #[arg(long)]
    name: Option<String>,
    /// Drive against the order of the points.
    #[arg(long)]
    reverse: bool,
    /// Where the start line is: metres from the first point, or point:N, counted from 0.
    #[arg(long, default_value = "point:0", value_name = "METRES|point:N", value_parser = |text: &str| text.parse::<StartLine>())]
    start: StartLine,
    /// The width of the asphalt in metres [default: that in the file, or 12].
    #[arg(long, value_name = "METRES")]
    width: Option<f64>,
    /// Where to write the circuit [default: beside the file, as NAME.track.json].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Convert a file.
pub(crate) fn run(options: &Options) -> Result<()> {
    let file = &options.file;
    let shown = || format!("cannot convert {}", file.display());
    let bytes = read(file, MAX_SOURCE_BYTES).with_context(shown)?;
    let source = Source::read(&bytes, &file.to_string_lossy()).with_context(shown)?;
    let wanted = Wanted {
        name: options.name.clone(),
        width_metres: options.width,
        start: options.start,
        reverse: options.reverse,
    };
    let circuit = source.circuit(&wanted).with_context(shown)?;
    let out = options.out.clone();
    let out = out.unwrap_or_else(|| file.with_extension("track.json"));
    // Also by another path or a link. There may be no such file yet.
    ensure!(
        !same_file::is_same_file(file, &out).unwrap_or(false),
        "the circuit would replace {}: name another file with --out",
        file.display()
    );
    fs::write(&out, circuit.to_json())
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}: {}", out.display(), summary(&circuit));
    println!(
        "drive on it with `cargo xtask demo --track {}`",
        out.display()
    );
    Ok(())
}

/// Find a named circuit: a file, or one of the demo's.
pub(crate) fn find(name: &Path) -> Result<PathBuf> {
    let shipped = root().join(SHIPPED).join(name).with_extension("json");
    let file = match name.is_file() {
        true => name.to_owned(),
        false if shipped.is_file() => shipped,
        false => bail!(
            "the circuit {} does not exist: name a file, or one of {}",
            name.display(),
            shipped_names()?.join(", ")
        ),
    };
    let bytes = read(&file, MAX_CIRCUIT_BYTES);
    let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
    Circuit::read(&bytes).with_context(|| format!("cannot use the circuit {}", file.display()))?;
    Ok(file)
}

fn read(file: &Path, most: usize) -> io::Result<Vec<u8>> {
    read_at_most(File::open(file)?, most)
}

fn shipped_names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join(SHIPPED))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn summary(circuit: &Circuit) -> String {
    let direction = match circuit.is_clockwise() {
        true => "clockwise",
        false => "anticlockwise",
    };
    format!(
        "\"{}\", {:.0} m, {direction}, {} m wide, {} points",
        circuit.name,
        circuit.length(),
        circuit.width_metres,
        circuit.centreline.len()
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn convert(arguments: &[&str]) -> Result<()> {
        let arguments = [&["track"], arguments].concat();
        run(&Command::try_parse_from(arguments)?.options)
    }

    #[test]
    fn each_format_is_converted_by_one_command() {
        let folder = tempfile::tempdir().unwrap();
        for format in ["geojson", "gpx", "csv"] {
            let file = folder.path().join(format!("ring.{format}"));
            let raw = root().join(format!("track/tests/circuits/raw.{format}"));
            fs::copy(raw, &file).unwrap();
            let file = file.to_str().unwrap();
            convert(&[file]).unwrap();
            let out = folder.path().join("ring.track.json");
            let circuit = Circuit::read(&fs::read(&out).unwrap()).unwrap();
            assert!(circuit.is_clockwise() == (circuit.centreline[0].x < 0.0));
            let chosen = [
                "--reverse",
                "--start",
                "300",
                "--width",
                "9",
                "--name",
                "Mine",
            ];
            convert(&[&[file, "--out", out.to_str().unwrap()], &chosen[..]].concat()).unwrap();
            let other = Circuit::read(&fs::read(&out).unwrap()).unwrap();
            assert_eq!((other.name.as_str(), other.width_metres), ("Mine", 9.0));
            assert_ne!(other.is_clockwise(), circuit.is_clockwise());
            fs::remove_file(&out).unwrap();
        }
    }

    #[test]
    fn circuits_that_ship_are_found_by_name() {
        for name in ["park", "street", "hill"] {
            assert!(find(Path::new(name)).unwrap().is_absolute());
        }
        let error = find(Path::new("moon")).unwrap_err().to_string();
        assert!(error.contains("hill, park, street"), "{error}");
        let raw = root().join("track/tests/circuits/raw.csv");
        let error = format!("{:#}", find(&raw).unwrap_err());
        assert!(error.contains("raw.csv: it is CSV"), "{error}");
    }

    #[test]
    fn the_file_that_is_converted_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ring.csv");
        fs::copy(root().join("track/tests/circuits/raw.csv"), &file).unwrap();
        let before = fs::read(&file).unwrap();
        let mut same = vec![file.clone(), folder.path().join("./x/../ring.csv")];
        fs::create_dir(folder.path().join("x")).unwrap();
        let hard = folder.path().join("hard.json");
        fs::hard_link(&file, &hard).unwrap();
        same.push(hard);
        #[cfg(unix)]
        {
            let link = folder.path().join("link.json");
            std::os::unix::fs::symlink(&file, &link).unwrap();
            same.push(link);
        }
        for out in same {
            let arguments = [&file, Path::new("--out"), &out].map(|part| part.to_str().unwrap());
            let error = convert(&arguments).unwrap_err().to_string();
            assert!(error.contains("would replace"), "{error}");
            assert!(error.contains("--out"), "{error}");
            assert_eq!(fs::read(&file).unwrap(), before, "{}", out.display());
        }
        // An earlier result may be replaced.
        for _ in 0..2 {
            convert(&[file.to_str().unwrap()]).unwrap();
        }
        assert!(folder.path().join("ring.track.json").is_file());
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_without_reading_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // More than any memory has; it takes no room on the disk.
        file.as_file().set_len(1 << 40).unwrap();
        let error = format!(
            "{:#}",
            convert(&[file.path().to_str().unwrap()]).unwrap_err()
        );
        assert!(error.contains("more than 8388608 bytes"), "{error}");
        let error = format!("{:#}", find(file.path()).unwrap_err());
        assert!(error.contains("more than 2097152 bytes"), "{error}");
    }

    #[test]
    fn a_file_that_is_none_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        fs::write(&file, "hello").unwrap();
        let error = convert(&[file.to_str().unwrap()]).unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("notes.txt: its format is unknown"),
            "{error}"
        );
        assert!(convert(&["x", "--start", "far"]).is_err());
    }
}
