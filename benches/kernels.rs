//! The CPU kernels by themselves: a projection of SmolLM2-135M's size, by rows.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use laserscope::model::kernels::Cpu;
use laserscope::model::kernels::activation::Input;
use laserscope::model::kernels::linear::{Finish, PackedLinear};
use laserscope::model::kernels::pack::{Format, Packed};

const IN: usize = 576;
const OUT: usize = 3072;

fn products(criterion: &mut Criterion) {
    let weights: Vec<f32> = (0..IN * OUT)
        .map(|i| (i % 97) as f32 / 97.0 - 0.5)
        .collect();
    let mut group = criterion.benchmark_group("product 576 x 3072, 8-bit");
    let packed = Packed::from_floats(Format::Q8F32, OUT, IN, &weights).expect("sizes agree");
    let linear = PackedLinear::new(vec![packed]).expect("one part");
    let cpu = Cpu::new(2).expect("threads");
    for rows in [1usize, 4, 8, 16, 64] {
        let x: Vec<f32> = (0..IN * rows)
            .map(|i| (i % 31) as f32 / 31.0 - 0.5)
            .collect();
        group.throughput(Throughput::Elements((rows * IN * OUT) as u64));
        group.bench_with_input(BenchmarkId::from_parameter(rows), &x, |bencher, x| {
            bencher.iter(|| linear.product(Input::Plain(x), Finish::Store, &cpu));
        });
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
