//! The queries searched for in earlier runs: a file beside the traces, one query a line, the newest last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::data_dir;
use crate::tui::search::history::MOST_QUERIES;

/// The most that is read of the file: what is before it is older than all that is kept.
const MOST_BYTES: u64 = 4 << 20;

/// Where queries are kept.
pub(super) struct Kept {
    /// None where there is no place for it.
    path: Option<PathBuf>,
}

impl Kept {
    /// Returns the place of this user: whatever traces are shown, it is the same queries.
    pub(super) fn of_user() -> Self {
        Self { path: data_dir::default().map(|directory| directory.join("history")) }
    }

    /// Returns the queries, oldest first. A file that cannot be read is not worth an error: there is none, then.
    pub(super) fn load(&self) -> Vec<String> {
        let Some(path) = &self.path else { return Vec::new() };
        let lines = read(path).unwrap_or_default();
        let queries: Vec<String> = lines.lines().map(unescaped).collect();
        if queries.len() <= MOST_QUERIES * 2 {
            return queries;
        }
        // It only grows at its end; now and then it is written anew without its beginning.
        let newest = queries.get(queries.len() - MOST_QUERIES..).unwrap_or_default().to_vec();
        if let Err(error) = rewrite(path, &newest) {
            tracing::warn!(path = %path.display(), %error, "cannot shorten the history");
        }
        newest
    }

    /// Adds a query.
    pub(super) fn remember(&self, query: &str) {
        let Some(path) = &self.path else { return };
        if let Err(error) = append(path, query) {
            tracing::warn!(path = %path.display(), %error, "cannot keep a query");
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    // What is newest stands at the end.
    let skipped = file.metadata()?.len().saturating_sub(MOST_BYTES);
    file.seek(io::SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if skipped > 0 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    Ok(whole.to_owned())
}

fn append(path: &Path, query: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    // In one write: the lines of two that run at once do not mix.
    private(OpenOptions::new().append(true)).open(path)?.write_all(format!("{}\n", escaped(query)).as_bytes())
}

fn rewrite(path: &Path, queries: &[String]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let lines: String = queries.iter().map(|query| escaped(query) + "\n").collect();
    let mut file = private(OpenOptions::new().write(true).truncate(true)).open(&unfinished)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// Lets a file be made that only its owner can read: queries name customers and the like.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.create(true)
}

fn escaped(query: &str) -> String {
    query.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(line: &str) -> String {
    let mut query = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        query.push(match c {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or(c),
            },
            c => c,
        });
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("spantop-history-{name}-{}", std::process::id()));
        fs::remove_dir_all(&directory).ok();
        directory
    }

    #[test]
    fn what_was_searched_for_is_there_in_the_next_run() {
        let directory = directory("next");
        let kept = Kept { path: Some(directory.join("state/history")) };
        assert!(kept.load().is_empty());
        let queries = ["service=cart", r#"{ name =~ "a\\.b" }"#, "two\nlines\r", "日本"];
        for query in queries {
            kept.remember(query);
        }
        assert_eq!(kept.load(), queries);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(directory.join("state/history")).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn of_a_history_that_is_too_large_the_newest_is_read() {
        let directory = directory("large");
        let kept = Kept { path: Some(directory.join("history")) };
        let long = "a".repeat(64 << 10);
        for number in 0..80 {
            kept.remember(&format!("{number} {long}"));
        }
        kept.remember("the newest");
        let loaded = kept.load();
        assert_eq!(loaded.last().map(String::as_str), Some("the newest"));
        assert!(loaded.len() > 50 && loaded.iter().all(|query| query.contains(' ')), "{}", loaded.len());
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_history_that_grew_too_long_is_shortened() {
        let directory = directory("long");
        let kept = Kept { path: Some(directory.join("history")) };
        (0..=MOST_QUERIES * 2).for_each(|i| kept.remember(&i.to_string()));
        let queries = kept.load();
        assert_eq!((queries.len(), queries.last().unwrap().as_str()), (MOST_QUERIES, "1000"));
        assert_eq!(kept.load(), queries);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn where_there_is_no_place_nothing_is_kept() {
        let kept = Kept { path: None };
        kept.remember("a");
        assert!(kept.load().is_empty());
    }

    #[test]
    fn every_query_is_read_back() {
        for query in ["", "\\", "\\n", "a\nb", "\\\n"] {
            assert_eq!(unescaped(&escaped(query)), query);
        }
    }
}
