//! `laserscope bench retrieval`: every drafter under every budget against held-out
//! documents, without a model. Reads files of token ids, one document per line.

use std::path::Path;
use std::time::Instant;

use color_eyre::eyre::{Result, WrapErr, ensure, eyre};
use serde::Serialize;

use crate::cli::BenchRetrievalArgs;
use crate::commands::print_json;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::console::table::{Table, number, text};
use crate::retrieval::{
    Calibration, Check, KnownAnswer, PoolDoc, PoolStore, Pools, Replayed, replay,
};
use crate::speculate::TokenId;
use crate::speculate::params::{AcceptanceRule, Budget, Drafter, Params};
use crate::speculate::subject::GroupKey;

const BUDGETS: [usize; 4] = [8, 16, 32, 64];
/// Longest branch, in draft tokens.
const BRANCH: usize = 12;
/// Number of builds of the pool; the median counts.
const N_BUILDS: usize = 3;
/// Upper ends of the calibration table's bins.
const BINS: [f64; 8] = [0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0];

/// Draft tokens whose paths had about the same estimated probability.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Bin {
    /// Path probabilities up to this, above the previous bin.
    pub(crate) upto: f64,
    pub(crate) drafted: usize,
    /// Mean estimated probability that the path is accepted.
    pub(crate) predicted: f64,
    /// Share of paths that were accepted.
    pub(crate) accepted: f64,
}

/// Figures of one drafter under one budget.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DrafterFigures {
    pub(crate) drafter: Drafter,
    /// Rows, the root included.
    pub(crate) budget: usize,
    /// Seconds to build the pools, per million tokens.
    pub(crate) build_s_per_1m: f64,
    /// Memory of the pools' index.
    pub(crate) bytes_per_token: f64,
    /// From the context to the tree, with the incremental state up to date.
    pub(crate) query_us_median: f64,
    pub(crate) query_us_p99: f64,
    /// To update the incremental state, once per step.
    pub(crate) advance_us_median: f64,
    /// To find the origins of every draft token.
    pub(crate) explain_us_median: f64,
    /// Tokens per step, the model's own included.
    pub(crate) mal: f64,
    /// The same as predicted by the estimates: 1 plus the sum of path probabilities.
    pub(crate) predicted_mal: f64,
    /// Mean rows of a tree.
    pub(crate) nodes: f64,
    pub(crate) calibration: Vec<Bin>,
}

#[derive(Debug, Serialize)]
struct RetrievalReport {
    pool_documents: usize,
    pool_tokens: usize,
    groups: usize,
    heldout_documents: usize,
    heldout_tokens: usize,
    figures: Vec<DrafterFigures>,
}

/// Runs the command. `Ok(false)`: cancelled.
///
/// # Errors
/// A file that cannot be read, with its line; files whose lines do not match.
pub(crate) fn run(args: &BenchRetrievalArgs) -> Result<bool> {
    let answers = read_answers(args)?;
    let (pools, build_s) = open_or_build(args)?;
    let sizes = pools.groups();
    let tokens: usize = sizes.iter().map(|s| s.tokens).sum();
    let bytes: usize = sizes.iter().map(|s| s.bytes).sum();
    let build_s_per_1m = build_s * 1e6 / tokens.max(1) as f64;
    let bytes_per_token = bytes as f64 / tokens.max(1) as f64;
    let mut figures = Vec::new();
    let mut line = Line::new();
    for drafter in chosen(args) {
        for budget in BUDGETS {
            line.show(&format!("{} {budget}", drafter.name()));
            let Some(sums) = measure(&pools, &answers, drafter, budget) else {
                return Ok(false);
            };
            figures.push(sums.figures(drafter, budget, build_s_per_1m, bytes_per_token));
        }
    }
    drop(line);
    let report = RetrievalReport {
        pool_documents: sizes.iter().map(|s| s.documents).sum(),
        pool_tokens: tokens,
        groups: sizes.len(),
        heldout_documents: answers.len(),
        heldout_tokens: answers.iter().map(|a| a.tokens.len()).sum(),
        figures,
    };
    if args.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(true)
}

/// The pools, and the seconds it took to build them; `None` if they already existed.
fn open_or_build(args: &BenchRetrievalArgs) -> Result<(Pools, f64)> {
    if args.pool.is_dir() {
        let store = PoolStore::open(&args.pool, None, Check::Structure)?;
        return Ok((store.pools(), 0.0));
    }
    Ok(build(read_docs(&args.pool, args.groups.as_deref())?))
}

fn chosen(args: &BenchRetrievalArgs) -> Vec<Drafter> {
    match args.drafter.as_slice() {
        [] => Drafter::ALL.to_vec(),
        some => some.to_vec(),
    }
}

/// The pools, and the median time of building them.
fn build(docs: Vec<PoolDoc>) -> (Pools, f64) {
    let mut times = Vec::new();
    let mut pools = Pools::empty();
    for _ in 0..N_BUILDS {
        let docs = docs.clone();
        let clock = Instant::now();
        pools = Pools::build(docs);
        times.push(clock.elapsed().as_secs_f64());
    }
    (pools, quantile(&mut times, 0.5))
}

/// `None`: cancelled.
fn measure(
    pools: &Pools,
    answers: &[KnownAnswer],
    drafter: Drafter,
    budget: usize,
) -> Option<Sums> {
    let params = Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(budget),
        branch: BRANCH,
        drafter,
        ..Params::default()
    };
    let mut sums = Sums::default();
    let mut calibration = Calibration::start(params.verify);
    for answer in answers {
        replay(pools, answer, &params, &mut calibration, |step| {
            sums.add(&step)
        });
        if interrupt::is_set() {
            return None;
        }
    }
    Some(sums)
}

/// Sums over the steps of a replay.
#[derive(Default)]
struct Sums {
    tokens: usize,
    expected: f64,
    rows: usize,
    query_us: Vec<f64>,
    advance_us: Vec<f64>,
    explain_us: Vec<f64>,
    bins: [Bin; BINS.len()],
}

impl Sums {
    fn add(&mut self, step: &Replayed) {
        self.tokens += step.n_advanced;
        self.expected += f64::from(step.tree.expected_accepted());
        self.rows += step.tree.n_rows();
        self.query_us.push(step.query_us);
        self.advance_us.push(step.advance_us);
        self.explain_us.push(step.explain_us);
        for (node, draft) in step.tree.nodes.iter().enumerate().skip(1) {
            let prob = f64::from(draft.path_prob);
            let at = BINS.partition_point(|&upto| upto < prob);
            let bin = &mut self.bins[at.min(BINS.len() - 1)];
            bin.drafted += 1;
            bin.predicted += prob;
            bin.accepted += f64::from(u8::from(step.path.contains(&node)));
        }
    }

    fn figures(
        mut self,
        drafter: Drafter,
        budget: usize,
        build_s_per_1m: f64,
        bytes_per_token: f64,
    ) -> DrafterFigures {
        let steps = self.query_us.len().max(1) as f64;
        DrafterFigures {
            drafter,
            budget,
            build_s_per_1m,
            bytes_per_token,
            query_us_median: quantile(&mut self.query_us, 0.5),
            query_us_p99: quantile(&mut self.query_us, 0.99),
            advance_us_median: quantile(&mut self.advance_us, 0.5),
            explain_us_median: quantile(&mut self.explain_us, 0.5),
            mal: self.tokens as f64 / steps,
            predicted_mal: 1.0 + self.expected / steps,
            nodes: self.rows as f64 / steps,
            calibration: calibration(&self.bins),
        }
    }
}

/// Means of the nonempty bins.
fn calibration(bins: &[Bin]) -> Vec<Bin> {
    let mean = |(bin, &upto): (&Bin, &f64)| {
        let n = bin.drafted.max(1) as f64;
        Bin {
            upto,
            drafted: bin.drafted,
            predicted: bin.predicted / n,
            accepted: bin.accepted / n,
        }
    };
    let bins = bins.iter().zip(&BINS).map(mean);
    bins.filter(|bin| bin.drafted > 0).collect()
}

fn quantile(values: &mut [f64], at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let index = (last as f64 * at).round() as usize;
    values.get(index).copied().unwrap_or(0.0)
}

fn print(report: &RetrievalReport) {
    out!(
        "{} documents, {} tokens in {} groups; {} held-out documents, {} tokens",
        report.pool_documents,
        report.pool_tokens,
        report.groups,
        report.heldout_documents,
        report.heldout_tokens
    );
    if let Some(any) = report.figures.first() {
        out!(
            "build {:.2} s and {:.1} MB per million tokens",
            any.build_s_per_1m,
            any.bytes_per_token
        );
    }
    print_figures(&report.figures);
    let largest = BUDGETS[BUDGETS.len() - 1];
    let with_drafts = report.figures.iter().filter(|f| !f.calibration.is_empty());
    with_drafts
        .filter(|f| f.budget == largest)
        .for_each(print_calibration);
}

fn print_figures(figures: &[DrafterFigures]) {
    let mut table = Table::new([
        text("drafter", 8),
        number("budget", 7),
        number("query us", 11),
        number("p99", 9),
        number("advance us", 12),
        number("explain us", 12),
        number("MAL", 7),
        number("predicted", 11),
        number("nodes", 7),
    ]);
    for f in figures {
        table.row([
            f.drafter.name().to_string(),
            f.budget.to_string(),
            format!("{:.1}", f.query_us_median),
            format!("{:.1}", f.query_us_p99),
            format!("{:.1}", f.advance_us_median),
            format!("{:.1}", f.explain_us_median),
            format!("{:.2}", f.mal),
            format!("{:.2}", f.predicted_mal),
            format!("{:.1}", f.nodes),
        ]);
    }
    table.print();
}

fn print_calibration(figures: &DrafterFigures) {
    out!();
    out!(
        "{} under {} rows: paths by predicted probability",
        figures.drafter.name(),
        figures.budget
    );
    let mut table = Table::new([
        number("up to", 8),
        number("drafted", 10),
        number("predicted", 11),
        number("accepted", 10),
    ]);
    for bin in &figures.calibration {
        table.row([
            format!("{:.2}", bin.upto),
            bin.drafted.to_string(),
            format!("{:.3}", bin.predicted),
            format!("{:.3}", bin.accepted),
        ]);
    }
    table.print();
}

/// A file's lines of token ids.
fn read_tokens(path: &Path) -> Result<Vec<Vec<TokenId>>> {
    let text = std::fs::read_to_string(path).wrap_err_with(|| path.display().to_string())?;
    let lines = text.lines().enumerate().map(|(i, line)| {
        let ids = line.split_whitespace().map(|word| {
            let id: TokenId = word.parse().map_err(|_| {
                eyre!(
                    "{}, line {}: `{word}` is not a token id",
                    path.display(),
                    i + 1
                )
            })?;
            ensure!(
                id < TokenId::MAX,
                "{}, line {}: token id {id} is too large",
                path.display(),
                i + 1
            );
            Ok(id)
        });
        ids.collect()
    });
    lines.collect()
}

/// The group of each document; a single group without a file.
fn read_groups(path: Option<&Path>, n_docs: usize) -> Result<Vec<GroupKey>> {
    let Some(path) = path else {
        return Ok(vec!["all".into(); n_docs]);
    };
    let text = std::fs::read_to_string(path).wrap_err_with(|| path.display().to_string())?;
    let groups: Vec<GroupKey> = text.lines().map(|line| line.trim().into()).collect();
    same_length(path, groups.len(), n_docs)?;
    Ok(groups)
}

fn same_length(path: &Path, n_lines: usize, n_docs: usize) -> Result<()> {
    ensure!(
        n_lines == n_docs,
        "{}: {n_lines} lines for {n_docs} documents",
        path.display()
    );
    Ok(())
}

fn read_docs(pool: &Path, groups: Option<&Path>) -> Result<Vec<PoolDoc>> {
    let docs = read_tokens(pool)?;
    let groups = read_groups(groups, docs.len())?;
    let docs = docs.into_iter().zip(groups).enumerate();
    let docs = docs.map(|(i, (tokens, group))| PoolDoc {
        id: i.to_string().into(),
        title: String::new(),
        group,
        tokens,
    });
    Ok(docs.collect())
}

/// The documents to replay; each one's first token is its opening.
fn read_answers(args: &BenchRetrievalArgs) -> Result<Vec<KnownAnswer>> {
    let docs = read_tokens(&args.heldout)?;
    let prompts = read_tokens(&args.prompts)?;
    same_length(&args.prompts, prompts.len(), docs.len())?;
    let groups = read_groups(args.heldout_groups.as_deref(), docs.len())?;
    let answers = docs.into_iter().zip(prompts).zip(groups);
    let answers = answers.take(args.limit).map(|((doc, prompt), group)| {
        let (opening, tokens) = doc.split_at(doc.len().min(1));
        KnownAnswer {
            group,
            prompt: [prompt.as_slice(), opening].concat(),
            opening_len: opening.len(),
            tokens: tokens.to_vec(),
        }
    });
    Ok(answers.collect())
}
