//! The limit of open file descriptors: raised when the program starts, and compared with what the configured numbers need. Only the
//! program does that, because the limit is that of the whole process. `wire` asks for the part of it that one address may take.

use crate::config::Config;

/// What one player takes: the browser's connection, and the game server's for lines and for datagrams.
const OF_PLAYER: usize = 3;
/// What HTTP connections (1,024 on the public port), clients that are being refused (256), observers, the ports, the
/// standard streams and the runtime take.
const OF_EVERYTHING_ELSE: usize = 1400;

/// Raise the process's limit to what the system allows, and note it in the configuration, so that no address gets most of it. The log
/// says if it is too little, and what to do.
pub fn raise_descriptor_limit(config: &mut Config) {
    let needed = needed(config);
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            return tracing::warn!("cannot raise the limit of file descriptors: {error}");
        }
    };
    tracing::debug!(limit, needed, "file descriptors");
    config.descriptors = usize::try_from(limit).ok();
    let places = places_of_address(config);
    if limit < needed {
        tracing::warn!(
            "the system allows {limit} file descriptors, and {} players and {} spectators need {needed}: raise the hard \
             limit (`ulimit -Hn`, or `LimitNOFILE=` of systemd), or lower --max-connections and --max-spectators",
            config.max_connections,
            config.spectating.max_spectators,
        );
    }
    if places < config.max_per_ip {
        tracing::warn!(
            "so few file descriptors are for {places} players of one address, and as many spectators: --max-per-ip {} is too much",
            config.max_per_ip,
        );
    }
}

/// Give how many players of one address, and how many spectators, are let in at once. Together they take a third of the descriptors at
/// most. 0 is no limit.
pub(crate) fn places_of_address(config: &Config) -> usize {
    at_most(config.max_per_ip, config, 4 * OF_PLAYER)
}

/// Give how many other connections of one address are allowed, of so many that there may be.
pub(crate) fn connections_of_address(most: usize, config: &Config) -> usize {
    at_most(most, config, 8)
}

/// Lower a number to this part of the descriptors.
fn at_most(most: usize, config: &Config, part: usize) -> usize {
    match config.descriptors {
        Some(limit) => most.min((limit / part).max(1)),
        None => most,
    }
}

fn needed(config: &Config) -> u64 {
    let players = config.max_connections.saturating_mul(OF_PLAYER);
    let all = players.saturating_add(config.spectating.max_spectators);
    all.saturating_add(OF_EVERYTHING_ELSE) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Trust;

    #[test]
    fn one_address_gets_a_part_of_the_descriptors() {
        let game: crate::config::HostPort = "127.0.0.1:9".parse().unwrap();
        let mut config = Config::new(game.clone(), game, Trust::Insecure);
        for (descriptors, places, connections) in [
            (None, 256, 200),
            (Some(300), 25, 37),
            (Some(3072), 256, 200),
            (Some(20), 1, 2),
        ] {
            config.descriptors = descriptors;
            assert_eq!(places_of_address(&config), places);
            assert_eq!(connections_of_address(200, &config), connections);
        }
        config.max_per_ip = 0;
        assert_eq!(places_of_address(&config), 0, "no limit");
    }
}
