use std::fmt;

use super::ast::{Field, Item};

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of_parent {
            f.write_str("parent.")?;
        }
        match &self.item {
            Item::Intrinsic(intrinsic) => f.write_str(intrinsic.info().name),
            Item::Attribute(scope, key) => write!(f, "{}{key}", scope.info().prefix),
        }
    }
}
