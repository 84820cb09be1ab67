//! The picture of a pass is true to the recorded step, and to what the decoder does.

use candle_core::Device;
use candle_core::quantized::GgmlDType;
use crossterm::event::KeyCode;
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::weights::{FloatWeights, Weights};
use laserscope::present::pass_picture::{PassPicture, SlotState, StageName, TokenWay, WayStage};
use laserscope::present::record::Record;
use laserscope::present::selection::TreeSelection;
use laserscope::present::step_phase::StepPhase;
use laserscope::speculate::draft::DraftTree;
use laserscope::speculate::params::{AcceptanceRule, Budget, Params, Sampling};
use laserscope::speculate::trace::{Step, Trace};
use laserscope::tui::app::App;
use laserscope::tui::screens::decode::state::Cursor;
use proptest::prelude::*;

use super::cut_out::{parts, parts_at};
use super::engine::{engine, knowledge, run, spec, text};
use super::stage::{LARGE, SMALL, decoding, draw, ended, keys, press};
use super::tiny::{self, VOCAB};
use super::{decoder, fixture};

fn record_of(trace: &Trace) -> Record {
    let mut record = Record::new(trace.header.clone());
    trace
        .steps
        .iter()
        .for_each(|step| record.push(step.clone()));
    record
}

fn rules() -> impl Strategy<Value = AcceptanceRule> {
    prop_oneof![
        Just(AcceptanceRule::Strict),
        Just(AcceptanceRule::Autoregressive),
        Just(AcceptanceRule::Relaxed { k: 2, tau: 0.1 }),
        Just(AcceptanceRule::Relaxed { k: 5, tau: 0.0 }),
    ]
}

/// A row attends to its ancestors and itself, and to no other row of the pass.
fn assert_mask(picture: &PassPicture, step: &Step) {
    for (i, row) in picture.rows.iter().enumerate() {
        let attended = (0..picture.rows.len()).filter(|&j| picture.cell(i, j).attends());
        let mut nodes: Vec<usize> = attended.map(|j| picture.rows[j].node).collect();
        nodes.sort_unstable();
        assert_eq!(nodes, step.tree.path(row.node), "row {}", row.node);
        assert_eq!(row.position, picture.prefix + row.depth);
    }
}

/// What the cache's rows hold after a step, as the decoder's commit moves them.
fn committed_rows(step: &Step) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..step.tree.n_rows()).collect();
    let kept = std::iter::once(0).chain(step.verdict.path.iter().copied());
    for (to, from) in kept.enumerate() {
        rows[to] = rows[from];
    }
    rows
}

fn assert_cache(picture: &PassPicture, step: &Step) {
    let count = |state| picture.cache.count(state);
    let (n, kept) = (step.tree.n_rows(), 1 + step.verdict.path.len());
    let want = match picture.phase {
        StepPhase::Retrieve => [0; 4],
        StepPhase::Draft => [n, 0, 0, 0],
        StepPhase::Verify => [0, n, 0, 0],
        StepPhase::Commit => [0, 0, kept, n - kept],
    };
    assert_eq!(SlotState::ALL.map(count), want, "{:?}", picture.phase);
    assert_eq!(picture.cache.len(), step.context_len - 1 + want[2]);
    for (i, slot) in picture.cache.slots.iter().enumerate() {
        assert_eq!(slot.row, step.context_len - 1 + i);
    }
    let holds: Vec<usize> = picture.cache.slots.iter().map(|slot| slot.node).collect();
    if picture.phase == StepPhase::Commit {
        assert_eq!(holds, committed_rows(step));
    }
}

fn assert_true(trace: &Trace) {
    let record = record_of(trace);
    for (i, step) in trace.steps.iter().enumerate() {
        for phase in StepPhase::ALL {
            let picture = PassPicture::of(&record, step, phase);
            let n_rows = match phase {
                StepPhase::Retrieve => 1,
                _ => step.tree.n_rows(),
            };
            assert_eq!(picture.rows.len(), n_rows);
            let is_judged = phase >= StepPhase::Verify;
            let judged = picture.rows.iter().filter(|row| row.fate().is_some());
            assert_eq!(judged.count(), if is_judged { n_rows - 1 } else { 0 });
            assert_mask(&picture, step);
            assert_cache(&picture, step);
        }
        let after = PassPicture::of(&record, step, StepPhase::Commit).cache;
        if let Some(next) = trace.steps.get(i + 1) {
            let before = PassPicture::of(&record, next, StepPhase::Retrieve);
            assert_eq!(before.prefix, after.len(), "the next pass begins there");
            assert_eq!(Some(before.rows[0].token), step.verdict.bonus, "its root");
        }
        for selection in selections(step) {
            let way = TokenWay::of(&record, step, selection);
            assert_eq!(way.is_none(), selection == TreeSelection::Root);
        }
    }
}

fn selections(step: &Step) -> Vec<TreeSelection> {
    let drafts = (1..step.tree.n_rows()).map(TreeSelection::Draft);
    let bonus = step.verdict.bonus.map(|_| TreeSelection::Bonus);
    std::iter::once(TreeSelection::Root)
        .chain(drafts)
        .chain(bonus)
        .collect()
}

/// A step of the fixture's with another tree that nobody has judged.
fn step_over(tree: DraftTree, path: &[usize]) -> (Record, Step) {
    let trace = fixture::strict();
    let mut step = trace.steps[0].clone();
    step.rows = vec![None; tree.n_rows()];
    step.judged = vec![None; tree.n_drafts()];
    step.verdict.fates.truncate(0);
    step.verdict.path = path.to_vec();
    step.tree = tree;
    (Record::new(trace.header), step)
}

fn load(path: &std::path::Path, backend: Backend) -> Decoder {
    let weights = Weights::open(path, FloatWeights::Exact).unwrap();
    let target = Target {
        device: &Device::Cpu,
        backend,
        kv: KvType::F32,
    };
    Decoder::load(&weights, target, 128, 2, |_, _| {}).unwrap()
}

fn logits_of(decoder: &mut Decoder, tree: &DraftTree) -> Vec<Vec<f32>> {
    let tokens: Vec<u32> = tree.nodes.iter().map(|node| node.token).collect();
    let parents: Vec<Option<usize>> = tree.nodes.iter().map(|node| node.parent).collect();
    let rows = TreeBatch {
        tokens: &tokens,
        parents: &parents,
    };
    let logits = decoder.forward(rows).unwrap();
    logits.chunks(VOCAB).map(<[f32]>::to_vec).collect()
}

/// Another token in a row changes the rows that attend to it, and no other, on both paths;
/// what commit keeps is what the picture keeps.
#[test]
fn the_mask_and_the_cache_are_the_decoders() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::F32, true);
    let mut tree = DraftTree::root_only(4);
    for (parent, token) in [(0, 5), (0, 6), (1, 7), (2, 8), (2, 9), (4, 10), (3, 11)] {
        tree.push(parent, token, 0.5, Vec::new());
    }
    let (record, mut step) = step_over(tree.clone(), &[2, 4, 6]);
    for backend in [Backend::Cpu, Backend::Device] {
        let mut decoder = load(&path, backend);
        decoder.extend(&[1, 2, 3]).unwrap();
        step.context_len = decoder.len() + 1;
        let picture = PassPicture::of(&record, &step, StepPhase::Verify);
        let before = logits_of(&mut decoder, &tree);
        for (column, changed) in picture.rows.iter().enumerate() {
            let mut other = tree.clone();
            other.nodes[changed.node].token += 20;
            let after = logits_of(&mut decoder, &other);
            for (i, row) in picture.rows.iter().enumerate() {
                let differs = before[row.node] != after[row.node];
                assert_eq!(differs, picture.cell(i, column).attends(), "{i} {column}");
            }
        }
        let picture = PassPicture::of(&record, &step, StepPhase::Commit).cache;
        logits_of(&mut decoder, &tree);
        decoder.commit_rows(&[0, 2, 4, 6]).unwrap();
        assert_eq!(decoder.len(), picture.len());
        let moved: Vec<_> = picture.slots.iter().map(|slot| slot.moved_from).collect();
        let want = [None, Some(5), Some(7), Some(9), None, None, None, None];
        assert_eq!(moved, want);
        let next = decoder::chain_logits(&mut decoder, &[12]);
        let mut plain = load(&path, backend);
        plain.extend(&[1, 2, 3, 4, 6, 8, 10]).unwrap();
        let close =
            decoder::largest_difference(&decoder::chain_logits(&mut plain, &[12])[0], &next[0]);
        assert!(close < 1e-4, "the kept rows are those of the path: {close}");
    }
}

fn stage(way: &TokenWay, wanted: StageName) -> &WayStage {
    way.stages
        .iter()
        .find(|stage| stage.stage == wanted)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_picture_is_its_step(seed in 0u64..1000, verify in rules()) {
        assert_true(&fixture::run(seed, Params { verify, ..Params::default() }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// The logits that are calculated back from a trace are those of the model.
    #[test]
    fn logits_are_the_models(
        question in text(1..20),
        documents in prop::collection::vec(text(1..60), 1..5),
        penalty in prop::sample::select(vec![1.0f32, 1.1, 1.5]),
        window in prop::sample::select(vec![2usize, 8, 64]),
        temperature in prop::sample::select(vec![None, Some(0.7f32)]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let params = Params {
            verify: AcceptanceRule::Strict,
            budget: Budget::Rows(12),
            repeat_penalty: penalty,
            repeat_window: window,
            sampling: temperature.map(Sampling::at),
            max_tokens: 24,
            ..Params::default()
        };
        let plain = Params { verify: AcceptanceRule::Autoregressive, ..params };
        let plain = run(&mut engine, spec(&question, plain));
        engine.set_knowledge(&knowledge(&documents, &plain)).unwrap();
        let trace = run(&mut engine, spec(&question, params));
        assert_true(&trace);
        let path = tiny::write_model(folder.path(), GgmlDType::Q4_1, true);
        let weights = Weights::open(&path, FloatWeights::Exact).unwrap();
        let mut decoder = Decoder::load(&weights, decoder::CPU, 500, 2, |_, _| {}).unwrap();
        let record = record_of(&trace);
        let ids: Vec<u32> = trace.header.prompt_ids.iter().copied().chain(trace.token_ids()).collect();
        for step in &trace.steps {
            decoder.truncate(0);
            decoder.extend(&ids[..step.context_len - 1]).unwrap();
            let logits = logits_of(&mut decoder, &step.tree);
            for selection in selections(step).into_iter().skip(1) {
                let way = TokenWay::of(&record, step, selection).unwrap();
                for token in &way.beside {
                    let (want, got) = (logits[way.row][token.token as usize], token.logit.unwrap());
                    prop_assert!((want - got).abs() < 1e-3 * (1.0 + want.abs()), "{want} {got}");
                }
                let own = way.beside.iter().find(|token| token.is_selected).unwrap();
                let said = &stage(&way, StageName::Logit).value;
                prop_assert_eq!(said, &format!("{:.2}", own.logit.unwrap()));
            }
        }
    }
}

/// A finished run at a step that keeps a row from behind a gap.
fn at_a_gap() -> App {
    let trace = fixture::relaxed();
    let has_gap = |step: &&Step| {
        let path = &step.verdict.path;
        path.len() > 1 && (1..).zip(path).any(|(i, &node)| i != node)
    };
    let step = trace.steps.iter().find(has_gap).expect("a gap").index;
    let mut app = ended(&trace);
    app.decode.go_to(Cursor::at(step));
    app.notice = None;
    app
}

#[test]
fn the_inside_of_a_pass_is_drawn() {
    let mut app = at_a_gap();
    keys(&mut app, "i");
    parts("inside_pass", &mut app, "dialog");
    parts_at("inside_pass_huge", &mut app, (200, 60), "dialog");
    press(&mut app, KeyCode::Tab);
    parts_at("inside_pass_cache", &mut app, SMALL, "dialog");
    press(&mut app, KeyCode::Tab);
    parts_at("inside_pass_way", &mut app, SMALL, "dialog");
    for phase in ["retrieve", "draft", "verify"] {
        keys(&mut app, ".");
        parts_at(&format!("inside_pass_{phase}"), &mut app, LARGE, "dialog");
    }
}

/// The letters of every line.
fn lines(app: &App) -> Vec<String> {
    let buffer = draw(app);
    let row = |y| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    };
    (0..buffer.area.height).map(row).collect()
}

/// Every one of 64 rows comes into view with its own cell, at every size.
#[test]
fn every_row_of_a_large_tree_can_be_seen() {
    let (mut app, _) = decoding(&fixture::heavy(3), 3);
    app.decode.go_to(Cursor::at(1));
    let n_rows = app.step().expect("a step").tree.n_rows();
    assert_eq!(n_rows, 64);
    keys(&mut app, "i");
    for size in [SMALL, LARGE, (200, 60)] {
        app.look.size = size;
        app.decode.selection = Some(TreeSelection::Root);
        let mut seen = Vec::new();
        for _ in 0..n_rows {
            let picture = lines(&app);
            let selection = app.selection().expect("a node");
            let node = match selection {
                TreeSelection::Root => 0,
                TreeSelection::Draft(node) => node,
                TreeSelection::Bonus => break,
            };
            let line = picture
                .iter()
                .find(|line| line.starts_with(&format!("│ {node:>2} ")));
            let line = line.unwrap_or_else(|| panic!("{node} at {size:?}: {picture:#?}"));
            assert!(line.contains('◆'), "{node} at {size:?}: {line}");
            seen.push(node);
            keys(&mut app, "j");
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..n_rows).collect::<Vec<_>>(), "{size:?}");
    }
}

/// Old traces have no normalizer: logits are not recorded, the rest is as ever.
#[test]
fn without_the_normalizer_logits_are_not_recorded() {
    let mut trace = fixture::relaxed();
    let record = record_of(&trace);
    let whole = |record: &Record| -> Vec<TokenWay> {
        let ways = record.trace.steps.iter().flat_map(|step| {
            selections(step)
                .into_iter()
                .filter_map(|selection| TokenWay::of(record, step, selection))
        });
        ways.collect()
    };
    let all = whole(&record);
    for row in trace
        .steps
        .iter_mut()
        .flat_map(|step| step.rows.iter_mut().flatten())
    {
        row.log_norm = None;
    }
    let old = whole(&record_of(&trace));
    assert_eq!(all.len(), old.len());
    for (all, old) in all.iter().zip(&old) {
        assert_ne!(stage(all, StageName::Logit).value, "not recorded");
        assert_eq!(stage(old, StageName::Logit).value, "not recorded");
        for kept in [StageName::Row, StageName::Rank, StageName::Rule] {
            assert_eq!(stage(all, kept), stage(old, kept));
        }
        assert_eq!(
            stage(all, StageName::Softmax).value,
            stage(old, StageName::Softmax).value
        );
        assert!(old.beside.iter().all(|token| token.logit.is_none()));
    }
}
