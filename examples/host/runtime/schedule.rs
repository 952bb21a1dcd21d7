//! The schedule: runs jobs when they are due by the host's clock.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use croner::{Cron, errors::CronError};
use runar_otel::{host::Job, prelude::*};
use tokio::sync::oneshot;

use super::{Bound, Clock};

/// A job, and when it is due.
pub(super) struct Scheduled {
    job: Bound<Job>,
    cron: Cron,
    due: DateTime<Utc>,
}

impl Scheduled {
    /// Reads the schedule, by UTC.
    pub(super) fn new(job: Bound<Job>, now: SystemTime) -> Result<Self, CronError> {
        let cron: Cron = job.what.schedule.parse()?;
        let due = cron.find_next_occurrence(&DateTime::from(now), false)?;
        Ok(Self { job, cron, due })
    }

    /// Runs the job for the time that it is due at, however late it has become.
    async fn run(&mut self, network: &str) -> Result<(), CronError> {
        let context = JobContext::new(network, self.due.into());
        let Job { name, function, .. } = self.job.what;
        match self.job.service.work(function, &context).await {
            Ok(report) => tracing::info!(name, due = %self.due, %report, "job has run"),
            Err(error) => tracing::warn!(name, due = %self.due, %error, "job failed"),
        }
        self.due = self.cron.find_next_occurrence(&self.due, false)?;
        Ok(())
    }
}

/// Runs the jobs one after the other until the host stops, those that are due then included.
pub(super) async fn run(
    mut jobs: Vec<Scheduled>,
    network: String,
    clock: Clock,
    mut stop: oneshot::Receiver<()>,
) {
    while let Some(next) = jobs.iter_mut().min_by_key(|job| job.due) {
        tokio::select! {
            biased;
            () = clock.reaches(next.due.into()) => {}
            _ = &mut stop => return,
        }
        if let Err(error) = next.run(&network).await {
            tracing::error!(%error, "the schedule has come to its end");
            return;
        }
    }
}
