//! A person's picture: a mirrored 5 x 5 grid drawn from the member id. Decoration, since the name is always beside it.

use std::fmt::Write as _;

use leptos::prelude::*;
use protocol::MemberId;

/// Hues in `style/tokens.css` (`.hue-0` to `.hue-4`), each readable on paper.
const HUES: u64 = 5;
const ROWS: u64 = 5;
/// Columns that are drawn; the other two mirror the first two.
const COLUMNS: u64 = 3;
/// Fewer or more filled cells than these look like a speck or a block.
const FILLED: std::ops::RangeInclusive<u32> = 4..=11;
/// For the one person in a million whose digest has no part that makes a picture.
const CHECKERED: u64 = 0b101_010_101_010_101;
/// Empty cells around the grid.
const MARGIN: u64 = 2;

/// The class that gives a person's name and picture their colour.
pub(crate) fn hue_class(id: Option<&MemberId>) -> &'static str {
    match id.map_or(0, |id| (digest(id) >> 32) % HUES) {
        0 => "hue-0",
        1 => "hue-1",
        2 => "hue-2",
        3 => "hue-3",
        _ => "hue-4",
    }
}

/// The picture.
#[component]
pub(crate) fn Avatar(
    /// Whose; absent only while an own message waits for the room to be joined.
    id: Option<MemberId>,
) -> impl IntoView {
    view! {
        <svg class=format!("avatar {}", hue_class(id.as_ref())) viewBox="0 0 9 9" aria-hidden="true" focusable="false">
            <path d=id.as_ref().map(grid) />
        </svg>
    }
}

/// FNV-1a: member ids are keyed hashes already, so any even spread of their bits will do.
fn digest(id: &MemberId) -> u64 {
    id.as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The first part of the digest that makes a picture.
fn cells(id: &MemberId) -> u64 {
    const CELLS: u64 = ROWS * COLUMNS;
    let digest = digest(id);
    (0..u64::from(u64::BITS) / CELLS)
        .map(|part| digest >> (part * CELLS) & ((1 << CELLS) - 1))
        .find(|cells| FILLED.contains(&cells.count_ones()))
        .unwrap_or(CHECKERED)
}

/// The filled cells as one path of unit squares.
fn grid(id: &MemberId) -> String {
    let cells = cells(id);
    let mut path = String::new();
    for cell in (0..ROWS * COLUMNS).filter(|cell| cells >> cell & 1 == 1) {
        let (column, row) = (cell % COLUMNS, cell / COLUMNS);
        let mirrored = 2 * COLUMNS - 2 - column;
        square(&mut path, column, row);
        if mirrored != column {
            square(&mut path, mirrored, row);
        }
    }
    path
}

fn square(path: &mut String, column: u64, row: u64) {
    // Writing to a string cannot fail.
    let _ = write!(path, "M{} {}h1v1h-1z", column + MARGIN, row + MARGIN);
}

#[cfg(test)]
mod tests {
    use protocol::MemberId;

    use super::{FILLED, cells, grid, hue_class};

    fn id(number: u32) -> MemberId {
        MemberId::parse(&format!("{number:022}")).expect("22 digits are a member id")
    }

    #[test]
    fn one_person_is_always_drawn_alike() {
        assert_eq!(grid(&id(7)), grid(&id(7)));
        assert_eq!(hue_class(Some(&id(7))), hue_class(Some(&id(7))));
    }

    #[test]
    fn different_people_look_different() {
        let pictures: std::collections::HashSet<_> =
            (0..200).map(|n| (grid(&id(n)), hue_class(Some(&id(n))))).collect();
        assert!(pictures.len() > 195, "{} of 200", pictures.len());
    }

    #[test]
    fn no_picture_is_a_speck_or_a_block() {
        for number in 0..2_000 {
            let filled = cells(&id(number)).count_ones();
            assert!((2..=12).contains(&filled), "{number}: {filled} cells, aimed at {FILLED:?}");
        }
    }

    #[test]
    fn every_hue_is_used() {
        let hues: std::collections::HashSet<_> = (0..200).map(|n| hue_class(Some(&id(n)))).collect();
        assert_eq!(hues.len(), 5);
    }
}
