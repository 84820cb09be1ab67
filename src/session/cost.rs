//! A session's cost profile: the one named by `--cost`, else this machine's, measured
//! if none is saved.

use std::path::PathBuf;
use std::time::Instant;

use color_eyre::eyre::{Result, WrapErr, bail, ensure};

use super::kept_cost::{self, CostKey};
use crate::cli::CostChoice;
use crate::engine::{Engine, LARGE_SPREAD};
use crate::model::fetch;
use crate::speculate::cost::CostProfile;
use crate::speculate::trace::Trace;
use crate::text_input::{JSON_BYTES_MAX, read_text};

/// The profile that `--cost` names.
///
/// # Errors
/// A file without a profile.
pub(crate) fn named(choice: &CostChoice) -> Result<CostProfile> {
    match choice {
        CostChoice::Given(profile) => Ok(profile.clone()),
        CostChoice::File(path) => read(path).wrap_err("--cost"),
    }
}

fn read(path: &std::path::Path) -> Result<CostProfile> {
    let shown = path.display();
    let text = read_text(path, JSON_BYTES_MAX)?.text;
    if let Some(kept) = kept_cost::parse(&text) {
        return Ok(kept.profile);
    }
    // As `cost measure --json` and `cost show --json` print it.
    if let Ok(printed) = serde_json::from_str::<CostProfile>(&text) {
        return Ok(printed);
    }
    let first = text.lines().next().unwrap_or_default();
    let Ok(trace) = Trace::load(first.as_bytes()) else {
        bail!(
            "{shown}: neither a cost profile of `laserscope cost measure` nor a trace; a table \
            looks like 1:3.3,8:7.5"
        );
    };
    ensure!(
        !trace.header.cost.is_empty(),
        "{shown}: the run was recorded without a cost profile"
    );
    Ok(trace.header.cost)
}

/// Loads this machine's profile into the engine, or measures and saves it. Returns a
/// note for the user. `go_on` as in [`Engine::measure_profile`].
///
/// # Errors
/// What the device reports; [`fetch::Cancelled`].
pub(crate) fn settle(
    engine: &mut Engine,
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Option<String>> {
    let key = CostKey::of(engine);
    if let Some(profile) = key.load(engine.longest_measured()) {
        tracing::info!(measured = profile.measured, "cost profile: as kept");
        engine.start.cost = profile;
        return Ok(None);
    }
    let (_, said) = renew(engine, &key, go_on)?;
    Ok(said)
}

/// Measures and saves this machine's profile; returns its file and a note for the user.
///
/// # Errors
/// As [`settle`].
pub(crate) fn renew(
    engine: &mut Engine,
    key: &CostKey,
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<(Option<PathBuf>, Option<String>)> {
    let begin = Instant::now();
    let Some(profile) = engine.measure_profile(go_on)? else {
        return Err(fetch::Cancelled.into());
    };
    let (ms, spread) = (begin.elapsed().as_millis(), profile.spread());
    tracing::info!(
        points = profile.points.len(),
        spread,
        ms,
        "cost profile: measured"
    );
    engine.start.cost = CostProfile {
        measured: Some(kept_cost::today()),
        machine: Some(kept_cost::machine()),
        ..profile
    };
    let saved = key.save(&engine.start.cost);
    let busy = busy(&engine.start.cost);
    Ok(match saved {
        Ok(path) => (Some(path), busy),
        Err(why) => {
            tracing::warn!("cost profile: not kept: {why:#}");
            let kept = format!(
                "the cost profile could not be saved and will be measured at every \
                start: {why:#}"
            );
            (None, super::joined(busy, Some(kept)))
        }
    })
}

/// Measures passes over several sequences, where this machine's profile lacks them, and
/// keeps them with it: what there is to say.
///
/// # Errors
/// As [`settle`].
pub(crate) fn settle_passes(
    engine: &mut Engine,
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Option<String>> {
    if !engine.start.cost.passes.is_empty() {
        return Ok(None);
    }
    let Some(passes) = engine.measure_passes(go_on)? else {
        return Err(fetch::Cancelled.into());
    };
    let spread = passes.iter().map(|pass| pass.spread).fold(0.0, f32::max);
    let busy = (spread > LARGE_SPREAD).then(|| {
        format!(
            "passes over several sequences were measured on a busy machine (spread up to \
             {:.0}%): `laserscope cost measure` renews them",
            spread * 100.0
        )
    });
    engine.start.cost.passes = passes;
    let saved = CostKey::of(engine).save(&engine.start.cost).err();
    let kept = saved.map(|why| format!("passes are measured again at every start: {why:#}"));
    Ok(super::joined(busy, kept))
}

/// What is said of a profile whose points wander.
pub(crate) fn busy(profile: &CostProfile) -> Option<String> {
    let spread = profile.spread();
    (spread > LARGE_SPREAD).then(|| {
        format!(
            "the cost profile was measured on a busy machine (spread up to {:.0}%): run \
            `laserscope cost measure` on an idle one",
            spread * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_given_or_read() {
        let given = CostChoice::parse("1:3.3,8:7.5").unwrap();
        assert_eq!(given.word(), "1:3.3,8:7.5");
        assert_eq!(named(&given).unwrap().points.len(), 2);
        assert!(CostChoice::parse("1:0").unwrap_err().contains("ROWS:MS"));
        let folder = tempfile::tempdir().unwrap();
        let printed = folder.path().join("printed.json");
        let json = r#"{"model": "m", "spread": 0.1, "points": [{"rows": 1, "context": 128,
            "forward_ms": 3.2, "step_ms": 3.3, "spread": 0.02, "residual": 0.01}]}"#;
        std::fs::write(&printed, json).unwrap();
        let choice = CostChoice::parse(&printed.display().to_string()).unwrap();
        assert_eq!(named(&choice).unwrap().points[0].step_ms, 3.3);
        let file = folder.path().join("notes.txt");
        std::fs::write(&file, "hello").unwrap();
        let choice = CostChoice::parse(&file.display().to_string()).unwrap();
        let error = format!("{:#}", named(&choice).unwrap_err());
        assert!(
            error.contains("--cost") && error.contains("notes.txt"),
            "{error}"
        );
    }
}
