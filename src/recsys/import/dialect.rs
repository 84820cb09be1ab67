//! The known dialects, and the one of a folder, an archive or a file.

use super::super::history::Protocol;
use super::MapChoice;
use super::files::part::ImportPart;
use super::files::source::ImportSource;

/// The format of a data set.
#[derive(Clone, Debug)]
pub(crate) enum Dialect {
    /// `u.data`, `u.item`, perhaps `u.user`.
    MovieLens100K,
    /// `ratings.dat`, `movies.dat`; with `users.dat` 1M, without 10M.
    MovieLensDat {
        with_users: bool,
    },
    /// `ratings.csv`, `movies.csv`: latest, 20M, 25M, 32M; or in the singular.
    MovieLensCsv(CsvFiles),
    RecBole {
        stem: String,
        files: RecBoleFiles,
    },
    Amazon {
        edition: Edition,
        stem: String,
        reviews: ImportPart,
        meta: ImportPart,
    },
    /// `books.csv`, `ratings.csv`.
    Goodbooks(CsvFiles),
    Own(OwnFiles),
}

/// A table of items and one of ratings.
#[derive(Clone, Debug)]
pub(crate) struct CsvFiles {
    pub(crate) items: ImportPart,
    pub(crate) ratings: ImportPart,
}

/// The atomic files of one RecBole data set.
#[derive(Clone, Debug)]
pub(crate) struct RecBoleFiles {
    /// One, or those of a split: training first, then validation and test.
    pub(crate) inter: Vec<ImportPart>,
    pub(crate) item: ImportPart,
    pub(crate) user: Option<ImportPart>,
}

/// LaserScope's own format: `items`, `users`, `ratings`, each `.csv`, `.tsv` or
/// `.jsonl`.
#[derive(Clone, Debug)]
pub(crate) struct OwnFiles {
    pub(crate) items: ImportPart,
    pub(crate) users: Option<ImportPart>,
    pub(crate) ratings: Option<ImportPart>,
}

/// The three editions of Amazon Reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    Of2014,
    Of2018,
    Of2023,
}

impl Dialect {
    /// For the top line of an import.
    pub(crate) fn describe(&self) -> String {
        match self {
            Dialect::MovieLens100K => "MovieLens 100K".into(),
            Dialect::MovieLensDat { with_users: true } => "MovieLens 1M".into(),
            Dialect::MovieLensDat { with_users: false } => "MovieLens 10M".into(),
            Dialect::MovieLensCsv(_) => "MovieLens CSV".into(),
            Dialect::RecBole { .. } => "RecBole atomic files".into(),
            Dialect::Amazon { edition, .. } => {
                let year = match edition {
                    Edition::Of2014 => 2014,
                    Edition::Of2018 => 2018,
                    Edition::Of2023 => 2023,
                };
                format!("Amazon Reviews {year}")
            }
            Dialect::Goodbooks(_) => "goodbooks-10k".into(),
            Dialect::Own(_) => "LaserScope's own format".into(),
        }
    }

    /// One of its files, to identify it.
    pub(super) fn first_file(&self) -> &str {
        match self {
            Dialect::MovieLens100K => "u.data",
            Dialect::MovieLensDat { .. } => "movies.dat",
            Dialect::MovieLensCsv(files) | Dialect::Goodbooks(files) => &files.items.name,
            Dialect::RecBole { files, .. } => &files.item.name,
            Dialect::Amazon { meta, .. } => &meta.name,
            Dialect::Own(files) => &files.items.name,
        }
    }

    pub(super) fn name(&self, source: &ImportSource) -> String {
        match self {
            Dialect::RecBole { stem, .. } | Dialect::Amazon { stem, .. } => stem.clone(),
            _ if source.named.is_some() => super::folder_name(&source.folder()),
            _ => source.name.clone(),
        }
    }

    /// The paper's two rules; other data of one to five stars follow MovieLens.
    pub(super) fn protocol(&self, source: &ImportSource) -> Protocol {
        match self.is_amazon(source) {
            true => Protocol::AMAZON,
            false => Protocol::MOVIELENS,
        }
    }

    pub(super) fn noun(&self, source: &ImportSource) -> &'static str {
        let name = self.name(source).to_lowercase();
        match self {
            Dialect::Goodbooks(_) => "book",
            Dialect::Own(_) => "movie",
            Dialect::Amazon { .. } | Dialect::RecBole { .. } if name.contains("book") => "book",
            Dialect::RecBole { .. } if is_movielens(&name) => "movie",
            Dialect::Amazon { .. } | Dialect::RecBole { .. } if name.contains("movie") => "movie",
            Dialect::Amazon { .. } => "product",
            Dialect::RecBole { .. } => "item",
            _ => "movie",
        }
    }

    pub(super) fn map(&self, source: &ImportSource) -> MapChoice {
        match self {
            Dialect::MovieLens100K | Dialect::MovieLensDat { .. } | Dialect::MovieLensCsv(_) => {
                MapChoice::MovieLens
            }
            Dialect::RecBole { .. } if is_movielens(&self.name(source).to_lowercase()) => {
                MapChoice::MovieLens
            }
            Dialect::Own(files) if files.items.name == "items.csv" => MapChoice::Sample,
            _ => MapChoice::Automatic,
        }
    }

    /// The data set is known to have five stars.
    pub(super) fn is_of_five_stars(&self, source: &ImportSource) -> bool {
        match self {
            Dialect::Own(_) => false,
            Dialect::RecBole { .. } => {
                self.is_amazon(source) || is_movielens(&self.name(source).to_lowercase())
            }
            _ => true,
        }
    }

    fn is_amazon(&self, source: &ImportSource) -> bool {
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
