//! Keyed random streams, "stream v1".
//!
//! A draw is a pure function of (seed, agent id, purpose, tick, position): no generator state
//! exists, any tick can be drawn without those before it, and no agent shares randomness with
//! another. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011); its 64-bit key is
//! the SipHash-2-4 (Aumasson and Bernstein 2012) of the agent id under the seed, its counter is
//! (tick, position, purpose, block).

/// What a draw is for; part of the counter, so that draws for one thing never move another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// How many transactions arrive in a tick.
    Count = 1,
    /// Who receives a transaction.
    Counterparty = 2,
    /// A transaction's amount.
    Amount = 3,
    /// A transaction's deadline.
    Deadline = 4,
    /// A transaction's priority.
    Priority = 5,
}

/// The streams of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey([u32; 2]);

impl StreamKey {
    /// The key of an agent under a seed.
    pub fn new(seed: u64, agent_id: &str) -> Self {
        let key = siphash_2_4(seed, u64::from_le_bytes(*b"paysim-1"), agent_id.as_bytes());
        Self([key as u32, (key >> 32) as u32])
    }

    /// The stream of draws for one purpose, tick and position.
    #[inline]
    pub fn stream(self, purpose: Purpose, tick: u32, position: u32) -> Stream {
        Stream {
            key: self.0,
            counter: [tick, position, purpose as u32, 0],
            spare: None,
        }
    }
}

/// A short sequence of random words.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    spare: Option<u64>,
}

impl Stream {
    /// Sixty-four random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        if let Some(word) = self.spare.take() {
            return word;
        }
        let [a, b, c, d] = philox4x32_10(self.counter, self.key);
        self.counter[3] = self.counter[3].wrapping_add(1);
        self.spare = Some(u64::from(c) | u64::from(d) << 32);
        u64::from(a) | u64::from(b) << 32
    }

    /// A uniform number strictly between 0 and 1, with 53 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) * (1.0 / (1_u64 << 53) as f64)
    }

    /// A uniform integer below `bound` (at least 1), unbiased (Lemire 2019).
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }
}

/// One block of Philox4x32 with ten rounds.
#[inline]
fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let left = u64::from(counter[0]) * 0xD251_1F53;
        let right = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (right >> 32) as u32 ^ counter[1] ^ key[0],
            right as u32,
            (left >> 32) as u32 ^ counter[3] ^ key[1],
            left as u32,
        ];
        key = [
            key[0].wrapping_add(0x9E37_79B9),
            key[1].wrapping_add(0xBB67_AE85),
        ];
    }
    counter
}

/// SipHash-2-4 of `data` under the key (`k0`, `k1`).
pub(crate) fn siphash_2_4(k0: u64, k1: u64, data: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut chunks = data.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        absorb(&mut v, u64::from_le_bytes(word));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    last[7] = data.len() as u8;
    absorb(&mut v, u64::from_le_bytes(last));
    v[2] ^= 0xff;
    for _ in 0..4 {
        sip_round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn absorb(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

fn sip_round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_its_published_vectors() {
        assert_eq!(
            philox4x32_10([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32_10([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32_10(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn siphash_gives_its_published_vectors() {
        let k0 = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7]);
        let k1 = u64::from_le_bytes([8, 9, 10, 11, 12, 13, 14, 15]);
        let data: Vec<u8> = (0..15).collect();
        assert_eq!(siphash_2_4(k0, k1, &data), 0xa129_ca61_49be_45e5);
        assert_eq!(siphash_2_4(k0, k1, &[]), 0x726f_db47_dd0e_0e31);
    }

    #[test]
    fn neighbouring_keys_agree_in_half_of_their_bits() {
        let mut agreeing = 0;
        let mut total = 0;
        for tick in 0..2_000 {
            let here = StreamKey::new(1, "A")
                .stream(Purpose::Count, tick, 0)
                .bits();
            for other in [
                StreamKey::new(2, "A").stream(Purpose::Count, tick, 0),
                StreamKey::new(1, "B").stream(Purpose::Count, tick, 0),
                StreamKey::new(1, "A").stream(Purpose::Amount, tick, 0),
                StreamKey::new(1, "A").stream(Purpose::Count, tick + 1, 0),
                StreamKey::new(1, "A").stream(Purpose::Count, tick, 1),
            ] {
                agreeing += (here ^ other.clone().bits()).count_zeros();
                total += 64;
            }
        }
        let share = f64::from(agreeing) / f64::from(total);
        assert!((share - 0.5).abs() < 0.003, "{share}");
    }

    #[test]
    fn a_bounded_draw_is_uniform() {
        let mut counts = [0_u32; 3];
        for tick in 0..30_000 {
            counts[StreamKey::new(7, "A")
                .stream(Purpose::Counterparty, tick, 0)
                .below(3) as usize] += 1;
        }
        for count in counts {
            assert!((9_700..10_300).contains(&count), "{counts:?}");
        }
    }
}
