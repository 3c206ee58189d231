//! What came with the envelopes of the token generation: heartbeats, snapshots, combat, positions by line, the inventory that
//! is always empty, and `AUTO_JOIN` (facts, section 2.3).

use std::ops::Range;

use protocol::id::{RoomId, SessionId};
use serde::Serialize;

use super::json_format::to_json;
use super::packet::Pose;
use super::reply::Reply;
use super::room::Room;
use super::validation::Verdict;
use super::{Conn, Rules};

/// How many slots an inventory has.
const SLOTS: Range<i32> = 0..30;
/// The name of the rooms that `AUTO_JOIN` makes.
const AUTO_ROOM: &str = "Auto";
/// How many players such a room holds.
const AUTO_ROOM_SIZE: i32 = 128;

/// What concerns an inventory has a `type` and no `command`.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Notice {
    Full {
        slots: Vec<Slot>,
        r#type: &'static str,
    },
    Error {
        code: &'static str,
        slot_id: i32,
        message: &'static str,
        r#type: &'static str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Slot {
    slot_id: i32,
    item_id: &'static str,
    quantity: i32,
    meta: Meta,
}

/// Nothing is known of an item.
#[derive(Serialize)]
struct Meta {}

impl Rules {
    pub(super) fn heartbeat(&mut self, conn: Conn, message_id: Option<&str>) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let acknowledged = Reply::HeartbeatAck {
            ack_for: message_id,
            server_timestamp_ms: self.wall_clock().milliseconds(),
            session_id: session.id,
        };
        self.reply(conn, &acknowledged);
    }

    pub(super) fn snapshot(&mut self, conn: Conn, message_id: Option<&str>) {
        let session = self.sessions.get(&conn);
        let room = session.and_then(|session| self.rooms.get(&session.room?));
        let snapshot = Reply::Snapshot {
            ack_for: message_id,
            room_id: room.map(|room| room.id),
            players: room.map(Room::players).unwrap_or_default(),
        };
        let line = snapshot.to_line();
        self.send(conn, line);
    }

    /// Believe a player who says that it has killed another.
    pub(super) fn kill(&mut self, conn: Conn, target: &str) {
        let Some(killer) = self.sessions.get(&conn) else {
            return;
        };
        let Some(room_id) = killer.room else {
            return self.error(conn, "You must be in a room to report a kill.");
        };
        if target.is_empty() {
            return self.error(conn, "targetId is required.");
        }
        let (killer_id, killer_name) = (killer.id, killer.name.clone());
        let target = target.parse::<SessionId>().ok();
        let victim = target.and_then(|target| self.rooms.player_mut(&room_id, &target));
        let Some(victim) = victim else {
            return self.error(conn, "Target not found in your room.");
        };
        if victim.is_dead {
            return self.error(conn, "Target is already dead.");
        }
        victim.is_dead = true;
        let killed = Reply::PlayerKilled {
            killer_id,
            killer_name: &killer_name,
            victim_id: victim.id,
            victim_name: &victim.name,
        };
        let line = killed.to_line();
        let members = self.members(&room_id).into_iter();
        let members: Vec<Conn> = members.map(|(conn, _)| conn).collect();
        self.push(conn, &members, &line);
    }

    pub(super) fn respawn(&mut self, conn: Conn) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let (session_id, player_name) = (session.id, session.name.clone());
        let Some(room_id) = session.room else {
            return self.error(conn, "You must be in a room to respawn.");
        };
        let player = self.rooms.player_mut(&room_id, &session_id);
        let Some(player) = player.filter(|player| player.is_dead) else {
            return self.error(conn, "You are not dead.");
        };
        player.is_dead = false;
        let spawn_index = player.spawn;
        self.reply(conn, &Reply::RespawnOk { spawn_index });
        let respawned = Reply::PlayerRespawned {
            session_id,
            player_name: &player_name,
            spawn_index,
        };
        let line = respawned.to_line();
        let members = self.members(&room_id).into_iter();
        let members: Vec<Conn> = members.map(|(conn, _)| conn).collect();
        self.push(conn, &members, &line);
    }

    /// Show a car whose place came by a line. The original believes it.
    pub(super) fn move_by_line(&mut self, conn: Conn, pose: Pose) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let (id, room) = (session.id, session.room);
        let Some(room) = room else { return };
        if self.policy.judges_lines
            && let Some(limits) = &self.policy.limits
        {
            let verdict = self
                .validator
                .judge_pose(limits, id.as_str(), pose, self.now);
            if verdict != Verdict::Accepted {
                return;
            }
        }
        self.show(id.as_str(), &room, pose);
    }

    /// Send controls on that came by a line.
    pub(super) fn input_by_line(&mut self, conn: Conn, room: Option<&str>, relayed: String) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let sender = session.id;
        self.input(conn, sender.as_str(), room, relayed);
    }

    /// Show all slots. They are empty: no command gives anybody an item.
    pub(super) fn sync_inventory(&mut self, conn: Conn) {
        let slot = |slot_id| Slot {
            slot_id,
            item_id: "",
            quantity: 0,
            meta: Meta {},
        };
        let full = Notice::Full {
            slots: SLOTS.map(slot).collect(),
            r#type: "INV_STATE_FULL",
        };
        self.send(conn, to_json(&full).into());
    }

    pub(super) fn move_slot(&mut self, conn: Conn, slots: Option<(i32, i32)>) {
        match slots {
            None => self.error(conn, "fromSlot and toSlot (int) are required."),
            Some((from, to)) if SLOTS.contains(&from) => {
                let bad = Some(to).filter(|to| !SLOTS.contains(to));
                self.refuse_slot(conn, bad.unwrap_or(from));
            }
            Some((from, _)) => self.refuse_slot(conn, from),
        }
    }

    pub(super) fn drop_item(&mut self, conn: Conn, slot: Option<i32>) {
        let Some(slot) = slot else {
            return self.error(conn, "slotId (int) is required.");
        };
        let session = self.sessions.get(&conn);
        if session.is_none_or(|session| session.room.is_none()) {
            return self.error(conn, "Must be in a room to drop items.");
        }
        self.refuse_slot(conn, slot);
    }

    pub(super) fn use_item(&mut self, conn: Conn, slot: Option<i32>) {
        match slot {
            Some(slot) => self.refuse_slot(conn, slot),
            None => self.error(conn, "slotId (int) is required."),
        }
    }

    fn refuse_slot(&mut self, conn: Conn, slot_id: i32) {
        let code = match SLOTS.contains(&slot_id) {
            true => "SLOT_EMPTY",
            false => "INVALID_SLOT",
        };
        let refused = Notice::Error {
            code,
            slot_id,
            message: "",
            r#type: "INV_ERROR",
        };
        self.send(conn, to_json(&refused).into());
    }

    /// Put a session into the first room of its kind that has not started and is not full, or into a new one.
    pub(super) fn auto_join(&mut self, conn: Conn, token: &str) {
        let Some(expected) = &self.auto_join else {
            return self.error(conn, "AUTO_JOIN is disabled on this server.");
        };
        if expected.reveal() != token {
            return self.error(conn, "Invalid AUTO_JOIN token.");
        }
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        if let Some(room_id) = session.room {
            let joined = Reply::JoinOk {
                room_id,
                auto_joined: Some(true),
                players: None,
            };
            return self.reply(conn, &joined);
        }
        let rooms = self.rooms.in_order();
        let open = |room: &&&Room| room.name == AUTO_ROOM && !room.started && !room.is_full();
        let found = rooms.iter().find(open).map(|room| room.id);
        let Some(room) = found.or_else(|| self.make_auto_room(conn)) else {
            return self.error(conn, "This server cannot hold any more rooms.");
        };
        self.enter(conn, room, Some(true));
    }

    fn make_auto_room(&mut self, conn: Conn) -> Option<RoomId> {
        if !self.rooms.has_place_for(AUTO_ROOM) {
            return None;
        }
        let host = self.sessions.get(&conn)?.id;
        let (seating, size) = (self.policy.seating, self.size(Some(AUTO_ROOM_SIZE)));
        let id = (self.room_ids)();
        let room = Room::new(id, AUTO_ROOM.to_owned(), Some(host), seating, size);
        self.rooms.insert(room);
        Some(id)
    }
}
