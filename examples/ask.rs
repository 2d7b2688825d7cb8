#[path = "../benches/support/endless.rs"]
mod endless;
#[path = "../benches/support/mod.rs"]
mod support;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::query::Memory;
use spantop::source::*;
use spantop::store::{Limits, Sealer, Writer};
use std::sync::Arc;
use std::time::Instant;
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let (store, mut writer) = Writer::new(Limits { memory_bytes: 8 << 30, ..Limits::default() });
    let mut req = endless::Endless::new(400, 1);
    let mut sealer = Sealer::default();
    let mut spans = 0;
    let t = Instant::now();
    while spans < n {
        writer.append(&otlp::scan(req.next()).unwrap(), Timestamp(1));
        spans += support::SPANS;
        while let Some(b) = writer.take_unsealed() {
            let s = b.seal(&mut sealer);
            writer.put_sealed(s);
        }
    }
    println!("{spans} spans in {:?}", t.elapsed());
    let snap = store.snapshot();
    for q in std::env::args().skip(2) {
        let query = match spantop::query::parse(&q) {
            Ok(p) => Arc::new(p.query),
            Err(p) => {
                println!("{q}: {p}");
                continue;
            }
        };
        for round in 0..2 {
            let t = Instant::now();
            let first = std::cell::Cell::new(None);
            let r = answer_gradually(
                &Request::Spans(SpansRequest {
                    query: query.clone(),
                    window: Window::default(),
                    service: None,
                    offset: 0,
                    limit: 60,
                }),
                &snap,
                &Memory::default(),
                &|_| {
                    if first.get().is_none() {
                        first.set(Some(t.elapsed()));
                    }
                    true
                },
            );
            let Reply::Spans(l) = r else { panic!() };
            let a = t.elapsed();
            let t = Instant::now();
            let firstt = std::cell::Cell::new(None);
            let r = answer_gradually(
                &Request::Traces(TracesRequest {
                    filter: TraceFilter { query: Some(query.clone()), ..TraceFilter::default() },
                    limit: 60,
                    ..TracesRequest::default()
                }),
                &snap,
                &Memory::default(),
                &|_| {
                    if firstt.get().is_none() {
                        firstt.set(Some(t.elapsed()));
                    }
                    true
                },
            );
            let Reply::Traces(tl) = r else { panic!() };
            if round == 1 {
                println!(
                    "{q}\n    spans {} in {:?} first {:?}   traces {} in {:?} first {:?}",
                    l.total,
                    a,
                    first.get().unwrap(),
                    tl.total,
                    t.elapsed(),
                    firstt.get().unwrap()
                );
            }
        }
    }
}
