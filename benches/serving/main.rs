//! What a span costs the server: the processor time of its threads, from the socket to the store, against the same server
//! with prost decoding the same bytes and dropping them, and against one that does nothing with them. The sender is another
//! process; ratios come from interleaved turns of one run. `SERVING="grpc plain"` measures one row, `SERVING=gzip` two.

mod load;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod threads;

use load::{Form, Protocol, Sender};
use servers::{Server, Work};
use threads::Times;

/// The engine's threads, beside a server's own.
const WRITER: &str = "writer";
/// What packs blocks that are full, in the background: told apart, since it has time.
const SEALER: &str = "sealer";

struct Size {
    requests: usize,
    rounds: u64,
}

fn main() {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    if has(load::ARGUMENT) {
        return load::run();
    }
    let size = if has("--test") { Size { requests: 8, rounds: 2 } } else { Size { requests: 160, rounds: 12 } };
    measure(&size, &std::env::var("SERVING").unwrap_or_default());
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn measure(size: &Size, only: &str) {
    if Times::now().is_none() {
        return println!("skipped: the processor time of threads is read from Linux's /proc/self/task/*/schedstat");
    }
    let mut sender = Sender::start();
    println!("processor time a span, medians; requests of {} spans", support::SPANS);
    println!("{:12}{:>10}{:>10}{:>10}{:>14}{:>10}", "", "ours", "prost", "floor", "ours/prost", "sealing");
    for protocol in Protocol::ALL {
        for form in Form::ALL.into_iter().filter(|form| (protocol, *form) != (Protocol::Grpc, Form::Json)) {
            let name = format!("{} {}", protocol.name(), form.name());
            if name.contains(only) {
                compare(&mut sender, protocol, form, size).print(&name);
            }
        }
    }
}

/// Nanoseconds a span, of each server and in the background of ours.
#[derive(Default)]
struct Costs {
    servers: [Vec<f64>; 3],
    sealing: Vec<f64>,
}

/// Each server takes the same requests in turn; the first round warms up and fills the store.
fn compare(sender: &mut Sender, protocol: Protocol, form: Form, size: &Size) -> Costs {
    let servers = Work::ALL.map(|work| Server::start(protocol, work));
    let mut costs = Costs::default();
    for round in 0..size.rounds {
        sender.prepare(protocol, form, round, size.requests);
        for (server, costs_of_server) in servers.iter().zip(&mut costs.servers) {
            if server.work == Work::Prost && form == Form::Json {
                continue;
            }
            sender.connect(server.address);
            let (Some(before), (), Some(after)) = (Times::now(), sender.send(), Times::now()) else { return costs };
            let a_span = |name: &str| after.since(&before, name) as f64 / (size.requests * support::SPANS) as f64;
            if round > 0 {
                costs_of_server.push(a_span(server.work.name()) + a_span(WRITER));
                if server.work == Work::Ours {
                    costs.sealing.push(a_span(SEALER));
                }
            }
        }
    }
    costs
}

impl Costs {
    #[expect(clippy::print_stdout, reason = "a bench prints")]
    fn print(self, name: &str) {
        let [ours, prost, floor] = self.servers.map(median);
        let shown = |time: Option<f64>| time.map_or("-".to_owned(), |time| format!("{time:.0} ns"));
        let ratio = ours.zip(prost).map_or("-".to_owned(), |(ours, prost)| format!("{:.2}", ours / prost));
        let sealing = shown(median(self.sealing));
        println!("{name:12}{:>10}{:>10}{:>10}{ratio:>14}{sealing:>10}", shown(ours), shown(prost), shown(floor));
    }
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}
