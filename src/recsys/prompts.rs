//! Prompts: a framework's templates filled with the catalog's facts.
//!
//! A user's prompt can be rebuilt with less history. Must not know tokens or chat
//! markup: the model's chat template wraps the result, and others check whether it
//! fits.

use color_eyre::eyre::{Report, bail, eyre};
use ecow::EcoString;
use serde::Serialize;
use serde_json::{Value, json};

use super::catalog::{Catalog, Fact, Item, Subject, User};
use super::frameworks::{Example, Framework, parsed};
use super::history::Role;
use super::subject::{SubjectKind, SubjectRef};
use crate::jinja;

/// Maximum favourites of each kind passed to a template.
const N_FAVOURITES: usize = 3;

/// The prompt about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Absent: the chat template's own default.
    pub system: Option<String>,
    /// Earlier turns that show how an answer looks.
    pub examples: Vec<Example>,
    /// The question.
    pub user: String,
    /// The prefilled first words of the answer; may be empty.
    pub opening: String,
    /// Name of the framework.
    pub framework: String,
}

/// A framework's question about one subject, with the data to render it.
#[derive(Clone, Debug)]
pub struct Question {
    framework: Framework,
    about: About,
}

#[derive(Clone, Debug)]
enum About {
    Item(Value),
    User(Liked),
}

/// A user with the part of the history that a role shows.
#[derive(Clone, Debug)]
struct Liked {
    id: String,
    name: String,
    facts: Vec<Fact>,
    noun: String,
    categories: Vec<String>,
    /// Oldest first, each with its stars out of five. Never empty.
    seen: Vec<(Item, f32)>,
}

/// The question about one subject. An item's is the same in both roles.
///
/// # Errors
/// A user without history for this role.
pub fn question(
    framework: &Framework,
    catalog: &Catalog,
    at: SubjectRef,
    role: Role,
) -> Result<Question, Report> {
    let about = match catalog.subject(at) {
        Subject::Item(item) => {
            let mut facts = serde_json::to_value(ItemFacts::of(item, &catalog.noun))?;
            facts["categories"] = json!(catalog.categories());
            About::Item(facts)
        }
        Subject::User(user) => About::User(Liked::of(catalog, user, role)?),
    };
    Ok(Question {
        framework: framework.clone(),
        about,
    })
}

/// The prompt about one subject, with all of the history that the role shows.
///
/// # Errors
/// As [`question`], and a template that fails.
pub fn prompt(
    framework: &Framework,
    catalog: &Catalog,
    at: SubjectRef,
    role: Role,
) -> Result<Prompt, Report> {
    question(framework, catalog, at, role)?.write(usize::MAX)
}

impl Question {
    /// Rated items in the whole prompt; none for an item's.
    pub fn n_history(&self) -> usize {
        match &self.about {
            About::Item(_) => 0,
            About::User(liked) => liked.seen.len(),
        }
    }

    /// The prompt with at most the `newest` rated items, at least one.
    ///
    /// # Errors
    /// A failing template, by its name.
    pub fn write(&self, newest: usize) -> Result<Prompt, Report> {
        let (kind, facts) = match &self.about {
            About::Item(facts) => (SubjectKind::Item, facts.clone()),
            About::User(liked) => (SubjectKind::User, liked.facts(newest.max(1))?),
        };
        let template = self.framework.template(kind);
        let facts = facts.as_object().into_iter().flatten();
        let given: Vec<(&str, jinja::Value)> = facts
            .map(|(name, value)| (name.as_str(), jinja::Value::from_json(value)))
            .collect();
        let fill = |part: &str, text: &str| {
            let name = format!("{} {kind}.{part}", self.framework.name);
            let filled = parsed(&name, text).and_then(|template| template.render(&given));
            filled.map_err(|error| eyre!("template {error}"))
        };
        Ok(Prompt {
            system: template
                .system
                .as_deref()
                .map(|text| fill("system", text.trim()))
                .transpose()?,
            examples: template.example.iter().map(Example::trimmed).collect(),
            user: fill("user", template.user.trim())?.trim().to_owned(),
            opening: fill("opening", template.opening.trim_end_matches('\n'))?,
            framework: self.framework.name.clone(),
        })
    }
}

impl Liked {
    fn of(catalog: &Catalog, user: &User, role: Role) -> Result<Self, Report> {
        let shown = catalog.protocol.shown(&user.history, role);
        if shown.is_empty() {
            bail!(
                "user `{}` has too few ratings above {} (of {}) for a prompt: pick another user",
                user.id,
                catalog.protocol.positive_above_stars,
                catalog.scale
            );
        }
        let seen = shown.iter();
        let scale = catalog.scale;
        let seen = seen.map(|rating| {
            let item = catalog.items[rating.item_idx()].clone();
            (item, scale.stars(rating.stars))
        });
        Ok(Liked {
            id: user.id.to_string(),
            name: user.name.to_string(),
            facts: user.facts.to_vec(),
            noun: catalog.noun.clone(),
            categories: catalog.categories().to_vec(),
            seen: seen.collect(),
        })
    }

    /// The template's variables, as if only the newest items had been rated.
    fn facts(&self, newest: usize) -> Result<Value, Report> {
        let seen = &self.seen[self.seen.len().saturating_sub(newest)..];
        let items: Vec<&Item> = seen.iter().map(|(item, _)| item).collect();
        let history: Vec<SeenItem> = seen
            .iter()
            .map(|(item, stars)| SeenItem {
                item: ItemFacts::of(item, &self.noun),
                stars: stars.to_string(),
            })
            .collect();
        Ok(json!({
            "id": self.id,
            "name": self.name,
            "history": serde_json::to_value(history)?,
            "favourites": serde_json::to_value(favourites(&items))?,
            "facts": serde_json::to_value(&self.facts)?,
            "noun": self.noun,
            "categories": self.categories,
        }))
    }
}

#[derive(Serialize)]
struct ItemFacts<'a> {
    id: &'a str,
    title: &'a str,
    /// Absent if unknown, like `decade`, and false in a template's `if`, like an empty
    /// text.
    year: Option<u16>,
    decade: Option<String>,
    genres: &'a [EcoString],
    director: &'a str,
    country: &'a str,
    themes: &'a [EcoString],
    facts: &'a [Fact],
    /// `movie`, `book`, ...
    noun: &'a str,
}

impl<'a> ItemFacts<'a> {
    fn of(item: &'a Item, noun: &'a str) -> Self {
        Self {
            id: &item.id,
            title: &item.title,
            year: item.year,
            decade: decade(item),
            genres: &item.genres,
            director: &item.director,
            country: &item.country,
            themes: &item.themes,
            facts: &item.facts,
            noun,
        }
    }
}

fn decade(item: &Item) -> Option<String> {
    item.year.map(|year| format!("{}s", year / 10 * 10))
}

#[derive(Serialize)]
struct SeenItem<'a> {
    #[serde(flatten)]
    item: ItemFacts<'a>,
    /// `5`, or `4.5`.
    stars: String,
}

/// What occurs most often in a history, most frequent first.
#[derive(Serialize)]
struct Favourites {
    genres: Vec<Favourite>,
    directors: Vec<Favourite>,
    themes: Vec<Favourite>,
    countries: Vec<Favourite>,
    decades: Vec<Favourite>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Favourite {
    name: String,
    n: usize,
}

fn favourites(items: &[&Item]) -> Favourites {
    let of = |list: fn(&Item) -> Vec<String>| tally(items.iter().flat_map(|item| list(item)));
    Favourites {
        genres: of(|item| strings(&item.genres)),
        directors: of(|item| vec![item.director.to_string()]),
        themes: of(|item| strings(&item.themes)),
        countries: of(|item| vec![item.country.to_string()]),
        decades: of(|item| decade(item).into_iter().collect()),
    }
}

fn strings(names: &[EcoString]) -> Vec<String> {
    names.iter().map(EcoString::to_string).collect()
}

/// The most frequent names; ties go to the first one.
fn tally(names: impl Iterator<Item = String>) -> Vec<Favourite> {
    let mut counts: Vec<Favourite> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        match counts.iter_mut().find(|known| known.name == name) {
            Some(known) => known.n += 1,
            None => counts.push(Favourite { name, n: 1 }),
        }
    }
    counts.sort_by_key(|known| std::cmp::Reverse(known.n));
    counts.truncate(N_FAVOURITES);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_ties_keep_their_order() {
        let names = ["b", "a", "c", "a", "d"].map(str::to_owned);
        let names: Vec<(String, usize)> = tally(names.into_iter())
            .into_iter()
            .map(|f| (f.name, f.n))
            .collect();
        let want = [("a", 2), ("b", 1), ("c", 1)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(names, want);
    }
}
