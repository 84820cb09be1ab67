//! `bench decode` for people.

use crate::commands::bench::compared::ComparedRule;
use crate::commands::bench::figures::ModeFigures;
use crate::commands::bench::{BenchReport, Modes, PromptFigures};
use crate::commands::report::RanOn;
use crate::console::table::{Column, Table, number, text};
use crate::speculate::speed_up::count_pairs;

/// `by_prompt`: with a line for each prompt.
pub(crate) fn print(report: &BenchReport, by_prompt: bool) {
    let BenchReport {
        on: RanOn { model, device, .. },
        params,
        ..
    } = report;
    out!(
        "{model} on {device}; {} prompts, budget {}, branch {}, repetition penalty {}",
        report.prompts.len(),
        params.budget.describe(),
        params.branch,
        params.repeat_penalty
    );
    print_modes(&report.modes);
    out!(
        "{} per prompt, interleaved; est.: by the cost profile alone",
        count_pairs(report.compared.pairs)
    );
    if by_prompt {
        print_prompts(&report.compared, &report.prompts);
    }
    match &report.first_difference {
        None => {
            out!("lossless: strict equalled autoregressive on every prompt, token for token")
        }
        Some(d) => out!(
            "NOT lossless: {} first differs after {} equal tokens",
            d.subject,
            d.at
        ),
    }
}

fn mode_columns() -> [Column; 15] {
    [
        text("", 15),
        number("tokens", 8),
        number("steps", 7),
        number("MAL", 7),
        number("predicted", 11),
        number("rows", 8),
        number("tokens/s", 10),
        number("speed-up (95%)", 20),
        number("est.", 8),
        number("agreement", 11),
        number("in common", 11),
        number("acceptance", 12),
        number("hits", 9),
        number("rep.", 7),
        number("log p", 8),
    ]
}

fn print_modes(modes: &Modes) {
    let mut table = Table::new(mode_columns());
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    for (name, m) in modes.listed() {
        table.row([
            name.to_string(),
            m.tokens.to_string(),
            m.steps.to_string(),
            format!("{:.2}", m.mal),
            format!("{:.2}", m.predicted_mal),
            format!("{:.1}", m.rows),
            format!("{:.1}", m.tokens_per_s),
            speed_up(m),
            m.speedup_by_profile
                .map_or("-".into(), |by| format!("{by:.2}x")),
            percent(m.agreement),
            percent(m.in_common),
            percent(m.acceptance),
            percent(m.pool_hit_rate),
            percent(m.repetition),
            format!("{:.2}", m.mean_log_prob),
        ]);
    }
    table.print();
}

/// With its interval, where there are several pairs.
fn speed_up(m: &ModeFigures) -> String {
    match m.pairs {
        1 => format!("{:.2}x", m.speedup),
        _ => format!("{:.2}x {:.2}-{:.2}", m.speedup, m.low, m.high),
    }
}

fn print_prompts(compared: &ComparedRule, prompts: &[PromptFigures]) {
    out!("{} against autoregressive:", compared.verify);
    let mut table = Table::new([
        text("prompt", 12),
        number("speed-up", 9),
        number("low", 10),
        number("high", 10),
        number("MAL", 7),
        number("rows", 7),
        number("tokens", 8),
    ]);
    for PromptFigures { subject, ratio, .. } in prompts {
        table.row([
            subject.to_string(),
            format!("{:.2}x", ratio.median),
            format!("{:.2}x", ratio.low),
            format!("{:.2}x", ratio.high),
            format!("{:.2}", ratio.mal),
            format!("{:.1}", ratio.rows),
            ratio.tokens.to_string(),
        ]);
    }
    table.print();
    out!("overall {:.2}x", compared.total_ratio);
    if let Some(worst) = &compared.worst {
        out!("worst: {} at {:.3}x", worst.subject, worst.figures.median);
    }
    print_times(compared);
}

fn print_times(compared: &ComparedRule) {
    let mut table = Table::new([
        text("ms/step", 15),
        number("retrieve", 8),
        number("draft", 8),
        number("forward", 9),
        number("verify", 9),
        number("commit", 9),
    ]);
    for (name, t) in [
        ("autoregressive", &compared.autoregressive_step_ms),
        (compared.verify, &compared.step_ms),
    ] {
        let times = [t.retrieve, t.draft, t.forward, t.verify, t.commit];
        table.row(std::iter::once(name.to_string()).chain(times.map(|ms| format!("{ms:.3}"))));
    }
    table.print();
}
