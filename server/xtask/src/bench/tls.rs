//! `cargo xtask bench tls`: what the server's own TLS costs a delivery: a room of 500 by it beside the same room without.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::beside::{Names, Round, Stage, report};
use super::gather::{self, Shape};
use super::load::Load;
use super::peers::{Candidate, Programs};
use super::scenarios::Plan;
use crate::steps::Steps;

const ROOM: Shape = Shape { rooms: 1, members: 500 };
const NAMES: Names = Names { first: "without TLS", second: "by TLS 1.3" };

pub(super) fn run(steps: &mut Steps, server: &Path, plan: &Plan) -> Result<()> {
    let rounds = steps.step("TLS beside plain lines", || {
        let folder = tempfile::tempdir()?;
        let certified = certified(folder.path())?;
        let mut load = Load::new()?;
        let plain = Programs::new(server.to_owned())?;
        let mut secured = Programs::new(server.to_owned())?;
        let option = |name: &str, file: &str| [name.into(), folder.path().join(file).into()];
        let arguments = [option("--tls-cert", "cert.pem"), option("--tls-key", "key.pem")].concat();
        secured.add(Candidate::Native, server.to_owned(), arguments);
        let without = stage(&mut load, &plain, plan, None)?;
        let by_tls = stage(&mut load, &secured, plan, Some(certified))?;
        load.rest(Duration::from_secs(1))?;
        let mut rounds = Vec::new();
        for turn in 0..plan.rounds {
            let round = Round::take(&mut load, plan, [&without, &by_tls], |sample| sample())?;
            round.tell(turn, NAMES);
            rounds.push(round);
        }
        Ok(rounds)
    })?;
    report(&rounds, NAMES, super::beside::Bars::default())
}

/// Writes a certificate of 127.0.0.1 with its key; what clients need to trust it. Its key is of the kind that authorities
/// give by default (ECDSA, P-256), and the suite is the one that both prefer.
fn certified(folder: &Path) -> Result<Arc<ClientConfig>> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    fs::write(folder.join("cert.pem"), made.cert.pem())?;
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::clone(made.cert.der()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn stage(load: &mut Load, programs: &Programs, plan: &Plan, tls: Option<Arc<ClientConfig>>) -> Result<Stage> {
    let data = tempfile::tempdir()?;
    let server = programs.start(Candidate::Native, 0, data.path(), &[plan.server_core])?;
    if let Some(config) = tls {
        load.secured.insert(server.address, config);
    }
    let crowd = gather::inside(load, Candidate::Native, server.address, ROOM).context("the room")?;
    Ok(Stage::new(vec![server], crowd, vec![data]))
}
