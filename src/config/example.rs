//! The example file: every setting with its default, in the users' own format. It is a valid file itself.

use super::settings::Config;
use super::table::{SETTINGS, Setting};

const HEADER: &str = "\
# Every setting of spantop with its default. Written by 'spantop config example'.
#
# A setting is taken from the last of these that gives it:
#   1. what is built in, as below
#   2. one file: the one that --config names, else the one in SPANTOP_CONFIG, else config.toml in ~/.config/spantop (Linux),
#      ~/Library/Application Support/spantop (macOS) or %APPDATA%\\spantop (Windows), if it exists
#   3. environment variables: SPANTOP_STORE_MEMORY=1GiB sets memory in [store], and so on for each setting
#   4. flags, where a setting has one
#
# Sizes are written 512MiB, 64MB or as a number of bytes; durations 90s, 15m, 1h30m, 7d.
";

const SEARCHES: &str = "
# Searches with a name, offered where the search line is empty: one of these for each.
# [[searches]]
# name = \"failed checkouts\"
# query = \"checkout status=error\"
";

/// Returns the text of `config.example.toml`.
pub fn example() -> String {
    let sections = SETTINGS.chunk_by(|a, b| a.section() == b.section());
    std::iter::once(HEADER.into()).chain(sections.map(section)).chain([SEARCHES.into()]).collect()
}

fn section(settings: &[Setting]) -> String {
    let name = settings.first().map_or("", Setting::section);
    let defaults = Config::default();
    let lines = settings.iter().map(|setting| {
        let flag = setting.flag().map_or(String::new(), |flag| format!(" (--{})", flag.long));
        format!("# {}{flag}\n{} = {}\n", setting.doc, setting.name(), setting.toml(&defaults))
    });
    format!("\n[{name}]\n{}", lines.collect::<String>())
}
