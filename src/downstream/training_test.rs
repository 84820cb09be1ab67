use super::*;
use crate::downstream::folds::folds;
use crate::downstream::rows::SeenRating;
use crate::downstream::vectors::VectorTable;
use crate::recsys::SplitMix64;

const N_ITEMS: usize = 30;
const WIDTH: usize = 8;

/// Users who click much or little, and items that are clicked much or little.
struct World {
    study: Study,
    tastes: KnowledgeVectors,
}

fn world(n_users: usize, seed: u64) -> World {
    let mut random = SplitMix64::new(seed);
    let mut tastes = |n: usize| -> Vec<f64> { (0..n).map(|_| random.normal()).collect() };
    let (of_users, of_items) = (tastes(n_users), tastes(N_ITEMS));
    let mut rows = Vec::new();
    for (user, taste) in of_users.iter().enumerate() {
        for place in 0..12 {
            let item = random.below(N_ITEMS as u64) as usize;
            let pull = 1.5 * taste + 0.7 * of_items[item] + 0.5 * random.normal();
            let seen = |at| SeenRating {
                item: random_item(user, at),
                level: at % 3,
                place: at,
            };
            rows.push(ClickRow {
                user,
                item,
                label: pull > 0.0,
                history: (place.min(2)..place.min(4)).map(seen).collect(),
                place: place + 10,
            });
        }
    }
    let users: Vec<usize> = (0..n_users).collect();
    let study = Study {
        rows,
        attributes: (0..N_ITEMS).map(|item| item % 4).collect(),
        n_attributes: 4,
        n_levels: 3,
        folds: folds(&users, 4, 1),
        options: TrainingOptions {
            batch: 64,
            rate: 5e-3,
            n_epochs_max: 8,
            ..TrainingOptions::default()
        },
    };
    let tastes = KnowledgeVectors {
        users: noisy(&of_users, &mut random),
        items: noisy(&of_items, &mut random),
    };
    World { study, tastes }
}

fn random_item(user: usize, at: usize) -> usize {
    (user * 7 + at * 3) % N_ITEMS
}

/// A vector whose first number is the value and the others are noise.
fn noisy(values: &[f64], random: &mut SplitMix64) -> VectorTable {
    let row = |value: &f64| {
        let noise = (1..WIDTH).map(|_| random.normal() as f32);
        let numbers = std::iter::once(*value as f32).chain(noise);
        Some(numbers.collect())
    };
    VectorTable::new(WIDTH, values.iter().map(row).collect())
}

fn mean_auc(study: &Study, knowledge: Option<&KnowledgeVectors>, backbone: Backbone) -> f64 {
    let of = |fold: usize| {
        let training = Training {
            backbone,
            knowledge,
            fold,
            seed: 5,
        };
        let trained = train(study, training, &mut || true).unwrap().unwrap();
        auc(&trained.scores, &study.tested(fold).labels).unwrap()
    };
    (0..2).map(of).sum::<f64>() / 2.0
}

#[test]
fn a_planted_signal_is_found_and_permuted_it_is_not() {
    let World { study, tastes } = world(200, 3);
    for backbone in [Backbone::Din, Backbone::DcnV2] {
        let none = mean_auc(&study, None, backbone);
        let told = mean_auc(&study, Some(&tastes), backbone);
        let permuted = mean_auc(&study, Some(&tastes.permuted(1)), backbone);
        let all = format!("{backbone}: none {none}, told {told}, permuted {permuted}");
        assert!(told > none + 0.15, "{all}");
        assert!(told > permuted + 0.15, "{all}");
        assert!(permuted < none + 0.06, "{all}");
    }
}

#[test]
fn a_training_is_a_function_of_its_inputs() {
    let World { study, tastes } = world(40, 4);
    let training = |seed| Training {
        backbone: Backbone::Din,
        knowledge: Some(&tastes),
        fold: 1,
        seed,
    };
    let run = |seed| {
        train(&study, training(seed), &mut || true)
            .unwrap()
            .unwrap()
    };
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first.scores, run(2).scores);
    assert_eq!(first.scores.len(), study.tested(1).labels.len());
    assert!(train(&study, training(1), &mut || false).unwrap().is_none());
}

#[test]
fn rows_of_test_users_do_not_reach_the_training() {
    let World { mut study, tastes } = world(40, 4);
    let training = Training {
        backbone: Backbone::DcnV2,
        knowledge: Some(&tastes),
        fold: 0,
        seed: 1,
    };
    let before = train(&study, training, &mut || true).unwrap().unwrap();
    for row in study.rows_of(&study.folds[0].test) {
        study.rows[row].label ^= true;
    }
    let after = train(&study, training, &mut || true).unwrap().unwrap();
    assert_eq!(before, after);
}

#[test]
fn gradients_equal_finite_differences() {
    const STEP: f64 = 1e-5;
    let World { study, tastes } = world(20, 6);
    for backbone in [Backbone::Din, Backbone::DcnV2] {
        let training = Training {
            backbone,
            knowledge: Some(&tastes),
            fold: 0,
            seed: 2,
        };
        let learner = Learner::in_type(&study, training, DType::F64).unwrap();
        let rows: Vec<usize> = (0..40).collect();
        let loss = || learner.loss(&rows).unwrap();
        let gradients = loss().backward().unwrap();
        let mut random = SplitMix64::new(9);
        let (mut n_moved, mut worst) = (0, 0.0f64);
        for var in &learner.weights.learned {
            let flat = var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            // The loss of these rows does not depend on a weight without a gradient.
            let known = gradients.get(var).map(|known| known.flatten_all().unwrap());
            let known = known.map_or(vec![0.0; flat.len()], |known| known.to_vec1().unwrap());
            for _ in 0..4 {
                let at = random.below(flat.len() as u64) as usize;
                let with = |by: f64| {
                    let mut moved = flat.clone();
                    moved[at] += by;
                    let moved = Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap();
                    var.set(&moved).unwrap();
                    loss().to_scalar::<f64>().unwrap()
                };
                let slope = (with(STEP) - with(-STEP)) / (2.0 * STEP);
                with(0.0);
                n_moved += usize::from(known[at] != 0.0);
                worst = worst.max((slope - known[at]).abs());
            }
        }
        assert!(worst < 1e-6, "{backbone}: {worst}");
        assert!(
            n_moved > 40,
            "{backbone}: {n_moved} weights have a gradient"
        );
    }
}
