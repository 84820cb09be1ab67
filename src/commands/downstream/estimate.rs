//! How long a test takes on this machine, said before it begins.

use std::time::Duration;

use color_eyre::eyre::Result;

use super::TestRequest;
use super::plan::{Arm, ArmOrigin, SEEDS, SizedTest};
use super::texts::TestSubjects;
use crate::commands::batch::duration;
use crate::downstream::training::step_seconds;
use crate::downstream::trials::TestFolder;
use crate::engine::{Engine, Prompts};
use crate::speculate::TokenId;
use crate::speculate::cost::{Load, PassCosts};
use crate::worker::ask;

/// Subjects whose prompts are counted.
const N_SAMPLED: usize = 16;
/// Subjects that are decoded together.
const DECODED: usize = 32;
/// Texts that are read together, and the rows of each in a pass.
const READ: (usize, usize) = (8, 8);
/// Epochs of a training, by experience.
const N_EPOCHS: f64 = 9.0;
/// The most that a test takes where --seeds is not given.
const AT_MOST: Duration = Duration::from_secs(4 * 60 * 60);

/// Times by kind of work.
pub(super) struct TimeEstimate {
    generating: Duration,
    encoding: Duration,
    /// Trainings of one seed.
    of_a_seed: Duration,
    n_of_a_seed: usize,
}

impl TimeEstimate {
    /// From the cost profile, and from a few steps of each click model.
    ///
    /// # Errors
    /// A template's, candle's.
    pub(super) fn of(
        request: &TestRequest<'_>,
        asked: &TestSubjects<'_>,
        engine: &Engine,
        folder: &TestFolder,
        n_workers: usize,
    ) -> Result<Self> {
        let (plan, sized) = (asked.plan, &request.sized);
        let n_subjects = plan.subjects(asked.catalog).len();
        let missing = |arm: &Arm| match arm.source {
            ArmOrigin::Rule(_) => n_subjects.saturating_sub(n_lines(folder, arm)),
            _ => 0,
        };
        let n_generated: usize = request.arms.iter().map(missing).sum();
        let n_texts = n_vectors(&request.arms, Arm::has_knowledge) + 1;
        let n_vectors = n_vectors(&request.arms, |arm| !matches!(arm.source, ArmOrigin::None));
        let TokenCosts { own, decoded, read } = token_costs(asked, engine)?;
        let ms = |ms: f32| Duration::from_secs_f64(f64::from(ms.max(0.0)) / 1e3);
        let (answer, answers) = (asked.max_tokens as f32, n_texts * asked.max_tokens / 2);
        let training = training_seconds(asked, sized, n_vectors, engine.model.width())?;
        Ok(TimeEstimate {
            generating: ms(n_generated as f32 * (answer * decoded + own as f32 * read)),
            encoding: ms((n_subjects * (own + answers)) as f32 * read),
            of_a_seed: Duration::from_secs_f64(training / n_workers as f64),
            n_of_a_seed: (n_vectors + 1) * sized.backbones.len() * sized.n_folds,
        })
    }

    fn with(&self, n_seeds: usize) -> Duration {
        self.generating + self.encoding + self.of_a_seed * n_seeds as u32
    }

    /// The most seeds that such a test can have, but as many as were begun.
    pub(super) fn seeds(&self, n_begun: usize) -> usize {
        let fits = |&n: &usize| self.with(n) <= AT_MOST;
        let most = (1..=SEEDS).rev().find(fits).unwrap_or(1);
        most.max(n_begun)
    }

    pub(super) fn say(&self, sized: &SizedTest, folder: &TestFolder) {
        let n_seeds = sized.n_seeds;
        note!(
            "estimated: generating at most {}, encoding {}, {} trainings {}; what is done is kept \
             in {}, is not done again, and the same command goes on there",
            duration(self.generating),
            duration(self.encoding),
            self.n_of_a_seed * n_seeds,
            duration(self.of_a_seed * n_seeds as u32),
            folder.path().display()
        );
        if self.with(n_seeds) > AT_MOST {
            note!(
                "that is more than {}: --users, --items, --folds and --seeds make it smaller",
                duration(AT_MOST)
            );
        }
    }
}

/// Different vectors of these arms: lossless rules give the same texts.
fn n_vectors(arms: &[Arm], is_counted: impl Fn(&Arm) -> bool) -> usize {
    let counted = || arms.iter().filter(|arm| is_counted(arm));
    let n_lossless = counted().filter(|arm| arm.is_lossless()).count();
    counted().count() - n_lossless.saturating_sub(1)
}

/// What texts cost.
struct TokenCosts {
    /// Mean tokens of a prompt after what all of its kind begin with.
    own: usize,
    /// Milliseconds of a token that is generated.
    decoded: f32,
    /// Milliseconds of a token that is read.
    read: f32,
}

fn token_costs(asked: &TestSubjects<'_>, engine: &Engine) -> Result<TokenCosts> {
    let subjects = asked.plan.subjects(asked.catalog);
    let every = subjects.len().div_ceil(N_SAMPLED).max(1);
    let mut prompts = Prompts::default();
    let mut rendered = Vec::new();
    for &at in subjects.iter().step_by(every) {
        let role = ask::role_of(asked.catalog.subject(at));
        let (subject, prompt) = ask::about(asked.catalog, at, asked.framework, role)?;
        let ids = engine.model.render_to_fit(&prompt, asked.max_tokens)?.ids;
        prompts.add(&subject.kind, &ids);
        rendered.push(ids);
    }
    let shared = prompts.prefixes();
    let of_shared = |ids: &Vec<TokenId>| {
        let prefixes = shared.iter().filter(|prefix| ids.starts_with(prefix));
        prefixes.map(Vec::len).max().unwrap_or(0)
    };
    let n = rendered.len().max(1);
    let n_shared: usize = rendered.iter().map(of_shared).sum();
    let n_tokens: usize = rendered.iter().map(Vec::len).sum();
    let (own, shared) = ((n_tokens - n_shared) / n, n_shared / n);
    let costs = PassCosts::new(&engine.start.cost);
    let context = own + asked.max_tokens / 2;
    let per_token = |sequences: usize, rows: usize| {
        costs.ms(Load::of(sequences, rows, context, shared)) / (sequences * rows) as f32
    };
    Ok(TokenCosts {
        own,
        decoded: per_token(DECODED, 1),
        read: per_token(READ.0, READ.1),
    })
}

/// Of one seed's trainings one after another; `n_vectors`: arms that have some.
fn training_seconds(
    asked: &TestSubjects<'_>,
    sized: &SizedTest,
    n_vectors: usize,
    width: usize,
) -> Result<f64> {
    let study = &asked.plan.study;
    let n_steps = N_EPOCHS * (sized.n_folds * study.n_steps()) as f64;
    let mut seconds = 0.0;
    for &backbone in &sized.backbones {
        for (width, n_arms) in [(None, 1), (Some(width), n_vectors)] {
            seconds += step_seconds(study, backbone, width)? * n_steps * n_arms as f64;
        }
    }
    Ok(seconds)
}

/// Documents that an arm has already.
fn n_lines(folder: &TestFolder, arm: &Arm) -> usize {
    let path = super::texts::knowledge_path(folder.path(), arm);
    let text = std::fs::read(path).unwrap_or_default();
    text.iter().filter(|&&byte| byte == b'\n').count()
}
