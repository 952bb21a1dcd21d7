//! The application under test, as its own process.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long an answer may take: machines are shared.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running application; it ends when this is dropped.
pub(crate) struct Application {
    child: Child,
    input: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
    log: Arc<Mutex<String>>,
    prometheus: Option<String>,
    /// What was printed between the answers.
    printed: String,
}

impl Application {
    /// Starts it with just these environment variables.
    pub(crate) fn start(environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_application"))
            .env_clear()
            .env("OTEL_SERVICE_NAME", "orders")
            .env("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
            .env("OTEL_EXPORTER_PROMETHEUS_PORT", "0")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the application starts");
        let (answered, answers) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .try_for_each(|line| answered.send(line))
        });
        let log = Arc::new(Mutex::new(String::new()));
        let (kept, lines) = (
            log.clone(),
            BufReader::new(child.stderr.take().expect("piped")).lines(),
        );
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let input = child.stdin.take();
        let mut application = Self {
            child,
            input,
            answers,
            log,
            prometheus: None,
            printed: String::new(),
        };
        let hello = application.answer();
        application.prometheus = hello["prometheus"].as_str().map(str::to_owned);
        application
    }

    /// The address of the pull endpoint.
    pub(crate) fn prometheus(&self) -> &str {
        self.prometheus.as_deref().expect("the endpoint is bound")
    }

    /// Says one line and waits for the answer.
    pub(crate) fn tell(&mut self, line: &str) -> Value {
        let input = self.input.as_mut().expect("not ended yet");
        writeln!(input, "{line}").expect("the application listens");
        self.answer()
    }

    /// Lets it end in order; how it did, and how long the whole end took.
    pub(crate) fn end(mut self) -> (Value, Duration) {
        let began = Instant::now();
        drop(self.input.take());
        let answer = self.answer();
        while self.child.try_wait().expect("a child").is_none() {
            assert!(
                began.elapsed() < PATIENCE,
                "the process does not end\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(5));
        }
        (answer, began.elapsed())
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// What it has logged once this text is among it: standard error comes by another way than the answers.
    pub(crate) fn log_with(&self, text: &str) -> String {
        let began = Instant::now();
        loop {
            let log = self.log();
            if log.contains(text) {
                return log;
            }
            assert!(began.elapsed() < PATIENCE, "no `{text}` in the log:\n{log}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the console exporters have printed so far.
    pub(crate) fn printed(&self) -> &str {
        &self.printed
    }

    /// The next line of standard output that is JSON; what the console exporters print is put aside.
    fn answer(&mut self) -> Value {
        let began = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let line = self.answers.recv_timeout(left);
            let line = line.unwrap_or_else(|error| panic!("no answer: {error}\n{}", self.log()));
            match serde_json::from_str(&line) {
                Ok(answer) => return answer,
                Err(_) => self.printed.push_str(&(line + "\n")),
            }
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn number(answer: &Value, field: &str) -> f64 {
    answer[field]
        .as_f64()
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
}
