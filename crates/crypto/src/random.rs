use std::cell::RefCell;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::Uuid;

/// Where chance comes from. Handed in like the clock, so that tests can make
/// it repeatable.
pub trait Random: Send + Sync {
    /// Fills `bytes` with uniform random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// Random bytes for an identifier, not for a key: they may have been drawn
    /// some time before.
    fn id(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }
}

/// The library's deterministic random bit generator, seeded by the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "AWS-LC's generator aborts rather than fail; going on without chance would be worse"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("the system's random number generator answers");
    }

    /// From a stock of the thread's own: one large draw costs about as much as
    /// one small one.
    fn id(&self) -> [u8; 16] {
        STOCK.with_borrow_mut(|(stock, left)| {
            if *left == 0 {
                self.fill(stock.as_flattened_mut());
                *left = stock.len();
            }
            *left -= 1;
            // INVARIANT: `left` is below the number of entries here.
            stock.get(*left).copied().unwrap_or_default()
        })
    }
}

thread_local! {
    static STOCK: RefCell<([[u8; 16]; 64], usize)> = const { RefCell::new(([[0; 16]; 64], 0)) };
}

impl dyn Random + '_ {
    /// A fresh 256-bit key.
    #[must_use]
    pub fn key(&self) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.fill(key.as_mut());
        key
    }

    /// A number below `bound`, without modulo bias. `bound` zero gives zero.
    #[must_use]
    pub fn below(&self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        // Lemire's method: of 2³² products the lowest `2³² mod bound` are
        // thrown away, which leaves equally many for each result.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let product = u64::from(u32::from_le_bytes(bytes)) * u64::from(bound);
            let (high, low) = ((product >> 32) as u32, product as u32);
            if low >= threshold {
                return high;
            }
        }
    }

    /// A random (version 4) UUID.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        Uuid::of(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_below_and_reaches_every_value() {
        let random: &dyn Random = &SystemRandom;
        let mut seen = [false; 7];
        for _ in 0..1_000 {
            seen[random.below(7) as usize] = true;
        }
        assert!(seen.iter().all(|seen| *seen));
        assert_eq!(random.below(1), 0);
    }
}
