//! A test's report for people: figures, differences, and the verdict.

use super::report::{BackboneReport, DownstreamReport, FigureWithInterval};
use crate::commands::report::RanOn;
use crate::console::table::Table;

pub(super) fn print(report: &DownstreamReport) {
    let RanOn { model, device, .. } = &report.on;
    let layer = report
        .layer
        .map_or("after the final norm".to_string(), |layer| {
            format!("after block {layer}")
        });
    out!(
        "{model} on {device}, hidden states {layer}; {}: {} ratings of {} users and {} items, {} \
         folds, {} seeds",
        report.catalog,
        report.rows,
        report.users,
        report.items,
        report.folds,
        report.seeds
    );
    print_arms(report);
    for backbone in &report.backbones {
        out!();
        print_figures(report, backbone);
        out!();
        print_differences(report, backbone);
    }
    out!();
    for compared in report.backbones.iter().flat_map(|b| &b.comparisons) {
        out!("{}", compared.sentence);
    }
    out!();
    let verdict = report.verdict.as_deref().or(report.why_no_verdict);
    out!("{}", verdict.unwrap_or_default());
    if !report.reduced.is_empty() {
        out!("reduced: {}", report.reduced.join(", "));
    }
}

fn print_arms(report: &DownstreamReport) {
    let heads = [
        "arm",
        "knowledge",
        "texts as the reference's",
        "without (users, items)",
    ];
    let mut table = Table::markdown(2, heads);
    for arm in &report.arms {
        let same = arm.texts_as_reference;
        table.row([
            arm.name.clone(),
            arm.source.clone(),
            same.map_or(String::new(), |(same, of)| format!("{same} of {of}")),
            format!("{}, {}", arm.users_without, arm.items_without),
        ]);
    }
    table.print();
}

fn print_figures(report: &DownstreamReport, backbone: &BackboneReport) {
    let level = report.level * 100.0;
    let heads = [
        backbone.name.clone(),
        format!("AUC ({level:.0}%)"),
        format!("LogLoss ({level:.0}%)"),
    ];
    let mut table = Table::markdown(1, heads.iter().map(String::as_str));
    for arm in &backbone.arms {
        table.row([arm.name.clone(), shown(arm.auc), shown(arm.log_loss)]);
    }
    table.print();
}

fn shown(figure: FigureWithInterval) -> String {
    let FigureWithInterval {
        value, low, high, ..
    } = figure;
    format!("{value:.4} ({low:.4} to {high:.4})")
}

fn print_differences(report: &DownstreamReport, backbone: &BackboneReport) {
    let level = report.level * 100.0;
    let heads = [
        format!("{}: difference", backbone.name),
        format!("AUC ({level:.0}%)"),
        format!("LogLoss ({level:.0}%)"),
        "detectable".to_string(),
        "finding".to_string(),
    ];
    let mut table = Table::markdown(1, heads.iter().map(String::as_str));
    for compared in &backbone.comparisons {
        table.row([
            format!("{} - {}", compared.arm, compared.with),
            signed(compared.auc),
            signed(compared.log_loss),
            format!("{:.4}", compared.detectable),
            compared.finding.to_string(),
        ]);
    }
    table.print();
}

fn signed(figure: FigureWithInterval) -> String {
    let FigureWithInterval {
        value, low, high, ..
    } = figure;
    format!("{value:+.4} ({low:+.4} to {high:+.4})")
}
