//! Waking those who wait for the log, from within their runtime.
//!
//! A wake from a thread that is none of the runtime's has tokio rouse a worker
//! to look for work, and that one, when it finds some, another to look further.
//! That is as it should be for many. For a client alone both workers get up
//! after each sync, and one of them for nothing. So for one who waits the log's
//! thread rings a bell which the runtime watches as it watches its sockets, and
//! a task that hears it does the waking.

use std::{
    io::{self, PipeWriter, Write as _},
    mem,
    os::fd::OwnedFd,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

/// Rung by the thread that writes the log.
#[derive(Debug, Default)]
pub(super) struct Bell(Mutex<Option<Listener>>);

/// Somebody who hears the bell, and what they are to do then.
#[derive(Debug)]
struct Listener {
    /// Takes a byte when there are the first to be woken, so that it never is full
    /// and the log's thread never waits for its listener.
    rope: PipeWriter,
    wakers: Vec<Waker>,
}

impl Bell {
    /// Has these woken: one by the listener if there is one, several here.
    pub(super) fn ring(&self, mut wakers: Vec<Waker>) {
        if wakers.len() == 1
            && let Some(listener) = self.lock().as_mut()
        {
            listener.wakers.append(&mut wakers);
            if listener.wakers.len() > 1 || listener.rope.write_all(&[0]).is_ok() {
                return;
            }
            wakers = mem::take(&mut listener.wakers);
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Listens until it is dropped, on the runtime that polls it.
    ///
    /// # Errors
    /// When the system has no pipe to give, or somebody listens already.
    pub(super) async fn listen(&self) -> io::Result<()> {
        let (heard, rope) = io::pipe()?;
        let mut heard = Receiver::from_owned_fd(OwnedFd::from(heard))?;
        let _listening = self.hang(rope)?;
        // Read before the wakers are taken: who comes after them rings again. Into
        // more room than it needs: tokio then knows that nothing is left.
        while heard.read(&mut [0; 8]).await? > 0 {
            self.answer();
        }
        Ok(())
    }

    fn hang(&self, rope: PipeWriter) -> io::Result<Listening<'_>> {
        let mut listener = self.lock();
        if listener.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let wakers = Vec::new();
        *listener = Some(Listener { rope, wakers });
        Ok(Listening(self))
    }

    /// Wakes all that were rung for.
    fn answer(&self) {
        let wakers = self
            .lock()
            .as_mut()
            .map(|listener| mem::take(&mut listener.wakers));
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That somebody listens. Who was rung for when they end is woken then.
struct Listening<'b>(&'b Bell);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let listener = self.0.lock().take();
        let wakers = listener.map(|listener| listener.wakers);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Wake, thread, time::Duration};

    use tokio::sync::Semaphore;

    use super::*;

    struct Woken(Semaphore);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.add_permits(1);
        }
    }

    fn woken() -> (Arc<Woken>, Waker) {
        let woken = Arc::new(Woken(Semaphore::new(0)));
        (Arc::clone(&woken), Waker::from(woken))
    }

    #[test]
    fn without_a_listener_the_ringer_wakes() {
        let (woken, waker) = woken();
        Bell::default().ring(vec![waker.clone()]);
        Bell::default().ring(vec![waker.clone(), waker]);
        assert_eq!(woken.0.available_permits(), 3);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everyone_is_woken_however_often_it_rings_and_when_the_listener_ends() {
        let bell = Arc::new(Bell::default());
        let listener = Arc::clone(&bell);
        let mut listening = tokio::spawn(async move { listener.listen().await });
        let (woken, waker) = woken();
        for round in 0..2_000_u32 {
            let (ringer, waker) = (Arc::clone(&bell), waker.clone());
            let ringing = thread::spawn(move || {
                ringer.ring(vec![waker.clone()]);
                ringer.ring(vec![waker]);
            });
            if round % 50 == 0 {
                listening.abort();
                let _ = listening.await;
                let listener = Arc::clone(&bell);
                listening = tokio::spawn(async move { listener.listen().await });
            }
            let both = tokio::time::timeout(Duration::from_secs(20), woken.0.acquire_many(2));
            both.await.expect("somebody sleeps on").unwrap().forget();
            ringing.join().unwrap();
        }
    }
}
