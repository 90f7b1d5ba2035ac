use std::cell::Cell;

/// Steps that the analysis of one policy may take, each about one state of two
/// globs that are compared, or one piece of a pattern that is copied. A
/// thousand times what policies need that people write, and some ten
/// milliseconds: who may write a policy could otherwise have the server think
/// for minutes, since denials multiply.
const STEPS: u64 = 1_000_000;

/// What is left of the steps. Once they are spent no answer below means
/// anything, each comes at once, and the statement at hand is called broad.
pub(crate) struct Work(Cell<u64>);

impl Work {
    pub(super) fn new() -> Self {
        Self(Cell::new(STEPS))
    }

    /// Takes steps; whether there were as many.
    pub(super) fn take(&self, steps: usize) -> bool {
        let left = self.0.get().checked_sub(steps as u64);
        self.0.set(left.unwrap_or_default());
        left.is_some_and(|left| left > 0)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
