//! Work on all processors, whose outcome does not depend on how many there are.

use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::mpsc::{channel, sync_channel};
use std::thread::{ScopedJoinHandle, available_parallelism, scope};

/// What `work` makes of each job, in the order of the jobs; each thread takes the next that is left.
pub fn each<J: Send, T: Send>(jobs: Vec<J>, work: impl Fn(J) -> T + Sync) -> Vec<T> {
    let threads = threads().min(jobs.len());
    let left = Mutex::new(jobs.into_iter().enumerate());
    let take = || left.lock().ok().and_then(|mut left| left.next());
    let one = || {
        let mut done = Vec::new();
        while let Some((at, job)) = take() {
            done.push((at, work(job)));
        }
        done
    };
    let mut done: Vec<_> = scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let own = one();
        own.into_iter()
            .chain(others.into_iter().flat_map(joined))
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// Writes the texts that `text` makes of so many blocks, in their order.
///
/// # Errors
/// What `out` raises.
pub fn write_blocks(
    blocks: usize,
    out: &mut dyn Write,
    text: impl Fn(usize, &mut String) + Sync,
) -> io::Result<()> {
    let threads = threads().min(blocks).max(1);
    if threads == 1 {
        let mut made = String::new();
        return (0..blocks).try_for_each(|block| {
            made.clear();
            text(block, &mut made);
            out.write_all(made.as_bytes())
        });
    }
    scope(|scope| {
        // Thread i makes blocks i, i + threads ...; a text that is written is filled again.
        let lanes: Vec<_> = (0..threads)
            .map(|first| {
                let (give, made) = sync_channel::<String>(1);
                let (give_back, written) = channel::<String>();
                let text = &text;
                scope.spawn(move || {
                    for block in (first..blocks).step_by(threads) {
                        let mut own = written.try_recv().unwrap_or_default();
                        own.clear();
                        text(block, &mut own);
                        if give.send(own).is_err() {
                            return;
                        }
                    }
                });
                (made, give_back)
            })
            .collect();
        for block in 0..blocks {
            let (made, give_back) = &lanes[block % threads];
            // A thread that panics sends nothing more; its panic goes on at the end of the scope.
            let Ok(text) = made.recv() else { break };
            out.write_all(text.as_bytes())?;
            // Its last block may have been made already.
            let _ = give_back.send(text);
        }
        Ok(())
    })
}

fn threads() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// What a thread has made; its panic goes on here.
pub fn joined<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let left = self.0.checked_sub(bytes.len());
            self.0 = left.ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_made_stands_in_the_order_of_the_jobs() {
        for jobs in [0, 1, 2, 100] {
            let made = each((0..jobs).collect(), |job| job * 2);
            assert_eq!(made, (0..jobs).map(|job| job * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn blocks_are_written_in_order() {
        for blocks in [0, 1, 2, 3, 100] {
            let mut out = Vec::new();
            write_blocks(blocks, &mut out, |block, text| {
                text.push_str(&format!("{block} "));
            })
            .unwrap();
            let expected: String = (0..blocks).map(|block| format!("{block} ")).collect();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn an_error_of_the_writer_ends_the_work() {
        let done = write_blocks(1_000, &mut Full(40), |_, text| text.push_str("ten bytes."));
        assert_eq!(done.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_of_a_block_goes_on() {
        let _ = write_blocks(10, &mut Vec::new(), |block, _| {
            assert!(block != 3, "block {block}");
        });
    }
}
