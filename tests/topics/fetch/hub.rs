//! The hub's possible behaviours.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use laserscope::model::fetch::{Cancelled, Declined, FetchOptions, resolve_entry};
use laserscope::protocol::FetchEvent;

use super::bench::{Bench, PROMPT, blob, body, good, known, sha256, unknown};
use super::fake_hub::{FakeHub, Script};

#[test]
fn redirect_to_the_storage_and_the_shared_cache() {
    let hub = FakeHub::start(good());
    let mut bench = Bench::new(&hub.endpoint);
    let path = bench.fetch(&known()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), body());
    let methods: Vec<_> = hub.requests().into_iter().map(|r| r.method).collect();
    assert_eq!(methods, ["HEAD", "GET", "GET"]);
    let repo = "hf/hub/models--someone--tiny-GGUF";
    let snapshot = format!("{repo}/snapshots/c0ffee/tiny.gguf");
    assert!(path.ends_with(&snapshot), "{}", path.display());
    let expected = [
        blob(&sha256(&body())),
        format!("{repo}/refs/main"),
        snapshot,
    ];
    assert_eq!(bench.files(), expected);
    assert!(matches!(bench.events.last(), Some(FetchEvent::Done { path: p }) if *p == path));
    let last = bench.events.iter().rev().find_map(|event| match event {
        FetchEvent::Downloading { done, total, .. } => Some((*done, *total)),
        _ => None,
    });
    let len = body().len() as u64;
    assert_eq!(last, Some((len, Some(len))));

    // The second time it is there.
    let n_requests = hub.requests().len();
    assert_eq!(bench.fetch(&known()).unwrap(), path);
    assert_eq!(hub.requests().len(), n_requests);
}

#[test]
fn size_and_hash_come_from_the_hub_where_they_are_not_known() {
    let hub = FakeHub::start(good());
    let path = Bench::new(&hub.endpoint).fetch(&unknown());
    assert!(path.is_ok());
    let mut lying = good();
    lying.etag = sha256(b"something else");
    let hub = FakeHub::start(lying);
    let message = Bench::new(&hub.endpoint).fetch_error(&unknown());
    assert!(message.contains(&sha256(b"something else")), "{message}");
}

#[test]
fn a_hub_without_headers_of_its_own_still_serves() {
    let hub = FakeHub::start(Script {
        body: body(),
        ..Script::default()
    });
    let path = Bench::new(&hub.endpoint).fetch(&unknown());
    assert!(path.is_ok(), "{path:?}");
}

#[test]
fn a_renamed_repository_is_followed() {
    let mut script = good();
    script.renamed = true;
    let hub = FakeHub::start(script);
    assert!(Bench::new(&hub.endpoint).fetch(&known()).is_ok());
}

#[test]
fn the_token_goes_to_the_hub_and_not_to_the_storage() {
    let hub = FakeHub::start(good());
    let mut bench = Bench::new(&hub.endpoint);
    bench.env.token = Some("secret".to_owned());
    bench.fetch(&known()).unwrap();
    for request in hub.requests() {
        let to_storage = request.path.starts_with("/storage/");
        assert_eq!(request.authorized, !to_storage, "{request:?}");
    }
}

#[test]
fn the_token_does_not_follow_to_another_port_of_the_host() {
    let storage = FakeHub::start(good());
    let mut script = good();
    script.storage = Some(storage.endpoint.clone());
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    bench.env.token = Some("secret".to_owned());
    bench.fetch(&known()).unwrap();
    assert!(hub.requests().iter().all(|request| request.authorized));
    let there = storage.requests();
    assert!(!there.is_empty());
    assert!(there.iter().all(|request| !request.authorized), "{there:?}");
}

#[test]
fn an_empty_etag_leaves_no_stray_file() {
    let mut script = good();
    (script.etag, script.empty_etags) = (String::new(), true);
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    let path = bench.fetch(&known()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());
    let files = bench.files();
    assert!(files.iter().all(|f| !f.ends_with(".part")), "{files:?}");
}

#[test]
fn a_cut_connection_is_resumed_at_once() {
    let mut script = good();
    script.cuts = vec![300_000, 200_000];
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    let path = bench.fetch(&known()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());
    let starts: Vec<_> = hub.downloads().iter().map(|d| d.range).collect();
    assert_eq!(starts, [None, Some(300_000), Some(500_000)]);
}

#[test]
fn what_came_is_kept_for_the_next_run() {
    let mut script = good();
    script.cuts = vec![300_000, 0];
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    let message = bench.fetch_error(&known());
    assert!(message.contains("300000 of 800000"), "{message}");
    assert_eq!(bench.files(), [blob(&(sha256(&body()) + ".part"))]);
    bench.fetch(&known()).unwrap();
    assert_eq!(hub.downloads().last().unwrap().range, Some(300_000));
}

#[test]
fn a_server_without_ranges_starts_over_cleanly() {
    let mut script = good();
    script.cuts = vec![300_000];
    script.no_ranges = true;
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    let path = bench.fetch(&known()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());
}

#[test]
fn a_wrong_announcement_is_refused_before_the_download() {
    let mut script = good();
    script.announced = Some(5);
    let hub = FakeHub::start(script);
    let message = Bench::new(&hub.endpoint).fetch_error(&known());
    assert!(message.contains("5 bytes, expected 800000"), "{message}");
    assert!(hub.downloads().is_empty());

    let mut script = good();
    script.etag = sha256(b"another version");
    let hub = FakeHub::start(script);
    let message = Bench::new(&hub.endpoint).fetch_error(&known());
    assert!(message.contains("offers sha256"), "{message}");
    assert!(hub.downloads().is_empty());
}

#[test]
fn a_short_and_a_long_file_are_refused() {
    for body in [body()[..400_000].to_vec(), [body(), body()].concat()] {
        let hub = FakeHub::start(Script { body, ..good() });
        let mut bench = Bench::new(&hub.endpoint);
        assert!(bench.fetch(&known()).is_err());
        let files = bench.files();
        assert!(files.iter().all(|f| f.ends_with(".part")), "{files:?}");
    }
}

#[test]
fn wrong_bytes_leave_nothing_behind() {
    let mut wrong = good();
    wrong.body[7] ^= 1;
    let hub = FakeHub::start(wrong);
    let mut bench = Bench::new(&hub.endpoint);
    let message = bench.fetch_error(&known());
    assert!(
        message.contains("it is not the requested file"),
        "{message}"
    );
    assert_eq!(bench.files(), [] as [&str; 0]);
}

#[test]
fn refusals_say_what_to_do() {
    let cases = [
        (401, "HF_TOKEN"),
        (404, "no tiny.gguf"),
        (503, "status 503"),
    ];
    for (status, says) in cases {
        let mut script = good();
        script.hub_status = Some(status);
        let hub = FakeHub::start(script);
        let message = Bench::new(&hub.endpoint).fetch_error(&known());
        assert!(message.contains(says), "{message}");
        assert!(message.contains("--model PATH"), "{message}");
    }
}

#[test]
fn cancelling_in_the_middle_is_prompt_and_keeps_what_came() {
    let mut script = good();
    script.pause = Duration::from_millis(5);
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    let cancel = AtomicBool::new(false);
    let opts = FetchOptions {
        cancel: &cancel,
        confirm_large: &|_| false,
        offline: false,
    };
    let mut cancelled_at = None;
    let err = resolve_entry(&bench.env, &known(), &opts, &mut |event| {
        if let FetchEvent::Downloading {
            done: 100_000.., ..
        } = event
        {
            cancel.store(true, Ordering::Relaxed);
            cancelled_at.get_or_insert_with(Instant::now);
        }
    });
    assert!(err.unwrap_err().is::<Cancelled>());
    assert!(cancelled_at.unwrap().elapsed() < PROMPT);
    assert_eq!(bench.files(), [blob(&(sha256(&body()) + ".part"))]);
    bench.fetch(&known()).unwrap();
    assert!(hub.downloads().last().unwrap().range >= Some(100_000));
}

#[test]
fn two_at_once_download_once() {
    let mut script = good();
    script.pause = Duration::from_millis(2);
    let hub = FakeHub::start(script);
    let first = Bench::new(&hub.endpoint);
    let env = &first.env;
    let cancel = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let fetching = [(), ()].map(|()| {
            scope.spawn(move || {
                let opts = FetchOptions {
                    cancel,
                    confirm_large: &|_| false,
                    offline: false,
                };
                resolve_entry(env, &known(), &opts, &mut |_| {})
            })
        });
        let paths = fetching.map(|thread| thread.join().unwrap().unwrap());
        assert_eq!(paths[0], paths[1]);
    });
    assert_eq!(hub.downloads().len(), 1);
}

#[test]
fn cancelling_does_not_wait_for_a_silent_server() {
    // A listener that accepts nothing: the connection opens, no answer comes.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let cancel = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let fetching =
            scope.spawn(|| Bench::new(&endpoint).fetch_until(&known(), &cancel, &|_| false));
        // The connection stands before the fetch is cancelled.
        let _connection = silent.accept().unwrap();
        cancel.store(true, Ordering::Relaxed);
        let started = Instant::now();
        assert!(fetching.join().unwrap().unwrap_err().is::<Cancelled>());
        assert!(started.elapsed() < PROMPT);
    });
}

#[test]
fn more_than_a_gigabyte_is_asked_for() {
    let mut script = good();
    script.announced = Some(4_000_000_000);
    let hub = FakeHub::start(script);
    let mut bench = Bench::new(&hub.endpoint);
    let asked = std::cell::Cell::new(0);
    let declining = |size| {
        asked.set(size);
        false
    };
    let err = bench.fetch_until(&unknown(), &AtomicBool::new(false), &declining);
    assert!(err.unwrap_err().is::<Declined>());
    assert_eq!(asked.get(), 4_000_000_000);
    assert!(hub.downloads().is_empty());
}
