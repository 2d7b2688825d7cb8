//! The queries of before, oldest first, and those that were saved under a name.

/// Most queries that are kept.
pub const MOST_QUERIES: usize = 500;

/// A query with a name, from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    pub name: String,
    pub query: String,
}

/// What can be searched for again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub saved: Vec<Saved>,
    /// Oldest first, each once.
    queries: Vec<String>,
}

impl History {
    /// Returns a history of these, oldest first; the newest of those that are the same counts.
    pub fn new(saved: Vec<Saved>, queries: impl IntoIterator<Item = String>) -> Self {
        let mut history = Self { saved, queries: Vec::new() };
        for query in queries {
            history.push(query);
        }
        history
    }

    /// Takes in a query that was searched for; returns whether it is not the newest already.
    pub fn push(&mut self, query: String) -> bool {
        if query.trim().is_empty() || self.queries.last() == Some(&query) {
            return false;
        }
        self.queries.retain(|known| *known != query);
        self.queries.push(query);
        let too_many = self.queries.len().saturating_sub(MOST_QUERIES);
        self.queries.drain(..too_many);
        true
    }

    /// Returns the query searched for `back` queries ago: 0 is the newest.
    pub fn ago(&self, back: usize) -> Option<&str> {
        self.queries.iter().rev().nth(back).map(String::as_str)
    }

    /// Returns the queries, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().rev().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_kept_once_at_its_newest_place() {
        let mut history = History::new(Vec::new(), ["a", "b", "a", " "].map(str::to_owned));
        assert_eq!(history.newest().collect::<Vec<_>>(), ["a", "b"]);
        assert!(history.push("b".into()));
        assert!(!history.push("b".into()));
        assert_eq!((history.ago(0), history.ago(1), history.ago(2)), (Some("b"), Some("a"), None));
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many() {
        let history = History::new(Vec::new(), (0..MOST_QUERIES + 3).map(|i| i.to_string()));
        assert_eq!(history.newest().count(), MOST_QUERIES);
        assert_eq!(history.ago(MOST_QUERIES - 1), Some("3"));
    }
}
