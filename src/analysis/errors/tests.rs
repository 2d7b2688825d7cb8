use proptest::prelude::*;

use super::*;
use crate::model::span::Event;

fn said(exception_type: &str, message: &str, stack_trace: &str) -> Said {
    Said { exception_type: exception_type.into(), message: message.into(), stack_trace: stack_trace.into() }
}

fn fingerprint(service: &str, said: &Said) -> Fingerprint {
    Fingerprint::of(service, said).0
}

#[test]
fn what_differs_from_one_time_to_the_next_is_left_out() {
    for (message, pattern) in [
        ("connect ECONNREFUSED 10.0.0.7:5432", "connect ECONNREFUSED <n>.<n>.<n>.<n>:<n>"),
        ("user 4711 not found", "user <n> not found"),
        ("timed out after 30s, 250ms too late", "timed out after <n>s, <n>ms too late"),
        ("order 3f2504e0-4f89-41d3-9a0c-0305e82c3301 is gone", "order <id> is gone"),
        ("key 'cart:81c2' of \"shop\" and `items`", "key '*' of \"*\" and `*`"),
        ("can't read the customer's cart", "can't read the customer's cart"),
        ("no account for zoe.k+x@mail.example.", "no account for <email>."),
        ("at 0x7ffe12a0 in cafebabe12 of deadbeef", "at <id> in <id> of deadbeef"),
        ("HTTP2 and utf8 on node12345", "HTTP2 and utf8 on node<n>"),
        ("2026-11-23T15:04:05.123Z", "<n>-<n>-<id>:<n>:<n>.<n>Z"),
        ("  two\n\tlines  ", "two lines"),
        ("キー『42』が無い", "キー『<n>』が無い"),
        ("an open ' quote 7", "an open ' quote <n>"),
        ("", ""),
    ] {
        assert_eq!(mask(message), pattern, "{message}");
    }
}

/// A stack trace of a language, the same from another line, and the places in the program's own code.
const TRACES: [(&str, &str, &[&str]); 7] = [
    (
        "Traceback (most recent call last):\n  File \"/app/shop/cart.py\", line 41, in add\n    self.db.insert(item)\n  \
         File \"/usr/lib/python3.13/site-packages/sqlalchemy/engine.py\", line 900, in execute\nValueError: no",
        "Traceback (most recent call last):\n  File \"/app/shop/cart.py\", line 44, in add\n    self.db.insert(item)\n  \
         File \"/usr/lib/python3.13/site-packages/sqlalchemy/engine.py\", line 950, in execute\nValueError: no",
        &["File /app/shop/cart.py , line <n>, in add"],
    ),
    (
        "Error: no\n    at checkout (/app/src/pay.js:10:7)\n    at next (/app/node_modules/express/router.js:3:1)\n    \
         at node:internal/process/task_queues:95:5",
        "Error: no\n    at checkout (/app/src/pay.js:12:9)\n    at next (/app/node_modules/express/router.js:3:1)\n    \
         at node:internal/process/task_queues:95:5",
        &["at checkout (/app/src/pay.js:<n>:<n>)"],
    ),
    (
        "java.lang.IllegalStateException: no\n\tat example.shop.Cart.add(Cart.java:12)\n\tat \
         org.springframework.web.Servlet.run(Servlet.java:1)\n\tat java.base/java.lang.Thread.run(Thread.java:833)",
        "java.lang.IllegalStateException: no\n\tat example.shop.Cart.add(Cart.java:19)\n\tat \
         org.springframework.web.Servlet.run(Servlet.java:1)\n\tat java.base/java.lang.Thread.run(Thread.java:833)",
        &["at example.shop.Cart.add(Cart.java:<n>)"],
    ),
    (
        "System.Exception: no\n   at Shop.Price.Get(Int32 id) in /src/Price.cs:line 38\n   at System.Threading.Run()",
        "System.Exception: no\n   at Shop.Price.Get(Int32 id) in /src/Price.cs:line 40\n   at System.Threading.Run()",
        &["at Shop.Price.Get(Int32 id) in /src/Price.cs:line <n>"],
    ),
    (
        "goroutine 7 [running]:\nmain.add(0xc000012345)\n\t/app/cart.go:17 +0x1d\nnet/http.serve()\n\t\
         /usr/local/go/src/net/http/server.go:2000 +0x2a",
        "goroutine 9 [running]:\nmain.add(0xc000099999)\n\t/app/cart.go:21 +0x1f\nnet/http.serve()\n\t\
         /usr/local/go/src/net/http/server.go:2000 +0x2a",
        &["/app/cart.go:<n> +<id>"],
    ),
    (
        "   3: shop::cart::add\n             at /app/src/cart.rs:17:5\n   4: tokio::run\n             at \
         /root/.cargo/registry/src/tokio/lib.rs:1:1",
        "   3: shop::cart::add\n             at /app/src/cart.rs:29:5\n   4: tokio::run\n             at \
         /root/.cargo/registry/src/tokio/lib.rs:1:1",
        &["at /app/src/cart.rs:<n>:<n>"],
    ),
    (
        "app/cart.rb:12:in 'add'\n/usr/lib/gems/rack/lib/rack.rb:3:in 'call'\n#0 /app/cart.php(12): add()\n#1 {main}",
        "app/cart.rb:99:in 'add'\n/usr/lib/gems/rack/lib/rack.rb:3:in 'call'\n#0 /app/cart.php(77): add()\n#1 {main}",
        &["app/cart.rb:<n>:in add", "#<n> /app/cart.php(<n>): add()"],
    ),
];

#[test]
fn places_in_own_code_make_the_fingerprint_and_line_numbers_do_not() {
    for (one, other, own) in TRACES {
        let places: Vec<String> = stack::own_places(one).iter().map(|place| place.trim().to_owned()).collect();
        assert_eq!(places, own, "{one}");
        let [one, other] = [one, other].map(|stack_trace| fingerprint("shop", &said("T", "message 1", stack_trace)));
        assert_eq!(one, other);
        // With places the message is of no matter, else it is what counts.
        assert_ne!(one, fingerprint("shop", &said("T", "message 1", "")));
    }
}

#[test]
fn service_type_and_message_tell_errors_apart() {
    let of =
        |service: &str, exception_type: &str, message: &str| fingerprint(service, &said(exception_type, message, ""));
    let one = of("shop", "T", "no user 7");
    assert_eq!(one, of("shop", "T", "no user 8"));
    for other in [of("cart", "T", "no user 7"), of("shop", "U", "no user 7"), of("shop", "T", "no item 7")] {
        assert_ne!(one, other);
    }
    // Libraries alone do not tell where it was.
    let java = |at: &str| fingerprint("shop", &said("T", "no", &format!("\tat java.util.List.{at}(List.java:1)")));
    assert_eq!(java("get"), java("set"));
    // It is kept in notes and tickets: it stays what it is.
    // FNV-1a of "shop\0T\0no user <n>\0", by another program.
    assert_eq!(one.to_string(), "4e5cd293a22d2d89");
    assert_eq!(fingerprint("", &Said::default()).to_string(), "d94d12186c0f2fb7");
}

fn attribute(key: &str, value: &str) -> Attribute {
    Attribute { key: key.into(), value: Value::String(value.into()) }
}

#[test]
fn the_last_exception_says_what_went_wrong_else_the_status_and_attributes() {
    let exception = |exception_type: &str, message: &str| Event {
        name: "exception".into(),
        attributes: vec![attribute("exception.type", exception_type), attribute("exception.message", message)],
        ..Event::default()
    };
    let mut body = SpanBody {
        status_message: "it failed".into(),
        attributes: vec![attribute("error.type", "timeout")],
        events: vec![exception("First", "one"), exception("Last", "two"), Event::default()],
        ..SpanBody::default()
    };
    assert_eq!(Said::of(&body), said("Last", "two", ""));
    body.events = vec![exception("", "")];
    assert_eq!(Said::of(&body), said("timeout", "it failed", ""));
    body.attributes = vec![Attribute { key: "http.response.status_code".into(), value: Value::Int(503) }];
    assert_eq!(Said::of(&body).exception_type, "HTTP 503");
    body.attributes.insert(0, attribute("error.type", "503"));
    assert_eq!(Said::of(&body).exception_type, "HTTP 503");
    body.attributes =
        vec![attribute("error.type", "7"), Attribute { key: "rpc.grpc.status_code".into(), value: Value::Int(7) }];
    assert_eq!(Said::of(&body).exception_type, "gRPC 7");
    body.attributes.truncate(1);
    assert_eq!(Said::of(&body).exception_type, "7");
    assert_eq!(Said::of(&SpanBody::default()), Said::default());
    let long = "é".repeat(9_000);
    let body = SpanBody { events: vec![exception(&long, &long)], ..SpanBody::default() };
    assert!(Said::of(&body).message.len() <= MOST_TEXT);
}

/// An error, in small numbers.
#[derive(Clone, Debug)]
struct Made {
    number: u64,
    start: u64,
    trace: u128,
    service: usize,
    version: usize,
    message: usize,
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let one = (0..200_u64, 1..6_u128, 0..2_usize, 0..3_usize, 0..4_usize);
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let made = |(number, (start, trace, service, version, message))| Made {
            number,
            start,
            trace,
            service,
            version,
            message,
        };
        (0..).zip(all).map(made).collect()
    })
}

fn collected(all: &[Made]) -> Collecting {
    let mut found = Collecting::new((50, 150));
    for made in all {
        let seen = Seen {
            service: ["shop", "cart"][made.service],
            operation: ["add", "take"][(made.number % 2) as usize],
            version: ["", "1", "2"][made.version],
            trace: TraceId(made.trace),
            span: crate::model::SpanId(made.number + 1),
            start_ns: made.start,
        };
        found.add(&seen, said("T", &format!("{} {}", ["no", "bad", "late", "gone"][made.message], made.number), ""));
    }
    found
}

proptest! {
    #[test]
    fn what_is_masked_stays_as_it_is(message in "[ a-zA-Z0-9.:@/_<>*\\-é\n]{0,60}") {
        let masked = mask(&message);
        prop_assert_eq!(mask(&masked), masked);
    }

    #[test]
    fn any_text_can_be_masked(text in any::<String>()) {
        mask(&text);
        prop_assert!(frames(&text).count() <= text.len() + 1);
        Fingerprint::of(&text, &said(&text, &text, &text));
    }

    #[test]
    fn numbers_and_ids_make_no_other_error(numbers in any::<[u32; 2]>(), ids in any::<[u128; 2]>()) {
        let of = |at: usize| {
            let id = ids[at];
            let parts = format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                (id >> 96) as u32,
                (id >> 80) as u16,
                (id >> 64) as u16,
                (id >> 48) as u16,
                id & 0xffff_ffff_ffff
            );
            fingerprint("shop", &said("T", &format!("user {} of order {parts} in {}ms", numbers[at], numbers[at]), ""))
        };
        prop_assert_eq!(of(0), of(1));
    }

    #[test]
    fn neither_order_nor_parts_change_groups(all in made(), at in any::<prop::sample::Index>()) {
        let finish = |found: Collecting| found.finish(|_| Some(("2".to_owned(), true)));
        let (groups, others) = finish(collected(&all));
        prop_assert_eq!(others, 0);
        prop_assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), all.len() as u64);
        let mut turned = all.clone();
        turned.reverse();
        prop_assert_eq!(&finish(collected(&turned)).0, &groups);
        let (one, other) = all.split_at(at.index(all.len() + 1).min(all.len()));
        let mut joined = collected(other);
        joined.merge(collected(one));
        prop_assert_eq!(&finish(joined).0, &groups);
        for group in &groups {
            prop_assert!(group.traces.len() <= MOST_TRACES && !group.traces.is_empty());
            prop_assert!(group.first_seen <= group.last_seen);
            prop_assert_eq!(group.new_in.is_some(), group.versions.len() == 1 && group.versions[0] == ("2".to_owned(), group.count));
        }
    }
}
