//! Stack traces as programs write them: Python, Node.js, Java, .NET, Go, Rust, Ruby and PHP.

use super::message::mask;

/// A line of a stack trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub text: &'a str,
    /// Whether it names a place in the code.
    pub is_place: bool,
    /// Whether that is in a library, as far as its name tells.
    pub is_library: bool,
}

/// Places with one of these are in a library: by folders of packages, and by names of what comes with languages and is widely used.
const LIBRARIES: [&str; 42] = [
    "site-packages/",
    "dist-packages/",
    "lib/python",
    "<frozen ",
    "<string>",
    "node_modules/",
    "node:",
    "(internal/",
    "Promise.all (index",
    " java.",
    "java.base/",
    "java.net.http/",
    " javax.",
    " jakarta.",
    " jdk.",
    " sun.",
    " com.sun.",
    " com.zaxxer.",
    " org.springframework.",
    " org.apache.",
    " org.hibernate.",
    " org.postgresql.",
    " org.eclipse.",
    " io.netty.",
    " io.grpc.",
    " io.opentelemetry.",
    " reactor.",
    " kotlin.",
    " kotlinx.",
    " scala.",
    " System.",
    " Microsoft.",
    " Npgsql.",
    " Grpc.",
    "/usr/local/go/src/",
    "/pkg/mod/",
    "/rustc/",
    "/.cargo/registry/",
    "/gems/",
    "/usr/lib/ruby/",
    "/vendor/",
    "{main}",
];

/// Returns the lines of a stack trace.
pub fn frames(stack_trace: &str) -> impl Iterator<Item = Frame<'_>> {
    stack_trace.lines().map(|text| {
        let is_place = is_place(text.trim());
        Frame { text, is_place, is_library: is_place && LIBRARIES.iter().any(|library| text.contains(library)) }
    })
}

/// Returns whether a line names a place in code.
fn is_place(line: &str) -> bool {
    let is_numbered = |line: &str| line.starts_with('#') && line.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    line.starts_with("at ")
        || line.starts_with("File \"")
        || is_numbered(line)
        || line.contains(".go:")
        || line.contains(":in `")
        || line.contains(":in '")
}

/// How many places make a fingerprint.
const MOST_PLACES: usize = 32;

/// Returns the places of a stack trace that are in the program's own code, without line numbers; of one that comes again and
/// again the first.
pub(super) fn own_places(stack_trace: &str) -> Vec<String> {
    let own = frames(stack_trace).filter(|frame| frame.is_place && !frame.is_library);
    let mut places: Vec<String> = Vec::new();
    for place in own.map(|frame| place(frame.text.trim())) {
        if places.len() < MOST_PLACES && places.last() != Some(&place) {
            places.push(place);
        }
    }
    places
}

/// Returns a place without line numbers and addresses.
fn place(line: &str) -> String {
    // What is quoted is the name of a file or a function here.
    mask(&line.replace(['"', '\'', '`'], " "))
}
