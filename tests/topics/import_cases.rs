//! Real-world catalogs: data sets processed by other tools and people are imported
//! completely, or their faults are counted.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use laserscope::recsys::import::{Findings, Options, Watch, import};
use laserscope::recsys::{Catalog, Role, Scale, User};
use laserscope::text_input::Encoding;
use proptest::prelude::*;
use tempfile::TempDir;

fn read(path: &Path, options: &Options) -> color_eyre::Result<(Catalog, Findings)> {
    let mut watch = Watch {
        on: &mut |_| {},
        cancel: &AtomicBool::new(false),
    };
    let result = import(path, options, &mut watch);
    if let Ok((_, findings)) = &result {
        let n_left_out: u64 = findings.left_out.values().sum();
        let n_accounted = findings.rows_kept + n_left_out;
        assert_eq!(findings.rows_read, n_accounted, "{findings:?}");
    }
    result
}

fn good(path: &Path) -> (Catalog, Findings) {
    read(path, &Options::default()).expect("imports")
}

fn refusal(path: &Path) -> String {
    let error = read(path, &Options::default()).expect_err("refused");
    format!("{error:#}")
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("writes");
    }
    folder
}

fn texts(files: &[(&str, &str)]) -> TempDir {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
    folder(&files)
}

fn zip_of(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("sets.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).expect("creates"));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in files {
        archive.start_file(*name, options).expect("writes");
        archive.write_all(text.as_bytes()).expect("writes");
    }
    archive.finish().expect("writes");
    (folder, path)
}

fn titles(catalog: &Catalog) -> Vec<&str> {
    catalog.items.iter().map(|item| &*item.title).collect()
}

fn n_ratings(catalog: &Catalog) -> usize {
    catalog.users.iter().map(|user| user.history.len()).sum()
}

fn user<'a>(catalog: &'a Catalog, id: &str) -> &'a User {
    let found = catalog.users.iter().find(|user| user.id == id);
    found.expect("a known user")
}

fn likes<'a>(catalog: &'a Catalog, id: &str) -> Vec<&'a str> {
    let liked = catalog.protocol.positives(&user(catalog, id).history);
    let titles = liked.iter().map(|r| &*catalog.items[r.item_idx()].title);
    titles.collect()
}

// Rating scales

const SHELF: &str = "item_id:token\tname:token_seq\tgenre:token_seq\n\
    1\tQuiet Harbour\tDrama\n2\tRed Comet\tSci-Fi\n3\tPaper Fox\tComedy\n";

fn shelf(ratings: &str) -> TempDir {
    let inter = format!("user_id:token\titem_id:token\trating:float\n{ratings}");
    texts(&[("shelf.item", SHELF), ("shelf.inter", &inter)])
}

#[test]
fn ten_points_are_ten_points() {
    let folder =
        shelf("1\t1\t10\n1\t2\t7\n1\t3\t3\n2\t1\t8\n2\t2\t9\n2\t3\t-1\n3\t1\t6\n3\t2\t2\n");
    let (catalog, findings) = good(folder.path());
    assert_eq!((&*findings.scale, n_ratings(&catalog)), ("1-10", 7));
    assert_eq!(findings.left_out["rating outside the scale"], 1);
    assert_eq!(findings.n_bad_lines, 1);
    let shown = &findings.shown[0];
    assert!(
        shown.ends_with("shelf.inter:7: rating -1 is outside the scale 1-10"),
        "{shown}"
    );
    // Above 60% of the maximum, not above three.
    assert_eq!(likes(&catalog, "1"), ["Quiet Harbour", "Red Comet"]);
    assert_eq!(likes(&catalog, "3"), Vec::<&str>::new());
    let told = findings.describe(&catalog).join("\n");
    assert!(
        told.contains("11 rows read, 10 kept, 1 left out: 1 rating outside the scale"),
        "{told}"
    );
    assert!(told.contains("rating scale 1-10"), "{told}");
}

#[test]
fn the_scale_is_what_the_values_or_the_option_say() {
    for (ratings, scale, liked) in [
        ("1\t1\t1\n1\t2\t0\n", "0-1", &["Quiet Harbour"][..]),
        ("1\t1\t1\n1\t2\t-1\n", "-1/+1", &["Quiet Harbour"]),
        (
            "1\t1\t61\n1\t2\t60\n1\t3\t100\n",
            "1-100",
            &["Quiet Harbour", "Paper Fox"],
        ),
        (
            "1\t1\t3.5\n1\t2\t3\n1\t3\t0.5\n",
            "0.5-5",
            &["Quiet Harbour"],
        ),
        (
            "1\t1\t13883\n1\t2\t2\n",
            "counts",
            &["Quiet Harbour", "Red Comet"],
        ),
    ] {
        let (catalog, findings) = good(shelf(ratings).path());
        assert_eq!(
            (&*findings.scale, likes(&catalog, "1")),
            (scale, liked.to_vec())
        );
        assert_eq!(catalog.scale.to_string(), scale);
    }
    // Five is the highest: what is assumed is said, and the option decides.
    let folder = shelf("1\t1\t5\n1\t2\t4\n1\t3\t1\n");
    let (catalog, findings) = good(folder.path());
    let assumed = findings.scale_assumed.expect("an assumption");
    assert_eq!(assumed, "no rating is above 5; 1-5 is assumed");
    assert_eq!(likes(&catalog, "1").len(), 2);
    let ten = Options {
        scale: Some("1-10".parse().expect("a scale")),
        ..Options::default()
    };
    let (catalog, findings) = read(folder.path(), &ten).expect("imports");
    assert_eq!(
        (findings.scale_chosen, findings.scale_assumed),
        (true, None)
    );
    assert!(likes(&catalog, "1").is_empty());
    assert_eq!(
        catalog.scale,
        Scale::Range {
            min: 1.0,
            max: 10.0
        }
    );
}

#[test]
fn another_scale_is_another_kept_import() {
    let folder = shelf("1\t1\t5\n");
    let kept = TempDir::new().expect("a temporary folder");
    let import = |scale: Option<&str>| {
        let options = Options {
            cache: Some(kept.path().to_owned()),
            scale: scale.map(|scale| scale.parse().expect("a scale")),
            ..Options::default()
        };
        let (catalog, findings) = read(folder.path(), &options).expect("imports");
        (catalog.scale.to_string(), findings.cached)
    };
    assert_eq!(import(None), ("1-5".to_owned(), false));
    assert_eq!(import(Some("0-10")), ("0-10".to_owned(), false));
    assert_eq!(import(None), ("1-5".to_owned(), true));
    assert_eq!(import(Some("0-10")), ("0-10".to_owned(), true));
}

#[test]
fn a_rating_outside_the_scale_stops_a_strict_import() {
    let folder = shelf("1\t1\t10\n1\t2\t-1\n");
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    let error = read(folder.path(), &strict).expect_err("refused");
    let message = format!("{error:#}");
    assert!(
        message.contains("shelf.inter:3: rating -1 is outside the scale 1-10"),
        "{message}"
    );
}

// RecBole

#[test]
fn a_split_is_one_data_set_however_it_is_named() {
    let head = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n";
    let part = |rows: &str| format!("{head}{rows}");
    let (train, valid) = (
        part("1\t1\t5\t10\n1\t2\t4\t11\n2\t1\t5\t12\n"),
        part("2\t2\t4\t20\n"),
    );
    let test = part("1\t3\t5\t30\n2\t3\t2\t31\n");
    let folder = texts(&[
        ("shelf.item", SHELF),
        ("shelf.train.inter", &train),
        ("shelf.valid.inter", &valid),
        ("shelf.test.inter", &test),
    ]);
    for name in ["", "shelf.item", "shelf.train.inter", "shelf.test.inter"] {
        let (catalog, _) = good(&folder.path().join(name));
        let sizes = (
            catalog.items.len(),
            catalog.users.len(),
            n_ratings(&catalog),
        );
        assert_eq!((sizes, &*catalog.name), ((3, 2, 6), "shelf"), "{name}");
    }
}

#[test]
fn columns_are_known_by_their_place_in_both_files() {
    let artists = texts(&[
        (
            "tunes.item",
            "artist_id:token\tname:token_seq\turl:token\n10\tThe Lanterns\thttp://x/1\n11\tCold Brook\thttp://x/2\n",
        ),
        (
            "tunes.inter",
            "user_id:token\tartist_id:token\tweight:float\n1\t10\t3\n1\t11\t1\n2\t10\t2\n",
        ),
    ]);
    let (catalog, findings) = good(artists.path());
    assert_eq!(titles(&catalog), ["The Lanterns", "Cold Brook"]);
    // A weight is not a star rating, however small it is.
    assert_eq!(
        (&*findings.scale, likes(&catalog, "1").len()),
        ("counts", 2)
    );
    assert_eq!(findings.files[1].columns["item"], "artist_id");
    assert_eq!(findings.files[1].columns["rating"], "weight");

    let businesses = texts(&[
        (
            "yelp.item",
            "business_id:token\titem_name:token_seq\tcity:token_seq\titem_stars:float\tcategories:token_seq\n\
             b1\tQuiet Bar\tOslo\t4.5\tBars, Night Life\n",
        ),
        (
            "yelp.inter",
            "review_id:token\tuser_id:token\tbusiness_id:token\tstars:float\tuseful:float\tdate:token\n\
             r1\tu1\tb1\t5\t9\t2012-05-01 10:00:00\n",
        ),
    ]);
    let (catalog, _) = good(businesses.path());
    assert_eq!(*catalog.items[0].genres, ["Bars", "Night Life"]);
    let rating = catalog.users[0].history[0];
    assert_eq!((rating.stars, rating.at_s), (5.0, 1_335_866_400));

    let films = texts(&[
        (
            "ml-20m.item",
            "item_id:token\tmovie_name:token_seq\trelease_year:token\ttype:token_seq\n\
             1\tToy Parade\t1995\tAnimation Children\n2\tNight Ferry, The\t1995\tDrama\n",
        ),
        (
            "ml-20m.inter",
            "user_id:token\titem_id:token\trating:float\n1\t1\t4.5\n",
        ),
    ]);
    let (catalog, _) = good(films.path());
    assert_eq!(titles(&catalog), ["Toy Parade", "The Night Ferry"]);
    assert_eq!(
        (catalog.items[0].year, catalog.items[0].genres.len()),
        (Some(1995), 2)
    );

    // By its type where its name says nothing.
    let games = texts(&[
        ("g.item", "app:token\tlabel_text:token_seq\n7\tStone Age\n"),
        ("g.inter", "player:token\tapp:token\nx\t7\n"),
    ]);
    let (catalog, findings) = good(games.path());
    assert_eq!(
        (titles(&catalog), likes(&catalog, "x")),
        (vec!["Stone Age"], vec!["Stone Age"])
    );
    assert_eq!(findings.scale, "none");
}

#[test]
fn a_faulty_header_is_one_message_at_line_1() {
    for (item, inter, says) in [
        (
            "item_id\tname\n1\tA\n",
            "",
            "x.item:1: `item_id` is not a column name with its type",
        ),
        (
            "item_id:token\tname:text\n1\tA\n",
            "",
            "x.item:1: `name:text` is not a column name",
        ),
        (
            "movie:token\tname:token\n1\tA\n",
            "",
            "x.inter:1: the header shares no column of ids",
        ),
        (
            "item_id:token\tprice:float\n1\t2\n",
            "",
            "x.item:1: no column for the title",
        ),
        (
            SHELF,
            "user_id:token\titem_id:token\trating\n1\t1\t5\n",
            "x.inter:1: `rating` is no",
        ),
        (SHELF, " \n", "x.inter: empty"),
    ] {
        let inter = match inter {
            "" => "user_id:token\titem_id:token\n1\t1\n2\t1\n3\t1\n",
            inter => inter,
        };
        let message = refusal(texts(&[("x.item", item), ("x.inter", inter)]).path());
        assert!(message.contains(says), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

// Encodings

#[test]
fn a_file_is_in_one_encoding_and_says_which() {
    let text = "id,title\r\n1,Les Mis\u{e9}rables\r\n2,\u{2018}Caf\u{e9}\u{2019}\r\n";
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    let little: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
    let windows = |text: &str| -> Vec<u8> {
        let byte = |c| match c {
            '\u{2018}' => 0x91,
            '\u{2019}' => 0x92,
            c => u8::try_from(c).expect("a letter of Windows-1252"),
        };
        text.chars().map(byte).collect()
    };
    let utf_8 = |text: &str| text.as_bytes().to_vec();
    for (bytes, encoding) in [
        (utf_8(text), Encoding::Utf8),
        (utf_8(&["\u{feff}", text].concat()), Encoding::Utf8),
        (utf_8(&text.replace("\r\n", "\n")), Encoding::Utf8),
        (utf_8(&text.replace("\r\n", "\r")), Encoding::Utf8),
        (little, Encoding::Utf16Le),
        (big, Encoding::Utf16Be),
        (windows(text), Encoding::Windows1252),
    ] {
        let (catalog, findings) = good(folder(&[("items.csv", &bytes)]).path());
        assert_eq!(
            titles(&catalog),
            ["Les Mis\u{e9}rables", "\u{2018}Caf\u{e9}\u{2019}"]
        );
        assert_eq!(findings.files[0].encoding, encoding);
    }
}

#[test]
fn a_late_byte_decides_for_the_whole_file() {
    // What was read as UTF-8 so far is read again: no file has two encodings.
    let mut items = b"id,title\n1,\xc3\xa9\n".to_vec();
    for n in 2..20_000 {
        items.extend_from_slice(format!("{n},Film {n}\n").as_bytes());
    }
    items.extend_from_slice(b"20000,Am\xe9lie\x9d\n");
    let ratings = "user,item,rating\nu,1,4\nu,20000,5\n".as_bytes();
    let folder = folder(&[("items.csv", &items), ("ratings.csv", ratings)]);
    let (catalog, findings) = good(folder.path());
    assert_eq!(catalog.items[0].title, "\u{c3}\u{a9}");
    // No byte becomes a control character.
    assert_eq!(catalog.items[19_999].title, "Am\u{e9}lie\u{fffd}");
    assert_eq!((catalog.items.len(), n_ratings(&catalog)), (20_000, 2));
    let encodings: Vec<Encoding> = findings.files.iter().map(|file| file.encoding).collect();
    assert_eq!(encodings, [Encoding::Windows1252, Encoding::Utf8]);
}

// CSV

#[test]
fn a_quote_within_a_field_is_a_letter() {
    let items = "id,title,year,genres\ni1,Quiet Harbour,1995,Drama\ni2,12\" Remixes,1996,Music\n\
        i3,Red Comet,1997,Sci-Fi\ni4,Paper Fox,1998,Comedy\ni5,7\" Singles,1999,Music\ni6,Copper,2000,Crime\n";
    let (catalog, findings) = good(texts(&[("items.csv", items)]).path());
    assert_eq!(catalog.items.len(), 6);
    assert_eq!(
        (titles(&catalog)[1], titles(&catalog)[4]),
        ("12\" Remixes", "7\" Singles")
    );
    assert_eq!((findings.rows_read, findings.n_bad_lines), (6, 0));
}

#[test]
fn a_quote_that_never_closes_swallows_no_row() {
    let row = |n: usize| format!("i{n},Film {n},2000,Drama\n");
    let many: String = (10..500).map(row).collect();
    for (line, title) in [
        ("i1,\"Heroes,1977,Music", "\"Heroes"),
        ("i1,\"12\" Remixes,1996,Music", "\"12\" Remixes"),
        ("i1,\"\"Heroes\"\",1977,Music", "\"\"Heroes\"\""),
    ] {
        // Alone, before a field that is quoted, and before a quote at a field's end.
        for other in [
            "i2,Plain,2001,Drama",
            "i2,\"One, Two\",2001,Drama",
            "i2,EP 7\",2001,Drama",
        ] {
            let items = format!("id,title,year,genres\n{line}\n{other}\n{many}");
            let (catalog, findings) = good(texts(&[("items.csv", &items)]).path());
            assert_eq!(catalog.items.len(), 492, "{line} {other} {findings:?}");
            assert_eq!(titles(&catalog)[0], title, "{line} {other}");
            assert_eq!(findings.rows_read, 492);
        }
    }
    // At the end of the file, too; and it is said.
    let (catalog, findings) = good(texts(&[("items.csv", "id,title\n1,One\n2,\"Two")]).path());
    assert_eq!(titles(&catalog), ["One", "\"Two"]);
    assert!(
        findings.notes[0].ends_with("unclosed quotes, read as plain characters: 1"),
        "{findings:?}"
    );
}

#[test]
fn a_quoted_field_spans_lines_and_stays_in_its_row() {
    let items = "id,title,year,genres\n1,\"Two\nLines\rBack\",1997,Comedy\n\
        2,\"He said \"\"no\"\", twice\",1998,\"A|B\"\n";
    let (catalog, findings) = good(texts(&[("items.csv", items)]).path());
    assert_eq!(
        titles(&catalog),
        ["Two Lines Back", "He said \"no\", twice"]
    );
    assert_eq!((findings.rows_read, catalog.items[1].genres.len()), (2, 2));
}

#[test]
fn separators_come_from_the_header_and_padding_does_not_count() {
    for (items, separator) in [
        (
            "\u{feff}id;title;year;genres\r\ni1;Quiet, Harbour;1995;Drama\r\ni2;Red Comet;1997;\r\n",
            ";",
        ),
        (
            "id\ttitle\tyear\tgenres\ni1\tQuiet, Harbour\t1995\tDrama\ni2\tRed Comet\t1997\n",
            "\t",
        ),
        (
            "sep=;\nid;title;year;genres\ni1;Quiet, Harbour;1995;Drama;;\ni2;Red Comet;1997;;;\n;;;\n",
            ";",
        ),
        (
            "id,title,year,genres,,\ni1,\"Quiet, Harbour\",1995,Drama,,\ni2,Red Comet,1997,\n",
            ",",
        ),
        (
            "Genres,ID,Title,Year\nDrama,i1,\"Quiet, Harbour\",1995\n,i2, Red Comet ,1997.0\n",
            ",",
        ),
    ] {
        let (catalog, findings) = good(texts(&[("items.csv", items)]).path());
        assert_eq!(titles(&catalog), ["Quiet, Harbour", "Red Comet"], "{items}");
        assert_eq!(
            (catalog.items[1].year, findings.n_bad_lines),
            (Some(1997), 0),
            "{items}"
        );
        assert_eq!(findings.files[0].separator.as_deref(), Some(separator));
        assert!(
            catalog.items.iter().all(|item| item.facts.is_empty()),
            "{items}"
        );
    }
    let ratings = "user;item;rating\nu;i1;4,5\n";
    let folder = texts(&[("items.csv", "id;title\ni1;A\n"), ("ratings.csv", ratings)]);
    assert_eq!(good(folder.path()).0.users[0].history[0].stars, 4.5);
}

#[test]
fn one_id_is_one_id_and_missing_is_missing() {
    let items =
        "id,title,year,genres,director,studio\n1.0,None,NaN,None,N/A,null\n2,nan,,nan,,Paramount\n";
    let ratings = "user,item,rating,timestamp\n7.0,1,4,NaN\n7,2.0,5,\n7.0,3,nan,1\n";
    let folder = texts(&[("items.csv", items), ("ratings.csv", ratings)]);
    let (catalog, findings) = good(folder.path());
    // A film may be called None.
    assert_eq!(titles(&catalog), ["None", "nan"]);
    let item = &catalog.items[0];
    assert!(item.genres.is_empty() && item.director.is_empty() && item.facts.is_empty());
    assert_eq!(catalog.items[1].facts[0].value, "Paramount");
    assert_eq!((catalog.users.len(), n_ratings(&catalog)), (1, 2));
    assert_eq!(findings.left_out["no rating"], 1);
}

// Numbers and dates

const META: &str = "{\"asin\": \"B01\", \"title\": \"Wooden Train\", \"price\": NaN, \"category\": [\"Toys\", \"Trains\"]}\n\
    {'asin': 'B02', 'title': 'Tin Car', 'price': nan, 'salesRank': inf}\n";

#[test]
fn what_python_calls_json_is_read() {
    let reviews = "{\"overall\": 5.0, \"reviewerID\": \"U0\", \"asin\": \"B01\", \"unixReviewTime\": 1400000000, \"vote\": NaN}\n\
        {\"overall\": \"4.0\", \"reviewerID\": \"U1\", \"asin\": \"B02\", \"unixReviewTime\": \"1400000000\", \"x\": -Infinity}\n\
        {\"overall\": 3, \"reviewerID\": 2, \"asin\": \"B01\", \"unixReviewTime\": 1400000000000.0}\n\
        {\"overall\": 5.0, \"reviewerID\": \"U3\", \"asin\": \"B02\", \"reviewTime\": \"05 13, 2014\"}\n\
        {\"overall\": 5.0, \"reviewerID\": \"U4\", \"asin\": \"B01\", \"unixReviewTime\": null, \"reviewerName\": \"\\ud83d\"}\n\
        {\"overall\": 5.0, \"reviewerID\": \"U5\", \"asin\": \"B01\", \"unixReviewTime\": \"noon\"}\n\
        {\"overall\": NaN, \"reviewerID\": \"U6\", \"asin\": \"B01\"}\n";
    let folder = texts(&[("Toys.json", reviews), ("meta_Toys.json", META)]);
    let (catalog, findings) = good(folder.path());
    assert_eq!(
        (titles(&catalog), n_ratings(&catalog)),
        (vec!["Wooden Train", "Tin Car"], 6)
    );
    let times = ["U0", "U1", "2", "U3", "U4", "U5"].map(|id| user(&catalog, id).history[0].at_s);
    let day = 1_399_939_200;
    assert_eq!(
        times,
        [1_400_000_000, 1_400_000_000, 1_400_000_000, day, 0, 0]
    );
    assert_eq!(
        (findings.left_out["no rating"], findings.unreadable["times"]),
        (1, 1)
    );
}

#[test]
fn times_are_dates_or_numbers_and_never_drop_a_row() {
    let ratings = "\"userId\",\"movieId\",\"rating\",\"timestamp\"\n1,1,4.5,\"2005-04-02 23:53:47\"\n\
        2,1,5,1112486027\n3,1,5,1112486027.0\n4,1,5,1112486027000\n5,1,4,2005-04-02T23:53:47Z\n6,1,4,later\n7,1,4\n";
    let movies =
        "\"movieId\",\"title\",\"genres\"\n1,\"Toy Parade (1995)\",\"Animation|Children\"\n";
    let folder = texts(&[("movie.csv", movies), ("rating.csv", ratings)]);
    let (catalog, findings) = good(folder.path());
    assert_eq!(findings.dialect, "MovieLens CSV");
    let times: Vec<i64> = catalog
        .users
        .iter()
        .map(|user| user.history[0].at_s)
        .collect();
    let at = 1_112_486_027;
    assert_eq!(times, [at, at, at, at, at, 0, 0]);
    assert_eq!((findings.n_bad_lines, findings.unreadable["times"]), (0, 1));
    // A year that is none costs the film its year alone.
    let items = "id,title,year\n1,A,soon\n2,B,1999-12-31\n3,C,99999\n";
    let (catalog, findings) = good(texts(&[("items.csv", items)]).path());
    let years: Vec<Option<u16>> = catalog.items.iter().map(|item| item.year).collect();
    assert_eq!(
        (years, findings.unreadable["years"]),
        (vec![None, Some(1999), None], 2)
    );
}

// Folders and archives

#[test]
fn what_systems_leave_behind_is_not_there() {
    let junk = "\0\u{5}\u{16}\u{7}Mac OS X";
    let folder = texts(&[
        ("shelf.item", SHELF),
        ("shelf.inter", "user_id:token\titem_id:token\n1\t1\n"),
        ("._shelf.item", junk),
        ("._shelf.inter", junk),
        (".DS_Store", junk),
    ]);
    assert_eq!(good(folder.path()).0.items.len(), 3);
    let (_folder, path) = zip_of(&[
        ("ml\\movies.csv", "movieId,title,genres\n1,One,Drama\n"),
        (
            "ml\\ratings.csv",
            "userId,movieId,rating,timestamp\n1,1,4,5\n",
        ),
        ("__MACOSX/ml/._movies.csv", junk),
        ("ml/._ratings.csv", junk),
        (".hidden/movies.csv", junk),
    ]);
    let (catalog, _) = good(&path);
    assert_eq!((titles(&catalog), n_ratings(&catalog)), (vec!["One"], 1));
}

#[test]
fn two_data_sets_are_listed_and_one_is_chosen() {
    let movies = |title: &str| format!("movieId,title,genres\n1,{title},Drama\n");
    let ratings = "userId,movieId,rating,timestamp\n1,1,4,5\n";
    let (a, b) = (movies("Of A"), movies("Of B"));
    let (_folder, path) = zip_of(&[
        ("ml-a/movies.csv", &a),
        ("ml-a/ratings.csv", ratings),
        ("sub/ml-b/movies.csv", &b),
        ("sub/ml-b/ratings.csv", ratings),
        ("groups.toml", ""),
    ]);
    let message = refusal(&path);
    assert!(message.contains("more than one data set"), "{message}");
    for folder in ["ml-a", "sub/ml-b"] {
        assert!(
            message.contains(&path.join(folder).display().to_string()),
            "{message}"
        );
    }
    // An empty map of groups at the top applies to all folders, and is reported.
    assert!(refusal(&path.join("ml-a")).contains("groups.toml"));
    let (_folder, path) = zip_of(&[
        ("ml-a/movies.csv", &a),
        ("ml-a/ratings.csv", ratings),
        ("sub/ml-b/movies.csv", &b),
        ("sub/ml-b/ratings.csv", ratings),
    ]);
    for (within, title, name) in [
        ("ml-a", "Of A", "ml-a"),
        ("sub/ml-b", "Of B", "ml-b"),
        ("sub/ml-b/movies.csv", "Of B", "ml-b"),
    ] {
        let (catalog, _) = good(&path.join(within));
        assert_eq!((titles(&catalog), &*catalog.name), (vec![title], name));
    }
    let message = refusal(&path.join("ml-c"));
    assert!(
        message.contains("there is no ml-c") && message.contains("ml-a"),
        "{message}"
    );

    // Nor do two in one folder mix: a file's name chooses.
    let folder = texts(&[
        ("items.csv", "id,title\n1,Own\n"),
        ("movies.csv", &a),
        ("ratings.csv", "userId,movieId,rating,timestamp\n1,1,4,5\n"),
    ]);
    let message = refusal(folder.path());
    assert!(
        message.contains("items.csv") && message.contains("movies.csv"),
        "{message}"
    );
    for (name, title) in [("items.csv", "Own"), ("movies.csv", "Of A")] {
        let (catalog, _) = good(&folder.path().join(name));
        assert_eq!(titles(&catalog), [title]);
    }
}

#[test]
fn goodbooks_in_its_older_edition_and_with_negative_counts() {
    let older = texts(&[
        (
            "books.csv",
            "id,book_id,authors,original_publication_year,title\n1,2767052,A. Writer,2008.0,Lark\n2,3,\"B, C\",-750.0,Stone\n",
        ),
        (
            "ratings.csv",
            "book_id,user_id,rating\n1,314,5\n2,314,4\n1,439,3\n",
        ),
        (
            "tags.csv",
            "tag_id,tag_name\n11,fantasy\n12,to-read\n13,classics\n",
        ),
        (
            "book_tags.csv",
            "goodreads_book_id,tag_id,count\n2767052,11,500\n3,13,-1\n3,11,20\n",
        ),
    ]);
    let (catalog, findings) = good(older.path());
    assert_eq!((&*catalog.items[0].id, n_ratings(&catalog)), ("1", 3));
    assert_eq!(*catalog.items[0].genres, ["fantasy"]);
    // On no shelf less than once.
    assert_eq!(*catalog.items[1].genres, ["fantasy"]);
    assert_eq!((findings.n_bad_lines, catalog.items[1].year), (0, None));
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    read(older.path(), &strict).expect("no row is at fault");
}

#[test]
fn amazons_ratings_alone_are_read_in_either_order() {
    let meta = "{\"asin\": \"B000000001\", \"title\": \"Train\"}\n{\"asin\": \"0000000002\", \"title\": \"Car\"}\n";
    let rows = [
        ("A1YS9MDZP93857", "B000000001", "5.0", "1400000000"),
        ("A1YS9MDZP93857", "0000000002", "3.0", "1400000001"),
        ("A3TS466QBAWB9D", "B000000001", "4.0", "1400000002"),
    ];
    let users_first: String = rows
        .iter()
        .map(|(u, i, r, t)| format!("{u},{i},{r},{t}\n"))
        .collect();
    let items_first: String = rows
        .iter()
        .map(|(u, i, r, t)| format!("{i},{u},{r},{t}\n"))
        .collect();
    let with_header = format!("user_id,parent_asin,rating,timestamp\n{users_first}");
    for (name, text) in [
        ("ratings_Toys.csv", &users_first),
        ("Toys.csv", &items_first),
        ("Toys.csv", &with_header),
    ] {
        let folder = texts(&[(name, text), ("meta_Toys.json", meta)]);
        let (catalog, findings) = good(folder.path());
        assert_eq!(
            (titles(&catalog), n_ratings(&catalog)),
            (vec!["Train", "Car"], 3),
            "{name}"
        );
        assert_eq!(likes(&catalog, "A1YS9MDZP93857"), ["Train"]);
        assert_eq!(
            (findings.rows_read, findings.rows_kept, &*catalog.name),
            (5, 5, "Toys")
        );
    }
}

// Accounting

const REPEATED: &str = "repeated rating, the latest counts";

/// Rows, each with the reason for which it is left out, if it is.
const FAULTS: [(&str, Option<&str>); 10] = [
    ("1,1,4,10", None),
    ("1,1,5,11", Some(REPEATED)),
    ("1,9,4,10", Some("rating of an item without a title")),
    ("1,2,,10", Some("no rating")),
    ("1,2,x,10", Some("bad rating")),
    ("1,2,-3,10", Some("rating outside the scale")),
    (",2,4,10", Some("no id")),
    ("1,2,4,10,11", Some("wrong number of fields")),
    ("2,2,5,later", None),
    ("\"3,2,4,10", None),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    /// Whatever faults a file has in whatever order, every row is kept or counted
    /// under its reason.
    #[test]
    fn every_row_is_kept_or_counted(picks in prop::collection::vec(0..FAULTS.len(), 0..30)) {
        let mut ratings = String::from("userId,movieId,rating,timestamp\n3,1,5,1\n");
        for &n in &picks {
            ratings += FAULTS[n].0;
            ratings += "\n";
        }
        let movies = "movieId,title,genres\n1,One,Drama\n2,Two,\n1,Again,Drama\n3,,Drama\n,Four,\n\n";
        let folder = texts(&[("movies.csv", movies), ("ratings.csv", &ratings)]);
        let (_, findings) = good(folder.path());
        prop_assert_eq!(findings.rows_read as usize, picks.len() + 6);
        let n_picked = |what: &dyn Fn(usize) -> bool| picks.iter().filter(|&&n| what(n)).count();
        for (_, reason) in FAULTS {
            let Some(reason) = reason.filter(|reason| *reason != REPEATED) else { continue };
            let n_own = n_picked(&|n| FAULTS[n].1 == Some(reason));
            let n_of_items = usize::from(reason == "no id");
            let n_counted = findings.left_out.get(reason).copied().unwrap_or(0) as usize;
            prop_assert_eq!(n_counted, n_own + n_of_items, "{}", reason);
        }
        // Of one user's ratings of one item, all but the last.
        let pairs = [n_picked(&|n| n < 2), n_picked(&|n| n == 8), n_picked(&|n| n == 9)];
        let n_repeated: usize = pairs.iter().map(|n| n.saturating_sub(1)).sum();
        let n_counted = findings.left_out.get(REPEATED).copied().unwrap_or(0);
        prop_assert_eq!(n_counted as usize, n_repeated);
        prop_assert_eq!(findings.left_out["duplicate item"] + findings.left_out["no title"], 2);
    }
}

#[test]
fn a_product_without_a_review_or_twice_is_counted() {
    let meta = "{\"asin\": \"B1\", \"title\": \"A\"}\n{\"asin\": \"B1\", \"title\": \"A\"}\n\
        {\"asin\": \"B2\", \"title\": \"B\"}\n[1]\n";
    let reviews = "{\"reviewerID\": \"u\", \"asin\": \"B1\", \"overall\": 5, \"unixReviewTime\": 1}\nnonsense\n";
    let (_, findings) = good(texts(&[("Toys.json", reviews), ("meta_Toys.json", meta)]).path());
    let reasons = [
        "repeated product",
        "product without a review",
        "not an object",
    ];
    assert_eq!(reasons.map(|reason| findings.left_out[reason]), [1, 1, 2]);
    assert_eq!((findings.rows_read, findings.rows_kept), (6, 2));
    assert_eq!(findings.n_bad_lines, 2);
}

#[test]
fn a_limit_counts_what_it_leaves_out() {
    let folder = texts(&[
        ("movies.csv", "movieId,title\n1,One\n2,Two\n"),
        ("ratings.csv", "userId,movieId,rating\n1,1,4\n2,2,4\n"),
    ]);
    let limit = Options {
        limit: Some(1),
        ..Options::default()
    };
    let (catalog, findings) = read(folder.path(), &limit).expect("imports");
    assert_eq!(titles(&catalog), ["One"]);
    assert_eq!((findings.rows_read, findings.rows_kept), (3, 2));
}

#[test]
fn prompts_hear_of_stars_whatever_the_scale() {
    let folder = shelf("1\t1\t10\n1\t2\t9\n1\t3\t8\n");
    let (catalog, _) = good(folder.path());
    let at = catalog
        .find(laserscope::recsys::SubjectKind::User, "1")
        .expect("known");
    let rlmrec = laserscope::recsys::Framework::named("rlmrec").expect("bundled");
    let asked = laserscope::recsys::prompt(&rlmrec, &catalog, at, Role::Query).expect("renders");
    assert!(
        asked.user.contains("\"stars\": 5}") && asked.user.contains("\"stars\": 4.5}"),
        "{}",
        asked.user
    );
}

#[test]
fn the_command_tells_what_it_read_kept_and_took() {
    let folder = shelf("1\t1\t10\n1\t2\t7\n2\t3\t-1\n");
    let run = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_laserscope"))
            .args(["catalog", "info", "--json", "--catalog"])
            .arg(folder.path())
            .args(more)
            .env("LASERSCOPE_CACHE", folder.path().join("cache"))
            .output()
            .expect("runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let info = run(&[]);
    assert_eq!(
        (&info["rows_read"], &info["rows_kept"]),
        (&6.into(), &5.into())
    );
    assert_eq!(info["left_out"]["rating outside the scale"], 1);
    assert_eq!(info["scale"], "1-10");
    assert_eq!(info["encoding"]["shelf.item"], "UTF-8");
    assert_eq!(info["separator"]["shelf.inter"], "\t");
    assert_eq!(info["columns"]["shelf.item"]["title"], "name");
    let counts = run(&["--rating-scale", "counts"]);
    assert_eq!(
        (&counts["scale"], &counts["rows_kept"]),
        (&"counts".into(), &5.into())
    );
    let thumbs = run(&["--rating-scale", "-1/+1"]);
    assert_eq!(
        (&thumbs["scale"], &thumbs["scale_chosen"]),
        (&"-1/+1".into(), &true.into())
    );
}

/// Largest resident memory of this process so far, in bytes.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Run alone: `cargo test --release --test laserscope -- --ignored ten_million_items`.
#[test]
#[ignore = "a measurement: a minute, 0.6 GB on the disk"]
fn ten_million_items_fit_into_two_and_a_half_gigabytes() {
    const N_ITEMS: u64 = 10_000_000;
    let folder = TempDir::new().expect("a temporary folder");
    let file = fs::File::create(folder.path().join("items.csv")).expect("creates");
    let mut file = std::io::BufWriter::new(file);
    writeln!(file, "id,title").expect("writes");
    for n in 0..N_ITEMS {
        writeln!(file, "{n},Film {n}").expect("writes");
    }
    file.into_inner().expect("writes");
    let options = Options {
        cache: Some(folder.path().join("cache")),
        ..Options::default()
    };
    for cached in [false, true] {
        let start = std::time::Instant::now();
        let (catalog, findings) = read(folder.path(), &options).expect("imports");
        assert_eq!(
            (catalog.items.len() as u64, findings.cached),
            (N_ITEMS, cached)
        );
        let gigabytes = peak_memory().map_or(0.0, |bytes| bytes as f64 / 1e9);
        println!(
            "kept import: {cached}; {:.1} s, peak {gigabytes:.2} GB",
            start.elapsed().as_secs_f64()
        );
        assert!(gigabytes <= 2.5, "{gigabytes} GB");
    }
}
