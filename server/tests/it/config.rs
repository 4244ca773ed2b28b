//! The command line: complete help, one meaning in flag, environment and file, a sentence for every mistake, and a
//! secret that only its owner reads.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use clap::CommandFactory as _;
use protocol::Limits;
use server::config::Options;

use crate::harness::Guest;
use crate::harness::process::Folder;

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the output is UTF-8")
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    stdout(output)
}

#[tokio::test]
async fn help_and_the_readme_list_every_option() {
    let help = succeeded(&Folder::new().run(&["--help"]).await);
    let readme = include_str!("../../../README.md");
    let mut options = 0;
    for argument in Options::command().get_arguments() {
        let Some(long) = argument.get_long() else {
            continue;
        };
        assert!(help.contains(&format!("--{long}")), "--{long} is not in --help");
        assert!(readme.contains(&format!("`--{long}")), "--{long} is not in the README");
        if let Some(variable) = argument.get_env().and_then(|name| name.to_str()) {
            assert_eq!(variable, format!("WHISPERSPACE_{}", long.to_uppercase().replace('-', "_")));
            assert!(help.contains(variable), "{variable} is not in --help");
        }
        options += 1;
    }
    assert!(options >= 10, "{options} options are not all of them");
}

#[tokio::test]
async fn the_limits_are_listed_with_their_defaults() {
    let list = succeeded(&Folder::new().run(&["--list-limits"]).await);
    for (name, default, _) in Limits::REFERENCE {
        assert!(list.contains(&format!("{name} = {default}\n")), "{name} is not listed");
    }
}

#[tokio::test]
async fn a_printed_configuration_gives_itself() {
    let folder = Folder::new();
    for flags in [
        vec![],
        vec!["--database=memory:", "--listen=[::1]:8080", "--log=debug", "--log-format=json"],
        vec!["--public-url=http://chat.local:3000"],
        vec!["--public-url=https://Example.org/Team/chat/"],
        vec!["--tls-cert=c.pem", "--tls-key=k.pem", "--tls-redirect=0.0.0.0:80"],
        vec![
            "--acme=chat.example,www.chat.example",
            "--acme-contact=mailto:a@chat.example",
            "--acme-directory=https://ca.example:14000/dir",
            "--acme-ca=ca.pem",
        ],
        vec![
            "--public-url=https://Chat.Example:443/",
            "--allow-origin=https://one.example,https://two.example,https://*.three.example,capacitor://localhost",
            "--trust-proxy=10.0.0.0/8",
            "--trust-proxy=::1",
            "--limit=text_chars_max=100,grace_ms=0",
            "--limit=capacity_max=10000",
            "--data-dir=elsewhere",
            "--database=sqlite:other.db",
        ],
        vec![
            "--listen=unix:chat.sock",
            "--listen-mode=0660",
            "--proxy-protocol=10.0.0.1,2001:db8::/32",
            "--proxy-headers=forwarded",
        ],
        vec!["--tls-cert=chat.pem", "--tls-key=chat.key", "--tls-redirect=0.0.0.0:80"],
    ] {
        let printed = succeeded(&folder.run(&[flags.clone(), vec!["--print-config"]].concat()).await);
        for name in flags.iter().filter_map(|flag| flag.strip_prefix("--")?.split('=').next()) {
            assert!(name == "limit" || printed.contains(&format!("{name} = ")), "{name} is not in {printed}");
        }
        std::fs::write(folder.path().join("printed.toml"), &printed).expect("the folder can be written");
        let again = succeeded(&folder.run(&["--config=printed.toml", "--print-config"]).await);
        assert_eq!(printed, again, "{flags:?}");
    }
    assert!(!folder.data().exists(), "printing makes nothing");
}

#[tokio::test]
async fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = Folder::new();
    let file =
        "listen = \"127.0.0.1:1\"\nlog = \"warn\"\ndata-dir = \"file\"\n[limits]\ngrace_ms = 1\nroom_empty_ms = 5000\n";
    std::fs::write(folder.path().join("c.toml"), file).expect("the folder can be written");
    let mut command =
        folder.command(&["--config=c.toml", "--print-config", "--listen=127.0.0.1:3", "--limit=grace_ms=3"]);
    command.env("WHISPERSPACE_LISTEN", "127.0.0.1:2").env("WHISPERSPACE_LOG", "error").env("RUST_LOG", "trace");
    let printed = succeeded(&Folder::finish(command).await);
    for line in
        ["listen = \"127.0.0.1:3\"", "log = \"error\"", "data-dir = \"file\"", "grace_ms = 3", "room_empty_ms = 5000"]
    {
        assert!(printed.contains(line), "{line} is not in\n{printed}");
    }
}

#[tokio::test]
async fn a_mistake_is_a_sentence_and_not_a_start() {
    let folder = Folder::new();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    };
    write("broken.toml", "listen = \n");
    write("unknown.toml", "colour = \"red\"\n");
    write("limit.toml", "[limits]\ntext_chars_max = 0\n");
    write("nolimit.toml", "[limits]\ncolour = 1\n");
    write("a-file", "x");
    for (flags, named) in [
        (vec!["--listen=nowhere"], "--listen"),
        (vec!["--colour=red"], "--colour"),
        (vec!["--log=loud"], "--log"),
        (vec!["--database=postgres://x"], "--database"),
        (vec!["--database=memory"], "--database"),
        (vec!["--database=sqlite::memory:"], "memory:"),
        (vec!["--database=sqlite:file:x?mode=ro"], "--database"),
        (vec!["--database=mongodb://u:p@ss@127.0.0.1:1/ws"], "percent-encoded"),
        (vec!["--database=mongodb://127.0.0.1:99999/ws"], "port"),
        (vec!["--public-url=chat.example"], "chat.example"),
        (vec!["--public-url=https://chat.example/path?x"], "https://chat.example/path?x"),
        (vec!["--public-url=https://chat.example/#x"], "fragment"),
        (vec!["--public-url=https://chat.example/a//b"], "two slashes"),
        (vec!["--public-url=https://chat.example/a/../b"], "steps"),
        (vec!["--public-url=https://chat.example/r"], "own addresses"),
        (vec!["--public-url=https://*.example.com"], "--public-url"),
        (vec!["--public-url=capacitor://localhost"], "--public-url"),
        (vec!["--allow-origin=ftp://x"], "ftp://x"),
        (vec!["--allow-origin=https://*.com"], "strangers"),
        (vec!["--allow-origin=https://a.*.example.com"], "wildcard"),
        (vec!["--allow-origin=https://other.example/path"], "path"),
        (vec!["--allow-origin=null"], "--allow-origin"),
        (vec!["--trust-proxy=everybody"], "everybody"),
        (vec!["--trust-proxy=10.0.0.0/33"], "10.0.0.0/33"),
        (vec!["--limit=colour=1"], "colour"),
        (vec!["--limit=text_chars_max"], "NAME=VALUE"),
        (vec!["--limit=text_chars_max=many"], "text_chars_max"),
        (vec!["--limit=text_chars_max=0"], "text_chars_max"),
        (vec!["--limit=grace_ms=-1"], "grace_ms"),
        (vec!["--limit=ping_every_ms=50000"], "silence_ms_max"),
        (vec!["--threads=0"], "1 to 1024"),
        (vec!["--threads=100000"], "1 to 1024"),
        (vec!["--database=sqlite:mistyped.db", "db", "check"], "mistyped.db"),
        (vec!["--database=sqlite:mistyped.db", "db", "migrate", "sqlite:new.db"], "mistyped.db"),
        (vec!["--acme=chat.example", "--tls-cert=c.pem", "--tls-key=k.pem"], "choose one of the two"),
        (vec!["--acme=*.example.org"], "wildcard"),
        (vec!["--acme=localhost"], "chat.example.org"),
        (vec!["--acme=chat.example", "--acme-directory=http://ca.example"], "https://"),
        (vec!["--acme=chat.example", "--public-url=http://chat.example"], "--public-url"),
        (vec!["--database=memory:", "--acme=chat.example", "--acme-ca=missing.pem"], "missing.pem (--acme-ca)"),
        (vec!["--acme-contact=mailto:a@b.example"], "--acme NAME"),
        (vec!["--tls-redirect=127.0.0.1:0"], "--tls-cert or --acme"),
        (vec!["--config=missing.toml"], "missing.toml"),
        (vec!["--config=broken.toml"], "broken.toml"),
        (vec!["--config=unknown.toml"], "colour"),
        (vec!["--config=limit.toml"], "text_chars_max"),
        (vec!["--config=nolimit.toml"], "colour"),
        (vec!["--listen=127.0.0.1:0", "--data-dir=a-file/below"], "--data-dir"),
    ] {
        let output = folder.run(&flags).await;
        let said = stderr(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{flags:?}: {}", output.status);
        assert!(said.contains(named), "{flags:?} is told as: {said}");
        assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
    }
    for made in ["data", "whisperspace-data", "mistyped.db", "mistyped.db.lock", "new.db"] {
        assert!(!folder.path().join(made).exists(), "{made} was begun");
    }
}

#[tokio::test]
async fn a_password_in_the_database_url_is_not_repeated() {
    let folder = Folder::new();
    let output = folder.run(&["--database=postgres://user:hunter2hunter2@x/y"]).await;
    assert!(!output.status.success());
    assert!(!stderr(&output).contains("hunter2hunter2"), "{}", stderr(&output));
    let mut command = folder.command(&["--help"]);
    command.env("WHISPERSPACE_DATABASE", "mongodb://user:hunter2hunter2@x/y");
    assert!(!succeeded(&Folder::finish(command).await).contains("hunter2hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told_with_the_remedy() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let taken = format!("--listen={}", server.addr);
    let output = folder.run(&[taken.as_str(), "--data-dir=other"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot listen") && stderr(&output).contains("--listen"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_made_once_and_only_its_owner_reads_it() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let guest = Guest::at(server.addr, None).await;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("the first start made it").permissions().mode() & 0o777;
    let file = folder.data().join("secret");
    assert_eq!((mode(&file), mode(&folder.data())), (0o600, 0o700));
    assert_eq!(mode(&folder.data().join("whisperspace.db")) & 0o077, 0, "nor does anybody else read the database");
    let secret = std::fs::read(&file).expect("the owner reads it");
    assert!(server.terminate().await.success());

    let server = folder.serve(&[]).await;
    let moved = Guest { addr: server.addr, ..guest };
    moved.ask(crate::harness::Ask::get("/api/v1/me")).await.assert_status(200);
    assert!(server.terminate().await.success());
    assert_eq!(std::fs::read(&file).expect("is still there"), secret, "it is made once");

    for readable in [0o640, 0o604, 0o620, 0o666] {
        std::fs::set_permissions(&file, Permissions::from_mode(readable)).expect("the owner may");
        let output = folder.run(&["--listen=127.0.0.1:0", "--data-dir=data"]).await;
        assert_eq!(output.status.code(), Some(1), "{readable:o}");
        assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
    }
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("the owner may");
    std::fs::write(&file, b"short").expect("the owner may");
    let output = folder.run(&["--listen=127.0.0.1:0", "--data-dir=data"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("secret"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_failed_start_is_one_sentence_and_claims_no_address() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("a-file"), "x").expect("the folder can be written");
    let mut command = folder.command(&["--listen=127.0.0.1:0", "--data-dir=a-file/below"]);
    command.env("RUST_BACKTRACE", "1");
    let output = Folder::finish(command).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_do_not_share_a_database_file() {
    let folder = Folder::new();
    let first = folder.serve(&[]).await;
    let output = folder.run(&["--listen=127.0.0.1:0", "--data-dir=data"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("another server uses"), "{}", stderr(&output));
    let output = folder.run(&["--data-dir=data", "db", "migrate", "sqlite:other.db"]).await;
    assert!(stderr(&output).contains("another server uses"), "{}", stderr(&output));
    succeeded(&folder.run(&["--data-dir=data", "db", "check"]).await);
    assert!(first.terminate().await.success());
    assert!(folder.serve(&[]).await.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_variable_is_none_and_an_unknown_one_is_told() {
    let folder = Folder::new();
    let mut command = folder.command(&["--print-config"]);
    for name in ["LISTEN", "DATABASE", "ALLOW_ORIGIN", "TRUST_PROXY", "LOG", "SOCKETIO_EIO3", "LIMIT", "CONFIG"] {
        command.env(format!("WHISPERSPACE_{name}"), "");
    }
    let plain = succeeded(&folder.run(&["--print-config"]).await);
    assert_eq!(succeeded(&Folder::finish(command).await), plain);
    let mut command = folder.command(&["--database=memory:", "db", "check"]);
    command.env("WHISPERSPACE_DATABSE", "hunter2hunter2").env("WHISPERSPACE_MIGRATE_TO", "memory:");
    let output = Folder::finish(command).await;
    let told = format!("{}{}", stdout(&output), stderr(&output));
    assert!(told.contains("WHISPERSPACE_DATABSE") && !told.contains("MIGRATE_TO"), "{told}");
    assert!(!told.contains("hunter2hunter2"), "{told}");
}
