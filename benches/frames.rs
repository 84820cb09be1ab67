//! The Decode screen with the heaviest trace there is, 2,000 steps of 64 nodes:
//! loading it, and drawing a frame at 120x40; and the Batch screen with a long batch.

#[allow(dead_code)]
#[path = "../tests/topics/fixture.rs"]
mod fixture;
#[path = "../tests/topics/heavy_batch.rs"]
mod heavy_batch;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use laserscope::speculate::trace::Trace;
use laserscope::start::given::replay_start;
use laserscope::tui::action::Action;
use laserscope::tui::screens::decode::state::Cursor;
use laserscope::tui::start::{Look, Start};
use laserscope::tui::{App, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const STEPS: usize = 2_000;

fn app(trace: Trace) -> App {
    App::new(replay_start(vec![trace], Look::default()))
}

fn frames(criterion: &mut Criterion) {
    let mut lines = Vec::new();
    let heavy = fixture::heavy(STEPS);
    heavy.save(&mut lines).expect("writing to memory");
    let mut group = criterion.benchmark_group("2,000 steps of 64 nodes");
    group.sample_size(10);
    group.bench_function("load", |bencher| {
        bencher.iter_batched(
            || lines.as_slice(),
            |lines| app(Trace::load(lines).expect("what was saved")),
            BatchSize::PerIteration,
        );
    });
    group.sample_size(100);
    let mut app = app(heavy);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    for (name, cursor) in [
        ("at the end", Cursor::Follow),
        ("in the middle", Cursor::at(1000)),
    ] {
        app.decode.go_to(cursor);
        group.bench_function(format!("frame {name}"), |bencher| {
            bencher.iter(|| {
                buffer.reset();
                view::render(&app, buffer.area, &mut buffer);
            });
        });
    }
    group.bench_function("a key and the frame after it", |bencher| {
        bencher.iter(|| {
            app.update(Action::PreviousStep);
            buffer.reset();
            view::render(&app, buffer.area, &mut buffer);
        });
    });
    group.finish();
    batch_frames(criterion);
}

fn batch_frames(criterion: &mut Criterion) {
    let batch = heavy_batch::heavy_batch(32, 2_000);
    let mut app = App::new(Start {
        batch: Some(batch),
        ..replay_start(Vec::new(), Look::default())
    });
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    criterion.bench_function(
        "2,000 passes of 32 lanes: a key and the frame after it",
        |bencher| {
            bencher.iter(|| {
                app.update(Action::PreviousStep);
                buffer.reset();
                view::render(&app, buffer.area, &mut buffer);
            });
        },
    );
}

criterion_group!(benches, frames);
criterion_main!(benches);
