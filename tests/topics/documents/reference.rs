//! The reference tables of keys, commands and conditions, generated from the program.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use laserscope::cli::Cli;
use laserscope::speculate::condition::{HELP, Number, Sign, Text, TextSign, Word};
use laserscope::tui::keys::context::Context;
use laserscope::tui::keys::table::{Binding, TABLE};
use strum::VariantArray;

const KEYS: &str = "\
# Keys

Every key as it ships, by where it holds. In the program, `?` lists those in force. The second
column is the name under which `config.toml` has the action; [Keys and
themes](keys-and-themes.md#remapping-keys) says how to change its keys.

This page is made from `src/tui/keys/table.rs`.
";

/// `docs/keys.md`.
pub fn keys() -> String {
    let mut page = KEYS.to_string();
    for context in Context::ALL {
        let lines = TABLE.iter().filter(|line| line.context == context);
        let table: Vec<[String; 3]> = lines.map(key).collect();
        if table.is_empty() {
            continue;
        }
        let name = context.name();
        let _ = write!(
            page,
            "\n## {}\n\nIn `config.toml`: `[keys.{name}]`.\n\n",
            context.title()
        );
        page += &rows(["keys", "action", "what it does"], &table);
    }
    page
}

fn key(line: &Binding) -> [String; 3] {
    let keys: Vec<String> = line.keys.iter().map(|key| code(&key.spelling())).collect();
    [keys.join(" "), code(&line.action.name()), line.help.into()]
}

const COMMANDS: &str = "\
# Commands and options

Every command with its options, as `--help` has them. [The command line](command-line.md)
begins with examples; [Configuration](configuration.md) says which options a file can set.

This page is made from `src/cli/`.
";

/// `docs/commands.md`.
pub fn commands() -> String {
    let mut program = Cli::command();
    program.build();
    let mut page = COMMANDS.to_string() + "\n";
    command(&program, &mut page);
    page.trim_end().to_string() + "\n"
}

/// A command and its subcommands.
fn command(command: &Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let _ = write!(page, "## {name}\n\n");
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let paragraphs = about.split("\n\n").map(one_line);
    for paragraph in paragraphs.filter(|text| !text.is_empty()) {
        let _ = writeln!(page, "{}.\n", paragraph.trim_end_matches('.'));
    }
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(
        page,
        "{}\n",
        code(&one_line(usage.trim_start_matches("Usage: ")))
    );
    let told = command.get_arguments().filter(|arg| is_told(arg));
    let (everywhere, own): (Vec<&Arg>, Vec<&Arg>) = told.partition(|arg| arg.is_global_set());
    options(&own, page);
    if command.get_name() == name {
        page.push_str("With every command:\n\n");
        options(&everywhere, page);
    }
    let below = command.get_subcommands();
    for below in below.filter(|below| below.get_name() != "help") {
        self::command(below, page);
    }
}

fn options(args: &[&Arg], page: &mut String) {
    let table: Vec<[String; 2]> = args.iter().map(|arg| option(arg)).collect();
    if !table.is_empty() {
        page.push_str(&rows(["option", "what it does"], &table));
        page.push('\n');
    }
}

fn is_told(arg: &Arg) -> bool {
    !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str())
}

fn option(arg: &Arg) -> [String; 2] {
    let value = arg.get_value_names().unwrap_or_default();
    let value: Vec<String> = value.iter().map(|name| format!("<{name}>")).collect();
    let value = match arg.get_action().takes_values() {
        true => value.join(" "),
        false => String::new(),
    };
    let name = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long} {value}"),
        (None, Some(short)) => format!("-{short} {value}"),
        (None, None) => value,
    };
    [code(name.trim()), what_it_does(arg)]
}

fn what_it_does(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    let mut text = one_line(&help.map(ToString::to_string).unwrap_or_default());
    if !arg.get_action().takes_values() {
        return text;
    }
    let values = arg.get_possible_values();
    let values: Vec<String> = values.iter().map(|value| code(value.get_name())).collect();
    if !values.is_empty() && !arg.is_hide_possible_values_set() {
        let _ = write!(text, "; one of {}", values.join(", "));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().collect();
    if let [default] = defaults[..] {
        let _ = write!(text, " [default: {}]", default.to_string_lossy());
    }
    text
}

/// The terms and operators in `docs/conditions.md`.
pub fn conditions() -> String {
    let terms = HELP.map(|line| [code(line.example), line.about.to_string()]);
    let names = |names: &mut dyn Iterator<Item = &'static str>| {
        let quoted: Vec<String> = names.map(code).collect();
        quoted.join(" ")
    };
    let numbers = names(&mut Number::VARIANTS.iter().map(|word| word.name()));
    let signs = names(&mut Sign::ALL.iter().map(|sign| sign.name()));
    let texts = names(&mut Text::VARIANTS.iter().map(|word| word.name()));
    let text_signs = names(&mut TextSign::ALL.iter().map(|sign| sign.name()));
    let words = names(&mut Word::VARIANTS.iter().map(|word| word.name()));
    let kinds = [
        ["what happened".into(), words, String::new()],
        ["numbers".into(), numbers, signs],
        ["where from".into(), code("source"), "`=` `!=`".into()],
        ["texts, in quotes".into(), texts, text_signs],
    ];
    rows(["term", "meaning"], &terms) + "\n" + &rows(["", "words", "operators"], &kinds)
}

fn rows<const N: usize>(head: [&str; N], table: &[[String; N]]) -> String {
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let head = row(&head.map(String::from)) + &format!("|{}\n", "---|".repeat(N));
    table.iter().fold(head, |text, cells| text + &row(cells))
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
