//! Keeps all processors of the machine busy with nothing, behind everything else. Delays grow on a busy machine whatever made it
//! busy: without this phase, the attack would be blamed for what any other program does too.

use std::hint::spin_loop;
use std::thread;

use rustix::process::nice;
use serde_json::json;

/// The lowest priority.
const NICENESS: i32 = 19;

/// Go on until killed.
pub(crate) fn run() -> anyhow::Result<()> {
    let processors = thread::available_parallelism()?.get();
    nice(NICENESS)?;
    println!("{}", json!({ "processors": processors }));
    // Threads inherit the priority.
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    spin_loop();
                }
            });
        }
    });
    Ok(())
}
