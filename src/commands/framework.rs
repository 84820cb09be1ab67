//! `laserscope framework`: how prompts are written.

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

use crate::cli::FrameworkCommand;
use crate::commands::print_json;
use crate::config::Settings;
use crate::console;
use crate::recsys::frameworks::{self, FoundFramework};

/// Lists the frameworks, prints one's file, or renders its prompt.
pub fn run(command: &FrameworkCommand, settings: &Settings) -> Result<()> {
    match command {
        FrameworkCommand::List { json } => list(*json, settings),
        FrameworkCommand::Show { name } => {
            let found = frameworks::find(name, settings.frameworks.as_deref())?;
            console::text(&found.text)
        }
    }
}

#[derive(Serialize)]
struct ListedFramework<'a> {
    name: &'a str,
    title: &'a str,
    about: &'a str,
    max_tokens: Option<usize>,
    /// `null`: it ships.
    file: Option<String>,
}

impl<'a> ListedFramework<'a> {
    fn of(found: &'a FoundFramework) -> Self {
        let framework = &found.framework;
        ListedFramework {
            name: &framework.name,
            title: &framework.title,
            about: &framework.about,
            max_tokens: framework.max_tokens,
            file: found.path.as_ref().map(|path| path.display().to_string()),
        }
    }
}

fn list(json: bool, settings: &Settings) -> Result<()> {
    let mut n_bad = 0;
    for found in frameworks::all(settings.frameworks.as_deref()) {
        match &found {
            Ok(found) if json => print_json(&ListedFramework::of(found))?,
            Ok(found) => print_line(&ListedFramework::of(found)),
            Err(error) => {
                n_bad += 1;
                console::note_lines(&format!("{error:#}"));
            }
        }
    }
    if n_bad > 0 {
        bail!("{n_bad} frameworks cannot be used");
    }
    Ok(())
}

fn print_line(listed: &ListedFramework) {
    let ListedFramework {
        name, title, about, ..
    } = listed;
    let default = if *name == frameworks::DEFAULT {
        " (default)"
    } else {
        ""
    };
    let length = listed.max_tokens;
    let length = length.map_or_else(String::new, |n| format!("; up to {n} tokens"));
    out!("{name}{default}: {title}, {about}{length}");
    if let Some(file) = &listed.file {
        out!("    {file}");
    }
}
