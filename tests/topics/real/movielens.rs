//! ML-100K comes in whole and fast, and alike in every dialect.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use laserscope::recsys::{Framework, Protocol, Role, SubjectKind, prompt};
use tempfile::TempDir;

use super::super::import::{essence, folder, good, gz};

const WHEEL: &str = "recbole==1.2.1";

/// ML-100K as the Python package carries it; fetched once, kept in the target
/// folder.
fn ml_100k() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| match fetch_ml_100k() {
        Ok(folder) => folder,
        Err(error) => panic!("this test needs ML-100K from the Python package {WHEEL}: {error}"),
    })
}

fn fetch_ml_100k() -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ml-100k");
    if kept.join("ml-100k.inter").is_file() {
        return Ok(kept);
    }
    let scratch = TempDir::new().map_err(|e| e.to_string())?;
    let python = ["python3", "python"].iter().find_map(|python| {
        let mut pip = Command::new(python);
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            WHEEL,
            "--dest",
        ]);
        pip.arg(scratch.path()).output().ok()
    });
    let output = python.ok_or("there is no Python")?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(complaint
            .trim()
            .lines()
            .last()
            .unwrap_or("pip failed")
            .to_owned());
    }
    let mut entries = fs::read_dir(scratch.path()).map_err(|e| e.to_string())?;
    let wheel = entries.next().ok_or("pip brought nothing")?;
    let wheel = fs::File::open(wheel.map_err(|e| e.to_string())?.path());
    let mut wheel =
        zip::ZipArchive::new(wheel.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    let part = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).map_err(|e| e.to_string())?;
    for ending in ["inter", "item", "user"] {
        let name = format!("recbole/dataset_example/ml-100k/ml-100k.{ending}");
        let mut entry = wheel.by_name(&name).map_err(|e| e.to_string())?;
        let file = fs::File::create(part.path().join(format!("ml-100k.{ending}")));
        std::io::copy(&mut entry, &mut file.map_err(|e| e.to_string())?)
            .map_err(|e| e.to_string())?;
    }
    // Another test run may have been quicker; then its copy serves.
    let _ = fs::rename(part.keep(), &kept);
    Ok(kept)
}

/// The rows of one of its files, without the header.
fn rows(ending: &str) -> Vec<Vec<String>> {
    let path = ml_100k().join(format!("ml-100k.{ending}"));
    let text = fs::read_to_string(path).expect("reads");
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

#[test]
fn ml_100k_comes_in_whole_and_fast() {
    let folder = ml_100k();
    let start = Instant::now();
    let (catalog, findings) = good(folder);
    let seconds = start.elapsed().as_secs_f64();
    let n_ratings: usize = catalog.users.iter().map(|user| user.history.len()).sum();
    assert_eq!(
        (catalog.items.len(), catalog.users.len(), n_ratings),
        (1682, 943, 100_000)
    );
    assert_eq!(
        (findings.n_bad_lines, findings.notes.as_slice()),
        (0, &[][..])
    );
    assert_eq!(catalog.protocol, Protocol::MOVIELENS);
    assert!(seconds < 2.0, "{seconds} s");

    let at = catalog.find(SubjectKind::Item, "12").expect("known");
    assert_eq!(catalog.subject(at).label(), "The Usual Suspects (1995)");
    let at = catalog.find(SubjectKind::User, "196").expect("known");
    let user = &catalog.users[at.idx];
    assert_eq!(user.history.len(), 39);
    assert!(user.history.is_sorted_by_key(|rating| rating.at_s));
    assert_eq!(user.facts[2].value, "writer");

    let kar = Framework::named("kar").expect("bundled");
    let asked = prompt(&kar, &catalog, at, Role::Query)
        .expect("renders")
        .user;
    assert!(
        !asked.contains("none") && !asked.contains("Directors"),
        "{asked}"
    );
}

#[test]
fn every_movielens_dialect_gives_the_same_catalog() {
    let want = essence(&good(ml_100k()).0);
    let dialects = [
        ("MovieLens 100K", as_100k()),
        ("MovieLens 1M", as_1m()),
        ("MovieLens 10M", as_10m()),
        ("MovieLens CSV", as_latest()),
        ("LaserScope's own format", as_own_jsonl()),
    ];
    for (name, folder) in dialects {
        let (catalog, findings) = good(folder.path());
        assert_eq!(findings.dialect, name);
        assert_eq!(
            (findings.n_bad_lines, &findings.shown),
            (0, &vec![]),
            "{name}"
        );
        let got = essence(&catalog);
        // Groups of our own format are the most frequent categories.
        let differs = want.lines().zip(got.lines()).find(|(a, b)| match name {
            "LaserScope's own format" => {
                a.rsplit_once(' ').map(|x| x.0) != b.rsplit_once(' ').map(|x| x.0)
            }
            _ => a != b,
        });
        assert_eq!(differs, None, "{name}");
        assert_eq!(want.lines().count(), got.lines().count(), "{name}");
    }
}

fn title_and_year(item: &[String]) -> String {
    // One film has a word there.
    match item[2].parse::<u16>() {
        Err(_) => item[1].clone(),
        Ok(year) => format!("{} ({year})", item[1]),
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(c).expect("Latin-1"))
        .collect()
}

fn as_100k() -> TempDir {
    const FLAGS: [&str; 19] = [
        "unknown",
        "Action",
        "Adventure",
        "Animation",
        "Children's",
        "Comedy",
        "Crime",
        "Documentary",
        "Drama",
        "Fantasy",
        "Film-Noir",
        "Horror",
        "Musical",
        "Mystery",
        "Romance",
        "Sci-Fi",
        "Thriller",
        "War",
        "Western",
    ];
    let mut items = String::new();
    for item in rows("item") {
        let genres: Vec<&str> = item[3].split(' ').collect();
        let flags = FLAGS.map(|flag| if genres.contains(&flag) { "1" } else { "0" });
        let title = title_and_year(&item);
        items += &format!(
            "{}|{title}|01-Jan-1995||http://x/|{}\n",
            item[0],
            flags.join("|")
        );
    }
    let users = rows("user")
        .iter()
        .map(|user| user.join("|") + "\n")
        .collect::<String>();
    let ratings = rows("inter")
        .iter()
        .map(|row| row.join("\t") + "\n")
        .collect::<String>();
    folder(&[
        ("u.item", &latin_1(&items)),
        ("u.user", users.as_bytes()),
        ("u.data", ratings.as_bytes()),
    ])
}

fn dat_items() -> String {
    let items = rows("item");
    let line = |item: &Vec<String>| {
        let title = title_and_year(item);
        format!("{}::{title}::{}\n", item[0], item[3].replace(' ', "|"))
    };
    items.iter().map(line).collect()
}

fn dat_ratings(stars: impl Fn(&str) -> String) -> String {
    let line = |r: &Vec<String>| format!("{}::{}::{}::{}\n", r[0], r[1], stars(&r[2]), r[3]);
    rows("inter").iter().map(line).collect()
}

fn as_1m() -> TempDir {
    let line = |user: &Vec<String>| format!("{}::{}::25::12::{}\n", user[0], user[2], user[4]);
    let users: String = rows("user").iter().map(line).collect();
    folder(&[
        ("movies.dat", &latin_1(&dat_items())),
        ("users.dat", users.as_bytes()),
        ("ratings.dat", dat_ratings(str::to_owned).as_bytes()),
    ])
}

fn as_10m() -> TempDir {
    folder(&[
        ("movies.dat", dat_items().as_bytes()),
        (
            "ratings.dat",
            dat_ratings(|stars| format!("{stars}.0")).as_bytes(),
        ),
    ])
}

/// With the header, the quotes and the line ends of the CSV editions.
fn as_latest() -> TempDir {
    let mut items = String::from("movieId,title,genres\r\n");
    for item in rows("item") {
        let title = title_and_year(&item);
        let title = match title.contains([',', '"']) {
            true => format!("\"{}\"", title.replace('"', "\"\"")),
            false => title,
        };
        let genres = match item[3].as_str() {
            "unknown" => "(no genres listed)".to_owned(),
            genres => genres.replace("Children's", "Children").replace(' ', "|"),
        };
        items += &format!("{},{title},{genres}\r\n", item[0]);
    }
    let mut ratings = String::from("userId,movieId,rating,timestamp\r\n");
    for row in rows("inter") {
        ratings += &format!("{},{},{}.0,{}\r\n", row[0], row[1], row[2], row[3]);
    }
    folder(&[
        ("movies.csv", items.as_bytes()),
        ("ratings.csv", ratings.as_bytes()),
    ])
}

/// Our own format says titles as they are, so they come from an import.
fn as_own_jsonl() -> TempDir {
    let (catalog, _) = good(ml_100k());
    let mut items = String::new();
    for item in &catalog.items {
        let line = serde_json::json!({
            "id": item.id, "title": item.title, "year": item.year, "genres": item.genres,
        });
        writeln!(items, "{line}").expect("to memory");
    }
    let mut ratings = String::new();
    for row in rows("inter") {
        let stars: f32 = row[2].parse().expect("a number");
        let at: i64 = row[3].parse().expect("a number");
        let line =
            serde_json::json!({"user": row[0], "item": row[1], "rating": stars, "timestamp": at});
        writeln!(ratings, "{line}").expect("to memory");
    }
    folder(&[
        ("items.jsonl", items.as_bytes()),
        ("ratings.jsonl.gz", &gz(&ratings)),
    ])
}

#[test]
fn an_archive_reads_as_its_folder_does() {
    let folder = as_latest();
    let path = folder.path().join("ml-latest-small.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).expect("creates"));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["movies.csv", "ratings.csv"] {
        archive
            .start_file(format!("ml-latest-small/{name}"), options)
            .expect("writes");
        let bytes = fs::read(folder.path().join(name)).expect("reads");
        archive.write_all(&bytes).expect("writes");
    }
    archive.finish().expect("writes");
    let (catalog, _) = good(&path);
    assert_eq!(catalog.name, "ml-latest-small");
    assert_eq!(essence(&catalog), essence(&good(folder.path()).0));
}
