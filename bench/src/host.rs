//! Limits of the machine itself, beside which the servers' figures stand.

use crate::error::{Error, Result};
use crate::message::Ident;
use crate::report::{Errors, Latency, Report};
use crate::server::Server;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(clap::Args, Clone)]
pub struct LoopbackArgs {
    /// Connections at a time
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Bytes each way
    #[arg(long, default_value_t = 32)]
    size: usize,
}

/// TCP round trips on loopback; both ends run on this program's threads.
pub async fn loopback(server: &Server, args: &LoopbackArgs) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let size = args.size;
    let echo = tokio::spawn(async move {
        while let Ok((mut s, _)) = listener.accept().await {
            tokio::spawn(async move {
                s.set_nodelay(true).ok();
                let mut b = vec![0; size];
                while s.read_exact(&mut b).await.is_ok() && s.write_all(&b).await.is_ok() {}
            });
        }
    });
    let mut report = Report::start(server, "loopback");
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let tasks: Vec<_> = (0..args.connections)
        .map(|_| {
            tokio::spawn(async move {
                let mut s = TcpStream::connect(addr).await?;
                s.set_nodelay(true)?;
                let mut b = vec![0; size];
                let mut l = Latency::default();
                let mut n = 0;
                while Instant::now() < end {
                    let begin = Instant::now();
                    s.write_all(&b).await?;
                    s.read_exact(&mut b).await?;
                    l.add(begin.elapsed());
                    n += 1;
                }
                Ok::<_, Error>((n, l))
            })
        })
        .collect();
    let (mut trips, mut latency): (u64, _) = (0, Latency::default());
    for t in tasks {
        let (n, l) = t.await??;
        trips += n;
        latency.merge(&l);
    }
    echo.abort();
    let seconds = report.elapsed();
    report.int("connections", args.connections as u64);
    report.float("round_trips_s", trips as f64 / seconds);
    report.latency("trip", &latency);
    report.finish(&Errors::default());
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Storage {
    /// One file a message: create in tmp, write, fdatasync, rename to new
    Files,
    /// The same, and fsync of the directory after the rename
    FilesDir,
    /// One log: append under a lock, one fdatasync for all who wait
    Log,
    /// The same without any sync
    LogNoSync,
}

#[derive(clap::Args, Clone)]
pub struct DiskArgs {
    /// Folder to work in (made, then removed)
    #[arg(long, default_value = "bench-disk")]
    dir: PathBuf,
    /// How to store a message durably
    #[arg(long, value_enum)]
    storage: Storage,
    /// Threads that store, each waiting for its own message to be durable
    #[arg(long, default_value_t = 1)]
    writers: usize,
    /// Bytes of a message
    #[arg(long, default_value_t = 4096)]
    size: usize,
    /// Seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// How many messages a second this disk makes durable.
pub fn disk(server: &Server, args: &DiskArgs) -> Result<()> {
    fs::create_dir_all(args.dir.join("tmp"))?;
    fs::create_dir_all(args.dir.join("new"))?;
    let log = Arc::new(Log::create(&args.dir.join("log"))?);
    let stop = Instant::now() + Duration::from_secs(args.seconds);
    let next = Arc::new(AtomicU64::new(0));
    let mut report = Report::start(server, "disk");
    let threads: Vec<_> = (0..args.writers)
        .map(|_| {
            let (args, log, next) = (args.clone(), log.clone(), next.clone());
            std::thread::spawn(move || {
                let mut latency = Latency::default();
                while Instant::now() < stop {
                    let seq = next.fetch_add(1, Ordering::Relaxed);
                    let message = Ident {
                        run: 1,
                        seq,
                        size: args.size,
                    }
                    .build();
                    let begin = Instant::now();
                    match args.storage {
                        Storage::Files => store_file(&args.dir, seq, &message, false)?,
                        Storage::FilesDir => store_file(&args.dir, seq, &message, true)?,
                        Storage::Log => log.append(&message, true)?,
                        Storage::LogNoSync => log.append(&message, false)?,
                    }
                    latency.add(begin.elapsed());
                }
                Ok::<_, Error>(latency)
            })
        })
        .collect();
    let mut latency = Latency::default();
    for t in threads {
        latency.merge(&t.join().map_err(|_| Error("writer panicked".into()))??);
    }
    let seconds = report.elapsed();
    let stored = next.load(Ordering::Relaxed);
    let name = clap::ValueEnum::to_possible_value(&args.storage).map(|v| v.get_name().to_string());
    report.text("storage", &name.unwrap_or_default());
    report.int("writers", args.writers as u64);
    report.int("size", args.size as u64);
    report.float("msgs_s", stored as f64 / seconds);
    report.float("mb_s", stored as f64 * args.size as f64 / 1e6 / seconds);
    report.latency("store", &latency);
    report.finish(&Errors::default());
    fs::remove_dir_all(&args.dir)?;
    Ok(())
}

fn store_file(dir: &Path, seq: u64, message: &[u8], sync_dir: bool) -> Result<()> {
    let (tmp, new) = (dir.join(format!("tmp/{seq}")), dir.join(format!("new/{seq}")));
    let mut f = File::create(&tmp)?;
    f.write_all(message)?;
    f.sync_data()?;
    fs::rename(&tmp, &new)?;
    if sync_dir {
        File::open(dir.join("new"))?.sync_all()?;
    }
    Ok(())
}

/// A log with group commit: whoever finds no sync under way does one for all
/// that was written until then.
struct Log {
    file: Mutex<(File, u64)>,
    state: Mutex<Synced>,
    wake: Condvar,
    sync: File,
}

#[derive(Default)]
struct Synced {
    upto: u64,
    busy: bool,
}

impl Log {
    fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let sync = file.try_clone()?;
        Ok(Self {
            file: Mutex::new((file, 0)),
            state: Mutex::default(),
            wake: Condvar::new(),
            sync,
        })
    }

    fn append(&self, message: &[u8], durable: bool) -> Result<()> {
        let mine = {
            let mut f = lock(&self.file);
            f.0.write_all(message)?;
            f.1 += 1;
            f.1
        };
        if !durable {
            return Ok(());
        }
        let mut s = lock(&self.state);
        while s.upto < mine {
            if s.busy {
                s = self.wake.wait(s).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            s.busy = true;
            drop(s);
            let written = lock(&self.file).1;
            let result = self.sync.sync_data();
            s = lock(&self.state);
            s.busy = false;
            self.wake.notify_all();
            result?;
            s.upto = s.upto.max(written);
        }
        Ok(())
    }
}

/// A writer that panicked fails the run when it is joined; the others need not stop here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
