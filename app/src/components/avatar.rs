//! A person's picture: a mirrored 5 x 5 grid drawn from the member id, of squares, dots, diamonds or leaves.
//! Decoration, since the name is always beside it.

use leptos::prelude::*;
use protocol::MemberId;

use client::hues::{digest, own};

const ROWS: u64 = 5;
/// Columns that are drawn; the other two mirror the first two.
const COLUMNS: u64 = 3;
/// Fewer or more filled cells than these look like a speck or a block.
const FILLED: std::ops::RangeInclusive<u32> = 4..=11;
/// For the one person in a million whose digest has no part that makes a picture.
const CHECKERED: u64 = 0b101_010_101_010_101;
/// Empty cells around the grid.
const MARGIN: u64 = 2;
/// What the cells of one picture look like, from their upper left corner.
const FORMS: [&str; 4] = [
    "h1v1h-1z",
    "m0 .5a.5.5 0 1 1 1 0 .5.5 0 1 1-1 0z",
    "m.5-.1.6.6-.6.6-.6-.6z",
    "h.5a.5.5 0 0 1 .5.5v.5h-.5a.5.5 0 0 1-.5-.5z",
];

/// The classes that give a person's name and picture their colour: the hue that their own id asks for, and a class by
/// which [`client::hues::Worn`] may give them another.
pub(crate) fn hue_class(id: Option<&MemberId>) -> String {
    let Some(id) = id else { return "hue-0".to_owned() };
    ["hue-", &own(id).to_string(), " m", id.as_str()].concat()
}

/// The picture.
#[component]
pub(crate) fn Avatar(
    /// The member whose picture it is; absent only while an own message waits for the room to be joined.
    id: Option<MemberId>,
) -> impl IntoView {
    view! {
        <svg class=["avatar ", &hue_class(id.as_ref())].concat() viewBox="0 0 9 9" aria-hidden="true" focusable="false">
            <path d=id.as_ref().map(grid) />
        </svg>
    }
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

/// The filled cells as one path.
fn grid(id: &MemberId) -> String {
    let cells = cells(id);
    let form = FORMS[(digest(id) >> 60) as usize % FORMS.len()];
    let mut path = String::new();
    for cell in (0..ROWS * COLUMNS).filter(|cell| cells >> cell & 1 == 1) {
        let (column, row) = (cell % COLUMNS, cell / COLUMNS);
        let mirrored = 2 * COLUMNS - 2 - column;
        put(&mut path, column, row, form);
        if mirrored != column {
            put(&mut path, mirrored, row, form);
        }
    }
    path
}

fn put(path: &mut String, column: u64, row: u64, form: &str) {
    path.extend(["M", &(column + MARGIN).to_string(), " ", &(row + MARGIN).to_string(), form]);
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
    fn different_people_look_different_also_without_colours() {
        let pictures: std::collections::HashSet<_> = (0..1_000).map(|n| grid(&id(n))).collect();
        assert!(pictures.len() > 990, "{} of 1,000", pictures.len());
    }

    #[test]
    fn no_picture_is_a_speck_or_a_block() {
        for number in 0..2_000 {
            let filled = cells(&id(number)).count_ones();
            assert!((2..=12).contains(&filled), "{number}: {filled} cells, aimed at {FILLED:?}");
        }
    }
}
