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

fn joined<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| resume_unwind(panic))
}
