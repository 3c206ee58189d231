//! The text for spectators: the room and its players, as contract 2 has it.

use protocol::spectate;

use super::{BridgedPlayers, Room};

impl Room {
    /// Write the text for spectators.
    pub(crate) fn text(&self) -> String {
        let players = self.players.iter().filter_map(|(id, player)| {
            Some(spectate::Player {
                index: player.index,
                id: self.ids.of(id)?,
                name: player.name.clone(),
            })
        });
        let mut players: Vec<_> = players.collect();
        players.sort_by_key(|player| player.index);
        let is_shown = self.is_observed || self.bridged() == BridgedPlayers::Driving;
        let room = spectate::Room {
            id: self.id,
            name: self.name.clone(),
            host_id: self.host.and_then(|host| self.ids.of(&host)),
            is_active: self.is_active,
            notice: self.notice.filter(|_| !is_shown).map(str::to_owned),
            players,
        };
        room.to_frame()
    }
}
