//! Where things come from, as options and configuration file say.

use std::path::PathBuf;

use crate::cli::{CalibrationChoice, CostChoice, OwnDocumentsChoice, SetupArgs};
use crate::model::device::DeviceChoice;
use crate::model::kernels::kv::KvType;
use crate::model::registry;
use crate::model::weights::FloatWeights;
use crate::recsys::Scale;
use crate::speculate::trace::OwnDocuments;

/// Every key is optional; what is left out has its default.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A file or folder in any dialect, or `ml-100k`; `None`: the sample.
    pub catalog: Option<PathBuf>,
    /// Items read at most.
    pub catalog_limit: Option<u64>,
    /// A row that cannot be read ends the import.
    pub strict_import: bool,
    /// `None`: taken from the values.
    pub rating_scale: Option<Scale>,
    /// Saved groups, or a map of attributes.
    pub groups: Option<PathBuf>,
    /// Whether a subject's own document may draft for it.
    pub own_documents: OwnDocuments,
    /// Name of a framework, or a file.
    pub framework: Option<String>,
    /// Where custom frameworks are found by name.
    pub frameworks: Option<PathBuf>,
    /// Files of documents for the pools.
    pub knowledge: Vec<PathBuf>,
    /// A pool on disk, in place of the catalog's or the sample's documents.
    pub pool: Option<PathBuf>,
    /// A known name, a file or a repository of the hub.
    pub model: Option<String>,
    /// CPU or GPU.
    pub device: DeviceChoice,
    /// `None`: one per physical core.
    pub threads: Option<usize>,
    /// Longest context in tokens; `None`: 2048, or less if the model has less.
    pub context: Option<usize>,
    /// `None`: float weights stay as they are.
    pub quantize: Option<FloatWeights>,
    /// How keys and values are kept; `None`: the device's default.
    pub kv: Option<KvType>,
    /// Nothing is fetched.
    pub offline: bool,
    /// Downloads need no confirmation.
    pub yes: bool,
    /// `None`: this machine's profile.
    pub cost: Option<CostChoice>,
    /// Where the correction of the drafts' estimates starts.
    pub calibration: CalibrationChoice,
    /// Calibrations carry over from run to run.
    pub learn: bool,
    /// The configuration file, if one was named.
    pub config: Option<PathBuf>,
}

impl From<SetupArgs> for Settings {
    fn from(args: SetupArgs) -> Self {
        let config = args.config.clone();
        let config = config.or_else(super::default_path);
        Settings {
            cost: args.cost,
            calibration: args.calibration.unwrap_or_default(),
            learn: args.learn,
            config: args.config,
            framework: args.framework,
            frameworks: config.and_then(|file| Some(file.parent()?.join("frameworks"))),
            catalog: args.catalog,
            catalog_limit: args.catalog_limit,
            strict_import: args.strict_import,
            rating_scale: args.rating_scale,
            groups: args.groups,
            own_documents: match args.own_documents {
                Some(OwnDocumentsChoice::Hide) => OwnDocuments::Hide,
                Some(OwnDocumentsChoice::Keep) | None => OwnDocuments::Keep,
            },
            knowledge: args.knowledge,
            pool: args.pool,
            model: args.model,
            device: args.device.unwrap_or_default(),
            threads: args.threads.map(usize::from),
            context: args.context.map(|n| n as usize),
            quantize: args.quantize,
            kv: args.kv,
            offline: args.offline,
            yes: args.yes,
        }
    }
}

impl Settings {
    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(registry::DEFAULT)
    }
}
