//! How a request came about: whether somebody here asked, or another site's page made a browser ask.
//!
//! A browser sends what any page tells it to: forty images of `/r/CODE` are forty look-ups from its visitor's address.
//! It says so by Fetch Metadata (`Sec-Fetch-*`, on https and on the own machine), and by what it would accept (an image, a
//! style sheet). What another site embeds is answered without being counted and without work. What another site leads to
//! is counted apart: a program may claim it too, so it must not be free.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::config::Config;
use crate::http::origin::{Origin, is_own, referer};

/// Who is behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Of a page of this site, of a program, or of somebody who typed the address.
    Direct,
    /// Of a page of another site, or of a person who followed its link: what opens is a page of ours.
    Followed,
    /// A piece of another site's page. Nobody here reads the answer.
    Embedded,
}

/// What browsers want to have when a page embeds something.
const PIECES: [&str; 5] = ["image/", "text/css", "font/", "audio/", "video/"];

/// Judges a request whose Origin was judged before.
pub fn reach(origin: Origin, peer: IpAddr, headers: &HeaderMap, config: &Config) -> Reach {
    match origin {
        Origin::Own => Reach::Direct,
        Origin::Foreign => Reach::Embedded,
        Origin::Absent => by_metadata(headers).unwrap_or_else(|| by_what_is_accepted(peer, headers, config)),
    }
}

fn by_metadata(headers: &HeaderMap) -> Option<Reach> {
    let is = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    let site = headers.get("sec-fetch-site")?;
    if site == "same-origin" || site == "none" {
        return Some(Reach::Direct);
    }
    let opens_a_page = is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
    Some(if opens_a_page { Reach::Followed } else { Reach::Embedded })
}

/// For browsers that tell no metadata: older ones, and all of them over plain http.
fn by_what_is_accepted(peer: IpAddr, headers: &HeaderMap, config: &Config) -> Reach {
    let accepts = |kind: &str| accepts(headers, kind);
    match referer(headers).map(|page| is_own(&page, peer, headers, config)) {
        Some(false) if accepts("text/html") => Reach::Followed,
        // A script accepts anything, as programs do; but programs do not say which page led them here.
        Some(false) => Reach::Embedded,
        // No program asks this server for a picture or a style sheet, and no reader for that alone.
        None if PIECES.into_iter().any(accepts) && !accepts("text/html") => Reach::Embedded,
        Some(true) | None => Reach::Direct,
    }
}

/// Whether a kind of answer is among what is accepted.
pub fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim_start().starts_with(kind))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Reach, reach};
    use crate::config::{Config, Options};
    use crate::http::origin::Origin;

    type List = &'static [(&'static str, &'static str)];

    const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    const IMAGE: &str = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";

    fn judged(origin: Origin, list: List) -> Reach {
        let config = Config::try_from(Options::default()).expect("is valid");
        let headers: HeaderMap =
            list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        reach(origin, IpAddr::from([192, 0, 2, 1]), &headers, &config)
    }

    #[test]
    fn what_another_site_embeds_is_told_from_what_somebody_asks() {
        let table: [(List, Reach); 23] = [
            (&[], Reach::Direct),
            (&[("accept", "*/*")], Reach::Direct),
            (&[("accept", "application/json")], Reach::Direct),
            (&[("accept", PAGE)], Reach::Direct),
            (&[("accept", IMAGE)], Reach::Embedded),
            (&[("accept", "text/css,*/*;q=0.1")], Reach::Embedded),
            (&[("host", "chat.example"), ("referer", "http://chat.example/about"), ("accept", IMAGE)], Reach::Direct),
            (&[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("accept", PAGE)], Reach::Direct),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")], Reach::Direct),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "image"), ("accept", IMAGE)], Reach::Direct),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], Reach::Embedded),
            (&[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")], Reach::Embedded),
            (&[("sec-fetch-site", "cross-site")], Reach::Embedded),
            (&[("sec-fetch-site", "of-tomorrow"), ("accept", "*/*")], Reach::Embedded),
            (
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
                Reach::Followed,
            ),
            (
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
                Reach::Embedded,
            ),
            (
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "object")],
                Reach::Embedded,
            ),
            (
                &[("host", "chat.example"), ("referer", "http://chat.example/r/KW7P3MXQ"), ("accept", "*/*")],
                Reach::Direct,
            ),
            (&[("host", "chat.example"), ("referer", "http://evil.example/"), ("accept", "*/*")], Reach::Embedded),
            (&[("host", "chat.example"), ("referer", "http://evil.example/"), ("accept", PAGE)], Reach::Followed),
            (&[("host", "chat.example"), ("referer", "http://chat.example"), ("accept", PAGE)], Reach::Direct),
            (&[("referer", "nonsense"), ("accept", "*/*")], Reach::Direct),
            (
                &[("host", "chat.example"), ("referer", "http://chat.example.evil.example/"), ("accept", "*/*")],
                Reach::Embedded,
            ),
        ];
        for (list, expected) in table {
            assert_eq!(judged(Origin::Absent, list), expected, "{list:?}");
        }
        let embedded: List = &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
        assert_eq!(judged(Origin::Own, embedded), Reach::Direct, "pages of a listed site may");
        assert_eq!(judged(Origin::Foreign, embedded), Reach::Embedded);
    }
}
