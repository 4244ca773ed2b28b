//! Looks for parts of names that fit many functions that did not run, and none that did.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::counting::Function;
use crate::wasm_later::without_hashes;

/// A part of a name, in characters.
const PART_CHARS: std::ops::RangeInclusive<usize> = 5..=140;
/// A part that fits less than so many instructions is not worth its line.
const WORTH: u64 = 4;

/// What was chosen.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// In their order.
    pub(crate) parts: BTreeSet<String>,
    /// Functions that ran, although a list says that they are fetched later.
    pub(crate) wrong: Vec<String>,
    /// Instructions in functions that did not run, and in those among them that are found by a part or by a list.
    pub(crate) idle: u64,
    pub(crate) fitting: u64,
}

/// `ran` says of a function's number whether it ran, `is_named` of a name whether it is fetched later by another list.
pub(crate) fn choose(functions: &[Function], ran: impl Fn(usize) -> bool, is_named: impl Fn(&str) -> bool) -> Chosen {
    let (mut at_once, mut idle, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    let (mut all, mut fitting) = (0, 0);
    for (number, Function { name, size }) in functions.iter().enumerate() {
        let plain = without_hashes(name);
        if ran(number) {
            if is_named(name) {
                wrong.push(name.clone());
            }
            at_once.push(plain);
            continue;
        }
        all += size;
        if is_named(name) {
            fitting += size;
        } else if !is_made_by_tools(&plain) {
            idle.push((plain, *size));
        }
    }
    let taken: HashSet<&str> = at_once.iter().flat_map(|name| parts(name)).collect();
    let mut fits: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, (name, _)) in idle.iter().enumerate() {
        for part in parts(name).collect::<HashSet<_>>() {
            if !taken.contains(part) {
                fits.entry(part).or_default().push(place);
            }
        }
    }
    let mut chosen = BTreeSet::new();
    let mut covered = vec![false; idle.len()];
    let gain = |places: &[usize], covered: &[bool]| -> u64 {
        places.iter().filter(|place| !covered[**place]).map(|place| idle[*place].1).sum()
    };
    // The best first, by what it gains when it is looked at: gains only become less.
    let mut waiting: BTreeSet<(u64, std::cmp::Reverse<usize>, &str)> =
        fits.iter().map(|(part, places)| (gain(places, &covered), std::cmp::Reverse(part.len()), *part)).collect();
    while let Some((promised, length, part)) = waiting.pop_last() {
        let places = &fits[part];
        let real = gain(places, &covered);
        if real < WORTH {
            continue;
        }
        if real < promised {
            waiting.insert((real, length, part));
            continue;
        }
        // It was looked for between the signs of names only.
        if at_once.iter().any(|name| name.contains(part)) {
            continue;
        }
        fitting += real;
        for place in places {
            covered[*place] = true;
        }
        chosen.insert(part.to_owned());
    }
    Chosen { parts: chosen, wrong, idle: all, fitting }
}

/// What wasm-bindgen and the linker make has numbers in its names that change with anything.
fn is_made_by_tools(name: &str) -> bool {
    name.is_empty() || name.contains(" externref shim") || name.contains("wasm_bindgen") || name.contains(".llvm.")
}

/// Each run of whole words and signs, not too short and not too long.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let mut edges = vec![0];
    let mut was_word = None;
    for (at, c) in name.char_indices() {
        let is_word = c.is_alphanumeric() || c == '_';
        if was_word.is_some_and(|was| was != is_word) {
            edges.push(at);
        }
        was_word = Some(is_word);
    }
    edges.push(name.len());
    let ends = edges.clone();
    edges.into_iter().flat_map(move |from| {
        let long = ends.iter().copied().filter(move |to| *to > from && PART_CHARS.contains(&(to - from)));
        long.filter_map(move |to| name.get(from..to)).filter(|part| part.trim() == *part).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_fits_what_did_not_run_and_nothing_that_did() {
        let function = |name: &str| Function { name: name.to_owned(), size: 100 };
        let functions =
            ["app::log::row", "app::dialog::open", "app[1f]::dialog::close", "app::log::menu"].map(function);
        let chosen = choose(&functions, |number| number == 0, |_| false);
        assert!(chosen.parts.iter().all(|part| !"app::log::row".contains(part.as_str())), "{chosen:?}");
        assert_eq!((chosen.idle, chosen.fitting), (300, 300));
        assert_eq!(chosen.parts.len(), 2, "one for the dialog, one for the menu: {chosen:?}");
        assert!(chosen.wrong.is_empty());
    }

    #[test]
    fn what_a_list_has_wrong_is_told() {
        let functions = [Function { name: "app::row".to_owned(), size: 1 }];
        assert_eq!(choose(&functions, |_| true, |_| true).wrong, ["app::row"]);
    }
}
