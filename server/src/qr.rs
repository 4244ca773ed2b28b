//! QR codes as the path of an SVG. Drawn here and not in the page, which would have to download the drawing of them.

use std::fmt::Write as _;

use protocol::api::QrView;
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of light around the code, as the standard wants them.
const QUIET: i32 = 4;

/// The code of a text; `None` for one that no code holds.
pub(crate) fn draw(text: &str) -> Option<QrView> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let dark = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            let width = i32::try_from(dark).unwrap_or_default();
            if width > 0 {
                // One rectangle a run.
                let (left, top) = (x + QUIET, y + QUIET);
                write!(path, "M{left} {top}h{width}v1h-{width}z").expect("writing to a string does not fail");
            }
            x += width.max(1);
        }
    }
    Some(QrView { size: u32::try_from(code.size() + 2 * QUIET).ok()?, path })
}

#[cfg(test)]
mod tests {
    use qrcodegen::{QrCode, QrCodeEcc};

    use super::{QUIET, draw};

    /// The dark modules that a path draws.
    fn modules(path: &str) -> Vec<(i32, i32)> {
        let runs = path.split('M').skip(1).map(|run| {
            let (place, rest) = run.split_once('h').expect("has a width");
            let (left, top) = place.split_once(' ').expect("has a place");
            let width = rest.split_once('v').expect("has a height").0;
            let number = |text: &str| text.parse::<i32>().expect("is a number");
            (number(left), number(top), number(width))
        });
        runs.flat_map(|(left, top, width)| (left..left + width).map(move |x| (x, top))).collect()
    }

    #[test]
    fn the_path_has_every_dark_module_once_and_no_light_one() {
        let text = "https://chat.example/r/KW7P3MXQ#AAAAAAAAAAAAAAAAAAAAAA";
        let drawn = draw(text).expect("fits");
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("fits");
        let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark = all.filter(|(x, y)| code.get_module(*x, *y));
        let dark: Vec<_> = dark.map(|(x, y)| (x + QUIET, y + QUIET)).collect();
        assert_eq!(modules(&drawn.path), dark);
        assert_eq!(i32::try_from(drawn.size), Ok(code.size() + 8));
    }

    #[test]
    fn what_no_code_holds_is_refused() {
        assert!(draw(&"x".repeat(10_000)).is_none());
    }
}
