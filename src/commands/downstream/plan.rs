//! What is tested: users, items, folds and arms.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use color_eyre::eyre::{Result, ensure, eyre};

use crate::cli::{ArmChoice, ArmSource, DownstreamArgs, FIXED_ARMS};
use crate::downstream::backbone::Backbone;
use crate::downstream::folds::folds;
use crate::downstream::rows::ClickRows;
use crate::downstream::training::{Study, TrainingOptions};
use crate::recsys::{Catalog, SubjectKind, SubjectRef, dealt};
use crate::speculate::params::{AcceptanceRule, Params};
use crate::worker::ask::role_of;

/// Of the draw of users and of the folds.
const FOLD_SEED: u64 = 22;

/// Seeds where neither --seeds nor the time says otherwise.
pub(super) const SEEDS: usize = 5;

/// How large the test is.
pub(crate) struct SizedTest {
    pub(crate) n_folds: usize,
    pub(crate) n_seeds: usize,
    /// Whether the time that they take may make them fewer.
    is_free: bool,
    pub(crate) backbones: Vec<Backbone>,
    n_items: Option<usize>,
    n_users: Option<usize>,
    /// What `--quick` or the time made smaller.
    pub(crate) reduced: Vec<String>,
}

impl SizedTest {
    pub(crate) fn of(args: &DownstreamArgs) -> Self {
        let mut reduced = Vec::new();
        let mut size = |given: Option<usize>, usual: Option<usize>, quick: usize, of: &str| {
            if !args.quick || given.is_some() {
                return given.or(usual);
            }
            let usual = usual.map_or("all".to_string(), |n| n.to_string());
            reduced.push(format!("{quick} {of} instead of {usual}"));
            Some(quick)
        };
        let n_users = size(args.users, None, 100, "users");
        let n_items = size(args.items, None, 100, "items");
        let n_folds = size(args.folds, Some(10), 3, "folds").unwrap_or(10);
        let n_seeds = size(args.seeds, Some(SEEDS), 1, "seeds").unwrap_or(SEEDS);
        let backbones = match args.backbones.as_slice() {
            [] if args.quick => {
                reduced.push("DIN without DCNv2".to_string());
                vec![Backbone::Din]
            }
            [] => vec![Backbone::Din, Backbone::DcnV2],
            given => without_repeats(given),
        };
        SizedTest {
            n_folds,
            n_seeds,
            is_free: args.seeds.is_none() && !args.quick,
            backbones,
            n_items,
            n_users,
            reduced,
        }
    }

    /// Says how many seeds there are and what was made smaller.
    pub(super) fn describe(&self) {
        note!("{} seeds", self.n_seeds);
        if !self.reduced.is_empty() {
            note!("reduced: {}", self.reduced.join(", "));
        }
    }

    /// Takes as many seeds as there is time for, unless their number was given.
    pub(super) fn fit(&mut self, n_seeds: usize) {
        if self.is_free && n_seeds != self.n_seeds {
            self.n_seeds = n_seeds;
            let reduced =
                format!("{n_seeds} seeds instead of {SEEDS}, for the time that they take");
            self.reduced.push(reduced);
        }
    }
}

fn without_repeats(given: &[Backbone]) -> Vec<Backbone> {
    let mut found = Vec::new();
    for &backbone in given {
        if !found.contains(&backbone) {
            found.push(backbone);
        }
    }
    found
}

/// A study and what was left out of it.
pub(crate) struct TestPlan {
    pub(crate) study: Study,
    /// Indices of those that rows are about, ascending.
    pub(crate) users: Vec<usize>,
    pub(crate) items: Vec<usize>,
    pub(crate) left_out: LeftOut,
}

/// Counts of what is not predicted.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct LeftOut {
    /// Users without a prompt or a later rating.
    users_without_rows: usize,
    /// Ratings up to the last one that a prompt shows.
    ratings_before: usize,
    /// Later ratings of items that the prompt shows.
    ratings_repeated: usize,
    /// Rows of users beyond --users and of items beyond --items.
    rows_beyond: usize,
}

impl TestPlan {
    /// # Errors
    /// A catalog without ratings to predict, or fewer users than folds.
    pub(crate) fn of(catalog: &Catalog, sized: &SizedTest) -> Result<Self> {
        let everyone: Vec<usize> = (0..catalog.users.len()).collect();
        let mut rows = ClickRows::of(catalog, &everyone);
        ensure!(
            !rows.rows.is_empty(),
            "catalog {} has no ratings after those that prompts show: the test needs a catalog \
             with ratings, such as --catalog ml-100k",
            catalog.name
        );
        let n_all = rows.rows.len();
        limit(&mut rows, sized);
        let (users, items) = (rows.users(), rows.items());
        ensure!(
            users.len() >= sized.n_folds,
            "{} users with ratings to predict are too few for {} folds: use fewer --folds",
            users.len(),
            sized.n_folds
        );
        let left_out = LeftOut {
            users_without_rows: rows.n_users_without,
            ratings_before: rows.n_before,
            ratings_repeated: rows.n_repeated,
            rows_beyond: n_all - rows.rows.len(),
        };
        let (attributes, n_attributes) = attributes(catalog);
        let study = Study {
            folds: folds(&users, sized.n_folds, FOLD_SEED),
            rows: rows.rows,
            attributes,
            n_attributes,
            n_levels: rows.levels.len(),
            options: TrainingOptions::default(),
        };
        Ok(TestPlan {
            study,
            users,
            items,
            left_out,
        })
    }

    /// Everyone whose knowledge is read, items first; without users that have no prompt in
    /// their half.
    pub(crate) fn subjects(&self, catalog: &Catalog) -> Vec<SubjectRef> {
        let of = |kind| move |&idx: &usize| SubjectRef { kind, idx };
        let items = self.items.iter().map(of(SubjectKind::Item));
        let has_prompt = |at: &SubjectRef| {
            let (user, role) = (&catalog.users[at.idx], role_of(catalog.subject(*at)));
            !catalog.protocol.shown(&user.history, role).is_empty()
        };
        let users = self
            .users
            .iter()
            .map(of(SubjectKind::User))
            .filter(has_prompt);
        items.chain(users).collect()
    }

    /// Says how large the test is and what it leaves out.
    pub(crate) fn describe(&self, catalog: &Catalog, sized: &SizedTest, arms: &[Arm]) {
        note!(
            "{}: {} ratings to predict, of {} users and {} items; {} folds, {} arms",
            catalog.name,
            self.study.rows.len(),
            self.users.len(),
            self.items.len(),
            sized.n_folds,
            arms.len()
        );
        let left = self.left_out;
        note!(
            "left out: {} ratings up to the last one that a prompt shows, {} of items that it \
             shows, {} beyond --users and --items; {} users without a later rating",
            left.ratings_before,
            left.ratings_repeated,
            left.rows_beyond,
            left.users_without_rows
        );
    }
}

/// Keeps the rows of as many users and items as are asked for.
fn limit(rows: &mut ClickRows, sized: &SizedTest) {
    if let Some(n) = sized.n_users {
        let drawn = dealt(&rows.users(), FOLD_SEED);
        let kept: HashSet<usize> = drawn.into_iter().take(n).collect();
        rows.rows.retain(|row| kept.contains(&row.user));
    }
    if let Some(n) = sized.n_items {
        let kept: HashSet<usize> = most_predicted(rows).into_iter().take(n).collect();
        rows.rows.retain(|row| kept.contains(&row.item));
    }
}

/// Items by their number of rows, the most first; ties in the catalog's order.
fn most_predicted(rows: &ClickRows) -> Vec<usize> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for row in &rows.rows {
        *counts.entry(row.item).or_default() += 1;
    }
    let mut items = rows.items();
    items.sort_by_key(|item| std::cmp::Reverse(counts[item]));
    items
}

/// Per item the number of its first genre, and how many there are.
fn attributes(catalog: &Catalog) -> (Vec<usize>, usize) {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut attributes = Vec::with_capacity(catalog.items.len());
    for item in &catalog.items {
        let genre = item.genres.first().map_or("", |genre| genre.as_str());
        let next = known.len();
        attributes.push(*known.entry(genre).or_insert(next));
    }
    (attributes, known.len().max(1))
}

/// One arm of the test.
#[derive(Clone, Debug)]
pub(crate) struct Arm {
    pub(crate) name: String,
    pub(crate) source: ArmOrigin,
}

/// Where an arm's vectors come from.
#[derive(Clone, Debug)]
pub(crate) enum ArmOrigin {
    /// There are none.
    None,
    /// The reference's, each at another subject.
    Permuted,
    /// The catalog's own words.
    Catalog,
    /// ArmTexts generated under these parameters.
    Rule(Box<Params>),
    /// ArmTexts of a file.
    File(PathBuf),
}

impl Arm {
    fn fixed(name: &str) -> Self {
        let source = match name {
            "permuted" => ArmOrigin::Permuted,
            "catalog" => ArmOrigin::Catalog,
            _ => ArmOrigin::None,
        };
        Arm {
            name: name.to_string(),
            source,
        }
    }

    pub(crate) fn is_generated(&self) -> bool {
        self.rule().is_some()
    }

    /// What it is generated under.
    pub(super) fn rule(&self) -> Option<AcceptanceRule> {
        match &self.source {
            ArmOrigin::Rule(params) => Some(params.verify),
            _ => None,
        }
    }

    /// Whether its texts are those of autoregressive decoding.
    pub(super) fn is_lossless(&self) -> bool {
        self.rule().is_some_and(|rule| rule.is_lossless())
    }

    /// Whether its knowledge is in question, not a control.
    pub(crate) fn has_knowledge(&self) -> bool {
        matches!(self.source, ArmOrigin::Rule(_) | ArmOrigin::File(_))
    }

    /// Whether it has no vectors, or those of other subjects.
    pub(crate) fn knows_nothing(&self) -> bool {
        matches!(self.source, ArmOrigin::None | ArmOrigin::Permuted)
    }

    /// For people.
    pub(crate) fn describe(&self) -> String {
        match &self.source {
            ArmOrigin::None => "no knowledge".to_string(),
            ArmOrigin::Permuted => "the reference's vectors, each at another subject".to_string(),
            ArmOrigin::Catalog => "the catalog's own text, nothing generated".to_string(),
            ArmOrigin::Rule(params) => params.verify.describe(),
            ArmOrigin::File(path) => path.display().to_string(),
        }
    }
}

/// The arms that are tested where none is named.
const DEFAULT_ARMS: [&str; 4] = [
    "autoregressive",
    "strict",
    "relaxed=relaxed,k=2,tau=0.1",
    "relaxed-5=relaxed,k=5,tau=0.02",
];

/// The arms: none, those in question, and the controls.
///
/// # Errors
/// Two arms of one name; numbers that do not go with a rule.
pub(crate) fn arms(args: &DownstreamArgs, base: Params) -> Result<Vec<Arm>> {
    let chosen = match args.arm.as_slice() {
        [] => DEFAULT_ARMS
            .iter()
            .map(|text| ArmChoice::parse(text).map_err(|why| eyre!(why)))
            .collect::<Result<Vec<_>>>()?,
        given => given.to_vec(),
    };
    let [none, controls @ ..] = FIXED_ARMS;
    let mut arms = vec![Arm::fixed(none)];
    for choice in chosen {
        ensure!(
            arms.iter().all(|arm| arm.name != choice.name),
            "--arm {}: two arms have this name",
            choice.name
        );
        let source = match choice.source {
            ArmSource::File(path) => ArmOrigin::File(path),
            ArmSource::Rule(given) => {
                let params = given.over(base);
                let params = params.map_err(|why| eyre!("--arm {}: {why}", choice.name))?;
                ArmOrigin::Rule(Box::new(params))
            }
        };
        arms.push(Arm {
            name: choice.name,
            source,
        });
    }
    arms.extend(controls.map(Arm::fixed));
    Ok(arms)
}

/// Index of the arm that others are compared with.
///
/// # Errors
/// A name that no arm with knowledge has.
pub(crate) fn reference(args: &DownstreamArgs, arms: &[Arm]) -> Result<usize> {
    let named = |name: &str| {
        let mut all = arms.iter();
        all.position(|arm| arm.name == name && arm.has_knowledge())
    };
    if let Some(name) = &args.reference {
        return named(name).ok_or_else(|| {
            eyre!("--reference {name}: no arm with knowledge of its own has this name")
        });
    }
    let first = || arms.iter().position(Arm::has_knowledge);
    let found = named("autoregressive").or_else(first);
    found.ok_or_else(|| eyre!("no arm with knowledge of its own: add one with --arm"))
}
