//! `laserscope generate`: knowledge for one subject or a custom prompt; `batch`
//! generates it for everyone.

use color_eyre::eyre::{Result, bail};

use crate::cli::{DecodeArgs, GenerateArgs};
use crate::commands::one_run::one;
use crate::commands::outputs::{self, Kind};
use crate::commands::{again, batch, open, open_engine};
use crate::config::Settings;
use crate::engine::RunSpec;
use crate::recsys::SubjectKind;
use crate::speculate::params::Params;
use crate::worker::ask;

/// Runs the command; `over` applies its decoding options to a recorded run's
/// parameters. `Ok(false)`: cancelled.
pub fn run(
    args: &GenerateArgs,
    settings: &Settings,
    params: impl Fn(&DecodeArgs) -> Result<Params>,
    over: impl Fn(Params) -> Params,
) -> Result<bool> {
    expect_places(args)?;
    if let Some(path) = &args.from {
        return again::from(args, settings, path, over);
    }
    if let Some(point) = &args.branch_of {
        return again::branch(args, settings, point, over);
    }
    let params = params(&args.decode)?;
    let framework = settings.framework()?;
    if args.all.is_some() {
        return batch::run(args, settings, params, &framework);
    }
    if let Some(text) = &args.prompt {
        let (catalog, mut engine) = open(settings)?;
        let (subject, prompt) = ask::own(text);
        let spec = RunSpec::new(subject, prompt, params);
        return Ok(one(args, &catalog, &mut engine, spec)?.is_some());
    }
    let (kind, id) = match (&args.item, &args.user) {
        (Some(id), _) => (SubjectKind::Item, id),
        (_, Some(id)) => (SubjectKind::User, id),
        _ => bail!(
            "no subject given: use --item ID, --user ID, --all items|users|both or --prompt TEXT"
        ),
    };
    // A wrong id is reported before the model is loaded.
    let catalog = settings.load_catalog()?;
    let at = catalog.find(kind, id)?;
    let mut engine = open_engine(settings, &catalog)?;
    let role = ask::role_of(catalog.subject(at));
    let (subject, prompt) = ask::about(&catalog, at, &framework, role)?;
    let spec = RunSpec::new(subject, prompt, params);
    Ok(one(args, &catalog, &mut engine, spec)?.is_some())
}

/// No option may overwrite a foreign file.
fn expect_places(args: &GenerateArgs) -> Result<()> {
    let Some(trace) = &args.trace else {
        return Ok(());
    };
    let branched = args.branch_of.as_ref().map(|point| &point.trace);
    let named = [
        ("--out", args.out.as_ref()),
        ("--from", args.from.as_ref()),
        ("--branch-of", branched),
    ];
    for (option, path) in named {
        if let Some(path) = path {
            outputs::expect_apart("--trace", trace, option, path)?;
        }
    }
    outputs::expect_own("--trace", trace, Kind::Trace)
}
