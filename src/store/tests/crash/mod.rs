//! The whole store on a disk that loses power, fails and runs full, and in a program that is killed: what was promised is
//! there, once, and what the store says of it is so. A failing try names its seed; SPANTOP_TEST_SEED repeats one.

mod driver;
mod promises;
mod requests;

use std::sync::LazyLock;

use self::driver::{Driver, Policy};
use self::promises::{Spans, held, read};
use self::requests::{Request, requests};
use crate::store::Limits;
use crate::store::segment::folder::Folder;
use crate::store::segment::simulated::SimFolder;
use crate::testing::{Random, seeds};

const POLICIES: [Policy; 3] = [Policy::Always, Policy::Interval(300), Policy::Never];

/// Requests for more traces than are held in memory.
static MANY: LazyLock<Vec<Request>> = LazyLock::new(|| requests(9));
/// Requests for as many as there may be in memory.
static FEW: LazyLock<Vec<Request>> = LazyLock::new(|| requests(4));

/// Few traces in memory and small blocks, all of them on disk; nothing goes for good. An old block is ended by a tick.
fn limits() -> Limits {
    Limits { memory_bytes: 1 << 20, max_memory_traces: 4, retention_ns: 8 * 700, ..Limits::default() }
}

/// All of it in memory as well.
fn roomy() -> Limits {
    Limits { memory_bytes: 8 << 20, ..limits() }
}

/// Says which try it is if that fails.
struct Try(u64);

impl Drop for Try {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to try it again: SPANTOP_TEST_SEED={}", self.0);
        }
    }
}

/// Lets one of the threads do something, or time pass.
fn step(driver: &mut Driver, requests: &[Request], random: &mut Random) {
    match random.below(16) {
        0..5 => driver.append(&requests[random.below(requests.len())]),
        5..9 => driver.log(1 + random.below(4)),
        9..11 => driver.seal(),
        11 => driver.exchange(),
        12 => driver.sync(),
        13 => driver.tick(),
        _ => pass(driver, random),
    }
}

/// Lets some time pass. A sync takes far less than the time in which it is promised.
fn pass(driver: &mut Driver, random: &mut Random) {
    driver.pass(random.below(60) as u64);
    if driver.is_syncing() && random.below(3) > 0 {
        driver.sync();
        driver.sync();
    }
}

/// How a run of the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Kill,
    PowerLoss,
}

/// Runs the program for a while until it ends, in the middle of anything; starts it again, perhaps only at the second try,
/// and holds what is found against what was promised.
fn run_and_start_again(driver: &mut Driver, end: End, random: &mut Random) {
    driver.folder.die_at(1 + random.below(160) as u64);
    for _ in 0..random.below(60) {
        if driver.folder.is_dead() {
            break;
        }
        step(driver, &MANY, random);
    }
    let mut found = after(driver, end, random);
    if random.below(8) == 0 {
        // It ends again while it starts.
        found.die_at(1 + random.below(40) as u64);
        driver.start_again(found).ok();
        found = after(driver, end, random);
    }
    driver.start_again(found).unwrap();
    check(driver, end);
}

fn after(driver: &mut Driver, end: End, random: &mut Random) -> SimFolder {
    match end {
        End::Kill => driver.folder.kill(),
        End::PowerLoss => driver.lose_power(random.below(usize::MAX) as u64),
    }
}

fn check(driver: &mut Driver, end: End) {
    if !driver.keeps_what_is_found() {
        // Files of which only a part got to the disk; their checksums tell when they are verified.
        return read(&driver.snapshot());
    }
    let found = held(&driver.snapshot());
    let promised = match end {
        End::Kill => driver.promises.written,
        End::PowerLoss => driver.promises.safe(driver.now),
    };
    let missing = promised.without(&found);
    assert!(missing.is_empty(), "{} of {} spans are lost by a {end:?}", missing.len(), promised.len());
    if end == End::PowerLoss {
        driver.begin_anew(found);
    }
}

fn many_runs(usually: u64, ends: impl Fn(&mut Random) -> End) {
    for seed in seeds(usually) {
        let _which = Try(seed);
        let random = &mut Random::new(seed);
        let policy = POLICIES[random.below(POLICIES.len())];
        let mut driver = Driver::start(SimFolder::new(seed), limits(), policy);
        for _ in 0..=random.below(3) {
            run_and_start_again(&mut driver, ends(random), random);
        }
    }
}

#[test]
fn a_loss_of_power_takes_nothing_that_was_promised() {
    many_runs(5_000, |random| if random.below(3) == 0 { End::Kill } else { End::PowerLoss });
}

#[test]
fn a_kill_takes_nothing_that_was_answered() {
    many_runs(1_000, |_| End::Kill);
}

/// A life in which blocks are ended, sealed and written, and their logs released.
fn live(driver: &mut Driver, requests: &[Request]) {
    for request in requests.iter().take(12) {
        driver.append(request);
        driver.settle();
        driver.pass(20);
    }
}

#[test]
fn a_loss_of_power_after_a_kill_takes_nothing_wherever_that_came() {
    let start = |seed| Driver::start(SimFolder::new(seed), limits(), Policy::Always);
    let mut whole = start(0);
    live(&mut whole, &MANY);
    for nth in 1..=whole.folder.calls() {
        let mut driver = start(nth);
        driver.folder.die_at(nth);
        live(&mut driver, &MANY);
        driver.start_again(driver.folder.kill()).unwrap();
        check(&mut driver, End::Kill);
        driver.settle();
        for seed in 0..10 {
            let promises = driver.promises.safe(driver.now);
            let after = Driver::start(driver.folder.crash(seed), limits(), Policy::Always);
            let missing = promises.without(&held(&after.snapshot()));
            assert!(missing.is_empty(), "{} spans are lost where call {nth} was the last one", missing.len());
        }
    }
}

/// Returns the names of the files of blocks, oldest first.
fn files(folder: &SimFolder) -> Vec<String> {
    let mut names: Vec<String> = folder.list().unwrap().into_iter().map(|entry| entry.name).collect();
    // With the end of a file that is whole and in its place.
    names.retain(|name| name.starts_with("block-") && name.len() == "block-0000000000000000.spb".len());
    names.sort();
    names
}

/// Lets so much time pass that everything that could not be written is tried again.
fn recover(driver: &mut Driver) {
    for _ in 0..4 {
        driver.settle();
        driver.pass(150);
        driver.tick();
    }
    driver.settle();
}

#[test]
fn no_single_failure_takes_what_was_answered_or_stays() {
    for seed in seeds(12) {
        let _which = Try(seed);
        let policy = POLICIES[seed as usize % POLICIES.len()];
        let mut calls = 0;
        for nth in 0.. {
            let random = &mut Random::new(seed);
            let mut driver = Driver::start(SimFolder::new(seed), roomy(), policy);
            driver.folder.fail_nth(nth);
            for _ in 0..50 {
                step(&mut driver, &FEW, random);
            }
            calls = calls.max(driver.folder.calls());
            assert!(driver.promises.written.without(&killed(&driver)).is_empty(), "call {nth}");
            if policy != Policy::Never {
                let lost = driver.promises.safe(driver.now).without(&powerless(&driver, nth));
                assert!(lost.is_empty(), "call {nth}");
            }
            recover(&mut driver);
            assert!(!driver.is_in_trouble(), "call {nth}");
            assert_eq!(killed(&driver), held(&driver.snapshot()), "call {nth}");
            if nth > calls {
                break;
            }
        }
    }
}

#[test]
fn what_leaves_memory_while_a_file_fails_is_not_counted_twice_by_the_next_run() {
    for seed in seeds(12) {
        let _which = Try(seed);
        for nth in 0..150 {
            let random = &mut Random::new(seed);
            let policy = POLICIES[seed as usize % POLICIES.len()];
            let mut driver = Driver::start(SimFolder::new(seed), limits(), policy);
            driver.folder.fail_nth(nth);
            for _ in 0..60 {
                step(&mut driver, &MANY, random);
            }
            driver.settle();
            held(&driver.snapshot());
            killed(&driver);
        }
    }
}

/// Returns what is found after the program was killed now.
fn killed(driver: &Driver) -> Spans {
    driver.found_in(&driver.folder.kill())
}

/// Returns what is found after a loss of power now.
fn powerless(driver: &Driver, seed: u64) -> Spans {
    driver.found_in(&driver.folder.crash(seed))
}

#[test]
fn a_disk_that_fails_for_a_while_gets_everything_in_the_end() {
    for seed in seeds(400) {
        let _which = Try(seed);
        let random = &mut Random::new(seed);
        let policy = POLICIES[seed as usize % POLICIES.len()];
        let mut driver = Driver::start(SimFolder::new(seed), roomy(), policy);
        for steps in [20, 60, 20] {
            for _ in 0..random.below(steps) {
                step(&mut driver, &FEW, random);
            }
            assert!(driver.promises.written.without(&killed(&driver)).is_empty());
            match steps {
                20 => driver.folder.fail_from(1 + random.below(30) as u64),
                _ => driver.folder.heal(),
            }
        }
        driver.folder.heal();
        recover(&mut driver);
        assert!(!driver.is_in_trouble());
        assert_eq!(killed(&driver), held(&driver.snapshot()));
        driver.pass(301);
        driver.settle();
        if policy != Policy::Never {
            assert_eq!(powerless(&driver, seed), held(&driver.snapshot()));
        }
    }
}

#[test]
fn on_a_full_disk_the_oldest_files_go_and_the_rest_is_written_when_there_is_room() {
    for seed in seeds(400) {
        let _which = Try(seed);
        let random = &mut Random::new(seed);
        let mut driver = Driver::start(SimFolder::new(seed), roomy(), POLICIES[seed as usize % POLICIES.len()]);
        for _ in 0..random.below(80) {
            step(&mut driver, &FEW, random);
        }
        let (used, before) = (driver.folder.bytes(), files(&driver.folder));
        driver.folder.set_capacity(used + random.below(4_000) as u64);
        for _ in 0..60 {
            step(&mut driver, &FEW, random);
        }
        let left = files(&driver.folder);
        let gone = before.iter().filter(|file| !left.contains(file)).max();
        assert!(gone.is_none_or(|gone| before.iter().all(|file| file <= gone || left.contains(file))));
        driver.folder.set_capacity(u64::MAX);
        recover(&mut driver);
        assert!(!driver.is_in_trouble());
        let (held, without_file) = driver.held_without_dropped(&files(&driver.folder));
        assert!(without_file <= driver.freed(), "{without_file} blocks without a file, {} went", driver.freed());
        // More may be: a request that lies in several blocks is in the logs of all of them.
        assert!(held.without(&killed(&driver)).is_empty());
    }
}

#[test]
fn what_is_over_a_limit_goes_also_where_it_comes_back_with_the_power() {
    for seed in seeds(1_000) {
        let _which = Try(seed);
        let random = &mut Random::new(seed);
        let limits = [
            Limits { disk_bytes: 12_000, ..limits() },
            Limits { max_traces: 6, ..limits() },
            Limits { retention_ns: 160, ..limits() },
        ][random.below(3)];
        let mut driver = Driver::start(SimFolder::new(seed), limits, POLICIES[random.below(2)]);
        for _ in 0..4 {
            driver.folder.die_at(1 + random.below(300) as u64);
            for _ in 0..random.below(90) {
                if !driver.folder.is_dead() {
                    step(&mut driver, &MANY, random);
                }
            }
            let end = [End::Kill, End::PowerLoss][random.below(2)];
            let found = after(&mut driver, end, random);
            driver.start_again(found).unwrap();
            driver.settle();
            held(&driver.snapshot());
            let facts = *driver.snapshot().facts();
            assert!(facts.segments.bytes <= limits.disk_bytes);
            assert_eq!(facts.segments.count, files(&driver.folder).len() as u64, "every file is held");
            driver.pass(400);
            driver.tick();
            if limits.retention_ns < 400 {
                assert_eq!(files(&driver.folder).len(), 0);
            }
        }
    }
}
