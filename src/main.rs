//! The program: parse, dispatch, exit status.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};
use color_eyre::eyre::Result;
use laserscope::cli::{Cli, Command, DecodeArgs};
use laserscope::config::Config;
use laserscope::headless::{
    bench, catalog, framework, generate, groups, interrupt, knowledge, manual, models, picture,
    pool, sweep, trace,
};
use laserscope::model::fetch;
use laserscope::playground;
use laserscope::recsys::import;
use laserscope::session::Settings;
use laserscope::speculate::params::Params;
use laserscope::speculate::sweep::Grid;

fn main() -> Result<ExitCode> {
    color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .install()?;
    interrupt::end_quietly_on_closed_pipes();
    match run(&Cli::parse()) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) if interrupt::is_set() => Ok(ExitCode::from(interrupt::EXIT_CANCELLED)),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) if error.is::<fetch::Cancelled>() || error.is::<import::Cancelled>() => {
            Ok(ExitCode::from(interrupt::EXIT_CANCELLED))
        }
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
    let params = |decode: &DecodeArgs| -> Result<Params> {
        Ok(decode
            .over(config.params_with(&settings.framework()?)?)
            .unwrap_or_else(|e| wrong_usage(&e)))
    };
    let done = |result: Result<()>| result.map(|()| true);
    match &cli.command {
        Some(Command::Trace(args)) => {
            let look = config.look(&cli.screen)?;
            trace::run(&args.what, &settings, look, |decode, base| {
                decode.over(base).unwrap_or_else(|e| wrong_usage(&e))
            })
        }
        None => done(playground::open(
            settings,
            &config,
            config.look_here(&cli.screen)?,
        )),
        Some(Command::Replay { traces }) => {
            done(playground::replay(traces, config.look_here(&cli.screen)?))
        }
        Some(Command::Picture(args)) => done(picture::run(args, config.look(&cli.screen)?)),
        Some(Command::Generate(args)) => generate::run(args, &settings, params(&args.decode)?),
        Some(Command::Bench(args)) => bench::run(&args.what, &settings, params),
        Some(Command::Sweep(args)) => {
            let base = params(&args.drafting.clone().into())?;
            let grid = Grid::new(base, &args.axes()).unwrap_or_else(|e| wrong_usage(&e));
            sweep::run(args, grid, &settings, &config.params()?)
        }
        Some(Command::Catalog(args)) => done(catalog::run(&args.what, &settings)),
        Some(Command::Groups(args)) => groups::run(&args.what, &settings),
        Some(Command::Framework(args)) => done(framework::run(&args.what, &settings)),
        Some(Command::Pool(args)) => pool::run(&args.what, &settings),
        Some(Command::Knowledge(args)) => knowledge::run(&args.what, &settings),
        Some(Command::Model(args)) => done(models::run(&args.what, &settings)),
        Some(Command::Keys) => done(manual::keys(&config.keymap)),
        Some(Command::Completions { shell }) => done(manual::completions(*shell)),
        Some(Command::Man { command }) => manual::man(command.as_deref()).map(|()| true),
    }
}

/// Exit status 2, as clap does.
fn wrong_usage(message: &str) -> ! {
    Cli::command()
        .error(ErrorKind::ValueValidation, message)
        .exit()
}
