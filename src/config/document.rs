//! A configuration file's text taken apart: which settings it gives, and what in it is no setting, with positions.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::nearest::{nearest_section, nearest_setting};
use super::table::{SETTINGS, Setting};
use super::value::Kind;

/// A setting that the file gives: its value as text, and the bytes where it stands.
pub(super) struct Entry {
    pub(super) setting: &'static Setting,
    pub(super) text: String,
    pub(super) range: Range<usize>,
}

/// A search with a name, and the bytes where its query stands.
pub(super) struct SearchEntry {
    pub(super) name: String,
    pub(super) query: String,
    pub(super) range: Range<usize>,
}

/// Something in the file that is wrong, and the bytes where it stands.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) hint: String,
    pub(super) range: Range<usize>,
}

/// What a file says.
pub(super) struct Document {
    pub(super) entries: Vec<Entry>,
    pub(super) searches: Vec<SearchEntry>,
    pub(super) faults: Vec<Fault>,
    /// The settings that the file may mean to give and that cannot be read.
    pub(super) refused: Vec<&'static str>,
}

/// Reads the settings of a file. Where the text is no TOML only that is told: what a broken line meant is a guess, and
/// so is every complaint that follows from it. A key given twice leaves the rest readable.
pub(super) fn read(text: &str) -> Document {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut document = Document {
        entries: Vec::new(),
        searches: Vec::new(),
        faults: syntax_faults(text, &errors),
        refused: Vec::new(),
    };
    if errors.iter().all(is_duplicate) {
        document.root(root.get_ref());
    } else {
        document.refused.extend(SETTINGS.iter().map(|setting| setting.key));
    }
    document
}

fn is_duplicate(error: &Error) -> bool {
    error.message().starts_with("duplicate key")
}

/// Tells the first error of each line; the others mostly follow from it.
fn syntax_faults(text: &str, errors: &[Error]) -> Vec<Fault> {
    let mut faults: Vec<_> = errors.iter().map(|error| syntax_fault(text, error)).collect();
    faults.sort_by_key(|fault| fault.range.start);
    let mut next_line = 0;
    faults.retain(|fault| {
        let is_first = fault.range.start >= next_line;
        if is_first {
            let rest = text.get(fault.range.start..).unwrap_or_default();
            next_line = rest.find('\n').map_or(usize::MAX, |end| fault.range.start + end + 1);
        }
        is_first
    });
    faults
}

fn syntax_fault(text: &str, error: &Error) -> Fault {
    let range = error.span().unwrap_or(text.len()..text.len());
    if is_duplicate(error) {
        let key = text.get(range.clone()).unwrap_or_default();
        return Fault { message: format!("'{key}' is given twice"), hint: "keep one of the two".into(), range };
    }
    let before = text.get(..range.start).unwrap_or_default().trim_end_matches([' ', '\t']);
    let here = text.get(range.start..).unwrap_or_default();
    let (reason, hint) = match here.chars().next() {
        None | Some('\r' | '\n' | '#') if before.ends_with('=') => ("a value is missing after '='", ""),
        Some(c) if before.ends_with('=') && c.is_alphanumeric() => (error.message(), "text stands in double quotes"),
        _ => (error.message(), ""),
    };
    Fault { message: format!("cannot read this as TOML: {reason}"), hint: hint.into(), range }
}

/// What the array of searches is called.
const SEARCHES: &str = "searches";

impl Document {
    fn fault(&mut self, range: Range<usize>, message: String, hint: String) {
        self.faults.push(Fault { message, hint, range });
    }

    fn root(&mut self, root: &DeTable<'_>) {
        for (spanned, value) in root {
            let name = spanned.get_ref().as_ref();
            if name == SEARCHES {
                self.searches(spanned.span(), value.get_ref());
                continue;
            }
            let known = SETTINGS.iter().any(|setting| setting.section() == name);
            let (message, hint) = match (known, value.get_ref()) {
                (true, DeValue::Table(section)) => {
                    self.section(name, section);
                    continue;
                }
                (true, other) => {
                    (format!("cannot set {name} to {}: it is a section", type_name(other)), names_in(name))
                }
                (false, DeValue::Table(_) | DeValue::Array(_)) => {
                    (format!("unknown section '{name}'"), section_hint(name))
                }
                (false, _) => (format!("unknown setting '{name}'"), setting_hint(name).unwrap_or_else(sections)),
            };
            self.fault(spanned.span(), message, hint);
        }
    }

    fn searches(&mut self, range: Range<usize>, value: &DeValue<'_>) {
        let hint = "[[searches]] with a name and a query, each a string";
        let DeValue::Array(searches) = value else {
            let message = format!("cannot set {SEARCHES} to {}: not an array of tables", type_name(value));
            return self.fault(range, message, hint.into());
        };
        for search in searches {
            match search.get_ref() {
                DeValue::Table(table) => self.search(search.span(), table, hint),
                other => {
                    let message = format!("cannot make {} a search: not a table", type_name(other));
                    self.fault(search.span(), message, hint.into());
                }
            }
        }
    }

    fn search(&mut self, range: Range<usize>, table: &DeTable<'_>, hint: &str) {
        let mut given: [Option<(String, Range<usize>)>; 2] = [None, None];
        for (key, value) in table {
            let place = ["name", "query"].iter().position(|name| *name == key.get_ref().as_ref());
            match (place.and_then(|place| given.get_mut(place)), value.get_ref()) {
                (Some(slot), DeValue::String(text)) => *slot = Some((text.to_string(), value.span())),
                (Some(_), other) => {
                    let message = format!("cannot set {} of a search to {}", key.get_ref(), type_name(other));
                    self.fault(value.span(), message, hint.into());
                    return;
                }
                (None, _) => {
                    self.fault(key.span(), format!("unknown setting '{}' of a search", key.get_ref()), hint.into());
                }
            }
        }
        match given {
            [Some((name, _)), Some((query, range))] if !name.trim().is_empty() => {
                self.searches.push(SearchEntry { name, query, range });
            }
            [name, _] => {
                let missing = if name.is_none_or(|(name, _)| name.trim().is_empty()) { "name" } else { "query" };
                self.fault(range, format!("a search has no {missing}"), hint.into());
            }
        }
    }

    fn section(&mut self, section: &str, values: &DeTable<'_>) {
        for (name, value) in values {
            let key = format!("{section}.{}", name.get_ref());
            if let Some(setting) = Setting::named(&key) {
                self.value(setting, value);
            } else {
                let hint = setting_hint(&key).unwrap_or_else(|| names_in(section));
                self.fault(name.span(), format!("unknown setting '{key}'"), hint);
            }
        }
    }

    fn value(&mut self, setting: &'static Setting, value: &Spanned<DeValue<'_>>) {
        let range = value.span();
        if let Some(text) = as_text(setting.kind, value.get_ref()) {
            self.entries.push(Entry { setting, text, range });
        } else {
            let found = type_name(value.get_ref());
            let hint = wrong_type_hint(setting, value.get_ref());
            let message = format!("cannot set {} to {found}: not {}", setting.key, setting.type_name);
            self.fault(range, message, hint);
            self.refused.push(setting.key);
        }
    }
}

/// Returns a value as a flag would give it, none where it is written as another type.
fn as_text(kind: Kind, value: &DeValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Text | Kind::Size, DeValue::String(text)) => Some(text.to_string()),
        (Kind::Boolean, DeValue::Boolean(value)) => Some(value.to_string()),
        (Kind::Integer | Kind::Size, DeValue::Integer(number)) => {
            let number = i128::from_str_radix(number.as_str(), number.radix());
            Some(
                number
                    .map_or_else(|_| value.as_integer().map_or(String::new(), ToString::to_string), |n| n.to_string()),
            )
        }
        _ => None,
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Right but for the quotes is the commonest wrong type.
fn wrong_type_hint(setting: &Setting, value: &DeValue<'_>) -> String {
    match (setting.kind, value) {
        (Kind::Boolean | Kind::Integer, DeValue::String(_)) => format!("{}, without quotes", setting.accepted()),
        (Kind::Text, DeValue::Integer(_) | DeValue::Boolean(_)) => format!("{}, in quotes", setting.accepted()),
        _ => setting.accepted(),
    }
}

/// Returns a hint at the setting that was likely meant.
pub(super) fn setting_hint(key: &str) -> Option<String> {
    nearest_setting(key).map(|setting| format!("did you mean '{}'?", setting.key))
}

fn section_hint(name: &str) -> String {
    nearest_section(name).map_or_else(sections, |section| format!("did you mean '{section}'?"))
}

/// Returns a hint that lists the sections.
pub(super) fn sections() -> String {
    let mut sections: Vec<_> = SETTINGS.iter().map(Setting::section).collect();
    sections.dedup();
    format!("the sections are {}", sections.join(", "))
}

fn names_in(section: &str) -> String {
    let settings = SETTINGS.iter().filter(|setting| setting.section() == section);
    format!("the settings of {section} are {}", settings.map(Setting::name).collect::<Vec<_>>().join(", "))
}
