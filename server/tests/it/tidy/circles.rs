//! Which file of a package imports which, and the circles among them.
//!
//! Paths are followed through modules and re-exports to the file that defines a name, so a parent that only hands on what
//! its children define does not import them. What a file reaches through a method of a type it already has is not seen.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Module, Modules};
use super::source::Source;

/// Re-exports that are followed for one name, so that two which name each other end.
const HOPS_MAX: usize = 16;

/// Files that import each other, directly or over others; what ties them, as `a -> b: names`.
pub(super) struct Circle {
    pub(super) files: Vec<String>,
    pub(super) ties: Vec<String>,
}

/// The circles among the files of one package, whose roots are `lib.rs` and `main.rs` in the folder `src`.
pub(super) fn circles(files: &[Source], src: &str) -> Vec<Circle> {
    let mut imports = Imports::new();
    for root in ["lib.rs", "main.rs"] {
        let root = format!("{src}/{root}");
        if files.iter().any(|file| file.path == root) {
            imports.add(&Modules::read(files, &root));
        }
    }
    imports.circles()
}

/// File, imported file, and the names that are taken from it.
struct Imports(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Imports {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn add(&mut self, modules: &Modules) {
        for (at, module) in modules.all() {
            for path in module.taken() {
                let name = path.iter().rfind(|part| *part != "*").cloned().unwrap_or_default();
                for file in resolve(modules, at, path, HOPS_MAX) {
                    if file != module.file {
                        let from = self.0.entry(module.file.clone()).or_default();
                        from.entry(file).or_default().insert(name.clone());
                    }
                }
            }
        }
    }

    fn circles(&self) -> Vec<Circle> {
        let reached: BTreeMap<&String, BTreeSet<&String>> =
            self.0.keys().map(|file| (file, self.reached_from(file))).collect();
        let reaches = |from: &String, to: &String| reached.get(from).is_some_and(|files| files.contains(to));
        let mut circles: Vec<Circle> = Vec::new();
        for file in self.0.keys().filter(|file| reaches(file, file)) {
            if circles.iter().any(|circle| circle.files.contains(file)) {
                continue;
            }
            let others = self.0.keys().filter(|other| reaches(file, other) && reaches(other, file));
            let files: Vec<String> = others.cloned().collect();
            let ties = self.ties(&files);
            circles.push(Circle { files, ties });
        }
        circles
    }

    fn reached_from(&self, file: &String) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut left: Vec<&String> = self.0.get(file).into_iter().flat_map(BTreeMap::keys).collect();
        while let Some(next) = left.pop() {
            if reached.insert(next) {
                left.extend(self.0.get(next).into_iter().flat_map(BTreeMap::keys));
            }
        }
        reached
    }

    fn ties(&self, files: &[String]) -> Vec<String> {
        let inside = self.0.iter().filter(|(from, _)| files.contains(from));
        let ties = inside.flat_map(|(from, to)| to.iter().map(move |(to, names)| (from, to, names)));
        let tie = |(from, to, names): (&String, &String, &BTreeSet<String>)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("{from} -> {to}: {}", names.join(", "))
        };
        ties.filter(|(_, to, _)| files.contains(to)).map(tie).collect()
    }
}

/// The files that define what a path in a module means; none for what another crate defines.
fn resolve(modules: &Modules, at: &[String], path: &[String], hops: usize) -> Vec<String> {
    let Some((mut module, mut rest)) = beginning(modules, at, path) else {
        return Vec::new();
    };
    while let Some((name, further)) = rest.split_first() {
        let child = [module.as_slice(), std::slice::from_ref(name)].concat();
        if modules.has(&child) {
            (module, rest) = (child, further);
            continue;
        }
        let handed_on = modules.get(&module).flat_map(|found| handed_on(modules, &module, found, name));
        let target = handed_on.map(|target| [target.as_slice(), further].concat()).next();
        return match target.filter(|_| hops > 0) {
            Some(target) => resolve(modules, &module, &target, hops - 1),
            None => modules.get(&module).map(|found| found.file.clone()).collect(),
        };
    }
    modules.get(&module).map(|found| found.file.clone()).collect()
}

/// The module in which a path begins, and the names that are left.
fn beginning<'a>(modules: &Modules, at: &[String], path: &'a [String]) -> Option<(Vec<String>, &'a [String])> {
    let (first, mut rest) = path.split_first()?;
    let mut module = match first.as_str() {
        "crate" => Vec::new(),
        "self" => at.to_vec(),
        "super" => at.split_last()?.1.to_vec(),
        child => {
            let child = [at, &[child.to_owned()]].concat();
            return modules.has(&child).then_some((child, rest));
        }
    };
    while let Some(further) = rest.split_first().filter(|(name, _)| *name == "super").map(|(_, further)| further) {
        module.pop()?;
        rest = further;
    }
    Some((module, rest))
}

/// Where a module takes a name from that it does not define itself, as paths in that module.
fn handed_on(modules: &Modules, at: &[String], module: &Module, name: &str) -> Vec<Vec<String>> {
    if module.defines(name) {
        return Vec::new();
    }
    let named = module.uses.iter().filter(|import| import.name == name).map(|import| import.path.clone());
    let globs = module.uses.iter().filter(|import| import.name == "*").filter_map(|import| {
        let target = &import.path[..import.path.len() - 1];
        let (found, rest) = beginning(modules, at, target)?;
        let found = [found.as_slice(), rest].concat();
        let defines = modules.get(&found).any(|module| module.defines(name));
        defines.then(|| [target, &[name.to_owned()]].concat())
    });
    named.chain(globs).collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::circles;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<Source> =
            files.iter().map(|(path, text)| Source::new((*path).to_owned(), (*text).to_owned())).collect();
        circles(&files, "p/src").into_iter().map(|circle| circle.files.join(" ")).collect()
    }

    #[test]
    fn files_that_import_each_other_are_a_circle() {
        let files = [
            ("p/src/lib.rs", "mod a; mod b; mod c; mod d;"),
            ("p/src/a.rs", "use crate::b::B; pub struct A(B);"),
            ("p/src/b.rs", "fn f() { crate::c::g(); } pub struct B;"),
            ("p/src/c.rs", "use super::{a::A, d::D}; pub fn g() {}"),
            ("p/src/d.rs", "pub struct D;"),
        ];
        assert_eq!(found(&files), ["p/src/a.rs p/src/b.rs p/src/c.rs"]);
    }

    #[test]
    fn one_direction_is_none() {
        let files = [
            ("p/src/lib.rs", "mod a; mod b; use a::A; fn f(_: A) { b::g(); }"),
            ("p/src/a.rs", "use crate::b; pub struct A(b::B);"),
            ("p/src/b.rs", "// use crate::a::A\npub struct B; pub fn g() { let _ = \"crate::a::A\"; }"),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn a_parent_that_hands_on_names_imports_none() {
        let files = [
            ("p/src/lib.rs", "mod a;"),
            ("p/src/a/mod.rs", "mod b; mod c; pub use b::B; pub use c::*; pub trait T {}"),
            ("p/src/a/b.rs", "use super::{C, T}; pub struct B(C); impl T for B {}"),
            ("p/src/a/c.rs", "use crate::a::T; pub struct C; impl T for C {}"),
        ];
        assert!(found(&files).is_empty());
        let uses = "mod b; mod c; pub use b::B; pub use c::*; pub trait T { fn b() -> B; }";
        let mut files = files;
        files[1].1 = uses;
        let all = ["p/src/a/b.rs p/src/a/c.rs p/src/a/mod.rs"];
        assert_eq!(found(&files), all, "it uses what it hands on");
        files[1].1 = "mod b; mod c; pub use c::*; pub trait T {} fn f() { b::g(); }";
        assert_eq!(found(&files), all);
    }

    #[test]
    fn a_name_is_followed_to_the_file_that_defines_it() {
        let files = [
            ("p/src/lib.rs", "mod a; mod b; mod c; pub use a::A as Renamed;"),
            ("p/src/a.rs", "use crate::c::made; pub struct A;"),
            ("p/src/b.rs", "pub use crate::Renamed as Again;"),
            ("p/src/c.rs", "use crate::b::Again; pub fn made() -> Again { todo() }"),
        ];
        assert_eq!(found(&files), ["p/src/a.rs p/src/c.rs"]);
    }

    #[test]
    fn tests_may_import_what_they_test() {
        let files = [
            ("p/src/lib.rs", "mod a; mod b; #[cfg(test)] mod fixtures;"),
            ("p/src/a.rs", "use crate::b::B; #[cfg(test)] use crate::fixtures::f; pub struct A(B);"),
            ("p/src/b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; use super::*; }"),
            ("p/src/fixtures.rs", "use crate::a::A; pub fn f() {}"),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn modules_are_found_in_files_of_another_name_and_inside_of_others() {
        let files = [
            ("p/src/main.rs", "mod a;\nmod inner { pub mod deep { use crate::a::A; pub struct D; } }\n"),
            (
                "p/src/a.rs",
                "#[cfg(x)]\n#[path = \"one.rs\"]\nmod platform;\n#[cfg(not(x))]\n#[path = \"two.rs\"]\nmod platform;\nuse platform::P; pub struct A(P);",
            ),
            ("p/src/a/one.rs", "pub struct P;"),
            ("p/src/a/two.rs", "use crate::inner::deep::D; pub struct P;"),
        ];
        assert_eq!(found(&files), ["p/src/a.rs p/src/a/two.rs p/src/main.rs"]);
    }
}
