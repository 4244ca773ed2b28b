//! The proof that the product is one file: it runs from an empty folder, without environment, with the whole interface
//! inside, and what a browser downloads to enter a room is small.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::http::Client;
use crate::mode::Mode;
use crate::steps::{Steps, duration, say, size, warn};
use crate::toolchain::Toolchain;
use crate::wasm_split;
use crate::workspace::Workspace;

/// First load of a room, everything that the browser downloads, as it comes over the line: what is promised.
const PAGE_WEIGHT_MAX_BYTES: u64 = 200_000;
/// What a room's page cannot do without: a list of downloads that lacks one was read wrongly.
const ROOM_FILES: &[&str] = &["/whisperspace.css", "/room.js", "/room.wasm"];
const START_UP_DEADLINE: Duration = Duration::from_secs(20);
const POLL_EVERY: Duration = Duration::from_millis(2);

/// Runs the binary alone, weighs it and the page, and prints what it found.
///
/// A toolchain without the sources of its standard library makes a heavier page: then the weight is told and no failure.
pub(crate) fn prove(workspace: &Workspace, steps: &mut Steps, binary: &Path) -> Result<()> {
    steps.step("prove that the binary is all there is", || embeds_the_site(binary, &workspace.site()))?;
    weigh(workspace, steps, binary)
}

/// As [`prove`], for a server that may read the interface from the disk.
pub(crate) fn weigh(workspace: &Workspace, steps: &mut Steps, binary: &Path) -> Result<()> {
    let is_smallest = Toolchain::find(workspace.wasm_toolchain())?.keeps_functions_apart(Mode::Release.wasm_profile());
    steps.step("prove that the binary runs alone", || {
        let server = Server::start(binary)?;
        let (weights, later) = first_load(&server)?;
        server.left_nothing_behind()?;
        say(&format!("    binary     {}", size(fs::metadata(binary)?.len())));
        say(&format!("    start-up   {}", duration(server.start_up)));
        say("    first load of a room, as sent:");
        let mut sum = 0;
        for (address, bytes) in weights {
            say(&format!("      {:>9}  {address}", size(bytes)));
            sum += bytes;
        }
        say(&format!("      {:>9}  in all, of at most {}", size(sum), size(PAGE_WEIGHT_MAX_BYTES)));
        let (address, bytes) = later;
        say(&format!("      {:>9}  when idle: {address}", size(bytes)));
        if sum > PAGE_WEIGHT_MAX_BYTES {
            let (sum, max) = (size(sum), size(PAGE_WEIGHT_MAX_BYTES));
            ensure!(!is_smallest, "the first load of a room weighs {sum}, more than {max}: look at the list above");
            warn(&format!("WARNING: a room weighs {sum}, over {max}; smaller after: rustup component add rust-src"));
        }
        Ok(())
    })
}

/// A binary that reads the site from disk must know where it is.
fn embeds_the_site(binary: &Path, site: &Path) -> Result<()> {
    let program = fs::read(binary).with_context(|| format!("cargo made no {}", binary.display()))?;
    let path = site.as_os_str().as_encoded_bytes();
    let on_disk = program.windows(path.len()).any(|window| window == path);
    ensure!(!on_disk, "the binary names {}: the interface is not embedded", site.display());
    Ok(())
}

/// An address, and how much comes from it.
type Weight = (String, u64);

/// What a browser downloads to show a room, by address, largest first; and what it fetches when that is done.
fn first_load(server: &Server) -> Result<(Vec<Weight>, Weight)> {
    let mut client = Client::new(server.address);
    let landing = client.get_text("/")?;
    ensure!(landing.status == 200, "GET / answers {}", landing.status);

    let room = new_room(&mut client)?;
    let page = client.get_text(&room)?;
    ensure!(page.status == 200, "GET of a room's page answers {}", page.status);
    let html = String::from_utf8_lossy(&page.body).into_owned();

    let addresses: BTreeSet<String> = downloads(&html).into_iter().collect();
    for file in ROOM_FILES {
        ensure!(addresses.iter().any(|address| address.ends_with(file)), "the room's page names no {file}");
    }
    let program = addresses.iter().find_map(|address| address.strip_suffix("room.js")).context("has no program")?;
    let second = format!("{program}{}", wasm_split::second_name("room"));
    let later = weight(&client, &second)?;
    let mut weights = vec![("the page of the room".to_owned(), weight(&client, &room)?)];
    for address in addresses {
        let bytes = weight(&client, &address)?;
        weights.push((address, bytes));
    }
    weights.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok((weights, (second, later)))
}

/// Makes a guest and a room as the landing page does, and gives the address of the room.
fn new_room(client: &mut Client) -> Result<String> {
    let guest = client.post_json("/api/v1/guest", "{}")?;
    ensure!(guest.status == 201, "making a guest answers {}", guest.status);
    let room = client.post_json("/api/v1/rooms", "{}")?;
    ensure!(room.status == 201, "making a room answers {}", room.status);
    let room: Value = serde_json::from_slice(&room.body)?;
    let code = room.get("code").and_then(Value::as_str).context("a new room has no code")?;
    Ok(format!("/r/{code}"))
}

fn weight(client: &Client, address: &str) -> Result<u64> {
    let response = client.get(address)?;
    ensure!(response.status == 200, "GET {address} answers {}", response.status);
    ensure!(!response.body.is_empty(), "GET {address} answers nothing");
    Ok(response.body.len() as u64)
}

/// The files of the site that a page makes the browser fetch.
fn downloads(html: &str) -> Vec<String> {
    const RELATIONS: &[&str] = &["stylesheet", "icon", "manifest", "preload", "modulepreload"];
    html.split('<')
        .filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag))
        .filter_map(|tag| match tag.split_whitespace().next()? {
            "link" if RELATIONS.contains(&attribute(tag, "rel")?) => attribute(tag, "href"),
            "script" | "img" => attribute(tag, "src"),
            _ => None,
        })
        .filter(|address| address.starts_with('/') && !address.starts_with("//"))
        .map(str::to_owned)
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

/// The binary, alone in a folder, until dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    start_up: Duration,
    alone: TempDir,
    _data: TempDir,
}

impl Server {
    fn start(binary: &Path) -> Result<Self> {
        let alone = TempDir::new()?;
        let data = TempDir::new()?;
        let copy = alone.path().join(binary.file_name().context("a binary has a name")?);
        fs::copy(binary, &copy)?;
        let address = free_address()?;
        let log = data.path().join("log");
        let started = Instant::now();
        let mut child = Command::new(&copy)
            .args(["--listen", &address.to_string(), "--data-dir"])
            .arg(data.path().join("data"))
            .current_dir(alone.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()?;
        match wait_until_healthy(&mut child, address) {
            Ok(()) => Ok(Self { child, address, start_up: started.elapsed(), alone, _data: data }),
            Err(error) => {
                stop(&mut child);
                Err(error.context(format!("it said: {}", fs::read_to_string(&log)?.trim_end())))
            }
        }
    }

    /// The folder of the binary holds the binary, still and only.
    fn left_nothing_behind(&self) -> Result<()> {
        let files: Vec<PathBuf> =
            fs::read_dir(self.alone.path())?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        ensure!(files.len() == 1, "the binary wrote into its working folder: {files:?}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn stop(child: &mut Child) {
    // Both fail only when it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn wait_until_healthy(child: &mut Child, address: SocketAddr) -> Result<()> {
    let client = Client::new(address);
    let deadline = Instant::now() + START_UP_DEADLINE;
    while Instant::now() < deadline {
        if client.get("/healthz").is_ok_and(|response| response.status == 200) {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            bail!("the server stopped instead of starting ({status})");
        }
        thread::sleep(POLL_EVERY);
    }
    bail!("the server does not answer GET /healthz within {}", duration(START_UP_DEADLINE))
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_what_it_downloads() {
        let html = r#"<!DOCTYPE html><html><head><link rel="stylesheet" href="/pkg/00/a.css">
            <link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="canonical" href="/r/ABC">
            <script nonce="x" type="module">import("/pkg/00/a.js")</script><script src="/theme.js"></script>
            </head><body><a href="/about">About</a><img alt="" src="/logo.svg"><img src="//elsewhere/x.png"></body></html>"#;
        assert_eq!(downloads(html), ["/pkg/00/a.css", "/icon.svg", "/theme.js", "/logo.svg"]);
    }

    #[test]
    fn a_binary_that_names_the_site_does_not_pass() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let binary = folder.path().join("binary");
        let site = folder.path().join("target/site");
        fs::write(&binary, [b"\x7fELF..", site.as_os_str().as_encoded_bytes()].concat()).expect("writes");
        assert!(embeds_the_site(&binary, &site).is_err());
        fs::write(&binary, b"\x7fELF..").expect("writes");
        assert!(embeds_the_site(&binary, &site).is_ok());
    }

    #[test]
    fn a_server_that_ends_at_once_is_not_waited_for() {
        let mut child = Command::new("sh").args(["-c", "exit 2"]).spawn().expect("sh starts");
        let address = free_address().expect("a free port");
        let error = wait_until_healthy(&mut child, address).expect_err("it has ended");
        assert!(error.to_string().contains("stopped instead of starting"), "{error}");
    }
}
