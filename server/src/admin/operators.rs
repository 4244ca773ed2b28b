//! The file `operators` of the data folder: a name and the argon2 hash of a password on each line. Only the program's own
//! user may read it.
//!
//! Reads and writes it, and decides nothing about who is let in.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use protocol::Username;

/// What it is called.
const FILE: &str = "operators";
/// Only its owner may read and write it.
const MODE: u32 = 0o600;
/// Operators of one server.
pub(super) const OPERATORS_MAX: usize = 64;
/// Far more than so many lines take.
const BYTES_MAX: u64 = 64 * 1024;

/// One operator.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// As it was written.
    pub name: Username,
    /// The hash of the password, in PHC form.
    pub phc: String,
}

/// Where the file is.
pub fn file_of(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Those in the file; none where there is no file.
///
/// # Errors
/// A sentence for the operator, which names the file and the line.
pub fn read(file: &Path) -> anyhow::Result<Vec<Operator>> {
    let open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}", file.display())),
    };
    let mode = open.metadata()?.permissions().mode();
    anyhow::ensure!(mode.trailing_zeros() >= 6, "{0} can be read by others: run chmod 600 {0}", file.display());
    let mut text = String::new();
    open.take(BYTES_MAX).read_to_string(&mut text).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let operators = lines.map(|(at, line)| {
        line_of(line).with_context(|| format!("line {} of {} is no name with its hash", at + 1, file.display()))
    });
    let operators: Vec<Operator> = operators.collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(operators.len() <= OPERATORS_MAX, "{} has more than {OPERATORS_MAX} operators", file.display());
    Ok(operators)
}

fn line_of(line: &str) -> Option<Operator> {
    let (name, phc) = line.trim().split_once(' ')?;
    let name = Username::parse(name).ok()?;
    phc.starts_with("$argon2").then(|| Operator { name, phc: phc.to_owned() })
}

/// Writes all of it, beside its place first: who reads meanwhile finds the old file or the new one.
///
/// # Errors
/// A sentence for the operator.
pub(super) fn write(file: &Path, operators: &[Operator]) -> anyhow::Result<()> {
    let lines = operators.iter().map(|operator| format!("{} {}\n", operator.name.as_str(), operator.phc));
    let text = lines.collect::<String>();
    let beside = file.with_extension(format!("new-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(&beside)
        .and_then(|mut new| new.write_all(text.as_bytes()).and_then(|()| new.sync_all()))
        .and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// The one of a name, however it is spelled.
pub(super) fn find<'a>(operators: &'a [Operator], name: &Username) -> Option<&'a Operator> {
    let folded = name.folded();
    operators.iter().find(|operator| operator.name.folded() == folded)
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operator(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn operator(name: &str) -> Operator {
        Operator { name: Username::parse(name).expect("is a name"), phc: "$argon2id$v=19$x".to_owned() }
    }

    #[test]
    fn what_is_written_is_read_again_by_its_owner_alone() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = file_of(folder.path());
        assert!(read(&file).expect("no file is none").is_empty());
        let two = [operator("maria"), operator("Jürgen")];
        write(&file, &two).expect("can be written");
        assert!(read(&file).expect("can be read") == two);
        assert_eq!(std::fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o600);
        assert!(find(&two, &Username::parse("MARIA").expect("is a name")).is_some());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("is ours");
        assert!(read(&file).is_err_and(|error| error.to_string().contains("chmod 600")));
    }

    #[test]
    fn a_line_that_is_none_is_named_and_nobody_is_taken_from_the_file() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = file_of(folder.path());
        for bad in ["maria", "maria secret", " $argon2id$x", "a b $argon2id$x"] {
            write(&file, &[operator("jo.doe")]).expect("can be written");
            let mut open = OpenOptions::new().append(true).open(&file).expect("is ours");
            writeln!(open, "# a remark\n\n{bad}").expect("can be written");
            assert!(read(&file).is_err_and(|error| error.to_string().contains("line 4")), "{bad}");
        }
    }
}
