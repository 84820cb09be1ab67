//! Which dialect a folder, an archive or a file is in: by its files' names, and
//! where these say too little, by their first lines.

use std::io::{BufRead, Read};

use color_eyre::eyre::{Report, bail, eyre};

use super::super::history::Protocol;
use super::MapChoice;
use super::source::{Part, Source};

/// A data set's own way of writing itself down.
#[derive(Clone, Debug)]
pub enum Dialect {
    /// `u.data`, `u.item`, perhaps `u.user`.
    MovieLens100K,
    /// `ratings.dat`, `movies.dat`; with `users.dat` 1M, without 10M.
    MovieLensDat {
        with_users: bool,
    },
    /// `ratings.csv`, `movies.csv`: latest, 20M, 25M, 32M.
    MovieLensCsv,
    RecBole {
        stem: String,
        files: RecBoleFiles,
    },
    Amazon {
        edition: Edition,
        stem: String,
        reviews: Part,
        meta: Part,
    },
    /// `books.csv`, `ratings.csv`.
    Goodbooks,
    Own(OwnFiles),
}

/// The atomic files of one RecBole data set.
#[derive(Clone, Debug)]
pub struct RecBoleFiles {
    pub inter: Part,
    pub item: Part,
    pub user: Option<Part>,
}

/// Our own format's files: `items`, `users`, `ratings`, each `.csv` or `.jsonl`.
#[derive(Clone, Debug)]
pub struct OwnFiles {
    pub items: Part,
    pub users: Option<Part>,
    pub ratings: Option<Part>,
}

/// Amazon Reviews came three times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    Of2014,
    Of2018,
    Of2023,
}

const KNOWN: &str = "MovieLens 100K (u.data, u.item), 1M and 10M (ratings.dat, movies.dat), latest to 32M \
     (ratings.csv, movies.csv), Amazon Reviews (a reviews file with its meta_ file), RecBole \
     (.inter, .item), goodbooks-10k (ratings.csv, books.csv), or items and ratings as .csv or .jsonl";

impl Dialect {
    /// Looks at a source; where nothing fits there but in one folder inside, that
    /// folder is the source.
    ///
    /// # Errors
    /// Nothing fits, or too much.
    pub fn detect(source: Source) -> Result<(Source, Self), Report> {
        if let Some(dialect) = Self::look(&source)? {
            return Ok((source, dialect));
        }
        let mut found: Vec<(Source, Self)> = Vec::new();
        for folder in source.inside() {
            if let Ok(Some(dialect)) = Self::look(&folder) {
                found.push((folder, dialect));
            }
        }
        let shown = source.path.display();
        match found.len() {
            0 => bail!(
                "catalog {shown}: no data set among its {} files; known are {KNOWN}",
                source.parts.len()
            ),
            1 => Ok(found.remove(0)),
            _ => {
                let folders = found.iter().map(|(folder, _)| folder.name.as_str());
                let folders: Vec<&str> = folders.collect();
                bail!(
                    "catalog {shown}: name one of its folders: {}",
                    folders.join(", ")
                )
            }
        }
    }

    fn look(source: &Source) -> Result<Option<Self>, Report> {
        if let Some(named) = &source.named {
            let stem = named.rsplit_once('.').map_or("", |(stem, _)| stem);
            if has_recbole_ending(named) {
                return recbole(source, stem).map(Some);
            }
            let reviews = source
                .part(named)
                .filter(|_| is_json(named) && !is_own(named));
            if let Some(part) = reviews {
                return amazon(source, part).map(Some);
            }
        }
        let has = |name: &str| source.plain_or_gz(name).is_some();
        if has("u.data") && has("u.item") {
            return Ok(Some(Dialect::MovieLens100K));
        }
        if has("ratings.dat") && has("movies.dat") {
            let with_users = has("users.dat");
            return Ok(Some(Dialect::MovieLensDat { with_users }));
        }
        if has("ratings.csv") && has("movies.csv") {
            return Ok(Some(Dialect::MovieLensCsv));
        }
        if has("ratings.csv") && has("books.csv") {
            return Ok(Some(Dialect::Goodbooks));
        }
        if let Some(files) = own(source) {
            return Ok(Some(Dialect::Own(files)));
        }
        if let Some(stem) = one(source, has_recbole_inter, "RecBole data set")? {
            return recbole(source, stem.trim_end_matches(".inter")).map(Some);
        }
        match one(
            source,
            |name| is_json(name) && !is_meta(name),
            "file of reviews",
        )? {
            Some(name) if is_json(&name) => match source.part(&name) {
                Some(part) => amazon(source, part).map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// As the top line of an import says it.
    pub fn describe(&self) -> String {
        match self {
            Dialect::MovieLens100K => "MovieLens 100K".into(),
            Dialect::MovieLensDat { with_users: true } => "MovieLens 1M".into(),
            Dialect::MovieLensDat { with_users: false } => "MovieLens 10M".into(),
            Dialect::MovieLensCsv => "MovieLens CSV".into(),
            Dialect::RecBole { .. } => "RecBole atomic files".into(),
            Dialect::Amazon { edition, .. } => {
                let year = match edition {
                    Edition::Of2014 => 2014,
                    Edition::Of2018 => 2018,
                    Edition::Of2023 => 2023,
                };
                format!("Amazon Reviews {year}")
            }
            Dialect::Goodbooks => "goodbooks-10k".into(),
            Dialect::Own(_) => "LaserScope's own format".into(),
        }
    }

    pub(super) fn name(&self, source: &Source) -> String {
        match self {
            Dialect::RecBole { stem, .. } | Dialect::Amazon { stem, .. } => stem.clone(),
            _ if source.named.is_some() => {
                let parent = source.path.parent().filter(|p| !p.as_os_str().is_empty());
                super::folder_name(parent.unwrap_or(".".as_ref()))
            }
            _ => source.name.clone(),
        }
    }

    /// The paper's two rules; other data of one to five stars follow MovieLens.
    pub(super) fn protocol(&self, source: &Source) -> Protocol {
        match self.is_amazon(source) {
            true => Protocol::AMAZON,
            false => Protocol::MOVIELENS,
        }
    }

    pub(super) fn noun(&self, source: &Source) -> &'static str {
        let name = self.name(source).to_lowercase();
        match self {
            Dialect::Goodbooks => "book",
            Dialect::Own(_) => "movie",
            Dialect::Amazon { .. } | Dialect::RecBole { .. } if name.contains("book") => "book",
            Dialect::RecBole { .. } if is_movielens(&name) => "movie",
            Dialect::Amazon { .. } | Dialect::RecBole { .. } if name.contains("movie") => "movie",
            Dialect::Amazon { .. } => "product",
            Dialect::RecBole { .. } => "item",
            _ => "movie",
        }
    }

    pub(super) fn map(&self, source: &Source) -> MapChoice {
        match self {
            Dialect::MovieLens100K | Dialect::MovieLensDat { .. } | Dialect::MovieLensCsv => {
                MapChoice::MovieLens
            }
            Dialect::RecBole { .. } if is_movielens(&self.name(source).to_lowercase()) => {
                MapChoice::MovieLens
            }
            Dialect::Own(files) if files.items.name == "items.csv" => MapChoice::Sample,
            _ => MapChoice::Automatic,
        }
    }

    fn is_amazon(&self, source: &Source) -> bool {
        let name = || self.name(source).to_lowercase();
        match self {
            Dialect::Amazon { .. } => true,
            Dialect::RecBole { .. } => name().contains("amazon"),
            _ => false,
        }
    }
}

fn is_movielens(name: &str) -> bool {
    name.starts_with("ml-") || name.starts_with("ml_") || name.contains("movielens")
}

fn has_recbole_ending(name: &str) -> bool {
    [".inter", ".item", ".user"]
        .iter()
        .any(|e| name.ends_with(e))
}

fn has_recbole_inter(name: &str) -> bool {
    name.ends_with(".inter")
}

fn is_json(name: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.ends_with(".json") || name.ends_with(".jsonl")
}

fn is_meta(name: &str) -> bool {
    name.starts_with("meta_")
}

fn is_own(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    ["items", "users", "ratings"].contains(&stem)
}

/// The only file of a kind; several are for the user to choose from.
fn one(source: &Source, fits: impl Fn(&str) -> bool, what: &str) -> Result<Option<String>, Report> {
    let names = source.parts.iter().map(|part| &part.name);
    let found: Vec<&String> = names.filter(|name| fits(name)).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        [first, second, ..] => Err(eyre!(
            "catalog {}: more than one {what} ({first}, {second}, ...): name one of the files",
            source.path.display()
        )),
    }
}

fn recbole(source: &Source, stem: &str) -> Result<Dialect, Report> {
    let need = |ending: &str| {
        let name = format!("{stem}.{ending}");
        let part = source.part(&name).cloned();
        part.ok_or_else(|| eyre!("catalog {}: {name} is missing", source.path.display()))
    };
    Ok(Dialect::RecBole {
        stem: stem.to_owned(),
        files: RecBoleFiles {
            inter: need("inter")?,
            item: need("item")?,
            user: source.part(&format!("{stem}.user")).cloned(),
        },
    })
}

fn own(source: &Source) -> Option<OwnFiles> {
    let find = |name: &str| {
        let csv = source.plain_or_gz(&format!("{name}.csv"));
        csv.or_else(|| source.plain_or_gz(&format!("{name}.jsonl")))
            .cloned()
    };
    Some(OwnFiles {
        items: find("items")?,
        users: find("users"),
        ratings: find("ratings"),
    })
}

/// A file of reviews and the products' file that goes with it: `Books_5.json.gz`
/// or `reviews_Books_5.json.gz` and `meta_Books.json.gz`.
fn amazon(source: &Source, named: &Part) -> Result<Dialect, Report> {
    let stem = category(&named.name);
    let same = |part: &&Part| is_json(&part.name) && category(&part.name) == stem;
    let meta = source.parts.iter().filter(same).find(|p| is_meta(&p.name));
    let reviews = match is_meta(&named.name) {
        true => source.parts.iter().filter(same).find(|p| !is_meta(&p.name)),
        false => Some(named),
    };
    let missing = |what: &str| {
        eyre!(
            "catalog {}: {} has no {what} beside it; Amazon Reviews need both, the titles are in the meta file",
            source.path.display(),
            named.name
        )
    };
    let reviews = reviews.ok_or_else(|| missing(&format!("file of reviews of {stem}")))?;
    let meta = meta.ok_or_else(|| missing(&format!("meta_{stem} file")))?;
    Ok(Dialect::Amazon {
        edition: edition(reviews, meta),
        stem,
        reviews: reviews.clone(),
        meta: meta.clone(),
    })
}

/// `Books` of `reviews_Books_5.json.gz`.
fn category(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.strip_prefix("meta_").unwrap_or(stem);
    let stem = stem.strip_prefix("reviews_").unwrap_or(stem);
    let core = stem.rsplit_once('_');
    match core {
        Some((stem, k)) if !k.is_empty() && k.bytes().all(|b| b.is_ascii_digit()) => {
            stem.to_owned()
        }
        _ => stem.to_owned(),
    }
}

/// By the first lines: 2023 has `parent_asin`; 2014's products are Python
/// literals and its reviews know no `verified`.
fn edition(reviews: &Part, meta: &Part) -> Edition {
    let (first_review, first_product) = (first_line(reviews), first_line(meta));
    if [&first_review, &first_product]
        .iter()
        .any(|l| l.contains("parent_asin"))
    {
        return Edition::Of2023;
    }
    let python = first_product.trim_start().starts_with("{'");
    match python || !first_review.contains("\"verified\"") {
        true => Edition::Of2014,
        false => Edition::Of2018,
    }
}

fn first_line(part: &Part) -> String {
    const N_BYTES: u64 = 1 << 16;
    let Ok(opened) = part.open() else {
        return String::new();
    };
    let mut line = Vec::new();
    // What cannot be read here is reported when it is read in earnest.
    let _ = opened.bytes.take(N_BYTES).read_until(b'\n', &mut line);
    String::from_utf8_lossy(&line).into_owned()
}
