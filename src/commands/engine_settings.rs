//! `laserscope settings`: settings for other engines that mean the same as these
//! parameters, with what differs there and what has no counterpart.

use color_eyre::eyre::Result;

use super::print_json;
use crate::cli::SettingsArgs;
use crate::console::table::{Table, text};
use crate::present::engine_settings::EngineSettings;
use crate::speculate::params::Params;

/// Widths of the table's columns.
const WIDTHS: [usize; 3] = [44, 14, 60];

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(args: &SettingsArgs, params: &Params) -> Result<()> {
    let settings = EngineSettings::of(params, args.engine);
    match args.json {
        true => print_json(&settings),
        false => {
            print(&settings);
            Ok(())
        }
    }
}

/// Prints settings for people.
pub(crate) fn print(settings: &EngineSettings) {
    out!("settings for {}", settings.engine);
    if let Some(command) = &settings.command {
        out!("    {command}");
    }
    if !settings.same.is_empty() {
        let [option, value, here] = WIDTHS;
        let mut table = Table::new([
            text("option", option),
            text("value", value),
            text("here", here),
        ]);
        for same in &settings.same {
            table.row([same.option.clone(), same.value.clone(), same.here.clone()]);
        }
        table.print();
    }
    let lists = [
        ("differs there", &settings.differs),
        ("no counterpart there", &settings.without),
    ];
    for (head, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        out!("{head}");
        lines.iter().for_each(|line| out!("    {line}"));
    }
}
