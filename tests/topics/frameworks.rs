//! The bundled frameworks: they render for everyone, have the right contents, and their
//! answers stay in separate pools.

use laserscope::recsys::knowledge::bundled_knowledge;
use laserscope::recsys::{Catalog, Framework, Role, Subject, SubjectKind, prompt, question};

fn sample() -> Catalog {
    Catalog::bundled().expect("the bundled catalog")
}

fn frameworks() -> impl Iterator<Item = Framework> {
    let names = Framework::names().into_iter();
    names.map(|name| Framework::named(name).expect("bundled"))
}

#[test]
fn every_framework_renders_for_everyone() {
    let catalog = sample();
    for framework in frameworks() {
        for kind in [SubjectKind::Item, SubjectKind::User] {
            for at in catalog.subjects(kind) {
                for role in [Role::Pool, Role::Query] {
                    let asked = prompt(&framework, &catalog, at, role).expect("renders");
                    let whole = format!("{:?} {} {}", asked.system, asked.user, asked.opening);
                    assert_eq!(asked.framework, framework.name);
                    assert!(!asked.user.contains("\n\n"), "{whole}");
                    assert!(!whole.contains("{{") && !whole.contains("&#"), "{whole}");
                    assert!(asked.examples.len() >= 2 && !asked.opening.is_empty());
                    // The answer begins as the examples do.
                    let word = asked.opening.split_whitespace().next().expect("a word");
                    let alike = |e: &laserscope::recsys::Example| {
                        e.assistant.starts_with(word) || e.assistant.contains(" fits best in")
                    };
                    assert!(asked.examples.iter().all(alike), "{whole}");
                }
            }
        }
    }
}

#[test]
fn examples_name_nobody_of_the_catalog() {
    let catalog = sample();
    for framework in frameworks() {
        for kind in [SubjectKind::Item, SubjectKind::User] {
            let at = catalog.subjects(kind).next().expect("somebody");
            let asked = prompt(&framework, &catalog, at, Role::Query).expect("renders");
            for example in &asked.examples {
                let text = format!("{} {}", example.user, example.assistant);
                let director = catalog.items.iter().find(|i| text.contains(&*i.director));
                assert!(director.is_none(), "{}: {director:?}", framework.name);
            }
        }
    }
}

#[test]
fn rlmrec_asks_in_json_lines() {
    let catalog = sample();
    let rlmrec = Framework::named("rlmrec").expect("bundled");
    for kind in [SubjectKind::Item, SubjectKind::User] {
        for at in catalog.subjects(kind) {
            let asked = prompt(&rlmrec, &catalog, at, Role::Query).expect("renders");
            for line in asked.user.lines() {
                let object: serde_json::Value = serde_json::from_str(line).expect(line);
                assert!(object["title"].is_string(), "{line}");
            }
            if let Subject::Item(item) = catalog.subject(at) {
                let object: serde_json::Value =
                    serde_json::from_str(&asked.user).expect("an object");
                assert_eq!(object["title"], *item.title);
                assert_eq!(object["themes"], serde_json::json!(item.themes));
            }
        }
    }
}

#[test]
fn trawl_lists_the_catalogs_categories_most_frequent_first() {
    let catalog = sample();
    let n_of = |genre: &str| {
        let has = |i: &&laserscope::recsys::Item| i.genres.iter().any(|g| g == genre);
        catalog.items.iter().filter(has).count()
    };
    let counts: Vec<usize> = catalog.categories().iter().map(|g| n_of(g)).collect();
    assert!(
        counts.len() > 5 && counts.is_sorted_by(|a, b| a >= b),
        "{counts:?}"
    );
    let trawl = Framework::named("trawl").expect("bundled");
    let at = catalog.find(SubjectKind::User, "u001").expect("known");
    let asked = prompt(&trawl, &catalog, at, Role::Query).expect("renders");
    assert!(asked.user.contains(&catalog.categories().join(", ")));
}

#[test]
fn a_shorter_prompt_keeps_the_newest_and_speaks_of_nothing_else() {
    let catalog = sample();
    for framework in frameworks() {
        let at = catalog.find(SubjectKind::User, "u001").expect("known");
        let question = question(&framework, &catalog, at, Role::Query).expect("a question");
        let Subject::User(user) = catalog.subject(at) else {
            panic!("a user");
        };
        let shown = catalog.protocol.query_history(&user.history);
        assert_eq!(question.n_history(), shown.len());
        for newest in [1, 3, shown.len()] {
            let asked = question.write(newest).expect("renders").user;
            let (old, new) = shown.split_at(shown.len() - newest);
            let title = |r: &laserscope::recsys::Rating| catalog.items[r.item_idx()].title.as_str();
            assert!(new.iter().all(|r| asked.contains(title(r))), "{asked}");
            assert!(!old.iter().any(|r| asked.contains(title(r))), "{asked}");
        }
    }
}

#[test]
fn once_ships_with_an_answer_in_its_form_for_the_pool_half() {
    let docs = bundled_knowledge().expect("well formed");
    let once: Vec<_> = docs.iter().filter(|d| d.framework == "once").collect();
    let kar = docs.iter().filter(|d| d.framework == "kar").count();
    assert_eq!(once.len(), kar);
    let mut on_form = 0;
    for doc in &once {
        match doc.kind {
            SubjectKind::Item => assert!(doc.text.starts_with("[description] "), "{}", doc.text),
            SubjectKind::User => assert!(doc.text.starts_with("[topics]\n1. "), "{}", doc.text),
        }
        on_form += usize::from(doc.ended && doc.text.lines().count() <= 6);
    }
    assert!(
        on_form * 10 >= once.len() * 9,
        "{on_form} of {}",
        once.len()
    );
}

/// A framework's file comes from anywhere, too.
#[test]
fn a_frameworks_templates_end_and_stay_small() {
    let with = |user: &str| {
        let text = include_str!("../../src/recsys/frameworks/kar.toml");
        let at = text.find("[item]").expect("a table");
        let (head, _) = text.split_at(at);
        let table = |name: &str| format!("[{name}]\nuser = '''{user}'''\nopening = 'It'\n");
        Framework::parse(
            "mine.toml",
            &format!("{head}{}{}", table("item"), table("user")),
        )
    };
    let catalog = sample();
    let at = catalog.subjects(SubjectKind::Item).next().expect("an item");
    let said = |user: &str| {
        let framework = match with(user) {
            Ok(framework) => framework,
            Err(refused) => return format!("{refused:#}"),
        };
        let asked = prompt(&framework, &catalog, at, Role::Query);
        format!("{:#}", asked.expect_err("refused"))
    };
    let deep = format!(
        "{{{{ {}noun{} }}}}",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    assert!(said(&deep).contains("item.user") && said(&deep).contains("deep"));
    let doubled = "{% set ns = namespace(s=noun) %}{% for i in range(60) %}\
                   {% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}";
    assert!(said(doubled).contains("item.user") && said(doubled).contains("gave up"));
    let loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    assert!(said(loops).contains("gave up"));
    assert!(said("\n{{ noun.x.y }}").contains("line 1: 'str object' has no attribute 'x'"));
}
