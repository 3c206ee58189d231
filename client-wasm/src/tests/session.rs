//! Tests of sessions in wasm: in a page, and in Node.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::Session;

const URL: &str = "ws://relay.example/ws";
const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ROOM: &str = "11111111111111111111111111111111";

/// Who signs in.
fn ann() -> JsValue {
    js_sys::JSON::parse(r#"{"name":"Ann"}"#).expect("an object")
}

async fn in_room(page: &Page) -> Session {
    let session = Session::new(page.options()).expect("a session");
    resolved(session.connect(URL.to_owned())).await;
    resolved(session.sign_in(ann())).await;
    resolved(session.create_room("go".to_owned(), None)).await;
    session
}

#[wasm_bindgen_test]
async fn a_socket_that_calls_back_at_once_serves_a_whole_session() {
    let page = Page::new(r#"{"plainDatagrams":true}"#);
    let session = Session::new(page.options()).expect("a session");
    let (closed, listener) = Recorder::new();
    session.on("close", listener).expect("an event");
    let id = resolved(session.connect(URL.to_owned())).await;
    assert_eq!(id, format!("\"{ID}\""));
    resolved(session.sign_in(ann())).await;
    resolved(session.create_room("go".to_owned(), None)).await;
    assert_eq!(session.room_id(), ROOM);
    let sent = session.send_update(1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0);
    assert_eq!(sent, Ok(true));
    let datagram = page.sent.get(page.sent.length() - 1);
    assert!(!datagram.is_string());
    assert_eq!(resolved(session.close()).await, "");
    let end = r#"{"number":1000,"code":"closed","reason":"the connection was closed","retryable":false,"attempt":0,"retryInMs":null}"#;
    assert_eq!(closed.texts(), [end]);
    assert_eq!(session.state(), "disconnected");
}

#[wasm_bindgen_test]
async fn a_socket_that_closes_inside_send_rejects_the_command() {
    let page = Page::with("{}", |socket| {
        let own = socket.clone();
        set(
            &socket,
            "send",
            &function(move |_| {
                let close: Function = get(&own, "close").unchecked_into();
                close.call1(&own, &1006.into()).expect("a close");
            }),
        );
        socket
    });
    let session = Session::new(page.options()).expect("a session");
    resolved(session.connect(URL.to_owned())).await;
    let code = rejected(session.sign_in(ann())).await;
    assert_eq!(code, "closed");
    assert_eq!(rejected(session.ping()).await, "not_connected");
}

/// What `close` says about the next attempt, after each of these closes of one session.
async fn retries(options: &str, closes: &[u16]) -> Vec<(f64, Option<f64>)> {
    let page = Page::new(options);
    let session = Session::new(page.options()).expect("a session");
    let (closed, listener) = Recorder::new();
    session.on("close", listener).expect("an event");
    for &number in closes {
        resolved(session.connect(URL.to_owned())).await;
        resolved(session.sign_in(ann())).await;
        page.socket("close", &number.into());
    }
    closed.texts().iter().map(|event| retry(event)).collect()
}

/// The attempt and the wait of a `close`.
fn retry(event: &str) -> (f64, Option<f64>) {
    let event = JSON::parse(event).expect("an event");
    let attempt = get(&event, "attempt").as_f64().expect("a number");
    (attempt, get(&event, "retryInMs").as_f64())
}

#[wasm_bindgen_test]
async fn a_close_says_when_to_connect_again_or_that_it_is_final() {
    let lost = retries("{}", &[1006, 1012, 4000, 1008]).await;
    for ((attempt, wait), (number, longest)) in
        lost[..3].iter().zip([(1, 250.0), (2, 4000.0), (3, 1000.0)])
    {
        assert_eq!(*attempt, f64::from(number));
        assert!(
            wait.is_some_and(|wait| (0.0..=longest).contains(&wait)),
            "{wait:?}"
        );
    }
    assert_eq!(lost[3], (3.0, None));
}

#[wasm_bindgen_test]
async fn the_options_limit_waits_and_attempts() {
    let options = r#"{"retryMinMs":0,"retryMaxMs":0,"retries":2}"#;
    let expected = [(1.0, Some(0.0)), (2.0, Some(0.0)), (2.0, None)];
    assert_eq!(retries(options, &[1006; 3]).await, expected);
    assert_eq!(retries(r#"{"retries":0}"#, &[1006]).await, [(0.0, None)]);
}

#[wasm_bindgen_test]
async fn a_kicked_player_may_not_come_back() {
    let page = Page::new("{}");
    let session = in_room(&page).await;
    let (closed, listener) = Recorder::new();
    session.on("close", listener).expect("an event");
    let kick = r#"{"command":"BYE_ADMIN","message":"Too loud"}"#;
    page.socket("say", &kick.into());
    page.socket("close", &4000.into());
    assert_eq!(retry(&closed.texts()[0]), (0.0, None));
}

#[wasm_bindgen_test]
async fn a_connection_that_was_good_begins_with_the_first_wait() {
    let performance = get(&js_sys::global(), "performance");
    let own = get(&performance, "now");
    let at = |ms: u32| {
        let now = Function::new_no_args(&format!("return {ms}"));
        set(&performance, "now", &now);
    };
    let page = Page::new(r#"{"retryMaxMs":0}"#);
    let session = Session::new(page.options()).expect("a session");
    let (closed, listener) = Recorder::new();
    session.on("close", listener).expect("an event");
    for up in [0, 9999, 10_000] {
        at(0);
        resolved(session.connect(URL.to_owned())).await;
        resolved(session.sign_in(ann())).await;
        at(up);
        page.socket("close", &1006.into());
    }
    set(&performance, "now", &own);
    let attempts: Vec<f64> = closed.texts().iter().map(|event| retry(event).0).collect();
    assert_eq!(attempts, [1.0, 2.0, 1.0]);
}

#[wasm_bindgen_test]
async fn an_abandoned_connection_is_lost_and_a_closed_one_is_not() {
    let page = Page::new("{}");
    let session = in_room(&page).await;
    let (closed, listener) = Recorder::new();
    session.on("close", listener).expect("an event");
    session.abandon();
    settle().await;
    let (attempt, wait) = retry(&closed.texts()[0]);
    assert_eq!((attempt, wait.is_some()), (1.0, true));
    assert!(closed.texts()[0].contains(r#""code":"connection_lost""#));
    resolved(session.connect(URL.to_owned())).await;
    resolved(session.close()).await;
    assert_eq!(retry(&closed.texts()[1]), (0.0, None));
}

#[wasm_bindgen_test]
async fn the_option_web_socket_may_call_the_session() {
    let late = Late::<Session>::default();
    let (maker, closes) = (late.clone(), Array::new());
    let kept = closes.clone();
    let page = Page::with("{}", move |socket| {
        let session = maker.get().expect("made");
        assert_eq!(session.state(), "disconnected");
        assert_eq!(session.sample().length() % 12, 0);
        kept.push(&session.close());
        socket
    });
    let session = Session::new(page.options()).expect("a session");
    assert!(late.set(session).is_ok());
    let session = late.get().expect("set");
    // The welcome comes while the socket is made, and the goodbye after it.
    resolved(session.connect(URL.to_owned())).await;
    resolved(closes.get(0).unchecked_into()).await;
    assert_eq!(session.state(), "disconnected");
}

#[wasm_bindgen_test]
async fn a_console_may_call_the_session() {
    let late = Late::<Session>::default();
    let (pings, caller) = (Array::new(), late.clone());
    let (kept, level) = (pings.clone(), "debug");
    let console = Console::replace(level, move |line| {
        let session = caller.get().expect("made");
        session.sample();
        session.metrics();
        if line
            .as_string()
            .is_some_and(|line| line.contains("\"NAME\""))
        {
            kept.push(&session.ping());
        }
    });
    let page = Page::new(r#"{"logLevel":"trace"}"#);
    assert!(
        late.set(Session::new(page.options()).expect("a session"))
            .is_ok()
    );
    let session = late.get().expect("set");
    resolved(session.connect(URL.to_owned())).await;
    resolved(session.sign_in(ann())).await;
    drop(console);
    let ping: Promise = pings.get(0).unchecked_into();
    assert!(ping.await.is_ok_and(|time| time.as_f64().is_some()));
}

#[wasm_bindgen_test]
async fn a_log_listener_may_close_and_free_the_session() {
    let page = Page::new(r#"{"logLevel":"debug"}"#);
    let quiet = Console::replace("debug", |_| {});
    let session = Session::new(page.options()).expect("a session");
    let late = Late::<JsValue>::default();
    let (freer, freed) = (late.clone(), Array::new());
    let kept = freed.clone();
    let listener = function(move |event| {
        let line = get(&event, "line").as_string().expect("a line");
        if line.contains("NAME_OK") && kept.length() == 0 {
            let session = freer.get().expect("set");
            let free: Function = get(session, "free").unchecked_into();
            kept.push(&JsValue::from(free.call0(session).is_ok()));
        }
    });
    session.on("log", listener).expect("an event");
    resolved(session.connect(URL.to_owned())).await;
    let signed_in = session.sign_in(ann());
    assert!(late.set(session.into()).is_ok());
    let outcome = signed_in.await;
    drop(quiet);
    assert_eq!(freed.get(0), true);
    // It was answered before the session was freed, or is rejected. It does not hang.
    assert!(outcome.is_ok() || outcome.is_err_and(|error| code(&error) == "closed"));
}

#[wasm_bindgen_test]
async fn answers_have_the_shapes_of_their_types() {
    let page = Page::new("{}");
    let session = in_room(&page).await;
    let (started, listener) = Recorder::new();
    session.on("gameStarted", listener).expect("an event");
    let rooms = format!(
        r#"[{{"id":"{ROOM}","name":"go","playerCount":2,"isActive":false,"hostId":null}}]"#
    );
    assert_eq!(resolved(session.list_rooms()).await, rooms);
    let players = format!(r#"{{"roomId":"{ROOM}","players":[{{"id":"{ID}","name":"Ann"}}]}}"#);
    assert_eq!(resolved(session.room_players()).await, players);
    let info = format!(r#"{{"id":"{ID}","name":"Ann","roomId":null}}"#);
    assert_eq!(resolved(session.player_info()).await, info);
    let spawns = format!(
        r#"{{"roomId":"{ROOM}","spawnPositions":[{{"id":"{ID}","x":0.5,"y":1,"z":-2}},{{"id":"{OTHER}","index":3}}]}}"#
    );
    assert_eq!(resolved(session.start_game()).await, spawns);
    assert_eq!(started.texts(), [spawns]);
    let left = format!(r#"{{"roomId":"{ROOM}"}}"#);
    assert_eq!(resolved(session.leave_room()).await, left);
    let code = rejected(session.join_room("no id")).await;
    assert_eq!(code, "room_not_found");
}

#[wasm_bindgen_test]
async fn metrics_have_no_round_trip_before_the_first_ping() {
    let session = Session::new(JsValue::UNDEFINED).expect("a session");
    let metrics = r#"{"roundTripMs":null,"sent":0,"received":0,"refused":0,"lost":0,"lossPercent":0,"lossEstimated":true,"sentPerSecond":0,"receivedPerSecond":0,"bytesSent":0,"bytesReceived":0}"#;
    assert_eq!(text(&session.metrics()), metrics);
}

#[wasm_bindgen_test]
async fn a_sample_survives_the_growth_of_the_memory() {
    let page = Page::new("{}");
    let session = in_room(&page).await;
    let (joined, listener) = Recorder::new();
    session.on("carJoined", listener).expect("an event");
    page.socket("move", &1.5.into());
    assert_eq!(joined.texts(), [format!(r#"{{"slot":0,"id":"{OTHER}"}}"#)]);
    let before = session.sample();
    let large = vec![0_u8; 4 << 20];
    let after = session.sample();
    assert_eq!(session.car_count(), 1);
    assert_eq!(
        before.length(),
        0,
        "the memory did not grow by {}",
        large.len()
    );
    assert_eq!([1, 2, 3].map(|at| after.get_index(at)), [1.5, 2.0, 3.0]);
    assert_eq!(session.car_id(0), OTHER);
}

#[wasm_bindgen_test]
async fn frames_are_told_as_text_while_somebody_listens() {
    let page = Page::new("{}");
    let session = in_room(&page).await;
    let (frames, listener) = Recorder::new();
    let stop: Function = session
        .on("frame", listener)
        .expect("an event")
        .unchecked_into();
    resolved(session.ping()).await;
    page.socket("move", &1.5.into());
    stop.call0(&JsValue::UNDEFINED).expect("a function");
    page.socket("move", &2.5.into());
    let update = format!(
        r#"{{"command":"UPDATE","sessionId":"{OTHER}","position":{{"x":1.5,"y":2,"z":3}},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    );
    let told: Vec<String> = [r#"{"command":"PONG"}"#, &update]
        .iter()
        .map(|frame| text(&JsValue::from_str(frame)))
        .collect();
    assert_eq!(frames.texts(), told);
}

#[wasm_bindgen_test]
fn options_are_checked() {
    let refusal = |options: &str| {
        let options = JSON::parse(options).expect("options");
        thrown(Session::new(options))
    };
    let cases = [
        (
            r#"{"tick":1}"#,
            "there is no option tick; there are secret, generation, resume, updateHz, plainDatagrams, gzip, batch, commandTimeoutMs, retryMinMs, retryMaxMs, retries, webSocket, clock, logLevel",
        ),
        ("7", "options must be an object"),
        (r#"{"secret":7}"#, "option secret must be a string"),
        (r#"{"secret":null}"#, "option secret must be a string"),
        (
            r#"{"updateHz":61}"#,
            "option updateHz must be a number from 1 to 60",
        ),
        (
            r#"{"updateHz":"20"}"#,
            "option updateHz must be a number from 1 to 60",
        ),
        (
            r#"{"commandTimeoutMs":99}"#,
            "option commandTimeoutMs must be a number from 100 to 60000",
        ),
        (r#"{"batch":1}"#, "option batch must be true or false"),
        (
            r#"{"gzip":true}"#,
            "option gzip must be false: the browser's client leaves compression out",
        ),
        (
            r#"{"webSocket":null}"#,
            "option webSocket must be a function",
        ),
        (
            r#"{"logLevel":"loud"}"#,
            "option logLevel must be off, error, warn, info, debug or trace",
        ),
    ];
    for (options, words) in cases {
        assert_eq!(refusal(options), format!("invalid_argument: {words}"));
    }
    let options = JSON::parse(r#"{"updateHz":1.5,"gzip":false}"#).expect("options");
    set(&options, "secret", &JsValue::UNDEFINED);
    assert!(Session::new(options).is_ok());
    assert!(Session::new(JsValue::NULL).is_ok());
}

#[wasm_bindgen_test]
async fn an_invalid_address_or_socket_is_refused() {
    let session = Session::new(JsValue::UNDEFINED).expect("a session");
    let code = rejected(session.connect("ftp://relay.example".to_owned())).await;
    assert_eq!(code, "invalid_argument");
    let page = Page::with("{}", |_| JsValue::from(7));
    let session = Session::new(page.options()).expect("a session");
    for _ in 0..2 {
        let code = rejected(session.connect(URL.to_owned())).await;
        assert_eq!(code, "invalid_argument");
    }
}

#[wasm_bindgen_test]
async fn a_second_connect_is_refused_and_the_first_continues() {
    let page = Page::new("{}");
    let session = Session::new(page.options()).expect("a session");
    let first = session.connect(URL.to_owned());
    let second = rejected(session.connect(URL.to_owned())).await;
    assert_eq!(second, "invalid_argument");
    resolved(first).await;
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_stops_no_other() {
    let reports = Array::new();
    let kept = reports.clone();
    let _console = Console::replace("error", move |words| {
        kept.push(&words);
    });
    let page = Page::new("{}");
    let session = Session::new(page.options()).expect("a session");
    let throws = Function::new_no_args("throw new Error('mine')");
    session.on("state", throws).expect("an event");
    let (states, listener) = Recorder::new();
    session.on("state", listener).expect("an event");
    resolved(session.connect(URL.to_owned())).await;
    settle().await;
    assert_eq!(states.texts(), [r#"{"state":"connected"}"#]);
    assert_eq!(reports.get(0), "a listener of the race client threw");
    let unknown = session.on("tick", Function::new_no_args(""));
    assert!(
        thrown(unknown).starts_with("invalid_argument: there is no event tick; there are state, ")
    );
}

#[wasm_bindgen_test]
async fn an_option_clock_times_commands_out_by_its_own_time() {
    let page = Page::with("{}", |socket| {
        set(&socket, "send", &function(|_| {}));
        socket
    });
    let clock = js_sys::eval(CLOCK).expect("a clock");
    set(&page.options, "clock", &clock);
    let session = Session::new(page.options()).expect("a session");
    resolved(session.connect(URL.to_owned())).await;
    let answer = session.list_rooms();
    let pass: Function = get(&clock, "pass").unchecked_into();
    pass.call1(&clock, &20_000.into()).expect("time passes");
    assert_eq!(rejected(answer).await, "timeout");
}

/// A clock that stands still until `pass(ms)`.
const CLOCK: &str = "({
    ms: 0,
    timers: new Set(),
    now() { return this.ms; },
    setTimeout(work, wait) { const timer = { due: this.ms + wait, work }; this.timers.add(timer); return timer; },
    clearTimeout(timer) { this.timers.delete(timer); },
    pass(ms) {
        this.ms += ms;
        for (const timer of [...this.timers]) if (timer.due <= this.ms && this.timers.delete(timer)) timer.work();
    },
})";
