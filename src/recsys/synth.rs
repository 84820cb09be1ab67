//! The synthetic viewers of the sample catalog: generates `users.csv` and `ratings.csv`
//! from invented tastes, the same bytes on every machine.
//!
//! Only `+ - * /` and comparisons touch the floats, which IEEE 754 fixes to the
//! last bit; no exponentials, whose last bit is the platform's. Must not read or
//! write files.

use std::collections::BTreeMap;

use color_eyre::eyre::{Report, WrapErr, ensure};
use ecow::EcoString;
use serde::Deserialize;

use super::catalog::Item;
use super::random::SplitMix64;

/// An invented taste; see `sample-data/archetypes.toml` for the meaning of the
/// weights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archetype {
    pub(crate) name: String,
    #[expect(dead_code, reason = "for readers of the file")]
    pub(crate) about: String,
    pub(crate) n_users: usize,
    other_genres: f64,
    genres: BTreeMap<String, f64>,
    themes: BTreeMap<String, f64>,
    directors: BTreeMap<String, f64>,
    countries: BTreeMap<String, f64>,
    decades: BTreeMap<String, f64>,
}

/// The whole recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    seed: u64,
    n_ratings_min: usize,
    n_ratings_max: usize,
    #[serde(rename = "archetype")]
    pub(crate) archetypes: Vec<Archetype>,
}

/// The two files' contents.
#[derive(Debug, PartialEq, Eq)]
pub struct SyntheticUsers {
    /// Invented users with their taste.
    pub users_csv: String,
    /// What they rated, and when.
    pub ratings_csv: String,
}

/// Every viewer starts to rate within this time of the epoch below.
const START_SPREAD_S: u64 = 200 * DAY_S;
const DAY_S: u64 = 86_400;
/// 2023-01-01, midnight UTC.
const EPOCH_S: u64 = 1_672_531_200;
/// Between two ratings: an hour to ten days.
const GAP_MIN_S: u64 = 3_600;
const GAP_SPREAD_S: u64 = 10 * DAY_S;

/// The share of a second archetype in a viewer's taste: nobody is a pure type.
const SECOND_TASTE: f64 = 0.2;
/// An affinity of 0 means this many stars; each unit adds [`STARS_PER_AFFINITY`].
const STARS_AT_ZERO: f64 = 2.8;
const STARS_PER_AFFINITY: f64 = 1.4;
/// Width of the noise on a rating, in stars.
const STARS_NOISE: f64 = 2.4;

const BUNDLED: &str = include_str!("../../sample-data/archetypes.toml");

impl Recipe {
    /// The recipe of the sample's viewers.
    ///
    /// # Errors
    /// Only if the sample data in the repository are broken.
    pub fn bundled() -> Result<Self, Report> {
        Self::parse("sample-data/archetypes.toml", BUNDLED)
    }

    /// `file` is the name that error messages carry.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Report> {
        let recipe: Self = toml::from_str(text).wrap_err_with(|| format!("reading {file}"))?;
        ensure!(!recipe.archetypes.is_empty(), "{file}: no [[archetype]]");
        ensure!(
            recipe.n_ratings_min <= recipe.n_ratings_max,
            "{file}: n_ratings_min is above n_ratings_max"
        );
        Ok(recipe)
    }
}

/// Makes the viewers and their ratings of `items`.
///
/// # Errors
/// There are fewer items than a viewer may rate.
pub fn synthesize(recipe: &Recipe, items: &[Item]) -> Result<SyntheticUsers, Report> {
    ensure!(
        recipe.n_ratings_max <= items.len(),
        "a viewer may rate {} items, but there are only {}",
        recipe.n_ratings_max,
        items.len()
    );
    let mut random = SplitMix64::new(recipe.seed);
    let mut users_csv = String::from("id,name\n");
    let mut ratings_csv = String::from("user,item,rating,timestamp\n");
    for (number, archetype_idx) in (1..).zip(in_turn(&recipe.archetypes)) {
        let taste = Taste::draw(recipe, archetype_idx, &mut random);
        let id = format!("u{number:03}");
        let kind = &recipe.archetypes[archetype_idx].name;
        users_csv.push_str(&format!("{id},Synthetic viewer {number:03} ({kind})\n"));
        let mut at_s = EPOCH_S + random.below(START_SPREAD_S);
        for idx in pick_items(recipe, &taste, items, &mut random) {
            let stars = rate(taste.affinity(&items[idx]), &mut random);
            ratings_csv.push_str(&format!("{id},{},{stars},{at_s}\n", items[idx].id));
            at_s += GAP_MIN_S + random.below(GAP_SPREAD_S);
        }
    }
    Ok(SyntheticUsers {
        users_csv,
        ratings_csv,
    })
}

/// One viewer of each archetype in turn, until each has its number.
fn in_turn(archetypes: &[Archetype]) -> Vec<usize> {
    let n_rounds = archetypes.iter().map(|a| a.n_users).max().unwrap_or(0);
    let rounds = (0..n_rounds).flat_map(|round| {
        let wanted = archetypes.iter().enumerate();
        wanted.filter_map(move |(idx, a)| (round < a.n_users).then_some(idx))
    });
    rounds.collect()
}

/// One viewer's taste: mostly the archetype's own, a little of another.
struct Taste<'a> {
    own: &'a Archetype,
    second: &'a Archetype,
}

impl<'a> Taste<'a> {
    fn draw(recipe: &'a Recipe, own_idx: usize, random: &mut SplitMix64) -> Self {
        let second_idx = random.below(recipe.archetypes.len() as u64) as usize;
        Self {
            own: &recipe.archetypes[own_idx],
            second: &recipe.archetypes[second_idx],
        }
    }

    fn affinity(&self, item: &Item) -> f64 {
        (1.0 - SECOND_TASTE) * self.own.affinity(item) + SECOND_TASTE * self.second.affinity(item)
    }
}

impl Archetype {
    fn affinity(&self, item: &Item) -> f64 {
        let weight = |map: &BTreeMap<String, f64>, key: &str| map.get(key).copied();
        let genre = |name: &EcoString| weight(&self.genres, name).unwrap_or(self.other_genres);
        let genres: f64 = item.genres.iter().map(genre).sum();
        let themes: f64 = item
            .themes
            .iter()
            .filter_map(|t| weight(&self.themes, t))
            .sum();
        let decade = item.year.map(|year| (year / 10 * 10).to_string());
        genres / item.genres.len().max(1) as f64
            + themes
            + weight(&self.directors, &item.director).unwrap_or(0.0)
            + weight(&self.countries, &item.country).unwrap_or(0.0)
            + decade
                .and_then(|d| weight(&self.decades, &d))
                .unwrap_or(0.0)
    }
}

/// Which items a viewer watches, in order: drawn without replacement, better fits being
/// likelier.
fn pick_items(
    recipe: &Recipe,
    taste: &Taste<'_>,
    items: &[Item],
    random: &mut SplitMix64,
) -> Vec<usize> {
    let spread = recipe.n_ratings_max - recipe.n_ratings_min + 1;
    let n_picked = recipe.n_ratings_min + random.below(spread as u64) as usize;
    let mut chances: Vec<f64> = items.iter().map(|i| chance(taste.affinity(i))).collect();
    let mut picked = Vec::with_capacity(n_picked);
    for _ in 0..n_picked {
        let idx = draw(&chances, random);
        chances[idx] = 0.0;
        picked.push(idx);
    }
    picked
}

/// A cubic with a floor, so that now and then anyone watches anything.
fn chance(affinity: f64) -> f64 {
    let fit = (1.0 + affinity).max(0.3);
    fit * fit * fit
}

/// An index, with a likelihood proportional to its chance. At least one chance
/// must be above 0.
fn draw(chances: &[f64], random: &mut SplitMix64) -> usize {
    let total: f64 = chances.iter().sum();
    let mut left = random.unit() * total;
    let mut last = 0;
    for (idx, &chance) in chances.iter().enumerate().filter(|(_, c)| **c > 0.0) {
        last = idx;
        left -= chance;
        if left < 0.0 {
            break;
        }
    }
    last
}

fn rate(affinity: f64, random: &mut SplitMix64) -> u8 {
    let noise = STARS_NOISE * (random.unit() - 0.5);
    let stars = STARS_AT_ZERO + STARS_PER_AFFINITY * affinity + noise;
    // Rounds halves up by hand: casts truncate, and the range is positive.
    (stars.clamp(1.0, 5.0) + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_draw_never_takes_what_has_no_chance(
            chances in prop::collection::vec(prop_oneof![Just(0.0), 0.1..5.0f64], 1..20),
            seed: u64,
        ) {
            prop_assume!(chances.iter().any(|&chance| chance > 0.0));
            let idx = draw(&chances, &mut SplitMix64::new(seed));
            prop_assert!(chances[idx] > 0.0);
        }

        #[test]
        fn stars_stay_on_the_scale(affinity in -9.0..9.0f64, seed: u64) {
            prop_assert!((1..=5).contains(&rate(affinity, &mut SplitMix64::new(seed))));
        }
    }
}
