//! The host: reads what services describe, and runs it.

mod answers;
mod bus;
mod clock;
mod hosted;
mod running;
mod schedule;

use std::{collections::HashMap, sync::Arc};

use runar_otel::{
    host::{Action, EventHandler},
    prelude::*,
};
use tokio::sync::mpsc;

pub(crate) use self::{
    answers::Answers,
    bus::EventBus,
    clock::Clock,
    hosted::{Hosted, answer, hosted, unknown},
    running::RunningHost,
};
use self::{bus::Event, running::Background, schedule::Scheduled};

/// A host that is set up.
pub(crate) struct Host {
    network: String,
    clock: Clock,
    answers: Answers,
    bus: EventBus,
    events: mpsc::Receiver<Event>,
    actions: HashMap<String, Bound<Action>>,
    handlers: Vec<Bound<EventHandler>>,
    jobs: Vec<Scheduled>,
}

/// What is described, and the service whose it is.
struct Bound<What> {
    what: What,
    service: Arc<dyn Hosted>,
}

impl Host {
    pub(crate) fn new(network: &str, clock: Clock) -> Self {
        let (bus, events) = EventBus::new();
        Self {
            network: network.to_owned(),
            clock,
            answers: Answers::new(),
            bus,
            events,
            actions: HashMap::new(),
            handlers: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// The bus, for services that publish.
    pub(crate) fn bus(&self) -> EventBus {
        self.bus.clone()
    }

    /// The kept answers, for services that want to know about them.
    pub(crate) fn answers(&self) -> Answers {
        self.answers.clone()
    }

    /// Takes in a service, with all that its attributes describe.
    ///
    /// # Errors
    /// A function is described that cannot be called, or a schedule has no next time.
    pub(crate) fn serve<S: Service + Hosted + 'static>(&mut self, service: &Arc<S>) -> Result<()> {
        let functions = service.functions();
        let bind = |function: &str| {
            let callable = functions.contains(&function);
            let missing = || format!("{} has {function}, but `hosted!` does not", S::name());
            callable.then(|| service.clone()).ok_or_else(missing)
        };
        for what in S::actions() {
            let service = bind(what.function)?;
            let path = format!("{}/{}", S::path(), what.path);
            self.actions.insert(path, Bound { what, service });
        }
        for what in S::event_handlers() {
            let service = bind(what.function)?;
            self.handlers.push(Bound { what, service });
        }
        for what in S::jobs() {
            let service = bind(what.function)?;
            let job = Bound { what, service };
            self.jobs.push(Scheduled::new(job, self.clock.now())?);
        }
        Ok(())
    }

    /// Begins to deliver events and to run jobs.
    pub(crate) fn start(self) -> RunningHost {
        let (events, handlers) = (self.events, self.handlers);
        let delivery = Background::start(|stop| bus::deliver(events, handlers, stop));
        let (network, clock, jobs) = (self.network.clone(), self.clock.clone(), self.jobs);
        let schedule = Background::start(|stop| schedule::run(jobs, network, clock, stop));
        RunningHost {
            network: self.network,
            clock: self.clock,
            answers: self.answers,
            actions: self.actions,
            schedule,
            delivery,
        }
    }
}
