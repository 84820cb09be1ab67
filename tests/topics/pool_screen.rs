//! The Pool screen: what it asks the engine and shows of the answers; what the engine
//! answers, and that edits of the pools can be undone.

use std::path::Path;

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use laserscope::engine::{Engine, Knowledge, tokenizer_hash};
use laserscope::present::selection::TreeSelection;
use laserscope::protocol::{
    Command, DocumentText, Documents, Event, FoundDocument, FoundText, ListedDoc, Overview,
    PoolAnswer, PoolChange, PoolQuestion, Probe, ProbedSet, Section,
};
use laserscope::protocol::{PoolName, ProbedText};
use laserscope::retrieval::{PoolUpdate, Work};
use laserscope::speculate::draft::{DraftTree, Origin};
use laserscope::speculate::params::{Params, Source};
use laserscope::speculate::subject::DocId;
use laserscope::speculate::trace::{SourceHit, TokenBytes};
use laserscope::tui::App;
use laserscope::tui::dialogs::remove_document::Removal;
use laserscope::tui::dialogs::save_edits::SaveEdits;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::pool::state::{PoolPane, PoolTab};
use ratatui::layout::Position;

use super::cut_out::{parts, parts_at, screen};
use super::stage::{LARGE, SMALL, draw, ended, keys, press, ready};
use super::{engine, fixture};

const TEXT: &str = "Genre: Thief is a crime drama from the United States, released in 1981. It takes its \
    time.\nDirector: The film was directed by Michael Mann, who tells the story with precision.";

fn overview() -> Overview {
    let section = |pool, documents: usize, segments| Section {
        pool,
        documents,
        tokens: documents * 193,
        bytes: documents * 1_310,
        segments,
    };
    let group = |name: &str, n| section(PoolName::Group(name.into()), n, 1);
    Overview {
        sections: vec![
            section(PoolName::Global, 90, 3),
            group("item/crime", 34),
            group("item/drama", 33),
            group("user/thrill", 23),
            section(PoolName::Online, 0, 0),
        ],
        n_added: 0,
        n_removed: 0,
        n_unsaved: 0,
        pool_on_disk: None,
    }
}

fn documents() -> Documents {
    let doc = |(i, title): (usize, &&str)| ListedDoc {
        id: format!("i{i:03}").into(),
        title: (*title).to_string(),
        group: "item/crime".into(),
        n_tokens: 150 + i,
    };
    let titles = [
        "Thief (1981)",
        "Collateral (2004)",
        "The Departed (2006)",
        "Ronin (1998)",
    ];
    Documents {
        listed: titles.iter().enumerate().map(doc).collect(),
        n: 4,
    }
}

fn document(id: &str) -> DocumentText {
    let words = TEXT.split_inclusive(' ').enumerate();
    DocumentText {
        id: id.into(),
        title: "Thief (1981)".into(),
        group: "item/crime".into(),
        tokens: words
            .map(|(i, w)| (i as u32, TokenBytes::new(w.as_bytes())))
            .collect(),
    }
}

fn found(text: &str) -> FoundText {
    let hit = |id: &str, title: &str, occurrences| FoundDocument {
        id: id.into(),
        title: title.into(),
        pool: PoolName::Group("item/crime".into()),
        occurrences,
        at: (21, 23),
        before: "It takes its time.\nDirector: The film was".into(),
        found: format!(" {text}"),
        after: " Michael Mann, who tells the story".into(),
    };
    FoundText {
        text: text.into(),
        occurrences: 3,
        n_documents: 2,
        documents: vec![
            hit("i000", "Thief (1981)", 2),
            hit("i001", "Collateral (2004)", 1),
        ],
    }
}

fn probe() -> Probe {
    let origin = |source, count| {
        vec![Origin {
            source,
            matched: 2,
            count,
            docs: Vec::new(),
        }]
    };
    let mut drafted = DraftTree::root_only(1);
    let michael = drafted.push(0, 2, 0.62, origin(Source::Group, 2));
    drafted.push(michael, 3, 0.58, origin(Source::Group, 2));
    drafted.push(0, 4, 0.2, origin(Source::Global, 1));
    let set = |name: &str, tree, hits| ProbedSet {
        name: name.into(),
        tree,
        hits,
        ms: 0.1,
    };
    let hit = |source| SourceHit {
        source,
        matched: 2,
        count: 3,
    };
    Probe {
        sets: vec![
            set("empty", DraftTree::root_only(1), Vec::new()),
            set("global", drafted.clone(), vec![hit(Source::Global)]),
            set("item/crime", drafted, vec![hit(Source::Group)]),
        ],
        n_tokens: 2,
        tokens: [(1, " by"), (2, " Michael"), (3, " Mann"), (4, " Martin")]
            .map(|(id, text)| (id, TokenBytes::Text(text.into())))
            .to_vec(),
    }
}

/// Answers what the screen asks, as an engine would.
fn answer(app: &mut App, mut commands: Vec<Command>) {
    while !commands.is_empty() {
        let Command::Pool(question) = commands.remove(0) else {
            continue;
        };
        let answer = match &*question {
            PoolQuestion::Overview => PoolAnswer::Overview(overview()),
            PoolQuestion::Documents { .. } => PoolAnswer::Documents(documents()),
            PoolQuestion::Document { id, .. } => PoolAnswer::Document(document(id)),
            PoolQuestion::Find { text } => PoolAnswer::Found(found(text)),
            PoolQuestion::Probe { .. } => PoolAnswer::Probe(probe()),
            PoolQuestion::Remove { id, .. } => PoolAnswer::Changed {
                change: PoolChange::Removed { id: id.clone() },
                now: Overview {
                    n_removed: 1,
                    n_unsaved: 1,
                    ..overview()
                },
            },
            other => panic!("{other:?}"),
        };
        let answer = Ok(Box::new(answer));
        commands.extend(app.apply(Event::Pool { question, answer }));
    }
}

fn on_pool_screen(mut app: App) -> App {
    let commands = keys(&mut app, "5");
    answer(&mut app, commands);
    app
}

#[test]
fn the_screen_asks_one_thing_at_a_time() {
    let mut app = ready();
    let commands = keys(&mut app, "5");
    assert!(matches!(&commands[..], [Command::Pool(q)] if **q == PoolQuestion::Overview));
    assert!(press(&mut app, KeyCode::Down).is_empty());
    answer(&mut app, commands);
    assert_eq!(app.pool.rows.len(), 4);
    let commands = press(&mut app, KeyCode::Down);
    assert_eq!(commands.len(), 1);
    answer(&mut app, commands);
    assert_eq!(app.pool.open.as_ref().expect("a document").text.id, "i001");
}

#[test]
fn a_document_opens_at_a_place_from_anywhere() {
    let mut app = ended(&fixture::relaxed());
    let commands = app.open_document("i000", Some(21));
    assert_eq!(app.screen, Screen::Pool);
    answer(&mut app, commands);
    let open = app.pool.open.as_ref().expect("a document");
    assert_eq!((open.text.id.as_str(), open.at), ("i000", Some(21)));
    screen("pool_document_large", &mut app, LARGE);
    parts_at(
        "pool_document_small",
        &mut app,
        SMALL,
        "header pools documents view footer",
    );
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.screen, Screen::Decode, "back to where it was opened");
    let mut app = on_pool_screen(app);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.screen, Screen::Catalog);
}

#[test]
fn a_document_leads_to_the_drafts_it_supplied() {
    let mut app = ended(&fixture::relaxed());
    let commands = app.open_document("i003", None);
    answer(&mut app, commands);
    press(&mut app, KeyCode::Right);
    assert_eq!(app.pool.tab, PoolTab::Supplied);
    press(&mut app, KeyCode::Down);
    let draft = app.pool.supplied[app.pool.supplied_row];
    screen("pool_supplied_small", &mut app, SMALL);
    parts_at("pool_supplied_large", &mut app, LARGE, "documents view");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen, Screen::Decode);
    assert_eq!(app.step_index(), Some(draft.step));
    assert_eq!(app.selection(), Some(TreeSelection::Draft(draft.node)));
    let node = &app.step().expect("a step").tree.nodes[draft.node];
    let mut docs = node.origins.iter().flat_map(|o| &o.docs);
    assert!(docs.any(|hit| hit.doc == "i003" && hit.at == draft.at));
}

#[test]
fn a_phrase_is_searched_and_probed() {
    let mut app = on_pool_screen(ready());
    keys(&mut app, "sdirected by");
    let commands = press(&mut app, KeyCode::Enter);
    assert_eq!(commands.len(), 2);
    answer(&mut app, commands);
    assert_eq!(app.pool.tab, PoolTab::Found);
    parts("pool_found", &mut app, "documents view");
    let commands = press(&mut app, KeyCode::Enter);
    answer(&mut app, commands);
    assert_eq!(app.pool.open.as_ref().expect("a document").at, Some(21));
    press(&mut app, KeyCode::Left);
    keys(&mut app, "z");
    assert_eq!(app.pool.tab, PoolTab::Drafts);
    parts("pool_drafts", &mut app, "view");
}

/// The rows of the screen on which texts stand.
fn rows_of(app: &App, texts: [&str; 2]) -> [Option<usize>; 2] {
    let shown = stage_text(app);
    let rows: Vec<String> = (shown.chars().collect::<Vec<_>>())
        .chunks(usize::from(app.look.size.0))
        .map(|row| row.iter().collect())
        .collect();
    texts.map(|text| rows.iter().position(|row| row.contains(text)))
}

#[test]
fn finds_are_sorted_and_the_selected_one_stays() {
    let mut app = on_pool_screen(ready());
    app.look.size = LARGE;
    keys(&mut app, "sdirected by");
    let commands = press(&mut app, KeyCode::Enter);
    answer(&mut app, commands);
    let finds = ["i000  item/crime", "i001  item/crime"];
    let [first, second] = rows_of(&app, finds);
    assert!(first < second && first.is_some());
    keys(&mut app, "S");
    assert!(stage_text(&app).contains("by title↑"));
    assert_eq!(rows_of(&app, finds), [second, first], "Collateral is first");
    let commands = press(&mut app, KeyCode::Enter);
    answer(&mut app, commands);
    assert_eq!(app.pool.open.as_ref().expect("open").text.id, "i000");
    // By the number of occurrences, the fewest first; a click hits what is shown there.
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    keys(&mut app, "SSr");
    assert!(stage_text(&app).contains("by times↑"));
    let row = rows_of(&app, finds)[1].expect("shown") as u16;
    let click = crossterm::event::Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: LARGE.0 - 30,
        row,
        modifiers: KeyModifiers::NONE,
    });
    let click = app.action_of(&click).expect("an action");
    app.update(click);
    let commands = press(&mut app, KeyCode::Enter);
    answer(&mut app, commands);
    assert_eq!(app.pool.open.as_ref().expect("open").text.id, "i001");
}

#[test]
fn supplied_drafts_are_sorted_and_the_selected_one_stays() {
    let mut app = ended(&fixture::relaxed());
    app.look.size = LARGE;
    let commands = app.open_document("i003", None);
    answer(&mut app, commands);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Down);
    let listed = app.pool.supplied.clone();
    let selected = listed[app.pool.supplied_row];
    keys(&mut app, "SS");
    assert!(stage_text(&app).contains("by place↓"));
    assert_eq!(app.pool.supplied[app.pool.supplied_row], selected);
    let places: Vec<u32> = app.pool.supplied.iter().map(|draft| draft.at).collect();
    assert!(places.is_sorted_by(|a, b| a >= b), "{places:?}");
    keys(&mut app, "SS");
    assert_eq!(app.pool.supplied, listed, "in the order of the run again");
    assert_eq!(app.pool.supplied[app.pool.supplied_row], selected);
}

#[test]
fn the_selected_prompt_is_probed_with_its_own_group() {
    let mut app = on_pool_screen(ready());
    let commands = keys(&mut app, "p");
    let [Command::Pool(question)] = &commands[..] else {
        panic!("{commands:?}");
    };
    let PoolQuestion::Probe { text, group, .. } = &**question else {
        panic!("{question:?}");
    };
    assert!(matches!(text, ProbedText::Prompt(_)));
    assert!(group.as_ref().expect("a group").starts_with("item/"));
}

#[test]
fn the_filter_is_fuzzy_and_escape_clears_it() {
    let mut app = on_pool_screen(ready());
    keys(&mut app, "/colat");
    let shown: Vec<&str> = app
        .pool
        .rows
        .iter()
        .map(|&i| app.pool.documents[i].title.as_str())
        .collect();
    assert_eq!(shown, ["Collateral (2004)"]);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.pool.rows.len(), 4);
    assert_eq!(app.screen, Screen::Pool);
}

#[test]
fn what_was_taken_out_is_said_and_saving_asks_first() {
    let mut app = on_pool_screen(ready());
    assert!(keys(&mut app, "d").is_empty(), "it asks first");
    parts(
        "pool_remove",
        &mut app,
        "pools documents view footer dialog",
    );
    let commands = press(&mut app, KeyCode::Enter);
    answer(&mut app, commands);
    app.notice = None;
    parts("pool_changed", &mut app, "pools");
    assert!(keys(&mut app, "w").is_empty());
    assert!(
        app.notice
            .as_ref()
            .expect("a notice")
            .text
            .contains("--pool")
    );
    app.pool
        .overview
        .as_mut()
        .expect("an overview")
        .pool_on_disk = Some("films.pool".into());
    assert!(keys(&mut app, "w").is_empty());
    assert!(app.dialog_of::<SaveEdits>().is_some());
    let commands = press(&mut app, KeyCode::Enter);
    assert!(matches!(&commands[..], [Command::Pool(q)] if **q == PoolQuestion::Save));
}

/// What the question names, and what would be removed.
fn asked_about(app: &mut App) -> Option<(DocId, DocId)> {
    let removal = app.dialog_of::<Removal>()?;
    let named = removal.id.clone();
    let drawn = stage_text(app);
    assert!(drawn.contains(&format!("({named})")), "{drawn}");
    let commands = press(app, KeyCode::Enter);
    let [Command::Pool(question), ..] = commands.as_slice() else {
        panic!("{commands:?}");
    };
    let PoolQuestion::Remove { id, .. } = &**question else {
        panic!("{question:?}");
    };
    let removed = id.clone();
    answer(app, commands);
    Some((named, removed))
}

fn stage_text(app: &App) -> String {
    let buffer = draw(app);
    let text = buffer.content().iter().map(|cell| cell.symbol());
    text.collect()
}

#[test]
fn the_document_in_focus_is_taken_out_and_no_other() {
    let mut app = on_pool_screen(ready());
    let commands = press(&mut app, KeyCode::Down);
    answer(&mut app, commands);
    let selected = app.pool.selected().expect("a document").id.clone();
    keys(&mut app, "d");
    let same = (selected.clone(), selected.clone());
    assert_eq!(asked_about(&mut app), Some(same));
    // Another one than the list's, opened from a draft.
    let commands = app.open_document("item/1", Some(2));
    answer(&mut app, commands);
    assert_ne!(selected, "item/1");
    keys(&mut app, "d");
    let opened = (DocId::from("item/1"), DocId::from("item/1"));
    assert_eq!(asked_about(&mut app), Some(opened));
    keys(&mut app, "d");
    assert!(app.dialog.is_some());
    assert!(press(&mut app, KeyCode::Esc).is_empty(), "left as it is");
    // Drafts are no document, and neither is a pool.
    app.pool.tab = PoolTab::Drafts;
    assert!(keys(&mut app, "d").is_empty());
    assert!(app.dialog.is_none() && app.notice.is_some());
    app.pool.pane = PoolPane::Pools;
    assert!(keys(&mut app, "d").is_empty() && app.dialog.is_none());
}

#[test]
fn a_typed_document_goes_to_the_selected_group() {
    let mut app = on_pool_screen(ready());
    press(&mut app, KeyCode::BackTab);
    assert_eq!(app.pool.pane, PoolPane::Pools);
    let commands = press(&mut app, KeyCode::Down);
    answer(&mut app, commands);
    keys(&mut app, "a");
    app.update(laserscope::tui::action::Action::Paste(
        "Genre: x\nPlot: y".into(),
    ));
    let commands = press(&mut app, KeyCode::Enter);
    let [Command::Pool(question), ..] = &commands[..] else {
        panic!("{commands:?}");
    };
    let PoolQuestion::Add(document) = &**question else {
        panic!("{question:?}");
    };
    assert_eq!(document.text, "Genre: x\nPlot: y");
    assert_eq!(
        (document.kind.as_str(), document.group.as_str()),
        ("item", "crime")
    );
}

#[test]
fn a_replay_shows_what_its_trace_names() {
    let start = laserscope::tui::Start {
        replay: vec![fixture::relaxed()],
        ..super::stage::start()
    };
    let mut app = App::new(start);
    assert!(keys(&mut app, "5").is_empty());
    assert!(!app.pool.documents.is_empty());
    press(&mut app, KeyCode::Down);
    assert!(
        app.pool
            .why_not
            .as_ref()
            .expect("why")
            .contains("without a model")
    );
    assert!(!app.pool.supplied.is_empty());
    parts("pool_replay", &mut app, "header pools documents view");
}

#[test]
fn a_click_selects_and_the_wheel_scrolls() {
    let mut app = on_pool_screen(ready());
    app.look.size = LARGE;
    let at = (0..LARGE.1).find(|&y| {
        let row: String = (0..50)
            .map(|x| draw(&app)[(x, y)].symbol().to_string())
            .collect();
        row.contains("Ronin")
    });
    let (x, y) = (20, at.expect("the row"));
    assert!(
        laserscope::tui::mouse::hit(&app, Position::new(x, y))
            != laserscope::tui::target::Target::Nothing
    );
    let mouse = |kind| {
        crossterm::event::Event::Mouse(MouseEvent {
            kind,
            column: x,
            row: y,
            modifiers: KeyModifiers::NONE,
        })
    };
    let click = app.action_of(&mouse(MouseEventKind::Down(MouseButton::Left)));
    let commands = app.update(click.expect("an action"));
    answer(&mut app, commands);
    assert_eq!(app.pool.row, 3);
    let wheel = app
        .action_of(&mouse(MouseEventKind::ScrollUp))
        .expect("an action");
    app.update(wheel);
    assert_eq!(app.pool.row, 0);
}

// ---- the engine's side ----

fn knowledge(id: &str, group: &str, text: &str) -> Knowledge {
    Knowledge {
        id: id.into(),
        title: format!("Title of {id}"),
        kind: "item".into(),
        framework: None,
        group: Some(group.into()),
        text: text.into(),
        ended: true,
    }
}

fn documents_of_pools() -> [Knowledge; 3] {
    [
        knowledge("d1", "a", "abcdefgh"),
        knowledge("d2", "a", "abcxyz"),
        knowledge("d3", "b", "hgfedcba"),
    ]
}

fn with_pools(folder: &Path) -> Engine {
    let mut engine = engine::engine(folder);
    let docs = documents_of_pools();
    engine.set_knowledge(&docs).expect("documents");
    engine
}

fn ids(engine: &Engine, pool: &PoolName) -> Vec<String> {
    let documents = engine.list_documents(pool);
    assert_eq!(documents.n, documents.listed.len());
    documents
        .listed
        .into_iter()
        .map(|d| d.id.to_string())
        .collect()
}

#[test]
fn documents_are_listed_read_and_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_pools(folder.path());
    let group = PoolName::Group("item/a".into());
    assert_eq!(
        ids(&engine, &PoolName::Global),
        ["item/d1", "item/d2", "item/d3"]
    );
    assert_eq!(ids(&engine, &group), ["item/d1", "item/d2"]);
    assert!(ids(&engine, &PoolName::Online).is_empty());
    let read = engine
        .read_document(&PoolName::Global, &"item/d2".into())
        .expect("a document");
    let text: Vec<u8> = read
        .tokens
        .iter()
        .flat_map(|t| t.1.as_bytes().to_vec())
        .collect();
    assert!(text.starts_with(b"abcxyz"), "{text:?}");
    let found = engine.find_in_pools("abc").expect("found");
    assert_eq!((found.occurrences, found.n_documents), (2, 2));
    let error = engine
        .read_document(&PoolName::Global, &"d9".into())
        .expect_err("unknown");
    assert!(error.to_string().contains("d9"));
}

#[test]
fn changes_hold_and_can_be_taken_back_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = with_pools(folder.path());
    let group = PoolName::Group("item/a".into());
    let before = engine.pools_overview();
    let added = engine
        .add_documents(&[knowledge("d1", "a", "aaaa")])
        .expect("added");
    assert_eq!(added, ["item/d1~2"]);
    engine
        .pools
        .remove_document(&group, &"item/d2".into())
        .expect("removed");
    assert_eq!(ids(&engine, &group), ["item/d1", "item/d1~2"]);
    assert_eq!(engine.find_in_pools("abcx").expect("found").n_documents, 0);
    let now = engine.pools_overview();
    assert_eq!((now.n_added, now.n_removed, now.n_unsaved), (1, 1, 2));
    assert_eq!(now.sections[1].documents, 2);
    assert!(
        engine
            .pools
            .remove_document(&group, &"item/d2".into())
            .is_err()
    );
    engine.pools.undo_edit().expect("undone");
    assert_eq!(ids(&engine, &group), ["item/d1", "item/d2", "item/d1~2"]);
    engine.pools.undo_edit().expect("undone");
    assert_eq!(engine.pools_overview().sections[1], before.sections[1]);
    assert!(engine.pools.undo_edit().is_err());
    assert!(
        engine
            .save_edits()
            .expect_err("no pool")
            .to_string()
            .contains("--pool")
    );
}

/// What is saved is there for the next session, and only that.
#[test]
fn saved_changes_are_in_the_pool_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("films.pool");
    let mut engine = with_pool_on_disk(folder.path(), &path);
    let group = PoolName::Group("item/a".into());
    engine
        .add_documents(&[knowledge("d9", "a", "xyzabc")])
        .expect("added");
    engine
        .pools
        .remove_document(&group, &"item/d2".into())
        .expect("removed");
    let saved = engine.save_edits().expect("saved");
    assert_eq!((saved.added, saved.removed, saved.unknown), (1, 1, 0));
    assert_eq!(engine.pools_overview().n_unsaved, 0);
    assert!(
        engine.save_edits().is_err(),
        "there is nothing left to save"
    );
    engine
        .add_documents(&[knowledge("d10", "a", "zzz")])
        .expect("added, and not saved");
    let mut next = engine::engine(folder.path());
    next.add_pool(&path).expect("the pool");
    assert_eq!(ids(&next, &group), ["item/d1", "item/d9"]);
}

/// An engine with a pool on disk of the three documents.
fn with_pool_on_disk(folder: &Path, path: &Path) -> Engine {
    let mut engine = engine::engine(folder);
    let hash = tokenizer_hash(engine.model.codec()).expect("a hash");
    let mut progress = |_: &Work| true;
    let mut update = PoolUpdate::build(path, &hash, "tiny", None, &mut progress).expect("a pool");
    for document in documents_of_pools() {
        let document = document.tokenize(engine.model.codec()).expect("tokens");
        update.push(&document).expect("pushed");
    }
    update.commit().expect("committed");
    engine.add_pool(path).expect("the pool");
    engine
}

#[test]
fn a_probe_drafts_what_the_sources_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = with_pools(folder.path());
    let text = ProbedText::Phrase("hgf".into());
    let params = Params::default();
    let n_drafts = |engine: &Engine| -> Vec<usize> {
        let probe = engine
            .probe(&text, Some(&"item/a".into()), &params)
            .expect("a probe");
        probe.sets.iter().map(|s| s.tree.n_drafts()).collect()
    };
    let before = n_drafts(&engine);
    assert_eq!(before.len(), 3);
    assert_eq!(before[0], 0, "without pools a phrase has no continuation");
    assert!(before[1] > 0, "{before:?}");
    // Removed documents no longer draft.
    engine
        .pools
        .remove_document(&PoolName::Global, &"item/d3".into())
        .expect("removed");
    let probe = engine.probe(&text, None, &params).expect("a probe");
    let matched = probe.sets[1].hits.iter().map(|h| h.matched).max();
    assert!(matched.unwrap_or(0) < 3, "{matched:?}");
}

#[test]
fn runs_draft_from_changed_pools_and_stay_lossless() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = with_pools(folder.path());
    let strict = Params {
        verify: laserscope::speculate::params::AcceptanceRule::Strict,
        // As many rows whatever this machine's passes cost.
        budget: laserscope::speculate::params::Budget::Rows(16),
        max_tokens: 24,
        ..Params::default()
    };
    let plain = Params {
        verify: laserscope::speculate::params::AcceptanceRule::Autoregressive,
        ..strict
    };
    let wanted = engine::run(&mut engine, engine::spec("cab", plain));
    let own = format!("ab{}", wanted.text());
    engine
        .add_documents(&[knowledge("own", "a", &own)])
        .expect("added");
    let run = engine::run(&mut engine, engine::spec("cab", strict));
    assert_eq!(run.token_ids(), wanted.token_ids());
    let names_it = |t: &laserscope::speculate::trace::Trace| {
        let nodes = t.steps.iter().flat_map(|s| &s.tree.nodes);
        let mut docs = nodes.flat_map(|n| &n.origins).flat_map(|o| &o.docs);
        docs.any(|hit| hit.doc == "item/own")
    };
    assert!(names_it(&run));
    engine.pools.undo_edit().expect("undone");
    assert!(!names_it(&engine::run(
        &mut engine,
        engine::spec("cab", strict)
    )));
}
