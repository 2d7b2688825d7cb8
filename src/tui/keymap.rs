//! Keys as a type of our own, and the map from keys to commands, read from the format users write.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use foldhash::{HashMap, HashMapExt};

use super::command::{Command, Scope, TABLE};

/// The keymap that is built in, in the users' own format.
const DEFAULT: &str = include_str!("../../assets/keymap.toml");

/// A key with its modifiers. Shift is only told where the character does not already say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Insert,
    Delete,
    Function(u8),
}

/// The names between `<` and `>`, and how the bottom line shows them.
const NAMES: [(Code, &str, &str); 16] = [
    (Code::Enter, "Enter", "Enter"),
    (Code::Esc, "Esc", "Esc"),
    (Code::Tab, "Tab", "Tab"),
    (Code::Backspace, "Backspace", "Backspace"),
    (Code::Up, "Up", "Up"),
    (Code::Down, "Down", "Down"),
    (Code::Left, "Left", "Left"),
    (Code::Right, "Right", "Right"),
    (Code::PageUp, "PageUp", "PgUp"),
    (Code::PageDown, "PageDown", "PgDn"),
    (Code::Home, "Home", "Home"),
    (Code::End, "End", "End"),
    (Code::Insert, "Insert", "Ins"),
    (Code::Delete, "Delete", "Del"),
    (Code::Char(' '), "Space", "Space"),
    (Code::Char('<'), "lt", "<"),
];

impl Key {
    /// Returns a key without modifiers.
    pub fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// Returns the character it types, none where it does something else.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// Returns how a person reads it: `^D`, `PgDn`, `s`.
    pub fn label(self) -> String {
        let name = NAMES.iter().find(|(code, ..)| *code == self.code).map(|(_, _, label)| (*label).to_owned());
        let name = match (name, self.code) {
            (Some(name), _) => name,
            (None, Code::Function(n)) => format!("F{n}"),
            (None, Code::Char(c)) if self.ctrl => c.to_uppercase().to_string(),
            (None, Code::Char(c)) => c.to_string(),
            (None, code) => format!("{code:?}"),
        };
        let mark = |on: bool, text: &'static str| if on { text } else { "" };
        format!("{}{}{}{name}", mark(self.ctrl, "^"), mark(self.alt, "Alt-"), mark(self.shift, "Shift-"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (NAMES.iter().find(|(code, ..)| *code == self.code), self.code) {
            (Some((_, name, _)), _) => (*name).to_owned(),
            (None, Code::Function(n)) => format!("F{n}"),
            (None, Code::Char(c)) if !self.ctrl && !self.alt && !self.shift => return write!(f, "{c}"),
            (None, Code::Char(c)) => c.to_string(),
            (None, code) => format!("{code:?}"),
        };
        let mark = |on: bool, text: &'static str| if on { text } else { "" };
        write!(f, "<{}{}{}{name}>", mark(self.ctrl, "C-"), mark(self.alt, "A-"), mark(self.shift, "S-"))
    }
}

impl FromStr for Key {
    type Err = KeymapError;

    fn from_str(text: &str) -> Result<Self, KeymapError> {
        let unknown = || KeymapError::UnknownKey(text.to_owned());
        let Some(mut inner) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).filter(|t| !t.is_empty())
        else {
            return single(text).filter(|c| !c.is_control()).map(|c| Self::plain(Code::Char(c))).ok_or_else(unknown);
        };
        let mut key = Self::plain(Code::Enter);
        while let Some((mark, rest)) = inner.split_once('-').filter(|(_, rest)| !rest.is_empty()) {
            match mark {
                "C" => key.ctrl = true,
                "A" => key.alt = true,
                "S" => key.shift = true,
                _ => return Err(unknown()),
            }
            inner = rest;
        }
        let function = || inner.strip_prefix('F').and_then(|n| n.parse().ok()).map(Code::Function);
        key.code = NAMES
            .iter()
            .find(|(_, name, _)| name.eq_ignore_ascii_case(inner))
            .map(|(code, ..)| *code)
            .or_else(|| single(inner).map(Code::Char))
            .or_else(function)
            .ok_or_else(unknown)?;
        Ok(key)
    }
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// Says what is wrong with a keymap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("'{0}' is not a key: a character, or a name such as <C-d>, <PageDown>, <F1> is expected")]
    UnknownKey(String),
    #[error("there is no command '{command}' in [{scope}]")]
    UnknownCommand { scope: String, command: String },
    #[error("there is no screen [{0}]")]
    UnknownScope(String),
    #[error("key {key} in [{scope}] has two commands: {first} and {second}")]
    Conflict { key: Key, scope: String, first: &'static str, second: &'static str },
    #[error("the keymap cannot be read: {0}")]
    Syntax(String),
}

/// One key or several.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Several(Vec<String>),
}

/// Which key does what, where.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    commands: HashMap<(Scope, Key), Command>,
    keys: HashMap<(Scope, Command), Vec<Key>>,
}

impl Keymap {
    /// Reads a keymap.
    ///
    /// # Errors
    /// For the first thing that is not understood, or two commands on one key of one screen.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let scopes: BTreeMap<String, BTreeMap<String, Keys>> =
            toml::from_str(text).map_err(|error| KeymapError::Syntax(error.to_string()))?;
        let mut keymap = Self { commands: HashMap::new(), keys: HashMap::new() };
        for (scope_name, commands) in scopes {
            let scope = Scope::ALL.iter().find(|(_, name, _)| *name == scope_name);
            let (scope, ..) = *scope.ok_or_else(|| KeymapError::UnknownScope(scope_name.clone()))?;
            for (command, keys) in commands {
                let entry = TABLE.iter().find(|entry| entry.scope == scope && entry.name == command);
                let unknown = || KeymapError::UnknownCommand { scope: scope_name.clone(), command: command.clone() };
                let entry = entry.ok_or_else(unknown)?;
                let keys = match keys {
                    Keys::One(key) => vec![key],
                    Keys::Several(keys) => keys,
                };
                for key in keys {
                    keymap.bind(scope, key.parse()?, entry.command)?;
                }
            }
        }
        Ok(keymap)
    }

    /// Returns the keymap that is built in.
    pub fn built_in() -> Self {
        Self::parse(DEFAULT).expect("assets/keymap.toml is checked by a test")
    }

    fn bind(&mut self, scope: Scope, key: Key, command: Command) -> Result<(), KeymapError> {
        if let Some(first) = self.commands.insert((scope, key), command) {
            let name = |command| TABLE.iter().find(|e| e.scope == scope && e.command == command).map_or("", |e| e.name);
            let (_, scope, _) = Scope::ALL.iter().find(|(s, ..)| *s == scope).copied().unwrap_or(Scope::ALL[0]);
            let (first, second) = (name(first), name(command));
            return Err(KeymapError::Conflict { key, scope: scope.to_owned(), first, second });
        }
        self.keys.entry((scope, command)).or_default().push(key);
        Ok(())
    }

    /// Returns what a key does on a screen.
    pub fn command(&self, scope: Scope, key: Key) -> Option<Command> {
        scope.chain().find_map(|scope| self.commands.get(&(scope, key)).copied())
    }

    /// Returns the keys of a command, the one to show first.
    pub fn keys(&self, scope: Scope, command: Command) -> &[Key] {
        self.keys.get(&(scope, command)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_built_in_keymap_has_a_key_for_every_command() {
        let keymap = Keymap::parse(DEFAULT).unwrap();
        for entry in TABLE {
            assert!(!keymap.keys(entry.scope, entry.command).is_empty(), "{} has no key", entry.name);
        }
    }

    #[test]
    fn keys_are_read_and_printed() {
        for text in ["q", "G", "<C-d>", "<PageDown>", "<S-Left>", "<A-x>", "<lt>", "<Space>", "<F12>", "-", "<C-->"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        for text in ["", "ab", "<>", "<X-d>", "<Nope>", "\u{1b}"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
        assert_eq!("<C-d>".parse::<Key>().unwrap().label(), "^D");
    }

    #[test]
    fn mistakes_are_told() {
        let error = |text| Keymap::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("[traces]\npause = \"x\"\nsort-next = [\"x\"]"),
            "key x in [traces] has two commands: pause and sort-next"
        );
        assert_eq!(error("[traces]\nfly = \"x\""), "there is no command 'fly' in [traces]");
        assert_eq!(error("[moon]\nfly = \"x\""), "there is no screen [moon]");
        assert!(error("[traces]\npause = \"<Zz>\"").starts_with("'<Zz>' is not a key"));
    }

    #[test]
    fn a_key_of_the_screen_goes_before_one_of_everywhere() {
        let keymap = Keymap::parse("[trace]\nfold = \"q\"\n[everywhere]\nquit = \"q\"").unwrap();
        let key = "q".parse().unwrap();
        assert_eq!(keymap.command(Scope::Trace, key), Some(Command::Fold));
        assert_eq!(keymap.command(Scope::Traces, key), Some(Command::Quit));
    }

    proptest! {
        #[test]
        fn printing_and_reading_a_key_gives_the_same(c: char, ctrl: bool, alt: bool, n in 1_u8..25, named: bool) {
            prop_assume!(!c.is_control());
            let code = if named { Code::Function(n) } else { Code::Char(c) };
            let key = Key { code, ctrl, alt, shift: named };
            prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
        }
    }
}
