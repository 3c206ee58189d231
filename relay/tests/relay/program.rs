//! The program itself: its options, its one line of output, its end.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::within;

/// The page as it is written. Its wasm module need not be built.
const WWW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../www");

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mp-relay"));
    command
        .env("MP_RELAY_WWW", WWW)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The program in a shell. The script runs it as `"$0" "$@"`.
#[cfg(unix)]
pub(crate) fn in_shell(program: &Command, script: &str) -> Command {
    let program = program.as_std();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script])
        .arg(program.get_program())
        .args(program.get_args())
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    shell
}

async fn fails(command: &mut Command) -> String {
    let Output { status, stderr, .. } = within("the end", command.output()).await.unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

/// Read the line that says where it listens.
pub(crate) async fn listening(child: &mut Child) -> String {
    let line = ready(child).await;
    line["listen"].as_str().unwrap().to_owned()
}

pub(crate) async fn ready(child: &mut Child) -> serde_json::Value {
    let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
    let mut line = String::new();
    within("its address", stdout.read_line(&mut line))
        .await
        .unwrap();
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn it_prints_the_address_of_the_metrics_port_if_there_is_one() {
    let options = ["--server", "127.0.0.1:9", "--trust", "insecure"];
    let options = [&options[..], &["--listen", "127.0.0.1:0"]].concat();
    let mut child = program().args(&options).spawn().unwrap();
    assert_eq!(ready(&mut child).await.get("metrics"), None);
    let metrics = ["--metrics-listen", "127.0.0.1:0"];
    let mut child = program().args(&options).args(metrics).spawn().unwrap();
    let line = ready(&mut child).await;
    let address = line["metrics"].as_str().unwrap().parse().unwrap();
    let answer = crate::http::get_at(address, "/metrics").await;
    assert!(answer.contains("process_open_fds") || cfg!(not(target_os = "linux")));
}

#[cfg(unix)]
#[tokio::test]
async fn it_says_where_it_listens_and_stops_in_order() {
    for signal in ["-TERM", "-INT"] {
        let arguments = ["--server", "127.0.0.1:9", "--trust", "insecure"];
        let mut child = program()
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .spawn()
            .unwrap();
        let address = listening(&mut child).await;
        assert!(!address.ends_with(":0"), "{address}");
        let id = child.id().unwrap().to_string();
        let kill = Command::new("kill").args([signal, &id]).status().await;
        assert!(kill.unwrap().success());
        assert!(within("its end", child.wait()).await.unwrap().success());
        let mut rest = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "", "it prints one line only");
    }
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    let text = "server = '127.0.0.1:9'\ntrust = 'insecure'\nlisten = 'from the file'\n";
    std::fs::write(&file, text).unwrap();
    let with_file = || {
        let mut command = program();
        command.env("MP_RELAY_CONFIG", &file);
        command
    };
    let error = fails(&mut with_file()).await;
    let words = "relay.toml has a wrong value for the key listen: ";
    assert!(error.contains(words), "{error}");
    let environment = ("MP_RELAY_LISTEN", "from the environment");
    let error = fails(with_file().env(environment.0, environment.1)).await;
    assert!(error.contains("--listen from the environment"), "{error}");
    let mut child = with_file()
        .env(environment.0, environment.1)
        .args(["--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    assert!(listening(&mut child).await.starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn it_starts_with_the_embedded_page_only_if_that_has_its_client() {
    let options = ["--server", "127.0.0.1:9", "--trust", "insecure"];
    let mut command = program();
    command
        .env_remove("MP_RELAY_WWW")
        .args(options)
        .args(["--listen", "127.0.0.1:0"]);
    if Path::new(WWW)
        .join("pkg/wasm/client_wasm_bg.wasm")
        .is_file()
    {
        listening(&mut command.spawn().unwrap()).await;
    } else {
        let error = fails(&mut command).await;
        assert!(error.contains("cargo xtask wasm"), "{error}");
    }
}

#[tokio::test]
async fn it_warns_of_a_folder_without_the_client() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "page").unwrap();
    let mut child = program()
        .args(["--server", "127.0.0.1:9", "--trust", "insecure"])
        .args(["--listen", "127.0.0.1:0"])
        .env("MP_RELAY_WWW", folder.path())
        .spawn()
        .unwrap();
    listening(&mut child).await;
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let warning = async {
        while let Some(line) = stderr.next_line().await.unwrap() {
            if line.contains("pkg/wasm/client_wasm_bg.wasm") {
                return;
            }
        }
        panic!("no warning");
    };
    within("the warning", warning).await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = listener.local_addr().unwrap();
    let arguments = ["--server", "127.0.0.1:9", "--trust", "insecure"];
    let error = fails(
        program()
            .args(arguments)
            .args(["--listen", &taken.to_string()]),
    )
    .await;
    assert!(error.contains(&taken.port().to_string()), "{error}");
    assert!(error.contains("--listen 127.0.0.1:PORT"), "{error}");
}

/// The port is shut down behind the program's back, as no peer could do it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_ends_with_an_error_when_it_loses_a_port() {
    for (port, words) in [
        ("listen", "the port of browsers is no longer served"),
        ("metrics", "the operator's port is no longer served"),
    ] {
        let mut child = program()
            .args(["--server", "127.0.0.1:9", "--trust", "insecure"])
            .args(["--listen", "127.0.0.1:0"])
            .args(["--metrics-listen", "127.0.0.1:0"])
            .spawn()
            .unwrap();
        let address = ready(&mut child).await[port].as_str().unwrap().to_owned();
        if !shut_down(child.id().unwrap(), address.parse().unwrap()) {
            return eprintln!("not tested: this system gives no process another's sockets");
        }
        let end = within("its end", child.wait_with_output()).await.unwrap();
        let log = String::from_utf8(end.stderr).unwrap();
        assert_eq!(end.status.code(), Some(1), "{log}");
        assert!(log.contains(words), "{log}");
    }
}

/// Shut the socket down that listens on this address in another process. `false`: it may not be touched.
#[cfg(target_os = "linux")]
fn shut_down(process: u32, address: std::net::SocketAddr) -> bool {
    use rustix::process::{ForeignRawFd, Pid, PidfdFlags, PidfdGetfdFlags};
    use rustix::process::{pidfd_getfd, pidfd_open};
    let pid = Pid::from_raw(process.try_into().unwrap()).unwrap();
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    for file in files {
        let number: ForeignRawFd = file.unwrap().file_name().to_str().unwrap().parse().unwrap();
        let copy = match pidfd_getfd(&pidfd, number, PidfdGetfdFlags::empty()) {
            Err(rustix::io::Errno::PERM | rustix::io::Errno::NOSYS) => return false,
            copy => copy.unwrap(),
        };
        let socket = socket2::Socket::from(copy);
        let local = socket.local_addr().ok().and_then(|local| local.as_socket());
        if local == Some(address) && socket.is_listener().unwrap() {
            socket.shutdown(std::net::Shutdown::Both).unwrap();
            return true;
        }
    }
    panic!("no socket of {process} listens on {address}");
}
