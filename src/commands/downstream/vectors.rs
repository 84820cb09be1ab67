//! The arms' texts as vectors of the target model.

use std::collections::HashMap;

use color_eyre::eyre::{Result, ensure};

use super::plan::{Arm, ArmOrigin, SEEDS, SizedTest};
use super::texts::{ArmTexts, TestSubjects};
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::downstream::encoding::{Method, VectorStore, encode};
use crate::downstream::trials::{TestFolder, Trial};
use crate::downstream::vectors::{KnowledgeVectors, VectorTable};
use crate::engine::{EncodedAnswers, Engine};
use crate::recsys::{SubjectKind, SubjectRef};
use crate::speculate::TokenId;
use crate::worker::ask;

/// Of the permuted control.
const PERMUTATION_SEED: u64 = 7;

/// The vectors of one arm.
#[derive(Clone, Debug)]
pub(crate) struct ArmVectors {
    /// Their name in the folder; `None`: the arm has none.
    pub(crate) name: Option<String>,
    /// Users and items without a vector.
    pub(crate) n_without: [usize; 2],
    /// ArmTexts that are the reference's, and all that both have; `None`: it has no texts.
    pub(crate) as_reference: Option<(usize, usize)>,
}

/// Vectors of every arm. `None`: cancelled.
///
/// # Errors
/// The model's, and what the system reports.
pub(crate) fn of_arms(
    asked: &TestSubjects<'_>,
    engine: &mut Engine,
    (arms, reference): (&[Arm], usize),
    texts: &[Option<ArmTexts>],
    after: Option<usize>,
    folder: &TestFolder,
) -> Result<Option<Vec<ArmVectors>>> {
    let Some(by_arm) = encoded(asked, engine, texts, after, folder)? else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for (at, arm) in arms.iter().enumerate() {
        let knowledge = match arm.source {
            ArmOrigin::None => None,
            ArmOrigin::Permuted => Some(by_arm[reference].permuted(PERMUTATION_SEED)),
            _ => Some(by_arm[at].clone()),
        };
        let plan = asked.plan;
        let missing = |known: &KnowledgeVectors| {
            [
                known.users.n_missing(&plan.users),
                known.items.n_missing(&plan.items),
            ]
        };
        let name = knowledge.as_ref().map(|known| folder.save_knowledge(known));
        all.push(ArmVectors {
            name: name.transpose()?,
            n_without: knowledge.as_ref().map_or([0, 0], missing),
            as_reference: in_common(texts[at].as_ref(), texts[reference].as_ref()),
        });
    }
    Ok(Some(all))
}

fn in_common(texts: Option<&ArmTexts>, reference: Option<&ArmTexts>) -> Option<(usize, usize)> {
    let (texts, reference) = texts.zip(reference)?;
    let pairs = texts
        .iter()
        .filter_map(|(at, text)| Some((text, reference.get(at)?)));
    let (mut n_same, mut n) = (0, 0);
    for (text, of_reference) in pairs {
        n += 1;
        n_same += usize::from(text == of_reference);
    }
    Some((n_same, n))
}

/// Every training, each once though arms may share their vectors.
pub(crate) fn trials(sized: &SizedTest, known: &[ArmVectors]) -> Vec<Trial> {
    let mut names: Vec<&Option<String>> = Vec::new();
    for arm in known {
        if !names.contains(&&arm.name) {
            names.push(&arm.name);
        }
    }
    let mut trials = Vec::new();
    for knowledge in names {
        for &backbone in &sized.backbones {
            for fold in 0..sized.n_folds {
                trials.extend((0..sized.n_seeds).map(|seed| Trial {
                    backbone,
                    knowledge: knowledge.clone(),
                    fold,
                    seed: seed as u64,
                }));
            }
        }
    }
    trials
}

/// Seeds of an earlier part of the same test.
pub(super) fn seeds_begun(sized: &SizedTest, folder: &TestFolder, study: &str) -> usize {
    let is_begun = |seed: usize| {
        let mut trials = sized.backbones.iter().map(|&backbone| Trial {
            backbone,
            knowledge: None,
            fold: 0,
            seed: seed as u64,
        });
        trials.any(|trial| folder.is_done(study, &trial))
    };
    (0..SEEDS)
        .rev()
        .find(|&seed| is_begun(seed))
        .map_or(0, |seed| seed + 1)
}

/// A subject's prompt and its texts, with the arm of each.
struct Encodable {
    at: SubjectRef,
    answers: EncodedAnswers,
    arms: Vec<usize>,
}

/// The vectors of every arm's own texts.
fn encoded(
    asked: &TestSubjects<'_>,
    engine: &mut Engine,
    texts: &[Option<ArmTexts>],
    after: Option<usize>,
    folder: &TestFolder,
) -> Result<Option<Vec<KnowledgeVectors>>> {
    let subjects = encodables(asked, engine, texts)?;
    let width = engine.model.width();
    let path = folder.path().join(format!("hidden-{width}.bin"));
    let mut store = VectorStore::open(&path, width)?;
    let method = Method {
        source: engine.model.source(),
        after,
    };
    let mut line = Line::new();
    let answers: Vec<EncodedAnswers> = subjects.iter().map(|s| s.answers.clone()).collect();
    let found = encode(engine, &mut store, &method, &answers, &mut |done, of| {
        line.timed_part(
            done as u64,
            of as u64,
            &format!("vectors of texts: {done} of {of} tokens"),
        );
        !interrupt::is_set()
    })?;
    let Some(found) = found else {
        line.say("cancelled; the same command goes on with the vectors");
        return Ok(None);
    };
    let mut by_arm: Vec<HashMap<SubjectRef, Vec<f32>>> = vec![HashMap::new(); texts.len()];
    for (subject, vectors) in subjects.iter().zip(found) {
        for (&arm, vector) in subject.arms.iter().zip(vectors) {
            by_arm[arm].insert(subject.at, vector);
        }
    }
    let knowledge = by_arm
        .into_iter()
        .map(|vectors| tables(asked, width, vectors));
    Ok(Some(knowledge.collect()))
}

fn tables(
    asked: &TestSubjects<'_>,
    width: usize,
    mut vectors: HashMap<SubjectRef, Vec<f32>>,
) -> KnowledgeVectors {
    let mut table = |kind| {
        let subjects = asked.catalog.subjects(kind);
        VectorTable::new(width, subjects.map(|at| vectors.remove(&at)).collect())
    };
    KnowledgeVectors {
        users: table(SubjectKind::User),
        items: table(SubjectKind::Item),
    }
}

/// Prompts and texts in tokens. A text that is longer than the context is cut, which is told.
fn encodables(
    asked: &TestSubjects<'_>,
    engine: &Engine,
    texts: &[Option<ArmTexts>],
) -> Result<Vec<Encodable>> {
    let model = &engine.model;
    let (mut found, mut n_cut) = (Vec::new(), 0);
    for at in asked.plan.subjects(asked.catalog) {
        let role = ask::role_of(asked.catalog.subject(at));
        let (subject, prompt) = ask::about(asked.catalog, at, asked.framework, role)?;
        let rendered = model.render_to_fit(&prompt, asked.max_tokens)?;
        // The texts begin with the opening.
        let n_prompt = rendered.ids.len() - rendered.opening_len;
        let room = model.context().saturating_sub(n_prompt);
        ensure!(
            room > 0,
            "the prompt of {} {} does not fit the context: raise --context",
            at.kind,
            subject.id
        );
        let prompt = rendered.ids[..n_prompt].to_vec();
        let (encodable, n) = encodable(engine, at, prompt, room, texts)?;
        found.push(encodable);
        n_cut += n;
    }
    if n_cut > 0 {
        note!("{n_cut} texts are longer than the context: their first tokens are encoded");
    }
    Ok(found)
}

/// A subject's texts in tokens, and how many were cut to `room`.
fn encodable(
    engine: &Engine,
    at: SubjectRef,
    prompt: Vec<TokenId>,
    room: usize,
    texts: &[Option<ArmTexts>],
) -> Result<(Encodable, usize)> {
    let (mut answers, mut arms, mut n_cut) = (Vec::new(), Vec::new(), 0);
    for (arm, texts) in texts.iter().enumerate() {
        let Some(text) = texts.as_ref().and_then(|texts| texts.get(&at)) else {
            continue;
        };
        let mut ids = engine.model.codec().encode_text(text)?;
        n_cut += usize::from(ids.len() > room);
        ids.truncate(room);
        if !ids.is_empty() {
            answers.push(ids);
            arms.push(arm);
        }
    }
    let answers = EncodedAnswers { prompt, answers };
    Ok((Encodable { at, answers, arms }, n_cut))
}
