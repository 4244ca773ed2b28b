//! The configuration in force as a file.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Context as _;

use super::values::{Database, EventLogTo};
use super::{Config, Options};
use crate::tls::AcmeSettings;

impl Config {
    /// The configuration in force, as a file that would give it (but for a database's password, which is not shown).
    pub fn to_toml(&self) -> anyhow::Result<String> {
        let options = Options {
            listen: Some(self.listen.clone()),
            listen_mode: self.listen_mode.map(|mode| format!("{mode:04o}")),
            proxy_protocol: self.introducers.iter().map(ToString::to_string).collect(),
            data_dir: Some(self.data_dir.clone()),
            database: Some(match &self.database {
                Database::Sqlite(path) => format!("sqlite:{}", path.display()),
                Database::Mongodb(uri) => uri.redacted(),
                Database::Memory => "memory:".to_owned(),
            }),
            broker: self.broker.as_ref().map(|broker| broker.redacted().to_owned()),
            broker_ca: self.broker_ca.clone(),
            node_name: self.node_name.clone(),
            allow_origin: self.origins.iter().map(ToString::to_string).collect(),
            trust_proxy: self.proxies.iter().map(ToString::to_string).collect(),
            proxy_headers: self.proxy_headers,
            tls_cert: self.tls.as_ref().map(|files| files.certificate.clone()),
            tls_key: self.tls.as_ref().map(|files| files.key.clone()),
            tls_redirect: self.tls_redirect,
            apps: self.apps.clone(),
            metrics: self.metrics,
            admin_token_file: self.admin_token_file.clone(),
            threads: self.threads.map(NonZeroUsize::get),
            memory_max: self.memory_max.map(|bytes| format!("{bytes}B")),
            log: Some(self.log),
            log_format: Some(self.log_format),
            event_log: self.event_log.as_ref().map(EventLogTo::to_path),
            limits: Some(self.limits.clone()),
            public_url: self.public_url.as_ref().map(|origin| [origin, self.sub_path.as_str()].concat()),
            acme: self.acme.as_ref().map(|acme| acme.names().to_vec()).unwrap_or_default(),
            acme_contact: self.acme.as_ref().map(|acme| acme.contacts().to_vec()).unwrap_or_default(),
            acme_directory: self.acme.as_ref().map(AcmeSettings::directory),
            acme_ca: self.acme.as_ref().and_then(|acme| acme.ca().map(Path::to_owned)),
            ..Options::default()
        };
        toml::to_string(&options).context("the configuration cannot be written as TOML")
    }
}
