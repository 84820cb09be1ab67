//! Recorded runs: read from their files, and the settings they were made with.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};

use super::Settings;
use crate::model::kernels::kv::KvType;
use crate::speculate::trace::{Header, Trace};

impl Settings {
    /// With keys, values and weights in the format of a recorded run, unless options
    /// say otherwise. A trace that does not record it had f32 keys and values.
    pub(crate) fn as_recorded(&self, header: &Header) -> Settings {
        let then = header.arithmetic.as_ref();
        let kv = then.map_or(Some(KvType::F32), |then| then.kv.parse().ok());
        let quantize = then.and_then(|then| then.quantize.parse().ok());
        Settings {
            kv: self.kv.or(kv),
            quantize: self.quantize.or(quantize),
            ..self.clone()
        }
    }
}

/// Reads a trace; errors name the file and the line.
pub fn load_trace(path: &Path) -> Result<Trace> {
    let file = std::fs::File::open(path).wrap_err_with(|| format!("opening {}", path.display()))?;
    Trace::load(std::io::BufReader::new(file)).map_err(|e| eyre!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::FloatWeights;
    use crate::speculate::trace::Arithmetic;

    #[test]
    fn a_run_is_made_again_as_its_keys_values_and_weights_were_kept() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1.jsonl");
        let file = std::fs::File::open(path).unwrap();
        let mut trace = Trace::load(std::io::BufReader::new(file)).unwrap();
        assert_eq!(trace.header.arithmetic, None);
        let plain = Settings::default();
        let settings = plain.as_recorded(&trace.header);
        assert_eq!((settings.kv, settings.quantize), (Some(KvType::F32), None));
        trace.header.arithmetic = Some(Arithmetic {
            revision: 2,
            instructions: "AVX2".into(),
            kv: "f16".into(),
            quantize: "f32".into(),
        });
        let settings = plain.as_recorded(&trace.header);
        assert_eq!(settings.kv, Some(KvType::F16));
        assert_eq!(settings.quantize, Some(FloatWeights::Reference));
        let asked = Settings {
            kv: Some(KvType::F32),
            ..plain.clone()
        };
        assert_eq!(asked.as_recorded(&trace.header).kv, Some(KvType::F32));
    }
}
