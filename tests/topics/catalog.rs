//! The catalog: what ships, what a custom folder may contain, and the error for each
//! mistake.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use laserscope::recsys::knowledge::{bundled_knowledge, read_knowledge};
use laserscope::recsys::load::bundled_items;
use laserscope::recsys::synth::{Recipe, SyntheticUsers, synthesize};
use laserscope::recsys::{
    Catalog, Framework, Half, KnowledgeDoc, KnowledgeLog, Protocol, Role, Subject, SubjectKind,
    prompt,
};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use tempfile::TempDir;

const KINDS: [SubjectKind; 2] = [SubjectKind::Item, SubjectKind::User];

fn sample() -> Catalog {
    Catalog::bundled().expect("the sample catalog loads")
}

fn sample_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

// What ships

#[test]
fn the_sample_has_the_size_it_promises() {
    let catalog = sample();
    assert!((380..=420).contains(&catalog.items.len()));
    assert!((110..=130).contains(&catalog.users.len()));
    for user in &catalog.users {
        let n_ratings = user.history.len();
        assert!((20..=60).contains(&n_ratings), "{}: {n_ratings}", user.id);
        assert!(user.name.starts_with("Synthetic"), "{}", user.name);
    }
}

#[test]
fn every_group_is_large_enough_for_a_pool() {
    let catalog = sample();
    assert!((5..=6).contains(&catalog.item_groups.len()));
    assert!((3..=4).contains(&catalog.user_groups.len()));
    for (kind, n_min) in [(SubjectKind::Item, 60), (SubjectKind::User, 20)] {
        for group in catalog.groups(kind) {
            let n_in = |half| catalog.members(kind, &group.name, half).count();
            let (n_pool, n_query) = (n_in(Half::Pool), n_in(Half::Query));
            assert!(
                n_pool + n_query >= n_min,
                "{}: {n_pool} + {n_query}",
                group.name
            );
            assert!(
                n_pool - n_query <= 1,
                "{}: {n_pool} + {n_query}",
                group.name
            );
        }
    }
}

#[test]
fn the_films_are_distinct_and_plausible() {
    let catalog = sample();
    let mut seen = HashSet::new();
    for item in &catalog.items {
        assert!(
            seen.insert((&item.title, item.year)),
            "{} is defined twice",
            item.title
        );
        assert!(
            item.year.is_some_and(|year| (1920..=2025).contains(&year)),
            "{}",
            item.title
        );
        assert!((3..=5).contains(&item.themes.len()), "{}", item.title);
        for list in [&item.genres, &item.themes] {
            let distinct: HashSet<&str> = list.iter().map(|name| &**name).collect();
            assert_eq!(distinct.len(), list.len(), "{}", item.title);
        }
    }
}

#[test]
fn facts_that_were_doubted_are_as_they_should_be() {
    let catalog = sample();
    let film = |id: &str| catalog.items.iter().find(|i| i.id == id).expect(id);
    assert_eq!(film("i159").themes[0], "a novelist's suspicious death");
    assert_eq!(film("i155").themes[2], "playing God");
    assert_eq!(film("i299").country, "United Kingdom");
    let adult = film("i016");
    assert_eq!(
        (&*adult.title, &*adult.group),
        ("Akira", "animation and family")
    );
}

/// The sizes that the sample's README states are those of the files.
#[test]
fn the_samples_readme_states_the_sizes_of_its_files() {
    let readme = fs::read_to_string(sample_folder().join("README.md")).expect("reads");
    for file in ["items", "users", "once-items", "once-users"] {
        let path = sample_folder().join(format!("knowledge/{file}.jsonl"));
        let text = fs::read_to_string(path).expect("reads");
        let noun = file.trim_start_matches("once-");
        let kb = (text.len() as f64 / 1000.0).round();
        let stated = format!("{} {noun} ({kb} kB)", text.lines().count());
        assert!(readme.contains(&stated), "{file}: {stated}");
    }
}

/// A director's or genre's name spelled two ways would split a pool's memory.
#[test]
fn a_name_is_spelled_one_way() {
    let catalog = sample();
    let mut spelling: HashMap<String, &str> = HashMap::new();
    for item in &catalog.items {
        let names = item.genres.iter().chain([&item.director, &item.country]);
        for name in names {
            let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
            let first = spelling.entry(letters.to_lowercase()).or_insert(name);
            assert_eq!(first, name);
        }
    }
}

/// The facts a reader can check at a glance, from each corner of the catalog.
#[test]
fn well_known_facts_are_right() {
    let catalog = sample();
    for (title, year, director, group) in [
        ("Heat", 1995, "Michael Mann", "crime"),
        ("Casablanca", 1942, "Michael Curtiz", "drama"),
        ("Some Like It Hot", 1959, "Billy Wilder", "comedy"),
        ("Alien", 1979, "Ridley Scott", "fantastic"),
        ("Die Hard", 1988, "John McTiernan", "action"),
        (
            "Spirited Away",
            2001,
            "Hayao Miyazaki",
            "animation and family",
        ),
    ] {
        let found = catalog.items.iter().find(|item| item.title == title);
        let item = found.expect(title);
        assert_eq!(
            (item.year, &*item.director, &*item.group),
            (Some(year), director, group)
        );
    }
}

#[test]
fn the_synthetic_viewers_are_regenerated_byte_for_byte() {
    let recipe = Recipe::bundled().expect("a good recipe");
    let films = bundled_items().expect("good films");
    let made = synthesize(&recipe, &films).expect("enough films");
    let shipped = SyntheticUsers {
        users_csv: fs::read_to_string(sample_folder().join("users.csv")).expect("reads"),
        ratings_csv: fs::read_to_string(sample_folder().join("ratings.csv")).expect("reads"),
    };
    assert!(
        made == shipped,
        "sample-data/README.md says how to write them anew"
    );
}

#[test]
fn the_folder_loads_as_the_bundled_copy_does() {
    let folder = Catalog::load(&sample_folder()).expect("loads");
    let bundled = sample();
    assert_eq!(folder.items, bundled.items);
    assert_eq!(folder.users, bundled.users);
    assert_eq!((&*folder.name, &*bundled.name), ("sample-data", "sample"));
}

#[test]
fn bundled_knowledge_is_about_the_sample() {
    let catalog = sample();
    for doc in bundled_knowledge().expect("well formed") {
        let at = catalog.find(doc.kind, &doc.id).expect("a known subject");
        assert_eq!(catalog.subject(at).group(), doc.group);
        assert_eq!(catalog.subject(at).half(), Half::Pool);
    }
}

// Subjects

#[test]
fn every_subject_is_found_by_its_id_and_told_why_it_is_there() {
    let catalog = sample();
    for kind in KINDS {
        for at in catalog.subjects(kind) {
            let subject = catalog.subject(at);
            assert_eq!(catalog.find(kind, subject.id()).expect("found"), at);
            assert_eq!(subject.kind(), kind);
            assert!(!catalog.why_group(at).is_empty());
            assert!(
                catalog
                    .groups(kind)
                    .iter()
                    .any(|g| g.name == subject.group())
            );
        }
    }
}

#[test]
fn an_unknown_id_says_how_to_list_the_ids() {
    let error = sample()
        .find(SubjectKind::User, "u999")
        .expect_err("unknown");
    let message = error.to_string();
    assert!(message.contains("u999") && message.contains("laserscope catalog users"));
}

// Prompts

#[test]
fn an_item_prompt_carries_all_the_facts() {
    let catalog = sample();
    let kar = Framework::named("kar").expect("bundled");
    for at in catalog.subjects(SubjectKind::Item) {
        let asked = prompt(&kar, &catalog, at, Role::Query).expect("renders");
        assert_eq!(
            asked,
            prompt(&kar, &catalog, at, Role::Pool).expect("renders")
        );
        let Subject::Item(item) = catalog.subject(at) else {
            panic!("an item");
        };
        let facts = [&item.title, &item.director, &item.country].into_iter();
        for fact in facts.chain(&item.genres).chain(&item.themes) {
            assert!(asked.user.contains(fact.as_str()), "{fact}: {}", asked.user);
        }
        assert!(asked.user.contains(&item.year.expect("a year").to_string()));
        assert_eq!(asked.framework, "kar");
    }
}

#[test]
fn a_user_prompt_shows_the_liked_history_and_the_pool_less_of_it() {
    let catalog = sample();
    let kar = Framework::named("kar").expect("bundled");
    for at in catalog.subjects(SubjectKind::User) {
        let Subject::User(user) = catalog.subject(at) else {
            panic!("a user");
        };
        let query = prompt(&kar, &catalog, at, Role::Query).expect("renders");
        let pool = prompt(&kar, &catalog, at, Role::Pool).expect("renders");
        let protocol = Protocol::MOVIELENS;
        let shown = protocol.query_history(&user.history);
        assert!(
            (2..=protocol.n_history_max).contains(&shown.len()),
            "{}",
            user.id
        );
        let line = |item_idx: usize| {
            let item = &catalog.items[item_idx];
            format!("{} ({})", item.title, item.year.expect("a year"))
        };
        for rating in protocol.pool_history(&user.history) {
            assert!(pool.user.contains(&line(rating.item_idx())));
            assert!(query.user.contains(&line(rating.item_idx())));
        }
        let newest = line(shown[shown.len() - 1].item_idx());
        assert!(query.user.contains(&newest) && !pool.user.contains(&newest));
    }
}

const OWN_FRAMEWORK: &str = r#"
name = "own"
title = "My own"
about = "a test"

[item]
user = """
{{ title }} ({{ decade }}){% for theme in themes %}, {{ theme }}{% endfor %}.
"""
opening = "It is"

[[item.example]]
user = "Other (1990s), y."
assistant = """
It is other.
"""

[user]
system = "Be short."
user = """
Liked:
{% for film in history %}
- {{ film.title }}, {{ film.stars }}
{% endfor %}
Mostly {{ favourites.genres[0].name }}.
"""
opening = ""
"#;

#[test]
fn a_framework_of_ones_own_is_a_file() {
    let folder = folder_with("u1,i3,4,30\nu1,i4,5,40\n");
    let more = "i3,Three,2001,Crime,C,Spain,d\ni4,Four,2002,War,D,Spain,e\n";
    fs::write(folder.path().join("items.csv"), format!("{ITEMS}{more}")).expect("writes");
    let catalog = Catalog::load(folder.path()).expect("loads");
    let path = folder.path().join("own.toml");
    fs::write(&path, OWN_FRAMEWORK).expect("writes");
    let own = Framework::named(path.to_str().expect("UTF-8")).expect("a good framework");
    let ask = |kind, id| {
        let at = catalog.find(kind, id).expect("known");
        prompt(&own, &catalog, at, Role::Query).expect("renders")
    };

    let item = ask(SubjectKind::Item, "i1");
    assert_eq!((item.system, &*item.user), (None, "One (1990s), a, b."));
    assert_eq!((&*item.opening, &*item.framework), ("It is", "own"));
    assert_eq!(item.examples[0].assistant, "It is other.");

    // Of four liked films the first two count.
    let user = ask(SubjectKind::User, "u1");
    assert_eq!(user.system.as_deref(), Some("Be short."));
    assert_eq!(user.user, "Liked:\n- One, 4.5\n- Two, 5\nMostly Drama.");
    assert!(user.examples.is_empty());
}

#[test]
fn a_broken_framework_names_its_file_and_place() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("own.toml");
    for (good, bad, says) in [
        ("{% endfor %}.", "{% endfo %}.", "item.user"),
        ("{{ decade }}", "{{ actors }}", "actors"),
        ("opening = \"\"", "openin = \"\"", "openin"),
    ] {
        fs::write(&path, OWN_FRAMEWORK.replace(good, bad)).expect("writes");
        let error = Framework::named(path.to_str().expect("UTF-8")).expect_err(bad);
        let message = format!("{error:#}");
        assert!(
            message.contains("own.toml") && message.contains(says),
            "{message}"
        );
    }
}

#[test]
fn a_user_who_liked_nothing_has_no_prompt() {
    let folder = folder_with("u2,i1,3,5\n");
    let catalog = Catalog::load(folder.path()).expect("loads");
    let kar = Framework::named("kar").expect("bundled");
    let at = catalog.find(SubjectKind::User, "u2").expect("known");
    let error = prompt(&kar, &catalog, at, Role::Query).expect_err("nothing to show");
    assert!(error.to_string().contains("u2"), "{error}");
}

#[test]
fn an_unknown_framework_names_the_known_ones() {
    let error = Framework::named("karr").expect_err("unknown").to_string();
    assert!(error.contains("`karr`") && error.contains("kar"), "{error}");
}

// A custom folder

const ITEMS: &str = "id,title,year,genres,director,country,themes
i1,One,1990,Drama,A. Person,France,a|b
i2,Two,1991,Crime|Drama,B. Person,Italy,c
";
const USERS: &str = "id,name\nu1,First\nu2,Second\n";
const RATINGS: &str = "user,item,rating,timestamp\nu1,i2,5,20\nu1,i1,4.5,10\n";

fn folder(items: &str, users: &str, ratings: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (file, text) in [
        ("items.csv", items),
        ("users.csv", users),
        ("ratings.csv", ratings),
    ] {
        fs::write(folder.path().join(file), text).expect("writes");
    }
    folder
}

fn folder_with(more_ratings: &str) -> TempDir {
    folder(ITEMS, USERS, &format!("{RATINGS}{more_ratings}"))
}

fn refusal(folder: &TempDir) -> String {
    let error = Catalog::load(folder.path()).expect_err("refused");
    format!("{error:#}")
}

#[test]
fn a_small_folder_loads_by_time_and_with_its_own_groups() {
    let folder = folder_with("");
    let catalog = Catalog::load(folder.path()).expect("loads");
    let seen: Vec<(usize, f32)> = catalog.users[0]
        .history
        .iter()
        .map(|r| (r.item_idx(), r.stars))
        .collect();
    assert_eq!(seen, [(0, 4.5), (1, 5.0)]);

    let map = fs::read_to_string(sample_folder().join("groups.toml")).expect("reads");
    let own = map.replace("\"comedy\"", "\"laughs\"");
    fs::write(folder.path().join("groups.toml"), own).expect("writes");
    let catalog = Catalog::load(folder.path()).expect("loads");
    assert!(catalog.item_groups.iter().any(|g| g.name == "laughs"));
}

#[test]
fn each_mistake_names_its_file_and_line() {
    let row = "i3,Three,1992,Drama,C. Person,Spain,d";
    for (items, users, ratings, says) in [
        (
            "i3,Three,1992,Drama,,Spain,d\n",
            "",
            "",
            "items.csv:4: missing director",
        ),
        (
            "i3,Three\n",
            "",
            "",
            "items.csv:4: missing year, genres, director, country, themes",
        ),
        (
            "\ni2,Two,1991,Drama,X,Y,z\n",
            "",
            "",
            "items.csv:5: duplicate id `i2`, first on line 3",
        ),
        (
            "i3,Three,19x2,Drama,C,Spain,d\n",
            "",
            "",
            "items.csv:4: bad year `19x2`",
        ),
        (
            "i3,Three,1992,Drama||War,C,Spain,d\n",
            "",
            "",
            "items.csv:4: bad genres",
        ),
        (
            "i3,A, B,1992,Drama,C,Spain,d\n",
            "",
            "",
            "items.csv:4: 8 fields, but the header has 7",
        ),
        (
            "i3,\"A, B,1992,Drama,C,Spain,d\n",
            "",
            "",
            "items.csv:4: missing year",
        ),
        (
            "",
            "u1,Again\n",
            "",
            "users.csv:4: duplicate id `u1`, first on line 2",
        ),
        ("", "u3\n", "", "users.csv:4: missing name"),
        (
            "",
            "",
            "u2,i1,6,5\n",
            "ratings.csv:4: bad rating `6`: must be a number from 1 to 5",
        ),
        ("", "", "u2,i1,NaN,5\n", "ratings.csv:4: bad rating `NaN`"),
        (
            "",
            "",
            "u2,i1,5,noon\n",
            "ratings.csv:4: bad timestamp `noon`",
        ),
        ("", "", "u2,i9,5,5\n", "ratings.csv:4: unknown item `i9`"),
        ("", "", "u9,i1,5,5\n", "ratings.csv:4: unknown user `u9`"),
        (
            "",
            "",
            "u1,i1,5,5\n",
            "ratings.csv:4: user `u1` already rated item `i1` on line 3",
        ),
    ] {
        let message = refusal(&folder(
            &format!("{ITEMS}{items}"),
            &format!("{USERS}{users}"),
            &format!("{RATINGS}{ratings}"),
        ));
        assert!(message.contains(says), "wanted {says}\ngot {message}");
        assert!(message.contains("1 bad line,"), "{message}");
    }
    let good = folder(&format!("{ITEMS}{row}\n"), USERS, RATINGS);
    Catalog::load(good.path()).expect("the row the mistakes were made in is good");
}

#[test]
fn all_bad_lines_are_counted_and_a_bad_item_is_no_second_fault() {
    let items = format!("{ITEMS}i3,Three,never,Drama,C,Spain,d\n");
    let mut ratings = format!("{RATINGS}u2,i3,5,1\n");
    for n in 0..14 {
        ratings.push_str(&format!("u2,i1{n},5,1\n"));
    }
    let message = refusal(&folder(&items, USERS, &ratings));
    assert!(message.contains("15 bad lines"), "{message}");
    assert!(message.contains("items.csv:4: bad year"), "{message}");
    assert!(message.contains("and 5 more"), "{message}");
    assert!(!message.contains("`i3`"), "{message}");
}

#[test]
fn an_absent_column_file_or_folder_is_named() {
    let message = refusal(&folder(&ITEMS.replace("director", "by"), USERS, RATINGS));
    assert!(
        message.contains("items.csv:1: the header lacks director"),
        "{message}"
    );

    let message = refusal(&folder("", USERS, "user,item,rating,timestamp\n"));
    assert!(message.contains("items.csv:1: no header"), "{message}");

    let gone = folder_with("");
    fs::remove_file(gone.path().join("users.csv")).expect("removes");
    assert!(refusal(&gone).contains("users.csv"));

    let path = gone.path().join("nowhere");
    let error = Catalog::load(&path).expect_err("no folder").to_string();
    assert!(
        error.contains("nowhere") && error.contains("items.csv"),
        "{error}"
    );
}

#[test]
fn a_table_that_is_not_utf_8_is_windows_1252() {
    let folder = folder_with("");
    let mut bytes = ITEMS.as_bytes().to_vec();
    bytes.extend_from_slice(b"i3,Am\xe9lie\x92s,2001,Comedy,J,France,a\r\n");
    fs::write(folder.path().join("items.csv"), bytes).expect("writes");
    let catalog = Catalog::load(folder.path()).expect("loads");
    let last = catalog.items.last().map(|item| &*item.title);
    assert_eq!(last, Some("Am\u{e9}lie\u{2019}s"));
}

#[test]
fn a_broken_group_map_is_named() {
    let folder = folder_with("");
    fs::write(folder.path().join("groups.toml"), "seed = \"x\"\n").expect("writes");
    assert!(refusal(&folder).contains("groups.toml"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// Cut or spoil the item file anywhere: it loads, or says where.
    #[test]
    fn a_damaged_file_never_panics(cut in 0usize..200, put in "[\"\r\n,|\u{e9}x0]{0,3}") {
        let whole = format!("{ITEMS}i3,\"Three, or so\",1992,Drama,C. Person,Spain,d\n");
        let at = (0..=cut.min(whole.len())).rev().find(|&at| whole.is_char_boundary(at));
        let (head, tail) = whole.split_at(at.unwrap_or(0));
        let folder = folder(&format!("{head}{put}{tail}"), USERS, "user,item,rating,timestamp\n");
        match Catalog::load(folder.path()) {
            Ok(catalog) => prop_assert!(catalog.items.len() <= 4),
            Err(error) => prop_assert!(format!("{error:#}").contains("items.csv:"), "{error:#}"),
        }
    }
}

// Knowledge

#[test]
fn a_log_resumes_behind_a_cut_off_line() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("knowledge.jsonl");
    let doc = |id: &str| KnowledgeDoc {
        id: id.to_owned(),
        kind: SubjectKind::User,
        group: "heart".to_owned(),
        framework: "kar".to_owned(),
        model: "tiny".to_owned(),
        text: "Genre: drama.\nMood: quiet \u{2014} \u{1f3ac}.".to_owned(),
        ended: true,
    };
    let mut log = KnowledgeLog::open(&path).expect("opens");
    log.append(&doc("u1")).expect("writes");
    log.append(&doc("u2")).expect("writes");
    drop(log);

    let whole = fs::read(&path).expect("reads");
    fs::write(&path, &whole[..whole.len() - 9]).expect("writes");
    let error = format!("{:#}", read_knowledge(&path).expect_err("cut off"));
    assert!(
        error.contains("knowledge.jsonl:2") && error.contains("cut off"),
        "{error}"
    );

    let mut log = KnowledgeLog::open(&path).expect("opens");
    assert_eq!(log.found, [doc("u1")]);
    assert_eq!(log.cut_off.expect("cut off").line, 2);
    log.append(&doc("u2")).expect("writes");
    assert_eq!(
        read_knowledge(&path).expect("reads"),
        [doc("u1"), doc("u2")]
    );
}
