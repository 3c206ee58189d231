//! Tests of spectators in wasm: in a page, and in Node.

use js_sys::Reflect;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::{RaceClient, Spectator};

const URL: &str = "https://relay.example";

fn watch(page: &Page) -> Spectator {
    RaceClient::spectate(URL, "r1", page.options()).expect("a spectator")
}

#[wasm_bindgen_test]
async fn a_socket_that_calls_back_at_once_shows_the_room_after_the_call() {
    let page = Page::new("{}");
    let spectator = watch(&page);
    let (states, listener) = Recorder::new();
    spectator.on("state", listener).expect("an event");
    let (rooms, listener) = Recorder::new();
    spectator.on("room", listener).expect("an event");
    settle().await;
    let names = [r#"{"state":"connecting"}"#, r#"{"state":"live"}"#];
    assert_eq!(states.texts(), names);
    let room = r#"{"id":"r1","name":"go","hostId":null,"isActive":true,"players":[{"index":7,"id":"p","name":"Ann"}],"atMs":0}"#;
    assert_eq!(rooms.texts(), [room]);
    assert!(js_sys::Object::is(&spectator.room(), &spectator.room()));
    assert_eq!(spectator.state(), "live");
}

#[wasm_bindgen_test]
async fn a_socket_that_closes_at_once_is_tried_again_or_given_up() {
    for (code, state, retryable) in [(1006, "reconnecting", true), (1008, "closed", false)] {
        let page = Page::with("{}", move |socket| {
            let close = function(move |handler| {
                if let Some(handler) = handler.dyn_ref::<Function>() {
                    let event = js_sys::Object::new();
                    set(&event, "code", &code.into());
                    set(&event, "reason", &"".into());
                    handler.call1(&JsValue::NULL, &event).expect("a handler");
                }
            });
            let setter = js_sys::Object::new();
            set(&setter, "set", &close);
            let socket = socket.unchecked_into::<js_sys::Object>();
            Reflect::define_property(&socket, &"onclose".into(), &setter).expect("a property");
            socket.into()
        });
        let spectator = watch(&page);
        let (states, listener) = Recorder::new();
        spectator.on("state", listener).expect("an event");
        settle().await;
        let last = JSON::parse(&states.texts()[2]).expect("an event");
        assert_eq!(get(&last, "state"), state);
        assert_eq!(get(&last, "retryable"), retryable);
        assert_eq!(get(&last, "retryInMs").is_undefined(), !retryable);
        assert_eq!(spectator.state(), state);
        spectator.close();
    }
}

#[wasm_bindgen_test]
async fn a_console_and_the_option_web_socket_may_call_the_spectator() {
    let late = Late::<Spectator>::default();
    let caller = late.clone();
    let console = Console::replace("info", move |_| {
        if let Some(spectator) = caller.get() {
            spectator.sample(None);
            spectator.metrics();
            spectator.close();
        }
    });
    let page = Page::new(r#"{"logLevel":"info"}"#);
    assert!(late.set(watch(&page)).is_ok());
    let spectator = late.get().expect("set");
    page.socket("close", &1006.into());
    settle().await;
    drop(console);
    assert_eq!(spectator.state(), "closed");
    assert_eq!(page.sockets.length(), 1);
}

#[wasm_bindgen_test]
async fn a_log_listener_may_free_the_spectator() {
    let quiet = Console::replace("info", |_| {});
    let page = Page::new(r#"{"logLevel":"info"}"#);
    let spectator = watch(&page);
    let late = Late::<JsValue>::default();
    let (freer, freed) = (late.clone(), Array::new());
    let kept = freed.clone();
    let listener = function(move |_| {
        if kept.length() == 0 {
            let spectator = freer.get().expect("set");
            let free: Function = get(spectator, "free").unchecked_into();
            kept.push(&JsValue::from(free.call0(spectator).is_ok()));
        }
    });
    spectator.on("log", listener).expect("an event");
    assert!(late.set(spectator.into()).is_ok());
    page.socket("close", &1006.into());
    settle().await;
    drop(quiet);
    assert_eq!(freed.get(0), true);
}

#[wasm_bindgen_test]
fn an_invalid_target_is_refused_at_once() {
    let refusal = |url: &str, room: &str, options: &str| {
        let options = JSON::parse(options).expect("options");
        thrown(RaceClient::spectate(url, room, options))
    };
    let cases = [
        refusal("relay", "r1", "{}"),
        refusal(URL, "", "{}"),
        refusal(URL, "r1", r#"{"historySeconds":601}"#),
        refusal(URL, "r1", r#"{"token":""}"#),
        refusal(URL, "r1", r#"{"webSocket":1}"#),
    ];
    for case in cases {
        assert!(case.starts_with("invalid_argument: "), "{case}");
    }
    let page = Page::with("{}", |_| JsValue::NULL);
    let error = thrown(RaceClient::spectate(URL, "r1", page.options()));
    assert_eq!(
        error,
        "invalid_argument: option webSocket made no WebSocket"
    );
}
