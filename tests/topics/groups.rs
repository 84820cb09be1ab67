//! Groups: by a map, by behaviour, at random, not at all; saved and used again.

use std::fs;
use std::path::PathBuf;

use laserscope::config::Settings;
use laserscope::engine::{Engine, Knowledge, OwnDocuments};
use laserscope::recsys::learn::{ItemMethod, UserMethod, build};
use laserscope::recsys::lightgcn::Options;
use laserscope::recsys::saved::SavedGroups;
use laserscope::recsys::{Catalog, GroupMap, Half, SubjectKind, UNGROUPED};
use laserscope::speculate::params::{AcceptanceRule, Budget, Params, Sources};
use laserscope::speculate::subject::KindName;
use tempfile::TempDir;

use super::engine::{engine, run, spec};

const KINDS: [SubjectKind; 2] = [SubjectKind::Item, SubjectKind::User];

fn sample() -> Catalog {
    Catalog::bundled().expect("the sample catalog loads")
}

fn learned(seed: u64) -> SavedGroups {
    let options = Options {
        dim: 16,
        n_epochs_max: 20,
        seed,
        ..Options::default()
    };
    let users = UserMethod::LightGcn { options, k: 3 };
    build(&sample(), ItemMethod::Map, users, seed, &mut |_| true).expect("not cancelled")
}

#[test]
fn learned_groups_are_saved_and_used_again() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("groups.jsonl");
    let saved = learned(3);
    assert_eq!(saved, learned(3), "a seed gives the same groups");
    saved.save(&path).expect("writes");
    assert_eq!(SavedGroups::load(&path).expect("reads"), saved);
    assert_eq!(saved.header.fingerprint, sample().fingerprint());

    let by_map = sample().with_own_map();
    let (catalog, unknown) = sample().with_saved(saved);
    assert_eq!(unknown, Default::default());
    assert_eq!(catalog.user_groups.len(), 3);
    for kind in KINDS {
        for group in catalog.groups(kind) {
            let n_in = |half| catalog.members(kind, &group.name, half).count();
            let (n_pool, n_query) = (n_in(Half::Pool), n_in(Half::Query));
            assert!(
                n_pool > 0 && n_pool - n_query <= 1,
                "{}: {n_pool} + {n_query}",
                group.name
            );
        }
        for at in catalog.subjects(kind) {
            assert!(catalog.subject(at).pool_group().is_some());
            let why = catalog.why_group(at);
            match kind {
                // Saved from the map, whose reasons name the genres.
                SubjectKind::Item => assert_eq!(why, by_map.why_group(at)),
                SubjectKind::User => assert!(why.starts_with("by lightgcn: "), "{why}"),
            }
        }
    }
}

#[test]
fn the_samples_films_are_grouped_by_its_map_and_its_viewers_by_behaviour() {
    let map = fs::read_to_string("sample-data/groups.toml").expect("reads");
    let map = GroupMap::parse("groups.toml", &map).expect("a good map");
    let again = sample().with_map(map);
    assert_eq!(again.items, sample().items);
    for at in again.subjects(SubjectKind::Item) {
        assert_eq!(again.why_group(at), sample().why_group(at));
    }
    let groups = |catalog: &Catalog| catalog.user_groups.iter().map(|g| g.name.clone()).collect();
    let [by_map, learned]: [Vec<String>; 2] = [groups(&again), groups(&sample())];
    assert_eq!(by_map, ["thrill", "wonder", "heart"]);
    assert_eq!(learned, ["taste-1", "taste-2", "taste-3"]);
}

#[test]
fn shuffled_groups_keep_the_sizes_and_nothing_else() {
    let saved = learned(3);
    let shuffled = saved.clone().shuffled(9);
    for kind in KINDS {
        assert_eq!(saved.sizes(kind), shuffled.sizes(kind));
        let catalog = sample();
        let ids = catalog
            .subjects(kind)
            .map(|at| catalog.subject(at).id().to_owned());
        let n_moved = ids
            .filter(|id| saved.group_of(kind, id) != shuffled.group_of(kind, id))
            .count();
        assert!(
            n_moved > catalog.subjects(kind).count() / 3,
            "{kind}: {n_moved}"
        );
    }
    assert_eq!(shuffled, saved.clone().shuffled(9));
    assert_ne!(shuffled, saved.shuffled(10));
}

#[test]
fn who_is_in_no_group_has_the_global_pool() {
    let none = build(
        &sample(),
        ItemMethod::None,
        UserMethod::None,
        1,
        &mut |_| true,
    );
    let (catalog, unknown) = sample().with_saved(none.expect("not cancelled"));
    assert_eq!(unknown, Default::default());
    for kind in KINDS {
        let names: Vec<&str> = catalog.groups(kind).iter().map(|g| &*g.name).collect();
        assert_eq!(names, [UNGROUPED]);
        assert!(
            catalog
                .subjects(kind)
                .all(|at| catalog.subject(at).pool_group().is_none())
        );
    }
}

#[test]
fn a_subject_that_saved_groups_do_not_know_is_in_none() {
    let saved = learned(3);
    let mut catalog = sample();
    catalog.users[0].id = "stranger".into();
    let (catalog, unknown) = catalog.with_saved(saved);
    assert_eq!((unknown.n_items, unknown.n_users), (0, 1));
    let at = catalog.find(SubjectKind::User, "stranger").expect("known");
    assert_eq!(catalog.subject(at).pool_group(), None);
    assert!(catalog.why_group(at).contains("not in the saved groups"));
    assert_eq!(catalog.user_groups.last().expect("groups").name, UNGROUPED);
}

#[test]
fn a_small_group_is_merged_and_every_one_is_told_of() {
    let map = fs::read_to_string("sample-data/groups.toml").expect("reads");
    let before = sample().group_sizes(SubjectKind::Item);
    let others = before.iter().filter(|(name, _)| *name != "drama");
    let n_min = 1 + others.map(|(_, n)| *n).min().expect("groups");
    let merging = format!("merge_below = {n_min}\n{map}");
    let map = GroupMap::parse("groups.toml", &merging).expect("a good map");
    let catalog = sample().with_map(map);
    let after = catalog.group_sizes(SubjectKind::Item);
    let small = before
        .iter()
        .filter(|(name, n)| **n < n_min && *name != "drama");
    let small: Vec<&String> = small.map(|(name, _)| name).collect();
    assert!(!small.is_empty());
    let drama = catalog
        .item_groups
        .iter()
        .find(|g| g.name == "drama")
        .expect("there");
    for name in small {
        assert!(!after.contains_key(name));
        assert!(
            drama.about.contains(&format!("{name} ({})", before[name])),
            "{}",
            drama.about
        );
        let moved = catalog
            .items
            .iter()
            .zip(&sample().items)
            .position(|(_, old)| *old.group == **name);
        let at = catalog
            .subjects(SubjectKind::Item)
            .nth(moved.expect("one"))
            .expect("there");
        assert!(
            catalog.why_group(at).contains("merged into drama"),
            "{}",
            catalog.why_group(at)
        );
    }
}

#[test]
fn damaged_files_are_refused_with_their_line() {
    let folder = TempDir::new().expect("a temporary folder");
    let path: PathBuf = folder.path().join("groups.jsonl");
    learned(3).save(&path).expect("writes");
    let whole = fs::read_to_string(&path).expect("reads");
    let last = whole.trim_end().rfind('\n').expect("lines");
    for (text, says) in [
        (whole[..=last].to_owned(), "truncated"),
        (whole[..last - 5].to_owned(), "groups.jsonl:"),
        (
            whole.replacen("\"version\":1", "\"version\":9", 1),
            "version 9",
        ),
        (
            whole.replacen("laserscope groups", "other", 1),
            "not a file of saved groups",
        ),
        (
            whole.replacen("\"group\":\"drama\"", "\"group\":\"x\"", 1),
            "names no item group `x`",
        ),
        (String::new(), "empty"),
    ] {
        fs::write(&path, text).expect("writes");
        let message = format!("{:#}", SavedGroups::load(&path).expect_err(says));
        assert!(message.contains(says), "wanted {says}: {message}");
    }
}

#[test]
fn documents_go_to_the_pools_of_the_groups_in_use() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("groups.jsonl");
    learned(3).save(&path).expect("writes");
    let settings = Settings {
        groups: Some(path.clone()),
        ..Settings::default()
    };
    let catalog = settings.load_catalog().expect("loads");
    assert_eq!(catalog.user_groups.len(), 3);
    assert!(catalog.user_groups[0].name.starts_with("taste-"));
    // Groups that know nobody here are refused.
    let text = fs::read_to_string(&path)
        .expect("reads")
        .replace("\"id\":\"", "\"id\":\"z");
    fs::write(&path, text).expect("writes");
    let message = format!("{:#}", settings.load_catalog().expect_err("nobody"));
    assert!(message.contains("none of its subjects is in"), "{message}");
}

#[test]
fn a_subjects_own_document_drafts_for_it_or_is_hidden() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut engine = engine(folder.path());
    let asking = |verify| {
        let params = Params {
            verify,
            budget: Budget::Rows(8),
            repeat_penalty: 1.0,
            max_tokens: 24,
            sources: Sources {
                local: false,
                ..Params::default().sources
            },
            ..Params::default()
        };
        spec("Hello", params)
    };
    let plain = run(&mut engine, asking(AcceptanceRule::Autoregressive));
    let doc = |id: &str| Knowledge {
        id: id.to_owned(),
        title: id.to_owned(),
        kind: KindName::Item,
        group: Some("a".to_owned()),
        framework: None,
        text: format!("ab{}", plain.text()),
        ended: false,
    };
    let asking = asking(AcceptanceRule::Strict);
    assert_eq!(asking.subject.id, "i1");
    let drafts = |engine: &mut Engine| {
        let trace = run(engine, asking.clone());
        let mut trees = trace.steps.iter().map(|step| step.tree.nodes.len());
        trees.any(|n_nodes| n_nodes > 1)
    };
    engine.set_knowledge(&[doc("i1")]).expect("tokenizes");
    assert!(drafts(&mut engine));
    engine.pools.own_documents = OwnDocuments::Hide;
    assert!(!drafts(&mut engine));
    // Another's document stays.
    engine
        .set_knowledge(&[doc("i1"), doc("i2")])
        .expect("tokenizes");
    assert!(drafts(&mut engine));
}
