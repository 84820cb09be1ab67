//! What a model costs that is not here: its shape, filled with random weights.

use std::process::Command;

use candle_core::quantized::GgmlDType;
use laserscope::engine::{Engine, LoadOptions};
use laserscope::model::device::DeviceChoice;
use laserscope::model::shape::Shape;

use super::tiny;

fn options() -> LoadOptions {
    LoadOptions {
        device: DeviceChoice::Cpu,
        threads: Some(2),
        context: Some(400),
        ..LoadOptions::default()
    }
}

#[test]
fn a_files_shape_is_measured_without_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q4_1, true);
    let shape = Shape::named(path.to_str().unwrap()).unwrap();
    let real = Engine::load(&path, &options(), |_| {}).unwrap();
    let mut made_up = Engine::of_shape(shape.clone(), usize::MAX, &options(), |_| {}).unwrap();
    assert_eq!(
        made_up.model.info.architecture,
        real.model.info.architecture
    );
    let profile = made_up.measure_profile(&mut |_, _| true);
    let profile = profile.unwrap().expect("not cancelled");
    assert!(profile.points.len() > 3);
    assert!(
        profile
            .points
            .iter()
            .all(|p| p.step_ms > 0.0 && p.step_ms >= p.forward_ms)
    );
}

/// Blocks that do not fit are taken to cost what the others do; the head counts once.
#[test]
fn the_blocks_that_are_missing_count_by_proportion() {
    let engine = |blocks: usize| {
        let mut shape = Shape::named("smollm2-135m").unwrap();
        (shape.config.layers, shape.vocab) = (blocks, 2048);
        Engine::of_shape(shape, 1, &options(), |_| {}).unwrap()
    };
    let at = |profile: laserscope::speculate::cost::CostProfile| {
        let point = profile.points.iter().find(|p| p.rows == 1);
        point.expect("one row").forward_ms
    };
    let one = at(engine(1)
        .measure_profile(&mut |_, _| true)
        .unwrap()
        .unwrap());
    let hundred = at(engine(100)
        .measure_profile(&mut |_, _| true)
        .unwrap()
        .unwrap());
    assert!(
        hundred > 20.0 * one && hundred < 400.0 * one,
        "{one} {hundred}"
    );
    let mut asked = 0;
    let cancelled = engine(2).measure_profile(&mut |_, _| {
        asked += 1;
        asked < 3
    });
    assert_eq!(cancelled.unwrap(), None);
}

#[test]
fn the_command_says_what_it_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q4_1, true);
    let run = |shape: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
        command.args([
            "cost",
            "measure",
            "--json",
            "--context",
            "400",
            "--shape",
            shape,
        ]);
        command.output().unwrap()
    };
    let output = run(path.to_str().unwrap());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["blocks"], report["blocks_measured"]);
    assert_eq!(report["weights"], "Q4_0");
    assert!(report["points"].as_array().unwrap().len() > 3 && report["file"].is_null());
    let unknown = run("gpt-9");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("qwen2.5-1.5b"));
}
