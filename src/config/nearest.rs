//! "Did you mean": the known name nearest to a mistyped one.

use super::table::{SETTINGS, Setting};
use crate::model::nearest::nearest;

/// Returns the setting whose key, or else whose name without its section, is nearest to `key`. Case does not count, nor
/// whether words are joined by `.`, `-` or `_`.
pub(super) fn nearest_setting(key: &str) -> Option<&'static Setting> {
    let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
    let by_key = nearest(&joined(key), SETTINGS.iter().map(|setting| (joined(setting.key), setting)));
    by_key.or_else(|| nearest(&joined(name), SETTINGS.iter().map(|setting| (joined(setting.name()), setting))))
}

/// Returns the section nearest to `name`.
pub(super) fn nearest_section(name: &str) -> Option<&'static str> {
    nearest(&joined(name), SETTINGS.iter().map(|setting| (setting.section().into(), setting.section())))
}

fn joined(name: &str) -> String {
    name.to_lowercase().replace(['.', '-'], "_")
}
