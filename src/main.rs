//! The program: parse, dispatch, exit status.

use std::process::ExitCode;

use clap::Parser;
use color_eyre::eyre::{Result, eyre};
use laserscope::cli::{BenchCommand, CatalogCommand, Cli, Command};
use laserscope::config::Config;
use laserscope::headless::interrupt::EXIT_CANCELLED;
use laserscope::headless::{bench, catalog, forward, generate, interrupt, models, picture};
use laserscope::model::fetch;
use laserscope::playground;
use laserscope::recsys::SubjectKind;
use laserscope::session::Settings;
use laserscope::speculate::params::Params;
use laserscope::tui::ThemeName;

fn main() -> Result<ExitCode> {
    color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .install()?;
    let cli = Cli::parse();
    match run(&cli) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) if interrupt::is_set() => Ok(ExitCode::from(EXIT_CANCELLED)),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) if error.is::<fetch::Cancelled>() => Ok(ExitCode::from(EXIT_CANCELLED)),
        Err(error) => {
            eprintln!("error: {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// `Ok(false)`: cancelled, or a check that failed.
fn run(cli: &Cli) -> Result<bool> {
    let config = Config::read(cli.setup.config.as_deref())?;
    let settings = Settings::from(config.under(&cli.setup)?);
    let params = |decode: &laserscope::cli::DecodeArgs| -> Result<Params> {
        Ok(decode
            .over(config.params()?)
            .unwrap_or_else(|e| wrong_usage(&e)))
    };
    match &cli.command {
        None => playground::open(settings, config.params()?, theme(cli, &config)?).map(|()| true),
        Some(Command::Generate(args)) => generate::run(args, &settings, params(&args.decode)?),
        Some(Command::Bench(args)) => match &args.what {
            BenchCommand::Decode(args) => bench::run(args, &settings, params(&args.decode)?),
            BenchCommand::Forward { at, json } => {
                forward::run(*at, *json, &settings).map(|()| true)
            }
        },
        Some(Command::Catalog(args)) => match &args.what {
            CatalogCommand::Items { json } => {
                catalog::list(&settings.load_catalog()?, SubjectKind::Item, *json).map(|()| true)
            }
            CatalogCommand::Users { json } => {
                catalog::list(&settings.load_catalog()?, SubjectKind::User, *json).map(|()| true)
            }
            CatalogCommand::Synth { out } => catalog::synthesize(out).map(|()| true),
        },
        Some(Command::Replay { trace }) => {
            playground::replay(trace, theme(cli, &config)?).map(|()| true)
        }
        Some(Command::Model(args)) => models::run(&args.what, &settings).map(|()| true),
        Some(Command::Picture(args)) => picture::run(args, theme(cli, &config)?).map(|()| true),
    }
}

/// The theme of the options, of the configuration, or the default.
fn theme(cli: &Cli, config: &Config) -> Result<ThemeName> {
    match cli.screen.theme.as_ref().or(config.theme.as_ref()) {
        Some(name) => name.parse().map_err(|e| eyre!("--theme: {e}")),
        None => Ok(ThemeName::detect()),
    }
}

/// Exit status 2, as clap does.
fn wrong_usage(message: &str) -> ! {
    use clap::CommandFactory;
    Cli::command()
        .error(clap::error::ErrorKind::ValueValidation, message)
        .exit()
}
