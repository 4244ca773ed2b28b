//! The limit on open files (`RLIMIT_NOFILE`): raised as far as it goes, and what it leaves for connections.
//!
//! Beyond it nothing can be accepted, and neither the database nor a probe gets a descriptor. So the number of lines stays
//! below it by a reserve.

use protocol::Limits;

/// What the process has open by itself and opens for a moment: standard streams, the runtime, the port, the database with
/// its log, index and lock. Half of it is in use at rest with `SQLite`.
const OWN: u64 = 32;
/// Where there are plenty, for the connections of a database that is elsewhere and whatever else comes up.
const SPARE: u64 = 40;
/// With fewer a browser, which opens six lines, could not be served beside a probe.
const OPEN_FILES_MIN: u64 = OWN + 16;
/// For lines beyond the number of those that are served: they are told so, and health is answered.
const RESERVE: u64 = 72;
/// More is asked for nowhere: some systems have no bound, and refuse it.
const SOFT_MAX: u64 = 1_048_576;

/// The limit is too low to serve anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the limit on open files is {0}, and {OPEN_FILES_MIN} are needed to serve anybody: raise it (ulimit -n, LimitNOFILE=)"
)]
pub struct TooFew(u64);

/// Lines of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// That are served, all kinds together.
    pub lines_total: u32,
    /// That are accepted beyond it, to answer for health.
    pub reserve: u32,
}

impl Budget {
    /// What so many open files leave. Lowers `connections_total` where it does not fit; beside the places there is room
    /// for the lines of pages and the API.
    ///
    /// # Errors
    /// Where there are too few for the process and a few lines.
    pub fn new(open_files: u64, limits: &mut Limits) -> Result<Self, TooFew> {
        let left = enough(open_files)? - OWN;
        let reserve = RESERVE.min(left / 4);
        let wanted = u64::from(limits.connections_total) / 4 * 5 + 256;
        let lines_total = to_u32(wanted.min(left - reserve - SPARE.min(left / 4)));
        limits.connections_total = limits.connections_total.min(lines_total - lines_total / 8);
        Ok(Self { lines_total, reserve: to_u32(reserve) })
    }
}

/// The same limit, if the process and a few lines fit into it. Asked before anything is opened: what fails for want of a
/// descriptor says something else.
///
/// # Errors
/// Where they do not.
pub const fn enough(open_files: u64) -> Result<u64, TooFew> {
    if open_files < OPEN_FILES_MIN { Err(TooFew(open_files)) } else { Ok(open_files) }
}

fn to_u32(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Raises the limit as far as the system allows; answers what it is then.
pub fn raise() -> u64 {
    let Some(mut limit) = read() else { return SOFT_MAX };
    let wanted = limit.rlim_max.min(SOFT_MAX);
    if wanted > limit.rlim_cur {
        let raised = libc::rlimit { rlim_cur: wanted, rlim_max: limit.rlim_max };
        #[expect(unsafe_code, reason = "setrlimit has no safe wrapper in the standard library; it reads one struct")]
        // SAFETY: the pointer is to a live, initialised rlimit, which the call only reads.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) } == 0 {
            limit = raised;
        }
    }
    limit.rlim_cur
}

/// The limit in force.
pub fn limit() -> u64 {
    read().map_or(SOFT_MAX, |limit| limit.rlim_cur)
}

fn read() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "getrlimit has no safe wrapper in the standard library; it writes one struct")]
    // SAFETY: the pointer is to a live rlimit, which the call only writes.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0;
    (!failed).then_some(limit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::Limits;

    use super::{Budget, OPEN_FILES_MIN, OWN, TooFew};

    #[test]
    fn where_there_are_files_enough_nothing_is_lowered() {
        let mut limits = Limits::default();
        let budget = Budget::new(1_048_576, &mut limits).expect("is plenty");
        assert_eq!(limits, Limits::default());
        assert_eq!((budget.lines_total, budget.reserve), (125_256, 72));
    }

    proptest! {
        #[test]
        fn places_fit_into_the_lines_and_these_with_the_process_into_the_files(
            open_files in prop_oneof![0_u64..400, 400_u64..2_000_000],
            wanted in 1_u32..2_000_000,
        ) {
            let mut limits = Limits { connections_total: wanted, ..Limits::default() };
            let budget = match Budget::new(open_files, &mut limits) {
                Ok(budget) => budget,
                Err(TooFew(said)) => {
                    prop_assert!(said == open_files && open_files < OPEN_FILES_MIN);
                    return Ok(());
                }
            };
            prop_assert!(limits.connections_total >= 1 && limits.connections_total <= wanted);
            prop_assert!(limits.connections_total <= budget.lines_total);
            // A browser's six lines or so many as are wanted, and a probe's.
            prop_assert!(budget.lines_total >= 6 && budget.reserve >= 4);
            prop_assert!(u64::from(budget.lines_total) + u64::from(budget.reserve) + OWN <= open_files);
        }
    }
}
