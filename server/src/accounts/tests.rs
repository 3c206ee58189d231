//! The accounts with a clock that the test sets.

use std::cell::Cell;

use rules::Token;

use super::*;

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(1_800_000_000) };
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.get())
}

fn pass(time: Duration) {
    NOW.set(NOW.get() + time.as_secs());
}

fn open_in(file: &AccountFile) -> anyhow::Result<Accounts> {
    Accounts::open(file, Arc::default(), now)
}

fn empty() -> Accounts {
    open_in(&AccountFile::Memory).unwrap()
}

impl Accounts {
    fn make(&self, username: &str, email: Option<&str>) -> AccountAnswer {
        self.answer(AccountJob::Register {
            username: username.to_owned(),
            password: Password::new("right"),
            email: email.map(str::to_owned),
        })
    }

    fn try_password(&self, username: &str, password: &str) -> AccountAnswer {
        self.answer(AccountJob::LogIn {
            username: username.to_owned(),
            password: Password::new(password),
        })
    }

    fn try_token(&self, token: &Token) -> AccountAnswer {
        self.answer(AccountJob::FindToken(token.clone()))
    }
}

fn account(answer: AccountAnswer) -> Account {
    match answer {
        AccountAnswer::Found(account) => account,
        other => panic!("{other:?}"),
    }
}

fn refused(refusal: AccountRefusal) -> AccountAnswer {
    AccountAnswer::Refused(refusal)
}

#[test]
fn an_account_is_found_by_name_in_any_case_and_by_each_of_its_tokens() {
    let accounts = empty();
    let made = account(accounts.make("Zoë", None));
    let again = account(accounts.try_password("ZOË", "right"));
    assert_eq!(
        (made.user_id, made.username.as_str()),
        (again.user_id, "Zoë")
    );
    assert_eq!(again.username, "Zoë");
    for token in [made.token.unwrap(), again.token.unwrap()] {
        assert_eq!(token.reveal().len(), 64);
        let found = account(accounts.try_token(&token));
        assert_eq!((found.user_id, found.token), (made.user_id, None));
    }
    let unknown = refused(AccountRefusal::UnknownToken);
    assert_eq!(accounts.try_token(&Token::new("made up")), unknown);
}

#[test]
fn names_and_addresses_belong_to_one_account() {
    let accounts = empty();
    account(accounts.make("Ann", Some("ann@example.com")));
    let taken = refused(AccountRefusal::UsernameTaken);
    assert_eq!(accounts.make("ANN", Some("ann@example.com")), taken);
    let email = refused(AccountRefusal::EmailTaken);
    assert_eq!(accounts.make("Bob", Some("Ann@Example.com")), email);
    account(accounts.make("Bob", None));
    account(accounts.make("Cid", None));
}

#[test]
fn three_wrong_passwords_lock_and_afterwards_one_is_enough() {
    let accounts = empty();
    account(accounts.make("Ann", None));
    let wrong = refused(AccountRefusal::WrongPassword);
    assert_eq!(accounts.try_password("Nobody", "right"), wrong);
    for _ in 0..2 {
        assert_eq!(accounts.try_password("Ann", "wrong"), wrong);
    }
    // A right one sets the count back.
    account(accounts.try_password("Ann", "right"));
    for _ in 0..3 {
        assert_eq!(accounts.try_password("Ann", "wrong"), wrong);
    }
    let end = Duration::from_secs(NOW.get()) + LOCK_TIME;
    let locked = refused(AccountRefusal::LockedUntil(end));
    assert_eq!(accounts.try_password("Ann", "right"), locked);
    pass(LOCK_TIME - Duration::from_secs(1));
    assert_eq!(accounts.try_password("Ann", "right"), locked);
    pass(Duration::from_secs(1));
    assert_eq!(accounts.try_password("Ann", "wrong"), wrong);
    assert_ne!(accounts.try_password("Ann", "wrong"), wrong);
    pass(LOCK_TIME);
    account(accounts.try_password("Ann", "right"));
    assert_eq!(accounts.try_password("Ann", "wrong"), wrong);
    account(accounts.try_password("Ann", "right"));
}

#[test]
fn a_token_lives_for_thirty_days_whether_used_or_not_and_an_account_has_only_so_many() {
    let accounts = empty();
    let first = account(accounts.make("Ann", None)).token.unwrap();
    pass(TOKEN_LIFE - Duration::from_secs(1));
    account(accounts.try_token(&first));
    pass(Duration::from_secs(1));
    let unknown = refused(AccountRefusal::UnknownToken);
    assert_eq!(accounts.try_token(&first), unknown);

    let log_in = || {
        pass(Duration::from_secs(1));
        account(accounts.try_password("Ann", "right"))
            .token
            .unwrap()
    };
    let oldest = log_in();
    let second = log_in();
    let count = || -> i64 {
        let database = accounts.database.lock();
        let count = database.query_row("SELECT count(*) FROM tokens", [], |row| row.get(0));
        count.unwrap()
    };
    assert_eq!(count(), 2, "the expired one is deleted");
    let rows = accounts.database.lock();
    for number in 2..MAX_TOKENS {
        rows.execute(
            "INSERT INTO tokens (hash, account, issued, expires) VALUES (?1, 1, ?2, ?2 + 9999)",
            (number.to_string().into_bytes(), seconds(accounts.now())),
        )
        .unwrap();
    }
    drop(rows);
    account(accounts.try_token(&oldest));
    log_in();
    assert_eq!(accounts.try_token(&oldest), unknown);
    account(accounts.try_token(&second));
    assert_eq!(count(), MAX_TOKENS);
}

#[test]
fn a_disabled_account_signs_nobody_in() {
    let accounts = empty();
    let token = account(accounts.make("Ann", None)).token.unwrap();
    let database = accounts.database.lock();
    database
        .execute("UPDATE accounts SET disabled = 1", [])
        .unwrap();
    drop(database);
    let disabled = refused(AccountRefusal::Disabled);
    assert_eq!(accounts.try_password("Ann", "right"), disabled);
    assert_eq!(accounts.try_token(&token), disabled);
}

#[test]
fn a_file_is_found_again_and_has_neither_passwords_nor_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let file = AccountFile::File(path.clone());
    let token = account(open_in(&file).unwrap().make("Ann", None))
        .token
        .unwrap();
    let accounts = open_in(&file).unwrap();
    account(accounts.try_token(&token));
    account(accounts.try_password("Ann", "right"));
    drop(accounts);
    let bytes = std::fs::read(&path).unwrap();
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("Ann") && has("$argon2id$"));
    assert!(!has("right") && !has(token.reveal()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let said = || {
        let file = AccountFile::File(path.clone());
        let error = open_in(&file).err().unwrap();
        let said = format!("{error:#}");
        assert!(said.contains("accounts.db"), "{said}");
        said
    };
    std::fs::write(&path, "no database, but long enough to be looked at").unwrap();
    assert!(said().contains("not a database"), "{}", said());
    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(said().contains("another program"), "{}", said());
    other
        .execute_batch("DROP TABLE t; PRAGMA user_version = 9")
        .unwrap();
    assert!(said().contains("version 9"), "{}", said());
    drop(other);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    said();
}
