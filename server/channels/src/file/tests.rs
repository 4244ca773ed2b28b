//! Files are read as they say, and every mistake is told with its line.

use serde_json::{Value, json};

use crate::{Access, Application, Client, Namespace, Refused, RefusedCode, Sources, Step};

/// An environment that has everything, each with its own name as its value.
struct All;

impl Sources for All {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "NONE" => None,
            name if name.ends_with("BACKEND") => Some("http://127.0.0.1:1/".to_owned()),
            name => Some(name.to_owned()),
        }
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("{path} is not there"))
    }
}

const FILE: &str = r#"
name = "shop"
[[tokens]]
algorithm = "HS256"
secret_env = "SECRET"
[claims]
lists = ["chats"]
[[namespaces]]
name = "/"
[[namespaces]]
name = "/admin"
connect = [{ role = "admin" }]
[[channels]]
pattern = "user:{user}"
subscribe = [{ own = "user" }]
enter = true
[[channels]]
pattern = "chat:{chat}"
namespaces = ["/"]
subscribe = [{ listed = "chat", in = "chats" }, { backend = true, cache_ms = 9 }]
publish = [{ subscribers = true }]
enter = true
[[channels]]
pattern = "public"
subscribe = [{ anyone = true }]
enter = true
[[events]]
name = "typing"
namespaces = ["/"]
arguments = ["chatId"]
schema = { type = "object", required = ["chatId"] }
steps = [{ relay = "chat:{chatId}", event = "user-typing", data = { by = "$user.id" } }]
[[plain]]
path = "/ws/chat"
channels = ["chat:{chat}"]
[backend]
url_env = "BACKEND"
secret_env = "SECRET"
"#;

fn shop() -> Application {
    Application::parse(FILE, "shop.toml", &All).expect("has no mistake")
}

fn client(shop: &Application, claims: &Value) -> Client {
    shop.client(claims.as_object().expect("is an object")).expect("has a user")
}

fn ada(shop: &Application) -> Client {
    client(shop, &json!({"sub": "ada", "chats": ["c1", 2, "c1:x", "*"]}))
}

fn names(channels: &[crate::Channel<'_>]) -> Vec<String> {
    channels.iter().map(|channel| channel.name.as_str().to_owned()).collect()
}

#[test]
fn rules_decide_by_the_token() {
    let shop = shop();
    let ada = ada(&shop);
    let access = |name: &str| shop.channel(name).map(|channel| channel.may_subscribe(&ada));
    assert_eq!(access("user:ada"), Some(Access::Allowed));
    assert_eq!(access("user:ben"), Some(Access::Refused));
    assert_eq!(access("chat:c1"), Some(Access::Allowed));
    assert_eq!(access("chat:c9"), Some(Access::AskBackend { cache_ms: 9 }));
    for none in ["chat:", "chat:*", "chat:c1:x", "other", "", "chat:\u{0}"] {
        assert_eq!(access(none), None, "{none}");
    }
    let channel = shop.channel("chat:c1").expect("is one");
    assert!(channel.may_publish(&ada, true) && !channel.may_publish(&ada, false));
}

#[test]
fn what_is_entered_is_what_the_token_names() {
    let shop = shop();
    let (main, admin) = (Namespace::parse("/").expect("is one"), Namespace::parse("/admin").expect("is one"));
    let ada = ada(&shop);
    assert_eq!(names(&shop.entered(&ada, &main)), ["user:ada", "chat:c1", "chat:2", "public"]);
    assert_eq!(names(&shop.entered(&ada, &admin)), ["user:ada", "public"]);
    assert_eq!(names(&shop.heard_at(&shop.plains()[0], &ada)), ["chat:c1", "chat:2"]);
    assert!(shop.may_connect(&ada, &main) && !shop.may_connect(&ada, &admin));
    let boss = client(&shop, &json!({"sub": 1, "role": "admin"}));
    assert!(shop.may_connect(&boss, &admin) && boss.user.as_str() == "1");
}

#[test]
fn nobody_is_a_user_without_an_id() {
    let shop = shop();
    for claims in [json!({}), json!({"sub": ""}), json!({"sub": "a:b"}), json!({"sub": ["ada"]}), json!({"sub": null})]
    {
        assert_eq!(shop.client(claims.as_object().expect("is one")).expect_err("has none"), Refused::UNAUTHORIZED);
    }
}

#[test]
fn an_event_is_found_where_it_is() {
    let shop = shop();
    let event = shop.event(&Namespace::parse("/").expect("is one"), "typing").expect("is there");
    assert!(matches!(event.steps.as_slice(), [Step::Relay { to_self: false, volatile_ms: None, .. }]));
    let elsewhere = shop.event(&Namespace::parse("/admin").expect("is one"), "typing").expect_err("is not there");
    assert_eq!(elsewhere.code, RefusedCode::InvalidInput);
}

/// The lines of the mistakes, and their sentences.
fn mistakes(change: impl FnOnce(String) -> String) -> Vec<(usize, String)> {
    let found = Application::parse(&change(FILE.to_owned()), "shop.toml", &All).expect_err("has mistakes");
    assert!(found[0].to_string().starts_with(&format!("shop.toml:{}: ", found[0].line)));
    found.into_iter().map(|mistake| (mistake.line, mistake.what)).collect()
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let replaced = |from: &'static str, to: &'static str| mistakes(|file| file.replace(from, to));
    assert_eq!(replaced("name = \"shop\"", "nam = \"shop\"")[0].0, 2);
    assert_eq!(replaced("HS256", "none")[0], (3, "algorithm: HS256, RS256, ES256 or EdDSA".to_owned()));
    assert!(replaced("\"SECRET\"", "\"NONE\"")[0].1.contains("the environment has no NONE"));
    assert_eq!(replaced("own = \"user\"", "own = \"chat\"")[0].0, 14);
    assert_eq!(replaced("in = \"chats\"", "in = \"rooms\"")[0].0, 18);
    assert!(replaced("pattern = \"public\"", "pattern = \"user:{id}\"").iter().any(|(line, _)| *line == 24));
    assert!(replaced("relay = \"chat:{chatId}\"", "relay = \"chats:{chatId}\"")[0].1.contains("fits no pattern"));
    assert!(replaced("\"$user.id\"", "\"$usr.id\"")[0].1.contains("nothing that is known"));
    assert!(replaced("type = \"object\"", "pattern = \"x\"")[0].1.contains("schema"));
    assert!(replaced("channels = [\"chat:{chat}\"]", "channels = [\"x\"]")[0].1.contains("none of the patterns"));
    assert!(
        replaced("[backend]\nurl_env = \"BACKEND\"\nsecret_env = \"SECRET\"", "")[0]
            .1
            .contains("there is no [backend]")
    );
    let overlaps = replaced("pattern = \"public\"", "pattern = \"user:{a}-{b}\"");
    assert!(overlaps.iter().any(|(line, what)| *line == 24 && what.ends_with("(user:{user})")), "{overlaps:?}");
    assert!(replaced("pattern = \"public\"", "pattern = \"public:{x}\"")[0].1.starts_with("enter: "));
    assert!(replaced("publish = [{ subscribers = true }]", "published = [\"x\"]")[0].1.starts_with("published: "));
    assert!(replaced("namespaces = [\"/\"]", "namespaces = []")[0].1.starts_with("namespaces is empty"));
    assert!(replaced("channels = [\"chat:{chat}\"]", "channels = []")[0].1.contains("one channel at the least"));
    assert!(replaced("[[plain]]", "[[presence]]\n[[plain]]")[0].1.contains("presence tells of"));
    let two = mistakes(|file| file.replace("HS256", "x").replace("own = \"user\"", "own = \"x\""));
    assert_eq!(two.len(), 2, "all at once: {two:?}");
}
