//! Whether an answer mentions what the catalog knows: an item's facts, a user's
//! history. It separates knowledge from fluent text, and ignores other claims of the
//! answer.

use serde::Serialize;

use super::catalog::{Catalog, Item, Subject, User};
use super::history::Role;
use super::subject::SubjectRef;
use crate::speculate::facts::{LIKED, SubjectFact, named};

/// A fact and whether the answer mentions it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Mention {
    /// `title`, `director`, `genre`, .., or `liked` for a title of the history.
    pub(crate) fact: &'static str,
    pub(crate) value: String,
    pub(crate) named: bool,
}

/// Which of a subject's facts the answer mentions.
pub(crate) fn mentions(catalog: &Catalog, at: SubjectRef, role: Role, text: &str) -> Vec<Mention> {
    let facts = facts_about(catalog, at, role);
    let named = named(&facts, text);
    let found = facts.into_iter().zip(named);
    found
        .map(|(SubjectFact { fact, value }, named)| Mention { fact, value, named })
        .collect()
}

/// What the catalog knows about a subject: an item's title, year, director, country, genres
/// and themes; for a user, the titles in the prompt.
pub(crate) fn facts_about(catalog: &Catalog, at: SubjectRef, role: Role) -> Vec<SubjectFact> {
    let facts = match catalog.subject(at) {
        Subject::Item(item) => item_facts(item),
        Subject::User(user) => liked(catalog, user, role),
    };
    facts
        .into_iter()
        .map(|(fact, value)| SubjectFact { fact, value })
        .collect()
}

/// How many facts are mentioned, and the total.
pub(crate) fn n_named(mentions: &[Mention]) -> (usize, usize) {
    let named = mentions.iter().filter(|mention| mention.named);
    (named.count(), mentions.len())
}

fn item_facts(item: &Item) -> Vec<(&'static str, String)> {
    let one = |fact, value: &str| (fact, value.to_string());
    let mut facts = vec![one("title", &item.title)];
    facts.extend(item.year.map(|year| ("year", year.to_string())));
    facts.push(one("director", &item.director));
    facts.push(one("country", &item.country));
    facts.extend(item.genres.iter().map(|genre| one("genre", genre)));
    facts.extend(item.themes.iter().map(|theme| one("theme", theme)));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn liked(catalog: &Catalog, user: &User, role: Role) -> Vec<(&'static str, String)> {
    let shown = catalog.protocol.shown(&user.history, role).into_iter();
    let title = |idx: usize| (LIKED, catalog.items[idx].title.to_string());
    shown.map(|rating| title(rating.item_idx())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recsys::SubjectKind;

    #[test]
    fn an_items_facts_and_a_users_titles() {
        let catalog = Catalog::bundled().expect("the sample");
        let heat = catalog.find(SubjectKind::Item, "i128").expect("Heat");
        let text = "Heat is a crime film by Michael Mann.";
        let found = mentions(&catalog, heat, Role::Query, text);
        let named: Vec<&str> = found.iter().filter(|m| m.named).map(|m| m.fact).collect();
        assert_eq!(named, ["title", "director", "genre"]);
        let user = catalog.find(SubjectKind::User, "u001").expect("a user");
        let Subject::User(viewer) = catalog.subject(user) else {
            panic!("a user");
        };
        let shown = catalog.protocol.query_history(&viewer.history);
        let first = &catalog.items[shown[0].item_idx()].title;
        let found = mentions(&catalog, user, Role::Query, &format!("They liked {first}."));
        assert_eq!(n_named(&found), (1, shown.len()));
        assert!(found[0].named);
    }
}
