//! What the fields of requests take: numbers of any size, and the words for devices.

use serde_json::{Value, json};

use crate::api::CreateRoom;
use crate::{Browser, Device, ErrorCode, System};

/// A number that no room can have is still a number: its field has an error of its own.
#[test]
fn a_number_out_of_range_is_read_and_not_in_range() {
    let read = |json: &str| serde_json::from_str::<CreateRoom>(json).ok().map(|wish| (wish.capacity, wish.lifetime_s));
    assert_eq!(read(r#"{"capacity": 50, "lifetime_s": 3600}"#), Some((Some(50), Some(3_600))));
    assert_eq!(read(r#"{"capacity": null}"#), Some((None, None)));
    for number in ["-1", "-50", "2.5", "5e1", "1e999", "-1e999", "4294967296", "18446744073709551616", "0"] {
        let json = format!(r#"{{"capacity": {number}, "lifetime_s": {number}}}"#);
        let (capacity, lifetime_s) = read(&json).unwrap_or_else(|| panic!("{number} is a number"));
        assert!(capacity == Some(0), "{number}: {capacity:?}");
        assert!(lifetime_s == Some(0) || lifetime_s == Some(4_294_967_296), "{number}: {lifetime_s:?}");
    }
    for other in ["\"50\"", "true", "[50]", "{}", "\"\""] {
        assert_eq!(read(&format!(r#"{{"capacity": {other}}}"#)), None, "{other} is no number");
    }
    let from_value: CreateRoom = serde_json::from_value(json!({ "capacity": -3 })).expect("is read");
    assert_eq!(from_value.capacity, Some(0));
    assert_eq!(serde_json::to_value(CreateRoom::default()).expect("is written"), Value::Object(serde_json::Map::new()));
}

/// What a program counts has no error of its own: a wrong number is the program's mistake, told with the request's name.
#[test]
fn a_number_that_a_program_counts_is_whole_and_in_range() {
    let join = |epoch: &str, seq: &str| {
        crate::decode_client(&format!(
            r#"{{"t":"join","cid":"c1","code":"KW7P3MXQ","since":{{"epoch":{epoch},"seq":{seq}}}}}"#
        ))
    };
    let have = |number: &str| crate::decode_client(&format!(r#"{{"t":"pong","have":{number}}}"#));
    for number in ["0", "1", "9007199254740991", "18446744073709551615"] {
        assert!(join(number, number).is_ok() && have(number).is_ok(), "{number}");
    }
    for number in ["-1", "2.5", "1e3", "1e999", "18446744073709551616", "\"1\"", "true", "[1]", "null"] {
        for read in [join(number, "1"), join("1", number)] {
            let refused = read.expect_err("is no such number");
            assert_eq!(refused.code, ErrorCode::BadFrame, "{number}");
            assert_eq!(refused.cid.as_ref().map(crate::ClientId::as_str), Some("c1"), "{number}");
        }
        assert!(have(number).is_err_and(|refused| refused.code == ErrorCode::BadFrame), "{number}");
    }
}

#[test]
fn a_device_is_two_words_of_the_lists() {
    for browser in Browser::ALL {
        for system in System::ALL {
            let device = Device { browser: *browser, system: *system };
            assert_eq!(Device::parse(&device.words()), Ok(device));
        }
    }
    for wrong in
        ["", "Firefox", "Firefox on", "firefox on Linux", "Firefox 150 on Linux", "Firefox on Linux 6.1", "Mozilla/5.0"]
    {
        assert_eq!(Device::parse(wrong), Err(ErrorCode::InvalidDevice), "{wrong}");
    }
}

#[test]
fn a_device_is_told_from_what_its_browser_says() {
    for (agent, words) in [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPad",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
            "Chrome on ChromeOS",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 OPR/120.0",
            "Opera on Linux",
        ),
        ("", "Browser on another system"),
    ] {
        assert_eq!(Device::of_user_agent(agent).words(), words, "{agent}");
        assert!(Device::parse(words).is_ok());
    }
}
