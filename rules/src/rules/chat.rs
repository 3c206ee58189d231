//! `MESSAGE`, which the others in the room get as `CHAT` (facts, sections 2.1 and 3).

use protocol::line::MAX_LINE_BYTES;

use super::reply::Reply;
use super::{Conn, Rules};

impl Rules {
    pub(super) fn say_to_room(&mut self, conn: Conn, message: Option<String>) {
        let Some(message) = message else {
            return self.error(conn, "Message content is required.");
        };
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let Some(room_id) = session.room.filter(|_| !message.is_empty()) else {
            return self.error(conn, "Empty message or not in a room.");
        };
        let chat = Reply::Chat {
            room_id,
            sender_name: &session.name,
            message: &message,
            timestamp: &self.wall_clock().timestamp(),
        };
        let line = chat.to_line();
        if line.len() > MAX_LINE_BYTES {
            let text =
                format!("Message too long. At most {MAX_LINE_BYTES} bytes of JSON are sent.");
            return self.error(conn, &text);
        }
        let others = self.sessions.iter();
        let others = others.filter(|(other, session)| {
            **other != conn && session.room == Some(room_id) && session.authenticated
        });
        let others: Vec<Conn> = others.map(|(conn, _)| *conn).collect();
        self.push(conn, &others, &line);
        self.reply(conn, &Reply::MessageOk);
    }
}
