//! A span of time of which a venue says what an account made.

/// A span in milliseconds since 1970 by the venue's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeSpan {
    /// Its beginning, which belongs to it.
    pub since: i64,
    /// Its end, which belongs to it too.
    pub until: i64,
}
