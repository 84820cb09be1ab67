//! The arithmetic revision: it is raised whenever a bit of the forward pass may change,
//! so that runs and cost profiles of other arithmetic are distinguished.

use candle_core::quantized::GgmlDType;
use laserscope::model::ARITHMETIC_REVISION;
use laserscope::model::decoder::Decoder;
use laserscope::model::kernels::Isa;
use laserscope::model::weights::{FloatWeights, Weights};
use sha2::{Digest, Sha256};

use super::decoder::{CPU, chain_logits};
use super::tiny;

/// The bits of each revision's logits on a tiny model, for vector instructions, which
/// all agree. A forward pass with other bits needs a new revision and a line here.
const BITS: [(u32, &str); 2] = [(1, "0b5f63fec3e6aa56"), (2, "eb9fa7bda586ee4b")];

/// The system's sines and exponentials behind these bits; another C library may round
/// the last bit differently.
const LIBM: &str = "23749c1a0754f2ad";

fn libm() -> String {
    let mut hash = Sha256::new();
    for i in 0..4096 {
        let x = std::hint::black_box(i as f32 * 0.37 - 700.0);
        for y in [
            x.sin(),
            x.cos(),
            (x * 0.1).exp(),
            (x.abs() + 1.0).ln(),
            1e4f32.powf(x * 1e-3),
        ] {
            hash.update(y.to_le_bytes());
        }
    }
    short(hash)
}

fn short(hash: Sha256) -> String {
    let hash = hash.finalize();
    hash[..8].iter().map(|b| format!("{b:02x}")).collect()
}

fn bits() -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut hash = Sha256::new();
    for dtype in [GgmlDType::Q4_1, GgmlDType::Q8_0, GgmlDType::Q5_0] {
        let path = tiny::write_model(folder.path(), dtype, true);
        let weights = Weights::open(&path, FloatWeights::Exact).unwrap();
        let mut decoder = Decoder::load(&weights, CPU, 128, 1, |_, _| {}).unwrap();
        let tokens: Vec<u32> = (0..40).map(|i| (i * 31) % tiny::VOCAB as u32).collect();
        for row in chain_logits(&mut decoder, &tokens) {
            row.iter().for_each(|x| hash.update(x.to_le_bytes()));
        }
    }
    short(hash)
}

#[test]
fn another_bit_is_another_revision() {
    let (revision, expected) = BITS[BITS.len() - 1];
    assert_eq!(revision, ARITHMETIC_REVISION);
    let libm = libm();
    if Isa::detect() == Isa::Portable || libm != LIBM {
        eprintln!(
            "not compared: instructions {:?}, libm {libm}",
            Isa::detect()
        );
        return;
    }
    let bits = bits();
    assert_eq!(
        bits, expected,
        "the forward pass gives other bits: raise ARITHMETIC_REVISION and add its line"
    );
}
