//! Which node writes.

use std::sync::Arc;

/// The name of the node that writes a record. A record that another node wrote last
/// is gone on with under new numbers, so that no number is given twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeName(Arc<str>);

impl NodeName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for NodeName {
    fn from(name: &str) -> NodeName {
        NodeName(name.into())
    }
}

/// The name of a node that has none: there is but this one.
impl Default for NodeName {
    fn default() -> NodeName {
        NodeName::from("local")
    }
}
