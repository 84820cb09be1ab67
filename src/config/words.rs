//! Settings as command-line options, as parsed by `SetupArgs`.

use super::settings::Settings;
use crate::cli::CalibrationChoice;
use crate::file_name::absolute;
use crate::model::device::DeviceChoice;
use crate::speculate::command_line::Setup;
use crate::speculate::parameters::setup::{self, SetupParameter};
use crate::speculate::trace::OwnDocuments;

impl Settings {
    /// The options that chose catalog, pools, model, device and where runs start. A
    /// run's prompt and decoding options are separate.
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            words: self.words(),
            framework_file: self.framework_file(),
        }
    }

    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut say = |parameter: &SetupParameter, value: Option<String>| {
            let said = value.map(|value| [format!("--{}", parameter.name), value]);
            words.extend(said.into_iter().flatten());
        };
        let path = |path: &Option<std::path::PathBuf>| path.as_deref().map(absolute);
        say(&setup::CONFIG, path(&self.config));
        say(&setup::CATALOG, path(&self.catalog));
        say(
            &setup::CATALOG_LIMIT,
            self.catalog_limit.map(|n| n.to_string()),
        );
        let scale = self.rating_scale.map(|scale| scale.to_string());
        say(&setup::RATING_SCALE, scale);
        say(&setup::GROUPS, path(&self.groups));
        for file in &self.knowledge {
            say(&setup::KNOWLEDGE, Some(absolute(file)));
        }
        say(&setup::POOL, path(&self.pool));
        let hides = self.own_documents == OwnDocuments::Hide;
        say(&setup::OWN_DOCUMENTS, hides.then(|| "hide".to_string()));
        say(&setup::MODEL, self.model.as_deref().map(model));
        say(&setup::DEVICE, device(self.device));
        say(&setup::THREADS, self.threads.map(|n| n.to_string()));
        say(&setup::CONTEXT, self.context.map(|n| n.to_string()));
        say(
            &setup::QUANTIZE,
            self.quantize.map(|to| to.name().to_string()),
        );
        say(&setup::KV, self.kv.map(|kv| kv.name().to_string()));
        say(&setup::COST, self.cost.as_ref().map(|choice| choice.word()));
        if let CalibrationChoice::Trace(trace) = &self.calibration {
            say(&setup::CALIBRATION, Some(absolute(trace)));
        }
        if self.strict_import {
            words.push(format!("--{}", setup::STRICT_IMPORT.name));
        }
        words
    }

    /// The name of the framework that was read from a file, and the file.
    fn framework_file(&self) -> Option<(String, String)> {
        let file = self.framework.as_deref().filter(|f| f.ends_with(".toml"))?;
        let name = self.framework().ok()?.name;
        Some((name, absolute(std::path::Path::new(file))))
    }
}

/// An existing file or folder becomes absolute; a name is unchanged.
fn model(name: &str) -> String {
    let path = std::path::Path::new(name);
    match path.exists() {
        true => absolute(path),
        false => name.to_string(),
    }
}

fn device(choice: DeviceChoice) -> Option<String> {
    match choice {
        DeviceChoice::Auto => None,
        DeviceChoice::Cpu => Some("cpu".to_string()),
        DeviceChoice::Cuda(n) => Some(format!("cuda:{n}")),
        DeviceChoice::Metal => Some("metal".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::Cli;
    use crate::cli::CostChoice;
    use crate::model::kernels::kv::KvType;
    use crate::model::weights::FloatWeights;

    fn path() -> impl Strategy<Value = PathBuf> {
        "/[a-z '$]{1,9}/[a-zäé\"]{1,9}".prop_map(PathBuf::from)
    }

    prop_compose! {
        fn settings()(
            paths in proptest::collection::vec(proptest::option::of(path()), 5),
            knowledge in proptest::collection::vec(path(), 0..3),
            numbers in (
                proptest::option::of(1u64..99),
                proptest::option::of(1usize..64),
                proptest::option::of(64usize..9000),
            ),
            flags in any::<[bool; 3]>(),
            device in prop::sample::select(vec![
                DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Cuda(2), DeviceChoice::Metal,
            ]),
            quantize in proptest::option::of(prop::sample::select(vec![
                FloatWeights::Exact, FloatWeights::Eight, FloatWeights::Reference,
            ])),
            kv in proptest::option::of(prop::sample::select(vec![KvType::F16, KvType::F32])),
            scale in proptest::option::of(prop::sample::select(vec!["1-10", "-1/+1", "counts"])),
            cost in proptest::option::of(prop::sample::select(vec![
                "1:3.5,8:7.25", "1@128:3.5,1@900:4", "/tmp/no such/profile.json",
            ])),
        ) -> Settings {
            let [catalog, groups, pool, config, calibration] = &paths[..] else { unreachable!() };
            Settings {
                catalog: catalog.clone(),
                groups: groups.clone(),
                pool: pool.clone(),
                config: config.clone(),
                calibration: match calibration {
                    None => CalibrationChoice::Shipped,
                    Some(path) => CalibrationChoice::Trace(path.clone()),
                },
                knowledge,
                catalog_limit: numbers.0,
                threads: numbers.1,
                context: numbers.2,
                strict_import: flags[0],
                own_documents: if flags[1] { OwnDocuments::Hide } else { OwnDocuments::Keep },
                model: flags[2].then(|| "no/such-model".to_string()),
                device,
                quantize,
                kv,
                rating_scale: scale.map(|text| text.parse().unwrap()),
                cost: cost.map(|text| CostChoice::parse(text).unwrap()),
                ..Settings::default()
            }
        }
    }

    proptest! {
        #[test]
        fn settings_that_are_written_are_read_back(settings in settings()) {
            let words = settings.setup().words;
            let line = ["laserscope".to_string()].into_iter().chain(words);
            let read = Settings::from(Cli::try_parse_from(line).expect("a command line").setup);
            let comparable = |settings: &Settings| format!(
                "{:?}", Settings { frameworks: None, ..settings.clone() }
            );
            prop_assert_eq!(comparable(&read), comparable(&settings));
        }
    }
}
