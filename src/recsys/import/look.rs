//! Looks for data sets in a folder: by file names and, if these do not suffice, by
//! first lines. Every complete data set is found, so that two in one folder are never
//! mixed.

use std::collections::BTreeSet;
use std::io::{BufRead, Read};

use color_eyre::eyre::{Report, eyre};

use super::dialect::{CsvFiles, Dialect, Edition, OwnFiles, RecBoleFiles};
use super::files::part::ImportPart;
use super::files::source::ImportSource;
use crate::text_input::decode;

const KNOWN: &str = "MovieLens 100K (u.data, u.item), 1M and 10M (ratings.dat, movies.dat), latest to 32M \
     (ratings.csv, movies.csv), Amazon Reviews (a reviews file with its meta_ file), RecBole \
     (.inter, .item), goodbooks-10k (ratings.csv, books.csv), or items and ratings as .csv or .jsonl";

impl Dialect {
    /// Examines a source; if only one folder inside fits, that folder is the source.
    /// Two data sets are never combined.
    ///
    /// # Errors
    /// Nothing fits, or several do, which are then listed.
    pub(crate) fn detect(source: ImportSource) -> Result<(ImportSource, Self), Report> {
        let shown = source.path.display().to_string();
        let mut looked = Looked::default();
        looked.look(&source);
        if looked.found.is_empty() || source.is_archive() {
            source
                .inside()
                .iter()
                .for_each(|folder| looked.look(folder));
        }
        match looked.found.len() {
            1 => Ok(looked.found.remove(0)),
            0 => Err(looked.misses.into_iter().next().unwrap_or_else(|| {
                let n = source.parts.len();
                eyre!("catalog {shown}: no known data set among its {n} files; known are {KNOWN}")
            })),
            _ => Err(looked.ambiguous(&shown)),
        }
    }
}

/// What was found.
#[derive(Default)]
struct Looked {
    found: Vec<(ImportSource, Dialect)>,
    /// Data sets that lack a file, each as an error that says which.
    misses: Vec<Report>,
}

/// A data set and the names of its files.
type Candidate = (Dialect, Vec<String>);

impl Looked {
    /// Adds the data sets of a folder; if one of its files was named, only those that
    /// include it.
    fn look(&mut self, source: &ImportSource) {
        let mut candidates: Vec<Candidate> = Vec::new();
        candidates.extend(movielens(source));
        candidates.extend(goodbooks(source));
        candidates.extend(own(source));
        recbole(source, &mut candidates, &mut self.misses);
        amazon(source, &mut candidates, &mut self.misses);
        if let Some(named) = &source.named {
            let is_theirs = candidates.iter().any(|(_, files)| files.contains(named));
            // A file next to a data set, such as links.csv, stands for its folder.
            if is_theirs || is_of_a_set(named) {
                candidates.retain(|(_, files)| files.contains(named));
            }
        }
        let dialects = candidates.into_iter().map(|(dialect, _)| dialect);
        self.found
            .extend(dialects.map(|dialect| (source.clone(), dialect)));
    }

    /// The error for several data sets: lists them and says how to choose.
    fn ambiguous(&self, shown: &str) -> Report {
        let mut folders = BTreeSet::new();
        let sets: Vec<String> = self
            .found
            .iter()
            .map(|(source, dialect)| {
                folders.insert(source.folder());
                let file = dialect.first_file();
                format!(
                    "{} ({})",
                    source.folder().join(file).display(),
                    dialect.describe()
                )
            })
            .collect();
        let choose = match folders.len() {
            1 => "name one of the files",
            _ => "name one of the folders or files",
        };
        eyre!(
            "catalog {shown}: more than one data set: {choose}: {}",
            sets.join(", ")
        )
    }
}

fn names(parts: &[&ImportPart]) -> Vec<String> {
    parts.iter().map(|part| part.name.clone()).collect()
}

fn any_of<'a>(source: &'a ImportSource, names: &[&str]) -> Option<&'a ImportPart> {
    names.iter().find_map(|name| source.plain_or_gz(name))
}

fn movielens(source: &ImportSource) -> Vec<Candidate> {
    let part = |name: &str| source.plain_or_gz(name);
    let mut found = Vec::new();
    if let (Some(data), Some(item)) = (part("u.data"), part("u.item")) {
        let mut files = names(&[data, item]);
        files.extend(part("u.user").map(|user| user.name.clone()));
        found.push((Dialect::MovieLens100K, files));
    }
    if let (Some(ratings), Some(movies)) = (part("ratings.dat"), part("movies.dat")) {
        let users = part("users.dat");
        let mut files = names(&[ratings, movies]);
        files.extend(users.map(|users| users.name.clone()));
        let with_users = users.is_some();
        found.push((Dialect::MovieLensDat { with_users }, files));
    }
    let movies = any_of(source, &["movies.csv", "movie.csv"]);
    found.extend(csv_files(source, movies).map(|(files, n)| (Dialect::MovieLensCsv(files), n)));
    found
}

fn goodbooks(source: &ImportSource) -> Option<Candidate> {
    let books = any_of(source, &["books.csv", "book.csv"]);
    let (files, mut names) = csv_files(source, books)?;
    let shelves = ["tags.csv", "book_tags.csv"];
    let shelves = shelves.iter().filter_map(|name| source.plain_or_gz(name));
    names.extend(shelves.map(|part| part.name.clone()));
    Some((Dialect::Goodbooks(files), names))
}

/// A table of items with its ratings.
fn csv_files(source: &ImportSource, items: Option<&ImportPart>) -> Option<(CsvFiles, Vec<String>)> {
    let (items, ratings) = (items?, any_of(source, &["ratings.csv", "rating.csv"])?);
    let files = CsvFiles {
        items: items.clone(),
        ratings: ratings.clone(),
    };
    Some((files, names(&[items, ratings])))
}

fn own(source: &ImportSource) -> Option<Candidate> {
    let find = |name: &str| {
        let endings = ["csv", "tsv", "jsonl"].map(|ending| format!("{name}.{ending}"));
        any_of(source, &endings.each_ref().map(String::as_str))
    };
    let (items, users, ratings) = (find("items")?, find("users"), find("ratings"));
    let files = [Some(items), users, ratings].into_iter().flatten();
    let files = files.map(|part| part.name.clone()).collect();
    let own = OwnFiles {
        items: items.clone(),
        users: users.cloned(),
        ratings: ratings.cloned(),
    };
    Some((Dialect::Own(own), files))
}

/// Every `STEM.item` with `STEM.inter`, or with the parts of a split,
/// `STEM.train.inter` and the like.
fn recbole(source: &ImportSource, found: &mut Vec<Candidate>, misses: &mut Vec<Report>) {
    let names = source.parts.iter().map(|part| &*part.name);
    let stems: Vec<&str> = names
        .clone()
        .filter_map(|name| name.strip_suffix(".item"))
        .collect();
    for stem in &stems {
        let inter = interactions(source, stem, &stems);
        let Some(item) = source
            .part(&format!("{stem}.item"))
            .filter(|_| !inter.is_empty())
        else {
            misses.push(missing(source, &format!("{stem}.inter")));
            continue;
        };
        let user = source.part(&format!("{stem}.user"));
        let files = inter.iter().chain([item]).chain(user);
        let files = files.map(|part| part.name.clone()).collect();
        let dialect = Dialect::RecBole {
            stem: (*stem).to_owned(),
            files: RecBoleFiles {
                inter,
                item: item.clone(),
                user: user.cloned(),
            },
        };
        found.push((dialect, files));
    }
    for name in names.filter_map(|name| name.strip_suffix(".inter")) {
        let of_a_stem = |stem: &&str| name == *stem || name.starts_with(&format!("{stem}."));
        if !stems.iter().any(of_a_stem) {
            misses.push(missing(source, &format!("{name}.item")));
        }
    }
}

fn missing(source: &ImportSource, name: &str) -> Report {
    eyre!("catalog {}: {name} is missing", source.path.display())
}

/// The file of interactions of a stem, or those of its split in the order of time.
fn interactions(source: &ImportSource, stem: &str, stems: &[&str]) -> Vec<ImportPart> {
    if let Some(whole) = source.part(&format!("{stem}.inter")) {
        return vec![whole.clone()];
    }
    let split_of = |part: &&ImportPart| {
        let rest = part.name.strip_prefix(stem)?.strip_prefix('.')?;
        let split = rest.strip_suffix(".inter")?;
        let is_other = stems
            .iter()
            .any(|other| *other == format!("{stem}.{split}"));
        let order = ["train", "valid", "validation", "test"];
        let place = order.iter().position(|name| *name == split);
        (!is_other).then_some((place.unwrap_or(order.len()), split.to_owned()))
    };
    let parts = source.parts.iter().filter(|part| split_of(part).is_some());
    let mut parts: Vec<ImportPart> = parts.cloned().collect();
    parts.sort_by_key(|part| split_of(&part));
    parts
}

/// Every file of reviews with the products' file that goes with it:
/// `Books_5.json.gz`, `reviews_Books_5.json.gz` or `ratings_Books.csv`, and
/// `meta_Books.json.gz`.
fn amazon(source: &ImportSource, found: &mut Vec<Candidate>, misses: &mut Vec<Report>) {
    let metas: Vec<&ImportPart> = source
        .parts
        .iter()
        .filter(|part| is_meta(&part.name))
        .collect();
    let mut with_reviews = BTreeSet::new();
    let is_named = |part: &ImportPart| source.named.as_ref() == Some(&part.name);
    for reviews in reviews_before_ratings(source) {
        let stem = category(&reviews.name);
        let Some(meta) = metas.iter().find(|meta| category(&meta.name) == stem) else {
            if is_json(&reviews.name) {
                misses.push(lacks(source, reviews, &format!("meta_{stem} file")));
            }
            continue;
        };
        let is_first = with_reviews.insert(stem.clone());
        if is_csv(&reviews.name) && !is_first && !is_named(reviews) {
            continue;
        }
        let dialect = Dialect::Amazon {
            edition: edition(reviews, meta),
            stem,
            reviews: reviews.clone(),
            meta: (*meta).clone(),
        };
        found.push((dialect, names(&[reviews, meta])));
    }
    for meta in metas {
        let stem = category(&meta.name);
        if !with_reviews.contains(&stem) {
            misses.push(lacks(source, meta, &format!("file of reviews of {stem}")));
        }
    }
}

/// If there are also bare ratings, the reviews are used.
fn reviews_before_ratings(source: &ImportSource) -> impl Iterator<Item = &ImportPart> {
    let parts = source.parts.iter();
    let files = parts.filter(|part| may_be_reviews(&part.name));
    let reviews = files.clone().filter(|part| is_json(&part.name));
    reviews.chain(files.filter(|part| is_csv(&part.name)))
}

fn lacks(source: &ImportSource, part: &ImportPart, what: &str) -> Report {
    eyre!(
        "catalog {}: {} has no {what} next to it; Amazon Reviews need both, since the titles are \
        in the meta file",
        source.path.display(),
        part.name
    )
}

fn is_json(name: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.ends_with(".json") || name.ends_with(".jsonl")
}

/// A file whose name suggests a data set, possibly an incomplete one.
fn is_of_a_set(name: &str) -> bool {
    let endings = [".inter", ".item", ".user"];
    is_json(name) || endings.iter().any(|ending| name.ends_with(ending))
}

fn is_csv(name: &str) -> bool {
    name.strip_suffix(".gz").unwrap_or(name).ends_with(".csv")
}

fn is_meta(name: &str) -> bool {
    name.starts_with("meta_") && is_json(name)
}

fn may_be_reviews(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let is_own = ["items", "users", "ratings", "groups"].contains(&stem);
    (is_json(name) || is_csv(name)) && !name.starts_with("meta_") && !is_own
}

/// `Books` of `reviews_Books_5.json.gz`.
fn category(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or(name);
    let prefixes = ["meta_", "reviews_", "ratings_"];
    let stem = prefixes
        .iter()
        .fold(stem, |stem, p| stem.strip_prefix(p).unwrap_or(stem));
    match stem.rsplit_once('_') {
        Some((stem, k)) if !k.is_empty() && k.bytes().all(|b| b.is_ascii_digit()) => {
            stem.to_owned()
        }
        _ => stem.to_owned(),
    }
}

/// By the first lines: 2023 has `parent_asin`; 2014's products are Python
/// literals and its reviews know no `verified`.
fn edition(reviews: &ImportPart, meta: &ImportPart) -> Edition {
    let (first_review, first_product) = (first_line(reviews), first_line(meta));
    if [&first_review, &first_product]
        .iter()
        .any(|l| l.contains("parent_asin"))
    {
        return Edition::Of2023;
    }
    let python = first_product.trim_start().starts_with("{'");
    let is_older = match is_csv(&reviews.name) {
        true => reviews.name.starts_with("ratings_"),
        false => !first_review.contains("\"verified\""),
    };
    match python || is_older {
        true => Edition::Of2014,
        false => Edition::Of2018,
    }
}

fn first_line(part: &ImportPart) -> String {
    const N_BYTES: u64 = 1 << 16;
    let Ok(opened) = part.open() else {
        return String::new();
    };
    let mut line = Vec::new();
    // Unreadable files are reported when they are actually read.
    let _ = opened.bytes.take(N_BYTES).read_until(b'\n', &mut line);
    decode(&line).text.into_owned()
}
