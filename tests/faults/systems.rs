//! Made-up systems of services, each with one fault or none: what `explain` is tried on. A system is a graph of services with
//! operations that call one another, databases and caches; its requests have attributes, its services versions and instances.
//!
//! There is noise: durations spread as they do, one piece of work in three hundred takes many times as long, one operation in a
//! thousand fails. And there is what looks like a cause and is none: a deployment that does no harm, a peak of load that makes
//! everything somewhat slower, an attribute that goes along with the one at fault.
//!
//! Faults are as large as those that people notice: requests take at least twice their usual time, or fail.

use std::collections::BTreeSet;

use crate::random::Random;
use crate::running::{Running, Trace};

/// How long the traffic lasts, and of how many requests it is.
pub(crate) const WINDOW_MS: f64 = 30.0 * 60_000.0;
const REQUESTS: usize = 1_200;
/// What strikes fewer requests of one kind nobody notices; how often a place is looked for where it strikes more.
const NOTICED: usize = 30;
const TRIES: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Latency,
    Errors,
    Version,
    Attribute,
    Retries,
    Pool,
    Cache,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Latency, Self::Errors, Self::Version, Self::Attribute, Self::Retries, Self::Pool, Self::Cache];
}

/// What an operation does beside its own work, in order.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// Calls an operation; whether it can do without.
    Operation {
        callee: usize,
        share: f64,
        is_optional: bool,
    },
    Database {
        name: String,
        ms: f64,
    },
    /// Asks a cache, and the database where that has nothing.
    Cache {
        name: String,
        hits: f64,
        database: String,
        ms: f64,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) service: usize,
    pub(crate) name: String,
    pub(crate) work_ms: f64,
    pub(crate) sigma: f64,
    pub(crate) calls: Vec<Call>,
    /// Whether the calls to other services are made at the same time.
    pub(crate) is_parallel: bool,
}

/// An attribute of requests, with its values and how often each comes.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) key: &'static str,
    pub(crate) values: Vec<(String, f64)>,
    /// Another one that mostly decides this one, by its number.
    pub(crate) follows: Option<usize>,
}

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The operation it is in.
    pub(crate) at: usize,
    /// When it begins; 0 where it always was.
    pub(crate) from_ms: f64,
    /// How much longer it takes, or where it fails how often.
    pub(crate) slower_ms: f64,
    pub(crate) fails: f64,
    /// How often it strikes where it can.
    pub(crate) share: f64,
    /// The attribute and its value that it strikes with.
    pub(crate) attribute: Option<(usize, String)>,
}

/// Another version of a service, from a time on, on a part of its instances.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) service: usize,
    pub(crate) from_ms: f64,
    pub(crate) share: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) services: Vec<String>,
    pub(crate) operations: Vec<Operation>,
    /// The operations that requests from outside ask for, with how often.
    pub(crate) roots: Vec<(usize, f64)>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) deployments: Vec<Deployment>,
    /// When it is busier, and how much slower that makes everything.
    pub(crate) peak: Option<(f64, f64, f64)>,
    pub(crate) fault: Option<Fault>,
}

/// What names a fault: an operation of a service, or an attribute with a value.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) operations: BTreeSet<(String, String)>,
    pub(crate) attributes: BTreeSet<(String, String)>,
}

const NAMES: [&str; 20] = [
    "gateway", "cart", "catalog", "checkout", "payments", "pricing", "stock", "shipping", "users", "search", "reviews",
    "orders", "mail", "ledger", "tax", "media", "offers", "fraud", "geo", "audit",
];
const VERBS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const NOUNS: [&str; 10] = ["items", "one", "list", "quote", "check", "status", "batch", "totals", "place", "rates"];

impl System {
    /// Returns the system of a seed; with a fault of this kind, or with none.
    pub(crate) fn of(seed: u64, kind: Option<Kind>) -> Self {
        let mut random = Random::new(seed);
        let mut system = Self::healthy(&mut random);
        if random.is(0.6) {
            let service = 1 + random.below(system.services.len() - 1);
            let from_ms = WINDOW_MS * random.between(0.3, 0.7);
            system.deployments.push(Deployment { service, from_ms, share: 1.0 });
        }
        if random.is(0.5) {
            let from = WINDOW_MS * random.between(0.1, 0.8);
            system.peak = Some((from, from + WINDOW_MS * 0.15, random.between(1.1, 1.4)));
        }
        let Some(kind) = kind else { return system };
        let mut broken = system.clone();
        for _ in 0..TRIES {
            broken = system.clone();
            broken.break_it(kind, &mut random);
            if broken.is_noticed(random.bits()) {
                break;
            }
        }
        broken
    }

    /// Returns whether its fault strikes often enough, and makes requests fail or take twice as long.
    fn is_noticed(&self, seed: u64) -> bool {
        let traces = self.requests(seed);
        let failed = traces.iter().filter(|trace| trace.is_struck && trace.is_error).count();
        let is_slow = |root: usize| {
            let of = |is_struck: bool| -> Vec<f64> {
                let wanted = |trace: &&Trace| trace.root == root && trace.is_struck == is_struck;
                traces.iter().filter(wanted).map(Trace::duration_ms).collect()
            };
            let (with, without) = (of(true), of(false));
            with.len() >= NOTICED && middle(with) >= 2.0 * middle(without)
        };
        failed >= NOTICED || self.roots.iter().any(|(root, _)| is_slow(*root))
    }

    fn healthy(random: &mut Random) -> Self {
        let number = 8 + random.below(13);
        let services: Vec<String> = NAMES[..number].iter().map(|name| (*name).to_owned()).collect();
        let mut operations: Vec<Operation> = Vec::new();
        let mut first_of = Vec::new();
        for (service, of) in NAMES[..number].iter().enumerate() {
            first_of.push(operations.len());
            for own in 0..if service == 0 { 2 + random.below(3) } else { 1 + random.below(3) } {
                let name = format!("{} /{}/{}{own}", random.one_of(&VERBS), of, random.one_of(&NOUNS));
                let (work_ms, sigma) = (random.between(1.0, 15.0), random.between(0.15, 0.5));
                let is_parallel = random.is(0.3);
                operations.push(Operation { service, name, work_ms, sigma, calls: Vec::new(), is_parallel });
            }
        }
        // Every service but the first is called by an earlier one, and some by more.
        for service in 1..number {
            for own in first_of[service]..first_of.get(service + 1).copied().unwrap_or(operations.len()) {
                let callers = 1 + usize::from(random.is(0.3));
                for _ in 0..callers {
                    let above = random.below(service).max(service.saturating_sub(4).min(random.below(service)));
                    let last = first_of[above + 1];
                    let caller = first_of[above] + random.below(last - first_of[above]);
                    let share = if random.is(0.5) { 1.0 } else { random.between(0.3, 0.9) };
                    operations[caller].calls.push(Call::Operation { callee: own, share, is_optional: random.is(0.15) });
                }
            }
        }
        for operation in &mut operations {
            let table = random.one_of(&NOUNS).to_string();
            let name = format!("SELECT {}.{table}", NAMES[operation.service]);
            match random.below(5) {
                0 | 1 if operation.service > 0 => {
                    operation.calls.insert(0, Call::Database { name, ms: random.between(1.0, 12.0) });
                }
                2 if operation.service > 0 => {
                    let (hits, ms) = (random.between(0.85, 0.97), random.between(8.0, 30.0));
                    operation.calls.insert(0, Call::Cache { name: format!("GET {table}"), hits, database: name, ms });
                }
                _ => {}
            }
        }
        let roots = (0..first_of[1]).map(|root| (root, random.between(0.5, 2.0))).collect();
        let attributes = attributes(random);
        Self { services, operations, roots, attributes, deployments: Vec::new(), peak: None, fault: None }
    }

    fn break_it(&mut self, kind: Kind, random: &mut Random) {
        let usual = self.traces(random.bits(), 300);
        let has_database =
            |at: usize| self.operations[at].calls.iter().any(|call| matches!(call, Call::Database { .. }));
        let is_fit = |at: usize| match kind {
            Kind::Pool => has_database(at),
            _ => self.operations[at].service > 0,
        };
        // How many requests of the 300 come by each operation, and how long these take.
        let passing = |at: usize| {
            let times: Vec<f64> = usual.iter().filter(|trace| trace.passed(at)).map(Trace::duration_ms).collect();
            (times.len(), middle(times))
        };
        let places: Vec<usize> = (0..self.operations.len()).filter(|at| is_fit(*at)).collect();
        let often: Vec<usize> = places.iter().copied().filter(|at| passing(*at).0 >= 40).collect();
        let at = if often.is_empty() {
            places.into_iter().max_by_key(|at| passing(*at).0).unwrap_or(1)
        } else {
            *random.one_of(&often)
        };
        let slower_ms = passing(at).1.max(20.0) * random.between(1.5, 4.0);
        let from_ms = WINDOW_MS * random.between(0.4, 0.7);
        let (share, fails) = (random.between(0.6, 1.0), random.between(0.3, 0.8));
        let does_fail = random.is(0.5);
        let mut fault = Fault { kind, at, from_ms, slower_ms, fails: 0.0, share, attribute: None };
        match kind {
            Kind::Latency | Kind::Pool => {}
            Kind::Errors => (fault.fails, fault.slower_ms) = (fails, 0.0),
            Kind::Retries => (fault.fails, fault.slower_ms) = (fails.max(0.6), 0.0),
            Kind::Version => {
                let share = if random.is(0.5) { 1.0 } else { random.between(0.3, 0.6) };
                let service = self.operations[at].service;
                self.deployments.retain(|other| other.service != service);
                self.deployments.insert(0, Deployment { service, from_ms, share });
                if does_fail {
                    (fault.fails, fault.slower_ms) = (fails.max(0.5), 0.0);
                }
            }
            Kind::Attribute => {
                let own: Vec<usize> =
                    (0..self.attributes.len()).filter(|own| self.attributes[*own].follows.is_none()).collect();
                let own = *random.one_of(&own);
                let fit: Vec<&(String, f64)> =
                    self.attributes[own].values.iter().filter(|(_, share)| (0.04..0.4).contains(share)).collect();
                fault.attribute = Some((own, random.one_of(&fit).0.clone()));
                if random.is(0.5) {
                    fault.from_ms = 0.0;
                }
                if does_fail {
                    (fault.fails, fault.slower_ms) = (fails.max(0.5), 0.0);
                }
            }
            Kind::Cache => self.put_a_cache(&mut fault, random),
        }
        if fault.fails > 0.0 || kind == Kind::Retries {
            self.need_all_on_the_way(fault.at);
        }
        self.fault = Some(fault);
    }

    /// Has an operation ask a cache, so that it can be missing.
    fn put_a_cache(&mut self, fault: &mut Fault, random: &mut Random) {
        let own = &mut self.operations[fault.at];
        own.calls.retain(|call| matches!(call, Call::Operation { .. }));
        let name = format!("SELECT {}.prices", NAMES[own.service]);
        let cache = Call::Cache {
            name: "GET prices".into(),
            hits: random.between(0.85, 0.97),
            database: name,
            ms: fault.slower_ms,
        };
        own.calls.insert(0, cache);
        fault.slower_ms = 0.0;
        fault.share = 1.0;
    }

    /// Callers cannot do without an operation that fails, or its errors would be nobody's.
    fn need_all_on_the_way(&mut self, at: usize) {
        let mut needed = vec![at];
        while let Some(at) = needed.pop() {
            for caller in 0..self.operations.len() {
                for call in &mut self.operations[caller].calls {
                    if let Call::Operation { callee, is_optional, .. } = call
                        && *callee == at
                    {
                        *is_optional = false;
                        needed.push(caller);
                    }
                }
            }
        }
    }

    /// Returns its requests, in order of their starts.
    pub(crate) fn requests(&self, seed: u64) -> Vec<Trace> {
        self.traces(seed, REQUESTS)
    }

    fn traces(&self, seed: u64, number: usize) -> Vec<Trace> {
        let mut running = Running::new(self, seed);
        (0..number).map(|at| running.request(WINDOW_MS * at as f64 / number as f64)).collect()
    }

    /// Returns what names its fault.
    pub(crate) fn truth(&self) -> Truth {
        let mut truth = Truth::default();
        let Some(fault) = &self.fault else { return truth };
        let own = &self.operations[fault.at];
        let service = self.services[own.service].clone();
        let mut add = |name: &str| _ = truth.operations.insert((service.clone(), name.to_owned()));
        add(&own.name);
        match fault.kind {
            Kind::Pool => {
                // All operations of the service that need a connection wait for it.
                for other in self.operations.iter().filter(|other| other.service == own.service) {
                    if other.calls.iter().any(|call| matches!(call, Call::Database { .. })) {
                        add(&other.name);
                    }
                }
            }
            Kind::Cache => {
                for call in &own.calls {
                    if let Call::Cache { name, database, .. } = call {
                        add(name);
                        add(database);
                    }
                }
            }
            Kind::Version => _ = truth.attributes.insert((format!("{service}: service.version"), "2.0.0".into())),
            Kind::Attribute => {
                if let Some((key, value)) = &fault.attribute {
                    truth.attributes.insert((self.attributes[*key].key.into(), value.clone()));
                }
            }
            Kind::Latency | Kind::Errors | Kind::Retries => {}
        }
        truth
    }
}

fn attributes(random: &mut Random) -> Vec<Attribute> {
    let spread = |prefix: &str, number: usize, steep: f64| {
        let shares: Vec<f64> = (0..number).map(|at| 1.0 / (1.0 + at as f64 * steep)).collect();
        let sum: f64 = shares.iter().sum();
        let value = |(at, share): (usize, &f64)| (format!("{prefix}{at}"), share / sum);
        shares.iter().enumerate().map(value).collect::<Vec<_>>()
    };
    let own = |key, values| Attribute { key, values, follows: None };
    let flag = random.between(0.1, 0.3);
    let mut all = vec![
        own("tenant.id", spread("t-", 12, 0.4)),
        own("cloud.region", spread("eu-", 4, 0.5)),
        own("app.platform", vec![("ios".into(), 0.35), ("android".into(), 0.35), ("web".into(), 0.3)]),
        own("feature_flag.new_pricing", vec![("on".into(), flag), ("off".into(), 1.0 - flag)]),
    ];
    // One that mostly goes with another one.
    let followed = random.below(3);
    let values = all[followed].values.iter().map(|(value, share)| (format!("z-{value}"), *share)).collect();
    all.push(Attribute { key: "edge.zone", values, follows: Some(followed) });
    all
}

/// Returns the middle one.
pub(crate) fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
