//! The program: parse, dispatch, exit status.

use std::env::consts::{ARCH, OS};
use std::process::ExitCode;

use clap::builder::Styles;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use color_eyre::config::Theme;
use color_eyre::eyre::{Report, Result, WrapErr};
use laserscope::cli::{Cli, Command, DecodeArgs, PictureArgs, ScoreArgs, TraceCommand};
use laserscope::commands::{
    bench, catalog, cost, downstream, engine_settings, framework, generate, groups, knowledge,
    lesson, manual, models, picture, pool, score, sweep, trace,
};
use laserscope::config::{Config, Settings};
use laserscope::console::{self, interrupt};
use laserscope::log_file;
use laserscope::model::fetch;
use laserscope::note;
use laserscope::recsys::import;
use laserscope::shutdown::{self, CutOff};
use laserscope::speculate::params::Params;
use laserscope::speculate::sweep::Grid;
use laserscope::speculate::trace::Trace;
use laserscope::start::{look, playground, screens};
use laserscope::tui::Look;

/// The exit status for wrong usage, as in clap.
const EXIT_USAGE: u8 = 2;

fn main() -> Result<ExitCode> {
    report_panics()?;
    interrupt::end_quietly_on_closed_pipes();
    interrupt::survive_file_limits();
    shutdown::handle_faults();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return Ok(answered_by_clap(&error)),
    };
    let outcome = begin_log(&cli)
        .and_then(|()| run(&cli))
        .and_then(|is_good| console::finish().map(|()| is_good));
    let status = status_of(outcome);
    end_log(&cli);
    Ok(status)
}

fn status_of(outcome: Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) if interrupt::is_set() => ExitCode::from(interrupt::EXIT_CANCELLED),
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.is::<fetch::Cancelled>() || error.is::<import::Cancelled>() => {
            tracing::info!("cancelled");
            ExitCode::from(interrupt::EXIT_CANCELLED)
        }
        Err(error) => failed(&error),
    }
}

fn begin_log(cli: &Cli) -> Result<()> {
    let Some(path) = &cli.log.log else {
        return Ok(());
    };
    let has_screens = match &cli.command {
        None | Some(Command::Replay { .. }) => true,
        Some(Command::Score(args)) => args.board,
        _ => false,
    };
    log_file::begin(path, cli.log.log_level.as_ref(), has_screens)?;
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), OS, ARCH);
    let command = cli.command.as_ref().map_or("playground", <&str>::from);
    tracing::info!(version, os, arch, command, "started");
    Ok(())
}

fn end_log(cli: &Cli) {
    tracing::info!("ended");
    if let (Some(path), Some(why)) = (&cli.log.log, log_file::failure()) {
        note!("the log {} is incomplete: {why}", path.display());
    }
}

fn failed(error: &Report) -> ExitCode {
    tracing::error!("{error:#}");
    if let Some(end) = error.downcast_ref::<CutOff>() {
        return ExitCode::from(end.status());
    }
    if !console::is_reader_gone() {
        console::note_lines(&format!("error: {error:#}"));
    }
    ExitCode::FAILURE
}

/// Panics are printed by the one writer to standard error, without colours.
fn report_panics() -> Result<()> {
    let hooks = color_eyre::config::HookBuilder::default().display_env_section(false);
    let (panics, errors) = hooks.theme(Theme::new()).try_into_hooks()?;
    errors.install()?;
    std::panic::set_hook(Box::new(move |info| {
        tracing::error!("{info}");
        console::note_lines(&panics.panic_report(info).to_string());
    }));
    Ok(())
}

/// Help and versions as clap prints them; usage errors without colours, since they
/// quote the command line.
fn answered_by_clap(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let printed = error.print().wrap_err("writing to standard output");
        return printed.map_or_else(|why| failed(&why), |()| ExitCode::SUCCESS);
    }
    let plain = Cli::command().styles(Styles::plain());
    let quoting = plain.try_get_matches().err();
    tell_usage(quoting.as_ref().unwrap_or(error));
    ExitCode::from(EXIT_USAGE)
}

fn tell_usage(error: &clap::Error) {
    console::note_lines(&error.render().ansi().to_string());
}

/// `Ok(false)`: cancelled, or a check that failed.
fn run(cli: &Cli) -> Result<bool> {
    let (config, looks) = look::read(cli.setup.config.as_deref())?;
    let settings = Settings::from(config.under(&cli.setup)?);
    refuse_learning(&settings, cli.command.as_ref());
    let params =
        |decode: &DecodeArgs| Ok(over(decode, config.params_with(&settings.framework()?)?));
    let done = |result: Result<()>| result.map(|()| true);
    let Some(command) = &cli.command else {
        let look = looks.here(&cli.screen)?;
        let folders = [&cli.traces, &cli.downstream].map(Option::as_deref);
        return done(playground::open(settings, &config, look, folders));
    };
    for (option, given) in [("traces", &cli.traces), ("downstream", &cli.downstream)] {
        if given.is_some() {
            wrong_usage(&format!(
                "--{option} DIR before a command: it is an option of the playground"
            ));
        }
    }
    match command {
        Command::Trace(args) => trace_command(&args.what, &settings, &looks.plain(&cli.screen)?),
        Command::Replay { traces } => done(playground::replay(traces, looks.here(&cli.screen)?)),
        Command::Picture(args) => done(draw_picture(args, looks.plain(&cli.screen)?)),
        Command::Generate(args) => {
            generate::run(args, &settings, params, |base| over(&args.decode, base))
        }
        Command::Cost(args) => done(cost::run(&args.what, &settings)),
        Command::Bench(args) => bench::run(&args.what, &settings, params),
        Command::Sweep(args) => {
            let base = params(&args.drafting.clone().into())?;
            let grid = Grid::new(base, &args.axes()).unwrap_or_else(|e| wrong_usage(&e));
            sweep::run(args, grid, &settings, &config.params()?)
        }
        Command::Score(args) => {
            let params = score_params(args, &config)?;
            match args.board {
                true => board_of_log(args, params, &settings, looks.here(&cli.screen)?),
                false => score::run(args, params, &settings),
            }
        }
        Command::Settings(args) => done(engine_settings::run(args, &params(&args.decode)?)),
        Command::Downstream(args) => downstream::run(args, &settings, params),
        Command::Catalog(args) => done(catalog::run(&args.what, &settings)),
        Command::Groups(args) => groups::run(&args.what, &settings),
        Command::Framework(args) => done(framework::run(&args.what, &settings)),
        Command::Pool(args) => pool::run(&args.what, &settings),
        Command::Knowledge(args) => knowledge::run(&args.what, &settings),
        Command::Lesson(args) => done(lesson::run(&args.what)),
        Command::Model(args) => done(models::run(&args.what, &settings)),
        Command::Keys => done(manual::keys(&looks.key_table())),
        Command::Completions { shell } => done(manual::completions(*shell)),
        Command::Man { command } => manual::man(command.as_deref()).map(|()| true),
    }
}

fn score_params(args: &ScoreArgs, config: &Config) -> Result<Params> {
    let given = args.drafting.over(score::strict(config.params()?));
    Ok(given.unwrap_or_else(|e: String| wrong_usage(&e)))
}

fn board_of_log(args: &ScoreArgs, params: Params, settings: &Settings, look: Look) -> Result<bool> {
    let Some(log) = score::open_board(args, params, settings)? else {
        return Ok(false);
    };
    playground::score_board(log, look).map(|()| true)
}

fn draw_picture(args: &PictureArgs, look: Look) -> Result<()> {
    picture::run(args, |args| screens::picture(args, look))
}

fn trace_command(command: &TraceCommand, settings: &Settings, look: &Look) -> Result<bool> {
    let export = |trace: &Trace, format, canvas: &_| screens::export(trace, format, canvas, look);
    trace::run(command, settings, &export, over)
}

/// Applies options to parameters; ends the program if they conflict.
fn over(decode: &DecodeArgs, base: Params) -> Params {
    decode.over(base).unwrap_or_else(|e| wrong_usage(&e))
}

/// Refuses `--learn` for commands whose runs must not depend on their order.
fn refuse_learning(settings: &Settings, command: Option<&Command>) {
    let command = match command {
        Some(Command::Generate(args)) if args.all.is_some() => "generate --all",
        Some(Command::Bench(_)) => "bench",
        Some(Command::Sweep(_)) => "sweep",
        Some(Command::Downstream(_)) => "downstream",
        _ => return,
    };
    if settings.learn {
        wrong_usage(&format!(
            "--learn cannot be used with {command}, whose runs must be independent: --calibration \
            TRACE gives all of them the same start"
        ));
    }
}

/// Exit status 2, as clap does.
fn wrong_usage(message: &str) -> ! {
    let mut plain = Cli::command().styles(Styles::plain());
    tell_usage(&plain.error(ErrorKind::ValueValidation, message));
    std::process::exit(i32::from(EXIT_USAGE))
}
