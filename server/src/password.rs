//! Hashes and checks passwords with argon2 at the cost it recommends: tens of milliseconds and 19 MiB for each. Each job has a thread
//! of low priority, so that sign-ins do not delay the races on a machine with few processors.

use std::sync::Arc;
use std::thread;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Version};
use parking_lot::Mutex;

use rules::{PasswordAnswer, PasswordHash, PasswordJob};
use tokio::sync::oneshot;

/// How far a job stands back for other threads, as `nice` counts: it gets a tenth of a busy processor, and all of an idle one.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Does password jobs. It keeps the memory of a job for the next one. argon2's own `PasswordHasher` allocates it again each
/// time, on the thread of the job. The allocator then held 642 MiB after a hundred sign-ins.
#[derive(Default)]
pub(crate) struct Hasher {
    /// Memory that no job uses now. It never exceeds the number of jobs at once, which the caller bounds.
    free: Mutex<Vec<Vec<Block>>>,
}

impl Hasher {
    /// Do one job on a thread of its own.
    pub(crate) async fn work(self: Arc<Self>, job: PasswordJob) -> PasswordAnswer {
        let work = move || self.answer(&job);
        on_a_thread("password", work)
            .await
            .unwrap_or(PasswordAnswer::Failed)
    }

    fn answer(&self, job: &PasswordJob) -> PasswordAnswer {
        let answer = match job {
            PasswordJob::Hash(password) => self
                .hash(password.reveal().as_bytes())
                .map(|hash| PasswordAnswer::Hashed(PasswordHash::new(hash))),
            PasswordJob::Verify(password, hash) => self
                .verify(password.reveal().as_bytes(), hash.reveal())
                .map(PasswordAnswer::Verified),
        };
        answer.unwrap_or(PasswordAnswer::Failed)
    }

    /// Hash a password with a new salt.
    pub(crate) fn hash(&self, password: &[u8]) -> Option<String> {
        let salt = Salt::generate();
        let hash = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(Argon2::default().params()).ok()?,
            hash: Some(self.output(password, &salt)?),
            salt: Some(salt),
        };
        Some(hash.to_string())
    }

    /// Check a password against a hash. `None` if the text is not a hash.
    pub(crate) fn verify(&self, password: &[u8], hash: &str) -> Option<bool> {
        let hash = Phc::new(hash).ok()?;
        // Compared in constant time.
        Some(self.output(password, &hash.salt?)? == hash.hash?)
    }

    fn output(&self, password: &[u8], salt: &Salt) -> Option<Output> {
        let argon2 = Argon2::default();
        let kept = self.free.lock().pop();
        let blocks = argon2.params().block_count();
        let mut memory = kept.unwrap_or_else(|| vec![Block::default(); blocks]);
        let mut output = [0; argon2::Params::DEFAULT_OUTPUT_LEN];
        let hashed =
            argon2.hash_password_into_with_memory(password, salt, &mut output, &mut memory);
        self.free.lock().push(memory);
        hashed.ok()?;
        Output::new(&output).ok()
    }
}

/// Do some work on a thread of its own that stands back. `None` if the system gives no thread.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = oneshot::channel();
    let work = move || {
        stand_back();
        // Nobody waits any more when the server stops.
        let _stopping = done.send(work());
    };
    let _none = thread::Builder::new().name(name.to_owned()).spawn(work);
    result.await.ok()
}

/// Lower the priority of this thread.
fn stand_back() {
    // Linux counts it for each thread, other systems for the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!("password threads keep their priority: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::Password;

    #[test]
    fn only_the_right_password_matches_its_hash() {
        let hasher = Hasher::default();
        let PasswordAnswer::Hashed(hash) =
            hasher.answer(&PasswordJob::Hash(Password::new("right")))
        else {
            panic!("not hashed");
        };
        assert!(hash.reveal().starts_with("$argon2id$") && !hash.reveal().contains("right"));
        let verify =
            |password| hasher.answer(&PasswordJob::Verify(Password::new(password), hash.clone()));
        assert_eq!(verify("right"), PasswordAnswer::Verified(true));
        assert_eq!(verify("wrong"), PasswordAnswer::Verified(false));
        let PasswordAnswer::Hashed(again) =
            hasher.answer(&PasswordJob::Hash(Password::new("right")))
        else {
            panic!("not hashed");
        };
        assert_ne!(again, hash, "each hash has a salt of its own");
        assert_eq!(
            hasher.free.lock().len(),
            1,
            "one job at a time needs one memory"
        );
    }

    #[test]
    fn a_hash_of_the_library_itself_is_recognised() {
        use argon2::PasswordHasher as _;
        let theirs = Argon2::default().hash_password(b"right").unwrap();
        let hash = PasswordHash::new(theirs.to_string());
        let job = PasswordJob::Verify(Password::new("right"), hash);
        assert_eq!(
            Hasher::default().answer(&job),
            PasswordAnswer::Verified(true)
        );
    }

    #[tokio::test]
    async fn a_job_has_an_answer() {
        let hasher = Arc::new(Hasher::default());
        let job = PasswordJob::Hash(Password::new("right"));
        assert!(matches!(hasher.work(job).await, PasswordAnswer::Hashed(_)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_thread_that_hashes_stands_back() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let theirs = thread::spawn(move || {
            stand_back();
            niceness()
        });
        assert_eq!(theirs.join().unwrap(), (before + NICENESS).min(19));
        assert_eq!(niceness(), before);
    }
}
