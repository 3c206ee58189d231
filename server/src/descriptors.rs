//! The limit of open file descriptors: raised when the program starts, and compared with what a full house needs.

use rules::MAX_SESSIONS;

use crate::server::Options;

/// What the sockets that listen, the standard streams, the runtime and connections that end just now take.
const SPARE_DESCRIPTORS: u64 = 64;

/// Raise the process's limit to what the system allows. The log says if that is too little.
pub fn raise_descriptor_limit(options: &Options) {
    let needed = needed(options);
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < needed => tracing::warn!(
            limit,
            needed,
            "too few file descriptors for a full house; raise the hard limit (`ulimit -Hn`, or `LimitNOFILE=` of systemd)"
        ),
        Ok(limit) => tracing::debug!(limit, needed, "file descriptors"),
        Err(error) => tracing::warn!(%error, needed, "cannot raise the limit of file descriptors"),
    }
}

/// Count the descriptors of a full house. A bot takes one for lines and one for datagrams at its own end.
fn needed(options: &Options) -> u64 {
    MAX_SESSIONS as u64 + 2 * options.bots.most() as u64 + SPARE_DESCRIPTORS
}
