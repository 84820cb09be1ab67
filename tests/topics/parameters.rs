//! The table of parameters: each can be given as an option, in the configuration file and
//! on the screens, and means the same everywhere.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};
use laserscope::cli::{Cli, Command};
use laserscope::config::{Config, save_decode};
use laserscope::speculate::options;
use laserscope::speculate::parameters::{
    self, Parameter, ParameterPlace, Range, SettingRow, Way, setup,
};
use laserscope::speculate::params::{AcceptanceRule, Params, Sampling};
use laserscope::tui::settings::Setting;
use proptest::prelude::*;

/// A value in range, as text.
fn written(parameter: &Parameter, bits: u64) -> String {
    let share = |bits: u64| bits as f32 / u64::MAX as f32;
    match parameter.range {
        Range::OneOf(words) => words()[bits as usize % words().len()].to_string(),
        Range::AnyOf(words) => {
            let all = words().into_iter().enumerate();
            let some: Vec<&str> = all
                .filter(|(i, _)| bits >> i & 1 == 1)
                .map(|w| w.1)
                .collect();
            match some.as_slice() {
                [] => "none".to_string(),
                some => some.join(","),
            }
        }
        Range::ShareOf(words) => {
            let each = words.iter().zip(0..);
            let each = each.map(|(word, i)| format!("{word}={}", share(bits.rotate_left(i * 20))));
            each.collect::<Vec<_>>().join(",")
        }
        Range::AutoOr(_) if bits.is_multiple_of(4) => "auto".to_string(),
        Range::AutoOr(most) => (1 + bits % most as u64).to_string(),
        Range::Whole(0, u64::MAX) => bits.to_string(),
        Range::Whole(least, u64::MAX) => bits.max(least).to_string(),
        Range::Whole(least, most) => (least + bits % (most - least + 1)).to_string(),
        Range::WholeOrAll(_) if bits.is_multiple_of(4) => "all".to_string(),
        Range::WholeOrAll(least) => bits.max(least).to_string(),
        Range::AtLeast(_) if bits.is_multiple_of(4) => "inf".to_string(),
        Range::AtLeast(least) => (least + 8.0 * share(bits)).to_string(),
        Range::Between(least, most) => (least + (most - least) * share(bits)).to_string(),
        Range::Above(least, most) => (most - (most - least) * share(bits / 2)).to_string(),
    }
}

prop_compose! {
    /// Any values that are in range and compatible.
    fn any_params()(
        rule in prop::sample::select(AcceptanceRule::ALL.to_vec()),
        is_sampled in any::<bool>(),
        bits in proptest::collection::vec(any::<u64>(), parameters::ALL.len()),
    ) -> Params {
        let mut params = Params { verify: rule, ..Params::default() };
        params.sampling = (is_sampled && rule.is_lossless()).then_some(Sampling::at(1.0));
        for (parameter, bits) in parameters::ALL.into_iter().zip(bits) {
            let is_optional = matches!(
                parameter.place,
                ParameterPlace::OptionalWhole(_) | ParameterPlace::OptionalNumber(_)
            );
            let is_left = matches!(parameter.place, ParameterPlace::Preset | ParameterPlace::Rule)
                || !parameter.applies(&params)
                || is_optional && bits % 3 == 0
                || matches!(parameter.place, ParameterPlace::Temperature) && !is_sampled;
            if !is_left {
                let text = written(parameter, bits);
                parameter.set(&mut params, parameter.parse(&text).expect("a value"));
            }
        }
        params
    }
}

fn asked(options: &[String], base: Params) -> Result<Params, String> {
    let line = ["laserscope", "generate", "--item", "i"].map(String::from);
    let line = line.into_iter().chain(options.iter().cloned());
    let parsed = Cli::try_parse_from(line).map_err(|e| e.to_string())?;
    match parsed.command {
        Some(Command::Generate(args)) => args.decode.over(base),
        other => Err(format!("{other:?}")),
    }
}

/// A base with nothing unset: an option cannot unset a top-k.
fn plain(base: Params) -> Params {
    Params {
        sampling: None,
        ..base
    }
}

fn configured(text: &str) -> Result<Params, String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let config = Config::read(Some(file.path())).map_err(|e| format!("{e:#}"))?;
    config.params().map_err(|e| format!("{e:#}"))
}

proptest! {
    #[test]
    fn parameters_are_the_same_as_options_in_the_file_and_on_the_sliders(
        params in any_params(), base in any_params(),
    ) {
        prop_assert_eq!(params.check(), Ok(()));
        prop_assert_eq!(asked(&options::all(&params), plain(base)), Ok(params));
        let base = plain(base);
        prop_assert_eq!(asked(&options::options(&params, &base), base), Ok(params));

        let file = tempfile::NamedTempFile::new().expect("a file");
        save_decode(file.path(), &base).expect("saved");
        save_decode(file.path(), &params).expect("saved over it");
        let read = Config::read(Some(file.path())).expect("read").params().expect("good");
        prop_assert_eq!(read, params);

        for setting in Setting::sliders(&params) {
            for way in [Way::Less, Way::More] {
                let moved = setting.moved(&params, way);
                prop_assert_eq!(moved.check(), Ok(()), "{:?} {:?}", setting, way);
                let end = setting.moved_to_end(&params, way);
                prop_assert_eq!(end.check(), Ok(()), "{:?} {:?}", setting, way);
            }
        }
    }
}

/// Parameters under which this one applies, with this value.
fn with(parameter: &Parameter, text: &str) -> (Vec<String>, String) {
    let rule = parameter.rules().next().expect("a rule");
    let of_sampling = parameter.difference == "sampling";
    let warmth = of_sampling && !matches!(parameter.place, ParameterPlace::Temperature);
    let mut said = vec![("verify", rule.name().to_string())];
    said.extend(warmth.then(|| ("temperature", "0.5".to_string())));
    said.retain(|(name, _)| *name != parameter.name);
    said.push((parameter.name, text.to_string()));
    let options = said
        .iter()
        .flat_map(|(name, value)| [format!("--{name}"), value.clone()]);
    let lines = said.iter().map(|(name, value)| match value.parse::<f64>() {
        Ok(_) => format!("{name} = {value}\n"),
        Err(_) => format!("{name} = \"{value}\"\n"),
    });
    (
        options.collect(),
        format!("[decode]\n{}", lines.collect::<String>()),
    )
}

#[test]
fn every_parameter_is_an_option_a_key_and_a_slider() {
    let mut command = Cli::command();
    let generate = command.find_subcommand_mut("generate").expect("a command");
    for parameter in parameters::ALL {
        let option = generate
            .get_arguments()
            .find(|a| a.get_id() == parameter.name);
        let help = option
            .and_then(|option| option.get_help())
            .expect("an option")
            .to_string();
        assert!(help.starts_with(parameter.help), "{help}");
        assert!(
            help.contains(&parameter.default_text()) || parameter.name == "preset",
            "{help}"
        );

        let text = written(parameter, 7);
        let (options, file) = with(parameter, &text);
        let base = Params::default();
        let by_option = asked(&options, base).expect("an option");
        assert_eq!(configured(&file), Ok(by_option), "{parameter:?}");
        if let Some(value) = parameter.get(&by_option) {
            assert_eq!(value.to_string(), text, "{parameter:?}");
        }

        let sliders = Setting::sliders(&by_option);
        let is_slider = match parameter.place {
            ParameterPlace::Sources => sliders.iter().any(|s| matches!(s, Setting::Source(_))),
            _ => sliders.contains(&Setting::Of(parameter)),
        };
        assert_eq!(
            is_slider,
            parameter.row != SettingRow::None,
            "{parameter:?}"
        );
    }
    let without = parameters::ALL
        .into_iter()
        .filter(|p| p.row == SettingRow::None);
    let without: Vec<&str> = without.map(|p| p.name).collect();
    assert_eq!(without, ["preset", "source-weights", "repeat-window"]);
}

#[test]
fn a_value_out_of_range_is_told_with_the_range_wherever_it_stands() {
    for (parameter, wrong, demand) in [
        ("k", "0", "--k 0: must be at least 1 (1 is strict), or all"),
        ("tau", "1.5", "--tau 1.5: must be between 0 and 1"),
        ("branch", "33", "--branch 33: must be 1 to 32 tokens"),
        (
            "repeat-penalty",
            "0.5",
            "--repeat-penalty 0.5: must be between 1 (off) and 4",
        ),
        (
            "temperature",
            "6",
            "--temperature 6: must be between 0 (off) and 5",
        ),
        ("top-p", "2", "--top-p 2: must be above 0 and at most 1"),
        ("max-tokens", "0", "--max-tokens 0: must be at least 1"),
        ("margin", "2", "--margin 2: must be between 0 and 1"),
        ("window", "33", "--window 33: must be 1 to 32 tokens"),
    ] {
        let parameter = parameters::named(parameter).expect("a parameter");
        let (options, file) = with(parameter, wrong);
        assert_eq!(asked(&options, Params::default()), Err(demand.to_string()));
        let told = configured(&file).expect_err("out of range");
        assert!(told.contains(demand), "{told}");
        let line = file
            .lines()
            .position(|l| l.starts_with(parameter.name))
            .expect("a line");
        assert!(told.contains(&format!("line {}", line + 1)), "{told}");
    }
    let unknown = configured("[decode]\nk = 2\ntua = 0.1\n").expect_err("no such key");
    assert!(
        unknown.contains("line 3") && unknown.contains("`tua`"),
        "{unknown}"
    );
    assert!(unknown.contains("`tau`"), "{unknown}");
}

/// Names and words are unique.
#[test]
fn no_two_parameters_share_a_name_or_a_row() {
    let mut rows: Vec<u8> = Vec::new();
    for parameter in parameters::ALL {
        let same = parameters::ALL
            .into_iter()
            .filter(|p| p.name == parameter.name);
        assert_eq!(same.count(), 1, "{parameter:?}");
        assert!(!parameter.help.is_empty() && !parameter.placeholder.is_empty());
        if let SettingRow::Settings(at) | SettingRow::Sliders(at) = parameter.row {
            assert!(!rows.contains(&at), "{parameter:?}");
            rows.push(at);
        }
    }
}

#[test]
fn every_option_of_all_commands_is_in_the_table_and_has_its_key() {
    let command = Cli::command();
    let options = command
        .get_arguments()
        .filter(|option| option.is_global_set());
    let options: BTreeSet<&str> = options.filter_map(|option| option.get_long()).collect();
    let listed: BTreeSet<&str> = setup::ALL.iter().map(|parameter| parameter.name).collect();
    assert_eq!(options, listed);
    for parameter in setup::ALL {
        // An unknown key is refused by name, whatever its value.
        let told = configured(&format!("{} = []\n", parameter.name)).expect_err("no list");
        let is_unknown = told.contains("unknown field");
        assert_eq!(!is_unknown, parameter.is_key, "{}: {told}", parameter.name);
    }
}

#[test]
fn numbers_of_all_commands_have_one_range_on_the_command_line_and_in_the_file() {
    for (name, wrong, demand) in [
        ("threads", "0", "must be 1 to 1024"),
        ("threads", "1025", "must be 1 to 1024"),
        ("context", "63", "must be at least 64"),
    ] {
        let by_option = Cli::try_parse_from(["laserscope", &format!("--{name}"), wrong]);
        let by_option = by_option.expect_err("out of range").to_string();
        assert!(
            by_option.contains(demand) && by_option.contains(name),
            "{by_option}"
        );
        let by_file = configured(&format!("{name} = {wrong}\n")).expect_err("out of range");
        assert!(
            by_file.contains(&format!("{name} = {wrong}: {demand}")),
            "{by_file}"
        );
    }
}
