//! The demo: a shop of fifteen services that sends OTLP like a real one. Knows no clock, no network and no screen;
//! what it exports depends only on its seed, its rate and when it opened.

mod call;
mod database;
mod exceptions;
mod http;
mod instrumentation;
mod messaging;
mod outbox;
mod random;
mod resource;
mod rpc;
mod scene;
mod services;
mod stories;
mod value;
mod weather;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use self::outbox::Outbox;
use self::random::Random;
use self::scene::Scene;
use self::services::Process;
use self::stories::{Story, TIMETABLE};
use self::weather::Weather;
use crate::model::Timestamp;

/// How many customers' requests come in a second on average, at a rate of 1.
const VISITS_PER_SECOND: f64 = 18.5;
/// The slowest and the fastest a shop can be, as factors.
const RATES: (f64, f64) = (0.01, 100.0);
/// How much time one call can make up for at a rate of 1 or less, in seconds; it bounds what waits and what is returned.
const MAX_CATCH_UP_S: f64 = 600.0;
const SECOND: f64 = 1e9;

/// A shop of fifteen services and its customers.
///
/// [`Shop::advance`] plays it: the first call opens the shop, each further one returns what the services exported
/// since. To fill a screen at once, open it in the past and catch up:
///
/// ```
/// use spantop::{demo::Shop, model::Timestamp};
///
/// let now = Timestamp(1_795_353_600_000_000_000);
/// let mut shop = Shop::new(42);
/// shop.advance(now.minus(60_000_000_000));
/// assert!(!shop.advance(now).is_empty());
/// ```
#[derive(Debug)]
pub struct Shop {
    random: Random,
    rate: f64,
    day: Option<Day>,
    outboxes: BTreeMap<Process, Outbox>,
}

/// What is known once the shop is open; times in nanoseconds since 1970.
#[derive(Debug)]
struct Day {
    now: u64,
    weather: Weather,
    next_visit: u64,
    next_of_timetable: Vec<u64>,
}

/// What can happen next; of two at the same time, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Visit,
    Scheduled(usize),
    Flush(Process),
}

impl Shop {
    /// Returns a closed shop; the same seed makes the same customers do the same things.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), rate: 1.0, day: None, outboxes: BTreeMap::new() }
    }

    /// Sets how busy it is: 1 is about 20 traces and 300 spans a second, 0.5 half of that. What is not a number is
    /// 1; the factor stays within 0.01 and 100.
    #[must_use]
    pub fn with_rate(mut self, factor: f64) -> Self {
        self.rate = if factor.is_nan() { 1.0 } else { factor.clamp(RATES.0, RATES.1) };
        self
    }

    /// Lets the shop work until `now` and returns what its services exported since the last call, in that order:
    /// each request is one batch of one process, with spans that have ended, children often before their parents.
    /// How often it is called does not matter: the stream is the same. An earlier `now` than before does nothing.
    ///
    /// One call makes up for ten minutes at most, at a rate above 1 in proportion less. After a longer pause, as when a
    /// laptop slept, the shop skips what it missed and opens anew.
    pub fn advance(&mut self, now: Timestamp) -> Vec<ExportTraceServiceRequest> {
        let Timestamp(now) = now;
        let mut requests = Vec::new();
        let Some(mut day) = self.day.take().filter(|day| now.saturating_sub(day.now) <= self.max_catch_up_ns()) else {
            self.day = Some(self.open(now));
            return requests;
        };
        while let Some((time, happening)) = self.next(&day).filter(|(time, _)| *time <= now) {
            match happening {
                Happening::Visit => {
                    let visits = VISITS_PER_SECOND * self.rate * day.weather.busyness(time);
                    day.next_visit = time + 1 + (self.random.exponential(1.0 / visits) * SECOND) as u64;
                    let story = stories::any_visit(&mut self.random);
                    self.play(story, day.weather, time);
                }
                Happening::Scheduled(index) => {
                    let (_, period_s, story) = TIMETABLE[index];
                    day.next_of_timetable[index] = time + (period_s * SECOND) as u64;
                    self.play(story, day.weather, time);
                }
                Happening::Flush(process) => {
                    requests.extend(self.outboxes.get_mut(&process).map(|outbox| outbox.flush(time)));
                }
            }
        }
        day.now = day.now.max(now);
        self.day = Some(day);
        requests
    }

    fn max_catch_up_ns(&self) -> u64 {
        (MAX_CATCH_UP_S / self.rate.max(1.0) * SECOND) as u64
    }

    fn open(&mut self, now: u64) -> Day {
        self.outboxes.clear();
        let next_of_timetable = TIMETABLE.iter().map(|(first_s, ..)| now + (first_s * SECOND) as u64).collect();
        Day { now, weather: Weather { opened: now }, next_visit: now, next_of_timetable }
    }

    /// Returns what happens next, and when.
    fn next(&self, day: &Day) -> Option<(u64, Happening)> {
        let visit = (day.next_visit, Happening::Visit);
        let scheduled = day.next_of_timetable.iter().enumerate().map(|(i, &time)| (time, Happening::Scheduled(i)));
        let flushes =
            self.outboxes.iter().filter_map(|(&process, outbox)| Some((outbox.due()?, Happening::Flush(process))));
        scheduled.chain(flushes).chain([visit]).min()
    }

    /// Tells a story that begins now; its spans wait until they have ended.
    fn play(&mut self, story: Story, weather: Weather, start: u64) {
        let mut scene = Scene::new(self.random.fork(), weather, start);
        story(&mut scene);
        for draft in scene.finish() {
            self.outboxes.entry(draft.process).or_insert_with(|| Outbox::new(draft.process)).push(draft);
        }
    }
}
