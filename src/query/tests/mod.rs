//! The language as text: what is read, what is refused and where, what is shown and completed while one types.

mod arbitrary;

use proptest::prelude::*;

use super::ast::{Field, Item, Literal, Scope};
use super::*;
use crate::query::highlight::highlight;

/// What a text means, printed.
fn meaning(text: &str) -> String {
    parse(text).map_or_else(|problems| format!("{problems}"), |parsed| parsed.query.to_string())
}

#[test]
fn the_shorthand_means_traceql() {
    for (text, expected) in [
        ("", "{ }"),
        ("checkout", r#"{ any =~ "(?i).*checkout.*" }"#),
        ("a.b", r"{ any =~ `(?i).*a\.b.*` }"),
        ("\"two words\"", r#"{ any =~ "(?i).*two words.*" }"#),
        ("\"or\"", r#"{ any =~ "(?i).*or.*" }"#),
        (r"/a\/b.c/", r#"{ any =~ ".*(?:a/b.c).*" }"#),
        ("service=cart", r#"{ resource.service.name = "cart" }"#),
        ("service!=cart", r#"{ resource.service.name != "cart" }"#),
        ("operation=GET", r#"{ span:name = "GET" }"#),
        ("name=\"GET /\"", r#"{ span:name = "GET /" }"#),
        ("service=~ca.*", r#"{ resource.service.name =~ "ca.*" }"#),
        ("http.status_code=500", r#"{ .http.status_code = 500 || .http.status_code = "500" }"#),
        ("http.status_code>=500", "{ .http.status_code >= 500 }"),
        ("a=\"500\"", r#"{ .a = "500" }"#),
        ("a=true", r#"{ .a = true || .a = "true" }"#),
        ("a=nil", "{ .a = nil }"),
        ("resource.a=b", r#"{ resource.a = "b" }"#),
        ("status=error", "{ span:status = error }"),
        ("kind=server", "{ span:kind = server }"),
        ("duration>500ms", "{ span:duration > 500ms }"),
        ("trace.duration>2s", "{ trace:duration > 2s }"),
        ("spans>50", "({ } | count() > 50)"),
        ("error", "{ span:status = error }"),
        ("slow", "{ slow }"),
        ("a b", r#"{ any =~ "(?i).*a.*" } && { any =~ "(?i).*b.*" }"#),
        ("error slow or spans>3", "{ span:status = error } && { slow } || ({ } | count() > 3)"),
        ("error or slow spans>3", "{ span:status = error } || ({ slow } && ({ } | count() > 3))"),
        ("-error", "without ({ span:status = error })"),
        ("!service=cart slow", r#"without ({ resource.service.name = "cart" }) && { slow }"#),
        ("6413B15A62416D7F256F06F07AD01839", r#"{ trace:id = "6413b15a62416d7f256f06f07ad01839" }"#),
        ("00f067aa0ba902b7", r#"{ span:id = "00f067aa0ba902b7" }"#),
        ("1234567890123456", r#"{ span:id = "1234567890123456" || any =~ "(?i).*1234567890123456.*" }"#),
        ("by", r#"{ any =~ "(?i).*by.*" }"#),
    ] {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

#[test]
fn operators_bind_as_the_language_says() {
    for (text, expected) in [
        ("{.a || .b && .c}", "{ .a || .b && .c }"),
        ("{.a || (.b && .c)}", "{ .a || (.b && .c) }"),
        ("{1 + 2 * .a ^ 2 ^ .b = -.c}", "{ 1 + 2 * .a ^ 2 ^ .b = -.c }"),
        ("{(1 + 2) * .a = 3}", "{ (1 + 2) * .a = 3 }"),
        ("{!(.a = 1)}", "{ !(.a = 1) }"),
        ("{.a = 1 = true}", "{ .a = 1 = true }"),
        ("{}>{}&&{}", "{ } > { } && { }"),
        ("{}>({}&&{})", "{ } > ({ } && { })"),
        ("{}||{}&&{}", "{ } || { } && { }"),
        ("{}|3<count()", "{ } | count() > 3"),
        ("{}|1s>=avg(duration)", "{ } | avg(span:duration) <= 1s"),
        ("{duration/2>1ms}", "{ span:duration / 2 > 1ms }"),
        ("{.a=1e3&&.b=1.5h&&.c=1h30m}", "{ .a = 1000.0 && .b = 90m && .c = 90m }"),
        ("{.a=.5&&.\"5b\"<.5s}", "{ .a = 0.5 && .\"5b\" < 500ms }"),
        ("{}|quantile_over_time(duration,.99)", "{ } | quantile_over_time(span:duration, 0.99)"),
        ("{span.\"a b\".c=1}", "{ span.\"a b.c\" = 1 }"),
        (
            "{parent.name=\"x\"&&parent.span.y=1&&parent.z=2}",
            "{ parent.span:name = \"x\" && parent.span.y = 1 && parent.z = 2 }",
        ),
        (r#"{.a="\u00fc\n\"" && .b=`\d`}"#, r#"{ .a = "ü\n\"" && .b = `\d` }"#),
        (
            "{}|rate()by(name)|topk(3)|>5 with(most_recent=true)",
            "{ } | rate() by(span:name) | topk(3) | > 5 with (most_recent=true)",
        ),
        ("{}|quantile_over_time(duration,0.5,1)", "{ } | quantile_over_time(span:duration, 0.5, 1)"),
        ("{}|compare({status=error},5)", "{ } | compare({ span:status = error }, 5)"),
        ("({}|by(.a))|count()>1", "({ } | by(.a)) | count() > 1"),
    ] {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

/// Each case is a query, a line of carets under the place, and what is said; a line of `?` is the hint.
#[test]
fn what_is_wrong_is_said_with_its_place() {
    let mut checked = 0;
    for case in include_str!("invalid.txt").split("\n\n").filter(|case| !case.trim().is_empty()) {
        let mut lines = case.trim_matches('\n').lines();
        let (query, carets, message) = (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
        let problem = match parse(query) {
            Ok(parsed) => panic!("{query} is read as {}", parsed.query),
            Err(problems) => problems.0[0].clone(),
        };
        let range = problem.at.range();
        let column = query.get(..range.start.min(query.len())).unwrap().chars().count();
        let width = query.get(range).unwrap_or_default().chars().count().max(1);
        let found = format!("{}{}", " ".repeat(column), "^".repeat(width));
        assert_eq!((found.as_str(), problem.message.as_str()), (carets, message), "{query}");
        if let Some(hint) = lines.next() {
            assert_eq!(problem.hint.as_deref(), hint.strip_prefix("? "), "{query}");
        }
        checked += 1;
    }
    assert!(checked >= 100, "{checked}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let problems = parse("{ nam = 1 } && { statsu = error } | foo()").unwrap_err();
    let hints: Vec<_> = problems.0.iter().map(|problem| problem.hint.clone().unwrap_or_default()).collect();
    assert_eq!(hints[..2], ["did you mean 'name'?", "did you mean 'status'?"]);
    assert_eq!(problems.0.len(), 3);
}

#[test]
fn what_would_explode_is_refused_with_its_limit() {
    let message = |text: String| parse(&text).unwrap_err().0[0].message.clone();
    assert_eq!(message("(".repeat(200)), "nested more than 100 levels deep");
    assert_eq!(message(format!("{{ {} }}", "!".repeat(5_000))), "nested more than 100 levels deep");
    assert_eq!(message(format!("{{ {}.a }}", "(".repeat(5_000))), "nested more than 100 levels deep");
    assert_eq!(message(format!("{{ .a{} }}", " && .a".repeat(2_000))), "more than 1000 operators");
    assert_eq!(message("a ".repeat(2_000)), "more than 250 words");
    assert_eq!(message("x".repeat(70_000)), "this is longer than 64 KiB");
    assert_eq!(message("{ .a =~ `(a{1000}){1000}` }".into()), "this regular expression takes more than 1 MiB");
}

/// Holds that what is printed of a text, if that is a query, is read as the same.
fn reads_again(text: &str) {
    if let Ok(parsed) = parse(text) {
        let printed = parsed.query.to_string();
        assert_eq!(parse(&printed).map(|parsed| parsed.query).as_ref(), Ok(&parsed.query), "{text}\n{printed}");
    }
}

#[test]
fn what_is_read_at_a_limit_can_be_printed_and_read_again() {
    for (words, times) in [("a=5 ", 249), ("-a=5 ", 124), ("a=5 or ", 124)] {
        let text = |times: usize| words.repeat(times) + "a";
        assert!(parse(&text(times)).is_ok(), "{words}");
        for times in [times, times + 1, 3 * times] {
            reads_again(&text(times));
        }
    }
    for levels in 80..120 {
        for (before, after) in [("(", ")"), ("({ } && ", ")"), ("without (", ")")] {
            reads_again(&(before.repeat(levels) + "{ .a }" + &after.repeat(levels)));
        }
        for (before, after) in [("!", ""), ("!(.a && ", ")"), ("1 - -", ""), ("2 ^ ", ""), ("2 - (", ")")] {
            reads_again(&format!("{{ {}.a{} = 1 }}", before.repeat(levels), after.repeat(levels)));
        }
    }
}

/// What is wanted where the sign § stands, words by their text.
fn wanted(text: &str) -> (String, Vec<String>) {
    let cursor = text.find('§').unwrap();
    let completion = complete(&text.replacen('§', "", 1), cursor);
    let name = |wanted: &Wanted| match wanted {
        Wanted::Word { text, .. } => text.clone(),
        Wanted::Attributes(scope) => format!("names of {}", scope.info().prefix),
        Wanted::Values(field) => format!("values of {field}"),
    };
    (completion.typed, completion.wants.iter().map(name).collect())
}

#[test]
fn what_could_stand_somewhere_is_known_in_broken_queries_too() {
    let has = |text: &str, typed: &str, what: &str| {
        let (found, wants) = wanted(text);
        assert_eq!(found, typed, "{text}");
        assert!(wants.iter().any(|want| want == what), "{text}: {wants:?}");
    };
    has("{ na§", "na", "span:name");
    has("{ status = §", "", "error");
    has("{ status §", "", "!=");
    has("{ duration §", "", ">=");
    has("{ name = \"GE§", "GE", "values of span:name");
    has("{ .http.m§", "http.m", "names of .");
    has("{ span.§", "", "names of span.");
    has("{ resource.service.name = §", "", "values of resource.service.name");
    has("{ kind = server && st§", "st", "span:status");
    has("{ } | §", "", "by(");
    has("{ } | by(§", "", "span:name");
    has("{ ) = } && { status = e§", "e", "error");
    has("§", "", "service=");
    has("serv§", "serv", "service=");
    has("serv§", "serv", "names of .");
    has("service=c§", "c", "values of resource.service.name");
    has("service=§", "", "values of resource.service.name");
    has("error kind=§", "", "server");
    has("error -st§", "st", "status=");
}

#[test]
fn nothing_could_stand_inside_of_an_operator() {
    assert_eq!(complete("duration>=1s", 9), Completion { replace: 9..9, ..Completion::default() });
}

#[test]
fn conditions_come_and_go_by_the_same_key() {
    let service = Field::of_span(Item::Attribute(Scope::Resource, "service.name".into()));
    let cart = Literal::String("cart".into());
    let toggled = |text: &str, wish| toggle(text, &service, &cart, wish);
    assert_eq!(toggled("", Wish::Include), "service=cart");
    assert_eq!(toggled("error service=cart", Wish::Include), "error");
    assert_eq!(toggled("error", Wish::Exclude), "error -service=cart");
    assert_eq!(toggled("error -service=cart", Wish::Include), "error service=cart");
    assert_eq!(toggled("-service=cart", Wish::Exclude), "");
    let include = "{ resource.service.name = \"cart\" }";
    assert_eq!(toggled("{ status = error }", Wish::Include), format!("{{ span:status = error }} && {include}"));
    assert_eq!(toggled(&format!("{{ status = error }} && {include}"), Wish::Include), "{ span:status = error }");
    assert_eq!(toggled(include, Wish::Exclude), format!("without ({include})"));
    assert_eq!(toggled(include, Wish::Include), "{ }");
    assert_eq!(
        toggled("a or b", Wish::Include),
        format!("{{ any =~ \"(?i).*a.*\" }} || {{ any =~ \"(?i).*b.*\" }} && {include}")
    );
    assert_eq!(toggled("{ broken", Wish::Include), "{ broken");
    let number = Field::of_span(Item::Attribute(Scope::Span, "http.status_code".into()));
    assert_eq!(toggle("", &number, &Literal::Int(500), Wish::Include), "span.http.status_code=500");
    assert_eq!(toggle("", &number, &Literal::String("5 0".into()), Wish::Include), "span.http.status_code=\"5 0\"");
}

/// Texts that are nearly queries.
fn nearly_queries() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "(",
        ")",
        "|",
        "&&",
        "||",
        ">>",
        "!~",
        "=",
        "!=",
        "=~",
        ".a",
        "span.b",
        "name",
        "duration",
        "\"x\"",
        "`y`",
        "\"",
        "5",
        "1h",
        "error",
        "nil",
        "by(",
        "count()",
        "rate()",
        "-",
        "!",
        "or",
        "service=",
        "/re/",
        "/",
        "ü",
        "\\",
        " ",
        "without (",
        "parent.",
        "compare(",
        "topk(1)",
        "with (",
        ",",
        "^",
        "9e",
        "\u{0}",
        "spans>",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_printed_tree_is_read_as_itself(query in arbitrary::query()) {
        let printed = query.to_string();
        let read = super::parse::traceql(&printed);
        prop_assert_eq!((&read.0, &read.1), (&query, &Vec::new()), "{}", printed);
    }

    #[test]
    fn any_text_is_read_coloured_and_completed(text in prop_oneof![nearly_queries(), any::<String>()], cursor in 0..60_usize) {
        if let Ok(parsed) = parse(&text) {
            let printed = parsed.query.to_string();
            prop_assert_eq!(&super::parse::traceql(&printed).0, &parsed.query, "{}", printed);
        } else if let Err(problems) = parse(&text) {
            prop_assert!(!problems.0.is_empty() && !problems.render(&text).is_empty());
        }
        let mut end = 0;
        for (range, _) in highlight(&text) {
            let gap = text.get(end..range.start);
            prop_assert!(gap.is_some_and(|gap| gap.trim().is_empty()), "{:?} before {:?} of {:?}", gap, range, text);
            end = range.end;
        }
        prop_assert!(text.get(end..).is_some_and(|rest| rest.trim().is_empty()));
        let completion = complete(&text, cursor);
        prop_assert!(text.get(completion.replace.clone()).is_some());
        let cursor = (0..=cursor.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
        prop_assert!(completion.replace.start <= cursor && cursor <= completion.replace.end, "{:?}", completion);
    }
}
