//! The folder that the server embeds: `pkg/` with the interface and its hash, the public files at the root, and beside
//! each file that gets smaller its `.br` and `.gz`. Files that did not change are not touched, so that cargo does not
//! compile the server for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::css;
use crate::emoji;
use crate::mode::Mode;
use crate::steps::say;
use crate::workspace::{OUTPUT_NAME, Workspace};

const PACKAGE_FOLDER: &str = "pkg";
/// Names the version of everything in `pkg/`; the server serves it under `/pkg/<hash>/`, for ever.
const HASH_FILE: &str = "pkg/HASH";
const HASH_LENGTH: usize = 16;
/// Beside the style sheet, from which a page knows where.
const EMOJI_FILE: &str = "emoji.txt";

/// Kinds of file that are text, or wasm: the others are compressed already.
const COMPRESSIBLE: &[&str] = &["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest", "xml"];

/// Files by their place in the site, with `/` between folders on every system.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes the site from the folders of the interface's programs, the style sheets and the public files.
pub(crate) fn write(workspace: &Workspace, mode: Mode, programs: &[PathBuf]) -> Result<()> {
    let mut files = Files::new();
    for program in programs {
        collect(program, PACKAGE_FOLDER, &mut files)?;
    }
    let style = css::bundle(&workspace.root().join("style/main.css"))?;
    files.insert(format!("{PACKAGE_FOLDER}/{OUTPUT_NAME}.css"), style.into_bytes());
    files.insert(format!("{PACKAGE_FOLDER}/{EMOJI_FILE}"), emoji::names().into_bytes());
    let hash = package_hash(&files);
    let public = workspace.root().join("frontend/public");
    if public.is_dir() {
        let mut public_files = Files::new();
        collect(&public, "", &mut public_files)?;
        ensure!(
            !public_files.keys().any(|name| name.starts_with("pkg/")),
            "frontend/public may not have a folder pkg: that name is the interface's"
        );
        files.append(&mut public_files);
    }
    files.insert(HASH_FILE.to_owned(), hash.clone().into_bytes());
    let changed = synchronize(&workspace.site(), &files, Variants::of(mode))?;
    say(&format!("    version {hash}, {changed} of {} files changed", files.len()));
    Ok(())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// All files under `folder`, named from `prefix` on.
fn collect(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))? {
        let entry = entry?;
        let file_name = entry.file_name();
        let file_name = file_name.to_str().with_context(|| format!("{} is not Unicode", entry.path().display()))?;
        let name = if prefix.is_empty() { file_name.to_owned() } else { format!("{prefix}/{file_name}") };
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &name, files)?;
        } else {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Names and contents both count: a renamed file is another version.
fn package_hash(files: &Files) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let mut text = hex(&hash.finalize());
    text.truncate(HASH_LENGTH);
    text
}

/// Makes `site` hold these files and their compressed variants, nothing else. Gives the number of changed files.
fn synchronize(site: &Path, files: &Files, variants: Variants) -> Result<usize> {
    fs::create_dir_all(site)?;
    let mut present = Files::new();
    collect(site, "", &mut present)?;
    let mut changed = 0;
    let mut wanted = BTreeSet::new();
    for (name, bytes) in files {
        let same = present.get(name) == Some(bytes);
        if variants == Variants::Make && compressible(name) {
            for (variant, compress) in [(format!("{name}.br"), brotli as Compress), (format!("{name}.gz"), gzip)] {
                if !same || !present.contains_key(&variant) {
                    let compressed = compress(bytes)?;
                    if compressed.len() >= bytes.len() {
                        continue;
                    }
                    save(site, &variant, &compressed)?;
                }
                wanted.insert(variant);
            }
        }
        // After its variants: when this is interrupted, the file is still the old one and all is made again.
        if !same {
            changed += 1;
            save(site, name, bytes)?;
        }
        wanted.insert(name.clone());
    }
    for stale in present.keys().filter(|name| !wanted.contains(*name)) {
        fs::remove_file(site.join(stale))?;
    }
    Ok(changed)
}

fn save(site: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = site.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn compressible(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| COMPRESSIBLE.contains(&extension))
}

/// Whether there are compressed variants: searching for the smallest takes seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variants {
    Make,
    None,
}

impl Variants {
    fn of(mode: Mode) -> Self {
        match mode {
            Mode::Release => Self::Make,
            Mode::Dev => Self::None,
        }
    }
}

type Compress = fn(&[u8]) -> Result<Vec<u8>>;

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn the_hash_tells_names_and_contents_apart() {
        let hashes = [
            files(&[("pkg/a.js", "x"), ("pkg/b.js", "y")]),
            files(&[("pkg/a.js", "xy"), ("pkg/b.js", "")]),
            files(&[("pkg/a.js", "y"), ("pkg/b.js", "x")]),
        ]
        .map(|files| package_hash(&files));
        assert_ne!(hashes[0], hashes[1]);
        assert_ne!(hashes[0], hashes[2]);
        assert_eq!(hashes[0].len(), HASH_LENGTH);
        assert!(hashes[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn the_site_holds_what_is_wanted_and_no_more() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = folder.path();
        let text = "console.log('a line that repeats');\n".repeat(50);
        let drawing = format!("<svg>{}</svg>", "<g/>".repeat(50));
        let first =
            files(&[("pkg/a.js", &text), ("sound.mp3", "mp3"), ("icons/old.svg", &drawing), ("robots.txt", "x")]);
        assert_eq!(synchronize(site, &first, Variants::Make).expect("writes"), 4);
        assert!(site.join("pkg/a.js.br").is_file());
        assert!(site.join("icons/old.svg.gz").is_file());
        assert!(!site.join("sound.mp3.br").exists());
        assert!(!site.join("robots.txt.br").exists(), "it would be larger");

        let second = files(&[("pkg/a.js", &text), ("sound.mp3", "other")]);
        assert_eq!(synchronize(site, &second, Variants::Make).expect("writes"), 1);
        assert!(!site.join("icons/old.svg").exists());
        assert!(!site.join("icons/old.svg.gz").exists());
        assert_eq!(fs::read(site.join("sound.mp3")).expect("is there"), b"other");
    }

    #[test]
    fn a_quick_site_has_no_variants() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let style = "body{margin:0}".repeat(9);
        let all = files(&[("pkg/a.css", &style), ("pkg/HASH", "0011")]);
        synchronize(folder.path(), &all, Variants::Make).expect("writes");
        synchronize(folder.path(), &all, Variants::None).expect("writes");
        assert!(!folder.path().join("pkg/a.css.br").exists());
    }

    #[test]
    fn both_encodings_give_the_file_back() {
        let text = "the same words, the same words, the same words".as_bytes();
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut brotli(text).expect("compresses").as_slice(), &mut plain).expect("is brotli");
        assert_eq!(plain, text);
        let mut plain = Vec::new();
        let zipped = gzip(text).expect("compresses");
        std::io::copy(&mut flate2::read::GzDecoder::new(zipped.as_slice()), &mut plain).expect("is gzip");
        assert_eq!(plain, text);
    }
}
