//! Processes that are killed, frozen and started again.

use std::fs;

use anyhow::{Context, Result};
use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process},
};
use tokio::{
    process::{Child, Command},
    sync::Mutex,
};

/// Sends a signal to processes, in order; those that have ended meanwhile are passed over.
///
/// # Errors
/// When one of them may not be signalled.
pub(crate) fn signal(pids: &[u32], signal: Signal) -> Result<()> {
    for pid in pids {
        let known = i32::try_from(*pid).ok().and_then(Pid::from_raw).with_context(|| format!("{pid} is no process"))?;
        match kill_process(known, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("signalling {pid}")),
        }
    }
    Ok(())
}

/// The processes that `parent` has started.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// A process and those it has started.
fn family(pid: u32) -> Vec<u32> {
    std::iter::once(pid).chain(children(pid)).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything; state and parent follow it.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// A process that is killed, frozen and started again.
#[derive(Default)]
pub(crate) struct Process {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Down,
    /// Somebody else has started it.
    Found(u32),
    Ours(Child),
}

impl State {
    fn pid(&self) -> Option<u32> {
        match self {
            Self::Down => None,
            Self::Found(pid) => Some(*pid),
            Self::Ours(child) => child.id(),
        }
    }
}

impl Process {
    /// One that somebody else has started.
    pub(crate) fn found(pid: u32) -> Self {
        Self { state: Mutex::new(State::Found(pid)) }
    }

    /// Starts it with a program that stays in the foreground.
    pub(crate) async fn start(&self, mut program: Command) -> Result<()> {
        *self.state.lock().await = State::Ours(program.spawn()?);
        Ok(())
    }

    /// Kills it (SIGKILL), with the processes that it has started.
    pub(crate) async fn kill(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        let Some(pid) = state.pid() else { return Ok(()) };
        // Stopped first: it starts no more children while they are looked for. Killed last: they would see it go, and go in order.
        signal(&[pid], Signal::STOP)?;
        signal(&children(pid), Signal::KILL)?;
        signal(&[pid], Signal::KILL)?;
        if let State::Ours(child) = &mut *state {
            child.wait().await?;
        }
        *state = State::Down;
        Ok(())
    }

    /// Freezes it (SIGSTOP): connections stay open and nobody answers.
    pub(crate) async fn freeze(&self) -> Result<()> {
        let Some(pid) = self.state.lock().await.pid() else { return Ok(()) };
        signal(&[pid], Signal::STOP)?;
        signal(&family(pid), Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) async fn thaw(&self) -> Result<()> {
        let Some(pid) = self.state.lock().await.pid() else { return Ok(()) };
        signal(&family(pid), Signal::CONT)
    }

    /// Asks it to end (SIGTERM), and says how it did, if it is ours.
    pub(crate) async fn end(&self) -> Result<Option<std::process::ExitStatus>> {
        let mut state = self.state.lock().await;
        let State::Ours(child) = &mut *state else { return Ok(None) };
        signal(&child.id().into_iter().collect::<Vec<_>>(), Signal::TERM)?;
        let status = child.wait().await?;
        *state = State::Down;
        Ok(Some(status))
    }

    /// How it ended by itself, if it did.
    pub(crate) async fn ended(&self) -> Option<std::process::ExitStatus> {
        match &mut *self.state.lock().await {
            State::Ours(child) => child.try_wait().ok().flatten(),
            _ => None,
        }
    }
}

impl Drop for Process {
    /// What is left frozen could not be ended in order.
    fn drop(&mut self) {
        if let Some(pid) = self.state.get_mut().pid() {
            let _ = signal(&family(pid), Signal::CONT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_is_frozen_thawed_and_killed_with_its_children() -> Result<()> {
        let process = Process::default();
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & wait"]);
        process.start(shell).await?;
        let pid = process.state.lock().await.pid().context("it runs")?;
        let child = crate::eventually("the shell has a child", || async { Ok(children(pid).first().copied()) }).await?;

        process.freeze().await?;
        crate::eventually("both are frozen", || async { Ok((frozen(pid) && frozen(child)).then_some(())) }).await?;
        process.thaw().await?;
        crate::eventually("both go on", || async { Ok((!frozen(pid) && !frozen(child)).then_some(())) }).await?;
        process.kill().await?;
        crate::eventually("the child is gone too", || async { Ok((parent_of(child) != Some(pid)).then_some(())) })
            .await?;
        assert!(process.ended().await.is_none(), "what was killed did not end by itself");

        process.start(Command::new("true")).await?;
        crate::eventually("it ends by itself", || async { Ok(process.ended().await) }).await?;
        Ok(())
    }

    fn frozen(pid: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }
}
