//! Which line answers which command. The protocol has no request ids, so only this table tells.

use crate::command::CommandKind;
use crate::event::Event;
use crate::refusal;

/// Say whether an event can be the answer to a command of this kind (facts, section 2.1).
pub fn answers(event: &Event, kind: CommandKind) -> bool {
    match event {
        Event::NameOk { .. } => kind == CommandKind::Name,
        Event::AuthOk { .. } => kind == CommandKind::Authenticate,
        Event::AuthFailed { .. } => matches!(kind, CommandKind::Name | CommandKind::Authenticate),
        Event::Pong => kind == CommandKind::Ping,
        Event::PlayerInfo(_) => kind == CommandKind::PlayerInfo,
        Event::RoomList(_) => kind == CommandKind::ListRooms,
        Event::RoomCreated { .. } => kind == CommandKind::CreateRoom,
        Event::JoinOk { .. } => kind == CommandKind::JoinRoom,
        Event::LeaveOk { .. } => kind == CommandKind::LeaveRoom,
        Event::RoomPlayers { .. } => kind == CommandKind::GetRoomPlayers,
        Event::GameStarted(_) => kind == CommandKind::StartGame,
        Event::RelayOk { .. } => kind == CommandKind::RelayMessage,
        Event::ByeOk => kind == CommandKind::Bye,
        Event::Error { message } => refusal::can_answer(message, kind),
        Event::UnknownCommand { original } => original == kind.word(),
        Event::Connected { .. }
        | Event::RelayedMessage { .. }
        | Event::ByeAdmin { .. }
        | Event::Unknown(_) => false,
    }
}
