//! `bench decode` for people.

use crate::commands::bench::compared::ComparedRule;
use crate::commands::bench::figures::ModeFigures;
use crate::commands::bench::{BenchReport, Modes, PromptFigures};
use crate::commands::report::RanOn;
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
        "{} of each prompt in turns; est.: by the cost profile alone",
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
            "NOT lossless: {} differs first after {} equal tokens",
            d.subject,
            d.at
        ),
    }
}

fn print_modes(modes: &Modes) {
    out!(
        "{:<15}{:>8}{:>7}{:>7}{:>11}{:>8}{:>10}{:>20}{:>8}{:>11}{:>11}{:>12}{:>9}{:>7}{:>8}",
        "",
        "tokens",
        "steps",
        "MAL",
        "predicted",
        "rows",
        "tokens/s",
        "speed-up (95%)",
        "est.",
        "agreement",
        "in common",
        "acceptance",
        "hits",
        "rep.",
        "log p"
    );
    for (name, m) in modes.listed() {
        out!(
            "{name:<15}{:>8}{:>7}{:>7.2}{:>11.2}{:>8.1}{:>10.1}{:>20}{:>8}{:>10.1}%{:>10.1}%{:>11.1}%{:>8.1}%{:>6.1}%{:>8.2}",
            m.tokens,
            m.steps,
            m.mal,
            m.predicted_mal,
            m.rows,
            m.tokens_per_s,
            speed_up(m),
            m.speedup_by_profile
                .map_or("-".into(), |by| format!("{by:.2}x")),
            m.agreement * 100.0,
            m.in_common * 100.0,
            m.acceptance * 100.0,
            m.pool_hit_rate * 100.0,
            m.repetition * 100.0,
            m.mean_log_prob
        );
    }
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
    out!("prompt       speed-up       low      high    MAL   rows  tokens");
    for PromptFigures { subject, ratio, .. } in prompts {
        out!(
            "{subject:<12}{:>8.2}x{:>9.2}x{:>9.2}x{:>7.2}{:>7.1}{:>8}",
            ratio.median,
            ratio.low,
            ratio.high,
            ratio.mal,
            ratio.rows,
            ratio.tokens
        );
    }
    out!("all together {:.2}x", compared.total_ratio);
    if let Some(worst) = &compared.worst {
        out!("worst: {} at {:.3}x", worst.subject, worst.figures.median);
    }
    out!("ms a step      retrieve   draft  forward   verify   commit");
    for (name, t) in [
        ("autoregressive", &compared.autoregressive_step_ms),
        (compared.verify, &compared.step_ms),
    ] {
        out!(
            "{name:<15}{:>8.3}{:>8.3}{:>9.3}{:>9.3}{:>9.3}",
            t.retrieve,
            t.draft,
            t.forward,
            t.verify,
            t.commit
        );
    }
}
