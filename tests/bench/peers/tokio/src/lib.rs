// tests/bench/peers/tokio/src/lib.rs - tokio's channels doing the bench's work, called from C++.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::sync::{broadcast, mpsc, oneshot};

const CAPACITY: usize = 1024;
const BATCH: u64 = 256;

/// Nanoseconds of one operation, and the sum of all words that arrived.
#[repr(C)]
pub struct Outcome {
    ns: f64,
    publish_ns: f64,
    sum: u64,
}

type Small = [u64; 2];
type Large = Box<[u64; 512]>;

fn small(seq: u64) -> Small {
    [seq, seq.wrapping_add(1)]
}

fn sum_of(words: &[u64]) -> u64 {
    words.iter().fold(0, |sum, word| sum.wrapping_add(*word))
}

fn outcome(begin: Instant, count: u64, sum: u64) -> Outcome {
    let ns = begin.elapsed().as_nanos() as f64 / count as f64;
    Outcome { ns, publish_ns: ns, sum }
}

#[no_mangle]
pub extern "C" fn bench_tokio_one_thread(count: u64) -> Outcome {
    let (sender, mut receiver) = mpsc::channel::<Small>(CAPACITY);
    let mut sum = 0u64;
    let begin = Instant::now();
    let mut sent = 0;
    while sent < count {
        let now = BATCH.min(count - sent);
        for i in 0..now {
            sender.try_send(small(sent + i)).expect("room");
        }
        for _ in 0..now {
            sum = sum.wrapping_add(sum_of(&receiver.try_recv().expect("a message")));
        }
        sent += now;
    }
    outcome(begin, count, sum)
}

/// `producers` tasks and a consuming one on two workers.
fn across<M, F>(each: u64, producers: u64, make: F, words: fn(&M) -> &[u64]) -> Outcome
where
    M: Send + 'static,
    F: Fn(u64) -> M + Copy + Send + 'static,
{
    let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let (sender, mut receiver) = mpsc::channel::<M>(CAPACITY);
    let begin = Instant::now();
    for _ in 0..producers {
        let sender = sender.clone();
        runtime.spawn(async move {
            for seq in 0..each {
                if sender.send(make(seq)).await.is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    let consumer = runtime.spawn(async move {
        let mut sum = 0u64;
        while let Some(message) = receiver.recv().await {
            sum = sum.wrapping_add(sum_of(words(&message)));
        }
        sum
    });
    let sum = runtime.block_on(consumer).expect("the consumer's sum");
    outcome(begin, each * producers, sum)
}

#[no_mangle]
pub extern "C" fn bench_tokio_across(each: u64, producers: u64) -> Outcome {
    across(each, producers, small, |message: &Small| &message[..])
}

#[no_mangle]
pub extern "C" fn bench_tokio_across_large(each: u64) -> Outcome {
    let make = |seq: u64| -> Large { Box::new(std::array::from_fn(|i| seq.wrapping_add(i as u64))) };
    across(each, 1, make, |message: &Large| &message[..])
}

/// One thread: publish a batch, then each subscriber takes it.
#[no_mangle]
pub extern "C" fn bench_tokio_broadcast(count: u64, subscribers: u64) -> Outcome {
    let (sender, first) = broadcast::channel::<Small>(CAPACITY);
    let mut receivers: Vec<_> = (0..subscribers).map(|_| sender.subscribe()).collect();
    drop(first);
    let mut sum = 0u64;
    let mut publishing = 0u128;
    let begin = Instant::now();
    let mut sent = 0;
    while sent < count {
        let now = BATCH.min(count - sent);
        let before = Instant::now();
        for i in 0..now {
            let _ = black_box(sender.send(small(sent + i)));
        }
        publishing += before.elapsed().as_nanos();
        for receiver in &mut receivers {
            for _ in 0..now {
                sum = sum.wrapping_add(sum_of(&receiver.try_recv().expect("a message")));
            }
        }
        sent += now;
    }
    let mut result = outcome(begin, count, sum);
    result.publish_ns = publishing as f64 / count as f64;
    result
}

/// Spins; where the other thread has no processor, it gives way.
struct Patience(u32);

impl Patience {
    fn wait(&mut self) {
        self.0 += 1;
        if self.0 % 256 == 0 {
            std::thread::yield_now();
        } else {
            spin_loop();
        }
    }
}

/// mpsc there, oneshot back, between two threads that spin: neither ever sleeps.
#[no_mangle]
pub extern "C" fn bench_tokio_request(count: u64) -> Outcome {
    let (sender, mut receiver) = mpsc::channel::<(Small, oneshot::Sender<Small>)>(CAPACITY);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let server = std::thread::spawn(move || {
        let mut patience = Patience(0);
        while !stopped.load(Ordering::Relaxed) {
            match receiver.try_recv() {
                Ok((request, reply)) => drop(reply.send([request[0] + 1, request[1] + 1])),
                Err(_) => patience.wait(),
            }
        }
    });
    let mut patience = Patience(0);
    let mut sum = 0u64;
    let begin = Instant::now();
    for seq in 0..count {
        let (reply, mut answer) = oneshot::channel();
        assert!(sender.try_send((small(seq), reply)).is_ok());
        sum = sum.wrapping_add(loop {
            match answer.try_recv() {
                Ok(words) => break sum_of(&words),
                Err(_) => patience.wait(),
            }
        });
    }
    let result = outcome(begin, count, sum);
    stop.store(true, Ordering::Relaxed);
    server.join().expect("the server");
    result
}
