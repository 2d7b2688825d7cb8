//! Paths of the API with their parameters.

use std::fmt::Write;

/// A path that grows by parameters.
#[derive(Clone, Debug)]
pub(super) struct Url {
    text: String,
    has_parameters: bool,
}

impl Url {
    pub(super) fn new(path: &str) -> Self {
        Self { text: path.to_owned(), has_parameters: false }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_parameters { '&' } else { '?' });
        self.has_parameters = true;
        self.text.push_str(name);
        self.text.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => self.text.push(byte.into()),
                // Writing to a String does not fail.
                _ => write!(self.text, "%{byte:02X}").unwrap_or_default(),
            }
        }
        self
    }

    pub(super) fn with_some(self, name: &str, value: Option<&String>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_no_letter_or_digit_is_written_by_its_number() {
        let url = Url::new("/x").with("q", "{ .a = \"ü+&\" }").with_some("n", None).with("limit", "5");
        assert_eq!(url.finish(), "/x?q=%7B%20.a%20%3D%20%22%C3%BC%2B%26%22%20%7D&limit=5");
    }
}
