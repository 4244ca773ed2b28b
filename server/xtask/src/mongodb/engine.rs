//! The `DocumentDB` engine: Debian's `PostgreSQL` with its extension, in a root folder of its own below target/, so that
//! nothing of the machine changes. Making it takes a minute or two, once; a server in it starts in two seconds.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::part::{Part, free_address};
use crate::debian;
use crate::shell;
use crate::steps::say;

const PACKAGE: &str = "postgresql-18-documentdb";
/// Debian 12's debootstrap knows this name; the package is in no earlier release.
const RELEASE: &str = "sid";
const BINARIES: &str = "/usr/lib/postgresql/18/bin";

/// No sockets in the file system and no mounts are needed. A process that is killed loses nothing that it has handed to
/// the system, so nothing has to be flushed to the disk. `full_page_writes` stays on: `DocumentDB` 1.0 logs the new page of
/// a split in its indexes as a difference, and only a page's image is replayed where the file holds nothing yet. Without
/// it such an index is broken after a crash, and refuses every change that touches its page.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
dynamic_shared_memory_type = mmap
max_connections = 200
fsync = off
";

pub(super) struct Engine {
    root: PathBuf,
}

/// Makes the root folder where it is missing.
pub(super) fn make(folder: &Path) -> Result<Engine> {
    let root = folder.join("root");
    if !root.is_dir() {
        debian::ensure_installed(&["debootstrap"])?;
        say("    making a root folder with PostgreSQL and DocumentDB (once, a minute or two)");
        let half = folder.join("root.half");
        let _ = fs::remove_dir_all(&half);
        fs::create_dir_all(folder)?;
        let mut debootstrap = Command::new("debootstrap");
        debootstrap.args(["--variant=minbase", &format!("--include={PACKAGE}"), RELEASE]).arg(&half);
        let log = File::create(folder.join("debootstrap.log"))?;
        shell::run(debootstrap.stdout(log.try_clone()?).stderr(log)).context("see target/mongodb/debootstrap.log")?;
        for caches in ["var/cache/apt/archives", "var/lib/apt/lists"] {
            let _ = fs::remove_dir_all(half.join(caches));
        }
        fs::rename(&half, &root)?;
    }
    Ok(Engine { root })
}

impl Engine {
    /// A server with data of its own; answers where it is.
    pub(super) fn start(self) -> Result<(Part, String)> {
        let addr = free_address()?;
        let data = format!("/var/lib/postgresql/{}", addr.port());
        let outside = self.root.join(data.trim_start_matches('/'));
        let _ = fs::remove_dir_all(&outside);
        shell::capture(self.tool("initdb").args(["-A", "trust", "--no-sync", "--locale=C.UTF-8", "-D", &data]))?;
        let settings = outside.join("postgresql.conf");
        let written = fs::read_to_string(&settings)?;
        fs::write(&settings, format!("{written}{SETTINGS}port = {}\n", addr.port()))?;
        let (root, log) = (self.root.clone(), self.root.with_file_name("postgres.log"));
        let make = move || {
            let output = File::options().create(true).append(true).open(&log)?;
            let mut postgres = Self { root: root.clone() }.tool("postgres");
            postgres.args(["-D", &data]).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
            Ok(postgres)
        };
        let asking = Self { root: self.root.clone() };
        let is_ready = move || asking.sql(addr, "SELECT 1").is_ok();
        let mut part = Part::new(make, is_ready, move || {
            // Children of a killed server may still hold files for a moment; the next run clears its own.
            let _ = fs::remove_dir_all(outside);
        });
        part.start()?;
        self.sql(addr, "CREATE EXTENSION IF NOT EXISTS documentdb CASCADE")?;
        Ok((part, format!("postgres://postgres@{addr}/postgres")))
    }

    fn sql(&self, addr: SocketAddr, sql: &str) -> Result<String> {
        let mut psql = self.tool("psql");
        psql.args(["--quiet", "--host", "127.0.0.1", "--port", &addr.port().to_string(), "--command", sql, "postgres"]);
        shell::capture(&mut psql)
    }

    /// A program of `PostgreSQL`, as the user that owns the data.
    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new("chroot");
        command.arg("--userspec=postgres:postgres").arg(&self.root).arg(format!("{BINARIES}/{name}"));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
        command
    }
}
