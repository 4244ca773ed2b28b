//! Makes the folder that the program embeds, where the interface was not built yet: a fresh clone compiles and tests.

use std::path::Path;

fn main() {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo tells a build script where it is");
    let package = Path::new(&manifest).join("../target/site/pkg");
    if let Err(error) = std::fs::create_dir_all(&package) {
        println!("cargo::error=cannot make the folder {}: {error}", package.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    // A release embeds the files: another set of them is another program. Otherwise they are read at the start.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../target/site");
    }
}
