//! Accounts of the token generation as a player meets them.

use protocol::generation::Generation;
use serde_json::Value;
use server::{AccountFile, Options, Server};

use crate::client::Client;

async fn start(accounts: AccountFile) -> Server {
    let options = Options {
        generation: Generation::Token,
        accounts,
        ..Options::default()
    };
    Server::start(options).await.unwrap()
}

#[tokio::test]
async fn an_account_in_a_file_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = AccountFile::File(folder.path().join("accounts.db"));
    let server = start(file.clone()).await;
    let mut ann = Client::connect(&server).await;
    let register = r#"{"command":"REGISTER","username":"Ann","password":"longenough"}"#;
    let reply: Value = serde_json::from_str(&ann.ask(register).await).unwrap();
    assert_eq!(reply["command"], "REGISTER_OK");
    server.stop().await;

    let server = start(file).await;
    let mut ann = Client::connect(&server).await;
    let token = serde_json::json!({"command": "AUTO_AUTH", "token": reply["token"]});
    let back: Value = serde_json::from_str(&ann.ask(&token.to_string()).await).unwrap();
    assert_eq!(back["userId"], reply["userId"], "{back}");
    let mut eve = Client::connect(&server).await;
    let guess = r#"{"command":"LOGIN","username":"ann","password":"guessed"}"#;
    let wrong = r#"{"command":"LOGIN_FAILED","message":"Invalid username or password."}"#;
    for _ in 0..3 {
        assert_eq!(eve.ask(guess).await, wrong);
    }
    assert!(
        eve.ask(guess)
            .await
            .contains("Account locked. Try again after ")
    );
    // The token still counts.
    let mut phone = Client::connect(&server).await;
    assert!(phone.ask(&token.to_string()).await.contains("AUTO_AUTH_OK"));
}
