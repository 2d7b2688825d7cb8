//! Whatever is typed is coloured and completed; what is a query means the same when it is printed, and stays one when a
//! condition is added.

#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use spantop::query::ast::{Field, Item, Literal, Scope};
use spantop::query::fields::Intrinsic;
use spantop::query::{Wanted, Wish, complete, highlight, parse, toggle};

fuzz_target!(|text: &str| {
    coloured(text);
    for cursor in (0..=text.len()).filter(|&at| text.is_char_boundary(at)) {
        completed(text, cursor);
    }
    match parse(text) {
        Ok(parsed) => {
            let printed = parsed.query.to_string();
            let again = parse(&printed).unwrap_or_else(|problems| panic!("{printed}\n{}", problems.render(&printed)));
            assert_eq!(again.query, parsed.query, "{printed}");
            assert_eq!(again.query.to_string(), printed);
            toggled(text);
        }
        Err(problems) => {
            assert!(!problems.0.is_empty() && !problems.render(text).is_empty());
            assert!(problems.0.iter().all(|problem| text.get(problem.at.range()).is_some()), "{problems:?}");
        }
    }
});

/// Every piece follows the one before, with nothing but white space between.
fn coloured(text: &str) {
    let is_white = |range: Range<usize>| text.get(range).is_some_and(|between| between.trim().is_empty());
    let mut end = 0;
    for (range, _) in highlight(text) {
        assert!(end <= range.start && range.start < range.end && is_white(end..range.start), "{range:?}");
        end = range.end;
    }
    assert!(is_white(end..text.len()), "{end}");
}

/// What would be replaced has the cursor in it, and can be.
fn completed(text: &str, cursor: usize) {
    let completion = complete(text, cursor);
    let replace = completion.replace.clone();
    assert!(replace.start <= cursor && cursor <= replace.end && text.get(replace.clone()).is_some(), "{completion:?}");
    for wanted in completion.wants.iter().take(3) {
        if let Wanted::Word { text: word, .. } = wanted {
            let mut text = text.to_owned();
            text.replace_range(replace.clone(), word);
            let _ = parse(&text);
        }
    }
}

fn toggled(text: &str) {
    let attribute = Item::Attribute(Scope::Resource, "service.name".into());
    let conditions = [
        (attribute, Literal::String("a \"b".into())),
        (Item::Attribute(Scope::Span, "x y".into()), Literal::Int(-1)),
        (Item::Intrinsic(Intrinsic::Name), Literal::String("GET".into())),
    ];
    for (item, value) in conditions {
        for wish in [Wish::Include, Wish::Exclude] {
            let with = toggle(text, &Field::of_span(item.clone()), &value, wish);
            assert!(parse(&with).is_ok(), "{with}");
        }
    }
}
