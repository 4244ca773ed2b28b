//! `whisperspace selftest`: the server as it is, tried on the machine it runs on. Its own child process, loopback only.
//!
//! `--memory`: people who talk over every transport, and a search through the server's memory for what they typed.

#[cfg(target_os = "linux")]
mod cast;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod http;
pub mod scan;
#[cfg(target_os = "linux")]
mod socket;

/// How long the memory may still hold a message that all have confirmed, and what belonged to a room that is over.
#[cfg(target_os = "linux")]
const CONFIRMED: std::time::Duration = std::time::Duration::from_secs(2);
#[cfg(target_os = "linux")]
const ENDED: std::time::Duration = std::time::Duration::from_secs(1);

/// Starts a server, talks to it, and looks for what was said in its memory; calls `say` with each result.
///
/// # Errors
/// A sentence: what was found and where, or why it could not be looked for.
#[cfg(target_os = "linux")]
pub fn memory(mut say: impl FnMut(&str)) -> anyhow::Result<()> {
    use scan::{Canary, Report, Search};

    let child = child::Child::start()?;
    let look = |when: &str, canaries: &[&Canary]| -> anyhow::Result<Report> {
        let search = Search::new(canaries.iter().copied());
        search.process(child.pid()).map_err(|error| {
            anyhow::anyhow!(
                "the server's memory cannot be read {when} ({error}): run this as root, or allow it with \
                 kernel.yama.ptrace_scope=1"
            )
        })
    };
    let mut cast = cast::Cast::enter(child.address())?;
    // What is not confirmed has to be there: a search that finds nothing now would find nothing ever.
    let unconfirmed = look("while they talk", &cast.said())?;
    anyhow::ensure!(!unconfirmed.found.is_empty(), "the search found nothing where a message was kept: it is at fault");
    cast.confirm()?;
    std::thread::sleep(CONFIRMED);
    let confirmed = look("after all was confirmed", &cast.said())?;
    say(&told("2 s after all had confirmed what was said", &confirmed));
    cast.leave()?;
    std::thread::sleep(ENDED);
    let ended = look("after the room's end", &cast.of_the_room())?;
    say(&told("1 s after the room's end", &ended));
    let (script, _open) = cast.go();
    std::thread::sleep(ENDED + child::GRACE);
    let gone = look("after all had gone", &script.all())?;
    say(&told("1 s after the last session's end", &gone));
    let kept: usize = [&confirmed, &ended, &gone].iter().map(|report| report.found.len()).sum();
    anyhow::ensure!(kept == 0, "the server's memory holds what it should have forgotten: see above");
    Ok(())
}

/// As on Linux; here the memory of a process cannot be read.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn memory(_say: impl FnMut(&str)) -> anyhow::Result<()> {
    anyhow::bail!("selftest --memory reads /proc, which only Linux has")
}

#[cfg(target_os = "linux")]
fn told(when: &str, report: &scan::Report) -> String {
    let (secrets, mib) = (report.secrets, report.bytes >> 20);
    let lines = report.found.iter().map(|found| format!("  {found}\n"));
    let told = format!("{when}: looked for {secrets} secrets in {mib} MiB: {} places\n", report.found.len());
    std::iter::once(told).chain(lines).collect()
}
