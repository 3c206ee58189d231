//! The first inputs of the fuzz targets: the recordings of real servers, the vectors of the cipher, and `fuzz/seeds`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::project::root;

/// Marks of an input of the target `datagrams`, as the crate `arbitrary` reads them: as it is, and sealed.
const RAW: [u8; 4] = [0, 0, 0, 0];
const SEALED: [u8; 4] = [0x56, 0x55, 0x55, 0x55];

/// Write the first inputs of a target into a folder, and give their number. A target without any is a mistake.
pub(super) fn write(target: &str, folder: &Path) -> Result<usize> {
    let mut inputs = match target {
        "lines" => lines()?,
        "rules" => scripts()?,
        "datagrams" => datagrams()?,
        "snapshots" => vec![snapshot()],
        _ => Vec::new(),
    };
    let own = root().join("fuzz/seeds").join(target);
    if own.is_dir() {
        for file in files(&own)? {
            inputs.push(fs::read(file)?);
        }
    }
    ensure!(
        !inputs.is_empty(),
        "{target} has no first inputs: put some into {}",
        own.display()
    );
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(number.to_string()), input)?;
    }
    Ok(inputs.len())
}

/// One event of a recording: the client, the channel and the text, with names put as the targets know them.
struct Event {
    who: String,
    channel: String,
    text: String,
}

/// The bytes of a real server, one input a recording. The first byte is the size of the pieces.
fn lines() -> Result<Vec<Vec<u8>>> {
    let inputs = recordings()?.into_iter().map(|events| {
        let lines = events.iter().filter(|event| event.channel == "tcp<");
        let lines: String = lines.map(|event| with_ids(&event.text) + "\n").collect();
        [&[7], lines.as_bytes()].concat()
    });
    Ok(inputs.collect())
}

/// What clients sent to a real server, one script a recording.
fn scripts() -> Result<Vec<Vec<u8>>> {
    let inputs = recordings()?.into_iter().map(|events| {
        let steps = events.iter().filter_map(|event| {
            let (mark, text) = match event.channel.as_str() {
                "tcp>" => ('>', event.text.trim_end_matches('\n')),
                "udp>" => datagram(&event.text)?,
                _ => return None,
            };
            let text = text.replace("$R", "$");
            let lines = text
                .split('\n')
                .map(|line| format!("{}{mark}{line}\n", event.who));
            Some(lines.collect::<String>())
        });
        steps.collect::<String>().into_bytes()
    });
    Ok(inputs.collect())
}

/// The datagrams of the recordings and the packets of the cipher's vectors.
fn datagrams() -> Result<Vec<Vec<u8>>> {
    let mut inputs = Vec::new();
    for event in recordings()?.iter().flatten() {
        let mark = match event.channel.as_str() {
            "udp>" => datagram(&event.text),
            "udp< plain" => Some(('=', event.text.as_str())),
            "udp< sealed" => Some(('~', event.text.as_str())),
            _ => None,
        };
        if let Some((mark, text)) = mark {
            let mark = if mark == '~' { SEALED } else { RAW };
            inputs.push([&mark, with_ids(text).as_bytes()].concat());
        }
    }
    for (file, list) in [("seal.json", "vectors"), ("refused.json", "cases")] {
        let vectors: Value = read_json(&root().join("protocol/vectors").join(file))?;
        for vector in vectors[list].as_array().into_iter().flatten() {
            let packet = vector["packet"].as_str().unwrap_or_default();
            inputs.push([&RAW[..], &HEXLOWER.decode(packet.as_bytes())?].concat());
        }
    }
    // Several players sent the same; long ones teach nothing new.
    inputs.sort();
    inputs.dedup();
    inputs.retain(|input| input.len() <= 2100);
    Ok(inputs)
}

/// A snapshot of one car, twice, as its specification has it: pause, length, bytes.
fn snapshot() -> Vec<u8> {
    let car = [
        1, 1, 0, 0, 2, 1, 0, 0, 4, 3, 2, 1, 7, 1, 0x9c, 0xff, 0xff, 25, 0, 0, 0x7b, 0x75, 0, 3, 8,
        0x20, 0x80, 0x36, 0x10, 0xd2, 4,
    ];
    let frame = [&[5, car.len() as u8, 0], &car[..]].concat();
    [frame.clone(), frame].concat()
}

/// Take apart the text of a datagram that a client sent: how, and what.
fn datagram(text: &str) -> Option<(char, &str)> {
    let (kind, text) = text.split_once(' ')?;
    match kind {
        "sealed" => Some(('~', text)),
        "plain" => Some(('=', text)),
        _ => None,
    }
}

/// Put an id in place of every name such as `$A` and `$R1`.
fn with_ids(text: &str) -> String {
    let mut parts = text.split('$');
    let mut with_ids = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_alphanumeric());
        let (name, rest) = part.split_at(end.unwrap_or(part.len()));
        with_ids += &format!("{:0>32}", HEXLOWER.encode(name.as_bytes()));
        with_ids += rest;
    }
    with_ids
}

fn recordings() -> Result<Vec<Vec<Event>>> {
    let mut recordings = Vec::new();
    for folder in ["gen1", "gen1.1", "gen2"] {
        for path in files(&root().join("tests/recordings").join(folder))? {
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                let text = fs::read_to_string(&path)?;
                let events = text.lines().map(event);
                let events: Result<Vec<_>> = events.collect();
                recordings.push(events.with_context(|| format!("{} is wrong", path.display()))?);
            }
        }
    }
    Ok(recordings)
}

fn event(line: &str) -> Result<Event> {
    let event: Value = serde_json::from_str(line)?;
    let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    Ok(Event {
        who: field("who"),
        channel: field("channel"),
        text: field("text"),
    })
}

fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_recording_become_ids_and_scripts_keep_them() {
        let line = with_ids(r#"{"id":"$A","roomId":"$R1"}"#);
        assert_eq!(line.len(), r#"{"id":"","roomId":""}"#.len() + 64, "{line}");
        assert!(!line.contains('$'));
        let scripts = scripts().unwrap();
        let all = String::from_utf8(scripts.concat()).unwrap();
        assert!(all.contains("A>{\"command\":\"NAME\""));
        assert!(all.contains("A~{\"command\":\"UPDATE\",\"sessionId\":\"$A\""));
        assert!(all.contains("\"roomId\":\"$1\"") && !all.contains("$R"));
    }

    #[test]
    fn recordings_and_vectors_are_first_inputs() {
        assert!(lines().unwrap().len() > 30);
        let datagrams = datagrams().unwrap();
        assert!(datagrams.iter().any(|input| input.starts_with(&SEALED)));
        assert!(datagrams.iter().any(|input| input.starts_with(&RAW)));
    }
}
