//! Importers: every dialect gives the same catalog, real data is imported completely
//! and fast, and damage is counted and named, never a panic.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use flate2::Compression;
use flate2::write::GzEncoder;
use laserscope::recsys::import::{Cancelled, Findings, Options, Watch, import};
use laserscope::recsys::{Catalog, Framework, Protocol, Role, SubjectKind, prompt};
use proptest::prelude::*;
use tempfile::TempDir;

fn read(path: &Path, options: &Options) -> color_eyre::Result<(Catalog, Findings)> {
    let mut watch = Watch {
        on: &mut |_| {},
        cancel: &AtomicBool::new(false),
    };
    import(path, options, &mut watch)
}

pub fn good(path: &Path) -> (Catalog, Findings) {
    read(path, &Options::default()).expect("imports")
}

fn refusal(path: &Path, options: &Options) -> String {
    format!("{:#}", read(path, options).expect_err("refused"))
}

pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("writes");
    }
    folder
}

pub fn gz(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("to memory");
    encoder.finish().expect("to memory")
}

/// Items, users and histories, without groups and without what only some dialects
/// say.
pub fn essence(catalog: &Catalog) -> String {
    let mut text = String::new();
    for item in &catalog.items {
        let (id, title, year, genres) = (&item.id, &item.title, item.year, &item.genres);
        writeln!(text, "{id} {title} {year:?} {genres:?} {}", item.group).expect("to memory");
    }
    for user in &catalog.users {
        writeln!(text, "{} {:?} {}", user.id, user.history, user.group).expect("to memory");
    }
    text
}

#[test]
fn a_group_map_that_unpacks_to_too_much_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("x.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).expect("creates"));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in [
        ("items.csv", b"id,title\n1,One\n".to_vec()),
        ("groups.toml", vec![b' '; (1 << 24) + 1]),
    ] {
        archive.start_file(name, options).expect("writes");
        archive.write_all(&bytes).expect("writes");
    }
    archive.finish().expect("writes");
    let message = refusal(&path, &Options::default());
    assert!(
        message.contains("x.zip:groups.toml: larger than 16 MiB"),
        "{message}"
    );
}

#[test]
fn the_sample_folder_imports_as_what_ships() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let (catalog, findings) = good(&path);
    let bundled = Catalog::bundled().expect("loads");
    assert_eq!(catalog.items, bundled.items);
    assert_eq!(catalog.users, bundled.users);
    assert_eq!(findings.n_bad_lines, 0);
}

// The other data sets, in small

const REVIEWS_2014: &str = r#"{"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 20, "reviewText": "good"}
{"reviewerID": "A1", "asin": "B2", "overall": 4.0, "unixReviewTime": 10}
{"reviewerID": "A2", "asin": "B3", "overall": 5.0, "unixReviewTime": 30}
{"reviewerID": "A1", "asin": "B1", "overall": 1.0, "unixReviewTime": 5}
"#;
const META_2014: &str = r#"{'asin': 'B1', 'title': 'Tom &amp; Jerry\'s Day', 'categories': [['Books', 'Comics']], 'brand': "O'X"}
{'asin': 'B2', 'title': "Plain", 'categories': [['Books']]}
{'asin': 'B9', 'title': 'Nobody reviewed this', 'categories': []}
{'asin': 'B3', 'price': 3.5}
"#;

#[test]
fn amazon_2014_is_read_as_python_wrote_it() {
    let folder = folder(&[
        ("reviews_Books_5.json.gz", &gz(REVIEWS_2014)),
        ("meta_Books.json.gz", &gz(META_2014)),
    ]);
    let (catalog, findings) = good(folder.path());
    assert_eq!(
        (&*catalog.name, &*findings.dialect),
        ("Books", "Amazon Reviews 2014")
    );
    assert_eq!(
        (catalog.protocol, &*catalog.noun),
        (Protocol::AMAZON, "book")
    );
    let titles: Vec<&str> = catalog.items.iter().map(|item| &*item.title).collect();
    assert_eq!(titles, ["Tom & Jerry's Day", "Plain"]);
    assert_eq!(*catalog.items[0].genres, ["Comics"]);
    assert_eq!(catalog.items[0].facts[0].value, "O'X");
    // The repeated rating counts once, the latest; B3 has no title.
    let times: Vec<i64> = catalog.users[0].history.iter().map(|r| r.at_s).collect();
    assert_eq!(times, [10, 20]);
    assert!(catalog.users[1].history.is_empty());
    assert_eq!(findings.n_bad_lines, 1);
    assert!(
        findings.shown[0].contains("meta_Books.json.gz:4: item `B3` has no title"),
        "{findings:?}"
    );
    let kar = Framework::named("kar").expect("bundled");
    let at = catalog.find(SubjectKind::Item, "B2").expect("known");
    let asked = prompt(&kar, &catalog, at, Role::Query)
        .expect("renders")
        .user;
    assert_eq!(asked, "Introduce the book Plain.\nGenre: Books.");
}

#[test]
fn amazon_2018_and_2023_are_told_apart() {
    let reviews = r#"{"overall": 5.0, "verified": true, "reviewerID": "A1", "asin": "B1", "unixReviewTime": 1500000000}"#;
    let meta = r#"{"asin": "B1", "title": "A &quot;B&quot; <span>C</span>", "category": ["Movies & TV", "Drama"], "brand": ""}"#;
    let folder_2018 = folder(&[
        ("Movies_and_TV_5.json.gz", &gz(reviews)),
        ("meta_Movies_and_TV.json.gz", &gz(meta)),
    ]);
    let (catalog, findings) = good(folder_2018.path());
    assert_eq!(findings.dialect, "Amazon Reviews 2018");
    assert_eq!(
        (&*catalog.items[0].title, &*catalog.noun),
        ("A \"B\" C", "movie")
    );

    let reviews = r#"{"rating": 5.0, "title": "x", "asin": "C1", "parent_asin": "B1", "user_id": "A1", "timestamp": 1500000000123}"#;
    let meta = r#"{"main_category": "Video Games", "title": "Game", "store": "S", "categories": ["Video Games", "PC"], "parent_asin": "B1"}"#;
    let folder_2023 = folder(&[
        ("Video_Games.jsonl", reviews.as_bytes()),
        ("meta_Video_Games.jsonl.gz", &gz(meta)),
    ]);
    for path in [
        folder_2023.path(),
        &folder_2023.path().join("Video_Games.jsonl"),
    ] {
        let (catalog, findings) = good(path);
        assert_eq!(findings.dialect, "Amazon Reviews 2023");
        assert_eq!(catalog.users[0].history[0].at_s, 1_500_000_000);
        assert_eq!((&*catalog.name, &*catalog.noun), ("Video_Games", "product"));
    }
    // Alone, reviews have no titles; the way out is told.
    fs::remove_file(folder_2023.path().join("meta_Video_Games.jsonl.gz")).expect("removes");
    let message = refusal(folder_2023.path(), &Options::default());
    assert!(message.contains("meta_Video_Games"), "{message}");
}

#[test]
fn goodbooks_takes_genres_from_the_shelves_and_order_for_time() {
    let folder = folder(&[
        ("books.csv", b"book_id,goodreads_book_id,authors,original_publication_year,title\n1,77,\"A, B\",2008.0,\"Games, The\"\n2,78,C,-500.0,Old\n"),
        ("ratings.csv", b"user_id,book_id,rating\n1,2,4\n1,1,5\n"),
        ("tags.csv", b"tag_id,tag_name\n5,fantasy\n6,to-read\n7,young-adult\n"),
        ("book_tags.csv", b"goodreads_book_id,tag_id,count\n77,6,900\n77,5,20\n77,7,30\n"),
    ]);
    let (catalog, findings) = good(folder.path());
    assert_eq!(
        (&*findings.dialect, findings.n_bad_lines),
        ("goodbooks-10k", 0)
    );
    let item = &catalog.items[0];
    assert_eq!(
        (item.year, &item.genres[..]),
        (Some(2008), &["young adult".into(), "fantasy".into()][..])
    );
    assert_eq!(item.facts[0].value, "A, B");
    assert_eq!(catalog.items[1].year, None);
    let order: Vec<usize> = catalog.users[0]
        .history
        .iter()
        .map(|r| r.item_idx())
        .collect();
    assert_eq!(order, [1, 0]);
}

// Options

fn small(ratings: &str) -> TempDir {
    folder(&[
        (
            "movies.csv",
            b"movieId,title,genres\n2,Two (1990),Drama\n1,\"One, The (1991)\",Comedy|War\n",
        ),
        (
            "ratings.csv",
            format!("userId,movieId,rating,timestamp\n{ratings}").as_bytes(),
        ),
    ])
}

#[test]
fn bad_lines_are_counted_and_the_first_shown_or_stop_everything() {
    let bad = [
        "1,1,-9,1",
        "1,1",
        "1,1,4,1,2",
        ",1,4,1",
        "1,1,x,1",
        "1,,4,1",
    ];
    let folder = small(&format!("1,1,4,1\n{}\n", bad.join("\n")));
    let (catalog, findings) = good(folder.path());
    assert_eq!(catalog.users[0].history.len(), 1);
    assert_eq!((findings.n_bad_lines, findings.shown.len()), (6, 5));
    assert!(
        findings.shown[0].ends_with("ratings.csv:4: no rating"),
        "{findings:?}"
    );
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    let message = refusal(folder.path(), &strict);
    assert!(message.contains("ratings.csv:4: no rating"), "{message}");
}

#[test]
fn a_limit_keeps_the_first_ratings_and_their_items() {
    let folder = small("1,1,4,1\n1,2,4,2\n2,2,4,3\n");
    let limit = Options {
        limit: Some(1),
        ..Options::default()
    };
    let (catalog, _) = read(folder.path(), &limit).expect("imports");
    assert_eq!((catalog.items.len(), catalog.users.len()), (1, 1));
    assert_eq!(catalog.items[0].title, "The One");
}

#[test]
fn an_import_is_told_of_and_can_be_cancelled() {
    let folder = small("1,1,4,1\n");
    let mut told = Vec::new();
    let mut watch = Watch {
        on: &mut |progress| told.push(progress.describe()),
        cancel: &AtomicBool::new(false),
    };
    import(folder.path(), &Options::default(), &mut watch).expect("imports");
    assert!(
        told.last()
            .is_some_and(|last| last == "importing ratings.csv: 100%, 1 ratings"),
        "{told:?}"
    );
    let mut watch = Watch {
        on: &mut |_| {},
        cancel: &AtomicBool::new(true),
    };
    let error = import(folder.path(), &Options::default(), &mut watch).expect_err("cancelled");
    assert!(error.is::<Cancelled>());
}

#[test]
fn what_is_no_catalog_is_told_what_is() {
    let empty = folder(&[("notes.txt", b"x")]);
    let message = refusal(empty.path(), &Options::default());
    assert!(
        message.contains("movies.csv") && message.contains("u.data"),
        "{message}"
    );
    let nowhere = refusal(&empty.path().join("nowhere"), &Options::default());
    assert!(nowhere.contains("nowhere"), "{nowhere}");
    let two = [
        ("a.inter", b""),
        ("a.item", b""),
        ("b.inter", b""),
        ("b.item", b""),
    ];
    let two = folder(&two.map(|(name, bytes)| (name, &bytes[..])));
    assert!(refusal(two.path(), &Options::default()).contains("name one"));
    let header = folder(&[("movies.csv", b"number,name\n"), ("ratings.csv", b"")]);
    let message = refusal(header.path(), &Options::default());
    assert!(
        message.contains("movies.csv:1: the header lacks movieId; it has number, name"),
        "{message}"
    );
}

// The cache

#[test]
fn a_kept_import_serves_until_the_files_change_or_it_is_damaged() {
    let folder = small("1,1,4,1\n2,1,x,1\n2,2,4.5,7\n");
    let kept = TempDir::new().expect("a temporary folder");
    let options = Options {
        cache: Some(kept.path().join("imports")),
        ..Options::default()
    };
    let import = |options: &Options| read(folder.path(), options).expect("imports");
    let (first, findings) = import(&options);
    assert!(!findings.cached);
    let (again, mut found) = import(&options);
    assert!(found.cached);
    found.cached = false;
    assert_eq!((found, essence(&again)), (findings, essence(&first)));
    assert_eq!(again.items, first.items);
    assert_eq!(again.users, first.users);

    // A kept import with bad lines does not serve a strict one.
    let strict = Options {
        strict: true,
        ..options.clone()
    };
    assert!(refusal(folder.path(), &strict).contains("ratings.csv:3"));
    // Another limit is another import.
    let limited = Options {
        limit: Some(1),
        ..options.clone()
    };
    assert!(!import(&limited).1.cached);

    let file = fs::read_dir(kept.path().join("imports")).expect("a folder");
    let files: Vec<PathBuf> = file.map(|entry| entry.expect("an entry").path()).collect();
    for path in &files {
        let whole = fs::read(path).expect("reads");
        for at in (0..whole.len()).step_by(7) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            fs::write(path, &flipped).expect("writes");
            assert_eq!(essence(&import(&options).0), essence(&first), "byte {at}");
            fs::write(path, &whole[..at]).expect("writes");
            assert_eq!(essence(&import(&options).0), essence(&first), "cut at {at}");
        }
    }
    fs::write(
        folder.path().join("ratings.csv"),
        "userId,movieId,rating,timestamp\n1,1,5,1\n",
    )
    .expect("writes");
    let (changed, findings) = import(&options);
    assert!(!findings.cached && changed.users.len() == 1);
}

// Damage

/// A small data set of every dialect: file names and contents.
pub fn specimens() -> Vec<Vec<(&'static str, Vec<u8>)>> {
    let ml_csv = vec![
        (
            "movies.csv",
            b"movieId,title,genres\n1,\"One, The (1990)\",Drama|War\n2,Two,Comedy\n".to_vec(),
        ),
        (
            "ratings.csv",
            b"userId,movieId,rating,timestamp\n1,1,4.5,10\n1,2,3,11\n2,1,5,12\n".to_vec(),
        ),
    ];
    let ml_100k = vec![
        (
            "u.item",
            b"1|Am\xe9lie (1995)|x||y|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n".to_vec(),
        ),
        ("u.user", b"1|24|M|writer|85711\n".to_vec()),
        (
            "u.data",
            b"1\t1\t4\t881250949\n2\t1\t5\t881250950\n".to_vec(),
        ),
    ];
    let ml_1m = vec![
        (
            "movies.dat",
            b"1::One (1990)::Drama|War\n2::Tw\xe9, La::Comedy\n".to_vec(),
        ),
        ("users.dat", b"1::F::1::10::48067\n".to_vec()),
        (
            "ratings.dat",
            b"1::1::5::978300760\n1::2::3::978302109\n".to_vec(),
        ),
    ];
    let recbole = vec![
        (
            "x.item",
            b"item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tOne, The\tDrama War\n"
                .to_vec(),
        ),
        (
            "x.inter",
            b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t1\t3\t8.8e8\n"
                .to_vec(),
        ),
    ];
    let amazon = vec![
        ("Books_5.json", REVIEWS_2014.as_bytes().to_vec()),
        ("meta_Books.json", META_2014.as_bytes().to_vec()),
    ];
    let amazon_gz = vec![
        ("Books_5.json.gz", gz(REVIEWS_2014)),
        ("meta_Books.json.gz", gz(META_2014)),
    ];
    let books = vec![
        ("books.csv", b"book_id,goodreads_book_id,authors,original_publication_year,title\n1,77,\"A, B\",2008.0,G\n".to_vec()),
        ("ratings.csv", b"user_id,book_id,rating\n1,1,4\n".to_vec()),
        ("tags.csv", b"tag_id,tag_name\n5,fantasy\n".to_vec()),
        ("book_tags.csv", b"goodreads_book_id,tag_id,count\n77,5,20\n".to_vec()),
    ];
    let own = vec![
        (
            "items.jsonl",
            b"{\"id\":\"1\",\"title\":\"One\",\"genres\":[\"a\",\"b\"],\"author\":\"X\"}\n"
                .to_vec(),
        ),
        ("users.csv", b"id,name,age\nu,Me,3\n".to_vec()),
        (
            "ratings.csv",
            b"user,item,rating,timestamp\nu,1,4,5\n".to_vec(),
        ),
    ];
    vec![
        ml_csv, ml_100k, ml_1m, recbole, amazon, amazon_gz, books, own,
    ]
}

#[derive(Clone, Debug)]
enum Damage {
    Cut(f64),
    Put(f64, Vec<u8>),
    Huge(f64, u8),
    Empty,
    Binary(Vec<u8>),
}

impl Damage {
    fn spoil(&self, bytes: &[u8]) -> Vec<u8> {
        let place = |at: &f64| (at * bytes.len() as f64) as usize;
        let with = |at: &f64, middle: &[u8]| {
            let (head, tail) = bytes.split_at(place(at));
            [head, middle, tail].concat()
        };
        match self {
            Damage::Cut(at) => bytes[..place(at)].to_vec(),
            Damage::Put(at, middle) => with(at, middle),
            Damage::Huge(at, byte) => with(at, &vec![*byte; 300_000]),
            Damage::Empty => Vec::new(),
            Damage::Binary(bytes) => bytes.clone(),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..12),
        "[\"'\\\\{}\\[\\],:|\t\r\n\u{e9}\u{feff}0-]{1,8}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        (0.0..1.0).prop_map(Damage::Cut),
        (0.0..1.0, piece).prop_map(|(at, piece)| Damage::Put(at, piece)),
        (
            0.0..1.0,
            prop_oneof![Just(b'x'), Just(b'['), Just(b'"'), Just(b'\n'), Just(0)]
        )
            .prop_map(|(at, byte)| Damage::Huge(at, byte)),
        Just(Damage::Empty),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Damage::Binary),
    ]
}

#[test]
fn every_specimen_is_whole_before_it_is_damaged() {
    for specimen in specimens() {
        let files: Vec<(&str, &[u8])> = specimen.iter().map(|(n, b)| (*n, &b[..])).collect();
        let (catalog, findings) = good(folder(&files).path());
        let n_bad = u64::from(findings.dialect.contains("Amazon"));
        assert_eq!(findings.n_bad_lines, n_bad, "{findings:?}");
        assert!(!catalog.items.is_empty() && !catalog.users.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// Whatever is done to a file, the import ends with a catalog or a reason, and
    /// what it gives is consistent.
    #[test]
    fn a_damaged_file_never_panics(which in 0usize..8, file in 0usize..4, damage in damage(), strict: bool) {
        let mut specimen = specimens().swap_remove(which);
        let n = file % specimen.len();
        specimen[n].1 = damage.spoil(&specimen[n].1);
        let files: Vec<(&str, &[u8])> = specimen.iter().map(|(n, b)| (*n, &b[..])).collect();
        let folder = folder(&files);
        let options = Options { strict, ..Options::default() };
        match read(folder.path(), &options) {
            Ok((catalog, findings)) => {
                prop_assert!(!catalog.items.is_empty());
                prop_assert!(!strict || findings.n_bad_lines == 0);
                for user in &catalog.users {
                    prop_assert!(user.history.iter().all(|r| r.item_idx() < catalog.items.len()));
                    prop_assert!(user.history.is_sorted_by_key(|r| r.at_s));
                }
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
