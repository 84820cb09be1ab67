//! What every command takes: where data, model and device come from. Names, help and
//! ranges are those of the table of parameters.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;

use super::choice::{CalibrationChoice, CostChoice};
use crate::log_file::parse_level;
use crate::model::device::DeviceChoice;
use crate::model::kernels::kv::KvType;
use crate::model::weights::FloatWeights;
use crate::recsys::Scale;
use crate::speculate::parameters::setup::{self, SetupParameter};

/// What a run needs before it starts.
#[derive(Args, Clone, Debug, Default)]
pub struct SetupArgs {
    #[arg(long, global = true, value_name = setup::CATALOG.placeholder, help = setup::CATALOG.help())]
    pub(crate) catalog: Option<PathBuf>,
    #[arg(long, global = true, value_parser = whole::<u64>(&setup::CATALOG_LIMIT), value_name = setup::CATALOG_LIMIT.placeholder, help = setup::CATALOG_LIMIT.help())]
    pub(crate) catalog_limit: Option<u64>,
    #[arg(long, global = true, help = setup::STRICT_IMPORT.help())]
    pub(crate) strict_import: bool,
    #[arg(long, global = true, allow_hyphen_values = true, value_name = setup::RATING_SCALE.placeholder, help = setup::RATING_SCALE.help())]
    pub(crate) rating_scale: Option<Scale>,
    #[arg(long, global = true, value_name = setup::GROUPS.placeholder, help = setup::GROUPS.help())]
    pub(crate) groups: Option<PathBuf>,
    #[arg(long, global = true, value_enum, value_name = setup::OWN_DOCUMENTS.placeholder, help = setup::OWN_DOCUMENTS.help())]
    pub(crate) own_documents: Option<OwnDocumentsChoice>,
    #[arg(long, global = true, value_name = setup::FRAMEWORK.placeholder, help = setup::FRAMEWORK.help())]
    pub(crate) framework: Option<String>,
    #[arg(long, global = true, value_name = setup::KNOWLEDGE.placeholder, help = setup::KNOWLEDGE.help())]
    pub(crate) knowledge: Vec<PathBuf>,
    #[arg(long, global = true, value_name = setup::POOL.placeholder, help = setup::POOL.help())]
    pub(crate) pool: Option<PathBuf>,
    #[arg(long, global = true, value_name = setup::MODEL.placeholder, help = setup::MODEL.help())]
    pub(crate) model: Option<String>,
    #[arg(long, global = true, value_name = setup::DEVICE.placeholder, help = setup::DEVICE.help())]
    pub(crate) device: Option<DeviceChoice>,
    #[arg(long, global = true, value_parser = whole::<u16>(&setup::THREADS), value_name = setup::THREADS.placeholder, help = setup::THREADS.help())]
    pub(crate) threads: Option<u16>,
    #[arg(long, global = true, value_parser = whole::<u32>(&setup::CONTEXT), value_name = setup::CONTEXT.placeholder, help = setup::CONTEXT.help())]
    pub(crate) context: Option<u32>,
    #[arg(long, global = true, value_name = setup::QUANTIZE.placeholder, help = setup::QUANTIZE.help())]
    pub(crate) quantize: Option<FloatWeights>,
    #[arg(long, global = true, value_name = setup::KV.placeholder, help = setup::KV.help())]
    pub(crate) kv: Option<KvType>,
    #[arg(long, global = true, help = setup::OFFLINE.help())]
    pub(crate) offline: bool,
    #[arg(long, global = true, help = setup::YES.help())]
    pub(crate) yes: bool,
    #[arg(long, global = true, value_parser = CostChoice::parse, value_name = setup::COST.placeholder, help = setup::COST.help())]
    pub(crate) cost: Option<CostChoice>,
    #[arg(long, global = true, value_parser = CalibrationChoice::parse, value_name = setup::CALIBRATION.placeholder, help = setup::CALIBRATION.help())]
    pub(crate) calibration: Option<CalibrationChoice>,
    #[arg(long, global = true, help = setup::LEARN.help())]
    pub(crate) learn: bool,
    #[arg(long, global = true, value_name = setup::CONFIG.placeholder, help = setup::CONFIG.help())]
    pub config: Option<PathBuf>,
}

/// A whole number in the range of its parameter.
fn whole<T: TryFrom<u64>>(
    parameter: &'static SetupParameter,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let n: u64 = text.parse().map_err(|e| format!("{e}"))?;
        parameter.check(n)?;
        T::try_from(n).map_err(|_| format!("{n} is too large"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OwnDocumentsChoice {
    Keep,
    Hide,
}

/// The log, which no run depends on.
#[derive(Args, Clone, Debug, Default)]
pub struct LogArgs {
    #[arg(long, global = true, value_name = setup::LOG.placeholder, help = setup::LOG.help())]
    pub log: Option<PathBuf>,
    #[arg(long, global = true, value_parser = parse_level, value_name = setup::LOG_LEVEL.placeholder, help = setup::LOG_LEVEL.help())]
    pub log_level: Option<Targets>,
}

/// How the playground looks.
#[derive(Args, Clone, Debug, Default)]
pub struct ScreenArgs {
    #[arg(long, global = true, value_name = setup::THEME.placeholder, help = setup::THEME.help())]
    pub(crate) theme: Option<String>,
    #[arg(long, global = true, help = setup::ASCII.help())]
    pub(crate) ascii: bool,
    #[arg(long, global = true, help = setup::PRESENT.help())]
    pub(crate) present: bool,
}
