//! What messages of the same error have in common: they differ in ids, numbers, addresses and what is quoted.

/// Stand for what was left out.
const NUMBER: &str = "<n>";
const ID: &str = "<id>";
const EMAIL: &str = "<email>";
const QUOTED: &str = "*";

/// Returns a message without what differs from one time to the next: `*` stands for what is quoted, `<n>` for numbers, `<id>` for
/// UUIDs, hex and other ids, `<email>` for addresses of people. Spaces are single.
pub fn mask(message: &str) -> String {
    let mut masked = String::with_capacity(message.len());
    let mut rest = message.trim();
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        let (taken, as_what) = taken(rest, next, before);
        masked.push_str(as_what.as_deref().unwrap_or(taken));
        before = taken.chars().next_back().unwrap_or(' ');
        rest = rest.get(taken.len()..).unwrap_or_default();
    }
    masked
}

/// Returns what comes next, and what stands for it where that is something else.
fn taken(rest: &str, next: char, before: char) -> (&str, Option<String>) {
    let up_to = |end: usize| rest.get(..end).unwrap_or(rest);
    if next.is_whitespace() {
        return (up_to(rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())), Some(" ".to_owned()));
    }
    if let Some(len) = quoted(rest, next, before) {
        return (up_to(len), Some(format!("{next}{QUOTED}{next}")));
    }
    if !next.is_alphanumeric() {
        return (up_to(next.len_utf8()), None);
    }
    if let Some(len) = uuid(rest) {
        return (up_to(len), Some(ID.to_owned()));
    }
    if let Some(len) = email(rest) {
        return (up_to(len), Some(EMAIL.to_owned()));
    }
    let word = up_to(rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()));
    (word, of_word(word))
}

/// Returns how long a quoted value is with its quotes, where one begins. An apostrophe within a word is none.
fn quoted(rest: &str, quote: char, before: char) -> Option<usize> {
    // What stands for something is as much of a word as that was.
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '<' | '>' | '*');
    if !matches!(quote, '"' | '\'' | '`') || is_of_word(before) {
        return None;
    }
    let inside = rest.get(1..)?;
    let end = inside.find(quote)?;
    let is_closed = !inside.get(end + 1..)?.chars().next().is_some_and(is_of_word);
    is_closed.then_some(end + 2)
}

/// Returns how long the UUID is that begins here.
fn uuid(rest: &str) -> Option<usize> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let bytes = rest.as_bytes();
    let mut at = 0;
    for (number, len) in GROUPS.into_iter().enumerate() {
        if number > 0 {
            (bytes.get(at) == Some(&b'-')).then_some(())?;
            at += 1;
        }
        bytes.get(at..at + len)?.iter().all(u8::is_ascii_hexdigit).then_some(())?;
        at += len;
    }
    (!bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)).then_some(at)
}

/// Returns how long the address of a person is that begins here.
fn email(rest: &str) -> Option<usize> {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '@')));
    let word = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches(['.', '-']);
    let (name, host) = word.split_once('@')?;
    let is_one = !name.is_empty() && host.contains('.') && !host.contains('@') && !host.ends_with('.');
    is_one.then_some(word.len())
}

/// Returns what stands for a word of letters and digits, where something does.
fn of_word(word: &str) -> Option<String> {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let letters_at = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, rest) = word.split_at_checked(letters_at)?;
    let rest_is_letters = !rest.chars().any(|c| c.is_ascii_digit());
    if !number.is_empty() && rest_is_letters && rest.chars().count() <= 3 {
        // With its unit.
        return Some(format!("{NUMBER}{rest}"));
    }
    let is_hex = word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit());
    if !number.is_empty() || is_hex {
        return Some(ID.to_owned());
    }
    // A name that ends with a number, as of a host; few digits belong to the name, as in HTTP2 or utf8.
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered = word.len() - name.len() >= 4 && !name.chars().any(|c| c.is_ascii_digit());
    if is_numbered { Some(format!("{name}{NUMBER}")) } else { (digits >= 4).then(|| ID.to_owned()) }
}
