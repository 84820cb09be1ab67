//! What the program says about itself: its keys, shell completions, manual pages.

use clap::CommandFactory;
use clap_complete::Shell;
use color_eyre::eyre::{Result, WrapErr, bail};

use crate::cli::Cli;
use crate::console;

/// `laserscope keys`: the table in force, as a file.
pub fn keys(table: &str) -> Result<()> {
    console::text(table)
}

/// `laserscope completions SHELL`.
pub fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "laserscope", &mut script);
    console::text(&String::from_utf8_lossy(&script))
}

/// `laserscope man [COMMAND]`, in roff.
pub fn man(command: Option<&str>) -> Result<()> {
    let mut program = Cli::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => named(&program, name)?,
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut roff)
        .wrap_err("writing the manual page")?;
    console::text(&String::from_utf8_lossy(&roff))
}

fn named(program: &clap::Command, name: &str) -> Result<clap::Command> {
    if let Some(found) = program.find_subcommand(name) {
        return Ok(found.clone());
    }
    let names: Vec<&str> = program.get_subcommands().map(|c| c.get_name()).collect();
    bail!(
        "man {name}: no such command; there are {}",
        names.join(", ")
    )
}
