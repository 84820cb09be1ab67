//! The CPU kernels alone: products of SmolLM2-135M's sizes, by this processor's
//! instruction sets and by rows.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use laserscope::model::kernels::activation::Input;
use laserscope::model::kernels::linear::{Finish, PackedLinear};
use laserscope::model::kernels::pack::{Format, Packed};
use laserscope::model::kernels::{Cpu, Isa};

const IN: usize = 576;
/// Of a gated pair, and of the head.
const OUT: [usize; 2] = [3072, 49_152];

fn products(criterion: &mut Criterion) {
    for out in OUT {
        let weights: Vec<f32> = (0..IN * out)
            .map(|i| (i % 97) as f32 / 97.0 - 0.5)
            .collect();
        let mut group = criterion.benchmark_group(format!("product {IN} x {out}, 8-bit"));
        let packed = Packed::from_floats(Format::Q8F32, out, IN, &weights).expect("sizes agree");
        let linear = PackedLinear::new(vec![packed]).expect("one part");
        for rows in [1usize, 4, 8, 16, 64] {
            let x: Vec<f32> = (0..IN * rows)
                .map(|i| (i % 31) as f32 / 31.0 - 0.5)
                .collect();
            group.throughput(Throughput::Elements((rows * IN * out) as u64));
            for isa in Isa::available() {
                let cpu = Cpu::new(2).expect("threads").with_isa(isa);
                let id = BenchmarkId::new(isa.name(), rows);
                group.bench_with_input(id, &x, |bencher, x| {
                    bencher.iter(|| linear.product(Input::Plain(x), Finish::Store, &cpu));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, products);
criterion_main!(benches);
