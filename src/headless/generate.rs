//! `laserscope generate`: knowledge for one subject, a prompt of one's own, or
//! everyone.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, bail};

use super::progress::Line;
use super::report::{RunReport, answer_text};
use super::{interrupt, open, open_engine, print_json};
use crate::cli::{AllKind, GenerateArgs, HalfChoice};
use crate::engine::{Engine, Learning, RunSpec};
use crate::recsys::{
    Catalog, Framework, Half, KnowledgeDoc, KnowledgeLog, Role, SubjectKind, SubjectRef,
};
use crate::session::Settings;
use crate::speculate::params::Params;
use crate::speculate::trace::{End, Trace};
use crate::speculate::verify::Finish;
use crate::worker::ask;

/// Runs the command. `Ok(false)`: cancelled.
pub fn run(args: &GenerateArgs, settings: &Settings, params: Params) -> Result<bool> {
    let framework = Framework::named(&args.framework)?;
    if let Some(text) = &args.prompt {
        let (_, mut engine) = open(settings)?;
        let (subject, prompt) = ask::own(text);
        return one(
            args,
            &mut engine,
            RunSpec {
                subject,
                prompt,
                params,
            },
        );
    }
    if let Some(kind) = args.all {
        return all(args, settings, params, &framework, kind);
    }
    let (kind, id) = match (&args.item, &args.user) {
        (Some(id), _) => (SubjectKind::Item, id),
        (_, Some(id)) => (SubjectKind::User, id),
        _ => bail!("say for whom: --item ID, --user ID, --all items|users|both or --prompt TEXT"),
    };
    // A wrong id is said before the model is loaded.
    let catalog = settings.load_catalog()?;
    let at = catalog.find(kind, id)?;
    let mut engine = open_engine(settings, &catalog)?;
    let role = ask::role_of(catalog.subject(at));
    let (subject, prompt) = ask::about(&catalog, at, &framework, role)?;
    one(
        args,
        &mut engine,
        RunSpec {
            subject,
            prompt,
            params,
        },
    )
}

fn one(args: &GenerateArgs, engine: &mut Engine, spec: RunSpec) -> Result<bool> {
    // The file is made first: a run is not lost to a folder that is not there.
    let file = args.trace.as_deref().map(create).transpose()?;
    let mut log = args.out.as_deref().map(KnowledgeLog::open).transpose()?;
    let (trace, end) = record(engine, spec)?;
    if let (Some(mut file), Some(path)) = (file, &args.trace) {
        trace
            .save(&mut file)
            .wrap_err_with(|| format!("writing {}", path.display()))?;
        file.flush()
            .wrap_err_with(|| format!("writing {}", path.display()))?;
    }
    if let Some(log) = log.as_mut().filter(|_| end.finish != Finish::Cancelled) {
        log.append(&document(&trace, &end))?;
    }
    report(args.json, &trace, &end)?;
    Ok(end.finish != Finish::Cancelled)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).wrap_err_with(|| format!("--trace {}", path.display()))?;
    Ok(BufWriter::new(file))
}

fn report(json: bool, trace: &Trace, end: &End) -> Result<()> {
    let report = RunReport::of(trace, end);
    if json {
        return print_json(&report);
    }
    println!("{}", report.text);
    eprintln!(
        "{} tokens in {} steps ({}, {}): MAL {:.2}, {:.1} tokens/s, repeated 4-grams {:.1}%",
        report.token_ids.len(),
        report.steps,
        report.verify,
        report.finish.name(),
        report.mal,
        report.tokens_per_s,
        report.repetition * 100.0
    );
    Ok(())
}

/// Runs to the end, recording; Ctrl-C ends it as cancelled.
pub fn record(engine: &mut Engine, spec: RunSpec) -> Result<(Trace, End)> {
    engine.record(spec, &mut |_| !interrupt::is_set())
}

fn document(trace: &Trace, end: &End) -> KnowledgeDoc {
    let header = &trace.header;
    let group = header.subject.group.as_deref().unwrap_or("none");
    KnowledgeDoc {
        id: header.subject.id.clone(),
        kind: if header.subject.kind == "user" {
            SubjectKind::User
        } else {
            SubjectKind::Item
        },
        group: group.to_string(),
        framework: header.subject.framework.clone(),
        model: header.model.name.clone(),
        text: answer_text(trace),
        ended: end.finish == Finish::Eos,
    }
}

/// The subjects of `--all`, group by group so that one pool stays hot.
fn chosen(args: &GenerateArgs, catalog: &Catalog, all: AllKind) -> Vec<SubjectRef> {
    let half = match (args.pool_half, args.half) {
        (true, _) | (_, Some(HalfChoice::Pool)) => Some(Half::Pool),
        (_, Some(HalfChoice::Query)) => Some(Half::Query),
        _ => None,
    };
    let kinds: &[SubjectKind] = match all {
        AllKind::Items => &[SubjectKind::Item],
        AllKind::Users => &[SubjectKind::User],
        AllKind::Both => &[SubjectKind::Item, SubjectKind::User],
    };
    let mut subjects = Vec::new();
    for &kind in kinds {
        for group in catalog.groups(kind) {
            let halves = [Half::Pool, Half::Query]
                .into_iter()
                .filter(|h| half.is_none_or(|w| w == *h));
            let members = halves.flat_map(|h| catalog.members(kind, &group.name, h));
            subjects.extend(members.take(args.limit.unwrap_or(usize::MAX)));
        }
    }
    subjects
}

fn all(
    args: &GenerateArgs,
    settings: &Settings,
    params: Params,
    framework: &Framework,
    kind: AllKind,
) -> Result<bool> {
    let mut log = args.out.as_deref().map(KnowledgeLog::open).transpose()?;
    let done: HashSet<(SubjectKind, String)> = log
        .iter()
        .flat_map(|l| &l.found)
        .map(|d| (d.kind, d.id.clone()))
        .collect();
    let (catalog, mut engine) = open(settings)?;
    // A batch that was cut off and resumed drafts as if it had not been.
    engine.set_learning(Learning::Nothing);
    let mut subjects = chosen(args, &catalog, kind);
    subjects.retain(|&at| !done.contains(&(at.kind, catalog.subject(at).id().to_string())));
    let mut line = Line::new();
    for (i, &at) in subjects.iter().enumerate() {
        line.show(&format!(
            "{}/{} {}",
            i + 1,
            subjects.len(),
            catalog.subject(at).label()
        ));
        let role = if args.pool_half {
            Role::Pool
        } else {
            ask::role_of(catalog.subject(at))
        };
        let (subject, prompt) = ask::about(&catalog, at, framework, role)?;
        let (trace, end) = record(
            &mut engine,
            RunSpec {
                subject,
                prompt,
                params,
            },
        )?;
        if end.finish == Finish::Cancelled {
            return Ok(false);
        }
        if params.sources.online {
            engine.remember(&trace.header, &trace.token_ids());
        }
        if let Some(log) = &mut log {
            log.append(&document(&trace, &end))?;
        }
        if args.json || log.is_none() {
            report(args.json, &trace, &end)?;
        }
    }
    Ok(true)
}
