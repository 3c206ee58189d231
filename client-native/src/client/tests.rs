//! The driver over a scripted transport, with tokio's virtual clock.

use std::collections::VecDeque;
use std::future::pending;

use bytes::Bytes;
use protocol::id::{Password, Token};
use protocol::refusal::Refusal;
use protocol::session::State;

use super::*;
use crate::lines::Disconnected;

const ID: &str = "0123456789abcdef0123456789abcdef";
const ROOM: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

/// A game server that answers each line as the script says, then falls silent or ends.
#[derive(Default)]
struct Script {
    /// What to answer to a line that contains the first text.
    answers: Vec<(&'static str, Vec<String>)>,
    incoming: VecDeque<Incoming>,
    ends: bool,
    sent: Vec<String>,
    is_closed: bool,
}

impl Script {
    fn say(&mut self, line: impl Into<String>) {
        self.incoming.push_back(Incoming::Line(line.into()));
    }
}

impl Transport for Script {
    type End = Disconnected;

    fn queue_line(&mut self, line: &str) -> Result<(), Disconnected> {
        self.sent.push(line.to_owned());
        let answer = self.answers.iter().find(|(part, _)| line.contains(part));
        let answer = answer.map(|(_, answer)| answer.clone());
        for line in answer.unwrap_or_default() {
            self.say(line);
        }
        Ok(())
    }

    fn send_datagram(&mut self, _: &[u8]) {
        self.sent.push("a datagram".into());
    }

    async fn receive(&mut self) -> Result<Incoming, Disconnected> {
        match self.incoming.pop_front() {
            Some(incoming) => Ok(incoming),
            None if self.ends => Err(Disconnected { detail: None }),
            None => pending().await,
        }
    }

    fn close(&mut self) {
        self.is_closed = true;
    }
}

/// A client that is welcomed and signed in.
async fn signed_in(answers: &[(&'static str, &[&str])]) -> Client<Script> {
    let answers = answers
        .iter()
        .map(|(part, lines)| (*part, lines.iter().map(|&line| line.to_owned()).collect()));
    let name_ok = r#"{"command":"NAME_OK","name":"Ann","authenticated":true}"#.to_owned();
    let mut script = Script {
        answers: answers.chain([("NAME", vec![name_ok])]).collect(),
        ..Script::default()
    };
    script.say(format!("CONNECTED|{ID}"));
    let mut client = Client::new(script, Config::default());
    assert_eq!(client.welcome().await.unwrap().as_str(), ID);
    let name = Command::Name {
        name: "Ann".into(),
        password: None,
    };
    client.ask(name).await.unwrap();
    assert_eq!(client.session().state(), State::Authenticated);
    while client.poll_output().is_some() {}
    client.transport_mut().sent.clear();
    client
}

/// A client in a room.
async fn in_room(answers: &[(&'static str, &[&str])]) -> Client<Script> {
    let joined = format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM}"}}"#);
    let joined = [joined.as_str()];
    let answers = [answers, &[("JOIN_ROOM", &joined[..])]].concat();
    let mut client = signed_in(&answers).await;
    let room_id = ROOM.parse().unwrap();
    client.ask(Command::JoinRoom { room_id }).await.unwrap();
    client.transport_mut().sent.clear();
    client
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_to_its_question_and_the_rest_is_kept() {
    let message = format!(
        r#"{{"command":"RELAYED_MESSAGE","senderId":"{OTHER}","senderName":"Bob","message":"hi"}}"#
    );
    let answers: [(&str, &[&str]); 1] = [(
        "LIST_ROOMS",
        &[&message, r#"{"command":"ROOM_LIST","rooms":[]}"#],
    )];
    let mut client = signed_in(&answers).await;
    let rooms = client.ask(Command::ListRooms).await;
    assert!(matches!(rooms, Ok(Event::RoomList(rooms)) if rooms.is_empty()));
    let kept = client.poll_output().unwrap();
    assert!(matches!(kept, Output::Message { message, .. } if message == "hi"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_a_timeout_and_an_end_are_different_errors() {
    let refusal = [r#"{"command":"ERROR","message":"Cannot start game. No room joined."}"#];
    let mut client = signed_in(&[("START_GAME", &refusal)]).await;
    let refused = client.ask(Command::StartGame).await;
    assert!(matches!(
        refused,
        Err(AskError::Answer(CommandError::Refused {
            refusal: Refusal::NotInRoom,
            ..
        }))
    ));
    let unanswered = client.ask(Command::PlayerInfo).await;
    assert!(matches!(
        unanswered,
        Err(AskError::Answer(CommandError::Timeout))
    ));
    client.transport_mut().ends = true;
    let ended = client.ask(Command::ListRooms).await;
    assert!(matches!(ended, Err(AskError::Ended(_))));
    assert!(client.has_ended());
    let afterwards = client.ask(Command::ListRooms).await;
    assert!(matches!(
        afterwards,
        Err(AskError::Send(SendError::NotConnected))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_silent_session_keeps_its_connection_alive() {
    let mut client = signed_in(&[("PING", &[r#"{"command":"PONG"}"#])]).await;
    let output = client.next_output().await.unwrap();
    assert!(matches!(output, Output::RoundTrip(_)));
    assert_eq!(client.transport_mut().sent, [r#"{"command":"PING"}"#]);
}

#[tokio::test(start_paused = true)]
async fn positions_go_out_and_those_of_others_come_in() {
    let mut client = in_room(&[]).await;
    let place = Vec3::new(1.0, 2.0, 3.0);
    assert_eq!(client.send_update(place, Quat::IDENTITY), Ok(true));
    let update = format!(r#"{{"command":"UPDATE","sessionId":"{OTHER}","position":{{"x":7}}}}"#);
    let datagram = Incoming::Datagram(Bytes::from(update));
    client.transport_mut().incoming.push_back(datagram);
    let output = client.next_output().await.unwrap();
    assert!(matches!(output, Output::Update(update) if update.position.x == 7.0));
    assert_eq!(client.transport_mut().sent, ["a datagram"]);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_leaves_the_room_says_bye_and_closes() {
    let left = format!(r#"{{"command":"LEAVE_OK","roomId":"{ROOM}"}}"#);
    let answers: [(&str, &[&str]); 2] = [
        ("LEAVE_ROOM", &[&left]),
        ("BYE", &[r#"{"command":"BYE_OK"}"#]),
    ];
    let mut client = in_room(&answers).await;
    assert_eq!(client.goodbye().await, GoodbyeOutcome::Answered);
    let script = client.transport_mut();
    assert_eq!(
        script.sent,
        [r#"{"command":"LEAVE_ROOM"}"#, r#"{"command":"BYE"}"#]
    );
    assert!(script.is_closed);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_ends_even_without_an_answer_or_a_server() {
    let mut client = in_room(&[]).await;
    let begun = client.now();
    assert_eq!(client.goodbye().await, GoodbyeOutcome::Unanswered);
    assert!(client.now() - begun < Duration::from_secs(7));
    assert!(client.transport_mut().is_closed);

    let mut client = in_room(&[]).await;
    client.transport_mut().ends = true;
    assert_eq!(client.goodbye().await, GoodbyeOutcome::Ended);
    assert_eq!(client.goodbye().await, GoodbyeOutcome::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_before_the_welcome_only_closes() {
    let mut client = Client::new(Script::default(), Config::default());
    assert_eq!(client.goodbye().await, GoodbyeOutcome::Unanswered);
    assert!(client.transport_mut().is_closed && client.transport_mut().sent.is_empty());
}

#[tokio::test(start_paused = true)]
async fn outputs_nobody_takes_are_bounded_but_answers_are_not_lost() {
    let flood = [r#"{"command":"SOMETHING_NEW"}"#; MAX_KEPT_OUTPUTS + 100];
    let pong: &[&str] = &[r#"{"command":"PONG"}"#];
    let list = [&flood[..], pong, &[r#"{"command":"ROOM_LIST","rooms":[]}"#]].concat();
    let mut client = signed_in(&[("PING", &[]), ("LIST_ROOMS", &list)]).await;
    let ping = client.send(Command::Ping).unwrap();
    client.transport_mut().ends = false;
    let waiting = client.ask(Command::ListRooms);
    // The ping is never answered, so the list is asked for when its time is up.
    waiting.await.unwrap();
    let outputs: Vec<_> = std::iter::from_fn(|| client.poll_output()).collect();
    assert!(outputs.len() <= MAX_KEPT_OUTPUTS + 2, "{}", outputs.len());
    let is_ping =
        |output: &Output| matches!(output, Output::Answer { ticket, .. } if *ticket == ping);
    assert_eq!(outputs.iter().filter(|output| is_ping(output)).count(), 1);
}

#[tokio::test]
async fn signing_in_takes_the_steps_that_the_server_wants() {
    let mut script = Script::default();
    script.say(format!(r#"{{"command":"CONNECTED","sessionId":"{ID}"}}"#));
    let expired = r#"{"command":"AUTO_AUTH_FAILED","message":"Token invalid or expired."}"#;
    let ok = r#"{"command":"LOGIN_OK","userId":1,"username":"Ann","token":"new"}"#;
    let slots = r#"{"slots":[],"type":"INV_STATE_FULL"}"#;
    script.answers = vec![
        ("AUTO_AUTH", vec![expired.into()]),
        ("LOGIN", vec![ok.into(), slots.into()]),
    ];
    let mut client = Client::new(script, Config::default());
    client.welcome().await.unwrap();
    let sign_in = SignIn {
        password: Some(Password::new("secret")),
        token: Some(Token::new("old")),
        ..SignIn::with_name("Ann")
    };
    let answer = client.sign_in(sign_in.clone()).await.unwrap();
    let Event::LoginOk(account) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(account.token, Some(Token::new("new")));
    assert_eq!(client.session().state(), State::Authenticated);
    // What came besides is kept.
    assert!(
        std::iter::from_fn(|| client.poll_output())
            .any(|output| matches!(output, Output::StateChanged(State::Authenticated)))
    );

    let refused = r#"{"command":"LOGIN_FAILED","message":"Invalid username or password."}"#;
    client.transport_mut().answers[1].1 = vec![refused.into()];
    let answer = client.sign_in(sign_in).await;
    let Err(AskError::Answer(CommandError::Refused { refusal, .. })) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(refusal, Refusal::AuthFailed);
    let sent = &client.transport_mut().sent;
    assert_eq!(sent.iter().filter(|line| line.contains("LOGIN")).count(), 2);
}
