//! Groups for a whole catalog: items by the map of attributes or not at all,
//! users by behaviour (LightGCN, then k-means), by what they mostly liked, or not
//! at all. Writes no file.

use std::collections::{BTreeMap, HashMap};

use super::catalog::Catalog;
use super::groups::Group;
use super::kmeans;
use super::lightgcn;
use super::saved::{Draft, SavedGroups};
use super::subject::SubjectKind;

/// How items are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemMethod {
    /// By the first genre that the group map names.
    Map,
    /// All in one group.
    None,
}

/// How users are grouped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UserMethod {
    /// k-means over LightGCN's embeddings, as in the paper.
    LightGcn {
        /// Of the training.
        options: lightgcn::Options,
        /// Number of groups.
        k: usize,
    },
    /// By the item group that most of their liked items are in.
    Liked,
    /// All in one group.
    None,
}

/// Number of distinctive genres in a group's description.
const N_GENRES: usize = 3;

/// Groups a catalog. `None` if cancelled by `go_on`.
pub fn build(
    catalog: &Catalog,
    items: ItemMethod,
    users: UserMethod,
    seed: u64,
    go_on: &mut dyn FnMut(&lightgcn::Progress) -> bool,
) -> Option<SavedGroups> {
    // Regardless of its current saved groups.
    let by_map = catalog.clone().with_own_map();
    let items = match items {
        ItemMethod::Map => as_they_are(&by_map, SubjectKind::Item, "map"),
        ItemMethod::None => none(catalog.items.len()),
    };
    let users = match users {
        UserMethod::LightGcn { options, k } => learned(catalog, &options, k, go_on)?,
        UserMethod::Liked => as_they_are(&by_map, SubjectKind::User, "liked"),
        UserMethod::None => none(catalog.users.len()),
    };
    Some(catalog.saved(seed, items, users))
}

fn none(n_subjects: usize) -> Draft {
    Draft {
        method: "none".to_owned(),
        parameters: BTreeMap::new(),
        groups: Vec::new(),
        of_subject: vec![None; n_subjects],
    }
}

/// The catalog's groups.
fn as_they_are(catalog: &Catalog, kind: SubjectKind, method: &str) -> Draft {
    let groups = catalog.groups(kind).to_vec();
    let places: HashMap<&str, u16> = groups.iter().map(|g| &*g.name).zip(0..).collect();
    let of = |at| places.get(catalog.subject(at).group()).copied();
    Draft {
        method: method.to_owned(),
        parameters: BTreeMap::new(),
        of_subject: catalog.subjects(kind).map(of).collect(),
        groups: groups.clone(),
    }
}

fn learned(
    catalog: &Catalog,
    options: &lightgcn::Options,
    k: usize,
    go_on: &mut dyn FnMut(&lightgcn::Progress) -> bool,
) -> Option<Draft> {
    let likes = likes(catalog);
    let (n_users, n_items) = (catalog.users.len(), catalog.items.len());
    let trained = lightgcn::train(n_users, n_items, &likes, options, go_on)?;
    let of_subject = cluster(&trained, &likes, n_users, options, k);
    let n_groups = of_subject.iter().flatten().max().map_or(0, |&max| max + 1);
    let groups = (0..n_groups).map(|group| describe(catalog, &likes, &of_subject, group));
    let mut parameters = BTreeMap::new();
    let mut note = |name: &str, value: String| parameters.insert(name.to_owned(), value);
    note("k", k.to_string());
    note("dim", options.dim.to_string());
    note("layers", options.n_layers.to_string());
    note("learning rate", options.learning_rate.to_string());
    note("l2", options.l2.to_string());
    note("seed", options.seed.to_string());
    note("likes", likes.len().to_string());
    note("epochs", trained.n_epochs.to_string());
    if let Some(recall) = trained.recall {
        note("recall@20", format!("{recall:.4}"));
    }
    Some(Draft {
        method: "lightgcn".to_owned(),
        parameters,
        groups: groups.collect(),
        of_subject,
    })
}

/// Every positive rating as user and item index.
fn likes(catalog: &Catalog) -> Vec<(u32, u32)> {
    let above = catalog.protocol.positive_above_stars;
    let users = (0u32..).zip(&catalog.users);
    let likes = users.flat_map(|(user, it)| {
        let liked = it.history.iter().filter(|rating| rating.stars > above);
        liked.map(move |rating| (user, rating.item_idx() as u32))
    });
    likes.collect()
}

/// By direction: an embedding's length mostly reflects how much a user has rated. A
/// user without likes is in no group.
fn cluster(
    trained: &lightgcn::Trained,
    likes: &[(u32, u32)],
    n_users: usize,
    options: &lightgcn::Options,
    k: usize,
) -> Vec<Option<u16>> {
    let mut has_liked = vec![false; n_users];
    likes
        .iter()
        .for_each(|like| has_liked[like.0 as usize] = true);
    let dim = options.dim;
    let rows = trained.users.chunks_exact(dim).zip(&has_liked);
    let mut points: Vec<f32> = rows
        .filter(|(_, liked)| **liked)
        .flat_map(|(row, _)| row)
        .copied()
        .collect();
    kmeans::to_unit_length(&mut points, dim);
    let clusters = kmeans::cluster(&points, dim, k, options.seed);
    let mut found = clusters.of_point.iter().map(|&cluster| cluster as u16);
    let of = |liked: &bool| if *liked { found.next() } else { None };
    has_liked.iter().map(of).collect()
}

/// A group's name, and the genres that it likes more than others.
fn describe(catalog: &Catalog, likes: &[(u32, u32)], of_user: &[Option<u16>], group: u16) -> Group {
    // By genre, likes of other users and of the group's users.
    let mut counts: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    let mut totals = [0.0; 2];
    for &(user, item) in likes {
        let own = of_user[user as usize] == Some(group);
        for genre in &catalog.items[item as usize].genres {
            counts.entry(genre).or_default()[usize::from(own)] += 1.0;
            totals[usize::from(own)] += 1.0;
        }
    }
    let share = |count: f64, side: usize| count / f64::max(totals[side], 1.0);
    let mut gaps: Vec<(&str, f64)> = counts
        .iter()
        .map(|(genre, count)| (*genre, share(count[1], 1) - share(count[0], 0)))
        .filter(|(_, gap)| *gap > 0.0)
        .collect();
    gaps.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let telling = gaps.iter().take(N_GENRES).map(|(genre, _)| *genre);
    let telling = telling.collect::<Vec<_>>().join(", ");
    let n_users = of_user.iter().filter(|g| **g == Some(group)).count();
    let about = match telling.is_empty() {
        true => format!("{n_users} users"),
        false => format!("{n_users} users who like {telling} more than others do"),
    };
    Group {
        name: format!("taste-{}", group + 1),
        about,
    }
}
