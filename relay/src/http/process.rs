//! What `/proc` says of this process. A system without `/proc` gives nothing.

use std::fs;

/// File descriptors and memory. Sockets are what a relay runs out of first.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) open_fds: Option<u64>,
    pub(super) max_fds: Option<u64>,
    pub(super) resident_bytes: Option<u64>,
}

impl Process {
    /// Look now. May block for some milliseconds.
    pub(super) fn look() -> Self {
        let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).ok();
        let open = fs::read_dir("/proc/self/fd").ok();
        Self {
            open_fds: open.map(|open| open.count() as u64),
            max_fds: read("limits").and_then(|limits| max_fds(&limits)),
            resident_bytes: read("status").and_then(|status| resident_bytes(&status)),
        }
    }
}

fn max_fds(limits: &str) -> Option<u64> {
    let rest = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn resident_bytes(status: &str) -> Option<u64> {
    let rest = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_and_nonsense_is_none() {
        let limits = "Limit                     Soft Limit           Hard Limit\n\
                      Max open files            20000                30000                files\n";
        assert_eq!(max_fds(limits), Some(20_000));
        assert_eq!(max_fds("Max open files unlimited"), None);
        assert_eq!(
            resident_bytes("VmPeak:\t 9 kB\nVmRSS:\t    1234 kB\n"),
            Some(1_263_616)
        );
        assert_eq!(resident_bytes("VmRSS: 12"), None);
    }
}
