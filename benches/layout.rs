//! Laying out who calls whom, as the map does when the graph has changed: 60 services as they are found, in layers with some calls
//! back, and a picture as large as the map draws one.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use spantop::tui::widgets::graph::{Diagram, Layout};

/// A stream of numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % most as u64) as usize
    }
}

/// Returns the calls among so many services: each calls some that come a little later, and one in ten calls goes back.
fn calls(services: usize, calls: usize) -> Vec<(usize, usize)> {
    let mut numbers = Numbers(services as u64);
    let one = |_| {
        let caller = numbers.below(services - 1);
        let near = 1 + numbers.below((services - caller - 1).min(services / 4));
        let callee = caller + near;
        if numbers.below(10) == 0 { (callee, caller) } else { (caller, callee) }
    };
    (0..calls).map(one).collect()
}

fn layout(c: &mut Criterion) {
    let mut group = c.benchmark_group("layout");
    for (services, edges) in [(15, 30), (60, 120), (60, 240), (150, 300)] {
        let (widths, edges) = (vec![20; services], calls(services, edges));
        let diagram = Diagram { widths: &widths, edges: &edges, ranks: &[], gap: 2 };
        let name = format!("{services} services, {} calls", edges.len());
        group.bench_function(name, |b| b.iter(|| Layout::of(black_box(&diagram))));
    }
    group.finish();
}

criterion_group!(benches, layout);
criterion_main!(benches);
