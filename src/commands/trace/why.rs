//! `laserscope trace why`: why acceptance is low in a run or a set of runs, a cause for
//! every step, with its lever.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::TraceWhyArgs;
use crate::commands::cells::two;
use crate::commands::print_json;
use crate::commands::trace::set::TraceSet;
use crate::console::table::{Table, number, text};
use crate::present::number::percent_of_tenths;
use crate::speculate::why_low::{Brings, CauseKind, WhyLow};

/// The causes of a run's steps, or of a set's. The shares sum to 1.
#[derive(Serialize)]
pub(crate) struct WhyReport {
    steps: usize,
    mal: Option<f64>,
    /// The most frequent cause among those that keep acceptance low.
    main: Option<CauseKind>,
    causes: Vec<CauseReport>,
}

#[derive(Serialize)]
struct CauseReport {
    cause: CauseKind,
    steps: usize,
    share: f64,
    /// In tenths of a percent, rounded so that all sum to 1000.
    #[serde(skip)]
    tenths: usize,
    lever: String,
    /// `null`: the recording does not tell.
    brings: Option<Brings>,
}

#[derive(Serialize)]
struct SetReport {
    runs: usize,
    /// Runs without drafts, which are left out.
    without_drafts: usize,
    /// Files that are no traces.
    not_traces: usize,
    #[serde(flatten)]
    why: WhyReport,
}

impl WhyReport {
    pub(crate) fn of(why: &WhyLow) -> Self {
        let tenths = why.tenths();
        let cause = |kind: CauseKind| {
            let lever = why.lever(kind);
            CauseReport {
                cause: kind,
                steps: why.n(kind),
                share: why.share(kind).unwrap_or(0.0),
                tenths: tenths[kind as usize],
                lever: lever.text,
                brings: lever.brings,
            }
        };
        WhyReport {
            steps: why.n_steps(),
            mal: why.stats.mal(),
            main: why.main(),
            causes: why.kinds().map(cause).collect(),
        }
    }

    /// `nothing matched 12.3%, below budget 40.1%`.
    pub(crate) fn in_a_line(&self) -> String {
        let causes = self.causes.iter();
        let causes = causes.map(|c| format!("{} {}", c.cause.title(), percent_of_tenths(c.tenths)));
        causes.collect::<Vec<String>>().join(", ")
    }

    pub(crate) fn print(&self) {
        let mut table = Table::new([
            text("cause", 17),
            number("steps", 6),
            number("share", 7),
            number("its lever brings", 24),
        ]);
        for cause in &self.causes {
            table.row([
                cause.cause.title().to_string(),
                cause.steps.to_string(),
                percent_of_tenths(cause.tenths),
                cause.brings.map_or("-".into(), |b| b.in_words()),
            ]);
        }
        table.print();
        for cause in &self.causes {
            out!("{}: {}", cause.cause.title(), cause.cause.about());
            out!("  lever: {}", cause.lever);
        }
    }
}

/// Runs the command. `Ok(false)`: cancelled.
pub(crate) fn run(args: &TraceWhyArgs) -> Result<bool> {
    let mut set = TraceSet::find(&args.traces)?;
    let (mut all, mut runs, mut without_drafts) = (WhyLow::default(), 0, 0);
    let is_whole = set.each(|_, trace| {
        if !trace.header.params.drafts() {
            without_drafts += 1;
            return Ok(());
        }
        runs += 1;
        all.add(&WhyLow::of(&trace));
        Ok(())
    })?;
    let report = SetReport {
        runs,
        without_drafts,
        not_traces: set.n_not_traces(),
        why: WhyReport::of(&all),
    };
    match args.json {
        true => print_json(&report)?,
        false => print_text(&report),
    }
    Ok(is_whole)
}

fn print_text(report: &SetReport) {
    let SetReport { runs, why, .. } = report;
    let s = if *runs == 1 { "" } else { "s" };
    out!("{runs} run{s}, {} steps, MAL {}", why.steps, two(why.mal));
    if report.without_drafts > 0 {
        note!("left out: {} that draft nothing", report.without_drafts);
    }
    if why.steps > 0 {
        why.print();
    }
}
