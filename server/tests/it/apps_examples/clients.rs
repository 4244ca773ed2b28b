//! The programs of docs/apps/clients.md, as they stand there.

use super::running::{Applications, is_client_there, programs};
use crate::harness::Ask;

/// The block of a language after a heading.
fn example(heading: &str, language: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/apps/clients.md");
    let page = std::fs::read_to_string(page).expect("is there");
    let chapter = page.split(&format!("\n## {heading}")).nth(1).expect("the page has the chapter");
    let block = chapter.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    block.expect("the chapter has an example").to_owned()
}

/// Runs one against a server with all applications, and answers what it prints.
async fn run(heading: &str, language: &str, name: &str) -> (Applications, String) {
    let applications = Applications::serve(None, &[]).await;
    let program = applications.folder.path().join(name);
    std::fs::write(&program, example(heading, language)).expect("the folder can be written");
    let modules = programs().join("../socketio/node_modules");
    if language == "javascript" {
        std::os::unix::fs::symlink(modules, applications.folder.path().join("node_modules")).expect("is a folder");
    }
    let said = applications.run(&program, &[]).await;
    (applications, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_javascript_of_the_documentation_works() {
    if is_client_there() {
        let (_server, said) = run("JavaScript", "javascript", "client.mjs").await;
        assert!(said.contains("Ann is typing"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_of_the_documentation_works() {
    let (_server, said) = run("Python", "python", "backend.py").await;
    assert!(said.contains("heard: done"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_curl_of_the_documentation_works() {
    let (applications, said) = run("curl", "sh", "backend.sh").await;
    assert!(said.contains("\"connections\":0"), "{said}");
    let wrong = Ask::post("/api/v1/apps/projects/publish").bearer("a wrong key").send(applications.addr()).await;
    wrong.assert_status(401);
}
