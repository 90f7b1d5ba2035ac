//! Work that must not be done inside a transaction: calls over the network,
//! slow computation such as an RSA key pair.
//!
//! An operation that needs such work asks for it by
//! [`Context::ahead`](crate::context::Context::ahead), wherever it finds that
//! it does: after it was validated and authorized. If the work is not done yet,
//! the attempt ends as if another transaction had come between; the pipeline
//! does the work with no transaction open and starts again, and this time
//! the result is there. So nobody has work done who may not ask for it, and
//! what was decided before the work is decided again after it.

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc};

use strongroom_store::StoreError;

type Done = Arc<dyn Any + Send + Sync>;
type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// What has been done ahead of an attempt, and what the attempt asks for.
#[derive(Default)]
pub(crate) struct Ahead {
    done: Vec<(String, Done)>,
    /// Whether an operation that reads has found that it must write.
    writes: bool,
    asked: Option<(String, Work)>,
}

impl Ahead {
    /// The result of the work called `name`; or an end to the attempt, after
    /// which it will be done. The name holds all that the work depends on, so
    /// that other work is done if that changes between attempts.
    pub(crate) fn result<T, F>(
        &mut self,
        name: String,
        work: impl FnOnce() -> F,
    ) -> Result<Arc<T>, StoreError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let done = self.done.iter().find(|(known, _)| *known == name);
        if let Some(result) = done.and_then(|(_, done)| Arc::clone(done).downcast().ok()) {
            return Ok(result);
        }
        let work = work();
        let work: Work = Box::pin(async move { Arc::new(work.await) as Done });
        self.asked = Some((name, work));
        Err(StoreError::Conflict)
    }

    /// Has the next attempt open a transaction that writes, though the
    /// operation as such only reads.
    pub(crate) fn write(&mut self) -> StoreError {
        self.writes = true;
        StoreError::Conflict
    }

    /// Whether that was asked for.
    pub(crate) fn writes(&self) -> bool {
        self.writes
    }

    /// Does what the last attempt asked for.
    pub(crate) async fn work(&mut self) {
        if let Some((name, work)) = self.asked.take() {
            let done = work.await;
            self.done.push((name, done));
        }
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.done.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_once_between_attempts() {
        let mut ahead = Ahead::default();
        let first = ahead.result("a".to_owned(), || async { 1_u8 });
        assert!(matches!(first, Err(StoreError::Conflict)));
        ahead.work().await;
        let again = ahead.result("a".to_owned(), || async { 2_u8 });
        assert_eq!(*again.unwrap(), 1);
        assert!(ahead.result("b".to_owned(), || async { 3_u8 }).is_err());
        ahead.work().await;
        assert_eq!(*ahead.result("b".to_owned(), || async { 4_u8 }).unwrap(), 3);
        // Nothing asked, nothing done.
        ahead.work().await;
        assert_eq!(format!("{ahead:?}"), r#"["a", "b"]"#);
    }
}
