//! What an operator can set, declared once: flags, environment and TOML file share the names; `--help` is the reference.
//!
//! The only place that reads the environment (through clap). Flags win over the environment, that over the file.

mod admin;
mod commands;
mod secured;
mod values;
mod written;

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser};
use protocol::Limits;
use serde::{Deserialize, Serialize};

use listenfd::ListenFd;
use realtime::broker::redis::RedisAddress;

use crate::listener::{Held, ListenAt};
use crate::network::Network;
use crate::origins::{AllowedOrigin, public_address};
use crate::sub_path::SubPath;
use crate::tls::{AcmeSettings, TlsFiles};

pub use self::admin::Admin;
use self::commands::MIGRATE_TO;
pub use self::commands::{Apps, Command, Db};
use self::secured::{Asked, Secured};
pub(crate) use self::values::SQLITE_FILE;
pub use self::values::{Database, EventLogTo, LogFormat, LogLevel, ProxyHeaders};
use self::values::{mode, networks, size, threads};

/// What the names of all variables begin with.
const VARIABLES: &str = "WHISPERSPACE_";
/// And those that are named in the files of applications.
const OF_APPLICATIONS: &str = "WHISPERSPACE_APP_";

/// Characters of a node's name.
const NODE_NAME_MAX: usize = 32;

/// Anonymous chat rooms that keep nothing.
#[derive(Parser, Deserialize, Serialize, Default, Clone)]
#[command(name = "whisperspace", version, about, next_line_help = false)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Address and port to serve at, or a Unix socket as unix:PATH [default: 127.0.0.1:3000]
    #[arg(long, env = "WHISPERSPACE_LISTEN")]
    pub listen: Option<ListenAt>,

    /// Who may connect to a Unix socket, as the permissions of its file, such as 0660 [default: by the umask]
    #[arg(long, env = "WHISPERSPACE_LISTEN_MODE", value_name = "MODE")]
    pub listen_mode: Option<String>,

    /// Address or network of a proxy that says whose line it brings by the PROXY protocol: it has to on each, and
    /// nobody else may; may be repeated
    #[arg(long, env = "WHISPERSPACE_PROXY_PROTOCOL", value_name = "NETWORK", value_delimiter = ',')]
    pub proxy_protocol: Vec<String>,

    /// Folder for the secret and the database [default: whisperspace-data in the current folder]
    #[arg(long, env = "WHISPERSPACE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// Where users and room membership are kept: sqlite:, sqlite:PATH, mongodb://…, mongodb+srv://… or memory:
    /// [default: sqlite: in the data folder]
    #[arg(long, env = "WHISPERSPACE_DATABASE", hide_env_values = true)]
    pub database: Option<String>,

    /// A Redis or Valkey server over which several of these servers share their rooms: redis://HOST:PORT or
    /// rediss://USER:PASSWORD@HOST:PORT; they need one database (mongodb://…) and the same file "secret"
    #[arg(long, env = "WHISPERSPACE_BROKER", hide_env_values = true)]
    pub broker: Option<String>,

    /// Certificates (PEM) of the authority of that server's TLS, where it is none of the public ones
    #[arg(long, env = "WHISPERSPACE_BROKER_CA", value_name = "FILE")]
    pub broker_ca: Option<PathBuf>,

    /// What this server is called in its own log, where there are several: letters, digits and hyphens
    #[arg(long, env = "WHISPERSPACE_NODE_NAME")]
    pub node_name: Option<String>,

    /// A TOML file with these options (and a table [limits])
    #[arg(long, env = "WHISPERSPACE_CONFIG")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// The address people use, such as <https://chat.example> or, where a proxy leads only a path here,
    /// <https://example.org/chat>; pages of no other are served then, and with https, cookies are Secure and, where it has
    /// no path, HSTS is sent
    #[arg(long, env = "WHISPERSPACE_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// The certificate, with those between it and its authority, in PEM: pages are served by https then
    #[arg(long, env = "WHISPERSPACE_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Its key, in PEM; both files are read again when they change
    #[arg(long, env = "WHISPERSPACE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Address and port at which whoever comes without TLS is led to https, such as 0.0.0.0:80
    #[arg(long, env = "WHISPERSPACE_TLS_REDIRECT", value_name = "ADDRESS")]
    pub tls_redirect: Option<SocketAddr>,

    /// A name of this server, such as chat.example.org: the certificate is got and renewed by itself (ACME), and who sets
    /// this agrees to the terms of the authority; may be repeated
    #[arg(long, env = "WHISPERSPACE_ACME", value_name = "NAME", value_delimiter = ',')]
    pub acme: Vec<String>,

    /// How the authority reaches you, such as <mailto:admin@example.org>; may be repeated
    #[arg(long, env = "WHISPERSPACE_ACME_CONTACT", value_name = "ADDRESS", value_delimiter = ',')]
    pub acme_contact: Vec<String>,

    /// The directory of another authority than Let's Encrypt
    #[arg(long, env = "WHISPERSPACE_ACME_DIRECTORY", value_name = "URL")]
    pub acme_directory: Option<String>,

    /// Certificates in PEM that vouch for that authority, where the common ones do not
    #[arg(long, env = "WHISPERSPACE_ACME_CA", value_name = "FILE")]
    pub acme_ca: Option<PathBuf>,

    /// Another origin whose pages may use this server: <https://other.example>, https://*.example.com,
    /// <capacitor://localhost> or what else an application sends; may be repeated
    #[arg(long, env = "WHISPERSPACE_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,

    /// Address or network of a reverse proxy whose X-Forwarded-For and -Proto, or Forwarded, are believed; may be
    /// repeated
    #[arg(long, env = "WHISPERSPACE_TRUST_PROXY", value_delimiter = ',')]
    pub trust_proxy: Vec<String>,

    /// Which of the two such proxies write; the other, which they may hand on as clients sent it, is not read then
    /// [default: X-Forwarded-* where they are there, or else Forwarded]
    #[arg(long, env = "WHISPERSPACE_PROXY_HEADERS")]
    pub proxy_headers: Option<ProxyHeaders>,

    /// Folder with a file for each application that uses this server for its own events
    #[arg(long, env = "WHISPERSPACE_APPS", value_name = "DIR")]
    pub apps: Option<PathBuf>,

    /// Address and port to serve numbers at for Prometheus, as GET /metrics; whoever reaches it may read them
    #[arg(long, env = "WHISPERSPACE_METRICS", value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,

    /// A file with a token of at least 32 characters: whoever sends it as a bearer token is an operator of /api/v1/admin
    /// (operators with a password are made by `whisperspace admin add`)
    #[arg(long, env = "WHISPERSPACE_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,

    /// Threads that serve [default: one for each processor]
    #[arg(long, env = "WHISPERSPACE_THREADS")]
    pub threads: Option<usize>,

    /// Memory that the process may take before nobody new is let in, such as 512MiB or 2GiB
    #[arg(long, env = "WHISPERSPACE_MEMORY_MAX", value_name = "SIZE")]
    pub memory_max: Option<String>,

    /// How much to log: error, warn, info, debug or trace [default: info]
    #[arg(long, env = "WHISPERSPACE_LOG")]
    pub log: Option<LogLevel>,

    /// How to log [default: text]
    #[arg(long, env = "WHISPERSPACE_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,

    /// File for a line of JSON about each thing that happens (who came, went, was refused), without a name, an address or
    /// a word of anybody; - for standard output
    #[arg(long, env = "WHISPERSPACE_EVENT_LOG", value_name = "FILE")]
    pub event_log: Option<PathBuf>,

    /// Sets a limit, as NAME=VALUE (see --list-limits); may be repeated
    #[arg(long, env = "WHISPERSPACE_LIMIT", value_delimiter = ',')]
    #[serde(skip)]
    pub limit: Vec<String>,

    /// The limits, in the file only
    #[arg(skip)]
    pub limits: Option<Limits>,

    /// Prints every limit with its default, and exits
    #[arg(long)]
    #[serde(skip)]
    pub list_limits: bool,

    /// Looks after the database, and exits
    #[command(subcommand)]
    #[serde(skip)]
    pub command: Option<Command>,

    /// Prints the configuration in force as TOML, and exits
    #[arg(long)]
    #[serde(skip)]
    pub print_config: bool,
}

/// A variable that a file of an application names, where it is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What a supervisor holds open for this server (systemd's units of sockets: `LISTEN_FDS`, `LISTEN_PID`).
///
/// # Errors
/// A sentence, where that is not one socket of lines.
pub fn held_socket() -> anyhow::Result<Option<Held>> {
    let mut sockets = ListenFd::from_env();
    let is_ours = variable("LISTEN_PID").is_some_and(|pid| pid == std::process::id().to_string());
    if let Some(count) = variable("LISTEN_FDS").filter(|_| is_ours) {
        anyhow::ensure!(count.parse::<u8>().is_ok(), "LISTEN_FDS is '{count}', which is no number of sockets");
    }
    match sockets.len() {
        0 => return Ok(None),
        1 => {}
        more => {
            anyhow::bail!("systemd holds {more} sockets for this server, which serves at one: keep one ListenStream=")
        }
    }
    if let Ok(Some(listener)) = sockets.take_tcp_listener(0) {
        return Ok(Some(Held::Tcp(listener)));
    }
    let listener = sockets.take_unix_listener(0).context("what systemd holds for this server is no ListenStream=")?;
    Ok(listener.map(Held::Unix))
}

/// Where a supervisor wants to be told how far the server is.
pub fn notify_socket() -> Option<OsString> {
    std::env::var_os("NOTIFY_SOCKET").filter(|at| !at.is_empty())
}

/// Where files may be made that go again.
pub(crate) fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}

/// The configuration in force: parsed, valid.
#[derive(Clone)]
pub struct Config {
    /// Where to serve.
    pub listen: ListenAt,
    /// Permissions of a Unix socket; `None`: by the umask.
    pub listen_mode: Option<u32>,
    /// Those who say whose lines they bring.
    pub introducers: Vec<Network>,
    /// Where the secret is.
    pub data_dir: PathBuf,
    /// Where users and rooms are.
    pub database: Database,
    /// Over what other nodes are reached, where there are others.
    pub broker: Option<RedisAddress>,
    /// Whose certificate it has, where that is no public authority's.
    pub broker_ca: Option<PathBuf>,
    /// What this node is called in its log.
    pub node_name: Option<String>,
    /// Whether people come by HTTPS, as far as the operator said.
    pub https: bool,
    /// TLS of the server's own, by files.
    pub tls: Option<TlsFiles>,
    /// The same, by an authority that is asked for the certificate.
    pub acme: Option<AcmeSettings>,
    /// Where whoever comes without it is led to it.
    pub tls_redirect: Option<SocketAddr>,
    /// The origin of the pages as people see it. Where it is not told, it is the host that a request was sent to.
    pub public_url: Option<String>,
    /// Where they are on that host.
    pub sub_path: SubPath,
    /// Origins that count as this site's own beside it.
    pub origins: Vec<AllowedOrigin>,
    /// Proxies that are believed.
    pub proxies: Vec<Network>,
    /// By which headers; `None`: by whichever are there.
    pub proxy_headers: Option<ProxyHeaders>,
    /// Where the files of applications are.
    pub apps: Option<PathBuf>,
    /// Where to serve numbers, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// Where the token of an operator's programs is, if anywhere.
    pub admin_token_file: Option<PathBuf>,
    /// How many threads serve; `None`: one for each processor.
    pub threads: Option<NonZeroUsize>,
    /// The memory, in bytes, beyond which nobody new is let in.
    pub memory_max: Option<u64>,
    /// How much to log.
    pub log: LogLevel,
    /// How to log.
    pub log_format: LogFormat,
    /// Where what happens is written, if anywhere.
    pub event_log: Option<EventLogTo>,
    /// Every limit.
    pub limits: Limits,
}

impl Options {
    /// Reads the command line and the environment; ends the process where they are wrong or ask for help. Beside the
    /// options, variables that look like one and are none.
    pub fn read() -> (Self, Vec<String>) {
        let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
        // A variable that is set to nothing is what compose files write for one that is not set.
        let unset = |argument: Arg| match argument.get_env().map(is_empty) {
            Some(true) => argument.env(None::<&str>),
            Some(false) | None => argument,
        };
        let command = Self::command();
        let known: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_env()).collect();
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let strange = names.filter(|name| name.starts_with(VARIABLES) && !known.contains(&OsStr::new(name)));
        let strange = strange.filter(|name| name != MIGRATE_TO && !name.starts_with(OF_APPLICATIONS)).collect();
        let command = command.mut_args(unset);
        let options = Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
        (options, strange)
    }

    /// Fills what flags and environment left open from the file.
    ///
    /// # Errors
    /// A sentence that names the file and the fault.
    pub fn with_file(mut self) -> anyhow::Result<Self> {
        let Some(path) = self.config.clone() else {
            return Ok(self);
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        let file: Self =
            toml::from_str(&text).with_context(|| format!("the configuration {} is not valid", path.display()))?;
        self.listen = self.listen.or(file.listen);
        self.listen_mode = self.listen_mode.or(file.listen_mode);
        self.data_dir = self.data_dir.or(file.data_dir);
        self.database = self.database.or(file.database);
        self.broker = self.broker.or(file.broker);
        self.broker_ca = self.broker_ca.or(file.broker_ca);
        self.node_name = self.node_name.or(file.node_name);
        self.public_url = self.public_url.or(file.public_url);
        self.tls_cert = self.tls_cert.or(file.tls_cert);
        self.tls_key = self.tls_key.or(file.tls_key);
        self.tls_redirect = self.tls_redirect.or(file.tls_redirect);
        self.proxy_headers = self.proxy_headers.or(file.proxy_headers);
        self.acme_directory = self.acme_directory.or(file.acme_directory);
        self.acme_ca = self.acme_ca.or(file.acme_ca);
        self.apps = self.apps.or(file.apps);
        self.metrics = self.metrics.or(file.metrics);
        self.admin_token_file = self.admin_token_file.or(file.admin_token_file);
        self.threads = self.threads.or(file.threads);
        self.memory_max = self.memory_max.or(file.memory_max);
        self.log = self.log.or(file.log);
        self.log_format = self.log_format.or(file.log_format);
        self.event_log = self.event_log.or(file.event_log);
        self.limits = file.limits;
        for (list, in_file) in [
            (&mut self.allow_origin, file.allow_origin),
            (&mut self.trust_proxy, file.trust_proxy),
            (&mut self.proxy_protocol, file.proxy_protocol),
            (&mut self.acme, file.acme),
            (&mut self.acme_contact, file.acme_contact),
        ] {
            if list.is_empty() {
                *list = in_file;
            }
        }
        Ok(self)
    }
}

impl Options {
    /// Those about TLS of the server's own.
    fn of_tls<'a>(&'a self, public_url: Option<&'a str>) -> Asked<'a> {
        Asked {
            certificate: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            leads_here: self.tls_redirect.is_some(),
            names: &self.acme,
            contacts: &self.acme_contact,
            directory: self.acme_directory.as_deref(),
            ca: self.acme_ca.clone(),
            public_url,
        }
    }
}

impl TryFrom<Options> for Config {
    type Error = anyhow::Error;

    fn try_from(mut options: Options) -> anyhow::Result<Self> {
        let data_dir = options.data_dir.take().unwrap_or_else(|| PathBuf::from("whisperspace-data"));
        let database = Database::parse(options.database.as_deref().unwrap_or("sqlite:"), &data_dir)?;
        let broker = options.broker.as_deref().map(RedisAddress::parse).transpose()?;
        anyhow::ensure!(
            broker.is_none() || matches!(database, Database::Mongodb(_)),
            "--broker needs a database that all nodes share: --database mongodb://…"
        );
        if let Some(name) = &options.node_name {
            let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            anyhow::ensure!(
                is_plain && (1..=NODE_NAME_MAX).contains(&name.len()),
                "--node-name takes 1 to {NODE_NAME_MAX} letters, digits and hyphens"
            );
        }
        let mut limits = options.limits.take().unwrap_or_default();
        limits.check().map_err(anyhow::Error::msg)?;
        for setting in &options.limit {
            let (name, value) =
                setting.split_once('=').with_context(|| format!("--limit takes NAME=VALUE, not '{setting}'"))?;
            limits.set(name.trim(), value).map_err(anyhow::Error::msg)?;
        }
        anyhow::ensure!(
            limits.ping_every_ms < limits.silence_ms_max,
            "ping_every_ms must be less than silence_ms_max, or clients are cut off before they are asked"
        );
        let public = options.public_url.as_deref().map(public_address).transpose().context("--public-url")?;
        let (public_url, sub_path) = public.map_or_else(Default::default, |(origin, path)| (Some(origin), path));
        let memory_max = options.memory_max.as_deref().map(size).transpose().context("--memory-max")?;
        let secured = Secured::read(options.of_tls(public_url.as_deref()))?;
        let https = secured.is_there() || public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        let origins = options.allow_origin.iter().map(|allowed| allowed.parse()).collect::<Result<_, _>>();
        let origins = origins.context("--allow-origin")?;
        let proxies = networks(&options.trust_proxy).context("--trust-proxy")?;
        let introducers = networks(&options.proxy_protocol).context("--proxy-protocol")?;
        Ok(Self {
            listen: options.listen.unwrap_or_else(|| ListenAt::Tcp(([127, 0, 0, 1], 3000).into())),
            listen_mode: options.listen_mode.as_deref().map(mode).transpose().context("--listen-mode")?,
            introducers,
            data_dir,
            database,
            broker,
            broker_ca: options.broker_ca,
            node_name: options.node_name,
            https,
            tls: secured.files,
            acme: secured.acme,
            tls_redirect: options.tls_redirect,
            public_url,
            sub_path,
            origins,
            proxies,
            proxy_headers: options.proxy_headers,
            apps: options.apps,
            metrics: options.metrics,
            admin_token_file: options.admin_token_file,
            threads: options.threads.map(threads).transpose()?,
            memory_max,
            log: options.log.unwrap_or_default(),
            log_format: options.log_format.unwrap_or_default(),
            event_log: options.event_log.map(EventLogTo::from),
            limits,
        })
    }
}

impl Config {
    /// How many threads serve.
    pub fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(processors, NonZeroUsize::get)
    }

    /// Whether its lines are by TLS of its own.
    pub fn has_tls(&self) -> bool {
        self.tls.is_some() || self.acme.is_some()
    }

    /// Whether there are files that are opened again on a hang-up.
    pub fn renews_files(&self) -> bool {
        self.apps.is_some() || matches!(self.event_log, Some(EventLogTo::File(_)))
    }

    /// Whether lines from there say by the PROXY protocol whose they are.
    pub fn is_introduced(&self, ip: IpAddr) -> bool {
        self.introducers.iter().any(|network| network.contains(ip))
    }

    /// Whether somebody on this machine is believed who says for whom they ask.
    pub fn believes_this_machine(&self) -> bool {
        let this = IpAddr::from(Ipv4Addr::LOCALHOST);
        self.is_introduced(this) || self.proxies.iter().any(|network| network.contains(this))
    }

    /// Whether pages of this origin are listed as this site's own; `told` is in lower case.
    pub fn lists(&self, told: &str) -> bool {
        self.public_url.as_deref() == Some(told) || self.origins.iter().any(|origin| origin.allows(told))
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Options(…)")
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config(database: {}, https: {}, log: {:?})", self.database.kind(), self.https, self.log)
    }
}
