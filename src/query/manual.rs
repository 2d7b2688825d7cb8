//! The manual of the language, put together from the tables by which it is read: `docs/search.md`.

use std::fmt::Write;

use super::fields::{FIELDS, SCOPES};
use super::parse;

/// What is written, what it does, and a query that finds something among the recorded traffic.
type Row = (&'static str, &'static str, &'static str);

const SHORTHAND: &[Row] = &[
    ("word", "a part of a service, operation or attribute value of some span, in any case", "checkout"),
    ("\"two words\"", "the same, with spaces", "\"GET /\""),
    ("/regex/", "the same by a regular expression, not anchored, with case", "/GET .*orders/"),
    (
        "service=name",
        "a field with a whole value, with case; `=`, `!=`, `<`, `<=`, `>`, `>=`, `=~`, `!~`",
        "service=gateway",
    ),
    ("name=500", "any attribute by its name; a number also matches its spelling as a text", "http.status_code=500"),
    ("duration>500ms", "the duration of a span", "duration>50ms"),
    ("trace.duration>2s", "the duration of the trace", "trace.duration>=100ms"),
    ("spans>50", "how many spans the trace has", "spans>10"),
    ("error", "a span with an error", "error"),
    ("slow", "a request that took longer than the P95 of its service's requests in the window", "slow"),
    ("a b, a and b", "both in one trace, on any spans", "service=gateway error"),
    (
        "a or b",
        "one of both; what stands side by side belongs together first, and there are no parentheses",
        "service=payments or service=worker",
    ),
    ("-a, !a", "no span of the trace has that", "service=gateway -error"),
    ("32 hexadecimal digits", "a trace id", "6413b15a62416d7f256f06f07ad01839"),
];

const OPERATORS: &[Row] = &[
    ("= != < <= > >=", "compare; nothing is true of a field that is missing", "{ span.http.status_code >= 500 }"),
    ("=~ !~", "match the whole text by a regular expression", "{ name =~ \"GET.*\" }"),
    ("= nil, != nil", "whether a field is missing, or there", "{ span.http.status_code != nil }"),
    (
        "&& ||",
        "both, or one of both, of one span; on one level, from left to right",
        "{ kind = server && status = error }",
    ),
    ("!", "not", "{ !(kind = client) }"),
    ("+ - * / % ^", "arithmetic; integers divide without a rest", "{ duration / 2 > 25ms }"),
];

const SETS: &[Row] = &[
    ("{ … }", "the spans for which that holds; all of them where nothing stands in it", "{ status = error }"),
    ("A && B", "traces that have both; the spans of both", "{ kind = server } && { status = error }"),
    ("A || B", "traces that have one of both", "{ kind = producer } || { kind = consumer }"),
    ("A > B", "those of B whose parent is an A", "{ kind = client } > { kind = server }"),
    ("A >> B", "those of B below an A", "{ resource.service.name = \"gateway\" } >> { status = error }"),
    ("A < B", "those of B that are the parent of an A", "{ status = error } < { kind = server }"),
    ("A << B", "those of B above an A", "{ status = error } << { kind = server }"),
    ("A ~ B", "those of B that have the parent of an A", "{ kind = client } ~ { kind = client }"),
    ("A !> B, !>>, !<, !<<, !~", "those of B for which that is so with no A", "{ kind = client } !> { kind = server }"),
    (
        "A &> B, &>>, &<, &<<, &~",
        "the spans of both that stand so to one another",
        "{ kind = client } &> { kind = server }",
    ),
];

const STAGES: &[Row] = &[
    ("| { … }", "keeps of the spans so far those for which that holds", "{ kind = client } | { duration > 1ms }"),
    ("| count() > 3", "keeps groups of so many spans", "{ } | count() > 10"),
    ("| min(f) avg(f) max(f) sum(f)", "keeps groups by a number of a field", "{ kind = client } | avg(duration) > 1ms"),
    ("| by(f)", "splits each group by a value", "{ } | by(resource.service.name) | count() > 3"),
    ("| coalesce()", "makes one group of a trace's groups again", "{ } | by(name) | coalesce() | count() > 10"),
    ("| select(f, …)", "shows fields beside each span", "{ kind = server } | select(span.http.status_code)"),
];

const METRICS: &[Row] = &[
    ("| rate()", "spans a second", "{ status = error } | rate() by(resource.service.name)"),
    ("| count_over_time()", "spans", "{ kind = server } | count_over_time()"),
    (
        "| min_over_time(f), max_…, avg_…, sum_…",
        "a number of a field; of durations in seconds",
        "{ kind = server } | avg_over_time(duration) by(resource.service.name)",
    ),
    (
        "| quantile_over_time(f, q, …)",
        "percentiles, by nearest rank; exact up to a million values",
        "{ kind = server } | quantile_over_time(duration, 0.5, 0.95, 0.99)",
    ),
    (
        "| histogram_over_time(f)",
        "how many values are at most each power of two, and more than the one before",
        "{ kind = server } | histogram_over_time(duration)",
    ),
    (
        "| compare({ … }, n)",
        "how often values of attributes are on those spans and on the others",
        "{ kind = server } | compare({ status = error })",
    ),
    ("| topk(n), | bottomk(n)", "the greatest or least series at each time", "{ } | rate() by(name) | topk(3)"),
    ("| > n", "only samples for which that holds", "{ } | rate() by(name) | > 0"),
];

const HEAD: &str = "# The search language

Written by `spantop` from the tables by which it reads queries; a test holds every example here against recorded traffic.

One language everywhere: the search line of the screen (`/`), `spantop query`, `spantop tail`, and `q=` in the API. It is
TraceQL, the language of Grafana Tempo, and a shorthand for people in a hurry. `spantop query --explain` shows what a query
means in TraceQL and what there is to look at for it.
";

const CUSTOM: &str = "
## Analyses of your own

Where other systems take a function of yours to analyse traces with, a metrics query is often all there is to it. The
slowest endpoints, by the 99th percentile of each:

```sh
spantop query '{ kind = server } | quantile_over_time(duration, 0.99) by(resource.service.name, name) | topk(10)'
```

And what a query cannot say, a pipe can: one JSON object a line, for jq, Python or anything else. How much time each service
spends in calls to databases:

```sh
spantop query --spans --limit 10000 --format ndjson '{ span.db.system != nil }' \\
  | jq -rs 'group_by(.service)[] | [.[0].service, (map(.duration_ms) | add)] | @tsv'
```
";

/// Every example of the manual: queries that find something in the recorded traffic.
pub fn examples() -> impl Iterator<Item = &'static str> {
    let rows = [SHORTHAND, OPERATORS, SETS, STAGES, METRICS].into_iter().flatten().map(|row| row.2);
    rows.chain(FIELDS.iter().map(|field| field.example)).chain(SCOPES.iter().map(|scope| scope.example))
}

/// Returns the text of `docs/search.md`.
pub fn manual() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n## Shorthand\n\nWhatever does not begin with `{`, `(` or a function is shorthand. Quote a word that is taken.\n\n");
    out.push_str("| write | for | example | in TraceQL |\n|---|---|---|---|\n");
    for &(syntax, doc, example) in SHORTHAND {
        let traceql = parse(example).map_or_else(|problems| problems.to_string(), |parsed| parsed.query.to_string());
        line(&mut out, &[&code(syntax), doc, &code(example), &code(&traceql)]);
    }
    section(&mut out, "Comparing", "Inside of braces, of one span.", OPERATORS);
    section(&mut out, "Sets of spans", "They work on incomplete traces too: every link that is known counts.", SETS);
    section(
        &mut out,
        "Stages",
        "One after the other, each over the groups of spans that the one before gives.",
        STAGES,
    );
    section(
        &mut out,
        "Metrics",
        "At the end of a pipeline: numbers over time, for `spantop query` and `/admin/tracing/metrics`.",
        METRICS,
    );
    fields(&mut out);
    out.push_str(CUSTOM);
    out
}

fn fields(out: &mut String) {
    out.push_str("\n## Fields\n\n`parent.` before a field is that of the span's parent.\n\n");
    out.push_str("| field | also | is | example |\n|---|---|---|---|\n");
    for scope in &SCOPES {
        line(out, &[&code(&format!("{}name", scope.prefix)), "", scope.doc, &code(scope.example)]);
    }
    for field in &FIELDS {
        let also = if field.old_name.is_empty() { String::new() } else { code(field.old_name) };
        line(out, &[&code(field.name), &also, field.doc, &code(field.example)]);
    }
    out.push_str("\nNames with spaces or signs are quoted: `span.\"a b\".c`. Durations are written `1h30m`, `1.5h`, `100us`; texts in \"quotes\" ");
    out.push_str("or in `` `backticks` ``, in which nothing is escaped.\n");
}

fn section(out: &mut String, title: &str, about: &str, rows: &[Row]) {
    // Writing to a String does not fail.
    write!(out, "\n## {title}\n\n{about}\n\n| write | for | example |\n|---|---|---|\n").unwrap_or_default();
    for &(syntax, doc, example) in rows {
        line(out, &[&code(syntax), doc, &code(example)]);
    }
}

fn line(out: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    writeln!(out, "| {} |", cells.join(" | ")).unwrap_or_default();
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
