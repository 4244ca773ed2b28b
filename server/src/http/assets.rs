//! The files of the interface, embedded in the program. An address is looked up among their names, so no file of the
//! machine can be asked for.
//!
//! `/pkg/<hash>/…` never changes under its address; the few files at the root are asked for again by their entity tag.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use app::boot::Program;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use protocol::ErrorCode;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::http::problem::problem;
use crate::state::AppState;
use realtime::clock::base64url;

/// What the style sheet is called, and a program that has all pages.
pub(crate) const OUTPUT_NAME: &str = "whisperspace";
const PACKAGE: &str = "pkg/";
const HASH: &str = "pkg/HASH";
/// Stands in the addresses of a program without an interface.
const NO_HASH: &str = "none";

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// `cargo xtask build` writes this folder; while developing it is read from there once, at the start.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
struct Embedded;

static SITE: LazyLock<Site> = LazyLock::new(|| {
    Site::new(Embedded::iter().filter_map(|name| Some((name.clone().into_owned(), Embedded::get(&name)?.data))))
});

/// The embedded site.
pub(crate) fn site() -> &'static Site {
    &SITE
}

/// Every file that can be asked for.
#[derive(Debug)]
pub(crate) struct Site {
    hash: String,
    files: BTreeMap<String, File>,
}

/// One file in every encoding that there is of it.
#[derive(Debug)]
struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    kind: HeaderValue,
    etag: HeaderValue,
}

impl Site {
    pub(super) fn new(files: impl Iterator<Item = (String, Cow<'static, [u8]>)>) -> Self {
        let mut all: BTreeMap<String, Bytes> = files
            .map(|(name, data)| match data {
                Cow::Borrowed(data) => (name, Bytes::from_static(data)),
                Cow::Owned(data) => (name, Bytes::from(data)),
            })
            .collect();
        let hash = all.remove(HASH).and_then(|hash| String::from_utf8(hash.to_vec()).ok());
        let hash =
            hash.map(|hash| hash.trim().to_owned()).filter(|hash| is_plain(hash)).unwrap_or_else(|| NO_HASH.to_owned());
        let variant = |name: &str, ending: &str| all.get(&format!("{name}.{ending}")).cloned();
        let files = all.iter().filter(|(name, _)| !is_variant(name, &all)).map(|(name, plain)| {
            let etag = format!("W/\"{}\"", base64url(&Sha256::digest(plain)[..16]));
            let file = File {
                plain: plain.clone(),
                brotli: variant(name, "br"),
                gzip: variant(name, "gz"),
                kind: HeaderValue::from_static(kind(name)),
                etag: HeaderValue::try_from(etag).expect("base64url in quotes is a header value"),
            };
            (name.clone(), file)
        });
        Self { hash, files: files.collect() }
    }

    /// Whether there is an interface to be served.
    pub(crate) fn is_complete(&self) -> bool {
        self.hash != NO_HASH
    }

    /// Where the interface's own files are, from the root of the site.
    pub(crate) fn package(&self) -> String {
        format!("{PACKAGE}{}", self.hash)
    }

    /// What the files of the program with these pages are called: a release has one a kind of page, a quick build one for
    /// all.
    pub(crate) fn program(&self, program: Program) -> &'static str {
        let has_own = self.files.contains_key(&format!("{PACKAGE}{}.js", program.name()));
        if has_own { program.name() } else { OUTPUT_NAME }
    }

    /// The files at the root, each at its own address, and the interface under its hash.
    pub(crate) fn routes(&'static self) -> Router<AppState> {
        let at_root = self.files.iter().filter(|(name, _)| !name.starts_with(PACKAGE) && name.contains('.'));
        let router = at_root.fold(Router::new(), |router, (name, file)| {
            router.route(&format!("/{name}"), get(async move |headers: HeaderMap| file.answer(&headers, ASK_AGAIN)))
        });
        router.route(
            "/pkg/{hash}/{*file}",
            get(async |Path((hash, file)): Path<(String, String)>, headers: HeaderMap| {
                self.package_file(&hash, &file)
                    .map_or_else(|| problem(ErrorCode::NotFound), |file| file.answer(&headers, FOR_EVER))
            }),
        )
    }

    fn package_file(&self, hash: &str, file: &str) -> Option<&File> {
        if hash == self.hash { self.files.get(&format!("{PACKAGE}{file}")) } else { None }
    }
}

impl File {
    /// The file as the browser wants it, or word that it has it already.
    fn answer(&self, asked: &HeaderMap, keep: HeaderValue) -> Response {
        let encoded = [("br", &self.brotli), ("gzip", &self.gzip)];
        let chosen = encoded
            .into_iter()
            .find_map(|(name, bytes)| Some((name, bytes.as_ref().filter(|_| accepts(asked, name))?)));
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, keep);
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        let body = match chosen {
            Some((name, bytes)) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
                bytes.clone()
            }
            None => self.plain.clone(),
        };
        (headers, Body::from(body)).into_response()
    }

    fn is_known(&self, asked: &HeaderMap) -> bool {
        let etag = self.etag.to_str().unwrap_or_default();
        let strong = etag.strip_prefix("W/").unwrap_or(etag);
        let told = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        told.flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|known| known == "*" || known == etag || known == strong)
    }
}

/// Whether a browser takes an encoding. One that it names with the weight 0 it refuses.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let weight = |wanted: &str| {
        let told = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        told.flat_map(|value| value.split(',')).find_map(|item| {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight =
                parameters.trim().strip_prefix("q=").map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            name.trim().eq_ignore_ascii_case(wanted).then_some(weight)
        })
    };
    weight(encoding).or_else(|| weight("*")).is_some_and(|weight: f32| weight > 0.0)
}

fn is_variant(name: &str, all: &BTreeMap<String, Bytes>) -> bool {
    let base = name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"));
    base.is_some_and(|base| all.contains_key(base))
}

fn is_plain(hash: &str) -> bool {
    !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The media type by the ending of a name.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use axum::body::to_bytes;
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{ASK_AGAIN, OUTPUT_NAME, Program, Site, accepts};
    use crate::sub_path::TAKEN;

    fn site(files: &[(&str, &'static str)]) -> Site {
        Site::new(files.iter().map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(text.as_bytes()))))
    }

    fn asking(name: header::HeaderName, value: &'static str) -> HeaderMap {
        std::iter::once((name, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn no_sub_path_begins_like_a_file_of_the_site() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../frontend/public")).expect("is there");
        for file in files {
            let name = file.expect("is readable").file_name().to_string_lossy().into_owned();
            assert!(TAKEN.contains(&name.as_str()), "{name} is an address at the root");
        }
    }

    #[test]
    fn a_page_names_its_own_program_where_there_is_one() {
        let release = site(&[("pkg/HASH", "0a1b"), ("pkg/room.js", "r"), ("pkg/site.js", "s")]);
        assert_eq!([Program::Room, Program::Site].map(|program| release.program(program)), ["room", "site"]);
        let quick = site(&[("pkg/HASH", "0a1b"), ("pkg/whisperspace.js", "a")]);
        assert_eq!([Program::Room, Program::Site].map(|program| quick.program(program)), [OUTPUT_NAME; 2]);
    }

    #[test]
    fn only_the_sites_own_names_under_its_own_hash_are_found() {
        let site = site(&[("pkg/HASH", "0a1b\n"), ("pkg/app.js", "x"), ("pkg/app.js.br", "b"), ("robots.txt", "r")]);
        assert!(site.is_complete());
        assert_eq!(site.package(), "pkg/0a1b");
        assert!(site.package_file("0a1b", "app.js").is_some());
        let hostile = [
            ("0a1c", "app.js"),
            ("", "app.js"),
            ("0a1b", "HASH"),
            ("0a1b", "app.js.br"),
            ("0a1b", "../robots.txt"),
            ("0a1b", "../../../../../../etc/passwd"),
            ("0a1b", "/etc/passwd"),
            ("0a1b", "..%2frobots.txt"),
            ("0a1b", ""),
            ("..", "robots.txt"),
        ];
        for (hash, file) in hostile {
            assert!(site.package_file(hash, file).is_none(), "{hash} {file}");
        }
    }

    #[test]
    fn a_site_without_its_hash_is_no_interface() {
        for site in [site(&[]), site(&[("pkg/app.js", "x")]), site(&[("pkg/HASH", "../..")])] {
            assert!(!site.is_complete());
            assert_eq!(site.package(), "pkg/none");
        }
    }

    #[tokio::test]
    async fn a_browser_gets_the_smallest_that_it_takes() {
        let site = site(&[("a.css", "plain"), ("a.css.br", "brotli"), ("a.css.gz", "gzip"), ("b.png", "picture")]);
        let table = [
            ("a.css", "gzip, deflate, br", Some("br"), "brotli"),
            ("a.css", "gzip, deflate", Some("gzip"), "gzip"),
            ("a.css", "br;q=0, gzip;q=0.5", Some("gzip"), "gzip"),
            ("a.css", "*", Some("br"), "brotli"),
            ("a.css", "identity", None, "plain"),
            ("a.css", "", None, "plain"),
            ("b.png", "br", None, "picture"),
        ];
        for (name, accepted, encoding, body) in table {
            let response = site.files[name].answer(&asking(header::ACCEPT_ENCODING, accepted), ASK_AGAIN);
            let told = response.headers().get("content-encoding").map(|value| value.to_str().expect("is text"));
            assert_eq!((told, &response.headers()["vary"]), (encoding, &HeaderValue::from_static("accept-encoding")));
            assert_eq!(to_bytes(response.into_body(), 100).await.expect("is short"), body, "{name} {accepted}");
        }
        assert!(!accepts(&asking(header::ACCEPT_ENCODING, "br;q=nonsense"), "br"));
    }

    #[test]
    fn who_has_a_file_is_not_sent_it_again() {
        let site = site(&[("a.css", "plain")]);
        let file = &site.files["a.css"];
        let first = file.answer(&HeaderMap::new(), ASK_AGAIN);
        assert_eq!(
            (first.status().as_u16(), &first.headers()["content-type"]),
            (200, &HeaderValue::from_static("text/css; charset=utf-8"))
        );
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, first.headers()["etag"].clone())]);
        let again = file.answer(&known, ASK_AGAIN);
        assert_eq!((again.status().as_u16(), &again.headers()["cache-control"]), (304, &ASK_AGAIN));
        assert_eq!(file.answer(&asking(header::IF_NONE_MATCH, "W/\"other\""), ASK_AGAIN).status().as_u16(), 200);
    }
}
