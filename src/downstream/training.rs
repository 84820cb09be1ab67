//! One training: a click model learns from a fold's training users, stops by its validation
//! users and scores the rows of its test users. Nothing of the test users is looked at
//! before that.

use std::time::Instant;

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use color_eyre::eyre::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::backbone::{Backbone, ClickModel, KnownRows, ModelSizes, RowInputs};
use super::folds::Fold;
use super::metrics::auc;
use super::network::{Mode, ModelWeights, click_loss};
use super::rows::{ClickRow, N_HISTORY};
use super::statistics::Tested;
use super::vectors::{KnowledgeVectors, VectorTable};
use crate::recsys::dealt;

/// How click models are trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingOptions {
    /// Rows of a step.
    pub batch: usize,
    /// Learning rate of AdamW.
    pub rate: f64,
    /// Weight decay of AdamW.
    pub decay: f64,
    /// The most passes over the training rows.
    pub n_epochs_max: usize,
    /// Epochs without a better AUC on the validation users before training stops.
    pub patience: usize,
}

impl Default for TrainingOptions {
    /// Within the ranges of LASER's code.
    fn default() -> Self {
        TrainingOptions {
            batch: 512,
            rate: 1e-3,
            decay: 1e-2,
            n_epochs_max: 20,
            patience: 3,
        }
    }
}

/// What is predicted, and in which folds: everything about a test but the knowledge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// User by user.
    pub rows: Vec<ClickRow>,
    /// Per item of the catalog: its attribute.
    pub attributes: Vec<usize>,
    /// Different attributes.
    pub n_attributes: usize,
    /// Different values of ratings.
    pub n_levels: usize,
    /// Folds over the users.
    pub folds: Vec<Fold>,
    /// How click models are trained.
    pub options: TrainingOptions,
}

/// What is to be trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training<'a> {
    /// Which click model.
    pub backbone: Backbone,
    /// `None`: without knowledge.
    pub knowledge: Option<&'a KnowledgeVectors>,
    /// Index of the fold.
    pub fold: usize,
    /// Of the weights and of the order of rows.
    pub seed: u64,
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedScores {
    /// Of the fold's test rows, before the sigmoid.
    pub scores: Vec<f32>,
    /// Epochs until the best one.
    pub n_epochs: usize,
    /// AUC on the validation users after it.
    pub valid_auc: f64,
}

impl Study {
    /// Indices of the rows of these users, in order.
    fn rows_of(&self, users: &[usize]) -> Vec<usize> {
        let is_asked = |&row: &usize| users.binary_search(&self.rows[row].user).is_ok();
        (0..self.rows.len()).filter(is_asked).collect()
    }

    fn labels(&self, rows: &[usize]) -> Vec<bool> {
        rows.iter().map(|&row| self.rows[row].label).collect()
    }

    /// Steps of an epoch in the first fold.
    pub fn n_steps(&self) -> usize {
        let n_rows = self.rows_of(&self.folds[0].train).len();
        n_rows.div_ceil(self.options.batch)
    }

    /// Labels and users of a fold's test rows, in the order of [`TrainedScores::scores`].
    pub fn tested(&self, fold: usize) -> Tested {
        let rows = self.rows_of(&self.folds[fold].test);
        let mut users: Vec<usize> = rows.iter().map(|&row| self.rows[row].user).collect();
        let mut known = users.clone();
        known.dedup();
        let mut place = 0;
        for user in &mut users {
            if *user != known[place] {
                place += 1;
            }
            *user = place;
        }
        Tested {
            labels: self.labels(&rows),
            users,
        }
    }
}

/// Trains and scores. `go_on` is asked before every step; `None`: cancelled.
///
/// # Errors
/// A fold whose training or validation rows are all of one label; candle's.
pub fn train(
    study: &Study,
    training: Training<'_>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<TrainedScores>> {
    let Training { fold, seed, .. } = training;
    let of = &study.folds[fold];
    let [train, valid, test] = [&of.train, &of.valid, &of.test].map(|users| study.rows_of(users));
    let valid_labels = study.labels(&valid);
    ensure!(
        !train.is_empty() && auc(&vec![0.0; valid.len()], &valid_labels).is_some(),
        "fold {} has too few rows to learn from or to stop by: use fewer --folds or more --users",
        fold + 1
    );
    let learner = Learner::new(study, training)?;
    let mut optimizer = AdamW::new(learner.weights.learned.clone(), study.options.adamw())?;
    let (mut best, mut kept, mut n_epochs) = (f64::MIN, learner.weights.snapshot()?, 0);
    for epoch in 1..=study.options.n_epochs_max {
        let order = dealt(&train, seed.wrapping_mul(1_000).wrapping_add(epoch as u64));
        for rows in order.chunks(study.options.batch) {
            if !go_on() {
                return Ok(None);
            }
            let loss = learner.loss(rows)?;
            optimizer.backward_step(&loss)?;
        }
        let reached = auc(&learner.scores(&valid)?, &valid_labels).unwrap_or_default();
        if reached > best {
            (best, kept, n_epochs) = (reached, learner.weights.snapshot()?, epoch);
        } else if epoch >= n_epochs + study.options.patience {
            break;
        }
    }
    learner.weights.restore(&kept)?;
    Ok(Some(TrainedScores {
        scores: learner.scores(&test)?,
        n_epochs,
        valid_auc: best,
    }))
}

impl TrainingOptions {
    fn adamw(&self) -> ParamsAdamW {
        ParamsAdamW {
            lr: self.rate,
            weight_decay: self.decay,
            ..ParamsAdamW::default()
        }
    }
}

/// Steps that are timed.
const N_TIMED: usize = 3;

/// Seconds of a step of this click model with vectors of this width, on one thread.
///
/// # Errors
/// candle's.
pub fn step_seconds(study: &Study, backbone: Backbone, width: Option<usize>) -> Result<f64> {
    let n_users = study.rows.iter().map(|row| row.user + 1).max().unwrap_or(0);
    let zeros = |n: usize| VectorTable::new(width.unwrap_or(0), vec![None; n]);
    let vectors = KnowledgeVectors {
        users: zeros(n_users),
        items: zeros(study.attributes.len()),
    };
    let training = Training {
        backbone,
        knowledge: width.map(|_| &vectors),
        fold: 0,
        seed: 0,
    };
    let learner = Learner::new(study, training)?;
    let mut optimizer = AdamW::new(learner.weights.learned.clone(), study.options.adamw())?;
    let mut rows = study.rows_of(&study.folds[0].train);
    rows.truncate(study.options.batch);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut best = f64::INFINITY;
    for _ in 0..N_TIMED {
        let begin = Instant::now();
        pool.install(|| -> CandleResult<()> { optimizer.backward_step(&learner.loss(&rows)?) })?;
        best = best.min(begin.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Rows that are scored at once.
const SCORED: usize = 4096;

/// A click model and the knowledge it reads.
pub struct Learner<'a> {
    study: &'a Study,
    model: ClickModel,
    /// Its weights.
    pub weights: ModelWeights,
    /// Vectors of all users and of all items.
    knowledge: Option<[Tensor; 2]>,
}

impl<'a> Learner<'a> {
    /// # Errors
    /// candle's.
    pub fn new(study: &'a Study, training: Training<'_>) -> CandleResult<Self> {
        Self::in_type(study, training, DType::F32)
    }

    /// In f64 for checking gradients.
    fn in_type(study: &'a Study, training: Training<'_>, dtype: DType) -> CandleResult<Self> {
        let sizes = ModelSizes {
            items: study.attributes.len(),
            attributes: study.n_attributes,
            levels: study.n_levels,
            knowledge: training.knowledge.map(|known| known.items.width()),
        };
        let mut weights = ModelWeights::new(training.seed, dtype);
        let model = ClickModel::new(training.backbone, sizes, &mut weights)?;
        let tables = |known| standardized(study, known, training.fold, dtype);
        Ok(Learner {
            study,
            model,
            weights,
            knowledge: training.knowledge.map(tables).transpose()?,
        })
    }

    /// Mean loss of these rows.
    ///
    /// # Errors
    /// candle's.
    pub fn loss(&self, rows: &[usize]) -> CandleResult<Tensor> {
        let scores = self.model.forward(&self.inputs(rows)?, Mode::Learn)?;
        let labels = rows.iter().map(|&row| self.study.rows[row].label);
        let labels: Vec<f32> = labels.map(|label| f32::from(u8::from(label))).collect();
        let labels = Tensor::new(labels, &Device::Cpu)?;
        click_loss(&scores, &labels.to_dtype(self.weights.dtype())?)
    }

    fn scores(&self, rows: &[usize]) -> CandleResult<Vec<f32>> {
        let mut scores = Vec::with_capacity(rows.len());
        for rows in rows.chunks(SCORED) {
            let found = self.model.forward(&self.inputs(rows)?, Mode::Predict)?;
            scores.extend(found.to_dtype(DType::F32)?.to_vec1::<f32>()?);
        }
        Ok(scores)
    }

    fn inputs(&self, rows: &[usize]) -> CandleResult<RowInputs> {
        let study = self.study;
        let rows: Vec<&ClickRow> = rows.iter().map(|&row| &study.rows[row]).collect();
        let items: Vec<usize> = rows.iter().map(|row| row.item).collect();
        let users: Vec<usize> = rows.iter().map(|row| row.user).collect();
        let attribute = |item: &usize| study.attributes[*item];
        let Histories { seen, levels, mask } = Histories::of(&rows);
        let mask = Tensor::from_vec(mask, (rows.len(), 1, N_HISTORY), &Device::Cpu)?;
        let known = |[of_users, of_items]: &[Tensor; 2]| {
            CandleResult::Ok([known_rows(of_users, &users)?, known_rows(of_items, &items)?])
        };
        Ok(RowInputs {
            attributes: ids(items.iter().map(attribute).collect())?,
            knowledge: self.knowledge.as_ref().map(known).transpose()?,
            items: ids(items)?,
            seen_attributes: ids(seen.iter().map(attribute).collect())?,
            seen_items: ids(seen)?,
            seen_levels: ids(levels)?,
            mask: mask.to_dtype(self.weights.dtype())?,
        })
    }
}

fn ids(ids: Vec<usize>) -> CandleResult<Tensor> {
    let ids: Vec<u32> = ids.into_iter().map(|id| id as u32).collect();
    Tensor::new(ids, &Device::Cpu)
}

/// The vectors of these subjects, each once.
fn known_rows(table: &Tensor, subjects: &[usize]) -> CandleResult<KnownRows> {
    let mut known = subjects.to_vec();
    known.sort_unstable();
    known.dedup();
    let place = |subject: &usize| known.binary_search(subject).unwrap_or_default();
    Ok(KnownRows {
        places: ids(subjects.iter().map(place).collect())?,
        vectors: table.index_select(&ids(known)?, 0)?,
    })
}

/// Histories of rows, padded to [`N_HISTORY`] at their end.
struct Histories {
    seen: Vec<usize>,
    levels: Vec<usize>,
    mask: Vec<f32>,
}

impl Histories {
    fn of(rows: &[&ClickRow]) -> Self {
        let mut all = Histories {
            seen: Vec::new(),
            levels: Vec::new(),
            mask: Vec::new(),
        };
        for row in rows {
            for at in 0..N_HISTORY {
                let seen = row.history.get(at);
                all.seen.push(seen.map_or(0, |seen| seen.item));
                all.levels.push(seen.map_or(0, |seen| seen.level));
                all.mask.push(if seen.is_some() { 1.0 } else { 0.0 });
            }
        }
        all
    }
}

/// Vectors of users and items, standardized over those of the fold's training rows.
fn standardized(
    study: &Study,
    knowledge: &KnowledgeVectors,
    fold: usize,
    dtype: DType,
) -> CandleResult<[Tensor; 2]> {
    let users = &study.folds[fold].train;
    let rows = study.rows_of(users);
    let mut items: Vec<usize> = rows.iter().map(|&row| study.rows[row].item).collect();
    items.sort_unstable();
    items.dedup();
    let tensor = |table: &VectorTable, over: &[usize]| {
        let shape = (table.len(), table.width());
        Tensor::from_vec(table.standardized(over), shape, &Device::Cpu)?.to_dtype(dtype)
    };
    Ok([
        tensor(&knowledge.users, users)?,
        tensor(&knowledge.items, &items)?,
    ])
}

#[cfg(test)]
#[path = "training_test.rs"]
mod tests;
