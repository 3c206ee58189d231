//! The limit of open file descriptors: raised when the program starts, and compared with what the configured numbers need.
//! Only the program calls it, because the limit is that of the whole process.

use crate::config::Config;

/// What one player takes: the browser's connection, and the game server's for lines and for datagrams.
const OF_PLAYER: usize = 3;
/// What HTTP connections (1,024 on the public port), clients that are being refused (256), observers, the ports, the
/// standard streams and the runtime take.
const OF_EVERYTHING_ELSE: usize = 1400;

/// Raise the process's limit to what the system allows. The log says if that is too little, and what to do.
pub fn raise_descriptor_limit(config: &Config) {
    let needed = needed(config);
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < needed => tracing::warn!(
            "the system allows {limit} file descriptors, and {} players and {} spectators need {needed}: raise the hard \
             limit (`ulimit -Hn`, or `LimitNOFILE=` of systemd), or lower --max-connections and --max-spectators",
            config.max_connections,
            config.spectating.max_spectators,
        ),
        Ok(limit) => tracing::debug!(limit, needed, "file descriptors"),
        Err(error) => tracing::warn!("cannot raise the limit of file descriptors: {error}"),
    }
}

fn needed(config: &Config) -> u64 {
    let players = config.max_connections.saturating_mul(OF_PLAYER);
    let all = players.saturating_add(config.spectating.max_spectators);
    all.saturating_add(OF_EVERYTHING_ELSE) as u64
}
