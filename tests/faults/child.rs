//! The application's process, as the bench holds it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use ureq::Agent;

use crate::{
    application::{ANSWER, SHAPE},
    ledger::Shape,
};

/// The longest time that an answer may take: machines are shared.
const PATIENCE: Duration = Duration::from_secs(40);

/// Standard output of the application: kept, or a pipe that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Kept,
    Unread,
}

/// A running application; it is killed when this value is dropped.
pub(crate) struct Application {
    child: Child,
    input: ChildStdin,
    answers: mpsc::Receiver<Value>,
    log: Arc<Mutex<String>>,
    printed: Arc<Mutex<String>>,
    endpoint: Option<SocketAddr>,
}

fn keep(text: &Mutex<String>, line: &str) {
    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
    text.push_str(line);
    text.push('\n');
}

impl Application {
    /// Starts this program as an application, with just these environment variables.
    pub(crate) fn start(shape: Shape, output: Output, environment: &[(&str, String)]) -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(program)
            .env_clear()
            .env(SHAPE, shape.text())
            .env("OTEL_SERVICE_NAME", "faults")
            .env("OTEL_TRACES_EXPORTER", "none")
            .env("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
            .env("OTEL_EXPORTER_PROMETHEUS_PORT", "0")
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the application starts");
        let (log, printed) = (Arc::<Mutex<String>>::default(), Arc::default());
        let (answered, answers) = mpsc::channel();
        let errors = BufReader::new(child.stderr.take().expect("piped"));
        let kept = log.clone();
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                match line.strip_prefix(ANSWER) {
                    Some(answer) => {
                        let answer = serde_json::from_str(answer).unwrap_or(Value::Null);
                        let _ = answered.send(answer);
                    }
                    None => keep(&kept, &line),
                }
            }
        });
        if output == Output::Kept {
            let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
            let kept: Arc<Mutex<String>> = Arc::clone(&printed);
            thread::spawn(move || {
                lines
                    .map_while(Result::ok)
                    .for_each(|line| keep(&kept, &line));
            });
        }
        let input = child.stdin.take().expect("piped");
        let mut application = Self {
            child,
            input,
            answers,
            log,
            printed,
            endpoint: None,
        };
        let hello = application.answer("start");
        let address = hello["prometheus"].as_str();
        application.endpoint = address.and_then(|address| address.parse().ok());
        application
    }

    /// Says a line without waiting for its answer.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the application listens");
    }

    /// Says a line and waits for its answer.
    pub(crate) fn tell(&mut self, line: &str) -> Value {
        self.say(line);
        self.answer(line)
    }

    fn answer(&mut self, line: &str) -> Value {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(error) => panic!("no answer to `{line}`, {error}: {}", self.log()),
        }
    }

    /// Log lines so far.
    pub(crate) fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lines on standard output so far.
    pub(crate) fn printed(&self) -> String {
        self.printed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The address of the pull endpoint.
    pub(crate) fn endpoint(&self) -> SocketAddr {
        self.endpoint.expect("an endpoint")
    }

    /// The resident memory of the process, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a size")
    }

    /// Scrapes the endpoint; the time that the answer took, or its absence in words.
    pub(crate) fn scrape(&self) -> Result<Duration, String> {
        let began = Instant::now();
        let agent = Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(3)))
            .build()
            .new_agent();
        let url = format!("http://{}/metrics", self.endpoint());
        let page = agent.get(&url).call();
        let page = page.and_then(|mut page| page.body_mut().read_to_string());
        match page {
            Ok(page) if page.contains("faults_") => Ok(began.elapsed()),
            Ok(_) => Err(format!("an empty page after {:?}", began.elapsed())),
            Err(error) => Err(format!("{error} after {:?}", began.elapsed())),
        }
    }

    /// Asks for the end; the time until the process has ended, and its answer. The process is killed after ten seconds.
    pub(crate) fn shut_down(&mut self) -> (Duration, Value) {
        let began = Instant::now();
        self.say("shutdown");
        while began.elapsed() < Duration::from_secs(10) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let took = began.elapsed();
        let answer = self.answers.recv_timeout(Duration::from_secs(1));
        (took, answer.unwrap_or(Value::Null))
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A pipe that was not read until now must not keep its writer.
        if let Some(mut output) = self.child.stdout.take() {
            let _ = output.read(&mut [0; 1]);
        }
    }
}
