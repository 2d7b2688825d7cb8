//! Query parameters: every one is known by name, an unknown one is an error that names it, and none is ignored.

use std::sync::Arc;
use std::time::Duration;

use axum::extract;
use axum::http::Uri;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::error::ApiError;
use super::shortened;
use crate::config::Value;
use crate::model::Timestamp;
use crate::query::{self, Parsed, Query};
use crate::source::Window;

/// The parameters of a request that are still to be taken.
pub(super) struct Parameters {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
}

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 10_000;
const MAX_OFFSET: usize = 100_000;
const MILLISECOND_NS: f64 = 1e6;
const HOUR_NS: f64 = 3_600e9;

impl Parameters {
    pub(super) fn of(uri: &Uri) -> Result<Self, ApiError> {
        let extract::Query(given) = extract::Query::try_from_uri(uri)
            .map_err(|error| ApiError::bad_request(format!("cannot read the query string: {error}"), ""))?;
        Ok(Self { given, known: Vec::new() })
    }

    /// Takes a parameter's text; the last one counts where it is given more than once.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut value = None;
        self.given.retain_mut(|(key, given)| {
            let is_it = key == name;
            if is_it {
                value = Some(std::mem::take(given));
            }
            !is_it
        });
        value
    }

    /// Takes a parameter through `read`, which returns none for a malformed value.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let malformed = || {
            let message = format!("'{}' is not a value of '{name}'", shortened(&text));
            let space = if text.contains(' ') { "; in a URL a + is written %2B" } else { "" };
            ApiError::bad_request(message, format!("{name} takes {expected}{space}"))
        };
        read(&text).map(Some).ok_or_else(malformed)
    }

    /// Takes a duration in milliseconds and returns it in nanoseconds.
    pub(super) fn milliseconds(&mut self, name: &'static str) -> Result<Option<u64>, ApiError> {
        self.read(name, "milliseconds, like 250 or 0.5", |text| scaled(text, MILLISECOND_NS))
    }

    /// Takes `q` as a query for traces or spans.
    pub(super) fn query(&mut self) -> Result<Option<Arc<Query>>, ApiError> {
        self.query_named("q")
    }

    /// Takes a query for traces or spans.
    pub(super) fn query_named(&mut self, name: &'static str) -> Result<Option<Arc<Query>>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let query = parse(&text)?.query;
        if query.metrics.is_some() {
            let message = "this query gives series, not traces or spans".to_owned();
            return Err(ApiError::bad_request(message, "ask /admin/tracing/metrics for it"));
        }
        Ok(Some(Arc::new(query)))
    }

    /// Takes `q` as a metrics query.
    pub(super) fn metrics(&mut self) -> Result<Arc<Query>, ApiError> {
        let query = self.parsed()?.query;
        if query.metrics.is_none() {
            let message = "this query gives traces or spans, not series".to_owned();
            let hint =
                "ask /admin/tracing?q= or /admin/tracing/spans?q= for it, or end it with a function like | rate()";
            return Err(ApiError::bad_request(message, hint));
        }
        Ok(Arc::new(query))
    }

    /// Takes `q`, which has to be given.
    pub(super) fn parsed(&mut self) -> Result<Parsed, ApiError> {
        let text = self.text("q");
        let missing = || ApiError::bad_request("there is no query".into(), "give one as q=, like q={ status = error }");
        parse(&text.ok_or_else(missing)?)
    }

    /// Takes `limit`, by default 100.
    pub(super) fn limit(&mut self) -> Result<usize, ApiError> {
        Ok(self.given_limit()?.unwrap_or(DEFAULT_LIMIT))
    }

    /// Takes `limit`, if it is given.
    pub(super) fn given_limit(&mut self) -> Result<Option<usize>, ApiError> {
        self.read("limit", "a number from 1 to 10000", |text| {
            text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        })
    }

    /// Takes `offset`. All rows before it are kept until the answer is made, so there is a most.
    pub(super) fn offset(&mut self) -> Result<usize, ApiError> {
        let expected = "a number from 0 to 100000; further back, narrow the window";
        let offset = self.read("offset", expected, |text| text.parse().ok().filter(|offset| *offset <= MAX_OFFSET))?;
        Ok(offset.unwrap_or_default())
    }

    /// Takes `hours`, `since`, `start_date` and `end_date`.
    pub(super) fn window(&mut self, now: Timestamp) -> Result<Window, ApiError> {
        let hours = self.read("hours", "a number of hours, like 24", |text| scaled(text, HOUR_NS))?;
        let since = self.read("since", "a duration, like 15m or 1h30m", |text| {
            <Duration as Value>::parse(text).ok().and_then(|since| u64::try_from(since.as_nanos()).ok())
        })?;
        let between = self.between("start_date", "end_date")?;
        let ways = [hours.is_some(), since.is_some(), between != Window::default()];
        if ways.into_iter().filter(|given| *given).count() > 1 {
            let hint = "give one of hours, since, or start_date and end_date";
            return Err(ApiError::bad_request("the window is given in more than one way".into(), hint));
        }
        Ok(Window { from: hours.or(since).map(|back| now.minus(back)).or(between.from), to: between.to })
    }

    /// Takes the ends of a window as dates or times.
    pub(super) fn between(&mut self, start: &'static str, end: &'static str) -> Result<Window, ApiError> {
        let date = "a date, like 2026-11-22, or a time as in RFC 3339";
        let from = self.read(start, date, |text| time(text, false))?;
        Ok(Window { from, to: self.read(end, date, |text| time(text, true))? })
    }

    /// Returns a parameter's text without taking it.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.given.iter().rfind(|(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    /// Ends taking parameters.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        let Some((name, _)) = self.given.first() else { return Ok(()) };
        let message = format!("unknown parameter '{}'", shortened(name));
        let hint = match self.known.as_slice() {
            [] => "no parameter is taken here".to_owned(),
            known => format!("known are {}", known.join(", ")),
        };
        Err(ApiError::bad_request(message, hint))
    }
}

fn parse(text: &str) -> Result<Parsed, ApiError> {
    query::parse(text).map_err(|problems| {
        let hint = problems.0.iter().find_map(|problem| problem.hint.clone());
        let hint = hint.unwrap_or_else(|| "docs/search.md has the language".to_owned());
        ApiError::bad_request(format!("cannot read the query: {problems}"), hint)
    })
}

/// Reads a number that is not negative and returns it in a smaller unit.
fn scaled(text: &str, factor: f64) -> Option<u64> {
    let number: f64 = text.parse().ok()?;
    let scaled = (number * factor).round();
    (number >= 0.0 && scaled <= u64::MAX as f64).then_some(scaled as u64)
}

/// Reads a time, or a date: its beginning in UTC, or its end where an end is asked for.
fn time(text: &str, end: bool) -> Option<Timestamp> {
    let time = match text.parse::<Date>() {
        // A time begins with a date as well, and a date alone says all ten characters.
        Ok(date) if text.len() == 10 => {
            let day = if end { date.tomorrow().ok()? } else { date };
            day.to_zoned(TimeZone::UTC).ok()?.timestamp()
        }
        _ => text.parse::<jiff::Timestamp>().ok()?,
    };
    u64::try_from(time.as_nanosecond()).ok().map(Timestamp)
}
