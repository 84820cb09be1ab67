//! How long a test takes on this machine, said before it begins.

use std::time::Duration;

use color_eyre::eyre::Result;

use super::TestRequest;
use super::plan::{Arm, ArmOrigin, SizedTest};
use super::texts::TestSubjects;
use crate::commands::batch::duration;
use crate::downstream::training::step_seconds;
use crate::downstream::trials::TestFolder;
use crate::engine::Engine;
use crate::speculate::cost::StepCosts;
use crate::worker::ask;

/// Subjects whose prompts are counted.
const N_SAMPLED: usize = 16;
/// Rows of a pass over texts.
const ROWS: usize = 64;
/// Epochs of a training, by experience.
const N_EPOCHS: f64 = 9.0;

/// Times by kind of work.
pub(super) struct TimeEstimate {
    /// With one token per step, one subject at a time.
    generating: Duration,
    encoding: Duration,
    training: Duration,
    n_trainings: usize,
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
        let costs = StepCosts::new(&engine.start.cost);
        let n_subjects = plan.subjects(asked.catalog).len();
        let n_prompt = mean_prompt(asked, engine)?;
        let context = n_prompt + asked.max_tokens / 2;
        let missing = |arm: &Arm| match arm.source {
            ArmOrigin::Rule(_) => n_subjects.saturating_sub(n_lines(folder, arm)),
            _ => 0,
        };
        let n_generated: usize = request.arms.iter().map(missing).sum();
        let n_texts = request
            .arms
            .iter()
            .filter(|arm| arm.has_knowledge())
            .count()
            + 1;
        let per_subject = n_prompt + n_texts * asked.max_tokens / 2;
        let per_token = costs.ms(ROWS, context) / ROWS as f32;
        let ms = |ms: f32| Duration::from_secs_f64(f64::from(ms.max(0.0)) / 1e3);
        let n_vectors = request.arms.len() - 1;
        let widths = [(None, 1), (Some(engine.model.width()), n_vectors)];
        let training = training_seconds(asked, sized, &widths)?;
        Ok(TimeEstimate {
            generating: ms((n_generated * asked.max_tokens) as f32 * costs.ms(1, context)),
            encoding: ms((n_subjects * per_subject) as f32 * per_token),
            training: Duration::from_secs_f64(training / n_workers as f64),
            n_trainings: request.arms.len() * sized.backbones.len() * sized.n_folds * sized.n_seeds,
        })
    }

    pub(super) fn say(&self, folder: &TestFolder) {
        note!(
            "estimated: generating at most {} (one subject at a time), encoding {}, {} trainings \
             {}; what is done is kept in {}, and the same command goes on there",
            duration(self.generating),
            duration(self.encoding),
            self.n_trainings,
            duration(self.training),
            folder.path().display()
        );
    }
}

/// Of all trainings one after another; `widths`: of the vectors, and how many arms have them.
fn training_seconds(
    asked: &TestSubjects<'_>,
    sized: &SizedTest,
    widths: &[(Option<usize>, usize)],
) -> Result<f64> {
    let study = &asked.plan.study;
    let n_steps = N_EPOCHS * (sized.n_folds * sized.n_seeds * study.n_steps()) as f64;
    let mut seconds = 0.0;
    for &backbone in &sized.backbones {
        for &(width, n_arms) in widths {
            seconds += step_seconds(study, backbone, width)? * n_steps * n_arms as f64;
        }
    }
    Ok(seconds)
}

/// Mean length of the subjects' prompts in tokens.
fn mean_prompt(asked: &TestSubjects<'_>, engine: &Engine) -> Result<usize> {
    let subjects = asked.plan.subjects(asked.catalog);
    let every = subjects.len().div_ceil(N_SAMPLED).max(1);
    let (mut sum, mut n) = (0, 0);
    for &at in subjects.iter().step_by(every) {
        let role = ask::role_of(asked.catalog.subject(at));
        let (_, prompt) = ask::about(asked.catalog, at, asked.framework, role)?;
        sum += engine
            .model
            .render_to_fit(&prompt, asked.max_tokens)?
            .ids
            .len();
        n += 1;
    }
    Ok(sum / n.max(1))
}

/// Documents that an arm has already.
fn n_lines(folder: &TestFolder, arm: &Arm) -> usize {
    let path = super::texts::knowledge_path(folder.path(), arm);
    let text = std::fs::read(path).unwrap_or_default();
    text.iter().filter(|&&byte| byte == b'\n').count()
}
