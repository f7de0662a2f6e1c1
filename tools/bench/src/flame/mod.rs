//! Where the processor time of a burst goes, as a picture: `perf` looks at the process many times a
//! second, and equal stacks are put on top of each other (Gregg, "The Flame Graph", CACM 59/6, 2016).

mod svg;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Looks a second: no divisor of what timers do.
const HERTZ: &str = "997";

/// Stacks from the outermost call inwards, separated by semicolons, and how often each was seen.
pub(super) type Stacks = BTreeMap<String, u64>;

/// A look at processes that goes on.
#[derive(Debug)]
pub(super) struct Recording {
    perf: Child,
    data: PathBuf,
}

impl Recording {
    /// Begins to look; what is seen is written beside the picture that it becomes.
    pub(super) fn begin(processes: &[u32], picture: &Path) -> Result<Self> {
        let data = picture.with_added_extension("perf");
        let pids: Vec<String> = processes.iter().map(u32::to_string).collect();
        let mut command = Command::new("perf");
        command.args(["record", "-q", "-g", "-F", HERTZ, "-p", &pids.join(","), "-o"]);
        command.arg(&data).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let perf = command.spawn().context(
            "perf does not start; it comes with linux-perf or linux-tools, and may look at \
             processes of others where kernel.perf_event_paranoid is at most 1",
        )?;
        Ok(Recording { perf, data })
    }

    /// Stops looking, and draws.
    pub(super) fn end(mut self, title: &str, picture: &Path) -> Result<()> {
        let pid = self.perf.id().to_string();
        let stopped = Command::new("kill").args(["-INT", &pid]).status();
        ensure!(stopped.is_ok_and(|status| status.success()), "perf could not be stopped");
        self.perf.wait().context("perf")?;
        let mut script = Command::new("perf");
        script.args(["script", "-F", "comm,ip,sym", "-i"]).arg(&self.data);
        let written = script.stderr(Stdio::null()).output().context("perf script")?;
        std::fs::remove_file(&self.data).context("what perf wrote is not there")?;
        let stacks = fold(&String::from_utf8_lossy(&written.stdout));
        ensure!(!stacks.is_empty(), "perf saw nothing of the process");
        let drawn = svg::draw(title, &stacks);
        std::fs::write(picture, drawn).with_context(|| format!("{}", picture.display()))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // After a burst that failed; once it has ended this does nothing.
        let _ = self.perf.kill();
        let _ = self.perf.wait();
    }
}

/// What `perf script` prints: a line with the thread's name, then its calls from the innermost
/// outwards, then an empty line. Threads of one kind are one: `views-3` is a `views`.
fn fold(script: &str) -> Stacks {
    let mut stacks = Stacks::new();
    for sample in script.split("\n\n") {
        let mut lines = sample.lines().filter(|line| !line.is_empty());
        let Some(thread) = lines.next() else { continue };
        let kind = thread.trim().trim_end_matches(|c: char| c.is_ascii_digit());
        let calls = lines.filter_map(|line| Some(name_of(line.trim().split_once(' ')?.1)));
        let mut stack: Vec<String> = calls.collect();
        stack.push(kind.trim_end_matches('-').to_owned());
        stack.reverse();
        *stacks.entry(stack.join(";")).or_default() += 1;
    }
    stacks
}

/// A function as people call it: without what its types are made of.
fn name_of(symbol: &str) -> String {
    let symbol = symbol.rsplit_once("+0x").map_or(symbol, |(name, _)| name);
    let (mut name, mut depth) = (String::new(), 0_usize);
    for c in symbol.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ';' => name.push(':'),
            c if depth == 0 => name.push(c),
            _ => {}
        }
    }
    // `<T as Trait>::call` has its name behind the brackets.
    let short = name.trim_start_matches("::");
    if short.is_empty() { symbol.replace(';', ":") } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "tokio-rt-worker \n\t 197d320 alloc::vec::Vec<T>::push+0x10\n\
        \t 199e6dd gateway::hold\n\nviews-3 \n\t 1 <F as Handler<(A, B)>>::call\n\n\
        tokio-rt-worker \n\t 2 alloc::vec::Vec<U>::push\n\t 3 gateway::hold\n";

    #[test]
    fn equal_stacks_are_counted_from_the_outside_in() {
        let stacks = fold(SCRIPT);
        let rows: Vec<(&str, u64)> = stacks.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        let expected =
            [("tokio-rt-worker;gateway::hold;alloc::vec::Vec::push", 2), ("views;call", 1)];
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_picture_shows_each_call_with_its_share() {
        let drawn = svg::draw("a burst", &fold(SCRIPT));
        assert!(drawn.contains("<title>gateway::hold: 66.7 %</title>"), "{drawn}");
        assert!(drawn.contains("<title>call: 33.3 %</title>") && drawn.ends_with("</svg>\n"));
        let hostile = fold("a<b \n\t 1 x & y\n");
        assert!(svg::draw("t", &hostile).contains("x &amp; y"));
    }
}
