//! What an option may overwrite: an earlier file of the same kind, never a foreign one,
//! nor one of the command's inputs. Checked before any work is done.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::export::lesson::GENERATOR;
use crate::export::sweep::{DOCUMENT_MARK, PAGE_MARK, PICTURE_MARK};

/// Bytes read to recognize a file.
const LOOKED_AT_BYTES: u64 = 1 << 12;

/// Kinds of files that are recognized by how they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Trace,
    Groups,
    Picture,
    Lesson,
    SyntheticUsers,
    SyntheticRatings,
    SweepPage,
    SweepDocument,
    SweepPicture,
}

impl Kind {
    fn describe(self) -> &'static str {
        match self {
            Kind::Trace => "a recorded run",
            Kind::Groups => "saved groups",
            Kind::Picture => "an SVG picture",
            Kind::Lesson => "a lesson's page",
            Kind::SyntheticUsers => "a list of synthetic viewers",
            Kind::SyntheticRatings => "a list of synthetic ratings",
            Kind::SweepPage | Kind::SweepDocument | Kind::SweepPicture => "a report of a sweep",
        }
    }

    fn begins(self, text: &str) -> bool {
        match self {
            Kind::Trace => text.starts_with(r#"{"line":"header","#),
            Kind::Groups => text.starts_with(r#"{"format":"laserscope groups""#),
            Kind::Picture => text.starts_with("<svg") || text.starts_with("<?xml"),
            Kind::Lesson => {
                text.starts_with("<!DOCTYPE html>")
                    && text.contains(&format!(r#"<meta name="generator" content="{GENERATOR}">"#))
            }
            Kind::SyntheticUsers => text.starts_with("id,name\nu001,Synthetic viewer"),
            Kind::SyntheticRatings => text.starts_with("user,item,rating,timestamp\nu001,i"),
            Kind::SweepPage => text.starts_with("<!DOCTYPE html>") && text.contains(PAGE_MARK),
            Kind::SweepDocument => text.starts_with(DOCUMENT_MARK),
            Kind::SweepPicture => text.starts_with("<svg") && text.contains(PICTURE_MARK),
        }
    }
}

/// Refuses an existing, nonempty file that does not begin like its kind. Devices and
/// pipes hold nothing that could be lost.
///
/// # Errors
/// The option and the file; a file that cannot be read.
pub(crate) fn expect_own(option: &str, path: &Path, kind: Kind) -> Result<()> {
    if !path.is_file() {
        return Ok(());
    }
    let mut begins = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LOOKED_AT_BYTES).read_to_end(&mut begins))
        .wrap_err_with(|| format!("{option} {}", path.display()))?;
    ensure!(
        begins.is_empty() || kind.begins(&String::from_utf8_lossy(&begins)),
        "{option} {}: the file is not {} and would be overwritten: nothing was changed, choose \
        another file",
        path.display(),
        kind.describe()
    );
    Ok(())
}

/// Refuses an output that is also another file of the command.
///
/// # Errors
/// Both.
pub(crate) fn expect_apart(
    option: &str,
    path: &Path,
    other: &str,
    other_path: &Path,
) -> Result<()> {
    ensure!(
        !is_same(path, other_path),
        "{option} {} is the same file as {other} {}: choose another one",
        path.display(),
        other_path.display()
    );
    Ok(())
}

/// Compares through symbolic and hard links; files that do not exist yet by folder and
/// name.
fn is_same(a: &Path, b: &Path) -> bool {
    if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
        // Devices such as `/dev/null` may coincide: they store nothing.
        return a.is_file() && b.is_file() && is_same_file(&a, &b);
    }
    match (place(a), place(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

#[cfg(unix)]
fn is_same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

fn place(path: &Path) -> Option<std::path::PathBuf> {
    if let Ok(whole) = fs::canonicalize(path) {
        return Some(whole);
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
    Some(folder.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 5] = [
        Kind::Trace,
        Kind::Groups,
        Kind::Picture,
        Kind::SweepPage,
        Kind::SweepPicture,
    ];

    #[test]
    fn only_a_file_of_the_kind_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        let refused = |kind| expect_own("--trace", &path, kind).is_err();
        assert!(!refused(Kind::Trace), "nothing is there");
        fs::write(&path, "").expect("writes");
        assert!(!refused(Kind::Trace), "it holds nothing");
        for (text, kind) in [
            (r#"{"line":"header","format":1}"#, Kind::Trace),
            (
                r#"{"format":"laserscope groups","version":1}"#,
                Kind::Groups,
            ),
            ("<svg xmlns", Kind::Picture),
            (
                "<!DOCTYPE html>\n<!-- LaserScope: a sweep -->",
                Kind::SweepPage,
            ),
            ("<!-- LaserScope: a sweep -->\n# Sweep", Kind::SweepDocument),
            ("id,name\nu001,Synthetic viewer 001", Kind::SyntheticUsers),
        ] {
            fs::write(&path, text).expect("writes");
            assert!(!refused(kind), "{text}");
            for other in KINDS {
                assert_eq!(refused(other), other != kind, "{text} {other:?}");
            }
        }
        fs::write(&path, b"\xff\xfe notes").expect("writes");
        let error = expect_own("--trace", &path, Kind::Trace).expect_err("notes");
        assert!(
            error.to_string().contains("is not a recorded run"),
            "{error}"
        );
        assert!(expect_own("--trace", Path::new("/dev/null"), Kind::Trace).is_ok());
    }

    #[test]
    fn one_file_has_many_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let apart = |a: &str, b: &str| expect_apart("--trace", &at(a), "--out", &at(b)).is_ok();
        assert!(!apart("x", "x") && !apart("x", "./x") && apart("x", "y"));
        fs::write(at("x"), "x").expect("writes");
        fs::hard_link(at("x"), at("hard")).expect("links");
        assert!(!apart("x", "x") && !apart("x", "./x") && apart("x", "y"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("x"), at("soft")).expect("links");
            assert!(!apart("x", "hard") && !apart("soft", "x"));
        }
    }
}
