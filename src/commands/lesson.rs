//! `laserscope lesson`: the lessons that ship, listed and written as web pages.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure, eyre};
use serde::Serialize;

use super::outputs::{self, Kind};
use super::print_json;
use crate::atomic_file;
use crate::cli::LessonCommand;
use crate::export::lesson::{self as pages, INDEX_NAME, Neighbours, file_name};
use crate::present::lesson::{self, Lesson};
use crate::present::number::count;

/// Every lesson.
const ALL: &str = "all";
/// Where all of them are written.
const FOLDER: &str = "lessons";

/// Lists the lessons, or writes their pages.
///
/// # Errors
/// A name that no lesson has; a file that is not a lesson's page and would be overwritten.
pub fn run(command: &LessonCommand) -> Result<()> {
    let lessons = lesson::bundled()?;
    match command {
        LessonCommand::List { json } => list(&lessons, *json),
        LessonCommand::Export { name, out } if name == ALL => {
            export_all(&lessons, out.as_deref().unwrap_or(Path::new(FOLDER)))
        }
        LessonCommand::Export { name, out } => export(&lessons, name, out.as_deref()),
    }
}

#[derive(Serialize)]
struct ListedLesson<'a> {
    name: &'a str,
    title: &'a str,
    tasks: usize,
}

fn list(lessons: &[Lesson], json: bool) -> Result<()> {
    for (at, lesson) in lessons.iter().enumerate() {
        let (name, title) = (lesson.id.as_str(), lesson.title.as_str());
        let tasks = lesson.tasks.len();
        match json {
            true => print_json(&ListedLesson { name, title, tasks })?,
            false => out!("{} {name}: {title}, {}", at + 1, count(tasks, "task")),
        }
    }
    Ok(())
}

fn export(lessons: &[Lesson], name: &str, out: Option<&Path>) -> Result<()> {
    let at = find(lessons, name)?;
    let file = file_name(&lessons[at]);
    let path = match out {
        None => PathBuf::from(file),
        Some(folder) if folder.is_dir() => folder.join(file),
        Some(path) => path.to_path_buf(),
    };
    outputs::expect_own("--out", &path, Kind::Lesson)?;
    write(&path, pages::page(lessons, at, Neighbours::Alone)?)
}

/// By its name or its number.
fn find(lessons: &[Lesson], name: &str) -> Result<usize> {
    let number = name.parse::<usize>().ok();
    let numbered = number
        .and_then(|n| n.checked_sub(1))
        .filter(|&at| at < lessons.len());
    let named = lessons.iter().position(|lesson| lesson.id == name);
    named.or(numbered).ok_or_else(|| {
        let names: Vec<&str> = lessons.iter().map(|lesson| lesson.id.as_str()).collect();
        eyre!(
            "no lesson `{name}`: must be one of {}, or {ALL}",
            names.join(", ")
        )
    })
}

/// All pages and their index; nothing is written if a file of another kind is in the way.
fn export_all(lessons: &[Lesson], folder: &Path) -> Result<()> {
    let shown = folder.display();
    ensure!(
        !folder.exists() || folder.is_dir(),
        "--out {shown}: not a folder, and all lessons need one; one alone is written by \
        `laserscope lesson export NAME --out {shown}`"
    );
    let mut files = vec![(INDEX_NAME.to_string(), pages::index(lessons)?)];
    for (at, lesson) in lessons.iter().enumerate() {
        files.push((
            file_name(lesson),
            pages::page(lessons, at, Neighbours::Linked)?,
        ));
    }
    for (name, _) in &files {
        outputs::expect_own("--out", &folder.join(name), Kind::Lesson)?;
    }
    fs::create_dir_all(folder).wrap_err_with(|| format!("--out {shown}"))?;
    for (name, page) in files {
        write(&folder.join(name), page)?;
    }
    Ok(())
}

fn write(path: &Path, page: String) -> Result<()> {
    atomic_file::write(path, page)?;
    note!("{}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_is_found_by_its_name_or_its_number() {
        let lessons = lesson::bundled().expect("lessons");
        assert_eq!(find(&lessons, "cost").ok(), Some(1));
        assert_eq!(find(&lessons, "2").ok(), Some(1));
        for wrong in ["0", "99", "", "nonesuch"] {
            let error = find(&lessons, wrong).expect_err(wrong).to_string();
            assert!(error.contains("draft") && error.contains(ALL), "{error}");
        }
    }

    #[test]
    fn a_page_replaces_a_page_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let lessons = lesson::bundled().expect("lessons");
        let all = folder.path().join("deep").join("lessons");
        for _ in 0..2 {
            export_all(&lessons, &all).expect("written");
        }
        assert_eq!(
            fs::read_dir(&all).expect("a folder").count(),
            lessons.len() + 1
        );
        let own = all.join(INDEX_NAME);
        fs::write(&own, "<!DOCTYPE html>\n<title>mine</title>").expect("writes");
        let error = export_all(&lessons, &all).expect_err("a foreign page");
        assert!(
            error.to_string().contains("is not a lesson's page"),
            "{error}"
        );
        export(&lessons, "draft", Some(folder.path())).expect("written");
        assert!(folder.path().join("lesson-draft.html").is_file());
        let error = export_all(&lessons, &own).expect_err("a file");
        assert!(error.to_string().contains("not a folder"), "{error}");
    }
}
