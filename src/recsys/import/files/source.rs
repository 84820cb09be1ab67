//! The files of a catalog, wherever they are: in a folder, next to a named file, or
//! inside a zip archive.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, WrapErr, bail};

use super::archive;
use super::part::ImportPart;
use crate::recsys::groups::GroupMap;
use crate::recsys::load::{SAVED_GROUPS, folder_name};
use crate::recsys::saved::SavedGroups;
use crate::text_input::{SETTINGS_BYTES_MAX, TextLines, read_text_from, with_restart};

/// A catalog's own map of attributes, in its folder.
const GROUP_MAP: &str = "groups.toml";

/// Where a catalog is read from.
#[derive(Clone, Debug)]
pub(crate) struct ImportSource {
    /// The catalog's name.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// By name.
    pub(crate) parts: Vec<ImportPart>,
    /// The part that was named, if a file was.
    pub(crate) named: Option<String>,
    pub(crate) inner: Inner,
}

/// What else is in a source.
#[derive(Clone, Debug)]
pub(crate) enum Inner {
    Nothing,
    Folders(Vec<PathBuf>),
    /// An archive's folders, each with its parts.
    Archive(Vec<(String, Vec<ImportPart>)>),
}

/// Maximum depth of folders searched.
const DEPTH_MAX: usize = 3;
/// Maximum number of folders searched.
const N_FOLDERS_MAX: usize = 1000;

impl ImportSource {
    /// A folder, a file in it, an archive, or a folder or file in one.
    ///
    /// # Errors
    /// Nothing is there, or it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, Report> {
        let context = || format!("catalog {}", path.display());
        if path.is_dir() {
            return Self::of_folder(path).wrap_err_with(context);
        }
        if !path.is_file() {
            if let Some((archive, within)) = archive::inside(path) {
                return Self::in_zip(path, &archive, &within).wrap_err_with(context);
            }
            bail!(
                "catalog {}: no such folder or file; name a folder of MovieLens, Amazon Reviews, \
                 RecBole or goodbooks files, or one with items.csv, users.csv and ratings.csv",
                path.display()
            );
        }
        let name = name_of(path);
        if name.to_lowercase().ends_with(".zip") {
            return Self::zip(path).wrap_err_with(context);
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let beside = Self::of_folder(folder).wrap_err_with(context)?;
        let stem = name.split('.').next().unwrap_or(&name).to_owned();
        Ok(ImportSource {
            name: stem,
            path: path.to_owned(),
            named: Some(name),
            inner: Inner::Nothing,
            parts: beside.parts,
        })
    }

    fn of_folder(path: &Path) -> Result<Self, Report> {
        let mut parts = Vec::new();
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            if archive::is_hidden(&name_of(&path)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Dangling links and sockets are skipped.
            let Ok(meta) = path.metadata() else { continue };
            if meta.is_file() {
                parts.push(ImportPart::on_disk(name_of(&path), meta.len(), path));
            }
        }
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        folders.sort();
        Ok(ImportSource {
            name: folder_name(path),
            path: path.to_owned(),
            parts,
            named: None,
            inner: Inner::Folders(folders),
        })
    }

    fn zip(path: &Path) -> Result<Self, Report> {
        let mut folders: BTreeMap<String, Vec<ImportPart>> = BTreeMap::new();
        for member in archive::members(path)? {
            let part = ImportPart::in_archive(member.name, member.n_bytes, path, member.idx);
            folders.entry(member.folder).or_default().push(part);
        }
        for parts in folders.values_mut() {
            parts.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let name = name_of(path);
        Ok(ImportSource {
            name: name[..name.len() - ".zip".len()].to_owned(),
            path: path.to_owned(),
            parts: folders.remove("").unwrap_or_default(),
            named: None,
            inner: Inner::Archive(folders.into_iter().collect()),
        })
    }

    /// A folder of an archive, or a file in one.
    fn in_zip(path: &Path, archive: &Path, within: &str) -> Result<Self, Report> {
        let whole = Self::zip(archive)?;
        let (folder, file) = within.rsplit_once('/').unwrap_or(("", within));
        let inside = whole.inside();
        let of = |folder: &Path| inside.iter().find(|source| source.path == *folder);
        let found = match of(&archive.join(within)) {
            Some(source) => Some(source.clone()),
            None if folder.is_empty() => Some(whole.clone()),
            None => of(&archive.join(folder)).cloned(),
        };
        let is_folder = found.as_ref().is_some_and(|source| source.path == path);
        let named = found.filter(|source| is_folder || source.part(file).is_some());
        let Some(source) = named else {
            let folders: Vec<String> = inside
                .iter()
                .map(|s| s.path.display().to_string())
                .collect();
            bail!(
                "there is no {within} in the archive; it has {}",
                folders.join(", ")
            );
        };
        Ok(ImportSource {
            path: path.to_owned(),
            named: (!is_folder).then(|| file.to_owned()),
            inner: Inner::Nothing,
            ..source
        })
    }

    /// Where its files are: the named folder, or the folder of the named file.
    pub(crate) fn folder(&self) -> PathBuf {
        match (&self.named, self.path.parent()) {
            (None, _) => self.path.clone(),
            (Some(_), Some(parent)) if !parent.as_os_str().is_empty() => parent.to_owned(),
            (Some(_), _) => PathBuf::from("."),
        }
    }

    /// It is an archive, whose folders count like its top.
    pub(crate) fn is_archive(&self) -> bool {
        matches!(self.inner, Inner::Archive(_))
    }

    /// The folders inside, each as a source.
    pub(crate) fn inside(&self) -> Vec<ImportSource> {
        match &self.inner {
            Inner::Nothing => Vec::new(),
            Inner::Folders(folders) => {
                let mut found = Vec::new();
                walk(folders, DEPTH_MAX, &mut found);
                found
            }
            Inner::Archive(folders) => {
                let folders = folders.iter();
                folders
                    .map(|(folder, parts)| self.archived(folder, parts))
                    .collect()
            }
        }
    }

    /// A folder of the archive; groups at the archive's top are its groups, too.
    fn archived(&self, folder: &str, parts: &[ImportPart]) -> ImportSource {
        let mut parts = parts.to_vec();
        let groups = [GROUP_MAP, SAVED_GROUPS];
        let above = self
            .parts
            .iter()
            .filter(|part| groups.contains(&&*part.name));
        for part in above {
            if !parts.iter().any(|own| own.name == part.name) {
                parts.push(part.clone());
            }
        }
        ImportSource {
            name: folder.rsplit('/').next().unwrap_or(folder).to_owned(),
            path: self.path.join(folder),
            parts,
            named: None,
            inner: Inner::Nothing,
        }
    }

    /// The part with this name, ignoring case if that is unambiguous.
    pub(crate) fn part(&self, name: &str) -> Option<&ImportPart> {
        let alike = |part: &&ImportPart| part.name.eq_ignore_ascii_case(name);
        let exact = self.parts.iter().find(|part| part.name == name);
        exact.or_else(|| self.parts.iter().find(alike))
    }

    /// The part with this name, optionally followed by `.gz`.
    pub(crate) fn plain_or_gz(&self, name: &str) -> Option<&ImportPart> {
        self.part(name).or_else(|| self.part(&format!("{name}.gz")))
    }

    /// `groups.toml`, where there is one.
    ///
    /// # Errors
    /// It is inconsistent or not a map.
    pub(crate) fn group_map(&self) -> Result<Option<GroupMap>, Report> {
        let Some(part) = self.part(GROUP_MAP) else {
            return Ok(None);
        };
        let (name, bytes) = (part.shown(), part.open()?.bytes);
        let text = read_text_from(&name, bytes, SETTINGS_BYTES_MAX)?.text;
        GroupMap::parse(&name, &text).map(Some)
    }

    /// `groups.jsonl`, where there is one.
    ///
    /// # Errors
    /// It is truncated or not a saved-groups file.
    pub(crate) fn saved_groups(&self) -> Result<Option<SavedGroups>, Report> {
        let Some(part) = self.part(SAVED_GROUPS) else {
            return Ok(None);
        };
        let name = part.shown();
        let read = |known| SavedGroups::read(TextLines::new(&name, part.open()?.bytes, known)?);
        with_restart(read).map(Some)
    }
}

/// Adds these folders and those inside them.
fn walk(folders: &[PathBuf], depth: usize, found: &mut Vec<ImportSource>) {
    for path in folders {
        if found.len() >= N_FOLDERS_MAX {
            return;
        }
        let Ok(source) = ImportSource::of_folder(path) else {
            continue;
        };
        let deeper = match &source.inner {
            Inner::Folders(folders) if depth > 1 => folders.clone(),
            _ => Vec::new(),
        };
        found.push(source);
        walk(&deeper, depth - 1, found);
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
